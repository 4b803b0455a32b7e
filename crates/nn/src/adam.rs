//! The Adam optimiser with PyTorch's numerics.
//!
//! Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, in the order of
//! operations of `torch.optim.Adam` without weight decay.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::array::Array;
use crate::kernels::elementwise::{AdamStep, adam};
use crate::stored::Stored;
use crate::{ArrayView, Error, Gradients, NamedArray, Parameters, threads};

/// The hyperparameters of the optimiser, fixed over a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamSettings {
    /// Decay of the first moment, in [0, 1).
    pub beta1: f64,
    /// Decay of the second moment, in [0, 1).
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
}

impl Default for AdamSettings {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// The optimiser with its moments, one pair for each parameter that ever had a gradient.
#[derive(Clone, Debug)]
pub struct Adam {
    settings: AdamSettings,
    moments: BTreeMap<String, Moments>,
}

#[derive(Clone, Debug)]
struct Moments {
    first: Stored,
    second: Stored,
    n_steps: u32,
}

impl Adam {
    /// An optimiser that has seen nothing yet.
    #[must_use]
    pub fn new(settings: AdamSettings) -> Self {
        Self { settings, moments: BTreeMap::new() }
    }

    /// Moves every parameter that has a gradient by one step of size `learning_rate`.
    ///
    /// # Panics
    /// When a gradient belongs to no parameter or has another shape.
    pub fn step(&mut self, parameters: &mut Parameters, gradients: &Gradients, learning_rate: f64) {
        for (name, gradient) in gradients.stored() {
            let parameter = parameters.stored_mut(name);
            let parameter =
                parameter.unwrap_or_else(|| panic!("no parameter `{name}` for its gradient"));
            assert_eq!(parameter.len(), gradient.len(), "the gradient of `{name}`");
            let zeros = || {
                let zeros = Array::new(vec![0.0; parameter.len()], parameter.shape().to_vec());
                Stored::new(zeros)
            };
            let moments = self.moments.entry(name.to_owned()).or_insert_with(|| Moments {
                first: zeros(),
                second: zeros(),
                n_steps: 0,
            });
            moments.n_steps += 1;
            let step = step_of(&self.settings, moments.n_steps, learning_rate);
            match gradient.on_gpu() {
                Some(gradient) => move_on_gpu(step, parameter, moments, gradient),
                None => {
                    let [first, second] = [&mut moments.first, &mut moments.second]
                        .map(|stored| stored.array_mut().values_mut());
                    let values = parameter.array_mut().values_mut();
                    run(step, values, first, second, gradient.array().values());
                }
            }
        }
    }

    /// The state as named arrays: `<name>.exp_avg`, `<name>.exp_avg_sq` and `<name>.step`, sorted.
    #[must_use]
    pub fn to_arrays(&self) -> Vec<NamedArray> {
        self.views().into_iter().map(ArrayView::into_owned).collect()
    }

    /// The same without copies, for a checkpoint.
    #[must_use]
    pub fn views(&self) -> Vec<ArrayView<'_>> {
        let mut arrays = Vec::with_capacity(3 * self.moments.len());
        for (name, moments) in &self.moments {
            let mut push = |key: &str, shape, values| {
                arrays.push(NamedArray { name: format!("{name}.{key}"), shape, values });
            };
            for (key, stored) in [(FIRST, &moments.first), (SECOND, &moments.second)] {
                push(key, stored.shape().to_vec(), stored.array().values().into());
            }
            // Exact up to 2^24 steps, as in PyTorch, which keeps it as f32 too.
            push(N_STEPS, vec![], vec![moments.n_steps as f32].into());
        }
        arrays
    }

    /// Replaces the state by one from [`Self::to_arrays`].
    ///
    /// # Errors
    /// When a part of a triple is missing or two shapes differ; then nothing is changed.
    pub fn load(&mut self, arrays: &[NamedArray]) -> Result<(), Error> {
        let found: BTreeMap<&str, &NamedArray> =
            arrays.iter().map(|array| (array.name.as_str(), array)).collect();
        let part = |name: &str, key: &str| {
            let name = format!("{name}.{key}");
            found.get(name.as_str()).copied().ok_or(Error::Missing { name })
        };
        let stored =
            |array: &NamedArray| Stored::new(Array::new(array.values.clone(), array.shape.clone()));
        let mut moments = BTreeMap::new();
        for first in arrays {
            let Some(name) = first.name.strip_suffix(FIRST).and_then(|s| s.strip_suffix('.'))
            else {
                continue;
            };
            let (second, n_steps) = (part(name, SECOND)?, part(name, N_STEPS)?);
            if second.shape != first.shape || n_steps.values.len() != 1 {
                return Err(Error::Shape {
                    name: second.name.clone(),
                    expected: first.shape.clone(),
                    found: second.shape.clone(),
                });
            }
            moments.insert(
                name.to_owned(),
                Moments {
                    first: stored(first),
                    second: stored(second),
                    n_steps: n_steps.values[0] as u32,
                },
            );
        }
        self.moments = moments;
        Ok(())
    }
}

const FIRST: &str = "exp_avg";
const SECOND: &str = "exp_avg_sq";
const N_STEPS: &str = "step";

/// The numbers of step `n_steps`, counted from 1, that are the same for every element.
fn step_of(settings: &AdamSettings, n_steps: u32, learning_rate: f64) -> AdamStep {
    let correction = |beta: f64| 1.0 - beta.powi(n_steps.min(i32::MAX as u32) as i32);
    AdamStep {
        beta1: settings.beta1 as f32,
        one_less_beta1: (1.0 - settings.beta1) as f32,
        beta2: settings.beta2 as f32,
        one_less_beta2: (1.0 - settings.beta2) as f32,
        epsilon: settings.epsilon as f32,
        root_of_correction2: correction(settings.beta2).sqrt() as f32,
        step_size: (learning_rate / correction(settings.beta1)) as f32,
    }
}

/// One parameter and its moments, where its gradient is: what [`adam`] does, but for rounding.
fn move_on_gpu(
    step: AdamStep,
    parameter: &mut Stored,
    moments: &mut Moments,
    gradient: &Tensor<1>,
) {
    let device = gradient.device();
    let toward = |old: Tensor<1>, new: Tensor<1>, kept: f32, taken: f32| old * kept + new * taken;
    let first = moments.first.tensor(&device);
    let first = toward(first, gradient.clone(), step.beta1, step.one_less_beta1);
    let second = moments.second.tensor(&device);
    let second = toward(second, gradient.clone().square(), step.beta2, step.one_less_beta2);
    let denominator = second.clone().sqrt() / step.root_of_correction2 + step.epsilon;
    let by = first.clone() / denominator * step.step_size;
    parameter.set(parameter.tensor(&device) - by);
    moments.first.set(first);
    moments.second.set(second);
}

/// One parameter's values, moments and gradient, in chunks on all threads.
fn run(
    step: AdamStep,
    values: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
    gradient: &[f32],
) {
    const CHUNK: usize = 1 << 15;
    let chunks = values.chunks_mut(CHUNK).zip(first.chunks_mut(CHUNK));
    let chunks = chunks.zip(second.chunks_mut(CHUNK)).zip(gradient.chunks(CHUNK));
    let mut chunks: Vec<_> = chunks.collect();
    threads::for_each_chunk(&mut chunks, 1, |_, chunk| {
        let (((values, first), second), gradient) = &mut chunk[0];
        adam(values, first, second, gradient, step);
    });
}
