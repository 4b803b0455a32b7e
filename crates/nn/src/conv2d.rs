//! Convolution over images and spectra, put together from convolutions over time.
//!
//! Source: the definition of `torch.nn.functional.conv2d`.

use burn::tensor::Tensor;

use crate::{Conv1d, conv1d};

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
/// - `weight`: `[channels_out, channels_in, kernel_rows, kernel_columns]`, of 16 bits as in [`conv1d`]
/// - `bias`: `[channels_out]`
/// - output: `[batch, channels_out, rows_out, columns_out]`
///
/// # Panics
/// When the shapes do not fit each other.
#[must_use]
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, conv: Conv2d) -> Tensor<4> {
    let [batch, channels, rows, columns] = x.dims();
    let [channels_out, channels_in, kernel_rows, kernel_columns] = weight.dims();
    assert_eq!(channels, channels_in, "channels of {conv:?}");
    let rows_out = rows + 2 * conv.padding.0 - conv.dilation.0 * (kernel_rows - 1);
    let x = padded_rows(x, conv.padding.0);
    let taps = (0..kernel_rows).map(|tap| x.clone().narrow(2, tap * conv.dilation.0, rows_out));
    let stacked: Tensor<5> = Tensor::stack(taps.collect(), 2);
    let folded = stacked.permute([0, 3, 1, 2, 4]).reshape([
        batch * rows_out,
        channels * kernel_rows,
        columns,
    ]);
    let weight = weight.reshape([channels_out, channels_in * kernel_rows, kernel_columns]);
    let along = Conv1d {
        stride: conv.stride_columns,
        padding: (conv.padding.1, conv.padding.1),
        dilation: conv.dilation.1,
        groups: 1,
    };
    let y = conv1d(folded, weight, Some(bias), along);
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
}
