//! Canvases as PNG files: thumbnails of films.

use std::{
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, Crc, write::ZlibEncoder};

use crate::{Canvas, Error, writer::temporary_beside};

/// What every PNG begins with. Source: PNG (Third Edition), 5.2.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Each byte is the difference to the one above. Source: PNG (Third Edition), 9.2.
const FILTER_UP: u8 = 2;

/// Writes a picture as a PNG file, whole or not at all.
///
/// # Errors
/// [`Error::File`] or [`Error::DiskFull`] if it cannot be written, when whatever was at the path is still there;
/// [`Error::File`] too for a picture without pixels, which a PNG cannot hold.
pub fn write_png(path: &Path, picture: &Canvas) -> Result<(), Error> {
    write(path, picture).map_err(|it| Error::file(path, it))
}

fn write(path: &Path, picture: &Canvas) -> io::Result<()> {
    if picture.pixels().is_empty() {
        return Err(io::Error::other("the picture has no pixels"));
    }
    let mut file = temporary_beside(path)?;
    file.write_all(&encode(picture)?)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn encode(picture: &Canvas) -> io::Result<Vec<u8>> {
    let mut out = SIGNATURE.to_vec();
    let mut header = Vec::new();
    header.extend((picture.width() as u32).to_be_bytes());
    header.extend((picture.height() as u32).to_be_bytes());
    // 8 bits a colour, RGB, and the only compression, filters and order there are.
    header.extend([8, 2, 0, 0, 0]);
    add(&mut out, *b"IHDR", &header);
    // The colours are those of screens.
    add(&mut out, *b"sRGB", &[0]);
    add(&mut out, *b"IDAT", &compressed(picture)?);
    add(&mut out, *b"IEND", &[]);
    Ok(out)
}

/// The rows as differences to the row above: in enlarged pixels, most are zero.
fn compressed(picture: &Canvas) -> io::Result<Vec<u8>> {
    let row_len = picture.width() * 3;
    let mut out = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut above = vec![0; row_len];
    let mut filtered = vec![FILTER_UP; 1 + row_len];
    for row in picture.pixels().chunks_exact(row_len) {
        for ((filtered, value), above) in filtered[1..].iter_mut().zip(row).zip(&above) {
            *filtered = value.wrapping_sub(*above);
        }
        out.write_all(&filtered)?;
        above.copy_from_slice(row);
    }
    out.finish()
}

/// Appends a chunk: length, name, body, checksum. Source: PNG (Third Edition), 5.3.
fn add(out: &mut Vec<u8>, name: [u8; 4], body: &[u8]) {
    out.extend((body.len() as u32).to_be_bytes());
    let begin = out.len();
    out.extend(name);
    out.extend(body);
    let mut sum = Crc::new();
    sum.update(&out[begin..]);
    out.extend(sum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests;
