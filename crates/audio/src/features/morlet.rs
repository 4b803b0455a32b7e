//! Morlet wavelets: how strong each frequency is, each seen through about as many of its periods.
//!
//! `W(t, s) = sqrt(dt / s) * sum of x(t') * conj(psi((t' - t) / s))`, `psi(u) = pi^(-1/4) exp(6 i u) exp(-u^2 / 2)`,
//! `s = 6 / (2 pi f)`. Source: Torrence and Compo, "A practical guide to wavelet analysis" (1998), equations 1 to 6,
//! table 1. Blocks of sound are transformed once; the product with a wavelet is folded, so that only the asked for
//! moments are transformed back.

use std::f64::consts::{PI, TAU};

use realfft::num_complex::Complex;

use super::cqt::CqtBins;
use super::frames::FeatureFrames;
use super::{FeatureSettings, UnfitFeature};
use crate::spectrum::{forward, inverse};

/// The wavelet's frequency without a scale. Source: as above, table 1.
const OMEGA: f64 = 6.0;
/// From this many scales on a wavelet is below 1e-7 of its middle.
const SCALES: f64 = 5.7;
/// From this far off its centre on a wavelet's spectrum is below 1e-8 of it.
const SPREAD: f64 = 6.1;

/// Magnitudes of 84 semitones from C1 on, `[frames][84]`. Only the rate and the hop of the settings count.
///
/// # Errors
/// When half the rate is below the highest wavelet.
pub fn morlet(samples: &[f32], settings: &FeatureSettings) -> Result<FeatureFrames, UnfitFeature> {
    let bins = CqtBins::SEMITONES;
    let hz: Vec<f64> = (0..bins.n_bins()).map(|bin| bins.hz(bin)).collect();
    morlet_of(samples, settings, &hz)
}

/// Magnitudes at frequencies in Hz, `[frames][frequencies]`, with silence beyond both ends.
///
/// # Errors
/// When a frequency is not between 1 Hz and a quarter of the rate.
pub fn morlet_of(
    samples: &[f32],
    settings: &FeatureSettings,
    hz: &[f64],
) -> Result<FeatureFrames, UnfitFeature> {
    let rate_hz = f64::from(settings.rate_hz);
    if let Some(unfit) = hz.iter().find(|hz| !(1.0..=rate_hz / 4.0).contains(*hz)) {
        return Err(UnfitFeature {
            why: format!("a wavelet of {unfit:.0} Hz needs a rate of 4 times that at least"),
            remedy: "Choose a higher rate, like 22050.".into(),
        });
    }
    let n_frames = settings.n_frames(samples.len());
    let mut out = FeatureFrames { n_bins: hz.len(), values: vec![0.0; hz.len() * n_frames] };
    let lowest = hz.iter().copied().fold(f64::INFINITY, f64::min);
    if !lowest.is_finite() {
        return Ok(FeatureFrames { n_bins: 1, values: vec![] });
    }
    let reach = (SCALES * OMEGA / (TAU * lowest) * rate_hz).ceil() as usize;
    let mut blocks = Blocks::new(settings.hop, reach.div_ceil(settings.hop));
    let wavelets: Vec<Wavelet> = hz.iter().map(|hz| blocks.wavelet(*hz, rate_hz)).collect();
    for first in (0..n_frames).step_by(blocks.n_valid()) {
        blocks.transform(samples, first);
        let end = (first + blocks.n_valid()).min(n_frames);
        for (idx, wavelet) in wavelets.iter().enumerate() {
            let moments = blocks.moments(wavelet);
            for (frame_idx, moment) in (first..end).zip(moments) {
                out.values[frame_idx * hz.len() + idx] = moment;
            }
        }
    }
    Ok(out)
}

/// The spectrum of a wavelet: its first bin, and real numbers from there on.
struct Wavelet {
    first: usize,
    bins: Vec<f32>,
}

/// Blocks of sound of so many hops, of which those at the ends are only there for the wavelets to reach into.
struct Blocks {
    hop: usize,
    n_hops: usize,
    n_margin: usize,
    sound: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
}

impl Blocks {
    fn new(hop: usize, n_margin: usize) -> Self {
        let n_hops = (4 * n_margin).next_power_of_two().max(8);
        let n = n_hops * hop;
        let spectrum = vec![Complex::default(); n / 2 + 1];
        Self { hop, n_hops, n_margin, sound: vec![0.0; n], spectrum }
    }

    /// Hops of a block that are reached from both sides.
    fn n_valid(&self) -> usize {
        self.n_hops - 2 * self.n_margin
    }

    fn wavelet(&self, hz: f64, rate_hz: f64) -> Wavelet {
        let n = self.sound.len();
        let scale = OMEGA / (TAU * hz);
        // Equation 6, and the division by the length that the inverse transform leaves out.
        let gain = (TAU * scale * rate_hz).sqrt() * PI.powf(-0.25) / n as f64;
        let step = scale * TAU * rate_hz / n as f64;
        let first = (((OMEGA - SPREAD) / step).ceil().max(1.0)) as usize;
        let end = ((((OMEGA + SPREAD) / step).floor()) as usize + 1).min(n / 2 + 1);
        let bin = |k: usize| gain * (-0.5 * (step * k as f64 - OMEGA).powi(2)).exp();
        Wavelet { first, bins: (first..end).map(|k| bin(k) as f32).collect() }
    }

    /// Transforms the block whose first valid hop is `first`.
    fn transform(&mut self, samples: &[f32], first: usize) {
        let start = (first as isize - self.n_margin as isize) * self.hop as isize;
        self.sound.fill(0.0);
        let n_before = usize::try_from(-start).unwrap_or(0).min(self.sound.len());
        let from = usize::try_from(start).unwrap_or(0).min(samples.len());
        let n = (self.sound.len() - n_before).min(samples.len() - from);
        self.sound[n_before..n_before + n].copy_from_slice(&samples[from..from + n]);
        forward(self.sound.len())
            .process(&mut self.sound, &mut self.spectrum)
            .expect("the buffers have the lengths of the plan");
    }

    /// The magnitudes at the valid hops.
    fn moments(&self, wavelet: &Wavelet) -> Vec<f32> {
        // At whole hops, bins that are as far apart as there are hops cannot be told apart.
        let mut folded = vec![Complex::default(); self.n_hops];
        let inside = &self.spectrum[wavelet.first..wavelet.first + wavelet.bins.len()];
        for (i, (bin, weight)) in inside.iter().zip(&wavelet.bins).enumerate() {
            folded[(wavelet.first + i) % self.n_hops] += bin * weight;
        }
        let [re, im] = inverse_complex(&folded);
        let moments = re.iter().zip(&im).map(|(re, im)| (re * re + im * im).sqrt());
        moments.skip(self.n_margin).take(self.n_valid()).collect()
    }
}

/// The inverse transform of complex numbers, not divided by their number, from two of real ones: the real part of the
/// result has the Hermitian part of the spectrum, the imaginary part the rest.
fn inverse_complex(spectrum: &[Complex<f32>]) -> [Vec<f32>; 2] {
    let n = spectrum.len();
    let fft = inverse(n);
    let part = |of: &dyn Fn(Complex<f32>, Complex<f32>) -> Complex<f32>| {
        let mut bins: Vec<Complex<f32>> =
            (0..=n / 2).map(|k| of(spectrum[k], spectrum[(n - k) % n].conj())).collect();
        (bins[0].im, bins[n / 2].im) = (0.0, 0.0);
        let mut out = vec![0.0; n];
        fft.process(&mut bins, &mut out).expect("the buffers have the lengths of the plan");
        out
    };
    let minus_half_i = Complex::new(0.0, -0.5);
    [part(&|a, b| (a + b) * 0.5), part(&|a, b| (a - b) * minus_half_i)]
}
