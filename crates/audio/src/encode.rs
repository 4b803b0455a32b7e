//! Sound files in every format that we write: block by block, and each whole or not at all.
//!
//! MP3 is not among them: the encoder that everybody uses, LAME, is under the LGPL, which does not go with a program
//! that is passed on as one binary.

mod aiff;
mod broadcast;
mod flac;
mod vorbis;

use std::io;
use std::path::Path;

pub use broadcast::Broadcast;

use crate::wav::{WavFormat, WavWriter};
use crate::{Clip, Error};

/// A format of sound files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// WAV: plays everywhere.
    Wav(WavFormat),
    /// Broadcast Wave (EBU Tech 3285): WAV of 24 bits that says who made it, when, and how loud it is.
    BroadcastWave,
    /// AIFF, what Apple's programs write.
    Aiff(Bits),
    /// FLAC: every sample as it is, in about half the room.
    Flac(Bits),
    /// Ogg Vorbis: a tenth of the room, with losses that few hear.
    Vorbis,
}

/// Bits of a sample that is a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// 16 bits, as on a CD.
    Sixteen,
    /// 24 bits, as studios exchange.
    TwentyFour,
}

impl Bits {
    /// The number of them.
    #[must_use]
    pub fn count(self) -> u32 {
        match self {
            Self::Sixteen => 16,
            Self::TwentyFour => 24,
        }
    }
}

impl FileFormat {
    /// Bits of a sample where samples are whole numbers; none where they are not rounded to steps.
    #[must_use]
    pub fn bits(self) -> Option<Bits> {
        match self {
            Self::Wav(WavFormat::Int16) => Some(Bits::Sixteen),
            Self::Wav(WavFormat::Int24) | Self::BroadcastWave => Some(Bits::TwentyFour),
            Self::Wav(WavFormat::Float32) | Self::Vorbis => None,
            Self::Aiff(bits) | Self::Flac(bits) => Some(bits),
        }
    }

    /// The extension of its files.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav(_) | Self::BroadcastWave => "wav",
            Self::Aiff(_) => "aiff",
            Self::Flac(_) => "flac",
            Self::Vorbis => "ogg",
        }
    }

    /// The most channels that a file may have.
    #[must_use]
    pub fn channels_max(self) -> usize {
        match self {
            Self::Wav(_) | Self::BroadcastWave | Self::Aiff(_) => usize::from(u16::MAX),
            Self::Flac(_) => flac::CHANNELS_MAX,
            Self::Vorbis => vorbis::CHANNELS_MAX,
        }
    }
}

/// What a file is going to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct SoundShape {
    /// The format.
    pub format: FileFormat,
    /// Frames per second.
    pub rate_hz: u32,
    /// Channels, in the order of [`Clip::channels`].
    pub n_channels: usize,
    /// Frames, as far as it is known before; the file says in the end how many there were.
    pub n_frames: u64,
    /// What a Broadcast Wave file says about itself; other formats leave it out.
    pub broadcast: Broadcast,
}

/// A sound file that is written block by block, and whole or not at all.
pub struct SoundWriter(Sink);

enum Sink {
    Wav(WavWriter),
    Aiff(aiff::Writer),
    Flac(Box<flac::Writer>),
    Vorbis(Box<vorbis::Writer>),
}

impl SoundWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the folder cannot be written, or the format has no place for so many channels, such
    /// a rate, or such a length.
    pub fn create(path: &Path, shape: &SoundShape) -> Result<Self, Error> {
        let SoundShape { format, rate_hz, n_channels, n_frames, .. } = *shape;
        let why = (n_channels == 0 || n_channels > format.channels_max()).then(|| {
            format!("{n_channels} channels are more than {} of them", format.channels_max())
        });
        if let Some(why) = why {
            let source = io::Error::other(why);
            return Err(Error::Unwritable { path: path.to_owned(), source });
        }
        let wav = |format, chunks| {
            WavWriter::create_with(path, rate_hz, n_channels, n_frames, format, chunks)
        };
        Ok(Self(match format {
            FileFormat::Wav(format) => Sink::Wav(wav(format, vec![])?),
            FileFormat::BroadcastWave => Sink::Wav(wav(WavFormat::Int24, shape.broadcast.chunk())?),
            FileFormat::Aiff(bits) => Sink::Aiff(aiff::Writer::create(path, shape, bits)?),
            FileFormat::Flac(bits) => {
                Sink::Flac(Box::new(flac::Writer::create(path, shape, bits)?))
            }
            FileFormat::Vorbis => Sink::Vorbis(Box::new(vorbis::Writer::create(path, shape)?)),
        }))
    }

    /// Appends a block, `[channels][frames]`. Whole numbers are rounded to the nearest step: see
    /// [`Ditherer`](crate::Ditherer) for what is better than that.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the disk is full, or the file would be too long for its format.
    pub fn write(&mut self, channels: &[Vec<f32>]) -> Result<(), Error> {
        match &mut self.0 {
            Sink::Wav(it) => it.write(channels),
            Sink::Aiff(it) => it.write(channels),
            Sink::Flac(it) => it.write(channels),
            Sink::Vorbis(it) => it.write(channels),
        }
    }

    /// Moves the file to its path.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the disk is full.
    pub fn finish(self) -> Result<(), Error> {
        match self.0 {
            Sink::Wav(it) => it.finish(),
            Sink::Aiff(it) => it.finish(),
            Sink::Flac(it) => it.finish(),
            Sink::Vorbis(it) => it.finish(),
        }
    }
}

/// Writes a clip as a file, whole or not at all.
///
/// # Errors
/// As [`SoundWriter`].
pub fn write_sound(path: &Path, clip: &Clip, format: FileFormat) -> Result<(), Error> {
    let shape = SoundShape {
        format,
        rate_hz: clip.rate_hz,
        n_channels: clip.channels.len(),
        n_frames: clip.n_frames() as u64,
        broadcast: Broadcast::default(),
    };
    let mut writer = SoundWriter::create(path, &shape)?;
    writer.write(&clip.channels)?;
    writer.finish()
}

#[cfg(test)]
mod tests;
