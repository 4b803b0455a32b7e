//! Recordings of sessions: each is a folder in the session's, and becomes a sound of the library.
//!
//! One is taken when its event comes, and whatever is left when its session has ended, however it ended. A word in its
//! folder says so, so that one that was deleted since does not come back.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use api::{
    EventBody, Id, Order, Recipe, RecipeSource, SampleFormat, SoundCard, SoundFacts, Task, UnixMs,
};
use job::{Shelf, events::Chunk, files};
use serde::{Deserialize, Serialize};

use super::{super::sounds, wav};
use crate::{Error, job_folder::Taken, shared::Shared};

/// The most recordings of one session that are looked at.
const RECORDINGS_MAX: usize = 10_000;

/// The sound that came in, and the moves of the controls: beside a recording.
const INPUT: &str = "input.wav";
const MOVES: &str = "moves.jsonl";

/// `taken.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// What the recording became.
    sound: Id,
}

/// Takes what a working session says it has recorded. What cannot be taken now is taken when the session has ended.
pub(crate) fn take_recorded(shared: &Shared, session: &Id, chunk: &Chunk) {
    for line in &chunk.lines {
        let Ok(event) = serde_json::from_slice::<api::Event>(&line.text) else { continue };
        let EventBody::Recorded { path, .. } = event.body else { continue };
        let folder = shared.workspace.folder(Shelf::Sessions, session);
        let is_recording = Path::new(&path).starts_with(files::RECORDINGS);
        let taken = sounds::place_in(&folder, &path).and_then(|place| match is_recording {
            true => take(shared, session, path.clone(), &place),
            false => Err(Error::NotFound { what: "recording", id: path.clone() }),
        });
        if let Err(error) = taken {
            tracing::warn!("{session}: {path} is not taken yet: failed to {error}");
        }
    }
}

/// Takes every recording of a session that has ended and that was not taken before. All are tried; the first that cannot
/// be taken is the error.
pub(crate) fn take_left(shared: &Shared, session: &Id) -> Result<(), Error> {
    let folder = shared.workspace.folder(Shelf::Sessions, session);
    let mut result = Ok(());
    for (path, place) in recordings(&folder)? {
        let taken = mend(&folder, &place).and_then(|has_sound| match has_sound {
            true => take(shared, session, path, &place),
            false => Ok(()),
        });
        result = result.and(taken);
    }
    result
}

fn take(shared: &Shared, session: &Id, path: String, place: &Path) -> Result<(), Error> {
    if place.join(files::TAKEN).exists() {
        return Ok(());
    }
    let taken = Taken { job: session.clone(), path };
    // Its studio may have gone before it could leave its word.
    let before = shared.read(|c| sounds::taken_as(c, &taken))?;
    let sound = match before {
        Some(before) => before.id,
        None => sounds::take(shared, Shelf::Sessions, &taken, None)?,
    };
    Ok(job::whole::write_json(&place.join(files::TAKEN), &Mark { sound })?)
}

/// The folders of a session's recordings that were not taken, by their paths in its folder, in order.
fn recordings(folder: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let recordings = folder.join(files::RECORDINGS);
    let entries = match fs::read_dir(&recordings) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io("read", &recordings))?,
    };
    let mut found = Vec::new();
    for entry in entries.take(RECORDINGS_MAX) {
        let entry = entry.map_err(Error::io("read", &recordings))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let path = format!("{}/{name}", files::RECORDINGS);
        if is_folder && job::inside::is_plain(&path) && !entry.path().join(files::TAKEN).exists() {
            found.push((path, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Makes a recording whole that was cut short: its header says how long it is, and so does its card, which is written
/// anew from the session's order where it is missing. Whether there is anything to hear.
fn mend(session: &Path, place: &Path) -> Result<bool, Error> {
    let path = place.join(SoundCard::SOUND);
    let is_file = fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
    let Some(shape) = is_file.then(|| wav::read(&path)).transpose()?.flatten() else {
        return Ok(false);
    };
    if shape.n_frames() == 0 {
        return Ok(false);
    }
    let card = match sounds::read_card(place) {
        Ok(card) if !card.facts.sha256.is_empty() => return Ok(true),
        Ok(card) => card,
        Err(error @ Error::Newer { .. }) => return Err(error),
        Err(error) => {
            tracing::warn!("a card is written anew: failed to {error}");
            new_card(&job::order::read(session)?, place)
        }
    };
    wav::mend(&path, &shape)?;
    let facts = SoundFacts {
        rate_hz: shape.rate_hz,
        channels: shape.channels.into(),
        n_samples: shape.n_frames(),
        ..card.facts
    };
    job::whole::write_json(&place.join(SoundCard::CARD), &SoundCard { facts, ..card })?;
    Ok(true)
}

/// A card for a recording whose own cannot be read.
fn new_card(order: &Order, place: &Path) -> SoundCard {
    let (models, deviations, seed) = match &order.task {
        Task::Session(task) => (task.models.clone(), task.deviations.clone(), task.seed),
        _ => Default::default(),
    };
    let number = place.file_name().unwrap_or_default().to_string_lossy();
    let written = File::open(place.join(SoundCard::SOUND)).and_then(|it| it.metadata()?.modified());
    let since = written.ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    SoundCard {
        format: SoundCard::FORMAT,
        name: super::name_from(&format!("{} {}", order.name, number.trim_start_matches('0'))),
        created_ms: since.map_or(order.created_ms, |since| since.as_millis() as UnixMs),
        version: order.version.clone(),
        recipe: Recipe {
            models,
            source: RecipeSource::Performance { input: INPUT.into(), moves: MOVES.into() },
            controls: std::collections::BTreeMap::new(),
            deviations,
            seed,
            secs: None,
            variation: None,
            loudness_lufs: None,
            finish: api::Finish::default(),
            format: SampleFormat::default(),
        },
        facts: SoundFacts::default(),
        parts: vec![],
    }
}
