//! The exchange format with scripts: NumPy's `.npy` arrays and `.npz` archives of them.
//!
//! Parity tests read what a Python script wrote; arrays of `f32`, `f64`, `i32` and `i64`,
//! all given as `f32` in C order. Source: NumPy's `numpy.lib.format`, versions 1.0 to 3.0.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::bytes::{ElementType, malformed};
use crate::{Error, NamedArray};

/// The most bytes that an array may have.
const N_BYTES_MAX: u64 = 1 << 32;
/// The arrays of an archive may have this many bytes for each byte of the file: as far as honest zeros
/// are compressed, but not again for members that share their bytes.
const EXPANSION_MAX: u64 = 1100;
/// The most bytes that the header of an array may have; NumPy's own limit is lower.
const HEADER_BYTES_MAX: usize = 1 << 16;

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
    let bad = |offset: usize, reason: &str| malformed(path, offset as u64, reason);
    if bytes.get(..6) != Some(b"\x93NUMPY") {
        return Err(bad(0, "it is not a NumPy array"));
    }
    let version = *bytes.get(6).ok_or_else(|| bad(6, "it ends in the header"))?;
    let (start, length) = match (version, bytes.get(8..12)) {
        (1, Some(n)) => (10, usize::from(u16::from_le_bytes([n[0], n[1]]))),
        (2 | 3, Some(n)) => (12, u32::from_le_bytes([n[0], n[1], n[2], n[3]]) as usize),
        _ => return Err(bad(6, "its version is unknown")),
    };
    if length > HEADER_BYTES_MAX {
        return Err(bad(8, "its header is too long"));
    }
    let header =
        bytes.get(start..start + length).ok_or_else(|| bad(start, "it ends in the header"))?;
    let header = std::str::from_utf8(header).map_err(|_| bad(start, "its header is not text"))?;
    let data = &bytes[start + length..];
    let element = match field(header, "descr").map(|descr| descr.trim_matches(['\'', '"'])) {
        Some("<f4") => ElementType::F32,
        Some("<f8") => ElementType::F64,
        Some("<i4") => ElementType::I32,
        Some("<i8") => ElementType::I64,
        Some(other) => {
            return Err(Error::Unsupported {
                path: path.to_owned(),
                what: format!("type {other}"),
            });
        }
        None => return Err(bad(start, "its header names no type")),
    };
    let shape = field(header, "shape").and_then(parse_shape);
    let shape = shape.ok_or_else(|| bad(start, "its shape is not a tuple of numbers"))?;
    let n = shape.iter().try_fold(1usize, |n, &extent| n.checked_mul(extent));
    let n_bytes = n.and_then(|n| n.checked_mul(element.size()));
    if n_bytes != Some(data.len()) {
        return Err(bad(start + length, "its shape and its length do not agree"));
    }
    let values = element.decode(data);
    let values = match field(header, "fortran_order") {
        Some("True") => c_order(&values, &shape),
        _ => values,
    };
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

/// The text of a value in the Python dictionary of the header.
fn field<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let rest = header.split_once(&format!("'{key}':"))?.1.trim_start();
    let end = if rest.starts_with('(') { rest.find(')')? + 1 } else { rest.find([',', '}'])? };
    Some(rest[..end].trim())
}

fn parse_shape(tuple: &str) -> Option<Vec<usize>> {
    let inner = tuple.strip_prefix('(')?.strip_suffix(')')?;
    let parts = inner.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}
