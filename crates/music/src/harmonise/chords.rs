//! Which chords a style has in a key, and what they cost where they stand.

use super::ChordStyle;
use crate::{
    chord::{Chord, Quality},
    key::Key,
};

/// A chord that may be chosen.
pub(super) struct Candidate {
    pub(super) chord: Chord,
    /// The degree of its root, 0 for the tonic.
    degree: u8,
    /// The degree to which it must go, if it is the dominant of another.
    target: Option<u8>,
    /// How unusual it is.
    pub(super) cost: f64,
}

/// Where a chord stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) is_first: bool,
    /// Chords that follow.
    pub(super) n_left: usize,
}

/// The chords of a style in a key.
pub(super) fn candidates(style: ChordStyle, key: Key) -> Vec<Candidate> {
    use Quality::{Diminished, Dominant7, HalfDiminished7, Major, Major7, Minor, Minor7};
    // Degree, semitones of the root above the tonic, quality, cost.
    type Row = (u8, u8, Quality, f64);
    let major: &[Row] = match style {
        ChordStyle::Folk => &[
            (0, 0, Major, 0.0),
            (3, 5, Major, 0.1),
            (4, 7, Major, 0.1),
            (4, 7, Dominant7, 0.2),
            (5, 9, Minor, 0.6),
        ],
        ChordStyle::Pop => &[
            (0, 0, Major, 0.0),
            (1, 2, Minor, 0.3),
            (2, 4, Minor, 0.5),
            (3, 5, Major, 0.0),
            (4, 7, Major, 0.0),
            (5, 9, Minor, 0.1),
        ],
        ChordStyle::Chorale => &[
            (0, 0, Major, 0.0),
            (1, 2, Minor, 0.2),
            (2, 4, Minor, 0.6),
            (3, 5, Major, 0.1),
            (4, 7, Major, 0.0),
            (4, 7, Dominant7, 0.2),
            (5, 9, Minor, 0.2),
            (6, 11, Diminished, 0.6),
        ],
        ChordStyle::Jazz => &[
            (0, 0, Major7, 0.0),
            (1, 2, Minor7, 0.0),
            (2, 4, Minor7, 0.3),
            (3, 5, Major7, 0.2),
            (4, 7, Dominant7, 0.0),
            (5, 9, Minor7, 0.2),
            (6, 11, HalfDiminished7, 0.6),
        ],
    };
    let minor: &[Row] = match style {
        ChordStyle::Folk => &[
            (0, 0, Minor, 0.0),
            (3, 5, Minor, 0.1),
            (4, 7, Major, 0.1),
            (4, 7, Dominant7, 0.2),
            (6, 10, Major, 0.3),
            (2, 3, Major, 0.4),
        ],
        ChordStyle::Pop => &[
            (0, 0, Minor, 0.0),
            (2, 3, Major, 0.1),
            (3, 5, Minor, 0.2),
            (4, 7, Minor, 0.4),
            (4, 7, Major, 0.3),
            (5, 8, Major, 0.0),
            (6, 10, Major, 0.0),
        ],
        ChordStyle::Chorale => &[
            (0, 0, Minor, 0.0),
            (1, 2, Diminished, 0.5),
            (2, 3, Major, 0.4),
            (3, 5, Minor, 0.1),
            (4, 7, Major, 0.0),
            (4, 7, Dominant7, 0.2),
            (5, 8, Major, 0.2),
            (6, 10, Major, 0.4),
            (6, 11, Diminished, 0.6),
        ],
        ChordStyle::Jazz => &[
            (0, 0, Minor7, 0.0),
            (1, 2, HalfDiminished7, 0.0),
            (2, 3, Major7, 0.3),
            (3, 5, Minor7, 0.1),
            (4, 7, Dominant7, 0.0),
            (5, 8, Major7, 0.2),
            (6, 10, Dominant7, 0.4),
        ],
    };
    let rows = if key.is_minor { minor } else { major };
    let of = |&(degree, semitones, quality, cost): &Row| Candidate {
        chord: Chord::new(key.tonic + semitones, quality),
        degree,
        target: None,
        cost,
    };
    let mut all: Vec<Candidate> = rows.iter().map(of).collect();
    // Dominants of other degrees, where the style has them: of V and of vi in major, of iv in minor.
    let dominant = if style == ChordStyle::Jazz { Dominant7 } else { Major };
    let targets: &[(u8, u8)] = match (style, key.is_minor) {
        (ChordStyle::Chorale | ChordStyle::Jazz, false) => &[(4, 7), (5, 9), (1, 2)],
        (ChordStyle::Chorale | ChordStyle::Jazz, true) => &[(3, 5), (4, 7)],
        _ => &[],
    };
    all.extend(targets.iter().map(|(degree, semitones)| Candidate {
        chord: Chord::new(key.tonic + semitones + 7, dominant),
        degree: (degree + 4) % 7,
        target: Some(*degree),
        cost: 0.7,
    }));
    all
}

/// What of the melody a chord does not have.
pub(super) fn melody_cost(chord: Chord, weights: &[f64; 12]) -> f64 {
    let weight = |class: u8| weights[usize::from(class)];
    let inside: f64 = chord.pitch_classes().map(weight).sum();
    let all: f64 = weights.iter().sum();
    4.0 * (all - inside) + chord.seventh().map_or(0.0, |seventh| 0.3 * weight(seventh))
}

/// What it costs that a chord begins or ends the piece.
pub(super) fn place_cost(candidate: &Candidate, place: Place) -> f64 {
    let is_tonic = candidate.degree == 0 && candidate.target.is_none();
    let mut cost = 0.0;
    if place.is_first && !is_tonic {
        cost += if candidate.degree == 4 { 0.6 } else { 1.2 };
    }
    if place.n_left == 0 && !is_tonic {
        cost += 5.0;
    }
    if place.n_left == 1 && !(candidate.degree == 4 && candidate.target.is_none()) {
        cost += 0.6;
    }
    cost
}

/// How unusual a chord is after another.
pub(super) fn change_cost(from: &Candidate, to: &Candidate, style: ChordStyle) -> f64 {
    if from.chord == to.chord {
        return match style {
            ChordStyle::Chorale => 0.5,
            ChordStyle::Folk => 0.15,
            ChordStyle::Pop => 0.6,
            ChordStyle::Jazz => 0.5,
        };
    }
    if let Some(target) = from.target {
        return if to.degree == target && to.target.is_none() { 0.0 } else { 3.0 };
    }
    // By the motion of the root: a falling fifth is the strongest.
    let mut cost = match (7 + to.degree - from.degree) % 7 {
        0 => 0.3,
        3 => 0.2,
        1 | 5 => 0.5,
        4 => 0.6,
        6 => 0.9,
        _ => 1.0,
    };
    let is_free = style == ChordStyle::Pop;
    cost += match (from.degree, to.degree) {
        (4, 0) | (6, 0) => -0.2,
        (4, 5) | (3, 4) | (1, 4) => -0.1,
        (4, 3 | 1) => {
            if is_free {
                0.2
            } else {
                1.5
            }
        }
        (6, _) => 1.2,
        _ => 0.0,
    };
    cost
}
