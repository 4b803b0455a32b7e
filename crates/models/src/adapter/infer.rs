//! A trained adapter: what its file says, and how it is kept.

use std::collections::BTreeMap;
use std::path::Path;

use nn::NamedArray;
use serde_json::Value;

use super::config::Config;
use super::family::NAME;
use super::lessons::AdapterBase;
use crate::lora::Adapter;
use crate::{Error, Finished};

/// A trained adapter.
pub struct Model {
    config: Config,
    base: AdapterBase,
    adapter: Adapter,
    step: u64,
}

/// What a file says of an adapter besides its arrays.
pub(super) fn words(
    config: &Config,
    base: &AdapterBase,
    adapter: &Adapter,
    step: u64,
) -> BTreeMap<String, String> {
    let words = [
        ("family", NAME.to_owned()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        // Others look for this before they read an array.
        ("format", "pt".to_owned()),
        ("settings", config.to_settings().to_string()),
        ("step", step.to_string()),
        ("base_sha256", base.sha256.clone()),
        ("base_name", base.name.clone()),
        ("license", base.licence.clone()),
    ];
    let words = words.into_iter().map(|(key, value)| (key.to_owned(), value));
    words.chain([adapter.settings()]).collect()
}

/// What the words of a file say.
pub(super) struct Said {
    pub(super) config: Config,
    pub(super) base: AdapterBase,
    pub(super) step: u64,
}

/// Reads what a file says of itself.
///
/// # Errors
/// When it is no adapter of ours, or says it in a way that cannot be used.
pub(super) fn read_words(path: &Path, words: &BTreeMap<String, String>) -> Result<Said, Error> {
    let wrong = |reason: String| Error::Settings { path: path.into(), reason };
    if words.get("family").map(String::as_str) != Some(NAME) {
        return Err(wrong("it is not an adapter".into()));
    }
    let settings = words.get("settings").ok_or_else(|| wrong("there are no settings".into()))?;
    let settings: Value =
        serde_json::from_str(settings).map_err(|error| wrong(format!("settings: {error}")))?;
    let config = Config::from_settings(&settings).map_err(|problems| {
        let first = problems.into_iter().next();
        wrong(first.map_or(String::new(), |it| format!("{}: {}", it.key, it.message)))
    })?;
    let word = |key: &str| words.get(key).cloned().unwrap_or_default();
    let base = AdapterBase {
        sha256: word("base_sha256"),
        name: word("base_name"),
        licence: word("license"),
    };
    let step = words.get("step").and_then(|it| it.parse().ok()).unwrap_or(0);
    Ok(Said { config, base, step })
}

impl Model {
    pub(super) fn new(config: Config, base: AdapterBase, adapter: Adapter, step: u64) -> Self {
        Self { config, base, adapter, step }
    }

    /// Reads an adapter from a finished model or a checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read or is no adapter of ours.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let words = nn::checkpoint::read_some(path, |_| false)?.metadata;
        let Said { config, base, step } = read_words(path, &words)?;
        Ok(Self { config, base, adapter: Adapter::read(path)?, step })
    }

    fn arrays(&self) -> Vec<NamedArray> {
        self.adapter.to_arrays()
    }
}

impl Finished for Model {
    fn family(&self) -> &'static str {
        NAME
    }

    fn kind(&self) -> &'static str {
        "an adapter, which is added to a model that makes sound from words"
    }

    fn settings(&self) -> Value {
        self.config.to_settings()
    }

    fn about_weights(&self) -> &'static str {
        "holds the adapter under the names that peft and diffusers read"
    }

    fn n_arrays(&self) -> usize {
        self.arrays().len()
    }

    fn weights(&self) -> Vec<(String, Vec<usize>, Vec<u32>)> {
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
        self.arrays().into_iter().map(|it| (it.name, it.shape, bits(it.values))).collect()
    }

    fn save(&self, path: &Path) -> Result<(), Error> {
        let words = words(&self.config, &self.base, &self.adapter, self.step);
        Ok(nn::checkpoint::write(path, &self.arrays(), &words)?)
    }
}
