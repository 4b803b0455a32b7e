//! What `MusicGen` says of itself to those who look at its folder.

use api::WeightsUse;
use nn::dense::Precision;

use super::{MusicGen, MusicGenConfig, TEXT, abilities, forecast};
use crate::Error;
use crate::hub::{HubFolder, Kind, Part, Wanted, without_adapters};
use crate::t5;
use crate::tokenizer::Tokenizer;

/// `MusicGen`, as transformers saves it.
pub(crate) const KIND: Kind = Kind {
    name: "musicgen",
    called: &["musicgen"],
    uses: &[WeightsUse::Words],
    look,
    open_words: Some(|folder, precision, adapters| {
        without_adapters(&adapters)?;
        Ok(Box::new(open(folder, precision)?))
    }),
    effort: Some(|folder, wish, precision| Ok(forecast::effort(&parse(folder)?, wish, precision))),
};

/// `MusicGen` that follows melodies.
pub(crate) const MELODY_KIND: Kind =
    Kind { name: "musicgen_melody", called: &["musicgen_melody"], ..KIND };

fn look(folder: &HubFolder<'_>) -> Result<Wanted, String> {
    let config = parse(folder)?;
    Tokenizer::open(folder.path()).map_err(|error| format!("failed to {error}"))?;
    let (codec, decoder) = (&config.codec, &config.decoder);
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let facts = vec![
        fact("sampling rate", format!("{} Hz", codec.sampling_rate)),
        fact("channels", decoder.audio_channels.to_string()),
        fact("frames a second", codec.frame_rate().to_string()),
        fact("books", format!("{} of {} codes", decoder.num_codebooks, decoder.vocab_size)),
        fact("layers", decoder.num_hidden_layers.to_string()),
    ];
    let tensors = t5::as_written(folder, TEXT, MusicGen::tensors(&config));
    let part = Part { folder: "", file: None, tensors, is_known: MusicGen::is_not_needed };
    Ok(Wanted { parts: vec![part], facts, words: Some(abilities(&config)) })
}

pub(super) fn open(folder: &HubFolder<'_>, precision: Precision) -> Result<MusicGen, Error> {
    let config = parse(folder).map_err(|why| folder.unusable(why))?;
    let tokenizer = Tokenizer::open(folder.path())?;
    MusicGen::load(config, tokenizer, &folder.weights("")?, precision)
}

fn parse(folder: &HubFolder<'_>) -> Result<MusicGenConfig, String> {
    MusicGenConfig::parse(&folder.config("")?)
        .map_err(|why| format!("config.json cannot be used: {why}"))
}
