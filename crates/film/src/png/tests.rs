//! Thumbnails, read again.

use std::{fs, io::Read};

use flate2::{Crc, read::ZlibDecoder};

use super::write_png;
use crate::{Canvas, Error, Rect, Rgb};

/// Name and body of each chunk, whose checksums must be right.
fn chunks(mut bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut found = vec![];
    while let Some((len, rest)) = bytes.split_first_chunk() {
        let (chunk, rest) = rest.split_at(4 + u32::from_be_bytes(*len) as usize);
        let (sum, rest) = rest.split_first_chunk().unwrap();
        let mut expected = Crc::new();
        expected.update(chunk);
        assert_eq!(u32::from_be_bytes(*sum), expected.sum());
        found.push(chunk.split_at(4));
        bytes = rest;
    }
    found
}

#[test]
fn a_picture_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thumbnail.png");
    let mut canvas = Canvas::new(31, 17, Rgb::hex(0x12_34_56));
    canvas.rectangle(Rect::new(3, 4, 10, 10), Rgb::hex(0xfe_dc_ba));
    write_png(&path, &canvas).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(&bytes[..8], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    let chunks = chunks(&bytes[8..]);
    let names: Vec<_> = chunks.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, [b"IHDR", b"sRGB", b"IDAT", b"IEND"]);
    assert_eq!(chunks[0].1, [0, 0, 0, 31, 0, 0, 0, 17, 8, 2, 0, 0, 0]);
    let mut rows = vec![];
    ZlibDecoder::new(chunks[2].1).read_to_end(&mut rows).unwrap();
    let mut pixels = vec![0_u8; 31 * 3];
    for row in rows.chunks(1 + 31 * 3) {
        assert_eq!(row[0], 2);
        let above = pixels.len() - 31 * 3;
        for (i, difference) in row[1..].iter().enumerate() {
            pixels.push(pixels[above + i].wrapping_add(*difference));
        }
    }
    assert_eq!(&pixels[31 * 3..], canvas.pixels());
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let empty = Canvas::new(0, 0, Rgb::BLACK);
    let result = write_png(&folder.path().join("empty.png"), &empty);
    assert!(matches!(result, Err(Error::File { .. })));
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
