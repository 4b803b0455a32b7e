//! How a loss changes with what goes into the parts of a transformer, for training small additions to weights that stay as
//! they are.
//!
//! Each function takes what went in, and the gradient of what came out; gradients of weights are taken only where
//! [`add_outer`] is asked for them. All give the same numbers on any number of threads.

use super::Attention;
use crate::kernels::elementwise::{dot, sigmoid, softmax};
use crate::kernels::gather::{Layout, Places, Product, pack, pack_transposed, packed_len};
use crate::threads;

/// Frames, or rows of a gradient, of a task.
const ROWS: usize = 64;
/// Numbers of a task that only passes over them.
const CHUNK: usize = 1 << 14;

/// Of frames `x [frames][n_in]` and a matrix `[n_in][n_out]`, `[frames][n_out]`.
///
/// # Panics
/// When `x` is no whole number of frames, or the matrix has another size.
#[must_use]
pub fn product(x: &[f32], n_in: usize, matrix: &[f32], n_out: usize) -> Vec<f32> {
    assert!(n_in > 0 && x.len().is_multiple_of(n_in), "whole frames");
    assert_eq!(matrix.len(), n_in * n_out, "a row for every input");
    let mut packed = vec![0.0; packed_len(n_in, n_out)];
    pack(matrix, n_in, n_out, &mut packed);
    let taps = Places::apart(n_in, 1);
    let mut out = vec![0.0; x.len() / n_in * n_out];
    threads::for_each_chunk(&mut out, ROWS * n_out, |i, out| {
        let (x, rows) = (&x[i * ROWS * n_in..], Places::apart(out.len() / n_out, n_in));
        let product = Product { x, rows: &rows, taps: &taps, matrix: &packed, n_out };
        product.run(Layout::Rows, false, out);
    });
    out
}

/// Adds to `to`, `[n_left][n_right]`, the products of each number of `left [frames][n_left]` with each of
/// `right [frames][n_right]`, summed over frames: the gradient of a weight.
///
/// # Panics
/// When both have not as many whole frames, or `to` has another size.
pub fn add_outer(left: &[f32], n_left: usize, right: &[f32], n_right: usize, to: &mut [f32]) {
    assert!(n_left > 0 && n_right > 0 && left.len().is_multiple_of(n_left), "whole frames");
    let n_frames = left.len() / n_left;
    assert_eq!(right.len(), n_frames * n_right, "as many frames");
    assert_eq!(to.len(), n_left * n_right, "a number for every pair");
    if n_frames == 0 {
        return;
    }
    let mut packed = vec![0.0; packed_len(n_frames, n_right)];
    pack(right, n_frames, n_right, &mut packed);
    let taps = Places::apart(n_frames, n_left);
    threads::for_each_chunk(to, ROWS * n_right, |i, to| {
        let rows = Places::apart(to.len() / n_right, 1);
        let x = &left[i * ROWS..];
        let product = Product { x, rows: &rows, taps: &taps, matrix: &packed, n_out: n_right };
        product.run(Layout::Rows, true, to);
    });
}

/// The gradient of the frames that went into [`super::rms_norm`].
///
/// # Panics
/// When `x` is no whole number of frames, or the gradient has another size.
#[must_use]
pub fn rms_norm_backward(x: &[f32], gain: &[f32], epsilon: f32, gradient: &[f32]) -> Vec<f32> {
    let n = gain.len();
    assert!(n > 0 && x.len().is_multiple_of(n), "whole frames");
    assert_eq!(x.len(), gradient.len(), "a gradient for every number");
    let in_task = (CHUNK / n).max(1) * n;
    let mut out = vec![0.0; x.len()];
    threads::for_each_chunk(&mut out, in_task, |i, out| {
        let frames = x[i * in_task..].chunks_exact(n).zip(gradient[i * in_task..].chunks_exact(n));
        for (out, (x, gradient)) in out.chunks_exact_mut(n).zip(frames) {
            for ((out, gradient), gain) in out.iter_mut().zip(gradient).zip(gain) {
                *out = gradient * gain;
            }
            let squares = x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>();
            let along = x.iter().zip(&*out).map(|(x, g)| f64::from(*x) * f64::from(*g));
            let along = along.sum::<f64>();
            let scale = 1.0 / (squares / n as f64 + f64::from(epsilon)).sqrt();
            let (scale, back) = (scale as f32, (along * scale.powi(3) / n as f64) as f32);
            out.iter_mut().zip(x).for_each(|(out, x)| *out = scale * *out - back * x);
        }
    });
    out
}

/// The gradients of gates and numbers, of that of `silu(gates) * numbers`.
///
/// # Panics
/// When there are not as many of each.
#[must_use]
pub fn gated_backward(gates: &[f32], numbers: &[f32], gradient: &[f32]) -> (Vec<f32>, Vec<f32>) {
    assert!(gates.len() == numbers.len() && gates.len() == gradient.len(), "as many of each");
    let mut of_gates = gates.to_vec();
    let mut of_numbers = vec![0.0; gates.len()];
    threads::for_each_chunk(&mut of_gates, CHUNK, |_, chunk| sigmoid(chunk));
    threads::for_each_chunk(&mut of_numbers, CHUNK, |i, out| {
        let of = i * CHUNK..i * CHUNK + out.len();
        let shares = of_gates[of.clone()].iter().zip(&gates[of.clone()]);
        for ((out, (share, gate)), gradient) in out.iter_mut().zip(shares).zip(&gradient[of]) {
            *out = gradient * gate * share;
        }
    });
    threads::for_each_chunk(&mut of_gates, CHUNK, |i, out| {
        let of = i * CHUNK..i * CHUNK + out.len();
        let others = gates[of.clone()].iter().zip(&numbers[of.clone()]).zip(&gradient[of]);
        for (share, ((gate, number), gradient)) in out.iter_mut().zip(others) {
            *share = gradient * number * *share * (1.0 + gate * (1.0 - *share));
        }
    });
    (of_gates, of_numbers)
}

/// The gradients of queries, keys and values, of that of what [`super::attend`] gave.
///
/// # Panics
/// When something has another size, heads share keys, or scores are capped or hidden.
#[must_use]
pub fn attend_backward(
    how: &Attention<'_>,
    [queries, keys, values]: [&[f32]; 3],
    gradient: &[f32],
) -> [Vec<f32>; 3] {
    let Attention { n_heads, head_dim, .. } = *how;
    assert!(how.n_key_heads == n_heads && how.cap.is_none() && how.sees.is_none(), "plain heads");
    let width = n_heads * head_dim;
    assert!(queries.len().is_multiple_of(width) && keys.len().is_multiple_of(width));
    assert!(keys.len() == values.len() && queries.len() == gradient.len(), "as many of each");
    let (n_queries, n_keys) = (queries.len() / width, keys.len() / width);
    assert!(how.bias.is_none_or(|bias| bias.len() == n_heads * n_queries * n_keys));
    let of_head = (n_queries + 2 * n_keys) * head_dim;
    let mut by_head = vec![0.0; n_heads * of_head];
    threads::for_each_chunk(&mut by_head, of_head, |head, out| {
        let gathered = |frames: &[f32]| -> Vec<f32> {
            frames
                .chunks_exact(width)
                .flat_map(|it| &it[head * head_dim..][..head_dim])
                .copied()
                .collect()
        };
        let bias = how.bias.map(|bias| &bias[head * n_queries * n_keys..][..n_queries * n_keys]);
        let all = [queries, keys, values, gradient].map(gathered);
        one_head([&all[0], &all[1], &all[2], &all[3]], head_dim, (how.scale, bias), out);
    });
    let mut out = [vec![0.0; queries.len()], vec![0.0; keys.len()], vec![0.0; values.len()]];
    for (head, from) in by_head.chunks_exact(of_head).enumerate() {
        let mut from = from.chunks_exact(head_dim);
        for frame in out.iter_mut().flat_map(|out| out.chunks_exact_mut(width)) {
            if let Some(from) = from.next() {
                frame[head * head_dim..][..head_dim].copy_from_slice(from);
            }
        }
    }
    out
}

/// The gradients of a head's queries, keys and values, one after the other.
fn one_head(
    [queries, keys, values, gradient]: [&[f32]; 4],
    dim: usize,
    (scale, bias): (f32, Option<&[f32]>),
    out: &mut [f32],
) {
    let (n_queries, n_keys) = (queries.len() / dim, keys.len() / dim);
    let (dims, rows) = (Places::apart(dim, 1), Places::apart(n_queries, dim));
    let packed = |from: &[f32], n: usize| {
        let mut to = vec![0.0; packed_len(n, dim)];
        pack(from, n, dim, &mut to);
        to
    };
    // Products with every key or value need them `[dim][key]`.
    let with_all = |x: &[f32], others: &[f32]| {
        let mut matrix = vec![0.0; packed_len(dim, n_keys)];
        pack_transposed(&packed(others, n_keys), n_keys, dim, &mut matrix);
        let mut out = vec![0.0; n_queries * n_keys];
        let product = Product { x, rows: &rows, taps: &dims, matrix: &matrix, n_out: n_keys };
        product.run(Layout::Rows, false, &mut out);
        out
    };
    let mut shares = with_all(queries, keys);
    for (i, shares) in shares.chunks_exact_mut(n_keys).enumerate() {
        shares.iter_mut().for_each(|it| *it *= scale);
        if let Some(bias) = bias {
            let bias = &bias[i * n_keys..][..n_keys];
            shares.iter_mut().zip(bias).for_each(|(it, bias)| *it += bias);
        }
        softmax(shares);
    }
    let (of_queries, rest) = out.split_at_mut(n_queries * dim);
    let (of_keys, of_values) = rest.split_at_mut(n_keys * dim);
    // Sums over queries: keys are rows, and the step from query to query is a row of shares.
    let (each_key, down) = (Places::apart(n_keys, 1), Places::apart(n_queries, n_keys));
    let over_queries = |x: &[f32], others: &[f32], out: &mut [f32]| {
        let matrix = &packed(others, n_queries);
        Product { x, rows: &each_key, taps: &down, matrix, n_out: dim }.run(
            Layout::Rows,
            false,
            out,
        );
    };
    over_queries(&shares, gradient, of_values);
    let mut scores = with_all(gradient, values);
    for (scores, shares) in scores.chunks_exact_mut(n_keys).zip(shares.chunks_exact(n_keys)) {
        let mean = dot(scores, shares);
        for (score, share) in scores.iter_mut().zip(shares) {
            *score = scale * share * (*score - mean);
        }
    }
    let (rows, taps) = (Places::apart(n_queries, n_keys), Places::apart(n_keys, 1));
    let matrix = &packed(keys, n_keys);
    Product { x: &scores, rows: &rows, taps: &taps, matrix, n_out: dim }.run(
        Layout::Rows,
        false,
        of_queries,
    );
    over_queries(&scores, queries, of_keys);
}
