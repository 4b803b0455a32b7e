//! Chords for keys and pads: four notes, each as near as possible to the last ones.

use super::{Sheet, note, style::probability};
use crate::{chord::Chord, random::Random, score::Note};

/// Keys between which chords lie.
const RANGE: (u8, u8) = (52, 76);

/// Chords in the rhythm of the style.
pub(super) fn write(sheet: &Sheet<'_>, random: &mut Random) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut last: Vec<u8> = Vec::new();
    let habit = random.clone();
    for bar in &sheet.bars {
        let n_steps = sheet.n_steps(*bar);
        let mut usual = habit.clone();
        let mut hits: Vec<usize> = (0..n_steps)
            .filter(|step| usual.unit() < probability(sheet.template.keys, *step))
            .collect();
        // A new chord is played where it comes.
        let chords =
            sheet.harmony.chords.iter().filter(|it| (bar.start..bar.end).contains(&it.start));
        hits.extend(chords.map(|it| ((it.start - bar.start) as f64 / sheet.step).round() as usize));
        hits.retain(|step| *step < n_steps);
        hits.sort_unstable();
        hits.dedup();
        for (i, step) in hits.iter().enumerate() {
            let start = sheet.tick(*bar, *step);
            let on_grid = bar.start + (*step as f64 * sheet.step).round() as u64;
            let Some(span) = sheet.harmony.span_at(on_grid) else { continue };
            let Some(chord) = span.chord else { continue };
            let next = hits.get(i + 1).map_or(bar.end, |it| sheet.tick(*bar, *it));
            let held = sheet.tick(*bar, (step + sheet.template.keys_steps).min(n_steps));
            let end = held.min(next).min(span.end).max(start + 1);
            last = voiced(chord, &last);
            let velocity = 70.0 + if *step == 0 { 6.0 } else { 0.0 } + 3.0 * random.normal();
            notes.extend(last.iter().map(|key| note(start, end, *key, velocity)));
        }
    }
    notes
}

/// Chords that are held as long as they last.
pub(super) fn write_pad(sheet: &Sheet<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut last: Vec<u8> = Vec::new();
    for span in &sheet.harmony.chords {
        let Some(chord) = span.chord else { continue };
        last = voiced(chord, &last);
        // At most four bars or so, as a chord that is held for a minute is a mistake.
        let longest = 16 * u64::from(sheet.ticks_per_quarter);
        let mut at = span.start;
        while at < span.end {
            let end = (at + longest).min(span.end);
            notes.extend(last.iter().map(|key| note(at, end, *key, 52.0)));
            at = end;
        }
    }
    notes
}

/// The notes of a chord that move the least from the last ones; four of them, without the root where there are more.
fn voiced(chord: Chord, last: &[u8]) -> Vec<u8> {
    let classes: Vec<u8> = chord.pitch_classes().collect();
    let center = 63.0;
    let mut best: (f64, Vec<u8>) = (f64::INFINITY, Vec::new());
    // Every inversion, from every place in the range.
    for lowest in RANGE.0..=RANGE.1 - 7 {
        let Some(first) = classes.iter().position(|class| *class == lowest % 12) else { continue };
        let mut keys = vec![lowest];
        for i in 1..classes.len() {
            let class = classes[(first + i) % classes.len()];
            let above = keys[i - 1] + 1;
            keys.push(above + (class + 12 - above % 12) % 12);
        }
        if keys.last().is_some_and(|key| *key > RANGE.1) {
            continue;
        }
        let mean = keys.iter().map(|key| f64::from(*key)).sum::<f64>() / keys.len() as f64;
        let motion: f64 = keys
            .iter()
            .map(|key| last.iter().map(|it| f64::from(key.abs_diff(*it))).fold(12.0, f64::min))
            .sum();
        let cost = if last.is_empty() { 0.0 } else { motion } + 0.15 * (mean - center).abs();
        if cost < best.0 {
            best = (cost, keys);
        }
    }
    best.1
}
