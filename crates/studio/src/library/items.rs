//! Verbs on the sounds of the library: searching, what is said of them, what was found in them and is corrected.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use api::{
    AnalysisEdit, DatasetIndex, Id, LibraryItem, LibraryItemChange, LibraryItemDetail, LibraryPage,
    LibraryWord, Peaks, SoundCard, SoundChange,
};
use job::{Shelf, files};
use rusqlite::Connection;

use super::{
    analyses::{self, Content},
    changes, corrections, film_items,
    folders::{file_of, root_of, set_removed},
    search,
    sounds::valid_tags,
};
use crate::{
    Error, Studio,
    shared::Shared,
    store::{
        contents, folders,
        items::{self, Place, Wanted},
    },
};

/// The most sounds that one answer holds.
pub(super) const PAGE_MAX: u64 = 500;
/// Pairs of peaks that are read: of ten hours.
const PEAKS_MAX: u64 = 8_000_000;

/// What is listed.
#[derive(Clone, Debug, Default)]
pub struct LibraryAsk {
    /// The search, as it was typed.
    pub query: String,
    /// The order, like `tempo`, or `-tempo` for the other way round; newest first where it is empty.
    pub sort: String,
    /// How many to leave out at the start.
    pub offset: u64,
    /// How many to list, 500 at most.
    pub limit: u64,
    /// Only these sounds, if that is said.
    pub only: Option<Vec<Id>>,
}

impl Studio {
    /// Sounds and MIDI files of the library that pass a search, or films, if it asks for those. One that compares with a sound puts the most similar ones first, unless
    /// another order is asked for.
    ///
    /// # Errors
    /// `Invalid` when the search or the order makes no sense.
    pub fn library_items(&self, ask: &LibraryAsk) -> Result<LibraryPage, Error> {
        let search = search::parse(&ask.query)?;
        let (is_down, sort) = match ask.sort.strip_prefix('-') {
            Some(sort) => (true, sort),
            None => (false, ask.sort.as_str()),
        };
        if !sort.is_empty() && items::sorts().all(|word| word != sort) {
            let all: Vec<&str> = items::sorts().collect();
            let message = format!("`{sort}` is no order; use {}", all.join(", "));
            return Err(Error::invalid("sort", message));
        }
        if search.like.is_none() && film_items::asks_for_films(&search) {
            return self.film_items(&search, (sort, is_down), ask);
        }
        let wanted = Wanted {
            project: self.project.as_ref(),
            terms: &search.terms,
            sort: Some(sort).filter(|it| !it.is_empty()),
            is_down,
            only: ask.only.as_deref(),
        };
        let part = (ask.offset, ask.limit.min(PAGE_MAX));
        if let Some(like) = &search.like {
            return self.items_like(like, &wanted, part);
        }
        self.shared.read(|c| {
            let (total, mut items) = items::search(c, &wanted, part)?;
            set_paths(&self.shared, c, &mut items)?;
            Ok(LibraryPage { total, items })
        })
    }

    /// Tags, collections, keys and formats that sounds of the library have, with how many have each.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn library_words(&self) -> Result<Vec<LibraryWord>, Error> {
        let words = self.shared.read(|c| items::words(c, self.project.as_ref()))?;
        let word = |(field, word, n_sounds)| LibraryWord { field, word, n_sounds };
        Ok(words.into_iter().map(word).collect())
    }

    /// One sound, with all that was found in it; of a film, what lists say of it.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn library_item(&self, id: &Id) -> Result<LibraryItemDetail, Error> {
        match self.sound_item(id) {
            Err(missing @ Error::NotFound { .. }) => {
                let item = self.film_item(id).map_err(|_| missing)?;
                Ok(LibraryItemDetail {
                    item,
                    folder_name: None,
                    analysis: None,
                    found: None,
                    edit: None,
                    changed_from: None,
                })
            }
            found => found,
        }
    }

    fn sound_item(&self, id: &Id) -> Result<LibraryItemDetail, Error> {
        let (item, folder_name, place) = self.shared.read(|c| {
            let place = find(c, id)?;
            let item = items::find(c, id)?;
            let mut item = item.ok_or_else(|| Error::not_found("sound", id))?;
            set_paths(&self.shared, c, std::slice::from_mut(&mut item))?;
            let folder = item.folder.as_ref().map(|it| folders::find(c, it)).transpose()?;
            Ok((item, folder.flatten().map(|row| row.card.name), place))
        })?;
        let Content { found, edit, .. } = match &item.sha256 {
            Some(sha256) => analyses::read_content(&self.shared, sha256)?,
            None => Content::default(),
        };
        let with_file = |found| api::Analysis { file: item.path.clone(), ..found };
        let found = found.map(with_file);
        let applied = |found: &api::Analysis| {
            edit.as_ref().map_or_else(|| found.clone(), |edit| edit.applied_to(found))
        };
        let analysis = found.as_ref().map(applied);
        let changed_from = changes::made_from(&self.shared, &place);
        Ok(LibraryItemDetail { item, folder_name, analysis, found, edit, changed_from })
    }

    /// Rates a sound, gives it tags, or puts it into collections. Equal files have that in common.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when a value cannot be used; `Conflict` while its file was not read yet;
    /// `Io` when it cannot be written.
    pub fn change_library_item(
        &self,
        id: &Id,
        new: &LibraryItemChange,
    ) -> Result<LibraryItemDetail, Error> {
        if new.rating.is_some_and(|rating| rating > 5) {
            return Err(Error::invalid("rating", "use 1 to 5, or 0 for none"));
        }
        let tags = new.tags.as_deref().map(valid_tags).transpose()?;
        let collections = new.collections.as_deref().map(valid_tags).transpose()?;
        let place = self.shared.read(|c| find(c, id))?;
        // Tags of what was made here stand with the sound, where the other pages show them.
        let (own_tags, made_tags) = match place.folder {
            Some(_) => (tags, None),
            None => (None, tags),
        };
        if let Some(tags) = made_tags {
            let change = SoundChange { tags: Some(tags), ..SoundChange::default() };
            self.change_sound(id, &change)?;
        }
        if own_tags.is_some() || collections.is_some() || new.rating.is_some() {
            let sha256 = hash_of(&place, "mark")?;
            self.shared.change(|change| {
                let Content { found, edit, mut marks } =
                    analyses::read_content(&self.shared, sha256)?;
                marks.rating = new.rating.unwrap_or(marks.rating);
                marks.tags = own_tags.unwrap_or(marks.tags);
                marks.collections = collections.unwrap_or(marks.collections);
                analyses::write_marks(&self.shared, sha256, &marks)?;
                contents::save(change.tx, sha256, found.as_ref(), edit.as_ref(), &marks)?;
                change.library(id);
                Ok(())
            })?;
        }
        self.library_item(id)
    }

    /// Corrects what was found in a sound; without a correction, it is as it was found again.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when a value cannot be used; `Conflict` before it is analysed; `Io` when
    /// it cannot be written.
    pub fn edit_library_item(
        &self,
        id: &Id,
        edit: Option<AnalysisEdit>,
    ) -> Result<LibraryItemDetail, Error> {
        let place = self.shared.read(|c| find(c, id))?;
        let sha256 = hash_of(&place, "correct")?;
        let Content { found, .. } = analyses::read_content(&self.shared, sha256)?;
        let Some(found) = found else {
            return Err(Error::conflict(
                format!("correct “{}”", place.name),
                "it is not analysed yet",
                "analyse it first",
            ));
        };
        let edit = edit.map(|edit| corrections::valid(edit, found.seconds)).transpose()?;
        let edit = edit.filter(|edit| !edit.is_empty());
        self.shared.change(|change| {
            let marks = analyses::read_content(&self.shared, sha256)?.marks;
            analyses::write_edit(&self.shared, sha256, edit.as_ref())?;
            contents::save(change.tx, sha256, Some(&found), edit.as_ref(), &marks)?;
            change.library(id);
            Ok(())
        })?;
        self.library_item(id)
    }

    /// Takes a sound out of the library: what was made here goes to the trash; a file stays where it is, and is not listed
    /// any more. One that is missing is forgotten.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when that cannot be written.
    pub fn remove_library_item(&self, id: &Id) -> Result<(), Error> {
        let place = self.shared.read(|c| find(c, id))?;
        let Some(folder) = &place.folder else { return self.delete_sound(id) };
        self.shared.change(|change| {
            if place.is_missing {
                // There is nothing to list any more; should the file come back, it is found as a new one.
                items::forget_file(change.tx, id)?;
                change.library(id);
                return Ok(());
            }
            set_removed(&self.shared, change, folder, &place.path, true)?;
            items::show(change.tx, id, false)?;
            change.library(id);
            Ok(())
        })
    }

    /// Lists a sound again that was taken out of the library.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn restore_library_item(&self, id: &Id) -> Result<LibraryItemDetail, Error> {
        let place = self.shared.read(|c| items::removed_place(c, id))?;
        match place.as_ref().and_then(|it| Some((it, it.folder.as_ref()?))) {
            None => self.restore_sound(id).map(drop)?,
            Some((place, folder)) => self.shared.change(|change| {
                set_removed(&self.shared, change, folder, &place.path, false)?;
                items::show(change.tx, id, true)?;
                change.library(id);
                Ok(())
            })?,
        }
        self.library_item(id)
    }

    /// The file of a sound or a film.
    ///
    /// # Errors
    /// `NotFound` when there is no such item, or the file is not there.
    pub fn library_item_file(&self, id: &Id) -> Result<PathBuf, Error> {
        let path = match self.shared.read(|c| path_of(&self.shared, c, &find(c, id)?)) {
            Err(missing @ Error::NotFound { .. }) => {
                self.film_item(id).map_err(|_| missing)?.path.into()
            }
            path => path?,
        };
        match path.is_file() {
            true => Ok(path),
            false => Err(Error::NotFound { what: "file", id: path.to_string_lossy().into_owned() }),
        }
    }

    /// The shape of a sound, of so many pairs at most if that is said; empty before it is analysed.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its shape cannot be read.
    pub fn library_item_peaks(&self, id: &Id, n_max: Option<u32>) -> Result<Peaks, Error> {
        let place = self.shared.read(|c| find(c, id))?;
        let peaks = match place.folder {
            None => self.sound_peaks(id)?,
            Some(_) => self.file_peaks(&place)?,
        };
        Ok(n_max.map_or_else(|| peaks.clone(), |n_max| coarser(&peaks, n_max)))
    }

    fn file_peaks(&self, place: &Place) -> Result<Peaks, Error> {
        let mut peaks = Peaks {
            rate_hz: 0,
            n_samples: 0,
            block: DatasetIndex::PEAK_BLOCK,
            min: Vec::new(),
            max: Vec::new(),
        };
        let Some(sha256) = &place.sha256 else { return Ok(peaks) };
        let Content { found, .. } = analyses::read_content(&self.shared, sha256)?;
        let kept = analyses::kept_in(&self.shared, sha256);
        let (Some(found), Some(folder)) = (found, kept) else { return Ok(peaks) };
        let bytes = read_peaks(&folder.join(files::PEAKS))?;
        peaks.rate_hz = found.rate_hz;
        peaks.n_samples = (found.seconds * f64::from(found.rate_hz)).round() as u64;
        for pair in bytes.chunks_exact(2) {
            peaks.min.push(pair[0].cast_signed());
            peaks.max.push(pair[1].cast_signed());
        }
        Ok(peaks)
    }
}

/// The same shape in fewer pairs: each is the extremes of some.
fn coarser(peaks: &Peaks, n_max: u32) -> Peaks {
    let factor = peaks.min.len().div_ceil(n_max.max(1) as usize).max(1);
    let all = |values: &[i8], extreme: fn(i8, i8) -> i8| -> Vec<i8> {
        values.chunks(factor).filter_map(|some| some.iter().copied().reduce(extreme)).collect()
    };
    Peaks {
        block: peaks.block.saturating_mul(u32::try_from(factor).unwrap_or(u32::MAX)),
        min: all(&peaks.min, Ord::min),
        max: all(&peaks.max, Ord::max),
        ..peaks.clone()
    }
}

fn read_peaks(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(PEAKS_MAX * 2).read_to_end(&mut bytes)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("read", path)(error))
        }
        _ => Ok(bytes),
    }
}

/// Where a sound that is shown is.
pub(super) fn find(connection: &Connection, id: &Id) -> Result<Place, Error> {
    items::place(connection, id)?.ok_or_else(|| Error::not_found("sound", id))
}

/// The hash of a sound's file, which everything that is said of it is kept by.
fn hash_of<'a>(place: &'a Place, verb: &str) -> Result<&'a str, Error> {
    place.sha256.as_deref().ok_or_else(|| {
        Error::conflict(
            format!("{verb} “{}”", place.name),
            "its file was not read yet",
            "wait until it is analysed, or analyse it",
        )
    })
}

fn path_of(shared: &Shared, connection: &Connection, place: &Place) -> Result<PathBuf, Error> {
    let Some(folder) = &place.folder else {
        return Ok(shared.workspace.folder(Shelf::Sounds, &place.id).join(SoundCard::SOUND));
    };
    let row = folders::find(connection, folder)?;
    let row = row.ok_or_else(|| Error::not_found("folder", folder))?;
    Ok(file_of(&root_of(shared, &row), &place.path))
}

/// Says where the files of sounds are, in place of the paths in their folders.
pub(super) fn set_paths(
    shared: &Shared,
    connection: &Connection,
    items: &mut [LibraryItem],
) -> Result<(), Error> {
    let mut roots: BTreeMap<Id, PathBuf> = BTreeMap::new();
    for item in items {
        let path = match &item.folder {
            None => shared.workspace.folder(Shelf::Sounds, &item.id).join(SoundCard::SOUND),
            Some(folder) => {
                if !roots.contains_key(folder) {
                    let row = folders::find(connection, folder)?;
                    let row = row.ok_or_else(|| Error::not_found("folder", folder))?;
                    roots.insert(folder.clone(), root_of(shared, &row));
                }
                file_of(&roots[folder], &item.path)
            }
        };
        item.path = path.to_string_lossy().into_owned();
    }
    Ok(())
}
