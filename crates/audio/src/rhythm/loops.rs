//! Loops: sounds that are a whole number of beats long, so that their length says their tempo exactly.
//!
//! Producers cut loops to whole bars. A tempo from a few beats of sound is a few per cent off, and half or double as
//! often as not; a length in samples is exact, and leaves the choice between few numbers of beats. That choice goes by
//! how well onsets lie on the beats from the first sample on, by how usual the tempo is, and by how usual so many beats
//! are in a loop.

use super::{
    beats::{Division, Path, Pulse, fit},
    envelope::Envelope,
};

/// Lengths of loops, in seconds.
const SHORTEST_SECS: f64 = 0.8;
const LONGEST_SECS: f64 = 40.0;
/// Tempos of loops, in beats per minute.
const SLOWEST_BPM: f64 = 60.0;
const FASTEST_BPM: f64 = 190.0;
/// A loop begins at once: its first onset is not later.
const BEGINS_SECS: f64 = 0.06;
/// Up to this length a tempo that was found without the length is not more certain than the length.
const SHORT_SECS: f64 = 6.0;

/// Onsets that fit the beats less than this have none. White noise reaches 0.1.
const LEAST_FIT: f64 = 0.14;

/// A sound as a loop.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loop {
    pub(super) n_beats: usize,
    pub(super) path: Path,
    /// Beats per minute and score of each number of beats that is possible, best first.
    pub(super) scored: Vec<(f64, f64)>,
}

/// The sound as a loop, if it can be one: short, beginning at once, and with onsets on its beats.
///
/// `free_fit` is how well beats fit that were found without the length.
pub(super) fn as_loop(
    envelope: &Envelope,
    pulse: &Pulse,
    onsets: &[f64],
    length_secs: f64,
    latency_frames: f64,
    free_fit: f64,
) -> Option<Loop> {
    let is_of_length = (SHORTEST_SECS..=LONGEST_SECS).contains(&length_secs);
    if !is_of_length {
        return None;
    }
    let most = (length_secs * FASTEST_BPM / 60.0) as usize;
    let mut scored: Vec<(usize, f64, Path)> = vec![];
    for n_beats in 1..=most {
        let bpm = 60.0 * n_beats as f64 / length_secs;
        if bpm < SLOWEST_BPM {
            continue;
        }
        let step = length_secs * envelope.rate / n_beats as f64;
        let frames: Vec<f64> =
            (0..n_beats.max(2)).map(|k| k as f64 * step - latency_frames).collect();
        for division in [Division::Halves, Division::Thirds] {
            let fit = fit(pulse, &frames, division);
            let score = score(fit, division, bpm) + usual(n_beats) + whole(bpm);
            let frames = frames[..n_beats].to_vec();
            scored.push((n_beats, score, Path { frames, fit, division }));
        }
    }
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (n_beats, _, path) = scored.first()?.clone();
    let begins = onsets.first().is_some_and(|first| *first <= BEGINS_SECS);
    // In whole seconds every fourth number of beats makes a whole tempo, which then says nothing.
    let is_in_seconds = (length_secs - length_secs.round()).abs() < 1e-3;
    let is_whole = whole(60.0 * n_beats as f64 / length_secs) > 0.0 && !is_in_seconds;
    let is_short = length_secs <= SHORT_SECS;
    let (share, least) = match (is_whole, begins) {
        (true, _) if is_short => (0.15, 0.4 * LEAST_FIT),
        (true, _) => (0.25, LEAST_FIT),
        (_, true) if is_short => (0.4, LEAST_FIT),
        (_, true) => (0.8, LEAST_FIT),
        _ => (f64::MAX, LEAST_FIT),
    };
    // What is long and no loop has any number of beats; loops have whole bars.
    let is_whole_bars = is_short || n_beats.is_multiple_of(4) || n_beats.is_multiple_of(3);
    let fits = is_whole_bars && path.fit >= least.max(share * free_fit);
    let mut tempos: Vec<(f64, f64)> = vec![];
    for (n, score, _) in &scored {
        let bpm = 60.0 * *n as f64 / length_secs;
        if tempos.iter().all(|it| it.0 != bpm) {
            tempos.push((bpm, *score));
        }
    }
    fits.then_some(Loop { n_beats, path, scored: tempos })
}

/// How good a tempo is: how well its beats fit, and how usual it is.
pub(super) fn score(fit: f64, division: Division, bpm: f64) -> f64 {
    // Halves are by far more usual than thirds.
    let thirds = if division == Division::Thirds { -0.7 } else { 0.0 };
    6.0 * fit + super::tempo::preference(bpm) + thirds
}

/// Whether a tempo is a whole number up to the length of a sample or two, which programs for music begin with. A length
/// that has nothing to do with beats gives one in 25 times.
fn whole(bpm: f64) -> f64 {
    if (bpm - bpm.round()).abs() < 0.02 { 0.4 } else { 0.0 }
}

/// How usual so many beats are in a loop, as a logarithm: whole bars of four, then of three, then parts of bars.
fn usual(n_beats: usize) -> f64 {
    match n_beats {
        n if n.is_power_of_two() && n >= 4 => 0.0,
        n if n % 4 == 0 => -0.25,
        2 => -0.4,
        n if n % 3 == 0 => -0.6,
        n if n % 2 == 0 => -0.9,
        _ => -1.4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_bars_are_more_usual_than_parts() {
        let order = [16, 12, 2, 6, 10, 7];
        assert!(order.windows(2).all(|it| usual(it[0]) > usual(it[1])));
    }
}
