//! The autoencoder: sound to latents, a few hundred numbers about ten times a second, and latents to sound.
//!
//! Samples are folded into frames without being computed; then each level groups frames with one more, which sees them
//! through a few transformer layers, and keeps that (or, towards the sound, makes several of one). Frames see only those
//! near them, so a long sound is computed piece by piece, each with its surroundings, and the result is the same.
//!
//! Sources: Stability AI, "SAME", 2026 (arXiv 2605.18613); names of tensors are those of `AutoencoderSAME` in Hugging
//! Face's diffusers 0.42.

use nn::dense::{Activation, Attention, Linear, Rotary, activate, add};

use super::config::{AutoencoderConfig, LevelConfig, Sight};
use super::rows::{attend_all, dynamic_tanh, multiply};
use super::weights::{Component, Maker, Reading, biased, plain};
use crate::Error;

/// The network.
pub(super) struct Autoencoder<M: Maker> {
    config: AutoencoderConfig,
    encoder: Vec<Level<M>>,
    decoder: Vec<Level<M>>,
    encoder_out: M::Linear,
    decoder_in: M::Linear,
    scale: M::Vector,
    bias: M::Vector,
    deviation: M::Vector,
}

struct Level<M: Maker> {
    config: LevelConfig,
    is_decoder: bool,
    n_taps: usize,
    /// From frames towards the sound to those inside, or back; none where they are as wide.
    mapping: Option<M::Linear>,
    token: M::Vector,
    layers: Vec<Layer<M>>,
    rotary: Rotary,
}

struct Layer<M: Maker> {
    norms: [DynamicTanh<M>; 2],
    head_norms: [DynamicTanh<M>; 2],
    /// Queries (two of differences), keys (as many), values.
    attention: Vec<M::Linear>,
    out: M::Linear,
    /// Numbers and their gates.
    forward: Vec<M::Linear>,
    forward_out: M::Linear,
    has_sine: bool,
}

struct DynamicTanh<M: Maker> {
    alpha: M::Vector,
    gamma: M::Vector,
    beta: M::Vector,
}

/// Latents of a piece, without its surroundings.
const PIECE: usize = 64;
/// Groups of frames whose attention is computed together where they see those near them.
pub(super) const GROUPS: usize = 8;

impl<M: Maker> Autoencoder<M> {
    pub(super) fn make(
        config: &AutoencoderConfig,
        component: &Component,
        maker: &mut M,
    ) -> Result<Self, Error> {
        let n_latent = config.n_latent;
        let width = config.levels.last().map_or(1, |level| level.width);
        let mut half = |is_decoder: bool| {
            let mut levels = vec![];
            for i in 0..config.levels.len() {
                let from = if is_decoder { config.levels.len() - 1 - i } else { i };
                let name = format!("{}.blocks.{i}", if is_decoder { "decoder" } else { "encoder" });
                levels.push(Level::make(
                    config,
                    from,
                    is_decoder,
                    (component, name.as_str()),
                    maker,
                )?);
            }
            Ok::<_, Error>(levels)
        };
        let (encoder, decoder) = (half(false)?, half(true)?);
        Ok(Self {
            encoder,
            decoder,
            encoder_out: maker.linear("encoder.proj", biased(n_latent, width), 1)?,
            decoder_in: maker.linear("decoder.proj", biased(width, n_latent), 1)?,
            scale: maker.vector("bottleneck.scale", &[1, n_latent, 1])?,
            bias: maker.vector("bottleneck.bias", &[1, n_latent, 1])?,
            deviation: maker.vector("bottleneck.running_std", &[1])?,
            config: config.clone(),
        })
    }
}

impl<M: Maker> Level<M> {
    fn make(
        config: &AutoencoderConfig,
        level: usize,
        is_decoder: bool,
        (component, name): (&Component, &str),
        maker: &mut M,
    ) -> Result<Self, Error> {
        let level = &config.levels[level];
        let LevelConfig { n_outer, width, .. } = *level;
        let n_taps = config.taps[usize::from(!is_decoder)];
        let shape = if is_decoder { biased(n_outer, width) } else { biased(width, n_outer) };
        let n_tokens = if config.shares_token || !is_decoder { 1 } else { level.stride };
        let n_sines = level.n_sines[usize::from(is_decoder)];
        Ok(Self {
            mapping: match n_outer == width {
                true => None,
                false => Some(maker.linear(&format!("{name}.mapping"), shape, n_taps)?),
            },
            token: maker.vector(&format!("{name}.new_tokens"), &[1, n_tokens, width])?,
            layers: (0..level.depth)
                .map(|i| {
                    let has_sine = level.depth - i < n_sines;
                    let n = if config.is_differential { 2 } else { 1 };
                    let name = format!("{name}.transformers.{i}");
                    Layer::make(level, n, has_sine, (component, name.as_str()), maker)
                })
                .collect::<Result<_, _>>()?,
            rotary: Rotary::new(super::config::even(level.head_dim / 2), 10_000.0),
            config: level.clone(),
            is_decoder,
            n_taps,
        })
    }
}

impl<M: Maker> Layer<M> {
    fn make(
        config: &LevelConfig,
        n: usize,
        has_sine: bool,
        (component, name): (&Component, &str),
        maker: &mut M,
    ) -> Result<Self, Error> {
        let LevelConfig { width, head_dim, n_inner, .. } = *config;
        let of = |part: &str| format!("{name}.{part}");
        let mut norm = |part: &str, n: usize| {
            Ok::<_, Error>(DynamicTanh {
                alpha: maker.vector(&of(&format!("{part}.alpha")), &[1])?,
                gamma: maker.vector(&of(&format!("{part}.gamma")), &[n])?,
                beta: maker.vector(&of(&format!("{part}.beta")), &[n])?,
            })
        };
        let norms = [norm("norm_attn", width)?, norm("norm_ff", width)?];
        let head_norms = [norm("attn.q_norm", head_dim)?, norm("attn.k_norm", head_dim)?];
        let attention = maker.parts(&of("attn.to_qkv"), 2 * n + 1, plain(width, width))?;
        Ok(Self {
            norms,
            head_norms,
            attention: component.in_order(attention),
            out: maker.layer(&of("attn.to_out"), plain(width, width))?,
            forward: maker.parts(&of("ff.proj_in"), 2, biased(n_inner, width))?,
            forward_out: maker.layer(&of("ff.proj_out"), biased(width, n_inner))?,
            has_sine,
        })
    }
}

impl Autoencoder<Reading> {
    /// The latents of a sound, `[channels][samples]`: `[frames][n_latent]`, the last frame filled up with silence.
    pub(super) fn encode(
        &self,
        sound: &[Vec<f32>],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Vec<f32>> {
        let config = &self.config;
        let hop = config.hop();
        let n_samples = sound.first().map_or(0, Vec::len);
        let n_frames = n_samples.div_ceil(hop);
        let mut out = Vec::with_capacity(n_frames * config.n_latent);
        for Piece { from, until, start, end } in pieces(config, n_frames) {
            if !go_on() {
                return None;
            }
            let x = folded(config, sound, start * hop, (end * hop).min(n_samples));
            let x = self.encoder.iter().fold(x, |x, level| level.run(x));
            let latents = self.encoder_out.run(&x);
            out.extend(
                &latents[(from - start) * config.n_latent..(until - start) * config.n_latent],
            );
        }
        for latent in out.chunks_exact_mut(config.n_latent) {
            for ((x, scale), bias) in latent.iter_mut().zip(&self.scale).zip(&self.bias) {
                *x = (*x * scale + bias) / self.deviation[0];
            }
        }
        Some(out)
    }

    /// The sound of latents `[frames][n_latent]`: `[channels][samples]`, as many as whole frames have. None if it was to
    /// stop.
    pub(super) fn decode(
        &self,
        latents: &[f32],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Vec<Vec<f32>>> {
        let config = &self.config;
        let n_latent = config.n_latent;
        let n_frames = latents.len() / n_latent;
        let mut out = vec![Vec::with_capacity(n_frames * config.hop()); config.n_channels];
        for Piece { from, until, start, end } in pieces(config, n_frames) {
            if !go_on() {
                return None;
            }
            let x: Vec<f32> = latents[start * n_latent..end * n_latent]
                .iter()
                .map(|x| x * self.deviation[0])
                .collect();
            let x = self.decoder.iter().fold(self.decoder_in.run(&x), |x, level| level.run(x));
            let n = (until - from) * config.hop();
            unfold(config, &x, (from - start) * config.hop(), n, &mut out);
        }
        Some(out)
    }

    /// Bytes of its weights.
    pub(super) fn n_bytes(&self) -> usize {
        let of_layer = |layer: &Layer<Reading>| {
            let layers = layer.attention.iter().chain(&layer.forward);
            layers.chain([&layer.out, &layer.forward_out]).map(Linear::n_bytes).sum::<usize>()
        };
        let of_level = |level: &Level<Reading>| {
            let mapping = level.mapping.as_ref().map_or(0, Linear::n_bytes);
            mapping + level.layers.iter().map(of_layer).sum::<usize>()
        };
        self.encoder.iter().chain(&self.decoder).map(of_level).sum()
    }
}

/// A piece of latents: those that are wanted, and those that are computed.
struct Piece {
    from: usize,
    until: usize,
    start: usize,
    end: usize,
}

fn pieces(config: &AutoencoderConfig, n_frames: usize) -> impl Iterator<Item = Piece> {
    let reach = config.reach();
    let length = PIECE.next_multiple_of(config.alignment());
    (0..n_frames.div_ceil(length)).map(move |i| {
        let (from, until) = (i * length, ((i + 1) * length).min(n_frames));
        Piece { from, until, start: from.saturating_sub(reach), end: (until + reach).min(n_frames) }
    })
}

/// The most latents that are computed at once.
pub(super) fn piece_frames(config: &AutoencoderConfig) -> usize {
    PIECE.next_multiple_of(config.alignment()) + 2 * config.reach()
}

/// Samples as frames: `patch` of the first channel, then those of the next; filled up with silence.
fn folded(config: &AutoencoderConfig, sound: &[Vec<f32>], start: usize, end: usize) -> Vec<f32> {
    let patch = config.patch;
    let n_frames = (end - start).div_ceil(patch);
    let mut out = vec![0.0; n_frames * patch * sound.len()];
    for (i, frame) in out.chunks_exact_mut(patch * sound.len()).enumerate() {
        let from = start + i * patch;
        let n = patch.min(end - from);
        for (channel, to) in sound.iter().zip(frame.chunks_exact_mut(patch)) {
            to[..n].copy_from_slice(&channel[from..from + n]);
        }
    }
    out
}

/// Appends samples of frames to channels.
fn unfold(config: &AutoencoderConfig, x: &[f32], skip: usize, n: usize, out: &mut [Vec<f32>]) {
    let patch = config.patch;
    let width = patch * config.n_channels;
    for (c, channel) in out.iter_mut().enumerate() {
        let samples = x.chunks_exact(width).flat_map(|frame| &frame[c * patch..][..patch]);
        channel.extend(samples.skip(skip).take(n));
    }
}

impl Level<Reading> {
    /// Frames of this level to those of the next.
    fn run(&self, x: Vec<f32>) -> Vec<f32> {
        let LevelConfig { n_outer, width, stride, sight, .. } = self.config;
        let group = stride + 1;
        let (n_in, multiple) = match (self.is_decoder, sight) {
            (true, Sight::Band(_)) => (width, 1),
            (true, Sight::Pieces { n, .. }) => (width, n),
            (false, Sight::Band(_)) => (n_outer, stride),
            (false, Sight::Pieces { n, .. }) => (n_outer, n * stride),
        };
        let mut x = x;
        if !self.layers.is_empty() {
            let n = (x.len() / n_in).next_multiple_of(multiple);
            x.resize(n * n_in, 0.0);
        }
        if !self.is_decoder {
            x = self.mapped(x, n_outer);
        }
        if self.layers.is_empty() {
            return if self.is_decoder { self.mapped(x, width) } else { x };
        }
        let n_given = if self.is_decoder { 1 } else { stride };
        let mut grouped = Vec::with_capacity(x.len() / n_given * group);
        for given in x.chunks_exact(n_given * width) {
            grouped.extend_from_slice(given);
            let n_new = group - n_given;
            let repeats = n_new / (self.token.len() / width);
            (0..repeats).for_each(|_| grouped.extend_from_slice(&self.token));
        }
        self.seen(&mut grouped, group);
        let kept = grouped.chunks_exact(group * width).flat_map(|group| &group[n_given * width..]);
        let x: Vec<f32> = kept.copied().collect();
        if self.is_decoder { self.mapped(x, width) } else { x }
    }

    /// Through the convolution between widths, silence around it.
    fn mapped(&self, x: Vec<f32>, n_in: usize) -> Vec<f32> {
        let Some(mapping) = &self.mapping else { return x };
        if self.n_taps == 1 {
            return mapping.run(&x);
        }
        let (n, before) = (x.len() / n_in, self.n_taps / 2);
        let mut beside = vec![0.0; n * self.n_taps * n_in];
        for (i, to) in beside.chunks_exact_mut(self.n_taps * n_in).enumerate() {
            for (tap, to) in to.chunks_exact_mut(n_in).enumerate() {
                if let Some(from) = (i + tap).checked_sub(before).filter(|from| *from < n) {
                    to.copy_from_slice(&x[from * n_in..][..n_in]);
                }
            }
        }
        mapping.run(&beside)
    }

    /// The transformer layers, over all groups.
    fn seen(&self, x: &mut [f32], group: usize) {
        let width = self.config.width;
        match self.config.sight {
            Sight::Band(n) => {
                self.layers
                    .iter()
                    .for_each(|layer| layer.run(self, x, Near::Band(n * group, group)));
            }
            Sight::Pieces { n, is_shifted } => {
                let near = Near::Pieces(n * group);
                let half = if is_shifted { self.layers.len() / 2 } else { self.layers.len() };
                let (first, second) = self.layers.split_at(half);
                first.iter().for_each(|layer| layer.run(self, x, near));
                if second.is_empty() {
                    return;
                }
                // What is beyond the ends of the shifted pieces is what is at the ends.
                let shift = n / 2 * group * width;
                let mut around = x[..shift].to_vec();
                around.extend_from_slice(x);
                around.extend_from_slice(&x[x.len() - shift..]);
                second.iter().for_each(|layer| layer.run(self, &mut around, near));
                x.copy_from_slice(&around[shift..around.len() - shift]);
            }
        }
    }
}

/// Which frames see each other.
#[derive(Clone, Copy)]
enum Near {
    /// Those within so many to both sides, of groups of so many.
    Band(usize, usize),
    /// Those of pieces of so many.
    Pieces(usize),
}

impl Layer<Reading> {
    fn run(&self, level: &Level<Reading>, x: &mut [f32], near: Near) {
        let LevelConfig { width, head_dim, .. } = level.config;
        let n_heads = width / head_dim;
        let normed = self.norms[0].run(x);
        let n = self.attention.len() / 2;
        let turned = |i: usize| {
            let mut out = self.head_norms[i / n].run(&self.attention[i].run(&normed));
            level.rotary.turn(&mut out, n_heads, head_dim, 0);
            out
        };
        let queries: Vec<Vec<f32>> = (0..n).map(turned).collect();
        let keys: Vec<Vec<f32>> = (n..2 * n).map(turned).collect();
        let values = self.attention[2 * n].run(&normed);
        let how = Attention::plain(n_heads, head_dim);
        let seen = near.attend(how, &queries, &keys, &values, width);
        add(x, &self.out.run(&seen));

        let normed = self.norms[1].run(x);
        let mut gates = self.forward[1].run(&normed);
        if self.has_sine {
            gates.iter_mut().for_each(|gate| *gate = (*gate * std::f32::consts::PI).sin());
        } else {
            activate(Activation::Silu, &mut gates);
        }
        multiply(&mut gates, &self.forward[0].run(&normed));
        add(x, &self.forward_out.run(&gates));
    }
}

impl Near {
    fn attend(
        self,
        how: Attention<'_>,
        queries: &[Vec<f32>],
        keys: &[Vec<f32>],
        values: &[f32],
        width: usize,
    ) -> Vec<f32> {
        let n_frames = values.len() / width;
        let mut out = Vec::with_capacity(values.len());
        let (length, reach) = match self {
            Self::Band(reach, group) => (GROUPS * group, reach),
            Self::Pieces(n) => (n, 0),
        };
        let mut from = 0;
        while from < n_frames {
            let until = (from + length).min(n_frames);
            let (start, end) = (from.saturating_sub(reach), (until + reach).min(n_frames));
            let part =
                |x: &[f32], from: usize, until: usize| x[from * width..until * width].to_vec();
            let queries: Vec<Vec<f32>> = queries.iter().map(|it| part(it, from, until)).collect();
            let keys: Vec<Vec<f32>> = keys.iter().map(|it| part(it, start, end)).collect();
            let is_near = |query: usize, key: usize| (from + query).abs_diff(start + key) <= reach;
            let how = match self {
                Self::Band(..) => Attention { sees: Some(&is_near), ..how },
                Self::Pieces(_) => how,
            };
            out.extend(attend_all(&how, &queries, &keys, &values[start * width..end * width]));
            from = until;
        }
        out
    }
}

impl DynamicTanh<Reading> {
    fn run(&self, x: &[f32]) -> Vec<f32> {
        dynamic_tanh(x, self.alpha[0], &self.gamma, &self.beta)
    }
}
