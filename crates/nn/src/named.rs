//! A named array, the one coin in which weights, optimiser state and checkpoints are exchanged.

use std::borrow::Cow;

/// An array of `f32` with its name and shape, in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedArray<V = Vec<f32>> {
    /// PyTorch's name, such as `encoder.net.0.weight_v`.
    pub name: String,
    /// Its extents, slowest first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Its values; as many as the product of `shape`.
    pub values: V,
}

/// An array whose values are still where they belong.
pub type ArrayView<'a> = NamedArray<Cow<'a, [f32]>>;

impl ArrayView<'_> {
    /// With values of its own.
    #[must_use]
    pub fn into_owned(self) -> NamedArray {
        NamedArray { name: self.name, shape: self.shape, values: self.values.into_owned() }
    }
}

impl From<NamedArray> for ArrayView<'_> {
    fn from(array: NamedArray) -> Self {
        Self { name: array.name, shape: array.shape, values: array.values.into() }
    }
}
