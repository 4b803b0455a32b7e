//! `noise_floor`: noise under a recording, heard where nothing else sounds.
//!
//! The quietest 0.4 s that are not digital silence are taken for the noise, if three things are so. Their spectrum looks
//! like noise: within each narrow band power is spread evenly. Other moments are as quiet: a tone that dies away is so
//! once. And nowhere is less in any part of the spectrum: a quiet place of music, even a noisy one, is quiet in some
//! parts of it only. Music without a pause has no such place, and then nothing is said.

use super::{Check, Finding, mixed};
use crate::spectrum::Stft;

/// Noise below this is not heard, in dB below full scale (root mean square).
const QUIETEST_DB: f64 = -66.0;
/// Noise this far below the loud parts is not heard beside them, in dB.
const FAR_DB: f64 = 55.0;
/// Loud parts this close to the noise are noise too: then that is the sound, not a fault of it.
const CLOSE_DB: f64 = 10.0;
/// Below this a part is digital silence, in dB.
const DIGITAL_DB: f64 = -100.0;
/// The geometric mean of a band's power over the arithmetic mean, over all bands, from which on it is noise: that of
/// white noise is 0.56, since one spectrum of noise is ragged.
const NOISY: f64 = 0.42;
/// Quarters of noise are this close in level, in dB.
const STEADY_DB: f64 = 4.0;
/// Bins of a band.
const BAND: usize = 24;
/// Moments of a tenth of a second this close in level are as quiet, in dB, and so many of them are needed; four are in
/// the quietest part itself.
const AS_QUIET_DB: f64 = 2.5;
const FEWEST_MOMENTS: usize = 8;
/// Parts of the spectrum, each half an octave from here on, in Hz.
const LOW_HZ: f64 = 80.0;
const N_PARTS: usize = 16;
/// Parts of the spectrum in which some other moment has less by this, in dB, count against it; more of them than this
/// share, and it is no noise floor.
const LESS_DB: f32 = 5.0;
const MOST_LESS: f64 = 0.15;
/// The share of the parts that are louder than the level of the loud ones.
const LOUD_SHARE: f64 = 0.1;

pub(super) struct NoiseFloor {
    rate_hz: f64,
    n_part: usize,
    stft: Stft,
    waiting: Vec<f32>,
    mix: Vec<f32>,
    magnitudes: Vec<f32>,
    n_taken: u64,
    levels_db: Vec<f32>,
    /// Levels of moments of a tenth of a second, one after the other.
    moments_db: Vec<f32>,
    /// The least that any steady part has in each part of the spectrum, in dB.
    least_db: [f32; N_PARTS],
    quietest: Option<Quietest>,
}

/// The quietest part.
struct Quietest {
    level_db: f64,
    /// Where it starts, in samples.
    start: u64,
    /// How much it is like noise.
    noisiness: f64,
    /// Its levels in the parts of the spectrum, in dB.
    spectrum_db: [f32; N_PARTS],
}

impl NoiseFloor {
    pub(super) fn new(rate_hz: u32) -> Self {
        let n_part = (rate_hz as usize * 2 / 5).max(64) / 2 * 2;
        Self {
            rate_hz: f64::from(rate_hz),
            n_part,
            stft: Stft::new(n_part),
            waiting: vec![],
            mix: vec![],
            magnitudes: vec![],
            n_taken: 0,
            levels_db: vec![],
            moments_db: vec![],
            least_db: [f32::INFINITY; N_PARTS],
            quietest: None,
        }
    }

    fn look(&mut self, start: usize) {
        let part = &self.waiting[start..start + self.n_part];
        let level_db = level_db(part);
        if level_db <= DIGITAL_DB {
            return;
        }
        self.levels_db.push(level_db as f32);
        let moments = part.chunks(self.n_part.div_ceil(4)).take(2);
        self.moments_db.extend(moments.map(|it| self::level_db(it) as f32));
        if !is_steady(part) {
            return;
        }
        self.magnitudes.clear();
        self.stft.magnitudes(part.iter().copied(), &mut self.magnitudes);
        let spectrum_db = spectrum_db(&self.magnitudes, self.rate_hz);
        for (least, level) in self.least_db.iter_mut().zip(spectrum_db) {
            *least = least.min(level);
        }
        if self.quietest.as_ref().is_none_or(|quietest| level_db < quietest.level_db) {
            self.quietest = Some(Quietest {
                level_db,
                start: self.n_taken + start as u64,
                noisiness: noisiness(&self.magnitudes),
                spectrum_db,
            });
        }
    }

    /// Whether the quietest part is the floor of the whole sound.
    fn is_floor(&self, quietest: &Quietest) -> bool {
        let as_quiet = |level: &&f32| (f64::from(**level) - quietest.level_db).abs() < AS_QUIET_DB;
        let n_less = quietest
            .spectrum_db
            .iter()
            .zip(&self.least_db)
            .filter(|(here, least)| **here - **least > LESS_DB)
            .count();
        self.moments_db.iter().filter(as_quiet).count() >= FEWEST_MOMENTS
            && n_less as f64 <= MOST_LESS * N_PARTS as f64
    }
}

impl Check for NoiseFloor {
    fn push(&mut self, block: &[Vec<f32>]) {
        mixed(block, &mut self.mix);
        self.waiting.extend_from_slice(&self.mix);
        let mut at = 0;
        while at + self.n_part <= self.waiting.len() {
            self.look(at);
            at += self.n_part / 2;
        }
        self.waiting.drain(..at);
        self.n_taken += at as u64;
    }

    fn finish(&mut self, _: f64, findings: &mut Vec<Finding>) {
        let Some(quietest) = &self.quietest else { return };
        let noise_db = quietest.level_db;
        self.levels_db.sort_by(f32::total_cmp);
        let loud = ((self.levels_db.len() - 1) as f64 * (1.0 - LOUD_SHARE)).round() as usize;
        let over_db = f64::from(self.levels_db[loud]) - noise_db;
        let is_heard = noise_db >= QUIETEST_DB && (CLOSE_DB..FAR_DB).contains(&over_db);
        if !is_heard || quietest.noisiness < NOISY || !self.is_floor(quietest) {
            return;
        }
        let start_s = quietest.start as f64 / self.rate_hz;
        findings.push(Finding {
            kind: "noise_floor",
            start_s,
            end_s: start_s + self.n_part as f64 / self.rate_hz,
            sentence: format!(
                "There is noise at {noise_db:.0} dB, only {over_db:.0} dB below the loud parts: gate it or remove it \
                 with a noise reduction, for which this place is a good sample."
            ),
        });
    }
}

/// The level around the mean, in dB.
fn level_db(part: &[f32]) -> f64 {
    let n = part.len() as f64;
    let mean = part.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    let square: f64 = part.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum();
    crate::db_from_gain((square / n).sqrt())
}

/// Whether the quarters of a part are about as loud as each other: noise goes on, the end of a tone does not.
fn is_steady(part: &[f32]) -> bool {
    let levels = part.chunks(part.len().div_ceil(4)).map(level_db);
    let (least, most) = levels.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), level| {
        (least.min(level), most.max(level))
    });
    most - least < STEADY_DB
}

/// The level in each part of the spectrum, in dB, not to any reference; nothing above half the rate.
fn spectrum_db(magnitudes: &[f32], rate_hz: f64) -> [f32; N_PARTS] {
    let bin = |part: usize| {
        let hz = LOW_HZ * 2f64.powf(part as f64 / 2.0);
        (hz / rate_hz * 2.0 * magnitudes.len() as f64) as usize
    };
    std::array::from_fn(|part| {
        let (from, to) = (bin(part), bin(part + 1).min(magnitudes.len()));
        let power: f32 = magnitudes.get(from..to).unwrap_or(&[]).iter().map(|x| x * x).sum();
        10.0 * power.max(1e-20).log10()
    })
}

/// How evenly power is spread within narrow bands, from 0 for tones to 0.56 for noise of any colour.
fn noisiness(magnitudes: &[f32]) -> f64 {
    // Without the lowest bins, where there are rumble and DC, and the highest, which a converter filters.
    let inside = &magnitudes[(magnitudes.len() / 64).min(BAND)..magnitudes.len() * 3 / 4];
    let bands = inside.chunks_exact(BAND).map(|band| {
        let power = band.iter().map(|x| f64::from(x * x).max(1e-24));
        let log_mean = power.clone().map(f64::ln).sum::<f64>() / BAND as f64;
        log_mean.exp() / (power.sum::<f64>() / BAND as f64)
    });
    let (sum, n) = bands.fold((0.0, 0), |(sum, n), it| (sum + it, n + 1));
    sum / f64::from(n.max(1))
}
