//! The exchange format with scripts: NumPy's `.npy` arrays and `.npz` archives of them.
//!
//! Parity tests read what a Python script wrote; arrays of `f32`, `f64`, `i32` and `i64`,
//! all given as `f32` in C order. Source: NumPy's `numpy.lib.format`, versions 1.0 to 3.0.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::bytes::malformed;
use crate::npy::Header;
use crate::{Error, NamedArray};

/// The most bytes that an array may have.
const N_BYTES_MAX: u64 = 1 << 32;
/// The arrays of an archive may have this many bytes for each byte of the file: as far as honest zeros
/// are compressed, but not again for members that share their bytes.
const EXPANSION_MAX: u64 = 1100;

/// Reads all arrays of an `.npz` archive, named without their `.npy`, in the order of the archive.
///
/// # Errors
/// When the file cannot be opened, is no such archive, or holds another type of element.
pub fn read(path: &Path) -> Result<Vec<NamedArray>, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let n_bytes = file.metadata().map_err(io)?.len();
    let mut n_left = n_bytes.saturating_mul(EXPANSION_MAX).min(N_BYTES_MAX);
    let mut archive = zip::ZipArchive::new(BufReader::new(file))
        .map_err(|error| malformed(path, 0, error.to_string()))?;
    let mut arrays = Vec::new();
    for i in 0..archive.len() {
        let entry = archive.by_index(i).map_err(|error| malformed(path, 0, error.to_string()))?;
        let name = entry.name().trim_end_matches(".npy").to_owned();
        let member = path.join(entry.name());
        let bytes = read_bounded(entry, n_left, &member)?;
        n_left -= bytes.len() as u64;
        arrays.push(NamedArray { name, ..parse(&bytes, &member)? });
    }
    Ok(arrays)
}

/// Reads one `.npy` array; its name stays empty.
///
/// # Errors
/// As [`read`].
pub fn read_npy(path: &Path) -> Result<NamedArray, Error> {
    let file = File::open(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    parse(&read_bounded(file, N_BYTES_MAX, path)?, path)
}

/// Reads to the end, but never more than `n_max` bytes.
fn read_bounded(reader: impl Read, n_max: u64, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    reader
        .take(n_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| Error::Io { path: path.to_owned(), source })?;
    if bytes.len() as u64 > n_max {
        return Err(malformed(path, n_max, "the arrays are too large"));
    }
    Ok(bytes)
}

/// Parses the bytes of an `.npy` file; `path` is for messages.
pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<NamedArray, Error> {
    let (header, start) = Header::read(&mut &*bytes, path)?;
    let element = header.element().ok_or_else(|| Error::Unsupported {
        path: path.to_owned(),
        what: format!("type {}", header.descr),
    })?;
    let data = &bytes[start as usize..];
    if header.n_numbers().map(|n| n * element.size()) != Some(data.len()) {
        return Err(malformed(path, start, "its shape and its length do not agree"));
    }
    let values = element.decode(data);
    let shape = header.shape;
    let values = if header.is_fortran { c_order(&values, &shape) } else { values };
    Ok(NamedArray { name: String::new(), shape, values })
}

/// Values that lie with the first index fastest, laid out with the last index fastest.
fn c_order(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let place = |i: usize| {
        let digits = shape.iter().rev().scan(i, |rest, extent| {
            let digit = *rest % extent;
            *rest /= extent;
            Some((digit, *extent))
        });
        // The last index is the slowest there: Horner's scheme from it to the first.
        digits.fold(0, |place, (digit, extent)| place * extent + digit)
    };
    (0..values.len()).map(|i| values[place(i)]).collect()
}
