//! Layers as steps of a graph.

use super::{Extent, Graph, Op, Signal, Value};
use crate::stream::{
    Activation, Branch, Conv, GruLayer, Layer, Noise, PowerSpectrum, Statistics, Transfer, Upsample,
};

/// Options of turning layers into steps.
#[derive(Clone, Copy, Debug)]
pub struct Lowering {
    /// Layers keep the end of a block as state; else they take a sound as a whole, padded with zeros.
    pub is_streaming: bool,
    /// Factor of the noise; without it the graph draws no random numbers.
    pub noise: Option<Value>,
    /// Style layers gather statistics while they play.
    pub learns: bool,
}

/// Weights of a convolution from which on it plays block by block as a product of matrices: such layers are deep,
/// and a block has few of their frames. PyTorch and onnxruntime multiply those several times faster than they
/// convolve them, transposed most of all (1536 to 768 channels, 8 taps, one frame: 1.4 ms instead of 42 in PyTorch
/// 2.5, 1.2 instead of 3.3 in onnxruntime 1.32), and as fast where frames are many. Transposed ones are always
/// products.
const MIN_PRODUCT: usize = 1 << 15;
/// Taps that are worth joining: filter banks have a thousand over a few channels, and are not deep.
const MAX_TAPS: usize = 16;

fn is_worth_a_product(conv: &Conv) -> bool {
    conv.groups == 1 && conv.kernel <= MAX_TAPS && conv.weight.len() >= MIN_PRODUCT
}

/// Added to the outputs of a noise synthesiser's layers, so that its noise starts out quiet.
const NOISE_SHIFT: f64 = -5.0;

impl Graph {
    /// Adds the steps of `layers` applied to `x`, `[batch, channels, frames]`; `frames` must be a multiple of
    /// their strides.
    pub fn layers(&mut self, layers: &[Layer], x: Signal, how: Lowering) -> Signal {
        layers.iter().fold(x, |x, layer| Signal {
            value: self.layer(layer, x, how),
            channels: channels_out(layer, x.channels),
        })
    }

    fn layer(&mut self, layer: &Layer, signal: Signal, how: Lowering) -> Value {
        let Signal { value: x, channels } = signal;
        match layer {
            Layer::Conv(conv) => self.conv(conv, x, how),
            Layer::Upsample(conv) => self.upsample(conv, x, how),
            Layer::Activate(activation) => self.activate(activation, x),
            Layer::Affine { scale, shift } => self.affine(x, scale, shift),
            Layer::Residual { delay, layers } => {
                let around = self.late(*delay, signal, how);
                let inner = self.layers(layers, signal, how).value;
                self.add(Op::Add, &[inner, around])
            }
            Layer::Sum(branches) => self.joined(branches, &Op::Add, signal, how),
            Layer::Product(branches) => self.joined(branches, &Op::Mul, signal, how),
            Layer::Gate => {
                let half = channels / 2;
                let first = self.channels(x, 0, half);
                let second = self.channels(x, half, channels);
                let second = self.apply(Op::Sigmoid, second);
                self.add(Op::Mul, &[first, second])
            }
            Layer::Mirror { n_band } => self.mirror(x, channels, *n_band),
            Layer::Unfold { groups } => {
                let n = channels / groups;
                let parts = [Extent::Same, Extent::Is(*groups), Extent::Is(n), Extent::Rest];
                let parts = self.apply(Op::Reshape(parts.to_vec()), x);
                let turned = self.apply(Op::Permute(vec![0, 1, 3, 2]), parts);
                self.flat(turned, *groups)
            }
            // Blocks are whole frames of the deepest layer, so nothing has to wait.
            Layer::Gather { .. } => x,
            Layer::Transfer(transfer) => self.transfer(transfer, x, how),
            Layer::Noise(noise) => self.noise(noise, signal, how),
            Layer::Gru(layers) => self.gru(layers, x, how),
            Layer::PowerSpectrum(spectrum) => self.power_spectrum(*spectrum, signal, how),
        }
    }

    fn conv(&mut self, conv: &Conv, x: Value, how: Lowering) -> Value {
        let Conv { channels_in, channels_out, kernel, stride, dilation, groups, .. } = *conv;
        let (left, right) = conv.padding;
        let (seen, padding) = if how.is_streaming {
            let n_before = left + right + conv.delay;
            let span = (kernel - 1) * dilation + 1;
            let x = Signal { value: x, channels: channels_in };
            let seen = self.seen(x, [stride, span, n_before]);
            if is_worth_a_product(conv) && n_before + stride >= span {
                return self.product_of_taps(conv, seen);
            }
            (seen, [0, 0])
        } else {
            (x, [left, right])
        };
        let op = Op::Conv { stride, dilation, groups, padding };
        let weight = self.constant(&[channels_out, channels_in / groups, kernel], &conv.weight);
        self.with_bias(op, seen, weight, &conv.bias)
    }

    /// A convolution without padding as a product of a matrix with the frames that each output looks at.
    fn product_of_taps(&mut self, conv: &Conv, seen: Value) -> Value {
        let Conv { channels_in, channels_out, kernel, stride, dilation, .. } = *conv;
        let mut tap = |i: usize| {
            let (from, after) = (i * dilation, (kernel - 1 - i) * dilation);
            let to = (after > 0).then_some(-(after as i64));
            self.apply(Op::Slice { axis: 2, from: from as i64, to, step: stride }, seen)
        };
        let looked_at = if kernel == 1 && stride == 1 {
            seen
        } else {
            let taps: Vec<Value> = (0..kernel).map(&mut tap).collect();
            self.add(Op::Concat(1), &taps)
        };
        let (n, out) = (kernel * channels_in, channels_out);
        let weight = |i: usize, out: usize| {
            conv.weight[(out * channels_in + i % channels_in) * kernel + i / channels_in]
        };
        let matrix: Vec<f32> =
            (0..n).flat_map(|i| (0..out).map(move |o| (i, o))).map(|(i, o)| weight(i, o)).collect();
        let made = self.product_of_frames(looked_at, &matrix, &conv.bias, [n, out]);
        self.apply(Op::Permute(vec![0, 2, 1]), made)
    }

    fn upsample(&mut self, conv: &Upsample, x: Value, how: Lowering) -> Value {
        let Upsample { channels_in, channels_out, stride, .. } = *conv;
        if !how.is_streaming {
            let weight = self.constant(&[channels_in, channels_out, 2 * stride], &conv.weight);
            let op = Op::ConvTranspose { stride, padding: stride / 2 };
            return self.with_bias(op, x, weight, &conv.bias);
        }
        // Each frame and the one before it make `stride` frames, by the first and the second half of the taps.
        let both = self.with_held(1, channels_in, x);
        let (before, now) = (self.frames(both, 0, Some(-1)), self.frames(both, 1, None));
        let looked_at = self.add(Op::Concat(1), &[before, now]);
        let row = |half: usize, channel: usize| {
            let taps = conv.weight.chunks(2 * stride).skip(channel * channels_out);
            taps.take(channels_out).flat_map(move |taps| &taps[half * stride..][..stride])
        };
        let rows = [1, 0].into_iter().flat_map(|half| (0..channels_in).map(move |c| (half, c)));
        let matrix: Vec<f32> = rows.flat_map(|(half, c)| row(half, c)).copied().collect();
        let bias: Vec<f32> =
            conv.bias.iter().flat_map(|bias| std::iter::repeat_n(*bias, stride)).collect();
        let size = [2 * channels_in, channels_out * stride];
        let made = self.product_of_frames(looked_at, &matrix, &bias, size);
        let parts = [Extent::Same, Extent::Same, Extent::Is(channels_out), Extent::Is(stride)];
        let parts = self.apply(Op::Reshape(parts.to_vec()), made);
        let turned = self.apply(Op::Permute(vec![0, 2, 1, 3]), parts);
        self.flat(turned, channels_out)
    }

    fn with_bias(&mut self, op: Op, x: Value, weight: Value, bias: &[f32]) -> Value {
        if bias.is_empty() {
            return self.add(op, &[x, weight]);
        }
        let bias = self.constant(&[bias.len()], bias);
        self.add(op, &[x, weight, bias])
    }

    fn affine(&mut self, x: Value, scale: &[f32], shift: &[f32]) -> Value {
        let scale = self.constant(&[1, scale.len(), 1], scale);
        let shift = self.constant(&[1, shift.len(), 1], shift);
        let scaled = self.add(Op::Mul, &[x, scale]);
        self.add(Op::Add, &[scaled, shift])
    }

    fn activate(&mut self, activation: &Activation, x: Value) -> Value {
        match activation {
            Activation::Leaky(slope) => self.apply(Op::Leaky(*slope), x),
            Activation::Snake(alpha) => {
                let inverse: Vec<f32> = alpha.iter().map(|a| 1.0 / (a + 1e-9)).collect();
                let alpha = self.constant(&[1, alpha.len(), 1], alpha);
                let inverse = self.constant(&[1, inverse.len(), 1], &inverse);
                let angle = self.add(Op::Mul, &[x, alpha]);
                let sine = self.apply(Op::Sin, angle);
                let square = self.add(Op::Mul, &[sine, sine]);
                let scaled = self.add(Op::Mul, &[square, inverse]);
                self.add(Op::Add, &[x, scaled])
            }
            Activation::Tanh => self.apply(Op::Tanh, x),
            Activation::Loudness => self.loudness(x),
            Activation::LogOnePlus => self.apply(Op::LogOnePlus, x),
        }
    }

    fn loudness(&mut self, x: Value) -> Value {
        let sigmoid = self.apply(Op::Sigmoid, x);
        let power = self.apply(Op::Power(2.3), sigmoid);
        let (two, least) = (self.number(2.0), self.number(1e-7));
        let scaled = self.add(Op::Mul, &[power, two]);
        self.add(Op::Add, &[scaled, least])
    }

    fn joined(&mut self, branches: &[Branch], by: &Op, x: Signal, how: Lowering) -> Value {
        let is_heard = |branch: &&Branch| {
            how.noise.is_some() || !matches!(branch.layers[..], [Layer::Noise(_)])
        };
        let mut made = Vec::with_capacity(branches.len());
        for branch in branches.iter().filter(is_heard) {
            let value = self.late(branch.delay, x, how);
            made.push(self.layers(&branch.layers, Signal { value, ..x }, how).value);
        }
        let joined = made.into_iter().reduce(|a, b| self.add(by.clone(), &[a, b]));
        joined.expect("there is a branch besides noise")
    }

    fn mirror(&mut self, x: Value, channels: usize, n_band: usize) -> Value {
        // Frames come in pairs.
        let sign = |i: usize| if i % 4 == 2 { -1.0 } else { 1.0 };
        let signs: Vec<f32> = (0..2 * n_band).map(sign).collect();
        let signs = self.constant(&[1, 1, n_band, 1, 2], &signs);
        let sounds = Extent::Is(channels / n_band);
        let pairs = [Extent::Same, sounds, Extent::Is(n_band), Extent::Rest, Extent::Is(2)];
        let pairs = self.apply(Op::Reshape(pairs.to_vec()), x);
        let turned = self.add(Op::Mul, &[pairs, signs]);
        self.flat(turned, channels)
    }

    /// `[batch, channels, frames]` of something that lies in more axes.
    fn flat(&mut self, x: Value, channels: usize) -> Value {
        self.apply(Op::Reshape(vec![Extent::Same, Extent::Is(channels), Extent::Rest]), x)
    }

    fn noise(&mut self, noise: &Noise, x: Signal, how: Lowering) -> Value {
        let amount = how.noise.expect("noise alone is not left out");
        let (channels, n) = (noise.channels, noise.n_block);
        let drawn = self.layers(&noise.layers, x, how).value;
        let shift = self.number(NOISE_SHIFT);
        let shifted = self.add(Op::Add, &[drawn, shift]);
        let loud = self.loudness(shifted);
        // A product with the matrix of responses, channel by channel.
        let n_amplitudes = noise.response.len() / n;
        let turned: Vec<f32> = (0..n)
            .flat_map(|i| (0..n_amplitudes).map(move |k| k * n + i))
            .map(|at| noise.response[at])
            .collect();
        let weight = self.constant(&[channels * n, n_amplitudes, 1], &turned.repeat(channels));
        let conv = Op::Conv { stride: 1, dilation: 1, groups: channels, padding: [0, 0] };
        let responses = self.add(conv, &[loud, weight]);
        let parts = [Extent::Same, Extent::Is(channels), Extent::Is(n), Extent::Rest];
        let parts = self.apply(Op::Reshape(parts.to_vec()), responses);
        let responses = self.apply(Op::Permute(vec![0, 1, 3, 2]), parts);
        let made = self.add(Op::FilteredNoise { n_block: n }, &[responses, amount]);
        self.flat(made, channels)
    }

    fn gru(&mut self, layers: &[GruLayer], x: Value, how: Lowering) -> Value {
        let hidden = layers[0].bias_hidden.len() / 3;
        let mut rows = self.apply(Op::Permute(vec![0, 2, 1]), x);
        for layer in layers {
            let n_in = layer.weight_input.len() / (3 * hidden);
            let weights = [
                self.constant(&[3 * hidden, n_in], &layer.weight_input),
                self.constant(&[3 * hidden, hidden], &layer.weight_hidden),
                self.constant(&[3 * hidden], &layer.bias_input),
                self.constant(&[3 * hidden], &layer.bias_hidden),
            ];
            let state = self.state(&[hidden]);
            let held = self.add(Op::Held(state), &[x]);
            let held = if how.is_streaming {
                held
            } else {
                let nothing = self.number(0.0);
                self.add(Op::Mul, &[held, nothing])
            };
            let shape = vec![Extent::Is(1), Extent::Rest, Extent::Is(hidden)];
            let before = self.apply(Op::Reshape(shape), held);
            let [of_input, of_hidden, bias_input, bias_hidden] = weights;
            let inputs = [rows, before, of_input, of_hidden, bias_input, bias_hidden];
            rows = self.add(Op::Gru { hidden }, &inputs);
            if how.is_streaming {
                let last = Op::Slice { axis: 1, from: -1, to: None, step: 1 };
                let last = self.apply(last, rows);
                let shape = vec![Extent::Rest, Extent::Is(hidden)];
                let last = self.apply(Op::Reshape(shape), last);
                self.add(Op::Hold(state), &[last]);
            }
        }
        self.apply(Op::Permute(vec![0, 2, 1]), rows)
    }

    fn transfer(&mut self, transfer: &Transfer, x: Value, how: Lowering) -> Value {
        if how.learns {
            return self.apply(Op::Transfer(Box::new(transfer.clone())), x);
        }
        let Transfer { source, target } = transfer;
        let knows = |it: &Statistics| it.n_blocks > 0.0;
        if !knows(source) || !knows(target) {
            return x;
        }
        let (scale, shift) = transfer.scale_and_shift();
        self.affine(x, &scale, &shift)
    }

    fn power_spectrum(&mut self, spectrum: PowerSpectrum, x: Signal, how: Lowering) -> Value {
        let PowerSpectrum { n_fft, hop } = spectrum;
        let op = Op::PowerSpectrum { channels: x.channels, n_fft, hop };
        if how.is_streaming {
            let seen = self.seen(x, [hop, n_fft, spectrum.n_before()]);
            return self.apply(op, seen);
        }
        let wide = self.apply(Op::Reflect([n_fft / 2; 2]), x.value);
        let made = self.apply(op, wide);
        // The window that is centred on the end is left out.
        self.frames(made, 0, Some(-1))
    }

    /// What a layer looks at in a block whose outputs each see `span` frames, `stride` apart, the first of them
    /// `n_before` frames before the block.
    fn seen(&mut self, x: Signal, [stride, span, n_before]: [usize; 3]) -> Value {
        let both = self.with_held(n_before, x.channels, x.value);
        // Frames that the next block looks at for the first time.
        match (n_before + stride).checked_sub(span) {
            None | Some(0) => both,
            Some(n) => self.frames(both, 0, Some(-(n as i64))),
        }
    }

    /// Frames that come `delay` frames late.
    fn late(&mut self, delay: usize, x: Signal, how: Lowering) -> Value {
        if delay == 0 || !how.is_streaming {
            return x.value;
        }
        let both = self.with_held(delay, x.channels, x.value);
        self.frames(both, 0, Some(-(delay as i64)))
    }

    /// The last `n` frames before the block, and the block; those at its end are held for the next.
    fn with_held(&mut self, n: usize, channels: usize, x: Value) -> Value {
        if n == 0 {
            return x;
        }
        let state = self.state(&[channels, n]);
        let held = self.add(Op::Held(state), &[x]);
        let both = self.add(Op::Concat(2), &[held, x]);
        let end = self.frames(both, -(n as i64), None);
        self.add(Op::Hold(state), &[end]);
        both
    }
}

/// Channels that come out of a layer.
fn channels_out(layer: &Layer, channels: usize) -> usize {
    match layer {
        Layer::Conv(conv) => conv.channels_out,
        Layer::Upsample(conv) => conv.channels_out,
        Layer::Sum(branches) | Layer::Product(branches) => {
            branches[0].layers.iter().fold(channels, |n, layer| channels_out(layer, n))
        }
        Layer::Gate => channels / 2,
        Layer::Unfold { groups } => *groups,
        Layer::Noise(noise) => noise.channels,
        Layer::Gru(layers) => layers[layers.len() - 1].bias_hidden.len() / 3,
        Layer::PowerSpectrum(spectrum) => channels * spectrum.n_bins(),
        Layer::Activate(_)
        | Layer::Affine { .. }
        | Layer::Residual { .. }
        | Layer::Mirror { .. }
        | Layer::Gather { .. }
        | Layer::Transfer(_) => channels,
    }
}
