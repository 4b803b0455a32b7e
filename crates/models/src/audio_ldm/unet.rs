//! The network that takes noise away: down to coarser latents and up again, told the time and the text in every block.
//! Source: Liu et al., "`AudioLDM`: Text-to-Audio Generation with Latent Diffusion Models", 2023.

use nn::dense::{Activation, Conv2d, GroupNorm, Kernel2d, Linear, Pictures, activate};

use super::blocks::{Norms, Residual, Transformer, TransformerShape, halving, smoothing};
use super::config::UnetConfig;
use crate::layers::Tensors;

/// Kinds of block that are known.
pub(super) const KINDS: [&str; 4] =
    ["DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"];
/// The kind of block in the middle.
pub(super) const MID: &str = "UNetMidBlock2DCrossAttn";

/// The network.
#[derive(Debug)]
pub(super) struct Unet {
    time: [Linear; 2],
    text: Linear,
    first: Conv2d,
    down: Vec<Level>,
    middle: (Residual, Transformer, Residual),
    up: Vec<Level>,
    norm: GroupNorm,
    last: Conv2d,
    config: UnetConfig,
}

/// A level on one of the ways.
#[derive(Debug)]
struct Level {
    blocks: Vec<(Residual, Option<Transformer>)>,
    /// What changes the size of pictures behind it.
    change: Option<Conv2d>,
}

/// Makes the parts of a network.
struct Maker<'a> {
    tensors: &'a mut Tensors,
    config: &'a UnetConfig,
    norms: Norms,
    time_size: usize,
}

impl Maker<'_> {
    fn residual(&mut self, at: &str, channels: [usize; 2]) -> Residual {
        Residual::new(self.tensors, at, channels, Some(self.time_size), self.norms)
    }

    fn transformer(&mut self, at: &str, level: usize) -> Transformer {
        let config = self.config;
        let shape = TransformerShape {
            channels: config.block_out_channels[level],
            n_heads: config.n_heads(level),
            n_blocks: config.transformer_layers_per_block,
            is_double: config.cross_attention_dim.is_some(),
            is_linear: config.use_linear_projection,
            n_groups: config.norm_num_groups,
        };
        Transformer::new(self.tensors, at, &shape)
    }

    /// Blocks whose first channels are given, and which all give those of their level.
    fn blocks(
        &mut self,
        at: &str,
        kind: &str,
        level: usize,
        channels_in: &[usize],
    ) -> Vec<(Residual, Option<Transformer>)> {
        let out = self.config.block_out_channels[level];
        let attends = kind.starts_with("CrossAttn");
        let block = |(i, channels): (usize, &usize)| {
            let residual = self.residual(&format!("{at}.resnets.{i}"), [*channels, out]);
            let transformer =
                attends.then(|| self.transformer(&format!("{at}.attentions.{i}"), level));
            (residual, transformer)
        };
        channels_in.iter().enumerate().map(block).collect()
    }
}

impl Unet {
    pub(super) fn new(tensors: &mut Tensors, config: &UnetConfig) -> Self {
        let widths = &config.block_out_channels;
        let (n, time_size) = (config.n_levels(), 4 * widths[0]);
        let time = [
            tensors.linear("time_embedding.linear_1", [widths[0], time_size]),
            tensors.linear("time_embedding.linear_2", [time_size, time_size]),
        ];
        let text = tensors.linear("class_embedding", [config.text_size(), time_size]);
        let kernel = Kernel2d::square(config.in_channels, widths[0], 3);
        let first = tensors.conv2d("conv_in", &kernel);
        let norms = Norms { n_groups: config.norm_num_groups, epsilon: config.norm_eps as f32 };
        let of_block = time_size * (1 + usize::from(config.class_embeddings_concat));
        let mut make = Maker { tensors, config, norms, time_size: of_block };
        // What levels on the way up take from those on the way down, last first.
        let mut kept = vec![widths[0]];
        let mut down = vec![];
        for level in 0..n {
            let at = format!("down_blocks.{level}");
            let mut channels_in = vec![widths[level]; config.n_layers(level)];
            channels_in[0] = widths[level.saturating_sub(1)];
            let blocks = make.blocks(&at, &config.down_block_types[level], level, &channels_in);
            kept.extend(channels_in.iter().map(|_| widths[level]));
            let change = (level + 1 < n).then(|| {
                kept.push(widths[level]);
                halving(make.tensors, &at, widths[level], [1, 1])
            });
            down.push(Level { blocks, change });
        }
        let coarsest = [widths[n - 1]; 2];
        let middle = (
            make.residual("mid_block.resnets.0", coarsest),
            make.transformer("mid_block.attentions.0", n - 1),
            make.residual("mid_block.resnets.1", coarsest),
        );
        let mut up = vec![];
        let mut before = widths[n - 1];
        for (i, kind) in config.up_block_types.iter().enumerate() {
            let (level, at) = (n - 1 - i, format!("up_blocks.{i}"));
            let channels_in: Vec<usize> = (0..=config.n_layers(level))
                .map(|_| std::mem::replace(&mut before, widths[level]) + kept.pop().unwrap_or(0))
                .collect();
            let blocks = make.blocks(&at, kind, level, &channels_in);
            let change = (level > 0).then(|| smoothing(make.tensors, &at, widths[level]));
            up.push(Level { blocks, change });
        }
        let norm = norms.of(tensors, "conv_norm_out", widths[0]);
        let kernel = Kernel2d::square(widths[0], config.out_channels, 3);
        let last = tensors.conv2d("conv_out", &kernel);
        Self { time, text, first, down, middle, up, norm, last, config: config.clone() }
    }

    /// The noise in latents at a time of the training; each latent is told an embedding of a text,
    /// `[latents][text_size]`.
    ///
    /// # Panics
    /// When there are other embeddings than latents.
    pub(super) fn run(&self, x: &Pictures, time: f64, texts: &[f32]) -> Pictures {
        assert_eq!(texts.len(), x.n * self.config.text_size(), "an embedding for every latent");
        let times = self.told(time, texts);
        let mut x = self.first.run(x);
        let mut kept = vec![x.clone()];
        for level in &self.down {
            for (residual, transformer) in &level.blocks {
                x = run_block(residual, transformer.as_ref(), x, &times);
                kept.push(x.clone());
            }
            if let Some(change) = &level.change {
                x = change.run(&x);
                kept.push(x.clone());
            }
        }
        let (before, transformer, after) = &self.middle;
        x = after.run(&run_block(before, Some(transformer), x, &times), &times);
        for level in &self.up {
            for (residual, transformer) in &level.blocks {
                let beside = kept.pop().expect("as many blocks up as pictures were kept");
                let joined = x.beside(&beside);
                drop((x, beside));
                x = run_block(residual, transformer.as_ref(), joined, &times);
            }
            if let (Some(change), Some(next)) = (&level.change, kept.last()) {
                x = change.run(&x.enlarged(next.size()));
            }
        }
        self.last.run(&self.norm.run_activated(&x, Activation::Silu))
    }

    /// Time and texts as every block is told them, activated.
    fn told(&self, time: f64, texts: &[f32]) -> Vec<f32> {
        let mut inner = self.time[0].run(&frequencies(&self.config, time));
        activate(Activation::Silu, &mut inner);
        let time = self.time[1].run(&inner);
        let mut told = vec![];
        for text in self.text.run(texts).chunks_exact(time.len()) {
            if self.config.class_embeddings_concat {
                told.extend_from_slice(&time);
                told.extend_from_slice(text);
            } else {
                told.extend(time.iter().zip(text).map(|(time, text)| time + text));
            }
        }
        activate(Activation::Silu, &mut told);
        told
    }
}

fn run_block(
    residual: &Residual,
    transformer: Option<&Transformer>,
    x: Pictures,
    times: &[f32],
) -> Pictures {
    let out = residual.run(&x, times);
    drop(x);
    match transformer {
        None => out,
        Some(transformer) => transformer.run(out),
    }
}

/// Sines and cosines of the time at frequencies that fall to a ten-thousandth. Source: Ho et al., "Denoising Diffusion
/// Probabilistic Models", 2020, after Vaswani et al., 2017.
fn frequencies(config: &UnetConfig, time: f64) -> Vec<f32> {
    let half = config.block_out_channels[0] / 2;
    let step = -10_000f64.ln() / (half as f64 - config.freq_shift);
    // In single precision, as the reference turns large angles.
    let angle = |i: usize| (time as f32) * ((step * i as f64) as f32).exp();
    let sines = (0..half).map(|i| angle(i).sin());
    let cosines = (0..half).map(|i| angle(i).cos());
    if config.flip_sin_to_cos {
        cosines.chain(sines).collect()
    } else {
        sines.chain(cosines).collect()
    }
}
