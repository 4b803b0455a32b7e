//! Sounds that lie inside a project are taken out of it, into a folder beside what is written.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use api::Problem;
use foreign::daw::{self, Content, Project};

use super::cannot;

/// The most bytes of all sounds that are taken out of one project.
const BYTES_MAX: u64 = 64 << 30;

/// Takes sounds out of a project, and says in it where they are; gives the files. `names` has for each path in the
/// project the one in the archive.
///
/// # Errors
/// When one is damaged or too large, or cannot be written: what happened, and what to do.
pub(super) fn take_out(
    input: &Path,
    output: &Path,
    names: &BTreeMap<String, String>,
    project: &mut Project,
) -> Result<Vec<PathBuf>, Problem> {
    // Of stems inside their folder, else beside the project that is written.
    let folder = match output.extension() {
        None => output.join("sounds"),
        Some(_) => {
            let stem = output.file_stem().unwrap_or_default().to_string_lossy();
            output.with_file_name(format!("{stem} sounds"))
        }
    };
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    fs::create_dir_all(&folder).map_err(|it| cannot(&folder, &it.to_string()))?;
    let mut places: BTreeMap<&str, PathBuf> = BTreeMap::new();
    let mut left = BYTES_MAX;
    for name in names.values() {
        if places.contains_key(name.as_str()) {
            continue;
        }
        let path = free(&folder, name, &places);
        let mut file = File::create(&path).map_err(|it| cannot(&path, &it.to_string()))?;
        let written = daw::take_out(input, name, left, &mut file);
        left -= written.map_err(|it| cannot(&path, &format!("failed to {it}")))?;
        places.insert(name, path);
    }
    for clip in project.tracks.iter_mut().flat_map(|it| &mut it.clips) {
        if let Content::Audio { path, .. } = &mut clip.content
            && let Some(place) = names.get(path).and_then(|name| places.get(name.as_str()))
        {
            *path = place.to_string_lossy().into_owned();
        }
    }
    Ok(places.into_values().collect())
}

/// A path in a folder by the last part of a name, without anything that leads elsewhere; numbered where another has it.
fn free(folder: &Path, name: &str, taken: &BTreeMap<&str, PathBuf>) -> PathBuf {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_odd = |c: char| c.is_control() || "<>:\"/\\|?*".contains(c);
    let plain: String =
        last.chars().map(|c| if is_odd(c) { '_' } else { c }).rev().take(120).collect();
    let plain: String = plain.chars().rev().collect();
    let plain = plain.trim_start_matches('.').trim();
    let plain = if plain.is_empty() { "sound" } else { plain };
    let numbered = (2..).map(|n| format!("{n} {plain}"));
    let mut names = std::iter::once(plain.to_owned()).chain(numbered).map(|it| folder.join(it));
    names
        .find(|path| taken.values().all(|it| it != path))
        .expect("there are more numbers than names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else_and_are_not_taken_twice() {
        let folder = Path::new("/f");
        let check = |name: &str, expected: &str| {
            assert_eq!(free(folder, name, &BTreeMap::new()), folder.join(expected), "{name}");
        };
        check("audio/kick.wav", "kick.wav");
        check("../../etc/passwd", "passwd");
        check("a\\..", "sound");
        check("..", "sound");
        check("audio/", "sound");
        check("a/x:y?.wav", "x_y_.wav");
        let taken = BTreeMap::from([("a/k.wav", folder.join("k.wav"))]);
        assert_eq!(free(folder, "b/k.wav", &taken), folder.join("2 k.wav"));
    }
}
