//! From noise to latents in a few steps, each of which takes the noise away that the network sees. Sources: Song, Meng
//! and Ermon, "Denoising Diffusion Implicit Models", 2021; Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022.

use serde::Deserialize;
use serde_json::Value;

use crate::clap::within;

/// How noise was added in training, and how steps are chosen; names and defaults are those of diffusers'
/// `DDIMScheduler`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct SamplerConfig {
    /// Times of the training.
    pub num_train_timesteps: usize,
    /// How much noise the first adds.
    pub beta_start: f64,
    /// How much noise the last adds.
    pub beta_end: f64,
    /// How it grows between.
    pub beta_schedule: Schedule,
    /// Whether what is seen behind the noise is kept within a range.
    pub clip_sample: bool,
    /// That range.
    pub clip_sample_range: f64,
    /// Whether nothing at all is left of the noise behind the last step.
    pub set_alpha_to_one: bool,
    /// What is added to the times of all steps.
    pub steps_offset: usize,
    /// What the network says.
    pub prediction_type: Prediction,
    /// How steps are spread over times.
    pub timestep_spacing: Spacing,
}

/// How noise grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Evenly.
    Linear,
    /// Its root evenly.
    ScaledLinear,
}

/// What the network says of noisy latents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prediction {
    /// The noise.
    Epsilon,
    /// What is behind it.
    Sample,
    /// How one turns into the other. Source: Salimans and Ho, "Progressive Distillation", 2022.
    VPrediction,
}

/// How steps are spread over the times of the training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// From the first time on.
    Leading,
    /// From the last time on.
    Trailing,
    /// From the first to the last.
    Linspace,
}

impl Default for SamplerConfig {
    fn default() -> Self {
        Self {
            num_train_timesteps: 1_000,
            beta_start: 0.0001,
            beta_end: 0.02,
            beta_schedule: Schedule::Linear,
            clip_sample: true,
            clip_sample_range: 1.0,
            set_alpha_to_one: true,
            steps_offset: 0,
            prediction_type: Prediction::Epsilon,
            timestep_spacing: Spacing::Leading,
        }
    }
}

impl SamplerConfig {
    /// Reads the settings of a `scheduler_config.json`.
    ///
    /// # Errors
    /// A fragment in words: a field of another type, or out of its range.
    pub fn parse(json: &Value) -> Result<Self, String> {
        let config = Self::deserialize(json).map_err(|error| error.to_string())?;
        within("num_train_timesteps", config.num_train_timesteps, 2, 100_000)?;
        within("steps_offset", config.steps_offset, 0, config.num_train_timesteps - 1)?;
        let [first, last] = [config.beta_start, config.beta_end];
        if !(first > 0.0 && first <= last && last < 1.0) {
            return Err("beta_start and beta_end do not rise between 0 and 1".into());
        }
        if !(config.clip_sample_range > 0.0 && config.clip_sample_range <= 1e6) {
            return Err("clip_sample_range is not above 0".into());
        }
        for field in ["thresholding", "rescale_betas_zero_snr"] {
            if json.get(field).and_then(Value::as_bool) == Some(true) {
                return Err(format!("{field} is set, which is not supported"));
            }
        }
        if json.get("trained_betas").is_some_and(|it| !it.is_null()) {
            return Err("trained_betas are given, which is not supported".into());
        }
        Ok(config)
    }
}

/// The steps of a sound.
#[derive(Debug)]
pub(super) struct Sampler {
    config: SamplerConfig,
    /// How much of the sound is left at each time, as a share of the power.
    left: Vec<f64>,
    /// The time of each step.
    times: Vec<usize>,
}

impl Sampler {
    /// So many steps, no more than times.
    pub(super) fn new(config: &SamplerConfig, n_steps: usize) -> Self {
        let n = config.num_train_timesteps;
        let root = |x: f64| if config.beta_schedule == Schedule::Linear { x } else { x.sqrt() };
        let [first, last] = [config.beta_start, config.beta_end].map(root);
        let mut product = 1.0;
        let left = (0..n)
            .map(|i| {
                let beta = first + (last - first) * i as f64 / (n - 1) as f64;
                let beta =
                    if config.beta_schedule == Schedule::Linear { beta } else { beta * beta };
                product *= 1.0 - beta;
                product
            })
            .collect();
        let last = (n - 1) as f64;
        let time = |i: usize| match config.timestep_spacing {
            Spacing::Leading => (n_steps - 1 - i) * (n / n_steps) + config.steps_offset,
            // Halves are rounded to even numbers.
            Spacing::Trailing => {
                let time = n as f64 - i as f64 * (n as f64 / n_steps as f64);
                (time.round_ties_even() as usize).saturating_sub(1)
            }
            Spacing::Linspace if n_steps == 1 => 0,
            Spacing::Linspace => {
                let step = last / (n_steps - 1) as f64;
                ((n_steps - 1 - i) as f64 * step).round_ties_even() as usize
            }
        };
        let times = (0..n_steps).map(|i| time(i).min(n - 1)).collect();
        Self { config: config.clone(), left, times }
    }

    pub(super) fn n_steps(&self) -> usize {
        self.times.len()
    }

    /// The time that the network is told in a step.
    pub(super) fn time(&self, step: usize) -> f64 {
        self.times[step] as f64
    }

    /// Latents with as much noise as they have before a step.
    pub(super) fn noised(&self, latents: &[f32], noise: &[f32], step: usize) -> Vec<f32> {
        let left = self.left[self.times[step]];
        let (sound, noisy) = (left.sqrt() as f32, (1.0 - left).sqrt() as f32);
        latents.iter().zip(noise).map(|(x, noise)| sound * x + noisy * noise).collect()
    }

    /// Takes one step: noisy latents become less so, by what the network said of them.
    pub(super) fn step(&self, latents: &mut [f32], said: &[f32], step: usize) {
        let time = self.times[step];
        let before = time.checked_sub(self.config.num_train_timesteps / self.n_steps());
        let last = if self.config.set_alpha_to_one { 1.0 } else { self.left[0] };
        let [now, next] = [self.left[time], before.map_or(last, |time| self.left[time])];
        let [sound, noise] = [now.sqrt() as f32, (1.0 - now).sqrt() as f32];
        let [next_sound, next_noise] = [next.sqrt() as f32, (1.0 - next).sqrt() as f32];
        let range = self.config.clip_sample_range as f32;
        for (x, said) in latents.iter_mut().zip(said) {
            let (mut behind, seen) = match self.config.prediction_type {
                Prediction::Epsilon => ((*x - noise * said) / sound, *said),
                Prediction::Sample => (*said, (*x - sound * said) / noise),
                Prediction::VPrediction => (sound * *x - noise * said, sound * said + noise * *x),
            };
            if self.config.clip_sample {
                behind = behind.clamp(-range, range);
            }
            *x = next_sound * behind + next_noise * seen;
        }
    }
}

/// What is said of latents told the prompt, moved away from what is said of them told what not to make.
pub(super) fn guided(not: &[f32], prompt: &[f32], guidance: f32) -> Vec<f32> {
    not.iter().zip(prompt).map(|(not, prompt)| not + guidance * (prompt - not)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lie_where_the_reference_puts_them() {
        let times = |spacing, n| {
            let config = SamplerConfig {
                timestep_spacing: spacing,
                steps_offset: 1,
                ..SamplerConfig::default()
            };
            Sampler::new(&config, n).times
        };
        // Computed with diffusers 0.42.
        assert_eq!(times(Spacing::Leading, 5), [801, 601, 401, 201, 1]);
        assert_eq!(times(Spacing::Leading, 3), [667, 334, 1]);
        assert_eq!(times(Spacing::Trailing, 5), [999, 799, 599, 399, 199]);
        assert_eq!(times(Spacing::Trailing, 3), [999, 666, 332]);
        assert_eq!(times(Spacing::Linspace, 4), [999, 666, 333, 0]);
        assert_eq!(times(Spacing::Leading, 1000)[0], 999);
    }

    #[test]
    fn a_network_that_sees_the_noise_leaves_the_sound() {
        let config = SamplerConfig { clip_sample: false, ..SamplerConfig::default() };
        let sound = [0.5, -1.5, 3.0, 0.0];
        let noise = [1.0, -0.3, 0.2, 2.0];
        for prediction_type in [Prediction::Epsilon, Prediction::Sample, Prediction::VPrediction] {
            let sampler = Sampler::new(&SamplerConfig { prediction_type, ..config.clone() }, 7);
            let mut x = sampler.noised(&sound, &noise, 0);
            for step in 0..sampler.n_steps() {
                let left = sampler.left[sampler.times[step]];
                let [keep, add] = [left.sqrt() as f32, (1.0 - left).sqrt() as f32];
                let said: Vec<f32> = match prediction_type {
                    Prediction::Epsilon => noise.to_vec(),
                    Prediction::Sample => sound.to_vec(),
                    Prediction::VPrediction => {
                        sound.iter().zip(&noise).map(|(x, noise)| keep * noise - add * x).collect()
                    }
                };
                sampler.step(&mut x, &said, step);
            }
            for (x, sound) in x.iter().zip(sound) {
                assert!((x - sound).abs() < 1e-4, "{prediction_type:?}: {x}, not {sound}");
            }
        }
    }

    #[test]
    fn guidance_of_one_is_none() {
        assert_eq!(guided(&[1.0, 2.0], &[3.0, 5.0], 1.0), [3.0, 5.0]);
        assert_eq!(guided(&[1.0, 2.0], &[3.0, 5.0], 2.0), [5.0, 8.0]);
    }
}
