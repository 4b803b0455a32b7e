//! The files of a space: what each is called, and the header with which each of them begins.
//!
//! ```text
//! space.json                 name, version, dimension, and which generation of the files counts
//! writer.lock                held by the one program that writes
//! vectors-<generation>.f32   [rows, dim], unit vectors
//! vectors-<generation>.i8    [rows, width], the rotated vectors in whole numbers
//! rows-<generation>.bin      [rows] of 16 bytes: identifier, step, factor
//! log-<generation>.bin       what was added and deleted, with checksums: see `log.rs`
//! ```
//!
//! Numbers are little-endian. What lies behind the rows that the log tells of is not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::Error;

/// The version of the format of all files.
pub(crate) const FORMAT: u32 = 1;
/// Every file begins with so many bytes.
pub(crate) const HEADER: usize = 64;
const MAGIC: &[u8; 8] = b"MAQSPACE";

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Vectors,
    Codes,
    Rows,
    Log,
}

impl Part {
    pub(crate) const ALL: [Self; 4] = [Self::Vectors, Self::Codes, Self::Rows, Self::Log];

    pub(crate) fn path(self, folder: &Path, generation: u64) -> PathBuf {
        folder.join(match self {
            Self::Vectors => format!("vectors-{generation}.f32"),
            Self::Codes => format!("vectors-{generation}.i8"),
            Self::Rows => format!("rows-{generation}.bin"),
            Self::Log => format!("log-{generation}.bin"),
        })
    }

    fn tag(self) -> u32 {
        match self {
            Self::Vectors => 1,
            Self::Codes => 2,
            Self::Rows => 3,
            Self::Log => 4,
        }
    }

    fn header(self, dim: usize) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        header[12..16].copy_from_slice(&self.tag().to_le_bytes());
        header[16..20].copy_from_slice(&(dim as u32).to_le_bytes());
        let checksum = crc32fast::hash(&header[..HEADER - 4]);
        header[HEADER - 4..].copy_from_slice(&checksum.to_le_bytes());
        header
    }

    /// Creates the file with its header.
    pub(crate) fn create(self, path: &Path, dim: usize) -> Result<File, Error> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(path);
        let mut file = file.map_err(Error::io("create", path))?;
        let written = file.write_all(&self.header(dim)).and_then(|()| file.sync_all());
        written.map_err(Error::io("write", path))?;
        Ok(file)
    }

    /// Opens the file, to read or also to write, after a look at its header.
    pub(crate) fn open(self, path: &Path, dim: usize, writes: bool) -> Result<File, Error> {
        let file = OpenOptions::new().read(true).write(writes).open(path);
        let mut file = file.map_err(Error::io("open", path))?;
        let mut header = [0; HEADER];
        if file.read_exact(&mut header).is_err() || header[..8] != *MAGIC {
            return Err(Error::damaged(path, "it is not a file of a space"));
        }
        let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        if number(8) > FORMAT {
            let (path, found) = (path.to_owned(), number(8));
            return Err(Error::Newer { path, found, known: FORMAT });
        }
        if header != self.header(dim) {
            return Err(Error::damaged(path, "its header is damaged, or of another space"));
        }
        Ok(file)
    }
}

/// Writes bytes at a place behind the header.
pub(crate) fn write_at(file: &mut File, at: u64, bytes: &[u8], path: &Path) -> Result<(), Error> {
    let place = SeekFrom::Start(HEADER as u64 + at);
    let written = file.seek(place).and_then(|_| file.write_all(bytes));
    written.map_err(Error::io("write", path))
}

/// Writes a file under a temporary name, syncs it, and renames it into place.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let partial = path.with_added_extension("partial");
    let write = || {
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&partial, path)
    };
    write().map_err(Error::io("write", path))?;
    sync_folder(path.parent().unwrap_or(path));
    Ok(())
}

/// Makes names in a folder last, where the system can.
pub(crate) fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        // Best effort: not every file system knows it, and the files themselves are synced.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}
