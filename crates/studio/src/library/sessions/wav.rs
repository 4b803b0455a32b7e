//! The headers of WAV files, so that a recording that was cut short can say how long it is. Samples are not read.
//!
//! Source: RIFF WAVE; RF64 (EBU Tech 3306).

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use crate::Error;

/// Headers are shorter than this.
const HEADER_BYTES_MAX: u64 = 1 << 16;

/// What a header says, and how long the file is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) rate_hz: u32,
    pub(super) channels: u16,
    /// Bytes of one sample of every channel.
    frame_bytes: u64,
    /// Where samples begin,
    data_offset: u64,
    /// how many bytes of them the header says there are,
    said_bytes: u64,
    /// and how many there are.
    found_bytes: u64,
    is_long: bool,
}

impl Shape {
    /// Whole samples of each channel that are there.
    pub(super) fn n_frames(&self) -> u64 {
        self.found_bytes / self.frame_bytes
    }
}

/// Reads a header; nothing where there is none of a sound.
pub(super) fn read(path: &Path) -> Result<Option<Shape>, Error> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    let mut head = Vec::new();
    file.take(HEADER_BYTES_MAX).read_to_end(&mut head).map_err(Error::io("read", path))?;
    Ok(shape(&head, length))
}

fn shape(head: &[u8], length: u64) -> Option<Shape> {
    let is_long = head.starts_with(b"RF64");
    if !(is_long || head.starts_with(b"RIFF")) || head.get(8..12)? != b"WAVE" {
        return None;
    }
    let of_16 = |at: usize| Some(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?));
    let of_32 = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
    let (mut at, mut format) = (12, None);
    loop {
        let (name, size) = (head.get(at..at + 4)?, of_32(at + 4)?);
        let body = at + 8;
        if name == b"fmt " {
            format = Some((of_16(body + 2)?, of_32(body + 4)?, of_16(body + 12)?));
        }
        if name == b"data" {
            let (channels, rate_hz, frame_bytes) = format?;
            if channels == 0 || rate_hz == 0 || frame_bytes == 0 {
                return None;
            }
            return Some(Shape {
                rate_hz,
                channels,
                frame_bytes: frame_bytes.into(),
                data_offset: body as u64,
                said_bytes: size.into(),
                found_bytes: length.saturating_sub(body as u64),
                is_long,
            });
        }
        // Chunks begin at even places.
        at = body.checked_add(size as usize)?.checked_add(size as usize % 2)?;
    }
}

/// Writes into a header how many samples there are, as far as it can say so.
pub(super) fn mend(path: &Path, shape: &Shape) -> Result<(), Error> {
    let n_bytes = shape.n_frames() * shape.frame_bytes;
    let of_32_bits = |n: u64| u32::try_from(n).ok();
    let all = of_32_bits(shape.data_offset + n_bytes - 8);
    let (Some(data), Some(all)) = (of_32_bits(n_bytes), all) else { return Ok(()) };
    if shape.is_long {
        return Ok(());
    }
    let write = || {
        let mut file = File::options().write(true).open(path)?;
        file.seek(SeekFrom::Start(4))?;
        file.write_all(&all.to_le_bytes())?;
        file.seek(SeekFrom::Start(shape.data_offset - 4))?;
        file.write_all(&data.to_le_bytes())?;
        file.sync_all()
    };
    write().map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(said_bytes: u32) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        bytes.extend(16_u32.to_le_bytes());
        bytes.extend([1, 0, 2, 0]);
        bytes.extend(44_100_u32.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend([6, 0, 24, 0]);
        bytes.extend(b"LIST\x03\0\0\0abc\0data");
        bytes.extend(said_bytes.to_le_bytes());
        bytes
    }

    #[test]
    fn a_header_that_is_behind_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sound.wav");
        let check = |said: u32, n_samples: usize, n_frames: u64| {
            let bytes = [header(said), vec![7; n_samples]].concat();
            std::fs::write(&path, &bytes).unwrap();
            let before = read(&path).unwrap().unwrap();
            assert_eq!((before.rate_hz, before.channels, before.n_frames()), (44_100, 2, n_frames));
            mend(&path, &before).unwrap();
            let after = read(&path).unwrap().unwrap();
            assert_eq!(after.said_bytes, n_frames * 6);
            let written = std::fs::read(&path).unwrap();
            assert_eq!(written.len(), bytes.len());
            assert_eq!(written[8..52], bytes[8..52]);
            let all = u32::from_le_bytes(written[4..8].try_into().unwrap());
            assert_eq!(u64::from(all), 48 + n_frames * 6);
        };
        check(0, 600, 100);
        check(600, 600, 100);
        check(599, 605, 100);
        check(6000, 6, 1);
        check(u32::MAX, 0, 0);
    }

    #[test]
    fn what_is_no_sound_has_no_shape() {
        let whole = [header(6), vec![7; 6]].concat();
        for n in 0..56 {
            assert_eq!(shape(&whole[..n], n as u64), None, "{n}");
        }
        assert!(shape(&whole, 62).is_some());
        let mut bad = whole.clone();
        bad[32..34].fill(0);
        assert_eq!(shape(&bad, 62), None);
        bad = whole;
        bad[16..20].fill(0xff);
        assert_eq!(shape(&bad, 62), None);
        assert_eq!(shape(&[0; 100], 100), None);
    }
}
