//! Melodies: a motif of two bars, repeated and varied over the chords in the form A A' B A.
//!
//! The rhythm of a motif is drawn from cells; the pitches go by steps of the scale, on strong beats to notes of the
//! chord. A repeat keeps rhythm and direction, and goes where the chords are.

use super::{Bar, Sheet, note};
use crate::{chord::Chord, random::Random, score::Note};

/// The lowest and highest key of a melody.
const RANGE: (u8, u8) = (60, 81);

/// Rhythms of two beats in 16ths: where notes start, and how likely the cell is.
const CELLS: [(&[usize], f64); 9] = [
    (&[0], 1.5),
    (&[0, 4], 3.0),
    (&[0, 6], 1.5),
    (&[0, 2, 4], 2.0),
    (&[0, 4, 6], 2.5),
    (&[0, 2, 4, 6], 1.5),
    (&[0, 3, 6], 1.0),
    (&[2, 4, 6], 0.8),
    (&[4], 0.6),
];

/// A motif of a bar: where notes start, and how many steps of the scale each goes from the last.
#[derive(Clone)]
struct Motif {
    notes: Vec<(usize, i32)>,
}

impl Motif {
    fn new(n_steps: usize, random: &mut Random) -> Self {
        let weights: Vec<f64> = CELLS.iter().map(|cell| cell.1).collect();
        let mut notes = Vec::new();
        for half in (0..n_steps).step_by(8) {
            let cell = CELLS[random.weighted(&weights)].0;
            for step in cell.iter().map(|it| it + half).filter(|it| *it < n_steps) {
                // Mostly by step, sometimes by a third, seldom by a fourth.
                let by = [0, 1, 2, 3][random.weighted(&[1.0, 5.0, 2.0, 0.7])];
                notes.push((step, if random.is_hit(0.5) { by } else { -by }));
            }
        }
        Self { notes }
    }

    /// The same with an end of its own.
    fn varied(&self, random: &mut Random) -> Self {
        let mut notes = self.notes.clone();
        let n = notes.len();
        for (_, by) in notes.iter_mut().skip(n / 2) {
            if random.is_hit(0.5) {
                *by = -*by;
            }
        }
        Self { notes }
    }
}

/// The melody of all bars.
pub(super) fn write(sheet: &Sheet<'_>, random: &mut Random) -> Vec<Note> {
    let Some(first) = sheet.bars.first() else { return Vec::new() };
    let n_steps = sheet.n_steps(*first);
    let a = [Motif::new(n_steps, random), Motif::new(n_steps, random)];
    let b = [Motif::new(n_steps, random), Motif::new(n_steps, random)];
    let varied = [a[0].clone(), a[1].varied(random)];
    let start_key = 67 + random.below(6) as u8;
    let mut last = start_key;
    let mut notes: Vec<Note> = Vec::new();
    for bar in &sheet.bars {
        let form = match bar.idx / 2 % 4 {
            0 | 3 => &a,
            1 => &varied,
            _ => &b,
        };
        // Each A begins where the first did, so that it is heard as the same.
        if bar.idx.is_multiple_of(2) && bar.idx / 2 % 4 != 2 {
            last = start_key;
        }
        write_bar(sheet, *bar, &form[(bar.idx % 2) as usize], random, &mut last, &mut notes);
    }
    notes
}

fn write_bar(
    sheet: &Sheet<'_>,
    bar: Bar,
    motif: &Motif,
    random: &mut Random,
    last: &mut u8,
    notes: &mut Vec<Note>,
) {
    let n_steps = sheet.n_steps(bar);
    let mut events: Vec<(usize, i32)> =
        motif.notes.iter().copied().filter(|it| it.0 < n_steps).collect();
    // The last bar, and every fourth, come to rest on a long note.
    let is_rest = bar.is_last || bar.idx % 4 == 3;
    if is_rest {
        events.retain(|it| it.0 <= n_steps / 2);
        if events.is_empty() {
            events.push((0, 0));
        }
    }
    let n = events.len();
    for (i, (step, by)) in events.iter().enumerate() {
        let start = sheet.tick(bar, *step);
        let Some(chord) = sheet.harmony.at(start) else { continue };
        let is_end = is_rest && i + 1 == n;
        let next = events.get(i + 1).map_or(bar.end, |it| sheet.tick(bar, it.0));
        let is_strong = step % 4 == 0 || is_end;
        let mut key = scale_step(sheet, chord, *last, *by);
        if is_strong && !chord.has(key) {
            key = nearest_of_chord(
                chord,
                key,
                if bar.is_last && is_end { Some(chord.root) } else { None },
            );
        }
        if bar.is_last && is_end {
            let tonic = sheet.harmony.key.tonic;
            let aim = if chord.has(tonic) { tonic } else { chord.root };
            key = nearest_of_chord(chord, key, Some(aim));
        }
        *last = key;
        let accent = if step % 8 == 0 { 8.0 } else { 0.0 };
        let share = if is_end { 0.98 } else { 0.9 };
        let end = start + ((next - start) as f64 * share) as u64;
        notes.push(note(start, end, key, 84.0 + accent + 4.0 * random.normal()));
    }
}

/// So many notes of the key (or of the chord, where it has others) up or down, turned back at the ends of the range.
fn scale_step(sheet: &Sheet<'_>, chord: Chord, from: u8, by: i32) -> u8 {
    let scale = sheet.harmony.key.scale();
    let is_in = |key: u8| {
        let class = key % 12;
        // A note of the chord takes the place of its neighbour in the scale.
        let is_displaced = !chord.has(class)
            && [1u8, 11].iter().any(|it| {
                let other = (class + it) % 12;
                chord.has(other) && !scale.contains(&other)
            });
        chord.has(class) || (scale.contains(&class) && !is_displaced)
    };
    let mut direction = by.signum();
    let mut key = i32::from(from);
    let mut n = by.abs();
    while n > 0 {
        key += direction;
        if key <= i32::from(RANGE.0) || key >= i32::from(RANGE.1) {
            key = key.clamp(i32::from(RANGE.0), i32::from(RANGE.1));
            direction = -direction;
            if is_in(key as u8) {
                n -= 1;
            }
            continue;
        }
        if is_in(key as u8) {
            n -= 1;
        }
    }
    if is_in(key as u8) { key as u8 } else { nearest_of_chord(chord, key as u8, None) }
}

/// The note of a chord in the range that is nearest to a key; of one pitch class only, if one is given.
fn nearest_of_chord(chord: Chord, key: u8, class: Option<u8>) -> u8 {
    let is_one = |it: &u8| class.map_or_else(|| chord.has(*it), |class| it % 12 == class);
    (RANGE.0..=RANGE.1).filter(is_one).min_by_key(|it| (it.abs_diff(key), *it)).unwrap_or(key)
}
