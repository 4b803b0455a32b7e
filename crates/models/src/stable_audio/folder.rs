//! Where things lie in a folder of Stable Audio 3, of either layout.

use std::path::PathBuf;

use api::WeightsUse;
use nn::dense::Precision;
use nn::weight_files::WeightFiles;
use serde_json::Value;

use super::autoencoder::Autoencoder;
use super::config::{Layout, StableAudioConfig};
use super::text::Text;
use super::transformer::Transformer;
use super::weights::{Component, Listing, Reading};
use super::{StableAudio, abilities, effort};
use crate::Error;
use crate::hub::{HubFolder, Kind, Part, Wanted};

/// What it is to the list of models of others.
pub(crate) const KIND: Kind = Kind {
    name: "stable_audio_3",
    called: &[
        "StableAudio3Pipeline",
        "StableAudio3AudioToAudioPipeline",
        "StableAudio3InpaintPipeline",
        "diffusion_cond",
    ],
    uses: &[WeightsUse::Words],
    look,
    open_words: Some(|hub, precision, adapters| {
        Ok(Box::new(StableAudio::open_with(hub.path(), precision, adapters)?))
    }),
    effort: Some(|hub, wish, precision| {
        Ok(effort::effort(&Places::find(hub)?.config, wish, precision))
    }),
};

/// A component of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Text,
    Duration,
    Transformer,
    Autoencoder,
}

const ALL: [Of; 4] = [Of::Text, Of::Duration, Of::Transformer, Of::Autoencoder];
const INDEX: &str = "model_index.json";
const SINGLE: &str = "model_config.json";
/// Where `T5Gemma` may lie beside the single file.
const TEXTS: [&str; 3] = ["t5gemma-b-b-ul2", "text_encoder", "t5gemma"];

/// Settings of a folder, and where its components lie.
pub(super) struct Places {
    pub(super) config: StableAudioConfig,
    text: &'static str,
}

impl Places {
    /// Reads all settings, and no weights.
    pub(super) fn find(hub: &HubFolder<'_>) -> Result<Self, String> {
        if hub.path().join(INDEX).is_file() || !hub.path().join(SINGLE).is_file() {
            let names = ["transformer", "vae", "duration_embedder", "text_encoder"];
            let mut all = vec![("scheduler", hub.settings("scheduler/scheduler_config.json")?)];
            for name in names {
                all.push((name, hub.config(name)?));
            }
            let part = |name: &str| {
                let found = all.iter().find(|it| it.0 == name);
                found.map_or(Value::Null, |it| it.1.clone())
            };
            let config = StableAudioConfig::of_folders(&part)?;
            return Ok(Self { config, text: "text_encoder" });
        }
        let json = hub.settings(SINGLE)?;
        let is_there = |name: &&&str| hub.path().join(name).join("config.json").is_file();
        let text = TEXTS.iter().find(is_there).copied().ok_or_else(|| {
            format!(
                "T5Gemma is not there, which reads the words: download the folder {} beside model.safetensors",
                TEXTS[0]
            )
        })?;
        let config = StableAudioConfig::of_single(&json, &hub.config(text)?)
            .map_err(|why| format!("{SINGLE} cannot be used: {why}"))?;
        Ok(Self { config, text })
    }

    /// The sub-folder of a component.
    fn folder(&self, of: Of) -> &'static str {
        match (self.config.layout, of) {
            (_, Of::Text) => self.text,
            (Layout::Single, _) => "",
            (Layout::Folders, Of::Duration) => "duration_embedder",
            (Layout::Folders, Of::Transformer) => "transformer",
            (Layout::Folders, Of::Autoencoder) => "vae",
        }
    }

    /// The folder of the tokenizer.
    pub(super) fn tokenizer(&self, hub: &HubFolder<'_>) -> PathBuf {
        match self.config.layout {
            Layout::Folders => hub.path().join("tokenizer"),
            Layout::Single => hub.path().join(self.text),
        }
    }

    /// How the tensors of a component are named.
    fn component(&self, of: Of, hub: &HubFolder<'_>) -> Component {
        let layout = self.config.layout;
        match of {
            Of::Text => Component::Text(prefix(hub.weights(self.text).ok().as_ref())),
            Of::Duration => Component::Duration(layout),
            Of::Transformer => Component::Transformer(layout),
            Of::Autoencoder => Component::Autoencoder(layout, self.config.autoencoder.levels.len()),
        }
    }

    /// What reads a component.
    pub(super) fn reading(
        &self,
        of: Of,
        hub: &HubFolder<'_>,
        precision: Precision,
    ) -> Result<Reading, Error> {
        let files = hub.weights(self.folder(of))?;
        let component = self.component(of, hub);
        Ok(Reading { component, files, precision, adapters: vec![] })
    }

    /// Names and shapes of the tensors of a component.
    fn tensors(&self, of: Of, hub: &HubFolder<'_>) -> Vec<(String, Vec<usize>)> {
        let config = &self.config;
        let component = self.component(of, hub);
        let mut listing = Listing { component: component.clone(), tensors: vec![] };
        let listed = match of {
            Of::Text => return Text::tensors(&config.text, &component),
            Of::Duration => super::duration(config, &mut listing),
            Of::Transformer => {
                Transformer::make(&config.transformer, &component, &mut listing).map(drop)
            }
            Of::Autoencoder => {
                Autoencoder::make(&config.autoencoder, &component, &mut listing).map(drop)
            }
        };
        listed.expect("nothing is read to list tensors");
        listing.tensors
    }
}

fn look(hub: &HubFolder<'_>) -> Result<Wanted, String> {
    let places = Places::find(hub)?;
    let mut parts: Vec<Part> = vec![];
    for of in ALL {
        let (folder, tensors) = (places.folder(of), places.tensors(of, hub));
        match parts.iter_mut().find(|part| part.folder == folder) {
            Some(part) => part.tensors.extend(tensors),
            None => parts.push(Part { folder, file: None, tensors, is_known }),
        }
    }
    let config = &places.config;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let of = &config.autoencoder;
    let rate = f64::from(of.rate_hz) / of.hop() as f64;
    let transformer = &config.transformer;
    let facts = vec![
        fact("sampling rate", format!("{} Hz", of.rate_hz)),
        fact("channels", of.n_channels.to_string()),
        fact("latents a second", format!("{rate:.2} of {} numbers", of.n_latent)),
        fact("transformer", format!("{} blocks of {}", transformer.depth, transformer.width)),
        fact("longest sound", format!("{} s", config.duration.range_secs[1])),
        fact("steps", config.schedule.n_steps.to_string()),
    ];
    Ok(Wanted { parts, facts, words: Some(abilities(config)) })
}

/// Tensors that can be computed, and those of `T5Gemma`'s decoder.
fn is_known(name: &str) -> bool {
    let ends = ["inv_freq", "freqs", "noise_scaling_factor"];
    let starts = ["decoder.layers.", "decoder.embed", "decoder.norm", "model.decoder.", "lm_head"];
    ends.iter().any(|it| name.ends_with(it)) || starts.iter().any(|it| name.starts_with(it))
}

/// What stands before the names of `T5Gemma`'s encoder.
fn prefix(files: Option<&WeightFiles>) -> &'static str {
    let has = |prefix: &&str| {
        let name = format!("{prefix}embed_tokens.weight");
        files.is_some_and(|files| files.tensors().any(|(found, _)| found == name))
    };
    ["encoder.", "model.encoder.", ""].into_iter().find(has).unwrap_or("encoder.")
}
