//! From noise to latents, level by level.
//!
//! Sources: Evans et al., "Stable Audio 3", 2026 (arXiv 2605.17991), for noise that is put anew into what a step
//! predicts; Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022; Sadat et al., "Eliminating Oversaturation and
//! Artifacts of High Guidance Scales", 2024, for the part of guidance at right angles; Liu et al., "Compositional Visual
//! Generation with Composable Diffusion Models", 2022, for several prompts.

use std::ops::ControlFlow;

use nn::Init;

use super::config::Layout;
use crate::words::Step;

/// Of latents, the level that the network is told, and what it is told besides: the velocity.
pub(super) type Velocity<'a, C> = dyn Fn(&[f32], f32, &C) -> Vec<f32> + 'a;

/// What the sampler works with; `C` is what the network is told of a prompt.
pub(super) struct Sampler<'a, C> {
    pub(super) velocity: &'a Velocity<'a, C>,
    pub(super) layout: Layout,
    pub(super) n_latent: usize,
    /// Levels of noise, the last 0.
    pub(super) levels: &'a [f32],
    pub(super) told_scale: f64,
    pub(super) is_stochastic: bool,
    /// Prompts and their shares.
    pub(super) prompts: &'a [(C, f32)],
    /// What to go away from, and how far.
    pub(super) guidance: Option<(&'a C, f32)>,
    /// Frames that say something to the others.
    pub(super) n_valid: usize,
}

/// Where noise comes from.
pub(super) enum Noise<'a> {
    /// Random numbers of a seed.
    Seeded(u64),
    /// Given, one vector for the start and one for each step, `[n_latent][frames]`.
    Given(&'a [Vec<f32>]),
}

impl Noise<'_> {
    /// The noise of the start (0) or of a step, `[frames][n_latent]`.
    pub(super) fn rows(&self, i: usize, n_latent: usize, n_frames: usize) -> Vec<f32> {
        match self {
            Self::Seeded(seed) => {
                Init::named(*seed, &format!("noise {i}")).normal(n_latent * n_frames)
            }
            Self::Given(all) => rows_of(&all[i], n_latent),
        }
    }
}

/// Of `[n_latent][frames]`, `[frames][n_latent]`.
pub(crate) fn rows_of(x: &[f32], n_latent: usize) -> Vec<f32> {
    let n_frames = x.len() / n_latent;
    (0..x.len()).map(|i| x[i % n_latent * n_frames + i / n_latent]).collect()
}

impl<C> Sampler<'_, C> {
    /// Latents `[frames][n_latent]` without noise. `watch` is asked before every step; none if it was to stop. `steps`
    /// are told how far it is, those before these among them, and in all.
    pub(super) fn run(
        &self,
        mut x: Vec<f32>,
        noise: &Noise<'_>,
        n_more: usize,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
        seen: &mut dyn FnMut(&[f32], &[f32]),
    ) -> Option<Vec<f32>> {
        let n_steps = self.levels.len() - 1;
        for (i, pair) in self.levels.windows(2).enumerate() {
            if watch(Step { done: i, of: n_steps + n_more }).is_break() {
                return None;
            }
            let [level, next] = [pair[0], pair[1]];
            let velocity = self.guided(&x, level);
            let denoised: Vec<f32> = x.iter().zip(&velocity).map(|(x, v)| x - level * v).collect();
            if self.is_stochastic && next > 0.0 {
                let fresh = noise.rows(i + 1, self.n_latent, x.len() / self.n_latent);
                let mixed = denoised.iter().zip(&fresh).map(|(x, n)| (1.0 - next) * x + next * n);
                x = mixed.collect();
            } else if self.is_stochastic {
                x.clone_from(&denoised);
            } else {
                x.iter_mut().zip(&velocity).for_each(|(x, v)| *x += (next - level) * v);
            }
            seen(&x, &denoised);
        }
        Some(x)
    }

    /// The velocity of all prompts, away from what is not wanted.
    fn guided(&self, x: &[f32], level: f32) -> Vec<f32> {
        let told = (f64::from(level) * self.told_scale) as f32;
        let of = |conditioned: &C| (self.velocity)(x, told, conditioned);
        let mut velocity = vec![0.0; x.len()];
        for (conditioned, share) in self.prompts {
            let one = of(conditioned);
            velocity.iter_mut().zip(&one).for_each(|(v, one)| *v += share * one);
        }
        let Some((unwanted, guidance)) = self.guidance else { return velocity };
        let unwanted = of(unwanted);
        match self.layout {
            Layout::Folders => {
                let pair = velocity.iter().zip(&unwanted);
                pair.map(|(wanted, not)| not + guidance * (wanted - not)).collect()
            }
            Layout::Single => self.orthogonal(x, level, &velocity, &unwanted, guidance),
        }
    }

    /// Guidance without its part along what is predicted, which would only make it louder.
    fn orthogonal(
        &self,
        x: &[f32],
        level: f32,
        wanted: &[f32],
        not: &[f32],
        guidance: f32,
    ) -> Vec<f32> {
        let until = (self.n_valid * self.n_latent).min(x.len());
        let denoised: Vec<f32> = x.iter().zip(wanted).map(|(x, v)| x - level * v).collect();
        let difference: Vec<f32> = not.iter().zip(wanted).map(|(n, v)| level * (n - v)).collect();
        let dot = |a: &[f32], b: &[f32]| {
            let pairs = a[..until].iter().zip(&b[..until]);
            pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        };
        let along = dot(&difference, &denoised) / dot(&denoised, &denoised).max(1e-16);
        let mut velocity = wanted.to_vec();
        let of_both = x.iter().zip(denoised.iter().zip(&difference));
        for (velocity, (x, (denoised, difference))) in velocity.iter_mut().zip(of_both).take(until)
        {
            let across = f64::from(*difference) - along * f64::from(*denoised);
            let guided = f64::from(*denoised) + f64::from(guidance - 1.0) * across;
            *velocity = ((f64::from(*x) - guided) / f64::from(level)) as f32;
        }
        velocity
    }
}
