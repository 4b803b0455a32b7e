//! How a job ended, `exit.json`: the last thing that is written. A reserve of space is kept from the start, so
//! that it can be written on a full disk.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
};

use api::Exit;

use crate::{Error, files, whole};

const RESERVE_BYTES: usize = 64 << 10;

/// How the job of a folder ended, if that is written.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read(folder: &Path) -> Result<Option<Exit>, Error> {
    whole::read_json_if_there(&folder.join(files::EXIT))
}

/// Writes how the job ended; on a full disk over the reserve, whose space nobody else can take. The reserve is
/// gone afterwards.
///
/// # Errors
/// The folder cannot be written, or the disk is full and there was no reserve.
pub fn write(folder: &Path, exit: &Exit) -> Result<(), Error> {
    let (path, reserve) = (folder.join(files::EXIT), folder.join(files::RESERVE));
    let over_reserve = || {
        let text = serde_json::to_vec_pretty(exit)?;
        let mut file = OpenOptions::new().write(true).open(&reserve)?;
        file.write_all(&text)?;
        file.set_len(text.len() as u64)?;
        file.sync_all()?;
        fs::rename(&reserve, &path)
    };
    let written = whole::write_json(&path, exit).or_else(|error| over_reserve().map_err(|_| error));
    give_up_reserve(folder);
    written
}

/// Takes space until the job ends. Without it the job is done all the same.
pub fn keep_reserve(folder: &Path) {
    // Bytes that a file system cannot store in less (xorshift64).
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let bytes: Vec<u8> = (0..RESERVE_BYTES / 8).flat_map(|_| next()).collect();
    if fs::write(folder.join(files::RESERVE), bytes).is_err() {
        give_up_reserve(folder);
    }
}

/// Gives the space back.
pub fn give_up_reserve(folder: &Path) {
    let _ = fs::remove_file(folder.join(files::RESERVE));
}
