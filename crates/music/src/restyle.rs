//! [`restyle`]: a piece played in the manner of another: its groove, its register, its loudness.

use crate::{
    features::polyphony,
    groove::{Groove, NoNotes},
    quantise::{Quantise, quantise},
    score::{DRUM_CHANNEL, Note, Score, Track},
};

/// What changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Restyled {
    /// The piece in its new manner.
    pub score: Score,
    /// For each track, the octaves by which it was moved.
    pub octaves: Vec<i32>,
    /// How alike the grooves of piece and model are now, from -1 to 1.
    pub similarity: f64,
}

/// What a track does in a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Drums,
    Bass,
    Line,
    Chords,
}

/// The piece with the groove, the register and the loudness of a model.
///
/// Notes go to the model's places of a grid of so many steps a whole note. Each track moves by octaves to where the
/// model has its tracks of the same role, where it has some: bass, single lines, chords. Drums keep their keys.
///
/// # Errors
/// When the model has no notes.
pub fn restyle(score: &Score, model: &Score, steps: u32) -> Result<Restyled, NoNotes> {
    let groove = Groove::of(model, steps)?;
    let how = Quantise { steps, groove: Some(groove.clone()), ..Quantise::default() };
    let (mut out, _) = quantise(score, &how);
    let mut octaves = Vec::with_capacity(out.tracks.len());
    for track in &mut out.tracks {
        let own = role(track);
        let by = match median_key(model, own).zip(median(track.notes.iter())) {
            Some((to, from)) if own != Role::Drums => octaves_between(from, to),
            _ => 0,
        };
        let fits = |by: i32| {
            track.notes.iter().all(|note| (0..=127).contains(&(i32::from(note.key) + 12 * by)))
        };
        let by = if fits(by) { by } else { 0 };
        for note in track.notes.iter_mut().filter(|note| note.channel != DRUM_CHANNEL) {
            note.key = (i32::from(note.key) + 12 * by) as u8;
        }
        octaves.push(by);
    }
    louder(&mut out, model);
    let similarity = Groove::of(&out, steps).map_or(0.0, |own| own.similarity(&groove));
    Ok(Restyled { score: out, octaves, similarity })
}

fn role(track: &Track) -> Role {
    match () {
        () if track.is_drums() => Role::Drums,
        () if median(track.notes.iter()).is_some_and(|key| key < 50.0) => Role::Bass,
        () if polyphony(&track.notes).1 < 1.3 => Role::Line,
        () => Role::Chords,
    }
}

/// The median key of all tracks of a role.
fn median_key(score: &Score, of: Role) -> Option<f64> {
    let tracks = score.tracks.iter().filter(|track| role(track) == of);
    median(tracks.flat_map(|track| &track.notes))
}

fn median<'a>(notes: impl Iterator<Item = &'a Note>) -> Option<f64> {
    let mut keys: Vec<u8> = notes.map(|note| note.key).collect();
    keys.sort_unstable();
    (!keys.is_empty()).then(|| f64::from(keys[keys.len() / 2]))
}

fn octaves_between(from: f64, to: f64) -> i32 {
    ((to - from) / 12.0).round() as i32
}

/// Velocities with the mean of the model's.
fn louder(score: &mut Score, model: &Score) {
    let mean = |score: &Score| {
        let n = score.n_notes().max(1) as f64;
        score.notes().map(|note| f64::from(note.velocity)).sum::<f64>() / n
    };
    let by = mean(model) / mean(score).max(1.0);
    for note in score.tracks.iter_mut().flat_map(|track| &mut track.notes) {
        note.velocity = (f64::from(note.velocity) * by).round().clamp(1.0, 127.0) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(keys: &[u8], late: u64, velocity: u8) -> Track {
        let mut track = Track::new("", 0, 0);
        track.notes = (0..16u64)
            .map(|i| Note {
                start: i * 240 + if i % 2 == 1 { late } else { 0 },
                length: 100,
                key: keys[i as usize % keys.len()],
                velocity,
                channel: 0,
                off_velocity: 64,
            })
            .collect();
        track
    }

    #[test]
    fn groove_register_and_loudness_are_taken() {
        let mut model = Score::new(480, 120.0);
        model.tracks = vec![line(&[72, 74, 76], 60, 100), line(&[40, 43], 60, 100)];
        let mut piece = Score::new(480, 90.0);
        piece.tracks = vec![line(&[60, 64, 62], 0, 50), line(&[30, 28], 0, 50)];
        let found = restyle(&piece, &model, 8).unwrap();
        assert_eq!(found.octaves, [1, 1]);
        assert!(found.similarity > 0.99, "{}", found.similarity);
        let first = &found.score.tracks[0].notes;
        assert_eq!((first[0].start, first[1].start, first[1].key), (0, 300, 76));
        assert_eq!(first[0].velocity, 100);
        assert_eq!(found.score.tempos, piece.tempos);
        assert_eq!(restyle(&piece, &Score::new(480, 120.0), 8), Err(NoNotes));
    }
}
