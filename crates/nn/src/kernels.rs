//! The loops under the operations: plain slices in, plain vectors out, no tensors and no graph.

pub(crate) mod convolution;
pub(crate) mod elementwise;
pub(crate) mod matrix;
pub(crate) mod spectrum;
