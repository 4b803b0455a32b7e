//! A voice with its periods nearer together or further apart: TD-PSOLA.
//!
//! Two periods around each mark are cut out under a window and laid down again at the marks of the new pitch. The shape of
//! a period, and with it the colour of the voice, stays. Source: Moulines and Charpentier, "Pitch-synchronous waveform
//! processing techniques for text-to-speech synthesis using diphones" (1990).

use std::ops::RangeInclusive;

use super::LEAST_SEMITONES;
use super::curve::PitchCurve;
use crate::Clip;
use crate::stretch::sample_at;

/// Periods over which a moved stretch comes back into step with the sound after it.
const N_BACK: usize = 40;

/// Moves the pitch of one run of marks by the corrections of its points; writes only where they move something.
pub(super) fn moved(
    clip: &Clip,
    curve: &PitchCurve,
    marks: &[f64],
    corrections: &[f64],
    keeps_formants: bool,
    out: &mut Clip,
) {
    let correction = |frame: f64| {
        let place = (frame / curve.hop as f64).clamp(0.0, (corrections.len() - 1) as f64);
        let (i, share) = (place as usize, place.fract());
        let next = corrections[(i + 1).min(corrections.len() - 1)];
        corrections[i] + share * (next - corrections[i])
    };
    for stretch in changed(marks, correction) {
        let (first, last) = (*stretch.start(), *stretch.end());
        if last < first + 2 {
            continue;
        }
        let laid = new_marks(&marks[first..=last], correction);
        for (channel, out) in clip.channels.iter().zip(&mut out.channels) {
            lay(channel, &marks[first..=last], &laid, keeps_formants, out);
        }
    }
}

/// The stretches of marks whose pitch moves, with a mark that does not on either side where there is one.
fn changed(marks: &[f64], correction: impl Fn(f64) -> f64) -> Vec<RangeInclusive<usize>> {
    let mut stretches: Vec<RangeInclusive<usize>> = vec![];
    for (i, mark) in marks.iter().enumerate() {
        if correction(*mark).abs() < LEAST_SEMITONES {
            continue;
        }
        let (from, to) = (i.saturating_sub(1), (i + 1).min(marks.len() - 1));
        match stretches.last_mut() {
            Some(last) if *last.end() >= from => *last = *last.start()..=to,
            _ => stretches.push(from..=to),
        }
    }
    stretches
}

/// A period that is laid down: its new place, the mark that it is cut out around, and how much higher it becomes.
struct Laid {
    place: f64,
    mark: usize,
    factor: f64,
}

/// Marks at the new pitch, from the first old one to the last one exactly.
fn new_marks(marks: &[f64], correction: impl Fn(f64) -> f64) -> Vec<Laid> {
    let (first, last) = (marks[0], marks[marks.len() - 1]);
    let mut places = vec![first];
    let mut at = first;
    let mut mark = 0;
    while at < last {
        while mark + 2 < marks.len() && marks[mark + 1] <= at {
            mark += 1;
        }
        let period = marks[mark + 1] - marks[mark];
        at += period / (correction(at) / 12.0).exp2();
        places.push(at);
    }
    // Which of the last two is nearer to the end.
    let n = places.len();
    if n > 2 && (places[n - 2] - last).abs() < (places[n - 1] - last).abs() {
        places.pop();
    }
    let n = places.len();
    let missing = last - places[n - 1];
    let n_back = N_BACK.min(n - 1);
    for (i, place) in places[n - n_back..].iter_mut().enumerate() {
        let share = (i + 1) as f64 / n_back as f64;
        *place += missing * (0.5 - 0.5 * (std::f64::consts::PI * share).cos());
    }
    let mut mark = 0;
    let laid = places.into_iter().map(|place| {
        while mark + 1 < marks.len()
            && (marks[mark + 1] - place).abs() <= (marks[mark] - place).abs()
        {
            mark += 1;
        }
        Laid { place, mark, factor: (correction(place) / 12.0).exp2() }
    });
    laid.collect()
}

/// Lays the periods of a channel down and fades from the sound to them and back within a period.
fn lay(channel: &[f32], marks: &[f64], laid: &[Laid], keeps_formants: bool, out: &mut [f32]) {
    let start = marks[0].ceil().max(0.0) as usize;
    let end = (marks[marks.len() - 1].floor() as usize + 1).min(out.len());
    if start >= end {
        return;
    }
    let mut sum = vec![0.0f32; end - start];
    let mut weights = vec![0.0f32; end - start];
    for laid in laid {
        let mark = marks[laid.mark];
        let first = laid.mark.checked_sub(1).map_or(marks[1] - marks[0], |i| mark - marks[i]);
        let second = marks.get(laid.mark + 1).map_or(first, |next| next - mark);
        let speed = if keeps_formants { 1.0 } else { laid.factor };
        let (before, after) = (first / speed, second / speed);
        let from = (laid.place - before).ceil().max(start as f64) as usize;
        let to = ((laid.place + after).floor().max(0.0) as usize + 1).min(end);
        for i in from..to {
            let x = i as f64 - laid.place;
            let share = x / if x < 0.0 { before } else { after };
            let weight = (0.5 + 0.5 * (std::f64::consts::PI * share).cos()) as f32;
            sum[i - start] += weight * sample_at(channel, mark + x * speed, speed);
            weights[i - start] += weight;
        }
    }
    let fades = [marks[1] - marks[0], marks[marks.len() - 1] - marks[marks.len() - 2]];
    for i in start..end {
        let k = i - start;
        if weights[k] < 1e-3 {
            continue;
        }
        let new = sum[k] / weights[k];
        let into = ((i as f64 - marks[0]) / fades[0]).clamp(0.0, 1.0);
        let back = ((marks[marks.len() - 1] - i as f64) / fades[1]).clamp(0.0, 1.0);
        let share = into.min(back) as f32;
        out[i] = channel[i] + share * (new - channel[i]);
    }
}
