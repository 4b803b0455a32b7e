//! Small statistics of what was played.

use std::collections::VecDeque;

use games::Finished;

use super::state::Fields;

/// What was measured, by the names of Stable-Baselines3.
pub(crate) type Values = Vec<(&'static str, f64)>;

/// Episodes whose means are shown.
const WINDOW: usize = 100;

/// Mean, and deviation with one less than the number of values below.
pub(crate) fn mean_and_deviation(values: impl Iterator<Item = f32> + Clone) -> (f32, f32) {
    let n = values.clone().count() as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / n;
    let squares: f64 = values.map(|it| (f64::from(it) - mean).powi(2)).sum();
    (mean as f32, (squares / (n - 1.0)).sqrt() as f32)
}

/// The share of the returns' variance that the values explain: 1 at best, 0 for a constant.
pub(crate) fn explained_variance(values: &[f32], returns: &[f32]) -> f64 {
    let variance = |of: &mut dyn Iterator<Item = f64>| {
        let all: Vec<f64> = of.collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        all.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / all.len() as f64
    };
    let of_returns = variance(&mut returns.iter().map(|it| f64::from(*it)));
    let errors = returns.iter().zip(values).map(|(a, b)| f64::from(a - b));
    let of_errors = variance(&mut errors.into_iter());
    if of_returns == 0.0 { 0.0 } else { 1.0 - of_errors / of_returns }
}

/// The last episodes that were played.
#[derive(Clone, Debug, Default)]
pub(crate) struct Episodes {
    last: VecDeque<(f64, f64)>,
    n: u64,
}

impl Episodes {
    pub(crate) fn add(&mut self, finished: &[Finished]) {
        for it in finished {
            self.n += 1;
            self.last.push_back((it.score, f64::from(it.n_steps)));
            if self.last.len() > WINDOW {
                self.last.pop_front();
            }
        }
    }

    /// Means of the last episodes.
    pub(crate) fn values(&self) -> Values {
        if self.last.is_empty() {
            return vec![];
        }
        let n = self.last.len() as f64;
        vec![
            ("rollout/ep_rew_mean", self.last.iter().map(|it| it.0).sum::<f64>() / n),
            ("rollout/ep_len_mean", self.last.iter().map(|it| it.1).sum::<f64>() / n),
            ("time/episodes", self.n as f64),
        ]
    }

    pub(crate) fn fields(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        fields.whole("episodes.n", &mut self.n)?;
        let mut last: Vec<f64> = self.last.iter().flat_map(|it| [it.0, it.1]).collect();
        fields.exact_numbers("episodes.last", &mut last)?;
        self.last = last.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        Ok(())
    }
}
