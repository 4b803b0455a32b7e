//! Words and sounds as vectors by command, from weights of others, without a workspace.

use std::{path::Path, time::Instant};

use api::{EmbeddedInput, Problem};
use audio::{DecodeLimits, decode_file, resample, with_channels};
use models::embedding::{Embedded, Embedder};
use nn::npy;

use crate::{bad_sound::explain, codec::too_much, folder::problem};

/// The most samples of a sound that is read.
const SAMPLES_MAX: usize = 1 << 28;

/// What becomes a vector.
#[derive(Clone, Copy, Debug)]
pub enum ToEmbed<'a> {
    /// Words.
    Text(&'a str),
    /// A file of sound, of any rate and number of channels.
    Sound(&'a Path),
}

/// Writes the vector of words or of a sound, an array of `float32`, `[dim]`; of a layer `[frames, dim]`.
///
/// # Errors
/// When the model or the sound cannot be read, the model does not take words or has no such layer, or the file cannot be
/// written: what happened, why, and what to do.
pub fn embed(
    model: &Path,
    input: ToEmbed<'_>,
    layer: Option<usize>,
    output: &Path,
) -> Result<EmbeddedInput, Problem> {
    let embedder = open(model)?;
    let (name, mut notes, samples) = match input {
        ToEmbed::Text(text) => (text.to_owned(), vec![], vec![]),
        ToEmbed::Sound(path) => {
            let (samples, notes) = read_sound(path, embedder.rate_hz())?;
            (path.display().to_string(), notes, samples)
        }
    };
    let started = Instant::now();
    let made = match input {
        ToEmbed::Text(text) => embedder.of_text(text, layer),
        ToEmbed::Sound(_) => embedder.of_sound(&samples, layer),
    };
    let Embedded { shape, values, notes: of_model } = made.map_err(|error| unfit(&name, &error))?;
    let compute_secs = started.elapsed().as_secs_f64();
    notes.extend(of_model);
    npy::write(output, &shape, &values).map_err(|error| {
        let what = format!("“{}” was not written.", output.display());
        let why = api::sentence(&format!("failed to {error}"));
        problem("not_written", what, &why, "Check the folder and the space there.")
    })?;
    Ok(EmbeddedInput {
        input: name,
        output: output.display().to_string(),
        shape: shape.iter().map(|n| *n as u64).collect(),
        layer: layer.map(|layer| layer as u64),
        compute_secs,
        notes,
    })
}

pub(crate) fn open(model: &Path) -> Result<Embedder, Problem> {
    let needed = crate::check_weights(model)?.memory_bytes;
    if let Some(why) = too_much(needed) {
        let what = format!("The model in “{}” does not fit in memory.", model.display());
        return Err(problem("too_large", what, &why, "Close other programs."));
    }
    Embedder::open(model).map_err(|error| {
        let what = format!("The model in “{}” cannot be used.", model.display());
        let why = api::sentence(&format!("failed to {error}"));
        problem("bad_model", what, &why, "`maquette weights check` says all that is wrong with it.")
    })
}

/// One channel of a sound at a rate, and what one should know of it.
fn read_sound(path: &Path, rate_hz: u32) -> Result<(Vec<f32>, Vec<String>), Problem> {
    let limits = DecodeLimits { max_samples: SAMPLES_MAX, ..DecodeLimits::default() };
    let decoded = decode_file(path, &limits).map_err(|error| {
        let what = format!("“{}” could not be read as sound.", path.display());
        let why = explain(&error);
        problem(why.code, what, &why.why, why.remedy)
    })?;
    let notes = decoded.notes.into_iter().map(|note| format!("{}.", note.message)).collect();
    let mut clip = resample(&with_channels(decoded.clip, 1), rate_hz);
    Ok((clip.channels.pop().unwrap_or_default(), notes))
}

/// Why a model gives no vector.
pub(crate) fn reason(error: &models::Error) -> String {
    match error {
        models::Error::Unfit { reason } => reason.clone(),
        other => format!("failed to {other}"),
    }
}

fn unfit(input: &str, error: &models::Error) -> Problem {
    let short: String = input.chars().take(80).collect();
    let what = format!("“{short}” does not fit the model.");
    let why = api::sentence(&reason(error));
    problem("unfit", what, &why, "Choose another model, sound or layer.")
}

#[cfg(test)]
mod tests;
