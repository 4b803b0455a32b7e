//! Every operation put together from those of the tensor library, which compute anywhere.
//!
//! This is what a GPU computes, and what our kernels are compared with: both take the same arguments.
//! Convolutions multiply in the type of their weight, so a weight of 16 bits makes precision mixed; what
//! comes out is always `f32`. Spectra are convolutions over frames: what learns multiplies nowhere else,
//! which leaves one kind of product to be fast and right (products of transposed matrices, as gradients of
//! `matmul` are, come out wrong on `SwiftShader`, on which this is tested where there is no card).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{DType, Device, Tensor, TensorData, activation, module};

use crate::kernels::spectrum::hann;
use crate::{BatchMoments, Conv1d, Conv2d, ConvTranspose1d, StftParams, values};

pub(crate) fn leaky_relu<const D: usize>(x: Tensor<D>, slope: f32) -> Tensor<D> {
    if slope == 1.0 { x } else { activation::leaky_relu(x, f64::from(slope)) }
}

pub(crate) fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    // Above 20 the logarithm is x itself, to within 2e-9.
    activation::relu(x.clone() - 20.0) + x.clamp_max(20.0).exp().log1p()
}

pub(crate) fn snake(x: Tensor<3>, alpha: Tensor<1>) -> Tensor<3> {
    let [_, channels, _] = x.dims();
    let (x, alpha) = alike(x, alpha);
    let alpha = alpha.reshape([1, channels, 1]);
    let wave = (x.clone() * alpha.clone()).sin().square();
    x + wave / (alpha + 1e-9)
}

pub(crate) fn conv1d(
    x: Tensor<3>,
    slope: f32,
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    conv: Conv1d,
) -> Tensor<3> {
    let mut options = ConvOptions::new([conv.stride], [0], [conv.dilation], conv.groups);
    options.padding = [conv.padding];
    multiplied(x, slope, weight, bias, |x, weight| module::conv1d(x, weight, None, options))
}

pub(crate) fn conv_transpose1d(
    x: Tensor<3>,
    slope: f32,
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    conv: ConvTranspose1d,
) -> Tensor<3> {
    let ConvTranspose1d { stride, padding, output_padding, dilation, groups } = conv;
    let options =
        ConvTransposeOptions::new([stride], [padding], [output_padding], [dilation], groups);
    let multiply = |x, weight| module::conv_transpose1d(x, weight, None, options);
    multiplied(x, slope, weight, bias, multiply)
}

/// The steps that all convolutions share: the activation of the input, the products in the weight's precision
/// (16 bits in mixed precision, back to 32 after), and the bias.
/// See [`crate::conv2d()`]. All members of the batch are laid out at once.
pub(crate) fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, conv: Conv2d) -> Tensor<4> {
    let [batch, channels, rows, columns] = x.dims();
    let [channels_out, channels_in, kernel_rows, kernel_columns] = weight.dims();
    let rows_out = conv.rows_out(rows, kernel_rows);
    let x = padded_rows(x, conv.padding.0);
    let taps = (0..kernel_rows).map(|tap| x.clone().narrow(2, tap * conv.dilation.0, rows_out));
    let stacked: Tensor<5> = Tensor::stack(taps.collect(), 2);
    let folded = stacked.permute([0, 3, 1, 2, 4]).reshape([
        batch * rows_out,
        channels * kernel_rows,
        columns,
    ]);
    let weight = weight.reshape([channels_out, channels_in * kernel_rows, kernel_columns]);
    let y = conv1d(folded, 1.0, weight, Some(bias), conv.along());
    let columns_out = y.dims()[2];
    y.reshape([batch, rows_out, channels_out, columns_out]).swap_dims(1, 2)
}

fn padded_rows(x: Tensor<4>, n: usize) -> Tensor<4> {
    if n == 0 {
        return x;
    }
    let [batch, channels, _, columns] = x.dims();
    let zeros = Tensor::zeros([batch, channels, n, columns], &x.device());
    Tensor::cat(vec![zeros.clone(), x, zeros], 2)
}

/// See [`crate::mean_difference()`].
pub(crate) fn mean_difference(a: Tensor<3>, b: Tensor<3>) -> Tensor<1> {
    let (a, b) = alike(a, b);
    (a - b).abs().mean()
}

fn multiplied(
    x: Tensor<3>,
    slope: f32,
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    multiply: impl FnOnce(Tensor<3>, Tensor<3>) -> Tensor<3>,
) -> Tensor<3> {
    let (x, weight) = alike(leaky_relu(x, slope), weight);
    let y = multiply(x.cast(weight.dtype()), weight).cast(DType::F32);
    let Some(bias) = bias else { return y };
    let (y, bias) = alike(y, bias);
    let n = bias.dims()[0];
    y + bias.reshape([1, n, 1])
}

pub(crate) fn weight_norm(v: Tensor<3>, g: Tensor<3>) -> Tensor<3> {
    let (v, g) = alike(v, g);
    let norm = v.clone().square().sum_dim(2).sum_dim(1).sqrt();
    v * (g / norm)
}

pub(crate) fn batch_norm(
    x: Tensor<3>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f32,
) -> (Tensor<3>, BatchMoments) {
    let [batch, channels, time] = x.dims();
    let (x, weight) = alike(x, weight);
    let (x, bias) = alike(x, bias);
    let of_channel = |x: Tensor<3>| x.mean_dim(2).mean_dim(0);
    let wide = |x: Tensor<1>| x.reshape([1, channels, 1]);
    let mean = of_channel(x.clone());
    let apart = x - mean.clone();
    let variance = of_channel(apart.clone().square());
    let both = [mean, variance.clone()].map(|it| it.inner().reshape([channels]));
    let mut mean = values(Tensor::cat(both.to_vec(), 0));
    let moments = BatchMoments { variance: mean.split_off(channels), mean, n_values: batch * time };
    (apart / (variance + epsilon).sqrt() * wide(weight) + wide(bias), moments)
}

pub(crate) fn filter_blocks(responses: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
    let [blocks, length] = x.dims();
    let (responses, x) = alike(responses, x.inner());
    // Row n holds x[n], x[n - 1]… down to x[n - length + 1]: what the response is multiplied with.
    let zeros = Tensor::zeros([blocks, length - 1], &x.device());
    let x = Tensor::cat(vec![zeros, x], 1);
    let rows = (0..length).map(|n| x.clone().narrow(1, n, length)).collect();
    let rows: Tensor<3> = Tensor::stack(rows, 1).flip([2]);
    (rows * responses.reshape([blocks, 1, length])).sum_dim(2).reshape([blocks, length])
}

pub(crate) fn stft_magnitude(x: Tensor<2>, params: StftParams) -> Tensor<3> {
    let [real, imaginary] = parts(x, params);
    // Below the smallest square there is no gradient, as at a magnitude of 0.
    (real.square() + imaginary.square()).clamp_min(1e-30).sqrt()
}

pub(crate) fn stft(x: Tensor<2>, params: StftParams) -> Tensor<4> {
    Tensor::stack(parts(x, params).to_vec(), 1).swap_dims(2, 3)
}

/// Real and imaginary parts: `[batch, bins, frames]` each.
fn parts(x: Tensor<2>, params: StftParams) -> [Tensor<3>; 2] {
    let StftParams { n_fft, hop, center_reflect } = params;
    let x = if center_reflect { mirrored(x, n_fft / 2) } else { x };
    let frames = frames(x, n_fft, hop);
    let n_bins = n_fft / 2 + 1;
    let basis = basis(n_fft, &frames.device());
    let both = conv1d(frames, 1.0, basis, None, Conv1d::default());
    [0, 1].map(|part| both.clone().narrow(1, part * n_bins, n_bins))
}

/// A signal with `pad` samples mirrored at both ends, the edges not repeated.
fn mirrored(x: Tensor<2>, pad: usize) -> Tensor<2> {
    let [_, n] = x.dims();
    let before = x.clone().narrow(1, 1, pad).flip([1]);
    let after = x.clone().narrow(1, n - 1 - pad, pad).flip([1]);
    Tensor::cat(vec![before, x, after], 1)
}

/// Windows of `size` samples every `hop`: `[batch, samples] -> [batch, size, frames]`.
fn frames(x: Tensor<2>, size: usize, hop: usize) -> Tensor<3> {
    let [batch, n] = x.dims();
    let n_frames = (n - size) / hop + 1;
    if !size.is_multiple_of(hop) {
        let starts = (0..n_frames).map(|frame| frame * hop);
        return Tensor::stack(starts.map(|start| x.clone().narrow(1, start, size)).collect(), 2);
    }
    // Frames are neighbouring pieces joined, so that the gradient is a few sums and not one a frame.
    let n_joined = size / hop;
    let n_pieces = n_frames + n_joined - 1;
    let pieces = x.narrow(1, 0, n_pieces * hop).reshape([batch, n_pieces, hop]).swap_dims(1, 2);
    let joined = (0..n_joined).map(|i| pieces.clone().narrow(2, i, n_frames));
    Tensor::cat(joined.collect(), 1)
}

/// Cosines and negative sines of a windowed frame's bins, as the weight of a convolution over frames, made
/// once for each size and device: `[2 * bins, n_fft, 1]`.
fn basis(n_fft: usize, device: &Device) -> Tensor<3> {
    static MADE: Mutex<BTreeMap<(usize, bool), Tensor<3>>> = Mutex::new(BTreeMap::new());
    let device = device.clone().inner();
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let basis = made.entry((n_fft, device == Device::flex())).or_insert_with(|| {
        let n_bins = n_fft / 2 + 1;
        let window = hann(n_fft);
        let value = |row: usize, i: usize| {
            let (is_sine, bin) = (row >= n_bins, row % n_bins);
            let turn = std::f64::consts::TAU * (i * bin % n_fft) as f64 / n_fft as f64;
            let wave = if is_sine { -turn.sin() } else { turn.cos() };
            (f64::from(window[i]) * wave) as f32
        };
        let all = (0..2 * n_bins).flat_map(|row| (0..n_fft).map(move |i| (row, i)));
        let all: Vec<f32> = all.map(|(row, i)| value(row, i)).collect();
        Tensor::from_data(TensorData::new(all, [2 * n_bins, n_fft, 1]), &device)
    });
    basis.clone()
}

pub(crate) fn spectral_distance(
    predicted: &Tensor<2>,
    target: &Tensor<2>,
    scales: &[usize],
    log_epsilon: f32,
) -> Tensor<1> {
    let at_scale = |scale: &usize| {
        let params = StftParams { n_fft: *scale, hop: scale / 4, center_reflect: true };
        let target = stft_magnitude(target.clone().inner(), params);
        let (predicted, target) = alike(stft_magnitude(predicted.clone(), params), target);
        let energy = target.clone().square().sum();
        let squared = (predicted.clone() - target.clone()).square().sum() / energy;
        let log = |x: Tensor<3>| (x + log_epsilon).log();
        squared + (log(predicted) - log(target)).abs().mean()
    };
    scales.iter().map(at_scale).reduce(|a, b| a + b).expect("there is at least one scale")
}

/// Two tensors that can be joined: both in the gradient graph if one is.
fn alike<const A: usize, const B: usize>(a: Tensor<A>, b: Tensor<B>) -> (Tensor<A>, Tensor<B>) {
    match (a.is_autodiff(), b.is_autodiff()) {
        (true, false) => (a, b.autodiff()),
        (false, true) => (a.autodiff(), b),
        _ => (a, b),
    }
}

#[cfg(test)]
mod tests;
