//! Small text files, read whole with a bound.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::Error;
use crate::error::{Position, io, malformed, unsupported};

/// The text of a file of at most `n_max` bytes.
pub(crate) fn read_text(path: &Path, n_max: u64) -> Result<String, Error> {
    text_from(path, File::open(path).map_err(io(path))?, n_max)
}

/// A text of at most `n_max` bytes that lies at `path`.
pub(crate) fn text_from(path: &Path, content: impl Read, n_max: u64) -> Result<String, Error> {
    let mut bytes = Vec::new();
    content.take(n_max + 1).read_to_end(&mut bytes).map_err(io(path))?;
    if bytes.len() as u64 > n_max {
        return Err(unsupported(path, format!("a file of this type with more than {n_max} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() as u64;
        malformed(path, Position::Byte(at), "it is not text")
    })
}
