//! Room on the disk: a reserve that is given up when the disk is full, so that how jobs ended can be
//! written down, and what was deleted can be removed.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

/// The reserve's size, and the free space that it is made with: a nearly full disk needs the room itself.
const RESERVE_BYTES: u64 = 1 << 20;
const ROOM_FOR_RESERVE_BYTES: u64 = 4 * RESERVE_BYTES;

/// With less than this the disk counts as full: one change of the database takes some pages.
pub(crate) const LEAST_BYTES: u64 = 256 << 10;

/// A file of the workspace that only takes space.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
}

impl Reserve {
    pub(crate) fn at(workspace: &Path) -> Self {
        Self { path: workspace.join(".reserve") }
    }

    pub(crate) fn is_kept(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| found.len() >= RESERVE_BYTES)
    }

    /// Makes the reserve if it is missing and there is room for it.
    pub(crate) fn keep(&self) {
        let folder = self.path.parent().unwrap_or(&self.path);
        let has_room = free_bytes(folder).is_none_or(|free| free >= ROOM_FOR_RESERVE_BYTES);
        if self.is_kept() || !has_room {
            return;
        }
        let write = || {
            let mut file = File::create(&self.path)?;
            file.write_all(&incompressible(RESERVE_BYTES as usize))?;
            file.sync_all()
        };
        if write().is_err() {
            self.give_up();
        }
    }

    /// Removes the reserve. Whether there was one.
    pub(crate) fn give_up(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }
}

/// Free space for this process where a folder is, in bytes. A folder that does not exist yet is
/// looked for further up. `None` where the system does not say.
#[cfg(unix)]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    use std::{ffi::CString, os::unix::ffi::OsStrExt};

    let folder = folder.ancestors().find(|folder| folder.is_dir())?;
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    #[expect(unsafe_code, reason = "the standard library does not tell free space")]
    // SAFETY: `path` ends with a zero and lives over the call; `found` is written whole when the
    // call answers 0, and read only then.
    let found = unsafe {
        if libc::statvfs(path.as_ptr(), found.as_mut_ptr()) != 0 {
            return None;
        }
        found.assume_init()
    };
    Some(product(found.f_bavail, found.f_frsize))
}

/// Their types are narrower on other systems.
#[cfg(unix)]
fn product(a: impl Into<u64>, b: impl Into<u64>) -> u64 {
    a.into().saturating_mul(b.into())
}

/// Elsewhere it is not told.
#[cfg(not(unix))]
pub fn free_bytes(_folder: &Path) -> Option<u64> {
    None
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
    fn the_reserve_is_made_once_and_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::at(folder.path());
        assert!(!reserve.is_kept() && !reserve.give_up());
        reserve.keep();
        assert!(reserve.is_kept());
        assert!(reserve.give_up() && !reserve.is_kept());
        assert!(free_bytes(folder.path()).is_none_or(|free| free > 0));
    }
}
