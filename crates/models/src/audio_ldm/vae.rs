//! The network between spectrograms and latents. Source: Rombach et al., "High-Resolution Image Synthesis with Latent
//! Diffusion Models", 2022.

use nn::dense::{Activation, Conv2d, GroupNorm, Kernel2d, Linear, Pictures};

pub(super) use super::blocks::Spelling;
use super::blocks::{Norms, PICTURE_EPSILON, PixelAttention, Residual, halving, smoothing};
use super::config::VaeConfig;
use crate::layers::Tensors;

/// The network.
#[derive(Debug)]
pub(super) struct Vae {
    encoder: Half,
    /// From what the encoder gives to means and spreads.
    to_latent: Linear,
    from_latent: Linear,
    decoder: Half,
    latent_channels: usize,
}

/// Encoder or decoder.
#[derive(Debug)]
struct Half {
    first: Conv2d,
    levels: Vec<(Vec<Residual>, Option<Conv2d>)>,
    middle: (Residual, PixelAttention, Residual),
    norm: GroupNorm,
    last: Conv2d,
}

impl Vae {
    pub(super) fn new(tensors: &mut Tensors, config: &VaeConfig, spelling: Spelling) -> Self {
        let n = config.latent_channels;
        Self {
            encoder: Half::encoder(tensors, config, spelling),
            to_latent: tensors.pointwise("quant_conv", [2 * n, 2 * n]),
            from_latent: tensors.pointwise("post_quant_conv", [n, n]),
            decoder: Half::decoder(tensors, config, spelling),
            latent_channels: n,
        }
    }

    /// The spectrogram of latents.
    pub(super) fn decode(&self, latents: &Pictures) -> Pictures {
        let half = &self.decoder;
        let mut x = half.first.run(&latents.with_values(self.from_latent.run(&latents.values)));
        x = half.run_middle(&x);
        for (blocks, change) in &half.levels {
            x = blocks.iter().fold(x, |x, block| block.run(&x, &[]));
            if let Some(change) = change {
                x = change.run(&x.enlarged([2 * x.rows, 2 * x.columns]));
            }
        }
        half.run_last(&x)
    }

    /// The likeliest latents of a spectrogram.
    pub(super) fn encode(&self, spectrogram: &Pictures) -> Pictures {
        let half = &self.encoder;
        let mut x = half.first.run(spectrogram);
        for (blocks, change) in &half.levels {
            x = blocks.iter().fold(x, |x, block| block.run(&x, &[]));
            if let Some(change) = change {
                x = change.run(&x);
            }
        }
        let x = half.run_last(&half.run_middle(&x));
        // Means come first, then spreads, which nothing is drawn from here.
        let both = self.to_latent.run(&x.values);
        let means = both.chunks_exact(2 * self.latent_channels);
        x.with_values(means.flat_map(|it| &it[..self.latent_channels]).copied().collect())
    }
}

impl Half {
    fn middle(
        tensors: &mut Tensors,
        at: &str,
        n: usize,
        norms: Norms,
        spelling: Spelling,
    ) -> (Residual, PixelAttention, Residual) {
        let at = format!("{at}.mid_block");
        let before = Residual::new(tensors, &format!("{at}.resnets.0"), [n, n], None, norms);
        let attention =
            PixelAttention::new(tensors, &format!("{at}.attentions.0"), n, norms, spelling);
        let after = Residual::new(tensors, &format!("{at}.resnets.1"), [n, n], None, norms);
        (before, attention, after)
    }

    fn encoder(tensors: &mut Tensors, config: &VaeConfig, spelling: Spelling) -> Self {
        let (norms, widths) = (norms_of(config), &config.block_out_channels);
        let first = Kernel2d::square(config.in_channels, widths[0], 3);
        let first = tensors.conv2d("encoder.conv_in", &first);
        let mut levels = vec![];
        let mut before = widths[0];
        for (i, width) in widths.iter().enumerate() {
            let at = format!("encoder.down_blocks.{i}");
            let blocks = blocks(tensors, &at, [before, *width], config.layers_per_block, norms);
            let change = (i + 1 < widths.len()).then(|| halving(tensors, &at, *width, [0, 1]));
            levels.push((blocks, change));
            before = *width;
        }
        let middle = Self::middle(tensors, "encoder", before, norms, spelling);
        let norm = norms.of(tensors, "encoder.conv_norm_out", before);
        let last = Kernel2d::square(before, 2 * config.latent_channels, 3);
        let last = tensors.conv2d("encoder.conv_out", &last);
        Self { first, levels, middle, norm, last }
    }

    fn decoder(tensors: &mut Tensors, config: &VaeConfig, spelling: Spelling) -> Self {
        let (norms, widths) = (norms_of(config), &config.block_out_channels);
        let mut before = *widths.last().unwrap_or(&1);
        let first = Kernel2d::square(config.latent_channels, before, 3);
        let first = tensors.conv2d("decoder.conv_in", &first);
        let middle = Self::middle(tensors, "decoder", before, norms, spelling);
        let mut levels = vec![];
        for (i, width) in widths.iter().rev().enumerate() {
            let at = format!("decoder.up_blocks.{i}");
            let blocks = blocks(tensors, &at, [before, *width], config.layers_per_block + 1, norms);
            let change = (i + 1 < widths.len()).then(|| smoothing(tensors, &at, *width));
            levels.push((blocks, change));
            before = *width;
        }
        let norm = norms.of(tensors, "decoder.conv_norm_out", before);
        let last = Kernel2d::square(before, config.out_channels, 3);
        let last = tensors.conv2d("decoder.conv_out", &last);
        Self { first, levels, middle, norm, last }
    }

    fn run_middle(&self, x: &Pictures) -> Pictures {
        let (before, attention, after) = &self.middle;
        after.run(&attention.run(before.run(x, &[])), &[])
    }

    fn run_last(&self, x: &Pictures) -> Pictures {
        self.last.run(&self.norm.run_activated(x, Activation::Silu))
    }
}

fn norms_of(config: &VaeConfig) -> Norms {
    Norms { n_groups: config.norm_num_groups, epsilon: PICTURE_EPSILON }
}

/// Residual blocks of a level, the first of which changes the number of channels.
fn blocks(
    tensors: &mut Tensors,
    at: &str,
    [before, width]: [usize; 2],
    n: usize,
    norms: Norms,
) -> Vec<Residual> {
    let mut block = |i: usize| {
        let channels = [if i == 0 { before } else { width }, width];
        Residual::new(tensors, &format!("{at}.resnets.{i}"), channels, None, norms)
    };
    (0..n).map(&mut block).collect()
}
