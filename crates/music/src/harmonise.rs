//! [`harmonise`]: chords and three lower voices for a melody.
//!
//! Chords and voices are chosen together, as the cheapest way through all (Viterbi): a chord costs what of the melody
//! it does not have, and how unusual it is after the last; a setting of four voices costs its doublings, its spacing,
//! its leaps. Parallel fifths, octaves and unisons between any two voices are forbidden, as is a voice that crosses
//! another. Source: Aldwell, Schachter, "Harmony and Voice Leading" (2003), chapters 5 to 8; the costs are ours.

mod chords;
mod voices;

use crate::{
    bars::Bars,
    harmony::{ChordSpan, HarmonyError, key_of, slots},
    key::Key,
    melody::melody,
    midi::{Event, Meta, TextKind, TimedEvent},
    score::{Note, Score, Track},
};
use chords::Candidate;
use voices::{Voicing, parallels, step_cost, voicings};

/// Chords at most; more take too long.
const SLOTS_MAX: usize = 4000;
/// What a parallel costs, where there is no way without.
const PARALLEL: f64 = 1000.0;
/// The melody is harmonised in this range of keys; notes outside are taken an octave or more nearer.
const RANGE: std::ops::RangeInclusive<u8> = 55..=88;

/// In which manner to harmonise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChordStyle {
    /// A chord for each beat, as in hymns and chorales.
    Chorale,
    /// Few chords, two in a bar.
    Folk,
    /// A chord a bar, triads.
    Pop,
    /// Chords with sevenths, two in a bar.
    Jazz,
}

impl ChordStyle {
    /// Every style with its name.
    pub const ALL: [(&str, Self); 4] = [
        ("chorale", Self::Chorale),
        ("folk", Self::Folk),
        ("pop", Self::Pop),
        ("jazz", Self::Jazz),
    ];

    /// Beats of a chord.
    fn n_beats(self, beats_of_bar: u64) -> u64 {
        match self {
            Self::Chorale => 1,
            Self::Folk | Self::Jazz => {
                if beats_of_bar.is_multiple_of(2) {
                    beats_of_bar / 2
                } else {
                    beats_of_bar
                }
            }
            Self::Pop => beats_of_bar,
        }
    }
}

/// A melody with its chords and voices.
#[derive(Clone, Debug, PartialEq)]
pub struct Harmonised {
    /// A track of chord names, and soprano, alto, tenor and bass.
    pub score: Score,
    /// The key.
    pub key: Key,
    /// The chords, one a slot.
    pub chords: Vec<ChordSpan>,
    /// Parallels that could not be avoided.
    pub n_parallels: usize,
    /// Notes of the melody that were moved by octaves, so that there is room below.
    pub n_octaved: usize,
}

/// What the melody does while a chord holds.
struct Slot {
    start: u64,
    end: u64,
    /// Its keys in order, what sounds at the start first; empty where it rests.
    keys: Vec<u8>,
    /// How much each pitch class weighs, 1 in all.
    weights: [f64; 12],
}

/// A chord with its voices, and how it was reached.
struct State {
    candidate: usize,
    voicing: Voicing,
    cost: f64,
    from: u32,
}

/// Chords and three voices below for the melody of a score.
///
/// # Errors
/// When there is no melody, or it is too long.
pub fn harmonise(score: &Score, style: ChordStyle) -> Result<Harmonised, HarmonyError> {
    let (line, n_octaved) = in_range(melody(score));
    if line.is_empty() {
        return Err(HarmonyError::NoNotes);
    }
    let alone = Score {
        tracks: vec![Track { name: "Soprano".into(), notes: line, events: Vec::new() }],
        ..score.clone()
    };
    let key = key_of(&alone);
    let n_beats = style.n_beats(u64::from(Bars::new(score).meter(0).numerator));
    let slots = slots_of(&alone.tracks[0].notes, &slots(&alone, n_beats, SLOTS_MAX)?);
    let candidates = chords::candidates(style, key);
    let way = cheapest(&slots, &candidates, key, style);
    let n_parallels = way
        .windows(2)
        .zip(slots.windows(2))
        .map(|(pair, at)| n_parallels_between(&pair[0].1, &at[0], &pair[1].1, &at[1]))
        .sum();
    let chords: Vec<ChordSpan> = way
        .iter()
        .zip(&slots)
        .map(|((candidate, _), slot)| ChordSpan {
            start: slot.start,
            end: slot.end,
            chord: Some(candidates[*candidate].chord),
        })
        .collect();
    let voicings: Vec<Voicing> = way.into_iter().map(|it| it.1).collect();
    let score = written(alone, &chords, &voicings);
    Ok(Harmonised { score, key, chords, n_parallels, n_octaved })
}

/// The melody with every note in the range, and how many were moved.
fn in_range(mut line: Vec<Note>) -> (Vec<Note>, usize) {
    let mut n = 0;
    for note in &mut line {
        let before = note.key;
        while note.key < *RANGE.start() {
            note.key += 12;
        }
        while note.key > *RANGE.end() {
            note.key -= 12;
        }
        n += usize::from(note.key != before);
        note.channel = 0;
    }
    (line, n)
}

/// What the melody does in each slot.
fn slots_of(line: &[Note], times: &[(u64, u64)]) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(times.len());
    for &(start, end) in times {
        let first = line.partition_point(|note| note.end() <= start);
        let sounding = line[first..].iter().take_while(|note| note.start < end);
        let mut slot = Slot { start, end, keys: Vec::new(), weights: [0.0; 12] };
        for note in sounding {
            let ticks = note.end().min(end) - note.start.max(start);
            // What starts the slot is heard as belonging to the chord.
            let weight = if note.start <= start { 2.0 } else { 1.0 };
            slot.keys.push(note.key);
            slot.weights[usize::from(note.key % 12)] += weight * ticks as f64;
        }
        let sum: f64 = slot.weights.iter().sum();
        if sum > 0.0 {
            slot.weights.iter_mut().for_each(|it| *it /= sum);
        }
        slots.push(slot);
    }
    slots
}

/// The cheapest chords and voices for all slots: for each, the chord's number and the voices.
fn cheapest(
    slots: &[Slot],
    candidates: &[Candidate],
    key: Key,
    style: ChordStyle,
) -> Vec<(usize, Voicing)> {
    let mut columns: Vec<Vec<State>> = Vec::with_capacity(slots.len());
    for (i, slot) in slots.iter().enumerate() {
        let place = chords::Place { is_first: i == 0, n_left: slots.len() - 1 - i };
        let mut column = Vec::new();
        for (number, candidate) in candidates.iter().enumerate() {
            let own = candidate.cost
                + chords::melody_cost(candidate.chord, &slot.weights)
                + chords::place_cost(candidate, place);
            for (voicing, cost) in voicings(candidate.chord, &slot.keys, key) {
                column.push(State { candidate: number, voicing, cost: own + cost, from: 0 });
            }
        }
        if let Some(last) = columns.last() {
            for state in &mut column {
                let (mut best, mut from) = (f64::INFINITY, 0);
                for (j, before) in last.iter().enumerate() {
                    if before.cost >= best {
                        continue;
                    }
                    let change = chords::change_cost(
                        &candidates[before.candidate],
                        &candidates[state.candidate],
                        style,
                    );
                    let mut cost = before.cost + change;
                    if cost >= best {
                        continue;
                    }
                    cost += between(&before.voicing, &slots[i - 1], &state.voicing, slot);
                    if cost < best {
                        (best, from) = (cost, j as u32);
                    }
                }
                state.cost += best;
                state.from = from;
            }
        }
        columns.push(column);
    }
    let cost = |state: &State| state.cost;
    let last = columns.last().map_or(&[][..], Vec::as_slice);
    let mut at =
        (0..last.len()).min_by(|a, b| cost(&last[*a]).total_cmp(&cost(&last[*b]))).unwrap_or(0);
    let mut way = Vec::with_capacity(slots.len());
    for column in columns.iter().rev() {
        let state = &column[at];
        way.push((state.candidate, state.voicing));
        at = state.from as usize;
    }
    way.reverse();
    way
}

/// What it costs to go from one setting to the next.
fn between(before: &Voicing, from: &Slot, after: &Voicing, to: &Slot) -> f64 {
    step_cost(before, after) + PARALLEL * n_parallels_between(before, from, after, to) as f64
}

/// Parallels from the end of a slot to the start of the next.
fn n_parallels_between(before: &Voicing, from: &Slot, after: &Voicing, to: &Slot) -> usize {
    parallels(before, from.keys.last().copied(), after, to.keys.first().copied())
}

/// The melody with its chords as texts, and a track for each lower voice.
fn written(melody: Score, chords: &[ChordSpan], voicings: &[Voicing]) -> Score {
    let mut names = Track { name: "Chords".into(), ..Track::default() };
    let mut last = None;
    for span in chords.iter().filter(|span| span.chord.is_some()) {
        if span.chord != last {
            let bytes = span.chord.map_or_else(String::new, |chord| chord.to_string()).into_bytes();
            let event = Event::Meta(Meta::Text { kind: TextKind::Text, bytes });
            names.events.push(TimedEvent { tick: span.start, event });
        }
        last = span.chord;
    }
    let mut tracks = vec![names];
    tracks.extend(melody.tracks.iter().cloned());
    for (voice, name) in ["Alto", "Tenor", "Bass"].into_iter().enumerate() {
        let mut track = Track { name: name.into(), ..Track::default() };
        for (i, (span, voicing)) in chords.iter().zip(voicings).enumerate() {
            let key = voicing.lower[voice];
            let is_held = i > 0 && chords[i - 1].chord == span.chord;
            match track.notes.last_mut() {
                Some(last) if is_held && last.key == key && last.end() == span.start => {
                    last.length = span.end - last.start;
                }
                _ => track.notes.push(Note {
                    start: span.start,
                    length: span.end - span.start,
                    key,
                    velocity: 72,
                    channel: voice as u8 + 1,
                    off_velocity: 64,
                }),
            }
        }
        tracks.push(track);
    }
    Score { tracks, ..melody }
}

#[cfg(test)]
mod tests;
