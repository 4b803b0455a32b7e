//! A MIDI file as pages draw it: notes in seconds, bars, chords.

use std::path::Path;

use api::{MidiPiece, MidiPieceTrack, Problem, Span};
use music::{Bars, Clock, Score, features, harmony_of};

use super::file;

/// Notes that are given at most; what comes later is left out, and counted.
const NOTES_MAX: usize = 100_000;
/// Bars that are given at most.
const BARS_MAX: u64 = 20_000;

/// Reads a MIDI file for a page to draw.
///
/// # Errors
/// When it cannot be read or is no MIDI file: what happened, and what to do.
pub fn midi_piece(path: &Path) -> Result<MidiPiece, Problem> {
    Ok(piece_of(&file::open_score(path)?))
}

/// A piece, and where its beats lie.
pub(crate) struct MidiTime {
    pub(crate) piece: MidiPiece,
    pub(crate) beats_s: Vec<f64>,
    pub(crate) downbeats_s: Vec<f64>,
    pub(crate) key_confidence: f64,
}

/// Reads a MIDI file with its beats.
pub(crate) fn midi_time(path: &Path) -> Result<MidiTime, Problem> {
    let score = file::open_score(path)?;
    let (clock, bars) = (Clock::new(&score), Bars::new(&score));
    let secs = |tick: u64| clock.secs_from_tick(tick as f64);
    let end = score.end();
    let (mut beats_s, mut downbeats_s) = (vec![], vec![]);
    for bar in 0..bars.n_bars(end).min(BARS_MAX) {
        let (from, to) = (bars.start(bar), bars.start(bar + 1));
        downbeats_s.push(secs(from));
        let step = bars.beat_ticks(bars.meter(from)) as usize;
        beats_s.extend((from..to).step_by(step).map(secs));
    }
    let key_confidence = features(&score).key.map_or(0.0, |key| key.confidence);
    Ok(MidiTime { piece: piece_of(&score), beats_s, downbeats_s, key_confidence })
}

pub(super) fn piece_of(score: &Score) -> MidiPiece {
    let (clock, bars) = (Clock::new(score), Bars::new(score));
    let secs = |tick: u64| clock.secs_from_tick(tick as f64);
    let found = features(score);
    let mut room = NOTES_MAX;
    let mut left_out = 0;
    let mut tracks = Vec::new();
    for (track, of) in score.tracks.iter().zip(&found.tracks) {
        let n = track.notes.len().min(room);
        room -= n;
        left_out += (track.notes.len() - n) as u64;
        let note = |note: &music::Note| {
            let start = secs(note.start);
            [start, secs(note.end()) - start, f64::from(note.key), f64::from(note.velocity)]
        };
        tracks.push(MidiPieceTrack {
            name: track.name.clone(),
            is_drums: of.is_drums,
            program: of.program.map(|program| program + 1),
            notes: track.notes[..n].iter().map(note).collect(),
        });
    }
    // A track without notes holds the tempo or a title, and there is nothing of it to draw.
    tracks.retain(|track| !track.notes.is_empty());
    let end = score.end();
    let harmony = harmony_of(score).ok();
    let mut chords: Vec<Span> = Vec::new();
    for it in harmony.iter().flat_map(|harmony| &harmony.chords) {
        let label = it.chord.map_or_else(|| "N".to_owned(), music::Chord::label);
        match chords.last_mut() {
            Some(last) if last.label == label => last.end_s = secs(it.end),
            _ => chords.push(Span { start_s: secs(it.start), end_s: secs(it.end), label }),
        }
    }
    let first = bars.meter(0);
    MidiPiece {
        seconds: secs(end),
        tempo_bpm: score.tempos.first().map_or(120.0, |tempo| tempo.bpm()),
        meter: format!("{}/{}", first.numerator, first.denominator),
        key: harmony.as_ref().map(|harmony| harmony.key.to_string()),
        chords_are_written: harmony.is_some_and(|harmony| harmony.is_written),
        bars_s: (0..=bars.n_bars(end).min(BARS_MAX)).map(|bar| secs(bars.start(bar))).collect(),
        tracks,
        chords,
        left_out,
    }
}

#[cfg(test)]
mod tests {
    use music::{Note, Track};

    use super::*;

    #[test]
    fn notes_are_in_seconds_and_bars_where_they_begin() {
        let mut score = Score::new(480, 60.0);
        let note = |start, key| Note {
            start,
            length: 480,
            key,
            velocity: 90,
            channel: 0,
            off_velocity: 64,
        };
        let mut track = Track::new("Keys", 0, 4);
        track.notes = vec![note(0, 60), note(480, 64), note(1920, 67)];
        score.tracks = vec![Track::default(), track];
        let piece = piece_of(&score);
        assert_eq!(piece.tracks.len(), 1, "a track without notes is left out");
        let keys = &piece.tracks[0];
        assert_eq!((keys.name.as_str(), keys.is_drums), ("Keys", false));
        assert_eq!(
            keys.notes,
            [[0.0, 1.0, 60.0, 90.0], [1.0, 1.0, 64.0, 90.0], [4.0, 1.0, 67.0, 90.0]]
        );
        assert_eq!(piece.bars_s[..2], [0.0, 4.0]);
        assert_eq!((piece.seconds, piece.meter.as_str()), (5.0, "4/4"));
    }
}
