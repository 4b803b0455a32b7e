//! [`Groove`]: how late and how loud each step of a bar is played, taken from one piece and given to another.

use crate::{bars::Bars, score::Score};

/// How a bar is played: for each of its steps, how late it is and how loud.
#[derive(Clone, Debug, PartialEq)]
pub struct Groove {
    /// For each step of a bar: how late it is, in steps, from -0.5 to 0.5; and its loudness relative to the mean.
    steps: Vec<(f64, f64)>,
}

/// A groove cannot be taken. Messages follow "failed to …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("take a groove: there are no notes")]
pub struct NoNotes;

impl Groove {
    /// The groove of a score, on a grid of so many steps a whole note.
    ///
    /// Bars of its first meter count; a step that is never played is on time and as loud as the mean.
    ///
    /// # Errors
    /// When there are no notes.
    pub fn of(score: &Score, steps: u32) -> Result<Self, NoNotes> {
        let bars = Bars::new(score);
        let step = 4.0 * f64::from(score.ticks_per_quarter.max(1)) / f64::from(steps.max(1));
        let meter = bars.meter(0);
        let bar_ticks = bars.bar_ticks(meter) as f64;
        let notes = score.notes().map(|note| {
            let bar = bars.start(bars.place(note.start).bar);
            ((note.start - bar) as f64 / step, f64::from(note.velocity))
        });
        Self::from_places(notes, (bar_ticks / step).round().max(1.0) as usize)
    }

    /// The groove of places: steps from the start of a bar, and loudness; of a sound, its onsets.
    ///
    /// # Errors
    /// When there are none.
    pub fn from_places(
        places: impl Iterator<Item = (f64, f64)>,
        steps_per_bar: usize,
    ) -> Result<Self, NoNotes> {
        let n = steps_per_bar.clamp(1, 4096);
        let mut sums = vec![(0.0, 0.0, 0.0); n];
        let (mut loudness, mut count) = (0.0, 0.0);
        for (place, loud) in places.filter(|it| it.0.is_finite() && it.1.is_finite()) {
            let nearest = place.round();
            let idx = (nearest.max(0.0) as usize) % n;
            sums[idx].0 += place - nearest;
            sums[idx].1 += loud;
            sums[idx].2 += 1.0;
            loudness += loud;
            count += 1.0;
        }
        if count == 0.0 {
            return Err(NoNotes);
        }
        let mean = (loudness / count).max(1e-9);
        let step = |&(late, loud, n): &(f64, f64, f64)| match n > 0.0 {
            true => (late / n, loud / n / mean),
            false => (0.0, 1.0),
        };
        Ok(Self { steps: sums.iter().map(step).collect() })
    }

    /// How late a step is, in steps, and how loud; steps go round.
    pub fn step(&self, idx: usize) -> (f64, f64) {
        self.steps[idx % self.steps.len()]
    }

    /// How alike two grooves are, from -1 to 1: the correlation of how late their steps are.
    pub fn similarity(&self, other: &Self) -> f64 {
        let n = self.steps.len().max(other.steps.len());
        let pairs: Vec<(f64, f64)> = (0..n).map(|i| (self.step(i).0, other.step(i).0)).collect();
        let mean = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / n as f64;
        let (a, b) = (mean(&|it| it.0), mean(&|it| it.1));
        let (aa, bb, ab) = pairs.iter().fold((0.0, 0.0, 0.0), |sums, (x, y)| {
            let (x, y) = (x - a, y - b);
            (sums.0 + x * x, sums.1 + y * y, sums.2 + x * y)
        });
        if aa < 1e-12 && bb < 1e-12 {
            return 1.0;
        }
        ab / (aa * bb).sqrt().max(1e-12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quantise::{Quantise, quantise},
        score::{Note, Track},
    };

    fn score_of(places: &[(u64, u8)]) -> Score {
        let mut score = Score::new(480, 120.0);
        let mut track = Track::new("Drums", 9, 0);
        track.notes = places
            .iter()
            .map(|(start, velocity)| Note {
                start: *start,
                length: 30,
                key: 42,
                velocity: *velocity,
                channel: 9,
                off_velocity: 64,
            })
            .collect();
        score.tracks.push(track);
        score
    }

    #[test]
    fn a_groove_goes_from_one_piece_to_another() {
        // Two bars of 8ths whose second is 40 ticks late and softer.
        let played: Vec<(u64, u8)> = (0..16u64)
            .map(|i| (i * 240 + if i % 2 == 1 { 40 } else { 0 }, if i % 2 == 1 { 60 } else { 100 }))
            .collect();
        let groove = Groove::of(&score_of(&played), 8).unwrap();
        assert!((groove.step(1).0 - 1.0 / 6.0).abs() < 1e-9 && groove.step(0).0.abs() < 1e-9);
        assert!((groove.step(1).1 - 0.75).abs() < 1e-9);
        let straight: Vec<(u64, u8)> = (0..8).map(|i| (i * 240, 80)).collect();
        let how = Quantise { steps: 8, groove: Some(groove.clone()), ..Quantise::default() };
        let (out, _) = quantise(&score_of(&straight), &how);
        let found: Vec<_> = out.notes().map(|note| (note.start, note.velocity)).collect();
        assert_eq!(found[..4], [(0, 100), (280, 60), (480, 100), (760, 60)]);
        let again = Groove::of(&out, 8).unwrap();
        assert!(again.similarity(&groove) > 0.999);
        assert_eq!(Groove::of(&Score::new(480, 120.0), 8), Err(NoNotes));
    }
}
