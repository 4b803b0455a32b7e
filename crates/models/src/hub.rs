//! Models of others, in folders as a model hub has them: what they are, whether they are whole, and their weights.
//!
//! A folder has a `config.json` that names the kind of model (`model_type`), or, where a model has several networks, a
//! `model_index.json` that names its pipeline (`_class_name`) and a sub-folder for each of them, or, as the programs of
//! Stability AI write it, a `model_config.json`; and files of weights ([`nn::weight_files`]). Kinds of model are listed in
//! `KINDS`; each is described beside what computes it.

mod kind;
mod licence;

use std::path::Path;

use api::{WeightsCheck, WeightsFile, WeightsUse, WordsAbilities, WordsBegin, WordsSteps};
use nn::dense::Precision;
use nn::weight_files::{self, Fit, WeightFiles};

pub(crate) use self::kind::{HubFolder, Kind, Part, Wanted, without_adapters};
use crate::effort::Effort;
use crate::encodec::{self, Encodec, EncodecConfig};
use crate::lora::Adapter;
use crate::musicgen;
use crate::t5;
use crate::words::{Abilities, BeginKind, TextToAudio, Wish};
use crate::{Error, audio_ldm, clap, htdemucs, stable_audio, wav2vec2};

/// How many tensors a problem names.
const NAMED_MAX: usize = 3;

/// The kinds of model that can be used.
const KINDS: &[&Kind] = &[
    &audio_ldm::KIND,
    &clap::KIND,
    &encodec::KIND,
    &htdemucs::KIND,
    &musicgen::KIND,
    &musicgen::MELODY_KIND,
    &stable_audio::KIND,
    &t5::KIND,
    &wav2vec2::HUBERT,
    &wav2vec2::WAV2VEC2,
];

/// Looks at a folder: reads its configuration and the headers of its files, and no weights.
///
/// # Errors
/// When the folder cannot be read at all; all else is said in the answer.
pub fn check(folder: &Path) -> Result<WeightsCheck, Error> {
    let mut found = WeightsCheck {
        folder: folder.display().to_string(),
        licence: licence::find(folder),
        ..WeightsCheck::default()
    };
    let hub = HubFolder::new(folder);
    match kind_of(&hub) {
        Err((name, words)) => {
            // What lies there is said all the same.
            add_unknown(&mut found, folder)?;
            found.family = name;
            found.problems.push(words);
        }
        Ok(kind) => {
            found.family = Some(kind.name.to_owned());
            match (kind.look)(&hub) {
                Err(why) => {
                    // Those of several networks lie in sub-folders.
                    if !hub.has_parts() {
                        add_unknown(&mut found, folder)?;
                    }
                    found.problems.push(api::sentence(&why));
                }
                Ok(wanted) => {
                    for part in &wanted.parts {
                        add_part(&mut found, folder, part)?;
                    }
                    found.uses = kind.uses.to_vec();
                    found.words = wanted.words.as_ref().map(abilities);
                    found.facts = wanted.facts;
                }
            }
        }
    }
    found.is_usable = found.problems.is_empty();
    Ok(found)
}

/// Loads the codec of a folder.
///
/// # Errors
/// When the folder has no configuration of such a model, its files are damaged or not whole, or a tensor is missing or
/// of another shape.
pub fn open_encodec(folder: &Path) -> Result<Encodec, Error> {
    let hub = HubFolder::new(folder);
    let kind = kind_of(&hub).map_err(|(_, words)| hub.unusable(words))?;
    if kind.name != encodec::KIND.name {
        return Err(hub.unusable(format!("it is a model of the kind `{}`, no codec", kind.name)));
    }
    let config = hub.config("").map_err(|why| hub.unusable(why))?;
    let config = EncodecConfig::parse(&config).map_err(|why| hub.unusable(why))?;
    Encodec::load(config, &hub.weights("")?)
}

/// Loads a model that makes sound from words, its large weights in a precision.
///
/// # Errors
/// When the folder holds no such model, its files are damaged or not whole, or a tensor is missing or of another shape.
pub fn open_words(folder: &Path, precision: Precision) -> Result<Box<dyn TextToAudio>, Error> {
    open_words_with(folder, precision, vec![])
}

/// The same with adapters, as much of each as is said: 1 adds it as it was trained.
///
/// # Errors
/// As [`open_words`], and when an adapter is for another model.
pub fn open_words_with(
    folder: &Path,
    precision: Precision,
    adapters: Vec<(Adapter, f64)>,
) -> Result<Box<dyn TextToAudio>, Error> {
    let hub = HubFolder::new(folder);
    let kind = kind_of(&hub).map_err(|(_, words)| hub.unusable(words))?;
    let Some(open) = kind.open_words else {
        let why = format!("a model of the kind `{}` makes no sound from words", kind.name);
        return Err(hub.unusable(why));
    };
    open(&hub, precision, adapters)
}

/// What a sound takes with the model of a folder, its large weights in a precision: from settings alone.
///
/// # Errors
/// When the folder holds no such model, or its settings cannot be used.
pub fn effort(folder: &Path, wish: &Wish, precision: Precision) -> Result<Effort, Error> {
    let hub = HubFolder::new(folder);
    let kind = kind_of(&hub).map_err(|(_, words)| hub.unusable(words))?;
    let Some(count) = kind.effort else {
        let why = format!("a model of the kind `{}` makes no sound from words", kind.name);
        return Err(hub.unusable(why));
    };
    count(&hub, wish, precision).map_err(|why| hub.unusable(why))
}

/// What the kind of model in a folder is called here.
///
/// # Errors
/// When the folder does not say, or it is a kind that cannot be used.
pub fn kind_name(folder: &Path) -> Result<&'static str, Error> {
    let hub = HubFolder::new(folder);
    kind_of(&hub).map(|kind| kind.name).map_err(|(_, words)| hub.unusable(words))
}

/// Whether words become sounds with a kind of model, and so on.
#[must_use]
pub fn uses_of(kind: &str) -> &'static [WeightsUse] {
    KINDS.iter().find(|it| it.name == kind).map_or(&[], |it| it.uses)
}

/// What a model can do, as the API says it.
fn abilities(of: &Abilities) -> WordsAbilities {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let begin = |kind: &BeginKind| match kind {
        BeginKind::Continue => WordsBegin::Continue,
        BeginKind::Vary => WordsBegin::Vary,
        BeginKind::Fill => WordsBegin::Fill,
        BeginKind::Melody => WordsBegin::Melody,
    };
    let steps = |[least, usual, most]: [usize; 3]| WordsSteps {
        least: count(least),
        usual: count(usual),
        most: count(most),
    };
    WordsAbilities {
        rate_hz: of.rate_hz,
        channels: count(of.n_channels),
        max_secs: of.max_secs,
        steps: of.steps.map(steps),
        guidance: of.guidance,
        takes_negative: of.takes_negative,
        begins: of.begins.iter().map(begin).collect(),
        takes_adapters: of.takes_adapters,
        writes_codes: of.writes_codes,
        max_tokens: count(of.max_tokens),
    }
}

/// The kind of a folder; else what it says it is, if it does, and a sentence.
fn kind_of(hub: &HubFolder<'_>) -> Result<&'static Kind, (Option<String>, String)> {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let ours = names.join(", ");
    let name = hub.kind_name().map_err(|why| (None, api::sentence(&why)))?;
    let known = KINDS.iter().find(|kind| kind.is_called(&name));
    known.copied().ok_or_else(|| {
        let words = format!("Models of the kind “{name}” cannot be used here; used are: {ours}.");
        (Some(name), words)
    })
}

/// Adds what is in the files of a part, and how it fits what the part needs.
fn add_part(found: &mut WeightsCheck, folder: &Path, part: &Part) -> Result<(), Error> {
    let place = folder.join(part.folder);
    if !part.folder.is_empty() && !place.is_dir() {
        found.missing.extend(part.tensors.iter().map(|(name, _)| part.named(name)));
        found.problems.push(format!("The folder “{}” is missing.", part.folder));
        return Ok(());
    }
    let files = match &part.file {
        Some((name, format)) => weight_files::open_file(&place, name, *format),
        None => weight_files::open(&place)?,
    };
    add_files(found, part.folder, &files);
    let fit = files.fit(&part.tensors, part.is_known);
    let needed = bytes_of(part.tensors.iter().map(|it| &it.1[..]));
    found.memory_bytes = found.memory_bytes.saturating_add(needed);
    found.problems.extend(misfits(&fit));
    found.missing.extend(fit.missing.iter().map(|name| part.named(name)));
    found.unexpected.extend(fit.unexpected.iter().map(|name| part.named(name)));
    Ok(())
}

/// Adds what lies in a folder of which nobody knows what it needs.
fn add_unknown(found: &mut WeightsCheck, folder: &Path) -> Result<(), Error> {
    let files = weight_files::open(folder)?;
    found.memory_bytes = bytes_of(files.tensors().map(|(_, shape)| shape));
    add_files(found, "", &files);
    Ok(())
}

fn add_files(found: &mut WeightsCheck, folder: &str, files: &WeightFiles) {
    found.tensors += files.tensors().count() as u64;
    found.problems.extend(files.problems().iter().map(|words| api::sentence(words)));
    found.files.extend(files.files().iter().map(|it| WeightsFile {
        name: if folder.is_empty() { it.name.clone() } else { format!("{folder}/{}", it.name) },
        bytes: it.n_bytes,
        tensors: it.n_tensors as u64,
    }));
}

/// What keeps a network from being made, in sentences.
fn misfits(fit: &Fit) -> Vec<String> {
    let mut problems = vec![];
    if !fit.missing.is_empty() {
        let named = first(fit.missing.iter().map(|name| format!("`{name}`")));
        problems.push(format!("{} tensors are missing: {named}.", fit.missing.len()));
    }
    if !fit.misshapen.is_empty() {
        let words = |(name, needed, found): &(String, Vec<usize>, Vec<usize>)| {
            format!("`{name}` is {found:?} and should be {needed:?}")
        };
        let named = first(fit.misshapen.iter().map(words));
        let n = fit.misshapen.len();
        problems
            .push(format!("{n} tensors have another shape than the configuration says: {named}."));
    }
    problems
}

fn first(words: impl ExactSizeIterator<Item = String>) -> String {
    let n = words.len();
    let named: Vec<String> = words.take(NAMED_MAX).collect();
    let rest = if n > NAMED_MAX { ", and so on" } else { "" };
    format!("{}{rest}", named.join(", "))
}

/// What tensors take as 32-bit floats.
fn bytes_of<'a>(shapes: impl Iterator<Item = &'a [usize]>) -> u64 {
    let of_one = |shape: &[usize]| shape.iter().fold(4u64, |n, it| n.saturating_mul(*it as u64));
    shapes.fold(0u64, |n, shape| n.saturating_add(of_one(shape)))
}

#[cfg(test)]
mod tests;
