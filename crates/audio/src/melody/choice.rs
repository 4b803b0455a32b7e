//! Which contours are the melody: the best path through all of them.
//!
//! The source takes out contours step by step (section III-D). Here one path is looked for instead, which in each frame
//! is on one contour or on none: being on a contour counts by how much more salient it is than a threshold, going from
//! one to another costs, the more the further they are apart. On songs of our own (`benches/listen/melody.py`, seed 5)
//! that is right for 0.71 of the time, where the source's steps are for 0.67.

use super::{
    BINS_PER_OCTAVE, HOP_SECS,
    contours::{Contour, Point},
};

/// A contour that explains less of what is heard than this is none.
const LEAST_CLARITY: f32 = 0.1;
/// Nor is a path a melody that explains less on average. Noise and loops of drums have 0.15 at most, songs with drums
/// 0.17 at least.
const LEAST_CLARITY_OF_ALL: f32 = 0.155;
/// The salience from which on a pitch counts, as a share of the mean of all contours.
const THRESHOLD: f32 = 0.55;
/// What a step costs, in seconds of mean salience: to or from a rest, from contour to contour, and for each octave.
const REST_SECS: f32 = 0.05;
const CHANGE_SECS: f32 = 0.05;
const OCTAVE_SECS: f32 = 0.05;
/// The state of a rest; others are places of contours in their list.
const REST: u32 = u32::MAX;

/// The melody's point in each frame, none where it rests. Contours are in the order of their starts.
pub(super) fn line(contours: &[Contour], n_frames: usize) -> Vec<Option<Point>> {
    let is_clear = |it: &&Contour| it.clarity() >= LEAST_CLARITY;
    let contours: Vec<&Contour> = contours.iter().filter(is_clear).collect();
    let n_points: usize = contours.iter().map(|it| it.points.len()).sum();
    let mean = contours.iter().map(|it| it.total()).sum::<f32>() / n_points.max(1) as f32;
    let steps = steps(&contours, mean, n_frames);
    let mut line: Vec<Option<Point>> = vec![None; n_frames];
    let mut state = steps.last().map_or(REST, |last| last.best);
    for (frame, step) in steps.iter().enumerate().rev() {
        if state != REST {
            let contour = contours[state as usize];
            line[frame] = Some(contour.points[frame - contour.start]);
        }
        state = step.source_of(state);
    }
    let clarity: f32 = line.iter().flatten().map(|point| point.clarity).sum();
    if clarity < LEAST_CLARITY_OF_ALL * line.iter().flatten().count() as f32 {
        line.fill(None);
    }
    line
}

/// A frame of all paths.
struct Step {
    /// The state of the best path up to here.
    best: u32,
    /// Each state, and the one in the frame before from which its best path came.
    sources: Vec<(u32, u32)>,
}

impl Step {
    fn source_of(&self, state: u32) -> u32 {
        self.sources.iter().find(|(of, _)| *of == state).map_or(REST, |(_, source)| *source)
    }
}

/// The best paths to each contour of each frame, and to a rest.
fn steps(contours: &[&Contour], mean: f32, n_frames: usize) -> Vec<Step> {
    let frames = |secs: f32| secs / HOP_SECS as f32;
    let (rest, change, octave) = (frames(REST_SECS), frames(CHANGE_SECS), frames(OCTAVE_SECS));
    // States of contours, their values, and the bins they are on; and the value of a rest.
    let mut active: Vec<(u32, f32, f32)> = vec![];
    let mut resting = 0.0f32;
    let mut n_begun = 0;
    let mut steps = Vec::with_capacity(n_frames);
    for frame in 0..n_frames {
        let ended = active.iter().map(|(state, value, _)| (*state, value - rest));
        let to_rest = ended.fold((REST, resting), better);
        let mut sources = vec![(REST, to_rest.0)];
        let mut now = vec![];
        let begin = n_begun;
        while contours.get(n_begun).is_some_and(|it| it.start == frame) {
            n_begun += 1;
        }
        let going = active.iter().map(|it| it.0);
        for state in going.chain(begin as u32..n_begun as u32) {
            let contour = contours[state as usize];
            let Some(point) = contour.points.get(frame - contour.start) else { continue };
            let from = active.iter().map(|(other, value, bin)| {
                let octaves = (bin - point.bin).abs() / BINS_PER_OCTAVE as f32;
                let cost = if *other == state { 0.0 } else { change + octave * octaves };
                (*other, value - cost)
            });
            let (source, value) = from.fold((REST, resting - rest), better);
            now.push((state, value + point.salience / mean - THRESHOLD, point.bin));
            sources.push((state, source));
        }
        resting = to_rest.1;
        active = now;
        let values = active.iter().map(|(state, value, _)| (*state, *value));
        steps.push(Step { best: values.fold((REST, resting), better).0, sources });
    }
    steps
}

/// The state with the larger value; the first of equals.
fn better(a: (u32, f32), b: (u32, f32)) -> (u32, f32) {
    if b.1 > a.1 { b } else { a }
}
