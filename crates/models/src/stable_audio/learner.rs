//! Stable Audio 3 as adapters are trained on it: clips and words become what is learnt from ([`Encoder`]), and an adapter
//! learns to take noise out of them ([`Learner`]).
//!
//! Sources: Evans et al., "Stable Audio 3", 2026 (arXiv 2605.17991); Liu, Gong and Liu, "Flow Straight and Fast", 2023, for
//! the loss (rectified flow); Esser et al., "Scaling Rectified Flow Transformers", 2024, for levels of noise.

use std::path::Path;

use nn::dense::Precision;
use nn::weight_files::WeightFiles;

use super::autoencoder::Autoencoder;
use super::config::{Layout, StableAudioConfig};
use super::folder::{Of, Places};
use super::rows::waves;
use super::sampler::{Noise, Sampler};
use super::text::Text;
use super::transformer::{Kept, Learning, Told, Transformer, Words, places};
use super::weights::Reading;
use crate::Error;
use crate::hub::HubFolder;
use crate::lora::{Adapter, Place};
use crate::tokenizer::Tokenizer;
use crate::words::Step;

/// What turns clips and words into what is learnt from.
pub struct Encoder {
    config: StableAudioConfig,
    tokenizer: Tokenizer,
    text_files: WeightFiles,
    text: Text<Reading>,
    autoencoder: Autoencoder<Reading>,
}

/// Settings and places of a folder.
fn places_of<'a>(folder: &'a Path) -> Result<(HubFolder<'a>, Places), Error> {
    let hub = HubFolder::new(folder);
    let places = Places::find(&hub).map_err(|why| hub.unusable(why))?;
    Ok((hub, places))
}

/// Samples per second of the sound of a folder's model; its weights stay on disk.
///
/// # Errors
/// When its configuration cannot be used.
pub fn rate_hz(folder: &Path) -> Result<u32, Error> {
    Ok(places_of(folder)?.1.config.autoencoder.rate_hz)
}

impl Encoder {
    /// Reads what it needs of a folder.
    ///
    /// # Errors
    /// As [`super::StableAudio::open`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let (hub, places) = places_of(folder)?;
        let config = places.config.clone();
        let reading = |of: Of| places.reading(of, &hub, Precision::Float32);
        let mut of_text = reading(Of::Text)?;
        let text = Text::make(&config.text, &of_text.component.clone(), &mut of_text)?;
        let mut of = reading(Of::Autoencoder)?;
        let autoencoder = Autoencoder::make(&config.autoencoder, &of.component.clone(), &mut of)?;
        let tokenizer = Tokenizer::open(&places.tokenizer(&hub))?;
        Ok(Self { config, tokenizer, text_files: of_text.files, text, autoencoder })
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &StableAudioConfig {
        &self.config
    }

    /// The latents of a sound, `[channels][samples]`: `[frames][n_latent]`. `go_on` is asked every few seconds; after a no
    /// there are none.
    #[must_use]
    pub fn latents(&self, sound: &[Vec<f32>], go_on: &mut dyn FnMut() -> bool) -> Option<Vec<f32>> {
        self.autoencoder.encode(sound, go_on)
    }

    /// What words mean, `[pieces][n_condition]`, as many pieces as the model takes at most.
    ///
    /// # Errors
    /// When the weights cannot be read.
    pub fn words(&self, text: &str) -> Result<Vec<f32>, Error> {
        let encoded = self.tokenizer.encode(text, self.config.n_tokens);
        match encoded.ids.is_empty() {
            true => Ok(vec![]),
            false => self.text.hidden(&encoded.ids, &self.text_files),
        }
    }
}

/// A model whose weights stay as they are, for adapters that learn.
pub struct Learner {
    config: StableAudioConfig,
    duration: nn::dense::Linear,
    transformer: Transformer<Learning>,
    /// None where nothing is to be heard.
    autoencoder: Option<Autoencoder<Reading>>,
}

/// Latents with noise, of which the network is to say in which direction those without lie.
#[derive(Clone, Copy)]
pub struct Noisy<'a> {
    /// Those without noise, `[frames][n_latent]`.
    pub latents: &'a [f32],
    /// As much noise.
    pub noise: &'a [f32],
    /// How much of it there is: 0 none, 1 nothing else.
    pub level: f32,
    /// What the words mean, `[pieces][n_condition]`; empty where nothing is said.
    pub words: &'a [f32],
}

impl Learner {
    /// Reads the weights of a folder, large ones packed as `precision` says.
    ///
    /// # Errors
    /// As [`super::StableAudio::open`].
    pub fn open(folder: &Path, precision: Precision) -> Result<Self, Error> {
        let (hub, places) = places_of(folder)?;
        let config = places.config.clone();
        let reading = |of: Of| places.reading(of, &hub, precision);
        let of = reading(Of::Transformer)?;
        let component = of.component.clone();
        let transformer = Transformer::learning(&config.transformer, &component, of)?;
        let mut of = reading(Of::Autoencoder)?;
        let made = Autoencoder::make(&config.autoencoder, &of.component.clone(), &mut of)?;
        let autoencoder = Some(made);
        let duration = super::duration(&config, &mut reading(Of::Duration)?)?;
        Ok(Self { config, duration, transformer, autoencoder })
    }

    /// Something of the size of Stable Audio 3 Small whose blocks all share random weights: it takes as long to compute, and
    /// a fraction of the memory. It makes no sound.
    pub(crate) fn stand_in(precision: Precision) -> Self {
        let config = StableAudioConfig::small();
        let transformer = Transformer::stand_in(&config.transformer, precision);
        let (n_out, n_in) = (config.transformer.n_condition, config.duration.n_waves);
        let weight = nn::Init::new(0).uniform(n_out * n_in, -0.1, 0.1);
        let duration = nn::dense::Linear::new(&weight, n_in, None, Precision::Float32);
        Self { config, duration, transformer, autoencoder: None }
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &StableAudioConfig {
        &self.config
    }

    /// The layers that adapters can add to.
    pub(crate) fn places(&self) -> Vec<Place> {
        places(&self.config.transformer)
    }

    /// Seconds of so many frames.
    #[must_use]
    pub fn secs_of(&self, n_frames: usize) -> f64 {
        let of = &self.config.autoencoder;
        (n_frames * of.hop()) as f64 / f64::from(of.rate_hz)
    }

    /// The level of noise that the sampler of the model comes to after a share `1 - even` of its way.
    #[must_use]
    pub fn level_of(&self, even: f32, n_frames: usize) -> f32 {
        self.config.schedule.level(even, n_frames)
    }

    fn tell(&self, words: &[f32], secs: f64) -> Told {
        let of = &self.config;
        let [from, to] = of.duration.range_secs.map(|it| it as f32);
        let share = ((secs as f32).clamp(from, to) - from) / (to - from);
        let waves = waves(share, of.duration.n_waves, of.duration.frequencies);
        let length = self.duration.run(&waves);
        let n_pieces = words.len() / of.transformer.n_condition;
        let words = Words {
            hidden: words,
            n_lacking: of.n_tokens.saturating_sub(n_pieces),
            lacking_are_zero: false,
            length: &length,
        };
        let kept = match of.layout {
            Layout::Folders => Kept::Untold,
            Layout::Single => Kept::Nothing,
        };
        self.transformer.tell(&words, &kept)
    }

    /// The level as the network is told.
    fn told(&self, level: f32) -> f32 {
        (f64::from(level) * self.config.schedule.told_scale) as f32
    }

    /// The velocity of latents with noise.
    #[cfg(test)]
    pub(crate) fn velocity(
        &self,
        adapter: &Adapter,
        x: &[f32],
        level: f32,
        words: &[f32],
    ) -> Vec<f32> {
        let told = self.tell(words, self.secs_of(x.len() / self.config.transformer.n_latent));
        self.transformer.forward(x, self.told(level), &told, adapter).0
    }

    /// The mean squared error of the velocity. Source: Liu, Gong and Liu, eq. 1, with the direction from latents to noise.
    #[must_use]
    pub fn loss(&self, adapter: &Adapter, noisy: &Noisy<'_>) -> f64 {
        self.passed(adapter, noisy, None)
    }

    /// The same, and `share` times its gradient is added to `gradients`, one for each number of the adapter.
    pub fn learn(
        &self,
        adapter: &Adapter,
        noisy: &Noisy<'_>,
        share: f32,
        gradients: &mut [f32],
    ) -> f64 {
        self.passed(adapter, noisy, Some((share, gradients)))
    }

    fn passed(&self, adapter: &Adapter, noisy: &Noisy<'_>, to: Option<(f32, &mut [f32])>) -> f64 {
        let Noisy { latents, noise, level, words } = *noisy;
        let told = self.tell(words, self.secs_of(latents.len() / self.config.transformer.n_latent));
        let mixed: Vec<f32> =
            latents.iter().zip(noise).map(|(x, n)| (1.0 - level) * x + level * n).collect();
        let (velocity, pass) = self.transformer.forward(&mixed, self.told(level), &told, adapter);
        let mut errors = velocity;
        for (error, (x, n)) in errors.iter_mut().zip(latents.iter().zip(noise)) {
            *error -= n - x;
        }
        let squares = errors.iter().map(|it| f64::from(*it) * f64::from(*it)).sum::<f64>();
        let n = errors.len().max(1);
        if let Some((share, gradients)) = to {
            let factor = 2.0 * share / n as f32;
            errors.iter_mut().for_each(|it| *it *= factor);
            self.transformer.backward(&pass, &errors, &told, adapter, gradients);
        }
        squares / n as f64
    }

    /// A sound of words by the model with the adapter, as the sampler makes it in its usual steps: `[channels][samples]`; none
    /// of a stand-in.
    #[must_use]
    pub fn render(
        &self,
        adapter: &Adapter,
        words: &[f32],
        secs: f64,
        seed: u64,
    ) -> Option<Vec<Vec<f32>>> {
        let autoencoder = self.autoencoder.as_ref()?;
        let of = &self.config;
        let n_samples = (secs * f64::from(of.autoencoder.rate_hz)) as usize;
        let n_frames = n_samples.div_ceil(of.autoencoder.hop()).max(1);
        let n_latent = of.autoencoder.n_latent;
        let noise = Noise::Seeded(seed);
        let velocity = |x: &[f32], level: f32, told: &Told| {
            self.transformer.forward(x, level, told, adapter).0
        };
        let sampler = Sampler {
            velocity: &velocity,
            layout: of.layout,
            n_latent,
            levels: &of.schedule.levels(of.schedule.n_steps, 1.0, n_frames),
            told_scale: of.schedule.told_scale,
            is_stochastic: of.schedule.is_stochastic,
            prompts: &[(self.tell(words, secs), 1.0)],
            guidance: None,
            n_valid: n_frames,
        };
        let x = noise.rows(0, n_latent, n_frames);
        let go = &mut |_: Step| std::ops::ControlFlow::Continue(());
        let latents = sampler.run(x, &noise, 0, go, &mut |_, _| {})?;
        let mut sound = autoencoder.decode(&latents, &mut || true)?;
        for channel in &mut sound {
            channel.truncate(n_samples);
            channel.iter_mut().for_each(|x| *x = x.clamp(-1.0, 1.0));
        }
        Some(sound)
    }
}
