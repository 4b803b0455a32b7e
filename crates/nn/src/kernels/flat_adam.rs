//! A step of Adam over flat vectors, in one pass over memory.
#![expect(unsafe_code, reason = "the loops are compiled for several CPUs")]

use super::simd::on_every_level;

on_every_level! {
    /// The sum of all squares, in the same order on every CPU.
    pub(crate) fn sum_of_squares(values: &[f32]) -> f64 {
        let mut sums = [0.0f64; 16];
        let chunks = values.chunks_exact(16);
        let rest: f64 = chunks.remainder().iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        for chunk in chunks {
            for i in 0..16 {
                sums[i] += f64::from(chunk[i]) * f64::from(chunk[i]);
            }
        }
        sums.iter().sum::<f64>() + rest
    }
}

on_every_level! {
    /// `numbers` are the factor of the gradients, both betas, the rate over the first correction, one over
    /// the root of the second, and epsilon.
    pub(crate) fn step(
        parameters: &mut [f32],
        gradients: &[f32],
        first: &mut [f32],
        second: &mut [f32],
        numbers: [f32; 6]
    ) {
        let [scale, beta_first, beta_second, rate, root_scale, epsilon] = numbers;
        let moments = first.iter_mut().zip(second);
        for ((parameter, gradient), (first, second)) in parameters.iter_mut().zip(gradients).zip(moments) {
            let gradient = gradient * scale;
            *first = beta_first * *first + (1.0 - beta_first) * gradient;
            *second = beta_second * *second + (1.0 - beta_second) * gradient * gradient;
            *parameter -= rate * *first / (second.sqrt() * root_scale + epsilon);
        }
    }
}
