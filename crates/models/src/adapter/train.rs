//! An adapter in training: one step, measuring, and how it is saved.

use std::path::Path;
use std::rc::Rc;

use nn::NamedArray;
use nn::feedforward::FlatAdam;

use super::config::Config;
use super::infer;
use super::lessons::{AdapterBase, Lessons};
use super::objective::{Draw, MEASURED, MEASURED_MAX, measured_noise};
use crate::lora::Adapter;
use crate::stable_audio::{Learner, Noisy};
use crate::{Error, Rendered, Stale, StepReport, Validation};

/// The name of the score: the mean squared error of the velocity on held-out clips.
pub(crate) const SCORE: &str = "validation_loss";
/// The prefixes of the names of the optimiser's arrays.
const MOMENTS: [&str; 2] = ["optimiser.first.", "optimiser.second."];
/// What Adam adds to the root of the second moment.
const EPSILON: f32 = 1e-8;
/// The learning rate at the end, as a share of what it was.
const RATE_AT_END: f64 = 0.02;
/// The most samples of a rendering.
const RENDERED_MAX: usize = 3;

/// An adapter in training.
pub(crate) struct Training {
    config: Config,
    lessons: Rc<Lessons>,
    learner: Rc<Learner>,
    adapter: Adapter,
    adam: FlatAdam,
    seed: u64,
    step: u64,
    /// The share of the budget that is used.
    share: f64,
    n_steps_back: u32,
}

impl Training {
    /// A new adapter; the same seed gives the same numbers and losses.
    ///
    /// # Errors
    /// When the weights of the model cannot be read.
    pub(crate) fn new(config: &Config, seed: u64, lessons: Rc<Lessons>) -> Result<Self, Error> {
        let learner = Rc::new(Learner::open(&lessons.folder, config.precision())?);
        Ok(Self::of(config, seed, lessons, learner))
    }

    /// The same of a model that is open.
    pub(super) fn of(
        config: &Config,
        seed: u64,
        lessons: Rc<Lessons>,
        learner: Rc<Learner>,
    ) -> Self {
        let mut places = learner.places();
        places.retain(|(name, _)| config.layers.has(name));
        let adapter = Adapter::new(&places, config.rank, config.alpha, seed);
        Self {
            adam: FlatAdam::new(adapter.n_values(), EPSILON),
            adapter,
            config: config.clone(),
            lessons,
            learner,
            seed,
            step: 0,
            share: 0.0,
            n_steps_back: 0,
        }
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// When it cannot be read, lacks something, or learnt on other weights.
    pub(crate) fn load(path: &Path, lessons: Rc<Lessons>) -> Result<Self, Error> {
        let said = said(path, &lessons.base)?;
        let learner = Rc::new(Learner::open(&lessons.folder, said.config.precision())?);
        Self::resumed(path, lessons, learner)
    }

    fn resumed(path: &Path, lessons: Rc<Lessons>, learner: Rc<Learner>) -> Result<Self, Error> {
        let said = said(path, &lessons.base)?;
        let found = nn::checkpoint::read(path)?;
        let lacking = |what: &str| Error::NotResumable { path: path.into(), what: what.into() };
        let number = |key: &str| {
            let text = found.metadata.get(key).and_then(|it| it.parse::<u64>().ok());
            text.ok_or_else(|| lacking(key))
        };
        let mut training = Self::of(&said.config, number("seed")?, lessons, learner);
        let read = |prefix: &str| {
            training.adapter.values_of(prefix, &found.arrays).ok_or_else(|| lacking("adapter"))
        };
        let values = read("transformer.")?;
        let [first, second] = MOMENTS.map(read);
        training.adam.moments = [first?, second?];
        training.adam.n_steps = number("adam_steps")?;
        training.adapter.values_mut().copy_from_slice(&values);
        training.step = number("step")?;
        training.share = f64::from_bits(number("share")?);
        training.n_steps_back = number("steps_back")? as u32;
        Ok(training)
    }

    /// Source: Loshchilov and Hutter, "SGDR", 2017 (a half cosine).
    fn learning_rate(&self) -> f64 {
        let config = &self.config;
        let warm = match config.warmup {
            0 => 1.0,
            n => ((self.step + 1) as f64 / n as f64).min(1.0),
        };
        let annealed = match config.is_annealed {
            true => {
                let cosine = 0.5 + 0.5 * (std::f64::consts::PI * self.share).cos();
                RATE_AT_END + (1.0 - RATE_AT_END) * cosine
            }
            false => 1.0,
        };
        config.learning_rate * warm * annealed * 0.5f64.powi(self.n_steps_back as i32)
    }

    /// Frames of a crop, of the seconds that the settings say.
    fn n_crop(&self) -> usize {
        let frame_secs = self.learner.secs_of(1);
        ((self.config.crop_secs / frame_secs) as usize).max(1)
    }

    /// Clips of one side; all where none is on it.
    fn clips(&self, is_held_out: bool) -> Vec<usize> {
        let all = 0..self.lessons.clips.len();
        let side: Vec<usize> =
            all.clone().filter(|i| self.lessons.clips[*i].is_held_out == is_held_out).collect();
        if side.is_empty() { all.collect() } else { side }
    }

    fn n_latent(&self) -> usize {
        self.learner.config().transformer.n_latent
    }

    fn learn(&mut self, go_on: &mut dyn FnMut() -> bool) -> Option<StepReport> {
        let (n_latent, crop) = (self.n_latent(), self.n_crop());
        let clips = self.clips(false);
        let n_frames: Vec<usize> =
            clips.iter().map(|i| self.lessons.clips[*i].latents.len() / n_latent).collect();
        let batch = self.config.batch_size;
        let mut gradients = vec![0.0; self.adapter.n_values()];
        let (mut loss, share) = (0.0, 1.0 / batch as f32);
        for i in 0..batch {
            if !go_on() {
                return None;
            }
            let number = self.step * batch as u64 + i as u64;
            let seed = (self.seed, self.n_steps_back);
            let mut draw = Draw::new(&self.config, seed, number, &n_frames, crop);
            let clip = &self.lessons.clips[clips[draw.clip]];
            let latents = &clip.latents[draw.from * n_latent..][..draw.n_frames * n_latent];
            let noise = draw.noise(latents.len());
            let level = draw.level(self.config.levels, |even, n| self.learner.level_of(even, n));
            let words = if draw.hears_words { &clip.words[..] } else { &[] };
            let noisy = Noisy { latents, noise: &noise, level, words };
            loss += self.learner.learn(&self.adapter, &noisy, share, &mut gradients);
        }
        let loss = loss / batch as f64;
        let rate = self.learning_rate();
        let limit = match self.config.gradient_clip {
            0.0 => f64::INFINITY,
            limit => limit,
        };
        let norm = match loss.is_finite() {
            true => self.adam.step(self.adapter.values_mut(), &gradients, rate, limit),
            false => f64::NAN,
        };
        self.step += 1;
        let values = vec![("loss", loss), ("grad_norm", norm), ("learning_rate", rate)];
        // A single level of noise says little of how good it is, so no score is compared with held-out clips.
        let is_finite = norm.is_finite();
        Some(StepReport { step: self.step, values, score: None, episodes: vec![], is_finite })
    }

    fn measured(&self) -> Option<Validation> {
        let (n_latent, crop) = (self.n_latent(), self.n_crop());
        let mut at_levels = MEASURED.map(|_| 0.0);
        let mut n_clips = 0;
        for i in self.clips(true).into_iter().take(MEASURED_MAX) {
            let clip = &self.lessons.clips[i];
            let n_frames = clip.latents.len() / n_latent;
            let n = n_frames.min(crop);
            if n == 0 {
                continue;
            }
            // From the middle of long clips; their beginnings are often silence.
            let latents = &clip.latents[(n_frames - n) / 2 * n_latent..][..n * n_latent];
            for (j, (level, _)) in MEASURED.iter().enumerate() {
                let noise = measured_noise(i, j, latents.len());
                let noisy = Noisy { latents, noise: &noise, level: *level, words: &clip.words };
                at_levels[j] += self.learner.loss(&self.adapter, &noisy);
            }
            n_clips += 1;
        }
        if n_clips == 0 {
            return None;
        }
        let at_levels = at_levels.map(|sum| sum / f64::from(n_clips));
        let score = at_levels.iter().sum::<f64>() / at_levels.len() as f64;
        let values = MEASURED.iter().zip(at_levels).map(|((_, name), loss)| (*name, loss));
        Some(Validation { score, clip_metric: "loss", values: values.collect() })
    }
}

/// What a checkpoint says, if it learnt on these weights.
fn said(path: &Path, base: &AdapterBase) -> Result<infer::Said, Error> {
    let words = nn::checkpoint::read_some(path, |_| false)?.metadata;
    let said = infer::read_words(path, &words)?;
    if said.base.sha256 != base.sha256 {
        let reason = format!(
            "the checkpoint learnt on other weights, those of “{}”: an adapter goes on where it began",
            said.base.name
        );
        return Err(Error::Unfit { reason });
    }
    Ok(said)
}

impl crate::Trainer for Training {
    fn global_step(&self) -> u64 {
        self.step
    }

    fn phase(&self) -> api::Phase {
        api::Phase {
            key: "learning".into(),
            title: "learning".into(),
            number: 1,
            step: 0,
            until_step: None,
        }
    }

    fn score_metric(&self) -> api::ScoreMetric {
        api::ScoreMetric {
            name: SCORE.into(),
            title: "Validation loss".into(),
            unit: String::new(),
            is_smaller_better: true,
            is_logarithmic: false,
        }
    }

    fn set_share(&mut self, share: f64) {
        self.share = share.clamp(0.0, 1.0);
    }

    fn step_while(
        &mut self,
        _batch: &[f32],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<StepReport> {
        self.learn(go_on)
    }

    fn validate(&mut self, _held_out: &[Vec<Vec<f32>>]) -> Option<Validation> {
        self.measured()
    }

    fn measure(&self, _clips: &[Vec<Vec<f32>>]) -> Option<Validation> {
        self.measured()
    }

    fn render(&self, _clip: &[Vec<f32>]) -> Option<Rendered> {
        None
    }

    fn render_words(&self, i: usize) -> Option<(String, Rendered)> {
        let words = self.lessons.prompts.get(i).filter(|_| i < RENDERED_MAX)?;
        let most = self.learner.config().duration.range_secs[1];
        let secs = self.config.sample_secs.min(most);
        let sound = self.learner.render(&self.adapter, &words.words, secs, self.seed)?;
        Some((words.text.clone(), Rendered::Sound(sound)))
    }

    fn save(&mut self, path: &Path) -> Result<(), Error> {
        let mut arrays: Vec<NamedArray> = self.adapter.to_arrays();
        for (prefix, moments) in MOMENTS.iter().zip(&self.adam.moments) {
            arrays.extend(self.adapter.arrays_of(prefix, moments));
        }
        let mut words = infer::words(&self.config, &self.lessons.base, &self.adapter, self.step);
        for (key, value) in [
            ("seed", self.seed),
            ("share", self.share.to_bits()),
            ("steps_back", u64::from(self.n_steps_back)),
            ("adam_steps", self.adam.n_steps),
        ] {
            words.insert(key.into(), value.to_string());
        }
        Ok(nn::checkpoint::write(path, &arrays, &words)?)
    }

    fn step_back(&mut self, path: &Path) -> Result<(), Error> {
        let n_steps_back = self.n_steps_back + 1;
        let there = Self::resumed(path, Rc::clone(&self.lessons), Rc::clone(&self.learner))?;
        *self = Self { n_steps_back, ..there };
        Ok(())
    }

    fn start_over(&mut self) {
        let n_steps_back = self.n_steps_back + 1;
        let (lessons, learner) = (Rc::clone(&self.lessons), Rc::clone(&self.learner));
        let fresh = Self::of(&self.config, self.seed, lessons, learner);
        *self = Self { n_steps_back, ..fresh };
    }

    fn n_steps_back(&self) -> u32 {
        self.n_steps_back
    }

    fn note_stale(&mut self, _n_measurements: u64) -> Stale {
        Stale::GoesOn
    }
}

#[cfg(test)]
mod tests;
