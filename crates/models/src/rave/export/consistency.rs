//! Checks that an exported file is consistent with itself, without a model to compare it with.

use std::time::Instant;

use super::verify::{DIFFERENCE_MAX, Shown};
use super::{ExportSettings, Plays};
use crate::{CodecShape, Error};

/// The facts that a file states about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayedFacts {
    /// The number of channels.
    pub channels: usize,
    /// The number of latents.
    pub latents: usize,
    /// Samples per latent frame.
    pub ratio: usize,
    /// Samples per second.
    pub rate_hz: u32,
    /// Whether it keeps state from block to block.
    pub is_streaming: bool,
}

/// The result of playing a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Consistent {
    /// The length of the sound played, in seconds.
    pub secs: f64,
    /// The largest difference between two blocks and one of twice the length, relative to the largest sample;
    /// for a file that takes whole sounds, between two runs.
    pub blocks: f64,
    /// The same difference between the whole graph, and encoder and decoder in sequence.
    pub parts: f64,
    /// Times faster than real time in our own reader, in the longer blocks.
    pub speed: f64,
    /// The size of the longer blocks, in samples.
    pub block: usize,
}

impl Consistent {
    /// Whether rounding explains the differences.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.blocks <= DIFFERENCE_MAX && self.parts <= DIFFERENCE_MAX
    }
}

impl PlayedFacts {
    /// These facts, if they are plausible for a model.
    pub(super) fn believable(self) -> Result<Self, Error> {
        let Self { channels, latents, ratio, rate_hz, .. } = self;
        let is_so = (1..=32).contains(&channels)
            && (1..=4096).contains(&latents)
            && (1..=1 << 16).contains(&ratio)
            && (1000..=1_000_000).contains(&rate_hz);
        let what = "its channels, latents, ratio or sample rate are invalid".to_owned();
        is_so.then_some(self).ok_or(Error::Differs { what })
    }

    /// The settings used to export a model with these channels, latents and rate.
    #[must_use]
    pub fn settings_of(&self, shape: &CodecShape) -> Option<ExportSettings> {
        let whole = |n: usize, of: usize| (of > 0 && n.is_multiple_of(of)).then(|| n / of);
        let n_parallel = whole(self.channels, shape.channels)?;
        let rate_multiple = whole(self.rate_hz as usize, shape.rate_hz as usize)?;
        let n_latents = whole(self.latents, n_parallel)?;
        let is_streaming = self.is_streaming;
        let fits = self.ratio == shape.ratio * rate_multiple;
        let n_latents = (shape.n_books == 0 && n_latents < shape.latent_size).then_some(n_latents);
        let fits = fits && n_parallel <= 2 && rate_multiple <= 4;
        fits.then_some(ExportSettings { is_streaming, n_latents, n_parallel, rate_multiple })
    }
}

/// The minimum number of samples played.
const N_SAMPLES: usize = 1 << 15;

/// Plays noise through a file in several ways.
///
/// # Errors
/// When it cannot be played, or outputs a value that is not a number, or a wrong length.
pub fn consistent(file: &mut dyn Plays, facts: PlayedFacts) -> Result<Consistent, Error> {
    let PlayedFacts { channels, ratio, is_streaming, .. } = facts;
    let half = ratio.max(1024).next_multiple_of(ratio);
    let n = N_SAMPLES.next_multiple_of(2 * half);
    let block = if is_streaming { 2 * half } else { n };
    let mut rng = audio::Rng::new(1);
    let rows: Vec<Vec<f32>> =
        (0..channels).map(|_| (0..n).map(|_| 0.1 * rng.normal()).collect()).collect();
    // Where two codes are equally near, rounding decides, and rounding depends on the block size.
    let mut has_codes = true;
    let mut play = |block: usize, whole: bool| -> Result<(Vec<f32>, f64), Error> {
        file.reset()?;
        let (mut made, from) = (vec![vec![]; channels], Instant::now());
        for start in (0..n).step_by(block) {
            let x: Vec<f32> =
                rows.iter().flat_map(|row| &row[start..start + block]).copied().collect();
            let Shown { rows, values } = if whole {
                file.whole(&x, channels)?
            } else {
                let z = file.encode(&x, channels)?;
                has_codes &= z.values.iter().all(|x| x.fract() == 0.0);
                file.decode(&z)?
            };
            if rows != channels || values.len() != x.len() {
                let what = format!("it gave {} samples for {}", values.len(), x.len());
                return Err(Error::Differs { what });
            }
            if values.iter().any(|x| !x.is_finite()) {
                return Err(Error::Differs { what: "its output is not a number".into() });
            }
            for (made, part) in made.iter_mut().zip(values.chunks(block)) {
                made.extend_from_slice(part);
            }
        }
        Ok((made.concat(), from.elapsed().as_secs_f64()))
    };
    let (whole, secs) = play(block, true)?;
    let (again, _) = play(if is_streaming { half } else { block }, true)?;
    let (parts, _) = play(block, false)?;
    let peak = whole.iter().fold(1e-9f32, |peak, x| peak.max(x.abs()));
    let difference = |other: &[f32]| {
        let pairs = whole.iter().zip(other).map(|(a, b)| (a - b).abs());
        f64::from(pairs.fold(0.0f32, f32::max) / peak)
    };
    let length = n as f64 / f64::from(facts.rate_hz.max(1));
    let (blocks, parts) = (if has_codes { 0.0 } else { difference(&again) }, difference(&parts));
    Ok(Consistent { secs: length, blocks, parts, speed: length / secs.max(1e-9), block })
}
