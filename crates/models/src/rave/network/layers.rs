//! Convolutions with their names in a file of weights, and rows of them.

use burn::tensor::Tensor;
use nn::{
    Conv1d, ConvTranspose1d, Init, Parameters, Weights, leaky_conv_transpose1d, leaky_conv1d,
    weight_norm,
};

/// The slope below zero of every rectifier in RAVE.
pub(super) const SLOPE: f32 = 0.2;

/// A convolution, after a rectifier or not.
#[derive(Clone, Debug)]
pub(super) struct Conv {
    name: String,
    /// `[channels_out, channels_in, kernel]`, or `[channels_in, channels_out, kernel]` if transposed.
    shape: [usize; 3],
    kind: Kind,
    /// The rectifier's slope below zero; 1 for none.
    slope: f32,
    is_normalised: bool,
    has_bias: bool,
    /// Whether the file keeps the weight with a fourth extent of 1, as for a convolution over images.
    is_stored_2d: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Plain(Conv1d),
    Transposed(ConvTranspose1d),
}

/// An interval of positions, both ends included.
pub(super) type Interval = (i64, i64);

impl Conv {
    /// A weight-normalised convolution whose output frame `t` is centred on input frame `t * stride`.
    pub(super) fn centred(
        name: String,
        [channels_in, channels_out]: [usize; 2],
        kernel: usize,
        stride: usize,
    ) -> Self {
        Self {
            name,
            shape: [channels_out, channels_in, kernel],
            kind: Kind::Plain(Conv1d {
                stride,
                padding: centred_padding(kernel, 1),
                ..Conv1d::default()
            }),
            slope: 1.0,
            is_normalised: true,
            has_bias: false,
            is_stored_2d: false,
        }
    }

    /// A weight-normalised transposed convolution that makes `ratio` frames (an even number) of one.
    pub(super) fn upsampling(
        name: String,
        [channels_in, channels_out]: [usize; 2],
        ratio: usize,
    ) -> Self {
        let conv =
            ConvTranspose1d { stride: ratio, padding: ratio / 2, ..ConvTranspose1d::default() };
        let mut this = Self::centred(name, [channels_out, channels_in], 2 * ratio, 1);
        this.kind = Kind::Transposed(conv);
        this
    }

    /// Looks `dilation` times as far around.
    pub(super) fn dilated(mut self, dilation: usize) -> Self {
        if let Kind::Plain(conv) = &mut self.kind {
            conv.dilation = dilation;
            conv.padding = centred_padding(self.shape[2], dilation);
        }
        self
    }

    /// With a rectifier before it.
    pub(super) fn rectified(mut self) -> Self {
        self.slope = SLOPE;
        self
    }

    /// Without weight normalisation.
    pub(super) fn plain(mut self) -> Self {
        self.is_normalised = false;
        self
    }

    /// A convolution without weight normalisation whose output frame `t` ends with input frame
    /// `stride * (t + 1) - 1` and looks back one stride more.
    pub(super) fn looking_back(name: String, channels: [usize; 2], stride: usize) -> Self {
        let mut this = Self::centred(name, channels, 2 * stride, stride).plain();
        if let Kind::Plain(conv) = &mut this.kind {
            conv.padding = (stride, 0);
        }
        this
    }

    /// With a bias.
    pub(super) fn biased(mut self) -> Self {
        self.has_bias = true;
        self
    }

    /// With a weight that the file keeps as one over images.
    pub(super) fn stored_2d(mut self) -> Self {
        self.is_stored_2d = true;
        self
    }

    /// How many numbers it learns.
    pub(super) fn n_values(&self) -> usize {
        let lengths = if self.is_normalised { self.shape[0] } else { 0 };
        let bias = if self.has_bias { self.shape[0] } else { 0 };
        self.shape.iter().product::<usize>() + lengths + bias
    }

    /// Adds random first values to `parameters`: PyTorch's, with normalised weights `gain` times as
    /// strong.
    pub(super) fn initialise(&self, seed: u64, gain: f32, parameters: &mut Parameters) {
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
        let bias = self.has_bias.then(|| weights.get::<1>(&self.key("bias")));
        match self.kind {
            Kind::Plain(conv) => leaky_conv1d(x, self.slope, weight, bias, conv),
            Kind::Transposed(conv) => leaky_conv_transpose1d(x, self.slope, weight, bias, conv),
        }
    }

    /// Which inputs the outputs of an interval depend on.
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

    fn channels_out(&self) -> usize {
        match self.kind {
            Kind::Plain(_) => self.shape[0],
            Kind::Transposed(_) => self.shape[1],
        }
    }

    /// By how much it changes the number of frames: `(times, over)`.
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

/// Numbers that convolutions one after the other write, the first from `frames` frames.
pub(super) fn activations<'a>(convs: impl Iterator<Item = &'a Conv>, mut frames: f64) -> f64 {
    let outputs = convs.map(|conv| {
        let (times, over) = conv.rate();
        frames *= times as f64 / over as f64;
        frames * conv.channels_out() as f64
    });
    outputs.sum()
}

/// Which inputs the outputs of an interval of a convolution depend on.
pub(super) fn reach_of_conv((first, last): Interval, kernel: usize, conv: Conv1d) -> Interval {
    let (stride, left) = (conv.stride as i64, conv.padding.0 as i64);
    let span = (conv.dilation * (kernel - 1)) as i64;
    (first * stride - left, last * stride - left + span)
}

/// Padding that keeps `frames / stride` frames and centres the kernel, the odd one to the right.
fn centred_padding(kernel: usize, dilation: usize) -> (usize, usize) {
    let span = (kernel - 1) * dilation;
    (span / 2, span - span / 2)
}

/// One layer of a row.
#[derive(Clone, Debug)]
pub(super) enum Layer {
    /// A convolution.
    Conv(Conv),
    /// What two convolutions make of the input, added to it.
    Residual([Conv; 2]),
}

impl Layer {
    /// A dilated convolution and one over channels alone, around which the input passes unchanged.
    pub(super) fn residual(name: &str, channels: usize, kernel: usize, dilation: usize) -> Self {
        let conv = |place: usize, kernel: usize| {
            let name = format!("{name}.aligned.branches.0.net.{place}");
            Conv::centred(name, [channels, channels], kernel, 1).rectified()
        };
        Self::Residual([conv(1, kernel).dilated(dilation), conv(3, 1)])
    }

    fn convs(&self) -> &[Conv] {
        match self {
            Self::Conv(conv) => std::slice::from_ref(conv),
            Self::Residual(convs) => convs,
        }
    }
}

/// Layers one after the other.
#[derive(Clone, Debug)]
pub(super) struct Row(pub(super) Vec<Layer>);

impl Row {
    pub(super) fn forward(&self, weights: &Weights, mut x: Tensor<3>) -> Tensor<3> {
        for layer in &self.0 {
            x = match layer {
                Layer::Conv(conv) => conv.forward(weights, x),
                Layer::Residual([wide, narrow]) => {
                    let inner = wide.forward(weights, x.clone());
                    x + narrow.forward(weights, inner)
                }
            };
        }
        x
    }

    pub(super) fn convs(&self) -> impl DoubleEndedIterator<Item = &Conv> {
        self.0.iter().flat_map(Layer::convs)
    }

    /// Which inputs the outputs of an interval depend on.
    pub(super) fn inputs_of(&self, outputs: Interval) -> Interval {
        self.convs().rev().fold(outputs, |interval, conv| conv.inputs_of(interval))
    }
}
