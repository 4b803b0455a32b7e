//! [`melody`]: the line of a score that is sung or led, one note at a time.

use crate::{
    features::polyphony,
    score::{Note, Score, Track},
};

/// Words in names of tracks that have a melody.
const NAMES: [&str; 9] =
    ["melod", "lead", "vocal", "voice", "sopran", "sing", "theme", "gesang", "solo"];

/// The melody of a score: of the track whose name says so, else of the one that is high and mostly has one note at
/// once; of notes at once the highest, each ending where the next begins.
pub fn melody(score: &Score) -> Vec<Note> {
    let tracks = score.tracks.iter().filter(|it| !it.notes.is_empty() && !it.is_drums());
    let worth = |track: &Track| {
        let mean: f64 = track.notes.iter().map(|note| f64::from(note.key)).sum::<f64>()
            / track.notes.len() as f64;
        let name = track.name.to_lowercase();
        let is_named = NAMES.iter().any(|it| name.contains(it));
        mean - 12.0 * (polyphony(&track.notes).1 - 1.0) + if is_named { 1000.0 } else { 0.0 }
    };
    let best = tracks.max_by(|a, b| worth(a).total_cmp(&worth(b)));
    best.map_or_else(Vec::new, |track| skyline(&track.notes))
}

/// The highest notes: of those that start together the highest; a lower one is left out while a higher sounds.
fn skyline(notes: &[Note]) -> Vec<Note> {
    let mut sorted: Vec<Note> = notes.iter().filter(|note| note.length > 0).copied().collect();
    sorted.sort_by_key(|note| (note.start, u8::MAX - note.key));
    let mut line: Vec<Note> = Vec::with_capacity(sorted.len());
    for note in sorted {
        match line.last_mut() {
            Some(last) if last.start == note.start => {}
            Some(last) if last.end() > note.start => {
                if note.key > last.key || last.end() < note.end() {
                    last.length = note.start - last.start;
                    line.push(note);
                }
            }
            _ => line.push(note),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(start: u64, length: u64, key: u8) -> Note {
        Note { start, length, key, velocity: 80, channel: 0, off_velocity: 64 }
    }

    #[test]
    fn the_line_is_found_among_tracks() {
        let mut score = Score::new(480, 120.0);
        for (name, notes) in [
            ("Strings", vec![note(0, 960, 80), note(0, 960, 76), note(0, 960, 72)]),
            ("Flute", vec![note(0, 480, 74), note(480, 480, 76)]),
            ("Bass", vec![note(0, 960, 40)]),
        ] {
            score.tracks.push(Track { name: name.into(), notes, events: vec![] });
        }
        assert_eq!(melody(&score), score.tracks[1].notes);
        score.tracks[2].name = "Lead bass".into();
        assert_eq!(melody(&score), score.tracks[2].notes);
        assert_eq!(melody(&Score::new(480, 120.0)), []);
    }

    #[test]
    fn one_note_sounds_at_once() {
        let line =
            skyline(&[note(0, 960, 60), note(0, 480, 64), note(240, 100, 67), note(300, 500, 62)]);
        assert_eq!(line, [note(0, 240, 64), note(240, 60, 67), note(300, 500, 62)]);
    }
}
