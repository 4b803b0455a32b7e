//! Linear layers, and what is done to every number alike.

use super::Precision;
use crate::kernels::elementwise;
use crate::kernels::frames::{Format, Matrix, Window};
use crate::threads;

/// A linear layer, `x Wᵀ + b`, its weights packed.
#[derive(Debug)]
pub struct Linear {
    matrix: Matrix,
    store: Vec<u32>,
    n_in: usize,
}

impl Linear {
    /// Packs a weight `[n_out][n_in]`, as PyTorch has it, and the biases of the outputs, which may be none.
    ///
    /// # Panics
    /// When the weight is no whole number of rows, or there are other biases than outputs.
    #[must_use]
    pub fn new(weight: &[f32], n_in: usize, bias: Option<&[f32]>, precision: Precision) -> Self {
        assert!(n_in > 0 && weight.len().is_multiple_of(n_in), "whole rows of weights");
        let n_out = weight.len() / n_in;
        let bias = bias.unwrap_or(&[]);
        assert!(bias.is_empty() || bias.len() == n_out, "a bias for every output");
        let mut store = vec![];
        let window = Window { n_runs: 1, run_len: n_in, run_step: 0 };
        let format = Format::from(precision);
        let weight = |out: usize, i: usize| weight[out * n_in + i];
        let matrix = Matrix::pack(window, n_out, 1, bias, format, weight, &mut store);
        store.shrink_to_fit();
        Self { matrix, store, n_in }
    }

    /// Packs the transpose of a weight `[n_out][n_in]`, without biases: of gradients of outputs it gives those of inputs.
    ///
    /// # Panics
    /// When the weight is no whole number of rows.
    #[must_use]
    pub fn transposed(weight: &[f32], n_in: usize, precision: Precision) -> Self {
        assert!(n_in > 0 && weight.len().is_multiple_of(n_in), "whole rows of weights");
        let n_out = weight.len() / n_in;
        let mut store = vec![];
        let window = Window { n_runs: 1, run_len: n_out, run_step: 0 };
        let weight = |to: usize, from: usize| weight[from * n_in + to];
        let matrix =
            Matrix::pack(window, n_in, 1, &[], Format::from(precision), weight, &mut store);
        store.shrink_to_fit();
        Self { matrix, store, n_in: n_out }
    }

    /// Numbers of an input frame.
    #[must_use]
    pub fn n_in(&self) -> usize {
        self.n_in
    }

    /// Numbers of an output frame.
    #[must_use]
    pub fn n_out(&self) -> usize {
        self.matrix.n_out()
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.matrix.n_bytes()
    }

    /// Of frames `[frames][n_in]`, `[frames][n_out]`.
    ///
    /// # Panics
    /// When `x` is no whole number of frames.
    #[must_use]
    pub fn run(&self, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len() / self.n_in * self.n_out()];
        self.run_into(x, &mut out);
        out
    }

    /// Like [`Self::run`], into memory that is there.
    ///
    /// # Panics
    /// When `x` is no whole number of frames, or `out` has not room for as many.
    pub fn run_into(&self, x: &[f32], out: &mut [f32]) {
        assert!(x.len().is_multiple_of(self.n_in), "whole frames");
        let n = x.len() / self.n_in;
        if n > 0 {
            self.matrix.product_on_all_threads(&self.store, x, self.n_in, n, out);
        }
    }
}

/// About how many bytes a layer of that many outputs and inputs takes once it is packed, without making one.
#[must_use]
pub fn packed_bytes(n_out: usize, n_in: usize, precision: Precision) -> u64 {
    /// Outputs come in steps of this.
    const STEP: usize = 16;
    /// So many inputs have their scales in common.
    const GROUP: usize = 64;
    let width = n_out.next_multiple_of(STEP) as u64;
    let (n_in, scales) = (n_in as u64, 4 * n_in.div_ceil(GROUP) as u64);
    width
        * match precision {
            Precision::Float32 => 4 * n_in,
            Precision::Int16 => 2 * n_in + scales,
            Precision::Int8 => n_in + scales,
        }
}

impl From<Precision> for Format {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::Float32 => Self::Float32,
            Precision::Int16 => Self::Int16,
            Precision::Int8 => Self::Int8,
        }
    }
}

/// What follows the sum of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// The Gaussian error linear unit: `gelu` of model hubs.
    Gelu,
    /// Its form with a hyperbolic tangent: `gelu_new` and `gelu_pytorch_tanh`.
    GeluTanh,
    /// `x * sigmoid(x)`: `silu` and `swish`.
    Silu,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// The activation that a model's configuration names.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "relu" => Self::Relu,
            "gelu" => Self::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Self::GeluTanh,
            "silu" | "swish" => Self::Silu,
            "tanh" => Self::Tanh,
            _ => return None,
        })
    }
}

/// Numbers of a task of [`activate`].
const CHUNK: usize = 1 << 14;

/// Applies an activation to every number, on all threads.
pub fn activate(activation: Activation, x: &mut [f32]) {
    threads::for_each_chunk(x, CHUNK, |_, x| match activation {
        Activation::Relu => x.iter_mut().for_each(|x| *x = x.max(0.0)),
        Activation::Gelu => elementwise::gelu(x),
        Activation::GeluTanh => elementwise::gelu_tanh(x),
        Activation::Silu => elementwise::silu(x),
        Activation::Tanh => elementwise::tanh(x),
    });
}

/// Adds `x` to `to`, number by number.
///
/// # Panics
/// When they are not as long.
pub fn add(to: &mut [f32], x: &[f32]) {
    assert_eq!(to.len(), x.len(), "numbers to add");
    elementwise::add(to, x);
}
