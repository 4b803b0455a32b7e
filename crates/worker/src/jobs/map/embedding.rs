//! Neighbour embedding: points of many dimensions are laid out on a plane so that neighbours stay neighbours.
//!
//! Barnes-Hut t-SNE with exact neighbours. The same points give the same layout, on any number of threads. Sources: van
//! der Maaten, "Accelerating t-SNE using tree-based algorithms" (2014); for the start, Kobak and Berens, "The art of
//! using t-SNE for single-cell transcriptomics" (2019); for the rate, Belkina and others, "Automated optimized
//! parameters for t-distributed stochastic neighbor embedding" (2019).

use super::{
    neighbours::{Neighbours, similarities},
    quadtree::Quadtree,
};

/// Neighbours that a point attends to, in effect.
const PERPLEXITY: f32 = 30.0;
/// Steps in all, and how many of them pull neighbours together more strongly, so that clusters form.
const N_STEPS: usize = 750;
const N_EARLY_STEPS: usize = 250;
const EARLY_EXAGGERATION: f32 = 12.0;
/// The spread of the start, as a standard deviation.
const START_DEVIATION: f32 = 1e-4;
/// How much of a movement goes on in the next step, early and later.
const MOMENTUM: [f32; 2] = [0.5, 0.8];
/// The share of the work that finding neighbours is.
const NEIGHBOURS_SHARE: f64 = 0.15;

/// Lays points out, `[point][dimension]`; gives x and y of each, −1 to 1. `go_on` hears the share that is done and ends
/// it by saying no; then there is nothing.
pub(super) fn embed(
    points: &[f32],
    n_dimensions: usize,
    n_threads: usize,
    go_on: &mut dyn FnMut(f64) -> bool,
) -> Option<Vec<[f32; 2]>> {
    let n = points.len() / n_dimensions.max(1);
    if n < 4 {
        return Some((0..n).map(|i| [i as f32 / 2.0 - 0.5, 0.0]).collect());
    }
    let perplexity = PERPLEXITY.min((n - 1) as f32 / 3.0);
    let n_neighbours = ((3.0 * perplexity) as usize).clamp(1, n - 1);
    let neighbours = Neighbours::found(points, n_dimensions, n_neighbours, n_threads, &mut |it| {
        go_on(NEIGHBOURS_SHARE * it)
    })?;
    let similar = similarities(&neighbours, perplexity);
    let mut layout = Layout::new(start(points, n_dimensions));
    for step in 0..N_STEPS {
        let share = step as f64 / N_STEPS as f64;
        if step % 10 == 0 && !go_on(NEIGHBOURS_SHARE + (1.0 - NEIGHBOURS_SHARE) * share) {
            return None;
        }
        let is_early = step < N_EARLY_STEPS;
        let exaggeration = if is_early { EARLY_EXAGGERATION } else { 1.0 };
        let forces = forces(&layout.places, &similar, exaggeration, n_threads);
        layout.step(&forces, MOMENTUM[usize::from(!is_early)]);
    }
    Some(scaled(layout.places))
}

/// Similarities of points to their neighbours, row after row; they sum to 1.
pub(super) struct Similarities {
    /// Where the row of each point starts, and where the last one ends.
    pub(super) starts: Vec<usize>,
    pub(super) of: Vec<u32>,
    pub(super) values: Vec<f32>,
}

/// The first two dimensions, which have the most effect, as small as the start must be.
fn start(points: &[f32], n_dimensions: usize) -> Vec<[f32; 2]> {
    let n = points.len() / n_dimensions;
    let axis = |dimension: usize| -> Vec<f32> {
        let column = || points.iter().skip(dimension).step_by(n_dimensions);
        let mean = column().map(|x| f64::from(*x)).sum::<f64>() / n as f64;
        let variance = column().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n as f64;
        let scale = if variance > 0.0 { 1.0 / variance.sqrt() } else { 0.0 };
        column().map(|x| ((f64::from(*x) - mean) * scale) as f32).collect()
    };
    let first = axis(0);
    let second = if n_dimensions > 1 { axis(1) } else { vec![0.0; n] };
    // A little at random, or equal points would stay one forever.
    let mut rng = audio::Rng::new(1);
    let place = |(x, y): (f32, f32)| {
        let [a, b] = [rng.uniform(-0.01, 0.01), rng.uniform(-0.01, 0.01)];
        [(x + a) * START_DEVIATION, (y + b) * START_DEVIATION]
    };
    // The scale of the first dimension is kept between both, as it matters more.
    first.into_iter().zip(second).map(place).collect()
}

/// Points on their way to their places.
struct Layout {
    places: Vec<[f32; 2]>,
    speeds: Vec<[f32; 2]>,
    /// How far each may go: more where it keeps its direction. Source: Jacobs, "Increased rates of convergence through
    /// learning rate adaptation" (1988).
    gains: Vec<[f32; 2]>,
    rate: f32,
}

impl Layout {
    fn new(places: Vec<[f32; 2]>) -> Self {
        let n = places.len();
        let rate = (n as f32 / EARLY_EXAGGERATION).max(50.0);
        Self { speeds: vec![[0.0; 2]; n], gains: vec![[1.0; 2]; n], places, rate }
    }

    fn step(&mut self, forces: &[[f32; 2]], momentum: f32) {
        let all = self.places.iter_mut().zip(&mut self.speeds).zip(&mut self.gains).zip(forces);
        for (((place, speed), gain), force) in all {
            for axis in 0..2 {
                let is_turning = (force[axis] > 0.0) != (speed[axis] > 0.0);
                gain[axis] = if is_turning { gain[axis] * 0.8 } else { gain[axis] + 0.2 };
                gain[axis] = gain[axis].max(0.01);
                speed[axis] = momentum * speed[axis] + self.rate * gain[axis] * force[axis];
                place[axis] += speed[axis];
            }
        }
        for axis in 0..2 {
            let n = self.places.len() as f64;
            let mean = self.places.iter().map(|it| f64::from(it[axis])).sum::<f64>() / n;
            self.places.iter_mut().for_each(|place| place[axis] -= mean as f32);
        }
    }
}

/// Where each point is drawn to: towards its neighbours, away from all others.
fn forces(
    places: &[[f32; 2]],
    similar: &Similarities,
    exaggeration: f32,
    n_threads: usize,
) -> Vec<[f32; 2]> {
    let tree = Quadtree::new(places);
    let mut found = vec![([0.0f32; 2], [0.0f32; 2], 0.0f32); places.len()];
    in_parts(&mut found, n_threads, |first, part| {
        for (i, (towards, away, sum)) in part.iter_mut().enumerate() {
            let at = places[first + i];
            (*away, *sum) = tree.repulsion(at);
            let row = similar.starts[first + i]..similar.starts[first + i + 1];
            for (other, value) in similar.of[row.clone()].iter().zip(&similar.values[row]) {
                let other = places[*other as usize];
                let (dx, dy) = (other[0] - at[0], other[1] - at[1]);
                let pull = value / (1.0 + dx * dx + dy * dy);
                towards[0] += pull * dx;
                towards[1] += pull * dy;
            }
        }
    });
    // In order, so that the number of threads changes nothing.
    let sum: f64 = found.iter().map(|(_, _, sum)| f64::from(*sum)).sum();
    let scale = (1.0 / sum.max(1e-12)) as f32;
    let force = |towards: f32, away: f32| 4.0 * (exaggeration * towards + scale * away);
    let force = |(towards, away, _): ([f32; 2], [f32; 2], f32)| {
        [force(towards[0], away[0]), force(towards[1], away[1])]
    };
    found.into_iter().map(force).collect()
}

/// Hands parts of a list to threads, with the place of their first.
pub(super) fn in_parts<T: Send>(
    all: &mut [T],
    n_threads: usize,
    task: impl Fn(usize, &mut [T]) + Sync,
) {
    if n_threads <= 1 {
        return task(0, all);
    }
    // More parts than threads, so that one that is slow keeps nobody waiting for long.
    let size = all.len().div_ceil(4 * n_threads).max(1);
    let parts = std::sync::Mutex::new(all.chunks_mut(size).enumerate());
    let next = || parts.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                while let Some((i, part)) = next() {
                    task(i * size, part);
                }
            });
        }
    });
}

/// Moved and scaled, both axes alike, to −1 to 1.
fn scaled(mut places: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
    let mut half = 0.0f32;
    for axis in 0..2 {
        let values = || places.iter().map(|place| place[axis]);
        let (least, most) =
            (values().fold(f32::INFINITY, f32::min), values().fold(f32::NEG_INFINITY, f32::max));
        places.iter_mut().for_each(|place| place[axis] -= 0.5 * (least + most));
        half = half.max(0.5 * (most - least));
    }
    let scale = if half > 0.0 { 1.0 / half } else { 0.0 };
    places.iter_mut().flatten().for_each(|x| *x = (*x * scale).clamp(-1.0, 1.0));
    places
}

#[cfg(test)]
mod tests;
