//! [`quantise`] puts notes on a grid: with swing, in part or whole, with tuplets where they are played, or with the
//! groove of another piece.
//!
//! Which beats are tuplets is found as the likeliest sequence of divisions (Viterbi): a note costs its squared
//! distance from the grid, in standard deviations of the playing, and the logarithm of the places a beat has; a
//! change of division costs something too. Source: Cemgil, Desain, Kappen, "Rhythm quantization for transcription"
//! (Computer Music Journal 24:2, 2000); the costs of divisions are ours.

mod divisions;

use crate::{
    bars::Bars,
    clock::Clock,
    groove::Groove,
    score::{Note, Score},
};

/// How to put notes on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantise {
    /// Steps of a whole note, 1 to 128: 16 for 16ths, 12 for triplets of 8ths.
    pub steps: u32,
    /// How late every second step is, 0 to 1: 0 is straight, 2/3 a triplet, 1 dotted.
    pub swing: f64,
    /// How far notes go to their place, 0 to 1.
    pub strength: f64,
    /// Whether beats may be divided into 3, 5 or 6 where notes are played so.
    pub has_tuplets: bool,
    /// Whether ends go to the grid too; else notes keep their lengths.
    pub moves_ends: bool,
    /// The groove to follow instead of swing and tuplets.
    pub groove: Option<Groove>,
}

impl Default for Quantise {
    fn default() -> Self {
        Self {
            steps: 16,
            swing: 0.0,
            strength: 1.0,
            has_tuplets: false,
            moves_ends: false,
            groove: None,
        }
    }
}

/// What quantising did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moved {
    /// Notes of the score.
    pub n_notes: usize,
    /// Notes that start elsewhere now.
    pub n_moved: usize,
    /// Root mean square of the moves, in milliseconds.
    pub rms_ms: f64,
    /// The largest move, in milliseconds.
    pub most_ms: f64,
    /// Beats that were taken as tuplets.
    pub n_tuplet_beats: usize,
}

/// The score with its notes on a grid, and what was moved. Everything but notes stays where it is.
///
/// The grid begins anew with every bar. Notes of one key that did not overlap before do not afterwards.
pub fn quantise(score: &Score, how: &Quantise) -> (Score, Moved) {
    let steps = how.steps.clamp(1, 128);
    let bars = Bars::new(score);
    let grid = Grid {
        step: 4.0 * f64::from(score.ticks_per_quarter.max(1)) / f64::from(steps),
        swing: how.swing.clamp(0.0, 1.0),
        groove: how.groove.as_ref(),
        bars: &bars,
    };
    let is_tuplets = how.has_tuplets && how.groove.is_none();
    let beats = is_tuplets.then(|| divisions::find(score, &bars, steps));
    let strength = how.strength.clamp(0.0, 1.0);
    let mut out = score.clone();
    for track in &mut out.tracks {
        for note in &mut track.notes {
            let place = match beats.as_ref().and_then(|beats| beats.place(note.start)) {
                Some(target) => Target { tick: target, loudness: 1.0 },
                None => grid.nearest(note.start),
            };
            let end = note.end();
            note.start = part_way(note.start, place.tick, strength);
            if how.moves_ends {
                let at = part_way(end, grid.nearest(end).tick, strength);
                // Nothing becomes shorter than half a step by it.
                let least = (grid.step / 2.0).round().max(1.0) as u64;
                note.length = at.saturating_sub(note.start).max(least);
            }
            let loudness = 1.0 + (place.loudness - 1.0) * strength;
            note.velocity = (f64::from(note.velocity) * loudness).round().clamp(1.0, 127.0) as u8;
        }
    }
    let moved = moves(score, &out, beats.as_ref().map_or(0, divisions::Beats::n_tuplets));
    for (track, before) in out.tracks.iter_mut().zip(&score.tracks) {
        part(&mut track.notes, &before.notes);
        track.sort();
    }
    (out, moved)
}

/// Where a note goes, and how much louder it becomes.
struct Target {
    tick: f64,
    loudness: f64,
}

struct Grid<'a> {
    /// Ticks of a step.
    step: f64,
    swing: f64,
    groove: Option<&'a Groove>,
    bars: &'a Bars,
}

impl Grid<'_> {
    /// The place of the grid that is nearest to a tick.
    fn nearest(&self, tick: u64) -> Target {
        let bar = self.bars.place(tick).bar;
        let start = self.bars.start(bar) as f64;
        let bar_ticks = self.bars.bar_ticks(self.bars.meter(tick)) as f64;
        let at = tick as f64 - start;
        let near = (at / self.step).round() as i64;
        // The next bar is a place too, whether it is on a step or not.
        let mut best = self.next_bar(start + bar_ticks);
        for idx in near - 2..=near + 2 {
            let Some(target) = self.of_step(start, idx, bar_ticks) else { continue };
            let distance = |target: &Target| (target.tick - tick as f64).abs();
            if distance(&target) < distance(&best) {
                best = target;
            }
        }
        best
    }

    fn next_bar(&self, start: f64) -> Target {
        match self.groove {
            Some(groove) => {
                let (late, loudness) = groove.step(0);
                Target { tick: start + late * self.step, loudness }
            }
            None => Target { tick: start, loudness: 1.0 },
        }
    }

    fn of_step(&self, start: f64, idx: i64, bar_ticks: f64) -> Option<Target> {
        if idx < 0 || idx as f64 * self.step >= bar_ticks - 1e-6 {
            return None;
        }
        let straight = start + idx as f64 * self.step;
        Some(match self.groove {
            Some(groove) => {
                let (late, loudness) = groove.step(idx as usize);
                Target { tick: straight + late * self.step, loudness }
            }
            None => {
                let late = if idx % 2 == 1 { self.swing / 2.0 * self.step } else { 0.0 };
                Target { tick: straight + late, loudness: 1.0 }
            }
        })
    }
}

fn part_way(from: u64, to: f64, strength: f64) -> u64 {
    (from as f64 + (to - from as f64) * strength).round().max(0.0) as u64
}

/// Keeps notes of one key apart that were apart before. Both lists have the same notes in the same order.
pub(crate) fn part(notes: &mut [Note], before: &[Note]) {
    let mut order: Vec<usize> = (0..notes.len()).collect();
    order.sort_by_key(|i| (notes[*i].channel, notes[*i].key, before[*i].start, *i));
    for pair in order.windows(2) {
        let (i, next) = (pair[0], pair[1]);
        let is_same = (notes[i].channel, notes[i].key) == (notes[next].channel, notes[next].key);
        let was_apart = before[i].end() <= before[next].start;
        if is_same && was_apart && notes[i].end() > notes[next].start {
            notes[i].length = notes[next].start.saturating_sub(notes[i].start).max(1);
        }
    }
}

/// How far notes went. Both scores have the same notes in the same order.
fn moves(before: &Score, after: &Score, n_tuplet_beats: usize) -> Moved {
    let clock = Clock::new(before);
    let mut moved = Moved { n_notes: before.n_notes(), n_tuplet_beats, ..Moved::default() };
    let mut squares = 0.0;
    for (old, new) in before.notes().zip(after.notes()) {
        if old.start == new.start {
            continue;
        }
        let secs = clock.secs_from_tick(new.start as f64) - clock.secs_from_tick(old.start as f64);
        let ms = secs.abs() * 1e3;
        moved.n_moved += 1;
        squares += ms * ms;
        moved.most_ms = moved.most_ms.max(ms);
    }
    moved.rms_ms = if moved.n_notes > 0 { (squares / moved.n_notes as f64).sqrt() } else { 0.0 };
    moved
}

#[cfg(test)]
mod tests;
