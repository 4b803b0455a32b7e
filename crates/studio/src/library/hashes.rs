//! The SHA-256 of files, kept while these do not change.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    sync::Mutex,
    time::SystemTime,
};

use sha2::{Digest, Sha256};

use crate::{Error, shared::lock};

/// So many files are kept; beyond that all are forgotten.
const FILES_MAX: usize = 10_000;

/// What files contained when they were read last.
#[derive(Default)]
pub(crate) struct Hashes(Mutex<HashMap<PathBuf, (Stamp, String)>>);

/// What changes when a file is written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    n_bytes: u64,
    written: Option<SystemTime>,
}

impl Hashes {
    /// Whether a file is there and has this content. It is read only when it has changed since it was read last.
    pub(crate) fn is_content(&self, path: &Path, sha256: &str) -> bool {
        // Before it is opened, which would wait for somebody at the other end of a pipe.
        let Some(stamp) = fs::metadata(path).ok().filter(fs::Metadata::is_file) else {
            return false;
        };
        let stamp = Stamp { n_bytes: stamp.len(), written: stamp.modified().ok() };
        if let Some((known, is)) = lock(&self.0).get(path)
            && *known == stamp
        {
            return is == sha256;
        }
        let Ok(found) = hash_of(path) else { return false };
        let is_content = found == sha256;
        let mut kept = lock(&self.0);
        if kept.len() >= FILES_MAX {
            kept.clear();
        }
        kept.insert(path.to_owned(), (stamp, found));
        is_content
    }
}

/// The SHA-256 of a file, as the job that analyses computes it.
pub(crate) fn hash_of(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let (mut hash, mut block) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        let n = file.read(&mut block).map_err(Error::io("read", path))?;
        if n == 0 {
            break;
        }
        hash.update(&block[..n]);
    }
    let digest = hash.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_written_anew_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let hashes = Hashes::default();
        assert!(!hashes.is_content(&path, ""));
        fs::write(&path, "one").unwrap();
        let one = hash_of(&path).unwrap();
        assert!(hashes.is_content(&path, &one) && hashes.is_content(&path, &one));
        fs::write(&path, "another").unwrap();
        assert!(!hashes.is_content(&path, &one));
        assert!(hashes.is_content(&path, &hash_of(&path).unwrap()));
        assert!(!hashes.is_content(folder.path(), &one));
    }
}
