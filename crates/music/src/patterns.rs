//! [`patterns`]: what is repeated in a piece, moved in time and pitch.
//!
//! Notes are points of time and key. A pattern is a set of points that occurs again moved by a vector; all its
//! occurrences are a translational equivalence class. The class that says the most points with the fewest numbers
//! is taken, its points are removed, and so on.
//!
//! Source: Meredith, Lemström, Wiggins, "Algorithms for discovering repeated patterns in multidimensional
//! representations of polyphonic music" (Journal of New Music Research 31:4, 2002), SIA and SIATEC; Meredith,
//! "COSIATEC and `SIATECCompress`: pattern discovery by geometric compression" (ISMIR 2013). Large pieces are
//! searched block by block for candidates, as the number of vectors is the square of the number of points; the
//! occurrences of a candidate are looked for everywhere.

mod points;

use std::collections::HashSet;

use crate::score::{DRUM_CHANNEL, Score};
use points::{PointSet, key_of, pack, time_of, vector};

/// Points of a block in which candidates are looked for.
const BLOCK: usize = 1000;
/// Points that are searched at most; those after them are left out.
const POINTS_MAX: usize = 20_000;
/// Points times candidates that are tried for each pattern.
const TRIES: usize = 8_000_000;
/// Candidates that are tried at least, whatever the number of points.
const CANDIDATES_LEAST: usize = 200;

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// Steps of a quarter note to which times are rounded; 12 has 16ths and triplets.
    pub steps_per_quarter: u32,
    /// Notes of a pattern at least.
    pub least_notes: usize,
    /// Patterns at most.
    pub most_patterns: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { steps_per_quarter: 12, least_notes: 3, most_patterns: 32 }
    }
}

/// A note as a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// Where it starts, in steps.
    pub step: i64,
    /// Its key.
    pub key: i32,
}

/// A pattern and where it occurs.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Its notes as they are first played.
    pub points: Vec<Point>,
    /// Its occurrences, the first included: how many steps later, how many semitones higher.
    pub occurrences: Vec<(i64, i32)>,
    /// Notes that it says, in all its occurrences.
    pub n_covered: usize,
    /// Notes that it says, divided by the notes and vectors that are needed to say them.
    pub compression: f64,
    /// Its notes, divided by those that lie among them.
    pub compactness: f64,
}

/// The patterns of a piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Patterns {
    /// The patterns, the one that says most first. No note is counted in two.
    pub patterns: Vec<Pattern>,
    /// Points that were searched; notes of one key at one time are one, and drums are none.
    pub n_points: usize,
    /// Points that were left out because there are too many.
    pub n_left_out: usize,
    /// Points in patterns.
    pub n_covered: usize,
    /// Points, divided by the numbers of points and vectors that say them all.
    pub compression: f64,
}

/// What is repeated in a score.
pub fn patterns(score: &Score, search: Search) -> Patterns {
    let mut all = points_of(score, search.steps_per_quarter.max(1));
    let n_left_out = all.len().saturating_sub(POINTS_MAX);
    all.truncate(POINTS_MAX);
    let n_points = all.len();
    let least = search.least_notes.max(2);
    let (mut left, mut found, mut cost) = (all.clone(), Vec::new(), 0);
    while found.len() < search.most_patterns && left.len() >= 2 * least {
        let Some(best) = best_class(&left, &all, least) else { break };
        let covered: HashSet<i64> = best.covered.iter().copied().collect();
        left.retain(|point| !covered.contains(point));
        cost += best.points.len() + best.vectors.len() - 1;
        found.push(best);
    }
    let n_covered = n_points - left.len();
    let all_cost = cost + left.len();
    Patterns {
        patterns: found.into_iter().map(Class::into_pattern).collect(),
        n_points,
        n_left_out,
        n_covered,
        compression: if all_cost > 0 { n_points as f64 / all_cost as f64 } else { 1.0 },
    }
}

/// The notes of a score as packed points in order, each once.
fn points_of(score: &Score, steps_per_quarter: u32) -> Vec<i64> {
    let scale = f64::from(steps_per_quarter) / f64::from(score.ticks_per_quarter.max(1));
    let pitched = score.notes().filter(|note| note.channel != DRUM_CHANNEL);
    let mut points: Vec<i64> =
        pitched.map(|note| pack((note.start as f64 * scale).round() as i64, note.key)).collect();
    points.sort_unstable();
    points.dedup();
    points
}

/// A translational equivalence class: a pattern and the vectors of its occurrences, of which the first is 0.
struct Class {
    points: Vec<i64>,
    vectors: Vec<i64>,
    covered: Vec<i64>,
    compactness: f64,
}

impl Class {
    fn compression(&self) -> f64 {
        self.covered.len() as f64 / (self.points.len() + self.vectors.len() - 1) as f64
    }

    fn into_pattern(self) -> Pattern {
        let point = |packed: i64| Point { step: time_of(packed), key: key_of(packed) };
        Pattern {
            n_covered: self.covered.len(),
            compression: self.compression(),
            compactness: self.compactness,
            occurrences: self.vectors.iter().map(|it| vector(*it)).collect(),
            points: self.points.into_iter().map(point).collect(),
        }
    }
}

/// The class that says most of the points that are left; none where no class says more than it costs.
fn best_class(left: &[i64], all: &[i64], least: usize) -> Option<Class> {
    let set = PointSet::new(left);
    let n_tries = (TRIES / left.len().max(1)).max(CANDIDATES_LEAST);
    let mut best: Option<Class> = None;
    for shape in candidates(left, least, n_tries) {
        let (points, vectors) = occurrences(&shape, left, &set);
        if vectors.len() < 2 {
            continue;
        }
        let mut covered: Vec<i64> = vectors
            .iter()
            .flat_map(|vector| points.iter().map(move |point| point + vector))
            .collect();
        covered.sort_unstable();
        covered.dedup();
        let mut class = Class { points, vectors, covered, compactness: 0.0 };
        let compression = class.compression();
        let is_as_good = best.as_ref().is_none_or(|it| compression >= it.compression() - 1e-9);
        if compression <= 1.0 || !is_as_good {
            continue;
        }
        class.compactness = compactness(&class.points, all);
        let rank = |it: &Class| (it.compression(), it.compactness, it.covered.len() as f64);
        let is_better = best.as_ref().is_none_or(|it| {
            let (a, b) = (rank(&class), rank(it));
            (a.0 - b.0).abs() > 1e-9 && a.0 > b.0
                || (a.0 - b.0).abs() <= 1e-9 && (a.1, a.2) > (b.1, b.2)
        });
        if is_better {
            best = Some(class);
        }
    }
    best
}

/// Shapes that occur at least twice: maximal patterns of some vector, as distances from their first point. Those
/// that are large and come from many vectors are first.
fn candidates(left: &[i64], least: usize, n_max: usize) -> Vec<Vec<i64>> {
    let mut shapes: Vec<Vec<i64>> = Vec::new();
    let step = if left.len() > BLOCK { BLOCK / 2 } else { BLOCK };
    for start in (0..left.len()).step_by(step) {
        let block = &left[start..(start + BLOCK).min(left.len())];
        let mut moves: Vec<(i64, u32)> = Vec::with_capacity(block.len() * block.len() / 2);
        for (i, from) in block.iter().enumerate() {
            moves.extend(block[i + 1..].iter().map(|to| (to - from, i as u32)));
        }
        moves.sort_unstable();
        for class in moves.chunk_by(|a, b| a.0 == b.0).filter(|class| class.len() >= least) {
            let first = block[class[0].1 as usize];
            shapes.push(class.iter().map(|it| block[it.1 as usize] - first).collect());
        }
        if start + BLOCK >= left.len() {
            break;
        }
    }
    shapes.sort_unstable();
    let mut ranked: Vec<(usize, Vec<i64>)> = Vec::new();
    for shape in shapes {
        match ranked.last_mut() {
            Some((n, last)) if *last == shape => *n += 1,
            _ => ranked.push((1, shape)),
        }
    }
    // A pattern with k occurrences comes from up to k (k - 1) / 2 vectors.
    let worth = |n: usize, shape: &[i64]| (2.0 * n as f64).sqrt() * shape.len() as f64;
    ranked.sort_by(|a, b| worth(b.0, &b.1).total_cmp(&worth(a.0, &a.1)).then(a.1.cmp(&b.1)));
    ranked.truncate(n_max);
    ranked.into_iter().map(|it| it.1).collect()
}

/// The points of the first occurrence of a shape, and the vectors of all occurrences from it.
fn occurrences(shape: &[i64], left: &[i64], set: &PointSet) -> (Vec<i64>, Vec<i64>) {
    let is_here = |at: &&i64| shape[1..].iter().rev().all(|distance| set.has(**at + distance));
    let places: Vec<i64> = left.iter().filter(is_here).copied().collect();
    let Some(first) = places.first().copied() else { return (Vec::new(), Vec::new()) };
    (
        shape.iter().map(|distance| first + distance).collect(),
        places.iter().map(|place| place - first).collect(),
    )
}

/// The points of a pattern, divided by those in the rectangle of time and keys around it.
fn compactness(points: &[i64], all: &[i64]) -> f64 {
    let keys = || points.iter().map(|point| key_of(*point));
    let (low, high) = (keys().min().unwrap_or(0), keys().max().unwrap_or(0));
    let (first, last) = (points[0], *points.last().expect("a pattern has points"));
    let from = all.partition_point(|point| time_of(*point) < time_of(first));
    let to = all.partition_point(|point| time_of(*point) <= time_of(last));
    let n = all[from..to].iter().filter(|point| (low..=high).contains(&key_of(**point))).count();
    points.len() as f64 / n.max(1) as f64
}

#[cfg(test)]
mod tests;
