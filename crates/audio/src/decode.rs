//! Sound files as clips: every format people have, at any rate, damaged or not.
//!
//! The rule is to keep what can be kept. A file that is cut off, damaged in the middle or lies
//! about its length still gives the sound that is there, with a [`Note`] that says what is wrong;
//! an [`Error`] means that nothing usable came out. Whatever the bytes are, nothing here panics,
//! and memory stays within a small multiple of [`DecodeLimits::max_samples`].

mod compressed;
mod condition;
mod pcm;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::Clip;

/// A decoded file.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The sound, with the rate and channels of the file; every sample is finite and in [-1, 1].
    pub clip: Clip,
    /// What is worth knowing about the file, the worst first.
    pub notes: Vec<Note>,
}

/// Something about a file that a person should know although it could be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// A stable word for programs.
    ///
    /// `truncated`: it ends before its header says · `damaged`: parts could not be decoded and are
    /// left out · `wrong_length`: its header names no or a wrong length, the sound was read to the
    /// end of the file · `not_a_number`: samples that are not numbers became 0 · `turned_down`: it
    /// went beyond full scale and was scaled to fit · `clipped`: it is flat at full scale in places
    /// · `silent`: there is nothing to hear · `very_short`: it is shorter than 50 ms ·
    /// `wrong_extension`: its name says another format.
    pub code: &'static str,
    /// What is wrong: one sentence, its full stop left to whoever shows it.
    pub message: String,
}

impl Note {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// How much of a file is decoded before it counts as too long.
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
    /// Four hours, 2 GiB and 64 channels.
    fn default() -> Self {
        Self { max_secs: 4.0 * 3600.0, max_samples: 1 << 29, max_channels: 64 }
    }
}

/// Why a file gave no sound, or a sound no file; by what a person can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is something else: leave it out, or give the right file.
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
    /// It is sound in a way that this program does not read: convert it to WAV or FLAC.
    #[error("decode {}: {what} is not supported", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The codec, or what is unusual.
        what: String,
    },
    /// It is too long to be held in memory: cut it into pieces.
    #[error("decode {}: it is longer than {limit}", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit it exceeds, in words.
        limit: String,
    },
    /// The system would not give it: check that it exists and may be read.
    #[error("read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system would not take it: check the folder's permissions and the space on the disk.
    #[error("write {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Every extension that means sound, in lower case, those that cannot be decoded included: a folder
/// with such a file is told so, rather than that it is empty.
pub const SOUND_EXTENSIONS: [&str; 22] = [
    "wav", "wave", "bwf", "rf64", "aif", "aiff", "aifc", "flac", "mp3", "ogg", "oga", "m4a", "m4b",
    "aac", "opus", "wma", "caf", "wv", "ape", "ac3", "amr", "mp2",
];

/// Whether a file's name says that it is sound.
pub fn is_sound_path(path: &Path) -> bool {
    extension(path).is_some_and(|extension| SOUND_EXTENSIONS.contains(&extension.as_str()))
}

/// Decodes a whole file: WAV, AIFF, FLAC, MP3, Ogg Vorbis, or AAC and ALAC in M4A.
///
/// What the bytes are decides, not what the name says. Delay and padding of MP3 and Vorbis encoders
/// are cut off; those of AAC, which M4A files describe in ways that differ, stay.
///
/// # Errors
/// When nothing usable came out; [`Error`] says why by what to do about it.
pub fn decode_file(path: &Path, limits: &DecodeLimits) -> Result<Decoded, Error> {
    let mut collector = Collector { limits: *limits, rate_hz: 0, channels: Vec::new() };
    let mut notes = Vec::new();
    // Third-party decoders meet hostile data here: a panic of theirs costs what was left to
    // decode, nothing else.
    let outcome = catch_unwind(AssertUnwindSafe(|| decode_into(&mut collector, &mut notes, path)));
    let failure = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(_) => Some(Failure::Damaged("the decoder gave up in the middle".into())),
    };
    // A sample may be missing at the end of some channels after a panic.
    let n_frames = collector.channels.iter().map(Vec::len).min().unwrap_or(0);
    for channel in &mut collector.channels {
        channel.truncate(n_frames);
        channel.shrink_to_fit();
    }
    match failure {
        Some(Failure::Damaged(why)) if n_frames > 0 => {
            notes.push(Note::new("damaged", format!("Part of it is lost: {why}")));
        }
        Some(failure) => return Err(failure.at(path)),
        None if n_frames == 0 => return Err(Error::Empty { path: path.to_owned() }),
        None => {}
    }
    let mut clip = Clip { rate_hz: collector.rate_hz, channels: collector.channels };
    notes.extend(condition::condition(&mut clip));
    Ok(Decoded { clip, notes })
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

/// The formats that can be decoded, as their first bytes tell them.
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
    /// Its name, and the extensions it goes by.
    fn name_and_extensions(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Wav => ("WAV", &["wav", "wave", "bwf", "rf64"]),
            Self::Aiff => ("AIFF", &["aif", "aiff", "aifc"]),
            Self::Flac => ("FLAC", &["flac"]),
            Self::Mp3 => ("MP3", &["mp3"]),
            Self::Ogg => ("Ogg", &["ogg", "oga", "ogx", "opus"]),
            Self::Mp4 => ("MP4", &["m4a", "m4b", "mp4", "mov", "m4v", "aac", "alac"]),
            Self::Adts => ("AAC", &["aac"]),
        }
    }
}

fn decode_into(
    collector: &mut Collector,
    notes: &mut Vec<Note>,
    path: &Path,
) -> Result<(), Failure> {
    // Before it is opened: a named pipe would wait for somebody to write.
    let metadata = std::fs::metadata(path).map_err(Failure::Unreadable)?;
    if metadata.is_dir() {
        return Err(Failure::Unreadable(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(Failure::Unreadable(io::Error::other("it is a device or a pipe")));
    }
    let mut file = File::open(path).map_err(Failure::Unreadable)?;
    if metadata.len() == 0 {
        return Err(Failure::Empty);
    }
    let mut start = Vec::with_capacity(12);
    file.by_ref().take(12).read_to_end(&mut start).map_err(Failure::Unreadable)?;
    file.rewind().map_err(Failure::Unreadable)?;

    let extension = extension(path);
    let format = match pcm::container(&start) {
        Some(container) => pcm::decode(collector, notes, &mut file, metadata.len(), container)?,
        None => compressed::decode(collector, notes, file, extension.as_deref())?,
    };
    let (name, extensions) = format.name_and_extensions();
    if let Some(extension) = extension
        && SOUND_EXTENSIONS.contains(&extension.as_str())
        && !extensions.contains(&extension.as_str())
    {
        let message = format!("It is {name} inside although its name ends in .{extension}");
        notes.push(Note::new("wrong_extension", message));
    }
    Ok(())
}

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

/// Where decoders put their samples, and where the limits are kept.
struct Collector {
    limits: DecodeLimits,
    rate_hz: u32,
    channels: Vec<Vec<f32>>,
}

/// Rates that a file may have; beyond them a header is damaged rather than unusual.
const RATES_HZ: std::ops::RangeInclusive<u32> = 100..=1_000_000;

impl Collector {
    /// Fixes the rate and the number of channels, before the first sample.
    fn begin(&mut self, rate_hz: u32, n_channels: usize) -> Result<(), Failure> {
        if !RATES_HZ.contains(&rate_hz) {
            return Err(Failure::Unsupported(format!("a sampling rate of {rate_hz} Hz")));
        }
        if n_channels == 0 || n_channels > self.limits.max_channels {
            return Err(Failure::Unsupported(format!("sound in {n_channels} channels")));
        }
        self.rate_hz = rate_hz;
        self.channels = vec![Vec::new(); n_channels];
        Ok(())
    }

    fn n_frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Fails if another `n` frames would be too many; called before they are decoded or kept.
    fn make_room(&mut self, n: usize) -> Result<(), Failure> {
        let n_frames = self.n_frames().saturating_add(n);
        if n_frames as f64 / f64::from(self.rate_hz) > self.limits.max_secs {
            return Err(Failure::TooLong(format!("{} seconds", self.limits.max_secs)));
        }
        if n_frames.saturating_mul(self.channels.len()) > self.limits.max_samples {
            return Err(Failure::TooLong(format!("{} samples", self.limits.max_samples)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_sound() {
        let check = |name: &str, expected: bool| {
            assert_eq!(is_sound_path(Path::new(name)), expected, "{name}");
        };
        check("a.wav", true);
        check("a.WAV", true);
        check("dir.wav/a.flac", true);
        check("🎻 two words.Aiff", true);
        check("a.opus", true);
        check("a.txt", false);
        check("wav", false);
        check(".wav", false);
        check("a.wav.txt", false);
        check("dir.wav/a", false);
    }

    #[test]
    fn every_decodable_extension_is_sound() {
        use Format::{Adts, Aiff, Flac, Mp3, Mp4, Ogg, Wav};
        for format in [Wav, Aiff, Flac, Mp3, Ogg, Mp4, Adts] {
            let first = format.name_and_extensions().1[0];
            assert!(SOUND_EXTENSIONS.contains(&first), "{first}");
        }
    }
}
