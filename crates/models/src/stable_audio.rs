//! Stable Audio 3: sound from words, from a sound and words, and in the gap of a sound; weights are the user's, in a
//! folder as a model hub has it.
//!
//! An encoder says what the words mean (`text`); a transformer takes noise out of latents in a few steps (`sampler`,
//! `transformer`); an autoencoder turns latents into sound (`autoencoder`). The folder is that of diffusers, or that
//! of the original program ([`Layout`]), and each is computed as its own program does: the latter makes a few seconds
//! more than it keeps, guides at right angles, and tells the network that nothing is kept.
//!
//! Sources: Evans et al., "Stable Audio 3", 2026 (arXiv 2605.17991), and those named in its parts.

mod autoencoder;
mod config;
mod effort;
mod fields;
mod folder;
mod learner;
mod memory;
mod original;
mod rows;
mod sampler;
mod schedule;
mod text;
mod transformer;
mod weights;

use std::ops::ControlFlow;
use std::path::Path;

use nn::dense::Precision;
use nn::weight_files::WeightFiles;

use crate::Error;
use crate::hub::HubFolder;
use crate::lora::Adapter;
use crate::tokenizer::Tokenizer;
use crate::words::{Abilities, Begin, BeginHow, BeginKind, MadeSound, Step, TextToAudio, Wish};
use autoencoder::Autoencoder;
use folder::{Of, Places};
use sampler::{Noise, Sampler};
use text::Text;
use transformer::{Conditioned, Kept, Transformer, Words};
use weights::{Reading, biased};

pub use config::{
    AutoencoderConfig, DurationConfig, Layout, LevelConfig, Sight, StableAudioConfig,
    TransformerConfig,
};
pub(crate) use folder::KIND;
pub use learner::{Encoder, Learner, Noisy, rate_hz};
#[cfg(test)]
pub(crate) use sampler::rows_of;
pub use schedule::Schedule;
pub use text::TextConfig;
pub(crate) use transformer::places;

/// A model with its weights.
pub struct StableAudio {
    config: StableAudioConfig,
    abilities: Abilities,
    tokenizer: Tokenizer,
    /// Where the pieces of `T5Gemma` are read from.
    text_files: WeightFiles,
    text: Text<Reading>,
    duration: nn::dense::Linear,
    transformer: Transformer<Reading>,
    autoencoder: Autoencoder<Reading>,
}

impl std::fmt::Debug for StableAudio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StableAudio").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The most steps of the sampler.
const STEPS_MAX: usize = 500;
/// Levels of noise below this are none that the network knows.
const LEVEL_MIN: f64 = 0.01;

impl StableAudio {
    /// Reads the weights of a folder, of the layers packed as `precision` says; what numbers pass once stays at least of
    /// 16 bits.
    ///
    /// # Errors
    /// When the folder is of another kind, a configuration cannot be used, a tensor is missing or of another shape, or a
    /// file is damaged.
    pub fn open(folder: &Path, precision: Precision) -> Result<Self, Error> {
        Self::open_with(folder, precision, vec![])
    }

    /// The same, with adapters added to its weights, as much of each as is said; it computes no more for that.
    ///
    /// # Errors
    /// As [`Self::open`], and when an adapter is for another model.
    pub fn open_with(
        folder: &Path,
        precision: Precision,
        adapters: Vec<(Adapter, f64)>,
    ) -> Result<Self, Error> {
        let hub = HubFolder::new(folder);
        let places = Places::find(&hub).map_err(|why| hub.unusable(why))?;
        let config = places.config.clone();
        let reading = |of: Of| places.reading(of, &hub, precision);
        let mut of_text = reading(Of::Text)?;
        let text = Text::make(&config.text, &of_text.component.clone(), &mut of_text)?;
        for (adapter, _) in &adapters {
            adapter.check(&transformer::places(&config.transformer)).map_err(unfit)?;
        }
        let mut of = Reading { adapters, ..reading(Of::Transformer)? };
        let transformer = Transformer::make(&config.transformer, &of.component.clone(), &mut of)?;
        let mut of = reading(Of::Autoencoder)?;
        let autoencoder = Autoencoder::make(&config.autoencoder, &of.component.clone(), &mut of)?;
        let duration = duration(&config, &mut reading(Of::Duration)?)?;
        let abilities = abilities(&config);
        let tokenizer = Tokenizer::open(&places.tokenizer(&hub))?;
        let text_files = of_text.files;
        Ok(Self {
            config,
            abilities,
            tokenizer,
            text_files,
            text,
            duration,
            transformer,
            autoencoder,
        })
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &StableAudioConfig {
        &self.config
    }

    /// The latents of a sound, `[channels][samples]`: `[frames][n_latent]`.
    #[must_use]
    pub fn encode(&self, sound: &[Vec<f32>]) -> Vec<f32> {
        self.autoencoder.encode(sound, &mut || true).unwrap_or_default()
    }

    /// The sound of latents `[frames][n_latent]`: `[channels][samples]`, whole frames.
    #[must_use]
    pub fn decode(&self, latents: &[f32]) -> Vec<Vec<f32>> {
        self.autoencoder.decode(latents, &mut || true).unwrap_or_default()
    }

    /// What the pieces of a prompt mean, `[pieces][width]`.
    ///
    /// # Errors
    /// When the file of `T5Gemma`'s weights cannot be read.
    pub fn hidden(&self, ids: &[u32]) -> Result<Vec<f32>, Error> {
        self.text.hidden(ids, &self.text_files)
    }

    /// What words mean, `[pieces][width]`.
    #[cfg(test)]
    pub(crate) fn hidden_of(&self, text: &str) -> Result<Vec<f32>, Error> {
        self.hidden(&self.tokenizer.encode(text, self.config.n_tokens).ids)
    }

    /// What is said of a length, `[n_condition]`.
    fn length(&self, secs: f64) -> Vec<f32> {
        let of = &self.config.duration;
        let [from, to] = of.range_secs.map(|it| it as f32);
        let share = ((secs as f32).clamp(from, to) - from) / (to - from);
        self.duration.run(&rows::waves(share, of.n_waves, of.frequencies))
    }

    /// What the network is told of one prompt.
    fn conditioned(
        &self,
        text: &str,
        is_negative: bool,
        length: &[f32],
        kept: &Kept<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Conditioned, Error> {
        let n_tokens = self.config.n_tokens;
        let encoded = self.tokenizer.encode(text, n_tokens);
        if encoded.n_cut > 0 {
            notes.push(format!(
                "The prompt is longer than the {n_tokens} pieces that the model reads; {} at its end were cut off.",
                encoded.n_cut
            ));
        }
        let hidden = match encoded.ids.is_empty() {
            true => vec![],
            false => self.hidden(&encoded.ids)?,
        };
        let words = Words {
            hidden: &hidden,
            n_lacking: n_tokens - encoded.ids.len().min(n_tokens),
            lacking_are_zero: is_negative && self.config.layout == Layout::Single,
            length,
        };
        Ok(self.transformer.condition(&words, kept))
    }

    /// What is gone away from.
    fn unwanted(
        &self,
        negative: Option<&str>,
        length: &[f32],
        kept: &Kept<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Conditioned, Error> {
        match (negative, self.config.layout) {
            // The original shows the network no words at all, and no length among them.
            (None, Layout::Single) => {
                let n = self.config.transformer.n_condition;
                let words = Words {
                    hidden: &vec![0.0; n],
                    n_lacking: 0,
                    lacking_are_zero: true,
                    length: &[],
                };
                let mut nothing = self.transformer.condition(&words, kept);
                self.transformer.tell_length(&mut nothing, length);
                Ok(nothing)
            }
            (text, _) => self.conditioned(text.unwrap_or(""), true, length, kept, notes),
        }
    }

    /// What is kept of a sound, `[frames][n_latent + 1]`.
    fn kept(
        &self,
        begin: &Begin,
        plan: &Plan,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Vec<f32>> {
        let (rate, hop) =
            (f64::from(self.config.autoencoder.rate_hz), self.config.autoencoder.hop());
        let n_samples = begin.sound[0].len();
        let [from, to] = match begin.how {
            BeginHow::Fill { from_secs, to_secs } => [from_secs, to_secs],
            // Of the frame in which the sound ends, no part is kept.
            _ => [(n_samples / hop * hop) as f64 / rate, plan.secs],
        };
        let latents = self.latents_of(begin, plan, go_on)?;
        let n_latent = self.config.autoencoder.n_latent;
        let is_kept = |frame: usize| match self.config.layout {
            Layout::Folders => {
                let [from, to] = [from, to].map(|secs| (secs * rate / hop as f64) as usize);
                !(from..to).contains(&frame)
            }
            Layout::Single => {
                let sample = frame * hop;
                let [from, to] = [from, to].map(|secs| (secs * rate) as usize);
                !(from..to).contains(&sample) && sample < (plan.secs * rate) as usize
            }
        };
        let mut rows = vec![0.0; plan.n_frames * (n_latent + 1)];
        for (i, row) in rows.chunks_exact_mut(n_latent + 1).enumerate() {
            if is_kept(i) {
                row[0] = 1.0;
                row[1..].copy_from_slice(&latents[i * n_latent..][..n_latent]);
            }
        }
        Some(rows)
    }

    /// The latents of what it begins with, as many frames as are made.
    fn latents_of(
        &self,
        begin: &Begin,
        plan: &Plan,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Vec<f32>> {
        let of = &self.config.autoencoder;
        let n_samples = match self.config.layout {
            Layout::Folders => begin.sound[0].len().min((plan.n_frames + of.reach()) * of.hop()),
            // The original fills the sound up with silence, whose latents are not zeros.
            Layout::Single => plan.n_frames * of.hop(),
        };
        let cut = |channel: &Vec<f32>| {
            let mut channel = channel[..n_samples.min(channel.len())].to_vec();
            channel.resize(n_samples, 0.0);
            channel
        };
        let sound: Vec<Vec<f32>> = begin.sound.iter().map(cut).collect();
        let mut latents = self.autoencoder.encode(&sound, go_on)?;
        latents.resize(plan.n_frames * of.n_latent, 0.0);
        Some(latents)
    }

    fn plan(&self, wish: &Wish) -> Plan {
        Plan::of(&self.config, wish, self.config.headroom_secs)
    }

    fn make_planned(
        &self,
        wish: &Wish,
        plan: &Plan,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
        seen: &mut dyn FnMut(&[f32], &[f32]),
    ) -> Result<Option<MadeSound>, Error> {
        let n_latent = self.config.autoencoder.n_latent;
        let Plan { n_frames, n_steps, .. } = *plan;
        let strength = match &wish.begin {
            Some(Begin { how: BeginHow::Vary { strength }, .. }) => Some(*strength),
            _ => None,
        };
        // What comes after the steps is counted as one.
        let of = n_steps + 1;
        let mut at = |done: usize| watch(Step { done, of }).is_continue();
        let mut notes = vec![];
        let mut given = None;
        let mut kept = None;
        if let Some(begin) = &wish.begin {
            let rows = match strength {
                Some(_) => self.latents_of(begin, plan, &mut || at(0)),
                None => self.kept(begin, plan, &mut || at(0)),
            };
            let Some(rows) = rows else { return Ok(None) };
            if strength.is_some() { given = Some(rows) } else { kept = Some(rows) }
        }
        let latents = match (given, strength) {
            (Some(latents), Some(0.0)) => latents,
            (given, _) => {
                let highest = strength.map_or(1.0, |it| it.max(LEVEL_MIN)) as f32;
                let length = self.length(wish.secs);
                let kept = match (&kept, self.config.layout) {
                    (Some(rows), _) => Kept::Frames(rows),
                    (None, Layout::Single) => Kept::Nothing,
                    (None, Layout::Folders) => Kept::Untold,
                };
                let mut prompts = vec![];
                for (prompt, share) in wish.prompts.iter().zip(wish.shares()) {
                    if !at(0) {
                        return Ok(None);
                    }
                    let told = self.conditioned(&prompt.text, false, &length, &kept, &mut notes)?;
                    prompts.push((told, share as f32));
                }
                let guidance = wish.guidance.unwrap_or(self.abilities.guidance) as f32;
                // In diffusers' layout, guidance below 1 is none.
                let is_guided = match self.config.layout {
                    Layout::Folders => guidance > 1.0,
                    Layout::Single => guidance != 1.0,
                };
                let unwanted = match is_guided {
                    false => None,
                    true => {
                        Some(self.unwanted(wish.negative.as_deref(), &length, &kept, &mut notes)?)
                    }
                };
                if unwanted.is_none() && wish.negative.is_some() {
                    notes.push("Without guidance, what it is not to be has no effect.".to_owned());
                }
                let levels = self.config.schedule.levels(n_steps, highest, plan.n_of_sound);
                let noise = self.noise(wish, plan)?;
                let mut x = noise.rows(0, n_latent, n_frames);
                if let Some(given) = &given {
                    let mixed = x.iter().zip(given);
                    x = mixed.map(|(n, x)| (1.0 - highest) * x + highest * n).collect();
                }
                let velocity = |x: &[f32], level: f32, told: &Conditioned| {
                    self.transformer.velocity(x, level, told, plan.n_valid)
                };
                let sampler = Sampler {
                    velocity: &velocity,
                    layout: self.config.layout,
                    n_latent,
                    levels: &levels,
                    told_scale: self.config.schedule.told_scale,
                    is_stochastic: self.config.schedule.is_stochastic,
                    prompts: &prompts,
                    guidance: unwanted.as_ref().map(|it| (it, guidance)),
                    n_valid: plan.n_valid,
                };
                match sampler.run(x, &noise, 1, watch, seen) {
                    Some(latents) => latents,
                    None => return Ok(None),
                }
            }
        };
        let mut at = || watch(Step { done: n_steps, of }).is_continue();
        // Frames of the headroom need not become sound, beyond those that the end of it depends on.
        let needed = (plan.n_of_sound + self.config.autoencoder.reach()).min(n_frames);
        let decoded = self.autoencoder.decode(&latents[..needed * n_latent], &mut at);
        let Some(mut sound) = decoded else { return Ok(None) };
        for channel in &mut sound {
            channel.truncate(plan.n_samples);
            channel.iter_mut().for_each(|x| *x = x.clamp(-1.0, 1.0));
        }
        Ok(Some(MadeSound { sound, codes: None, notes }))
    }

    /// Where noise comes from; what is given is checked.
    fn noise<'a>(&self, wish: &'a Wish, plan: &Plan) -> Result<Noise<'a>, Error> {
        let Some(given) = &wish.noise else { return Ok(Noise::Seeded(wish.seed)) };
        let n = plan.n_frames * self.config.autoencoder.n_latent;
        let needed = if self.config.schedule.is_stochastic { plan.n_steps } else { 1 };
        if given.len() < needed || given.iter().any(|it| it.len() != n) {
            let found = given.first().map_or(0, Vec::len);
            let (n_latent, n_frames) = (self.config.autoencoder.n_latent, plan.n_frames);
            return Err(unfit(format!(
                "the noise must be at least {needed} times {n_latent} × {n_frames} numbers for such a sound, and is {} times {found}",
                given.len()
            )));
        }
        Ok(Noise::Given(given))
    }
}

impl TextToAudio for StableAudio {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn weight_bytes(&self) -> u64 {
        let bytes = self.text.n_bytes()
            + self.duration.n_bytes()
            + self.transformer.n_bytes()
            + self.autoencoder.n_bytes();
        bytes as u64
    }

    fn sound_bytes(&self, wish: &Wish) -> u64 {
        memory::sound_bytes(&self.config, wish, &self.plan(wish))
    }

    fn make(
        &self,
        wish: &Wish,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Option<MadeSound>, Error> {
        wish.check(&self.abilities)?;
        if let Some(Begin { sound, how: BeginHow::Continue }) = &wish.begin {
            let secs = sound[0].len() as f64 / f64::from(self.abilities.rate_hz);
            if secs >= wish.secs {
                return Err(unfit(format!(
                    "what it goes on from is {secs:.1} s long, and the sound is to be {} s in all; ask for a longer one",
                    wish.secs
                )));
            }
        }
        self.make_planned(wish, &self.plan(wish), watch, &mut |_, _| {})
    }
}

/// How much is computed for a wish.
struct Plan {
    secs: f64,
    n_steps: usize,
    /// Frames of latents, those of the headroom among them.
    n_frames: usize,
    /// Frames of the sound itself.
    n_of_sound: usize,
    /// Frames that say something to the others.
    n_valid: usize,
    /// Samples of the sound.
    n_samples: usize,
}

impl Plan {
    fn of(config: &StableAudioConfig, wish: &Wish, headroom_secs: f64) -> Self {
        let of = &config.autoencoder;
        let rate = f64::from(of.rate_hz);
        let n_frames = config.n_frames(wish.secs, headroom_secs).max(1);
        let n_of_sound = ((wish.secs * rate) as usize).div_ceil(of.hop());
        let n_headroom = (headroom_secs * rate / of.hop() as f64) as usize;
        let n_valid = match config.layout {
            Layout::Folders => n_frames,
            Layout::Single => (n_of_sound + n_headroom).min(n_frames),
        };
        let n_steps = wish.steps.unwrap_or(config.schedule.n_steps);
        let secs = wish.secs;
        Self { secs, n_steps, n_frames, n_of_sound, n_valid, n_samples: (secs * rate) as usize }
    }
}

/// The layer that makes the length known.
fn duration<M: weights::Maker>(
    config: &StableAudioConfig,
    maker: &mut M,
) -> Result<M::Linear, Error> {
    let (n_out, n_in) = (config.transformer.n_condition, config.duration.n_waves / 2 * 2);
    maker.linear("linear", biased(n_out, n_in), 1)
}

fn abilities(config: &StableAudioConfig) -> Abilities {
    let mut begins = vec![BeginKind::Vary];
    if config.transformer.n_local > 0 {
        begins.extend([BeginKind::Fill, BeginKind::Continue]);
    }
    Abilities {
        rate_hz: config.autoencoder.rate_hz,
        n_channels: config.autoencoder.n_channels,
        max_secs: config.duration.range_secs[1],
        steps: Some([1, config.schedule.n_steps, STEPS_MAX]),
        // Models that were not distilled need it.
        guidance: if config.schedule.is_stochastic { 1.0 } else { 7.0 },
        takes_negative: true,
        begins,
        takes_adapters: true,
        writes_codes: false,
        max_tokens: config.n_tokens,
    }
}

/// The error that something does not fit the model.
fn unfit(reason: impl Into<String>) -> Error {
    Error::Unfit { reason: reason.into() }
}

#[cfg(test)]
pub(crate) mod tests;
