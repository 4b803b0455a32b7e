//! The studio's own thread: round after round it follows the jobs that run, ends those whose
//! process is gone, hurries those that should stop, and starts the next of the queue.
//!
//! With nothing running it sleeps until a verb rings the bell, or it is time to keep house. What it could
//! not write because the disk was full, it writes once there is room.

use std::{
    collections::BTreeMap,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::Arc,
    time::Duration,
};

use api::{Exit, Id, JobKind, Outcome, Problem, SoundSource, Task, UnixMs, Warning};
use job::{Needs, Shelf, events::Reach};

use crate::{
    Error, follower,
    job_folder::{self, Process, Product},
    library::{self, analyses, ask_to_stop, films::automatic, flows, uploads},
    out_of_memory, queue, rebuild, room,
    shared::{Shared, lock},
    store::{
        datasets,
        jobs::{self, JobRow, Phase},
        measures, reconstructions, warnings,
    },
    supervisor::{self, Death, Sign, Signal, Supervisor},
    workspace::remove,
};

/// Time between two looks at the files of running jobs.
const POLL: Duration = Duration::from_millis(100);

/// Rest after a round that failed, so that a broken disk is not asked in a hot loop.
const REST: Duration = Duration::from_secs(1);

/// Time between two looks at the reserve, while there is no room for it.
const LOOK_AT_RESERVE: Duration = Duration::from_secs(10);

/// Time between two rounds of removing what is old.
const KEEP_HOUSE: Duration = Duration::from_secs(3600);

/// Time between two requests to stop. One that is made while a process starts may be overlooked.
const ASK_AGAIN_MS: UnixMs = 1000;

/// Steps of a training whose time it may take to stop,
const STEPS_OF_GRACE: f64 = 3.0;
/// but no longer than this.
const GRACE_SECS_MAX: f64 = 1800.0;

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
    /// Processes that are gone, until their end is stored: a look tells once how one ended.
    gone: BTreeMap<Id, Sign>,
    /// How jobs ended that could not be written into their folders yet.
    unwritten: BTreeMap<Id, Exit>,
    /// The last error about each job, or about all; the same one is logged once.
    said: BTreeMap<Option<Id>, String>,
    /// When these were done last, by [`crate::Clock::passed`].
    recovered: Duration,
    kept_house: Duration,
}

impl Watch {
    pub(crate) fn new(shared: Arc<Shared>, supervisor: Supervisor) -> Self {
        let now = shared.options.clock.passed();
        Self {
            shared,
            supervisor,
            asked: BTreeMap::new(),
            signalled: BTreeMap::new(),
            lingering: BTreeMap::new(),
            gone: BTreeMap::new(),
            unwritten: BTreeMap::new(),
            said: BTreeMap::new(),
            recovered: now,
            kept_house: now,
        }
    }

    /// Rounds until the studio is closed.
    pub(crate) fn run(mut self) {
        let mut pause = Some(Duration::ZERO);
        while self.shared.bell.wait(pause) {
            // A panic is our mistake, but jobs run on: the next round looks after them again.
            let round = panic::catch_unwind(AssertUnwindSafe(|| self.round()));
            pause = match round {
                Ok(Ok(pause)) => {
                    self.said.remove(&None);
                    Some(pause)
                }
                Ok(Err(error)) => {
                    self.complain(None, &error);
                    Some(REST)
                }
                Err(_) => Some(REST),
            };
        }
        self.write_exits();
    }

    /// Logs an error, unless it is the same as the last one about this job.
    fn complain(&mut self, id: Option<&Id>, error: &Error) {
        let text = error.to_string();
        let last = self.said.insert(id.cloned(), text.clone());
        if last.as_ref() != Some(&text) {
            let about = id.map_or(String::new(), |id| format!("{id}: "));
            tracing::error!("{about}failed to {text}");
        }
    }

    /// One round, and how long to sleep after it at most.
    fn round(&mut self) -> Result<Duration, Error> {
        let rest = self.recover();
        self.tend_running()?;
        automatic::grant(&self.shared)?;
        for needs in Needs::ALL {
            self.start_next(needs)?;
        }
        // After what starts jobs: what they ask for rings the bell.
        let flows_rest = flows::advance_all(&self.shared);
        if self.catch_up_one()? {
            return Ok(Duration::ZERO);
        }
        let n_running = self.shared.read(|c| jobs::in_phase(c, Phase::Running))?.len();
        Ok(if n_running > 0 { POLL } else { rest.min(flows_rest) })
    }

    /// Makes up for what a full disk did not allow, and removes what is old, when that is due. How long this
    /// can wait now.
    fn recover(&mut self) -> Duration {
        let now = self.shared.options.clock.passed();
        if now - self.kept_house >= KEEP_HOUSE {
            self.kept_house = now;
            if let Err(error) = rebuild::keep_house(&self.shared) {
                self.complain(None, &error);
            }
        }
        let reserve = self.shared.workspace.reserve();
        let is_behind = !self.unwritten.is_empty() || self.shared.store.is_in_memory();
        if is_behind && now - self.recovered >= REST {
            self.recovered = now;
            self.write_exits();
            if self.shared.store.is_in_memory() && self.shared.workspace.make_room() {
                // Until it works, nothing is lost.
                if let Err(error) = self.shared.store.go_back_to_disk() {
                    tracing::debug!("failed to {error}");
                }
            }
        }
        if !self.unwritten.is_empty() || self.shared.store.is_in_memory() {
            return REST;
        }
        if now - self.recovered >= LOOK_AT_RESERVE {
            self.recovered = now;
            room::keep_reserve(self.shared.workspace.root());
        }
        if reserve.is_kept() { KEEP_HOUSE } else { LOOK_AT_RESERVE }
    }

    /// Writes how jobs ended into their folders, as far as there is room.
    fn write_exits(&mut self) {
        let shared = Arc::clone(&self.shared);
        self.unwritten.retain(|id, exit| {
            let Ok(Some(job)) = shared.read(|c| jobs::find(c, id)) else { return false };
            let folder = match job.deleted_ms {
                None => shared.workspace.folder(Shelf::of(job.kind), id),
                Some(_) => shared.workspace.trash(Shelf::of(job.kind), id),
            };
            // Queued again, it has yet to end.
            let is_wanted = !job.phase.is_active() && folder.is_dir();
            let write = || job::exit::write(&folder, exit);
            is_wanted && shared.workspace.with_room(write).is_err_and(|it| it.is_disk_full())
        });
    }

    /// Follows every running job, and ends or hurries it where that is due.
    pub(crate) fn tend_running(&mut self) -> Result<(), Error> {
        for job in self.shared.read(|c| jobs::in_phase(c, Phase::Running))? {
            // One job whose folder is broken must not hold up the others.
            match self.tend(&job) {
                Ok(()) => drop(self.said.remove(&Some(job.id))),
                Err(error) => self.complain(Some(&job.id), &error),
            }
        }
        Ok(())
    }

    fn tend(&mut self, job: &JobRow) -> Result<(), Error> {
        let folder = self.shared.workspace.folder(Shelf::of(job.kind), &job.id);
        // Looked at before its events are read: what it wrote before it went is read then.
        let sign = match self.gone.get(&job.id) {
            Some(gone) => gone.clone(),
            None => self.supervisor.look(job, &folder, self.shared.now_ms()),
        };
        let Sign::Gone(death) = &sign else {
            follower::follow(&self.shared, job)?;
            self.note_pid(job)?;
            self.hurry(job, folder.join(job::files::EXIT).exists());
            return self.ask_again(job);
        };
        self.gone.insert(job.id.clone(), sign.clone());
        let reach = match follower::follow(&self.shared, job) {
            // Events that cannot be read are no reason to wait for a process that is gone.
            Err(error @ Error::Io { .. }) => {
                self.complain(Some(&job.id), &error);
                Reach::End
            }
            reach => reach?,
        };
        match reach {
            Reach::End => self.end(job, death.clone()),
            Reach::Behind => {
                self.shared.bell.ring();
                Ok(())
            }
        }
    }

    /// Stores the process of a job that is not the one it was started with: one that it was handed over to had ended.
    fn note_pid(&self, job: &JobRow) -> Result<(), Error> {
        let pid = self.supervisor.pid_of(&job.id);
        if pid.is_none() || pid == job.pid {
            return Ok(());
        }
        self.shared.change(|change| {
            let Some(mut row) = jobs::find(change.tx, &job.id)? else { return Ok(()) };
            row.pid = pid;
            jobs::save(change.tx, &row)
        })
    }

    /// Signals a worker that was asked to stop, or has said it ended, and takes too long.
    fn hurry(&mut self, job: &JobRow, has_exit: bool) {
        let now_ms = self.shared.now_ms();
        if has_exit {
            self.lingering.entry(job.id.clone()).or_insert(now_ms);
        }
        let since_ms = self.lingering.get(&job.id).copied().or(job.stop_asked_ms);
        let (Some(since_ms), Some(pid)) = (since_ms, job.pid) else { return };
        let grace_ms = self.grace(job).as_millis();
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

    /// How long a worker may take to stop. A training stops within a step, and saves what it had before;
    /// one with slow steps on a busy computer is waited for as long as a few of them take.
    fn grace(&self, job: &JobRow) -> Duration {
        let steps = job.progress.as_ref().filter(|it| it.unit == "steps");
        let rate = steps.and_then(|it| it.rate_per_sec).filter(|rate| *rate > 0.0);
        let of_steps = rate.map_or(0.0, |rate| (STEPS_OF_GRACE / rate).min(GRACE_SECS_MAX));
        self.shared.options.stop_grace.max(Duration::from_secs_f64(of_steps))
    }

    /// Asks a worker to stop that was asked before and still runs.
    fn ask_again(&mut self, job: &JobRow) -> Result<(), Error> {
        let Some(first_ms) = job.stop_asked_ms else { return Ok(()) };
        let now_ms = self.shared.now_ms();
        let last_ms = self.asked.entry(job.id.clone()).or_insert(first_ms);
        if now_ms.saturating_sub(*last_ms) < ASK_AGAIN_MS {
            return Ok(());
        }
        *last_ms = now_ms;
        ask_to_stop(&self.shared, job)
    }

    /// Stores how a job ended whose process is gone.
    fn end(&mut self, job: &JobRow, mut death: Death) -> Result<(), Error> {
        death.is_ours = self.signalled.get(&job.id) == Some(&Signal::Kill);
        let unwritten = end(&self.shared, &job.id, &death)?;
        self.asked.remove(&job.id);
        self.signalled.remove(&job.id);
        self.lingering.remove(&job.id);
        self.gone.remove(&job.id);
        self.unwritten.extend(unwritten.map(|exit| (job.id.clone(), exit)));
        self.write_exits();
        Ok(())
    }

    /// Takes the next job with these needs out of the queue, if they are free, and models that are kept for others do not
    /// take the memory that it needs; those go then.
    fn take_next(&mut self, needs: Needs, now_ms: UnixMs) -> Result<Option<JobRow>, Error> {
        let limit_bytes = self.shared.memory_limit_bytes();
        let shared = Arc::clone(&self.shared);
        let take = |kept_bytes| {
            let room = queue::Room { limit_bytes, kept_bytes };
            shared.change(|change| queue::take_next(change, needs, room, now_ms))
        };
        let staying = self.supervisor.staying();
        let is_none = staying.is_empty();
        *lock(&self.shared.staying) = staying;
        if is_none {
            return take(0);
        }
        let next = self.shared.read(|c| {
            let next = jobs::queue(c)?.into_iter().find(|(its, _)| *its == needs);
            next.map_or(Ok(None), |(_, id)| jobs::find(c, &id))
        })?;
        let Some(next) = next else { return Ok(None) };
        let folder = self.shared.workspace.folder(Shelf::of(next.kind), &next.id);
        let kept_bytes = self.supervisor.staying_bytes(&folder);
        if let Some(taken) = take(kept_bytes)? {
            return Ok(Some(taken));
        }
        let room = queue::Room { limit_bytes, kept_bytes };
        if kept_bytes == 0 || !shared.change(|it| queue::would_start(it, needs, room))? {
            return Ok(None);
        }
        self.supervisor.let_go();
        take(0)
    }

    /// Starts the next job with these needs, if they are free.
    fn start_next(&mut self, needs: Needs) -> Result<(), Error> {
        let now_ms = self.shared.now_ms();
        let Some(job) = self.take_next(needs, now_ms)? else { return Ok(()) };
        // What takes the whole computer needs its memory, too.
        if matches!(needs, Needs::Computer | Needs::Gpu) {
            self.supervisor.let_go();
        }
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
                let problem = job_folder::not_started(&error);
                let exit = Exit { ended_ms: now_ms, outcome: Outcome::Failed { problem } };
                self.shared.bell.ring();
                fail(&self.shared, &job.id, exit.clone())?;
                self.unwritten.insert(job.id, exit);
                self.write_exits();
                Ok(())
            }
        }
    }

    /// Reads on in the events of one ended job. Whether there is more to read of any.
    fn catch_up_one(&self) -> Result<bool, Error> {
        let Some(id) = lock(&self.shared.behind).first().cloned() else { return Ok(false) };
        let job = self.shared.read(|c| jobs::find(c, &id))?;
        let reach = job.as_ref().map_or(Ok(Reach::End), |job| follower::read_on(&self.shared, job));
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

/// Stores how a job ended, by what its folder says; and gives what is still to be written there.
fn end(shared: &Shared, id: &Id, death: &Death) -> Result<Option<Exit>, Error> {
    let Some(job) = shared.read(|c| jobs::find(c, id))? else { return Ok(None) };
    let shelf = Shelf::of(job.kind);
    let folder = shared.workspace.folder(shelf, id);
    if job.is_discarded {
        return discard(shared, &job).map(|()| None);
    }
    let process = Process { started_ms: job.last_started_ms, code: death.code };
    let mut ending = job_folder::read_ending(&folder, job.kind, &process);
    if ending.phase == Phase::Interrupted
        && let Some(problem) = out_of_memory(&folder, job.kind, death)
    {
        // A rebuild of the database finds the same.
        let outcome = Outcome::Failed { problem: problem.clone() };
        ending.unwritten = Some(Exit { ended_ms: shared.now_ms(), outcome });
        job_folder::append_log(&folder, &problem.what);
        (ending.phase, ending.problem) = (Phase::Failed, Some(problem));
    }
    let is_made_anew = matches!(job.kind, JobKind::Prepare | JobKind::Import);
    if is_made_anew
        && ending.phase != Phase::Done
        && let Err(error) = job_folder::remove_partial_result(&folder)
    {
        // The job has ended all the same; what is left goes when it is started again.
        tracing::warn!("{id}: failed to {error}");
    }
    let vanished = (ending.phase == Phase::Interrupted).then(|| vanished(death.words.as_deref()));
    if let Some(vanished) = &vanished {
        job_folder::append_log(&folder, &vanished.message);
    }
    let is_done = ending.phase == Phase::Done;
    if let Err(error) = library::take_left(shared, job.kind, id) {
        // It stays in the folder, which is not removed without it.
        tracing::warn!("{id}: what it left is not taken yet: failed to {error}");
    }
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
        if job.kind == JobKind::Train && matches!(job.phase, Phase::Done | Phase::Stopped) {
            automatic::wish_for_whole(change.tx, id)?;
        }
        change.job(&job)?;
        change.list(shelf, id);
        Ok(())
    })?;
    if is_done {
        remove_upload_of(shared, id)?;
    }
    if is_done
        && job.kind == JobKind::Analyse
        && let Err(error) = analyses::go_on(shared, id, &job.project)
    {
        tracing::warn!("{id}: what came meanwhile is not analysed: failed to {error}");
    }
    shared.bell.ring();
    Ok(ending.unwritten)
}

/// The problem of a job whose process was killed for lack of memory.
fn out_of_memory(folder: &Path, kind: JobKind, death: &Death) -> Option<Problem> {
    let order = job::order::read(folder).ok();
    let forecast = order.and_then(|order| match order.task {
        Task::Train(task) => task.memory,
        _ => None,
    });
    out_of_memory::problem_of(folder, kind, forecast.as_deref(), death)
}

/// Removes a job that was cancelled, and its folder.
pub(crate) fn discard(shared: &Shared, job: &JobRow) -> Result<(), Error> {
    let shelf = Shelf::of(job.kind);
    library::take_left(shared, job.kind, &job.id)?;
    remove_upload_of(shared, &job.id)?;
    remove(&shared.workspace.folder(shelf, &job.id))?;
    shared.change(|change| {
        jobs::forget(change.tx, &job.id)?;
        change.list(shelf, &job.id);
        change.queue_moved()
    })?;
    shared.bell.ring();
    Ok(())
}

fn fail(shared: &Shared, id: &Id, exit: Exit) -> Result<(), Error> {
    let Outcome::Failed { problem } = exit.outcome else { return Ok(()) };
    shared.change(|change| {
        let Some(mut job) = jobs::find(change.tx, id)? else { return Ok(()) };
        job.phase = Phase::Failed;
        job.ended_ms = Some(exit.ended_ms);
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
        Some(how) => format!("the process stopped unexpectedly ({how}); see the log"),
        None => "the process stopped unexpectedly: it crashed or was killed, or the computer was \
                 switched off"
            .to_owned(),
    };
    Warning { code: "interrupted".to_owned(), file: None, message }
}
