//! A named array, the one coin in which weights, optimiser state and checkpoints are exchanged.

/// An array of `f32` with its name and shape, in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedArray {
    /// PyTorch's name, such as `encoder.net.0.weight_v`.
    pub name: String,
    /// Its extents, slowest first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Its values; as many as the product of `shape`.
    pub values: Vec<f32>,
}
