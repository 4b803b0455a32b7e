//! Flaws in the samples of a sound, detected block by block.

use super::{Note, SoundEnd};
use crate::db_from_gain;
use crate::level::peak;

/// Below this a sound counts as silent, in dB: less than half a step of 16 bits.
const SILENT_DB: f64 = -96.0;
/// Too short to train on, in seconds.
const VERY_SHORT_SECS: f64 = 0.05;
/// Beyond this, +24 dB, a sample is damaged rather than loud.
const LOUDEST: f32 = 16.0;
/// Lossy codecs always overshoot full scale a little; up to +0.5 dB is scaled without a note.
const LOUD: f32 = 1.06;
/// At this a sample stands at full scale.
const FULL_SCALE: f32 = 0.9999;
/// Samples in a row at full scale that count as clipped, and how many such rows there must be.
const SHORTEST_RUN: u64 = 4;
const FEWEST_RUNS: u64 = 10;

/// Statistics of the samples so far.
#[derive(Default)]
pub(super) struct Flaws {
    n_not_numbers: u64,
    loudest: f32,
    clipping: Vec<Clipping>,
}

impl Flaws {
    /// Examines the next block and sets NaN and infinite samples to 0.
    pub(super) fn look(&mut self, block: &mut [Vec<f32>]) {
        self.clipping.resize(block.len(), Clipping::default());
        for (channel, clipping) in block.iter_mut().zip(&mut self.clipping) {
            self.n_not_numbers += zero_non_finite(channel);
            let loudest = peak(channel);
            self.loudest = self.loudest.max(loudest);
            clipping.look(channel, loudest);
        }
    }

    /// The findings at the end of a sound of `n_frames`, the worst first.
    pub(super) fn end(self, n_frames: u64, rate_hz: u32) -> SoundEnd {
        let mut notes = Vec::new();
        if self.n_not_numbers > 0 {
            let message = match self.n_not_numbers {
                1 => "1 sample is not a number and became 0".to_owned(),
                n => format!("{n} samples are not numbers and became 0"),
            };
            notes.push(Note::new("not_a_number", message));
        }
        let gain = if self.loudest > 1.0 { 1.0 / self.loudest.min(LOUDEST) } else { 1.0 };
        if self.loudest > LOUD {
            let over_db = db_from_gain(f64::from(self.loudest));
            let message = format!("It went {over_db:.1} dB beyond full scale and was turned down");
            notes.push(Note::new("turned_down", message));
        }
        let peak_db = db_from_gain(f64::from((self.loudest * gain).min(1.0)));
        if peak_db < SILENT_DB {
            notes.push(Note::new("silent", "It is silent"));
        }
        let length_secs = n_frames as f64 / f64::from(rate_hz);
        if length_secs < VERY_SHORT_SECS {
            let message = format!("It is only {:.0} ms long", length_secs * 1000.0);
            notes.push(Note::new("very_short", message));
        }
        let n_channels = self.clipping.len() as u64;
        let n_clipped: u64 = self.clipping.into_iter().map(Clipping::n_samples).sum();
        if n_clipped > 0 {
            let message = format!("It is clipped: {n_clipped} samples are flat at full scale");
            notes.push(Note::new("clipped", message));
        }
        let is_no_number = self.n_not_numbers > 0 && self.n_not_numbers == n_frames * n_channels;
        SoundEnd { n_frames, gain, peak_db, is_no_number, notes }
    }
}

fn zero_non_finite(channel: &mut [f32]) -> u64 {
    let mut n = 0;
    for x in channel {
        if !x.is_finite() {
            *x = 0.0;
            n += 1;
        }
    }
    n
}

/// Samples of one channel in runs of four or more that stand at full scale, if there are ten such
/// runs at least.
///
/// A single one may be a peak that was normalised to full scale; so may a square wave's, but that
/// is what it looks like.
#[derive(Clone, Default)]
struct Clipping {
    n_runs: u64,
    n_in_runs: u64,
    /// The current run: its length and its sign.
    run: u64,
    is_above: bool,
}

impl Clipping {
    fn look(&mut self, samples: &[f32], loudest: f32) {
        if loudest < FULL_SCALE {
            return self.end_run();
        }
        for x in samples {
            let is_above = *x > 0.0;
            if x.abs() < FULL_SCALE {
                self.end_run();
                continue;
            }
            if is_above != self.is_above {
                self.end_run();
            }
            self.is_above = is_above;
            self.run += 1;
        }
    }

    fn end_run(&mut self) {
        if self.run >= SHORTEST_RUN {
            self.n_runs += 1;
            self.n_in_runs += self.run;
        }
        self.run = 0;
    }

    fn n_samples(mut self) -> u64 {
        self.end_run();
        if self.n_runs >= FEWEST_RUNS { self.n_in_runs } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The notes on a sound, whatever blocks it comes in, and its first sample.
    fn check(samples: &[f32], expected_first: f32, expected_codes: &[&str]) {
        for block in [1, 7, 1000, 10_000] {
            let mut flaws = Flaws::default();
            let mut channels = vec![vec![]];
            for part in samples.chunks(block) {
                let mut block = [part.to_vec()];
                flaws.look(&mut block);
                channels[0].extend_from_slice(&block[0]);
            }
            let end = flaws.end(samples.len() as u64, 8000);
            end.scale(&mut channels);
            let codes: Vec<_> = end.notes.iter().map(|note| note.code).collect();
            assert_eq!(codes, expected_codes, "blocks of {block}");
            assert_eq!(channels[0][0], expected_first);
            assert!(channels[0].iter().all(|x| (-1.0..=1.0).contains(x)));
        }
    }

    #[test]
    fn every_flaw_is_named_and_mended() {
        let with = |first: &[f32]| [first, &[0.1; 8000]].concat();
        check(&with(&[0.5]), 0.5, &[]);
        check(&with(&[f32::NAN, f32::INFINITY]), 0.0, &["not_a_number"]);
        check(&with(&[0.5, 2.0]), 0.25, &["turned_down"]);
        check(&with(&[1.02]), 1.0, &[]);
        // One broken sample does not silence the rest.
        check(&with(&[0.16, 1e30]), 0.01, &["turned_down"]);
        check(&[0.0; 8000], 0.0, &["silent"]);
        check(&[1e-6; 8000], 1e-6, &["silent"]);
        check(&[0.5; 10], 0.5, &["very_short"]);
        check(&[0.0; 1], 0.0, &["silent", "very_short"]);
        let clipped: Vec<f32> =
            (0..8000).map(|n| (1.5 * (n as f32 * 0.05).sin()).clamp(-1.0, 1.0)).collect();
        check(&clipped, 0.0, &["clipped"]);
        let full_scale: Vec<f32> = (0..8000).map(|n| (n as f32 * 0.05).sin()).collect();
        check(&full_scale, 0.0, &[]);
    }

    #[test]
    fn a_file_of_nan_is_not_reported_as_silence() {
        let is_no_number = |samples: &[f32]| {
            let mut flaws = Flaws::default();
            flaws.look(&mut [samples.to_vec(), samples.to_vec()]);
            flaws.end(samples.len() as u64, 8000).is_no_number
        };
        assert!(is_no_number(&[f32::NAN; 100]));
        assert!(!is_no_number(&[0.0; 100]));
        assert!(!is_no_number(&[f32::NAN, 0.0]));
    }
}
