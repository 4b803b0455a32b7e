//! Verbs on the library of sounds: what was generated or recorded, and kept.
//!
//! A sound is a folder: `sound.json` as it was made, `sound.wav`, `peaks.bin`, and whatever else its recipe names. What
//! people say of it stands in `card.json` beside them, with what it was taken from.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use api::{
    DatasetIndex, Id, JobKind, NewSound, Peaks, Recipe, RecipeSource, Sound, SoundCard,
    SoundChange, SoundFacts, UnixMs,
};
use job::Shelf;

use super::{fresh_id, from_trash, make_folder, name_from, passing, to_trash, valid_name};

use crate::{
    Error, Studio,
    job_folder::{self, Card, Taken},
    shared::{Change, Shared, lock},
    store::sounds::{self, SoundRow},
    workspace::file_inside,
};

/// The most files of a sound's folder.
const FILES_MAX: usize = 32;
/// The most words on a sound, and the most characters of one.
pub(super) const TAGS_MAX: usize = 50;
pub(super) const TAG_CHARS_MAX: usize = 60;
/// Pairs of peaks that are read: of ten hours.
const PEAKS_MAX: u64 = 8_000_000;
/// The longest trajectory whose frames are in lists.
const FRAMES_LISTED_MAX: usize = 64;

impl Studio {
    /// Every sound, newest first. Of long trajectories, recipes here have no frames; [`Studio::sound_recipe`] has them.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn sounds(&self) -> Result<Vec<Sound>, Error> {
        let rows = self.shared.read(sounds::all)?;
        let shown = rows.into_iter().filter(|row| self.is_shown(Some(&row.project)));
        Ok(shown.map(|row| sound(&self.shared, row)).collect())
    }

    /// One sound, with its whole recipe.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its card cannot be read.
    pub fn sound(&self, id: &Id) -> Result<Sound, Error> {
        let row = self.shared.read(|c| find(c, id))?;
        let folder = self.shared.workspace.folder(Shelf::Sounds, id);
        let recipe = read_card(&folder)?.recipe;
        let row = SoundRow { card: SoundCard { recipe, ..row.card }, ..row };
        Ok(sound(&self.shared, row))
    }

    /// Takes a sound of a generation or a session into the library, whole or not at all. What was taken before is not
    /// taken twice.
    ///
    /// # Errors
    /// `NotFound` when there is no such job or sound; `Invalid` when the name cannot be used; `Conflict` while it is
    /// still being made; `Io` when it cannot be written.
    pub fn create_sound(&self, new: NewSound) -> Result<Sound, Error> {
        let name = new.name.as_deref().map(valid_name).transpose()?;
        let kind = self.job(&new.job)?.kind;
        if !matches!(kind, JobKind::Generate | JobKind::Session) {
            return Err(Error::invalid("job", "choose a generation or a session"));
        }
        let row = self.shared.read(|c| passing::find(c, kind, &new.job))?;
        // The same way is written the same.
        let path: PathBuf = Path::new(&new.path).components().collect();
        let taken = Taken { job: new.job, path: path.to_string_lossy().into_owned() };
        let folder = self.shared.workspace.folder(Shelf::of(kind), &taken.job);
        let card = read_card(&place_in(&folder, &taken.path)?)?;
        if card.facts.sha256.is_empty() && row.phase.is_active() {
            return Err(Error::conflict(
                format!("keep “{}”", card.name),
                "it is still being recorded",
                "end the recording first",
            ));
        }
        let id = take(&self.shared, Shelf::of(kind), &taken, name)?;
        self.sound(&id)
    }

    /// Gives a sound another name, or marks it.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name or a word cannot be used.
    pub fn change_sound(&self, id: &Id, new: &SoundChange) -> Result<Sound, Error> {
        let name = new.name.as_deref().map(valid_name).transpose()?;
        let tags = new.tags.as_deref().map(valid_tags).transpose()?;
        self.shared.change(|change| {
            let mut row = find(change.tx, id)?;
            let folder = self.shared.workspace.folder(Shelf::Sounds, id);
            let mut card = job_folder::read_card(&folder);
            card.is_favourite = new.is_favourite.unwrap_or(card.is_favourite);
            card.tags = tags.unwrap_or(card.tags);
            if let Some(name) = name {
                card.name = Some(name.clone());
                row.card.name = name;
            }
            job_folder::write_card(&folder, &card)?;
            (row.is_favourite, row.tags) = (card.is_favourite, card.tags);
            save(change, &row)
        })?;
        self.sound(id)
    }

    /// Moves a sound to the trash; it can be restored for 30 days.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn delete_sound(&self, id: &Id) -> Result<(), Error> {
        self.shared.change(|change| {
            let row = find(change.tx, id)?;
            let now_ms = self.shared.now_ms();
            to_trash(&self.shared, change, Shelf::Sounds, id, now_ms)?;
            save(change, &SoundRow { deleted_ms: Some(now_ms), ..row })
        })
    }

    /// Takes a sound back from the trash.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash.
    pub fn restore_sound(&self, id: &Id) -> Result<Sound, Error> {
        self.shared.change(|change| restore(&self.shared, change, id))?;
        self.sound(id)
    }

    /// A file of a sound's folder, like the sound itself. Never anything outside of it.
    ///
    /// # Errors
    /// `NotFound` when there is no such sound or file.
    pub fn sound_file(&self, id: &Id, path: &str) -> Result<PathBuf, Error> {
        self.shared.read(|c| find(c, id).map(drop))?;
        file_inside(&self.shared.workspace.folder(Shelf::Sounds, id), path)
    }

    /// The shape of a sound; empty where nobody has drawn it.
    ///
    /// # Errors
    /// `NotFound` when there is no such sound; `Io` when its shape cannot be read.
    pub fn sound_peaks(&self, id: &Id) -> Result<Peaks, Error> {
        let row = self.shared.read(|c| find(c, id))?;
        read_peaks(&self.shared.workspace.folder(Shelf::Sounds, id), &row.card.facts)
    }

    /// How a sound was made, ready to be made again: the files it names are those of the sound's folder.
    ///
    /// # Errors
    /// `NotFound` when there is no such sound; `Io` when its card cannot be read.
    pub fn sound_recipe(&self, id: &Id) -> Result<Recipe, Error> {
        let mut recipe = self.sound(id)?.card.recipe;
        let folder = self.shared.workspace.folder(Shelf::Sounds, id);
        if let RecipeSource::Performance { input, moves } = &mut recipe.source {
            // An absolute path stays what it is.
            *input = folder.join(&*input);
            *moves = folder.join(&*moves);
        }
        Ok(recipe)
    }
}

/// Takes a sound out of a job's folder into the library, if that was not done before; gives its identifier there. One
/// that was taken and is in the trash comes back.
pub(super) fn take(
    shared: &Shared,
    shelf: Shelf,
    taken: &Taken,
    name: Option<String>,
) -> Result<Id, Error> {
    // Two who take the same sound would take it twice.
    let _alone = lock(&shared.taking);
    if let Some(before) = shared.read(|c| taken_as(c, taken))? {
        if before.deleted_ms.is_some() {
            shared.change(|change| restore(shared, change, &before.id))?;
        }
        return Ok(before.id);
    }
    let source = place_in(&shared.workspace.folder(shelf, &taken.job), &taken.path)?;
    let made = read_card(&source)?;
    let named = name.as_deref().map_or_else(|| name_from(&made.name), str::to_owned);
    let id = fresh_id(shared, &named)?;
    let project = shared.workspace.project_of(&taken.job);
    let card = Card {
        name,
        added_ms: Some(shared.now_ms()),
        taken: Some(taken.clone()),
        ..Card::default()
    };
    make_folder(shared, &project, Shelf::Sounds, &id, |folder| {
        link_files(&source, folder)?;
        job_folder::write_card(folder, &card)
    })?;
    let row = read_row(&shared.workspace.folder(Shelf::Sounds, &id), &id, project, None)?;
    shared.change(|change| {
        save(change, &row)?;
        change.list(shelf, &taken.job);
        Ok(())
    })?;
    Ok(id)
}

/// What a sound of a job is in the library, if it was taken; also when it is in the trash.
pub(super) fn taken_as(
    connection: &rusqlite::Connection,
    taken: &Taken,
) -> Result<Option<SoundRow>, Error> {
    let of_job = sounds::of_job(connection, &taken.job)?;
    Ok(of_job.into_iter().find(|row| row.taken.as_ref() == Some(taken)))
}

/// Reads what lists show of a sound's folder.
pub(crate) fn read_row(
    folder: &Path,
    id: &Id,
    project: Id,
    deleted_ms: Option<UnixMs>,
) -> Result<SoundRow, Error> {
    let made = read_card(folder)?;
    let card = job_folder::read_card(folder);
    Ok(SoundRow {
        id: id.clone(),
        project,
        added_ms: card.added_ms.unwrap_or(made.created_ms),
        taken: card.taken,
        card: SoundCard {
            name: card.name.unwrap_or_else(|| name_from(&made.name)),
            ..listed(made)
        },
        is_favourite: card.is_favourite,
        tags: card.tags,
        deleted_ms,
    })
}

/// The card of a sound's folder, wherever it stands.
pub(super) fn read_card(folder: &Path) -> Result<SoundCard, Error> {
    Ok(job::whole::read_versioned(&folder.join(SoundCard::CARD), SoundCard::FORMAT)?)
}

/// A card as lists have it: without the frames of a long trajectory.
pub(super) fn listed(mut card: SoundCard) -> SoundCard {
    shorten(&mut card.recipe);
    card
}

/// Takes the frames of a long trajectory out of a recipe, for lists.
pub(super) fn shorten(recipe: &mut Recipe) {
    if let RecipeSource::Trajectory { frames, .. } = &mut recipe.source
        && frames.len() > FRAMES_LISTED_MAX
    {
        *frames = Vec::new();
    }
}

/// The shape of the sound in a folder; empty where there is none.
pub(super) fn read_peaks(folder: &Path, facts: &SoundFacts) -> Result<Peaks, Error> {
    let block = DatasetIndex::PEAK_BLOCK;
    let path = folder.join(SoundCard::PEAKS);
    let n_pairs = facts.n_samples.div_ceil(u64::from(block)).min(PEAKS_MAX);
    let mut bytes = Vec::new();
    match File::open(&path).and_then(|file| file.take(n_pairs * 2).read_to_end(&mut bytes)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io("read", &path)(error));
        }
        _ => {}
    }
    let pairs = bytes.chunks_exact(2);
    Ok(Peaks {
        rate_hz: facts.rate_hz,
        n_samples: facts.n_samples,
        block,
        min: pairs.clone().map(|pair| pair[0].cast_signed()).collect(),
        max: pairs.map(|pair| pair[1].cast_signed()).collect(),
    })
}

/// The folder of a sound in a job's, by its path in there. Never anything outside of it.
pub(super) fn place_in(job_folder: &Path, path: &str) -> Result<PathBuf, Error> {
    let missing = || Error::NotFound { what: "sound", id: path.escape_debug().to_string() };
    if !job::inside::is_plain(path) || path.contains('\\') {
        return Err(missing());
    }
    let file = file_inside(job_folder, &format!("{path}/{}", SoundCard::SOUND));
    let file = file.map_err(|_| missing())?;
    Ok(file.parent().map_or_else(|| job_folder.to_owned(), Path::to_owned))
}

/// Puts a sound's files into another folder: by hard links, which take no room, else as copies.
fn link_files(from: &Path, to: &Path) -> Result<(), Error> {
    let mut n_files = 0;
    for entry in fs::read_dir(from).map_err(Error::io("read", from))? {
        let entry = entry.map_err(Error::io("read", from))?;
        let name = entry.file_name();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let is_ours = name == job::files::CARD || name == job::files::TAKEN;
        if !is_file || is_ours || name.to_string_lossy().starts_with('.') {
            continue;
        }
        n_files += 1;
        if n_files > FILES_MAX {
            return Err(Error::TooMuch { limit: format!("{FILES_MAX} files of one sound") });
        }
        let (source, target) = (entry.path(), to.join(&name));
        if fs::hard_link(&source, &target).is_err() {
            fs::copy(&source, &target).map_err(Error::io("copy", &source))?;
            let copied = File::open(&target).and_then(|file| file.sync_all());
            copied.map_err(Error::io("write", &target))?;
        }
    }
    Ok(())
}

/// One sound that is not in the trash.
fn find(connection: &rusqlite::Connection, id: &Id) -> Result<SoundRow, Error> {
    sounds::find(connection, id)?
        .filter(|row| row.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found("sound", id))
}

fn save(change: &mut Change<'_>, row: &SoundRow) -> Result<(), Error> {
    sounds::save(change.tx, row)?;
    change.list(Shelf::Sounds, &row.id);
    change.library(&row.id);
    Ok(())
}

fn restore(shared: &Shared, change: &mut Change<'_>, id: &Id) -> Result<(), Error> {
    let row = sounds::find(change.tx, id)?.filter(|row| row.deleted_ms.is_some());
    let row = row.ok_or_else(|| Error::not_found("sound", id))?;
    let project = from_trash(shared, change, Shelf::Sounds, id)?;
    save(change, &SoundRow { project, deleted_ms: None, ..row })
}

fn sound(shared: &Shared, row: SoundRow) -> Sound {
    let folder = shared.workspace.folder(Shelf::Sounds, &row.id);
    Sound {
        id: row.id,
        project: row.project,
        added_ms: row.added_ms,
        card: row.card,
        is_favourite: row.is_favourite,
        tags: row.tags,
        folder: folder.to_string_lossy().into_owned(),
    }
}

/// Words on a sound: each like a name, none twice, none empty.
pub(super) fn valid_tags(tags: &[String]) -> Result<Vec<String>, Error> {
    let mut valid: Vec<String> = Vec::new();
    for tag in tags {
        let tag = tag.trim();
        if tag.chars().count() > TAG_CHARS_MAX || tag.chars().any(super::is_unprintable) {
            let message = format!("use at most {TAG_CHARS_MAX} visible characters for each");
            return Err(Error::invalid("tags", message));
        }
        if !tag.is_empty() && !valid.iter().any(|it| it == tag) {
            valid.push(tag.to_owned());
        }
    }
    if valid.len() > TAGS_MAX {
        return Err(Error::invalid("tags", format!("use at most {TAGS_MAX}")));
    }
    Ok(valid)
}
