//! One array in a file, as NumPy's `save` and `load` write and read it: latents and sound on their way
//! to and from people's own scripts.
//!
//! What is read here is taken as it lies: C order, little-endian. Anything else is refused in words
//! that say what to call before saving. Source: NumPy's `numpy.lib.format`, versions 1.0 to 3.0.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::bytes::{ElementType, malformed};
use crate::whole;

/// The most bytes that the header of an array may have; NumPy's own limit is lower.
const HEADER_BYTES_MAX: usize = 1 << 16;
/// The most extents of a shape; NumPy has no more either.
const EXTENTS_MAX: usize = 64;
/// Bytes that are read or written at once.
const PIECE_BYTES: usize = 1 << 20;

/// An array with its shape, the last index the fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Npy {
    /// Extents.
    pub shape: Vec<usize>,
    /// As many as the product of the extents.
    pub numbers: Numbers,
}

/// The elements of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// `float32`, or `float64` made narrower.
    Floats(Vec<f32>),
    /// `int64`, or `int32` made wider.
    Integers(Vec<i64>),
}

/// Reads an array of at most `n_most` numbers.
///
/// # Errors
/// When the file cannot be read, is damaged or larger than that, or holds another type of number or
/// Fortran's order.
pub fn read(path: &Path, n_most: usize) -> Result<Npy, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let Opened { mut reader, header, element, .. } = Opened::open(path, n_most)?;
    let n: usize = header.shape.iter().product();
    let mut left = n * element.size();
    let mut numbers = match element {
        ElementType::F32 | ElementType::F64 => Numbers::Floats(Vec::with_capacity(n)),
        _ => Numbers::Integers(Vec::with_capacity(n)),
    };
    let mut bytes = vec![0; PIECE_BYTES.min(left)];
    while left > 0 {
        let piece = bytes.len().min(left);
        reader.read_exact(&mut bytes[..piece]).map_err(io)?;
        match &mut numbers {
            Numbers::Floats(floats) => floats.extend(element.decode(&bytes[..piece])),
            Numbers::Integers(integers) => integers.extend(element.decode_wide(&bytes[..piece])),
        }
        left -= piece;
    }
    Ok(Npy { shape: header.shape, numbers })
}

/// An array whose header was read and checked.
struct Opened {
    reader: BufReader<File>,
    header: Header,
    element: ElementType,
    /// The byte at which the numbers begin.
    start: u64,
}

impl Opened {
    /// Opens an array of at most `n_most` numbers.
    fn open(path: &Path, n_most: usize) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let n_bytes = file.metadata().map_err(io)?.len();
        let mut reader = BufReader::with_capacity(PIECE_BYTES, file);
        let (header, start) = Header::read(&mut reader, path)?;
        let unsupported = |what: String| Error::Unsupported { path: path.to_owned(), what };
        if header.is_fortran && header.shape.iter().filter(|extent| **extent > 1).count() > 1 {
            let what = "an array in Fortran's order (save `numpy.ascontiguousarray(x)`)";
            return Err(unsupported(what.to_owned()));
        }
        let element = header.element().ok_or_else(|| {
            let what = "an array of type {} (save `x.astype(\"float32\")`, or \"int64\" for codes)";
            unsupported(what.replace("{}", &header.descr))
        })?;
        let n = header.n_numbers().filter(|n| *n <= n_most).ok_or_else(|| {
            malformed(path, start, format!("its shape {:?} is larger than is read", header.shape))
        })?;
        if n_bytes.checked_sub(start) != Some((n * element.size()) as u64) {
            return Err(malformed(path, start, "its shape and its length do not agree"));
        }
        Ok(Self { reader, header, element, start })
    }
}

/// An array that is read column by column, its last extent being the columns: what is longer than memory.
pub struct RowReader {
    path: PathBuf,
    opened: Opened,
}

impl RowReader {
    /// Opens an array.
    ///
    /// # Errors
    /// As [`read`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { path: path.to_owned(), opened: Opened::open(path, usize::MAX)? })
    }

    /// Extents.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.opened.header.shape
    }

    /// Whether it holds whole numbers.
    #[must_use]
    pub fn has_integers(&self) -> bool {
        !matches!(self.opened.element, ElementType::F32 | ElementType::F64)
    }

    /// Some columns of every row, one row after the other.
    ///
    /// # Errors
    /// When the file cannot be read, or has become shorter.
    ///
    /// # Panics
    /// When there are no such columns.
    pub fn columns(&mut self, columns: Range<usize>) -> Result<Numbers, Error> {
        let Opened { reader, header, element, start } = &mut self.opened;
        let file = reader.get_mut();
        let n_columns = header.shape.last().copied().unwrap_or(1);
        assert!(columns.start <= columns.end && columns.end <= n_columns, "columns of the array");
        let n_rows: usize = header.shape.iter().rev().skip(1).product();
        let mut bytes = vec![0; columns.len() * element.size()];
        let mut numbers = match element {
            ElementType::F32 | ElementType::F64 => Numbers::Floats(vec![]),
            _ => Numbers::Integers(vec![]),
        };
        for row in 0..n_rows {
            let at = (row * n_columns + columns.start) as u64 * element.size() as u64;
            file.seek(SeekFrom::Start(*start + at))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(|source| Error::Io { path: self.path.clone(), source })?;
            match &mut numbers {
                Numbers::Floats(floats) => floats.extend(element.decode(&bytes)),
                Numbers::Integers(integers) => integers.extend(element.decode_wide(&bytes)),
            }
        }
        Ok(numbers)
    }
}

/// How an array of [`RowWriter`] keeps its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As `float32`.
    Floats,
    /// As `int64`; the numbers must be whole.
    Integers,
}

/// An array that is written column by column, its last extent being the columns: what is longer than
/// memory. It gets its name once it is whole, and nothing is left of it otherwise.
pub struct RowWriter {
    path: PathBuf,
    file: File,
    kept: Kept,
    start: u64,
    n_rows: usize,
    n_columns: usize,
    n_written: usize,
    is_whole: bool,
}

impl RowWriter {
    /// Begins an array of a shape.
    ///
    /// # Errors
    /// When the folder cannot be written or is full.
    pub fn create(path: &Path, shape: &[usize], kept: Kept) -> Result<Self, Error> {
        let header = header_bytes(kept.descr(), shape);
        let n_columns = shape.last().copied().unwrap_or(1);
        let n_rows = shape.iter().rev().skip(1).product();
        let begin = || {
            let mut file = File::create(whole::partial(path))?;
            file.write_all(&header)?;
            Ok(file)
        };
        let file = begin().map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let (path, start) = (path.to_owned(), header.len() as u64);
        Ok(Self { path, file, kept, start, n_rows, n_columns, n_written: 0, is_whole: false })
    }

    /// Appends columns, `[row][column]`.
    ///
    /// # Errors
    /// When the disk is full.
    ///
    /// # Panics
    /// When there are other rows, or more columns, than the shape says.
    pub fn write(&mut self, rows: &[Vec<f32>]) -> Result<(), Error> {
        assert_eq!(rows.len(), self.n_rows, "rows of the array");
        let n = rows.first().map_or(0, Vec::len);
        assert!(self.n_written + n <= self.n_columns, "columns of the array");
        for (i, row) in rows.iter().enumerate() {
            let bytes: Vec<u8> = match self.kept {
                Kept::Floats => row.iter().flat_map(|x| x.to_le_bytes()).collect(),
                Kept::Integers => row.iter().flat_map(|x| (*x as i64).to_le_bytes()).collect(),
            };
            let column = (i * self.n_columns + self.n_written) as u64;
            let at = self.start + column * self.kept.n_bytes();
            self.file
                .seek(SeekFrom::Start(at))
                .and_then(|_| self.file.write_all(&bytes))
                .map_err(|source| Error::Io { path: self.path.clone(), source })?;
        }
        self.n_written += n;
        Ok(())
    }

    /// Gives the array its name.
    ///
    /// # Errors
    /// When the disk is full, or columns are missing.
    pub fn finish(mut self) -> Result<(), Error> {
        if self.n_written < self.n_columns {
            let source = std::io::Error::other("columns are missing");
            return Err(Error::Io { path: self.path.clone(), source });
        }
        self.file
            .sync_all()
            .and_then(|()| whole::rename(&self.path))
            .map_err(|source| Error::Io { path: self.path.clone(), source })?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for RowWriter {
    fn drop(&mut self) {
        if !self.is_whole {
            // Best effort: the error that made it fail has been returned.
            let _ = std::fs::remove_file(whole::partial(&self.path));
        }
    }
}

impl Kept {
    fn descr(self) -> &'static str {
        match self {
            Self::Floats => "<f4",
            Self::Integers => "<i8",
        }
    }

    fn n_bytes(self) -> u64 {
        match self {
            Self::Floats => 4,
            Self::Integers => 8,
        }
    }
}

/// Writes an array of `float32` under a name that it gets once it is whole.
///
/// # Errors
/// When the folder cannot be written or is full; then nothing of it is left.
///
/// # Panics
/// When there are not as many values as the shape says.
pub fn write(path: &Path, shape: &[usize], values: &[f32]) -> Result<(), Error> {
    assert_eq!(shape.iter().product::<usize>(), values.len(), "values of the shape");
    write_whole(path, "<f4", shape, values.iter().map(|value| value.to_le_bytes()))
}

/// Writes an array of `int64`, as [`write()`] does.
///
/// # Errors
/// As [`write()`].
///
/// # Panics
/// As [`write()`].
pub fn write_integers(path: &Path, shape: &[usize], values: &[i64]) -> Result<(), Error> {
    assert_eq!(shape.iter().product::<usize>(), values.len(), "values of the shape");
    write_whole(path, "<i8", shape, values.iter().map(|value| value.to_le_bytes()))
}

fn write_whole<const N: usize>(
    path: &Path,
    descr: &str,
    shape: &[usize],
    values: impl Iterator<Item = [u8; N]>,
) -> Result<(), Error> {
    whole::write(path, |partial| {
        let mut file = BufWriter::with_capacity(PIECE_BYTES, File::create(partial)?);
        file.write_all(&header_bytes(descr, shape))?;
        for value in values {
            file.write_all(&value)?;
        }
        file.into_inner()?.sync_all()
    })
}

/// Version 1.0: the data begin at a multiple of 64 bytes.
fn header_bytes(descr: &str, shape: &[usize]) -> Vec<u8> {
    let extents: String = shape.iter().map(|extent| format!("{extent}, ")).collect();
    let extents =
        if shape.len() == 1 { extents.trim_end() } else { extents.trim_end_matches(", ") };
    let mut text =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({extents}), }}");
    let length = (START_1 + text.len() + 1).next_multiple_of(64) - START_1;
    text.extend(std::iter::repeat_n(' ', length - 1 - text.len()));
    text.push('\n');
    [b"\x93NUMPY\x01\x00", &(length as u16).to_le_bytes()[..], text.as_bytes()].concat()
}

/// Bytes before the text of a header of version 1.0.
const START_1: usize = 10;

/// The header before the numbers.
pub(crate) struct Header {
    pub(crate) descr: String,
    pub(crate) is_fortran: bool,
    pub(crate) shape: Vec<usize>,
}

impl Header {
    /// Reads a header, and says at which byte the numbers begin; `path` is for messages.
    pub(crate) fn read(reader: &mut impl Read, path: &Path) -> Result<(Self, u64), Error> {
        let bad = |offset: usize, reason: &str| malformed(path, offset as u64, reason);
        let mut take = |n: usize| {
            let mut bytes = Vec::new();
            let read = reader.by_ref().take(n as u64).read_to_end(&mut bytes);
            let n_read = read.map_err(|source| Error::Io { path: path.to_owned(), source })?;
            if n_read == n { Ok(Some(bytes)) } else { Ok(None) }
        };
        let ends = || bad(6, "it ends in the header");
        if take(6)?.as_deref() != Some(b"\x93NUMPY") {
            return Err(bad(0, "it is not a NumPy array"));
        }
        let version = take(2)?.ok_or_else(ends)?[0];
        let (start, length) = match version {
            1 => {
                let n = take(2)?.ok_or_else(ends)?;
                (START_1, usize::from(u16::from_le_bytes([n[0], n[1]])))
            }
            2 | 3 => {
                let n = take(4)?.ok_or_else(ends)?;
                (12, u32::from_le_bytes([n[0], n[1], n[2], n[3]]) as usize)
            }
            _ => return Err(bad(6, "its version is unknown")),
        };
        if length > HEADER_BYTES_MAX {
            return Err(bad(8, "its header is too long"));
        }
        let text = take(length)?.ok_or_else(|| bad(start, "it ends in the header"))?;
        let text = std::str::from_utf8(&text).map_err(|_| bad(start, "its header is not text"))?;
        let descr = field(text, "descr").ok_or_else(|| bad(start, "its header names no type"))?;
        let shape = field(text, "shape").and_then(parse_shape);
        let shape = shape.ok_or_else(|| bad(start, "its shape is not a tuple of numbers"))?;
        let is_fortran = field(text, "fortran_order") == Some("True");
        let descr = descr.trim_matches(['\'', '"']).to_owned();
        Ok((Self { descr, is_fortran, shape }, (start + length) as u64))
    }

    /// The type of the numbers, where it is one of four.
    pub(crate) fn element(&self) -> Option<ElementType> {
        match self.descr.as_str() {
            "<f4" => Some(ElementType::F32),
            "<f8" => Some(ElementType::F64),
            "<i4" => Some(ElementType::I32),
            "<i8" => Some(ElementType::I64),
            _ => None,
        }
    }

    /// How many numbers there are; `None` if their bytes could not be counted.
    pub(crate) fn n_numbers(&self) -> Option<usize> {
        let n = self.shape.iter().try_fold(1usize, |n, &extent| n.checked_mul(extent))?;
        n.checked_mul(8).map(|_| n)
    }
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
    let shape: Option<Vec<usize>> = parts.map(|part| part.parse().ok()).collect();
    shape.filter(|shape| shape.len() <= EXTENTS_MAX)
}
