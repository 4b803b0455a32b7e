//! What wav2vec 2.0 and `HuBERT` say of themselves to those who look at their folder.

use api::WeightsUse;
use nn::weight_files::{self, WeightFiles};

use super::config::Wav2Vec2Config;
use super::network::Network;
use crate::hub::{HubFolder, Kind, Part, Wanted};
use crate::layers::listed;

/// wav2vec 2.0, as transformers saves it.
pub(crate) const WAV2VEC2: Kind = Kind {
    name: "wav2vec2",
    called: &["wav2vec2"],
    uses: &[WeightsUse::Embedding],
    look,
    open_words: None,
    effort: None,
};

/// `HuBERT`, as transformers saves it.
pub(crate) const HUBERT: Kind = Kind { name: "hubert", called: &["hubert"], ..WAV2VEC2 };

/// What names of tensors begin with where the model is part of a larger one.
const PREFIXES: [&str; 2] = ["wav2vec2.", "hubert."];
/// Parts of larger models that are not used, and what only training needs.
const KNOWN: [&str; 7] = [
    "lm_head.",
    "quantizer.",
    "project_q.",
    "project_hid.",
    "projector.",
    "classifier.",
    "masked_spec_embed",
];

/// What the names of tensors of a folder begin with.
pub(super) fn prefix_of(files: &WeightFiles) -> &'static str {
    let has = |prefix: &&str| files.tensors().any(|(name, _)| name.starts_with(*prefix));
    PREFIXES.into_iter().find(has).unwrap_or("")
}

fn is_known(name: &str) -> bool {
    let name = PREFIXES.into_iter().find_map(|it| name.strip_prefix(it)).unwrap_or(name);
    KNOWN.iter().any(|it| name.starts_with(it))
}

/// The settings of a folder, and whether sounds are brought to mean 0 and variance 1.
pub(super) fn settings(folder: &HubFolder<'_>) -> Result<(Wav2Vec2Config, bool), String> {
    let config = Wav2Vec2Config::parse(&folder.config("")?)
        .map_err(|why| format!("config.json cannot be used: {why}"))?;
    let features = folder.settings("preprocessor_config.json")?;
    let normalises = features.get("do_normalize").and_then(serde_json::Value::as_bool);
    Ok((config, normalises.unwrap_or(true)))
}

fn look(folder: &HubFolder<'_>) -> Result<Wanted, String> {
    let (config, _) = settings(folder)?;
    // Files that cannot be read are said by those who look at them.
    let files = weight_files::open(folder.path()).unwrap_or_default();
    let prefix = prefix_of(&files);
    let tensors = listed(|tensors| Network::new(tensors, &config, prefix));
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let facts = vec![
        fact("numbers of an embedding", config.hidden_size.to_string()),
        fact("sampling rate", format!("{} Hz", super::RATE_HZ)),
        fact("layers", config.num_hidden_layers.to_string()),
    ];
    Ok(Wanted {
        parts: vec![Part { folder: "", file: None, tensors, is_known }],
        facts,
        words: None,
    })
}
