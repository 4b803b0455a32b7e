//! The layers of `EnCodec`: convolutions with their edges, residual units, recurrent layers.

use burn::tensor::Tensor;
use nn::{Conv1d, ConvTranspose1d, Weights, conv_transpose1d, conv1d, from_values, values};

use super::EncodecConfig;
use super::config::{Norm, Padding};

/// Numbers over time, `[channels][frames]` in one piece.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Signal {
    pub(super) n_channels: usize,
    pub(super) values: Vec<f32>,
}

/// A layer, and where its tensors stand among the weights.
#[derive(Clone, Debug)]
pub(super) enum Layer {
    Elu,
    Conv(Conv),
    /// A transposed convolution that keeps whole frames.
    Upsampling(Conv),
    /// A sum of two paths: activations and convolutions, and what goes past them.
    Residual {
        path: Vec<Layer>,
        shortcut: Option<Conv>,
    },
    /// Recurrent layers, added to what goes in.
    Lstm {
        name: String,
        size: usize,
        n_layers: usize,
    },
}

/// A convolution.
#[derive(Clone, Debug)]
pub(super) struct Conv {
    pub(super) name: String,
    pub(super) n_in: usize,
    pub(super) n_out: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
}

/// Frames of a recurrent layer whose inputs are weighted together.
const LSTM_FRAMES: usize = 256;
/// The group normalisation of PyTorch.
const EPSILON: f64 = 1e-5;

impl Signal {
    pub(super) fn n_frames(&self) -> usize {
        self.values.len() / self.n_channels
    }

    pub(super) fn channels(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks(self.n_frames().max(1))
    }

    fn into_tensor(self) -> Tensor<3> {
        let shape = [1, self.n_channels, self.n_frames()];
        from_values(self.values, shape)
    }

    fn of_tensor(tensor: Tensor<3>) -> Self {
        let n_channels = tensor.dims()[1];
        Self { n_channels, values: values(tensor) }
    }

    /// Adds samples at both ends of every channel.
    fn padded(&self, left: usize, right: usize, mode: Padding) -> Self {
        if left + right == 0 {
            return self.clone();
        }
        let mut values = Vec::with_capacity(self.values.len() + self.n_channels * (left + right));
        for channel in self.channels() {
            pad(channel, left, right, mode, &mut values);
        }
        Self { n_channels: self.n_channels, values }
    }

    /// A part of every channel.
    pub(super) fn cut(&self, from: usize, length: usize) -> Self {
        let values = self.channels().flat_map(|it| &it[from..from + length]).copied().collect();
        Self { n_channels: self.n_channels, values }
    }

    fn add(mut self, other: &Self) -> Self {
        self.values.iter_mut().zip(&other.values).for_each(|(a, b)| *a += b);
        self
    }
}

/// Appends a channel with what stands before and after it. A sound that is too short to be mirrored gets silence after
/// it first, and loses as many samples afterwards, as in the reference.
fn pad(x: &[f32], left: usize, right: usize, mode: Padding, out: &mut Vec<f32>) {
    let n = x.len() as isize;
    let most = left.max(right) as isize;
    let extended = if n <= most { most + 1 } else { n };
    let at = |i: isize| match mode {
        _ if (0..n).contains(&i) => x[i as usize],
        Padding::Constant => 0.0,
        Padding::Replicate => x[i.clamp(0, n - 1) as usize],
        Padding::Reflect => {
            let mirrored = if i < 0 {
                -i
            } else if i >= extended {
                2 * (extended - 1) - i
            } else {
                i
            };
            if mirrored < n { x[mirrored as usize] } else { 0.0 }
        }
    };
    // What was added before mirroring is cut off again, so the length is the same in every mode.
    out.extend((-(left as isize)..n + right as isize).map(at));
}

impl Layer {
    /// Appends the names and shapes of its tensors.
    pub(super) fn tensors(&self, config: &EncodecConfig, out: &mut Vec<(String, Vec<usize>)>) {
        match self {
            Self::Elu => {}
            Self::Conv(conv) => {
                conv.tensors(vec![conv.n_out, conv.n_in, conv.kernel], config, out);
            }
            Self::Upsampling(conv) => {
                conv.tensors(vec![conv.n_in, conv.n_out, conv.kernel], config, out);
            }
            Self::Residual { path, shortcut } => {
                path.iter().for_each(|layer| layer.tensors(config, out));
                if let Some(conv) = shortcut {
                    conv.tensors(vec![conv.n_out, conv.n_in, conv.kernel], config, out);
                }
            }
            Self::Lstm { name, size, n_layers } => {
                for layer in 0..*n_layers {
                    for part in ["ih", "hh"] {
                        out.push((format!("{name}.weight_{part}_l{layer}"), vec![4 * size, *size]));
                        out.push((format!("{name}.bias_{part}_l{layer}"), vec![4 * size]));
                    }
                }
            }
        }
    }

    /// How far a number depends on those around it, in frames of latents. `per_frame` is how many numbers of a channel
    /// belong to a frame, before the layer and then after it.
    pub(super) fn reach(&self, config: &EncodecConfig, per_frame: &mut f64) -> f64 {
        match self {
            Self::Elu | Self::Lstm { .. } => 0.0,
            Self::Conv(conv) => {
                let [left, right] = conv.padding(config);
                let reach = left.max(right) as f64 / *per_frame;
                *per_frame /= conv.stride as f64;
                reach
            }
            Self::Upsampling(conv) => {
                let reach = conv.kernel.saturating_sub(conv.stride).div_ceil(conv.stride) as f64;
                let reach = reach / *per_frame;
                *per_frame *= conv.stride as f64;
                reach
            }
            // What goes past the path reaches no further than a convolution of one tap.
            Self::Residual { path, .. } => path.iter().map(|it| it.reach(config, per_frame)).sum(),
        }
    }

    /// Multiplications for a frame of latents, to which `per_frame` numbers of a channel belong, as for
    /// [`reach`](Self::reach).
    pub(super) fn multiplications(&self, per_frame: &mut f64) -> f64 {
        match self {
            Self::Elu => 0.0,
            Self::Conv(conv) => {
                *per_frame /= conv.stride as f64;
                conv.n_weights() * *per_frame
            }
            Self::Upsampling(conv) => {
                let of_inputs = conv.n_weights() * *per_frame;
                *per_frame *= conv.stride as f64;
                of_inputs
            }
            Self::Residual { path, shortcut } => {
                let past = shortcut.as_ref().map_or(0.0, |it| it.n_weights() * *per_frame);
                past + path.iter().map(|it| it.multiplications(per_frame)).sum::<f64>()
            }
            Self::Lstm { size, n_layers, .. } => (8 * size * size * n_layers) as f64 * *per_frame,
        }
    }

    pub(super) fn run(&self, config: &EncodecConfig, weights: &Weights, x: Signal) -> Signal {
        match self {
            Self::Elu => elu(x),
            Self::Conv(conv) => conv.run(config, weights, &x),
            Self::Upsampling(conv) => conv.run_transposed(config, weights, x),
            Self::Residual { path, shortcut } => {
                let past = match shortcut {
                    Some(conv) => conv.run(config, weights, &x),
                    None => x.clone(),
                };
                let through = path.iter().fold(x, |x, layer| layer.run(config, weights, x));
                through.add(&past)
            }
            Self::Lstm { name, size, n_layers } => {
                let layer = |x: Signal, i| lstm(weights, name, i, *size, &x);
                (0..*n_layers).fold(x.clone(), layer).add(&x)
            }
        }
    }
}

impl Conv {
    fn tensors(
        &self,
        shape: Vec<usize>,
        config: &EncodecConfig,
        out: &mut Vec<(String, Vec<usize>)>,
    ) {
        out.push((self.key("conv.weight"), shape));
        out.push((self.key("conv.bias"), vec![self.n_out]));
        if config.norm_type == Norm::TimeGroupNorm {
            out.push((self.key("norm.weight"), vec![self.n_out]));
            out.push((self.key("norm.bias"), vec![self.n_out]));
        }
    }

    fn n_weights(&self) -> f64 {
        (self.n_in * self.n_out * self.kernel) as f64
    }

    fn key(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }

    fn bias(&self, weights: &Weights) -> Option<Tensor<1>> {
        Some(weights.get::<1>(&self.key("conv.bias")))
    }

    /// What is added before and after a signal of whole frames.
    fn padding(&self, config: &EncodecConfig) -> [usize; 2] {
        let reach = (self.kernel - 1) * self.dilation + 1;
        let surplus = reach.saturating_sub(self.stride);
        let right = if config.use_causal_conv { 0 } else { surplus / 2 };
        [surplus - right, right]
    }

    /// Every frame of the output has its samples: the last one is filled up with what the padding makes.
    fn run(&self, config: &EncodecConfig, weights: &Weights, x: &Signal) -> Signal {
        let [left, right] = self.padding(config);
        let n = x.n_frames();
        let extra = n.div_ceil(self.stride) * self.stride - n;
        let padded = x.padded(left, right + extra, config.pad_mode);
        let conv = Conv1d { stride: self.stride, dilation: self.dilation, ..Conv1d::default() };
        let weight = weights.get::<3>(&self.key("conv.weight"));
        let y = conv1d(padded.into_tensor(), weight, self.bias(weights), conv);
        self.normed(config, weights, Signal::of_tensor(y))
    }

    /// The surplus of the last kernel is cut off: at the end, or at both ends if the model sees the future.
    fn run_transposed(&self, config: &EncodecConfig, weights: &Weights, x: Signal) -> Signal {
        let surplus = self.kernel.saturating_sub(self.stride);
        let n_out = x.n_frames() * self.stride;
        let conv = ConvTranspose1d { stride: self.stride, ..ConvTranspose1d::default() };
        let weight = weights.get::<3>(&self.key("conv.weight"));
        let y = conv_transpose1d(x.into_tensor(), weight, self.bias(weights), conv);
        let y = self.normed(config, weights, Signal::of_tensor(y));
        let right = match config.use_causal_conv {
            true => (surplus as f64 * config.trim_right_ratio).ceil() as usize,
            false => surplus / 2,
        };
        y.cut(surplus - right, n_out)
    }

    /// Mean and deviation over channels and time are taken out, where the model says so.
    fn normed(&self, config: &EncodecConfig, weights: &Weights, mut y: Signal) -> Signal {
        if config.norm_type != Norm::TimeGroupNorm || y.values.is_empty() {
            return y;
        }
        let n = y.values.len() as f64;
        let mean = y.values.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let variance = y.values.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n;
        let scale = 1.0 / (variance + EPSILON).sqrt();
        let gains = weights.values(&self.key("norm.weight"));
        let biases = weights.values(&self.key("norm.bias"));
        let n_frames = y.n_frames();
        for ((channel, gain), bias) in y.values.chunks_mut(n_frames).zip(gains).zip(biases) {
            let gain = f64::from(gain) * scale;
            let bias = f64::from(bias) - mean * gain;
            channel.iter_mut().for_each(|x| *x = (f64::from(*x) * gain + bias) as f32);
        }
        y
    }
}

fn elu(mut x: Signal) -> Signal {
    x.values.iter_mut().filter(|x| **x < 0.0).for_each(|x| *x = x.exp_m1());
    x
}

/// One recurrent layer; source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997, with the gates of
/// `torch.nn.LSTM` in their order: input, forget, cell, output.
fn lstm(weights: &Weights, name: &str, layer: usize, size: usize, x: &Signal) -> Signal {
    let n_frames = x.n_frames();
    let weight = weights.get::<2>(&format!("{name}.weight_ih_l{layer}"));
    let bias = weights.get::<1>(&format!("{name}.bias_ih_l{layer}"));
    let weight = weight.reshape([4 * size, size, 1]);
    let recurrent = weights.values(&format!("{name}.weight_hh_l{layer}"));
    let biases = weights.values(&format!("{name}.bias_hh_l{layer}"));
    let (mut state, mut cell) = (vec![0.0f32; size], vec![0.0f32; size]);
    let mut gates = vec![0.0f32; 4 * size];
    let mut out = vec![0.0; size * n_frames];
    for start in (0..n_frames).step_by(LSTM_FRAMES) {
        // The input's contribution to the gates is computed for several frames at once.
        let n = LSTM_FRAMES.min(n_frames - start);
        let part = x.cut(start, n).into_tensor();
        let (weight, bias) = (weight.clone(), Some(bias.clone()));
        let from_input = values(conv1d(part, weight, bias, Conv1d::default()));
        for frame in 0..n {
            for (row, gate) in gates.iter_mut().enumerate() {
                let from_state = dot(&recurrent[row * size..][..size], &state);
                *gate = from_input[row * n + frame] + biases[row] + from_state;
            }
            for i in 0..size {
                let [input, forget, new, output] = [0, 1, 2, 3].map(|part| gates[part * size + i]);
                cell[i] = sigmoid(forget) * cell[i] + sigmoid(input) * new.tanh();
                state[i] = sigmoid(output) * cell[i].tanh();
                out[i * n_frames + start + frame] = state[i];
            }
        }
    }
    Signal { n_channels: size, values: out }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The scalar product, in sums of their own that the processor adds side by side.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
