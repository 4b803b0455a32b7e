//! Beats: the best path of beat times and beat lengths through the onset envelope.
//!
//! Source: the states of Krebs, Böck and Widmer, "An efficient state-space model for joint tempo and meter tracking"
//! (ISMIR 2015), where the tempo changes only at beats; observed by the correlation with a template of a beat instead
//! of a network, as in Ellis, "Beat tracking by dynamic programming" (2007).

use std::ops::RangeInclusive;

/// How onsets are spread over a beat: two halves, or three thirds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Division {
    Halves,
    Thirds,
}

impl Division {
    /// Places in a beat, and how strong onsets are there relative to the beat itself.
    fn places(self) -> &'static [(f64, f32)] {
        match self {
            Self::Halves => &[(0.5, 0.35), (0.25, 0.08), (0.75, 0.08)],
            Self::Thirds => &[(1.0 / 3.0, 0.3), (2.0 / 3.0, 0.4)],
        }
    }
}

/// What a change of a beat's length by one frame costs, and each further per cent.
const SMALL_CHANGE: f32 = 0.15;
const CHANGE_PER_CENT: f32 = 0.6;
/// How far the length may change from a beat to the next, as a share.
const CHANGE_MAX: f64 = 0.12;
/// Standard deviation of onsets around a beat, in frames.
const WIDTH_FRAMES: f32 = 1.6;

/// Beats through a sound.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    /// Frames of beats, to a part of one.
    pub(super) frames: Vec<f64>,
    /// The correlation of the pulse with the template along the path, from -1 to 1.
    pub(super) fit: f64,
    pub(super) division: Division,
}

/// The pulse with each onset spread over a few frames, and what is needed for means.
pub(super) struct Pulse {
    values: Vec<f32>,
    sums: Vec<f64>,
}

impl Pulse {
    pub(super) fn new(pulse: &[f32]) -> Self {
        let reach = (3.0 * WIDTH_FRAMES) as isize;
        let kernel: Vec<f32> =
            (-reach..=reach).map(|i| (-0.5 * (i as f32 / WIDTH_FRAMES).powi(2)).exp()).collect();
        let total: f32 = kernel.iter().sum();
        let n = pulse.len() as isize;
        let values: Vec<f32> = (0..n)
            .map(|i| {
                let near = kernel.iter().enumerate().map(|(k, weight)| {
                    let at = i + k as isize - reach;
                    if (0..n).contains(&at) { weight * pulse[at as usize] } else { 0.0 }
                });
                // Scaled so that a lone onset keeps most of its height.
                near.sum::<f32>() / (0.45 * total)
            })
            .collect();
        let mut sums = vec![0.0f64];
        for x in &values {
            sums.push(sums[sums.len() - 1] + f64::from(*x));
        }
        Self { values, sums }
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    /// The pulse between frames; 0 outside.
    pub(super) fn at(&self, frame: f64) -> f32 {
        if frame < 0.0 {
            return 0.0;
        }
        let (idx, part) = (frame as usize, frame.fract() as f32);
        let value = |i: usize| self.values.get(i).copied().unwrap_or(0.0);
        value(idx) + part * (value(idx + 1) - value(idx))
    }

    fn mean(&self, from: usize, to: usize) -> f32 {
        let (from, to) = (from.min(self.len()), to.min(self.len()));
        if from >= to {
            0.0
        } else {
            ((self.sums[to] - self.sums[from]) / (to - from) as f64) as f32
        }
    }
}

/// The best beats whose lengths in frames lie in a range; none where the sound is shorter than two beats.
pub(super) fn track(
    pulse: &Pulse,
    lengths: RangeInclusive<usize>,
    division: Division,
) -> Option<Path> {
    let (shortest, longest) = (*lengths.start(), *lengths.end());
    let n = pulse.len();
    if n < 2 * shortest || shortest < 2 {
        return None;
    }
    let n_lengths = longest - shortest + 1;
    let changes = Changes::new(shortest, n_lengths);
    let fits = Fits::new(shortest, n_lengths, division);
    // The best score of a path whose last beat begins at a frame and has a length; and the length before.
    let mut scores = vec![f32::MIN; n * n_lengths];
    let mut before = vec![NONE; n * n_lengths];
    // Of beats that end at a frame, by their lengths, with as many beside them as a length can change by.
    let mut ending = vec![f32::MIN; n_lengths + 2 * changes.reach];
    let mut own = vec![0.0; n_lengths];
    for frame in 0..n {
        for idx in 0..n_lengths.min((frame + 1).saturating_sub(shortest)) {
            ending[changes.reach + idx] = scores[(frame - shortest - idx) * n_lengths + idx];
        }
        let row = frame * n_lengths..(frame + 1) * n_lengths;
        let (best, before) = (&mut scores[row.clone()], &mut before[row]);
        // A path may begin in the first beat of the sound.
        best.fill(if frame < longest { 0.0 } else { f32::MIN });
        changes.best(&ending, best, before);
        fits.of(pulse, frame, &mut own);
        for (score, own) in best.iter_mut().zip(&own) {
            // Where no path ends, the score is so low that it stays what it is.
            *score += own;
        }
    }
    let (mut frame, mut idx) = (n.saturating_sub(longest)..n)
        .flat_map(|frame| (0..n_lengths).map(move |idx| (frame, idx)))
        .filter(|(frame, idx)| frame + shortest + idx >= n)
        .max_by(|a, b| scores[a.0 * n_lengths + a.1].total_cmp(&scores[b.0 * n_lengths + b.1]))?;
    let mut frames = vec![];
    loop {
        frames.push(frame);
        let from = before[frame * n_lengths + idx];
        if from == NONE {
            break;
        }
        idx = from as usize;
        frame -= shortest + idx;
    }
    frames.reverse();
    let frames: Vec<f64> = frames.into_iter().map(|frame| frame as f64).collect();
    let fit = fit(pulse, &frames, division);
    Some(Path { frames, fit, division })
}

/// No beat before. Places are of the width of scores, so that both are computed side by side.
const NONE: u32 = u32::MAX;

/// What it costs to change from each length to each other that is near enough.
struct Changes {
    /// By how many frames a length can change at most.
    reach: usize,
    n_lengths: usize,
    /// For each change, from the most frames shorter on, the cost of each length after it; infinite if it is too far.
    costs: Vec<f32>,
}

impl Changes {
    fn new(shortest: usize, n_lengths: usize) -> Self {
        let reach = |length: usize| ((length as f64 * CHANGE_MAX).ceil() as usize).max(1);
        let most = reach(shortest + n_lengths - 1);
        let cost = |by: usize, idx: usize| {
            let length = shortest + idx;
            // The length before, or none where it is not among them.
            match (idx + by).checked_sub(most) {
                Some(from) if from < n_lengths && from.abs_diff(idx) <= reach(length) => {
                    change(shortest + from, length)
                }
                _ => f32::INFINITY,
            }
        };
        let costs =
            (0..=2 * most).flat_map(|by| (0..n_lengths).map(move |idx| cost(by, idx))).collect();
        Self { reach: most, n_lengths, costs }
    }

    /// Raises scores to those of the best beats before, and says which these are; of equals the shortest.
    fn best(&self, ending: &[f32], best: &mut [f32], before: &mut [u32]) {
        for (by, costs) in self.costs.chunks_exact(self.n_lengths).enumerate() {
            let earlier = &ending[by..by + self.n_lengths];
            let all = best.iter_mut().zip(before.iter_mut()).zip(earlier.iter().zip(costs));
            for (idx, ((best, before), (earlier, cost))) in all.enumerate() {
                let score = earlier - cost;
                let is_better = score > *best;
                *best = if is_better { score } else { *best };
                *before =
                    if is_better { (idx + by).wrapping_sub(self.reach) as u32 } else { *before };
            }
        }
    }
}

/// How well a beat of each length fits at a frame.
struct Fits {
    shortest: usize,
    /// For each length, the places in a beat in frames, and how strong they are.
    places: Vec<Vec<(f64, f32)>>,
}

impl Fits {
    fn new(shortest: usize, n_lengths: usize, division: Division) -> Self {
        let of = |length: usize| {
            let places = division.places().iter();
            places.map(|(place, strength)| (place * length as f64, *strength)).collect()
        };
        Self { shortest, places: (shortest..shortest + n_lengths).map(of).collect() }
    }

    fn of(&self, pulse: &Pulse, frame: usize, fits: &mut [f32]) {
        for (i, (fit, places)) in fits.iter_mut().zip(&self.places).enumerate() {
            let mean = pulse.mean(frame, frame + self.shortest + i);
            let mut score = pulse.values[frame] - mean;
            for (place, strength) in places {
                let at = frame as f64 + place;
                if at < pulse.len() as f64 {
                    score += strength * (pulse.at(at) - mean);
                }
            }
            *fit = score;
        }
    }
}

/// What it costs to change the length of a beat.
fn change(from: usize, to: usize) -> f32 {
    match from.abs_diff(to) {
        0 => 0.0,
        n => SMALL_CHANGE + CHANGE_PER_CENT * 100.0 * (n - 1) as f32 / from as f32,
    }
}

/// The correlation of the pulse with templates at beats.
pub(super) fn fit(pulse: &Pulse, frames: &[f64], division: Division) -> f64 {
    let mut expected = vec![0.0f32; pulse.len()];
    for (i, frame) in frames.iter().enumerate() {
        let next = match frames.get(i + 1) {
            Some(next) => *next,
            None if i > 0 => 2.0 * frame - frames[i - 1],
            None => return 0.0,
        };
        let length = next - frame;
        bump(&mut expected, *frame, 1.0);
        for (place, strength) in division.places() {
            bump(&mut expected, frame + place * length, *strength);
        }
    }
    correlation(&expected, &pulse.values)
}

/// Adds an onset as [`Pulse`] spreads it.
fn bump(values: &mut [f32], at: f64, strength: f32) {
    // Two Gaussians after another: that of the pulse, and that of players.
    let width = 1.2 * WIDTH_FRAMES;
    let reach = 3.0 * f64::from(width);
    let (from, to) = ((at - reach).max(0.0) as usize, (at + reach).max(0.0) as usize + 1);
    let n = values.len();
    for (i, x) in values.iter_mut().enumerate().take(to.min(n)).skip(from) {
        let distance = (i as f64 - at) as f32 / width;
        *x += strength * (-0.5 * distance * distance).exp();
    }
}

/// Pearson's correlation; 0 where one of them is constant.
pub(super) fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let n = a.len().min(b.len()).max(1) as f64;
    let mean = |values: &[f32]| values.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (f64::from(*x) - mean_a, f64::from(*y) - mean_b);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    let norm = (aa * bb).sqrt();
    if norm > 1e-9 { ab / norm } else { 0.0 }
}

/// Times of beats in frames, to a part of one: each at its onset, then on the line through its neighbours.
///
/// Players are early or late by a few milliseconds and frames are 10 ms long; the beat is what they play around.
/// `onsets` are attacks, in frames; `latency` is how much later an attack is than its top in the pulse.
pub(super) fn refined(pulse: &Pulse, frames: &[f64], onsets: &[f64], latency: f64) -> Vec<f64> {
    const NEIGHBOURS: usize = 6;
    let placed: Vec<(f64, f64)> =
        frames.iter().map(|frame| placed(pulse, *frame, onsets, latency)).collect();
    (0..frames.len())
        .map(|i| {
            let (from, to) = (i.saturating_sub(NEIGHBOURS), (i + NEIGHBOURS + 1).min(frames.len()));
            let (mut w, mut wk, mut wt, mut wkk, mut wkt) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for (k, (time, weight)) in placed.iter().enumerate().take(to).skip(from) {
                let distance = k as f64 - i as f64;
                // Near beats count more, so that a tempo that drifts is followed.
                let weight = weight * (-0.5 * (distance / 3.0).powi(2)).exp();
                w += weight;
                wk += weight * distance;
                wt += weight * time;
                wkk += weight * distance * distance;
                wkt += weight * distance * time;
            }
            let det = w * wkk - wk * wk;
            let own = frames[i] + latency;
            let fitted = if det > 1e-9 { (wt * wkk - wk * wkt) / det } else { own };
            // The line never leaves the beat that was found.
            fitted.clamp(own - 3.0, own + 3.0)
        })
        .collect()
}

/// The attack nearest to a beat and how strong it is; the beat itself with next to no weight where there is none.
fn placed(pulse: &Pulse, frame: f64, onsets: &[f64], latency: f64) -> (f64, f64) {
    const REACH: f64 = 3.5;
    let own = frame + latency;
    let after = onsets.partition_point(|onset| *onset < own);
    let near = onsets[after.saturating_sub(1)..(after + 1).min(onsets.len())].iter();
    let nearest = near.min_by(|a, b| (*a - own).abs().total_cmp(&(*b - own).abs()));
    match nearest {
        Some(onset) if (onset - own).abs() <= REACH => {
            (*onset, f64::from(pulse.at(frame)).max(1e-2))
        }
        _ => (own, 1e-3),
    }
}
