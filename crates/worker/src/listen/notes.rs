//! What is in a MIDI file, in the form of an analysis: nothing is heard, as the notes say it all.

use std::path::Path;

use api::{Analysis, Problem, TempoCandidate};

use crate::midi::midi_time;

/// The analysis of a MIDI file. It has no rate and no channels, and no loudness.
pub(super) fn analyse(path: &Path, name: &str) -> Result<Analysis, Problem> {
    let time = midi_time(path)?;
    let is_there = time.piece.tracks.iter().any(|track| !track.notes.is_empty());
    let mut onsets_s: Vec<f64> =
        time.piece.tracks.iter().flat_map(|track| track.notes.iter().map(|note| note[0])).collect();
    onsets_s.sort_by(f64::total_cmp);
    onsets_s.dedup_by(|a, b| (*a - *b).abs() < 1e-6);
    let candidate = TempoCandidate { bpm: time.piece.tempo_bpm, weight: 1.0 };
    Ok(Analysis {
        file: name.to_owned(),
        format: Analysis::FORMAT,
        seconds: time.piece.seconds,
        tempo_bpm: is_there.then_some(time.piece.tempo_bpm),
        tempo_candidates: if is_there { vec![candidate] } else { vec![] },
        tempo_confidence: if is_there { 1.0 } else { 0.0 },
        meter: is_there.then(|| time.piece.meter.clone()),
        beats_s: time.beats_s,
        downbeats_s: time.downbeats_s,
        onsets_s,
        key: time.piece.key.clone(),
        key_confidence: time.key_confidence,
        chords: time.piece.chords.clone(),
        words: vec!["notes".to_owned()],
        ..Analysis::default()
    })
}

#[cfg(test)]
mod tests {
    use music::{Note, Score, Track, write_midi};

    #[test]
    fn notes_say_tempo_bars_and_chords() {
        let mut score = Score::new(480, 90.0);
        let mut track = Track::new("Keys", 0, 1);
        for (bar, root) in [60, 57, 53, 55].into_iter().enumerate() {
            for step in [0, if root == 57 { 3 } else { 4 }, 7] {
                let start = bar as u64 * 1920;
                track.notes.push(Note {
                    start,
                    length: 1900,
                    key: root + step,
                    velocity: 90,
                    channel: 0,
                    off_velocity: 64,
                });
            }
        }
        score.tracks.push(track);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chords.mid");
        std::fs::write(&path, write_midi(&score.to_midi())).unwrap();
        let found = crate::analyse(&path, "chords.mid", &mut |_| true).unwrap().unwrap();
        assert!((found.tempo_bpm.unwrap() - 90.0).abs() < 0.01);
        assert_eq!(found.meter.as_deref(), Some("4/4"));
        assert_eq!((found.beats_s.len(), found.downbeats_s.len()), (16, 4));
        assert_eq!(found.onsets_s.len(), 4);
        let labels: Vec<&str> = found.chords.iter().map(|it| it.label.as_str()).collect();
        assert_eq!(labels, ["C:maj", "A:min", "F:maj", "G:maj"]);
        assert_eq!(found.key.as_deref(), Some("C major"));
        std::fs::write(&path, "this is a text").unwrap();
        assert_eq!(
            crate::analyse(&path, "chords.mid", &mut |_| true).unwrap_err().code,
            "not_midi"
        );
    }
}
