//! Networks as lists of operations on arrays: what files for other programs are written from.
//!
//! A [`Graph`] is put together from the layers that play live ([`Graph::layers`]) and a few operations
//! around them; [`torch_script`](crate::torch_script) and [`onnx`](crate::onnx) write it down in their
//! languages. It has one input and one output, `[batch, channels, frames]` each; what it remembers from
//! block to block are its states, zero at first.

mod layers;

use std::sync::Arc;

use crate::stream::Transfer;

pub use layers::Lowering;

/// A computation, step by step.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) steps: Vec<Step>,
    pub(crate) states: Vec<Extents>,
}

/// The extents of something, without that of the batch in front.
pub(crate) type Extents = Vec<usize>;

/// The result of a step of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value(pub(crate) usize);

/// A value `[batch, channels, frames]`, and how many channels it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The value.
    pub value: Value,
    /// The number of channels.
    pub channels: usize,
}

/// What is remembered between calls, as it is at the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    state: usize,
    /// What was held.
    pub value: Value,
}

/// An operation on the results of steps before it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) op: Op,
    pub(crate) inputs: Vec<Value>,
}

/// An array of constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Arc<Vec<f32>>,
}

/// One extent of a new shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// This many.
    Is(usize),
    /// Unchanged.
    Same,
    /// Inferred from the others.
    Rest,
}

/// The operation of a step. Axes count from 0; operations on two arrays broadcast.
#[derive(Clone, Debug)]
pub enum Op {
    /// The input of the graph.
    Input,
    /// An array that never changes.
    Constant(Constant),
    /// A number.
    Number(f64),
    /// 1 where the switch of this name is on, else 0.
    Switch(&'static str),
    /// The content of state `0`, for the batch size of the input.
    Held(usize),
    /// Stores the input in state `0`; there is no useful result.
    Hold(usize),
    /// A product of `[batch, frames, n]` and a matrix `[n, out]`.
    MatMul,
    /// A convolution over frames of an array with a weight and perhaps a bias.
    Conv {
        /// Frames from output to output.
        stride: usize,
        /// Frames from tap to tap.
        dilation: usize,
        /// Parts that channels fall into.
        groups: usize,
        /// Zeros before and after.
        padding: [usize; 2],
    },
    /// A transposed convolution of an array with a weight and perhaps a bias.
    ConvTranspose {
        /// Frames that go out for one that comes in.
        stride: usize,
        /// Frames that are cut off at both ends.
        padding: usize,
    },
    /// The sum.
    Add,
    /// The difference.
    Sub,
    /// The product.
    Mul,
    /// The quotient.
    Div,
    /// To the power of a number.
    Power(f64),
    /// `x` where it is positive, elsewhere this slope times `x`.
    Leaky(f32),
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// Sine.
    Sin,
    /// Square root.
    Sqrt,
    /// `log(1 + exp(x))`.
    Softplus,
    /// `log(1 + x)`.
    LogOnePlus,
    /// Not less than a number.
    AtLeast(f64),
    /// The sum over channels, which become one.
    SumOfChannels,
    /// Joined along an axis.
    Concat(usize),
    /// A part of an axis, from the first of the range up to but without the second; negative numbers count
    /// from the end.
    Slice {
        /// The axis.
        axis: usize,
        /// The first index.
        from: i64,
        /// One past the last index; `None` for the end of the array.
        to: Option<i64>,
        /// From one that is taken to the next.
        step: usize,
    },
    /// Reshapes.
    Reshape(Vec<Extent>),
    /// Axes in another order.
    Permute(Vec<usize>),
    /// For each frame the number of its largest channel, as a `float`: `[batch, 1, frames]`.
    Largest,
    /// Rows of a table, `[batch, size, frames]`, by their numbers `[batch, 1, frames]`; numbers outside of
    /// it count as its first or last.
    Rows(Constant),
    /// An array of one channel has so many that are alike; of as many, it is as it is.
    Widen(usize),
    /// Normal random numbers, as many as the input has.
    Normal,
    /// Random numbers in [0, 1), as many as the input has.
    Uniform,
    /// Draws one of every `0` neighbouring channels by their logits, `[batch, channels, 1]`: 1 for those that
    /// are drawn, 0 for the others.
    Draw(usize),
    /// The exponential function.
    Exp,
    /// The inverse of the error function.
    ErfInv,
    /// Not less than one number and not more than another.
    Within(f64, f64),
    /// Noise that is filtered by impulse responses: of `[batch, channels, frames, block]` and a factor of
    /// the noise; of the same shape.
    FilteredNoise {
        /// Samples of a response.
        n_block: usize,
    },
    /// A layer of gated recurrent units: of `[batch, frames, channels]`, what was before `[1, batch, hidden]`,
    /// weights of input and hidden, and their biases; `[batch, frames, hidden]`.
    Gru {
        /// Units.
        hidden: usize,
    },
    /// Frames before the first and after the last, as many as these, reflected at the ends, which are not
    /// repeated.
    Reflect([usize; 2]),
    /// Squared magnitudes of the short-time Fourier transform with a periodic Hann window: of
    /// `[batch, channels, frames]`; `[batch, channels * (n_fft / 2 + 1), windows]`, windows without padding.
    PowerSpectrum {
        /// Sounds beside each other.
        channels: usize,
        /// Frames in a window.
        n_fft: usize,
        /// Frames from one window to the next.
        hop: usize,
    },
    /// Statistics of one sound laid over another, learnt while the switches `learn_source` and
    /// `learn_target` are on.
    Transfer(Box<Transfer>),
}

impl Graph {
    /// One without steps.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds its input.
    pub fn input(&mut self, channels: usize) -> Signal {
        Signal { value: self.add(Op::Input, &[]), channels }
    }

    /// Adds a step.
    pub fn add(&mut self, op: Op, inputs: &[Value]) -> Value {
        self.steps.push(Step { op, inputs: inputs.to_vec() });
        Value(self.steps.len() - 1)
    }

    /// Adds an array.
    ///
    /// # Panics
    /// When `shape` does not have as many elements as `values`.
    pub fn constant(&mut self, shape: &[usize], values: &[f32]) -> Value {
        self.add(Op::Constant(Constant::new(shape, values)), &[])
    }

    /// Adds a number.
    pub fn number(&mut self, number: f64) -> Value {
        self.add(Op::Number(number), &[])
    }

    /// Adds a step of one input.
    pub fn apply(&mut self, op: Op, x: Value) -> Value {
        self.add(op, &[x])
    }

    /// A part of the channels.
    pub fn channels(&mut self, x: Value, from: usize, to: usize) -> Value {
        let slice = Op::Slice { axis: 1, from: from as i64, to: Some(to as i64), step: 1 };
        self.apply(slice, x)
    }

    /// A part of the frames, from the first up to but without the second; negative numbers count from the end.
    fn frames(&mut self, x: Value, from: i64, to: Option<i64>) -> Value {
        self.apply(Op::Slice { axis: 2, from, to, step: 1 }, x)
    }

    /// A product with a matrix `[out, in]`, row after row, for each frame, and perhaps a bias.
    pub fn product(
        &mut self,
        x: Value,
        matrix: &[f32],
        bias: &[f32],
        [out, n]: [usize; 2],
    ) -> Value {
        let turned: Vec<f32> =
            (0..n).flat_map(|i| (0..out).map(move |o| matrix[o * n + i])).collect();
        let rows = self.product_of_frames(x, &turned, bias, [n, out]);
        self.apply(Op::Permute(vec![0, 2, 1]), rows)
    }

    /// A product of every frame of `[batch, n, frames]` with a matrix `[n, out]`, and perhaps a bias:
    /// `[batch, frames, out]`.
    fn product_of_frames(
        &mut self,
        x: Value,
        matrix: &[f32],
        bias: &[f32],
        [n, out]: [usize; 2],
    ) -> Value {
        let frames = self.apply(Op::Permute(vec![0, 2, 1]), x);
        let matrix = self.constant(&[n, out], matrix);
        let made = self.add(Op::MatMul, &[frames, matrix]);
        if bias.is_empty() {
            return made;
        }
        let bias = self.constant(&[1, 1, out], bias);
        self.add(Op::Add, &[made, bias])
    }

    /// Adds something that is remembered from call to call, of these extents besides the batch, zero at first:
    /// for as many sounds as `like` has.
    pub fn held(&mut self, extents: &[usize], like: Value) -> Held {
        let state = self.state(extents);
        Held { state, value: self.apply(Op::Held(state), like) }
    }

    /// Remembers something in place of what was held.
    pub fn hold(&mut self, held: Held, new: Value) {
        self.apply(Op::Hold(held.state), new);
    }

    /// A state of these extents besides the batch.
    fn state(&mut self, extents: &[usize]) -> usize {
        self.states.push(extents.to_vec());
        self.states.len() - 1
    }
}

impl Constant {
    /// An array.
    ///
    /// # Panics
    /// When `shape` does not have as many elements as `values`.
    #[must_use]
    pub fn new(shape: &[usize], values: &[f32]) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "an array of shape {shape:?}");
        Self { shape: shape.to_vec(), values: Arc::new(values.to_vec()) }
    }
}
