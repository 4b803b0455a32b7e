//! Ogg Vorbis files, by the encoder of Xiph.Org in aoTuV's version.

use std::io::{self, BufWriter};
use std::num::{NonZeroU8, NonZeroU32};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use vorbis_rs::{
    VorbisBitrateManagementStrategy, VorbisEncoder, VorbisEncoderBuilder, VorbisError,
};

use super::SoundShape;
use crate::Error;
use crate::wav::temporary_beside;

/// The most channels whose places are agreed. Source: Xiph.Org, "Vorbis I specification", 4.3.9.
pub(super) const CHANNELS_MAX: usize = 8;
/// Quality 6 of -1 to 10: about 192 kbit/s in stereo, where few hear a loss.
const QUALITY: f32 = 0.6;
/// The number of the stream in its file; there is only one.
const SERIAL: i32 = 1;

/// An Ogg Vorbis file that is written block by block.
pub(super) struct Writer {
    path: PathBuf,
    encoder: VorbisEncoder<BufWriter<NamedTempFile>>,
    /// Which of our channels is each of the file's.
    order: &'static [usize],
    n_written: u64,
}

impl Writer {
    pub(super) fn create(path: &Path, shape: &SoundShape) -> Result<Self, Error> {
        let begin = || {
            let rate = NonZeroU32::new(shape.rate_hz)
                .ok_or_else(|| io::Error::other("a rate is at least 1 Hz"))?;
            let n_channels = NonZeroU8::new(shape.n_channels as u8)
                .ok_or_else(|| io::Error::other("a sound has at least one channel"))?;
            let file = BufWriter::with_capacity(1 << 16, temporary_beside(path)?);
            let mut builder = VorbisEncoderBuilder::new_with_serial(rate, n_channels, file, SERIAL);
            builder.bitrate_management_strategy(VorbisBitrateManagementStrategy::QualityVbr {
                target_quality: QUALITY,
            });
            let encoder = builder.build().map_err(|error| refused(error, shape.rate_hz))?;
            Ok(Self {
                path: path.to_owned(),
                encoder,
                order: order(shape.n_channels),
                n_written: 0,
            })
        };
        begin().map_err(|source| Error::Unwritable { path: path.to_owned(), source })
    }

    pub(super) fn write(&mut self, channels: &[Vec<f32>]) -> Result<(), Error> {
        let n = channels.first().map_or(0, Vec::len);
        self.n_written += n as u64;
        // The encoder may overrun its memory when a block is very large.
        for at in (0..n).step_by(BLOCK) {
            let end = (at + BLOCK).min(n);
            let block: Vec<&[f32]> = self.order.iter().map(|c| &channels[*c][at..end]).collect();
            self.encoder.encode_audio_block(&block).map_err(|error| Error::Unwritable {
                path: self.path.clone(),
                source: source(error),
            })?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        let path = self.path.clone();
        self.end().map_err(|source| Error::Unwritable { path, source })
    }

    fn end(self) -> io::Result<()> {
        let file = self.encoder.finish().map_err(source)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

/// Frames that are given to the encoder at a time.
const BLOCK: usize = 4096;

fn source(error: VorbisError) -> io::Error {
    match error {
        VorbisError::Io(error) => error,
        error => io::Error::other(error.to_string()),
    }
}

/// Why the encoder takes no such sound.
fn refused(error: VorbisError, rate_hz: u32) -> io::Error {
    match error {
        VorbisError::Io(error) => error,
        _ => io::Error::other(format!(
            "Ogg Vorbis takes no sound at {rate_hz} Hz in so many channels; 48000 Hz it does"
        )),
    }
}

/// Our channels, which are in the order of WAV files, in the order of Vorbis. Source: as [`CHANNELS_MAX`].
fn order(n_channels: usize) -> &'static [usize] {
    match n_channels {
        1 => &[0],
        2 => &[0, 1],
        3 => &[0, 2, 1],
        4 => &[0, 1, 2, 3],
        5 => &[0, 2, 1, 3, 4],
        6 => &[0, 2, 1, 4, 5, 3],
        7 => &[0, 2, 1, 5, 6, 4, 3],
        _ => &[0, 2, 1, 6, 7, 4, 5, 3],
    }
}
