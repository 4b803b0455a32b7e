//! `bandwidth`: a spectrum that ends in a cliff, as a lower rate or a lossy encoder leaves it.
//!
//! The mean power spectrum is searched for a frequency above which all is far below what is just under it. Sounds that
//! get quieter towards high frequencies by themselves have no such place.

use super::{Check, Finding, mixed};
use crate::spectrum::Stft;

/// The least fall over the cliff, in dB.
const CLIFF_DB: f64 = 25.0;
/// Where the power has fallen this far the cliff is over, in dB.
const DEEP_DB: f64 = 40.0;
/// How far below and above the cliff is looked, in Hz.
const NEAR_HZ: f64 = 200.0;
const FAR_HZ: f64 = 1200.0;
/// Cliffs are looked for from here on, in Hz.
const LOWEST_HZ: f64 = 3000.0;
/// A cliff this close to half the rate is the filter of a converter, as a share of it.
const FULL: f64 = 0.91;
/// Frames quieter than this, -70 dB, are not looked at.
const QUIETEST: f32 = 3.2e-4;
/// Rates that sound may have had before, in Hz.
const RATES_HZ: [f64; 8] =
    [8000.0, 11_025.0, 12_000.0, 16_000.0, 22_050.0, 24_000.0, 44_100.0, 48_000.0];
/// Where encoders end the spectrum, in Hz: MP3 from 112 to 320 kb/s, and AAC.
const LOSSY_HZ: std::ops::RangeInclusive<f64> = 14_500.0..=20_600.0;

pub(super) struct Bandwidth {
    rate_hz: f64,
    n_fft: usize,
    stft: Stft,
    waiting: Vec<f32>,
    mix: Vec<f32>,
    magnitudes: Vec<f32>,
    power: Vec<f64>,
    n_frames: u64,
}

impl Bandwidth {
    pub(super) fn new(rate_hz: u32) -> Self {
        // About a tenth of a second.
        let n_fft = (rate_hz as usize / 8).next_power_of_two().max(64) / 2;
        Self {
            rate_hz: f64::from(rate_hz),
            n_fft,
            stft: Stft::new(n_fft),
            waiting: vec![],
            mix: vec![],
            magnitudes: vec![],
            power: vec![0.0; n_fft / 2 + 1],
            n_frames: 0,
        }
    }

    /// The bins between two frequencies; none where there are none.
    fn bins(&self, from_hz: f64, to_hz: f64) -> Option<&[f64]> {
        let bin = |hz: f64| (hz / self.rate_hz * self.n_fft as f64).round() as usize;
        let bins = self.power.get(bin(from_hz)..bin(to_hz).min(self.power.len()))?;
        (!bins.is_empty()).then_some(bins)
    }

    /// The mean power between two frequencies, in dB; none where there is no bin.
    fn level_db(&self, from_hz: f64, to_hz: f64) -> Option<f64> {
        let bins = self.bins(from_hz, to_hz)?;
        Some(self.db(bins.iter().sum::<f64>() / bins.len() as f64))
    }

    /// The power that half of the bins between two frequencies have, in dB: that between tones, where there are any.
    fn filled_to_db(&self, from_hz: f64, to_hz: f64) -> Option<f64> {
        let mut bins = self.bins(from_hz, to_hz)?.to_vec();
        bins.sort_by(f64::total_cmp);
        Some(self.db(bins[bins.len() / 2]))
    }

    fn db(&self, sum: f64) -> f64 {
        10.0 * (sum / self.n_frames as f64).max(1e-20).log10()
    }

    /// The frequency of the deepest cliff.
    fn cliff_hz(&self) -> Option<f64> {
        let bin_hz = self.rate_hz / self.n_fft as f64;
        let half_hz = self.rate_hz / 2.0;
        let fall = |hz: f64| {
            let before = self.filled_to_db(hz - FAR_HZ, hz - NEAR_HZ)?;
            let after = self.level_db(hz + NEAR_HZ, (hz + FAR_HZ).min(half_hz))?;
            // Nothing further up comes back.
            let mut at = hz + FAR_HZ;
            while at + NEAR_HZ < half_hz {
                if self.level_db(at, at + FAR_HZ - NEAR_HZ)? > before - CLIFF_DB {
                    return None;
                }
                at += FAR_HZ - NEAR_HZ;
            }
            Some(before - after)
        };
        let n = ((FULL * half_hz - NEAR_HZ - LOWEST_HZ) / bin_hz).max(0.0) as usize;
        let falls = (0..n).map(|i| LOWEST_HZ + i as f64 * bin_hz);
        let falls: Vec<(f64, f64)> = falls.filter_map(|hz| Some((hz, fall(hz)?))).collect();
        let most = falls.iter().map(|it| it.1).fold(f64::NEG_INFINITY, f64::max);
        // The fall is seen first from just below the cliff.
        let enough = (most - 3.0).min(DEEP_DB);
        let first = falls.iter().find(|(_, fall)| *fall >= enough)?;
        (most >= CLIFF_DB).then_some(first.0 + NEAR_HZ)
    }
}

impl Check for Bandwidth {
    fn push(&mut self, block: &[Vec<f32>]) {
        mixed(block, &mut self.mix);
        self.waiting.extend_from_slice(&self.mix);
        let n_whole = self.waiting.len() / self.n_fft * self.n_fft;
        for frame in self.waiting[..n_whole].chunks_exact(self.n_fft) {
            if crate::level::peak(frame) < QUIETEST {
                continue;
            }
            self.magnitudes.clear();
            self.stft.magnitudes(frame.iter().copied(), &mut self.magnitudes);
            for (power, magnitude) in self.power.iter_mut().zip(&self.magnitudes) {
                *power += f64::from(magnitude * magnitude);
            }
            self.n_frames += 1;
        }
        self.waiting.drain(..n_whole);
    }

    fn finish(&mut self, secs: f64, findings: &mut Vec<Finding>) {
        // A second of sound, so that the spectrum is a mean.
        if self.n_frames < 8 {
            return;
        }
        let Some(hz) = self.cliff_hz() else { return };
        let was = RATES_HZ.iter().find(|rate| (hz / (*rate / 2.0) - 0.97).abs() < 0.06);
        let khz = hz / 1000.0;
        let origin = if LOSSY_HZ.contains(&hz) {
            "it was probably an MP3 or another lossy file before".to_owned()
        } else if let Some(was) = was {
            format!("it was probably made from a rate of {was} Hz")
        } else {
            "something has filtered it".to_owned()
        };
        findings.push(Finding {
            kind: "bandwidth",
            start_s: 0.0,
            end_s: secs,
            sentence: format!(
                "Nothing is above {khz:.1} kHz, though the file has room up to {:.1} kHz; {origin}. Find the original \
                 if you can.",
                self.rate_hz / 2000.0
            ),
        });
    }
}
