//! To the grid: where beats are even and notes come on the steps between them, and which warp of the sound does that.

use crate::{Clip, Warp};

/// A grid that a sound is to come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridOrder {
    /// Beats per minute; none takes the middle one of the sound.
    pub bpm: Option<f64>,
    /// Steps in a beat: 4 are sixteenths where a beat is a quarter.
    pub steps: f64,
    /// How far notes come to their steps: 0 leaves them between the beats as they were, 1 puts them on the steps.
    pub strength: f64,
}

/// How a sound comes to a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct GridPlan {
    /// Beats per minute.
    pub bpm: f64,
    /// When the first of the given beats comes, in seconds.
    pub first_beat_secs: f64,
    /// Notes that come to steps, in order.
    pub notes: Vec<GridNote>,
    /// Which frame of the sound comes when.
    pub warp: Warp,
    /// How many frames it becomes.
    pub n_out: usize,
}

/// A note that comes to a step of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridNote {
    /// When it comes in the sound, in seconds.
    pub before_secs: f64,
    /// When it comes afterwards.
    pub after_secs: f64,
    /// Its step, in beats from the first of the given beats.
    pub beat: f64,
    /// How far it is from its step in the sound, in seconds of the new tempo; below 0 it is early.
    pub off_secs: f64,
}

/// Between two notes a sound becomes so many times as fast or as slow at most; a note that would need more is left
/// between its neighbours.
const SPEED_MAX: f64 = 3.0;

/// How a sound with given beats and onsets, in frames, comes to a grid. None for fewer than two beats.
///
/// Beats become even. Each onset belongs to the step that is nearest to it among the beats of the sound; of several on one
/// step, the nearest one comes to it.
///
/// # Panics
/// If the order holds no numbers above 0.
#[must_use]
pub fn grid_plan(
    clip: &Clip,
    beats: &[f64],
    onsets: &[usize],
    order: GridOrder,
) -> Option<GridPlan> {
    assert!(order.steps > 0.0 && order.bpm.is_none_or(|bpm| bpm > 0.0), "a grid has steps");
    let rate = f64::from(clip.rate_hz);
    let beats = Beats::new(beats)?;
    let bpm = order.bpm.unwrap_or(60.0 * rate / beats.middle_interval());
    // Frames of a beat afterwards.
    let beat = 60.0 * rate / bpm;
    let nearest = |onset: usize| {
        let place = beats.place(onset as f64);
        let step = (place * order.steps).round() / order.steps;
        (onset as f64, place, step)
    };
    let mut found: Vec<(f64, f64, f64)> = vec![];
    for (onset, place, step) in onsets.iter().map(|onset| nearest(*onset)) {
        match found.last_mut() {
            Some(last) if last.2 == step => {
                if (place - step).abs() < (last.1 - step).abs() {
                    *last = (onset, place, step);
                }
            }
            _ => found.push((onset, place, step)),
        }
    }
    let goal = |place: f64, step: f64| beat * (place + order.strength * (step - place));
    let mut kept: Vec<(f64, f64, f64)> = vec![];
    for note in found {
        let is_possible = kept.last().is_none_or(|last| {
            let speed = (goal(note.1, note.2) - goal(last.1, last.2)) / (note.0 - last.0);
            let usual = beat / beats.interval_at(note.1);
            (1.0 / SPEED_MAX..SPEED_MAX).contains(&(speed / usual))
        });
        if is_possible {
            kept.push(note);
        }
    }
    // Beats where nothing begins are marks as well, if no note is near.
    let mut points: Vec<[f64; 2]> =
        kept.iter().map(|(onset, place, step)| [*onset, goal(*place, *step)]).collect();
    for (i, frame) in beats.frames.iter().enumerate() {
        let is_alone =
            kept.iter().all(|(_, place, _)| (place - i as f64).abs() > 0.5 / order.steps);
        if is_alone {
            points.push([*frame, beat * i as f64]);
        }
    }
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    // Before the first mark and after the last one, only the tempo changes.
    let (first, last) = (points.first().copied()?, points.last().copied()?);
    let usual = |place: f64| beat / beats.interval_at(place);
    let lead = [first[0] - rate, first[1] - rate * usual(0.0)];
    let end = [last[0] + rate, last[1] + rate * usual(beats.frames.len() as f64)];
    let all = || std::iter::once(lead).chain(points.iter().copied()).chain(std::iter::once(end));
    let raw = Warp::through(all())?;
    // The sound still begins with its first frame.
    let start = raw.target(0.0);
    let warp = Warp::through(all().map(|[before, after]| [before, after - start]))?;
    let n_out = warp.target(clip.n_frames() as f64).round().max(0.0) as usize;
    let notes = kept.iter().map(|(onset, place, step)| GridNote {
        before_secs: onset / rate,
        after_secs: (goal(*place, *step) - start) / rate,
        beat: *step,
        off_secs: (place - step) * beat / rate,
    });
    Some(GridPlan {
        bpm,
        first_beat_secs: -start / rate,
        notes: notes.collect(),
        warp,
        n_out: if clip.n_frames() == 0 { 0 } else { n_out.max(1) },
    })
}

impl GridPlan {
    /// How far onsets of what became of the sound are from the nearest step of the grid, in seconds.
    #[must_use]
    pub fn off_secs(&self, onset_secs: f64, steps: f64) -> f64 {
        let step = 60.0 / self.bpm / steps;
        let place = (onset_secs - self.first_beat_secs) / step;
        (place - place.round()) * step
    }
}

/// Beats of a sound, at least two, in frames.
struct Beats {
    frames: Vec<f64>,
}

impl Beats {
    fn new(beats: &[f64]) -> Option<Self> {
        let mut frames: Vec<f64> = vec![];
        for beat in beats {
            if beat.is_finite() && frames.last().is_none_or(|last| *beat > last + 1.0) {
                frames.push(*beat);
            }
        }
        (frames.len() >= 2).then_some(Self { frames })
    }

    fn middle_interval(&self) -> f64 {
        let mut intervals: Vec<f64> =
            self.frames.windows(2).map(|pair| pair[1] - pair[0]).collect();
        intervals.sort_by(f64::total_cmp);
        intervals[intervals.len() / 2]
    }

    /// The beat before a place, of those that have one after them.
    fn before(&self, place: f64) -> usize {
        (place.max(0.0) as usize).min(self.frames.len() - 2)
    }

    fn interval_at(&self, place: f64) -> f64 {
        let i = self.before(place);
        self.frames[i + 1] - self.frames[i]
    }

    /// A frame in beats; before the first and after the last one they go on evenly.
    fn place(&self, frame: f64) -> f64 {
        let next = self.frames.partition_point(|beat| *beat <= frame);
        let i = next.clamp(1, self.frames.len() - 1) - 1;
        i as f64 + (frame - self.frames[i]) / (self.frames[i + 1] - self.frames[i])
    }
}

/// A click on each of some times, in seconds, higher on those that `is_high` says; `n` frames long.
#[must_use]
pub fn click_track(rate_hz: u32, n: usize, times: &[f64], is_high: impl Fn(usize) -> bool) -> Clip {
    let rate = f64::from(rate_hz);
    let mut channel = vec![0.0f32; n];
    for (i, secs) in times.iter().enumerate() {
        let start = (secs * rate).round();
        if start < 0.0 || start >= n as f64 {
            continue;
        }
        let hz = if is_high(i) { 1500.0 } else { 1000.0 };
        let end = (start as usize + (0.03 * rate) as usize).min(n);
        for (k, x) in channel[start as usize..end].iter_mut().enumerate() {
            let secs = k as f64 / rate;
            let level = 0.5 * (-secs / 0.006).exp();
            *x += (level * (std::f64::consts::TAU * hz * secs).sin()) as f32;
        }
    }
    Clip { rate_hz, channels: vec![channel] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rng, Stretch, attacks, warped};

    const RATE_HZ: u32 = 44_100;

    /// Strikes of noise at times in seconds.
    fn strikes(times: &[f64], secs: f64) -> Clip {
        let mut rng = Rng::new(3);
        let mut channel = vec![0.0f32; (secs * f64::from(RATE_HZ)) as usize];
        for time in times {
            let start = (time * f64::from(RATE_HZ)) as usize;
            for (i, x) in channel.iter_mut().skip(start).take(3000).enumerate() {
                *x += 0.7 * (-(i as f32) / 500.0).exp() * rng.uniform(-1.0, 1.0);
            }
        }
        Clip { rate_hz: RATE_HZ, channels: vec![channel] }
    }

    /// A beat that gets faster, with eighths that are off by up to 25 ms.
    fn loose() -> (Clip, Vec<f64>, Vec<f64>) {
        let mut rng = Rng::new(8);
        let beats: Vec<f64> =
            (0..17).map(|i| 0.3 + f64::from(i) * 0.52 - f64::from(i * i) * 0.001).collect();
        let mut times = vec![];
        for pair in beats.windows(2) {
            for share in [0.0, 0.5] {
                let off = f64::from(rng.uniform(-0.025, 0.025));
                times.push(pair[0] + share * (pair[1] - pair[0]) + off);
            }
        }
        (strikes(&times, 9.0), beats, times)
    }

    fn worst_off(plan: &GridPlan, clip: &Clip, steps: f64) -> (f64, usize) {
        let onsets = attacks(clip);
        let off = onsets
            .iter()
            .map(|frame| plan.off_secs(*frame as f64 / f64::from(RATE_HZ), steps).abs());
        (off.fold(0.0, f64::max), onsets.len())
    }

    #[test]
    fn a_loose_take_comes_to_the_grid() {
        let (clip, beats, times) = loose();
        let frames: Vec<f64> = beats.iter().map(|secs| secs * f64::from(RATE_HZ)).collect();
        let order = GridOrder { bpm: Some(120.0), steps: 2.0, strength: 1.0 };
        let plan = grid_plan(&clip, &frames, &attacks(&clip), order).unwrap();
        assert_eq!(plan.notes.len(), times.len(), "{:?}", plan.notes);
        let out = warped(&clip, &plan.warp, plan.n_out, Stretch::default());
        let (off, n) = worst_off(&plan, &out, 2.0);
        assert_eq!(n, times.len());
        assert!(off < 0.003, "{off}");
        // Half the strength leaves half of it.
        let half = GridOrder { strength: 0.5, ..order };
        let half = grid_plan(&clip, &frames, &attacks(&clip), half).unwrap();
        let later = half.first_beat_secs - plan.first_beat_secs;
        for (all, half) in plan.notes.iter().zip(&half.notes) {
            let left = half.after_secs - all.after_secs - later;
            assert!((left - all.off_secs / 2.0).abs() < 1e-6, "{all:?} {half:?}");
        }
    }

    #[test]
    fn the_tempo_is_the_sounds_own_where_none_is_given() {
        let times: Vec<f64> = (0..16).map(|i| 0.1 + f64::from(i) * 0.5).collect();
        let clip = strikes(&times, 8.5);
        let frames: Vec<f64> = times.iter().map(|secs| secs * f64::from(RATE_HZ)).collect();
        let order = GridOrder { bpm: None, steps: 4.0, strength: 1.0 };
        let plan = grid_plan(&clip, &frames, &attacks(&clip), order).unwrap();
        assert!((plan.bpm - 120.0).abs() < 1e-9 && (plan.first_beat_secs - 0.1).abs() < 0.003);
        assert!(plan.n_out.abs_diff(clip.n_frames()) < 200, "{}", plan.n_out);
    }

    #[test]
    fn what_has_no_beats_has_no_plan() {
        let clip = strikes(&[0.1], 1.0);
        let order = GridOrder { bpm: None, steps: 4.0, strength: 1.0 };
        for beats in [&[][..], &[3.0], &[f64::NAN, 5.0], &[5.0, 5.0]] {
            assert_eq!(grid_plan(&clip, beats, &[100], order), None);
        }
        // Onsets on top of each other, and far outside.
        let wild = [0, 1, 2, 3, 1_000_000, 1_000_001];
        let plan = grid_plan(&clip, &[100.0, 200.0], &wild, order).unwrap();
        assert!(plan.warp.points().windows(2).all(|pair| pair[0][1] < pair[1][1]));
    }

    #[test]
    fn clicks_are_where_they_are_told() {
        let clicks = click_track(8_000, 8_000, &[0.25, 0.5, 7.0, -1.0], |i| i == 0);
        let first = clicks.channels[0].iter().position(|x| *x != 0.0).unwrap();
        assert!((2000..2003).contains(&first), "{first}");
        assert!(clicks.channels[0][4001..4010].iter().any(|x| *x != 0.0));
    }
}
