//! A job's folder: its order, its numbered events, the studio's controls, and its end.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use api::{
    Control, EventBody, Exit, Medium, Order, Outcome, Problem, ScoreMetric, UnixMs, Warning,
};
use job::{control::ControlReader, events, files, inside};

use crate::{stop::StopFlag, tensorboard::TensorBoard};

/// At most this many warnings of one kind are written; the rest are counted.
const WARNINGS_PER_CODE_MAX: usize = 200;

/// A job's folder while its worker holds it.
pub(crate) struct JobFolder {
    path: PathBuf,
    order: Order,
    events: events::Writer,
    control: ControlReader,
    /// Controls other than stop.
    asked: Vec<Control>,
    stop: StopFlag,
    past: Past,
    n_warnings: BTreeMap<String, usize>,
    /// Where events go too.
    mirror: Option<TensorBoard>,
    /// Held as long as this process works here; by it, the studio knows that the worker is alive.
    _lock: File,
}

/// What earlier processes of this job left in `events.jsonl`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// Working time as the newest progress counts it, which counts that of earlier processes.
    told_secs: f64,
    /// The same when a checkpoint was written, by its step.
    elapsed_secs: BTreeMap<u64, f64>,
    /// What they scored by.
    score_metric: ScoreMetric,
    /// The best score that was measured, and its step.
    pub(crate) best: Option<(u64, f64)>,
    /// Checkpoints that were written and not removed, by step.
    pub(crate) checkpoints: BTreeMap<u64, api::Checkpoint>,
    /// Steps at which sounds were rendered.
    pub(crate) last_sample_step: Option<u64>,
}

impl JobFolder {
    /// Takes the folder: reads its order, locks it, and prepares to append to its events.
    ///
    /// # Errors
    /// The order is missing, damaged or of a newer format; or another worker holds the folder.
    pub(crate) fn take(path: &Path) -> anyhow::Result<Self> {
        let path = path.canonicalize().with_context(|| format!("open {}", path.display()))?;
        let order = job::order::read(&path)?;
        let lock = job::lock::take(&path)?;
        let mut past = Past::default();
        let events = events::Writer::open(&path, |body| past.learn(body))?;
        job::exit::reserve(&path).keep();
        let stop = StopFlag::on_signals().context("listen to signals")?;
        let control = ControlReader::new(&path);
        Ok(Self {
            path,
            order,
            events,
            control,
            asked: vec![],
            stop,
            past,
            n_warnings: BTreeMap::new(),
            mirror: None,
            _lock: lock,
        })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the job is asked to do.
    pub(crate) fn order(&self) -> &Order {
        &self.order
    }

    /// What earlier processes left.
    pub(crate) fn past(&self) -> &Past {
        &self.past
    }

    /// The flag that asks this job to stop.
    pub(crate) fn stop_flag(&self) -> &StopFlag {
        &self.stop
    }

    /// Whether to save and end. Also reads `control.jsonl`, at most ten times a second.
    pub(crate) fn should_stop(&mut self) -> bool {
        for control in self.control.read_new() {
            if control == Control::Stop {
                self.stop.raise();
            } else {
                self.asked.push(control);
            }
        }
        self.stop.is_raised()
    }

    /// Controls other than stop since the last call.
    pub(crate) fn take_asked(&mut self) -> Vec<Control> {
        std::mem::take(&mut self.asked)
    }

    /// Appends an event: one line, in one write, so that a reader never sees half of it for long.
    ///
    /// # Errors
    /// The disk is full or the folder is gone.
    pub(crate) fn emit(&mut self, body: EventBody) -> anyhow::Result<()> {
        let event = self.events.append(body, now_ms()).context("append to events.jsonl")?;
        if let Some(mirror) = &mut self.mirror {
            mirror.note(&event);
        }
        Ok(())
    }

    /// From now on, also writes events to TensorBoard files, which begin with these settings.
    pub(crate) fn mirror_for_tensorboard(&mut self, settings: &serde_json::Value) {
        self.mirror = Some(TensorBoard::start(&self.path, settings, now_ms()));
    }

    /// Appends a warning, unless there have been too many of its kind.
    pub(crate) fn warn(&mut self, warning: Warning) -> anyhow::Result<()> {
        let warning = Warning { message: api::in_plain_words(&warning.message), ..warning };
        let n = self.n_warnings.entry(warning.code.clone()).or_default();
        *n += 1;
        match *n {
            n if n <= WARNINGS_PER_CODE_MAX => self.emit(EventBody::Warning(warning)),
            n if n == WARNINGS_PER_CODE_MAX + 1 => self.emit(EventBody::Warning(Warning {
                message: "further warnings of this kind are not listed".into(),
                file: None,
                ..warning
            })),
            _ => Ok(()),
        }
    }

    /// Records how the job ended: the last event, then `exit.json`. Either is enough for the studio.
    ///
    /// # Errors
    /// Neither could be written.
    pub(crate) fn finish(&mut self, outcome: Outcome) -> anyhow::Result<()> {
        let told = self.emit(EventBody::Finished(outcome.clone()));
        let exit = Exit { ended_ms: now_ms(), outcome };
        let written = job::exit::write(&self.path, &exit);
        match (told, written) {
            (Ok(()), _) => Ok(()),
            (Err(_), Ok(())) => {
                // There may be room now that the reserve is gone; without the event, `exit.json` says the same.
                let _ = self.emit(EventBody::Finished(exit.outcome));
                Ok(())
            }
            (Err(error), Err(_)) => Err(error),
        }
    }
}

impl Drop for JobFolder {
    fn drop(&mut self) {
        job::exit::reserve(&self.path).give_up();
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A problem in its plainest form.
pub(crate) fn problem(code: &str, what: impl Into<String>, why: &str, remedy: &str) -> Problem {
    let some = |text: &str| (!text.is_empty()).then(|| api::in_plain_words(text));
    Problem {
        code: code.into(),
        what: what.into(),
        why: some(why),
        remedy: some(remedy),
        fields: vec![],
    }
}

/// Sounds with their originals that the job of a folder rendered at the last step up to `step`. Only files inside
/// it count.
pub(crate) fn sounds_up_to(folder: &Path, step: u64) -> Vec<api::Sample> {
    let mut found: Vec<api::Sample> = vec![];
    events::read_all(folder, |event| {
        let EventBody::Sample(sample) = event.body else { return };
        let is_inside = sample.original.as_deref().is_some_and(inside::is_plain)
            && inside::is_plain(&sample.rendered);
        if sample.medium == Medium::Sound && sample.step <= step && is_inside {
            found.push(sample);
        }
    });
    let last = found.iter().map(|sample| sample.step).max();
    found.retain(|sample| Some(sample.step) == last);
    found
}

impl Past {
    /// The step of the newest checkpoint, from which the next process continues; 0 if there is none.
    pub(crate) fn last_step(&self) -> u64 {
        self.checkpoints.keys().next_back().copied().unwrap_or(0)
    }

    /// Working time up to the checkpoint of a step. Work after it was lost.
    pub(crate) fn elapsed_secs(&self, step: u64) -> f64 {
        self.elapsed_secs.get(&step).copied().unwrap_or(0.0)
    }

    fn learn(&mut self, body: &EventBody) {
        match body {
            EventBody::Progress(progress) => self.told_secs = progress.elapsed_secs,
            EventBody::Score(metric) => {
                if self.score_metric.name != metric.name {
                    self.best = None;
                }
                self.score_metric = metric.clone();
            }
            EventBody::Metrics(metrics) => {
                let score = metrics.values.get(&self.score_metric.name).copied();
                if let Some(score) = score
                    && self.best.is_none_or(|(_, best)| self.score_metric.is_better(score, best))
                {
                    self.best = Some((metrics.step, score));
                }
            }
            // A folder may come from a stranger, so only files inside it are trusted.
            EventBody::Checkpoint(checkpoint)
                if checkpoint.path == files::checkpoint(checkpoint.step) =>
            {
                // A checkpoint is reported again once its distance is measured; it was written before.
                self.elapsed_secs.entry(checkpoint.step).or_insert(self.told_secs);
                self.checkpoints.insert(checkpoint.step, checkpoint.clone());
            }
            EventBody::CheckpointRemoved { step } => {
                self.elapsed_secs.remove(step);
                self.checkpoints.remove(step);
            }
            EventBody::Sample(sample) => self.last_sample_step = Some(sample.step),
            EventBody::SteppedBack { to_step } => {
                self.last_sample_step = self.last_sample_step.filter(|step| step <= to_step);
            }
            _ => {}
        }
    }
}
