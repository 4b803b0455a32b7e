//! What `CLAP` says of itself to those who look at its folder.

use api::WeightsUse;

use super::{ClapConfig, ClapSound, ClapText, FeatureConfig, is_known};
use crate::hub::{HubFolder, Kind, Part, Wanted};

/// `CLAP`, as transformers saves it.
pub(crate) const KIND: Kind = Kind {
    name: "clap",
    called: &["clap"],
    uses: &[WeightsUse::Embedding],
    look,
    open_words: None,
    effort: None,
};

/// The settings of both sides, and how sounds become spectrograms.
pub(super) fn settings(folder: &HubFolder<'_>) -> Result<(ClapConfig, FeatureConfig), String> {
    let unusable = |file: &str, why: String| format!("{file} cannot be used: {why}");
    let config =
        ClapConfig::parse(&folder.config("")?).map_err(|why| unusable("config.json", why))?;
    let file = "preprocessor_config.json";
    let features = FeatureConfig::parse(&folder.settings(file)?, &config.audio_config)
        .map_err(|why| unusable(file, why))?;
    Ok((config, features))
}

fn look(folder: &HubFolder<'_>) -> Result<Wanted, String> {
    let (config, features) = settings(folder)?;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let (text, audio) = (&config.text_config, &config.audio_config);
    let facts = vec![
        fact("numbers of an embedding", text.projection_dim.to_string()),
        fact("sampling rate", format!("{} Hz", features.sampling_rate)),
        fact("seconds that it hears at once", features.max_length_s.to_string()),
        fact("tokens that it reads", text.n_tokens_max().to_string()),
        fact("layers of the text side", text.num_hidden_layers.to_string()),
        fact("stages of the audio side", audio.depths.len().to_string()),
    ];
    let tensors = [ClapText::tensors(text), ClapSound::tensors(audio)].concat();
    Ok(Wanted {
        parts: vec![Part { folder: "", file: None, tensors, is_known }],
        facts,
        words: None,
    })
}
