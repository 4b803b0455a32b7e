//! Commands that take a file or a folder of sounds and write as many: where each goes, and what failed.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::Problem;
use serde::Serialize;

use super::{
    Console, absolute,
    generated::free_file,
    output::{self, refused},
    style::{DEPTH_MAX, FILES_MAX, sounds_in},
    terminal, words,
};
use crate::client::Refused;

/// A file that is read, and the one that is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) input: PathBuf,
    pub(super) output: PathBuf,
}

/// How a batch is named.
pub(super) struct Naming<'a> {
    /// The extension of what is written.
    pub(super) extension: &'a str,
    /// `{name}`, `{n}` and `{folder}` stand for the file's name, its number and its folder.
    pub(super) pattern: Option<&'a str>,
    /// Whether files that are there may be overwritten.
    pub(super) force: bool,
}

/// What is read and where it goes: a file to a file, or every sound of a folder to a folder, in the same sub-folders.
pub(super) fn pairs(input: &Path, output: &Path, naming: &Naming<'_>) -> anyhow::Result<Vec<Pair>> {
    let input = absolute(input)?;
    if !input.is_dir() {
        let into_folder = output.is_dir() || naming.pattern.is_some();
        let output = match into_folder {
            false => output.to_owned(),
            true => {
                let name = input.file_name().unwrap_or_default();
                output.join(name_of(Path::new(name), 1, naming))
            }
        };
        if into_folder {
            make_folder_of(&output)?;
        }
        output::check(&input, &output, naming.force)?;
        return Ok(vec![Pair { input, output }]);
    }
    let made_before = fs::canonicalize(output).ok();
    let mut files = vec![];
    sounds_in(&input, made_before.as_deref(), DEPTH_MAX, &mut files)?;
    files.sort();
    let (why, remedy) = match files.len() {
        0 => ("It holds no sound files.".to_owned(), "Choose another folder."),
        n if n > FILES_MAX => (
            format!("It holds more than {}.", words::n_of(FILES_MAX, "file")),
            "Choose one of its sub-folders at a time.",
        ),
        _ => {
            let mut taken = BTreeSet::new();
            let mut pairs = vec![];
            for (i, file) in files.into_iter().enumerate() {
                let below = file.strip_prefix(&input).unwrap_or(&file);
                let place = free_file(output.join(name_of(below, i + 1, naming)), &taken);
                taken.insert(place.clone());
                pairs.push(Pair { input: file, output: place });
            }
            for pair in &pairs {
                if fs::canonicalize(&pair.output).is_ok_and(|it| it == pair.input) {
                    output::check(&pair.input, &pair.output, naming.force)?;
                }
                if pair.output.exists() {
                    output::check_place(&pair.output, naming.force)?;
                }
            }
            return Ok(pairs);
        }
    };
    let what = format!("“{}” cannot be worked on.", input.display());
    Err(refused("no_sounds", what, &why, remedy).into())
}

/// The place of a file below the output.
fn name_of(below: &Path, number: usize, naming: &Naming<'_>) -> PathBuf {
    let stem = below.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = below.parent().unwrap_or(Path::new(""));
    let Some(pattern) = naming.pattern else {
        return folder.join(format!("{stem}.{}", naming.extension));
    };
    let folder_name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = pattern
        .replace("{n}", &format!("{number:03}"))
        .replace("{folder}", &folder_name)
        .replace("{name}", &stem);
    // A name is no path.
    let name = name.replace(['/', '\\'], "-");
    folder.join(format!("{name}.{}", naming.extension))
}

fn make_folder_of(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        None => Ok(()),
        Some(folder) => fs::create_dir_all(folder)
            .with_context(|| format!("failed to create {}", folder.display())),
    }
}

/// Does one thing to every file; a file that fails does not stop the others.
///
/// # Errors
/// When a single file failed, its problem; when all of many failed, the first one's.
pub(super) fn each<T: Serialize>(
    pairs: &[Pair],
    console: &Console,
    act: impl Fn(&Pair) -> Result<T, Problem>,
    words_of: impl Fn(&T) -> String,
) -> anyhow::Result<()> {
    if let [pair] = pairs {
        let made = act(pair).map_err(Refused)?;
        return console.terminal.result(&made, || words_of(&made));
    }
    let mut files = vec![];
    let mut failed: Vec<Problem> = vec![];
    for (i, pair) in pairs.iter().enumerate() {
        console.terminal.progress(&format!(
            "{} of {}: {}",
            i + 1,
            pairs.len(),
            pair.input.display()
        ));
        make_folder_of(&pair.output)?;
        match act(pair) {
            Ok(made) => {
                console.terminal.erase();
                if !console.terminal.is_json() {
                    console.terminal.result(&made, || words_of(&made))?;
                }
                files.push(serde_json::to_value(&made).context("failed to write JSON")?);
            }
            Err(problem) => {
                console.terminal.note(terminal::words(&problem).trim_end());
                let file = pair.input.display().to_string();
                files.push(serde_json::json!({ "file": file, "problem": problem }));
                failed.push(problem);
            }
        }
    }
    console.terminal.erase();
    if console.terminal.is_json() {
        console.terminal.json(&serde_json::json!({ "files": files, "failed": failed.len() }))?;
    } else {
        let done = words::n_of(pairs.len() - failed.len(), "file");
        console.terminal.line(&format!("{done} written, {} failed", failed.len()))?;
    }
    match failed.into_iter().next() {
        Some(problem) if !files.iter().any(|file| file.get("problem").is_none()) => {
            Err(Refused(problem).into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(pattern: Option<&str>) -> Naming<'_> {
        Naming { extension: "flac", pattern, force: false }
    }

    #[test]
    fn names_follow_the_pattern() {
        let check = |below: &str, pattern: Option<&str>, expected: &str| {
            let found = name_of(Path::new(below), 7, &naming(pattern));
            assert_eq!(found, Path::new(expected), "{below} {pattern:?}");
        };
        check("a.wav", None, "a.flac");
        check("kit/a.b.wav", None, "kit/a.b.flac");
        check("kit/a.wav", Some("{n}-{folder}-{name}"), "kit/007-kit-a.flac");
        check("a.wav", Some("../{name}"), "..-a.flac");
        check("{n}.wav", Some("{name}"), "{n}.flac");
    }

    #[test]
    fn a_folder_goes_into_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for file in ["in/a.wav", "in/b/a.mp3", "in/b/a.wav", "in/.c.wav", "in/d.txt"] {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        let output = root.join("out");
        let found = pairs(&root.join("in"), &output, &naming(None)).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|it| it.output.strip_prefix(&output).unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(found, ["a.flac", "b/a.flac", "b/a-2.flac"]);
        // A file to a file, or into a folder that is there.
        let one = pairs(&root.join("in/a.wav"), &root.join("x.flac"), &naming(None)).unwrap();
        assert_eq!(one[0].output, root.join("x.flac"));
        let one = pairs(&root.join("in/a.wav"), &root, &naming(None)).unwrap();
        assert_eq!(one[0].output, root.join("a.flac"));
        fs::write(root.join("a.flac"), "").unwrap();
        assert!(pairs(&root.join("in/a.wav"), &root, &naming(None)).is_err());
        fs::create_dir(root.join("empty")).unwrap();
        assert!(pairs(&root.join("empty"), &output, &naming(None)).is_err());
    }
}
