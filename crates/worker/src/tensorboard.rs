//! A copy of a run's events in TensorBoard's format, for people who compare runs there:
//! `tensorboard --logdir RUN/tensorboard`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::{Event, EventBody, Medium, Metrics, Sample};
use foreign::tfevents::{self, Sound, Writer};

use crate::log::log;

/// The folder of these files in that of a run.
const FOLDER: &str = "tensorboard";

/// An event file that mirrors `events.jsonl`.
pub(crate) struct TensorBoard {
    run: PathBuf,
    /// `None` once a write has failed: a run does not depend on this file.
    writer: Option<Writer>,
    /// Sounds whose originals are in the file.
    originals: BTreeSet<String>,
}

impl TensorBoard {
    /// Starts a file for this process; the run's earlier ones stay, and TensorBoard shows them as one.
    pub(crate) fn start(run: &Path, settings: &serde_json::Value, now_ms: u64) -> Self {
        let writer = create(run, settings, now_ms)
            .inspect_err(|error| log(&format!("no events for TensorBoard: {error:#}")))
            .ok();
        Self { run: run.to_owned(), writer, originals: BTreeSet::new() }
    }

    /// Appends what TensorBoard can show of an event.
    pub(crate) fn note(&mut self, event: &Event) {
        let noted = match &event.body {
            EventBody::Metrics(metrics) => self.scalars(event.time_ms, metrics),
            EventBody::Sample(sample) if sample.medium == Medium::Sound => {
                self.sounds(event.time_ms, sample)
            }
            _ => return,
        };
        if let Err(error) = noted {
            log(&format!("no more events for TensorBoard: {error:#}"));
            self.writer = None;
        }
    }

    fn scalars(&mut self, time_ms: u64, metrics: &Metrics) -> anyhow::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let values: Vec<_> =
            metrics.values.iter().map(|(name, value)| (name.as_str(), *value as f32)).collect();
        writer.scalars(step_of(metrics.step), secs(time_ms), &values)?;
        Ok(writer.flush()?)
    }

    fn sounds(&mut self, time_ms: u64, sample: &Sample) -> anyhow::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let mut add = |path: &str, what: &str| -> anyhow::Result<()> {
            let wav = fs::read(self.run.join(path)).with_context(|| format!("read {path}"))?;
            let clip = audio::decode_file(&self.run.join(path), &audio::DecodeLimits::default())
                .with_context(|| format!("read {path}"))?
                .clip;
            let sound = Sound {
                rate_hz: clip.rate_hz,
                n_channels: clip.channels.len() as u32,
                n_frames: clip.n_frames() as u64,
                wav: &wav,
            };
            let tag = format!("{}/{what}", sample.name);
            Ok(writer.audio(step_of(sample.step), secs(time_ms), &tag, &sound)?)
        };
        if let Some(original) = &sample.original
            && self.originals.insert(original.clone())
        {
            add(original, "original")?;
        }
        add(&sample.rendered, "made")?;
        Ok(writer.flush()?)
    }
}

fn create(run: &Path, settings: &serde_json::Value, now_ms: u64) -> anyhow::Result<Writer> {
    let folder = run.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("create {FOLDER}"))?;
    let at = secs(now_ms);
    // Two processes of one run may start within a second, and need different names.
    let free = (0..).map(|n| folder.join(tfevents::file_name(at, n))).find(|path| !path.exists());
    let path = free.context("find a name for a file of events")?;
    let mut writer = tfevents::create(&path, at)?;
    let lines = settings.as_object().into_iter().flatten();
    let lines: String = lines.map(|(key, value)| format!("| {key} | {value} |\n")).collect();
    writer.text(0, at, "settings", &format!("| setting | value |\n|---|---|\n{lines}"))?;
    writer.flush()?;
    Ok(writer)
}

fn secs(time_ms: u64) -> f64 {
    time_ms as f64 / 1000.0
}

fn step_of(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}
