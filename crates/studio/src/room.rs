//! Room on the disk: a reserve that is given up when the disk is full, so that how jobs ended can be
//! written down, and what was deleted can be removed.

use std::path::Path;

use job::reserve::Reserve;

/// The reserve's size, and the free space that it is made with: a nearly full disk needs the room itself.
const RESERVE_BYTES: u64 = 1 << 20;
const ROOM_FOR_RESERVE_BYTES: u64 = 4 * RESERVE_BYTES;

/// With less than this the disk counts as full: one change of the database takes some pages.
pub(crate) const LEAST_BYTES: u64 = 256 << 10;

/// The reserve of a workspace.
pub(crate) fn reserve(workspace: &Path) -> Reserve {
    Reserve::new(workspace.join(".reserve"), RESERVE_BYTES)
}

/// Makes a workspace's reserve if it is missing and there is room for it.
pub(crate) fn keep_reserve(workspace: &Path) {
    let reserve = reserve(workspace);
    if !reserve.is_kept() && free_bytes(workspace).is_none_or(|it| it >= ROOM_FOR_RESERVE_BYTES) {
        reserve.keep();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).is_none_or(|free| free > 0));
        keep_reserve(folder.path());
        assert!(reserve(folder.path()).is_kept());
    }
}
