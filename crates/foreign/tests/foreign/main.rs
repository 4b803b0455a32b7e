//! Every format: known files, written and read, damaged, hostile.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audio_example;
mod daw;
mod gin;
mod hostile;
mod lmdb;
mod tfevents;

/// Writes bytes to a file in a folder of its own.
fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}
