//! A run of another program as one of ours: the curves and sounds of its event files, and its
//! checkpoints, from the last of which training goes on.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use api::{
    Checkpoint, EventBody, FindingKind, Learnt, Limit, Made, Medium, Metrics, Outcome, Sample,
    Task, TrainTask,
};
use foreign::tfevents::{self, Content};
use models::{CodecShape, Family, OtherProgram, Settings};
use serde_json::{Value, json};

use super::{One, Steps};
use crate::{
    dataset::Dataset,
    folder::{JobFolder, now_ms},
    inspect::{self, FoundRun},
    jobs::{sentence, train::sha256_of_file},
};

/// Makes the run; nothing if it was asked to stop.
pub(super) fn make(
    job: &mut JobFolder,
    one: &One<'_>,
    steps: &mut Steps,
) -> anyhow::Result<Option<Made>> {
    let Some(found) = inspect::run_in(&one.source) else {
        anyhow::bail!("its folder is no run any more");
    };
    for folder in ["checkpoints", "samples"] {
        fs::create_dir_all(one.target.join(folder)).with_context(|| format!("create {folder}"))?;
    }
    let mut log = EventLog::create(&one.target)?;
    let events = &found.run.events;
    for (i, path) in events.iter().enumerate() {
        if !steps.go_on(job, 0.5 * i as f64 / events.len() as f64)? {
            return Ok(None);
        }
        copy_events(job, one, (found.program, path), &mut log)?;
    }
    let created_ms = log.first_ms.unwrap_or_else(now_ms);
    let Some(settings) = copy_checkpoints(job, one, &found, steps, &mut log)? else {
        return Ok(None);
    };
    anyhow::ensure!(log.n_events > 0, "none of it could be read");
    log.add(now_ms(), EventBody::Finished(Outcome::Stopped))?;
    let shape = settings.as_ref().map(|settings| settings.codec());
    let hash = dataset_of(job, one, shape.flatten())?;
    let settings = match settings {
        Some(settings) => settings,
        None => defaults_of(found.family)?,
    };
    let learnt = match settings.codec().filter(|_| hash.is_none()) {
        Some(shape) => Some(Learnt {
            rate_hz: shape.rate_hz,
            channels: u16::try_from(shape.channels).context("count the channels")?,
        }),
        None => None,
    };
    let settings = settings.to_value();
    let task = TrainTask {
        // The studio, which knows all datasets, puts the right one in its place.
        dataset: Some(api::Id::numbered("unknown", 1)),
        dataset_path: "../unknown".into(),
        dataset_hash: hash.unwrap_or_default(),
        model: None,
        model_path: std::path::PathBuf::new(),
        model_sha256: String::new(),
        family: found.family.name().into(),
        preset: nearest_preset(found.family, &settings),
        switches: vec![],
        own_preset: None,
        settings,
        on_gpu: false,
        seed: 0,
        limit: Limit::Forever,
        forecast: None,
        memory: None,
    };
    one.write_order(created_ms, Task::Train(task))?;
    one.write_exit(Outcome::Stopped)?;
    Ok(Some(one.made(learnt)))
}

/// The preset that most settings are of: the original keeps the result of a composition, not its parts.
fn nearest_preset(family: &dyn Family, settings: &Value) -> String {
    let n_shared = |name: &str| {
        let composition = family.compose(name, &[], &BTreeMap::new()).ok();
        let composed = composition.map(|it| json!(it.settings)).unwrap_or_default();
        let keys = composed.as_object().into_iter().flatten();
        keys.filter(|(key, value)| settings.get(key.as_str()) == Some(value)).count()
    };
    let presets = family.describe().presets.into_iter().map(|preset| preset.name);
    // Of two that are as near, the first.
    let nearest = presets.rev().max_by_key(|name| n_shared(name));
    nearest.unwrap_or_default()
}

/// The settings of a run without a checkpoint that tells any.
fn defaults_of(family: &dyn Family) -> anyhow::Result<Box<dyn Settings>> {
    let defaults = family.settings(&json!({}));
    defaults.map_err(|_| anyhow::anyhow!("none of its checkpoints tells its settings"))
}

/// The content of the dataset that the run learnt from: the original does not write down which it was, so
/// it is the only one of this import that fits.
fn dataset_of(
    job: &mut JobFolder,
    one: &One<'_>,
    shape: Option<CodecShape>,
) -> anyhow::Result<Option<String>> {
    let mut fitting = vec![];
    for other in one.others.iter().filter(|other| other.kind == FindingKind::Dataset) {
        let Ok(dataset) = Dataset::open(&job.path().join(&other.folder)) else { continue };
        let summary = &dataset.index().summary;
        let fits = shape.is_none_or(|shape| {
            shape.rate_hz == summary.rate_hz && shape.channels == usize::from(summary.channels)
        });
        fitting.extend(fits.then(|| summary.hash.clone()));
    }
    if let [hash] = fitting.as_slice() {
        return Ok(Some(hash.clone()));
    }
    let why = if fitting.is_empty() { "none" } else { "more than one" };
    job.warn(one.warning(
        "no_dataset",
        format!(
            "Its files do not say which dataset it was trained on, and {why} in this import has its sample \
             rate and channels. To resume it, keep exactly one dataset with these in the library."
        ),
    ))?;
    Ok(None)
}

/// Converts the checkpoints; gives the settings of the last one. Nothing if it was asked to stop.
fn copy_checkpoints(
    job: &mut JobFolder,
    one: &One<'_>,
    FoundRun { program, run, .. }: &FoundRun,
    steps: &mut Steps,
    log: &mut EventLog,
) -> anyhow::Result<Option<Option<Box<dyn Settings>>>> {
    let mut found: BTreeMap<u64, bool> = BTreeMap::new();
    let mut settings = None;
    let mut reported = vec![];
    let n = run.checkpoints.len() as f64;
    for (i, (path, is_best)) in run.checkpoints.iter().enumerate() {
        if !steps.go_on(job, 0.5 + 0.5 * i as f64 / n)? {
            return Ok(None);
        }
        let original = match program.open(path) {
            Ok(original) => original,
            Err(error) => {
                job.warn(one.warning(
                    "damaged_checkpoint",
                    format!("Checkpoint left out: failed to {error}."),
                ))?;
                continue;
            }
        };
        for note in original.warnings() {
            if !reported.contains(note) {
                reported.push(note.clone());
                job.warn(one.warning("original", sentence(note)))?;
            }
        }
        if !original.is_trainable() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let message = format!("{name} is left out: it can be played but not trained.");
            job.warn(one.warning("not_trainable", message))?;
            settings.get_or_insert(original.settings());
            continue;
        }
        let step = original.step();
        let place = one.target.join(job::files::checkpoint(step));
        // Of two of one step the later is kept; they are the same training.
        original.save_checkpoint(&place)?;
        *found.entry(step).or_default() |= *is_best;
        settings = Some(original.settings());
    }
    for (step, is_best) in found {
        let path = job::files::checkpoint(step);
        let file = one.target.join(&path);
        let checkpoint = Checkpoint {
            step,
            bytes: fs::metadata(&file).with_context(|| format!("look at {path}"))?.len(),
            sha256: sha256_of_file(&file).with_context(|| format!("read back {path}"))?,
            path,
            // The original measures otherwise, so its figures would not compare.
            validation: None,
            is_best,
        };
        log.add(log.last_ms, EventBody::Checkpoint(checkpoint))?;
    }
    Ok(Some(settings))
}

/// The curves and sounds of a file of events.
fn copy_events(
    job: &mut JobFolder,
    one: &One<'_>,
    (program, path): (&dyn OtherProgram, &Path),
    log: &mut EventLog,
) -> anyhow::Result<()> {
    let mut events = match tfevents::open(path) {
        Ok(events) => events,
        Err(error) => {
            let message = format!("Event file left out: failed to {error}.");
            return job.warn(one.warning("damaged_events", message));
        }
    };
    for event in events.by_ref() {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                job.warn(
                    one.warning("damaged_events", format!("Event left out: failed to {error}.")),
                )?;
                continue;
            }
        };
        let step = u64::try_from(event.step).unwrap_or(0);
        let time_ms = (event.wall_secs.max(0.0) * 1000.0) as u64;
        let mut values = BTreeMap::new();
        for value in event.values {
            match value.content {
                Content::Scalar(number) if number.is_finite() => {
                    let (name, number) = program.metric(&value.tag, number);
                    values.insert(name, number);
                }
                Content::Audio { bytes, .. } => {
                    let name = format!("samples/original-program-{step:09}-{}.wav", log.n_sounds);
                    let file = one.target.join(&name);
                    fs::write(&file, &bytes).with_context(|| format!("write {name}"))?;
                    log.n_sounds += 1;
                    let limits = audio::DecodeLimits::default();
                    let Ok(decoded) = audio::decode_file(&file, &limits) else {
                        let _ = fs::remove_file(&file);
                        job.warn(one.warning(
                            "damaged_sound",
                            format!(
                                "The sound `{}` of step {step} cannot be read as sound.",
                                value.tag
                            ),
                        ))?;
                        continue;
                    };
                    let length_secs =
                        decoded.clip.n_frames() as f64 / f64::from(decoded.clip.rate_hz);
                    log.add(
                        time_ms,
                        EventBody::Sample(Sample {
                            step,
                            // One file holds both: the original writes them one after the other.
                            name: format!(
                                "{}: originals, each followed by its reconstruction",
                                value.tag
                            ),
                            medium: Medium::Sound,
                            mime: "audio/wav".into(),
                            original: Some(name.clone()),
                            rendered: name,
                            length_secs: Some(length_secs),
                            distances: BTreeMap::new(),
                        }),
                    )?;
                }
                Content::Scalar(_) | Content::Text(_) | Content::Other => {}
            }
        }
        if !values.is_empty() {
            log.add(time_ms, EventBody::Metrics(Metrics { step, values }))?;
        }
    }
    if let Some(at) = events.cut_at() {
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        job.warn(one.warning(
            "truncated",
            format!("{name} ends in the middle of a record, at byte {at}."),
        ))?;
    }
    Ok(())
}

/// The events of a run that is being made.
struct EventLog {
    writer: job::events::Writer,
    n_events: u64,
    first_ms: Option<u64>,
    last_ms: u64,
    n_sounds: usize,
}

impl EventLog {
    fn create(run: &Path) -> anyhow::Result<Self> {
        let writer = job::events::Writer::open(run, |_| {})?;
        Ok(Self { writer, n_events: 0, first_ms: None, last_ms: now_ms(), n_sounds: 0 })
    }

    fn add(&mut self, time_ms: u64, body: EventBody) -> anyhow::Result<()> {
        self.n_events += 1;
        self.first_ms.get_or_insert(time_ms);
        self.last_ms = time_ms;
        self.writer.append(body, time_ms).context("write an event").map(drop)
    }
}
