//! Paths that come from outside and must stay inside a folder.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// Whether a path leads down only: not empty, not absolute, and without `..`.
pub fn is_plain(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && !path.contains('\0') && parts.all(|it| matches!(it, Component::Normal(_)))
}

/// A file in a folder, by its path in there. Nothing for what is outside, by `..`, by an absolute path or by a
/// link, and for what is not a file.
pub fn file(folder: &Path, path: &str) -> Option<PathBuf> {
    if !is_plain(path) {
        return None;
    }
    let folder = fs::canonicalize(folder).ok()?;
    let file = fs::canonicalize(folder.join(path)).ok()?;
    (file.starts_with(&folder) && file.is_file()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_never_escape() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("run");
        fs::create_dir_all(inner.join("samples")).unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        fs::write(inner.join("samples/a b.wav"), "w").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("secret"), inner.join("link")).unwrap();
        assert!(file(&inner, "samples/a b.wav").is_some());
        let absolute = folder.path().join("secret");
        let outside =
            ["", ".", "..", "../secret", "samples/../../secret", "link", "samples", "a\0"];
        for path in outside.into_iter().chain(absolute.to_str()) {
            assert_eq!(file(&inner, path), None, "{path:?}");
        }
    }
}
