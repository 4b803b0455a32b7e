//! Sends a sound file through models the way a live session does, for tests and for other programs.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use api::{LiveWeights, ModelPlace, PlayedThrough, Problem};
use audio::{WavFormat, WavWriter};

use crate::{
    folder::problem,
    instrument::{Instrument, InstrumentSettings},
    jobs::{Refused, load_sound_file, open_model, precision},
};

/// The longest sound that is sent through.
const LONGEST_SECS: f64 = 4.0 * 3600.0;

/// How to play.
#[derive(Clone, Debug, PartialEq)]
pub struct PlayThrough {
    /// Models: folders or files.
    pub models: Vec<PathBuf>,
    /// Samples of a block; the output does not depend on it.
    pub block: u32,
    /// The precision of weights.
    pub weights: LiveWeights,
    /// The random seed of latents, or none for their means.
    pub latents: Option<u64>,
    /// The random seed of the models' noise, or none for silence.
    pub noise: Option<u64>,
    /// Controls that are not at their defaults: number and value.
    pub controls: Vec<(u16, f32)>,
}

/// Sends a sound file through models, as a live session would; the output is as long, and late by the latency.
///
/// # Errors
/// When a file cannot be read or written, or the models cannot play together: what happened, and what to do.
pub fn play_through(
    input: &Path,
    output: &Path,
    order: &PlayThrough,
) -> Result<PlayedThrough, Problem> {
    play(input, output, order).map_err(|error| match error.downcast::<Refused>() {
        Ok(Refused(problem)) => problem,
        Err(error) => {
            let why = api::sentence(&format!("failed to {error:#}"));
            problem("failed", "The sound could not be played.", &why, "Check the files.")
        }
    })
}

fn play(input: &Path, output: &Path, order: &PlayThrough) -> anyhow::Result<PlayedThrough> {
    // What another program left is translated beside the other temporary files.
    let folder = tempfile::tempdir()?;
    let mut opened = vec![];
    for (i, path) in order.models.iter().enumerate() {
        let own = folder.path().join(i.to_string());
        std::fs::create_dir(&own)?;
        opened.push(open_model(&own, &ModelPlace::File { path: path.clone() })?);
    }
    let models: Vec<_> = opened.iter().map(|it| it.model.as_ref()).collect();
    let rate_hz = opened.first().and_then(|it| it.rate_hz).unwrap_or(0);
    let settings = InstrumentSettings {
        precision: precision(order.weights),
        seed: order.noise.or(order.latents).unwrap_or(0),
        has_noise: order.noise.is_some(),
        draws_latents: order.latents.is_some(),
        ..Default::default()
    };
    let instrument = Instrument::new(&models, rate_hz, &settings);
    let mut instrument = instrument.map_err(|why| {
        anyhow::Error::new(Refused(problem(
            "unplayable",
            "These models cannot be played.",
            &why.0,
            why.1,
        )))
    })?;
    instrument.set(api::control_number("mic").unwrap_or(0), 1.0);
    order.controls.iter().for_each(|(number, value)| instrument.set(*number, *value));
    instrument.settle();
    let n_channels = instrument.n_channels();
    let rate_hz = instrument.rate_hz();
    let sound = load_sound_file(input, rate_hz, n_channels, LONGEST_SECS)?;
    let n = sound.channels[0].len();
    let block = (order.block as usize).clamp(1, 1 << 16);
    let mut writer = WavWriter::create(output, rate_hz, n_channels, n as u64, WavFormat::Float32)?;
    let mut times = Vec::with_capacity(n / block + 1);
    let mut made = vec![vec![0.0; block]; n_channels];
    for from in (0..n).step_by(block) {
        let to = (from + block).min(n);
        made.iter_mut().for_each(|channel| channel.resize(to - from, 0.0));
        let rows: Vec<&[f32]> = sound.channels.iter().map(|channel| &channel[from..to]).collect();
        let started = Instant::now();
        instrument.play(&rows, &mut made);
        times.push(started.elapsed().as_secs_f64());
        writer.write(&made)?;
    }
    writer.finish()?;
    let secs = n as f64 / f64::from(rate_hz);
    let all: f64 = times.iter().sum();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize] * 1e3;
    Ok(PlayedThrough {
        rate_hz,
        channels: n_channels as u32,
        secs,
        block: block as u32,
        latency_samples: instrument.latency_samples() as u32,
        times_real_time: secs / all.max(1e-9),
        block_ms_median: at(0.5),
        block_ms_99: at(0.99),
        block_ms_worst: at(1.0),
    })
}
