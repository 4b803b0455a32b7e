//! Convolution over images and spectra, put together from convolutions over time.
//!
//! The rows under a kernel are laid out as channels, one member of a batch at a time, and again for the
//! backward pass: that is several times the input, which would be too much to keep.
//!
//! Source: the definition of `torch.nn.functional.conv2d`.

use burn::tensor::Tensor;

use crate::array::{Array, is_host};
use crate::composed;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::convolution::{self, Geometry};
use crate::kernels::elementwise::add;
use crate::{Conv1d, threads};

/// How a convolution walks over rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Columns from one output to the next; rows are never skipped.
    pub stride_columns: usize,
    /// Zeros set at both ends of `(rows, columns)`.
    pub padding: (usize, usize),
    /// `(rows, columns)` from one tap of the kernel to the next.
    pub dilation: (usize, usize),
}

/// Cross-correlation over rows and columns.
///
/// The rows under a kernel become channels of a convolution along columns, so columns should be the
/// longer of the two.
///
/// # Shapes
/// - `x`: `[batch, channels_in, rows, columns]`
/// - `weight`: `[channels_out, channels_in, kernel_rows, kernel_columns]`, of 16 bits as in [`crate::conv1d()`]
/// - `bias`: `[channels_out]`
/// - output: `[batch, channels_out, rows_out, columns_out]`
///
/// # Panics
/// When the shapes do not fit each other.
#[must_use]
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, conv: Conv2d) -> Tensor<4> {
    assert_eq!(x.dims()[1], weight.dims()[1], "channels of {conv:?}");
    if !is_host(&x) {
        return composed::conv2d(x, weight, bias, conv);
    }
    apply(&Image(conv), [Input::new(x), Input::new(weight), Input::new(bias)])
}

impl Conv2d {
    /// Rows that come out of so many.
    pub(crate) fn rows_out(&self, rows: usize, kernel_rows: usize) -> usize {
        rows + 2 * self.padding.0 - self.dilation.0 * (kernel_rows - 1)
    }

    /// The convolution along a row.
    pub(crate) fn along(&self) -> Conv1d {
        Conv1d {
            stride: self.stride_columns,
            padding: (self.padding.1, self.padding.1),
            dilation: self.dilation.1,
            groups: 1,
        }
    }
}

#[derive(Clone, Debug)]
struct Image(Conv2d);

/// How one member of a batch is laid out: its rows of output as a batch, each with the rows of input
/// under the kernel as channels.
struct Plan {
    conv: Conv2d,
    batch: usize,
    /// Of the input and the output.
    rows: [usize; 2],
    channels: [usize; 2],
    kernel_rows: usize,
    along: Geometry,
}

impl Plan {
    fn new(conv: Conv2d, x: &Array, weight: &Array) -> Self {
        let [batch, channels_in, rows, columns] = x.dims();
        let [channels_out, _, kernel_rows, kernel] = weight.dims();
        let rows_out = conv.rows_out(rows, kernel_rows);
        let along = conv.along();
        Self {
            conv,
            batch,
            rows: [rows, rows_out],
            channels: [channels_in, channels_out],
            kernel_rows,
            along: Geometry {
                batch: rows_out,
                channels_in: channels_in * kernel_rows,
                length_in: columns,
                channels_out,
                length_out: along.length_out(columns, kernel),
                kernel,
                stride: along.stride,
                dilation: along.dilation,
                groups: 1,
                pad_left: along.padding.0,
            },
        }
    }

    /// Numbers of one member of the input, and of the output.
    fn member(&self) -> [usize; 2] {
        let lengths = [self.along.length_in, self.along.length_out];
        std::array::from_fn(|i| self.channels[i] * self.rows[i] * lengths[i])
    }

    fn shape_out(&self) -> Vec<usize> {
        vec![self.batch, self.channels[1], self.rows[1], self.along.length_out]
    }

    /// Room for [`Self::fold`].
    fn room(&self) -> Vec<f32> {
        vec![0.0; self.rows[1] * self.along.channels_in * self.along.length_in]
    }

    /// The row of the input that a tap reads for a row of the output, if it is not in the padding.
    fn row_in(&self, row: usize, tap: usize) -> Option<usize> {
        let row = (row + tap * self.conv.dilation.0).checked_sub(self.conv.padding.0)?;
        (row < self.rows[0]).then_some(row)
    }

    /// Lays out `[channels, rows, columns]` as `[rows out, channels * kernel rows, columns]`.
    fn fold(&self, x: &[f32], to: &mut [f32]) {
        let (columns, rows) = (self.along.length_in, self.rows[0]);
        threads::for_each_chunk(to, self.along.channels_in * columns, |row, to| {
            for (i, to) in to.chunks_mut(columns).enumerate() {
                let (channel, tap) = (i / self.kernel_rows, i % self.kernel_rows);
                match self.row_in(row, tap) {
                    Some(row) => {
                        to.copy_from_slice(&x[(channel * rows + row) * columns..][..columns])
                    }
                    None => to.fill(0.0),
                }
            }
        });
    }

    /// Adds the gradient of what [`Self::fold`] laid out to the gradient of the member.
    fn unfold(&self, folded: &[f32], to: &mut [f32]) {
        let (columns, rows) = (self.along.length_in, self.rows[0]);
        threads::for_each_chunk(to, rows * columns, |channel, to| {
            for row in 0..self.rows[1] {
                for tap in 0..self.kernel_rows {
                    let Some(row_in) = self.row_in(row, tap) else { continue };
                    let from = row * self.along.channels_in + channel * self.kernel_rows + tap;
                    add(
                        &mut to[row_in * columns..][..columns],
                        &folded[from * columns..][..columns],
                    );
                }
            }
        });
    }

    /// `[rows, channels, columns]` of the output as `[channels, rows, columns]`, or back.
    fn swap(&self, from: &[f32], to: &mut [f32], [outer, inner]: [usize; 2]) {
        let columns = self.along.length_out;
        threads::for_each_chunk(to, inner * columns, |i, to| {
            for (j, to) in to.chunks_mut(columns).enumerate() {
                to.copy_from_slice(&from[(j * outer + i) * columns..][..columns]);
            }
        });
    }
}

impl Operation<3> for Image {
    /// Input and weight.
    type Saved = (Array, Array);

    fn infer(&self, [x, weight, bias]: [Array; 3]) -> Array {
        let plan = Plan::new(self.0, &x, &weight);
        let ([n_in, n_out], [_, channels]) = (plan.member(), plan.channels);
        let mut y = vec![0.0; plan.batch * n_out];
        let mut folded = plan.room();
        if n_out > 0 {
            for (x, y) in x.values().chunks(n_in).zip(y.chunks_mut(n_out)) {
                plan.fold(x, &mut folded);
                let (weight, bias) = (weight.values(), Some(bias.values()));
                let rows = convolution::forward(&plan.along, &folded, 1.0, weight, bias);
                plan.swap(&rows, y, [channels, plan.rows[1]]);
            }
        }
        Array::new(y, plan.shape_out())
    }

    fn forward(&self, inputs: [Array; 3], _wanted: [bool; 3]) -> (Array, Self::Saved) {
        let saved = (inputs[0].clone(), inputs[1].clone());
        (self.infer(inputs), saved)
    }

    fn backward(
        &self,
        (x, weight): Self::Saved,
        gradient: Array,
        wanted: [bool; 3],
    ) -> [Option<Array>; 3] {
        let plan = Plan::new(self.0, &x, &weight);
        let ([n_in, n_out], [_, channels]) = (plan.member(), plan.channels);
        let mut gx = vec![0.0; if wanted[0] { x.len() } else { 0 }];
        let mut gw = vec![0.0; if wanted[1] { weight.len() } else { 0 }];
        let mut folded = if wanted[1] { plan.room() } else { vec![] };
        let mut rows = vec![0.0; n_out];
        for member in 0..if n_out > 0 { plan.batch } else { 0 } {
            let gradient = &gradient.values()[member * n_out..][..n_out];
            plan.swap(gradient, &mut rows, [plan.rows[1], channels]);
            if wanted[1] {
                plan.fold(&x.values()[member * n_in..][..n_in], &mut folded);
                let part = convolution::weight_gradient(&plan.along, &folded, 1.0, &rows, 1.0);
                add(&mut gw, &part);
            }
            if wanted[0] {
                let weight = weight.values();
                let part = convolution::input_gradient(&plan.along, &rows, 1.0, weight, None);
                plan.unfold(&part, &mut gx[member * n_in..][..n_in]);
            }
        }
        let bias = || {
            let dims = [plan.batch, channels, plan.rows[1] * plan.along.length_out];
            Array::new(convolution::bias_gradient(dims, gradient.values()), vec![channels])
        };
        [
            wanted[0].then(|| Array::new(gx, x.shape())),
            wanted[1].then(|| Array::new(gw, weight.shape())),
            wanted[2].then(bias),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Init, from_values, values};

    #[test]
    fn it_is_the_sum_that_the_definition_says() {
        let check = |conv: Conv2d, kernel: [usize; 2]| {
            let (dims, out) = ([2, 3, 7, 11], 4);
            let weight_dims = [out, 3, kernel[0], kernel[1]];
            let x = Init::new(1).uniform(dims.iter().product(), -1.0, 1.0);
            let w = Init::new(2).uniform(weight_dims.iter().product(), -1.0, 1.0);
            let bias = vec![0.1, 0.2, 0.3, 0.4];
            let y = conv2d(
                from_values(x.clone(), dims),
                from_values(w.clone(), weight_dims),
                from_values(bias.clone(), [out]),
                conv,
            );
            let [_, _, rows, columns] = y.dims();
            let at = |b: usize, c: usize, r: isize, t: isize| {
                let inside = (0..7).contains(&r) && (0..11).contains(&t);
                if inside { x[((b * 3 + c) * 7 + r as usize) * 11 + t as usize] } else { 0.0 }
            };
            for (i, y) in values(y).into_iter().enumerate() {
                let (t, r) = (i % columns, i / columns % rows);
                let (o, b) = (i / columns / rows % out, i / columns / rows / out);
                let mut sum = bias[o];
                for c in 0..3 {
                    for p in 0..kernel[0] {
                        for q in 0..kernel[1] {
                            let row = (r + p * conv.dilation.0) as isize - conv.padding.0 as isize;
                            let column = (t * conv.stride_columns + q * conv.dilation.1) as isize
                                - conv.padding.1 as isize;
                            sum += w[((o * 3 + c) * kernel[0] + p) * kernel[1] + q]
                                * at(b, c, row, column);
                        }
                    }
                }
                assert!((sum - y).abs() < 1e-5, "{conv:?}: {y}, not {sum}");
            }
        };
        check(Conv2d { stride_columns: 1, padding: (1, 1), dilation: (1, 1) }, [3, 3]);
        check(Conv2d { stride_columns: 2, padding: (1, 4), dilation: (1, 1) }, [3, 9]);
        check(Conv2d { stride_columns: 2, padding: (2, 4), dilation: (2, 1) }, [3, 9]);
        check(Conv2d { stride_columns: 3, padding: (0, 0), dilation: (1, 2) }, [1, 3]);
    }

    #[test]
    fn gradients_are_those_of_the_operations_it_stands_for() {
        type Conv = fn(Tensor<4>, Tensor<4>, Tensor<1>, Conv2d) -> Tensor<4>;
        let check = |settings: Conv2d, kernel: [usize; 2]| {
            let (dims, out) = ([2, 3, 7, 11], 4);
            let weight_dims = [out, 3, kernel[0], kernel[1]];
            let leaf = |seed: u64, n: usize| Init::new(seed).uniform(n, -1.0, 1.0);
            let gradients = |conv: Conv| {
                let x = from_values(leaf(1, dims.iter().product()), dims).autodiff().require_grad();
                let weight = from_values(leaf(2, weight_dims.iter().product()), weight_dims);
                let weight = weight.autodiff().require_grad();
                let bias = from_values(leaf(3, out), [out]).autodiff().require_grad();
                let y = conv(x.clone(), weight.clone(), bias.clone(), settings);
                let factors = from_values(leaf(4, y.dims().iter().product()), y.dims());
                let mut all = (y * factors.autodiff()).sum().backward();
                [
                    values(x.grad_remove(&mut all).unwrap()),
                    values(weight.grad_remove(&mut all).unwrap()),
                    values(bias.grad_remove(&mut all).unwrap()),
                ]
            };
            let (found, expected) = (gradients(conv2d), gradients(composed::conv2d));
            for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
                assert!((found - expected).abs() < 1e-4, "{settings:?}: {found}, not {expected}");
            }
        };
        check(Conv2d { stride_columns: 1, padding: (1, 1), dilation: (1, 1) }, [3, 3]);
        check(Conv2d { stride_columns: 2, padding: (2, 4), dilation: (2, 1) }, [3, 9]);
        check(Conv2d { stride_columns: 3, padding: (0, 0), dilation: (1, 2) }, [1, 3]);
    }
}
