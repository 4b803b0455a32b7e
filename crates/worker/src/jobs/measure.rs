//! Measuring: a few real steps show how long a run would take on this computer, before it starts.

use std::{path::Path, time::Instant};

use anyhow::Context;
use api::{EventBody, MeasureTask, Measured, MeasuredPhase, Outcome};
use audio::Rng;
use models::{CodecShape, PhaseTimes, Trainer};

use super::{Refused, device, train::family_of};
use crate::{
    duration::run_measure_of,
    folder::{JobFolder, now_ms},
    forecast::bad_settings,
    log::log,
    pace::RENDERED_MAX,
    progress::{Goal, ProgressMeter},
    system::{LoadMeter, memory_peak_bytes},
};

/// Measures the run that the job's folder names.
pub(crate) fn run(folder: &mut JobFolder, task: &MeasureTask) -> anyhow::Result<Outcome> {
    let family = family_of(&task.family, "Measure a family that the form offers.")?;
    let settings = match family.settings(&task.settings) {
        Ok(settings) => settings,
        Err(fields) => return Err(anyhow::Error::new(Refused(bad_settings(fields)))),
    };
    let compute = device::choose(settings.as_ref(), false, folder)?;
    let mut meter = ProgressMeter::new("percent", Goal::Units(100), 0.0);
    folder.emit(EventBody::Progress(meter.progress("measuring", 0)))?;
    let load = LoadMeter::new();
    let started = Instant::now();
    let mut clock = || started.elapsed().as_secs_f64();
    let measured = settings.measure(&compute, &mut clock, &mut |share| {
        if let Some(progress) = meter.mark("measuring", (share * 95.0) as u64) {
            // A full disk will be reported when the result is written.
            let _ = folder.emit(EventBody::Progress(progress));
        }
        !folder.should_stop()
    });
    let Some((steps, mut trainer)) = measured else { return Ok(Outcome::Stopped) };
    let excerpt = settings.codec().map(|codec| noise(codec, task.held_out_secs));
    let excerpt = excerpt.unwrap_or_default();
    let besides = Besides::measured(trainer.as_mut(), excerpt, task, folder.path())?;
    let measured = Measured {
        at_ms: now_ms(),
        phases: steps.phases.iter().map(measured_phase).collect(),
        n_counted: steps.n_counted,
        validation_secs: besides.validation_secs,
        rendering_secs: besides.rendering_secs,
        saving_secs: besides.saving_secs,
        memory_bytes: memory_peak_bytes().unwrap_or(0),
        n_threads: u32::try_from(nn::n_threads()).unwrap_or(u32::MAX),
        busy_cores: load.busy_cores(),
        device: compute.description(),
    };
    log(&format!("{measured:?}"));
    let found = run_measure_of(&task.family, &task.settings, measured, task.limit);
    let text = serde_json::to_vec_pretty(&found).context("encode result.json")?;
    job::whole::write(&folder.path().join("result.json"), &text).context("write result.json")?;
    folder.emit(EventBody::Progress(meter.progress("done", 100)))?;
    Ok(Outcome::Done)
}

fn measured_phase(phase: &PhaseTimes) -> MeasuredPhase {
    let PhaseTimes { title, steps, is_open, step_secs } = *phase;
    MeasuredPhase { title: title.to_owned(), steps, is_open, step_secs }
}

/// Everything that a run does besides its steps, in seconds each time.
struct Besides {
    validation_secs: f64,
    rendering_secs: f64,
    saving_secs: f64,
}

impl Besides {
    /// Measures and renders one excerpt and writes a checkpoint, with a model in phase 2; the times of
    /// excerpts are then multiplied by the number that the run has.
    fn measured(
        trainer: &mut dyn Trainer,
        excerpt: Vec<Vec<f32>>,
        task: &MeasureTask,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let n = f64::from(task.n_held_out);
        let excerpts = [excerpt];
        let validation_secs = secs(|| trainer.validate(&excerpts));
        let rendering_secs = secs(|| trainer.render(&excerpts[0]));
        let checkpoint = folder.join("measured.safetensors");
        let started = Instant::now();
        trainer.save(&checkpoint).context("write a checkpoint")?;
        let saving_secs = started.elapsed().as_secs_f64();
        std::fs::remove_file(&checkpoint).context("remove a checkpoint")?;
        let n_rendered = f64::from(task.n_held_out.min(RENDERED_MAX as u32));
        Ok(Self {
            validation_secs: n * validation_secs,
            rendering_secs: n_rendered * (rendering_secs + validation_secs),
            saving_secs,
        })
    }
}

/// `secs` seconds of noise, `[channel][sample]`.
fn noise(codec: CodecShape, secs: f64) -> Vec<Vec<f32>> {
    let n_samples = (secs * f64::from(codec.rate_hz)) as usize;
    let mut rng = Rng::new(0);
    let mut noise = || (0..n_samples.max(1)).map(|_| 0.1 * rng.normal()).collect::<Vec<f32>>();
    (0..codec.channels).map(|_| noise()).collect()
}

fn secs<T>(act: impl FnOnce() -> T) -> f64 {
    let started = Instant::now();
    drop(act());
    started.elapsed().as_secs_f64()
}
