//! Models of others, in folders as a model hub has them: what they are, whether they are whole, and their weights.
//!
//! A folder has a `config.json`, which names the kind of model, and files of weights ([`nn::weight_files`]). Kinds of
//! model are listed in `KINDS`.

mod licence;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use api::{WeightsCheck, WeightsFile};
use nn::weight_files::{self, Fit};
use serde_json::Value;

use crate::Error;
use crate::encodec::{Encodec, EncodecConfig};

/// Bounds `config.json`; the largest that are known have 30 kB.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
const CONFIG: &str = "config.json";
/// How many tensors a problem names.
const NAMED_MAX: usize = 3;

/// A kind of model that can be used, as `model_type` names it.
struct Kind {
    name: &'static str,
    /// What the configuration needs.
    look: fn(&Value) -> Result<Wanted, String>,
}

/// What a configuration needs of the files.
struct Wanted {
    tensors: Vec<(String, Vec<usize>)>,
    /// Whether a tensor may be there without being needed.
    is_known: fn(&str) -> bool,
    facts: Vec<(String, String)>,
}

const KINDS: &[Kind] = &[Kind { name: "encodec", look: look_at_encodec }];

/// Looks at a folder: reads its configuration and the headers of its files, and no weights.
///
/// # Errors
/// When the folder cannot be read at all; all else is said in the answer.
pub fn check(folder: &Path) -> Result<WeightsCheck, Error> {
    let files = weight_files::open(folder)?;
    let mut found = WeightsCheck {
        folder: folder.display().to_string(),
        licence: licence::find(folder),
        tensors: files.tensors().count() as u64,
        ..WeightsCheck::default()
    };
    found.files = files
        .files()
        .iter()
        .map(|it| WeightsFile {
            name: it.name.clone(),
            bytes: it.n_bytes,
            tensors: it.n_tensors as u64,
        })
        .collect();
    found.memory_bytes = bytes_of(files.tensors().map(|(_, shape)| shape));
    found.problems.extend(files.problems().iter().map(|words| sentence(words)));
    match read_config(folder) {
        Err(error) => found.problems.push(sentence(&format!("failed to {error}"))),
        Ok(config) => match kind_of(&config) {
            Err(words) => {
                found.family = model_type(&config).map(str::to_owned);
                found.problems.push(words);
            }
            Ok(kind) => {
                found.family = Some(kind.name.to_owned());
                match (kind.look)(&config) {
                    Err(why) => found.problems.push(format!("{CONFIG} cannot be used: {why}.")),
                    Ok(wanted) => {
                        let fit = files.fit(&wanted.tensors, wanted.is_known);
                        found.memory_bytes = bytes_of(wanted.tensors.iter().map(|it| &it.1[..]));
                        found.facts = wanted.facts;
                        found.problems.extend(misfits(&fit));
                        found.missing = fit.missing;
                        found.unexpected = fit.unexpected;
                    }
                }
            }
        },
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
    let path = folder.join(CONFIG);
    let settings = |reason: String| Error::Settings { path: path.clone(), reason };
    let config = read_config(folder)?;
    let kind =
        kind_of(&config).map_err(|words| settings(words.trim_end_matches('.').to_owned()))?;
    if kind.name != "encodec" {
        return Err(settings(format!("it is a model of the kind `{}`, no codec", kind.name)));
    }
    let config = EncodecConfig::parse(&config).map_err(settings)?;
    let files = weight_files::open(folder)?;
    if let Some(problem) = files.problems().first() {
        return Err(Error::Original { path: folder.to_owned(), reason: problem.clone() });
    }
    Encodec::load(config, &files)
}

fn look_at_encodec(config: &Value) -> Result<Wanted, String> {
    let config = EncodecConfig::parse(config)?;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let listed: Vec<String> = config.target_bandwidths.iter().map(ToString::to_string).collect();
    let facts = vec![
        fact("sampling rate", format!("{} Hz", config.sampling_rate)),
        fact("channels", config.audio_channels.to_string()),
        fact("frames a second", config.frame_rate().to_string()),
        fact("books", format!("{} of {} codes", config.n_books(), config.codebook_size)),
        fact("bandwidths", format!("{} kbit/s", listed.join(", "))),
    ];
    Ok(Wanted { tensors: Encodec::tensors(&config), is_known: Encodec::is_of_training, facts })
}

fn read_config(folder: &Path) -> Result<Value, Error> {
    let path = folder.join(CONFIG);
    let unusable = |reason: String| Error::Settings { path: path.clone(), reason };
    let mut bytes = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                unusable("the folder has none; download it beside the weights".to_owned())
            }
            _ => unusable(error.to_string()),
        })?;
    if bytes.len() as u64 > CONFIG_BYTES_MAX {
        return Err(unusable(format!("it has more than {CONFIG_BYTES_MAX} bytes")));
    }
    serde_json::from_slice(&bytes).map_err(|error| unusable(format!("it is not JSON: {error}")))
}

fn model_type(config: &Value) -> Option<&str> {
    config.get("model_type")?.as_str()
}

fn kind_of(config: &Value) -> Result<&'static Kind, String> {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let ours = names.join(", ");
    let Some(name) = model_type(config) else {
        return Err(format!(
            "{CONFIG} does not say the kind of model (model_type); used are: {ours}."
        ));
    };
    let unknown = || {
        let name: String = name.chars().take(60).collect();
        format!("Models of the kind “{name}” cannot be used here; used are: {ours}.")
    };
    KINDS.iter().find(|kind| kind.name == name).ok_or_else(unknown)
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
        problems.push(format!("{n} tensors have another shape than {CONFIG} says: {named}."));
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

/// A fragment as a sentence.
fn sentence(fragment: &str) -> String {
    api::sentence(fragment)
}

#[cfg(test)]
mod tests;
