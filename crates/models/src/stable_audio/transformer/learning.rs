//! The same transformer for training adapters: its weights stay as they are and lie packed twice, for the way forward and for
//! gradients on their way back.
//!
//! A pass keeps what went into each part ([`Pass`]); the way back is written by hand, as gradients of weights, which a
//! library would compute, are needed of adapters alone.

use std::sync::Arc;

use nn::Init;
use nn::dense::backward::{add_outer, attend_backward, gated_backward, product, rms_norm_backward};
use nn::dense::{Activation, Attention, Linear, Precision, activate, add, rms_norm};

use super::super::config::TransformerConfig;
use super::super::rows::{add_row, add_scaled, attend_all, multiply, waves};
use super::super::weights::{Component, Maker, Reading, Shape};
use super::{Block, Kept, Transformer, Words, gates_of, modulated_gain, said_of};
use crate::Error;
use crate::lora::{Adapter, Place, transposed};

/// Packs every weight for both ways.
pub(in crate::stable_audio) struct Learning {
    source: Source,
    precision: Precision,
}

/// Where weights come from.
enum Source {
    Files(Box<Reading>),
    /// Random numbers, for a stand-in.
    Random,
}

/// A layer whose weights stay as they are.
pub(in crate::stable_audio) struct Frozen {
    /// The name of its weight, without its ending.
    name: String,
    forward: Linear,
    /// Takes gradients back; none where no adapter lies before the layer.
    backward: Option<Linear>,
}

/// Layers that get gradients, and hand none on.
const FIRST: &str = "cross_attn.to_kv";
/// Small layers that hand gradients on.
const LAST: [&str; 2] = ["proj_out", "postprocess_conv"];

impl Maker for Learning {
    type Linear = Frozen;
    type Vector = Vec<f32>;

    fn parts(&mut self, name: &str, n_parts: usize, shape: Shape) -> Result<Vec<Frozen>, Error> {
        let Shape { n_out, n_in, has_bias } = shape;
        let weight = self.vector(&format!("{name}.weight"), &[n_parts * n_out, n_in])?;
        let bias = match has_bias {
            true => self.vector(&format!("{name}.bias"), &[n_parts * n_out])?,
            false => vec![],
        };
        let precision = self.precision;
        let part = |i: usize| {
            let bias = has_bias.then(|| &bias[i * n_out..][..n_out]);
            let weight = &weight[i * n_out * n_in..][..n_out * n_in];
            Frozen {
                name: name.to_owned(),
                forward: Linear::new(weight, n_in, bias, precision),
                backward: (!name.ends_with(FIRST))
                    .then(|| Linear::transposed(weight, n_in, precision)),
            }
        };
        Ok((0..n_parts).map(part).collect())
    }

    fn linear(&mut self, name: &str, shape: Shape, n_taps: usize) -> Result<Frozen, Error> {
        let Shape { n_out, n_in, has_bias } = shape;
        let precision = match self.precision {
            Precision::Int8 => Precision::Int16,
            it => it,
        };
        let weight = match &mut self.source {
            Source::Files(reading) => reading.weight(name, shape, n_taps)?,
            Source::Random => random(name, n_out * n_taps * n_in, n_in),
        };
        let bias = has_bias.then(|| self.vector(&format!("{name}.bias"), &[n_out])).transpose()?;
        let forward = Linear::new(&weight, n_taps * n_in, bias.as_deref(), precision);
        let hands_on = LAST.contains(&name) && n_taps == 1;
        let backward = hands_on.then(|| Linear::transposed(&weight, n_in, precision));
        Ok(Frozen { name: name.to_owned(), forward, backward })
    }

    fn vector(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        match &mut self.source {
            Source::Files(reading) => reading.vector(name, shape),
            Source::Random => Ok(random(name, shape.iter().product(), *shape.last().unwrap_or(&1))),
        }
    }

    fn nothing(&mut self) -> Vec<f32> {
        vec![]
    }
}

/// Random weights of a layer with so many inputs.
fn random(name: &str, n: usize, n_in: usize) -> Vec<f32> {
    let bound = (3.0 / n_in as f32).sqrt();
    Init::named(0, name).uniform(n, -bound, bound)
}

/// The layers of blocks that can have additions.
pub(crate) fn places(config: &TransformerConfig) -> Vec<Place> {
    let (width, n) = (config.width, if config.is_differential { 2 } else { 1 });
    let of_block = |i: usize| {
        [
            ("self_attn.to_qkv", [(2 * n + 1) * width, width]),
            ("self_attn.to_out", [width, width]),
            ("cross_attn.to_q", [n * width, width]),
            ("cross_attn.to_kv", [(n + 1) * width, width]),
            ("cross_attn.to_out", [width, width]),
            ("ff.proj_in", [2 * config.n_inner, width]),
            ("ff.proj_out", [width, config.n_inner]),
        ]
        .map(|(part, shape)| (format!("transformer_blocks.{i}.{part}"), shape))
    };
    (0..config.depth).flat_map(of_block).collect()
}

/// What the network is told about all levels of noise, which no adapter changes.
pub(in crate::stable_audio) struct Told {
    /// What is said of words and length, `[pieces][width]`.
    said: Vec<f32>,
    bias: Vec<f32>,
    global: Vec<f32>,
    /// For each block what is added to all frames.
    local: Vec<Vec<f32>>,
}

/// What went into the parts of the network on the way forward.
pub(in crate::stable_audio) struct Pass {
    modulation: Vec<f32>,
    blocks: Vec<Passed>,
}

/// What went into the parts of a block.
struct Passed {
    /// Frames before attention to each other, to words, and before the feed forward; and the same, normalised.
    x: [Vec<f32>; 3],
    normed: [Vec<f32>; 3],
    /// Scales, shifts and gates.
    modulation: Vec<f32>,
    own: Heads,
    crossed: Heads,
    /// Numbers, gates, and their products.
    numbers: Vec<f32>,
    gates: Vec<f32>,
    inner: Vec<f32>,
}

/// What went into an attention, and what came out.
struct Heads {
    /// As their layers give them.
    raw_queries: Vec<Vec<f32>>,
    raw_keys: Vec<Vec<f32>>,
    queries: Vec<Vec<f32>>,
    keys: Vec<Vec<f32>>,
    values: Vec<f32>,
    seen: Vec<f32>,
}

/// Gradients of what went into an attention's layers.
struct HeadGradients {
    queries: Vec<Vec<f32>>,
    keys: Vec<Vec<f32>>,
    values: Vec<f32>,
}

/// An adapter, and the gradients of its numbers where they are wanted.
struct Learnt<'a> {
    adapter: &'a Adapter,
    gradients: &'a mut [f32],
}

/// What layers that share their input give, with an adapter's addition.
fn run(parts: &[Frozen], x: &[f32], adapter: &Adapter) -> Vec<Vec<f32>> {
    let mut outs: Vec<Vec<f32>> = parts.iter().map(|it| it.forward.run(x)).collect();
    let Some(layer) = parts.first().and_then(|it| adapter.layer(&it.name)) else { return outs };
    let (down, up) = layer.parts(adapter.values());
    let mut between = product(x, layer.n_in, down, layer.rank);
    between.iter_mut().for_each(|x| *x *= layer.scale());
    let n_out = layer.n_out / parts.len();
    for (out, up) in outs.iter_mut().zip(up.chunks_exact(n_out * layer.rank)) {
        add(out, &product(&between, layer.rank, &transposed(up, layer.rank), n_out));
    }
    outs
}

/// The gradient of the input of such layers, of those of what they gave; those of the adapter are added to its own.
fn back(parts: &[Frozen], x: &[f32], gradients: &[&[f32]], learnt: &mut Learnt<'_>) -> Vec<f32> {
    let mut to_input: Vec<f32> = vec![];
    for (part, gradient) in parts.iter().zip(gradients) {
        let Some(layer) = &part.backward else { continue };
        match to_input.is_empty() {
            true => to_input = layer.run(gradient),
            false => add(&mut to_input, &layer.run(gradient)),
        }
    }
    let layer = parts.first().and_then(|it| learnt.adapter.layer(&it.name));
    let Some(layer) = layer else { return to_input };
    let (down, up) = layer.parts(learnt.adapter.values());
    let (of_down, of_up) = layer.parts_mut(learnt.gradients);
    let (rank, n_out) = (layer.rank, layer.n_out / parts.len());
    let mut between = product(x, layer.n_in, down, rank);
    between.iter_mut().for_each(|x| *x *= layer.scale());
    let mut of_between = vec![0.0; between.len()];
    for (i, gradient) in gradients.iter().enumerate() {
        let of = i * n_out * rank..(i + 1) * n_out * rank;
        add_outer(gradient, n_out, &between, rank, &mut of_up[of.clone()]);
        add(&mut of_between, &product(gradient, n_out, &up[of], rank));
    }
    of_between.iter_mut().for_each(|x| *x *= layer.scale());
    add_outer(x, layer.n_in, &of_between, rank, of_down);
    if !to_input.is_empty() {
        let down = transposed(down, rank);
        add(&mut to_input, &product(&of_between, rank, &down, layer.n_in));
    }
    to_input
}

/// Two layers with an activation between them.
fn through(layers: &[Frozen; 2], x: &[f32]) -> Vec<f32> {
    let mut inner = layers[0].forward.run(x);
    activate(Activation::Silu, &mut inner);
    layers[1].forward.run(&inner)
}

impl Transformer<Learning> {
    /// Reads and packs the weights.
    pub(in crate::stable_audio) fn learning(
        config: &TransformerConfig,
        component: &Component,
        reading: Reading,
    ) -> Result<Self, Error> {
        let precision = reading.precision;
        let source = Source::Files(Box::new(reading));
        Self::make(config, component, &mut Learning { source, precision })
    }

    /// One of this size whose blocks all are the first, with random weights.
    pub(in crate::stable_audio) fn stand_in(
        config: &TransformerConfig,
        precision: Precision,
    ) -> Self {
        let mut maker = Learning { source: Source::Random, precision };
        let component = Component::Transformer(super::super::config::Layout::Folders);
        let single = TransformerConfig { depth: 1, ..config.clone() };
        let mut made =
            Self::make(&single, &component, &mut maker).expect("random numbers are always there");
        let first = Arc::clone(&made.blocks[0]);
        made.blocks = vec![first; config.depth];
        made.config = config.clone();
        made
    }

    /// Computes what is told.
    pub(in crate::stable_audio) fn tell(&self, words: &Words<'_>, kept: &Kept<'_>) -> Told {
        let (said, bias) = said_of(words, &self.padding, self.config.n_condition);
        let local = |block: &Block<Learning>| match (&block.local, kept) {
            (None, _) | (_, Kept::Untold) => vec![],
            (Some(layers), Kept::Nothing) => through(layers, &vec![0.0; self.config.n_local]),
            (Some(layers), Kept::Frames(frames)) => through(layers, frames),
        };
        Told {
            said: through(&self.words, &said),
            bias,
            global: through(&self.global, words.length),
            local: self.blocks.iter().map(|it| local(it)).collect(),
        }
    }

    /// Of latents `[frames][n_latent]` with noise of a level, the velocity, as [`Transformer::velocity`] gives it of weights
    /// to which the adapter was added; and what the way back needs.
    pub(in crate::stable_audio) fn forward(
        &self,
        latents: &[f32],
        level: f32,
        told: &Told,
        adapter: &Adapter,
    ) -> (Vec<f32>, Pass) {
        let config = &self.config;
        let mut global = through(&self.time, &waves(level, config.n_waves, [0.5, 10_000.0]));
        add(&mut global, &told.global);
        let modulation = through(&self.modulation, &global);
        let mut latents = latents.to_vec();
        let passed = self.before.forward.run(&latents);
        add(&mut latents, &passed);
        let mut x = self.memory.clone();
        x.extend(self.proj_in.forward.run(&latents));
        let mut pass = Pass { modulation, blocks: vec![] };
        for (block, local) in self.blocks.iter().zip(&told.local) {
            let passed = block.forward(self, &pass.modulation, (told, local), adapter, &mut x);
            pass.blocks.push(passed);
        }
        let mut out = self.proj_out.forward.run(&x[config.n_memory * config.width..]);
        let passed = self.after.forward.run(&out);
        add(&mut out, &passed);
        (out, pass)
    }

    /// Adds to `gradients` those of the adapter's numbers, of that of the velocity.
    pub(in crate::stable_audio) fn backward(
        &self,
        pass: &Pass,
        gradient: &[f32],
        told: &Told,
        adapter: &Adapter,
        gradients: &mut [f32],
    ) {
        let config = &self.config;
        let handed = |layer: &Frozen, gradient: &[f32]| {
            layer.backward.as_ref().map(|it| it.run(gradient)).unwrap_or_default()
        };
        let mut of_out = gradient.to_vec();
        add(&mut of_out, &handed(&self.after, gradient));
        let mut of_x = vec![0.0; config.n_memory * config.width];
        of_x.extend(handed(&self.proj_out, &of_out));
        let mut learnt = Learnt { adapter, gradients };
        for (block, passed) in self.blocks.iter().zip(&pass.blocks).rev() {
            block.backward(self, passed, told, &mut learnt, &mut of_x);
        }
    }
}

impl Block<Learning> {
    fn forward(
        &self,
        network: &Transformer<Learning>,
        modulation: &[f32],
        (told, local): (&Told, &[f32]),
        adapter: &Adapter,
        x: &mut [f32],
    ) -> Passed {
        let config = &network.config;
        let width = config.width;
        let modulation: Vec<f32> =
            self.modulation.iter().zip(modulation).map(|(a, b)| a + b).collect();
        let part = |i: usize| &modulation[i * width..][..width];
        let modulated = |x: &[f32], gain: &[f32], i: usize| {
            let mut normed = rms_norm(x, &modulated_gain(gain, part(i)), config.epsilon);
            add_row(&mut normed, part(i + 1));
            normed
        };

        let first = x.to_vec();
        let normed_first = modulated(x, &self.norms[0], 0);
        let own = self.own_heads(network, &normed_first, adapter);
        add_scaled(
            x,
            &run(std::slice::from_ref(&self.own_out), &own.seen, adapter)[0],
            &gates_of(part(2)),
        );

        let second = x.to_vec();
        let normed_second = rms_norm(x, &self.norms[1], config.epsilon);
        let crossed = self.crossed_heads(config, &normed_second, told, adapter);
        add(x, &run(std::slice::from_ref(&self.cross_out), &crossed.seen, adapter)[0]);

        let of_sound = &mut x[config.n_memory * width..];
        if local.len() == width {
            add_row(of_sound, local);
        } else if !local.is_empty() {
            add(of_sound, local);
        }

        let third = x.to_vec();
        let normed_third = modulated(x, &self.norms[2], 3);
        let mut both = run(&self.forward, &normed_third, adapter);
        let (gates, numbers) = (both.pop().unwrap_or_default(), both.pop().unwrap_or_default());
        let mut inner = gates.clone();
        activate(Activation::Silu, &mut inner);
        multiply(&mut inner, &numbers);
        add_scaled(
            x,
            &run(std::slice::from_ref(&self.forward_out), &inner, adapter)[0],
            &gates_of(part(5)),
        );
        Passed {
            x: [first, second, third],
            normed: [normed_first, normed_second, normed_third],
            modulation,
            own,
            crossed,
            numbers,
            gates,
            inner,
        }
    }

    /// Attention of frames to each other.
    fn own_heads(&self, network: &Transformer<Learning>, x: &[f32], adapter: &Adapter) -> Heads {
        let config = &network.config;
        let head_dim = config.width / config.n_heads;
        let n = self.own.len() / 2;
        let mut raw_queries = run(&self.own, x, adapter);
        let values = raw_queries.pop().unwrap_or_default();
        let raw_keys = raw_queries.split_off(n);
        let turned = |raw: &Vec<f32>, norm: &[f32]| {
            let mut out = rms_norm(raw, norm, config.head_epsilon);
            network.rotary.turn(&mut out, config.n_heads, head_dim, 0);
            out
        };
        let queries: Vec<_> = raw_queries.iter().map(|it| turned(it, &self.own_norms[0])).collect();
        let keys: Vec<_> = raw_keys.iter().map(|it| turned(it, &self.own_norms[1])).collect();
        let how = Attention::plain(config.n_heads, head_dim);
        let seen = attend_all(&how, &queries, &keys, &values);
        Heads { raw_queries, raw_keys, queries, keys, values, seen }
    }

    /// Attention of frames to words.
    fn crossed_heads(
        &self,
        config: &TransformerConfig,
        x: &[f32],
        told: &Told,
        adapter: &Adapter,
    ) -> Heads {
        let normed = |raw: &Vec<f32>, norm: &[f32]| rms_norm(raw, norm, config.head_epsilon);
        let raw_queries = run(&self.queries, x, adapter);
        let mut raw_keys = run(&self.keys_values, &told.said, adapter);
        let values = raw_keys.pop().unwrap_or_default();
        let queries: Vec<_> =
            raw_queries.iter().map(|it| normed(it, &self.cross_norms[0])).collect();
        let keys: Vec<_> = raw_keys.iter().map(|it| normed(it, &self.cross_norms[1])).collect();
        let bias = bias_of(config, told, x.len());
        let how = crossing(config, &bias);
        let seen = attend_all(&how, &queries, &keys, &values);
        Heads { raw_queries, raw_keys, queries, keys, values, seen }
    }

    /// Turns the gradient of what the block gave into that of what went in.
    fn backward(
        &self,
        network: &Transformer<Learning>,
        passed: &Passed,
        told: &Told,
        learnt: &mut Learnt<'_>,
        of_x: &mut [f32],
    ) {
        let config = &network.config;
        let width = config.width;
        let part = |i: usize| &passed.modulation[i * width..][..width];
        let gated = |gradient: &[f32], i: usize| {
            let mut out = vec![0.0; gradient.len()];
            add_scaled(&mut out, gradient, &gates_of(part(i)));
            out
        };
        let one = std::slice::from_ref;

        let of_inner = back(one(&self.forward_out), &passed.inner, &[&gated(of_x, 5)], learnt);
        let (of_gates, of_numbers) = gated_backward(&passed.gates, &passed.numbers, &of_inner);
        let of_normed = back(&self.forward, &passed.normed[2], &[&of_numbers, &of_gates], learnt);
        let gain = modulated_gain(&self.norms[2], part(3));
        add(of_x, &rms_norm_backward(&passed.x[2], &gain, config.epsilon, &of_normed));

        let heads = &passed.crossed;
        let of_seen = back(one(&self.cross_out), &heads.seen, &[of_x], learnt);
        let bias = bias_of(config, told, of_x.len());
        let of =
            heads.backward(&crossing(config, &bias), &of_seen, &self.cross_norms, config, |_| {});
        let of_normed = back(&self.queries, &passed.normed[1], &slices(&of.queries, None), learnt);
        back(&self.keys_values, &told.said, &slices(&of.keys, Some(&of.values)), learnt);
        add(of_x, &rms_norm_backward(&passed.x[1], &self.norms[1], config.epsilon, &of_normed));

        let heads = &passed.own;
        let of_seen = back(one(&self.own_out), &heads.seen, &[&gated(of_x, 2)], learnt);
        let head_dim = width / config.n_heads;
        let how = Attention::plain(config.n_heads, head_dim);
        let of = heads.backward(&how, &of_seen, &self.own_norms, config, |gradient| {
            network.rotary.turn_back(gradient, config.n_heads, head_dim, 0);
        });
        let mut all = slices(&of.queries, None);
        all.extend(slices(&of.keys, Some(&of.values)));
        let of_normed = back(&self.own, &passed.normed[0], &all, learnt);
        let gain = modulated_gain(&self.norms[0], part(0));
        add(of_x, &rms_norm_backward(&passed.x[0], &gain, config.epsilon, &of_normed));
    }
}

impl Heads {
    /// The gradients of what the layers gave. `turn_back` undoes what was done to queries and keys after they were normalised.
    fn backward(
        &self,
        how: &Attention<'_>,
        of_seen: &[f32],
        norms: &[Vec<f32>; 2],
        config: &TransformerConfig,
        turn_back: impl Fn(&mut [f32]),
    ) -> HeadGradients {
        let mut out =
            HeadGradients { queries: vec![], keys: vec![], values: vec![0.0; self.values.len()] };
        // The second of two heads is taken away.
        let mut gradient = of_seen.to_vec();
        for (i, (queries, keys)) in self.queries.iter().zip(&self.keys).enumerate() {
            if i == 1 {
                gradient.iter_mut().for_each(|x| *x = -*x);
            }
            let all = [&queries[..], &keys[..], &self.values[..]];
            let [mut of_queries, mut of_keys, of_values] = attend_backward(how, all, &gradient);
            add(&mut out.values, &of_values);
            turn_back(&mut of_queries);
            turn_back(&mut of_keys);
            let back = |raw: &[f32], norm: &[f32], gradient: &[f32]| {
                rms_norm_backward(raw, norm, config.head_epsilon, gradient)
            };
            out.queries.push(back(&self.raw_queries[i], &norms[0], &of_queries));
            out.keys.push(back(&self.raw_keys[i], &norms[1], &of_keys));
        }
        out
    }
}

fn slices<'a>(all: &'a [Vec<f32>], last: Option<&'a Vec<f32>>) -> Vec<&'a [f32]> {
    all.iter().chain(last).map(Vec::as_slice).collect()
}

/// What is added to the scores of each word, for all heads and frames.
fn bias_of(config: &TransformerConfig, told: &Told, n_values: usize) -> Vec<f32> {
    let n_rows = config.n_heads * n_values / config.width;
    told.bias.repeat(if told.bias.is_empty() { 0 } else { n_rows })
}

fn crossing<'a>(config: &TransformerConfig, bias: &'a [f32]) -> Attention<'a> {
    Attention {
        bias: if bias.is_empty() { None } else { Some(bias) },
        ..Attention::plain(config.n_heads, config.width / config.n_heads)
    }
}
