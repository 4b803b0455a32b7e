//! The studio's own thread: round after round it follows the jobs that run, ends those whose
//! process is gone, hurries those that should stop, and starts the next of the queue.
//!
//! With nothing running it sleeps until a verb rings the bell.

use std::{
    collections::BTreeMap,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::Arc,
    time::Duration,
};

use api::{Control, Id, JobKind, Outcome, SoundSource, UnixMs, Warning};

use crate::{
    Error,
    follower::{self, Reach},
    job_folder::{self, Product},
    library::uploads,
    queue::{self, Lane},
    shared::{Shared, lock},
    store::{
        datasets,
        jobs::{self, JobRow, Phase},
        measures, reconstructions, warnings,
    },
    supervisor::{self, Sign, Signal, Supervisor},
    workspace::{Shelf, remove},
};

/// Time between two looks at the files of running jobs.
const POLL: Duration = Duration::from_millis(100);

/// Rest after a round that failed, so that a broken disk is not asked in a hot loop.
const REST: Duration = Duration::from_secs(1);

/// Time between two requests to stop. One that is made while a process starts may be overlooked.
const ASK_AGAIN_MS: UnixMs = 1000;

/// What the thread keeps between rounds.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    supervisor: Supervisor,
    /// When a worker was last asked to stop.
    asked: BTreeMap<Id, UnixMs>,
    /// The last signal that a worker got.
    signalled: BTreeMap<Id, Signal>,
    /// Since when a worker lives on that has said it ended.
    lingering: BTreeMap<Id, UnixMs>,
}

impl Watch {
    pub(crate) fn new(shared: Arc<Shared>, supervisor: Supervisor) -> Self {
        let (asked, signalled, lingering) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { shared, supervisor, asked, signalled, lingering }
    }

    /// Rounds until the studio is closed.
    pub(crate) fn run(mut self) {
        let mut pause = Some(Duration::ZERO);
        while self.shared.bell.wait(pause) {
            // A panic is our mistake, but jobs run on: the next round looks after them again.
            let round = panic::catch_unwind(AssertUnwindSafe(|| self.round()));
            pause = match round {
                Ok(Ok(pause)) => pause,
                Ok(Err(error)) => {
                    tracing::error!("failed to {error}");
                    Some(REST)
                }
                Err(_) => Some(REST),
            };
        }
    }

    /// One round, and how long to sleep after it; `None` until something is to do.
    fn round(&mut self) -> Result<Option<Duration>, Error> {
        self.tend_running()?;
        for lane in Lane::ALL {
            self.start_next(lane)?;
        }
        if self.catch_up_one()? {
            return Ok(Some(Duration::ZERO));
        }
        let n_running = self.shared.read(|c| jobs::in_phase(c, Phase::Running))?.len();
        Ok((n_running > 0).then_some(POLL))
    }

    /// Follows every running job, and ends or hurries it where that is due.
    pub(crate) fn tend_running(&mut self) -> Result<(), Error> {
        for job in self.shared.read(|c| jobs::in_phase(c, Phase::Running))? {
            // One job whose folder is broken must not hold up the others.
            if let Err(error) = self.tend(&job) {
                tracing::error!("{}: failed to {error}", job.id);
            }
        }
        Ok(())
    }

    fn tend(&mut self, job: &JobRow) -> Result<(), Error> {
        let folder = self.shared.workspace.folder(Shelf::of(job.kind), &job.id);
        // Looked at before its events are read: what it wrote before it went is read then.
        let sign = self.supervisor.look(job, &folder, self.shared.now_ms());
        let reach = follower::follow(&self.shared, job)?;
        match sign {
            Sign::Alive => {
                self.hurry(job, folder.join(job_folder::EXIT).exists());
                self.ask_again(job, &folder)?;
            }
            Sign::Gone { how } if reach == Reach::End => return self.end(job, how.as_deref()),
            Sign::Gone { .. } => self.shared.bell.ring(),
        }
        Ok(())
    }

    /// Signals a worker that was asked to stop, or has said it ended, and takes too long.
    fn hurry(&mut self, job: &JobRow, has_exit: bool) {
        let now_ms = self.shared.now_ms();
        if has_exit {
            self.lingering.entry(job.id.clone()).or_insert(now_ms);
        }
        let since_ms = self.lingering.get(&job.id).copied().or(job.stop_asked_ms);
        let (Some(since_ms), Some(pid)) = (since_ms, job.pid) else { return };
        let grace_ms = self.shared.options.stop_grace.as_millis();
        let signal = match u128::from(now_ms.saturating_sub(since_ms)) {
            waited if waited >= 2 * grace_ms => Signal::Kill,
            waited if waited >= grace_ms => Signal::Terminate,
            _ => return,
        };
        if self.signalled.get(&job.id).is_none_or(|last| *last < signal) {
            tracing::warn!("{}: it takes too long to stop and gets {signal:?}", job.id);
            supervisor::signal(pid, signal);
            self.signalled.insert(job.id.clone(), signal);
        }
    }

    /// Asks a worker to stop that was asked before and still runs.
    fn ask_again(&mut self, job: &JobRow, folder: &Path) -> Result<(), Error> {
        let Some(first_ms) = job.stop_asked_ms else { return Ok(()) };
        let now_ms = self.shared.now_ms();
        let last_ms = self.asked.entry(job.id.clone()).or_insert(first_ms);
        if now_ms.saturating_sub(*last_ms) < ASK_AGAIN_MS {
            return Ok(());
        }
        *last_ms = now_ms;
        job_folder::append_control(folder, Control::Stop)
    }

    /// Stores how a job ended whose process is gone.
    fn end(&mut self, job: &JobRow, how: Option<&str>) -> Result<(), Error> {
        self.asked.remove(&job.id);
        self.signalled.remove(&job.id);
        self.lingering.remove(&job.id);
        end(&self.shared, &job.id, how)
    }

    /// Starts the next job of a lane, if the lane is free.
    fn start_next(&mut self, lane: Lane) -> Result<(), Error> {
        let now_ms = self.shared.now_ms();
        let Some(job) = self.shared.change(|change| queue::take_next(change, lane, now_ms))? else {
            return Ok(());
        };
        let folder = self.shared.workspace.folder(Shelf::of(job.kind), &job.id);
        if supervisor::is_worked_on(&folder) {
            // Somebody started the worker by hand: it is followed like one of ours.
            return Ok(());
        }
        let started = job_folder::clear_for_start(&folder)
            .and_then(|()| self.supervisor.start(&job.id, &folder));
        match started {
            Ok(pid) => self.shared.change(|change| {
                let Some(mut job) = jobs::find(change.tx, &job.id)? else { return Ok(()) };
                job.pid = Some(pid);
                change.job(&job)
            }),
            Err(error) => {
                let outcome = Outcome::Failed { problem: job_folder::not_started(&job.id, &error) };
                if let Err(error) = job_folder::write_exit(&folder, now_ms, outcome.clone()) {
                    tracing::error!("{}: failed to {error}", job.id);
                }
                self.shared.bell.ring();
                fail(&self.shared, &job.id, now_ms, outcome)
            }
        }
    }

    /// Reads on in the events of one ended job. Whether there is more to read of any.
    fn catch_up_one(&self) -> Result<bool, Error> {
        let Some(id) = lock(&self.shared.behind).first().cloned() else { return Ok(false) };
        let job = self.shared.read(|c| jobs::find(c, &id))?;
        let reach = job.as_ref().map_or(Ok(Reach::End), |job| follower::follow(&self.shared, job));
        if !matches!(reach, Ok(Reach::Behind)) {
            lock(&self.shared.behind).remove(&id);
            if let Some(job) = &job {
                let shelf = Shelf::of(job.kind);
                self.shared.change(|change| {
                    change.list(shelf, &id);
                    Ok(())
                })?;
            }
        }
        reach.map(|_| true)
    }
}

/// Stores how a job ended, by what its folder says.
fn end(shared: &Shared, id: &Id, how: Option<&str>) -> Result<(), Error> {
    let Some(job) = shared.read(|c| jobs::find(c, id))? else { return Ok(()) };
    let shelf = Shelf::of(job.kind);
    let folder = shared.workspace.folder(shelf, id);
    if job.is_discarded {
        return discard(shared, &job);
    }
    let ending = job_folder::read_ending(&folder, job.kind);
    let is_made_anew = matches!(job.kind, JobKind::Prepare | JobKind::Import);
    if is_made_anew && ending.phase != Phase::Done {
        job_folder::remove_partial_result(&folder)?;
    }
    let vanished = (ending.phase == Phase::Interrupted).then(|| vanished(how));
    if let Some(vanished) = &vanished {
        job_folder::append_log(&folder, &vanished.message);
    }
    let is_done = ending.phase == Phase::Done;
    shared.change(|change| {
        let Some(mut job) = jobs::find(change.tx, id)? else { return Ok(()) };
        job.phase = ending.phase;
        job.pid = None;
        job.stop_asked_ms = None;
        job.ended_ms = Some(ending.ended_ms.unwrap_or_else(|| shared.now_ms()));
        job.problem = ending.problem;
        match &ending.product {
            Some(Product::Dataset(summary)) => {
                datasets::set_summary(change.tx, id, Some(summary))?;
            }
            Some(Product::Reconstruction(result)) => {
                reconstructions::set_result(change.tx, id, result)?;
            }
            Some(Product::Measure(result)) => measures::set_result(change.tx, id, result)?,
            None => {}
        }
        if let Some(vanished) = &vanished {
            job.n_warnings += 1;
            warnings::add(change.tx, id, vanished)?;
        }
        change.job(&job)?;
        change.list(shelf, id);
        Ok(())
    })?;
    if is_done {
        remove_upload_of(shared, id)?;
    }
    shared.bell.ring();
    Ok(())
}

/// Removes a job that was cancelled, and its folder.
pub(crate) fn discard(shared: &Shared, job: &JobRow) -> Result<(), Error> {
    let shelf = Shelf::of(job.kind);
    remove_upload_of(shared, &job.id)?;
    remove(&shared.workspace.folder(shelf, &job.id))?;
    shared.change(|change| {
        jobs::forget(change.tx, &job.id)?;
        change.list(shelf, &job.id);
        change.queue_moved(queue::lane(job.kind))
    })?;
    shared.bell.ring();
    Ok(())
}

fn fail(shared: &Shared, id: &Id, now_ms: UnixMs, outcome: Outcome) -> Result<(), Error> {
    let Outcome::Failed { problem } = outcome else { return Ok(()) };
    shared.change(|change| {
        let Some(mut job) = jobs::find(change.tx, id)? else { return Ok(()) };
        job.phase = Phase::Failed;
        job.ended_ms = Some(now_ms);
        job.problem = Some(problem);
        change.job(&job)?;
        change.list(Shelf::of(job.kind), id);
        Ok(())
    })
}

/// An upload goes once it was prepared, unless another dataset still needs it.
fn remove_upload_of(shared: &Shared, dataset: &Id) -> Result<(), Error> {
    let Some(row) = shared.read(|c| datasets::find(c, dataset))? else { return Ok(()) };
    let SoundSource::Upload { upload } = row.source else { return Ok(()) };
    if shared.read(|c| datasets::needs_upload(c, &upload))? {
        return Ok(());
    }
    uploads::remove_upload(shared, &upload)
}

fn vanished(how: Option<&str>) -> Warning {
    let message = match how {
        Some(how) => format!("its process ended without a word ({how}); see the log"),
        None => {
            "its process ended without a word: killed, crashed, or the computer went off".to_owned()
        }
    };
    Warning { code: "interrupted".to_owned(), file: None, message }
}
