//! Drums: the rows of a style, a fill at the end of each phrase, a cymbal after it.

use super::{Bar, Sheet, note, style::probability};
use crate::{random::Random, score::Note};

/// Bars of a phrase: a fill ends each, and the last of a longer one has a longer fill.
const PHRASE: u64 = 4;
const CRASH: u8 = 49;
/// Snare and toms from high to low.
const FILL: [u8; 4] = [38, 50, 47, 43];

/// The drums of all bars.
pub(super) fn write(sheet: &Sheet<'_>, random: &mut Random) -> Vec<Note> {
    let mut notes = Vec::new();
    // What a variation always plays: doubtful hits of the rows are decided once for all bars, and then some anew.
    let habit = random.clone();
    for bar in &sheet.bars {
        let is_phrase_end = bar.idx % PHRASE == PHRASE - 1 || bar.is_last;
        let n_steps = sheet.n_steps(*bar);
        let fill_steps = match () {
            () if !is_phrase_end || n_steps < 8 => 0,
            () if (bar.idx + 1).is_multiple_of(2 * PHRASE) => 8,
            () => 4,
        };
        let n_plain = n_steps - fill_steps.min(n_steps);
        plain(sheet, *bar, n_plain, &habit, random, &mut notes);
        fill(sheet, *bar, n_plain..n_steps, random, &mut notes);
        if bar.idx > 0 && bar.idx.is_multiple_of(PHRASE) {
            let at = sheet.tick(*bar, 0);
            notes.push(note(at, at + sheet.step as u64, CRASH, 100.0));
        }
    }
    notes
}

fn plain(
    sheet: &Sheet<'_>,
    bar: Bar,
    n_steps: usize,
    habit: &Random,
    random: &mut Random,
    notes: &mut Vec<Note>,
) {
    let mut habit = habit.clone();
    for row in sheet.template.drums {
        let cells = if sheet.n_steps(bar).is_multiple_of(12) { row.three } else { row.four };
        for step in 0..n_steps {
            let hit = probability(cells, step);
            let (usual, now) = (habit.unit(), random.unit());
            let drawn = if random.is_hit(0.8) { usual } else { now };
            if drawn < hit {
                let accent = if step % 4 == 0 { 6.0 } else { -4.0 };
                let velocity = row.velocity + accent + 4.0 * random.normal();
                let at = sheet.tick(bar, step);
                notes.push(note(at, at + (sheet.step / 2.0) as u64, row.key, velocity));
            }
        }
    }
}

fn fill(
    sheet: &Sheet<'_>,
    bar: Bar,
    steps: std::ops::Range<usize>,
    random: &mut Random,
    notes: &mut Vec<Note>,
) {
    let n = steps.len();
    for (i, step) in steps.enumerate() {
        // From high to low, with some rests between the beats.
        if step % 2 == 1 && random.is_hit(0.5) {
            continue;
        }
        let down = (i * FILL.len() / n.max(1) + random.below(2)).min(FILL.len() - 1);
        let velocity = 84.0 + 24.0 * i as f64 / n as f64 + 4.0 * random.normal();
        let at = sheet.tick(bar, step);
        notes.push(note(at, at + (sheet.step / 2.0) as u64, FILL[down], velocity));
    }
}
