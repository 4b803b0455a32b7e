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

/// The way from one folder to another through the folder that holds both: the relative path that an order keeps,
/// so that a workspace can be moved as a whole. Both are absolute.
pub fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
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

    #[test]
    fn relative_paths_lead_from_folder_to_folder() {
        let check = |from: &str, to: &str, expected: &str| {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(expected));
        };
        check("/w/projects/a/runs/r", "/w/projects/a/datasets/d", "../../datasets/d");
        check("/w/projects/a/runs/r", "/w/projects/b/datasets/d", "../../../b/datasets/d");
        check("/w/projects/a/datasets/d", "/w/uploads/u", "../../../../uploads/u");
        check("/w", "/w/x", "x");
    }
}
