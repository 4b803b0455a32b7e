//! The mean absolute difference of two arrays, of which only one learns.

use burn::tensor::Tensor;

use crate::array::{Array, is_host};
use crate::composed;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::collect_chunks;
use crate::kernels::elementwise::{absolute_difference, sign_of_difference};
use crate::threads;

/// The mean of `|a - b|` over all elements. The gradient flows into `a` only, and is 0 where both are
/// alike. Nothing new is kept for the backward pass.
///
/// # Shapes
/// - `a`, `b`: the same
/// - output: `[1]`
///
/// # Panics
/// When the shapes differ.
#[must_use]
pub fn mean_difference(a: Tensor<3>, b: Tensor<3>) -> Tensor<1> {
    assert_eq!(a.dims(), b.dims(), "arrays to compare");
    if !is_host(&a) {
        return composed::mean_difference(a, b.inner());
    }
    apply(&MeanDifference, [Input::new(a), Input::new(b.inner())])
}

/// Elements in a partial sum; fixed, so that sums have one order whatever the number of threads.
const CHUNK: usize = 4096;

#[derive(Clone, Debug)]
struct MeanDifference;

impl Operation<2> for MeanDifference {
    type Saved = (Array, Array);

    fn infer(&self, [a, b]: [Array; 2]) -> Array {
        let mut sums = vec![0.0f32; a.len().div_ceil(CHUNK)];
        threads::for_each_chunk(&mut sums, 1, |i, sum| {
            let part = i * CHUNK..a.len().min((i + 1) * CHUNK);
            sum[0] = absolute_difference(&a.values()[part.clone()], &b.values()[part]);
        });
        let sum: f64 = sums.into_iter().map(f64::from).sum();
        Array::new(vec![(sum / a.len() as f64) as f32], vec![1])
    }

    fn forward(&self, inputs: [Array; 2], _wanted: [bool; 2]) -> (Array, Self::Saved) {
        let [a, b] = inputs.clone();
        (self.infer(inputs), (a, b))
    }

    fn backward(
        &self,
        (a, b): Self::Saved,
        gradient: Array,
        wanted: [bool; 2],
    ) -> [Option<Array>; 2] {
        let factor = gradient.values()[0] / a.len() as f32;
        let of_a = || {
            let values = collect_chunks(a.len(), CHUNK, |i, to| {
                let (start, n) = (i * CHUNK, to.len());
                let to = to.write_copy_of_slice(&a.values()[start..start + n]);
                sign_of_difference(to, &b.values()[start..start + n], factor);
                to
            });
            Array::new(values, a.shape())
        };
        [wanted[0].then(of_a), None]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Init, from_values, values};

    #[test]
    fn it_is_what_it_stands_for() {
        let dims = [2, 3, 1501];
        let leaf = |seed: u64| {
            from_values(Init::new(seed).uniform(dims.iter().product(), -1.0, 1.0), dims)
        };
        type Difference = fn(Tensor<3>, Tensor<3>) -> Tensor<1>;
        let of = |difference: Difference| {
            let a = leaf(1).autodiff().require_grad();
            let loss = difference(a.clone(), leaf(2)) * 3.0;
            let value = values(loss.clone())[0];
            let mut all = loss.backward();
            (value, values(a.grad_remove(&mut all).unwrap()))
        };
        let (found, expected) = (of(mean_difference), of(composed::mean_difference));
        assert!((found.0 / expected.0 - 1.0).abs() < 1e-5, "{} {}", found.0, expected.0);
        for (found, expected) in found.1.iter().zip(&expected.1) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        let alike = leaf(1).autodiff().require_grad();
        let mut all = mean_difference(alike.clone(), leaf(1)).backward();
        assert!(values(alike.grad_remove(&mut all).unwrap()).iter().all(|it| *it == 0.0));
    }
}
