//! From a pitch in each moment to notes: the likeliest sequence of notes and rests.
//!
//! Source: Mauch, Cannam, Bittner and others, "Computer-aided melody note transcription using the Tony software"
//! (TENOR 2015), whose states are pitches a third of a semitone apart. Simplified: a note has one state instead of
//! three, and any note may follow any other, so that a moment takes time in proportion to the pitches.

use super::{NoteEvent, velocity};

/// What is known of a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment {
    /// Pitch as a MIDI number, if there is one.
    pub midi: f64,
    /// How likely it is that something with a pitch sounds, from 0 to 1.
    pub voiced: f32,
    /// How loud it is: a root mean square.
    pub level: f32,
}

/// States of a semitone.
const STEPS: usize = 3;
/// The notes that are looked for, as MIDI numbers.
const LOWEST: usize = 21;
const HIGHEST: usize = 109;
/// How far pitches wander around their note: the mean distance, in semitones.
const SPREAD: f32 = 0.4;
/// The least likelihood of anything, so that no single moment decides.
const FLOOR: f32 = 0.02;
/// What a moment of 5.8 ms counts: neighbours hear nearly the same sound.
const PER_SEC: f32 = 43.0;
/// What it costs to go from note to note, and to or from a rest, in nats.
const CHANGE: f32 = 4.0;
const REST: f32 = 2.5;
/// Notes are at least this long, in seconds.
const SHORTEST_SECS: f64 = 0.06;
/// A rest of this length is one in any case.
const LONG_REST_SECS: f64 = 0.5;
/// How far before and after the first moment with its pitch a note may start.
const EARLY_SECS: f64 = 0.12;
const LATE_SECS: f64 = 0.04;
/// Notes that follow each other closer than this in pitch are one, in semitones: it is vibrato or a glide.
const SAME: f64 = 0.75;

/// The notes of moments that are `hop_secs` apart, the first at 0. `struck` are starts of notes that were found in
/// another way, which says when better than a pitch can: the pitch of a moment is that of the wave around it.
pub(crate) fn notes(moments: &[Moment], hop_secs: f64, struck: &[NoteEvent]) -> Vec<NoteEvent> {
    let path = path(moments, hop_secs);
    let mut runs: Vec<[usize; 2]> = vec![];
    let mut at = 0;
    while at < path.len() {
        let to = at + path[at..].iter().take_while(|state| **state == path[at]).count();
        if path[at].is_some() {
            runs.push([at, to]);
        }
        at = to;
    }
    let runs = merged(&runs, moments);
    let mut found: Vec<[usize; 2]> = vec![];
    for run in runs {
        let midi = median_midi(&moments[run[0]..run[1]]).unwrap_or(0.0);
        let same = struck.iter().filter(|it| (it.midi - midi).abs() < 1.0);
        let frames = same.map(|it| (it.start_secs / hop_secs).round() as usize);
        found.extend(split(run, &frames.collect::<Vec<_>>(), hop_secs));
    }
    for i in 1..found.len() {
        // One voice: where a note starts, the one before ends.
        found[i - 1][1] = found[i - 1][1].min(found[i][0]).max(found[i - 1][0]);
    }
    let loudest = moments.iter().fold(0.0f32, |max, moment| max.max(moment.level)).max(1e-9);
    let length = |run: &[usize; 2]| (run[1] - run[0]) as f64 * hop_secs;
    let long = found.into_iter().filter(|run| length(run) >= SHORTEST_SECS);
    long.filter_map(|[from, to]| {
        let level = moments[from..to].iter().fold(0.0f32, |max, moment| max.max(moment.level));
        Some(NoteEvent {
            start_secs: from as f64 * hop_secs,
            end_secs: to as f64 * hop_secs,
            midi: median_midi(&moments[from..to])?,
            velocity: velocity(level / loudest),
        })
    })
    .collect()
}

/// The likeliest state of each moment: a note, or none. Stretches between long rests are looked at one by one, so that
/// memory does not grow with the sound.
fn path(moments: &[Moment], hop_secs: f64) -> Vec<Option<u16>> {
    let long = ((LONG_REST_SECS / hop_secs) as usize).max(2);
    let mut path = vec![None; moments.len()];
    // The stretch that goes on: its first and its last moment with a pitch.
    let mut stretch: Option<[usize; 2]> = None;
    let mut find = |[first, last]: [usize; 2]| {
        let within = first.saturating_sub(long / 2)..(last + 1 + long / 2).min(moments.len());
        path[within.clone()].copy_from_slice(&path_of_stretch(&moments[within], hop_secs));
    };
    for at in (0..moments.len()).filter(|at| moments[*at].voiced > 0.0) {
        stretch = match stretch {
            Some([first, last]) if at - last <= long => Some([first, at]),
            Some(ended) => {
                find(ended);
                Some([at, at])
            }
            None => Some([at, at]),
        };
    }
    stretch.into_iter().for_each(find);
    path
}

fn path_of_stretch(moments: &[Moment], hop_secs: f64) -> Vec<Option<u16>> {
    const N: usize = (HIGHEST - LOWEST) * STEPS;
    let weight = PER_SEC * hop_secs as f32;
    // The last state is the rest.
    let mut sums = vec![-REST; N + 1];
    sums[N] = 0.0;
    let mut before: Vec<Vec<u16>> = Vec::with_capacity(moments.len());
    for moment in moments {
        let best = argmax(&sums[..N]);
        let (from_note, from_rest) = (sums[best] - CHANGE, sums[N] - REST);
        let (enter, from) = if from_note > from_rest { (from_note, best) } else { (from_rest, N) };
        let rest_from_note = sums[best] - REST;
        let mut from_state = vec![0u16; N + 1];
        for state in 0..N {
            let midi = LOWEST as f32 + state as f32 / STEPS as f32;
            let off = (moment.midi as f32 - midi).abs() / SPREAD;
            let likelihood = (moment.voiced * (-off).exp()).max(FLOOR);
            let stays = sums[state] >= enter;
            from_state[state] = if stays { state } else { from } as u16;
            sums[state] = if stays { sums[state] } else { enter } + weight * likelihood.ln();
        }
        let stays = sums[N] >= rest_from_note;
        from_state[N] = if stays { N } else { best } as u16;
        let likelihood = (1.0 - moment.voiced).max(FLOOR);
        sums[N] = if stays { sums[N] } else { rest_from_note } + weight * likelihood.ln();
        let largest = sums.iter().fold(f32::MIN, |max, x| max.max(*x));
        sums.iter_mut().for_each(|sum| *sum -= largest);
        before.push(from_state);
    }
    let mut state = argmax(&sums) as u16;
    let mut path = Vec::with_capacity(before.len());
    for from_state in before.iter().rev() {
        path.push((usize::from(state) < N).then_some(state));
        state = from_state[usize::from(state)];
    }
    path.reverse();
    path
}

fn argmax(values: &[f32]) -> usize {
    (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap_or(0)
}

/// Joins runs that follow each other at nearly the same pitch.
fn merged(runs: &[[usize; 2]], moments: &[Moment]) -> Vec<[usize; 2]> {
    let mut merged: Vec<[usize; 2]> = vec![];
    let midi = |[a, b]: [usize; 2]| median_midi(&moments[a..b]).unwrap_or(0.0);
    for run in runs {
        match merged.last_mut() {
            Some(last) if last[1] == run[0] && (midi(*last) - midi(*run)).abs() < SAME => {
                last[1] = run[1];
            }
            _ => merged.push(*run),
        }
    }
    merged
}

/// A run, cut where its note is struck again; a stroke near its start says when that is. Strokes are in order.
fn split([from, to]: [usize; 2], struck: &[usize], hop_secs: f64) -> Vec<[usize; 2]> {
    let frames = |secs: f64| (secs / hop_secs).round() as usize;
    let near = from.saturating_sub(frames(EARLY_SECS))..from + frames(LATE_SECS);
    let first = struck.iter().filter(|at| near.contains(at)).min_by_key(|at| at.abs_diff(from));
    let mut cuts = vec![first.copied().unwrap_or(from)];
    for at in struck {
        let is_inside = *at > cuts[cuts.len() - 1] + frames(SHORTEST_SECS);
        if *at >= near.end && is_inside && at + frames(SHORTEST_SECS) < to {
            cuts.push(*at);
        }
    }
    cuts.push(to.max(cuts[cuts.len() - 1]));
    cuts.windows(2).map(|pair| [pair[0], pair[1]]).collect()
}

/// The pitch in the middle of those of a note, without its ends, where it may glide.
fn median_midi(moments: &[Moment]) -> Option<f64> {
    let edge = moments.len() / 8;
    let inner = &moments[edge..moments.len() - edge];
    let mut all: Vec<f64> = inner.iter().filter(|it| it.voiced > 0.3).map(|it| it.midi).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}
