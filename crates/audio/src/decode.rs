//! Sound files as clips: every format people have, at any rate, damaged or not.
//!
//! The rule is to salvage what can be salvaged. A file that is cut off, damaged in the middle or wrong
//! about its length still gives the sound that is there, with a [`Note`] that says what is wrong;
//! an [`Error`] means that nothing was usable. Whatever the bytes are, nothing here panics.
//! [`SoundReader`] decodes block by block in a few MiB whatever the length; [`decode_file`] keeps all
//! blocks, at most [`DecodeLimits::max_samples`].

mod compressed;
mod flaws;
mod pcm;
mod reader;

use std::io;
use std::path::{Path, PathBuf};

pub use self::reader::{SoundEnd, SoundReader, scan_file};
use crate::Clip;

/// A decoded file.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The sound, with the rate and channels of the file; every sample is finite and in [-1, 1].
    pub clip: Clip,
    /// What the user should know about the file, the worst first.
    pub notes: Vec<Note>,
}

/// A flaw in a file that could be used all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// A stable identifier for programs.
    ///
    /// `truncated`: it ends before its header says · `damaged`: parts could not be decoded and are
    /// left out · `wrong_length`: its header names no or a wrong length, the sound was read to the
    /// end of the file · `not_a_number`: samples that were NaN or infinite became 0 · `turned_down`: it
    /// went beyond full scale and was scaled to fit · `clipped`: it is flat at full scale in places
    /// · `silent`: nothing is audible · `very_short`: it is shorter than 50 ms ·
    /// `wrong_extension`: its extension is that of another format.
    pub code: &'static str,
    /// What is wrong: one sentence, its full stop left to whoever shows it.
    pub message: String,
}

impl Note {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// How long a sound may be before it is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecodeLimits {
    /// Longest sound, in seconds.
    pub max_secs: f64,
    /// Most samples in memory, over all channels; four bytes each.
    pub max_samples: usize,
    /// Most channels.
    pub max_channels: usize,
}

impl Default for DecodeLimits {
    /// A day, 2 GiB and 64 channels.
    fn default() -> Self {
        Self { max_secs: DAY_SECS, max_samples: 1 << 29, max_channels: 64 }
    }
}

impl DecodeLimits {
    /// A day and 64 channels, for callers that keep one block at a time.
    pub const STREAMED: Self =
        Self { max_secs: DAY_SECS, max_samples: usize::MAX, max_channels: 64 };
}

const DAY_SECS: f64 = 24.0 * 3600.0;

/// Why a sound could not be read or written; one variant for each remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not sound: leave it out, or choose the right file.
    #[error("read {} as sound: it is not a sound file", path.display())]
    NotSound {
        /// The file.
        path: PathBuf,
    },
    /// It is sound of 0 seconds: record or export it again.
    #[error("read {}: it holds no sound, its length is 0 seconds", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is a sound file, but nothing of it could be decoded: get a whole copy.
    #[error("decode {}: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It is sound in an unsupported format: convert it to WAV or FLAC.
    #[error("decode {}: {what} is not supported", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The codec, or what is unusual.
        what: String,
    },
    /// It is too long: cut it into pieces.
    #[error("decode {}: it is longer than {limit}", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit it exceeds, in words.
        limit: String,
    },
    /// The system could not read it: check that it exists and may be read.
    #[error("read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system could not write it: check the folder's permissions and the space on the disk.
    #[error("write {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Decodes a whole file: WAV, AIFF, FLAC, MP3, Ogg Vorbis, or AAC and ALAC in M4A.
///
/// The content decides, not the name. Delay and padding of MP3 and Vorbis encoders
/// are cut off; those of AAC, which M4A files describe in ways that differ, stay.
///
/// # Errors
/// When nothing was usable; [`Error`] has one variant for each remedy.
pub fn decode_file(path: &Path, limits: &DecodeLimits) -> Result<Decoded, Error> {
    let mut reader = SoundReader::open(path, limits)?;
    let mut channels = vec![Vec::new(); reader.n_channels()];
    let mut block = Vec::new();
    while reader.next(&mut block)? {
        for (channel, part) in channels.iter_mut().zip(&block) {
            channel.extend_from_slice(part);
        }
    }
    for channel in &mut channels {
        channel.shrink_to_fit();
    }
    let rate_hz = reader.rate_hz();
    let end = reader.end();
    end.scale(&mut channels);
    Ok(Decoded { clip: Clip { rate_hz, channels }, notes: end.notes })
}

/// [`Error`] before the path is known.
enum Failure {
    NotSound,
    Empty,
    Damaged(String),
    Unsupported(String),
    TooLong(String),
    Unreadable(io::Error),
}

impl Failure {
    fn at(self, path: &Path) -> Error {
        let path = path.to_owned();
        match self {
            Self::NotSound => Error::NotSound { path },
            Self::Empty => Error::Empty { path },
            Self::Damaged(why) => Error::Damaged { path, why },
            Self::Unsupported(what) => Error::Unsupported { path, what },
            Self::TooLong(limit) => Error::TooLong { path, limit },
            Self::Unreadable(source) => Error::Unreadable { path, source },
        }
    }
}

/// The formats that can be decoded, detected by their first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Wav,
    Aiff,
    Flac,
    Mp3,
    Ogg,
    Mp4,
    Adts,
}

impl Format {
    const ALL: [Self; 7] =
        [Self::Wav, Self::Aiff, Self::Flac, Self::Mp3, Self::Ogg, Self::Mp4, Self::Adts];

    /// Its name and its usual extensions.
    fn name_and_extensions(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Wav => ("WAV", &["wav", "wave", "bwf", "rf64", "w64"]),
            Self::Aiff => ("AIFF", &["aif", "aiff", "aifc"]),
            Self::Flac => ("FLAC", &["flac"]),
            Self::Mp3 => ("MP3", &["mp3"]),
            Self::Ogg => ("Ogg", &["ogg", "oga", "ogx", "opus"]),
            Self::Mp4 => ("MP4", &["m4a", "m4b", "mp4", "mov", "m4v", "aac", "alac"]),
            Self::Adts => ("AAC", &["aac"]),
        }
    }
}

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

/// How much of a sound was decoded; enforces the limits.
struct Extent {
    limits: DecodeLimits,
    rate_hz: u32,
    n_channels: usize,
    n_frames: u64,
}

/// Plausible sampling rates; a header with another one is damaged rather than unusual.
const RATES_HZ: std::ops::RangeInclusive<u32> = 100..=1_000_000;

impl Extent {
    fn new(limits: DecodeLimits) -> Self {
        Self { limits, rate_hz: 0, n_channels: 0, n_frames: 0 }
    }

    /// Fixes the rate and the number of channels, before the first sample.
    fn begin(&mut self, rate_hz: u32, n_channels: usize) -> Result<(), Failure> {
        if !RATES_HZ.contains(&rate_hz) {
            return Err(Failure::Unsupported(format!("a sampling rate of {rate_hz} Hz")));
        }
        if n_channels == 0 || n_channels > self.limits.max_channels {
            return Err(Failure::Unsupported(format!("sound in {n_channels} channels")));
        }
        (self.rate_hz, self.n_channels) = (rate_hz, n_channels);
        Ok(())
    }

    /// Fails if another `n` frames would be too many; called before they are decoded or kept.
    fn make_room(&self, n: u64) -> Result<(), Failure> {
        let n_frames = self.n_frames.saturating_add(n);
        if n_frames as f64 / f64::from(self.rate_hz) > self.limits.max_secs {
            return Err(Failure::TooLong(length_in_words(self.limits.max_secs)));
        }
        if n_frames.saturating_mul(self.n_channels as u64) > self.limits.max_samples as u64 {
            return Err(Failure::TooLong(format!("{} samples", self.limits.max_samples)));
        }
        Ok(())
    }
}

/// A limit in words.
fn length_in_words(secs: f64) -> String {
    if secs >= 7200.0 && secs % 3600.0 == 0.0 {
        format!("{} hours", secs / 3600.0)
    } else {
        format!("{secs} seconds")
    }
}
