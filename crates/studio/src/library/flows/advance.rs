//! Moving a run on: steps whose turn has come begin, those whose jobs are done are finished, and one that fails is tried
//! otherwise, waits for the person, is left out, or ends the flow, as it says.

use api::{
    FlowAnswer, FlowAttempt, FlowIfFails, FlowKnows, FlowOtherwise, FlowPlan, FlowRun, FlowSay,
    FlowState, FlowStepRun, FlowStepState, FlowWork, Id, JobState, Problem, UnixMs,
};

use super::{
    fill, plan, route,
    work::{Begun, Desk, problem, told},
};
use crate::{Error, Studio, store::jobs};

/// How urgent jobs of flows are: what somebody waits for comes first.
const URGENCY: i32 = -1;
/// How often a job is started again after it was interrupted.
const RESTARTS_MAX: u32 = 2;

/// Moves a run as far as it goes now; every move is saved before the next.
pub(super) fn advance(studio: &Studio, run: &mut FlowRun, save: &mut dyn FnMut(&FlowRun)) {
    // Each round either moves a step on, or ends it here.
    while !run.state.has_ended() {
        let mut has_moved = false;
        for i in 0..run.steps.len() {
            if step(studio, run, i) {
                // At once, so that no job is asked for twice after a kill.
                save(run);
                has_moved = true;
            }
        }
        if !has_moved {
            break;
        }
    }
    if !run.state.has_ended() {
        settle(run, studio.shared.now_ms());
    }
}

/// Where the run stands, from where its steps do.
fn settle(run: &mut FlowRun, now_ms: UnixMs) {
    let any = |states: &[FlowStepState]| run.steps.iter().any(|it| states.contains(&it.state));
    if any(&[FlowStepState::Running]) {
        run.state = FlowState::Running;
    } else if any(&[FlowStepState::Asking, FlowStepState::Stuck]) {
        run.state = FlowState::Waiting;
    } else if !any(&[FlowStepState::Waiting]) {
        end(run, FlowState::Done, now_ms);
    }
}

/// Ends a run.
pub(super) fn end(run: &mut FlowRun, state: FlowState, now_ms: UnixMs) {
    run.state = state;
    run.ended_ms = Some(now_ms);
    for attempt in run.steps.iter_mut().filter_map(|it| it.attempts.last_mut()) {
        attempt.ended_ms.get_or_insert(now_ms);
    }
    if state == FlowState::Stopped {
        for step in &mut run.steps {
            if matches!(step.state, FlowStepState::Running | FlowStepState::Asking) {
                step.state = FlowStepState::Stuck;
            }
        }
    }
}

/// Jobs of steps that are under way.
pub(super) fn jobs_under_way(run: &FlowRun) -> Vec<Id> {
    run.steps.iter().flat_map(jobs_of).collect()
}

/// Jobs of a step, if it is under way.
fn jobs_of(step: &FlowStepRun) -> Vec<Id> {
    let is_running = step.state == FlowStepState::Running;
    let last = step.attempts.last().filter(|_| is_running);
    last.map(|it| it.jobs.clone()).unwrap_or_default()
}

/// Moves one step on; whether it moved.
fn step(studio: &Studio, run: &mut FlowRun, i: usize) -> bool {
    if run.state.has_ended() {
        return false;
    }
    match run.steps[i].state {
        FlowStepState::Waiting if is_ready(run, i) => {
            begin(studio, run, i);
            true
        }
        FlowStepState::Running => look(studio, run, i),
        _ => false,
    }
}

/// Whether all that a step uses is done or left out.
fn is_ready(run: &FlowRun, i: usize) -> bool {
    let used = plan::uses_of(&run.plan.steps[i]);
    let is_open = |key: &String| {
        let step = run.steps.iter().find(|it| it.key == *key);
        step.is_some_and(|it| !matches!(it.state, FlowStepState::Done | FlowStepState::Skipped))
    };
    !used.iter().any(is_open)
}

/// What is tried next in a step.
struct Try {
    work: FlowWork,
    /// Models that are not taken.
    tried: Vec<Id>,
    /// Why it is done in this way, and not as the step says.
    why: String,
}

/// What comes after so many tries of this round; nothing when all was tried.
fn next_try(run: &FlowRun, i: usize, studio: &Studio) -> Option<Result<Try, Problem>> {
    let (step, so_far) = (&run.plan.steps[i], &run.steps[i]);
    let own = &step.work;
    let round = &so_far.attempts[(so_far.n_before as usize).min(so_far.attempts.len())..];
    let Some(last) = round.last() else {
        return Some(Ok(Try { work: own.clone(), tried: vec![], why: String::new() }));
    };
    let other = step.otherwise.get(round.len() - 1)?;
    let mut work = last.work.clone();
    let made = match other {
        FlowOtherwise::Again => {
            Ok(Try { work, tried: vec![], why: "The same once more.".to_owned() })
        }
        FlowOtherwise::Instead { work } => {
            let why = "In another way, as the flow says.".to_owned();
            Ok(Try { work: work.clone(), tried: vec![], why })
        }
        FlowOtherwise::AnotherModel => {
            let tried = round.iter().filter_map(|it| it.model.clone()).collect();
            match &mut work {
                FlowWork::Generate { model, .. }
                | FlowWork::Through { model, .. }
                | FlowWork::Blend { model, .. } => *model = None,
                _ => {}
            }
            Ok(Try { work, tried, why: "With another model.".to_owned() })
        }
        FlowOtherwise::FewerSteps => with_fewer_steps(studio, work, last.model.as_ref()),
    };
    // What cannot even be tried counts as a try.
    Some(made)
}

/// The same with half as many steps of the same model.
fn with_fewer_steps(studio: &Studio, mut work: FlowWork, of: Option<&Id>) -> Result<Try, Problem> {
    let none = |what: &str| problem("no_steps", what, "Choose another way.");
    let (FlowWork::Generate { steps, model, .. }, Some(id)) = (&mut work, of) else {
        return Err(none("There was no model that could take fewer steps."));
    };
    let found = studio.model(id).map_err(told)?.model;
    let fewer = route::half_of_steps(&found, *steps)
        .ok_or_else(|| none("The model has no steps that could be fewer."))?;
    (*steps, *model) = (Some(fewer), Some(id.clone()));
    Ok(Try { work, tried: vec![], why: format!("With {fewer} steps.") })
}

/// Tries a step in the next way, and in those after it as long as they fail at once.
fn begin(studio: &Studio, run: &mut FlowRun, i: usize) {
    loop {
        let now_ms = studio.shared.now_ms();
        let Some(next) = next_try(run, i, studio) else {
            return give_up(studio, run, i);
        };
        let n_tries = run.steps[i].attempts.len() as u64;
        let seed = (run.seed ^ (i as u64) << 40 ^ n_tries << 32) & api::SEED_MAX;
        let known = fill::known(run);
        let (work, start, why) = match next {
            Ok(Try { work, tried, why }) => {
                let label = &run.plan.steps[i].label;
                let desk = Desk { studio, run, known: &known, tried: &tried, seed, label };
                let start = desk.begin(&work);
                (work, start, why)
            }
            Err(problem) => (run.plan.steps[i].work.clone(), Err(problem), String::new()),
        };
        let mut attempt = FlowAttempt {
            work,
            why,
            model: None,
            jobs: vec![],
            n_restarts: 0,
            started_ms: now_ms,
            ended_ms: None,
            problem: None,
        };
        let step = &mut run.steps[i];
        match start {
            Ok(start) => {
                attempt.model = start.model;
                attempt.why = [attempt.why, start.why].join(" ").trim().to_owned();
                match start.begun {
                    Begun::Done(knows) => {
                        attempt.ended_ms = Some(now_ms);
                        (step.knows, step.state) = (knows, FlowStepState::Done);
                    }
                    Begun::Jobs(jobs) => {
                        jobs.iter().for_each(|id| wait_behind_others(studio, id));
                        attempt.jobs = jobs;
                        step.state = FlowStepState::Running;
                    }
                    Begun::Asks(choices) => {
                        step.choices = choices;
                        step.state = FlowStepState::Asking;
                    }
                }
                step.attempts.push(attempt);
                return;
            }
            Err(problem) => {
                attempt.ended_ms = Some(now_ms);
                attempt.problem = Some(problem);
                step.attempts.push(attempt);
            }
        }
    }
}

/// Jobs of flows come after those that somebody has asked for by hand.
fn wait_behind_others(studio: &Studio, id: &Id) {
    let changed = studio.shared.change(|change| {
        let Some(mut job) = jobs::find(change.tx, id)? else { return Ok(()) };
        job.urgency = URGENCY;
        change.job(&job)?;
        change.queue_moved()
    });
    if let Err(error) = changed {
        tracing::debug!("{id}: failed to {error}");
    }
}

/// Looks at the jobs of a step; whether it moved.
fn look(studio: &Studio, run: &mut FlowRun, i: usize) -> bool {
    let now_ms = studio.shared.now_ms();
    let Some(attempt) = run.steps[i].attempts.last_mut() else { return false };
    let mut is_under_way = false;
    for id in attempt.jobs.clone() {
        let state = match studio.job(&id) {
            Ok(job) => job.state,
            Err(Error::NotFound { .. }) => {
                let what = "A job of this step was cancelled.";
                let why = problem("cancelled", what, "Try again, or leave it out.");
                return stuck(studio, run, i, why);
            }
            // Whatever it is, it is looked at again.
            Err(_) => return false,
        };
        match state {
            JobState::Done { .. } => {}
            JobState::Queued { .. } | JobState::Running { .. } => is_under_way = true,
            JobState::Failed { problem, .. } => return fail(studio, run, i, problem),
            JobState::Stopped { .. } => {
                let what = "A job of this step was stopped.";
                let why = problem("stopped", what, "Try again, or leave it out.");
                return stuck(studio, run, i, why);
            }
            JobState::Interrupted { .. } if attempt.n_restarts < RESTARTS_MAX => {
                attempt.n_restarts += 1;
                match studio.restart_job(&id) {
                    Ok(()) => wait_behind_others(studio, &id),
                    Err(error) => return fail(studio, run, i, told(error)),
                }
                return true;
            }
            JobState::Interrupted { .. } => {
                let what = "A job of this step was interrupted again and again.";
                let remedy = "See its log, and whether there is enough memory.";
                return fail(studio, run, i, problem("interrupted", what, remedy));
            }
        }
    }
    if is_under_way {
        return false;
    }
    let (work, done) = (attempt.work.clone(), attempt.jobs.clone());
    let known = fill::known(run);
    let label = &run.plan.steps[i].label;
    let desk = Desk { studio, run, known: &known, tried: &[], seed: run.seed, label };
    match desk.finish(&work, &done) {
        Ok(knows) => {
            let step = &mut run.steps[i];
            if let Some(attempt) = step.attempts.last_mut() {
                attempt.ended_ms = Some(now_ms);
            }
            (step.knows, step.state) = (knows, FlowStepState::Done);
            true
        }
        Err(problem) => {
            // What did not pass can still be taken by ear.
            if let FlowWork::Test { sounds, .. } = &work {
                let known = sounds.iter().filter_map(|key| known.get(key));
                run.steps[i].choices = known.flat_map(|it| it.sounds.clone()).collect();
            }
            fail(studio, run, i, problem)
        }
    }
}

/// Notes that a try has failed, and tries otherwise.
fn fail(studio: &Studio, run: &mut FlowRun, i: usize, problem: Problem) -> bool {
    let now_ms = studio.shared.now_ms();
    let mut others = vec![];
    if let Some(attempt) = run.steps[i].attempts.last_mut() {
        attempt.ended_ms = Some(now_ms);
        attempt.problem = Some(problem);
        others = attempt.jobs.clone();
    }
    // They would work for nothing.
    cancel(studio, &others);
    begin(studio, run, i);
    true
}

/// Waits for the person, whatever else could be tried: it was their decision. Its other jobs end, too.
fn stuck(studio: &Studio, run: &mut FlowRun, i: usize, problem: Problem) -> bool {
    cancel(studio, &jobs_of(&run.steps[i]));
    let step = &mut run.steps[i];
    if let Some(attempt) = step.attempts.last_mut() {
        attempt.ended_ms = Some(studio.shared.now_ms());
        attempt.problem = Some(problem);
    }
    step.state = FlowStepState::Stuck;
    true
}

/// Ends jobs that nobody waits for any more.
pub(super) fn cancel(studio: &Studio, jobs: &[Id]) {
    for id in jobs {
        // One that has ended needs no end.
        if let Err(error) = studio.cancel_job(id) {
            tracing::debug!("{id}: failed to {error}");
        }
    }
}

fn give_up(studio: &Studio, run: &mut FlowRun, i: usize) {
    run.steps[i].state = match run.plan.steps[i].if_fails {
        FlowIfFails::Wait => FlowStepState::Stuck,
        FlowIfFails::Skip => FlowStepState::Skipped,
        FlowIfFails::Stop => FlowStepState::Failed,
    };
    if run.steps[i].state == FlowStepState::Failed {
        cancel(studio, &jobs_under_way(run));
        end(run, FlowState::Failed, studio.shared.now_ms());
    }
}

/// Does what the person says; also the jobs that nobody waits for after it.
pub(super) fn answer(run: &mut FlowRun, answer: &FlowAnswer) -> Result<Vec<Id>, Error> {
    let mut left = vec![];
    let place = run.steps.iter().position(|it| it.key == answer.step);
    let Some(i) = place else {
        return Err(Error::NotFound { what: "step", id: answer.step.escape_debug().to_string() });
    };
    let state = run.steps[i].state;
    let asks_nothing = || {
        Err(Error::conflict(
            format!("answer the step “{}”", answer.step),
            "it asks nothing",
            "wait until it does",
        ))
    };
    match &answer.answer {
        FlowSay::Choose { numbers } => {
            if !matches!(state, FlowStepState::Asking | FlowStepState::Stuck)
                || run.steps[i].choices.is_empty()
            {
                return asks_nothing();
            }
            let step = &mut run.steps[i];
            let chosen: Option<Vec<_>> =
                numbers.iter().map(|it| step.choices.get(*it as usize).cloned()).collect();
            let Some(sounds) = chosen else {
                let most = step.choices.len().saturating_sub(1);
                let message = format!("the choices have numbers from 0 to {most}");
                return Err(Error::invalid("numbers", message));
            };
            step.state = match sounds.is_empty() {
                true => FlowStepState::Skipped,
                false => FlowStepState::Done,
            };
            step.knows = FlowKnows { sounds, ..FlowKnows::default() };
            step.choices.clear();
        }
        FlowSay::Skip => {
            if !matches!(
                state,
                FlowStepState::Asking | FlowStepState::Stuck | FlowStepState::Failed
            ) {
                return asks_nothing();
            }
            run.steps[i].state = FlowStepState::Skipped;
            run.steps[i].choices.clear();
        }
        FlowSay::Retry { work } => {
            if matches!(state, FlowStepState::Running | FlowStepState::Waiting) {
                return asks_nothing();
            }
            if let Some(work) = work {
                run.plan = with_instead(run, i, work)?;
            }
            for j in downstream(run, i) {
                let step = &mut run.steps[j];
                left.extend(jobs_of(step));
                step.n_before = step.attempts.len() as u32;
                step.state = FlowStepState::Waiting;
                step.knows = FlowKnows::default();
                step.choices.clear();
            }
        }
    }
    // A stop, or a step that ended the flow, is taken back.
    for step in &mut run.steps {
        if step.state == FlowStepState::Failed {
            step.state = FlowStepState::Stuck;
        }
    }
    run.state = FlowState::Running;
    run.ended_ms = None;
    Ok(left)
}

/// The flow with other work in a step, if it can run.
fn with_instead(run: &FlowRun, i: usize, work: &FlowWork) -> Result<FlowPlan, Error> {
    let mut plan = run.plan.clone();
    plan.steps[i].work = work.clone();
    let problems = plan::checked(&plan).problems;
    match problems.is_empty() {
        true => Ok(plan),
        false => Err(Error::invalid("work", problems.join(" "))),
    }
}

/// A step and all that use it, one after the other.
fn downstream(run: &FlowRun, i: usize) -> Vec<usize> {
    let mut found = vec![i];
    let mut at = 0;
    while let Some(j) = found.get(at).copied() {
        at += 1;
        for (k, step) in run.plan.steps.iter().enumerate() {
            let uses = plan::uses_of(step).contains(&run.plan.steps[j].key);
            if uses && !found.contains(&k) {
                found.push(k);
            }
        }
    }
    found
}
