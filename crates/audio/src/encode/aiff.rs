//! AIFF files: samples as whole numbers, the first byte first.
//!
//! Source: Apple Computer, "Audio Interchange File Format: AIFF", version 1.3 (1989).

use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Bits, SoundShape};
use crate::Error;
use crate::wav::{temporary_beside, to_int};

/// An AIFF file that is written block by block.
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    rate_hz: u32,
    n_channels: u16,
    bits: Bits,
    n_promised: u64,
    n_written: u64,
}

impl Writer {
    pub(super) fn create(path: &Path, shape: &SoundShape, bits: Bits) -> Result<Self, Error> {
        let n_channels = shape.n_channels as u16;
        let begin = || {
            let header = header(shape.rate_hz, n_channels, shape.n_frames, bits)?;
            let mut file = BufWriter::with_capacity(1 << 16, temporary_beside(path)?);
            file.write_all(&header)?;
            Ok(Self {
                path: path.to_owned(),
                file,
                rate_hz: shape.rate_hz,
                n_channels,
                bits,
                n_promised: shape.n_frames,
                n_written: 0,
            })
        };
        begin().map_err(|source| Error::Unwritable { path: path.to_owned(), source })
    }

    pub(super) fn write(&mut self, channels: &[Vec<f32>]) -> Result<(), Error> {
        let n_frames = channels.first().map_or(0, Vec::len);
        let mut act = || {
            for frame_idx in 0..n_frames {
                for channel in channels {
                    let x = channel[frame_idx];
                    match self.bits {
                        Bits::Sixteen => {
                            self.file.write_all(&(to_int(x, 15) as i16).to_be_bytes())?;
                        }
                        Bits::TwentyFour => {
                            self.file.write_all(&to_int(x, 23).to_be_bytes()[1..])?;
                        }
                    }
                }
            }
            Ok(())
        };
        act().map_err(|source| Error::Unwritable { path: self.path.clone(), source })?;
        self.n_written += n_frames as u64;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        let path = self.path.clone();
        self.end().map_err(|source| Error::Unwritable { path, source })
    }

    fn end(mut self) -> io::Result<()> {
        if n_bytes(self.n_channels, self.n_written, self.bits) % 2 == 1 {
            self.file.write_all(&[0])?;
        }
        self.file.flush()?;
        if self.n_written != self.n_promised {
            let header = header(self.rate_hz, self.n_channels, self.n_written, self.bits)?;
            self.file.get_mut().rewind()?;
            self.file.get_mut().write_all(&header)?;
        }
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

fn n_bytes(n_channels: u16, n_frames: u64, bits: Bits) -> u64 {
    n_frames.saturating_mul(u64::from(n_channels) * u64::from(bits.count() / 8))
}

/// Everything before the samples: always 54 bytes.
fn header(rate_hz: u32, n_channels: u16, n_frames: u64, bits: Bits) -> io::Result<Vec<u8>> {
    let n_bytes = n_bytes(n_channels, n_frames, bits);
    let too_long = || io::Error::other("an AIFF file holds at most 4 GB; WAV and FLAC hold more");
    let form = n_bytes.checked_add(n_bytes % 2 + 4 + 26 + 16).ok_or_else(too_long)?;
    let form = u32::try_from(form).map_err(|_| too_long())?;
    let n_frames = u32::try_from(n_frames).map_err(|_| too_long())?;
    let mut header = Vec::with_capacity(54);
    header.extend(b"FORM");
    header.extend(form.to_be_bytes());
    header.extend(b"AIFFCOMM");
    header.extend(18u32.to_be_bytes());
    header.extend(n_channels.to_be_bytes());
    header.extend(n_frames.to_be_bytes());
    header.extend((bits.count() as u16).to_be_bytes());
    header.extend(extended_from_rate(rate_hz));
    header.extend(b"SSND");
    header.extend((n_bytes as u32 + 8).to_be_bytes());
    // Offset and block size, which nobody uses.
    header.extend([0; 8]);
    Ok(header)
}

/// A rate as an 80-bit float: sign and exponent, then a mantissa with its leading 1.
fn extended_from_rate(rate_hz: u32) -> [u8; 10] {
    let log2 = rate_hz.max(1).ilog2();
    let exponent = (16_383 + log2 as u16).to_be_bytes();
    let mantissa = (u64::from(rate_hz) << (63 - log2)).to_be_bytes();
    let mut bytes = [0; 10];
    bytes[..2].copy_from_slice(&exponent);
    bytes[2..].copy_from_slice(&mantissa);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_as_extended_floats() {
        let check = |rate_hz: u32, expected: [u8; 10]| {
            assert_eq!(extended_from_rate(rate_hz), expected, "{rate_hz}");
        };
        check(44_100, [0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0]);
        check(48_000, [0x40, 0x0e, 0xbb, 0x80, 0, 0, 0, 0, 0, 0]);
        check(1, [0x3f, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert!(header(44_100, 2, 1 << 30, Bits::Sixteen).is_err());
        assert!(header(44_100, 2, u64::MAX, Bits::TwentyFour).is_err());
        assert_eq!(header(44_100, 2, (1 << 30) - 64, Bits::Sixteen).unwrap().len(), 54);
    }
}
