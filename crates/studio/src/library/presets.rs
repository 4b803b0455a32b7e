//! Verbs on presets of one's own.

use api::{Id, NewPreset, OwnPreset, UnixMs};
use job::Shelf;

use super::{from_trash, is_taken, make_folder, to_trash, valid_name};

use crate::{
    Error, Studio,
    job_folder::{self, Card},
    shared::{Change, Shared},
    store::presets::{self, PresetRow},
};

/// The longest summary, in characters.
const MAX_SUMMARY_CHARS: usize = 1000;

/// The longest choices of a preset, as JSON.
const MAX_CHOICES_BYTES: usize = 1 << 18;

/// The most presets of one's own.
const MAX_PRESETS: usize = 1000;

impl Studio {
    /// Every preset of one's own, newest first.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn presets(&self) -> Result<Vec<OwnPreset>, Error> {
        let all = self.shared.read(presets::all)?;
        Ok(all.into_iter().filter(|it| self.is_shown(it.project.as_ref())).collect())
    }

    /// One preset.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn preset(&self, id: &Id) -> Result<OwnPreset, Error> {
        self.shared.read(|c| find(c, id))
    }

    /// Keeps choices under a name. Its identifier is the name in the letters of identifiers, with a
    /// number behind it where that is taken; `reserved` ones are never given.
    ///
    /// Whether the choices can be used is for the caller to say.
    ///
    /// # Errors
    /// `Invalid` when a value cannot be used; `TooMuch` when there are too many; `Io` when it cannot
    /// be written.
    pub fn create_preset(&self, new: NewPreset, reserved: &[String]) -> Result<OwnPreset, Error> {
        let name = valid_name(&new.name)?;
        let summary = valid_summary(&new.summary)?;
        if serde_json::to_string(&new.choices).is_ok_and(|json| json.len() > MAX_CHOICES_BYTES) {
            return Err(Error::invalid("settings", "use at most 256 KiB"));
        }
        if self.shared.read(presets::all)?.len() >= MAX_PRESETS {
            return Err(Error::TooMuch { limit: format!("{MAX_PRESETS} presets") });
        }
        let preset = OwnPreset {
            format: OwnPreset::FORMAT,
            id: fresh_id(&self.shared, &name, reserved)?,
            project: None,
            created_ms: self.shared.now_ms(),
            name,
            summary,
            choices: new.choices,
            limit: new.limit,
        };
        let project = self.project_for(None);
        make_folder(&self.shared, &project, Shelf::Presets, &preset.id, |folder| {
            Ok(job::whole::write_json(&folder.join(job::files::PRESET), &preset)?)
        })?;
        let preset = OwnPreset { project: Some(project), ..preset };
        self.shared.change(|change| save(change, preset, None))
    }

    /// Gives a preset another name; its identifier stays.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name cannot be used.
    pub fn rename_preset(&self, id: &Id, name: &str) -> Result<OwnPreset, Error> {
        let name = valid_name(name)?;
        self.shared.change(|change| {
            let preset = OwnPreset { name: name.clone(), ..find(change.tx, id)? };
            let folder = self.shared.workspace.folder(Shelf::Presets, id);
            let card = Card { name: Some(name), ..job_folder::read_card(&folder) };
            job_folder::write_card(&folder, &card)?;
            save(change, preset, None)
        })
    }

    /// Moves a preset to the trash; it can be restored for 30 days. Runs that started from it have
    /// their settings in their orders.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn delete_preset(&self, id: &Id) -> Result<(), Error> {
        self.shared.change(|change| {
            let preset = find(change.tx, id)?;
            let now_ms = self.shared.now_ms();
            to_trash(&self.shared, change, Shelf::Presets, id, now_ms)?;
            save(change, preset, Some(now_ms)).map(drop)
        })
    }

    /// Takes a preset back from the trash.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash.
    pub fn restore_preset(&self, id: &Id) -> Result<OwnPreset, Error> {
        self.shared.change(|change| {
            let row = presets::find(change.tx, id)?.filter(|row| row.deleted_ms.is_some());
            let preset = row.ok_or_else(|| Error::not_found("preset", id))?.preset;
            let project = from_trash(&self.shared, change, Shelf::Presets, id)?;
            save(change, OwnPreset { project: Some(project), ..preset }, None)
        })
    }
}

/// One preset that is not in the trash.
fn find(connection: &rusqlite::Connection, id: &Id) -> Result<OwnPreset, Error> {
    presets::find(connection, id)?
        .filter(|row| row.deleted_ms.is_none())
        .map(|row| row.preset)
        .ok_or_else(|| Error::not_found("preset", id))
}

fn save(
    change: &mut Change<'_>,
    preset: OwnPreset,
    deleted_ms: Option<UnixMs>,
) -> Result<OwnPreset, Error> {
    presets::save(change.tx, &PresetRow { preset: preset.clone(), deleted_ms })?;
    change.list(Shelf::Presets, &preset.id);
    Ok(preset)
}

fn fresh_id(shared: &Shared, name: &str, reserved: &[String]) -> Result<Id, Error> {
    for number in 1..=2 * MAX_PRESETS as u32 {
        let id = Id::numbered(name, number);
        if !reserved.iter().any(|it| it == id.as_str()) && !is_taken(shared, &id)? {
            return Ok(id);
        }
    }
    Err(Error::TooMuch { limit: format!("{} presets with the same name", 2 * MAX_PRESETS) })
}

fn valid_summary(summary: &str) -> Result<String, Error> {
    let summary = summary.trim();
    if summary.chars().count() > MAX_SUMMARY_CHARS {
        return Err(Error::invalid(
            "summary",
            format!("use at most {MAX_SUMMARY_CHARS} characters"),
        ));
    }
    if summary.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Error::invalid("summary", "it contains control characters; remove them"));
    }
    Ok(summary.to_owned())
}
