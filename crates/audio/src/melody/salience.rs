//! How salient each pitch is in each moment: its harmonics, added up (section III-B).

use super::{
    BINS_PER_OCTAVE, HOP, LOWEST_HZ, N_BINS,
    contours::Point,
    spectral_peaks::{PeakFinder, SpectralPeak},
};

/// Harmonics that are added up, how much less each counts than the one before, and how far below the loudest peak one
/// may be (equations 4 to 6).
const N_HARMONICS: usize = 20;
const FALL: f32 = 0.8;
const RANGE_DB: f32 = 40.0;
/// A peak counts for the pitches within a semitone of it, less the further they are; in bins.
const REACH: usize = BINS_PER_OCTAVE / 12;
const SPREAD: usize = 2 * REACH + 1;
/// Parts of a bin of which the table of these weights knows.
const PARTS: usize = 16;
/// Pitches that are kept of a moment.
const N_KEPT: usize = 10;

/// The most salient pitches of each moment, the most salient first.
pub(super) fn salient_pitches(samples: &[f32]) -> Vec<Vec<Point>> {
    let mut finder = PeakFinder::new();
    let mut sums = HarmonicSums::new();
    (0..samples.len()).step_by(HOP).map(|centre| sums.tops(finder.find(samples, centre))).collect()
}

/// Adds up harmonics.
struct HarmonicSums {
    /// Weights around a peak, `[PARTS][SPREAD]`: for each part of a bin by which it is above one.
    weights: Vec<[f32; SPREAD]>,
    /// How far below a harmonic its fundamental is, in bins, and how much it counts.
    harmonics: [(f64, f32); N_HARMONICS],
    /// The salience of each pitch, with room below and above.
    salience: Vec<f32>,
}

impl HarmonicSums {
    fn new() -> Self {
        let weight = |part: usize, place: usize| {
            let off = place as f64 - REACH as f64 - part as f64 / PARTS as f64;
            let share = (off / REACH as f64).clamp(-1.0, 1.0);
            (std::f64::consts::FRAC_PI_2 * share).cos().powi(2) as f32
        };
        let harmonic = |k: usize| {
            let below = BINS_PER_OCTAVE as f64 * ((k + 1) as f64).log2();
            (below, FALL.powi(k as i32))
        };
        Self {
            weights: (0..PARTS).map(|part| std::array::from_fn(|at| weight(part, at))).collect(),
            harmonics: std::array::from_fn(harmonic),
            salience: vec![0.0; N_BINS + 2 * SPREAD],
        }
    }

    /// The tops of salience.
    fn tops(&mut self, peaks: &[SpectralPeak]) -> Vec<Point> {
        let loudest = peaks.iter().fold(0.0f32, |max, peak| max.max(peak.loudness));
        let least = loudest * 10f32.powf(-RANGE_DB / 20.0);
        self.salience.fill(0.0);
        let mut all = 0.0;
        for peak in peaks.iter().filter(|peak| peak.loudness > least) {
            all += peak.loudness;
            self.add(peak);
        }
        let of_pitches = &self.salience[SPREAD..SPREAD + N_BINS];
        let mut found = vec![];
        for (bin, around) in of_pitches.windows(3).enumerate() {
            let [a, b, c] = [around[0], around[1], around[2]];
            if b > 0.0 && b > a && b >= c {
                let top = 0.5 * (a - c) / (a - 2.0 * b + c).min(-1e-12);
                let bin = (bin + 1) as f32 + top.clamp(-0.5, 0.5);
                found.push(Point { bin, salience: b, clarity: (b / all).min(1.0) });
            }
        }
        found.sort_by(|a, b| b.salience.total_cmp(&a.salience));
        found.truncate(N_KEPT);
        found
    }

    /// Adds a peak to every pitch whose harmonic it may be (equation 4).
    fn add(&mut self, peak: &SpectralPeak) {
        let bin = (peak.hz / LOWEST_HZ).log2() * BINS_PER_OCTAVE as f64;
        for (below, gain) in &self.harmonics {
            // In parts of bins, from the beginning of the room below.
            let place = ((bin - below + (SPREAD - REACH) as f64) * PARTS as f64).round();
            if place < 0.0 {
                break;
            }
            let (first, part) = (place as usize / PARTS, place as usize % PARTS);
            if let Some(around) = self.salience.get_mut(first..first + SPREAD) {
                let gain = gain * peak.loudness;
                for (salience, weight) in around.iter_mut().zip(&self.weights[part]) {
                    *salience += gain * weight;
                }
            }
        }
    }
}
