//! `cqt`: magnitudes of bins that are equally many to an octave, each seen through as many of its periods.
//!
//! The octaves are measured from the top down, the sound at half the rate for each next one, so that all have
//! transforms of the same length. Source: Schörkhuber and Klapuri, "Constant-Q transform toolbox for music processing"
//! (2010), with librosa's scale.

use std::f32::consts::SQRT_2;
use std::f64::consts::TAU;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::frames::{FeatureFrames, for_each_precise_spectrum};
use super::half_rate::HalfRate;
use super::{FeatureSettings, UnfitFeature};

/// C1, in Hz.
const C1_HZ: f64 = 32.703_195_662_574_83;
/// The bandwidth of the Hann window in bins, as librosa rounds it.
const HANN_BANDWIDTH: f64 = 1.500_183_105_468_75;
/// The share of a filter's sum of magnitudes that may be left out.
const LEFT_OUT: f64 = 0.01;

/// Which bins a constant-Q transform has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CqtBins {
    /// The lowest bin, in Hz.
    pub low_hz: f64,
    /// Bins of an octave; at least 2.
    pub per_octave: usize,
    /// Whole octaves; at least 1.
    pub n_octaves: usize,
}

impl CqtBins {
    /// 84 semitones from C1 on, those of librosa.
    pub const SEMITONES: Self = Self { low_hz: C1_HZ, per_octave: 12, n_octaves: 7 };

    /// How many bins there are.
    #[must_use]
    pub fn n_bins(&self) -> usize {
        self.per_octave * self.n_octaves
    }

    /// The frequency of a bin, in Hz.
    #[must_use]
    pub fn hz(&self, bin: usize) -> f64 {
        self.low_hz * (bin as f64 / self.per_octave as f64).exp2()
    }

    /// The width of a bin over its frequency.
    fn relative_width(&self) -> f64 {
        let step = (2.0 / self.per_octave as f64).exp2();
        (step - 1.0) / (step + 1.0)
    }

    /// The highest frequency that any filter lets through.
    fn high_hz(&self) -> f64 {
        self.hz(self.n_bins() - 1) * (1.0 + 0.5 * HANN_BANDWIDTH * self.relative_width())
    }

    /// How long the filter of a bin is, in samples; not whole.
    fn filter_len(&self, bin: usize, rate_hz: f64) -> f64 {
        rate_hz / self.relative_width() / self.hz(bin)
    }
}

/// Magnitudes of a constant-Q transform, `[frames][bins]`, the lowest bin first. Only the rate and the hop of the
/// settings count.
///
/// # Errors
/// When half the rate is below the highest bin.
pub fn cqt(
    samples: &[f32],
    settings: &FeatureSettings,
    bins: &CqtBins,
) -> Result<FeatureFrames, UnfitFeature> {
    let half_hz = f64::from(settings.rate_hz) / 2.0;
    if bins.high_hz() > half_hz {
        return Err(UnfitFeature {
            why: format!(
                "a constant-Q transform up to {:.0} Hz needs a rate of {:.0} Hz at least, not {}",
                bins.high_hz(),
                (2.0 * bins.high_hz()).ceil(),
                settings.rate_hz
            ),
            remedy: "Choose a higher rate, like 22050.".into(),
        });
    }
    let n_early = n_early_halvings(half_hz / bins.high_hz(), settings.hop, bins.n_octaves);
    let (mut sound, mut rate_hz) = (samples.to_vec(), f64::from(settings.rate_hz));
    let mut hop = settings.hop;
    let half_rate = HalfRate::new();
    let halve = |sound: &mut Vec<f32>, rate_hz: &mut f64, hop: &mut usize| {
        // Louder by the square root of 2, so that filters see as much energy.
        *sound = half_rate.halved(sound, SQRT_2);
        *rate_hz /= 2.0;
        *hop /= 2;
    };
    for _ in 0..n_early {
        halve(&mut sound, &mut rate_hz, &mut hop);
    }
    let top_rate_hz = rate_hz;
    let mut octaves = vec![];
    for octave in (0..bins.n_octaves).rev() {
        let filters = Filters::new(bins, octave, rate_hz, top_rate_hz);
        octaves.push(filters.magnitudes(&sound, hop));
        if hop.is_multiple_of(2) && octave > 0 {
            halve(&mut sound, &mut rate_hz, &mut hop);
        }
    }
    octaves.reverse();
    Ok(stacked(&octaves, bins.n_bins()))
}

/// How often the rate can be halved before the first octave, as librosa counts it: the hop must stay whole, and the
/// band must stay well below half the rate.
fn n_early_halvings(room: f64, hop: usize, n_octaves: usize) -> u32 {
    let by_band = (room.log2().ceil() as i64 - 2).max(0);
    let by_hop = (i64::from(hop.trailing_zeros()) - n_octaves as i64 + 1).max(0);
    by_band.min(by_hop).min(20) as u32
}

/// The octaves over each other, as many frames as all of them have.
fn stacked(octaves: &[FeatureFrames], n_bins: usize) -> FeatureFrames {
    let n_frames = octaves.iter().map(FeatureFrames::n_frames).min().unwrap_or(0);
    let mut out = FeatureFrames::with_room(n_bins, n_frames);
    for frame_idx in 0..n_frames {
        octaves.iter().for_each(|octave| out.values.extend_from_slice(octave.frame(frame_idx)));
    }
    out
}

/// The filters of an octave, in the frequency domain.
struct Filters {
    n_fft: usize,
    filters: Vec<Filter>,
}

/// A filter's bins from the first to the last that count.
struct Filter {
    first: usize,
    re: Vec<f32>,
    im: Vec<f32>,
}

impl Filters {
    fn new(bins: &CqtBins, octave: usize, rate_hz: f64, top_rate_hz: f64) -> Self {
        let of_octave = octave * bins.per_octave..(octave + 1) * bins.per_octave;
        let longest = bins.filter_len(of_octave.start, rate_hz);
        let n_fft = longest.log2().ceil().exp2() as usize;
        let fft = RealFftPlanner::<f64>::new().plan_fft_forward(n_fft);
        let filter = |bin: usize| {
            let len = bins.filter_len(bin, rate_hz);
            let [mut re, mut im] = wavelet(len, bins.hz(bin) / rate_hz, n_fft);
            let (mut of_re, mut of_im) = (fft.make_output_vec(), fft.make_output_vec());
            fft.process(&mut re, &mut of_re).expect("the buffers were made for the plan");
            fft.process(&mut im, &mut of_im).expect("the buffers were made for the plan");
            let i = Complex::new(0.0, 1.0);
            let spectrum: Vec<_> = of_re.iter().zip(&of_im).map(|(re, im)| re + i * im).collect();
            // What librosa multiplies and divides by, in one.
            let scale = len / n_fft as f64 * (top_rate_hz / rate_hz).sqrt()
                / bins.filter_len(bin, top_rate_hz).sqrt();
            sparse(&spectrum, scale)
        };
        Self { n_fft, filters: of_octave.map(filter).collect() }
    }

    fn magnitudes(&self, samples: &[f32], hop: usize) -> FeatureFrames {
        let n_filters = self.filters.len();
        let mut out = FeatureFrames::with_room(n_filters, samples.len() / hop + 1);
        let (mut re, mut im) = (vec![0.0; self.n_fft / 2 + 1], vec![0.0; self.n_fft / 2 + 1]);
        for_each_precise_spectrum(samples, &vec![1.0; self.n_fft], hop, |spectrum| {
            for ((re, im), bin) in re.iter_mut().zip(&mut im).zip(spectrum) {
                (*re, *im) = (bin.re as f32, bin.im as f32);
            }
            out.values.extend(self.filters.iter().map(|filter| filter.magnitude(&re, &im)));
        });
        out
    }
}

impl Filter {
    /// The magnitude of the sum of products with a spectrum, in four lanes so that it is vectorised.
    fn magnitude(&self, re: &[f32], im: &[f32]) -> f32 {
        let inside = self.first..self.first + self.re.len();
        let (re, im) = (&re[inside.clone()], &im[inside]);
        let ((re, re_rest), (im, im_rest)) = (re.as_chunks::<4>(), im.as_chunks::<4>());
        let ((a, a_rest), (b, b_rest)) = (self.re.as_chunks::<4>(), self.im.as_chunks::<4>());
        let (mut of_re, mut of_im) = ([0.0f32; 4], [0.0f32; 4]);
        for ((re, im), (a, b)) in re.iter().zip(im).zip(a.iter().zip(b)) {
            for lane in 0..4 {
                of_re[lane] += a[lane] * re[lane] - b[lane] * im[lane];
                of_im[lane] += a[lane] * im[lane] + b[lane] * re[lane];
            }
        }
        let (mut of_re, mut of_im) = (of_re.iter().sum::<f32>(), of_im.iter().sum::<f32>());
        for ((re, im), (a, b)) in re_rest.iter().zip(im_rest).zip(a_rest.iter().zip(b_rest)) {
            of_re += a * re - b * im;
            of_im += a * im + b * re;
        }
        (of_re * of_re + of_im * of_im).sqrt()
    }
}

/// A wave under a periodic Hann window, its magnitudes adding up to 1, in the middle of `n` samples: real and imaginary parts.
fn wavelet(len: f64, turns_a_sample: f64, n: usize) -> [Vec<f64>; 2] {
    let from = (-len / 2.0).floor();
    let n_samples = ((len / 2.0).floor() - from) as usize;
    let window = |i: usize| 0.5 - 0.5 * (TAU * i as f64 / n_samples as f64).cos();
    let norm: f64 = (0..n_samples).map(window).sum();
    let (mut re, mut im) = (vec![0.0; n], vec![0.0; n]);
    let start = (n - n_samples) / 2;
    for i in 0..n_samples {
        let angle = TAU * turns_a_sample * (from + i as f64);
        re[start + i] = window(i) / norm * angle.cos();
        im[start + i] = window(i) / norm * angle.sin();
    }
    [re, im]
}

/// Without the smallest bins that make up a hundredth of it.
fn sparse(bins: &[Complex<f64>], scale: f64) -> Filter {
    let mut sorted: Vec<f64> = bins.iter().map(|bin| bin.norm()).collect();
    sorted.sort_by(f64::total_cmp);
    let all: f64 = sorted.iter().sum();
    let mut so_far = 0.0;
    let least = sorted.iter().find(|magnitude| {
        so_far += **magnitude;
        so_far / all >= LEFT_OUT
    });
    let least = least.copied().unwrap_or(0.0);
    let counts = |bin: &Complex<f64>| bin.norm() >= least;
    let first = bins.iter().position(counts).unwrap_or(0);
    let last = bins.iter().rposition(counts).unwrap_or(0);
    let kept = |bin: &Complex<f64>| if counts(bin) { bin * scale } else { Complex::default() };
    let kept: Vec<Complex<f64>> = bins[first..=last].iter().map(kept).collect();
    Filter {
        first,
        re: kept.iter().map(|bin| bin.re as f32).collect(),
        im: kept.iter().map(|bin| bin.im as f32).collect(),
    }
}
