//! Pitch marks: one place in each period of a voice.

use std::ops::Range;

use super::curve::PitchCurve;

/// How far the next mark may be from where the pitch says it is, as a share of a period.
const SEARCH: f64 = 0.15;

/// The marks of a run of pitch, in frames and parts of them, in order.
///
/// The first one is at the loudest place of the first period; each next one is where the waveform around it is most like
/// that around the last, near a period later, refined by a parabola. Source: the idea of WSOLA, Verhelst and Roelands
/// (1993), for the marks of Moulines and Charpentier (1990).
pub(super) fn pitch_marks(voice: &[f32], curve: &PitchCurve, run: Range<usize>) -> Vec<f64> {
    let end = ((run.end * curve.hop) as f64).min(voice.len() as f64);
    let start = run.start * curve.hop;
    let first_period = curve.period_at(start as f64, &run);
    let first_end = (start + first_period as usize).min(voice.len());
    let loudest = (start..first_end).max_by(|a, b| voice[*a].abs().total_cmp(&voice[*b].abs()));
    let Some(first) = loudest else { return vec![] };
    let mut marks = vec![first as f64];
    let mut last = first as f64;
    loop {
        let period = curve.period_at(last, &run);
        let next = match_near(voice, last, last + period, period);
        if next >= end || next <= last {
            break;
        }
        marks.push(next);
        last = next;
    }
    marks
}

/// The place near `guess` around which the waveform is most like that around `place`.
fn match_near(voice: &[f32], place: f64, guess: f64, period: f64) -> f64 {
    let half = (period * 0.5) as isize;
    let reach = (period * SEARCH).ceil().max(2.0) as isize;
    let (place, base) = (place.round() as isize, guess.round() as isize);
    let at = |i: isize| usize::try_from(i).ok().and_then(|i| voice.get(i)).copied().unwrap_or(0.0);
    let likeness = |offset: isize| {
        let (mut product, mut energy) = (0.0f32, 1e-9f32);
        for i in -half..=half {
            let (a, b) = (at(place + i), at(base + offset + i));
            product += a * b;
            energy += b * b;
        }
        f64::from(product / energy.sqrt())
    };
    let likenesses: Vec<f64> = (-reach - 1..=reach + 1).map(likeness).collect();
    let inside = 1..likenesses.len() - 1;
    let best = inside.max_by(|a, b| likenesses[*a].total_cmp(&likenesses[*b])).unwrap_or(1);
    let (before, top, after) = (likenesses[best - 1], likenesses[best], likenesses[best + 1]);
    let curvature = before - 2.0 * top + after;
    let part = if curvature < 0.0 { 0.5 * (before - after) / curvature } else { 0.0 };
    // Both places are compared at whole frames; the part of the first one is what rounding took from it.
    (base + best as isize - reach - 1) as f64 + part.clamp(-0.5, 0.5)
}
