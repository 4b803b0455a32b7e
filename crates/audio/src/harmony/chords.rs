//! The chords of a sound: a hidden Markov model over chroma, whose chords change on the beats.
//!
//! Sources: Sheh and Ellis, "Chord segmentation and recognition using EM-trained hidden Markov models" (ISMIR 2003) for
//! the model; Mauch and Dixon (ISMIR 2010) for bass and treble; Bello and Pickens, "A robust mid-level representation
//! for harmonic content in music signals" (ISMIR 2005) for chroma that is synchronous with beats. Nothing is trained.

use std::fmt;

use super::{Chroma, Key, Mode, PITCH_CLASSES};

/// The kind of a chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// A major triad.
    Major,
    /// A minor triad.
    Minor,
    /// A major triad with a minor seventh.
    Seventh,
    /// A major triad with a major seventh.
    MajorSeventh,
    /// A minor triad with a minor seventh.
    MinorSeventh,
}

impl Quality {
    /// All that are looked for.
    pub const ALL: [Self; 5] =
        [Self::Major, Self::Minor, Self::Seventh, Self::MajorSeventh, Self::MinorSeventh];

    /// Semitones above the root of its notes.
    #[must_use]
    pub fn intervals(self) -> &'static [u8] {
        match self {
            Self::Major => &[0, 4, 7],
            Self::Minor => &[0, 3, 7],
            Self::Seventh => &[0, 4, 7, 10],
            Self::MajorSeventh => &[0, 4, 7, 11],
            Self::MinorSeventh => &[0, 3, 7, 10],
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Major => "maj",
            Self::Minor => "min",
            Self::Seventh => "7",
            Self::MajorSeventh => "maj7",
            Self::MinorSeventh => "min7",
        }
    }
}

/// A chord, or that there is none. It is written as `mir_eval` reads it: `C:maj`, `A:min`, `G:7`, `N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chord {
    /// No chord: silence, drums, noise.
    None,
    /// A chord on a root; C is 0.
    Of {
        /// The pitch class of the root.
        root: u8,
        /// What is built on it.
        quality: Quality,
    },
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("N"),
            Self::Of { root, quality } => {
                write!(f, "{}:{}", PITCH_CLASSES[usize::from(*root) % 12], quality.label())
            }
        }
    }
}

/// A chord and when it sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChordSpan {
    /// Where it starts, in seconds.
    pub start_secs: f64,
    /// Where it ends, in seconds.
    pub end_secs: f64,
    /// The chord.
    pub chord: Chord,
}

// The numbers below were chosen on 24 rendered songs (seed 5 of `examples/songs.rs`) and hold on others (seed 0): see
// `docs/benchmarks.md`.

/// How sharply a better fit of the notes is preferred.
const SHARPNESS: f32 = 7.0;
/// What a bass on the root, on another note of the triad, adds to a fit of at most 1.
const BASS_ROOT: f32 = 0.4;
const BASS_OTHER: f32 = 0.2;
/// How strong a seventh is against the notes of the triad.
const SEVENTH: f32 = 0.85;
/// Chroma is raised to this power, so that a loud note does not hide the others.
const COMPRESSION: f32 = 0.8;
/// What a chord with notes outside of the key is less likely, for each of them.
const OUTSIDE_COST: f32 = 0.05;
/// Without beats, chords may change this often, in seconds.
const STEP_SECS: f64 = 0.2;
/// Beats further apart are halved, in seconds: chords change between them, too.
const LONG_BEAT_SECS: f64 = 0.6;
/// Frames this far below the loudest count as silent.
const SILENT_GAIN: f32 = 1e-3;

/// What a change costs, in nats: the logarithm of how much rarer it is than staying.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Boundary {
    Downbeat,
    Beat,
    Between,
    /// There are no beats.
    Free,
}

impl Boundary {
    fn cost(self) -> f32 {
        match self {
            Self::Downbeat => 1.0,
            Self::Beat => 4.0,
            Self::Between | Self::Free => 6.0,
        }
    }
}

/// The chords from the start of a sound to its end, without gaps. They change on beats, if there are any; those of the
/// key, if it is known, are a little likelier. Times are in seconds, in order.
#[must_use]
pub fn chords(
    chroma: &Chroma,
    key: Option<Key>,
    beats_s: &[f64],
    downbeats_s: &[f64],
) -> Vec<ChordSpan> {
    if chroma.treble.is_empty() {
        return vec![];
    }
    let steps = steps(chroma.length_secs, beats_s, downbeats_s);
    let models: Vec<Model> = models(key);
    let loudest = chroma.level.iter().fold(0.0f32, |max, x| max.max(*x));
    let least = (SILENT_GAIN * loudest).max(1e-5);
    let mut path = Path::new(models.len() + 1);
    let mut scores = vec![0.0; models.len() + 1];
    for (i, (start, boundary)) in steps.iter().enumerate() {
        let end = steps.get(i + 1).map_or(chroma.length_secs, |next| next.0);
        let notes = Notes::between(chroma, *start, end);
        score(&notes, least, &models, &mut scores);
        path.push(&scores, boundary.cost());
    }
    let mut spans: Vec<ChordSpan> = vec![];
    for (i, state) in path.best().into_iter().enumerate() {
        let chord = models.get(state).map_or(Chord::None, |model| model.chord);
        let end_secs = steps.get(i + 1).map_or(chroma.length_secs, |next| next.0);
        match spans.last_mut() {
            Some(last) if last.chord == chord => last.end_secs = end_secs,
            _ => spans.push(ChordSpan { start_secs: steps[i].0, end_secs, chord }),
        }
    }
    spans
}

/// Where chords may change: the start first, in order.
fn steps(length_secs: f64, beats_s: &[f64], downbeats_s: &[f64]) -> Vec<(f64, Boundary)> {
    let mut beats: Vec<f64> = vec![];
    for at in beats_s {
        let after = beats.last().copied().unwrap_or(f64::MIN);
        if at.is_finite() && *at > after + 0.1 && (0.0..length_secs - 0.05).contains(at) {
            beats.push(*at);
        }
    }
    if beats.len() < 2 {
        let n = ((length_secs / STEP_SECS) as usize).max(1);
        return (0..n).map(|i| (i as f64 * STEP_SECS, Boundary::Free)).collect();
    }
    // The first and the last interval go on to the ends.
    let (first, last) = (beats[0], beats[beats.len() - 1]);
    let (before, after) = (beats[1] - first, last - beats[beats.len() - 2]);
    let early = (1..).map(|i| first - f64::from(i) * before).take_while(|at| *at > 0.05);
    let mut all: Vec<f64> = early.collect();
    all.reverse();
    all.append(&mut beats);
    all.extend(
        (1..).map(|i| last + f64::from(i) * after).take_while(|at| *at < length_secs - 0.05),
    );
    let mut downbeats: Vec<f64> = downbeats_s.iter().copied().filter(|at| at.is_finite()).collect();
    downbeats.sort_by(f64::total_cmp);
    let is_downbeat = |at: f64| {
        let next = downbeats.partition_point(|it| *it < at - 0.03);
        downbeats.get(next).is_some_and(|it| *it < at + 0.03)
    };
    let mut steps = vec![];
    if all[0] > 0.0 {
        steps.push((0.0, Boundary::Beat));
    }
    for (i, at) in all.iter().enumerate() {
        steps.push((*at, if is_downbeat(*at) { Boundary::Downbeat } else { Boundary::Beat }));
        let next = all.get(i + 1).copied().unwrap_or(length_secs);
        if next - at > LONG_BEAT_SECS {
            steps.push((0.5 * (at + next), Boundary::Between));
        }
    }
    steps
}

/// What sounds in a stretch of time.
struct Notes {
    /// With a sum of squares of 1, or all 0.
    treble: [f32; 12],
    /// The largest is 1, or all are 0.
    bass: [f32; 12],
    level: f32,
}

impl Notes {
    /// The mean of frames; those in the middle count more, because those near the ends hear their neighbours.
    fn between(chroma: &Chroma, start: f64, end: f64) -> Self {
        let frame = |secs: f64| (secs / chroma.hop_secs).round() as usize;
        let last = chroma.treble.len() - 1;
        let (from, to) = (frame(start).min(last), frame(end).min(last + 1));
        let to = to.max(from + 1);
        let (mut treble, mut bass, mut level) = ([0.0; 12], [0.0; 12], 0.0f32);
        for at in from..to {
            let place = (at - from) as f32 + 0.5;
            let weight = (std::f32::consts::PI * place / (to - from) as f32).sin();
            for class in 0..12 {
                treble[class] += weight * chroma.treble[at][class];
                bass[class] += weight * chroma.bass[at][class];
            }
            level = level.max(chroma.level[at]);
        }
        let treble = treble.map(|x: f32| x.powf(COMPRESSION));
        let norm = treble.iter().map(|x| x * x).sum::<f32>().sqrt();
        let largest = bass.iter().fold(0.0f32, |max, x| max.max(*x));
        let over = |x: f32, by: f32| if by > 0.0 { x / by } else { 0.0 };
        Self { treble: treble.map(|x| over(x, norm)), bass: bass.map(|x| over(x, largest)), level }
    }
}

/// What a chord sounds like.
struct Model {
    chord: Chord,
    root: usize,
    /// Third and fifth.
    others: [usize; 2],
    /// With a sum of squares of 1.
    notes: [f32; 12],
    cost: f32,
}

fn models(key: Option<Key>) -> Vec<Model> {
    let scale = key.map(scale);
    let of = |i: usize| {
        let (quality, root) = (Quality::ALL[i / 12], i % 12);
        let mut notes = [0.0; 12];
        let mut cost = 0.0;
        for (i, interval) in quality.intervals().iter().enumerate() {
            let class = (root + usize::from(*interval)) % 12;
            notes[class] = if i < 3 { 1.0 } else { SEVENTH };
            if scale.is_some_and(|scale| !scale[class]) {
                cost += OUTSIDE_COST;
            }
        }
        let norm = notes.iter().map(|x| x * x).sum::<f32>().sqrt();
        let chord = Chord::Of { root: root as u8, quality };
        let others = [1, 2].map(|i| (root + usize::from(quality.intervals()[i])) % 12);
        Model { chord, root, others, notes: notes.map(|x| x / norm), cost }
    };
    (0..12 * Quality::ALL.len()).map(of).collect()
}

/// The pitch classes of a key; in minor keys the raised seventh, too.
fn scale(key: Key) -> [bool; 12] {
    let degrees: &[usize] = match key.mode {
        Mode::Major => &[0, 2, 4, 5, 7, 9, 11],
        Mode::Minor => &[0, 2, 3, 5, 7, 8, 10, 11],
    };
    let mut scale = [false; 12];
    degrees.iter().for_each(|degree| scale[(usize::from(key.tonic) + degree) % 12] = true);
    scale
}

/// How well each chord fits, in nats; the last is none.
fn score(notes: &Notes, least: f32, models: &[Model], scores: &mut [f32]) {
    let dot = |a: &[f32; 12]| a.iter().zip(&notes.treble).map(|(a, b)| a * b).sum::<f32>();
    let is_silent = notes.level < least || notes.treble.iter().all(|x| *x == 0.0);
    for (score, model) in scores.iter_mut().zip(models) {
        let other = model.others.iter().map(|class| notes.bass[*class]).fold(0.0f32, f32::max);
        let bass = (BASS_ROOT * notes.bass[model.root]).max(BASS_OTHER * other);
        *score = SHARPNESS * (dot(&model.notes) + bass - model.cost);
    }
    let none = &mut scores[models.len()];
    *none = if is_silent { SHARPNESS * 2.0 } else { SHARPNESS * dot(&[12f32.sqrt().recip(); 12]) };
}

/// The likeliest path through states, found as scores come in (Viterbi).
struct Path {
    sums: Vec<f32>,
    /// Of each step and state, the state before.
    before: Vec<Vec<u8>>,
}

impl Path {
    fn new(n_states: usize) -> Self {
        Self { sums: vec![0.0; n_states], before: vec![] }
    }

    /// Takes the scores of the next step; going to another state costs `cost`.
    fn push(&mut self, scores: &[f32], cost: f32) {
        let best = argmax(&self.sums);
        let change = self.sums[best] - cost;
        let mut before = Vec::with_capacity(scores.len());
        for (state, (sum, score)) in self.sums.iter_mut().zip(scores).enumerate() {
            let stays = *sum >= change;
            before.push(if stays { state } else { best } as u8);
            *sum = if stays { *sum } else { change } + score;
        }
        // Sums stay small over hours.
        let largest = self.sums.iter().fold(f32::MIN, |max, x| max.max(*x));
        self.sums.iter_mut().for_each(|sum| *sum -= largest);
        self.before.push(before);
    }

    fn best(&self) -> Vec<usize> {
        let mut state = argmax(&self.sums);
        let mut path = Vec::with_capacity(self.before.len());
        for before in self.before.iter().rev() {
            path.push(state);
            state = usize::from(before[state]);
        }
        path.reverse();
        path
    }
}

fn argmax(values: &[f32]) -> usize {
    (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap_or(0)
}
