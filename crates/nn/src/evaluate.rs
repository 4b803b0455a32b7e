//! Operations of foreign files on arrays, as the programs that play those files define them.
//!
//! Files that were written are read again and played with these before they count as right. They are
//! plain where it does not matter, and use the kernels where it does. Shapes come from files, so nothing
//! here panics because of them: the error says what does not fit.

use crate::array::Array;
use crate::kernels::elementwise;
use crate::{Conv1d, ConvTranspose1d, conv_transpose1d, conv1d};

/// The reason for a failure, as a fragment of a sentence.
pub(crate) type Found<T> = Result<T, String>;

/// Numbers of an array that a file may ask for: half a gigabyte.
const NUMBERS_MAX: usize = 1 << 27;

/// Taps, strides and the like of a convolution.
const EXTENT_MAX: usize = 1 << 16;
/// Products of one operation: seconds of work.
const PRODUCTS_MAX: usize = 1 << 38;

/// The number of elements of a shape, if that many are allowed.
pub(crate) fn n_numbers(shape: &[usize]) -> Found<usize> {
    // An extent of zero does not make the others harmless.
    let n = shape.iter().try_fold(1usize, |n, extent| n.checked_mul((*extent).max(1)));
    let n =
        n.filter(|n| *n <= NUMBERS_MAX).ok_or_else(|| format!("an array of shape {shape:?}"))?;
    Ok(if shape.contains(&0) { 0 } else { n })
}

/// An array of one number.
pub(crate) fn scalar(value: f32) -> Array {
    Array::new(vec![value], vec![1])
}

/// An elementwise function.
pub(crate) fn map(x: Array, f: impl Fn(f32) -> f32 + Sync) -> Array {
    x.map(|values| values.iter_mut().for_each(|x| *x = f(*x)))
}

/// An elementwise function of two arrays, with broadcasting.
pub(crate) fn binary(a: Array, b: &Array, f: impl Fn(f32, f32) -> f32 + Sync) -> Found<Array> {
    let (shape_a, shape_b) = (a.shape(), b.shape());
    if b.len() == 1 && shape_b.len() <= shape_a.len() {
        let b = b.values()[0];
        return Ok(map(a, |a| f(a, b)));
    }
    if shape_a == shape_b {
        return Ok(a.combine(b, |b, a| a.iter_mut().zip(b).for_each(|(a, b)| *a = f(*a, *b))));
    }
    let rank = shape_a.len().max(shape_b.len());
    let wide = |shape: &[usize]| [vec![1; rank - shape.len()], shape.to_vec()].concat();
    let (wide_a, wide_b) = (wide(&shape_a), wide(&shape_b));
    let mut shape = vec![0; rank];
    for (i, (a, b)) in wide_a.iter().zip(&wide_b).enumerate() {
        shape[i] = match (*a, *b) {
            (a, b) if a == b => a,
            (1, b) => b,
            (a, 1) => a,
            _ => return Err(format!("arrays of shapes {shape_a:?} and {shape_b:?}")),
        };
    }
    let strides = |wide: &[usize]| {
        let mut strides = vec![0; rank];
        let mut next = 1;
        for i in (0..rank).rev() {
            strides[i] = if wide[i] == 1 { 0 } else { next };
            next *= wide[i];
        }
        strides
    };
    let (of_a, of_b) = (strides(&wide_a), strides(&wide_b));
    let n = n_numbers(&shape)?;
    let mut values = Vec::with_capacity(n);
    let mut place = vec![0; rank];
    let (a, b) = (a.values(), b.values());
    while values.len() < n {
        let at = |strides: &[usize]| place.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>();
        let (from_a, from_b) = (at(&of_a), at(&of_b));
        // Along the last axis at once.
        let (last, step_a, step_b) = (shape[rank - 1], of_a[rank - 1], of_b[rank - 1]);
        values.extend((0..last).map(|i| f(a[from_a + i * step_a], b[from_b + i * step_b])));
        for axis in (0..rank.saturating_sub(1)).rev() {
            place[axis] += 1;
            if place[axis] < shape[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
    Ok(Array::new(values, shape))
}

/// The extents before an axis, of it, and after it.
fn around(shape: &[usize], axis: usize) -> Found<[usize; 3]> {
    let extent = *shape.get(axis).ok_or_else(|| format!("an axis {axis} of {shape:?}"))?;
    let product = |part: &[usize]| part.iter().product::<usize>();
    Ok([product(&shape[..axis]), extent, product(&shape[axis + 1..])])
}

/// An axis that may be counted from the end.
pub(crate) fn axis_of(shape: &[usize], axis: i64) -> Found<usize> {
    let n = shape.len() as i64;
    let from_start = if axis < 0 { axis + n } else { axis };
    let wrong = || format!("an axis {axis} of {shape:?}");
    usize::try_from(from_start).ok().filter(|it| *it < shape.len()).ok_or_else(wrong)
}

/// The range of a slice of an axis, with Python's rules.
pub(crate) fn range_of(extent: usize, from: i64, to: Option<i64>) -> (usize, usize) {
    let n = extent as i64;
    let place = |at: i64| (if at < 0 { at.saturating_add(n) } else { at }).clamp(0, n) as usize;
    let (from, to) = (place(from), to.map_or(extent, place));
    (from, to.max(from))
}

/// A slice of an axis.
pub(crate) fn slice(x: &Array, axis: usize, from: i64, to: Option<i64>) -> Found<Array> {
    slice_by(x, axis, (from, to), 1)
}

/// Every `step`-th element of a slice of an axis.
pub(crate) fn slice_by(
    x: &Array,
    axis: usize,
    (from, to): (i64, Option<i64>),
    step: usize,
) -> Found<Array> {
    let mut shape = x.shape();
    let [outer, extent, inner] = around(&shape, axis)?;
    if step == 0 {
        return Err("steps of nothing".into());
    }
    let (from, to) = range_of(extent, from, to);
    shape[axis] = (to - from).div_ceil(step);
    let mut values = Vec::with_capacity(outer * shape[axis] * inner);
    for row in x.values().chunks(extent.max(1) * inner.max(1)).take(outer) {
        let part = &row[from * inner..to * inner];
        if step == 1 {
            values.extend_from_slice(part);
        } else {
            part.chunks(inner.max(1)).step_by(step).for_each(|it| values.extend_from_slice(it));
        }
    }
    Ok(Array::new(values, shape))
}

/// A product of matrices: `[…, n]` and `[n, out]` to `[…, out]`, or `[…, k, frames, n]` and `[k, n, out]`, a matrix
/// for each of `k`, to `[…, k, frames, out]`.
pub(crate) fn matmul(x: &Array, matrix: &Array) -> Found<Array> {
    let (mut shape, of_matrix) = (x.shape(), matrix.shape());
    let what = || format!("a product of {:?} and {of_matrix:?}", x.shape());
    let (n_frames, n, out) = match (&shape[..], &of_matrix[..]) {
        (&[.., last], &[n, out]) if last == n => (x.len() / n.max(1), n, out),
        (&[.., of, frames, last], &[k, n, out]) if of == k && last == n => (frames, n, out),
        _ => return Err(what()),
    };
    if n == 0 || out == 0 || n_frames == 0 {
        return Err(what());
    }
    *shape.last_mut().ok_or_else(what)? = out;
    let n_made = n_numbers(&shape)?;
    affordable(n_made, n).map_err(|()| what())?;
    let mut made = vec![0.0; n_made];
    let parts = x.values().chunks(n_frames * n).zip(made.chunks_mut(n_frames * out));
    for ((x, made), matrix) in parts.zip(matrix.values().chunks(n * out).cycle()) {
        // Each row of a matrix is read once for all frames.
        for (i, row) in matrix.chunks(out).enumerate() {
            let frames = x.chunks(n).map(|frame| frame[i]);
            made.chunks_mut(out)
                .zip(frames)
                .for_each(|(to, x)| elementwise::add_scaled(to, row, x));
        }
    }
    Ok(Array::new(made, shape))
}

/// An array `[batch, channels, frames]` of one channel with `n` that are alike, or one of `n` as it is.
pub(crate) fn widened(x: &Array, n: usize) -> Found<Array> {
    match x.shape()[..] {
        [_, channels, _] if channels == n => Ok(x.clone()),
        [_, 1, _] if n <= EXTENT_MAX => concat(&vec![x.clone(); n], 1),
        ref shape => Err(format!("an array of shape {shape:?} on {n} channels")),
    }
}

/// Overwrites a slice of an axis.
pub(crate) fn put(into: &mut Array, axis: usize, range: (usize, usize), x: &Array) -> Found<()> {
    let shape = into.shape();
    let [outer, extent, inner] = around(&shape, axis)?;
    let (from, to) = range;
    if x.len() != outer * (to - from) * inner {
        return Err(format!("an array of shape {:?} as a part of {shape:?}", x.shape()));
    }
    let part = ((to - from) * inner).max(1);
    let rows = into.values_mut().chunks_mut((extent * inner).max(1));
    for (row, x) in rows.zip(x.values().chunks(part)) {
        row[from * inner..to * inner].copy_from_slice(x);
    }
    Ok(())
}

/// Arrays joined along an axis.
pub(crate) fn concat(all: &[Array], axis: usize) -> Found<Array> {
    let first = all.first().ok_or("nothing to join")?;
    let mut shape = first.shape();
    let [outer, _, inner] = around(&shape, axis)?;
    let mut total = 0;
    for array in all {
        let found = array.shape();
        let fits = found.len() == shape.len()
            && found.iter().zip(&shape).enumerate().all(|(i, (a, b))| i == axis || a == b);
        if !fits {
            return Err(format!("arrays of shapes {shape:?} and {found:?} joined"));
        }
        total += found[axis];
    }
    shape[axis] = total;
    let mut values = Vec::with_capacity(n_numbers(&shape)?);
    for row in 0..outer {
        for array in all {
            let n = array.shape()[axis] * inner;
            values.extend_from_slice(&array.values()[row * n..(row + 1) * n]);
        }
    }
    Ok(Array::new(values, shape))
}

/// Reshapes an array; one dimension may be -1, which is inferred.
pub(crate) fn reshape(x: Array, shape: &[i64]) -> Found<Array> {
    let wrong = || format!("an array of shape {:?} as {shape:?}", x.shape());
    let n_rest = shape.iter().filter(|it| **it == -1).count();
    let known = shape.iter().filter(|it| **it != -1).map(|it| usize::try_from(*it).ok());
    let known = known.collect::<Option<Vec<usize>>>().ok_or_else(wrong)?;
    let product = n_numbers(&known)?;
    let fits = match n_rest {
        0 => product == x.len(),
        1 => product > 0 && x.len().is_multiple_of(product),
        _ => false,
    };
    if !fits {
        return Err(wrong());
    }
    let whole = shape.iter().map(|it| match *it {
        -1 => x.len() / product,
        it => it as usize,
    });
    let whole = whole.collect();
    Ok(x.reshaped(whole))
}

/// Axes in another order.
pub(crate) fn permute(x: &Array, axes: &[usize]) -> Found<Array> {
    let shape = x.shape();
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    if sorted != (0..shape.len()).collect::<Vec<_>>() {
        return Err(format!("axes {axes:?} of {shape:?}"));
    }
    let mut strides = vec![1; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i] * shape[i];
    }
    let turned: Vec<usize> = axes.iter().map(|axis| shape[*axis]).collect();
    let mut values = Vec::with_capacity(x.len());
    let mut place = vec![0; turned.len()];
    let source = x.values();
    for _ in 0..x.len() {
        values.push(
            source[place.iter().zip(axes).map(|(i, axis)| i * strides[*axis]).sum::<usize>()],
        );
        for axis in (0..turned.len()).rev() {
            place[axis] += 1;
            if place[axis] < turned[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
    Ok(Array::new(values, turned))
}

/// Windows over the last axis, `size` long and `step` apart: `[…, n]` to `[…, windows, size]`.
pub(crate) fn windows(x: &Array, size: usize, step: usize) -> Found<Array> {
    let mut shape = x.shape();
    let n = shape.pop().unwrap_or(0);
    if size == 0 || step == 0 || size > n {
        return Err(format!("windows of {size}, {step} apart, in {n}"));
    }
    let n_windows = (n - size) / step + 1;
    shape.extend([n_windows, size]);
    let mut values = Vec::with_capacity(n_numbers(&shape)?);
    for row in x.values().chunks(n) {
        (0..n_windows).for_each(|i| values.extend_from_slice(&row[i * step..i * step + size]));
    }
    Ok(Array::new(values, shape))
}

/// The last axis with so many more numbers before and after, all the same.
pub(crate) fn padded(x: &Array, padding: [i64; 2], value: f32) -> Found<Array> {
    let shape = x.shape();
    let last = shape.len().checked_sub(1).ok_or("padding of a number")?;
    let [before, after] = padding.map(|n| -> Found<Array> {
        let mut shape = shape.clone();
        shape[last] = usize::try_from(n).map_err(|_| format!("padding of {n}"))?;
        Ok(Array::new(vec![value; n_numbers(&shape)?], shape))
    });
    concat(&[before?, x.clone(), after?], last)
}

/// The last axis with so many more numbers before and after, reflected at its ends, which are not repeated.
pub(crate) fn reflected(x: &Array, padding: [i64; 2]) -> Found<Array> {
    let mut shape = x.shape();
    let n = shape.last().copied().unwrap_or(0);
    let wrong = || format!("{padding:?} reflected of {n}");
    let [left, right] = padding.map(|it| usize::try_from(it).ok().filter(|it| *it < n));
    let (left, right) = (left.ok_or_else(wrong)?, right.ok_or_else(wrong)?);
    if let Some(last) = shape.last_mut() {
        *last += left + right;
    }
    let mut values = Vec::with_capacity(n_numbers(&shape)?);
    for row in x.values().chunks(n) {
        values.extend(row[1..=left].iter().rev());
        values.extend_from_slice(row);
        values.extend(row[n - 1 - right..n - 1].iter().rev());
    }
    Ok(Array::new(values, shape))
}

/// Reduces an axis to one element: `f` of all its numbers, in order.
pub(crate) fn reduce(x: &Array, axis: usize, f: impl Fn(&[f32]) -> f32) -> Found<Array> {
    let mut shape = x.shape();
    let [outer, extent, inner] = around(&shape, axis)?;
    shape[axis] = 1;
    let (source, mut values) = (x.values(), Vec::with_capacity(n_numbers(&[outer, inner])?));
    let mut line = vec![0.0; extent];
    for row in 0..outer {
        for column in 0..inner {
            for (i, place) in line.iter_mut().enumerate() {
                *place = source[(row * extent + i) * inner + column];
            }
            values.push(f(&line));
        }
    }
    Ok(Array::new(values, shape))
}

/// The index of the largest number; the first of equals.
pub(crate) fn largest(line: &[f32]) -> f32 {
    let best = line
        .iter()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, (i, x)| if *x > best.1 { (i, *x) } else { best });
    best.0 as f32
}

/// Rows of a table by their numbers: `[rows, size]` and `[…]` to `[…, size]`.
pub(crate) fn rows(table: &Array, numbers: &Array) -> Found<Array> {
    let &[n, size] = &table.shape()[..] else {
        return Err(format!("rows of an array of shape {:?}", table.shape()));
    };
    let mut values = Vec::with_capacity(n_numbers(&[numbers.len(), size])?);
    for number in numbers.values() {
        let i = *number as usize;
        if !(*number >= 0.0 && i < n) {
            return Err(format!("row {number} of {n}"));
        }
        values.extend_from_slice(&table.values()[i * size..(i + 1) * size]);
    }
    Ok(Array::new(values, [numbers.shape(), vec![size]].concat()))
}

/// Refuses work that would take too long: `n` numbers, each the sum of so many products.
fn affordable(n: usize, n_products: usize) -> Result<(), ()> {
    let all = n.checked_mul(n_products);
    all.filter(|all| *all <= PRODUCTS_MAX).map(drop).ok_or(())
}

/// A convolution: `[batch, channels, time]`, a weight, perhaps a bias.
pub(crate) fn conv(x: Array, weight: Array, bias: Option<Array>, conv: Conv1d) -> Found<Array> {
    let (shape, of_weight) = (x.shape(), weight.shape());
    let what = || format!("a convolution of {shape:?} with {of_weight:?} as {conv:?}");
    let (&[_, channels, time], &[out, n_in, kernel]) = (&shape[..], &of_weight[..]) else {
        return Err(what());
    };
    let Conv1d { stride, padding, dilation, groups } = conv;
    let is_small =
        [stride, padding.0, padding.1, dilation, groups, kernel].iter().all(|n| *n <= EXTENT_MAX);
    let is_right = is_small
        && [stride, dilation, groups, kernel, n_in, out].iter().all(|n| *n > 0)
        && n_in.checked_mul(groups) == Some(channels)
        && out.is_multiple_of(groups)
        && bias.as_ref().is_none_or(|bias| bias.shape() == [out])
        && conv.length_out(time, kernel) > 0;
    if !is_right {
        return Err(what());
    }
    let n = n_numbers(&[shape[0], out, conv.length_out(time, kernel)])?;
    affordable(n, n_in * kernel).map_err(|()| what())?;
    let bias = bias.map(Array::into_tensor);
    Ok(Array::from_tensor(conv1d(x.into_tensor(), weight.into_tensor(), bias, conv)))
}

/// A transposed convolution: `[batch, channels, time]`, a weight, perhaps a bias.
pub(crate) fn conv_transpose(
    x: Array,
    weight: Array,
    bias: Option<Array>,
    conv: ConvTranspose1d,
) -> Found<Array> {
    let (shape, of_weight) = (x.shape(), weight.shape());
    let what = || format!("a convolution of {shape:?} with {of_weight:?} as {conv:?}");
    let (&[batch, channels, time], &[n_in, out, kernel]) = (&shape[..], &of_weight[..]) else {
        return Err(what());
    };
    let ConvTranspose1d { stride, padding, output_padding, dilation, groups } = conv;
    let all = [stride, padding, output_padding, dilation, groups, kernel];
    let is_right = all.iter().all(|n| *n <= EXTENT_MAX)
        && [stride, dilation, kernel, time, out].iter().all(|n| *n > 0)
        && groups == 1
        && n_in == channels
        && bias.as_ref().is_none_or(|bias| bias.shape() == [out])
        && conv.length_out(time, kernel) > 0;
    if !is_right {
        return Err(what());
    }
    let n = n_numbers(&[batch, out, conv.length_out(time, kernel)])?;
    affordable(n, n_in.saturating_mul(kernel)).map_err(|()| what())?;
    let bias = bias.map(Array::into_tensor);
    Ok(Array::from_tensor(conv_transpose1d(x.into_tensor(), weight.into_tensor(), bias, conv)))
}

/// The weights of gated recurrent units.
pub(crate) struct Gru {
    /// `[3 * hidden, channels]`, the gates reset, update, new.
    pub(crate) of_input: Array,
    /// `[3 * hidden, hidden]`.
    pub(crate) of_hidden: Array,
    /// `[3 * hidden]` each.
    pub(crate) bias: [Array; 2],
}

/// A layer of gated recurrent units: `[batch, frames, channels]` and `[1, batch, hidden]` to
/// `[batch, frames, hidden]`.
pub(crate) fn gru(x: &Array, before: &Array, units: &Gru) -> Found<Array> {
    let shape = x.shape();
    let hidden = units.of_hidden.shape().get(1).copied().unwrap_or(0);
    let &[batch, frames, channels] = &shape[..] else {
        return Err(format!("recurrent units on {shape:?}"));
    };
    let is_small = (1..=EXTENT_MAX).contains(&hidden) && (1..=EXTENT_MAX).contains(&channels);
    let fits = is_small
        && units.of_input.shape() == [3 * hidden, channels]
        && units.of_hidden.shape() == [3 * hidden, hidden]
        && units.bias.iter().all(|bias| bias.shape() == [3 * hidden])
        && before.shape() == [1, batch, hidden];
    if !fits {
        return Err(format!("recurrent units of {:?} on {shape:?}", units.of_input.shape()));
    }
    n_numbers(&[batch, frames, hidden])?;
    let product = |matrix: &Array, bias: &Array, x: &[f32]| -> Vec<f32> {
        let rows = matrix.values().chunks(x.len()).zip(bias.values());
        rows.map(|(row, bias)| elementwise::dot(row, x) + bias).collect()
    };
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    let mut values = vec![0.0; batch * frames * hidden];
    for b in 0..batch {
        let mut state = before.values()[b * hidden..(b + 1) * hidden].to_vec();
        for t in 0..frames {
            let at = b * frames + t;
            let frame = &x.values()[at * channels..(at + 1) * channels];
            let of_input = product(&units.of_input, &units.bias[0], frame);
            let of_hidden = product(&units.of_hidden, &units.bias[1], &state);
            for (i, state) in state.iter_mut().enumerate() {
                let both = |gate: usize| of_input[gate * hidden + i] + of_hidden[gate * hidden + i];
                let (reset, update) = (sigmoid(both(0)), sigmoid(both(1)));
                let new = (of_input[2 * hidden + i] + reset * of_hidden[2 * hidden + i]).tanh();
                *state = (1.0 - update) * new + update * *state;
            }
            values[at * hidden..(at + 1) * hidden].copy_from_slice(&state);
        }
    }
    Ok(Array::new(values, vec![batch, frames, hidden]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize]) -> Array {
        let n = shape.iter().product::<usize>();
        Array::new((0..n).map(|i| i as f32).collect(), shape.to_vec())
    }

    #[test]
    fn extents_of_one_go_with_all() {
        let check = |a: &[usize], b: &[usize], expected: &[f32]| {
            let sum = binary(array(a), &array(b), |a, b| a + 10.0 * b).unwrap();
            assert_eq!(sum.values(), expected, "{a:?} {b:?}");
        };
        check(&[2, 2], &[2, 2], &[0.0, 11.0, 22.0, 33.0]);
        check(&[2, 2], &[2], &[0.0, 11.0, 2.0, 13.0]);
        check(&[2, 2], &[2, 1], &[0.0, 1.0, 12.0, 13.0]);
        check(&[2, 1], &[1, 2], &[0.0, 10.0, 1.0, 11.0]);
        check(&[1], &[2], &[0.0, 10.0]);
        assert!(binary(array(&[2]), &array(&[3]), |a, _| a).is_err());
    }

    #[test]
    fn parts_are_taken_and_put_as_in_python() {
        let x = array(&[2, 5]);
        let check = |from: i64, to: Option<i64>, expected: &[f32]| {
            assert_eq!(slice(&x, 1, from, to).unwrap().values(), expected, "{from} {to:?}");
        };
        check(0, Some(-3), &[0.0, 1.0, 5.0, 6.0]);
        check(-1, None, &[4.0, 9.0]);
        check(2, Some(2), &[]);
        check(-9, Some(1), &[0.0, 5.0]);
        let mut into = array(&[2, 3]);
        put(&mut into, 1, (1, 2), &array(&[2, 1])).unwrap();
        assert_eq!(into.values(), [0.0, 0.0, 2.0, 3.0, 1.0, 5.0]);
        assert!(put(&mut into, 1, (1, 2), &array(&[3])).is_err());
    }

    #[test]
    fn ends_are_padded_and_reflected_and_windows_taken() {
        let x = array(&[1, 2, 3]);
        assert_eq!(
            padded(&x, [1, 2], 9.0).unwrap().values(),
            [9.0, 0.0, 1.0, 2.0, 9.0, 9.0, 9.0, 3.0, 4.0, 5.0, 9.0, 9.0]
        );
        assert_eq!(
            reflected(&x, [2, 1]).unwrap().values(),
            [2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 5.0, 4.0, 3.0, 4.0, 5.0, 4.0]
        );
        assert!(reflected(&x, [3, 0]).is_err() && padded(&x, [-1, 0], 0.0).is_err());
        let made = windows(&array(&[1, 7]), 3, 2).unwrap();
        assert_eq!(made.shape(), [1, 3, 3]);
        assert_eq!(made.values(), [0.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 6.0]);
        assert!(windows(&x, 4, 1).is_err() && windows(&x, 2, 0).is_err());
        let every_second = slice_by(&array(&[2, 5]), 1, (1, None), 2).unwrap();
        assert_eq!(every_second.values(), [1.0, 3.0, 6.0, 8.0]);
        assert!(slice_by(&x, 1, (0, None), 0).is_err());
        let wide = widened(&array(&[1, 1, 2]), 2).unwrap();
        assert_eq!((wide.shape(), wide.values()), (vec![1, 2, 2], &[0.0, 1.0, 0.0, 1.0][..]));
        assert!(widened(&x, 3).is_err());
    }

    #[test]
    fn matrices_multiply() {
        let check = |x: &[usize], matrix: &[usize], shape: &[usize], expected: &[f32]| {
            let made = matmul(&array(x), &array(matrix)).unwrap();
            assert_eq!((&made.shape()[..], made.values()), (shape, expected), "{x:?} {matrix:?}");
        };
        check(&[1, 2, 2], &[2, 3], &[1, 2, 3], &[3.0, 4.0, 5.0, 9.0, 14.0, 19.0]);
        // A matrix for each of two, and a batch of two.
        check(&[2, 2, 1, 1], &[2, 1, 2], &[2, 2, 1, 2], &[0.0, 0.0, 2.0, 3.0, 0.0, 2.0, 6.0, 9.0]);
        for (x, matrix) in [(&[1, 2, 3][..], &[2, 3][..]), (&[3, 1, 1], &[2, 1, 2]), (&[2], &[2])] {
            assert!(matmul(&array(x), &array(matrix)).is_err(), "{x:?} {matrix:?}");
        }
    }

    #[test]
    fn axes_turn_and_join() {
        let turned = permute(&array(&[1, 2, 3]), &[0, 2, 1]).unwrap();
        assert_eq!(
            (turned.shape(), turned.values()),
            (vec![1, 3, 2], &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0][..])
        );
        assert!(permute(&array(&[2, 3]), &[0, 0]).is_err());
        let both = concat(&[array(&[2, 1]), array(&[2, 2])], 1).unwrap();
        assert_eq!(both.values(), [0.0, 0.0, 1.0, 1.0, 2.0, 3.0]);
        assert!(concat(&[array(&[2, 1]), array(&[3, 1])], 1).is_err());
        assert_eq!(reshape(array(&[2, 3]), &[-1, 2]).unwrap().shape(), [3, 2]);
        assert!(
            reshape(array(&[2, 3]), &[-1, 4]).is_err() && reshape(array(&[4]), &[-1, -1]).is_err()
        );
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let conv1 = |stride| Conv1d { stride, ..Conv1d::default() };
        assert!(conv(array(&[1, 2, 8]), array(&[4, 3, 2]), None, conv1(1)).is_err());
        assert!(conv(array(&[1, 2, 8]), array(&[4, 2, 2]), None, conv1(0)).is_err());
        assert!(conv(array(&[1, 2, 1]), array(&[4, 2, 2]), None, conv1(1)).is_err());
        assert!(n_numbers(&[usize::MAX, 2]).is_err() && n_numbers(&[0, usize::MAX]).is_err());
        assert_eq!(n_numbers(&[0, 5]), Ok(0));
        assert!(rows(&array(&[2, 3]), &scalar(2.0)).is_err());
        assert!(rows(&array(&[2, 3]), &scalar(f32::NAN)).is_err());
    }
}
