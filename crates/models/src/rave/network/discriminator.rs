//! The discriminators of phase 2: networks that judge whether a sound is a recording.
//!
//! Some look at every second, third, fifth… sample, some listen at a half or a quarter of the rate.
//!
//! Source: Kong et al., 2020, <https://arxiv.org/abs/2010.05646> (periods); Kumar et al., 2019,
//! <https://arxiv.org/abs/1910.06711> (scales).

use burn::tensor::Tensor;
use nn::Weights;

use super::layers::{self, Conv};
use crate::rave::Config;

/// All discriminators of a model.
#[derive(Debug)]
pub(crate) struct Discriminators {
    all: Vec<Discriminator>,
}

#[derive(Debug)]
struct Discriminator {
    view: View,
    convs: Vec<Conv>,
}

/// How a discriminator sees sound.
#[derive(Clone, Copy, Debug)]
enum View {
    /// Folded into that many rows: every row has each n-th sample.
    Period(usize),
    /// With this many times two samples averaged to one.
    Scale(usize),
}

/// What one discriminator made of sounds: the output of each of its layers, the last is its score.
pub(crate) type Features = Vec<Tensor<3>>;

/// Frames that a layer skips.
const STRIDE: usize = 4;
/// Layers before the score.
const N_LAYERS: usize = 4;

impl Discriminators {
    pub(super) fn new(config: &Config) -> Self {
        let periods = config.discriminator_periods.iter().enumerate().map(|(i, &period)| {
            let name = format!("discriminator.discriminators.0.layers.{i}");
            let convs = convs(&name, config, 5).into_iter().map(Conv::stored_2d).collect();
            Discriminator { view: View::Period(period), convs }
        });
        let scales = (0..config.discriminator_scales).map(|i| {
            let name = format!("discriminator.discriminators.1.layers.{i}");
            Discriminator { view: View::Scale(i), convs: convs(&name, config, 15) }
        });
        Self { all: periods.chain(scales).collect() }
    }

    /// The features of each discriminator. Shape of `audio`: `[batch, channels, samples]`.
    ///
    /// Features of those that look at periods are `[batch * period, channels, frames]`.
    pub(crate) fn forward(&self, weights: &Weights, audio: &Tensor<3>) -> Vec<Features> {
        let features = |discriminator: &Discriminator| {
            let mut x = discriminator.view.of(audio.clone());
            let outputs = discriminator.convs.iter().map(|conv| {
                x = conv.forward(weights, x.clone());
                x.clone()
            });
            outputs.collect()
        };
        self.all.iter().map(features).collect()
    }

    /// Numbers that all of them write to memory for one sound.
    pub(super) fn activations(&self, samples: f64) -> f64 {
        let of_one = |discriminator: &Discriminator| {
            let samples = match discriminator.view {
                View::Period(_) => samples,
                View::Scale(halvings) => samples / (1 << halvings) as f64,
            };
            layers::activations(discriminator.convs.iter(), samples)
        };
        self.all.iter().map(of_one).sum()
    }

    pub(super) fn convs(&self) -> impl Iterator<Item = &Conv> {
        self.all.iter().flat_map(|discriminator| &discriminator.convs)
    }
}

impl View {
    fn of(self, audio: Tensor<3>) -> Tensor<3> {
        let [batch, channels, samples] = audio.dims();
        match self {
            Self::Period(period) => {
                let folds = samples.div_ceil(period);
                let fill = folds * period - samples;
                let audio = match fill {
                    0 => audio,
                    _ => {
                        let zeros = Tensor::zeros([batch, channels, fill], &audio.device());
                        Tensor::cat(vec![audio, zeros], 2)
                    }
                };
                audio.reshape([batch, channels, folds, period]).permute([0, 3, 1, 2]).reshape([
                    batch * period,
                    channels,
                    folds,
                ])
            }
            Self::Scale(halvings) => (0..halvings).fold(audio, |audio, _| {
                let pairs = audio.dims()[2] / 2;
                let audio = audio.narrow(2, 0, 2 * pairs).reshape([batch, channels, pairs, 2]);
                audio.mean_dim(3).reshape([batch, channels, pairs])
            }),
        }
    }
}

fn convs(name: &str, config: &Config, kernel: usize) -> Vec<Conv> {
    let mut channels = config.channels;
    let mut convs: Vec<Conv> = Vec::with_capacity(N_LAYERS + 1);
    for layer in 0..N_LAYERS {
        let out = config.discriminator_capacity << layer;
        let conv = Conv::centred(place(name, layer), [channels, out], kernel, STRIDE).biased();
        convs.push(if layer == 0 { conv } else { conv.rectified() });
        channels = out;
    }
    let score = Conv::centred(place(name, N_LAYERS), [channels, 1], 1, 1).biased().plain();
    convs.push(score.rectified());
    convs
}

/// The rectifiers between the convolutions have places of their own in the original's list.
fn place(name: &str, layer: usize) -> String {
    format!("{name}.net.{}", 2 * layer)
}
