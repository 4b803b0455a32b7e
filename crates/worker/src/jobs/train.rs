//! Training: the loop that decides when to step, measure, render, save and stop.
//!
//! What a step computes is up to the family (`models`); this file decides when. Everything that must survive
//! a `kill -9` is in checkpoints and events before it is reported.

mod captioned;
mod checkpoints;
mod divergence;
mod encoded;
mod excerpts;
mod metric_log;
mod patience;
mod played;
mod samples;
mod source;

use std::{fs, time::Instant};

use anyhow::Context;
use api::{EventBody, Limit, Metrics, Outcome, TrainTask, Warning};
use models::{Family, Settings, Stale, StepReport, Trainer};

pub(super) use self::checkpoints::sha256_of_file;
use self::{
    checkpoints::Checkpoints, divergence::Divergence, metric_log::MetricLog, patience::Patience,
    played::Played, samples::Samples, source::Source,
};
use super::{context, device, refuse, steps::Stopped};
use crate::{
    folder::JobFolder,
    log::log,
    pace::{MEASURE_PAUSE_SECS_MIN, MEASURE_SHARE},
    progress::{Goal, ProgressMeter},
    system::SystemMeter,
};

/// After this many steps in a row without finite losses, the run goes back to its last good checkpoint.
const NOT_FINITE_MAX: u32 = 10;
/// A run that has to go back more often than this has diverged.
const STEPS_BACK_MAX: u32 = 3;
/// A stopped run is measured and rendered once more if that takes no longer than this: the user is waiting.
const LAST_MEASURE_SECS_MAX: f64 = 10.0;

/// Trains the model of the job's folder.
pub(crate) fn run(folder: &mut JobFolder, task: &TrainTask) -> anyhow::Result<Outcome> {
    let family = family_of(&task.family, "Start a new run with a family that the form offers.")?;
    let settings = match family.settings(&task.settings) {
        Ok(settings) => settings,
        Err(fields) => return refuse_settings(fields),
    };
    let source = match Source::open(folder, task, family, settings.as_ref()) {
        Ok(source) => source,
        Err(error) if error.is::<Stopped>() => return Ok(Outcome::Stopped),
        Err(error) => return Err(error),
    };
    let mut run = Run::begin(folder, task, (family, settings.as_ref()), source)?;
    run.measure_and_render(true)?;
    let outcome = run.train()?;
    run.keep_everything(&outcome)?;
    Ok(outcome)
}

/// The family with a name; `remedy` says what to do where there is none.
pub(super) fn family_of(name: &str, remedy: &str) -> anyhow::Result<&'static dyn Family> {
    models::family(name).map_or_else(|| refuse_family(name, remedy), Ok)
}

/// Checks that the checkpoint has the settings of the order: the network comes from the one, the excerpts
/// from the other.
fn check_same_settings(
    family: &dyn Family,
    ordered: &dyn Settings,
    checkpoint: &std::path::Path,
) -> anyhow::Result<()> {
    let said = family.look_at(checkpoint);
    let said = said.with_context(|| format!("continue from {}", checkpoint.display()))?;
    let (trained, ordered) = (said.settings.to_value(), ordered.to_value());
    let Some(ordered) = ordered.as_object().filter(|_| trained != ordered) else { return Ok(()) };
    let differing = ordered.iter().filter(|(key, value)| trained.get(key.as_str()) != Some(value));
    let keys: Vec<&str> = differing.map(|(key, _)| key.as_str()).collect();
    refuse(
        "other_settings",
        "The checkpoint was trained with settings other than this run's.",
        &format!("They differ in {}.", keys.join(", ")),
        "Restore the run's original job.json, or start a new run.",
    )
}

fn refuse_family<T>(name: &str, remedy: &str) -> anyhow::Result<T> {
    let what = format!("This Maquette cannot train the family `{name}`.");
    refuse("unknown_family", what, "It may come from a newer version.", remedy)
}

fn refuse_settings<T>(fields: Vec<api::FieldProblem>) -> anyhow::Result<T> {
    let mut problem = crate::folder::problem(
        "bad_settings",
        "These settings cannot be trained.",
        "",
        "Start a new run with other settings.",
    );
    problem.why = fields.first().map(|it| format!("{}: {}", it.key, it.message));
    problem.fields = fields;
    Err(anyhow::Error::new(super::Refused(problem)))
}

/// A training in progress.
struct Run<'a> {
    folder: &'a mut JobFolder,
    limit: Limit,
    trainer: Box<dyn Trainer>,
    source: Source,
    samples: Samples,
    checkpoints: Checkpoints,
    /// The phase that was reported last.
    phase: Option<api::Phase>,
    meter: ProgressMeter,
    system: SystemMeter,
    log: MetricLog,
    played: Played,
    measured: Measured,
    patience: Patience,
    divergence: Divergence,
    n_not_finite: u32,
}

/// The last measurement of the model.
struct Measured {
    at: Instant,
    took_secs: f64,
    step: Option<u64>,
    validation: Option<f64>,
    /// If the training has diverged, how: a sentence.
    divergence: Option<String>,
}

impl Measured {
    /// Not measured since this process began, or since the run went back.
    fn nothing(took_secs: f64) -> Self {
        let at = Instant::now();
        Self { at, took_secs, step: None, validation: None, divergence: None }
    }
}

impl<'a> Run<'a> {
    fn begin(
        folder: &'a mut JobFolder,
        task: &TrainTask,
        (family, settings): (&dyn Family, &dyn Settings),
        source: Source,
    ) -> anyhow::Result<Self> {
        let limit = job::limit::read(folder.path(), task.limit)?;
        let goal = match limit {
            Limit::Steps { steps } => Goal::Units(steps),
            Limit::Minutes { minutes } => Goal::Secs(minutes * 60.0),
            Limit::Forever => Goal::Open,
        };
        let from_step = folder.past().last_step();
        let elapsed_secs = folder.past().elapsed_secs(from_step);
        let mut meter = ProgressMeter::new("steps", goal, elapsed_secs);
        folder.emit(EventBody::Progress(meter.progress("getting ready", from_step)))?;
        let mut checkpoints = Checkpoints::new(folder)?;
        let mut trainer = match checkpoints.newest_whole(folder)? {
            Some(path) => {
                log(&format!("continues from {}", path.display()));
                check_same_settings(family, settings, &path)?;
                let resumed = match &source {
                    Source::Clips(clips) => family.resume_with(&path, clips.lessons()),
                    _ => family.resume(&path),
                };
                resumed.with_context(|| format!("continue from {}", path.display()))?
            }
            None => match &source {
                Source::Latents(encoded) => settings
                    .latent_trainer(task.seed, &encoded.learnt()?)
                    .context("begin a model of latents")?,
                Source::Clips(clips) => settings
                    .adapter_trainer(task.seed, clips.lessons())
                    .context("begin a model of clips with words")?
                    .context("load the model that is added to")?,
                _ => settings.trainer(task.seed),
            },
        };
        checkpoints.score_by(trainer.score_metric());
        folder.emit(EventBody::Score(trainer.score_metric()))?;
        folder.emit(EventBody::Facts { facts: settings.facts() })?;
        meter.set_earlier(folder.past().elapsed_secs(trainer.global_step()));
        trainer.compute_on(device::choose(settings, trainer.global_step() > 0, folder)?);
        let samples = Samples::new(folder, &source)?;
        if trainer.compute().is_gpu() {
            let batch = source.batch(trainer.as_ref())?;
            let has_choice = settings.leaves_device_open() || trainer.global_step() > 0;
            device::check(trainer.as_mut(), &batch, has_choice, folder)?;
        }
        let log = MetricLog::new(trainer.global_step());
        let played = Played::new(folder, trainer.as_ref(), meter.elapsed_secs())?;
        folder.mirror_for_tensorboard(&task.settings);
        let divergence = Divergence::new(trainer.score_metric(), folder.past().best);
        let patience = Patience::new(trainer.score_metric());
        let system = SystemMeter::new();
        Ok(Self {
            folder,
            limit,
            trainer,
            source,
            samples,
            checkpoints,
            phase: None,
            meter,
            system,
            log,
            played,
            measured: Measured::nothing(0.0),
            patience,
            divergence,
            n_not_finite: 0,
        })
    }

    /// Steps until the limit, a stop, or a divergence.
    fn train(&mut self) -> anyhow::Result<Outcome> {
        while !self.is_at_limit() {
            if self.folder.should_stop() {
                return Ok(Outcome::Stopped);
            }
            self.act_on_controls()?;
            self.report_phase()?;
            self.trainer.set_share(self.share().unwrap_or(0.0));
            self.record_episodes()?;
            let batch = self.source.batch(self.trainer.as_ref())?;
            // A step can take minutes, so a stop abandons it halfway, as if it had not begun.
            let folder = &mut *self.folder;
            let Some(report) = self.trainer.step_while(&batch, &mut || !folder.should_stop())
            else {
                return Ok(Outcome::Stopped);
            };
            self.guard_against_nan(&report)?;
            self.report_step(&report)?;
            if self.is_time_to_measure(&report) {
                self.measure_and_render(false)?;
            }
            if self.measured.validation.is_some_and(|it| self.is_worth_keeping(it)) {
                self.save()?;
            }
            if self.checkpoints.is_due() {
                self.save_measured()?;
            }
            self.guard_against_divergence()?;
            if self.is_out_of_patience()? {
                return Ok(Outcome::Done);
            }
        }
        Ok(Outcome::Done)
    }

    /// Reports the phase of the next step, unless it is the one that was reported last.
    fn report_phase(&mut self) -> anyhow::Result<()> {
        let phase = self.trainer.phase();
        if self.phase.as_ref().is_some_and(|reported| reported.key == phase.key) {
            return Ok(());
        }
        self.folder.emit(EventBody::Phase(phase.clone()))?;
        self.phase = Some(phase);
        Ok(())
    }

    /// Whether the current model has just been measured, and is the best so far.
    fn is_worth_keeping(&self, validation: f64) -> bool {
        let is_of_now = self.measured.step == Some(self.trainer.global_step());
        is_of_now && self.trainer.global_step() > 0 && self.checkpoints.is_due_for(validation)
    }

    /// The share of the budget that is used, if the run has one.
    fn share(&self) -> Option<f64> {
        let share = match self.limit {
            Limit::Steps { steps } => self.trainer.global_step() as f64 / steps.max(1) as f64,
            Limit::Minutes { minutes } => self.meter.elapsed_secs() / (minutes * 60.0).max(1e-9),
            Limit::Forever => return None,
        };
        Some(share.min(1.0))
    }

    fn record_episodes(&mut self) -> anyhow::Result<()> {
        let (share, elapsed_secs) = (self.share(), self.meter.elapsed_secs());
        self.played.record(self.folder, self.trainer.as_ref(), share, elapsed_secs)
    }

    fn is_at_limit(&self) -> bool {
        match self.limit {
            Limit::Steps { steps } => self.trainer.global_step() >= steps,
            Limit::Minutes { minutes } => self.meter.elapsed_secs() >= minutes * 60.0,
            Limit::Forever => false,
        }
    }

    /// Follows controls other than stop.
    fn act_on_controls(&mut self) -> anyhow::Result<()> {
        for control in self.folder.take_asked() {
            match control {
                api::Control::Checkpoint => self.save_measured()?,
                api::Control::Sample => self.render()?,
                api::Control::Stop => {}
            }
        }
        Ok(())
    }

    /// Whether to stop because the score has not improved for long. Begins phase 2 instead, if the settings
    /// say so.
    fn is_out_of_patience(&mut self) -> anyhow::Result<bool> {
        let n_stale = self.patience.n_stale();
        let follows = self.trainer.note_stale(n_stale);
        let step = self.trainer.global_step();
        let title = self.trainer.score_metric().title.to_lowercase();
        let since = format!("The {title} has not improved for {n_stale} measurements");
        let (code, message) = match follows {
            Stale::GoesOn => return Ok(false),
            Stale::BeganPhase2 => {
                self.patience = Patience::new(self.trainer.score_metric());
                ("phase_2", format!("{since}, so phase 2 began at step {step}."))
            }
            Stale::Ends => {
                ("early_stop", format!("{since}, so the training ended at step {step}."))
            }
        };
        self.folder.warn(Warning { code: code.into(), file: None, message })?;
        Ok(follows == Stale::Ends)
    }

    /// A step without finite losses changed nothing. After [`NOT_FINITE_MAX`] in a row the run goes back to its
    /// last good checkpoint, and it ends if that does not help either.
    fn guard_against_nan(&mut self, report: &StepReport) -> anyhow::Result<()> {
        if report.is_finite {
            self.n_not_finite = 0;
            return Ok(());
        }
        self.n_not_finite += 1;
        if self.n_not_finite == 1 {
            let message = format!(
                "The losses of step {} are not finite numbers; the step was skipped.",
                report.step
            );
            self.folder.warn(Warning { code: "not_a_number".into(), file: None, message })?;
        }
        if self.n_not_finite < NOT_FINITE_MAX {
            return Ok(());
        }
        let step = report.step;
        self.go_back(&format!(
            "The losses of the last {NOT_FINITE_MAX} steps, up to step {step}, are not finite numbers."
        ))
    }

    /// Goes back if the last measurement showed a divergence.
    fn guard_against_divergence(&mut self) -> anyhow::Result<()> {
        match self.measured.divergence.take() {
            Some(what) => self.go_back(&what),
            None => Ok(()),
        }
    }

    /// Continues from the last good checkpoint, or from the start if there is none, at half the learning rate;
    /// ends the run after [`STEPS_BACK_MAX`] attempts. `what` says what went wrong, in a sentence.
    fn go_back(&mut self, what: &str) -> anyhow::Result<()> {
        let metrics = self.log.flush();
        self.report_metrics(metrics)?;
        let good = self.checkpoints.last_good(|score| self.divergence.is_good(score));
        let good = good.map(|it| (it.step, it.path.clone()));
        let to_step = good.as_ref().map_or(0, |(step, _)| *step);
        if self.trainer.n_steps_back() >= STEPS_BACK_MAX {
            // A later resume starts from the newest checkpoint, which must not be a diverged one.
            if good.is_some() {
                self.checkpoints.forget_after(self.folder, to_step)?;
            }
            return refuse(
                "diverged",
                "The training diverged.",
                &format!(
                    "{what} Going back and halving the learning rate {STEPS_BACK_MAX} times did not \
                     help."
                ),
                "Start a new run with a lower learning rate, or with gradient clipping. Checkpoints \
                 from before it diverged are kept.",
            );
        }
        match &good {
            Some((_, path)) => {
                self.trainer.step_back(&self.folder.path().join(path)).context("step back")?;
            }
            None => self.trainer.start_over(),
        }
        self.checkpoints.forget_after(self.folder, to_step)?;
        self.folder.emit(EventBody::SteppedBack { to_step })?;
        self.samples.forget_after(to_step);
        self.n_not_finite = 0;
        // Where it begins anew, the phase does too.
        self.phase = None;
        self.measured = Measured::nothing(self.measured.took_secs);
        self.log = MetricLog::new(to_step);
        let went = match good {
            Some(_) => format!("went back to step {to_step}"),
            None => "started over".to_owned(),
        };
        let message =
            format!("{what} The training {went} and continues at half the learning rate.");
        self.folder.warn(Warning { code: "stepped_back".into(), file: None, message })
    }

    fn report_step(&mut self, report: &StepReport) -> anyhow::Result<()> {
        self.played.log_episodes(report, self.meter.elapsed_secs())?;
        let metrics = self.log.add(report);
        self.report_metrics(metrics)?;
        let phase = self.trainer.phase().title;
        if let Some(progress) = self.meter.mark(&phase, report.step) {
            self.folder.emit(EventBody::Progress(progress))?;
            if let Some(system) = self.system.look() {
                self.folder.emit(EventBody::System(system))?;
            }
        }
        Ok(())
    }

    /// Reports what was measured over the last steps, if anything was.
    fn report_metrics(&mut self, metrics: Option<Metrics>) -> anyhow::Result<()> {
        let Some(metrics) = metrics else { return Ok(()) };
        self.played.log(&metrics, self.meter.elapsed_secs())?;
        self.folder.emit(EventBody::Metrics(metrics))
    }

    fn is_time_to_measure(&mut self, report: &StepReport) -> bool {
        if self.divergence.note_step(report.score) {
            return true;
        }
        let pause = (self.measured.took_secs / MEASURE_SHARE).max(MEASURE_PAUSE_SECS_MIN);
        self.measured.at.elapsed().as_secs_f64() > pause
    }

    /// Measures the model on held-out sound, and renders sounds to listen to when it is time.
    fn measure_and_render(&mut self, is_first: bool) -> anyhow::Result<()> {
        let step = self.trainer.global_step();
        if self.measured.step != Some(step) {
            let started = Instant::now();
            let found = self.trainer.validate(self.samples.held_out());
            if let Some(found) = &found {
                let others = found.values.iter().map(|(name, value)| ((*name).to_owned(), *value));
                let values = std::iter::once((self.trainer.score_metric().name, found.score))
                    .chain(others)
                    .filter(|(_, it)| it.is_finite())
                    .collect();
                self.folder.emit(EventBody::Metrics(Metrics { step, values }))?;
            }
            let secs = started.elapsed().as_secs_f64();
            log(&format!("step {step}: measured on held-out sound in {secs:.2} s"));
            let validation = found.as_ref().map(|it| it.score);
            self.patience.note(validation);
            self.measured = Measured {
                at: Instant::now(),
                took_secs: secs,
                step: Some(step),
                validation: validation.filter(|it| it.is_finite()),
                divergence: validation.and_then(|it| self.divergence.note(step, it)),
            };
        }
        if is_first || self.samples.is_due(self.meter.elapsed_secs()) {
            self.render()?;
        }
        Ok(())
    }

    fn render(&mut self) -> anyhow::Result<()> {
        let elapsed_secs = self.meter.elapsed_secs();
        self.samples.render(self.folder, self.trainer.as_ref(), elapsed_secs)
    }

    /// Saves before it measures: a kill in between loses a figure but no training.
    fn save_measured(&mut self) -> anyhow::Result<()> {
        self.save()?;
        self.measure_and_render(false)?;
        self.save()
    }

    fn save(&mut self) -> anyhow::Result<()> {
        let step = self.trainer.global_step();
        let validation = self.measured.validation.filter(|_| self.measured.step == Some(step));
        // The working time that a resumed run starts from is the one reported last before its checkpoint.
        self.report_progress()?;
        self.checkpoints.save(self.folder, self.trainer.as_mut(), validation)
    }

    /// At the end: logs the rest, saves, measures and renders. A run that was stopped skips the last two if they
    /// take long, because the user is waiting.
    fn keep_everything(&mut self, outcome: &Outcome) -> anyhow::Result<()> {
        let metrics = self.log.flush();
        self.report_metrics(metrics)?;
        let is_urgent =
            *outcome == Outcome::Stopped && self.measured.took_secs > LAST_MEASURE_SECS_MAX;
        if is_urgent {
            return self.save();
        }
        self.save_measured()?;
        if *outcome == Outcome::Done {
            self.guard_against_a_late_divergence()?;
            self.record_episodes()?;
            let (share, elapsed_secs) = (self.share(), self.meter.elapsed_secs());
            Played::evaluate(self.folder, self.trainer.as_ref(), share, elapsed_secs)?;
        }
        if self.samples.last_step() != Some(self.trainer.global_step()) {
            self.render()?;
        }
        self.report_progress()
    }

    /// A run that diverged in its last moments must not end as if it had succeeded.
    fn guard_against_a_late_divergence(&mut self) -> anyhow::Result<()> {
        let what = match (self.measured.divergence.take(), self.measured.validation) {
            (Some(what), _) => what,
            (None, Some(score)) if self.divergence.is_far(score) => {
                self.divergence.description(score)
            }
            _ => return Ok(()),
        };
        let good = self.checkpoints.last_good(|score| self.divergence.is_good(score));
        if let Some(step) = good.map(|it| it.step) {
            self.checkpoints.forget_after(self.folder, step)?;
        }
        refuse(
            "diverged",
            "The training diverged.",
            &what,
            "Resume it with a later end: it goes back to its last good checkpoint. Or start a new run \
             with a lower learning rate, or with gradient clipping.",
        )
    }

    fn report_progress(&mut self) -> anyhow::Result<()> {
        let phase = self.trainer.phase().title;
        let progress = self.meter.progress(&phase, self.trainer.global_step());
        self.folder.emit(EventBody::Progress(progress))
    }
}

/// Creates a folder of the run, with its name in the error.
fn create_folder(folder: &JobFolder, name: &str) -> anyhow::Result<std::path::PathBuf> {
    let path = folder.path().join(name);
    context(fs::create_dir_all(&path), "create", &path)?;
    Ok(path)
}
