//! Several sounds as one: by grains, by spectra, in layers; and the rhythm of one on another.
//!
//! All sounds of a blend have one rate and as many channels. Shares are compared at one level: each sound is brought to
//! the mean level of all first, so that a quiet one with half of the shares is half of what is heard.

use crate::{
    Clip, Rng, Stretch, Warp,
    overlap::{OVERLAP, Transform},
    peak_db, rms_db, warped,
};

/// How grains are laid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grains {
    /// The length of a grain, in seconds.
    pub grain_secs: f64,
    /// How far a grain may lie from its time in its sound, in seconds.
    pub scatter_secs: f64,
    /// What random numbers follow from.
    pub seed: u64,
}

/// Grains that overlap.
const GRAINS_OVERLAP: usize = 4;
/// How many frames apart grains are compared.
const IN_STEP_EVERY: usize = 4;
/// How long a blend rises from silence, and falls to it.
const SOFT_IN_SECS: f64 = 0.002;
const SOFT_OUT_SECS: f64 = 0.005;
/// What is quieter than this, in dB, is silence, and is not made louder.
const SILENT_DB: f64 = -90.0;
/// The most that a sound is made louder to come to the level of others, in dB.
const LOUDER_MOST_DB: f64 = 40.0;
/// The length of a window of spectra, in seconds; the power of two above is taken.
const WINDOW_SECS: f64 = 0.06;
/// The lowest level of a bin, in terms of the largest of its sound: -80 dB. Without it, silence in one sound would
/// silence all.
const LEAST: f32 = 1e-4;
/// The time over which loudness is followed, in seconds, and the most by which it is turned up.
const RHYTHM_SECS: f64 = 0.02;
const RHYTHM_MOST: f32 = 16.0;

/// Grains of one sound and of another, overlapping, `n_out` frames in all. Each grain lies at the same share of its sound
/// as of the result, so the course of every sound is kept, at its own pitch.
///
/// # Panics
/// If there is no sound, or they are not alike in rate and channels.
#[must_use]
pub fn grains(clips: &[Clip], weights: &[f64], n_out: usize, how: &Grains) -> Clip {
    let (clips, weights) = levelled(clips, weights);
    let (rate_hz, n_channels) = shape(&clips);
    let grain = ((how.grain_secs * f64::from(rate_hz)) as usize).clamp(GRAINS_OVERLAP * 4, 1 << 20);
    let hop = grain / GRAINS_OVERLAP;
    let grain = hop * GRAINS_OVERLAP;
    // Hann windows, four of which overlap, add up to two.
    let window: Vec<f32> = (0..grain)
        .map(|i| {
            let share = (i as f32 + 0.5) / grain as f32;
            0.5 * (0.5 - 0.5 * (std::f32::consts::TAU * share).cos())
        })
        .collect();
    let mut rng = Rng::new(how.seed);
    // Whose turn it is: each sound gains its share with every grain, and pays one for a grain of its own.
    let mut credits: Vec<f64> = weights.iter().map(|it| it * rng.next_f64()).collect();
    let mut out = vec![vec![0.0f32; n_out]; n_channels];
    let scatter = how.scatter_secs * f64::from(rate_hz);
    let mut start = -((grain - hop) as isize);
    while start < n_out as isize {
        credits.iter_mut().zip(&weights).for_each(|(credit, weight)| *credit += weight);
        let turn = (0..credits.len()).max_by(|a, b| credits[*a].total_cmp(&credits[*b]));
        let turn = turn.expect("there is a sound");
        credits[turn] -= 1.0;
        let clip = &clips[turn];
        // From the middle of the grain, so that a sound of the same length comes out as it is.
        let middle = start as f64 + grain as f64 / 2.0;
        let mut place = middle * clip.n_frames() as f64 / n_out.max(1) as f64;
        if scatter > 0.0 {
            place += scatter * (2.0 * rng.next_f64() - 1.0);
            place = place.clamp(0.0, clip.n_frames() as f64);
        }
        let from = (place - grain as f64 / 2.0).round() as isize;
        let from = from + in_step(&out[0], &clip.channels[0], start, from, grain - hop, hop / 2);
        for (out, samples) in out.iter_mut().zip(&clip.channels) {
            for (i, shape) in window.iter().enumerate() {
                let to = usize::try_from(start + i as isize).ok().filter(|it| *it < n_out);
                let sample = usize::try_from(from + i as isize).ok().and_then(|it| samples.get(it));
                if let (Some(to), Some(sample)) = (to, sample) {
                    out[to] += sample * shape;
                }
            }
        }
        start += hop as isize;
    }
    at_level_of(Clip { rate_hz, channels: out }, &clips)
}

/// By how many frames a grain is moved, at most `reach`, to be in step with what is there where it begins, so that waves
/// add up instead of cancelling each other: Verhelst and Roelands, "An overlap-add technique based on waveform
/// similarity (WSOLA)", 1993.
fn in_step(
    out: &[f32],
    samples: &[f32],
    start: isize,
    from: isize,
    n: usize,
    reach: usize,
) -> isize {
    let first = usize::try_from(-start).unwrap_or(0);
    let there: Vec<(isize, f32)> = (first..n)
        .step_by(IN_STEP_EVERY)
        .filter_map(|i| Some((i as isize, *out.get(usize::try_from(start + i as isize).ok()?)?)))
        .collect();
    if there.iter().all(|(_, x)| x.abs() < 1e-6) {
        return 0;
    }
    let likeness = |by: isize| {
        let (mut product, mut squares) = (0.0f32, 0.0f32);
        for (i, x) in &there {
            let sample = usize::try_from(from + by + i).ok().and_then(|it| samples.get(it));
            let sample = sample.copied().unwrap_or(0.0);
            product += x * sample;
            squares += sample * sample;
        }
        product / squares.sqrt().max(1e-9)
    };
    let reach = reach as isize;
    let steps = (0..=reach / IN_STEP_EVERY as isize).map(|it| it * IN_STEP_EVERY as isize);
    let coarse = nearest_best(steps.flat_map(|by| [by, -by]), &likeness);
    let fine = 1..IN_STEP_EVERY as isize;
    nearest_best(
        [coarse].into_iter().chain(fine.flat_map(|by| [coarse + by, coarse - by])),
        &likeness,
    )
}

/// The first of the best.
fn nearest_best(all: impl Iterator<Item = isize>, likeness: &dyn Fn(isize) -> f32) -> isize {
    let mut best = (0, f32::NEG_INFINITY);
    for by in all {
        let is = likeness(by);
        if is > best.1 + 1e-6 {
            best = (by, is);
        }
    }
    best.0
}

/// The mean of spectra, moment by moment, on a scale of decibels: what all have stays, what only one has becomes quiet.
/// Phases are those of the sum. All sounds are stretched to `n_out` frames before.
///
/// # Panics
/// If there is no sound, or they are not alike in rate and channels.
#[must_use]
pub fn spectra(clips: &[Clip], weights: &[f64], n_out: usize) -> Clip {
    let (clips, weights) = levelled(clips, weights);
    let (rate_hz, n_channels) = shape(&clips);
    let long: Vec<Clip> = clips.iter().map(|clip| stretched(clip, n_out)).collect();
    let window = ((WINDOW_SECS * f64::from(rate_hz)) as usize).next_power_of_two().max(64);
    let mut transform = Transform::new(window, OVERLAP);
    let n_windows = n_out.div_ceil(transform.hop()) as isize + 1;
    let mut out = vec![vec![0.0f32; n_out]; n_channels];
    let mut bins = transform.silence();
    for (channel, out) in out.iter_mut().enumerate() {
        let floors: Vec<f32> = long
            .iter()
            .map(|clip| {
                let samples = &clip.channels[channel];
                let loudest = samples.iter().fold(0.0f32, |most, x| most.max(x.abs()));
                // A sine at full scale has a bin of a quarter of the window.
                (LEAST * loudest * window as f32 / 4.0).max(f32::MIN_POSITIVE)
            })
            .collect();
        for i in 0..n_windows {
            let mut sum = transform.silence();
            let mut logs = vec![0.0f32; sum.len()];
            for ((clip, weight), floor) in long.iter().zip(&weights).zip(&floors) {
                let weight = *weight as f32;
                transform.take(&clip.channels[channel], transform.start(i), &mut bins);
                for ((sum, log), bin) in sum.iter_mut().zip(&mut logs).zip(&bins) {
                    *sum += bin * weight;
                    *log += weight * bin.norm().max(*floor).ln();
                }
            }
            for (sum, log) in sum.iter_mut().zip(&logs) {
                let norm = sum.norm();
                *sum *= if norm > f32::MIN_POSITIVE { log.exp() / norm } else { 0.0 };
            }
            transform.add(&sum, transform.start(i), out);
        }
    }
    at_level_of(Clip { rate_hz, channels: out }, &clips)
}

/// All sounds together, each from its start, as loud as its gain says; as long as the longest.
///
/// # Panics
/// If there is no sound, or they are not alike in rate and channels.
#[must_use]
pub fn layers(clips: &[Clip], gains: &[f64]) -> Clip {
    let (rate_hz, n_channels) = shape(clips);
    let n_out = clips.iter().map(Clip::n_frames).max().unwrap_or(0);
    let mut out = vec![vec![0.0f32; n_out]; n_channels];
    for (clip, gain) in clips.iter().zip(gains) {
        for (out, samples) in out.iter_mut().zip(&clip.channels) {
            out.iter_mut().zip(samples).for_each(|(out, x)| *out += x * *gain as f32);
        }
    }
    Clip { rate_hz, channels: out }
}

/// Gives a sound the loudness over time of another, which is stretched to its length.
pub fn take_rhythm(clip: &mut Clip, of: &Clip) {
    let n = clip.n_frames();
    let hop = ((RHYTHM_SECS / 2.0 * f64::from(clip.rate_hz)) as usize).max(1);
    let own = envelope(clip, hop, 1.0);
    let ratio = of.n_frames() as f64 / n.max(1) as f64;
    let wanted = envelope(of, hop, ratio);
    let loudest = own.iter().fold(0.0f32, |most, x| most.max(*x));
    let gains: Vec<f32> = own
        .iter()
        .enumerate()
        .map(|(i, own)| {
            let wanted = wanted.get(i).or(wanted.last()).copied().unwrap_or(0.0);
            // What is silent has nothing to turn up.
            (wanted / own.max(loudest * 1e-3).max(1e-9)).min(RHYTHM_MOST)
        })
        .collect();
    for channel in &mut clip.channels {
        for (i, x) in channel.iter_mut().enumerate() {
            let (at, share) = (i / hop, (i % hop) as f32 / hop as f32);
            let here = gains.get(at).copied().unwrap_or(0.0);
            let next = gains.get(at + 1).copied().unwrap_or(here);
            *x *= here + (next - here) * share;
        }
    }
}

/// Lets a sound begin and end in silence, too shortly to be heard as a fade: blends begin and end anywhere in their sounds.
pub fn soften_ends(clip: &mut Clip) {
    let n_of = |secs: f64| ((secs * f64::from(clip.rate_hz)) as usize).min(clip.n_frames() / 2);
    let (n_in, n_out) = (n_of(SOFT_IN_SECS), n_of(SOFT_OUT_SECS));
    // Half of a cosine, from 0 to 1.
    let rise = |i: usize, n: usize| {
        (0.5 - 0.5 * (std::f64::consts::PI * i as f64 / n as f64).cos()) as f32
    };
    for channel in &mut clip.channels {
        for (i, x) in channel.iter_mut().take(n_in).enumerate() {
            *x *= rise(i, n_in);
        }
        for (i, x) in channel.iter_mut().rev().take(n_out).enumerate() {
            *x *= rise(i, n_out);
        }
    }
}

/// Makes a sound quieter where its loudest sample is above a ceiling, in dB of full scale; by how many dB.
pub fn bring_below(clip: &mut Clip, ceiling_db: f64) -> f64 {
    let above_db = (peak_db(clip) - ceiling_db).max(0.0);
    if above_db > 0.0 {
        gain(clip, -above_db);
    }
    above_db
}

/// The root mean square around every `hop`-th frame, of a sound that is read `ratio` times as fast.
fn envelope(clip: &Clip, hop: usize, ratio: f64) -> Vec<f32> {
    let n_out = (clip.n_frames() as f64 / ratio.max(1e-9)) as usize;
    let reach = hop as f64 * ratio.max(1.0);
    (0..=n_out / hop)
        .map(|i| {
            let middle = (i * hop) as f64 * ratio;
            let from = (middle - reach).max(0.0) as usize;
            let to = ((middle + reach) as usize + 1).min(clip.n_frames());
            let squares: f32 = clip
                .channels
                .iter()
                .flat_map(|channel| &channel[from.min(to)..to])
                .map(|x| x * x)
                .sum();
            (squares / ((to - from.min(to)).max(1) * clip.channels.len()) as f32).sqrt()
        })
        .collect()
}

fn shape(clips: &[Clip]) -> (u32, usize) {
    let first = clips.first().expect("a blend has a sound");
    let shape = (first.rate_hz, first.channels.len());
    let is_alike = |clip: &Clip| (clip.rate_hz, clip.channels.len()) == shape;
    assert!(clips.iter().all(is_alike), "sounds of a blend are alike");
    shape
}

/// The sounds at one level, and their shares of one. Silent ones stay silent.
fn levelled(clips: &[Clip], weights: &[f64]) -> (Vec<Clip>, Vec<f64>) {
    let sum: f64 = weights.iter().sum();
    let shares: Vec<f64> = weights.iter().map(|it| it / sum.max(f64::MIN_POSITIVE)).collect();
    let levels: Vec<f64> = clips.iter().map(rms_db).collect();
    let heard = || levels.iter().zip(&shares).filter(|(level, _)| **level > SILENT_DB);
    let all: f64 = heard().map(|it| it.1).sum();
    let mean: f64 = heard().map(|(level, share)| level * share).sum::<f64>() / all.max(1e-9);
    let mut clips = clips.to_vec();
    for (clip, level) in clips.iter_mut().zip(&levels).filter(|it| *it.1 > SILENT_DB) {
        gain(clip, (mean - level).min(LOUDER_MOST_DB));
    }
    (clips, shares)
}

/// A blend at the level of the sounds that it was made of, which have one level.
fn at_level_of(mut clip: Clip, clips: &[Clip]) -> Clip {
    let wanted = clips.iter().map(rms_db).fold(f64::NEG_INFINITY, f64::max);
    let own = rms_db(&clip);
    if wanted > SILENT_DB && own > SILENT_DB {
        gain(&mut clip, (wanted - own).min(LOUDER_MOST_DB));
    }
    clip
}

fn gain(clip: &mut Clip, db: f64) {
    let gain = crate::gain_from_db(db) as f32;
    clip.channels.iter_mut().flatten().for_each(|x| *x *= gain);
}

fn stretched(clip: &Clip, n_out: usize) -> Clip {
    if clip.n_frames() == n_out {
        return clip.clone();
    }
    let warp = Warp::uniform(clip.n_frames(), n_out);
    let mut long = warped(clip, &warp, n_out, Stretch::default());
    long.channels.iter_mut().for_each(|channel| channel.resize(n_out, 0.0));
    long
}

#[cfg(test)]
mod tests;
