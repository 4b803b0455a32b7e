//! The latent space of held-out sound: its mean, its principal directions, and how many of them matter.
//!
//! Exports rotate latents to these directions, so that the first latent has the most effect. Source: the
//! analysis that RAVE performs at each validation of phase 1 (Caillon & Esling, 2021, section 3.3).

use nn::NamedArray;

/// The mean and the principal components of latents.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentSpace {
    /// The mean of each latent.
    pub mean: Vec<f32>,
    /// Unit directions in order of decreasing variance: `[direction][latent]`.
    pub directions: Vec<Vec<f32>>,
    /// The cumulative share of the variance of the first directions, increasing to 1.
    pub fidelity: Vec<f32>,
    /// Latents whose variance is above 0.01: those in use (Burda et al., 2016, "active units").
    pub n_active: usize,
}

/// Variance above which a latent counts as in use.
const ACTIVE: f64 = 0.01;

impl LatentSpace {
    /// The arrays that a checkpoint keeps it in.
    pub const NAMES: [&str; 4] = ["latent_mean", "latent_pca", "fidelity", "latent_active"];

    /// Computes it from latents, frame by frame (`[frames][size]`); `None` for fewer than two frames or
    /// values that are not numbers.
    #[must_use]
    pub fn measured(latents: &[f32], size: usize) -> Option<Self> {
        let n = latents.len() / size.max(1);
        if n < 2 || latents.iter().any(|x| !x.is_finite()) {
            return None;
        }
        let mut mean = vec![0.0f64; size];
        for row in latents.chunks(size) {
            mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += f64::from(*x) / n as f64);
        }
        let mut covariance = vec![0.0f64; size * size];
        let mut centred = vec![0.0f64; size];
        for row in latents.chunks(size) {
            centred.iter_mut().zip(row).zip(&mean).for_each(|((a, x), m)| *a = f64::from(*x) - m);
            for (i, a) in centred.iter().enumerate() {
                let out = &mut covariance[i * size..(i + 1) * size];
                out.iter_mut().zip(&centred).for_each(|(out, b)| *out += a * b / (n - 1) as f64);
            }
        }
        let n_active = (0..size).filter(|i| covariance[i * size + i] > ACTIVE).count();
        let (variances, directions) = eigen(covariance, size);
        let total: f64 = variances.iter().map(|v| v.max(0.0)).sum();
        let mut sum = 0.0;
        let fidelity = variances.iter().map(|variance| {
            sum += variance.max(0.0);
            if total > 0.0 { (sum / total) as f32 } else { 1.0 }
        });
        Some(Self {
            fidelity: fidelity.collect(),
            mean: mean.into_iter().map(|x| x as f32).collect(),
            directions,
            n_active,
        })
    }

    /// The number of directions that reach a share of the variance.
    #[must_use]
    pub fn n_directions(&self, share: f32) -> usize {
        let reached = self.fidelity.iter().position(|fidelity| *fidelity > share);
        reached.map_or(self.fidelity.len(), |i| i + 1)
    }

    /// How the space is used, by metric name.
    pub(super) fn metrics(&self) -> Vec<(&'static str, f64)> {
        let n = |share: f32| self.n_directions(share) as f64;
        vec![
            ("latent_active", self.n_active as f64),
            ("latent_fidelity_0.8", n(0.8)),
            ("latent_fidelity_0.9", n(0.9)),
            ("latent_fidelity_0.95", n(0.95)),
            ("latent_fidelity_0.99", n(0.99)),
        ]
    }

    /// As stored in checkpoints, under the original program's names.
    #[must_use]
    pub fn to_arrays(&self) -> Vec<NamedArray> {
        let size = self.mean.len();
        let array = |name: &str, shape: Vec<usize>, values: Vec<f32>| NamedArray {
            name: name.into(),
            shape,
            values,
        };
        vec![
            array("latent_mean", vec![size], self.mean.clone()),
            array("latent_pca", vec![size, size], self.directions.concat()),
            array("fidelity", vec![size], self.fidelity.clone()),
            array("latent_active", vec![1], vec![self.n_active as f32]),
        ]
    }

    /// Restores it from the arrays of a checkpoint, if present.
    #[must_use]
    pub fn from_arrays(arrays: &[NamedArray]) -> Option<Self> {
        let find = |name: &str| arrays.iter().find(|array| array.name == name);
        let (mean, pca, fidelity) = (find("latent_mean")?, find("latent_pca")?, find("fidelity")?);
        let size = mean.values.len();
        let fits = size > 0 && pca.values.len() == size * size && fidelity.values.len() == size;
        fits.then(|| Self {
            mean: mean.values.clone(),
            directions: pca.values.chunks(size).map(<[f32]>::to_vec).collect(),
            fidelity: fidelity.values.clone(),
            n_active: find("latent_active")
                .and_then(|array| array.values.first())
                .map_or(size, |n| *n as usize),
        })
    }
}

/// Eigenvalues in decreasing order, and unit eigenvectors, of a symmetric matrix.
///
/// Jacobi's method: rotates the largest off-diagonal entries away, in sweeps, until none are
/// left. Source: Golub and Van Loan, "Matrix Computations", 8.5.
fn eigen(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<Vec<f32>>) {
    let mut vectors: Vec<f64> = vec![0.0; n * n];
    (0..n).for_each(|i| vectors[i * n + i] = 1.0);
    let scale: f64 = a.iter().map(|x| x * x).sum::<f64>();
    for _ in 0..SWEEPS_MOST {
        let beside: f64 = (0..n)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| a[i * n + j].powi(2))
            .sum();
        if beside <= scale * 1e-24 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                turn(&mut a, &mut vectors, n, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|i, j| a[j * n + j].total_cmp(&a[i * n + i]));
    let values = order.iter().map(|i| a[i * n + i]).collect();
    let row = |i: &usize| vectors[i * n..(i + 1) * n].iter().map(|x| *x as f32).collect();
    (values, order.iter().map(row).collect())
}

/// The most sweeps; about ten are enough in practice.
const SWEEPS_MOST: usize = 60;

/// Rotates rows and columns `p` and `q` so that the entry between them becomes zero.
fn turn(a: &mut [f64], vectors: &mut [f64], n: usize, p: usize, q: usize) {
    let between = a[p * n + q];
    if between == 0.0 {
        return;
    }
    let tau = (a[q * n + q] - a[p * n + p]) / (2.0 * between);
    let t = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let t = if tau == 0.0 { 1.0 } else { t };
    let cosine = 1.0 / (1.0 + t * t).sqrt();
    let sine = t * cosine;
    for k in 0..n {
        let (x, y) = (a[k * n + p], a[k * n + q]);
        (a[k * n + p], a[k * n + q]) = (cosine * x - sine * y, sine * x + cosine * y);
    }
    for matrix in [a, vectors] {
        for k in 0..n {
            let (x, y) = (matrix[p * n + k], matrix[q * n + k]);
            (matrix[p * n + k], matrix[q * n + k]) = (cosine * x - sine * y, sine * x + cosine * y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn::Init;

    #[test]
    fn directions_are_those_in_which_latents_spread() {
        // Two directions with standard deviations 3 and 1 in five dimensions, around a mean.
        let mut rng = Init::new(5);
        let normal = rng.normal(2 * 4000);
        let (u, v) = ([0.6, 0.0, 0.8, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0]);
        let latents: Vec<f32> = normal
            .chunks(2)
            .flat_map(|pair| (0..5).map(move |i| 2.0 + 3.0 * pair[0] * u[i] + pair[1] * v[i]))
            .collect();
        let space = LatentSpace::measured(&latents, 5).unwrap();
        let along = |row: &[f32], axis: [f32; 5]| -> f32 {
            row.iter().zip(axis).map(|(a, b)| a * b).sum::<f32>().abs()
        };
        assert!(along(&space.directions[0], u) > 0.999);
        assert!(along(&space.directions[1], v) > 0.999);
        assert!(space.mean.iter().all(|mean| (mean - 2.0).abs() < 0.2));
        assert!((space.fidelity[0] - 0.9).abs() < 0.01, "{:?}", space.fidelity);
        assert!((space.fidelity[1] - 1.0).abs() < 1e-6);
        assert_eq!((space.n_directions(0.8), space.n_directions(0.95)), (1, 2));
        assert_eq!(space.n_active, 3);
        assert_eq!(LatentSpace::from_arrays(&space.to_arrays()), Some(space));
    }

    #[test]
    fn a_collapsed_or_broken_space_says_so() {
        let flat = LatentSpace::measured(&[1.0; 40], 4).unwrap();
        assert_eq!((flat.n_active, flat.n_directions(0.9)), (0, 1));
        assert_eq!(LatentSpace::measured(&[1.0; 4], 4), None);
        assert_eq!(LatentSpace::measured(&[f32::NAN; 40], 4), None);
    }
}
