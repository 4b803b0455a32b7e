//! The network from spectrograms to sound. Source: Kong, Kim and Bae, "HiFi-GAN", 2020.

use nn::dense::{Activation, Conv1d, ConvTranspose1d, Kernel1d, activate, add};

use super::config::VocoderConfig;
use crate::layers::Tensors;

/// The network.
#[derive(Debug)]
pub(super) struct Vocoder {
    mean: Vec<f32>,
    scale: Vec<f32>,
    first: Conv1d,
    stages: Vec<Stage>,
    last: Conv1d,
    slope: f32,
    normalises: bool,
}

/// An upsampling layer and the residual blocks behind it, whose outputs are averaged.
#[derive(Debug)]
struct Stage {
    up: ConvTranspose1d,
    blocks: Vec<Vec<[Conv1d; 2]>>,
}

/// Taps of the first and last convolution.
const TAPS: usize = 7;
/// What negative numbers are multiplied by before the last one.
const LAST_SLOPE: f32 = 0.01;

impl Vocoder {
    pub(super) fn new(tensors: &mut Tensors, config: &VocoderConfig) -> Self {
        let (n_bands, widest) = (config.model_in_dim, config.upsample_initial_channel);
        let first = tensors.conv1d("conv_pre", &Kernel1d::same([n_bands, widest], TAPS, 1));
        let sizes = config.upsample_rates.iter().zip(&config.upsample_kernel_sizes);
        let mut stages = vec![];
        for (i, (rate, n_taps)) in sizes.enumerate() {
            let channels = [widest >> i, widest >> (i + 1)];
            let shape = [*n_taps, *rate, (n_taps - rate) / 2];
            let up = tensors.conv_transpose1d(&format!("upsampler.{i}"), channels, shape);
            let n_blocks = config.resblock_kernel_sizes.len();
            let block = |j: usize| {
                let at = format!("resblocks.{}", i * n_blocks + j);
                let n_taps = config.resblock_kernel_sizes[j];
                let layer = |(k, dilation): (usize, &usize)| {
                    let mut conv = |name: &str, dilation: usize| {
                        let kernel = Kernel1d::same([channels[1]; 2], n_taps, dilation);
                        tensors.conv1d(&format!("{at}.{name}.{k}"), &kernel)
                    };
                    [conv("convs1", *dilation), conv("convs2", 1)]
                };
                config.resblock_dilation_sizes[j].iter().enumerate().map(layer).collect()
            };
            stages.push(Stage { up, blocks: (0..n_blocks).map(block).collect() });
        }
        let narrowest = widest >> config.upsample_rates.len();
        Self {
            mean: tensors.array("mean", &[n_bands]),
            scale: tensors.array("scale", &[n_bands]),
            first,
            stages,
            last: tensors.conv1d("conv_post", &Kernel1d::same([narrowest, 1], TAPS, 1)),
            slope: config.leaky_relu_slope as f32,
            normalises: config.normalize_before,
        }
    }

    /// The sound of a spectrogram `[frames][bands]`.
    pub(super) fn run(&self, spectrogram: &[f32]) -> Vec<f32> {
        let mut x = spectrogram.to_vec();
        if self.normalises {
            for frame in x.chunks_exact_mut(self.mean.len()) {
                let line = self.mean.iter().zip(&self.scale);
                frame.iter_mut().zip(line).for_each(|(x, (mean, scale))| *x = (*x - mean) / scale);
            }
        }
        x = self.first.run(&x);
        for stage in &self.stages {
            x = stage.run(&x, self.slope);
        }
        let mut sound = self.last.run_leaky(&x, LAST_SLOPE);
        activate(Activation::Tanh, &mut sound);
        sound
    }
}

impl Stage {
    fn run(&self, x: &[f32], slope: f32) -> Vec<f32> {
        let x = self.up.run_leaky(x, slope);
        let mut sum = vec![0.0; x.len()];
        for block in &self.blocks {
            let mut inner = x.clone();
            for [dilated, plain] in block {
                let out = plain.run_leaky(&dilated.run_leaky(&inner, slope), slope);
                add(&mut inner, &out);
            }
            add(&mut sum, &inner);
        }
        let share = 1.0 / self.blocks.len() as f32;
        sum.iter_mut().for_each(|x| *x *= share);
        sum
    }
}
