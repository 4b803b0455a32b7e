//! The notes of an instrument that plays several at once: a piano, a guitar.
//!
//! Each spectrum is explained by harmonic templates of all 88 notes (`parts`); a note is where its part rises and
//! stays. Sources: Vincent, Bertin and Badeau, "Adaptive harmonic spectral decomposition for multiple
//! pitch estimation" (IEEE TASLP 2010) for the templates; Benetos and others, "Automatic music transcription:
//! challenges and future directions" (2013) for the two states of a note.

mod parts;

use self::parts::Parts;
use super::{NoteEvent, velocity};
use crate::harmony::{LogShape, LogSpectrum, at_rate, tuning_cents};

const RATE_HZ: u32 = 22_050;
/// 0.19 s, so that low notes differ; onsets are half-way up the rise of a note, which needs no short window.
const WINDOW: usize = 4096;
/// 11.6 ms.
const HOP: usize = 256;
/// A0, and the keys of a piano.
const LOWEST: usize = 21;
const N_NOTES: usize = 88;
/// Spectra reach an octave and a half above the highest note.
const N_SEMITONES: usize = 106;
/// A note is on above this share of the strongest.
const ON: f32 = 0.35;
/// What switching on or off costs, against the logarithm of how far a note is above or below that.
const SWITCH: f32 = 4.0;
/// Notes are at least this long, in frames.
const SHORTEST: usize = 5;
/// A note is struck again where it comes up by this share of itself.
const STRUCK_AGAIN: f32 = 0.3;
/// A note that is softer than this share of a note whose harmonic it is, or an octave or two above it, is not played.
const GHOST_ABOVE: f32 = 0.8;
const GHOST_BELOW: f32 = 0.5;
/// Frames to either side between which a note rises.
const REACH: usize = 4;

/// The notes of a channel, in order of their starts.
#[must_use]
pub fn notes_of_instrument(samples: &[f32], rate_hz: u32) -> Vec<NoteEvent> {
    let tuning = tuning_cents(samples, rate_hz);
    let parts = parts(&at_rate(samples, rate_hz, RATE_HZ), tuning);
    let mut strongest: Vec<f32> =
        parts.iter().map(|frame| frame.iter().fold(0.0f32, |max, x| max.max(*x))).collect();
    strongest.sort_by(f32::total_cmp);
    // The loudest moment may be a click: what is reached a twentieth of the time counts.
    let full = strongest.get(strongest.len().saturating_sub(1) * 19 / 20).copied().unwrap_or(0.0);
    if full <= 0.0 {
        return vec![];
    }
    let mut found = vec![];
    for note in 0..N_NOTES {
        let part: Vec<f32> = parts.iter().map(|frame| frame[note] / full).collect();
        found.extend(spans(&part).into_iter().map(|[from, to]| Found::new(note, from, to, &part)));
    }
    without_ghosts(&mut found);
    let hop_secs = HOP as f64 / f64::from(RATE_HZ);
    found.sort_by_key(|it| (it.from, it.note));
    let event = |it: &Found| NoteEvent {
        start_secs: it.from as f64 * hop_secs,
        end_secs: it.to as f64 * hop_secs,
        midi: (LOWEST + it.note) as f64 + tuning / 100.0,
        velocity: velocity(it.strength.powi(2)),
    };
    found.iter().map(event).collect()
}

/// How much of each note there is, frame by frame.
fn parts(samples: &[f32], tuning_cents: f64) -> Vec<Vec<f32>> {
    let shape = LogShape {
        rate_hz: RATE_HZ,
        window: WINDOW,
        lowest: LOWEST,
        n_semitones: N_SEMITONES,
        tuning_cents,
    };
    let mut log_spectrum = LogSpectrum::new(shape);
    let mut parts = Parts::new(&log_spectrum, N_NOTES);
    let n_bins = log_spectrum.n_bins();
    let spectrum = |centre| {
        let mut spectrum = vec![0.0; n_bins];
        log_spectrum.at(samples, centre, &mut spectrum);
        spectrum
    };
    let spectra: Vec<Vec<f32>> = (0..samples.len()).step_by(HOP).map(spectrum).collect();
    let full = spectra.iter().flatten().fold(0.0f32, |max, x| max.max(*x));
    if full < 1e-5 {
        return vec![];
    }
    parts.learn(&spectra, full);
    // Roots, so that soft notes count beside loud ones.
    let roots = |spectrum: &Vec<f32>| parts.of(spectrum, full).iter().map(|x| x.sqrt()).collect();
    spectra.iter().map(roots).collect()
}

/// A note that was found, in frames.
struct Found {
    note: usize,
    from: usize,
    to: usize,
    /// Its largest part, relative to the strongest notes.
    strength: f32,
}

impl Found {
    fn new(note: usize, from: usize, to: usize, part: &[f32]) -> Self {
        let strength = part[from..to].iter().fold(0.0f32, |max, x| max.max(*x)).min(1.0);
        Self { note, from, to, strength }
    }
}

/// Where a note is on: from, to.
fn spans(part: &[f32]) -> Vec<[usize; 2]> {
    // Two states, the likeliest path: sums of off and on, and whether each came from the other.
    let mut sums = [0.0f32, -SWITCH];
    let mut switched = Vec::with_capacity(part.len());
    for x in part {
        let score = 0.5 * (x.max(1e-4) / ON).ln().clamp(-2.0, 2.0);
        let from_other = [sums[1] - SWITCH > sums[0], sums[0] - SWITCH > sums[1]];
        let off = if from_other[0] { sums[1] - SWITCH } else { sums[0] } - score;
        let on = if from_other[1] { sums[0] - SWITCH } else { sums[1] } + score;
        sums = [off, on];
        switched.push(from_other);
    }
    let mut is_on = sums[1] > sums[0];
    let mut states = vec![false; part.len()];
    for (state, from_other) in states.iter_mut().zip(&switched).rev() {
        *state = is_on;
        if from_other[usize::from(is_on)] {
            is_on = !is_on;
        }
    }
    let mut found = vec![];
    let mut at = 0;
    while at < states.len() {
        let to = at + states[at..].iter().take_while(|state| **state == states[at]).count();
        if states[at] {
            found.extend(cut(part, at, to));
        }
        at = to;
    }
    found.retain(|[from, to]| to - from >= SHORTEST);
    found
}

/// A span, cut where its note is struck again, each part from where it rises most.
fn cut(part: &[f32], from: usize, to: usize) -> Vec<[usize; 2]> {
    let value = |at: usize| part.get(at).copied().unwrap_or(0.0);
    let rise = |at: usize| value(at + REACH) - value(at.saturating_sub(REACH));
    let steepest =
        |range: std::ops::Range<usize>| range.max_by(|a, b| rise(*a).total_cmp(&rise(*b)));
    let start = steepest(from.saturating_sub(6)..(from + 8).min(to)).unwrap_or(from);
    let mut starts = vec![start];
    for at in start + 2 * REACH..to.saturating_sub(2) {
        let around = at - REACH..at + REACH + 1;
        let peak = value(at + REACH);
        // It must come up by a good part of its own strength.
        if rise(at) > STRUCK_AGAIN * peak && rise(at) > 0.08 && steepest(around) == Some(at) {
            starts.push(at);
        }
    }
    starts.push(to);
    starts.windows(2).map(|pair| [pair[0], pair[1]]).collect()
}

/// Takes out what is only a harmonic of a stronger note that sounds with it, or a part of two of its harmonics.
fn without_ghosts(found: &mut Vec<Found>) {
    let is_ghost = |it: &Found, other: &Found| {
        let interval = it.note as isize - other.note as isize;
        let is_harmonic = [12, 19, 24, 28, 31, 36].contains(&interval);
        let together = it.from + 5 >= other.from && it.from <= other.to;
        let is_under = [-12, -24].contains(&interval);
        let share = it.strength / other.strength;
        together && (is_harmonic && share < GHOST_ABOVE || is_under && share < GHOST_BELOW)
    };
    let keep: Vec<bool> =
        found.iter().map(|it| !found.iter().any(|other| is_ghost(it, other))).collect();
    let mut keep = keep.into_iter();
    found.retain(|_| keep.next().unwrap_or(true));
}
