//! `AudioLDM`: sound from words, by taking noise away from latents of a spectrogram; weights are the user's, in a folder
//! as a model hub has it.
//!
//! The text side of `CLAP` tells what to make as one embedding. In a few steps a network of pictures turns noise into
//! latents of a spectrogram, another turns those into the spectrogram, and a vocoder into sound.
//!
//! Source: Liu et al., "`AudioLDM`: Text-to-Audio Generation with Latent Diffusion Models", 2023; names of tensors and
//! settings are those of `AudioLDMPipeline` in Hugging Face's diffusers.

mod blocks;
mod config;
mod effort;
mod forecast;
mod kind;
mod sampler;
mod spectrogram;
mod unet;
mod vae;
mod vocoder;

use std::ops::ControlFlow;

use nn::Init;
use nn::dense::{Pictures, Precision};

use crate::Error;
use crate::clap::ClapText;
use crate::hub::HubFolder;
use crate::layers::{Tensors, loaded};
use crate::words::{Abilities, BeginHow, MadeSound, Step, TextToAudio, Wish};

pub use config::{Each, UnetConfig, VaeConfig, VocoderConfig};
use kind::AudioLdmConfig;
pub(crate) use kind::KIND;
pub use sampler::{Prediction, SamplerConfig, Schedule, Spacing};
use sampler::{Sampler, guided};
use unet::Unet;
use vae::Vae;
use vocoder::Vocoder;

/// The model with its weights.
#[derive(Debug)]
pub struct AudioLdm {
    config: AudioLdmConfig,
    abilities: Abilities,
    text: ClapText,
    unet: Unet,
    vae: Vae,
    vocoder: Vocoder,
    weight_bytes: u64,
}

/// Steps of a sound behind those of the sampler: its spectrogram, and the sound itself.
const STEPS_AFTER: usize = 2;

impl AudioLdm {
    /// Opens a folder as a hub has it, with its sub-folders `text_encoder`, `tokenizer`, `unet`, `vae`, `vocoder` and
    /// `scheduler`. The vocoder is always computed with weights of 32 bits.
    ///
    /// # Errors
    /// When it is a folder of another kind of model, or its files are damaged or not whole.
    pub(crate) fn open(folder: &HubFolder<'_>, precision: Precision) -> Result<Self, Error> {
        let config = AudioLdmConfig::read(folder).map_err(|why| folder.unusable(why))?;
        let files = folder.weights("text_encoder")?;
        let words = folder.path().join("tokenizer");
        let text = ClapText::load(&config.text, &files, &words, precision)?;
        let network = |tensors: &mut Tensors| Unet::new(tensors, &config.unet);
        let (unet, unet_bytes) = loaded(&folder.weights("unet")?, precision, network)?;
        let files = folder.weights("vae")?;
        let spelling = kind::spelling_of(&files);
        let network = |tensors: &mut Tensors| Vae::new(tensors, &config.vae, spelling);
        let (vae, vae_bytes) = loaded(&files, precision, network)?;
        let network = |tensors: &mut Tensors| Vocoder::new(tensors, &config.vocoder);
        let (vocoder, vocoder_bytes) =
            loaded(&folder.weights("vocoder")?, Precision::Float32, network)?;
        let weight_bytes = text.n_bytes() + unet_bytes + vae_bytes + vocoder_bytes;
        let abilities = config.abilities();
        Ok(Self { config, abilities, text, unet, vae, vocoder, weight_bytes })
    }

    /// The embedding of what a wish is to be, and after it, where there is guidance, of what it is not to be.
    fn told(&self, wish: &Wish, guidance: f64, notes: &mut Vec<String>) -> Vec<f32> {
        let mut embed = |text: &str, what: &str| {
            let embedding = self.text.embed(text);
            if embedding.n_cut > 0 {
                let (n, cut) = (self.abilities.max_tokens, embedding.n_cut);
                notes.push(format!(
                    "{what} is longer than the {n} tokens that are read: {cut} were cut off."
                ));
            }
            embedding.values
        };
        let size = self.config.unet.text_size();
        let mut mixed = vec![0.0; size];
        for (prompt, share) in wish.prompts.iter().zip(wish.shares()) {
            let embedding = embed(&prompt.text, "The prompt");
            mixed.iter_mut().zip(embedding).for_each(|(sum, x)| *sum += share as f32 * x);
        }
        // Embeddings are directions: a mixture of several is as long as one.
        let length = mixed.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        mixed.iter_mut().for_each(|x| *x /= length.max(1e-12) as f32);
        if guidance > 1.0 {
            let not = wish.negative.as_deref().unwrap_or("");
            mixed.extend(embed(not, "What is not to be made"));
        }
        mixed
    }

    /// Latents of a size, `[rows][columns][channels]`, from the numbers of a wish or random ones.
    fn noise(&self, wish: &Wish, [rows, columns]: [usize; 2]) -> Result<Pictures, Error> {
        let channels = self.config.unet.in_channels;
        let mut noise = Pictures::zeros(1, [rows, columns], channels);
        let n = noise.values.len();
        // The start alone, with those of steps that add none behind it, or cut apart by channels.
        let given = wish.noise.as_ref().map(|it| match &it[..] {
            [start, ..] if start.len() == n => start.clone(),
            several => several.concat(),
        });
        match given {
            None => noise.values = Init::new(wish.seed).normal(n),
            // As the reference has them, channels first.
            Some(given) if given.len() == n => {
                for (i, value) in noise.values.iter_mut().enumerate() {
                    *value = given[i % channels * rows * columns + i / channels];
                }
            }
            Some(given) => {
                let reason = format!(
                    "the noise has {} numbers; {channels} channels of {rows} rows and {columns} columns are needed",
                    given.len()
                );
                return Err(Error::Unfit { reason });
            }
        }
        Ok(noise)
    }

    /// Takes the steps of a sampler from `first` on; `watch` is shown the latents before each, and may end it.
    fn sampled(
        &self,
        mut latents: Pictures,
        sampler: &Sampler,
        (told, guidance): (&[f32], f64),
        first: usize,
        watch: &mut dyn FnMut(usize, &Pictures) -> ControlFlow<()>,
    ) -> Option<Pictures> {
        let n_told = told.len() / self.config.unet.text_size();
        for step in first..sampler.n_steps() {
            if watch(step - first, &latents).is_break() {
                return None;
            }
            let several = Pictures {
                n: n_told,
                values: latents.values.repeat(n_told),
                ..Pictures::zeros(0, latents.size(), latents.channels)
            };
            let said = self.unet.run(&several, sampler.time(step), told).values;
            let (of_prompt, not) = said.split_at(latents.values.len());
            if not.is_empty() {
                sampler.step(&mut latents.values, of_prompt, step);
            } else {
                let said = guided(not, of_prompt, guidance as f32);
                sampler.step(&mut latents.values, &said, step);
            }
        }
        Some(latents)
    }

    /// The spectrogram of latents, `[frames][bands]`.
    fn spectrogram_of(&self, mut latents: Pictures) -> Vec<f32> {
        let scale = 1.0 / self.config.vae.scaling_factor as f32;
        latents.values.iter_mut().for_each(|x| *x *= scale);
        self.vae.decode(&latents).values
    }

    /// Latents of a sound, of a size.
    fn latents_of(&self, sound: &[f32], [rows, _]: [usize; 2]) -> Pictures {
        let n_frames = rows * self.config.vae.scale();
        let values = spectrogram::spectrogram(&self.config.vocoder, sound, n_frames);
        let size = [n_frames, self.config.vocoder.model_in_dim];
        let spectrogram = Pictures { values, ..Pictures::zeros(1, size, 1) };
        let mut latents = self.vae.encode(&spectrogram);
        let scale = self.config.vae.scaling_factor as f32;
        latents.values.iter_mut().for_each(|x| *x *= scale);
        latents
    }
}

impl TextToAudio for AudioLdm {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn weight_bytes(&self) -> u64 {
        self.weight_bytes
    }

    fn sound_bytes(&self, wish: &Wish) -> u64 {
        effort::sound_bytes(&self.config, wish)
    }

    fn make(
        &self,
        wish: &Wish,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Option<MadeSound>, Error> {
        wish.check(&self.abilities)?;
        let mut notes = vec![];
        let guidance = wish.guidance.unwrap_or(self.abilities.guidance);
        let told = self.told(wish, guidance, &mut notes);
        let n_steps = wish.steps.or(self.abilities.steps.map(|it| it[1])).unwrap_or(1);
        let sampler = Sampler::new(&self.config.sampler, n_steps);
        let size = self.config.latent_size(wish.secs);
        let mut latents = self.noise(wish, size)?;
        let mut first = 0;
        if let Some(begin) = &wish.begin
            && let BeginHow::Vary { strength } = begin.how
        {
            // As many of the last steps as the strength says.
            first = n_steps - ((n_steps as f64 * strength) as usize).min(n_steps);
            let mut begun = self.latents_of(&begin.sound[0], size);
            if first < n_steps {
                begun.values = sampler.noised(&begun.values, &latents.values, first);
            }
            latents = begun;
        }
        let of = n_steps - first + STEPS_AFTER;
        let mut before = |done: usize| watch(Step { done, of });
        let begun = (&told[..], guidance);
        let sampled = self.sampled(latents, &sampler, begun, first, &mut |done, _| before(done));
        let Some(latents) = sampled else { return Ok(None) };
        if before(of - 2).is_break() {
            return Ok(None);
        }
        let spectrogram = self.spectrogram_of(latents);
        if before(of - 1).is_break() {
            return Ok(None);
        }
        let mut sound = self.vocoder.run(&spectrogram);
        sound.truncate(self.config.n_samples(wish.secs));
        Ok(Some(MadeSound { sound: vec![sound], codes: None, notes }))
    }
}

#[cfg(test)]
mod tests;
