//! Files that a command writes: none is overwritten by accident, and each is written whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::Problem;

use crate::client::{Client, Refused};

/// Copies a file of the studio, whole or not at all, and says in words why it cannot be written.
pub(crate) fn download(client: &Client, path: &str, output: &Path) -> anyhow::Result<()> {
    copy(client, path, output).map_err(|error| cannot_write(output, error))
}

/// [`download`] through a writer that can report progress.
pub(crate) fn download_with<W: Write>(
    client: &Client,
    path: &str,
    output: &Path,
    with: impl FnOnce(File) -> W,
) -> anyhow::Result<()> {
    copy_with(client, path, output, with).map_err(|error| cannot_write(output, error))
}

/// Copies a file of the studio, whole or not at all.
pub(crate) fn copy(client: &Client, path: &str, output: &Path) -> anyhow::Result<()> {
    copy_with(client, path, output, |file| file)
}

/// The file that becomes an output once it is whole.
pub(crate) fn part_of(output: &Path) -> anyhow::Result<PathBuf> {
    let name = output.file_name().context("failed to find a file name in the output path")?;
    Ok(output.with_file_name(format!(".{}.part", name.to_string_lossy())))
}

fn copy_with<W: Write>(
    client: &Client,
    path: &str,
    output: &Path,
    with: impl FnOnce(File) -> W,
) -> anyhow::Result<()> {
    whole(output, |file| {
        client.download(path, &mut with(file.try_clone().context("failed to open the file")?))
    })
}

/// Writes a small file, whole or not at all, and says in words why it cannot be written.
pub(crate) fn write(output: &Path, text: &str) -> anyhow::Result<()> {
    let written =
        whole(output, |file| file.write_all(text.as_bytes()).context("failed to write the file"));
    written.map_err(|error| cannot_write(output, error))
}

/// Writes a file under a temporary name, syncs it, and renames it.
///
/// The studio's own files are written by `job::whole`. That is not used here because the command may not depend on
/// `job`, and because an output is in a folder of the user's, where its temporary file should be hidden.
fn whole(output: &Path, write: impl FnOnce(&mut File) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let part = part_of(output)?;
    let written = File::create(&part).context("failed to create a file").and_then(|mut file| {
        write(&mut file)?;
        file.flush().and_then(|()| file.sync_all()).context("failed to write the file")?;
        fs::rename(&part, output).context("failed to rename the file")
    });
    if written.is_err() {
        // It may never have been created.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Why a file could not be written, and what to do about it, for the common errors of the system.
pub(crate) fn cannot_write(output: &Path, error: anyhow::Error) -> anyhow::Error {
    use io::ErrorKind as Kind;
    let found = error.chain().find_map(|it| it.downcast_ref::<io::Error>());
    let (why, remedy) = match found.map(io::Error::kind) {
        Some(Kind::StorageFull | Kind::QuotaExceeded) => {
            (api::DISK_IS_FULL, "Free some space there, or choose another folder.")
        }
        Some(Kind::PermissionDenied | Kind::ReadOnlyFilesystem) => {
            ("You do not have permission to write there.", "Choose another folder.")
        }
        Some(Kind::NotFound | Kind::NotADirectory) => {
            ("The folder does not exist.", "Create it, or choose another one.")
        }
        _ => return error.context(format!("failed to write {}", output.display())),
    };
    not_written(output, "not_written", why, remedy).into()
}

/// The extension of an output, if it is one of these.
pub(crate) fn ending(
    output: &Path,
    endings: &'static [&'static str],
) -> Result<&'static str, Refused> {
    let found = output.extension().unwrap_or_default();
    endings.iter().copied().find(|ending| found.eq_ignore_ascii_case(ending)).ok_or_else(|| {
        let why = format!("The file name must end in .{}.", endings.join(" or ."));
        not_written(output, "wrong_ending", &why, "Change the file name.")
    })
}

/// Checks, before anything is computed, that input and output differ and nothing would be overwritten.
pub(crate) fn check(input: &Path, output: &Path, force: bool) -> Result<(), Refused> {
    let refuse = |code, why, remedy| Err(not_written(output, code, why, remedy));
    if !input.is_file() {
        return refuse("not_a_file", "The input is not a file.", "Choose a single file.");
    }
    if fs::canonicalize(output).is_ok_and(|output| output == input) {
        return refuse("same_file", "This is the input file.", "Choose another output.");
    }
    check_place(output, force)
}

/// Checks that the output can be written and overwrites nothing unless that was asked for.
pub(crate) fn check_place(output: &Path, force: bool) -> Result<(), Refused> {
    let refuse = |code, why, remedy| Err(not_written(output, code, why, remedy));
    if output.is_dir() {
        return refuse("is_a_folder", "There is a folder with this name.", "Choose a file name.");
    }
    if output.exists() && !force {
        let remedy = "Choose another file, or add --force to overwrite it.";
        return refuse("exists", "The file already exists.", remedy);
    }
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return refuse("no_folder", "Its folder does not exist.", "Create the folder first.");
    }
    Ok(())
}

/// The error that an output was not written.
pub(crate) fn not_written(output: &Path, code: &str, why: &str, remedy: &str) -> Refused {
    let what = format!("“{}” was not written.", output.display());
    refused(code, what, why, remedy)
}

/// The error that a command cannot do what was asked.
pub(crate) fn refused(code: &str, what: String, why: &str, remedy: &str) -> Refused {
    Refused(Problem {
        code: code.to_owned(),
        what,
        why: (!why.is_empty()).then(|| why.to_owned()),
        remedy: Some(remedy.to_owned()),
        fields: vec![],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_by_accident() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().canonicalize().unwrap().join(name);
        fs::write(path("in.wav"), "").unwrap();
        fs::write(path("there.npy"), "").unwrap();
        let check = |input: &str, output: &str, force: bool, expected: Option<&str>| {
            let refused = check(&path(input), &path(output), force).err();
            assert_eq!(refused.map(|it| it.0.code).as_deref(), expected, "{output}");
        };
        check("in.wav", "new.npy", false, None);
        check("in.wav", "there.npy", false, Some("exists"));
        check("in.wav", "there.npy", true, None);
        check("in.wav", "in.wav", true, Some("same_file"));
        check("in.wav", "nowhere/new.npy", false, Some("no_folder"));
        check(".", "new.npy", false, Some("not_a_file"));
    }

    #[test]
    fn outputs_have_a_known_ending() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(ending(Path::new(name), &["wav", "npy"]).ok(), expected, "{name}");
        };
        check("a.wav", Some("wav"));
        check("a.NPY", Some("npy"));
        check("a.mp3", None);
        check("npy", None);
    }
}
