//! Layers, losses, the optimiser, signal transforms and checkpoint formats over the tensor library.
//!
//! Model families build their networks from [`conv1d`], [`leaky_relu`], [`weight_norm()`] and their
//! neighbours, which are differentiable operations on `burn` tensors with our own CPU kernels under
//! them. Weights live outside the graph, as plain named arrays ([`Parameters`]); a forward pass takes
//! them as [`Weights`], a backward pass gives [`Gradients`] by the same names, and [`Adam`] joins the
//! two. Because everything is named as PyTorch names it, checkpoints, parity tests and the state of
//! the optimiser are all the same thing: a list of named arrays.
//!
//! On a GPU ([`Compute`]) the same operations are put together from those of the tensor library, and
//! weights, gradients and moments stay there until somebody asks for their values.
//!
//! Shapes are PyTorch's: sound is `[batch, channels, time]`, and convolutions are cross-correlations.

mod activation;
mod adam;
mod array;
mod batch_norm;
mod block_filter;
mod bytes;
pub mod checkpoint;
mod composed;
mod compute;
mod conv;
mod conv2d;
pub mod dense;
mod differentiable;
mod error;
mod evaluate;
pub mod feedforward;
pub mod graph;
mod init;
mod kernels;
mod loss_scale;
mod mean_difference;
mod memory;
mod named;
pub mod npy;
pub mod npz;
pub mod onnx;
mod parameters;
mod spectral;
mod stored;
pub mod stream;
mod threads;
pub mod torch_checkpoint;
pub mod torch_script;
pub mod weight_files;
mod weight_norm;
mod whole;

pub use activation::{leaky_relu, sigmoid, snake, softplus, tanh};
pub use adam::{Adam, AdamSettings};
pub use array::{from_values, values};
pub use batch_norm::{BatchMoments, batch_norm};
pub use block_filter::filter_blocks;
pub use compute::{Compute, NoGpu, SOFTWARE_GPU};
pub use conv::{
    Conv1d, ConvTranspose1d, conv_transpose1d, conv1d, leaky_conv_transpose1d, leaky_conv1d,
};
pub use conv2d::{Conv2d, conv2d};
pub use error::Error;
pub use init::Init;
pub use loss_scale::LossScale;
pub use mean_difference::mean_difference;
pub use memory::keep_freed_memory;
pub use named::{ArrayView, NamedArray};
pub use parameters::{Gradients, Observed, Parameters, Weights};
pub use spectral::{StftParams, spectral_distance, stft, stft_magnitude};
pub use threads::{n_threads, set_threads};
pub use weight_norm::weight_norm;
