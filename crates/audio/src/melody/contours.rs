//! Pitch contours: salient pitches that go on from frame to frame (section III-C).

use super::HOP_SECS;

/// A pitch of a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Where it is, in bins of 10 cents above 55 Hz.
    pub bin: f32,
    /// How salient it is.
    pub salience: f32,
    /// Its share of all that sounds.
    pub clarity: f32,
}

/// Pitches below this share of their frame's most salient do not make contours (τ+).
const OF_FRAME: f32 = 0.9;
/// Nor do those below the mean of all by more than this many deviations (τσ).
const OF_ALL: f32 = 0.9;
/// A contour goes at most this far from frame to frame, in bins: 80 cents.
const STEP_BINS: f32 = 8.0;
/// And through weak pitches for at most this long.
const GAP_SECS: f64 = 0.1;
/// Shorter contours are dropped.
const SHORTEST_SECS: f64 = 0.06;

/// A line of pitch.
#[derive(Clone, Debug)]
pub(super) struct Contour {
    /// The frame of its first point.
    pub start: usize,
    /// A point a frame; at least one.
    pub points: Vec<Point>,
}

impl Contour {
    /// Its salience, added up.
    pub(super) fn total(&self) -> f32 {
        self.points.iter().map(|point| point.salience).sum()
    }

    /// Its share of all that sounds, on average.
    pub(super) fn clarity(&self) -> f32 {
        self.points.iter().map(|point| point.clarity).sum::<f32>() / self.points.len() as f32
    }
}

/// The contours of all frames' pitches, each pitch in one at most; in the order of their starts.
pub(super) fn contours(frames: &[Vec<Point>]) -> Vec<Contour> {
    let is_strong = strong(frames);
    let mut tracker = Tracker {
        frames,
        is_free: frames.iter().map(|points| vec![true; points.len()]).collect(),
        is_strong,
    };
    let mut starts: Vec<(usize, usize)> = vec![];
    for (frame, is_strong) in tracker.is_strong.iter().enumerate() {
        starts.extend((0..is_strong.len()).filter(|i| is_strong[*i]).map(|i| (frame, i)));
    }
    let salience = |&(frame, i): &(usize, usize)| frames[frame][i].salience;
    starts.sort_by(|a, b| salience(b).total_cmp(&salience(a)));
    let shortest = (SHORTEST_SECS / HOP_SECS) as usize;
    let mut found = vec![];
    for (frame, i) in starts {
        if !tracker.is_free[frame][i] {
            continue;
        }
        tracker.is_free[frame][i] = false;
        let seed = frames[frame][i];
        let mut points = tracker.follow(seed, (0..frame).rev());
        let start = frame - points.len();
        points.reverse();
        points.push(seed);
        points.extend(tracker.follow(seed, frame + 1..frames.len()));
        if points.len() >= shortest {
            found.push(Contour { start, points });
        }
    }
    found.sort_by_key(|it| it.start);
    found
}

/// Which pitches stand out, in their frame and among all.
fn strong(frames: &[Vec<Point>]) -> Vec<Vec<bool>> {
    let of_frame = |points: &[Point]| points.first().map_or(0.0, |point| OF_FRAME * point.salience);
    let passing = frames.iter().flat_map(|points| {
        let least = of_frame(points);
        points
            .iter()
            .map(|point| f64::from(point.salience))
            .filter(move |it| *it >= f64::from(least))
    });
    let (mut n, mut sum, mut squares) = (0.0f64, 0.0f64, 0.0f64);
    for salience in passing {
        n += 1.0;
        sum += salience;
        squares += salience.powi(2);
    }
    let mean = sum / n.max(1.0);
    let deviation = (squares / n.max(1.0) - mean * mean).max(0.0).sqrt();
    let of_all = (mean - f64::from(OF_ALL) * deviation) as f32;
    let mark = |points: &Vec<Point>| {
        let least = of_frame(points).max(of_all);
        points.iter().map(|point| point.salience >= least).collect()
    };
    frames.iter().map(mark).collect()
}

/// Goes from pitch to pitch.
struct Tracker<'a> {
    frames: &'a [Vec<Point>],
    is_strong: Vec<Vec<bool>>,
    /// Which pitches are in no contour yet.
    is_free: Vec<Vec<bool>>,
}

impl Tracker<'_> {
    /// Goes on from a point through frames in an order, and takes the points it passes.
    fn follow(&mut self, seed: Point, order: impl Iterator<Item = usize>) -> Vec<Point> {
        let gap_max = (GAP_SECS / HOP_SECS) as usize;
        let mut taken: Vec<(usize, usize)> = vec![];
        let (mut bin, mut gap) = (seed.bin, 0);
        for frame in order {
            let (next, is_strong) = match self.nearest(frame, bin, true) {
                Some(i) => (Some(i), true),
                None => (self.nearest(frame, bin, false), false),
            };
            let Some(next) = next else { break };
            if !is_strong && gap == gap_max {
                break;
            }
            gap = if is_strong { 0 } else { gap + 1 };
            bin = self.frames[frame][next].bin;
            taken.push((frame, next));
        }
        // Weak pitches at the end lead nowhere.
        taken.truncate(taken.len().saturating_sub(gap));
        taken.iter().for_each(|(frame, i)| self.is_free[*frame][*i] = false);
        taken.iter().map(|(frame, i)| self.frames[*frame][*i]).collect()
    }

    /// The nearest free pitch of a frame within a step, among the strong or the weak ones.
    fn nearest(&self, frame: usize, bin: f32, is_strong: bool) -> Option<usize> {
        let far = |i: &usize| (self.frames[frame][*i].bin - bin).abs();
        let fits = |i: &usize| {
            self.is_free[frame][*i] && self.is_strong[frame][*i] == is_strong && far(i) <= STEP_BINS
        };
        let all = 0..self.frames[frame].len();
        all.filter(fits).min_by(|a, b| far(a).total_cmp(&far(b)))
    }
}
