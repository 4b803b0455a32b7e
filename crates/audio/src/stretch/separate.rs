//! What is struck and what sounds on, apart: clicks and noise are upright in a spectrogram, tones lie flat.

use realfft::num_complex::Complex;

use crate::hann_window;
use crate::spectrum::{forward, inverse};

/// The length of a window in seconds; a power of two is taken.
const WINDOW_SECS: f64 = 0.046;
/// Windows that overlap.
const OVERLAP: usize = 4;
/// Windows, and bins for each 1000 Hz, over which medians are taken: 0.2 s and 500 Hz on both sides together.
const N_ALONG: usize = 17;
const BINS_ACROSS: usize = 17;

/// The percussive part of a sound, one mask for all channels; the rest of it is the harmonic part.
///
/// A bin is percussive where the median over its neighbours in frequency is above that over its neighbours in time.
/// Source: Fitz Gerald, "Harmonic/percussive separation using median filtering" (2010); with binary masks as Driedger,
/// Müller and Ewert, "Improving time-scale modification of music signals using harmonic-percussive separation" (2014).
pub(super) fn percussive(channels: &[Vec<f32>], rate_hz: u32) -> Vec<Vec<f32>> {
    let n = channels.first().map_or(0, Vec::len);
    let window = ((WINDOW_SECS * f64::from(rate_hz)) as usize).next_power_of_two().max(64);
    let hop = window / OVERLAP;
    let mut spectra = Spectra::new(window);
    let n_frames = n / hop + 3;
    let n_bins = window / 2 + 1;
    let half = N_ALONG / 2;
    // The powers of the windows around the present one, the oldest first.
    let mut powers = std::collections::VecDeque::from(vec![vec![0.0f32; n_bins]; half]);
    for frame_idx in 0..=half {
        powers.push_back(spectra.power(channels, place(frame_idx, hop)));
    }
    let mut out = vec![vec![0.0f32; n]; channels.len()];
    let mut mask = vec![false; n_bins];
    for frame_idx in 0..n_frames {
        is_upright(&powers, half, &mut mask);
        for (channel, out) in channels.iter().zip(&mut out) {
            spectra.masked(channel, place(frame_idx, hop), &mask, out);
        }
        powers.pop_front();
        powers.push_back(spectra.power(channels, place(frame_idx + half + 1, hop)));
    }
    out
}

/// Where a window starts: the first one is centred on the first frame.
fn place(frame_idx: usize, hop: usize) -> isize {
    (frame_idx * hop) as isize - (OVERLAP / 2 * hop) as isize
}

/// Which bins of the window in the middle are louder among their neighbours in frequency than in time.
fn is_upright(powers: &std::collections::VecDeque<Vec<f32>>, middle: usize, mask: &mut [bool]) {
    let now = &powers[middle];
    let mut values = Vec::with_capacity(N_ALONG.max(BINS_ACROSS));
    let n_bins = now.len();
    for (k, mask) in mask.iter_mut().enumerate() {
        values.clear();
        values.extend(powers.iter().map(|power| power[k]));
        let along = median(&mut values);
        values.clear();
        let first = k.saturating_sub(BINS_ACROSS / 2);
        values.extend_from_slice(&now[first..(k + BINS_ACROSS / 2 + 1).min(n_bins)]);
        *mask = median(&mut values) > along;
    }
}

fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Transforms of windows, there and back.
struct Spectra {
    shape: Vec<f32>,
    forward: std::sync::Arc<dyn realfft::RealToComplex<f32>>,
    inverse: std::sync::Arc<dyn realfft::ComplexToReal<f32>>,
    time: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Spectra {
    fn new(window: usize) -> Self {
        let (forward, inverse) = (forward(window), inverse(window));
        let n_scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            shape: hann_window(window),
            time: forward.make_input_vec(),
            bins: forward.make_output_vec(),
            scratch: vec![Complex::default(); n_scratch],
            forward,
            inverse,
        }
    }

    fn transform(&mut self, channel: &[f32], start: isize) {
        for (i, (x, shape)) in self.time.iter_mut().zip(&self.shape).enumerate() {
            let place = usize::try_from(start + i as isize).ok();
            *x = place.and_then(|place| channel.get(place)).copied().unwrap_or(0.0) * shape;
        }
        let scratch = &mut self.scratch[..self.forward.get_scratch_len()];
        self.forward
            .process_with_scratch(&mut self.time, &mut self.bins, scratch)
            .expect("all buffers were made by the plan");
    }

    fn power(&mut self, channels: &[Vec<f32>], start: isize) -> Vec<f32> {
        let mut power = vec![0.0; self.bins.len()];
        for channel in channels {
            self.transform(channel, start);
            for (power, bin) in power.iter_mut().zip(&self.bins) {
                *power += bin.norm_sqr();
            }
        }
        power
    }

    /// Adds the bins of the mask to the output.
    fn masked(&mut self, channel: &[f32], start: isize, mask: &[bool], out: &mut [f32]) {
        self.transform(channel, start);
        for (bin, mask) in self.bins.iter_mut().zip(mask) {
            if !mask {
                *bin = Complex::default();
            }
        }
        let last = self.bins.len() - 1;
        (self.bins[0].im, self.bins[last].im) = (0.0, 0.0);
        let scratch = &mut self.scratch[..self.inverse.get_scratch_len()];
        self.inverse
            .process_with_scratch(&mut self.bins, &mut self.time, scratch)
            .expect("all buffers were made by the plan");
        // Squares of Hann windows, four of which overlap, add up to 3/2.
        let scale = 1.0 / (1.5 * self.shape.len() as f32);
        for (i, (x, shape)) in self.time.iter().zip(&self.shape).enumerate() {
            if let Some(out) =
                usize::try_from(start + i as isize).ok().and_then(|at| out.get_mut(at))
            {
                *out += x * shape * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_and_tones_come_apart() {
        let n = 44_100;
        let tone: Vec<f32> = (0..n).map(|i| 0.3 * (i as f32 * 0.06).sin()).collect();
        let mut clicks = vec![0.0f32; n];
        (3000..n).step_by(9000).for_each(|i| clicks[i] = 1.0);
        let both: Vec<f32> = tone.iter().zip(&clicks).map(|(a, b)| a + b).collect();
        let percussive = percussive(&[both], 44_100).remove(0);
        let energy = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
        let missed: Vec<f32> = percussive.iter().zip(&clicks).map(|(a, b)| a - b).collect();
        // What is taken from the tone is 27 dB below it, and the clicks keep most of their height.
        assert!(energy(&missed) < 0.002 * energy(&tone), "{}", energy(&missed) / energy(&tone));
        for i in (3000..n - 2000).step_by(9000) {
            assert!(percussive[i] > 0.7, "{i}: {}", percussive[i]);
        }
    }
}
