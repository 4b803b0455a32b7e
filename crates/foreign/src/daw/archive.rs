//! ZIP archives: what lies in one, and the project in one that somebody packed with its sounds.
//!
//! Nothing is unpacked to read a project: its file is read out of the archive, and sounds are taken out one by one by
//! who wants them. Names in an archive are never used as paths.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self as stream, Read, Write};
use std::path::Path;

use zip::ZipArchive;

use super::{Project, ableton, logic, reaper};
use crate::Error;
use crate::error::{Position, io, malformed, unsupported};

/// Files in an archive that are looked at.
const FILES_MAX: usize = 100_000;

/// A program's file in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reaper,
    Ableton,
    Logic,
    Dawproject,
}

/// Reads the project that was packed with its sounds: the one that lies least deep, beside backups.
pub(super) fn read(path: &Path) -> Result<Project, Error> {
    let mut archive = opened(path)?;
    let names: Vec<String> = files(path, &mut archive)?.into_keys().collect();
    let (kind, name) = project_among(path, &names)?;
    let mut list = |name: String| {
        entry(path, &mut archive, &name).map_or_else(|_| BTreeMap::new(), logic::property_list)
    };
    match kind {
        Kind::Logic => {
            let (folder, data) = name.rsplit_once("/Alternatives/").unwrap_or(("", &name));
            let alternative = data.rsplit_once('/').map_or("", |it| it.0);
            let version = list(format!("{folder}/Resources/ProjectInformation.plist"));
            let song = list(format!("{folder}/Alternatives/{alternative}/MetaData.plist"));
            let mut project = logic::read_from(path, entry(path, &mut archive, &name)?)?;
            logic::described(&version, &song, &mut project);
            Ok(project)
        }
        Kind::Reaper => reaper::read_from(path, entry(path, &mut archive, &name)?),
        Kind::Ableton => ableton::read_from(path, entry(path, &mut archive, &name)?),
        Kind::Dawproject => {
            Err(unsupported(path, format!("an archive in an archive (“{name}” in a .zip)")))
        }
    }
}

/// The files that lie in an archive, by their paths in it, with their sizes; without text of projects and what systems
/// hide in it.
pub(super) fn inside(path: &Path) -> Result<BTreeMap<String, u64>, Error> {
    files(path, &mut opened(path)?)
}

/// Writes a file that lies in an archive to `out`; gives its size.
pub(super) fn take_out(
    path: &Path,
    name: &str,
    most: u64,
    out: &mut dyn Write,
) -> Result<u64, Error> {
    let mut archive = opened(path)?;
    let entry = entry(path, &mut archive, name)?;
    let n = stream::copy(&mut entry.take(most + 1), out).map_err(io(path))?;
    if n > most {
        return Err(unsupported(path, format!("a file in it with more than {} MiB", most >> 20)));
    }
    Ok(n)
}

/// Opens an archive.
pub(super) fn opened(path: &Path) -> Result<ZipArchive<File>, Error> {
    let file = File::open(path).map_err(io(path))?;
    ZipArchive::new(file).map_err(|error| broken(path, &error))
}

/// The content of a file in an archive.
pub(super) fn entry<'a>(
    path: &Path,
    archive: &'a mut ZipArchive<File>,
    name: &str,
) -> Result<impl Read + use<'a>, Error> {
    archive.by_name(name).map_err(|error| broken(path, &error))
}

fn broken(path: &Path, error: &zip::result::ZipError) -> Error {
    malformed(path, Position::Byte(0), format!("it is no archive as it should be: {error}"))
}

fn files(path: &Path, archive: &mut ZipArchive<File>) -> Result<BTreeMap<String, u64>, Error> {
    let mut found = BTreeMap::new();
    for i in 0..archive.len().min(FILES_MAX) {
        let entry = archive.by_index_raw(i).map_err(|error| broken(path, &error))?;
        let name = entry.name();
        let is_hidden = |part: &str| part.starts_with('.') || part == "__MACOSX";
        if entry.is_file() && !name.ends_with(".xml") && !name.split('/').any(is_hidden) {
            found.insert(name.to_owned(), entry.size());
        }
    }
    Ok(found)
}

/// The file of the project among those of an archive.
fn project_among(path: &Path, names: &[String]) -> Result<(Kind, String), Error> {
    // For each project, how deep it lies and what it is called, its kind, and the file to read.
    let mut found: BTreeMap<(usize, &str), (Kind, &str)> = BTreeMap::new();
    for name in names {
        let Some((kind, project)) = project_of(name) else { continue };
        let depth = project.matches('/').count();
        // Names come in order, so it is the first of the alternatives of a project of Logic Pro.
        found.entry((depth, project)).or_insert((kind, name));
    }
    let Some((&(depth, _), &(kind, name))) = found.first_key_value() else {
        let reason = "there is no project in it that ends in .rpp, .als or .logicx";
        return Err(malformed(path, Position::Byte(0), reason));
    };
    let same: Vec<&str> = found.keys().filter(|it| it.0 == depth).map(|it| it.1).take(4).collect();
    match same.len() {
        1 => Ok((kind, name.to_owned())),
        _ => Err(unsupported(
            path,
            format!("an archive with several projects ({})", same.join(", ")),
        )),
    }
}

/// Which project a file is, and what that is called: of Logic Pro's the folder.
fn project_of(name: &str) -> Option<(Kind, &str)> {
    let has = |text: &str, ending: &str| {
        let at = text.len().checked_sub(ending.len());
        at.is_some_and(|at| text.is_char_boundary(at) && text[at..].eq_ignore_ascii_case(ending))
    };
    if let Some((folder, data)) = name.rsplit_once("/Alternatives/") {
        let is_data = data.split_once('/').is_some_and(|it| it.1 == "ProjectData");
        return (is_data && has(folder, ".logicx")).then_some((Kind::Logic, folder));
    }
    // Live keeps earlier states of a set there.
    if name.split('/').any(|it| it.eq_ignore_ascii_case("Backup")) {
        return None;
    }
    let kinds =
        [(".rpp", Kind::Reaper), (".als", Kind::Ableton), (".dawproject", Kind::Dawproject)];
    kinds.into_iter().find(|it| has(name, it.0)).map(|it| (it.1, name))
}

#[cfg(test)]
mod tests;
