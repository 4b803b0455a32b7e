//! Measures features on request, for `benches/listen/features.py`, which compares them with librosa in turns.
//!
//! Arguments: a file of `float32` samples and their rate. Each line of standard input names a feature (or `pyin`, or
//! `hpss`) and a file for its numbers, or `-`; each answer is `bins frames seconds`.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use audio::features::{Feature, FeatureFrames, FeatureSettings, harmonic_percussive};
use audio::{PyinFrame, PyinSettings, pyin};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("the first argument is a file of float32 samples")?;
    let rate_hz = arguments.next().ok_or("the second argument is their rate")?.parse()?;
    let samples: Vec<f32> = std::fs::read(path)?
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let settings = FeatureSettings { rate_hz, ..FeatureSettings::default() };
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (name, to) = line.split_once(' ').ok_or("a line is a name and a file")?;
        let started = Instant::now();
        let frames = measure(name, &samples, &settings)?;
        let secs = started.elapsed().as_secs_f64();
        if to != "-" {
            let bytes: Vec<u8> = frames.by_bin().iter().flat_map(|x| x.to_le_bytes()).collect();
            std::fs::write(to, bytes)?;
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{} {} {secs}", frames.n_bins, frames.n_frames())?;
        out.flush()?;
    }
    Ok(())
}

fn measure(
    name: &str,
    samples: &[f32],
    settings: &FeatureSettings,
) -> Result<FeatureFrames, Box<dyn Error>> {
    match name {
        "pyin" => {
            let settings = PyinSettings { rate_hz: settings.rate_hz, ..PyinSettings::default() };
            let numbers = |it: PyinFrame| {
                let voiced = f32::from(u8::from(it.f0_hz.is_some()));
                [it.f0_hz.unwrap_or(0.0) as f32, voiced, it.probability as f32]
            };
            let values = pyin(samples, &settings)?.into_iter().flat_map(numbers).collect();
            Ok(FeatureFrames { n_bins: 3, values })
        }
        // Harmonic and percussive samples, one after the other.
        "hpss" => {
            let parts = harmonic_percussive(samples, settings);
            Ok(FeatureFrames { n_bins: 1, values: parts.concat() })
        }
        _ => {
            let feature = Feature::named(name).ok_or_else(|| format!("no feature is `{name}`"))?;
            Ok(feature.measure(samples, settings)?)
        }
    }
}
