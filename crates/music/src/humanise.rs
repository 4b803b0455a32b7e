//! [`humanise`] moves notes a little, as people do: they drift and come back, and are not always as loud.
//!
//! Deviations of people are correlated from note to note. Source: Hennig et al., "The nature and perception of
//! fluctuations in human musical rhythms" (`PLoS` ONE 6:10, 2011); here the correlation is that of one step back.

use crate::{clock::Clock, quantise::part, random::Random, score::Score};

/// How much to move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Humanise {
    /// The standard deviation of the times, in milliseconds.
    pub timing_ms: f64,
    /// The standard deviation of velocities.
    pub velocity: f64,
    /// The random seed; the same gives the same.
    pub seed: u64,
}

impl Default for Humanise {
    fn default() -> Self {
        Self { timing_ms: 8.0, velocity: 6.0, seed: 0 }
    }
}

/// How much of a deviation is left at the next note.
const KEPT: f64 = 0.6;
/// How far the notes of a chord are apart, as a share of the deviation.
const CHORD: f64 = 0.25;

/// The score, played less exactly. Lengths stay; nothing starts before the start.
pub fn humanise(score: &Score, how: Humanise) -> Score {
    let clock = Clock::new(score);
    let mut out = score.clone();
    for (i, (track, before)) in out.tracks.iter_mut().zip(&score.tracks).enumerate() {
        let mut random = Random::of(how.seed, &format!("humanise {i}"));
        let (mut late, mut loud, mut last) = (0.0, 0.0, None);
        for note in &mut track.notes {
            if last != Some(note.start) {
                let fresh = (1.0f64 - KEPT * KEPT).sqrt();
                late = KEPT * late + fresh * random.normal();
                loud = KEPT * loud + fresh * random.normal();
            }
            last = Some(note.start);
            let own = late + CHORD * random.normal();
            let at = clock.secs_from_tick(note.start as f64) + own * how.timing_ms / 1e3;
            note.start = clock.tick_from_secs(at.max(0.0)).round().max(0.0) as u64;
            let velocity =
                f64::from(note.velocity) + (loud + CHORD * random.normal()) * how.velocity;
            note.velocity = velocity.round().clamp(1.0, 127.0) as u8;
        }
        part(&mut track.notes, &before.notes);
        track.sort();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{Note, Track};

    #[test]
    fn deviations_are_as_large_as_asked_and_repeat() {
        let mut score = Score::new(480, 120.0);
        let mut track = Track::new("", 0, 0);
        let note = |i: u64| Note {
            start: i * 480,
            length: 100,
            key: 60,
            velocity: 64,
            channel: 0,
            off_velocity: 64,
        };
        track.notes = (1..2001).map(note).collect();
        score.tracks.push(track);
        let how = Humanise { seed: 5, ..Humanise::default() };
        let out = humanise(&score, how);
        assert_eq!(out, humanise(&score, how));
        assert_ne!(out, humanise(&score, Humanise { seed: 6, ..how }));
        let late: Vec<f64> = out
            .notes()
            .zip(score.notes())
            .map(|(new, old)| (new.start as f64 - old.start as f64) / 0.96)
            .collect();
        let spread = (late.iter().map(|ms| ms * ms).sum::<f64>() / 2000.0).sqrt();
        assert!((7.0..9.5).contains(&spread), "{spread}");
        let along: f64 = late.windows(2).map(|it| it[0] * it[1]).sum::<f64>() / 2000.0;
        assert!((0.4..0.7).contains(&(along / spread / spread)));
        assert!(out.notes().all(|note| note.length == 100));
    }

    #[test]
    fn nothing_moves_by_nothing() {
        let mut score = Score::new(480, 120.0);
        let mut track = Track::new("", 0, 0);
        track.notes =
            vec![Note { start: 3, length: 9, key: 60, velocity: 1, channel: 0, off_velocity: 0 }];
        score.tracks.push(track);
        assert_eq!(humanise(&score, Humanise { timing_ms: 0.0, velocity: 0.0, seed: 1 }), score);
    }
}
