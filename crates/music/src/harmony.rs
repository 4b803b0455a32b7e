//! [`harmony_of`]: the chords of a piece, as its texts say them or as its notes have them.

use crate::{
    bars::Bars,
    chord::{Chord, Quality},
    key::{Key, key_from_pitch_classes, pitch_class_ticks},
    midi::{Event, Meta, TextKind, text_from_bytes},
    score::{DRUM_CHANNEL, Note, Score},
};

/// Chords are looked for in so many beats at most; some five hours of music.
const BEATS_MAX: usize = 40_000;

/// A chord and where it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChordSpan {
    /// From where, in ticks.
    pub start: u64,
    /// To where.
    pub end: u64,
    /// The chord; none where nothing sounds that has a pitch.
    pub chord: Option<Chord>,
}

/// The key of a piece, and its chords one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Harmony {
    /// The key.
    pub key: Key,
    /// Chords in order, without gaps between them.
    pub chords: Vec<ChordSpan>,
    /// Whether the piece itself says its chords, in markers or texts.
    pub is_written: bool,
}

impl Harmony {
    /// The chord that holds at a tick.
    pub fn at(&self, tick: u64) -> Option<Chord> {
        self.span_at(tick)?.chord
    }

    /// The chord that holds at a tick, and where it holds.
    pub fn span_at(&self, tick: u64) -> Option<&ChordSpan> {
        let i = self.chords.partition_point(|span| span.start <= tick);
        self.chords[..i].last().filter(|span| tick < span.end)
    }
}

/// Music that is too long, or has nothing to go by. Messages follow "failed to …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HarmonyError {
    /// No note has a pitch.
    #[error("find a harmony: no note has a pitch")]
    NoNotes,
    /// There are more beats than are looked at.
    #[error(
        "find a harmony: the piece has {n} beats, and at most {most} are looked at; cut it into parts"
    )]
    TooLong {
        /// Its beats.
        n: u64,
        /// How many may be.
        most: usize,
    },
}

/// The key of a score: the one that it says at its start, else the one that fits its notes; C major without any.
pub fn key_of(score: &Score) -> Key {
    if let Some(said) = score.keys.first().filter(|it| it.sharps != 0 || it.is_minor) {
        return Key { tonic: said.tonic(), is_minor: said.is_minor };
    }
    let weights = pitch_class_ticks(score.notes(), 8 * u64::from(score.ticks_per_quarter));
    key_from_pitch_classes(&weights).map_or(Key { tonic: 0, is_minor: false }, |found| found.key)
}

/// The chords of a score: those that its markers or texts name, else those that its notes fit best.
///
/// # Errors
/// When no note has a pitch and no text names a chord, or the piece is too long.
pub fn harmony_of(score: &Score) -> Result<Harmony, HarmonyError> {
    if let Some(chords) = written(score) {
        return Ok(Harmony { key: key_of(score), chords, is_written: true });
    }
    let key = key_of(score);
    let slots = slots(score, 1, BEATS_MAX)?;
    let weights = slot_weights(score, &slots);
    let bars = Bars::new(score);
    let is_one_bar = |a: u64, b: u64| bars.place(a).bar == bars.place(b).bar;
    let chords = joined(likeliest(&slots, &weights, key, &bars), is_one_bar);
    let chords = joined(refined(chords, &slots, &weights, key), |_, _| true);
    Ok(Harmony { key, chords, is_written: false })
}

/// The chords that markers or texts name; none where they name something else.
fn written(score: &Score) -> Option<Vec<ChordSpan>> {
    let texts =
        score.tracks.iter().flat_map(|track| &track.events).filter_map(|it| match &it.event {
            Event::Meta(Meta::Text { kind: TextKind::Text | TextKind::Lyric, bytes }) => {
                Some((it.tick, text_from_bytes(bytes)))
            }
            _ => None,
        });
    let markers: Vec<(u64, String)> =
        score.markers.iter().map(|it| (it.tick, it.text.clone())).collect();
    chords_of_texts(score, markers).or_else(|| chords_of_texts(score, texts.collect()))
}

fn chords_of_texts(score: &Score, mut texts: Vec<(u64, String)>) -> Option<Vec<ChordSpan>> {
    texts.sort_by_key(|it| it.0);
    let chord = |text: &str| {
        let text = text.trim();
        if text == "N" || text == "N.C." { Some(None) } else { Chord::parse(text).map(Some) }
    };
    let found: Vec<(u64, Option<Chord>)> =
        texts.iter().filter_map(|(tick, text)| Some((*tick, chord(text)?))).collect();
    if found.len() < 2 || 10 * found.len() < 7 * texts.len() {
        return None;
    }
    let end = score.end().max(found.last()?.0 + 1);
    // Sections are called A and B too, and are longer.
    let is_bare = texts.iter().all(|it| it.1.trim().len() == 1);
    let bars = Bars::new(score);
    let bar = bars.bar_ticks(bars.meter(found[0].0));
    if is_bare && (end - found[0].0) / found.len() as u64 > 2 * bar {
        return None;
    }
    let ends = found.iter().skip(1).map(|it| it.0).chain([bars.start(bars.n_bars(end))]);
    let spans = found.iter().zip(ends);
    let spans = spans.map(|((start, chord), end)| ChordSpan { start: *start, end, chord: *chord });
    Some(spans.filter(|span| span.end > span.start).collect())
}

/// Slots of so many beats from the bar of the first note with a pitch to the end, none across a bar line.
pub(crate) fn slots(
    score: &Score,
    n_beats: u64,
    most: usize,
) -> Result<Vec<(u64, u64)>, HarmonyError> {
    let pitched = || score.notes().filter(|note| note.channel != DRUM_CHANNEL);
    let first = pitched().map(|note| note.start).min().ok_or(HarmonyError::NoNotes)?;
    let end = pitched().map(Note::end).max().unwrap_or(first).max(first + 1);
    let bars = Bars::new(score);
    let mut slots = Vec::new();
    let (mut bar, mut at) = (bars.place(first).bar, bars.start(bars.place(first).bar));
    while at < end {
        let meter = bars.meter(at);
        let next_bar = bars.start(bar + 1);
        let slot = n_beats.max(1) * bars.beat_ticks(meter);
        let rest = (next_bar - at) / slot;
        if slots.len() as u64 + rest > most as u64 {
            return Err(HarmonyError::TooLong { n: (end - first) / bars.beat_ticks(meter), most });
        }
        while at < next_bar && at < end {
            let to = (at + slot).min(next_bar);
            slots.push((at, to));
            at = to;
        }
        (bar, at) = (bar + 1, next_bar);
    }
    Ok(slots)
}

/// For each slot, how long each pitch class sounds in it, as a share of the slot; and the lowest sounding class.
struct Weights {
    classes: [f64; 12],
    lowest: Option<u8>,
}

fn slot_weights(score: &Score, slots: &[(u64, u64)]) -> Vec<Weights> {
    let mut weights: Vec<Weights> =
        slots.iter().map(|_| Weights { classes: [0.0; 12], lowest: None }).collect();
    for note in score.notes().filter(|note| note.channel != DRUM_CHANNEL) {
        let first = slots.partition_point(|slot| slot.1 <= note.start);
        // A note that never ends says nothing new after a few bars.
        for (slot, weights) in slots[first..].iter().zip(&mut weights[first..]).take(32) {
            if slot.0 >= note.end().max(note.start + 1) {
                break;
            }
            let ticks = note.end().min(slot.1).saturating_sub(note.start.max(slot.0)).max(1);
            weights.classes[usize::from(note.key % 12)] += ticks as f64 / (slot.1 - slot.0) as f64;
            weights.lowest = Some(weights.lowest.map_or(note.key, |low| low.min(note.key)));
        }
    }
    weights
}

/// Chords that are told apart in notes.
const FOUND: [Quality; 7] = [
    Quality::Major,
    Quality::Minor,
    Quality::Dominant7,
    Quality::Major7,
    Quality::Minor7,
    Quality::Diminished,
    Quality::Suspended4,
];

/// The likeliest chord of each slot (Viterbi): notes outside a chord cost, as do chords outside the key, rare
/// qualities, and changes.
fn likeliest(slots: &[(u64, u64)], weights: &[Weights], key: Key, bars: &Bars) -> Vec<ChordSpan> {
    let chords: Vec<Chord> =
        (0..12).flat_map(|root| FOUND.map(|quality| Chord::new(root, quality))).collect();
    let n = chords.len();
    let mut costs = vec![0.0f64; n];
    let mut from: Vec<Vec<u16>> = Vec::with_capacity(slots.len());
    for (slot, weights) in slots.iter().zip(weights) {
        let best = (0..n).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).unwrap_or(0);
        // Chords mostly change with bars, and seldom on weak beats.
        let change = match bars.place(slot.0).beat {
            0 => 0.3,
            beat if beat.is_multiple_of(2) => 0.4,
            _ => 0.55,
        };
        let mut way = vec![0u16; n];
        let mut next = vec![0.0; n];
        for (to, chord) in chords.iter().enumerate() {
            let is_change = costs[best] + change < costs[to];
            way[to] = if is_change { best } else { to } as u16;
            next[to] = costs[usize::from(way[to])]
                + if is_change { change } else { 0.0 }
                + emission(*chord, weights, key);
        }
        costs = next;
        from.push(way);
    }
    let mut at = (0..n).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).unwrap_or(0);
    let mut found = Vec::with_capacity(slots.len());
    for (i, way) in from.iter().enumerate().rev() {
        let (start, end) = slots[i];
        let is_silent = weights[i].classes.iter().all(|it| *it == 0.0);
        found.push(ChordSpan { start, end, chord: (!is_silent).then_some(chords[at]) });
        at = usize::from(way[at]);
    }
    found.reverse();
    found
}

fn emission(chord: Chord, weights: &Weights, key: Key) -> f64 {
    let sum: f64 = weights.classes.iter().sum();
    if sum <= 0.0 {
        return 0.0;
    }
    let share = |class: u8| weights.classes[usize::from(class)] / sum;
    let inside: f64 = chord.pitch_classes().map(share).sum();
    let mut cost = 2.0 * (1.0 - inside);
    let is_root_low = weights.lowest.is_some_and(|low| low % 12 == chord.root);
    cost += if is_root_low { 0.0 } else { 0.15 };
    cost += if share(chord.root) > 0.02 { 0.0 } else { 0.2 };
    cost += if share(chord.third()) > 0.02 { 0.0 } else { 0.25 };
    // A seventh has to be heard to be believed.
    if let Some(seventh) = chord.seventh() {
        cost += if share(seventh) > 0.08 { 0.12 } else { 0.6 };
    }
    cost += match chord.quality {
        Quality::Diminished | Quality::Suspended4 => 0.2,
        _ => 0.0,
    };
    cost + 0.06 * chord.pitch_classes().filter(|class| !key.has(*class)).count() as f64
}

/// Chords with the quality that fits all of their span, on the same root: a seventh is often heard for a part of it.
fn refined(
    mut spans: Vec<ChordSpan>,
    slots: &[(u64, u64)],
    weights: &[Weights],
    key: Key,
) -> Vec<ChordSpan> {
    for span in &mut spans {
        let Some(found) = span.chord else { continue };
        let first = slots.partition_point(|slot| slot.0 < span.start);
        let last = slots.partition_point(|slot| slot.0 < span.end);
        let mut all = Weights { classes: [0.0; 12], lowest: None };
        for own in &weights[first..last] {
            all.classes.iter_mut().zip(own.classes).for_each(|(sum, it)| *sum += it);
            all.lowest = match (all.lowest, own.lowest) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let qualities = FOUND.map(|quality| Chord::new(found.root, quality));
        let cost = |chord: &Chord| emission(*chord, &all, key);
        span.chord = qualities.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
    }
    spans
}

/// Spans of equal chords become one, where those that start at both ticks may.
fn joined(spans: Vec<ChordSpan>, may: impl Fn(u64, u64) -> bool) -> Vec<ChordSpan> {
    let mut out: Vec<ChordSpan> = Vec::with_capacity(spans.len());
    for span in spans {
        match out.last_mut() {
            Some(last)
                if last.chord == span.chord
                    && last.end == span.start
                    && may(last.start, span.start) =>
            {
                last.end = span.end;
            }
            _ => out.push(span),
        }
    }
    out
}

#[cfg(test)]
mod tests;
