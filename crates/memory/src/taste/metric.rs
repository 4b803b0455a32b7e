//! A metric with a weight for each number of a vector, learnt from pairs that were said to be alike or not.
//!
//! A pair is alike with probability `s(bias - sum of w |a - b|)`, `s` being the logistic function. Weights begin alike and
//! are pulled back there, so that few pairs change little.

/// A pair of unit vectors, and whether a person says that they are alike.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// One.
    pub a: &'a [f32],
    /// The other.
    pub b: &'a [f32],
    /// What was said.
    pub is_alike: bool,
}

/// How much each number of a vector counts; 1 on average.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    weights: Vec<f32>,
}

/// How strongly weights are pulled back, against the mean loss of a pair. A tenth of it gained a third as much on what was
/// never rated.
const PULL: f64 = 0.2;
const N_STEPS: usize = 300;
const RATE: f64 = 0.05;
/// Pairs of each kind without which nothing can be learnt.
const PAIRS_MIN: usize = 3;

impl Metric {
    /// Learns from pairs; nothing where too few of a kind are known.
    #[must_use]
    pub fn learn(pairs: &[Pair<'_>]) -> Option<Self> {
        let n_alike = pairs.iter().filter(|it| it.is_alike).count();
        if n_alike < PAIRS_MIN || pairs.len() - n_alike < PAIRS_MIN {
            return None;
        }
        let dim = pairs[0].a.len();
        // Differences as shares of the usual one of their number, so that no number counts more for being large.
        let mut differences: Vec<Vec<f64>> = pairs
            .iter()
            .map(|it| it.a.iter().zip(it.b).map(|(a, b)| f64::from((a - b).abs())).collect())
            .collect();
        let usual: f64 =
            differences.iter().flatten().sum::<f64>() / (differences.len() * dim) as f64;
        differences.iter_mut().flatten().for_each(|x| *x /= usual.max(1e-12));
        // Both kinds count alike, however many there are of each.
        let share = |it: &Pair<'_>| {
            0.5 / if it.is_alike { n_alike as f64 } else { (pairs.len() - n_alike) as f64 }
        };
        let shares: Vec<f64> = pairs.iter().map(share).collect();
        let (mut weights, mut bias) = (vec![1.0f64; dim], 1.0f64);
        let mut moments = vec![(0.0f64, 0.0f64); dim + 1];
        let scale = 4.0 / dim as f64;
        for step in 1..=N_STEPS {
            let mut gradient = vec![0.0; dim + 1];
            for ((pair, difference), share) in pairs.iter().zip(&differences).zip(&shares) {
                let distance: f64 = weights.iter().zip(difference).map(|(w, x)| w * x).sum();
                let alike = 1.0 / (1.0 + (scale * distance - 4.0 * bias).exp());
                let error = share * (alike - f64::from(u8::from(pair.is_alike)));
                gradient[dim] += 4.0 * error;
                for (gradient, x) in gradient.iter_mut().zip(difference) {
                    *gradient -= error * scale * x;
                }
            }
            for (gradient, weight) in gradient.iter_mut().zip(&weights) {
                *gradient += PULL * (weight - 1.0) / dim as f64;
            }
            // Adam. Source: Kingma and Ba (2015), algorithm 1.
            let values = weights.iter_mut().chain(std::iter::once(&mut bias));
            for ((value, gradient), (first, second)) in values.zip(&gradient).zip(&mut moments) {
                *first = 0.9 * *first + 0.1 * gradient;
                *second = 0.99 * *second + 0.01 * gradient * gradient;
                let first = *first / (1.0 - 0.9f64.powi(step as i32));
                let second = *second / (1.0 - 0.99f64.powi(step as i32));
                *value -= RATE * first / (second.sqrt() + 1e-9);
            }
            weights.iter_mut().for_each(|it| *it = it.max(0.0));
        }
        let mean = weights.iter().sum::<f64>() / dim as f64;
        if mean < 1e-6 {
            return None;
        }
        Some(Self { weights: weights.iter().map(|it| (it / mean) as f32).collect() })
    }

    /// How much each number counts; 1 on average.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// The cosine of two vectors whose numbers count as they do.
    #[must_use]
    pub fn similarity(&self, a: &[f32], b: &[f32]) -> f64 {
        let (mut ab, mut aa, mut bb) = (0.0f64, 0.0f64, 0.0f64);
        for ((a, b), w) in a.iter().zip(b).zip(&self.weights) {
            let [a, b, w] = [*a, *b, *w].map(f64::from);
            ab += w * a * b;
            aa += w * a * a;
            bb += w * b * b;
        }
        ab / (aa * bb).sqrt().max(1e-20)
    }
}
