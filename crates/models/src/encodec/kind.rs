//! What `EnCodec` says of itself to those who look at its folder.

use api::WeightsUse;

use super::{Encodec, EncodecConfig};
use crate::hub::{HubFolder, Kind, Part, Wanted};

/// `EnCodec`, as transformers saves it.
pub(crate) const KIND: Kind = Kind {
    name: "encodec",
    called: &["encodec"],
    uses: &[WeightsUse::Codec],
    look,
    open_words: None,
    effort: None,
};

fn look(folder: &HubFolder<'_>) -> Result<Wanted, String> {
    let config = EncodecConfig::parse(&folder.config("")?)
        .map_err(|why| format!("config.json cannot be used: {why}"))?;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let listed: Vec<String> = config.target_bandwidths.iter().map(ToString::to_string).collect();
    let facts = vec![
        fact("sampling rate", format!("{} Hz", config.sampling_rate)),
        fact("channels", config.audio_channels.to_string()),
        fact("frames a second", config.frame_rate().to_string()),
        fact("books", format!("{} of {} codes", config.n_books(), config.codebook_size)),
        fact("bandwidths", format!("{} kbit/s", listed.join(", "))),
    ];
    let part = Part {
        folder: "",
        file: None,
        tensors: Encodec::tensors(&config),
        is_known: Encodec::is_of_training,
    };
    Ok(Wanted { parts: vec![part], facts, words: None })
}
