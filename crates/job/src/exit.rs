//! How a job ended, `exit.json`: the last thing that is written. A reserve of space is kept from the start, so
//! that it can be written on a full disk.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
};

use api::Exit;

use crate::{Error, files, reserve::Reserve, whole};

const RESERVE_BYTES: u64 = 64 << 10;

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
    let (path, reserve) = (folder.join(files::EXIT), reserve(folder));
    let over_reserve = || {
        let text = serde_json::to_vec_pretty(exit)?;
        let mut file = OpenOptions::new().write(true).open(reserve.path())?;
        file.write_all(&text)?;
        file.set_len(text.len() as u64)?;
        file.sync_all()?;
        fs::rename(reserve.path(), &path)
    };
    let written = whole::write_json(&path, exit).or_else(|error| over_reserve().map_err(|_| error));
    reserve.give_up();
    written
}

/// The space that is kept back until the job ends. Without it the job is done all the same.
pub fn reserve(folder: &Path) -> Reserve {
    Reserve::new(folder.join(files::RESERVE), RESERVE_BYTES)
}
