//! The nearest neighbours of points, and how similar they are.

use super::embedding::{Similarities, in_parts};

/// The nearest neighbours of each point.
pub(super) struct Neighbours {
    /// How many each point has.
    pub(super) k: usize,
    /// `[point][neighbour]`, the nearest first.
    pub(super) of: Vec<u32>,
    /// Their squared distances.
    pub(super) squares: Vec<f32>,
}

/// Points whose neighbours are found between two looks at whether to go on.
const ROWS_AT_ONCE: usize = 512;

impl Neighbours {
    /// The `k` nearest of each point, `[point][dimension]`, by comparing all with all; of two that are as far, the one
    /// that comes first.
    pub(super) fn found(
        points: &[f32],
        n_dimensions: usize,
        k: usize,
        n_threads: usize,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Option<Self> {
        let n = points.len() / n_dimensions;
        let mut rows = vec![vec![]; n];
        for (part, rows) in rows.chunks_mut(ROWS_AT_ONCE).enumerate() {
            if !go_on((part * ROWS_AT_ONCE) as f64 / n as f64) {
                return None;
            }
            in_parts(rows, n_threads, |first, rows| {
                let mut all = Vec::with_capacity(n);
                for (i, row) in rows.iter_mut().enumerate() {
                    let at = part * ROWS_AT_ONCE + first + i;
                    *row = nearest(points, n_dimensions, at, k, &mut all);
                }
            });
        }
        let (squares, of) = rows.into_iter().flatten().unzip();
        Some(Self { k, of, squares })
    }
}

fn nearest(
    points: &[f32],
    n_dimensions: usize,
    at: usize,
    k: usize,
    all: &mut Vec<(f32, u32)>,
) -> Vec<(f32, u32)> {
    let own = &points[at * n_dimensions..][..n_dimensions];
    let others = points.chunks_exact(n_dimensions).zip(0u32..);
    all.clear();
    all.extend(others.map(|(other, i)| (squared_distance(own, other), i)));
    all.swap_remove(at);
    let order = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if k < all.len() {
        all.select_nth_unstable_by(k, order);
    }
    let mut nearest = all[..k].to_vec();
    nearest.sort_unstable_by(order);
    nearest
}

/// In eight lanes, so that it is vectorised.
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let ((a, rest_of_a), (b, rest_of_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            let d = a[i] - b[i];
            lanes[i] += d * d;
        }
    }
    let rest = rest_of_a.iter().zip(rest_of_b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
    lanes.iter().sum::<f32>() + rest
}

/// How similar points are to their neighbours, and so their neighbours to them: a Gaussian around each point, as wide as
/// to reach about `perplexity` neighbours. Source: van der Maaten (2014), equations 3 to 5.
pub(super) fn similarities(neighbours: &Neighbours, perplexity: f32) -> Similarities {
    let (k, n) = (neighbours.k, neighbours.of.len() / neighbours.k);
    let mut pairs: Vec<(u32, u32, f32)> = Vec::with_capacity(2 * n * k);
    let rows = neighbours.of.chunks_exact(k).zip(neighbours.squares.chunks_exact(k));
    for (at, (others, squares)) in (0u32..).zip(rows) {
        let weights = weights(squares, perplexity);
        for (other, weight) in others.iter().zip(weights) {
            let value = weight / (2.0 * n as f32);
            pairs.push((at, *other, value));
            pairs.push((*other, at, value));
        }
    }
    pairs.sort_unstable_by_key(|(row, column, value)| (*row, *column, value.to_bits()));
    // What is said from both sides is added.
    pairs.dedup_by(|next, kept| {
        let is_same = (next.0, next.1) == (kept.0, kept.1);
        kept.2 += if is_same { next.2 } else { 0.0 };
        is_same
    });
    let mut starts = vec![0; n + 1];
    pairs.iter().for_each(|(row, ..)| starts[*row as usize + 1] += 1);
    (0..n).for_each(|i| starts[i + 1] += starts[i]);
    let (of, values) = pairs.into_iter().map(|(_, column, value)| (column, value)).unzip();
    Similarities { starts, of, values }
}

/// The Gaussian's weights at some squared distances, the nearest first; they sum to 1.
fn weights(squares: &[f32], perplexity: f32) -> Vec<f32> {
    let target = perplexity.ln();
    let nearest = squares[0];
    let (mut low, mut high) = (0.0f32, f32::INFINITY);
    // Begins where the middle neighbour has weight 1/e.
    let middle = squares[squares.len() / 2] - nearest;
    let mut precision = if middle > 0.0 { 1.0 / middle } else { 1.0 };
    let mut weights = vec![0.0; squares.len()];
    for _ in 0..64 {
        let exponents = squares.iter().map(|square| precision * (square - nearest));
        weights.iter_mut().zip(exponents).for_each(|(weight, it)| *weight = (-it).exp());
        let sum: f32 = weights.iter().sum();
        let mean = weights.iter().zip(squares).map(|(weight, it)| weight * (it - nearest));
        let entropy = sum.ln() + precision * mean.sum::<f32>() / sum;
        if (entropy - target).abs() < 1e-4 {
            break;
        }
        if entropy > target {
            low = precision;
            precision = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * precision };
        } else {
            high = precision;
            precision = 0.5 * (low + high);
        }
        // Many neighbours at the same place: no Gaussian is narrow enough to tell them apart.
        if precision > 1e20 {
            break;
        }
    }
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

/// How faithful a layout is: the share of the `k` nearest neighbours on the plane that are so in the space, too, and
/// the trustworthiness, both 0 to 1; looked at from about so many points.
///
/// Source: Venna and Kaski, "Neighborhood preservation in nonlinear projection methods" (2001), equation 1.
pub(super) fn faithfulness(
    (points, n_dimensions): (&[f32], usize),
    embedded: &[[f32; 2]],
    (k, n_looked_at): (usize, usize),
    n_threads: usize,
) -> (f64, f64) {
    let n = embedded.len();
    let every = n.div_ceil(n_looked_at).max(1);
    let mut rows: Vec<(usize, usize)> = vec![(0, 0); n.div_ceil(every)];
    in_parts(&mut rows, n_threads, |first, rows| {
        let (mut all, mut ranks) = (Vec::new(), vec![0usize; n]);
        for (i, (n_kept, n_beyond)) in rows.iter_mut().enumerate() {
            let at = (first + i) * every;
            let order = nearest(points, n_dimensions, at, n - 1, &mut all);
            order.iter().enumerate().for_each(|(rank, (_, other))| ranks[*other as usize] = rank);
            for (_, other) in nearest(embedded.as_flattened(), 2, at, k, &mut all) {
                match ranks[other as usize].checked_sub(k) {
                    None => *n_kept += 1,
                    Some(by) => *n_beyond += by + 1,
                }
            }
        }
    });
    let sum = |of: fn(&(usize, usize)) -> usize| rows.iter().map(of).sum::<usize>() as f64;
    let (n, k, n_rows) = (n as f64, k as f64, rows.len() as f64);
    let penalty = 2.0 * sum(|row| row.1) / (n_rows * k * (2.0 * n - 3.0 * k - 1.0));
    (sum(|row| row.0) / (n_rows * k), 1.0 - penalty)
}
