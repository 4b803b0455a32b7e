//! The stamp of the pages' sources: tells whether `dist/` was built from the `ui/` beside it.
//!
//! Three programs use this one file: this crate's tests, its build script, and `cargo xtask ui`,
//! which writes the stamp to `dist/.stamp`. The latter two include it by its path, because this
//! crate cannot be built before `dist/` is there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What the built pages are made from, seen from `ui/`: the guide is among it, tests and their
/// pictures are not.
pub const SOURCES: [&str; 9] = [
    "../../../docs/guide",
    "index.html",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "svelte.config.js",
    "vite",
    "vite.config.ts",
];

/// Sixteen hexadecimal digits over the names and contents of the pages' sources.
///
/// FNV-1a, 64 bits (draft-eastlake-fnv): it tells a stale build from a fresh one, no more. Carriage
/// returns do not count, so that a checkout on Windows has the same stamp.
///
/// # Errors
/// When a source exists and cannot be read.
pub fn stamp(ui: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&ui.join(source), &mut files)?;
    }
    let mut named: Vec<(String, PathBuf)> =
        files.into_iter().map(|path| (name_below(ui, &path), path)).collect();
    named.sort();

    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, path) in named {
        let content = fs::read(path)?;
        let bytes = name.bytes().chain([0]).chain(content).chain([0]);
        for byte in bytes.filter(|byte| *byte != b'\r') {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}"))
}

/// Adds `path` if it is a file, and the files below it if it is a folder. Hidden ones are left out.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') || name == "node_modules" {
        return Ok(());
    }
    if path.is_file() {
        files.push(path.to_owned());
    } else if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    }
    Ok(())
}

/// The path as seen from `ui`, with the same separators everywhere.
fn name_below(ui: &Path, path: &Path) -> String {
    path.strip_prefix(ui).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
