//! Adam over one flat vector of parameters.

use crate::kernels::flat_adam;

/// Adam with its moments. Source: Kingma and Ba, «Adam: A Method for Stochastic Optimization», 2015, with
/// the form of the step that `PyTorch` has.
#[derive(Clone, Debug, PartialEq)]
pub struct FlatAdam {
    /// First and second moments, each as long as the parameters.
    pub moments: [Vec<f32>; 2],
    /// Steps that were taken.
    pub n_steps: u64,
    /// What is added to the root of the second moment.
    pub epsilon: f32,
}

const BETAS: [f64; 2] = [0.9, 0.999];

impl FlatAdam {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new(n_parameters: usize, epsilon: f32) -> Self {
        Self { moments: [vec![0.0; n_parameters], vec![0.0; n_parameters]], n_steps: 0, epsilon }
    }

    /// Moves the parameters by a step. The gradients are scaled down first where their norm exceeds
    /// `norm_max`; gives the norm that they had. If that is not a finite number, nothing changes.
    pub fn step(
        &mut self,
        parameters: &mut [f32],
        gradients: &[f32],
        learning_rate: f64,
        norm_max: f64,
    ) -> f64 {
        let norm = flat_adam::sum_of_squares(gradients).sqrt();
        if !norm.is_finite() {
            return norm;
        }
        // PyTorch divides by the norm and this.
        let scale = (norm_max / (norm + 1e-6)).min(1.0);
        self.n_steps += 1;
        let n = self.n_steps.min(1_000_000) as i32;
        let corrections = BETAS.map(|beta| 1.0 - beta.powi(n));
        let [first, second] = &mut self.moments;
        flat_adam::step(
            parameters,
            gradients,
            first,
            second,
            [
                scale as f32,
                BETAS[0] as f32,
                BETAS[1] as f32,
                (learning_rate / corrections[0]) as f32,
                (1.0 / corrections[1].sqrt()) as f32,
                self.epsilon,
            ],
        );
        norm
    }
}
