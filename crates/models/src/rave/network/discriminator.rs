//! The discriminators of phase 2: networks that classify a sound as real or reconstructed.
//!
//! Multi-period discriminators see every n-th sample, multi-scale ones the waveform at a half or a quarter
//! of the rate, others spectra. RAVE's own are here, those of the Descript Audio Codec in [`descript`].
//!
//! Source: Kong et al., 2020, <https://arxiv.org/abs/2010.05646> (periods); Kumar et al., 2019,
//! <https://arxiv.org/abs/1910.06711> (scales); Défossez et al., 2022,
//! <https://arxiv.org/abs/2210.13438> (spectra).

mod descript;
mod images;

use burn::tensor::Tensor;
use nn::{Parameters, StftParams, Weights, stft};

use self::descript::{Period, Resolution, prepared};
use self::images::Image;
use super::extent::Extent;
use super::layers::{self, Conv};
use crate::rave::{Config, DiscriminatorKind};

/// All discriminators of a model.
#[derive(Debug)]
pub(crate) struct Discriminators {
    all: Vec<Discriminator>,
    /// Sounds first get their mean removed and are normalised to a common peak.
    prepares: bool,
}

#[derive(Debug)]
enum Discriminator {
    /// Convolutions over a view of the waveform.
    Waveform { view: View, convs: Vec<Conv> },
    /// Convolutions over a spectrum.
    Spectrum { n_fft: usize, convs: Vec<Image> },
    /// See [`Period`].
    Period(Period),
    /// See [`Resolution`].
    Resolution(Resolution),
}

/// The view of the waveform that a discriminator receives.
#[derive(Clone, Copy, Debug)]
enum View {
    /// Folded into `n` rows of every n-th sample.
    Period(usize),
    /// Halved in rate this many times, by averaging pairs of samples.
    Scale(usize),
}

/// The feature maps of one discriminator: the output of each of its layers; the last is its score.
///
/// Spectral ones flatten frames and bins into the last dimension.
pub(crate) type Features = Vec<Tensor<3>>;

/// The stride of a layer.
const STRIDE: usize = 4;
/// Layers before the score.
const N_LAYERS: usize = 4;

impl Discriminators {
    pub(super) fn new(config: &Config) -> Self {
        let all = match config.discriminator {
            DiscriminatorKind::Rave => of_rave(config),
            DiscriminatorKind::Descript => descript::all(config),
        };
        Self { all, prepares: config.discriminator == DiscriminatorKind::Descript }
    }

    /// The features of each discriminator. Shape of `audio`: `[batch, channels, samples]`.
    ///
    /// Features of multi-period discriminators are `[batch * period, channels, frames]`.
    #[cfg(test)]
    pub(crate) fn forward(&self, weights: &Weights, audio: &Tensor<3>) -> Vec<Features> {
        self.each().map(|it| it.features(weights, audio)).collect()
    }

    /// Each discriminator separately, so that memory is needed for one at a time.
    pub(crate) fn each(&self) -> impl ExactSizeIterator<Item = One<'_>> {
        self.all.iter().map(|discriminator| One { discriminator, prepares: self.prepares })
    }

    /// The memory that each of them needs for one sound.
    pub(in crate::rave) fn extents(&self, channels: usize, samples: usize) -> Vec<Extent> {
        self.all.iter().map(|it| it.extent(channels, samples)).collect()
    }

    pub(super) fn initialise(&self, seed: u64, parameters: &mut Parameters) {
        for discriminator in &self.all {
            discriminator.convs().for_each(|conv| conv.initialise(seed, 1.0, parameters));
            discriminator.images().for_each(|conv| conv.initialise(seed, parameters));
        }
    }

    /// The number of trainable parameters.
    pub(super) fn n_values(&self) -> usize {
        let of_one = |it: &Discriminator| {
            let convs: usize = it.convs().map(Conv::n_values).sum();
            convs + it.images().map(Image::n_values).sum::<usize>()
        };
        self.all.iter().map(of_one).sum()
    }
}

/// One discriminator of a model.
pub(crate) struct One<'a> {
    discriminator: &'a Discriminator,
    prepares: bool,
}

impl One<'_> {
    /// The outputs of its layers. Shape of `audio`: `[batch, channels, samples]`.
    pub(crate) fn features(&self, weights: &Weights, audio: &Tensor<3>) -> Features {
        let audio = if self.prepares { prepared(audio.clone()) } else { audio.clone() };
        self.discriminator.forward(weights, audio)
    }

    /// The scores of two sounds of the same shape, as features of a single layer. Both form one batch, so
    /// that one backward pass sums the gradients of both.
    pub(crate) fn scores_of_both(
        &self,
        weights: &Weights,
        sounds: [&Tensor<3>; 2],
    ) -> [Features; 2] {
        let both = Tensor::cat(sounds.map(Clone::clone).to_vec(), 0);
        let both = self.features(weights, &both).pop().expect("a score at least");
        let n = both.dims()[0] / 2;
        [vec![both.clone().narrow(0, 0, n)], vec![both.narrow(0, n, n)]]
    }
}

impl Discriminator {
    fn forward(&self, weights: &Weights, audio: Tensor<3>) -> Features {
        match self {
            Self::Waveform { view, convs } => {
                let mut x = view.of(audio);
                let outputs = convs.iter().map(|conv| {
                    x = conv.forward(weights, x.clone());
                    x.clone()
                });
                outputs.collect()
            }
            Self::Spectrum { n_fft, convs } => {
                let mut x = spectrum(audio, *n_fft);
                let outputs = convs.iter().map(|conv| {
                    x = conv.forward(weights, x.clone());
                    flat(x.clone())
                });
                outputs.collect()
            }
            Self::Period(period) => period.forward(weights, audio),
            Self::Resolution(resolution) => resolution.forward(weights, audio),
        }
    }

    fn extent(&self, channels: usize, samples: usize) -> Extent {
        match self {
            Self::Waveform { view, convs } => {
                let samples = match view {
                    View::Period(_) => samples as f64,
                    View::Scale(halvings) => samples as f64 / f64::from(1 << *halvings),
                };
                layers::extent(convs.iter(), samples)
            }
            Self::Spectrum { n_fft, convs } => {
                let size = [samples.saturating_sub(*n_fft) / (n_fft / 4) + 1, n_fft / 2 + 1];
                let mut extent = Extent::default();
                extent.keep(2.0 * (channels * size[0] * size[1]) as f64);
                images::extent(convs, size, extent)
            }
            Self::Period(period) => layers::extent(period.convs(), samples as f64),
            Self::Resolution(resolution) => resolution.extent(channels, samples),
        }
    }

    fn convs(&self) -> Box<dyn Iterator<Item = &Conv> + '_> {
        match self {
            Self::Waveform { convs, .. } => Box::new(convs.iter()),
            Self::Period(period) => Box::new(period.convs()),
            Self::Spectrum { .. } | Self::Resolution(_) => Box::new(std::iter::empty()),
        }
    }

    fn images(&self) -> Box<dyn Iterator<Item = &Image> + '_> {
        match self {
            Self::Spectrum { convs, .. } => Box::new(convs.iter()),
            Self::Resolution(resolution) => Box::new(resolution.images()),
            Self::Waveform { .. } | Self::Period(_) => Box::new(std::iter::empty()),
        }
    }
}

/// RAVE's own: multi-period, multi-scale and spectral, as many of each as configured.
fn of_rave(config: &Config) -> Vec<Discriminator> {
    let n_groups = [
        !config.discriminator_periods.is_empty(),
        config.discriminator_scales > 0,
        !config.discriminator_spectra.is_empty(),
    ]
    .map(usize::from);
    // The original numbers the groups only if there are several.
    let group = |i: usize| match n_groups.iter().sum::<usize>() {
        1 => "discriminator".to_owned(),
        _ => format!("discriminator.discriminators.{i}"),
    };
    let [of_periods, of_scales, of_spectra] =
        [group(0), group(n_groups[0]), group(n_groups[0] + n_groups[1])];
    let periods = config.discriminator_periods.iter().enumerate().map(|(i, &period)| {
        let convs = convs(&format!("{of_periods}.layers.{i}"), config, 5);
        let convs = convs.into_iter().map(Conv::stored_2d).collect();
        Discriminator::Waveform { view: View::Period(period), convs }
    });
    let scales = (0..config.discriminator_scales).map(|i| Discriminator::Waveform {
        view: View::Scale(i),
        convs: convs(&format!("{of_scales}.layers.{i}"), config, 15),
    });
    let spectra = config.discriminator_spectra.iter().enumerate().map(|(i, &n_fft)| {
        Discriminator::Spectrum { n_fft, convs: images(&format!("{of_spectra}.nets.{i}"), config) }
    });
    periods.chain(scales).chain(spectra).collect()
}

impl View {
    fn of(self, audio: Tensor<3>) -> Tensor<3> {
        let [batch, channels, samples] = audio.dims();
        match self {
            Self::Period(period) => {
                let fill = samples.next_multiple_of(period) - samples;
                let audio = match fill {
                    0 => audio,
                    _ => {
                        let zeros = Tensor::zeros([batch, channels, fill], &audio.device());
                        Tensor::cat(vec![audio, zeros], 2)
                    }
                };
                folded(audio, period)
            }
            Self::Scale(halvings) => (0..halvings).fold(audio, |audio, _| {
                let pairs = audio.dims()[2] / 2;
                let audio = audio.narrow(2, 0, 2 * pairs).reshape([batch, channels, pairs, 2]);
                audio.mean_dim(3).reshape([batch, channels, pairs])
            }),
        }
    }
}

/// Puts every `period`-th sample into a row of its own. Shape:
/// `[batch, channels, folds * period] -> [batch * period, channels, folds]`.
fn folded(audio: Tensor<3>, period: usize) -> Tensor<3> {
    let [batch, channels, samples] = audio.dims();
    let folds = samples / period;
    let audio = audio.reshape([batch, channels, folds, period]);
    audio.permute([0, 3, 1, 2]).reshape([batch * period, channels, folds])
}

fn convs(name: &str, config: &Config, kernel: usize) -> Vec<Conv> {
    let mut channels = config.channels;
    let mut convs: Vec<Conv> = Vec::with_capacity(N_LAYERS + 1);
    for layer in 0..N_LAYERS {
        let out = config.discriminator_capacity << layer;
        let conv = Conv::centred(layer_name(name, layer), [channels, out], kernel).strided(STRIDE);
        let conv = conv.biased();
        convs.push(if layer == 0 { conv } else { conv.rectified() });
        channels = out;
    }
    let score = Conv::centred(layer_name(name, N_LAYERS), [channels, 1], 1).biased().plain();
    convs.push(score.rectified());
    convs
}

/// The activations between the convolutions also take indices in the original's list.
fn layer_name(name: &str, layer: usize) -> String {
    format!("{name}.net.{}", 2 * layer)
}

/// Convolutions over a spectrum, bins along columns.
fn images(name: &str, config: &Config) -> Vec<Image> {
    let capacity = config.discriminator_spectra_capacity;
    let image = |layer: usize, channels: [usize; 2], kernel: [usize; 2]| {
        let is_last = layer == 5;
        let end = if is_last { "" } else { ".0" };
        let image = Image::new(format!("{name}.net.{layer}{end}"), channels, kernel).transposed();
        if is_last { image } else { image.rectified(layers::SLOPE) }
    };
    vec![
        image(0, [2 * config.channels, capacity], [9, 3]),
        image(1, [capacity, capacity], [9, 3]).strided(2).dilated(1),
        image(2, [capacity, capacity], [9, 3]).strided(2).dilated(2),
        image(3, [capacity, capacity], [9, 3]).strided(2).dilated(4),
        image(4, [capacity, capacity], [3, 3]),
        image(5, [capacity, 1], [3, 3]),
    ]
}

/// A spectrum of unit window energy, real parts of all channels before imaginary ones.
/// Shape: `[batch, channels, samples] -> [batch, 2 * channels, frames, bins]`.
fn spectrum(audio: Tensor<3>, n_fft: usize) -> Tensor<4> {
    let [batch, channels, samples] = audio.dims();
    let params = StftParams { n_fft, hop: n_fft / 4, center_reflect: false };
    let parts = stft(audio.reshape([batch * channels, samples]), params);
    let [_, _, frames, bins] = parts.dims();
    let energy = 3.0 * n_fft as f64 / 8.0;
    let parts = parts / energy.sqrt();
    let parts = parts.reshape([batch, channels, 2, frames, bins]).swap_dims(1, 2);
    parts.reshape([batch, 2 * channels, frames, bins])
}

/// Flattens frames and bins into one dimension.
fn flat(x: Tensor<4>) -> Tensor<3> {
    let [batch, channels, rows, columns] = x.dims();
    x.reshape([batch, channels, rows * columns])
}
