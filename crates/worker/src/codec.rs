//! Weights of others by command: looked at, and sounds turned into a codec's codes and back, without a workspace.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use api::{DecodedCodes, EncodedSound, Problem, WeightsCheck};
use audio::{
    Clip, DecodeLimits, FileFormat, WavFormat, decode_file, resample, with_channels, write_sound,
};
use models::{
    encodec::{Codes, Encodec},
    hub,
};
use nn::npy::{self, Npy, Numbers};

use crate::{bad_sound::explain, folder::problem};

/// The most codes that are read: days of sound.
const CODES_MAX: usize = 1 << 28;
/// The most samples of a sound that is read.
const SAMPLES_MAX: usize = 1 << 28;

/// Looks at a folder of weights: what it is, whether it is whole, and under which terms it may be used.
///
/// # Errors
/// When the folder cannot be read: what happened, and what to do.
pub fn check_weights(folder: &Path) -> Result<WeightsCheck, Problem> {
    hub::check(folder).map_err(|error| {
        let what = format!("The folder “{}” could not be looked through.", folder.display());
        let why = api::sentence(&format!("failed to {error}"));
        problem("unreadable_folder", what, &why, "Name the folder that was downloaded.")
    })
}

/// Turns a sound of any rate and number of channels into codes, an array of `int64`, `[books, frames]`.
///
/// A model that normalises also has the loudness of each chunk written beside it, under the name that ends in
/// `.scales.npy`.
///
/// # Errors
/// When the model or the sound cannot be read, the bandwidth is none of the model's, the sound does not fit in memory,
/// or a file cannot be written: what happened, why, and what to do.
pub fn encode_codes(
    model: &Path,
    input: &Path,
    output: &Path,
    bandwidth: Option<f64>,
) -> Result<EncodedSound, Problem> {
    let codec = open(model)?;
    let config = codec.config();
    let limits = DecodeLimits { max_samples: SAMPLES_MAX, ..DecodeLimits::default() };
    let decoded = decode_file(input, &limits).map_err(|error| {
        let what = format!("“{}” could not be read as sound.", input.display());
        let why = explain(&error);
        problem(why.code, what, &why.why, why.remedy)
    })?;
    let mut notes: Vec<String> =
        decoded.notes.into_iter().map(|note| format!("{}.", note.message)).collect();
    let clip = decoded.clip;
    let (rate_hz, n_channels) = (config.sampling_rate, config.audio_channels);
    if (clip.rate_hz, clip.channels.len()) != (rate_hz, n_channels) {
        let from = format!("{} Hz with {} channels", clip.rate_hz, clip.channels.len());
        notes.push(format!("It was brought from {from} to {rate_hz} Hz with {n_channels}."));
    }
    let secs = clip.length_secs();
    fits(config.working_bytes((secs * f64::from(rate_hz)) as usize), input)?;
    let clip = resample(&with_channels(clip, n_channels), rate_hz);
    let started = Instant::now();
    let codes = codec.encode(&clip.channels, bandwidth).map_err(|error| unfit(input, &error))?;
    let compute_secs = started.elapsed().as_secs_f64();
    let (books, frames) = (codes.books.len(), codes.books[0].len());
    npy::write_integers(output, &[books, frames], &codes.books.concat())
        .map_err(|error| not_written(output, &error))?;
    let scales = scales_of(output);
    if !codes.scales.is_empty() {
        npy::write(&scales, &[codes.scales.len()], &codes.scales)
            .map_err(|error| not_written(&scales, &error))?;
    }
    let bits = (config.codebook_size as f64).log2() * (books * frames) as f64;
    Ok(EncodedSound {
        file: input.display().to_string(),
        output: output.display().to_string(),
        scales: (!codes.scales.is_empty()).then(|| scales.display().to_string()),
        books: books as u64,
        frames: frames as u64,
        rate_hz,
        channels: n_channels as u32,
        secs,
        kbits_per_sec: bits / 1000.0 / secs.max(1e-9),
        compute_secs,
        notes,
    })
}

/// Turns codes, as [`encode_codes`] writes them, into sound.
///
/// It is an array of `float32`, `[channels, samples]`, where the output's name ends in `.npy`, else a WAV file of 32-bit
/// floats.
///
/// # Errors
/// As [`encode_codes`].
pub fn decode_codes(model: &Path, input: &Path, output: &Path) -> Result<DecodedCodes, Problem> {
    let codec = open(model)?;
    let config = codec.config();
    let books = read_codes(input)?;
    let mut notes = vec![];
    let scales = if config.normalize { read_scales(input, &mut notes)? } else { vec![] };
    let n_samples = books.first().map_or(0, Vec::len).saturating_mul(config.hop());
    fits(config.working_bytes(n_samples), input)?;
    let started = Instant::now();
    let channels = codec.decode(&Codes { books, scales }).map_err(|error| unfit(input, &error))?;
    let compute_secs = started.elapsed().as_secs_f64();
    let clip = Clip { rate_hz: config.sampling_rate, channels };
    let (n_channels, n_samples) = (clip.channels.len(), clip.n_frames());
    if output.extension().is_some_and(|it| it.eq_ignore_ascii_case("npy")) {
        npy::write(output, &[n_channels, n_samples], &clip.channels.concat())
            .map_err(|error| not_written(output, &error))?;
    } else {
        write_sound(output, &clip, FileFormat::Wav(WavFormat::Float32)).map_err(|error| {
            let what = format!("“{}” was not written.", output.display());
            problem("not_written", what, &explain(&error).why, "Choose another folder.")
        })?;
    }
    Ok(DecodedCodes {
        file: input.display().to_string(),
        output: output.display().to_string(),
        rate_hz: config.sampling_rate,
        channels: n_channels as u32,
        samples: n_samples as u64,
        compute_secs,
        notes,
    })
}

/// The file with the loudness of each chunk beside a file of codes.
fn scales_of(codes: &Path) -> PathBuf {
    codes.with_extension("scales.npy")
}

fn open(model: &Path) -> Result<Encodec, Problem> {
    let needed = check_weights(model)?.memory_bytes;
    if let Some(why) = too_much(needed) {
        let what = format!("The model in “{}” does not fit in memory.", model.display());
        return Err(problem("too_large", what, &why, "Close other programs."));
    }
    hub::open_encodec(model).map_err(|error| {
        let what = format!("The model in “{}” cannot be used.", model.display());
        let why = api::sentence(&format!("failed to {error}"));
        problem("bad_model", what, &why, "`maquette weights check` says all that is wrong with it.")
    })
}

fn read_codes(path: &Path) -> Result<Vec<Vec<i64>>, Problem> {
    let wrong = |why: &str| {
        let what = format!("“{}” could not be read as codes.", path.display());
        let remedy = "Codes are an .npy file, int64 [books, frames], as `maquette codec MODEL encode` writes it.";
        problem("bad_codes", what, why, remedy)
    };
    let Npy { shape, numbers } = npy::read(path, CODES_MAX)
        .map_err(|error| wrong(&api::sentence(&format!("failed to {error}"))))?;
    match (numbers, &shape[..]) {
        (Numbers::Integers(codes), [_, frames]) if *frames > 0 && !codes.is_empty() => {
            Ok(codes.chunks(*frames).map(<[i64]>::to_vec).collect())
        }
        (Numbers::Integers(_), _) => Err(wrong(&format!("Its shape is {shape:?}."))),
        (Numbers::Floats(_), _) => Err(wrong("It holds numbers with fractions.")),
    }
}

/// The loudness of each chunk; none, with a note, if there is no such file.
fn read_scales(codes: &Path, notes: &mut Vec<String>) -> Result<Vec<f32>, Problem> {
    let path = scales_of(codes);
    if !path.exists() {
        notes.push(format!(
            "There is no “{}”, so every part has the loudness at which the network makes it.",
            path.display()
        ));
        return Ok(vec![]);
    }
    let wrong = |why: &str| {
        let what = format!("“{}” could not be read.", path.display());
        problem("bad_codes", what, why, "Encode the sound again, or take the file away.")
    };
    let Npy { numbers, .. } = npy::read(&path, CODES_MAX)
        .map_err(|error| wrong(&api::sentence(&format!("failed to {error}"))))?;
    match numbers {
        Numbers::Floats(scales) if scales.iter().all(|scale| scale.is_finite()) => Ok(scales),
        _ => Err(wrong("It does not hold finite numbers of float32.")),
    }
}

/// Refuses a sound that would take more than the memory that is free.
fn fits(needed: u64, input: &Path) -> Result<(), Problem> {
    let Some(why) = too_much(needed) else { return Ok(()) };
    let what = format!("“{}” is too long to be taken as a whole.", input.display());
    Err(problem("too_long", what, &why, "Cut it into pieces, or close other programs."))
}

/// Why that many bytes do not fit in the memory that is free; none if they do, or nobody knows.
pub(crate) fn too_much(needed: u64) -> Option<String> {
    let free = job::memory::free_bytes().filter(|free| *free < needed)?;
    let [needed, free] = [needed, free].map(|bytes| bytes as f64 / 1e9);
    Some(format!("It would take about {needed:.2} GB of memory, and {free:.2} GB are free."))
}

fn unfit(input: &Path, error: &models::Error) -> Problem {
    let what = format!("“{}” does not fit the model.", input.display());
    let why = match error {
        models::Error::Unfit { reason } => api::sentence(reason),
        other => api::sentence(&format!("failed to {other}")),
    };
    problem("unfit", what, &why, "Choose another model, sound or bandwidth.")
}

fn not_written(path: &Path, error: &nn::Error) -> Problem {
    let what = format!("“{}” was not written.", path.display());
    let why = api::sentence(&format!("failed to {error}"));
    problem("not_written", what, &why, "Check the folder and the space there.")
}

#[cfg(test)]
mod tests;
