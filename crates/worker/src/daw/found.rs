//! Where the sound files of a project are: by the path that the project has, beside it, in the folders that its program
//! uses, or in a folder that somebody names, by their names there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use foreign::daw::{self, Content, Project};

/// Entries of a named folder that are looked at, and how deep its sub-folders may be.
const ENTRIES_MAX: usize = 500_000;
const DEPTH_MAX: usize = 24;

/// The places in which the sound files of a project are looked for.
pub(super) struct Places {
    /// The project, and the folder that it lies in; both absolute.
    project: PathBuf,
    folder: PathBuf,
    /// The sounds of a named folder, by their names in lower case.
    named: BTreeMap<String, Vec<PathBuf>>,
    /// What lies inside the project itself, with sizes.
    inside: BTreeMap<String, u64>,
    /// Whether the project was packed with its sounds, so that they are not where it says: they are known by their names.
    is_packed: bool,
}

/// What became of the sound files of a project.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Located {
    /// Files that are nowhere.
    pub(super) n_missing: usize,
    /// Files that lie inside the project, which are to be taken out of it: paths in the project, and in the archive.
    pub(super) inside: BTreeMap<String, String>,
}

impl Places {
    /// The places of a project, and a folder to look in besides.
    pub(super) fn new(project: &Path, sounds: Option<&Path>) -> Self {
        let project = std::path::absolute(project).unwrap_or_else(|_| project.to_owned());
        let folder = project.parent().unwrap_or(Path::new("")).to_owned();
        let named = sounds.map(by_name).unwrap_or_default();
        // A project that cannot be read says so when it is opened.
        let inside = daw::files_inside(&project).unwrap_or_default();
        let is_packed = project.extension().is_some_and(|it| it.eq_ignore_ascii_case("zip"));
        Self { project, folder, named, inside, is_packed }
    }

    /// Whether a sound file lies inside the project.
    pub(super) fn is_inside(&self, audio: &str, bytes: Option<u64>) -> bool {
        self.inside(audio, bytes).is_some()
    }

    /// Where a sound file lies inside the project.
    fn inside(&self, audio: &str, bytes: Option<u64>) -> Option<&str> {
        if let Some((name, _)) = self.inside.get_key_value(audio) {
            return Some(name);
        }
        if !self.is_packed {
            return None;
        }
        let audio = audio.replace('\\', "/");
        let audio = Path::new(&audio);
        let name = audio.file_name()?;
        let has_name =
            |it: &str| Path::new(it).file_name().is_some_and(|it| it.eq_ignore_ascii_case(name));
        let likeness = |(path, size): &(&String, &u64)| {
            (bytes == Some(**size), equal_ends(Path::new(path), audio))
        };
        let named = self.inside.iter().rev().filter(|(path, _)| has_name(path));
        named.max_by_key(likeness).map(|(path, _)| path.as_str())
    }

    /// Where a sound file is, unless it lies inside the project. Of several with its name the one of its size is taken, if
    /// the project remembers that, then the one whose folders are most like those in its path.
    pub(super) fn find(&self, audio: &str, bytes: Option<u64>) -> Option<PathBuf> {
        // A project that has the sound in it means that one.
        if self.is_inside(audio, bytes) {
            return None;
        }
        // Windows writes paths with backslashes.
        let audio = audio.replace('\\', "/");
        let name = Path::new(&audio).file_name()?;
        let (folder, project) = (&self.folder, &self.project);
        let places = [
            folder.join(&audio),
            project.join("Media").join(&audio),
            project.join(&audio),
            folder.join(name),
            folder.join("Media").join(name),
            folder.join("Samples/Imported").join(name),
        ];
        places.into_iter().find(|it| it.is_file()).or_else(|| self.in_named(&audio, bytes))
    }

    fn in_named(&self, audio: &str, bytes: Option<u64>) -> Option<PathBuf> {
        let name = Path::new(audio).file_name()?.to_string_lossy().to_lowercase();
        let likeness = |path: &PathBuf| {
            let is_its_size =
                bytes.is_some() && fs::metadata(path).ok().map(|it| it.len()) == bytes;
            (is_its_size, equal_ends(path, Path::new(audio)))
        };
        // Of equals the first one is taken, whatever the order of the disk.
        self.named.get(&name)?.iter().rev().max_by_key(|path| likeness(path)).cloned()
    }
}

/// Replaces paths of sound files by where they are; says what is nowhere or inside the project.
pub(super) fn locate(places: &Places, project: &mut Project) -> Located {
    let mut known: BTreeMap<String, Option<PathBuf>> = BTreeMap::new();
    let mut located = Located::default();
    for clip in project.tracks.iter_mut().flat_map(|it| &mut it.clips) {
        if let Content::Audio { path, bytes, .. } = &mut clip.content {
            let found = known.entry(path.clone()).or_insert_with_key(|path| {
                let found = places.find(path, *bytes);
                match places.inside(path, *bytes) {
                    Some(name) => {
                        located.inside.insert(path.clone(), name.to_owned());
                    }
                    None => located.n_missing += usize::from(found.is_none()),
                }
                found
            });
            if let Some(place) = found {
                *path = place.to_string_lossy().into_owned();
            }
        }
    }
    located
}

/// Parts that two paths have in common at their ends.
fn equal_ends(a: &Path, b: &Path) -> usize {
    let pairs = a.components().rev().zip(b.components().rev());
    pairs.take_while(|(a, b)| a.as_os_str().eq_ignore_ascii_case(b.as_os_str())).count()
}

/// The sounds of a folder and of those below it, by their names in lower case. Links to folders are not followed.
fn by_name(root: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut named: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let (mut folders, mut n_seen) = (vec![(root.to_owned(), 0)], 0);
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            n_seen += 1;
            if n_seen > ENTRIES_MAX {
                return named;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(kind) = entry.file_type() else { continue };
            if api::is_hidden_name(&name) {
                continue;
            }
            if kind.is_dir() {
                if depth < DEPTH_MAX {
                    folders.push((entry.path(), depth + 1));
                }
            } else if api::is_sound_name(&name) {
                named.entry(name.to_lowercase()).or_default().push(entry.path());
            }
        }
    }
    named.values_mut().for_each(|paths| paths.sort());
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_found_beside_a_project_or_by_their_names_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for (path, bytes) in [
            ("song/Media/kick.wav", 1),
            ("elsewhere/a/Snare.WAV", 2),
            ("elsewhere/b/snare.wav", 3),
            ("elsewhere/b/hat.wav", 4),
            ("elsewhere/z/hat.wav", 4),
        ] {
            fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            fs::write(at(path), vec![0; bytes]).unwrap();
        }
        let project = at("song/song.rpp");
        let check = |sounds: Option<&Path>, audio: &str, bytes, expected: Option<&str>| {
            let found = Places::new(&project, sounds).find(audio, bytes);
            assert_eq!(found, expected.map(at), "{audio}");
        };
        let elsewhere = at("elsewhere");
        check(None, "C:\\Songs\\Audio\\kick.wav", None, Some("song/Media/kick.wav"));
        check(None, "snare.wav", None, None);
        check(Some(&elsewhere), "gone.wav", None, None);
        // By its size, else by its folder, else the first.
        check(Some(&elsewhere), "D:\\b\\snare.wav", Some(2), Some("elsewhere/a/Snare.WAV"));
        check(Some(&elsewhere), "D:\\b\\snare.wav", None, Some("elsewhere/b/snare.wav"));
        check(Some(&elsewhere), "/x/hat.wav", Some(4), Some("elsewhere/b/hat.wav"));
        check(Some(&elsewhere), "", None, None);
        check(Some(&at("nowhere")), "hat.wav", None, None);
    }

    #[test]
    fn sounds_of_a_packed_project_are_known_by_their_names() {
        let sizes = [("s/Media/Kick.wav", 1), ("s/a/hat.wav", 2), ("s/b/hat.wav", 3)];
        let inside: BTreeMap<String, u64> =
            sizes.map(|(path, bytes)| (path.to_owned(), bytes)).into_iter().collect();
        let check = |ending: &str, audio: &str, bytes, expected: Option<&str>| {
            let places = Places { inside: inside.clone(), ..Places::new(Path::new("/x/s"), None) };
            let places = Places { is_packed: ending == "zip", ..places };
            assert_eq!(places.inside(audio, bytes), expected, "{audio}");
            assert!(places.find(audio, bytes).is_none());
        };
        check("zip", "C:\\Songs\\s\\Media\\kick.wav", None, Some("s/Media/Kick.wav"));
        check("zip", "/y/b/hat.wav", None, Some("s/b/hat.wav"));
        check("zip", "/y/b/hat.wav", Some(2), Some("s/a/hat.wav"));
        check("zip", "hat.wav", None, Some("s/a/hat.wav"));
        check("zip", "../../etc/passwd", None, None);
        check("zip", "", None, None);
        // A DAWproject names what lies in it by its whole path.
        check("dawproject", "s/Media/Kick.wav", None, Some("s/Media/Kick.wav"));
        check("dawproject", "/y/b/hat.wav", None, None);
    }
}
