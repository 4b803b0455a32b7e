//! The discriminators of the Descript Audio Codec: by periods, and by bands of spectra.
//!
//! Source: Kumar et al., "High-Fidelity Audio Compression with Improved RVQGAN", 2023,
//! <https://arxiv.org/abs/2306.06546>, section 3.5 and appendix; sizes as RAVE 2.3 uses them.

use burn::tensor::Tensor;
use nn::{StftParams, Weights, leaky_relu, stft};

use super::images::{self, Image};
use super::{Conv, Discriminator, Features, flat, folded};
use crate::rave::Config;
use crate::rave::network::extent::Extent;

/// The negative slope of their leaky ReLUs.
const SLOPE: f32 = 0.1;
const PERIODS: [usize; 5] = [2, 3, 5, 7, 11];
const WINDOWS: [usize; 3] = [2048, 1024, 512];
/// The edges of the frequency bands, as shares of a spectrum's bins.
const BANDS: [(f64, f64); 5] = [(0.0, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)];

pub(super) fn all(config: &Config) -> Vec<Discriminator> {
    let name = |i: usize| format!("discriminator.discriminators.{i}");
    let periods = PERIODS
        .iter()
        .enumerate()
        .map(|(i, &period)| Discriminator::Period(Period::new(&name(i), period, config.channels)));
    let resolutions = WINDOWS.iter().enumerate().map(|(i, &window)| {
        let name = name(PERIODS.len() + i);
        Discriminator::Resolution(Resolution::new(&name, window, config.channels))
    });
    periods.chain(resolutions).collect()
}

/// Removes the mean and normalises to a peak of 0.8. Shape: `[batch, channels, samples]`, unchanged.
pub(super) fn prepared(audio: Tensor<3>) -> Tensor<3> {
    let centred = audio.clone() - audio.mean_dim(2);
    let peak = centred.clone().abs().max_dim(2);
    centred * 0.8 / (peak + 1e-9)
}

/// A multi-period discriminator: sees every n-th sample.
#[derive(Debug)]
pub(super) struct Period {
    period: usize,
    convs: Vec<Conv>,
}

impl Period {
    fn new(name: &str, period: usize, channels: usize) -> Self {
        let channels = [channels, 32, 128, 512, 1024, 1024];
        let conv = |layer: usize| {
            let name = format!("{name}.convs.{layer}.0");
            let stride = if layer == 4 { 1 } else { 3 };
            let ends = [channels[layer], channels[layer + 1]];
            Conv::centred(name, ends, 5).strided(stride).biased().stored_2d()
        };
        let score = Conv::centred(format!("{name}.conv_post"), [1024, 1], 3);
        let convs = (0..5).map(conv).chain([score.biased().stored_2d()]).collect();
        Self { period, convs }
    }

    /// Features after each activation.
    pub(super) fn forward(&self, weights: &Weights, audio: Tensor<3>) -> Features {
        let samples = audio.dims()[2];
        // The end is mirrored to fill the last row; if nothing is missing, a whole row is added.
        let fill = self.period - samples % self.period;
        let end = audio.clone().narrow(2, samples - 1 - fill, fill).flip([2]);
        let mut x = folded(Tensor::cat(vec![audio, end], 2), self.period);
        let n_last = self.convs.len() - 1;
        let outputs = self.convs.iter().enumerate().map(|(i, conv)| {
            let y = conv.forward(weights, x.clone());
            x = if i == n_last { y } else { leaky_relu(y, SLOPE) };
            x.clone()
        });
        outputs.collect()
    }

    pub(super) fn convs(&self) -> impl Iterator<Item = &Conv> {
        self.convs.iter()
    }
}

/// A multi-band discriminator of spectra: each band has its own layers, joined for the score.
#[derive(Debug)]
pub(super) struct Resolution {
    params: StftParams,
    bands: Vec<(usize, usize)>,
    stacks: Vec<Vec<Image>>,
    score: Image,
}

impl Resolution {
    fn new(name: &str, window: usize, channels: usize) -> Self {
        let n_bins = window / 2 + 1;
        let edge = |share: f64| (share * n_bins as f64) as usize;
        const WIDTH: usize = 32;
        let stack = |band: usize| {
            let image = |layer: usize, channels_in: usize, kernel: [usize; 2], stride: usize| {
                let name = format!("{name}.band_convs.{band}.{layer}.0");
                Image::new(name, [channels_in, WIDTH], kernel).strided(stride).rectified(SLOPE)
            };
            vec![
                image(0, 2 * channels, [3, 9], 1),
                image(1, WIDTH, [3, 9], 2),
                image(2, WIDTH, [3, 9], 2),
                image(3, WIDTH, [3, 9], 2),
                image(4, WIDTH, [3, 3], 1),
            ]
        };
        Self {
            params: StftParams { n_fft: window, hop: window / 4, center_reflect: true },
            bands: BANDS.iter().map(|&(first, end)| (edge(first), edge(end))).collect(),
            stacks: (0..BANDS.len()).map(stack).collect(),
            score: Image::new(format!("{name}.conv_post"), [WIDTH, 1], [3, 3]),
        }
    }

    /// Features after each activation, band after band.
    pub(super) fn forward(&self, weights: &Weights, audio: Tensor<3>) -> Features {
        let [batch, channels, samples] = audio.dims();
        let parts = stft(audio.reshape([batch * channels, samples]), self.params);
        let [_, _, frames, bins] = parts.dims();
        let parts = parts.reshape([batch, 2 * channels, frames, bins]);
        let mut features = Vec::new();
        let mut seen = Vec::new();
        for (&(first, end), stack) in self.bands.iter().zip(&self.stacks) {
            let mut x = parts.clone().narrow(3, first, end - first);
            for image in stack {
                x = image.forward(weights, x);
                features.push(flat(x.clone()));
            }
            seen.push(x);
        }
        features.push(flat(self.score.forward(weights, Tensor::cat(seen, 3))));
        features
    }

    pub(super) fn images(&self) -> impl Iterator<Item = &Image> {
        self.stacks.iter().flatten().chain([&self.score])
    }

    /// The memory it needs for one sound.
    pub(super) fn extent(&self, channels: usize, samples: usize) -> Extent {
        let (rows, numbers) = (samples / self.params.hop + 1, 2 * channels);
        let of_spectrum = |columns: usize| (numbers * rows * columns) as f64;
        let mut extent = Extent::default();
        extent.keep(of_spectrum(self.params.n_fft / 2 + 1));
        let all = self.bands.iter().zip(&self.stacks);
        let mut extent = all.fold(extent, |mut extent, (&(first, end), stack)| {
            extent.keep(of_spectrum(end - first));
            images::extent(stack, [rows, end - first], extent)
        });
        // The bands are concatenated for the score.
        let last = self.stacks.iter().filter_map(|stack| stack.last()).map(Image::channels_out);
        let columns = (self.params.n_fft / 2 + 1) as f64 / 8.0;
        extent.keep(last.max().unwrap_or(0) as f64 * rows as f64 * columns);
        extent
    }
}
