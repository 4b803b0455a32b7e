//! What changes a sound file into another: converted, stretched, tuned, put on the grid, edited in its spectrum.
//!
//! Each file of this module is one command that works in the process of its caller, on files and without a workspace.

pub(crate) mod convert_sound;
pub(crate) mod separate;
pub(crate) mod spectral_edit;
pub(crate) mod stretch;
mod tempo_map;
pub(crate) mod to_grid;
pub(crate) mod tune;

use std::path::Path;

use api::Problem;
use audio::{
    Bits, Broadcast, Clip, DecodeLimits, Error, FileFormat, SoundShape, SoundWriter, WavFormat,
    decode_file,
};

use crate::{bad_sound::explain, folder::problem};

/// Why a sound could not be read or written: what happened, why, and what to do.
fn problem_of(error: &Error) -> Problem {
    let why = explain(error);
    match error {
        Error::Unwritable { path, source } => {
            let what = format!("“{}” could not be written.", path.display());
            if source.kind() == std::io::ErrorKind::StorageFull {
                return Problem { what, ..Problem::disk_full(Some(why.why), "Then try again.") };
            }
            let reason = api::sentence(&source.to_string());
            problem(why.code, what, &reason, "Choose another format or another folder.")
        }
        Error::NotSound { path }
        | Error::Empty { path }
        | Error::Damaged { path, .. }
        | Error::Unsupported { path, .. }
        | Error::TooLong { path, .. }
        | Error::Unreadable { path, .. } => {
            let what = format!("“{}” could not be read as sound.", path.display());
            problem(why.code, what, &why.why, why.remedy)
        }
    }
}

/// The name of a file, for its reader.
fn named(path: &Path) -> String {
    path.display().to_string()
}

/// The most samples of a sound that is changed as a whole, over all channels: 50 minutes of stereo at 44.1 kHz. What is
/// made takes a few times its memory.
const SAMPLES_MAX: usize = 1 << 28;

/// A whole sound, and what one should know about its file.
fn load(input: &Path) -> Result<(Clip, Vec<String>), Problem> {
    let limits = DecodeLimits { max_samples: SAMPLES_MAX, ..DecodeLimits::default() };
    let decoded = decode_file(input, &limits).map_err(|error| problem_of(&error))?;
    let notes = decoded.notes.into_iter().map(|note| format!("{}.", note.message)).collect();
    Ok((decoded.clip, notes))
}

/// Writes a changed sound in the format that its name says: FLAC and AIFF of 24 bits, Ogg Vorbis, else WAV of 32-bit floats.
/// What would clip is turned down, and said.
fn save(output: &Path, clip: &Clip, mut notes: Vec<String>) -> Result<Vec<String>, Problem> {
    let extension = output.extension().and_then(|it| it.to_str()).map(str::to_ascii_lowercase);
    let format = match extension.as_deref() {
        Some("flac") => FileFormat::Flac(Bits::TwentyFour),
        Some("aif" | "aiff") => FileFormat::Aiff(Bits::TwentyFour),
        Some("ogg" | "oga") => FileFormat::Vorbis,
        _ => FileFormat::Wav(WavFormat::Float32),
    };
    let peak = clip.channels.iter().flatten().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let is_float = format == FileFormat::Wav(WavFormat::Float32);
    let gain = if peak > 1.0 && !is_float { 1.0 / peak } else { 1.0 };
    if gain < 1.0 {
        let db = -20.0 * gain.log10();
        notes.push(format!("It was turned down by {db:.1} dB, as it would clip."));
    }
    let shape = SoundShape {
        format,
        rate_hz: clip.rate_hz,
        n_channels: clip.channels.len(),
        n_frames: clip.n_frames() as u64,
        broadcast: Broadcast::default(),
    };
    let write = || {
        let mut writer = SoundWriter::create(output, &shape)?;
        if gain == 1.0 {
            writer.write(&clip.channels)?;
        } else {
            let turned = |channel: &Vec<f32>| channel.iter().map(|x| x * gain).collect();
            writer.write(&clip.channels.iter().map(turned).collect::<Vec<_>>())?;
        }
        writer.finish()
    };
    write().map_err(|error| problem_of(&error))?;
    Ok(notes)
}
