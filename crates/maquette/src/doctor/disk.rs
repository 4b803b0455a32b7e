//! The disk that the workspace is on.

use std::path::Path;

/// Free space for this process where a folder is, in bytes. A folder that does not exist yet is
/// looked for further up.
#[cfg(unix)]
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
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

/// Free space is not known here.
#[cfg(not(unix))]
pub(crate) fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}
