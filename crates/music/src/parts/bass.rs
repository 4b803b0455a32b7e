//! Bass lines: the roots of the chords in the rhythm of the style, or a walk to them.

use super::{
    Bar, Sheet, note,
    style::{BassNote, BassWay},
};
use crate::{chord::Chord, random::Random, score::Note};

/// The lowest and highest key of a bass.
const RANGE: (u8, u8) = (28, 52);

/// The bass of all bars.
pub(super) fn write(sheet: &Sheet<'_>, random: &mut Random) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut last = 36;
    for bar in &sheet.bars {
        match sheet.template.bass {
            BassWay::Steps(steps) => stepped(sheet, *bar, steps, random, &mut last, &mut notes),
            BassWay::Walking => walking(sheet, *bar, random, &mut last, &mut notes),
        }
    }
    notes
}

/// The key of a pitch class in the range that is nearest to another.
fn nearest(class: u8, to: u8) -> u8 {
    let keys = (RANGE.0..=RANGE.1).filter(|key| key % 12 == class % 12);
    keys.min_by_key(|key| (key.abs_diff(to), *key)).unwrap_or(to)
}

fn stepped(
    sheet: &Sheet<'_>,
    bar: Bar,
    steps: &[(usize, BassNote)],
    random: &mut Random,
    last: &mut u8,
    notes: &mut Vec<Note>,
) {
    let n_steps = sheet.n_steps(bar);
    // A chord that comes within the bar is always played where it comes.
    let mut events: Vec<(usize, BassNote)> =
        steps.iter().copied().filter(|it| it.0 < n_steps).collect();
    for span in sheet.harmony.chords.iter().filter(|it| bar.start < it.start && it.start < bar.end)
    {
        let step = ((span.start - bar.start) as f64 / sheet.step).round() as usize;
        if step < n_steps {
            events.retain(|it| it.0 != step);
            events.push((step, BassNote::Root));
        }
    }
    events.sort_by_key(|it| it.0);
    for (i, (step, what)) in events.iter().enumerate() {
        let start = sheet.tick(bar, *step);
        let next = events.get(i + 1).map_or(bar.end, |it| sheet.tick(bar, it.0));
        let Some(chord) = sheet.harmony.at(bar.start + (*step as f64 * sheet.step) as u64) else {
            continue;
        };
        let is_first = *step == 0 || *what == BassNote::Root;
        // A variation leaves out some notes that are not the first.
        if !is_first && random.is_hit(0.15) {
            continue;
        }
        let root = nearest(chord.bass, *last);
        let key = match what {
            BassNote::Root => root,
            BassNote::Fifth => nearest(chord.fifth(), root),
            BassNote::Octave => {
                if root + 12 <= RANGE.1 {
                    root + 12
                } else {
                    root - 12
                }
            }
            BassNote::Approach => approach(sheet, bar, chord, root, random),
        };
        if *what == BassNote::Root {
            *last = root;
        }
        let velocity = if *step == 0 { 104.0 } else { 90.0 } + 4.0 * random.normal();
        // It is cut a little short, so that the next is heard.
        let end = start + ((next - start) as f64 * 0.92) as u64;
        notes.push(note(start, end, key, velocity));
    }
}

/// A key that leads to the root of the chord at the next bar; the fifth where it stays the same.
fn approach(sheet: &Sheet<'_>, bar: Bar, chord: Chord, root: u8, random: &mut Random) -> u8 {
    match sheet.harmony.at(bar.end) {
        Some(next) if next.bass != chord.bass => {
            let target = nearest(next.bass, root);
            let key = sheet.harmony.key;
            let below =
                if key.has(target + 10) && random.is_hit(0.5) { target - 2 } else { target - 1 };
            let above = if key.has(target + 2) { target + 2 } else { target + 1 };
            if target > root { below } else { above }.clamp(RANGE.0 - 2, RANGE.1 + 2)
        }
        _ => nearest(chord.fifth(), root),
    }
}

/// A note on each beat: the root, then notes of the chord or the key, then one next to the next root.
fn walking(sheet: &Sheet<'_>, bar: Bar, random: &mut Random, last: &mut u8, notes: &mut Vec<Note>) {
    let n_beats = sheet.n_steps(bar).div_ceil(4);
    let mut held: Option<Chord> = None;
    for beat in 0..n_beats {
        let (start, end) = (sheet.tick(bar, beat * 4), sheet.tick(bar, beat * 4 + 4));
        let (now, next) = (sheet.harmony.at(start), sheet.harmony.at(end.max(start + 1)));
        let Some(chord) = now else { continue };
        let is_new = held != Some(chord) || beat == 0;
        held = Some(chord);
        let key = if is_new {
            nearest(chord.bass, *last)
        } else if let Some(next) = next.filter(|next| *next != chord || beat + 1 == n_beats) {
            let target = nearest(next.bass, *last);
            let by = if target > *last || (target == *last && random.is_hit(0.5)) { -1 } else { 1 };
            (i16::from(target) + by) as u8
        } else {
            step_on(sheet, chord, *last, random)
        };
        *last = key;
        let end = start + ((end - start) as f64 * 0.9) as u64;
        notes.push(note(start, end, key, 88.0 + 5.0 * random.normal()));
    }
}

/// A note of the chord, or sometimes of the key, not far from the last and not the same.
fn step_on(sheet: &Sheet<'_>, chord: Chord, last: u8, random: &mut Random) -> u8 {
    let keys: Vec<u8> = (RANGE.0..=RANGE.1)
        .filter(|key| *key != last && key.abs_diff(last) <= 5)
        .filter(|key| chord.has(*key) || sheet.harmony.key.has(*key))
        .collect();
    let weights: Vec<f64> =
        keys.iter().map(|key| if chord.has(*key) { 4.0 } else { 1.0 }).collect();
    keys.get(random.weighted(&weights)).copied().unwrap_or(last)
}
