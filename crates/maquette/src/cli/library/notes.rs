//! `maquette library notes`, `correct-notes`, `found-notes` and `edit-notes`: the notes of sounds and MIDI files.

use std::{fs::File, io::Read as _, path::Path};

use anyhow::Context;
use api::{AnalysisEdit, HeardNote, Id, LibraryItemDetail, MidiNotes, NotesEdit};
use serde::{Deserialize, de::DeserializeOwned};

use super::super::{output::refused, table::table, terminal::Terminal};
use crate::client::{Client, Refused};

/// The largest file of notes that is read.
const BYTES_MAX: u64 = 64 << 20;

/// Lists notes: of a MIDI file in its own time, of a sound as they are heard.
pub(super) fn list(client: &Client, terminal: Terminal, sound: &Id) -> anyhow::Result<()> {
    let shown: LibraryItemDetail = client.get(&address(sound))?;
    if api::is_midi_name(&format!("a.{}", shown.item.ending)) {
        let notes: MidiNotes = client.get(&format!("{}/notes", address(sound)))?;
        return terminal.result(&notes, || midi_table(&notes));
    }
    let Some(analysis) = shown.analysis else {
        let what = format!("There are no notes of “{}” yet.", shown.item.name);
        let remedy = format!("Analyse it first: `maquette library analyse {sound}`.");
        return Err(refused("conflict", what, "It is not analysed.", &remedy).into());
    };
    terminal.result(&analysis.melody, || melody_table(&analysis.melody))
}

/// Corrects the notes of a sound with those of a file, or brings back what was found; other corrections stay.
pub(super) fn correct(
    client: &Client,
    sound: &Id,
    file: Option<&Path>,
) -> anyhow::Result<LibraryItemDetail> {
    let melody = file.map(notes_of).transpose()?;
    let shown: LibraryItemDetail = client.get(&address(sound))?;
    let edit = AnalysisEdit { melody, ..shown.edit.unwrap_or_default() };
    client.put(&format!("{}/edit", address(sound)), &edit)
}

/// Saves a MIDI file with some notes changed as a new one.
pub(super) fn edit(
    client: &Client,
    midi: &Id,
    file: &Path,
    name: Option<String>,
) -> anyhow::Result<LibraryItemDetail> {
    let edit: NotesEdit =
        json_of(file, "edit", "See the guide's page on notes for what it holds.")?;
    let edit = NotesEdit { name: name.or(edit.name), ..edit };
    client.post(&format!("{}/notes", address(midi)), &edit)
}

fn address(sound: &Id) -> String {
    format!("/api/library/items/{sound}")
}

/// Notes as files of ours have them: a list, or an analysis with its melody.
#[derive(Deserialize)]
#[serde(untagged)]
enum NotesFile {
    Notes(Vec<HeardNote>),
    Analysis { melody: Vec<HeardNote> },
    Transcribed { notes: Vec<HeardNote> },
}

fn notes_of(file: &Path) -> anyhow::Result<Vec<HeardNote>> {
    if api::is_midi_name(&file.to_string_lossy()) {
        return Ok(worker::heard_notes(file).map_err(Refused)?);
    }
    let remedy = "Use a MIDI file, or what `maquette library notes --json` prints.";
    Ok(match json_of(file, "list of notes", remedy)? {
        NotesFile::Notes(notes)
        | NotesFile::Analysis { melody: notes }
        | NotesFile::Transcribed { notes } => notes,
    })
}

fn json_of<T: DeserializeOwned>(file: &Path, what: &str, remedy: &str) -> anyhow::Result<T> {
    let mut text = String::new();
    let opened = File::open(file).with_context(|| format!("failed to open {}", file.display()))?;
    let read = opened.take(BYTES_MAX).read_to_string(&mut text);
    read.with_context(|| format!("failed to read {}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| {
        let said = format!("“{}” is no {what}.", file.display());
        refused("not_notes", said, &api::sentence(&error.to_string()), remedy).into()
    })
}

fn melody_table(notes: &[HeardNote]) -> String {
    if notes.is_empty() {
        return "No notes. No voice stands out.".to_owned();
    }
    let row = |note: &HeardNote| {
        [
            format!("{:.3}", note.start_s),
            format!("{:.3}", note.end_s),
            note.key.to_string(),
            format!("{:+.0}", note.cents_off),
            note.velocity.to_string(),
        ]
    };
    let rows: Vec<_> = notes.iter().map(row).collect();
    table(["start s", "end s", "key", "cents off", "velocity"], &rows)
}

fn midi_table(notes: &MidiNotes) -> String {
    let mut rows = Vec::new();
    for (i, track) in notes.tracks.iter().enumerate() {
        for (n, [start, length, key, velocity, channel]) in track.notes.iter().enumerate() {
            let numbers = [i as u64, n as u64, *start, *length, *key, *velocity, *channel];
            rows.push(numbers.map(|number| number.to_string()));
        }
    }
    let quarter = notes.ticks_per_quarter;
    let head = ["track", "note", "start", "length", "key", "velocity", "channel"];
    format!("{quarter} ticks a quarter note\n{}", table(head, &rows))
}
