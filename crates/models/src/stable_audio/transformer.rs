//! The transformer that predicts, of latents with noise, in which direction those without lie.
//!
//! What does not change from step to step is computed once ([`Conditioned`]): keys and values of the words, and what is
//! told of frames that are kept. Words are filled up with one learnt vector; as attention to words knows no order, it
//! stands there once, and counts as often as it is needed by the logarithm of that added to its scores.
//!
//! Sources: Evans et al., "Stable Audio 3", 2026 (arXiv 2605.17991); Peebles and Xie, "Scalable Diffusion Models with
//! Transformers", 2023, for scales, shifts and gates; names of tensors are those of `StableAudio3DiTModel` in
//! Hugging Face's diffusers 0.42.

mod learning;

use std::sync::Arc;

use nn::dense::{Activation, Attention, Linear, Rotary, activate, add, rms_norm};

use super::config::TransformerConfig;
use super::rows::{add_row, add_scaled, attend_all, multiply, sigmoid, two_layers, waves};
use super::weights::{Component, Maker, Reading, biased, plain};
use crate::Error;

pub(crate) use self::learning::places;
pub(super) use self::learning::{Learning, Told};

/// The network.
pub(super) struct Transformer<M: Maker> {
    config: TransformerConfig,
    time: [M::Linear; 2],
    words: [M::Linear; 2],
    global: [M::Linear; 2],
    modulation: [M::Linear; 2],
    padding: M::Vector,
    before: M::Linear,
    after: M::Linear,
    proj_in: M::Linear,
    proj_out: M::Linear,
    memory: M::Vector,
    /// Blocks of a stand-in share their weights.
    blocks: Vec<Arc<Block<M>>>,
    rotary: Rotary,
}

struct Block<M: Maker> {
    /// Before attention to itself, to words, and before the feed forward.
    norms: [M::Vector; 3],
    /// Queries (two of differences), keys (as many), values.
    own: Vec<M::Linear>,
    own_out: M::Linear,
    own_norms: [M::Vector; 2],
    queries: Vec<M::Linear>,
    keys_values: Vec<M::Linear>,
    cross_out: M::Linear,
    cross_norms: [M::Vector; 2],
    /// Numbers and their gates.
    forward: Vec<M::Linear>,
    forward_out: M::Linear,
    modulation: M::Vector,
    local: Option<[M::Linear; 2]>,
}

/// What the network is told about all steps.
pub(super) struct Conditioned {
    /// For each block keys and values of the words.
    words: Vec<(Vec<Vec<f32>>, Vec<f32>)>,
    /// What is added to the scores of each word; nothing where all count once.
    bias: Vec<f32>,
    /// The length.
    global: Vec<f32>,
    /// For each block what is added: a row for all frames, or one for each.
    local: Vec<Vec<f32>>,
}

/// What is said of words, for [`Transformer::condition`].
pub(super) struct Words<'a> {
    /// What the pieces mean, `[pieces][n_condition]`.
    pub(super) hidden: &'a [f32],
    /// Pieces that are lacking to as many as the model takes.
    pub(super) n_lacking: usize,
    /// Whether the vector that stands for those is zero instead of the learnt one.
    pub(super) lacking_are_zero: bool,
    /// What is said of the length, `[n_condition]`; zeros where nothing is.
    pub(super) length: &'a [f32],
}

/// What is kept of a sound, for [`Transformer::condition`].
pub(super) enum Kept<'a> {
    /// The network is not told.
    Untold,
    /// It is told that nothing is.
    Nothing,
    /// `[frames][n_local]`: 1 and the latents where they are kept, else zeros.
    Frames(&'a [f32]),
}

impl<M: Maker> Transformer<M> {
    pub(super) fn make(
        config: &TransformerConfig,
        component: &Component,
        maker: &mut M,
    ) -> Result<Self, Error> {
        let TransformerConfig { n_latent, width, n_condition, .. } = *config;
        let mut pair = |name: &str, n_in: usize, n_out: usize, has_bias: bool| {
            let shape =
                |n_out, n_in| if has_bias { biased(n_out, n_in) } else { plain(n_out, n_in) };
            Ok::<_, Error>([
                maker.linear(&format!("{name}.0"), shape(width, n_in), 1)?,
                maker.linear(&format!("{name}.2"), shape(n_out, width), 1)?,
            ])
        };
        let time = pair("to_timestep_embed", even(config.n_waves), width, true)?;
        let words = pair("to_cond_embed", n_condition, width, false)?;
        let global = pair("to_global_embed", n_condition, width, false)?;
        let modulation = pair("global_cond_embedder", width, 6 * width, true)?;
        Ok(Self {
            time,
            words,
            global,
            modulation,
            padding: maker.vector("prompt_padding_embedding", &[n_condition])?,
            before: maker.linear("preprocess_conv", plain(n_latent, n_latent), 1)?,
            after: maker.linear("postprocess_conv", plain(n_latent, n_latent), 1)?,
            proj_in: maker.linear("proj_in", plain(width, n_latent), 1)?,
            proj_out: maker.linear("proj_out", plain(n_latent, width), 1)?,
            memory: match config.n_memory {
                0 => maker.nothing(),
                n => maker.vector("memory_tokens", &[n, width])?,
            },
            blocks: (0..config.depth)
                .map(|i| {
                    let name = format!("transformer_blocks.{i}");
                    Block::make(config, component, &name, maker).map(Arc::new)
                })
                .collect::<Result<_, _>>()?,
            rotary: Rotary::new(config.n_rotated, 10_000.0),
            config: config.clone(),
        })
    }
}

fn even(n: usize) -> usize {
    n / 2 * 2
}

/// What is said of words and length, `[pieces][n_condition]`, and what is added to the scores of each piece; nothing where
/// all count once.
fn said_of(words: &Words<'_>, padding: &[f32], n_condition: usize) -> (Vec<f32>, Vec<f32>) {
    let mut said = words.hidden.to_vec();
    if words.n_lacking > 0 {
        match words.lacking_are_zero {
            true => said.extend(vec![0.0; n_condition]),
            false => said.extend(padding),
        }
    }
    said.extend(words.length);
    let mut bias = vec![];
    if words.n_lacking > 1 {
        bias = vec![0.0; said.len() / n_condition];
        bias[words.hidden.len() / n_condition] = (words.n_lacking as f32).ln();
    }
    (said, bias)
}

/// A gain with a scale folded into it.
fn modulated_gain(gain: &[f32], scale: &[f32]) -> Vec<f32> {
    gain.iter().zip(scale).map(|(gain, it)| gain * (1.0 + it)).collect()
}

fn gates_of(gates: &[f32]) -> Vec<f32> {
    gates.iter().map(|gate| sigmoid(1.0 - gate)).collect()
}

impl<M: Maker> Block<M> {
    fn make(
        config: &TransformerConfig,
        component: &Component,
        name: &str,
        maker: &mut M,
    ) -> Result<Self, Error> {
        let TransformerConfig { width, n_inner, .. } = *config;
        let head = width / config.n_heads;
        let n = if config.is_differential { 2 } else { 1 };
        let of = |part: &str| format!("{name}.{part}");
        let mut norm = |part: &str, n: usize| maker.vector(&of(&format!("{part}.gamma")), &[n]);
        let norms =
            [norm("pre_norm", width)?, norm("cross_attend_norm", width)?, norm("ff_norm", width)?];
        let own_norms = [norm("self_attn.q_norm", head)?, norm("self_attn.k_norm", head)?];
        let cross_norms = [norm("cross_attn.q_norm", head)?, norm("cross_attn.k_norm", head)?];
        let own = maker.parts(&of("self_attn.to_qkv"), 2 * n + 1, plain(width, width))?;
        Ok(Self {
            norms,
            own_norms,
            cross_norms,
            own: component.in_order(own),
            own_out: maker.layer(&of("self_attn.to_out"), plain(width, width))?,
            queries: maker.parts(&of("cross_attn.to_q"), n, plain(width, width))?,
            keys_values: maker.parts(&of("cross_attn.to_kv"), n + 1, plain(width, width))?,
            cross_out: maker.layer(&of("cross_attn.to_out"), plain(width, width))?,
            forward: maker.parts(&of("ff.proj_in"), 2, biased(n_inner, width))?,
            forward_out: maker.layer(&of("ff.proj_out"), biased(width, n_inner))?,
            modulation: maker.vector(&of("to_scale_shift_gate"), &[6 * width])?,
            local: match config.n_local {
                0 => None,
                n => Some([
                    maker.linear(&of("to_local_embed.0"), biased(width, n), 1)?,
                    maker.linear(&of("to_local_embed.2"), biased(width, width), 1)?,
                ]),
            },
        })
    }
}

impl Transformer<Reading> {
    /// Computes what does not change from step to step.
    pub(super) fn condition(&self, words: &Words<'_>, kept: &Kept<'_>) -> Conditioned {
        let config = &self.config;
        let (said, bias) = said_of(words, &self.padding, config.n_condition);
        let said = two_layers(&self.words, &said);
        let of_block = |block: &Block<Reading>| {
            let mut keys: Vec<Vec<f32>> =
                block.keys_values.iter().map(|it| it.run(&said)).collect();
            let values = keys.pop().unwrap_or_default();
            let normed = |key: Vec<f32>| rms_norm(&key, &block.cross_norms[1], config.head_epsilon);
            (keys.into_iter().map(normed).collect(), values)
        };
        let local = |block: &Block<Reading>| match (&block.local, kept) {
            (None, _) | (_, Kept::Untold) => vec![],
            (Some(layers), Kept::Nothing) => two_layers(layers, &vec![0.0; config.n_local]),
            (Some(layers), Kept::Frames(frames)) => two_layers(layers, frames),
        };
        Conditioned {
            words: self.blocks.iter().map(|it| of_block(it)).collect(),
            bias,
            global: two_layers(&self.global, words.length),
            local: self.blocks.iter().map(|it| local(it)).collect(),
        }
    }

    /// Tells the length alone, which was not among the words.
    pub(super) fn tell_length(&self, conditioned: &mut Conditioned, length: &[f32]) {
        conditioned.global = two_layers(&self.global, length);
    }

    /// Of latents `[frames][n_latent]` with noise of a level, the velocity: their noise less what they would be without.
    /// Frames from `n_valid` on are there, but say nothing to the others.
    pub(super) fn velocity(
        &self,
        latents: &[f32],
        level: f32,
        conditioned: &Conditioned,
        n_valid: usize,
    ) -> Vec<f32> {
        let config = &self.config;
        let mut global = two_layers(&self.time, &waves(level, config.n_waves, [0.5, 10_000.0]));
        add(&mut global, &conditioned.global);
        let modulation = two_layers(&self.modulation, &global);

        let mut latents = latents.to_vec();
        let through = self.before.run(&latents);
        add(&mut latents, &through);
        let mut x = self.memory.clone();
        x.extend(self.proj_in.run(&latents));
        let n_valid = config.n_memory + n_valid;
        for (i, block) in self.blocks.iter().enumerate() {
            let words = &conditioned.words[i];
            let words = Crossed { keys: &words.0, values: &words.1, bias: &conditioned.bias };
            let around =
                Around { modulation: &modulation, words, local: &conditioned.local[i], n_valid };
            block.run(config, &self.rotary, &around, &mut x);
        }
        let mut out = self.proj_out.run(&x[config.n_memory * config.width..]);
        let through = self.after.run(&out);
        add(&mut out, &through);
        out
    }

    /// Bytes of its weights.
    pub(super) fn n_bytes(&self) -> usize {
        let of_block = |block: &Block<Reading>| {
            let layers = block.own.iter().chain(&block.queries).chain(&block.keys_values);
            let layers = layers.chain(&block.forward).chain(block.local.iter().flatten());
            let layers = layers.chain([&block.own_out, &block.cross_out, &block.forward_out]);
            layers.map(Linear::n_bytes).sum::<usize>() + 4 * block.modulation.len()
        };
        let pairs = [&self.time, &self.words, &self.global, &self.modulation].into_iter().flatten();
        let single = [&self.before, &self.after, &self.proj_in, &self.proj_out];
        self.blocks.iter().map(|it| of_block(it)).sum::<usize>()
            + pairs.chain(single).map(Linear::n_bytes).sum::<usize>()
    }
}

/// The words of a block.
struct Crossed<'a> {
    keys: &'a [Vec<f32>],
    values: &'a [f32],
    bias: &'a [f32],
}

/// What a block is given besides frames.
struct Around<'a> {
    modulation: &'a [f32],
    words: Crossed<'a>,
    local: &'a [f32],
    n_valid: usize,
}

impl Block<Reading> {
    fn run(&self, config: &TransformerConfig, rotary: &Rotary, around: &Around<'_>, x: &mut [f32]) {
        let width = config.width;
        let modulation: Vec<f32> =
            self.modulation.iter().zip(around.modulation).map(|(a, b)| a + b).collect();
        let part = |i: usize| &modulation[i * width..][..width];
        // Scales and gates are folded into what is done to every frame anyway.
        let modulated = |x: &[f32], gain: &[f32], scale: &[f32], shift: &[f32]| {
            let mut normed = rms_norm(x, &modulated_gain(gain, scale), config.epsilon);
            add_row(&mut normed, shift);
            normed
        };
        let gate = |i: usize| gates_of(part(i));

        let normed = modulated(x, &self.norms[0], part(0), part(1));
        add_scaled(x, &self.own(config, rotary, &normed, around.n_valid), &gate(2));

        let normed = rms_norm(x, &self.norms[1], config.epsilon);
        add(x, &self.crossed(config, &normed, &around.words));

        let of_sound = &mut x[config.n_memory * width..];
        if around.local.len() == width {
            add_row(of_sound, around.local);
        } else if !around.local.is_empty() {
            add(of_sound, around.local);
        }

        let normed = modulated(x, &self.norms[2], part(3), part(4));
        let mut gates = self.forward[1].run(&normed);
        activate(Activation::Silu, &mut gates);
        multiply(&mut gates, &self.forward[0].run(&normed));
        add_scaled(x, &self.forward_out.run(&gates), &gate(5));
    }

    /// Attention of frames to each other.
    fn own(
        &self,
        config: &TransformerConfig,
        rotary: &Rotary,
        x: &[f32],
        n_valid: usize,
    ) -> Vec<f32> {
        let head_dim = config.width / config.n_heads;
        let n = self.own.len() / 2;
        let turned = |layer: &Linear, norm: &[f32]| {
            let mut out = rms_norm(&layer.run(x), norm, config.head_epsilon);
            rotary.turn(&mut out, config.n_heads, head_dim, 0);
            out
        };
        let queries: Vec<Vec<f32>> =
            self.own[..n].iter().map(|layer| turned(layer, &self.own_norms[0])).collect();
        let keys: Vec<Vec<f32>> =
            self.own[n..2 * n].iter().map(|layer| turned(layer, &self.own_norms[1])).collect();
        let mut values = self.own[2 * n].run(x);
        // As in the original on a CPU, frames that say nothing still take their share of attention.
        values.iter_mut().skip(n_valid * config.width).for_each(|x| *x = 0.0);
        let how = Attention::plain(config.n_heads, head_dim);
        self.own_out.run(&attend_all(&how, &queries, &keys, &values))
    }

    /// Attention of frames to words.
    fn crossed(&self, config: &TransformerConfig, x: &[f32], words: &Crossed<'_>) -> Vec<f32> {
        let normed =
            |layer: &Linear| rms_norm(&layer.run(x), &self.cross_norms[0], config.head_epsilon);
        let queries: Vec<Vec<f32>> = self.queries.iter().map(normed).collect();
        let n_rows = config.n_heads * x.len() / config.width;
        let bias = words.bias.repeat(if words.bias.is_empty() { 0 } else { n_rows });
        let how = Attention {
            bias: if bias.is_empty() { None } else { Some(&bias) },
            ..Attention::plain(config.n_heads, config.width / config.n_heads)
        };
        self.cross_out.run(&attend_all(&how, &queries, words.keys, words.values))
    }
}
