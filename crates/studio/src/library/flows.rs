//! Verbs on flows: small graphs of steps, as data, and their runs.
//!
//! Flows of one's own and runs lie in the workspace's folder `flows`: `own/<id>.json`, `runs/<id>/run.json`, and in `seen`
//! what a watched folder held when it was looked at last. A run is a state machine that the studio's own thread moves on
//! ([`advance`]); whatever takes time or memory in it is a job like all others. Every move is written before the next.

mod advance;
mod fill;
mod inputs;
mod kept;
mod plan;
mod ready;
mod route;
mod seen;
pub(crate) mod work;

use std::{
    cell::Cell,
    collections::BTreeMap,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::Duration,
};

use api::{
    Flow, FlowAnswer, FlowCheck, FlowInputKind, FlowPlan, FlowRun, FlowState, FlowStepRun,
    FlowWatch, Id, NewFlowRun, Project, SoundPlace,
};
use serde_json::Value;

use self::{
    inputs::{checked_inputs, to_value},
    kept::{
        RUNS, Stored, find, folder_of, forget_oldest, own_ids, own_path, read_own, read_run,
        write_own, write_run,
    },
};
use super::valid_name;
use crate::{
    Error, Studio,
    shared::{Shared, lock},
    workspace::{ids_in, remove},
};

/// The most flows of one's own, and runs at a time.
const FLOWS_MAX: usize = 1000;
const RUNNING_MAX: usize = 50;
/// The longest rest of the thread, where a folder is watched.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The longest rest where nothing is.
const NO_HURRY: Duration = Duration::from_secs(3600);

/// Runs of flows that have not ended, and folders that are watched.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    is_read: bool,
    runs: BTreeMap<Id, Active>,
    watching: BTreeMap<Id, seen::Watching>,
}

/// A run that has not ended.
#[derive(Debug)]
struct Active {
    run: FlowRun,
    /// Whether what is here is what is on the disk.
    is_saved: bool,
}

impl Studio {
    /// Every flow: ready-made ones, then one's own, those that were changed last first.
    ///
    /// # Errors
    /// `Io` when the folder cannot be read; a flow that cannot be read is left out.
    pub fn flows(&self) -> Result<Vec<Flow>, Error> {
        let mut own = vec![];
        for id in own_ids(&self.shared)? {
            match read_own(&self.shared, &id) {
                Ok(stored) => own.push(self.shown(id, stored, false)),
                Err(error) => tracing::warn!("flow {id} is left out: failed to {error}"),
            }
        }
        own.sort_by(|a, b| b.changed_ms.cmp(&a.changed_ms).then(a.id.cmp(&b.id)));
        let ready = ready::all().into_iter().map(|(id, stored)| self.shown(id, stored, true));
        Ok(ready.chain(own).collect())
    }

    /// One flow.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when it cannot be read.
    pub fn flow(&self, id: &Id) -> Result<Flow, Error> {
        let (stored, is_ready_made) = find(&self.shared, id)?;
        Ok(self.shown(id.clone(), stored, is_ready_made))
    }

    /// Whether a flow can run, and in which order its steps go.
    #[must_use]
    pub fn check_flow(&self, plan: &FlowPlan) -> FlowCheck {
        FlowCheck { missing: self.missing_for(plan), ..plan::checked(plan) }
    }

    /// Keeps a flow of one's own: a new one, or another form of one that is there.
    ///
    /// # Errors
    /// `Invalid` when it cannot run, with all that is wrong; `Conflict` for a ready-made one; `TooMuch` when there are too
    /// many; `Io` when it cannot be written.
    pub fn save_flow(&self, id: Option<&Id>, plan: FlowPlan) -> Result<Flow, Error> {
        check(&plan)?;
        let id = match id {
            Some(id) if ready::find(id).is_some() => {
                return Err(Error::conflict(
                    format!("change the flow “{}”", plan.name),
                    "it came with Maquette",
                    "save it as a flow of your own",
                ));
            }
            Some(id) => id.clone(),
            None => super::fresh_id(&self.shared, &plan.name)?,
        };
        let before = read_own(&self.shared, &id).ok();
        if before.is_none() && own_ids(&self.shared)?.len() >= FLOWS_MAX {
            return Err(Error::TooMuch { limit: format!("{FLOWS_MAX} flows") });
        }
        // What is watched stays, as long as a sound of it is all that the flow needs.
        let watch = before.and_then(|it| it.watch).filter(|it| check_watch(&plan, it).is_ok());
        let is_watching = watch.is_some();
        let stored =
            Stored { format: FlowPlan::FORMAT, plan, changed_ms: self.shared.now_ms(), watch };
        write_own(&self.shared, &id, &stored)?;
        if !is_watching {
            lock(&self.shared.flows).watching.remove(&id);
        }
        self.told_of(&id)?;
        self.flow(&id)
    }

    /// Deletes a flow of one's own for good, and gives what it was, so that it can be saved again. Its runs stay.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` for a ready-made one.
    pub fn delete_flow(&self, id: &Id) -> Result<Flow, Error> {
        let flow = self.flow(id)?;
        if flow.is_ready_made {
            return Err(Error::conflict(
                format!("delete the flow “{}”", flow.plan.name),
                "it came with Maquette",
                "leave it where it is",
            ));
        }
        lock(&self.shared.flows).watching.remove(id);
        remove(&own_path(&self.shared, id))?;
        remove(&seen::path(&self.shared, id))?;
        self.told_of(id)?;
        Ok(flow)
    }

    /// Runs a flow on every new sound of a folder from now on; or not any more. A ready-made one is kept as one's own for
    /// that.
    ///
    /// # Errors
    /// `NotFound` when there is no such flow; `Invalid` when the folder or an input cannot be used.
    pub fn watch_for_flow(&self, id: &Id, watch: Option<FlowWatch>) -> Result<Flow, Error> {
        let (mut stored, is_ready_made) = find(&self.shared, id)?;
        let Some(watch) = watch else {
            lock(&self.shared.flows).watching.remove(id);
            if stored.watch.take().is_some() {
                stored.changed_ms = self.shared.now_ms();
                write_own(&self.shared, id, &stored)?;
                remove(&seen::path(&self.shared, id))?;
                self.told_of(id)?;
            }
            return self.flow(id);
        };
        check_watch(&stored.plan, &watch)?;
        seen::check_folder(&self.shared, &watch)?;
        let id = match is_ready_made {
            true => super::fresh_id(&self.shared, &stored.plan.name)?,
            false => id.clone(),
        };
        // What is there is looked at before it is said that it is watched, and with nobody waiting.
        let watching = seen::Watching::begin(&self.shared, &id, &watch)?;
        stored.watch = Some(watch);
        stored.changed_ms = self.shared.now_ms();
        write_own(&self.shared, &id, &stored)?;
        lock(&self.shared.flows).watching.insert(id.clone(), watching);
        self.told_of(&id)?;
        self.shared.bell.ring();
        self.flow(&id)
    }

    /// Runs a flow.
    ///
    /// # Errors
    /// `NotFound` when there is no such flow; `Invalid` when it cannot run, or an input is missing or cannot be used;
    /// `TooMuch` when too many run.
    pub fn run_flow(&self, new: NewFlowRun) -> Result<FlowRun, Error> {
        let plan = match (&new.flow, new.plan) {
            (Some(id), None) => find(&self.shared, id)?.0.plan,
            (None, Some(plan)) => plan,
            _ => return Err(Error::invalid("flow", "name a flow, or give one along")),
        };
        check(&plan)?;
        let inputs = checked_inputs(&plan, new.inputs)?;
        let project = self.project.clone().unwrap_or_else(Project::first);
        let run = begin(&self.shared, new.flow, plan, (project, inputs), false)?;
        self.told_of(&run.id)?;
        self.shared.bell.ring();
        Ok(run)
    }

    /// Runs of flows, the newest first; of one flow, if it is given.
    ///
    /// # Errors
    /// `Io` when the folder cannot be read; a run that cannot be read is left out.
    pub fn flow_runs(&self, flow: Option<&Id>) -> Result<Vec<FlowRun>, Error> {
        let mut runs = vec![];
        for id in ids_in(&folder_of(&self.shared, RUNS)?)? {
            match self.flow_run(&id) {
                Ok(run) => runs.push(run),
                Err(error) => tracing::warn!("the run {id} is left out: failed to {error}"),
            }
        }
        runs.retain(|it| {
            self.is_shown(Some(&it.project)) && flow.is_none_or(|id| it.flow.as_ref() == Some(id))
        });
        runs.sort_by(|a, b| b.created_ms.cmp(&a.created_ms).then(a.id.cmp(&b.id)));
        Ok(runs)
    }

    /// A run of a flow.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when it cannot be read.
    pub fn flow_run(&self, id: &Id) -> Result<FlowRun, Error> {
        if let Some(active) = lock(&self.shared.flows).runs.get(id) {
            return Ok(active.run.clone());
        }
        read_run(&self.shared, id)
    }

    /// Says to a step of a run how it goes on.
    ///
    /// # Errors
    /// `NotFound` when there is no such run or step; `Invalid` when the answer does not fit; `Conflict` when the step asks
    /// nothing.
    pub fn answer_flow(&self, id: &Id, answer: &FlowAnswer) -> Result<FlowRun, Error> {
        let mut left = vec![];
        let run = self.change_run(id, |run| {
            left = advance::answer(run, answer)?;
            Ok(())
        })?;
        advance::cancel(self, &left);
        Ok(run)
    }

    /// Stops a run, with its jobs.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it has ended.
    pub fn stop_flow(&self, id: &Id) -> Result<FlowRun, Error> {
        let now_ms = self.shared.now_ms();
        // They end first: what is written after it may find no room, or no time.
        let before = self.flow_run(id)?;
        if !before.state.has_ended() {
            advance::cancel(self, &advance::jobs_under_way(&before));
        }
        let mut left = vec![];
        let run = self.change_run(id, |run| {
            if run.state.has_ended() {
                return Err(Error::conflict(
                    format!("stop “{}”", run.plan.name),
                    "it has ended",
                    "run it again if you want more",
                ));
            }
            left = advance::jobs_under_way(run);
            advance::end(run, FlowState::Stopped, now_ms);
            Ok(())
        })?;
        advance::cancel(self, &left);
        Ok(run)
    }

    /// Deletes a run that has ended for good. What it kept stays.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` while it goes on.
    pub fn delete_flow_run(&self, id: &Id) -> Result<(), Error> {
        let run = self.flow_run(id)?;
        if !run.state.has_ended() {
            return Err(Error::conflict(
                format!("delete the run of “{}”", run.plan.name),
                "it goes on",
                "stop it first",
            ));
        }
        let mut flows = lock(&self.shared.flows);
        flows.runs.remove(id);
        remove(&folder_of(&self.shared, RUNS)?.join(id.as_str()))?;
        drop(flows);
        self.told_of(id)
    }

    /// Changes a run, also one that has ended, which may go on then.
    fn change_run(
        &self,
        id: &Id,
        act: impl FnOnce(&mut FlowRun) -> Result<(), Error>,
    ) -> Result<FlowRun, Error> {
        let mut flows = lock(&self.shared.flows);
        let mut run = match flows.runs.get(id) {
            Some(active) => active.run.clone(),
            None => read_run(&self.shared, id)?,
        };
        act(&mut run)?;
        write_run(&self.shared, &run)?;
        match run.state.has_ended() {
            true => drop(flows.runs.remove(id)),
            false => {
                flows.runs.insert(id.clone(), Active { run: run.clone(), is_saved: true });
            }
        }
        drop(flows);
        self.told_of(id)?;
        self.shared.bell.ring();
        Ok(run)
    }

    fn shown(&self, id: Id, stored: Stored, is_ready_made: bool) -> Flow {
        let Stored { plan, changed_ms, watch, .. } = stored;
        let missing = self.missing_for(&plan);
        Flow { id, plan, is_ready_made, changed_ms, watch, missing }
    }

    /// What is missing here for a flow, of steps that have no other way.
    fn missing_for(&self, plan: &FlowPlan) -> Vec<String> {
        let mut missing = vec![];
        for step in &plan.steps {
            let works =
                std::iter::once(&step.work).chain(step.otherwise.iter().filter_map(
                    |it| match it {
                        api::FlowOtherwise::Instead { work } => Some(work),
                        _ => None,
                    },
                ));
            let all: Vec<Option<String>> = works.map(|work| route::missing(self, work)).collect();
            if let (true, Some(Some(what))) = (all.iter().all(Option::is_some), all.first())
                && !missing.contains(what)
            {
                missing.push(what.clone());
            }
        }
        missing
    }

    fn told_of(&self, id: &Id) -> Result<(), Error> {
        self.shared.change(|change| {
            change.flow(id);
            Ok(())
        })
    }
}

/// Moves all runs on, and looks into watched folders; how long the thread may rest then.
pub(crate) fn advance_all(shared: &Arc<Shared>) -> Duration {
    let mut flows = lock(&shared.flows);
    if !flows.is_read {
        flows.is_read = true;
        read_all(shared, &mut flows);
    }
    seen::look(shared, &mut flows);
    let mut changed = vec![];
    for (id, active) in &mut flows.runs {
        let Active { run, is_saved } = active;
        let before = run.clone();
        let project = Some(run.project.clone());
        let project = project.filter(|it| shared.workspace.project(it).is_dir());
        let studio = Studio { shared: Arc::clone(shared), thread: None, project };
        let saved = Cell::new(*is_saved);
        let mut save = |run: &FlowRun| {
            let written = write_run(shared, run);
            saved.set(written.is_ok());
            if let Err(error) = written {
                tracing::warn!("the run {id} is not written yet: failed to {error}");
            }
        };
        // A mistake of ours in one flow must not hold up the others, or jobs.
        let moved = panic::catch_unwind(AssertUnwindSafe(|| {
            advance::advance(&studio, run, &mut save);
        }));
        if moved.is_err() {
            advance::end(run, FlowState::Failed, shared.now_ms());
        }
        let is_changed = *run != before;
        if is_changed || !saved.get() {
            save(run);
        }
        *is_saved = saved.get();
        if is_changed {
            changed.push(id.clone());
        }
    }
    flows.runs.retain(|_, it| !it.run.state.has_ended() || !it.is_saved);
    let has_more = flows.runs.values().any(|it| !it.is_saved);
    let is_watching = !flows.watching.is_empty();
    drop(flows);
    for id in changed {
        let told = shared.change(|change| {
            change.flow(&id);
            Ok(())
        });
        if let Err(error) = told {
            tracing::debug!("failed to {error}");
        }
    }
    match has_more || is_watching {
        true => LOOK_EVERY,
        false => NO_HURRY,
    }
}

/// Reads runs that have not ended, and what is watched.
fn read_all(shared: &Shared, flows: &mut Flows) {
    let ids = folder_of(shared, RUNS).and_then(|folder| ids_in(&folder)).unwrap_or_default();
    for id in ids {
        match read_run(shared, &id) {
            Ok(run) if !run.state.has_ended() => {
                flows.runs.insert(id, Active { run, is_saved: true });
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("the run {id} is left out: failed to {error}"),
        }
    }
    for id in own_ids(shared).unwrap_or_default() {
        let Some(watch) = read_own(shared, &id).ok().and_then(|it| it.watch) else { continue };
        flows.watching.insert(id.clone(), seen::Watching::go_on(shared, &id, &watch));
    }
}

/// Sees that a flow can run on the sounds of a folder.
fn check_watch(plan: &FlowPlan, watch: &FlowWatch) -> Result<(), Error> {
    let input = plan.inputs.iter().find(|it| it.key == watch.input);
    if input.is_none_or(|it| it.kind != FlowInputKind::Sound) {
        return Err(Error::invalid("input", "name an input of the flow that is a sound"));
    }
    // Any sound that is there will do for now.
    let mut inputs = watch.inputs.clone();
    inputs.insert(watch.input.clone(), to_value(&SoundPlace::File { path: "/".into() }));
    checked_inputs(plan, inputs).map(drop)
}

/// Whether a run that has not ended needs an upload.
pub(crate) fn needs_upload(shared: &Shared, upload: &Id) -> Result<bool, Error> {
    let is_upload = |value: &Value| {
        let place = serde_json::from_value::<SoundPlace>(value.clone());
        matches!(place, Ok(SoundPlace::Upload { upload: it }) if it == *upload)
    };
    for id in ids_in(&folder_of(shared, RUNS)?)? {
        let Ok(run) = read_run(shared, &id) else { continue };
        if !run.state.has_ended() && run.inputs.values().any(is_upload) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Begins a run: it is written, and moves on when the studio's thread comes to it.
fn begin(
    shared: &Shared,
    flow: Option<Id>,
    plan: FlowPlan,
    (project, inputs): (Id, BTreeMap<String, Value>),
    is_watched: bool,
) -> Result<FlowRun, Error> {
    let mut flows = lock(&shared.flows);
    let run = begun(shared, &flows, flow, plan, (project, inputs), is_watched)?;
    flows.runs.insert(run.id.clone(), Active { run: run.clone(), is_saved: true });
    Ok(run)
}

fn begun(
    shared: &Shared,
    flows: &Flows,
    flow: Option<Id>,
    plan: FlowPlan,
    (project, inputs): (Id, BTreeMap<String, Value>),
    is_watched: bool,
) -> Result<FlowRun, Error> {
    if flows.runs.len() >= RUNNING_MAX {
        return Err(Error::TooMuch { limit: format!("{RUNNING_MAX} flows at a time") });
    }
    let runs = folder_of(shared, RUNS)?;
    forget_oldest(&runs, flows)?;
    let id = loop {
        let id = Id::from_name(&plan.name, shared.random_bits());
        if !runs.join(id.as_str()).exists() {
            break id;
        }
    };
    let steps = plan.steps.iter().map(|step| FlowStepRun {
        key: step.key.clone(),
        state: api::FlowStepState::Waiting,
        attempts: vec![],
        n_before: 0,
        knows: api::FlowKnows::default(),
        choices: vec![],
    });
    let run = FlowRun {
        format: FlowRun::FORMAT,
        id,
        flow,
        inputs,
        project,
        created_ms: shared.now_ms(),
        ended_ms: None,
        state: FlowState::Running,
        steps: steps.collect(),
        plan,
        seed: u64::from(shared.random_bits()),
        is_watched,
    };
    write_run(shared, &run)?;
    Ok(run)
}

/// Refuses a flow that cannot run, with all that is wrong.
fn check(plan: &FlowPlan) -> Result<(), Error> {
    if plan.format > FlowPlan::FORMAT {
        let message = "a newer version of Maquette wrote this flow; update Maquette to use it";
        return Err(Error::invalid("format", message));
    }
    valid_name(&plan.name)?;
    let problems = plan::checked(plan).problems;
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid("plan", problems.join(" "))),
    }
}
