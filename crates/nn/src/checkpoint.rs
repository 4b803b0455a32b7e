//! Our checkpoints: named arrays and a few words about them in a safetensors file.
//!
//! Source of the format: the README of huggingface/safetensors. A file is eight bytes of length, a
//! JSON header of that length, and the arrays back to back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::bytes::{ElementType, malformed};
use crate::{Error, NamedArray, whole};

/// The content of a checkpoint file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// The arrays, in the order of the file.
    pub arrays: Vec<NamedArray>,
    /// Words about them, such as the family, the step and the version.
    pub metadata: BTreeMap<String, String>,
}

/// Bounds the memory that a header can claim; a network of ten thousand arrays needs 2 MB.
const HEADER_BYTES_MAX: u64 = 16 << 20;
const ARRAYS_BYTES_MAX: u64 = 64 << 30;
const METADATA_KEY: &str = "__metadata__";

/// Writes a checkpoint whole or not at all: to a temporary file beside it, synced, then renamed.
///
/// Arrays may be [views](crate::ArrayView), so that nothing is copied.
///
/// # Errors
/// When the folder cannot be written or is full; then `path` is as it was.
pub fn write<V: AsRef<[f32]>>(
    path: &Path,
    arrays: &[NamedArray<V>],
    metadata: &BTreeMap<String, String>,
) -> Result<(), Error> {
    whole::write(path, |partial| write_to(partial, arrays, metadata))
}

/// Reads a checkpoint, elements of any float type as `f32`.
///
/// # Errors
/// When the file cannot be read, or is damaged: the error says at which byte or in which array.
pub fn read(path: &Path) -> Result<Checkpoint, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let n_bytes = file.metadata().map_err(io)?.len();
    parse(BufReader::new(file), n_bytes, path)
}

/// Reads the words of a checkpoint, and only those arrays that are wanted, by their names; the others
/// stay on disk.
///
/// # Errors
/// As [`read`].
pub fn read_some(path: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Checkpoint, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let n_bytes = file.metadata().map_err(io)?.len();
    let header = Header::parse(&mut file, n_bytes, path)?;
    let mut arrays = Vec::new();
    for ((name, entry), element) in header.entries.into_iter().zip(header.elements) {
        if is_wanted(&name) {
            let from = header.start + entry.data_offsets[0];
            file.seek(SeekFrom::Start(from)).map_err(io)?;
            arrays.push(array_of(&mut file, name, entry, element, header.start, path)?);
        }
    }
    Ok(Checkpoint { arrays, metadata: header.metadata })
}

/// Names and shapes of the arrays, in the order of the file; their numbers stay on disk.
///
/// # Errors
/// As [`read`], where the header shows it.
pub fn shapes(path: &Path) -> Result<Vec<(String, Vec<usize>)>, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let n_bytes = file.metadata().map_err(io)?.len();
    let header = Header::parse(&mut file, n_bytes, path)?;
    Ok(header.entries.into_iter().map(|(name, entry)| (name, entry.shape)).collect())
}

/// One array in the header.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

fn write_to<V: AsRef<[f32]>>(
    path: &Path,
    arrays: &[NamedArray<V>],
    metadata: &BTreeMap<String, String>,
) -> std::io::Result<()> {
    let mut header = serde_json::Map::new();
    header.insert(METADATA_KEY.to_owned(), serde_json::to_value(metadata)?);
    let mut offset = 0;
    for array in arrays {
        let end = offset + 4 * array.values.as_ref().len() as u64;
        let shape = array.shape.clone();
        let entry = Entry { dtype: "F32".to_owned(), shape, data_offsets: [offset, end] };
        let before = header.insert(array.name.clone(), serde_json::to_value(entry)?);
        assert!(before.is_none(), "two arrays are called `{}`", array.name);
        offset = end;
    }
    let mut header = serde_json::to_vec(&header)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    for array in arrays {
        for value in array.values.as_ref() {
            file.write_all(&value.to_le_bytes())?;
        }
    }
    file.into_inner()?.sync_all()
}

/// Parses a file of `n_bytes`; `path` is for messages.
pub(crate) fn parse(mut reader: impl Read, n_bytes: u64, path: &Path) -> Result<Checkpoint, Error> {
    let header = Header::parse(&mut reader, n_bytes, path)?;
    let mut arrays = Vec::with_capacity(header.entries.len());
    for ((name, entry), element) in header.entries.into_iter().zip(header.elements) {
        arrays.push(array_of(&mut reader, name, entry, element, header.start, path)?);
    }
    Ok(Checkpoint { arrays, metadata: header.metadata })
}

/// The header before the arrays.
struct Header {
    metadata: BTreeMap<String, String>,
    /// Names and positions, back to back in the order of the file.
    entries: Vec<(String, Entry)>,
    elements: Vec<ElementType>,
    /// The byte at which the arrays begin.
    start: u64,
}

impl Header {
    fn parse(reader: &mut impl Read, n_bytes: u64, path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let mut length = [0; 8];
        if n_bytes < 8 {
            return Err(malformed(path, 0, "the file is shorter than its first number"));
        }
        reader.read_exact(&mut length).map_err(io)?;
        let length = u64::from_le_bytes(length);
        if length > HEADER_BYTES_MAX || length > n_bytes - 8 {
            return Err(malformed(path, 0, format!("a header of {length} bytes does not fit")));
        }
        let mut header = vec![0; length as usize];
        reader.read_exact(&mut header).map_err(io)?;
        let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&header)
            .map_err(|error| malformed(path, 8, format!("the header is not JSON: {error}")))?;

        let mut metadata = BTreeMap::new();
        let mut entries = Vec::new();
        for (name, value) in header {
            if name == METADATA_KEY {
                metadata = serde_json::from_value(value).map_err(|error| {
                    malformed(path, 8, format!("the metadata are not text: {error}"))
                })?;
            } else {
                let entry: Entry = serde_json::from_value(value)
                    .map_err(|error| malformed(path, 8, format!("tensor `{name}`: {error}")))?;
                entries.push((name, entry));
            }
        }
        entries.sort_by_key(|(_, entry)| entry.data_offsets);
        let start = 8 + length;
        let elements = check_layout(&entries, n_bytes - start, path, start)?;
        Ok(Self { metadata, entries, elements, start })
    }
}

/// Reads rows of an array of two dimensions, one after the other, without the rest of it.
///
/// # Errors
/// When the file cannot be read, is damaged, or has no such array or row.
pub fn read_rows(path: &Path, name: &str, rows: &[usize]) -> Result<Vec<f32>, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let n_bytes = file.metadata().map_err(io)?.len();
    let header = Header::parse(&mut file, n_bytes, path)?;
    let at = header.entries.iter().position(|(found, _)| found == name);
    let missing = || Error::Missing { name: name.to_owned() };
    let (entry, element) =
        at.map(|i| (&header.entries[i].1, header.elements[i])).ok_or_else(missing)?;
    let [from, until] = entry.data_offsets;
    let n_rows = match entry.shape[..] {
        [n, _] if n > 0 => n as u64,
        _ => {
            return Err(malformed(
                path,
                header.start + from,
                format!("tensor `{name}` has no rows"),
            ));
        }
    };
    let row_bytes = (until - from) / n_rows;
    let mut bytes = vec![0; row_bytes as usize];
    let mut values = vec![];
    for row in rows {
        let row = *row as u64;
        if row >= n_rows {
            let reason = format!("tensor `{name}` has {n_rows} rows, and no row {row}");
            return Err(malformed(path, header.start + from, reason));
        }
        file.seek(SeekFrom::Start(header.start + from + row * row_bytes)).map_err(io)?;
        file.read_exact(&mut bytes).map_err(io)?;
        values.extend(element.decode(&bytes));
    }
    Ok(values)
}

/// Reads one array, which begins where the reader stands.
fn array_of(
    reader: &mut impl Read,
    name: String,
    entry: Entry,
    element: ElementType,
    start: u64,
    path: &Path,
) -> Result<NamedArray, Error> {
    let [from, until] = entry.data_offsets;
    let mut bytes = Vec::new();
    let found = reader.take(until - from).read_to_end(&mut bytes);
    let found = found.map_err(|source| Error::Io { path: path.to_owned(), source })?;
    if found as u64 != until - from {
        return Err(malformed(path, start + from, format!("tensor `{name}` is cut off")));
    }
    Ok(NamedArray { name, shape: entry.shape, values: element.decode(&bytes) })
}

/// Checks that the entries, sorted, lie back to back and fill the data exactly; gives their types.
fn check_layout(
    entries: &[(String, Entry)],
    data_bytes: u64,
    path: &Path,
    start: u64,
) -> Result<Vec<ElementType>, Error> {
    let mut end = 0;
    let mut elements = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        let [from, until] = entry.data_offsets;
        let bad = |reason: &str| {
            malformed(path, start + from.min(data_bytes), format!("tensor `{name}` {reason}"))
        };
        let element = match entry.dtype.as_str() {
            "F32" => ElementType::F32,
            "F64" => ElementType::F64,
            "F16" => ElementType::F16,
            "BF16" => ElementType::BF16,
            "I64" => ElementType::I64,
            "I32" => ElementType::I32,
            "I16" => ElementType::I16,
            "I8" => ElementType::I8,
            "U8" => ElementType::U8,
            "BOOL" => ElementType::Bool,
            other => {
                let what = format!("tensor `{name}` of type {other}");
                return Err(Error::Unsupported { path: path.to_owned(), what });
            }
        };
        let n_bytes = entry
            .shape
            .iter()
            .try_fold(element.size() as u64, |n, &extent| n.checked_mul(extent as u64))
            .filter(|&n_bytes| n_bytes <= ARRAYS_BYTES_MAX);
        if from != end || n_bytes.and_then(|n| from.checked_add(n)) != Some(until) {
            return Err(bad("does not lie where its shape says"));
        }
        if until > data_bytes {
            let promised = entries.iter().map(|(_, entry)| entry.data_offsets[1]).max();
            let (has, promised) = (start + data_bytes, start.saturating_add(promised.unwrap_or(0)));
            return Err(bad(&format!(
                "reaches beyond the end: the file has {has} of {promised} bytes, so it was not copied or \
                 downloaded whole"
            )));
        }
        elements.push(element);
        end = until;
    }
    if end != data_bytes {
        return Err(malformed(path, start + end, "bytes are left over after the last tensor"));
    }
    Ok(elements)
}
