//! Pitch classes over time, in all and in the bass, for finding bars and sections.
//!
//! Log magnitudes of a long window, folded into twelve pitch classes; coarse on purpose, since only changes count.
//! Source: Fujishima, "Realtime chord recognition of musical sound" (ICMC 1999).

use crate::spectrum::Stft;

/// Frames a second, about.
const FRAMES_A_SECOND: f64 = 12.0;
/// The window, in seconds, rounded to a power of two: bins of about 3 Hz.
const WINDOW_SECS: f64 = 0.3;
/// The ranges of the bass and of all pitches, in Hz.
const BASS_HZ: (f64, f64) = (40.0, 220.0);
const ALL_HZ: (f64, f64) = (110.0, 2_100.0);
/// Bands of the timbre, from low to high, equally wide in octaves.
pub(super) const N_BANDS: usize = 12;
const BANDS_HZ: (f64, f64) = (60.0, 10_000.0);

/// Pitch classes and timbre of each frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Chroma {
    /// Frames a second.
    pub(super) rate: f64,
    /// Strength of each pitch class in the middle.
    pub(super) all: Vec<[f32; 12]>,
    /// Strength of each pitch class in the bass.
    pub(super) bass: Vec<[f32; 12]>,
    /// Log levels of bands.
    pub(super) bands: Vec<[f32; N_BANDS]>,
}

impl Chroma {
    /// Of one channel.
    pub(super) fn of(samples: &[f32], rate_hz: u32) -> Self {
        let rate = f64::from(rate_hz);
        let hop = ((rate / FRAMES_A_SECOND).round() as usize).max(1);
        let window = ((rate * WINDOW_SECS) as usize).next_power_of_two().max(64);
        let bin_hz = rate / window as f64;
        let class = |bin: usize| {
            let midi = 69.0 + 12.0 * (bin as f64 * bin_hz / 440.0).log2();
            (midi.round() as i64).rem_euclid(12) as usize
        };
        let bins = |(low, high): (f64, f64)| {
            let last = (high / bin_hz) as usize;
            ((low / bin_hz).ceil() as usize).max(1)..(last + 1).min(window / 2 + 1)
        };
        let (bass, all) = (bins(BASS_HZ), bins(ALL_HZ));
        let classes: Vec<usize> = (0..bass.end.max(all.end)).map(class).collect();
        let band_edge = |i: usize| {
            BANDS_HZ.0 * (BANDS_HZ.1 / BANDS_HZ.0).powf(i as f64 / N_BANDS as f64) / bin_hz
        };
        let mut stft = Stft::new(window);
        let mut magnitudes = Vec::with_capacity(window / 2 + 1);
        let mut chroma = Self { rate: rate / hop as f64, ..Self::default() };
        for frame in 0..samples.len().div_ceil(hop) {
            let first = (frame * hop) as isize - (window / 2) as isize;
            let sample = |n: usize| {
                let at = usize::try_from(first + n as isize).ok();
                at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0)
            };
            magnitudes.clear();
            stft.magnitudes((0..window).map(sample), &mut magnitudes);
            let fold = |range: &std::ops::Range<usize>| {
                let mut strengths = [0.0f32; 12];
                for bin in range.clone() {
                    let (left, own) = (magnitudes[bin - 1], magnitudes[bin]);
                    let right = magnitudes.get(bin + 1).copied().unwrap_or(0.0);
                    // Only peaks are pitches; what lies between them is noise.
                    if own >= left && own >= right {
                        strengths[classes[bin]] += (1.0 + 1_000.0 * own).ln();
                    }
                }
                strengths
            };
            chroma.all.push(fold(&all));
            chroma.bass.push(fold(&bass));
            chroma.bands.push(std::array::from_fn(|i| {
                let (from, to) = (band_edge(i) as usize, band_edge(i + 1) as usize + 1);
                let part = &magnitudes[from.min(window / 2)..to.clamp(1, window / 2 + 1)];
                let power: f32 = part.iter().map(|x| x * x).sum();
                (power + 1e-9).log10()
            }));
        }
        chroma
    }

    /// The mean of a list of frames between two times, in seconds; the nearest frame where there is none between.
    pub(super) fn mean<const N: usize>(
        &self,
        frames: &[[f32; N]],
        from_s: f64,
        to_s: f64,
    ) -> [f32; N] {
        if frames.is_empty() {
            return [0.0; N];
        }
        let last = frames.len() - 1;
        let from = ((from_s * self.rate).round().max(0.0) as usize).min(last);
        let to = ((to_s * self.rate).round().max(0.0) as usize).clamp(from + 1, last.max(from) + 1);
        let mut sum = [0.0f32; N];
        for frame in &frames[from..to] {
            sum.iter_mut().zip(frame).for_each(|(sum, x)| *sum += x);
        }
        sum.map(|x| x / (to - from) as f32)
    }
}

/// How different two lists of strengths are: 1 less the cosine between them without their means; 0 is the same.
pub(super) fn difference(a: &[f32], b: &[f32]) -> f32 {
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len().max(1) as f32;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0f32, 0.0f32, 0.0f32);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - mean_a, y - mean_b);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    let norm = (aa * bb).sqrt();
    if norm > 1e-9 { 1.0 - ab / norm } else { 0.0 }
}
