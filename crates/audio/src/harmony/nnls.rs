//! Non-negative least squares: how much of each template a spectrum is made of.
//!
//! Source: Franc, Hlaváč and Navara, "Sequential coordinate-wise algorithm for the non-negative least squares problem"
//! (CAIP 2005). One unknown at a time goes to its best value; a spectrum of 250 bins and 84 notes takes some tens of
//! microseconds.

/// Most times that all unknowns are gone through; mostly a third of these do.
const SWEEPS_MAX: usize = 60;

/// Templates, and memory to solve with.
pub(crate) struct Nnls {
    n: usize,
    /// Shape `[n][bins]`.
    templates: Vec<f32>,
    /// Products of each two templates, `[n][n]`.
    gram: Vec<f32>,
    gradient: Vec<f32>,
    found: Vec<f32>,
}

impl Nnls {
    /// For `n` templates, one after the other.
    pub(crate) fn new(templates: Vec<f32>, n: usize) -> Self {
        let n_bins = templates.len() / n;
        let row = |i: usize| &templates[i * n_bins..(i + 1) * n_bins];
        let gram = (0..n * n).map(|at| dot(row(at / n), row(at % n))).collect();
        Self { n, templates, gram, gradient: vec![0.0; n], found: vec![0.0; n] }
    }

    /// How much of each template there is, so that their sum is nearest to the spectrum; none is negative. `cost` is
    /// taken from what each one explains, so that little ones become 0.
    pub(crate) fn solve(&mut self, spectrum: &[f32], cost: f32) -> &[f32] {
        let n_bins = self.templates.len() / self.n;
        let rows = self.templates.chunks(n_bins);
        for (gradient, row) in self.gradient.iter_mut().zip(rows) {
            *gradient = cost - dot(row, spectrum);
        }
        self.found.fill(0.0);
        let largest = self.gradient.iter().fold(0.0f32, |max, x| max.max(-x));
        // Nothing to explain, or what is not a number.
        if !(largest > 0.0 && largest.is_finite()) {
            return &self.found;
        }
        for _ in 0..SWEEPS_MAX {
            let mut step_max = 0.0f32;
            for k in 0..self.n {
                let row = &self.gram[k * self.n..(k + 1) * self.n];
                let next = (self.found[k] - self.gradient[k] / row[k].max(1e-9)).max(0.0);
                let step = next - self.found[k];
                if step != 0.0 {
                    self.found[k] = next;
                    step_max = step_max.max(step.abs());
                    for (gradient, product) in self.gradient.iter_mut().zip(row) {
                        *gradient += step * product;
                    }
                }
            }
            if step_max < 1e-3 * largest {
                break;
            }
        }
        &self.found
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums at a time, which the compiler keeps in one vector.
    let mut sums = [0.0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a8.zip(b8) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_and_nothing_is_negative() {
        // Three overlapping templates of four bins.
        let templates = vec![0.8, 0.6, 0.0, 0.0, 0.0, 0.8, 0.6, 0.0, 0.0, 0.0, 0.6, 0.8];
        let mut nnls = Nnls::new(templates.clone(), 3);
        let check = |nnls: &mut Nnls, amounts: [f32; 3]| {
            let at = |bin: usize| (0..3).map(|i| amounts[i] * templates[i * 4 + bin]).sum();
            let spectrum: Vec<f32> = (0..4).map(at).collect();
            let found = nnls.solve(&spectrum, 0.0).to_vec();
            for (found, amount) in found.iter().zip(amounts) {
                assert!((found - amount).abs() < 0.02, "{found} for {amount}");
            }
        };
        check(&mut nnls, [1.0, 0.0, 2.0]);
        check(&mut nnls, [0.0, 3.0, 0.5]);
        check(&mut nnls, [0.0; 3]);
        assert!(nnls.solve(&[-1.0; 4], 0.0).iter().all(|x| *x == 0.0));
        assert!(nnls.solve(&[f32::NAN; 4], 0.0).iter().all(|x| *x == 0.0));
    }
}
