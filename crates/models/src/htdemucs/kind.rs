//! What Hybrid Transformer Demucs says of itself to those who look at its folder.

use std::path::Path;

use super::bag;
use super::config::HtDemucsConfig;
use crate::hub::{HubFolder, Kind, Part, Wanted};

/// Hybrid Transformer Demucs, as demucs 4 saves it.
pub(crate) const KIND: Kind = Kind {
    name: "htdemucs",
    called: &["htdemucs"],
    uses: &[],
    look,
    open_words: None,
    effort: None,
};

/// The class that is known.
const CLASS: &str = "demucs.htdemucs.HTDemucs";

/// Whether a folder holds models of demucs: a bag of them, or one alone.
pub(crate) fn is_bag(folder: &Path) -> bool {
    bag::is_one(folder)
}

fn look(hub: &HubFolder<'_>) -> Result<Wanted, String> {
    let members = bag::models(hub.path())?;
    let n_models = members.len();
    let mut parts = vec![];
    let mut first: Option<HtDemucsConfig> = None;
    for member in members {
        if member.class != CLASS {
            let (file, class) = (&member.file, &member.class);
            return Err(format!("{file} is of the class {class}; known is {CLASS}"));
        }
        let config = HtDemucsConfig::parse(&member.settings)
            .map_err(|why| format!("the settings in {} cannot be used: {why}", member.file))?;
        let tensors = config.tensors();
        let format = bag::format(&member.file);
        parts.push(Part {
            folder: "",
            file: Some((member.file, format)),
            tensors,
            is_known: |_| false,
        });
        first.get_or_insert(config);
    }
    let config = first.ok_or("it names no models")?;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let facts = vec![
        fact("stems", config.sources.join(", ")),
        fact("sampling rate", format!("{} Hz", config.samplerate)),
        fact("channels", config.audio_channels.to_string()),
        fact("models", n_models.to_string()),
        fact("separation", "not offered here yet; only the folder is checked".to_owned()),
    ];
    Ok(Wanted { parts, facts, words: None })
}

#[cfg(test)]
mod tests;
