//! Follows a job until it ends.

use std::{
    thread,
    time::{Duration, Instant},
};

use api::{
    Conversion, Dataset, Event, EventBody, Export, Film, Generation, Id, Import, Job, JobKind,
    JobState, Measure, MemoryJob, Problem, Reconstruction, Run, RunDetail,
};

use super::{Terminal, words};
use crate::client::{Client, Refused};

/// How often a job is polled.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// How often a line of progress is printed if it cannot be redrawn.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How long the command waits for a job to start if the studio is inside this process.
const START_TIME: Duration = Duration::from_secs(10);

/// How long the command waits for a stopping run, which writes a checkpoint first.
const STOP_TIME: Duration = Duration::from_secs(60);

/// Follows jobs for a command.
#[derive(Clone, Copy)]
pub(crate) struct Onlooker<'c> {
    pub(crate) client: &'c Client,
    pub(crate) terminal: Terminal,
}

impl Onlooker<'_> {
    /// Waits until a dataset is ready.
    ///
    /// # Errors
    /// When it failed, or was stopped or interrupted.
    pub(crate) fn dataset(self, id: &Id) -> anyhow::Result<Dataset> {
        let look = || self.client.get::<Dataset>(&format!("/api/datasets/{id}"));
        self.until_done(look, |dataset| &dataset.job)
    }

    /// Waits until a reconstruction is done.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) fn reconstruction(self, id: &Id) -> anyhow::Result<Reconstruction> {
        let look = || self.client.get::<Reconstruction>(&format!("/api/reconstructions/{id}"));
        self.until_done(look, |reconstruction| &reconstruction.job)
    }

    /// Waits until an import is done.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) fn import(self, id: &Id) -> anyhow::Result<Import> {
        let look = || self.client.get::<Import>(&format!("/api/imports/{id}"));
        self.until_done(look, |import| &import.job)
    }

    /// Waits until a conversion is done.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) fn conversion(self, id: &Id) -> anyhow::Result<Conversion> {
        let look = || self.client.get::<Conversion>(&format!("/api/conversions/{id}"));
        self.until_done(look, |conversion| &conversion.job)
    }

    /// Waits until an export is done.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) fn export(self, id: &Id) -> anyhow::Result<Export> {
        let look = || self.client.get::<Export>(&format!("/api/exports/{id}"));
        self.until_done(look, |export| &export.job)
    }

    /// Waits until a film is done.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) fn film(self, id: &Id) -> anyhow::Result<Film> {
        let look = || self.client.get::<Film>(&format!("/api/films/{id}"));
        self.until_done(look, |film| &film.job)
    }

    /// Waits until a generation is done.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) fn generation(self, id: &Id) -> anyhow::Result<Generation> {
        let look = || self.client.get::<Generation>(&format!("/api/generations/{id}"));
        self.until_done(look, |generation| &generation.job)
    }

    /// Waits until a job of the memory is done.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) fn memory(self, id: &Id) -> anyhow::Result<MemoryJob> {
        let look = || self.client.get::<MemoryJob>(&format!("/api/memory/jobs/{id}"));
        self.until_done(look, |it| &it.job)
    }

    /// Waits until a measure is done.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) fn measure(self, id: &Id) -> anyhow::Result<Measure> {
        let look = || self.client.get::<Measure>(&format!("/api/measures/{id}"));
        self.until_done(look, |measure| &measure.job)
    }

    /// Waits until a job of any other kind is done.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) fn job(self, id: &Id) -> anyhow::Result<Job> {
        self.until_done(|| self.client.get::<Job>(&format!("/api/jobs/{id}")), |job| job)
    }

    /// Waits until a run ends, and passes on each event after a number as it arrives.
    ///
    /// # Errors
    /// When the run failed or was interrupted. One that somebody stopped has ended well.
    pub(crate) fn run(
        self,
        id: &Id,
        mut after: u64,
        mut on_event: impl FnMut(&Event) -> anyhow::Result<()>,
    ) -> anyhow::Result<RunDetail> {
        let mut progress = Progress::new(self.terminal);
        loop {
            // Asked for before its events, so that none is missing once it has ended.
            let run = self.client.get::<RunDetail>(&format!("/api/runs/{id}"))?;
            for event in self.events_after(id, &mut after)? {
                if let EventBody::Warning(warning) = &event.body {
                    self.terminal.note(&format!("note: {}", api::sentence(&warning.message)));
                }
                on_event(&event)?;
            }
            if matches!(run.run.job.state, JobState::Stopped { .. }) || is_done(&run.run.job)? {
                return Ok(run);
            }
            progress.show(&standing_of(&run.run));
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until a run has started, because the studio that queued it may end with the command. Says so if
    /// the run has to wait in the queue.
    pub(crate) fn until_started(self, id: &Id) -> anyhow::Result<Run> {
        let deadline = Instant::now() + START_TIME;
        loop {
            let run = self.client.get::<RunDetail>(&format!("/api/runs/{id}"))?.run;
            let JobState::Queued { place } = run.job.state else { return Ok(run) };
            if !self.client.is_own() {
                return Ok(run); // The studio that serves the workspace sees to it.
            }
            if place > 0 || Instant::now() > deadline {
                self.terminal.note("It is queued, and starts while `maquette` is running.");
                return Ok(run);
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits a while for a run that was asked to stop.
    pub(crate) fn until_stopped(self, id: &Id) -> anyhow::Result<Run> {
        let deadline = Instant::now() + STOP_TIME;
        loop {
            let run = self.client.get::<RunDetail>(&format!("/api/runs/{id}"))?.run;
            let is_alive = matches!(run.job.state, JobState::Running { .. });
            if !is_alive || Instant::now() > deadline {
                return Ok(run);
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    fn until_done<T>(
        self,
        look: impl Fn() -> anyhow::Result<T>,
        job: impl Fn(&T) -> &Job,
    ) -> anyhow::Result<T> {
        let mut progress = Progress::new(self.terminal);
        loop {
            let thing = look()?;
            if is_done(job(&thing))? {
                return Ok(thing);
            }
            progress.show(&standing(job(&thing)));
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Every event of a run after a number, which moves on to the last of them.
    fn events_after(self, id: &Id, after: &mut u64) -> anyhow::Result<Vec<Event>> {
        let mut all = Vec::new();
        loop {
            let path = format!("/api/runs/{id}/events?after={after}");
            let events: Vec<Event> = self.client.get(&path)?;
            let Some(last) = events.last() else { return Ok(all) };
            *after = last.seq;
            all.extend(events);
        }
    }
}

/// Shows the progress of a job: redrawn on a terminal, a line now and then in a log.
struct Progress {
    terminal: Terminal,
    last_line: Instant,
}

impl Progress {
    fn new(terminal: Terminal) -> Self {
        Self { terminal, last_line: Instant::now() }
    }

    fn show(&mut self, text: &str) {
        if self.terminal.is_live() {
            self.terminal.progress(text);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.terminal.note(text);
            self.last_line = Instant::now();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.terminal.erase();
    }
}

/// Whether a job completed.
///
/// # Errors
/// When it ended in any other way.
fn is_done(job: &Job) -> anyhow::Result<bool> {
    let ended = |how: &str, why: Option<&str>| {
        Refused(Problem {
            code: "not_done".to_owned(),
            what: format!("{} “{}” {how}.", word_of(job.kind), job.name),
            why: why.map(ToOwned::to_owned),
            remedy: Some(how_to_go_on(job)),
            fields: vec![],
        })
    };
    match &job.state {
        JobState::Queued { .. } | JobState::Running { .. } => Ok(false),
        JobState::Done { .. } => Ok(true),
        JobState::Failed { problem, .. } => Err(Refused(problem.clone()).into()),
        JobState::Stopped { .. } => Err(ended("was stopped", None).into()),
        JobState::Interrupted { .. } => {
            let why = "The process stopped unexpectedly: it crashed or was killed, or the computer was \
                       switched off.";
            Err(ended("was interrupted", Some(why)).into())
        }
    }
}

/// A job's name at the beginning of a sentence.
fn word_of(kind: JobKind) -> String {
    match kind {
        JobKind::Prepare => "Preparing the dataset".to_owned(),
        JobKind::Train => "The run".to_owned(),
        JobKind::Reconstruct => "The reconstruction".to_owned(),
        JobKind::Convert => "The conversion".to_owned(),
        JobKind::Measure => "The estimate".to_owned(),
        // The word of the others says it: “The export”.
        kind => format!(
            "The {}",
            serde_json::to_value(kind).ok().as_ref().and_then(|it| it.as_str()).unwrap_or("job")
        ),
    }
}

/// How to continue a job that ended before it was done.
fn how_to_go_on(job: &Job) -> String {
    match job.kind {
        JobKind::Prepare => format!("Start it again with `maquette dataset restart {}`.", job.id),
        JobKind::Train => format!("Resume it with `maquette run resume {}`.", job.id),
        _ => "Run the command again.".to_owned(),
    }
}

fn standing_of(run: &Run) -> String {
    let title = run.score_metric.title.to_lowercase();
    let score = run.score.as_ref().map(|it| format!(" · {title} {:.4}", it.latest));
    format!("{}{}", standing(&run.job), score.unwrap_or_default())
}

fn standing(job: &Job) -> String {
    match (&job.state, &job.progress) {
        (JobState::Running { .. }, Some(progress)) => words::progress(progress),
        _ => words::state(job),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_interrupted_is_told_how_to_go_on() {
        let check = |kind: JobKind, expected: &str| {
            let state = JobState::Interrupted { started_ms: None, noticed_ms: 0 };
            let job = Job {
                project: api::Project::first(),
                id: "notes-000001".parse().unwrap(),
                kind,
                name: "Notes".into(),
                created_ms: 0,
                state,
                progress: None,
                last_seq: 0,
                n_warnings: 0,
                dismissed: false,
                waits_for: None,
            };
            let error = is_done(&job).unwrap_err();
            let Refused(problem) = error.downcast_ref::<Refused>().unwrap();
            assert!(problem.remedy.as_deref().unwrap().contains(expected), "{problem:?}");
            assert!(problem.what.contains("Notes"), "{problem:?}");
        };
        check(JobKind::Prepare, "maquette dataset restart notes-000001");
        check(JobKind::Train, "maquette run resume notes-000001");
        check(JobKind::Export, "Run the command again");
    }
}
