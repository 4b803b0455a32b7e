//! Verbs on projects of audio workstations: those that lie in folders of the library, and taking the sounds of one into it.
//!
//! A project is no item of the library: it has no content of its own to hear, it may be a folder, and it is read in
//! milliseconds whenever somebody opens it. So projects are found by their names when they are asked for, and opened by
//! their paths. Their sounds become items where they are.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use api::{DawFile, DawFiles, DawSoundsTaken, FolderPlace, Id, UnixMs};

use super::{
    analyses,
    folders::root_of,
    hashes::hash_of,
    name_from,
    sounds::{TAG_CHARS_MAX, TAGS_MAX},
};
use crate::{
    Error, Studio,
    shared::lock,
    store::{contents, folders, items},
    workspace::file_name,
};

/// Projects that are listed, entries that are looked at for them, and how deep folders are gone into.
const FILES_MAX: usize = 2000;
const ENTRIES_MAX: usize = 500_000;
const DEPTH_MAX: usize = 16;
/// Sounds of one project that are taken.
const SOUNDS_MAX: usize = 10_000;

/// A sound of a project, to be taken into the library.
#[derive(Clone, Debug)]
pub struct DawSoundToTake {
    /// Where it is.
    pub path: PathBuf,
    /// The tracks that use it.
    pub tracks: Vec<String>,
}

impl Studio {
    /// Projects of audio workstations that lie in folders of the library, newest first.
    ///
    /// # Errors
    /// `Store` or `Closed`; a folder that cannot be read is left out.
    pub fn daw_files(&self) -> Result<DawFiles, Error> {
        let rows = self.shared.read(folders::all)?;
        let mut found = DawFiles::default();
        let mut n_seen = 0;
        for row in rows.iter().filter(|row| self.is_shown(Some(&row.project))) {
            if matches!(row.card.place, FolderPlace::Listed { .. }) {
                continue;
            }
            look(&root_of(&self.shared, row), &mut n_seen, &mut found.left_out, &mut |path| {
                if found.projects.len() == FILES_MAX {
                    return false;
                }
                let called = file_name(path);
                let (name, ending) = called.rsplit_once('.').unwrap_or((&called, ""));
                found.projects.push(DawFile {
                    name: name.to_owned(),
                    ending: ending.to_lowercase(),
                    path: path.to_string_lossy().into_owned(),
                    folder: row.id.clone(),
                    folder_name: row.card.name.clone(),
                    modified_ms: modified_ms(path),
                });
                true
            });
        }
        // One that lies in two folders of the library is listed once.
        found.projects.sort_by(|a, b| a.path.cmp(&b.path));
        found.projects.dedup_by(|a, b| a.path == b.path);
        found.projects.sort_by(|a, b| b.modified_ms.cmp(&a.modified_ms).then(a.path.cmp(&b.path)));
        Ok(found)
    }

    /// What files of this computer are in the library; nothing for those that are not there.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn items_at(&self, paths: &[&Path]) -> Result<Vec<Option<Id>>, Error> {
        self.shared.read(|c| {
            let mut files = BTreeMap::new();
            let rows = folders::all(c)?;
            let shown: Vec<_> =
                rows.iter().filter(|row| self.is_shown(Some(&row.project))).collect();
            let mut found = Vec::with_capacity(paths.len());
            for path in paths {
                let mut id = None;
                for row in &shown {
                    let Some(inside) = path_in(&root_of(&self.shared, row), path) else { continue };
                    if !files.contains_key(&row.id) {
                        files.insert(row.id.clone(), items::of_folder(c, &row.id)?);
                    }
                    let file = files[&row.id].get(&inside);
                    id = file.filter(|it| it.is_shown && !it.is_missing).map(|it| it.id.clone());
                    if id.is_some() {
                        break;
                    }
                }
                found.push(id);
            }
            Ok(found)
        })
    }

    /// Takes sounds of a project into the library, where they are, with tags of the project and of the tracks that use them.
    /// Those that are there already get the tags.
    ///
    /// # Errors
    /// `Invalid` when there are too many; `Io` when the folder cannot be made. A sound that cannot be read is said.
    pub fn take_daw_sounds(
        &self,
        name: &str,
        sounds: &[DawSoundToTake],
    ) -> Result<DawSoundsTaken, Error> {
        if sounds.len() > SOUNDS_MAX {
            let message = format!("it uses {} sounds; {SOUNDS_MAX} can be taken", sounds.len());
            return Err(Error::invalid("path", message));
        }
        let mut taken = DawSoundsTaken::default();
        let (ours, others): (Vec<_>, Vec<_>) =
            sounds.iter().partition(|it| api::is_sound_name(&file_name(&it.path)));
        for it in others {
            let name = file_name(&it.path);
            taken.failures.push(format!("“{name}” is not a sound by its name."));
        }
        let paths: Vec<&Path> = ours.iter().map(|it| it.path.as_path()).collect();
        let there = self.items_at(&paths)?;
        let mut new = Vec::new();
        for (sound, item) in ours.iter().zip(there) {
            // What is said of a file is kept by its hash, and found there when it is analysed.
            if let Err(error) = self.tag(&sound.path, tags_of(name, &sound.tracks), item.as_ref()) {
                let name = file_name(&sound.path);
                let why = api::sentence(&error.to_string());
                taken.failures.push(format!("“{name}” could not be read: {why}"));
                continue;
            }
            match item {
                Some(_) => taken.n_known += 1,
                None => new.push(sound.path.clone()),
            }
        }
        if !new.is_empty() {
            taken.n_new = new.len() as u64;
            let id = self.list_files(&format!("Sounds of {name}"), new)?;
            taken.scan = Some(self.look_through(&[id], true)?);
        }
        Ok(taken)
    }

    /// Adds files to the folder of the library that lists those of a project, made if it is not there.
    fn list_files(&self, name: &str, new: Vec<PathBuf>) -> Result<Id, Error> {
        let _alone = lock(&self.shared.taking);
        let project = self.project_for(None);
        let name = name_from(name);
        let rows = self.shared.read(folders::all)?;
        let there = rows.into_iter().find_map(|row| match &row.card.place {
            FolderPlace::Listed { paths } if row.project == project && row.card.name == name => {
                let paths = paths.clone();
                Some((row, paths))
            }
            _ => None,
        });
        let Some((mut row, mut paths)) = there else {
            return self.make(&project, name, FolderPlace::Listed { paths: new }, |_| Ok(()));
        };
        row.card.removed.retain(|it| !new.iter().any(|new| new.to_str() == Some(it)));
        paths.extend(new);
        paths.sort();
        paths.dedup();
        row.card.place = FolderPlace::Listed { paths };
        self.save_card(&row)?;
        Ok(row.id)
    }

    /// Gives a content tags, besides those that it has.
    fn tag(&self, path: &Path, tags: Vec<String>, item: Option<&Id>) -> Result<(), Error> {
        let sha256 = hash_of(path)?;
        self.shared.change(|change| {
            let content = analyses::read_content(&self.shared, &sha256)?;
            let mut marks = content.marks;
            for tag in tags {
                if marks.tags.len() < TAGS_MAX && !marks.tags.contains(&tag) {
                    marks.tags.push(tag);
                }
            }
            analyses::write_marks(&self.shared, &sha256, &marks)?;
            if let Some(item) = item {
                let (found, edit) = (content.found.as_ref(), content.edit.as_ref());
                contents::save(change.tx, &sha256, found, edit, &marks)?;
                change.library(item);
            }
            Ok(())
        })
    }
}

/// Looks through a folder for projects and hands each to `take`, which says whether there is room. A project that is a
/// folder is not gone into; hidden ones are left out, and links to folders are not followed.
fn look(root: &Path, n_seen: &mut usize, left_out: &mut u64, take: &mut dyn FnMut(&Path) -> bool) {
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            *n_seen += 1;
            if *n_seen > ENTRIES_MAX {
                *left_out += 1;
                return;
            }
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            if api::is_hidden_name(&name) {
                continue;
            }
            // Logic Pro's are folders, all others are files.
            let is_folder = name.to_lowercase().ends_with(".logicx");
            if api::is_daw_name(&name) && (kind.is_dir() == is_folder || kind.is_symlink()) {
                *left_out += u64::from(!take(&entry.path()));
            } else if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((entry.path(), depth + 1));
            }
        }
    }
}

fn modified_ms(path: &Path) -> UnixMs {
    let modified = fs::metadata(path).and_then(|it| it.modified()).ok();
    let since = modified.and_then(|it| it.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    since.as_millis() as UnixMs
}

/// The path of a file in a folder of the library, as the folder's items are called.
fn path_in(root: &Path, path: &Path) -> Option<String> {
    if root.as_os_str().is_empty() {
        return path.to_str().map(str::to_owned);
    }
    let inside = path.strip_prefix(root).ok()?;
    // A folder may be a single file.
    if inside.as_os_str().is_empty() {
        return root.file_name()?.to_str().map(str::to_owned);
    }
    let parts: Option<Vec<&str>> = inside.components().map(|it| it.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

/// The tags of a project and its tracks, as far as they can be some.
fn tags_of(project: &str, tracks: &[String]) -> Vec<String> {
    let names = std::iter::once(project).chain(tracks.iter().map(String::as_str)).take(20);
    let mut tags: Vec<String> = Vec::new();
    for name in names {
        // Commas part tags where people type them.
        let plain = |c: char| if super::is_unprintable(c) || c == ',' { ' ' } else { c };
        let tag: String = name.chars().map(plain).take(TAG_CHARS_MAX).collect();
        let tag = tag.trim().to_owned();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_are_found_and_those_that_are_folders_are_not_gone_into() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/Song.logicx/Alternatives", "b.rpp", ".hidden", "deep/er"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        for name in [
            "a/Song.logicx/inner.rpp",
            "b.rpp/in.als",
            "One.RPP",
            "deep/er/two.dawproject",
            "file.logicx",
            ".hidden/x.rpp",
            "c.wav",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let (mut found, mut n_seen, mut left_out) = (Vec::new(), 0, 0);
        look(folder.path(), &mut n_seen, &mut left_out, &mut |path| {
            found.push(path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned());
            found.len() < 4
        });
        found.sort();
        // A folder that is called like REAPER's projects is a folder.
        assert_eq!(found, ["One.RPP", "a/Song.logicx", "b.rpp/in.als", "deep/er/two.dawproject"]);
        assert_eq!(left_out, 1);
    }

    #[test]
    fn tags_are_names_that_can_be_typed() {
        let tracks = ["Bass, left".to_owned(), " ".to_owned(), "Song".to_owned()];
        assert_eq!(tags_of("Song", &tracks), ["Song", "Bass  left"]);
        assert_eq!(tags_of("", &[]), [""; 0]);
        assert_eq!(tags_of(&"é".repeat(100), &[])[0].chars().count(), TAG_CHARS_MAX);
    }

    #[test]
    fn files_have_the_path_of_their_item() {
        let check = |root: &str, path: &str, expected: Option<&str>| {
            let found = path_in(Path::new(root), Path::new(path));
            assert_eq!(found.as_deref(), expected, "{root} {path}");
        };
        check("/a", "/a/b/c.wav", Some("b/c.wav"));
        check("/a/c.wav", "/a/c.wav", Some("c.wav"));
        check("/a", "/ab/c.wav", None);
        check("", "/a/c.wav", Some("/a/c.wav"));
    }
}
