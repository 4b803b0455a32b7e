//! Harmonic-percussive separation: what goes on, and what strikes.
//!
//! In a spectrogram tones are lines along time and strikes lines along frequency. A median over 31 frames removes
//! strikes, one over 31 bins removes tones; soft masks from the squares of both divide the sound. Medians run in sorted
//! windows that lose one number and gain one, so the sound is gone through once with 32 spectra in memory. Source:
//! Fitzgerald, "Harmonic/percussive separation using median filtering" (2010), with the defaults of librosa's
//! `effects.hpss`.

use realfft::num_complex::Complex;

use super::FeatureSettings;
use super::frames::{for_each_spectrum, hann};
use crate::spectrum::inverse;

/// Numbers of a median.
const N_MEDIAN: usize = 31;
const HALF: usize = N_MEDIAN / 2;
/// Spectra that are kept: those of a median, and the one that it loses.
const N_KEPT: usize = N_MEDIAN + 1;

/// A sound's harmonic and percussive parts, each as long as it; they add up to it.
///
/// Frames should overlap by half at least, as they do by default; nothing is left of samples between frames.
#[must_use]
pub fn harmonic_percussive(samples: &[f32], settings: &FeatureSettings) -> [Vec<f32>; 2] {
    let mut separation = Separation::new(samples.len(), settings);
    let mut n_taken = 0;
    for_each_spectrum(samples, &hann(settings.n_fft), settings.hop, |spectrum| {
        separation.keep(n_taken, spectrum);
        n_taken += 1;
        if let Some(centre) = n_taken.checked_sub(HALF + 1) {
            separation.separate(centre);
        }
    });
    let n_frames = settings.n_frames(samples.len());
    for centre in n_frames.saturating_sub(HALF)..n_frames {
        separation.separate(centre);
    }
    separation.finish()
}

struct Separation {
    n_frames: usize,
    n_bins: usize,
    /// The newest spectra and their magnitudes, frame `i` at `i % N_KEPT`.
    spectra: Vec<Vec<Complex<f32>>>,
    magnitudes: Vec<Vec<f32>>,
    /// A sorted window along time for each bin, one after the other.
    along_time: Vec<f32>,
    percussive: Vec<f32>,
    parts: [Part; 2],
}

impl Separation {
    fn new(n_samples: usize, settings: &FeatureSettings) -> Self {
        let n_bins = settings.n_fft / 2 + 1;
        Self {
            n_frames: settings.n_frames(n_samples),
            n_bins,
            spectra: vec![vec![Complex::default(); n_bins]; N_KEPT],
            magnitudes: vec![vec![0.0; n_bins]; N_KEPT],
            along_time: vec![0.0; n_bins * N_MEDIAN],
            percussive: vec![0.0; n_bins],
            parts: std::array::from_fn(|_| Part::new(n_samples, settings)),
        }
    }

    fn keep(&mut self, frame_idx: usize, spectrum: &[Complex<f32>]) {
        let place = frame_idx % N_KEPT;
        self.spectra[place].copy_from_slice(spectrum);
        for (magnitude, bin) in self.magnitudes[place].iter_mut().zip(spectrum) {
            *magnitude = (bin.re * bin.re + bin.im * bin.im).sqrt();
        }
    }

    /// Separates a frame; frames come in order, and those of its medians are kept.
    fn separate(&mut self, centre: usize) {
        self.move_to(centre);
        let place = centre % N_KEPT;
        medians(&self.magnitudes[place], &mut self.percussive);
        let spectrum = &self.spectra[place];
        let windows = self.along_time.chunks_exact(N_MEDIAN);
        let [harmonic_part, percussive_part] = &mut self.parts;
        let out = harmonic_part.spectrum.iter_mut().zip(&mut percussive_part.spectrum);
        for (((to_harmonic, to_percussive), bin), (window, percussive)) in
            out.zip(spectrum).zip(windows.zip(&self.percussive))
        {
            let share = share(window[HALF], *percussive);
            *to_harmonic = bin * share;
            *to_percussive = bin * (1.0 - share);
        }
        self.parts.iter_mut().for_each(|part| part.add(centre));
    }

    /// Moves the windows along time, so that a frame is in their middle.
    fn move_to(&mut self, centre: usize) {
        let n = self.n_frames as isize;
        let place = |frame_idx: isize| mirrored(frame_idx, n) % N_KEPT;
        let (from, half) = (centre as isize, HALF as isize);
        if centre == 0 {
            for (bin, window) in self.along_time.chunks_exact_mut(N_MEDIAN).enumerate() {
                let frames = (-half..=half).map(|frame_idx| self.magnitudes[place(frame_idx)][bin]);
                window.iter_mut().zip(frames).for_each(|(to, x)| *to = x);
                window.sort_by(f32::total_cmp);
            }
            return;
        }
        let lost = &self.magnitudes[place(from - half - 1)];
        let gained = &self.magnitudes[place(from + half)];
        let windows = self.along_time.chunks_exact_mut(N_MEDIAN);
        for (window, (lost, gained)) in windows.zip(lost.iter().zip(gained)) {
            replace(window, *lost, *gained);
        }
    }

    fn finish(self) -> [Vec<f32>; 2] {
        debug_assert_eq!(self.percussive.len(), self.n_bins, "as many medians as bins");
        self.parts.map(Part::finish)
    }
}

/// A place beyond the ends, mirrored at them: the first and the last number come twice.
fn mirrored(at: isize, n: isize) -> usize {
    let within = at.rem_euclid(2 * n);
    (if within < n { within } else { 2 * n - 1 - within }) as usize
}

/// The median around each number.
fn medians(values: &[f32], out: &mut [f32]) {
    let (n, half) = (values.len() as isize, HALF as isize);
    let mut window: [f32; N_MEDIAN] =
        std::array::from_fn(|i| values[mirrored(i as isize - half, n)]);
    window.sort_by(f32::total_cmp);
    for (centre, out) in out.iter_mut().enumerate() {
        let at = centre as isize;
        if centre > 0 {
            let lost = values[mirrored(at - half - 1, n)];
            replace(&mut window, lost, values[mirrored(at + half, n)]);
        }
        *out = window[HALF];
    }
}

/// Replaces a number of a sorted window.
fn replace(window: &mut [f32], lost: f32, gained: f32) {
    let mut at = window.partition_point(|x| *x < lost);
    if gained > lost {
        while at + 1 < window.len() && window[at + 1] < gained {
            window[at] = window[at + 1];
            at += 1;
        }
    } else {
        while at > 0 && window[at - 1] > gained {
            window[at] = window[at - 1];
            at -= 1;
        }
    }
    window[at] = gained;
}

/// What of a bin is harmonic: half where there is nothing.
fn share(harmonic: f32, percussive: f32) -> f32 {
    let most = harmonic.max(percussive);
    if most < f32::MIN_POSITIVE {
        return 0.5;
    }
    let (harmonic, percussive) = ((harmonic / most).powi(2), (percussive / most).powi(2));
    harmonic / (harmonic + percussive)
}

/// A part that is put together from spectra, overlapped and added.
struct Part {
    hop: usize,
    window: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    frame: Vec<f32>,
    fft: std::sync::Arc<dyn realfft::ComplexToReal<f32>>,
    sound: Vec<f32>,
    /// The sum of squared windows at each sample.
    weights: Vec<f32>,
}

impl Part {
    fn new(n_samples: usize, settings: &FeatureSettings) -> Self {
        let fft = inverse(settings.n_fft);
        Self {
            hop: settings.hop,
            window: hann(settings.n_fft),
            spectrum: fft.make_input_vec(),
            frame: fft.make_output_vec(),
            fft,
            sound: vec![0.0; n_samples],
            weights: vec![0.0; n_samples],
        }
    }

    /// Adds the sound of `spectrum` as that of a frame.
    fn add(&mut self, frame_idx: usize) {
        let last = self.spectrum.len() - 1;
        (self.spectrum[0].im, self.spectrum[last].im) = (0.0, 0.0);
        self.fft
            .process(&mut self.spectrum, &mut self.frame)
            .expect("all buffers were made by the plan");
        let n = self.window.len();
        let end = frame_idx * self.hop + n / 2;
        let n_before = n.saturating_sub(end);
        let from = end.saturating_sub(n).min(self.sound.len());
        let to = end.min(self.sound.len());
        let out = self.sound[from..to].iter_mut().zip(&mut self.weights[from..to]);
        let inverse_n = 1.0 / n as f32;
        for ((x, weight), (made, shape)) in
            out.zip(self.frame[n_before..].iter().zip(&self.window[n_before..]))
        {
            *x += made * shape * inverse_n;
            *weight += shape * shape;
        }
    }

    fn finish(mut self) -> Vec<f32> {
        for (x, weight) in self.sound.iter_mut().zip(&self.weights) {
            *x = if *weight > f32::MIN_POSITIVE { *x / weight } else { 0.0 };
        }
        self.sound
    }
}
