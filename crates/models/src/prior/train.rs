//! A prior in training: one step, measuring, and how it is saved.

use std::path::Path;

use burn::tensor::Tensor;
use nn::{
    Adam, AdamSettings, ArrayView, Init, NamedArray, Parameters, Weights, from_values, values,
};

use super::config::{Config, Distribution};
use super::directions::{Directions, LearntLatents};
use super::infer::{self, AVERAGE, Model};
use super::network::Network;
use super::objective::{Task, nats_of_rest, nats_of_scales};
use crate::{
    Error, Prior as _, PriorCodec, PriorSettings, Rendered, Stale, StepReport, Validation,
    WindowSettings,
};

/// The name of the score: what a latent value of held-out sound costs, in nats.
pub(crate) const SCORE: &str = "validation_nll";
/// The prefix of the names of the optimiser's arrays.
const OPTIMISER: &str = "optimiser.";
/// The learning rate at the end, as a share of what it was.
const RATE_AT_END: f64 = 0.02;
/// What is rendered where there is nothing to go on from, in seconds.
const RENDERED_SECS: f64 = 6.0;

/// A prior in training.
pub(crate) struct Training {
    config: Config,
    codec: PriorCodec,
    directions: Directions,
    network: Network,
    parameters: Parameters,
    /// The running average of the weights, if there is one.
    average: Option<Parameters>,
    adam: Adam,
    seed: u64,
    step: u64,
    /// The share of the budget that is used.
    share: f64,
    n_steps_back: u32,
}

impl Training {
    /// A new prior of these latents; the same seed gives the same weights and losses.
    pub(crate) fn new(config: &Config, seed: u64, latents: &LearntLatents) -> Self {
        let n = config.n_directions(&latents.space);
        let directions = match config.distribution {
            Distribution::Mixture => Directions::measured(latents, n),
            Distribution::Quantised => Directions::plain(latents.space.clone(), n),
        };
        Self::of_directions(config, seed, directions, latents.codec.clone())
    }

    fn of_directions(
        config: &Config,
        seed: u64,
        directions: Directions,
        codec: PriorCodec,
    ) -> Self {
        let network = Network::new(config, directions.n);
        let parameters = network.initialise(seed);
        Self {
            average: (config.ema > 0.0).then(|| parameters.clone()),
            parameters,
            network,
            directions,
            codec,
            config: config.clone(),
            adam: Adam::new(AdamSettings::default()),
            seed,
            step: 0,
            share: 0.0,
            n_steps_back: 0,
        }
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// When it cannot be read or lacks something.
    pub(crate) fn load(path: &Path) -> Result<Self, Error> {
        let found = nn::checkpoint::read(path)?;
        let described = infer::describe(path, &found.metadata, &found.arrays)?;
        let number = |key: &str| {
            let text = found.metadata.get(key).and_then(|it| it.parse::<u64>().ok());
            text.ok_or_else(|| Error::NotResumable { path: path.into(), what: key.into() })
        };
        let mut training = Self::of_directions(
            &described.config,
            number("seed")?,
            described.directions,
            described.codec,
        );
        training.step = number("step")?;
        training.share = f64::from_bits(number("share")?);
        training.n_steps_back = number("steps_back")? as u32;
        training.parameters.load(&found.arrays)?;
        let within = |prefix: &str| -> Vec<NamedArray> {
            let arrays = found.arrays.iter().filter_map(|array| {
                let name = array.name.strip_prefix(prefix)?.to_owned();
                Some(NamedArray { name, ..array.clone() })
            });
            arrays.collect()
        };
        if let Some(average) = &mut training.average {
            average.load(&within(AVERAGE))?;
        }
        training.adam.load(&within(OPTIMISER))?;
        Ok(training)
    }

    /// The weights that are measured and kept.
    fn playing(&self) -> &Parameters {
        self.average.as_ref().unwrap_or(&self.parameters)
    }

    /// The model as it is now.
    fn model(&self) -> Model {
        let (directions, codec) = (self.directions.clone(), self.codec.clone());
        Model::new(&self.config, directions, codec, self.playing().clone(), self.step)
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

    /// Values along all directions, of frames `[frame][latent]`.
    fn values_of(&self, frames: &[f32]) -> Vec<f32> {
        let mut along = vec![0.0; frames.len()];
        let size = self.directions.size();
        for (frame, to) in frames.chunks_exact(size).zip(along.chunks_exact_mut(size)) {
            self.directions.values_of(frame, to);
        }
        along
    }

    fn modelled(&self, along: &[f32]) -> Vec<f32> {
        let (size, n) = (self.directions.size(), self.network.n);
        along.chunks_exact(size).flat_map(|frame| frame[..n].iter().copied()).collect()
    }

    /// Factors of channels for dropout, [`Network::row`]'s, which drops whole channels of a stretch.
    ///
    /// Source: Bai, Kolter and Koltun, "An Empirical Evaluation of Generic Convolutional and Recurrent
    /// Networks for Sequence Modeling", 2018.
    fn masks(&self) -> Vec<Tensor<3>> {
        let share = self.config.dropout as f32;
        if share == 0.0 {
            return vec![];
        }
        let seed = self.seed ^ (self.step + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut rng = Init::named(seed.wrapping_add(u64::from(self.n_steps_back)), "dropout");
        let (batch, res) = (self.config.batch_size, self.config.res_size);
        let kept = 1.0 / (1.0 - share);
        let mut mask = || {
            let drawn = rng.uniform(batch * res, 0.0, 1.0);
            let factors = drawn.into_iter().map(|u| if u < share { 0.0 } else { kept });
            from_values(factors.collect(), [batch, res, 1])
        };
        (0..self.config.n_layers).map(|_| mask()).collect()
    }

    fn outputs(&self, weights: &Weights, task: &Task, masks: &[Tensor<3>]) -> Tensor<3> {
        let [batch, n_frames] = [task.batch, task.n_frames];
        let input = from_values(task.input.clone(), [batch, self.network.channels_in(), n_frames]);
        let now = from_values(task.now.clone(), [batch, self.network.n, n_frames]);
        self.network.forward(weights, input, now, masks)
    }

    /// What a latent value costs on the whole, where a modelled value costs `modelled` nats and the rest of a
    /// frame `rest`.
    fn nats_per_latent(&self, modelled: f64, rest: f64) -> f64 {
        let frame = modelled * self.network.n as f64 + rest + nats_of_scales(&self.directions);
        frame / self.directions.size() as f64
    }

    fn rest_of(&self, along: &[f32]) -> f64 {
        let size = self.directions.size();
        let sum: f64 =
            along.chunks_exact(size).map(|frame| nats_of_rest(&self.directions, frame)).sum();
        sum / (along.len() / size).max(1) as f64
    }

    fn learn(&mut self, batch: &[f32]) -> StepReport {
        let along = self.values_of(batch);
        let rest = self.rest_of(&along);
        let task = Task::new(&self.network, &self.modelled(&along), self.config.batch_size);
        let weights = self.parameters.weights(|_| true);
        let made = self.outputs(&weights, &task, &self.masks());
        let (nats, mut gradient) = task.nats(&self.network, &values(made.clone()));
        let n = task.n_values().max(1);
        gradient.iter_mut().for_each(|it| *it /= n as f32);
        // A sum whose gradient is the one that was just computed.
        let gradient = from_values(gradient, made.dims()).autodiff();
        let mut gradients = weights.backward((made * gradient).sum());
        let norm = match self.config.gradient_clip {
            0.0 => gradients.norm(),
            limit => gradients.clip_norm(limit),
        };
        let score = self.nats_per_latent(nats / n as f64, rest);
        let (rate, is_finite) = (self.learning_rate(), norm.is_finite() && score.is_finite());
        if is_finite {
            self.decay(rate);
            self.adam.step(&mut self.parameters, &gradients, rate);
            let kept = self.config.ema.min((1.0 + self.step as f64) / (10.0 + self.step as f64));
            if let Some(average) = &mut self.average {
                average.follow(&self.parameters, kept as f32, |_| true);
            }
        }
        self.step += 1;
        let values = vec![("nll", score), ("grad_norm", norm), ("learning_rate", rate)];
        let score = Some(score);
        StepReport { step: self.step, values, score, episodes: vec![], is_finite }
    }

    /// Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.
    fn decay(&mut self, rate: f64) {
        let kept = (1.0 - rate * self.config.weight_decay) as f32;
        if kept == 1.0 {
            return;
        }
        for layer in self.network.layers() {
            let weight = self.parameters.values_mut(&layer.weight());
            weight.into_iter().flatten().for_each(|it| *it *= kept);
        }
    }
}

/// A clip `[latent][frame]` frame after frame.
fn frames_of(clip: &[Vec<f32>]) -> Vec<f32> {
    let n_frames = clip.iter().map(Vec::len).min().unwrap_or(0);
    (0..n_frames).flat_map(|t| clip.iter().map(move |row| row[t])).collect()
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
            title: "Negative log-likelihood".into(),
            unit: "nats".into(),
            is_smaller_better: true,
            is_logarithmic: true,
        }
    }

    fn set_share(&mut self, share: f64) {
        self.share = share.clamp(0.0, 1.0);
    }

    fn windows(&self) -> Option<WindowSettings> {
        let n_more = match self.config.distribution {
            Distribution::Mixture => 0,
            // So many frames are lost where directions take turns.
            Distribution::Quantised => self.network.n,
        };
        let (batch_size, n_frames) = (self.config.batch_size, self.config.n_frames + n_more);
        Some(WindowSettings { batch_size, n_frames, latent_size: self.directions.size() })
    }

    fn step_while(&mut self, batch: &[f32], go_on: &mut dyn FnMut() -> bool) -> Option<StepReport> {
        go_on().then(|| self.learn(batch))
    }

    fn validate(&mut self, held_out: &[Vec<Vec<f32>>]) -> Option<Validation> {
        self.measure(held_out)
    }

    fn measure(&self, clips: &[Vec<Vec<f32>>]) -> Option<Validation> {
        let weights = self.playing().frozen();
        let (mut nats, mut n_values, mut all) = (0.0, 0, Vec::new());
        for clip in clips {
            let along = self.values_of(&frames_of(clip));
            if along.is_empty() {
                continue;
            }
            let task = Task::new(&self.network, &self.modelled(&along), 1);
            if task.n_frames == 0 {
                continue;
            }
            let made = values(self.outputs(&weights, &task, &[]));
            nats += task.nats(&self.network, &made).0;
            n_values += task.n_values();
            all.extend(along);
        }
        if n_values == 0 {
            return None;
        }
        let score = self.nats_per_latent(nats / n_values as f64, self.rest_of(&all));
        let (size, rate_hz) = (self.directions.size() as f64, self.codec.shape.latent_rate_hz());
        let values = vec![("nats_per_second", score * size * rate_hz)];
        Some(Validation { score, clip_metric: "nll", values })
    }

    fn render(&self, clip: &[Vec<f32>]) -> Option<Rendered> {
        let model = self.model();
        let mut live = model.live(PriorSettings { seed: self.seed, temperature: 1.0 });
        let size = self.directions.size();
        let n_rendered = (RENDERED_SECS * self.codec.shape.latent_rate_hz()).ceil() as usize;
        let (heard, n_frames) = match clip.first().map_or(0, Vec::len) {
            0 => (vec![], n_rendered),
            n => (frames_of(clip)[..n / 2 * size].to_vec(), n),
        };
        let mut rows = vec![Vec::with_capacity(n_frames); size];
        let mut add = |frame: &[f32]| rows.iter_mut().zip(frame).for_each(|(to, x)| to.push(*x));
        for frame in heard.chunks_exact(size) {
            live.hear(frame);
            add(frame);
        }
        let mut frame = vec![0.0; size];
        for _ in heard.len() / size..n_frames {
            live.next(&mut frame);
            add(&frame);
        }
        Some(Rendered::Latents(rows))
    }

    fn save(&mut self, path: &Path) -> Result<(), Error> {
        let within = |prefix: &str, views: Vec<ArrayView<'_>>| {
            let named = views.into_iter().map(|it| NamedArray {
                name: format!("{prefix}{}", it.name),
                shape: it.shape,
                values: it.values.into_owned(),
            });
            named.collect::<Vec<_>>()
        };
        let mut arrays = self.parameters.to_arrays();
        arrays.extend(self.directions.to_arrays());
        arrays.extend(within(OPTIMISER, self.adam.views()));
        arrays.extend(within(AVERAGE, self.average.iter().flat_map(Parameters::views).collect()));
        let mut words = infer::words(&self.config, &self.codec, self.network.n, self.step);
        for (key, value) in [
            ("seed", self.seed),
            ("share", self.share.to_bits()),
            ("steps_back", u64::from(self.n_steps_back)),
        ] {
            words.insert(key.into(), value.to_string());
        }
        Ok(nn::checkpoint::write(path, &arrays, &words)?)
    }

    fn step_back(&mut self, path: &Path) -> Result<(), Error> {
        let n_steps_back = self.n_steps_back + 1;
        *self = Self { n_steps_back, ..Self::load(path)? };
        Ok(())
    }

    fn start_over(&mut self) {
        let n_steps_back = self.n_steps_back + 1;
        let (directions, codec) = (self.directions.clone(), self.codec.clone());
        let fresh = Self::of_directions(&self.config, self.seed, directions, codec);
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
