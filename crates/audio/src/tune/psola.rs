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

/// Periods over which a moved stretch comes back into step with the voice that goes on after it.
const N_BACK: usize = 60;
/// Periods over which it fades into what comes after the voice, which has no step.
const N_FADED: usize = 2;

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
        let goes_on = last + 1 < marks.len();
        let marks = &marks[first..=last];
        let mut laid = new_marks(marks, correction);
        if goes_on {
            come_back(&mut laid, marks[marks.len() - 1]);
        }
        aim(&mut laid, marks, correction);
        let n_faded = if goes_on { 1 } else { N_FADED };
        for (channel, out) in clip.channels.iter().zip(&mut out.channels) {
            lay(channel, marks, &laid, [1, n_faded], keeps_formants, out);
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

/// Marks at the new pitch, from the first old one to the last one or a little beyond it.
fn new_marks(marks: &[f64], correction: impl Fn(f64) -> f64) -> Vec<Laid> {
    let last = marks[marks.len() - 1];
    let mut at = marks[0];
    let mut laid = vec![Laid { place: at, mark: 0, factor: 1.0 }];
    let mut mark = 0;
    while at < last {
        while mark + 2 < marks.len() && marks[mark + 1] <= at {
            mark += 1;
        }
        let period = marks[mark + 1] - marks[mark];
        at += period / (correction(at) / 12.0).exp2();
        laid.push(Laid { place: at, mark, factor: 1.0 });
    }
    laid
}

/// Moves the last marks, more and more, so that the last one is at the last old one, where the voice goes on.
fn come_back(laid: &mut Vec<Laid>, last: f64) {
    // Which of the last two is nearer to the end.
    if let [.., before, after] = laid.as_slice()
        && laid.len() > 2
        && (before.place - last).abs() < (after.place - last).abs()
    {
        laid.pop();
    }
    let n = laid.len();
    let missing = last - laid[n - 1].place;
    let n_back = N_BACK.min(n - 1);
    for (i, laid) in laid[n - n_back..].iter_mut().enumerate() {
        let share = (i + 1) as f64 / n_back as f64;
        laid.place += missing * (0.5 - 0.5 * (std::f64::consts::PI * share).cos());
    }
}

/// Gives each new mark the old one that is nearest to it.
fn aim(laid: &mut [Laid], marks: &[f64], correction: impl Fn(f64) -> f64) {
    let mut mark = 0;
    for laid in laid {
        let apart = |mark: usize| (marks[mark] - laid.place).abs();
        while mark + 1 < marks.len() && apart(mark + 1) <= apart(mark) {
            mark += 1;
        }
        laid.mark = mark;
        laid.factor = (correction(laid.place) / 12.0).exp2();
    }
}

/// Lays the periods of a channel down and fades from the sound to them and back within so many periods.
fn lay(
    channel: &[f32],
    marks: &[f64],
    laid: &[Laid],
    n_faded: [usize; 2],
    keeps_formants: bool,
    out: &mut [f32],
) {
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
    let [first, last] = n_faded.map(|n| n.min(marks.len() - 1));
    let fades = [marks[first] - marks[0], marks[marks.len() - 1] - marks[marks.len() - 1 - last]];
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
