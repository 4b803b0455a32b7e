//! A sound file block by block, in memory that does not grow with its length.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::flaws::Flaws;
use super::{DecodeLimits, Error, Extent, Failure, Format, Note, compressed, extension, pcm};

/// A sound file that is decoded block by block.
///
/// Formats and the treatment of flaws are those of [`super::decode_file`].
pub struct SoundReader {
    path: PathBuf,
    extent: Extent,
    source: Source,
    /// The first block, decoded on opening to learn the rate and the channels.
    first: Option<Vec<Vec<f32>>>,
    notes: Vec<Note>,
    wrong_extension: Option<Note>,
    flaws: Flaws,
}

/// The findings about a sound after all of it was decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct SoundEnd {
    /// Frames (samples per channel) that were decoded.
    pub n_frames: u64,
    /// The factor that brings the loudest sample within full scale; at most 1. See [`SoundEnd::scale`].
    pub gain: f32,
    /// Largest absolute sample after that, in dB relative to full scale; at least -120.
    pub peak_db: f64,
    /// Whether all samples were NaN or infinite.
    pub is_no_number: bool,
    /// What the user should know about the file, the worst first.
    pub notes: Vec<Note>,
}

impl SoundEnd {
    /// Brings samples as [`SoundReader::next`] gives them into [-1, 1].
    pub fn scale(&self, channels: &mut [Vec<f32>]) {
        if self.gain == 1.0 {
            return;
        }
        for x in channels.iter_mut().flatten() {
            *x = (*x * self.gain).clamp(-1.0, 1.0);
        }
    }
}

/// Decodes a file to its end without keeping samples: its length, its level and its flaws. `None` if
/// `go_on`, called with the fraction done, returned false.
///
/// # Errors
/// As [`super::decode_file`].
pub fn scan_file(
    path: &Path,
    limits: &DecodeLimits,
    mut go_on: impl FnMut(f64) -> bool,
) -> Result<Option<(SoundEnd, u32, usize)>, Error> {
    let mut reader = SoundReader::open(path, limits)?;
    let mut block = Vec::new();
    while reader.next(&mut block)? {
        if !go_on(reader.share()) {
            return Ok(None);
        }
    }
    let (rate_hz, n_channels) = (reader.rate_hz(), reader.n_channels());
    Ok(Some((reader.end(), rate_hz, n_channels)))
}

impl SoundReader {
    /// Opens a file and decodes its first block.
    ///
    /// # Errors
    /// When nothing is usable; [`Error`] has one variant for each remedy.
    pub fn open(path: &Path, limits: &DecodeLimits) -> Result<Self, Error> {
        let mut notes = Vec::new();
        // Third-party decoders meet hostile data here: if one panics, only the rest of this file is lost.
        let mut extent = Extent::new(*limits);
        let opened = catch_unwind(AssertUnwindSafe(|| Source::open(path, &mut extent, &mut notes)));
        let (source, wrong_extension) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(failure)) => return Err(failure.at(path)),
            Err(_) => return Err(gave_up().at(path)),
        };
        let path = path.to_owned();
        let flaws = Flaws::default();
        let mut reader = Self { path, extent, source, first: None, notes, wrong_extension, flaws };
        let mut first = Vec::new();
        if !reader.decode(&mut first)? {
            return Err(Failure::Empty.at(&reader.path));
        }
        reader.first = Some(first);
        Ok(reader)
    }

    /// Frames per second; never 0.
    pub fn rate_hz(&self) -> u32 {
        self.extent.rate_hz
    }

    /// Channels; at least one.
    pub fn n_channels(&self) -> usize {
        self.extent.n_channels
    }

    /// How much of the file was read, 0 to 1.
    pub fn share(&self) -> f64 {
        match &self.source {
            Source::Pcm(it) => it.share(),
            Source::Compressed(it) => it.share(),
            Source::Ended => 1.0,
        }
    }

    /// Whether samples beyond full scale are possible, so that [`SoundEnd::gain`] may be less than 1.
    pub fn may_exceed_full_scale(&self) -> bool {
        match &self.source {
            Source::Pcm(it) => it.may_exceed_full_scale(),
            Source::Compressed(it) => it.may_exceed_full_scale(),
            Source::Ended => true,
        }
    }

    /// Replaces `block`, `[channels][frames]`, with the next one; `false` at the end. Every sample is
    /// finite, and not yet scaled by [`SoundEnd::gain`].
    ///
    /// # Errors
    /// When the file is too long, or the system cannot read on.
    pub fn next(&mut self, block: &mut Vec<Vec<f32>>) -> Result<bool, Error> {
        match self.first.take() {
            Some(first) => *block = first,
            None if self.decode(block)? => {}
            None => return Ok(false),
        }
        self.flaws.look(block);
        Ok(true)
    }

    /// The findings, after all of the sound has been read.
    pub fn end(self) -> SoundEnd {
        let end = self.flaws.end(self.extent.n_frames, self.extent.rate_hz);
        let notes = self.notes.into_iter().chain(self.wrong_extension).chain(end.notes);
        SoundEnd { notes: notes.collect(), ..end }
    }

    fn decode(&mut self, block: &mut Vec<Vec<f32>>) -> Result<bool, Error> {
        let decoded = catch_unwind(AssertUnwindSafe(|| self.source.next(&mut self.extent, block)));
        let failure = match decoded {
            Ok(Ok(true)) => return Ok(true),
            Ok(Ok(false)) => None,
            Ok(Err(failure)) => Some(failure),
            Err(_) => Some(gave_up()),
        };
        if let Source::Compressed(it) = &self.source
            && failure.is_none()
        {
            self.notes.extend(it.notes(&self.extent));
        }
        self.source = Source::Ended;
        match failure {
            None => {}
            // Damage in the middle does not invalidate what was decoded before it.
            Some(Failure::Damaged(why)) if self.extent.n_frames > 0 => {
                self.notes.push(Note::new("damaged", format!("Part of it is lost: {why}")));
            }
            Some(failure) => return Err(failure.at(&self.path)),
        }
        Ok(false)
    }
}

fn gave_up() -> Failure {
    Failure::Damaged("the decoder gave up in the middle".into())
}

/// The decoder of a file.
enum Source {
    Pcm(pcm::Reader),
    Compressed(Box<compressed::Reader>),
    Ended,
}

impl Source {
    fn open(
        path: &Path,
        extent: &mut Extent,
        notes: &mut Vec<Note>,
    ) -> Result<(Self, Option<Note>), Failure> {
        // Checked before it is opened: opening a named pipe would block until another process writes to it.
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
        let mut start = Vec::with_capacity(16);
        file.by_ref().take(16).read_to_end(&mut start).map_err(Failure::Unreadable)?;
        file.rewind().map_err(Failure::Unreadable)?;

        if let Some(format) = compressed::undecodable(&start) {
            return Err(Failure::Unsupported(format.into()));
        }
        let extension = extension(path);
        let (source, format) = match pcm::container(&start) {
            Some(container) => {
                let reader = pcm::Reader::open(extent, notes, file, metadata.len(), container)?;
                let format = reader.format();
                (Self::Pcm(reader), format)
            }
            None => {
                let reader = compressed::Reader::open(file, metadata.len(), extension.as_deref())?;
                let format = reader.format();
                (Self::Compressed(Box::new(reader)), format)
            }
        };
        Ok((source, extension.and_then(|extension| wrong_extension(format, &extension))))
    }

    /// The next block, or `false` at the end.
    fn next(&mut self, extent: &mut Extent, block: &mut Vec<Vec<f32>>) -> Result<bool, Failure> {
        match self {
            Self::Pcm(it) => it.next(extent, block),
            Self::Compressed(it) => it.next(extent, block),
            Self::Ended => Ok(false),
        }
    }
}

/// A note if the extension is that of another format; unknown extensions are accepted.
fn wrong_extension(format: Format, extension: &str) -> Option<Note> {
    let (name, extensions) = format.name_and_extensions();
    let is_known = Format::ALL.iter().any(|it| it.name_and_extensions().1.contains(&extension));
    let message = format!("It is {name} inside although its name ends in .{extension}");
    (is_known && !extensions.contains(&extension)).then(|| Note::new("wrong_extension", message))
}
