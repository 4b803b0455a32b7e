//! The index of weights in several files: which tensor is in which.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};

use serde::Deserialize;

use crate::Error;
use crate::bytes::malformed;

/// Which tensor is in which file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardIndex {
    /// Names of files in the same folder, by the names of tensors.
    pub file_of: BTreeMap<String, String>,
}

/// Bounds the index; one of ten thousand tensors has a megabyte.
const INDEX_BYTES_MAX: u64 = 16 << 20;
/// The most files of one model.
const FILES_MAX: usize = 1_000;

#[derive(Deserialize)]
struct Written {
    weight_map: BTreeMap<String, String>,
}

pub(super) fn read_index(path: &Path) -> Result<ShardIndex, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(INDEX_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > INDEX_BYTES_MAX {
        return Err(malformed(path, INDEX_BYTES_MAX, "it is too large for an index"));
    }
    parse_index(&bytes, path)
}

/// Reads an index; `path` is for messages.
///
/// # Errors
/// When it is no JSON with a `weight_map`, or names a file outside its folder.
pub fn parse_index(bytes: &[u8], path: &Path) -> Result<ShardIndex, Error> {
    let Written { weight_map } = serde_json::from_slice(bytes)
        .map_err(|error| malformed(path, 0, format!("it is not an index of weights: {error}")))?;
    for file in weight_map.values() {
        let mut parts = Path::new(file).components();
        let is_plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
        if !is_plain || file.contains(['/', '\\', '\0']) {
            return Err(malformed(path, 0, format!("`{file}` is not a file of this folder")));
        }
    }
    let mut files: Vec<&String> = weight_map.values().collect();
    files.sort();
    files.dedup();
    if files.len() > FILES_MAX {
        let reason = format!("it names {} files, more than {FILES_MAX}", files.len());
        return Err(malformed(path, 0, reason));
    }
    Ok(ShardIndex { file_of: weight_map })
}
