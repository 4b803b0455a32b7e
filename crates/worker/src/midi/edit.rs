//! Notes of a MIDI file for an editor, and what it changes of them; notes of a MIDI file as if they were heard.

use std::path::Path;

use api::{
    AddedNote, ChangedNote, EditedNotes, HeardNote, MidiNotes, MidiNotesTrack, NotesEdit, Problem,
    TickMeter, TickTempo, TrackNotesEdit,
};
use music::{Clock, EditedNote, Format, MidiFile, Note, Score, TrackEdit, edit_notes, read_midi};
use sha2::{Digest, Sha256};

use super::file::{self, not_midi};
use crate::{dataset::hex, folder::problem};

/// Notes that are given at most; what comes later is left out, and counted.
const NOTES_MAX: usize = 100_000;

/// The notes of a MIDI file in its own time.
///
/// # Errors
/// When it cannot be read or is no MIDI file: what happened, and what to do.
pub fn midi_notes(path: &Path) -> Result<MidiNotes, Problem> {
    let bytes = file::bytes(path)?;
    let read = read_midi(&bytes).map_err(|error| not_midi(path, &error))?;
    let score = Score::from_midi(&read.file).0;
    let mut room = NOTES_MAX;
    let mut left_out = 0;
    let mut tracks = Vec::with_capacity(score.tracks.len());
    for track in &score.tracks {
        let n = track.notes.len().min(room);
        room -= n;
        left_out += (track.notes.len() - n) as u64;
        let note = |note: &Note| {
            let &Note { start, length, key, velocity, channel, .. } = note;
            [start, length, u64::from(key), u64::from(velocity), u64::from(channel)]
        };
        tracks.push(MidiNotesTrack {
            name: track.name.clone(),
            is_drums: track.is_drums(),
            notes: track.notes[..n].iter().map(note).collect(),
        });
    }
    let tempo = |it: &music::Tempo| TickTempo { tick: it.tick, quarter_us: it.quarter_us };
    let meter = |it: &music::Meter| {
        let &music::Meter { tick, numerator, denominator } = it;
        TickMeter { tick, numerator, denominator }
    };
    Ok(MidiNotes {
        sha256: hex(&Sha256::digest(&bytes)),
        ticks_per_quarter: score.ticks_per_quarter,
        tempos: score.tempos.iter().map(tempo).collect(),
        meters: score.meters.iter().map(meter).collect(),
        tracks,
        left_out,
    })
}

/// The bytes of a MIDI file with some notes changed, and how many were. Nothing else of it changes.
///
/// # Errors
/// When it cannot be read, is another file than the edit says, or the edit cannot be done: what happened, and what to do.
pub fn midi_edit_notes(path: &Path, edit: &NotesEdit) -> Result<(Vec<u8>, EditedNotes), Problem> {
    let bytes = file::bytes(path)?;
    if edit.sha256.as_ref().is_some_and(|known| *known != hex(&Sha256::digest(&bytes))) {
        return Err(problem(
            "changed",
            format!("“{}” has changed since its notes were read.", path.display()),
            "The edit names notes by their places, which may be others now.",
            "Read its notes again, and edit those.",
        ));
    }
    let read = read_midi(&bytes).map_err(|error| not_midi(path, &error))?;
    let starts = starts_of(&read.file);
    let all: Vec<TrackEdit> = edit.tracks.iter().map(|it| track_edit(it, &starts)).collect();
    let edited = edit_notes(&bytes, &all).map_err(|error| {
        let why = api::sentence(&format!("failed to {error}"));
        problem(
            "notes",
            "The notes were not saved.",
            &why,
            "Correct the edit; the file is as it was.",
        )
    })?;
    let mut n = EditedNotes::default();
    for it in &all {
        n.added += it.added.len() as u64;
        n.changed += it.changed.len() as u64;
        n.removed += it.removed.len() as u64;
    }
    Ok((edited, n))
}

/// Where each track starts in the time of the score: tracks of a sequential file follow one another.
fn starts_of(file: &MidiFile) -> Vec<u64> {
    let mut start = 0;
    let mut starts = Vec::with_capacity(file.tracks.len());
    for track in &file.tracks {
        starts.push(start);
        if file.format == Format::Sequential {
            start += track.events.last().map_or(0, |it| it.tick);
        }
    }
    starts
}

fn track_edit(edit: &TrackNotesEdit, starts: &[u64]) -> TrackEdit {
    let track = edit.track as usize;
    // What would lie before its track is out of every range.
    let from = starts.get(track).copied().unwrap_or(0);
    let tick = |start: u64| start.checked_sub(from).unwrap_or(u64::MAX);
    let changed = |it: &ChangedNote| {
        let &ChangedNote { note, start, length, key, velocity } = it;
        let start = tick(start);
        (note as usize, EditedNote { start, length, key, velocity, channel: None })
    };
    let added = |it: &AddedNote| {
        let &AddedNote { start, length, key, velocity, channel } = it;
        EditedNote { start: tick(start), length, key, velocity, channel }
    };
    TrackEdit {
        track,
        removed: edit.removed.iter().map(|it| *it as usize).collect(),
        changed: edit.changed.iter().map(changed).collect(),
        added: edit.added.iter().map(added).collect(),
    }
}

/// The notes of a MIDI file at their times, all but drums, as an analysis has them: to correct a sound's melody with those
/// of another program.
///
/// # Errors
/// When it cannot be read or is no MIDI file: what happened, and what to do.
pub fn heard_notes(path: &Path) -> Result<Vec<HeardNote>, Problem> {
    let score = file::open_score(path)?;
    let clock = Clock::new(&score);
    let heard = |note: &Note| HeardNote {
        start_s: clock.secs_from_tick(note.start as f64),
        end_s: clock.secs_from_tick(note.end() as f64),
        key: note.key,
        cents_off: 0.0,
        velocity: note.velocity,
    };
    let is_pitched = |note: &&Note| note.channel != music::DRUM_CHANNEL && note.length > 0;
    let mut notes: Vec<HeardNote> = score.notes().filter(is_pitched).map(heard).collect();
    notes.sort_by(|a, b| a.start_s.total_cmp(&b.start_s).then(a.key.cmp(&b.key)));
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use music::{Division, Event, Meta, MidiTrack, TimedEvent, write_midi};

    use super::*;

    fn at(tick: u64, event: Event) -> TimedEvent {
        TimedEvent { tick, event }
    }

    /// Two patterns of a note each, a bar long, that follow one another at 60 beats a minute.
    fn patterns() -> MidiFile {
        let on = |channel| Event::NoteOn { channel, key: 60, velocity: 90 };
        let off = |channel| Event::NoteOff { channel, key: 60, velocity: 64 };
        let track = |channel| MidiTrack {
            events: vec![
                at(0, Event::Meta(Meta::Tempo(1_000_000))),
                at(96, on(channel)),
                at(192, off(channel)),
                at(384, Event::Meta(Meta::EndOfTrack)),
            ],
        };
        MidiFile {
            format: Format::Sequential,
            division: Division::PerQuarter(96),
            tracks: vec![track(0), track(music::DRUM_CHANNEL)],
        }
    }

    fn written(folder: &Path, bytes: &[u8]) -> std::path::PathBuf {
        let path = folder.join("a.mid");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn notes_are_edited_where_the_editor_shows_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), &write_midi(&patterns()));
        let notes = midi_notes(&path).unwrap();
        assert_eq!(notes.tracks[1].notes, [[480, 96, 60, 90, 9]]);
        assert!(notes.tracks[1].is_drums && !notes.tracks[0].is_drums);
        let changed = ChangedNote { note: 0, start: 504, length: 24, key: 61, velocity: 1 };
        let added = AddedNote { start: 384, length: 10, key: 40, velocity: 2, channel: None };
        let track = TrackNotesEdit {
            track: 1,
            changed: vec![changed],
            added: vec![added],
            ..TrackNotesEdit::default()
        };
        let edit = NotesEdit { sha256: Some(notes.sha256), tracks: vec![track], name: None };
        let (bytes, n) = midi_edit_notes(&path, &edit).unwrap();
        assert_eq!(n, EditedNotes { added: 1, changed: 1, removed: 0 });
        let again = midi_notes(&written(folder.path(), &bytes)).unwrap();
        assert_eq!(again.tracks[1].notes, [[384, 10, 40, 2, 9], [504, 24, 61, 1, 9]]);
        assert_eq!((again.tracks[0].notes.len(), again.tempos), (1, notes.tempos));
        // The file is another now.
        let refused = midi_edit_notes(&path, &edit).unwrap_err();
        assert_eq!(refused.code, "changed");
        let before = AddedNote { start: 383, ..added };
        let track = TrackNotesEdit { track: 1, added: vec![before], ..TrackNotesEdit::default() };
        let edit = NotesEdit { tracks: vec![track], ..NotesEdit::default() };
        let refused = midi_edit_notes(&path, &edit).unwrap_err();
        assert_eq!(refused.code, "notes", "{refused:?}");
    }

    #[test]
    fn notes_of_a_file_are_as_if_they_were_heard() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), &write_midi(&patterns()));
        let heard = heard_notes(&path).unwrap();
        let note = HeardNote { start_s: 1.0, end_s: 2.0, key: 60, cents_off: 0.0, velocity: 90 };
        assert_eq!(heard, [note]);
        assert!(heard_notes(&written(folder.path(), b"no notes")).is_err());
    }
}
