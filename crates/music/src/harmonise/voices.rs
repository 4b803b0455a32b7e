//! Settings of a chord for three voices below a melody, and how they may follow each other.

use crate::{chord::Chord, key::Key};

/// Settings of a chord that are tried, the cheapest.
const VOICINGS_MAX: usize = 24;
/// The lowest key of each lower voice.
const LOWEST: [u8; 3] = [43, 38, 26];

/// Keys of the voices while a chord holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Voicing {
    /// Alto, tenor, bass.
    pub(super) lower: [u8; 3],
    /// The pitch class of the leading note, if the chord has it and it must rise, and of a seventh that must fall.
    leading: Option<u8>,
    seventh: Option<u8>,
}

/// The cheapest settings of a chord below these keys of the melody, each with its cost.
pub(super) fn voicings(chord: Chord, melody: &[u8], key: Key) -> Vec<(Voicing, f64)> {
    let leading = (key.tonic + 11) % 12;
    let leading = (chord.has(leading) && chord.has(key.tonic + 7)).then_some(leading);
    let above = melody.iter().min().copied();
    let soprano = melody.first().copied();
    let top = above.unwrap_or(70);
    let mut found = Vec::new();
    for alto in (LOWEST[0]..=top).rev().take(17).filter(|it| chord.has(*it)) {
        for tenor in (LOWEST[1]..=alto).rev().take(15).filter(|it| chord.has(*it)) {
            for bass in (LOWEST[2]..=tenor).rev().take(25).filter(|it| chord.has(*it)) {
                let lower = [alto, tenor, bass];
                if let Some(cost) = setting_cost(chord, soprano, lower, leading) {
                    let voicing = Voicing { lower, leading, seventh: chord.seventh() };
                    found.push((voicing, cost));
                }
            }
        }
    }
    found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.lower.cmp(&b.0.lower)));
    found.truncate(VOICINGS_MAX);
    found
}

/// What a setting costs by itself; none where it lacks a note that it needs or doubles one that it must not.
fn setting_cost(
    chord: Chord,
    soprano: Option<u8>,
    lower: [u8; 3],
    leading: Option<u8>,
) -> Option<f64> {
    let [alto, tenor, bass] = lower;
    let all = || lower.iter().copied().chain(soprano);
    let count = |class: u8| all().filter(|key| key % 12 == class).count();
    if count(chord.root) == 0 || count(chord.third()) == 0 {
        return None;
    }
    if chord.seventh().is_some_and(|seventh| count(seventh) != 1) {
        return None;
    }
    if leading.is_some_and(|leading| count(leading) > 1) {
        return None;
    }
    let mut cost = match bass % 12 {
        class if class == chord.root => 0.0,
        class if class == chord.third() => 0.8,
        _ => 3.0,
    };
    if count(chord.fifth()) == 0 {
        cost += 0.6;
    }
    if count(chord.third()) > 1 {
        cost += 0.6;
    }
    // A diminished triad wants its third doubled, not its root.
    if chord.fifth() == (chord.root + 6) % 12 && count(chord.root) > 1 {
        cost += 1.0;
    }
    let over = |high: u8, low: u8, most: u8| f64::from((high - low).saturating_sub(most));
    cost += 0.5 * (soprano.map_or(0.0, |it| over(it, alto, 12)) + over(alto, tenor, 12));
    cost += 0.2 * over(tenor, bass, 19);
    for (high, low) in [(soprano.unwrap_or(127), alto), (alto, tenor), (tenor, bass)] {
        cost += if high == low { 1.0 } else { 0.0 };
    }
    // Voices are best in the middle of their ranges.
    for (key, low, high) in [(alto, 53, 72), (tenor, 48, 67), (bass, 40, 58)] {
        cost += 0.25 * f64::from(key.saturating_sub(high) + u8::saturating_sub(low, key));
    }
    Some(cost)
}

/// Pairs of voices in parallel fifths, octaves or unisons from one setting to the next. The melody comes from one key
/// to another, and counts where it sounds in both.
pub(super) fn parallels(
    before: &Voicing,
    from: Option<u8>,
    after: &Voicing,
    to: Option<u8>,
) -> usize {
    let melody = from.zip(to);
    let voices: [Option<(u8, u8)>; 4] = [
        melody,
        Some((before.lower[0], after.lower[0])),
        Some((before.lower[1], after.lower[1])),
        Some((before.lower[2], after.lower[2])),
    ];
    let mut n = 0;
    for (i, upper) in voices.iter().enumerate() {
        for lower in &voices[i + 1..] {
            let (Some(upper), Some(lower)) = (upper, lower) else { continue };
            n += usize::from(is_parallel(*upper, *lower));
        }
    }
    n
}

/// Whether two voices move the same way from one perfect interval to the same.
pub(super) fn is_parallel(upper: (u8, u8), lower: (u8, u8)) -> bool {
    let moves = |it: (u8, u8)| it.1.cmp(&it.0);
    let is_moving = upper.0 != upper.1 && moves(upper) == moves(lower);
    let class = |a: u8, b: u8| a.abs_diff(b) % 12;
    let (before, after) = (class(upper.0, lower.0), class(upper.1, lower.1));
    is_moving && before == after && (before == 0 || before == 7)
}

/// What the motion of the lower voices costs.
pub(super) fn step_cost(before: &Voicing, after: &Voicing) -> f64 {
    let mut cost = 0.0;
    for (voice, (from, to)) in before.lower.iter().zip(after.lower).enumerate() {
        let leap = f64::from(from.abs_diff(to));
        cost += match voice {
            // The bass may leap by fourths, fifths and octaves.
            2 => 0.05 * leap + if leap > 12.0 { 3.0 } else { 0.0 },
            _ => 0.14 * leap + if leap > 7.0 { 2.0 } else { 0.0 },
        };
        // Leaps by a tritone or a seventh are hard to sing.
        cost += if [6.0, 10.0, 11.0].contains(&leap) { 0.8 } else { 0.0 };
        let is = |class: Option<u8>| class == Some(from % 12);
        let up = i16::from(to) - i16::from(*from);
        if is(before.leading) && before.leading != after.leading && up != 1 && up != 0 {
            cost += 0.8;
        }
        if is(before.seventh) && before.seventh != after.seventh && !(-2..=0).contains(&up) {
            cost += 1.2;
        }
    }
    // A voice that goes beyond where its neighbour was overlaps with it.
    for voice in 0..2 {
        let is_over = after.lower[voice] < before.lower[voice + 1]
            || after.lower[voice + 1] > before.lower[voice];
        cost += if is_over { 0.8 } else { 0.0 };
    }
    cost
}
