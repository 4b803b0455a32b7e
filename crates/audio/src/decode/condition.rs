//! Makes a decoded clip fit the promise of `Clip` and says what was wrong with it.

use super::Note;
use crate::level::peak;
use crate::{Clip, db_from_gain, peak_db};

/// Below this a sound counts as silent, in dB: less than half a step of 16 bits.
const SILENT_DB: f64 = -96.0;
/// Shorter than this nothing can be learnt from it, in seconds.
const VERY_SHORT_SECS: f64 = 0.05;
/// Beyond this, +24 dB, a sample is not loud but damaged.
const LOUDEST: f32 = 16.0;
/// A little above full scale, +0.5 dB, lossy codecs always are; it is scaled without a word.
const LOUD: f32 = 1.06;

/// Makes every sample finite and in [-1, 1], and notes what is unusual, the worst first.
pub(super) fn condition(clip: &mut Clip) -> Vec<Note> {
    let mut notes = Vec::new();
    let n_bad: usize =
        clip.channels.iter_mut().map(|channel| zero_what_is_no_number(channel)).sum();
    if n_bad > 0 {
        let message = format!("Samples that were not numbers and became 0: {n_bad}");
        notes.push(Note::new("not_a_number", message));
    }
    let n_clipped: usize = clip.channels.iter().map(|channel| count_clipped(channel)).sum();

    let loudest = clip.channels.iter().map(|channel| peak(channel)).fold(0.0, f32::max);
    if loudest > 1.0 {
        let gain = 1.0 / loudest.min(LOUDEST);
        for x in clip.channels.iter_mut().flatten() {
            *x = (*x * gain).clamp(-1.0, 1.0);
        }
        if loudest > LOUD {
            let over_db = db_from_gain(f64::from(loudest));
            let message = format!("It went {over_db:.1} dB beyond full scale and was turned down");
            notes.push(Note::new("turned_down", message));
        }
    }
    if peak_db(clip) < SILENT_DB {
        notes.push(Note::new("silent", "There is nothing to hear in it"));
    }
    if clip.length_secs() < VERY_SHORT_SECS {
        let message = format!("It is only {:.0} ms long", clip.length_secs() * 1000.0);
        notes.push(Note::new("very_short", message));
    }
    if n_clipped > 0 {
        let message = format!("It is clipped: {n_clipped} samples are flat at full scale");
        notes.push(Note::new("clipped", message));
    }
    notes
}

fn zero_what_is_no_number(channel: &mut [f32]) -> usize {
    let mut n = 0;
    for x in channel {
        if !x.is_finite() {
            *x = 0.0;
            n += 1;
        }
    }
    n
}

/// Samples in runs of four or more that stand at full scale, if there are ten such runs at least.
///
/// A single one may be a peak that was normalised to full scale; so may a square wave's, but that
/// is what it looks like.
fn count_clipped(channel: &[f32]) -> usize {
    const FULL_SCALE: f32 = 0.9999;
    const SHORTEST_RUN: usize = 4;
    const FEWEST_RUNS: usize = 10;
    if peak(channel) < FULL_SCALE {
        return 0;
    }
    let runs = channel
        .chunk_by(|a, b| a.abs() >= FULL_SCALE && b.abs() >= FULL_SCALE && (a > &0.0) == (b > &0.0))
        .filter(|run| run.len() >= SHORTEST_RUN);
    let (n_runs, n_samples) = runs.fold((0, 0), |(r, s), run| (r + 1, s + run.len()));
    if n_runs >= FEWEST_RUNS { n_samples } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(samples: Vec<f32>, expected_first: f32, expected_codes: &[&str]) {
        let mut clip = Clip { rate_hz: 8000, channels: vec![samples] };
        let notes = condition(&mut clip);
        assert_eq!(notes.iter().map(|note| note.code).collect::<Vec<_>>(), expected_codes);
        assert_eq!(clip.channels[0][0], expected_first);
        assert!(clip.channels[0].iter().all(|x| (-1.0..=1.0).contains(x)));
    }

    #[test]
    fn every_flaw_is_named_and_mended() {
        let with = |first: &[f32]| [first, &[0.1; 8000]].concat();
        check(with(&[0.5]), 0.5, &[]);
        check(with(&[f32::NAN, f32::INFINITY]), 0.0, &["not_a_number"]);
        check(with(&[0.5, 2.0]), 0.25, &["turned_down"]);
        check(with(&[1.02]), 1.0, &[]);
        // One broken sample does not silence the rest.
        check(with(&[0.16, 1e30]), 0.01, &["turned_down"]);
        check(vec![0.0; 8000], 0.0, &["silent"]);
        check(vec![1e-6; 8000], 1e-6, &["silent"]);
        check(vec![0.5; 10], 0.5, &["very_short"]);
        check(vec![0.0; 1], 0.0, &["silent", "very_short"]);
        let clipped: Vec<f32> =
            (0..8000).map(|n| (1.5 * (n as f32 * 0.05).sin()).clamp(-1.0, 1.0)).collect();
        check(clipped, 0.0, &["clipped"]);
        let full_scale: Vec<f32> = (0..8000).map(|n| (n as f32 * 0.05).sin()).collect();
        check(full_scale, 0.0, &[]);
    }
}
