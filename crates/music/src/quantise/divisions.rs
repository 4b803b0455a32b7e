//! Into how many parts each beat is divided, found from the notes in it.

use std::collections::BTreeMap;

use crate::{bars::Bars, score::Score};

/// The standard deviation of playing that is assumed first, in beats; then it is estimated.
const SPREAD_FIRST: f64 = 0.03;
/// Bounds of what is estimated: a machine, and somebody who practises.
const SPREAD_LEAST: f64 = 0.008;
const SPREAD_MOST: f64 = 0.045;
/// What a change of division from a beat to the next costs.
const CHANGE: f64 = 1.0;
/// What it costs that two notes which are apart fall on one place.
const COLLISION: f64 = 4.0;

/// A way to divide a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Division {
    /// Parts of the beat.
    n: u32,
    is_tuplet: bool,
}

/// A beat: a quarter note, or two steps where a step is longer than a quarter.
#[derive(Clone, Copy, Debug)]
struct Beat {
    start: f64,
    division: Division,
}

/// The beats that have notes, with their divisions.
pub(super) struct Beats {
    beats: BTreeMap<(u64, u64), Beat>,
    ticks: f64,
    /// For each note's start, the beat it lies in.
    of: BTreeMap<u64, (u64, u64)>,
}

impl Beats {
    /// The place of a tick in the division of its beat; none where the beat is not a whole one.
    pub(super) fn place(&self, tick: u64) -> Option<f64> {
        let beat = self.beats.get(self.of.get(&tick)?)?;
        let part = self.ticks / f64::from(beat.division.n);
        Some(beat.start + ((tick as f64 - beat.start) / part).round() * part)
    }

    /// Beats that are tuplets.
    pub(super) fn n_tuplets(&self) -> usize {
        self.beats.values().filter(|beat| beat.division.is_tuplet).count()
    }
}

/// Finds the divisions of all beats of a score, for a grid of so many steps a whole note.
pub(super) fn find(score: &Score, bars: &Bars, steps: u32) -> Beats {
    let quarter = f64::from(score.ticks_per_quarter.max(1));
    let n_straight = if steps.is_multiple_of(4) { steps / 4 } else { 2 };
    let ticks = f64::from(n_straight) * 4.0 * quarter / f64::from(steps);
    let divisions = divisions(n_straight);
    let mut found = Beats { beats: BTreeMap::new(), ticks, of: BTreeMap::new() };
    // The notes of each beat, by bar and beat in it, as shares of the beat.
    let mut shares: BTreeMap<(u64, u64), (f64, Vec<f64>)> = BTreeMap::new();
    let mut starts: Vec<u64> = score.notes().map(|note| note.start).collect();
    starts.sort_unstable();
    starts.dedup();
    for start in starts {
        let bar = bars.place(start).bar;
        let bar_start = bars.start(bar) as f64;
        let bar_ticks = bars.bar_ticks(bars.meter(start)) as f64;
        let beat = ((start as f64 - bar_start) / ticks).floor();
        let beat_start = bar_start + beat * ticks;
        if beat_start + ticks > bar_start + bar_ticks + 0.5 {
            continue;
        }
        let key = (bar, beat as u64);
        found.of.insert(start, key);
        let share = (start as f64 - beat_start) / ticks;
        shares.entry(key).or_insert((beat_start, Vec::new())).1.push(share);
    }
    let beats: Vec<_> = shares.into_iter().collect();
    let mut spread = SPREAD_FIRST;
    let mut chosen = Vec::new();
    for _ in 0..3 {
        chosen = likeliest(&beats, &divisions, spread);
        spread = estimate(&beats, &chosen);
    }
    for ((key, (start, _)), division) in beats.into_iter().zip(chosen) {
        found.beats.insert(key, Beat { start, division });
    }
    found
}

/// The divisions that a beat may have, the straight one first.
fn divisions(n_straight: u32) -> Vec<Division> {
    let mut all = vec![Division { n: n_straight, is_tuplet: false }];
    let mut add = |n: u32| {
        if all.iter().all(|it| it.n != n) && !(n_straight.is_multiple_of(n)) {
            all.push(Division { n, is_tuplet: true });
        }
    };
    add(3);
    if n_straight >= 4 {
        add(n_straight * 3 / 2);
        add(5);
    }
    all
}

/// What it costs that a beat with notes at these shares is divided so.
fn cost(shares: &[f64], division: Division, spread: f64) -> f64 {
    let n = f64::from(division.n);
    let mut cost = match (division.is_tuplet, division.n) {
        (false, _) => 0.0,
        (true, 3) => 1.0,
        (true, 5) => 4.0,
        (true, _) => 5.0,
    };
    let mut last: Option<(f64, f64)> = None;
    for share in shares {
        let place = (share * n).round() / n;
        let distance = (share - place) / spread;
        cost += distance * distance / 2.0 + n.ln();
        if last.is_some_and(|(at, before)| at == place && share - before > 3.0 * spread) {
            cost += COLLISION;
        }
        last = Some((place, *share));
    }
    cost
}

type Notes = ((u64, u64), (f64, Vec<f64>));

/// The likeliest divisions of beats in order (Viterbi).
fn likeliest(beats: &[Notes], divisions: &[Division], spread: f64) -> Vec<Division> {
    let n = divisions.len();
    let mut costs = vec![0.0f64; n];
    let mut from: Vec<Vec<usize>> = Vec::with_capacity(beats.len());
    for (_, (_, shares)) in beats {
        let way: Vec<usize> = (0..n)
            .map(|to| {
                let whole = |i: usize| costs[i] + if i == to { 0.0 } else { CHANGE };
                (0..n).min_by(|a, b| whole(*a).total_cmp(&whole(*b))).unwrap_or(0)
            })
            .collect();
        costs = (0..n)
            .map(|to| {
                let change = if way[to] == to { 0.0 } else { CHANGE };
                costs[way[to]] + change + cost(shares, divisions[to], spread)
            })
            .collect();
        from.push(way);
    }
    let mut at = (0..n).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).unwrap_or(0);
    let mut chosen = Vec::with_capacity(beats.len());
    for way in from.iter().rev() {
        chosen.push(divisions[at]);
        at = way[at];
    }
    chosen.reverse();
    chosen
}

/// How exact the playing is: the root mean square of the distances from the chosen places.
fn estimate(beats: &[Notes], chosen: &[Division]) -> f64 {
    let (mut squares, mut n_notes) = (0.0, 0.0);
    for ((_, (_, shares)), division) in beats.iter().zip(chosen) {
        let n = f64::from(division.n);
        for share in shares {
            let distance = share - (share * n).round() / n;
            squares += distance * distance;
            n_notes += 1.0;
        }
    }
    if n_notes < 8.0 {
        SPREAD_FIRST
    } else {
        (squares / n_notes).sqrt().clamp(SPREAD_LEAST, SPREAD_MOST)
    }
}
