//! Reconstructing: one sound goes through a model and back, and is compared with what came out.

use std::{collections::BTreeMap, path::Path, time::Instant};

use anyhow::Context;
use api::{EventBody, Model, Outcome, ReconstructTask, ReconstructionResult, Warning};
use audio::{Clip, WavFormat};

use super::refuse;
use crate::{
    bad_sound::explain,
    folder::JobFolder,
    log::log,
    progress::{Goal, ProgressMeter},
    whole_file::write_whole,
};

/// A sound longer than this is not read.
pub(super) const LENGTH_SECS_MAX: f64 = 2.0 * 3600.0;
/// The original's file name in the job's folder.
const ORIGINAL: &str = "original.wav";
/// The file name of what came out.
const RECONSTRUCTION: &str = "reconstruction.wav";

/// Reconstructs the sound of the job's folder.
pub(crate) fn run(folder: &mut JobFolder, task: &ReconstructTask) -> anyhow::Result<Outcome> {
    let mut meter = ProgressMeter::new("percent", Goal::Units(100), 0.0);
    folder.emit(EventBody::Progress(meter.tell("reading the sound", 0)))?;
    let path = folder.path().join(&task.model_path);
    let card: Model =
        serde_json::from_slice(&std::fs::read(path.join("model.json")).context("read model.json")?)
            .context("understand model.json")?;
    let weights = path.join("weights.safetensors");
    let model = models::rave::Model::load(&weights)
        .with_context(|| format!("load {}", weights.display()))?;
    let original = read_original(folder, task, card.rate_hz, model.config().channels)?;
    let started = Instant::now();
    let made = model.reconstruct_while(&original.channels, |share| {
        if let Some(progress) = meter.mark("reconstructing", (share * 100.0) as u64) {
            // A full disk is noticed when the sound is written.
            let _ = folder.emit(EventBody::Progress(progress));
        }
        !folder.should_stop()
    });
    let Some(channels) = made else { return Ok(Outcome::Stopped) };
    let compute_secs = started.elapsed().as_secs_f64();
    log(&format!("{:.1} s of sound in {compute_secs:.2} s", original.length_secs()));
    let reconstruction = Clip { rate_hz: original.rate_hz, channels };
    let distances = distances(&original, &reconstruction);
    write(folder, ORIGINAL, &original)?;
    write(folder, RECONSTRUCTION, &reconstruction)?;
    let result = ReconstructionResult {
        original: ORIGINAL.into(),
        reconstruction: RECONSTRUCTION.into(),
        rate_hz: original.rate_hz,
        channels: u16::try_from(original.channels.len()).context("count the channels")?,
        length_secs: original.channels[0].len() as f64 / f64::from(original.rate_hz),
        compute_secs,
        distances,
    };
    let text = serde_json::to_vec_pretty(&result).context("encode result.json")?;
    write_whole(&folder.path().join("result.json"), &text).context("write result.json")?;
    folder.emit(EventBody::Progress(meter.tell("done", 100)))?;
    Ok(Outcome::Done)
}

fn read_original(
    folder: &mut JobFolder,
    task: &ReconstructTask,
    rate_hz: u32,
    n_channels: usize,
) -> anyhow::Result<Clip> {
    let path = folder.path().join(&task.input);
    let (clip, notes) = read_sound(&path, &task.input_name, rate_hz, n_channels)?;
    for note in notes {
        folder.warn(Warning { file: Some(task.input_name.clone()), ..note })?;
    }
    Ok(clip)
}

/// A sound as a model wants it, and what is worth knowing about its file: whole sentences.
pub(super) fn read_sound(
    path: &Path,
    name: &str,
    rate_hz: u32,
    n_channels: usize,
) -> anyhow::Result<(Clip, Vec<Warning>)> {
    let limits = audio::DecodeLimits { max_secs: LENGTH_SECS_MAX, ..Default::default() };
    let decoded = match audio::decode_file(path, &limits) {
        Ok(decoded) => decoded,
        Err(error) => {
            let (code, why, remedy) = explain(&error);
            let what = format!("“{name}” could not be read as sound.");
            return refuse(code, what, &why, remedy);
        }
    };
    let warning =
        |code: &str, message: String| Warning { code: code.to_owned(), file: None, message };
    let mut notes: Vec<Warning> =
        decoded.notes.iter().map(|note| warning(note.code, format!("{}.", note.message))).collect();
    let n_found = decoded.clip.channels.len();
    if n_found != n_channels {
        let message = format!("It has {n_found} channel(s) and the model {n_channels}.");
        notes.push(warning("channels", message));
    }
    Ok((audio::resample(&audio::with_channels(decoded.clip, n_channels), rate_hz), notes))
}

/// How far what came out is from what went in, in terms that mean something to an ear.
fn distances(original: &Clip, reconstruction: &Clip) -> BTreeMap<String, f64> {
    BTreeMap::from([
        (
            "log_spectral_distance_db".to_owned(),
            audio::log_spectral_distance(original, reconstruction),
        ),
        ("level_difference_db".to_owned(), audio::rms_db(reconstruction) - audio::rms_db(original)),
    ])
}

fn write(folder: &JobFolder, name: &str, clip: &Clip) -> anyhow::Result<()> {
    audio::write_wav(&folder.path().join(name), clip, WavFormat::Int16)
        .with_context(|| format!("write {name}"))
}
