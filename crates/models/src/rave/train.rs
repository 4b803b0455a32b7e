//! Training: one optimiser step at a time, validation, and checkpoints.

mod agreement;
mod pass;

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Tensor;
use nn::{
    Adam, AdamSettings, ArrayView, Compute, Gradients, Init, LossScale, NamedArray, Parameters,
    Weights, values,
};

use super::latent::{LatentDraws, mean_latent, with_noise_channels};
use super::network::{DECODER, ENCODER, Network};
use super::objective;
use super::space::LatentSpace;
use super::{Config, Phase, infer};
use crate::Error;

pub use agreement::StepDifference;
pub(super) use pass::{Draws, Turn};

/// A model in training: its weights, optimisers, random seed and progress.
pub struct Trainer {
    config: Config,
    /// The device to train on.
    compute: Compute,
    /// Loss scaling, used where 16-bit gradients would underflow otherwise.
    loss_scale: LossScale,
    network: Network,
    parameters: Parameters,
    generator: Adam,
    discriminator: Adam,
    /// The random seed. All random numbers derive from it and the step number, so a checkpoint needs no
    /// generator state.
    seed: u64,
    step: u64,
    /// The step at which phase 2 began, if it has.
    phase_2_from: Option<u64>,
    /// How often training went back to a checkpoint; each time it goes on at half the learning rate
    /// and with different random numbers.
    n_steps_back: u32,
    /// The running average of encoder and decoder, if enabled.
    average: Option<Parameters>,
    /// The latent space as last measured.
    space: Option<LatentSpace>,
    /// Band frames at the start and the end of an excerpt that the multi-band distance ignores.
    crop: (usize, usize),
}

/// The result of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The number of the step, from 1.
    pub step: u64,
    /// Its phase.
    pub phase: Phase,
    /// The metrics, by name.
    pub values: Vec<(&'static str, f64)>,
    /// Whether every loss and gradient was a number; if not, no weight was changed. A step skipped only
    /// because scaled gradients overflowed counts as usable, which happens occasionally.
    pub is_finite: bool,
}

/// How far reconstructions of held-out sound are from their originals; smaller is better.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// The spectral distance of the bands.
    pub multiband_spectral_distance: f64,
    /// The spectral distance of the whole sound.
    pub fullband_spectral_distance: f64,
    /// How the latent space is used, by metric name; see [`LatentSpace`].
    pub latents: Vec<(&'static str, f64)>,
}

impl Trainer {
    /// A new model with random weights; the same seed gives the same weights and the same losses.
    #[must_use]
    pub fn new(config: &Config, seed: u64) -> Self {
        let network = Network::new(config);
        let settings = AdamSettings {
            beta1: config.adam_beta_1,
            beta2: config.adam_beta_2,
            ..AdamSettings::default()
        };
        let parameters = network.initialise(config, seed);
        Self {
            average: (config.ema > 0.0).then(|| generator_of(&parameters)),
            parameters,
            generator: Adam::new(settings),
            discriminator: Adam::new(settings),
            seed,
            step: 0,
            phase_2_from: None,
            n_steps_back: 0,
            space: None,
            crop: super::forecast::crop(config, &network),
            compute: Compute::cpu(),
            loss_scale: LossScale::default(),
            network,
            config: config.clone(),
        }
    }

    /// Continues from a checkpoint exactly as if training had not stopped; on a GPU, up to rounding.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a checkpoint of this family.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let checkpoint = nn::checkpoint::read(path)?;
        let config = infer::config_of(&checkpoint.metadata, path)?;
        let number = |key: &str| {
            let text = checkpoint.metadata.get(key);
            text.and_then(|text| text.parse::<u64>().ok())
                .ok_or_else(|| Error::NotResumable { path: path.into(), what: key.into() })
        };
        let mut trainer = Self::new(&config, number("seed")?);
        trainer.step = number("step")?;
        trainer.n_steps_back = number("steps_back").unwrap_or(0) as u32;
        if let (Ok(factor), Ok(n_good)) = (number("loss_scale"), number("loss_scale_steps")) {
            trainer.loss_scale = LossScale::continued(factor as f32, n_good as u32);
        }
        // Older checkpoints do not say when phase 2 began; it was always after the same steps.
        let usual = Some(config.phase_1_duration).filter(|from| trainer.step >= *from);
        trainer.phase_2_from = number("phase_2_from").ok().or(usual);
        trainer.space = LatentSpace::from_arrays(&checkpoint.arrays);
        trainer.parameters.load(&checkpoint.arrays)?;
        // What is loaded is dropped before the next, or there would be three copies of everything.
        let mut arrays = checkpoint.arrays;
        arrays.retain(|array| !trainer.parameters.contains(&array.name));
        if let Some(average) = &mut trainer.average {
            average.load(&taken(&mut arrays, infer::AVERAGE))?;
        }
        trainer.generator.load(&taken(&mut arrays, GENERATOR_STATE))?;
        trainer.discriminator.load(&taken(&mut arrays, DISCRIMINATOR_STATE))?;
        Ok(trainer)
    }

    /// Saves everything needed to continue, atomically.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let mut arrays = self.parameters.views();
        arrays.extend(within(GENERATOR_STATE, self.generator.views()));
        arrays.extend(within(DISCRIMINATOR_STATE, self.discriminator.views()));
        let average = self.average.iter().flat_map(Parameters::views).collect();
        arrays.extend(within(infer::AVERAGE, average));
        arrays.extend(self.space.iter().flat_map(LatentSpace::to_arrays).map(ArrayView::from));
        let mut metadata = BTreeMap::from([
            ("family".to_owned(), "rave".to_owned()),
            ("settings".to_owned(), self.config.to_settings().to_string()),
            ("seed".to_owned(), self.seed.to_string()),
            ("step".to_owned(), self.step.to_string()),
            ("steps_back".to_owned(), self.n_steps_back.to_string()),
        ]);
        if self.compute.needs_loss_scale() {
            let (factor, n_good) = (self.loss_scale.factor(), self.loss_scale.n_good());
            metadata.insert("loss_scale".to_owned(), factor.to_string());
            metadata.insert("loss_scale_steps".to_owned(), n_good.to_string());
        }
        if let Some(from) = self.phase_2_from {
            metadata.insert("phase_2_from".to_owned(), from.to_string());
        }
        Ok(nn::checkpoint::write(path, &arrays, &metadata)?)
    }

    /// Trains and measures on another device from now on; rendering stays on the CPU.
    pub fn compute_on(&mut self, compute: Compute) {
        self.compute = compute;
    }

    /// The device that it trains and measures on.
    #[must_use]
    pub fn compute(&self) -> &Compute {
        &self.compute
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Steps done.
    #[must_use]
    pub fn global_step(&self) -> u64 {
        self.step
    }

    /// The phase of the next step.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let is_over = self.phase_2_from.is_some() || self.step >= self.config.phase_1_duration;
        if is_over { Phase::Adversarial } else { Phase::Reconstruction }
    }

    /// The number of steps done when phase 2 began; the current one if it is about to begin.
    #[must_use]
    pub fn phase_2_from(&self) -> u64 {
        self.phase_2_from.unwrap_or(self.step)
    }

    /// Ends phase 1 early.
    pub fn begin_phase_2(&mut self) {
        self.phase_2_from.get_or_insert(self.step);
    }

    /// Goes back to a checkpoint from before training diverged: at half the learning rate, and with other
    /// random numbers, or it would diverge again in the same way.
    ///
    /// # Errors
    /// When the file cannot be read; then nothing is changed.
    pub fn step_back(&mut self, path: &Path) -> Result<(), Error> {
        let n_steps_back = self.n_steps_back + 1;
        let compute = self.compute.clone();
        *self = Self { n_steps_back, compute, ..Self::load(path)? };
        Ok(())
    }

    /// [`Self::step_back`] without a checkpoint: training starts over.
    pub fn start_over(&mut self) {
        let n_steps_back = self.n_steps_back + 1;
        let compute = self.compute.clone();
        *self = Self { n_steps_back, compute, ..Self::new(&self.config, self.seed) };
    }

    /// How often it went back, to a checkpoint or to the beginning.
    #[must_use]
    pub fn n_steps_back(&self) -> u32 {
        self.n_steps_back
    }

    /// Trains on one batch. Shape: `[batch, channels, n_signal]`, samples in [-1, 1].
    ///
    /// The excerpts are dithered by half a 16-bit step, so that digital silence has a spectrum.
    ///
    /// # Panics
    /// When the batch has a different number of samples.
    pub fn step(&mut self, batch: &[f32]) -> StepReport {
        self.step_while(batch, &mut || true).expect("nobody stops it")
    }

    /// [`Self::step`] in parts of a few seconds at most, calling `go_on` in between. Once that returns
    /// false, `None` is returned and the trainer is as it was before the step.
    ///
    /// # Panics
    /// As [`Self::step`].
    pub fn step_while(
        &mut self,
        batch: &[f32],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<StepReport> {
        let shape = [self.config.batch_size, self.config.channels, self.config.n_signal];
        assert_eq!(batch.len(), shape.iter().product::<usize>(), "a batch of shape {shape:?}");
        let dithered = dithered(batch, &mut self.rng_for("dither"));
        let audio = self.compute.tensor(dithered, shape);
        let draws = self.draws(shape[0], shape[2]);
        let phase = self.phase();
        let turn = self.turn();

        let mut pass = self.pass_while(turn, audio, draws, go_on)?;
        if phase == Phase::Adversarial {
            self.begin_phase_2();
        }
        let mut values = pass.values;
        let norm = match self.config.gradient_clip {
            0.0 => pass.gradients.norm(),
            limit => pass.gradients.clip_norm(limit),
        };
        values.extend(pass.observed.metrics);
        let losses_are_finite = values.iter().all(|(_, value)| value.is_finite());
        let mut is_finite = norm.is_finite() && losses_are_finite;
        if is_finite {
            self.update(turn, &pass.gradients);
            self.keep(&pass.observed.values);
            self.average(turn);
        }
        if self.compute.needs_loss_scale() && losses_are_finite {
            values.push(("loss_scale", f64::from(self.loss_scale.factor())));
            is_finite |= self.loss_scale.note(is_finite);
        }
        if norm.is_finite() || !is_finite {
            values.push(("grad_norm", norm));
        }
        values.push(("learning_rate", self.learning_rate()));
        if phase == Phase::Adversarial {
            values.push(("learning_rate_discriminator", self.learning_rate_discriminator()));
        }
        self.step += 1;
        Some(StepReport { step: self.step, phase, values, is_finite })
    }

    /// Measures on held-out clips ([`Self::measure`]), and keeps the latent space for checkpoints.
    pub fn validate(&mut self, clips: &[Vec<Vec<f32>>]) -> Option<Validation> {
        let (validation, space) = self.measured(clips)?;
        self.space = space;
        Some(validation)
    }

    /// Distances for clips, each planar `[channel][sample]` and of any length, and the use of the latent
    /// space.
    ///
    /// Deterministic: mean latent, noise and dither from fixed seeds. Silent clips are skipped; `None`
    /// if nothing is left.
    #[must_use]
    pub fn measure(&self, clips: &[Vec<Vec<f32>>]) -> Option<Validation> {
        Some(self.measured(clips)?.0)
    }

    fn measured(&self, clips: &[Vec<Vec<f32>>]) -> Option<(Validation, Option<LatentSpace>)> {
        let weights = self.playing().weights_at(&self.compute, |_| false);
        let (mut multiband, mut fullband, mut n_samples) = (0.0, 0.0, 0.0);
        let mut latents = Vec::new();
        for (excerpt, n_covered) in clips.iter().flat_map(|clip| self.validation_excerpts(clip)) {
            let (distances, latent) = self.validate_excerpt(&weights, excerpt);
            latents.extend(latent);
            multiband += distances[0] * n_covered as f64;
            fullband += distances[1] * n_covered as f64;
            n_samples += n_covered as f64;
        }
        if n_samples == 0.0 {
            return None;
        }
        let space = LatentSpace::measured(&latents, self.config.latent_size);
        let latents = space.as_ref().map(LatentSpace::metrics).unwrap_or_default();
        let validation = Validation {
            multiband_spectral_distance: multiband / n_samples,
            fullband_spectral_distance: fullband / n_samples,
            latents,
        };
        Some((validation, space))
    }

    /// The reconstruction of a clip, sample-aligned and of the same length.
    #[must_use]
    pub fn render(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let has_noise = self.phase() == Phase::Adversarial;
        let weights = self.playing().frozen();
        infer::reconstruct(&self.config, &self.network, &weights, has_noise, channels)
    }

    /// The weights used for measuring and playing: the average, if enabled.
    fn playing(&self) -> &Parameters {
        self.average.as_ref().unwrap_or(&self.parameters)
    }

    #[cfg(test)]
    pub(super) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    #[cfg(test)]
    pub(super) fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn turn(&self) -> Turn {
        if self.phase() == Phase::Reconstruction {
            return Turn::Autoencoder;
        }
        let step = self.step - self.phase_2_from.unwrap_or(self.step);
        if step.is_multiple_of(self.config.update_discriminator_every) {
            Turn::Discriminators
        } else {
            Turn::Decoder
        }
    }

    /// Updates the weights trained in this turn by their gradients.
    pub(super) fn update(&mut self, turn: Turn, gradients: &Gradients) {
        let (optimiser, rate) = match turn {
            Turn::Discriminators => {
                let rate = self.learning_rate_discriminator();
                (&mut self.discriminator, rate)
            }
            Turn::Autoencoder | Turn::Decoder => {
                let rate = self.learning_rate();
                (&mut self.generator, rate)
            }
        };
        optimiser.step(&mut self.parameters, gradients, rate);
    }

    /// Stores what layers learnt without gradients.
    pub(super) fn keep(&mut self, observed: &BTreeMap<String, Vec<f32>>) {
        for parameters in std::iter::once(&mut self.parameters).chain(&mut self.average) {
            for (name, new) in observed {
                let values = parameters.values_mut(name);
                values.expect("layers observe their own arrays").copy_from_slice(new);
            }
        }
    }

    /// Moves the average, if enabled, toward the current encoder and decoder.
    fn average(&mut self, turn: Turn) {
        let Some(average) = self.average.as_mut().filter(|_| turn != Turn::Discriminators) else {
            return;
        };
        // At first it follows quickly, or the random initial weights would persist for long.
        let steps = self.step as f64;
        let kept = self.config.ema.min((1.0 + steps) / (10.0 + steps)) as f32;
        average.follow(&self.parameters, kept, is_generator);
    }

    fn learning_rate(&self) -> f64 {
        let rate = match self.phase() {
            Phase::Reconstruction => objective::learning_rate(&self.config, self.step),
            Phase::Adversarial => self.config.learning_rate * self.config.learning_rate_final,
        };
        rate * self.share_after_steps_back()
    }

    fn learning_rate_discriminator(&self) -> f64 {
        self.config.learning_rate_discriminator * self.share_after_steps_back()
    }

    fn share_after_steps_back(&self) -> f64 {
        0.5f64.powi(self.n_steps_back as i32)
    }

    fn draws(&self, batch: usize, samples: usize) -> Draws {
        let config = &self.config;
        let n_frames = batch * samples / config.ratio();
        let mut latent = self.rng_for("latent").normal(n_frames * config.latent_size);
        latent.iter_mut().for_each(|value| *value *= config.latent_noise as f32);
        let latent = LatentDraws {
            latent,
            curves: self.rng_for("curves").normal(n_frames * config.noise_augmentation()),
            codes: Some(self.rng_for("codes")),
        };
        let n_noise = batch * config.channels * samples;
        Draws { latent, noise: self.rng_for("noise").uniform(n_noise, 0.0, 1.0) }
    }

    /// The random number generator for one purpose in this step.
    fn rng_for(&self, purpose: &str) -> Init {
        let again = match self.n_steps_back {
            0 => String::new(),
            n => format!(" again {n}"),
        };
        Init::named(self.seed, &format!("{purpose} {}{again}", self.step))
    }

    /// The clip as dithered excerpts to measure distances on, and the samples that each covers: long
    /// enough for the largest spectrum, short enough for memory. Empty if the clip is silent.
    fn validation_excerpts(&self, clip: &[Vec<f32>]) -> Vec<(Tensor<3>, usize)> {
        if clip.iter().flatten().all(|sample| sample.abs() < SILENCE) {
            return Vec::new();
        }
        let ratio = self.config.ratio();
        let least = super::forecast::samples_for_spectra(&self.config).next_multiple_of(ratio);
        let most = EXCERPT_SAMPLES.next_multiple_of(ratio).max(least);
        let n_samples = clip.iter().map(Vec::len).max().unwrap_or(0);
        let mut rng = Init::named(0, "validation dither");
        let mut excerpt = |start: usize| {
            let n_covered = (n_samples - start).min(most);
            let length = n_covered.next_multiple_of(ratio).max(least);
            let mut samples = vec![0.0; clip.len() * length];
            for (channel, samples) in clip.iter().zip(samples.chunks_mut(length)) {
                let rest = &channel[start.min(channel.len())..];
                let rest = &rest[..rest.len().min(length)];
                samples[..rest.len()].copy_from_slice(rest);
            }
            let samples = dithered(&samples, &mut rng);
            (self.compute.tensor(samples, [1, clip.len(), length]), n_covered)
        };
        (0..n_samples).step_by(most).map(&mut excerpt).collect()
    }

    /// Multi-band and full-band distance of an excerpt's deterministic reconstruction, and its
    /// latent, frame by frame.
    fn validate_excerpt(&self, weights: &Weights, audio: Tensor<3>) -> ([f64; 2], Vec<f32>) {
        let [_, channels, samples] = audio.dims();
        let original = self.network.analysed(audio);
        let encoded = self.network.encoded(weights, &original);
        let latent = mean_latent(&self.config, &self.network, weights, encoded);
        let frames = values(latent.clone().swap_dims(1, 2));
        let n_curves = self.config.noise_augmentation() * latent.dims()[2];
        let curves = Init::named(0, "validation curves").normal(n_curves);
        let latent = with_noise_channels(&self.config, latent, curves);
        let noise = || Init::named(0, "validation noise").uniform(channels * samples, 0.0, 1.0);
        let has_noise = self.phase() == Phase::Adversarial;
        let made = self.network.decoded(weights, latent, has_noise, noise);
        let multiband = objective::distance(&self.config, made.bands, original.bands);
        let fullband = objective::distance(&self.config, made.audio, original.audio);
        ([scalar(&multiband), scalar(&fullband)], frames)
    }
}

/// Whether an array belongs to the generator, that is, to the encoder or the decoder.
fn is_generator(name: &str) -> bool {
    name.starts_with(ENCODER) || name.starts_with(DECODER)
}

/// The arrays of encoder and decoder alone.
fn generator_of(parameters: &Parameters) -> Parameters {
    let mut generator = Parameters::new();
    for array in parameters.to_arrays().into_iter().filter(|array| is_generator(&array.name)) {
        generator.insert(&array.name, &array.shape, array.values);
    }
    generator
}

/// Prefixes of the names of optimiser state in a checkpoint.
pub(super) const GENERATOR_STATE: &str = "optimizer.generator.";
/// See [`GENERATOR_STATE`].
pub(super) const DISCRIMINATOR_STATE: &str = "optimizer.discriminator.";

/// A clip that never exceeds this is silent: half a step of 16-bit audio.
const SILENCE: f32 = 1.0 / 65_536.0;

/// The most samples of a clip that validation processes at once, which limits its memory.
const EXCERPT_SAMPLES: usize = 131_072;

/// Arrays with `prefix` before their names.
fn within<'a>(prefix: &str, arrays: Vec<ArrayView<'a>>) -> impl Iterator<Item = ArrayView<'a>> {
    let named = move |array: ArrayView<'a>| {
        let name = format!("{prefix}{}", array.name);
        ArrayView { name, ..array }
    };
    arrays.into_iter().map(named)
}

/// Takes the arrays whose names start with `prefix` out of the others, and removes the prefix.
fn taken(arrays: &mut Vec<NamedArray>, prefix: &str) -> Vec<NamedArray> {
    let (taken, left) = std::mem::take(arrays)
        .into_iter()
        .partition::<Vec<_>, _>(|array| array.name.starts_with(prefix));
    *arrays = left;
    let named =
        |array: NamedArray| NamedArray { name: array.name[prefix.len()..].to_owned(), ..array };
    taken.into_iter().map(named).collect()
}

/// Adds up to one random step of 16-bit audio to samples, as if just decoded from it.
fn dithered(samples: &[f32], rng: &mut Init) -> Vec<f32> {
    let dither = rng.uniform(samples.len(), 0.0, 1.0 / 65_536.0);
    samples.iter().zip(dither).map(|(sample, dither)| sample + dither).collect()
}

fn scalar(tensor: &Tensor<1>) -> f64 {
    f64::from(values(tensor.clone())[0])
}

#[cfg(test)]
pub(super) mod tests;
