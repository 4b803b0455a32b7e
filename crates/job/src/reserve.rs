//! A file that only takes space: given up when the disk is full, so that something small can still be written.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

/// A reserve of space on the disk.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
    n_bytes: u64,
}

impl Reserve {
    /// A reserve of so many bytes; [`Reserve::keep`] makes it.
    pub fn new(path: PathBuf, n_bytes: u64) -> Self {
        Self { path, n_bytes }
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there, in its full size.
    pub fn is_kept(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| found.len() >= self.n_bytes)
    }

    /// Takes the space, unless there is not enough of it.
    pub fn keep(&self) {
        let write = || {
            let mut file = File::create(&self.path)?;
            file.write_all(&incompressible(self.n_bytes as usize))?;
            file.sync_all()
        };
        if write().is_err() {
            self.give_up();
        }
    }

    /// Gives the space back. Whether there was any.
    pub fn give_up(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }
}

/// Bytes that a file system cannot store in less (xorshift64).
fn incompressible(n: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..n.div_ceil(8)).flat_map(|_| next()).take(n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_made_and_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(folder.path().join(".reserve"), 1000);
        assert!(!reserve.is_kept() && !reserve.give_up());
        reserve.keep();
        assert!(reserve.is_kept());
        assert!(reserve.give_up() && !reserve.is_kept());
    }
}
