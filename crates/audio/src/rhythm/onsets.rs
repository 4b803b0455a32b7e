//! Onsets: the times at which something begins to sound, taken back to the attack.
//!
//! Source: peaks as in Böck, Krebs and Schedl, "Evaluating the online capabilities of onset detection methods" (ISMIR
//! 2012), section 2.2: a frame that is the largest nearby and above a moving mean by a threshold. The time of the
//! attack is then read from the samples, since a frame of a spectrum is 10 ms long and its window 46.

use super::envelope::{Envelope, local_mean};

/// How far a peak must be the largest, in seconds before and after.
const LARGEST_SECS: f64 = 0.03;
/// How far the moving mean reaches to each side.
const MEAN_SECS: f64 = 0.1;
/// How far above the moving mean a peak must be, as a share of the envelope's own strong onsets.
const THRESHOLD: f32 = 0.16;
/// The least that counts as a strong onset, as a share of the strongest: of a tone that only begins and stays, all but the
/// beginning is rounding.
const WEAKEST: f32 = 0.1;
/// How many times the moving mean a peak must be: noise rises a little in every frame, and only a little.
const PROMINENT: f32 = 2.0;
/// Two onsets are at least so far apart.
const APART_SECS: f64 = 0.03;
/// What is softer than this below the loudest does not begin anything audible.
const SILENT_DB: f64 = -60.0;

/// Times of onsets, in seconds.
#[must_use]
pub fn onsets(envelope: &Envelope, samples: &[f32], rate_hz: u32) -> Vec<f64> {
    let all = &envelope.all;
    let strong = strong(all).max(WEAKEST * all.iter().copied().fold(0.0, f32::max));
    let loudest = envelope.level.iter().copied().fold(0.0f32, f32::max);
    if strong <= 0.0 || loudest < 1e-5 {
        return vec![];
    }
    let audible = loudest * crate::gain_from_db(SILENT_DB) as f32;
    let reach = (LARGEST_SECS * envelope.rate).round() as usize;
    let means = local_mean(all, (MEAN_SECS * envelope.rate) as usize);
    let mut found: Vec<f64> = vec![];
    let mut last: Option<usize> = None;
    for i in 0..all.len() {
        let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(all.len()));
        let is_largest = all[from..to].iter().all(|x| *x <= all[i]);
        let is_above = all[i] >= means[i] + THRESHOLD * strong && all[i] >= PROMINENT * means[i];
        let sounds = envelope.level[i..(i + reach + 1).min(all.len())].iter().any(|x| *x > audible);
        let is_apart = last.is_none_or(|last| (i - last) as f64 > APART_SECS * envelope.rate);
        if is_largest && is_above && sounds && is_apart {
            last = Some(i);
            found.push(attack(samples, rate_hz, i as f64 / envelope.rate));
        }
    }
    found.dedup_by(|later, earlier| *later - *earlier < APART_SECS);
    found
}

/// The envelope at a strong onset: its 98th percentile.
fn strong(values: &[f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let mut sorted = values.to_vec();
    let at = (sorted.len() - 1) * 98 / 100;
    let (_, value, _) = sorted.select_nth_unstable_by(at, f32::total_cmp);
    *value
}

/// Steps of the level around an attack, in seconds.
const STEP_SECS: f64 = 0.0015;
/// How far the attack is looked for, before and after the frame's time.
const BEFORE_SECS: f64 = 0.035;
const AFTER_SECS: f64 = 0.025;

/// The time of the attack near a frame: where the level begins its steepest rise.
///
/// Levels are of the differences of samples, so that low notes that still sound do not hide a beginning.
fn attack(samples: &[f32], rate_hz: u32, near_s: f64) -> f64 {
    let rate = f64::from(rate_hz);
    let step = ((STEP_SECS * rate) as usize).max(1);
    let from = ((near_s - BEFORE_SECS).max(0.0) * rate) as usize;
    let to = (((near_s + AFTER_SECS) * rate) as usize).min(samples.len());
    let n = to.saturating_sub(from) / step;
    if n < 4 {
        return near_s;
    }
    let level = |i: usize| {
        let at = from + i * step;
        let part = &samples[at..(at + step + 1).min(samples.len())];
        let power: f32 = part.windows(2).map(|it| (it[1] - it[0]) * (it[1] - it[0])).sum();
        (power / part.len() as f32 + 1e-12).log10()
    };
    let levels: Vec<f32> = (0..n).map(level).collect();
    // The rise from the mean of three steps before to the mean of three steps from here on.
    let rise = |i: usize| {
        let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
        mean(&levels[i..(i + 3).min(n)]) - mean(&levels[i.saturating_sub(3)..i])
    };
    let steepest = (1..n).max_by(|a, b| rise(*a).total_cmp(&rise(*b))).unwrap_or(0);
    // Where the sound begins with the file, there is no rise before.
    let is_first = from == 0 && rise(steepest) < 0.15;
    if is_first { near_s.min(from as f64 / rate) } else { (from + steepest * step) as f64 / rate }
}
