//! The convolutional layers that RAVE's networks are built from, with the names of their weights.

use burn::tensor::Tensor;
use nn::{
    Conv1d, ConvTranspose1d, Init, Parameters, Weights, leaky_conv_transpose1d, leaky_conv1d,
    snake, weight_norm,
};

use super::batch_norm::BatchNorm;
use super::extent::Extent;
use crate::rave::{Activation, Padding};

/// The negative slope of every leaky ReLU in RAVE.
pub(super) const SLOPE: f32 = 0.2;

/// A convolution, with an optional activation of its input.
#[derive(Clone, Debug)]
pub(super) struct Conv {
    name: String,
    /// `[channels_out, channels_in, kernel]`, or `[channels_in, channels_out, kernel]` if transposed.
    shape: [usize; 3],
    kind: Kind,
    /// The activation applied to its input.
    before: LayerActivation,
    is_normalised: bool,
    has_bias: bool,
    /// Checkpoints store the weight of a 2-D convolution, with a fourth dimension of 1.
    is_stored_2d: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Plain(Conv1d),
    Transposed(ConvTranspose1d),
}

/// The activation between two layers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LayerActivation {
    /// Nothing.
    None,
    /// A leaky ReLU with this negative slope.
    Leaky(f32),
    /// Snake, with a learnt `alpha` for each channel.
    Snake {
        /// The name of `alpha` in a checkpoint.
        alpha: String,
        /// Channels of the signal.
        channels: usize,
    },
}

impl LayerActivation {
    /// The activation that a configuration requires; `place` is its name in the original's checkpoints.
    pub(super) fn new(activation: Activation, index: &str, channels: usize) -> Self {
        match activation {
            Activation::LeakyRelu => Self::Leaky(SLOPE),
            Activation::Snake => Self::Snake { alpha: format!("{index}.alpha"), channels },
        }
    }

    /// Applies the activation unless the next convolution can fuse it; returns the negative slope that
    /// is left for the convolution to apply, 1 for none.
    fn start(&self, weights: &Weights, x: Tensor<3>) -> (Tensor<3>, f32) {
        match self {
            Self::None => (x, 1.0),
            Self::Leaky(slope) => (x, *slope),
            Self::Snake { .. } => (self.forward(weights, x), 1.0),
        }
    }

    /// Applies the activation. The shape is unchanged.
    pub(super) fn forward(&self, weights: &Weights, x: Tensor<3>) -> Tensor<3> {
        match self {
            Self::None => x,
            Self::Leaky(slope) => nn::leaky_relu(x, *slope),
            Self::Snake { alpha, channels } => {
                snake(x, weights.get::<2>(alpha).reshape([*channels]))
            }
        }
    }

    pub(super) fn initialise(&self, parameters: &mut Parameters) {
        if let Self::Snake { alpha, channels } = self {
            parameters.insert(alpha, &[*channels, 1], vec![1.0; *channels]);
        }
    }

    pub(super) fn n_values(&self) -> usize {
        if let Self::Snake { channels, .. } = self { *channels } else { 0 }
    }
}

/// An interval of positions, both ends included.
pub(super) type Interval = (i64, i64);

impl Conv {
    /// A weight-normalised convolution whose output frame `t` belongs to input frame `t * stride`.
    pub(super) fn new(
        name: String,
        [channels_in, channels_out]: [usize; 2],
        kernel: usize,
        padding: Padding,
    ) -> Self {
        let padding = padding_of(padding, kernel, 1);
        Self {
            name,
            shape: [channels_out, channels_in, kernel],
            kind: Kind::Plain(Conv1d { padding, ..Conv1d::default() }),
            before: LayerActivation::None,
            is_normalised: true,
            has_bias: false,
            is_stored_2d: false,
        }
    }

    /// A convolution with symmetric (centred) padding.
    pub(super) fn centred(name: String, channels: [usize; 2], kernel: usize) -> Self {
        Self::new(name, channels, kernel, Padding::Centered)
    }

    /// Sets the stride.
    pub(super) fn strided(mut self, stride: usize) -> Self {
        if let Kind::Plain(conv) = &mut self.kind {
            conv.stride = stride;
        }
        self
    }

    /// Grouped: channels of different groups do not mix.
    pub(super) fn grouped(mut self, groups: usize) -> Self {
        if let Kind::Plain(conv) = &mut self.kind {
            conv.groups = groups;
        }
        self.shape[1] /= groups;
        self
    }

    /// A weight-normalised transposed convolution that upsamples by `ratio`, an even number.
    ///
    /// Looks ahead by half a frame of its input whatever the padding of other layers, as in the original.
    pub(super) fn upsampling(
        name: String,
        [channels_in, channels_out]: [usize; 2],
        ratio: usize,
    ) -> Self {
        let conv =
            ConvTranspose1d { stride: ratio, padding: ratio / 2, ..ConvTranspose1d::default() };
        let mut this = Self::centred(name, [channels_out, channels_in], 2 * ratio);
        this.kind = Kind::Transposed(conv);
        this
    }

    /// Sets the dilation.
    pub(super) fn dilated(mut self, dilation: usize, padding: Padding) -> Self {
        if let Kind::Plain(conv) = &mut self.kind {
            conv.dilation = dilation;
            conv.padding = padding_of(padding, self.shape[2], dilation);
        }
        self
    }

    /// Sets an activation of its input.
    pub(super) fn after(mut self, activation: LayerActivation) -> Self {
        self.before = activation;
        self
    }

    /// Puts a leaky ReLU before it.
    pub(super) fn rectified(self) -> Self {
        self.after(LayerActivation::Leaky(SLOPE))
    }

    /// Removes weight normalisation.
    pub(super) fn plain(mut self) -> Self {
        self.is_normalised = false;
        self
    }

    /// A convolution without weight normalisation whose output frame `t` ends with input frame
    /// `stride * (t + 1) - 1` and which looks back one more stride.
    pub(super) fn looking_back(name: String, channels: [usize; 2], stride: usize) -> Self {
        let mut this = Self::centred(name, channels, 2 * stride).strided(stride).plain();
        if let Kind::Plain(conv) = &mut this.kind {
            conv.padding = (stride, 0);
        }
        this
    }

    /// Adds a bias.
    pub(super) fn biased(mut self) -> Self {
        self.has_bias = true;
        self
    }

    /// Stores the weight like that of a 2-D convolution.
    pub(super) fn stored_2d(mut self) -> Self {
        self.is_stored_2d = true;
        self
    }

    /// The number of trainable parameters.
    pub(super) fn n_values(&self) -> usize {
        let lengths = if self.is_normalised { self.shape[0] } else { 0 };
        let bias = if self.has_bias { self.shape[0] } else { 0 };
        self.shape.iter().product::<usize>() + lengths + bias + self.before.n_values()
    }

    /// Adds random initial values to `parameters`: PyTorch's, with normalised weights scaled by
    /// `gain`.
    pub(super) fn initialise(&self, seed: u64, gain: f32, parameters: &mut Parameters) {
        self.before.initialise(parameters);
        let mut init = Init::named(seed, &self.name);
        let weight = init.conv_weight(self.shape);
        let stored = |shape: [usize; 3]| {
            let mut shape = shape.to_vec();
            shape.extend(self.is_stored_2d.then_some(1));
            shape
        };
        if self.is_normalised {
            let mut lengths = Init::norms(&weight, self.shape[0]);
            lengths.iter_mut().for_each(|length| *length *= gain);
            parameters.insert(&self.key("weight_g"), &stored([self.shape[0], 1, 1]), lengths);
            parameters.insert(&self.key("weight_v"), &stored(self.shape), weight);
        } else {
            parameters.insert(&self.key("weight"), &stored(self.shape), weight);
        }
        if self.has_bias {
            let bias = init.conv_bias(self.shape[0], self.shape);
            parameters.insert(&self.key("bias"), &[self.shape[0]], bias);
        }
    }

    /// Shape: `[batch, channels_in, frames] -> [batch, channels_out, frames_out]`.
    pub(super) fn forward(&self, weights: &Weights, x: Tensor<3>) -> Tensor<3> {
        let weight = if self.is_normalised {
            let g = self.stored(weights, "weight_g", [self.shape[0], 1, 1]);
            weight_norm(self.stored(weights, "weight_v", self.shape), g)
        } else {
            self.stored(weights, "weight", self.shape)
        };
        let weight = weights.for_products(weight);
        let bias = self.has_bias.then(|| weights.get::<1>(&self.key("bias")));
        let (x, slope) = self.before.start(weights, x);
        match self.kind {
            Kind::Plain(conv) => leaky_conv1d(x, slope, weight, bias, conv),
            Kind::Transposed(conv) => leaky_conv_transpose1d(x, slope, weight, bias, conv),
        }
    }

    /// The interval of inputs that an interval of outputs depends on.
    pub(super) fn inputs_of(&self, (first, last): Interval) -> Interval {
        let kernel = self.shape[2] as i64;
        match self.kind {
            Kind::Plain(conv) => reach_of_conv((first, last), self.shape[2], conv),
            Kind::Transposed(conv) => {
                let (stride, padding) = (conv.stride as i64, conv.padding as i64);
                let latest = (last + padding).div_euclid(stride);
                let earliest = (first + padding - kernel + 1 + stride - 1).div_euclid(stride);
                (earliest, latest)
            }
        }
    }

    /// The number of output channels.
    pub(super) fn channels_out(&self) -> usize {
        match self.kind {
            Kind::Plain(_) => self.shape[0],
            Kind::Transposed(_) => self.shape[1],
        }
    }

    /// The factor by which it changes the frame rate: `(times, over)`.
    fn rate(&self) -> (usize, usize) {
        match self.kind {
            Kind::Plain(conv) => (1, conv.stride),
            Kind::Transposed(conv) => (conv.stride, 1),
        }
    }

    fn key(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }

    fn stored(&self, weights: &Weights, part: &str, shape: [usize; 3]) -> Tensor<3> {
        let key = self.key(part);
        if self.is_stored_2d {
            weights.get::<4>(&key).reshape(shape)
        } else {
            weights.get::<3>(&key)
        }
    }
}

/// The factor by which a sequence of convolutions changes the frame rate.
pub(super) fn ratio<'a>(convs: impl Iterator<Item = &'a Conv>) -> f64 {
    convs.map(Conv::rate).map(|(times, over)| times as f64 / over as f64).product()
}

/// The memory that a sequence of convolutions needs for one example, whose input has `frames` frames.
pub(super) fn extent<'a>(convs: impl Iterator<Item = &'a Conv>, mut frames: f64) -> Extent {
    let mut extent = Extent::default();
    for conv in convs {
        if let LayerActivation::Snake { channels, .. } = &conv.before {
            // Snake is not fused, so its output is kept for the backward pass as well.
            extent.keep(frames * *channels as f64);
        }
        let (times, over) = conv.rate();
        frames *= times as f64 / over as f64;
        extent.keep(frames * conv.channels_out() as f64);
    }
    extent
}

/// The inputs that an interval of a convolution's outputs depends on.
pub(super) fn reach_of_conv((first, last): Interval, kernel: usize, conv: Conv1d) -> Interval {
    let (stride, left) = (conv.stride as i64, conv.padding.0 as i64);
    let span = (conv.dilation * (kernel - 1)) as i64;
    (first * stride - left, last * stride - left + span)
}

/// Padding that gives `frames / stride` frames: centred, with the odd sample on the right, or causal.
fn padding_of(padding: Padding, kernel: usize, dilation: usize) -> (usize, usize) {
    let span = (kernel - 1) * dilation;
    match padding {
        Padding::Centered => (span / 2, span - span / 2),
        Padding::Causal => (span, 0),
    }
}

/// One layer of a [`Row`].
#[derive(Clone, Debug)]
pub(super) enum Layer {
    /// A convolution.
    Conv(Conv),
    /// A residual branch: the output of the convolutions is added to their input.
    Residual(Vec<Conv>),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
}

impl Layer {
    /// A residual unit: a dilated and a plain convolution, with a skip connection around both.
    ///
    /// `name` is that of the branch in the original; activations take the even indices in it.
    pub(super) fn residual(
        name: &str,
        channels: usize,
        kernels: [usize; 2],
        dilation: usize,
        padding: Padding,
    ) -> Self {
        let conv = |index: usize, kernel: usize| {
            let name = format!("{name}.{index}");
            Conv::new(name, [channels, channels], kernel, padding).rectified()
        };
        let wide = conv(1, kernels[0]).dilated(dilation, padding);
        Self::Residual(vec![wide, conv(3, kernels[1])])
    }

    fn convs(&self) -> &[Conv] {
        match self {
            Self::Conv(conv) => std::slice::from_ref(conv),
            Self::Residual(convs) => convs,
            Self::BatchNorm(_) => &[],
        }
    }

    fn initialise(&self, seed: u64, gain: f32, parameters: &mut Parameters) {
        if let Self::BatchNorm(norm) = self {
            norm.initialise(parameters);
        }
        for conv in self.convs() {
            conv.initialise(seed, gain, parameters);
        }
    }

    fn n_values(&self) -> usize {
        let norm = if let Self::BatchNorm(norm) = self { norm.n_values() } else { 0 };
        norm + self.convs().iter().map(Conv::n_values).sum::<usize>()
    }
}

/// A sequence of layers.
#[derive(Clone, Debug)]
pub(super) struct Row(pub(super) Vec<Layer>);

impl Row {
    pub(super) fn forward(&self, weights: &Weights, mut x: Tensor<3>) -> Tensor<3> {
        for layer in &self.0 {
            x = match layer {
                Layer::Conv(conv) => conv.forward(weights, x),
                Layer::Residual(convs) => {
                    let inner = convs.iter().fold(x.clone(), |x, conv| conv.forward(weights, x));
                    x + inner
                }
                Layer::BatchNorm(norm) => norm.forward(weights, x),
            };
        }
        x
    }

    pub(super) fn convs(&self) -> impl DoubleEndedIterator<Item = &Conv> {
        self.0.iter().flat_map(Layer::convs)
    }

    /// Adds random initial values of all layers to `parameters`.
    pub(super) fn initialise(&self, seed: u64, gain: f32, parameters: &mut Parameters) {
        for layer in &self.0 {
            layer.initialise(seed, gain, parameters);
        }
    }

    /// The number of trainable parameters of all layers.
    pub(super) fn n_values(&self) -> usize {
        self.0.iter().map(Layer::n_values).sum()
    }

    /// The interval of inputs that an interval of outputs depends on.
    pub(super) fn inputs_of(&self, outputs: Interval) -> Interval {
        self.0.iter().rev().fold(outputs, |interval, layer| {
            let inner = layer
                .convs()
                .iter()
                .rev()
                .fold(interval, |interval, conv| conv.inputs_of(interval));
            match layer {
                // The skip connection passes the newest input, which a causal branch may not reach.
                Layer::Residual(_) => union(interval, inner),
                Layer::Conv(_) | Layer::BatchNorm(_) => inner,
            }
        })
    }
}

/// The smallest interval that contains both.
pub(super) fn union(a: Interval, b: Interval) -> Interval {
    (a.0.min(b.0), a.1.max(b.1))
}
