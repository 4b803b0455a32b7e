//! FLAC files: every sample as it is, in about half the room.
//!
//! Blocks of 4096 frames; each channel is predicted by a fixed or a linear predictor, and what the prediction misses
//! is written in Rice codes. Two channels may be written as their middle and their side. Source: RFC 9639, "Free
//! Lossless Audio Codec (FLAC)" (2024).

mod bits;
mod md5;
mod predict;
mod subframe;

use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use self::bits::{BitWriter, crc8, crc16};
use self::md5::Md5;
use self::subframe::{Subframe, best_subframe};
use super::{Bits, SoundShape};
use crate::Error;
use crate::wav::{temporary_beside, to_int};

/// The most channels of a file. Source: RFC 9639, 9.1.3.
pub(super) const CHANNELS_MAX: usize = 8;
/// Frames of a block.
const BLOCK: usize = 4096;
/// The highest rate that the header can say. Source: RFC 9639, 8.2.
const RATE_HZ_MAX: u32 = 1_048_575;
/// Bytes before the first block: the mark, and the description of the stream.
const HEADER_BYTES: usize = 4 + 4 + 34;

/// A FLAC file that is written block by block.
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    rate_hz: u32,
    bits: Bits,
    /// Samples that wait for a whole block, `[channels][frames]`, as whole numbers.
    waiting: Vec<Vec<i32>>,
    md5: Md5,
    n_blocks: u64,
    n_frames: u64,
    /// The smallest and the largest block, in bytes.
    block_bytes: [usize; 2],
}

impl Writer {
    pub(super) fn create(path: &Path, shape: &SoundShape, bits: Bits) -> Result<Self, Error> {
        let begin = || {
            if shape.rate_hz > RATE_HZ_MAX {
                let why = format!("a FLAC file has at most {RATE_HZ_MAX} samples a second");
                return Err(io::Error::other(why));
            }
            let mut file = BufWriter::with_capacity(1 << 16, temporary_beside(path)?);
            file.write_all(&[0; HEADER_BYTES])?;
            Ok(Self {
                path: path.to_owned(),
                file,
                rate_hz: shape.rate_hz,
                bits,
                waiting: vec![Vec::with_capacity(BLOCK); shape.n_channels],
                md5: Md5::new(),
                n_blocks: 0,
                n_frames: 0,
                block_bytes: [usize::MAX, 0],
            })
        };
        begin().map_err(|source| Error::Unwritable { path: path.to_owned(), source })
    }

    pub(super) fn write(&mut self, channels: &[Vec<f32>]) -> Result<(), Error> {
        let act = |writer: &mut Self| {
            let n = channels.first().map_or(0, Vec::len);
            let mut at = 0;
            while at < n {
                let more = (BLOCK - writer.waiting[0].len()).min(n - at);
                for (waiting, channel) in writer.waiting.iter_mut().zip(channels) {
                    let steps = writer.bits.count() - 1;
                    waiting.extend(channel[at..at + more].iter().map(|x| to_int(*x, steps)));
                }
                at += more;
                if writer.waiting[0].len() == BLOCK {
                    writer.write_block()?;
                }
            }
            Ok(())
        };
        act(self).map_err(|source| Error::Unwritable { path: self.path.clone(), source })
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        let path = self.path.clone();
        self.end().map_err(|source| Error::Unwritable { path, source })
    }

    fn end(mut self) -> io::Result<()> {
        if !self.waiting[0].is_empty() {
            self.write_block()?;
        }
        self.file.flush()?;
        let header = self.header();
        self.file.get_mut().rewind()?;
        self.file.get_mut().write_all(&header)?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }

    /// The mark and the description of the stream. Source: RFC 9639, 8.2.
    fn header(&self) -> Vec<u8> {
        let mut out = BitWriter::default();
        out.bytes(b"fLaC");
        // The last block of metadata, of type 0, 34 bytes long.
        out.put(1, 1);
        out.put(0, 7);
        out.put(34, 24);
        let block = if self.n_blocks <= 1 { self.n_frames.max(16) } else { BLOCK as u64 };
        out.put(block, 16);
        out.put(block, 16);
        let [least, most] = self.block_bytes;
        out.put(if self.n_blocks == 0 { 0 } else { least as u64 }, 24);
        out.put(most as u64, 24);
        out.put(u64::from(self.rate_hz), 20);
        out.put(self.waiting.len() as u64 - 1, 3);
        out.put(u64::from(self.bits.count()) - 1, 5);
        // 0 says that the length is not known; only a thousand hours come to it.
        out.put(if self.n_frames < 1 << 36 { self.n_frames } else { 0 }, 36);
        out.bytes(&self.md5.clone().finish());
        out.into_bytes()
    }

    fn write_block(&mut self) -> io::Result<()> {
        let n = self.waiting[0].len();
        let bytes_a_sample = (self.bits.count() / 8) as usize;
        let mut raw = Vec::with_capacity(n * self.waiting.len() * bytes_a_sample);
        for frame_idx in 0..n {
            for channel in &self.waiting {
                raw.extend_from_slice(&channel[frame_idx].to_le_bytes()[..bytes_a_sample]);
            }
        }
        self.md5.push(&raw);
        let bytes = self.block();
        let [least, most] = self.block_bytes;
        self.block_bytes = [least.min(bytes.len()), most.max(bytes.len())];
        self.file.write_all(&bytes)?;
        self.n_blocks += 1;
        self.n_frames += n as u64;
        self.waiting.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    /// A block with its head and its checksums. Source: RFC 9639, 9.
    fn block(&self) -> Vec<u8> {
        let n = self.waiting[0].len();
        let (assignment, subframes) = self.subframes();
        let mut out = BitWriter::default();
        // The mark, and blocks of a fixed size.
        out.put(0b11_1111_1111_1110, 14);
        out.put(0, 2);
        out.put(if n == BLOCK { 0b1100 } else { 0b0111 }, 4);
        out.put(rate_code(self.rate_hz), 4);
        out.put(assignment, 4);
        out.put(if self.bits == Bits::Sixteen { 0b100 } else { 0b110 }, 3);
        out.put(0, 1);
        out.bytes(&coded_number(self.n_blocks));
        if n != BLOCK {
            out.put(n as u64 - 1, 16);
        }
        let head = crc8(out.so_far());
        out.put(u64::from(head), 8);
        for subframe in &subframes {
            subframe.write(&mut out);
        }
        out.align();
        let all = crc16(out.so_far());
        out.put(u64::from(all), 16);
        out.into_bytes()
    }

    /// How the channels are written: independently, or two of them as whichever of left, right, middle and side are
    /// shortest. Source: RFC 9639, 9.1.3 and 9.2.3.
    fn subframes(&self) -> (u64, Vec<Subframe>) {
        let bits = self.bits.count();
        let [left, right] = self.waiting.as_slice() else {
            let own = self.waiting.iter().map(|channel| best_subframe(channel, bits)).collect();
            return (self.waiting.len() as u64 - 1, own);
        };
        let pairs = || left.iter().zip(right);
        let middle: Vec<i32> = pairs().map(|(l, r)| (l + r) >> 1).collect();
        let side: Vec<i32> = pairs().map(|(l, r)| l - r).collect();
        let [left, right, middle] =
            [left, right, &middle].map(|channel| best_subframe(channel, bits));
        let side = best_subframe(&side, bits + 1);
        let choices = [
            (0b0001, left.n_bits() + right.n_bits()),
            (0b1000, left.n_bits() + side.n_bits()),
            (0b1001, side.n_bits() + right.n_bits()),
            (0b1010, middle.n_bits() + side.n_bits()),
        ];
        let best = choices.into_iter().min_by_key(|(_, n_bits)| *n_bits);
        match best.map_or(0b0001, |(assignment, _)| assignment) {
            0b1000 => (0b1000, vec![left, side]),
            0b1001 => (0b1001, vec![side, right]),
            0b1010 => (0b1010, vec![middle, side]),
            _ => (0b0001, vec![left, right]),
        }
    }
}

/// How a block says its rate; 0 refers to the head of the file. Source: RFC 9639, table 15.
fn rate_code(rate_hz: u32) -> u64 {
    match rate_hz {
        88_200 => 0b0001,
        176_400 => 0b0010,
        192_000 => 0b0011,
        8_000 => 0b0100,
        16_000 => 0b0101,
        22_050 => 0b0110,
        24_000 => 0b0111,
        32_000 => 0b1000,
        44_100 => 0b1001,
        48_000 => 0b1010,
        96_000 => 0b1011,
        _ => 0,
    }
}

/// The number of a block, coded as UTF-8 codes letters, of up to 36 bits. Source: RFC 9639, 9.1.5.
fn coded_number(number: u64) -> Vec<u8> {
    if number < 0x80 {
        return vec![number as u8];
    }
    // One byte of continuation holds 6 bits, and each takes one from the first byte.
    let n_more = (1..6).find(|n| number < 1 << (6 * n + 6 - n)).unwrap_or(6);
    let mark = 0xffu64 << (7 - n_more);
    let first = ((mark & 0xff) | (number >> (6 * n_more)) & 0x7f) as u8;
    let more = (0..n_more).rev().map(|i| 0x80 | ((number >> (6 * i)) & 0x3f) as u8);
    std::iter::once(first).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_coded_as_letters_are() {
        for number in [0u32, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xffff, 0x1_0000, 0x10_ffff] {
            let letter = char::from_u32(number).unwrap();
            assert_eq!(coded_number(number.into()), letter.to_string().as_bytes(), "{number:#x}");
        }
        assert_eq!(coded_number((1 << 36) - 1), [0xfe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf]);
        assert_eq!(coded_number((1 << 31) - 1), [0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf]);
    }
}
