//! A sound read faster or slower: pitch and speed move together, and nothing is mirrored.

use std::f64::consts::PI;

/// Zero crossings of the sinc on both sides.
const N_CROSSINGS: usize = 24;
/// Steps of the table between two crossings; between them it is straight.
const N_STEPS: usize = 512;

/// `n` frames of a channel read at a speed, from its first frame on. What would lie above the highest frequency is
/// filtered out; beyond its ends the channel is silent.
///
/// A sinc in a Kaiser window of 24 zero crossings. Source: Smith, "Digital audio resampling home page" (2002).
pub(super) fn read_at(channel: &[f32], speed: f64, n: usize) -> Vec<f32> {
    (0..n).map(|i| sample_at(channel, i as f64 * speed, speed)).collect()
}

/// The sample at a place between frames, of a channel that is read at a speed: see [`read_at`].
pub(crate) fn sample_at(channel: &[f32], place: f64, speed: f64) -> f32 {
    // Read faster, the filter is as much longer.
    let cutoff = (1.0 / speed).min(1.0);
    let reach = N_CROSSINGS as f64 / cutoff;
    let table = &*TABLE;
    let first = (place - reach).ceil().max(0.0) as usize;
    let last = ((place + reach).floor().max(-1.0) + 1.0) as usize;
    let samples = &channel[first.min(channel.len())..last.min(channel.len())];
    let products = samples.iter().enumerate().map(|(k, x)| {
        let step = ((first + k) as f64 - place).abs() * cutoff * N_STEPS as f64;
        let (step, share) = (step as usize, step.fract() as f32);
        x * (table[step] + share * (table[step + 1] - table[step]))
    });
    products.sum::<f32>() * cutoff as f32
}

static TABLE: std::sync::LazyLock<Vec<f32>> = std::sync::LazyLock::new(|| {
    let value = |step: usize| {
        let x = step as f64 / N_STEPS as f64;
        let share = (x / N_CROSSINGS as f64).min(1.0);
        let window = bessel(KAISER_BETA * (1.0 - share * share).sqrt()) / bessel(KAISER_BETA);
        let sinc = if step == 0 { 1.0 } else { (PI * x).sin() / (PI * x) };
        (sinc * window) as f32
    };
    (0..N_CROSSINGS * N_STEPS + 2).map(value).collect()
});

/// What is mirrored is 90 dB down.
const KAISER_BETA: f64 = 9.0;

/// The modified Bessel function of the first kind, of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(per_sample: f64, n: usize) -> Vec<f32> {
        (0..n).map(|i| (std::f64::consts::TAU * per_sample * i as f64).sin() as f32).collect()
    }

    #[test]
    fn a_tone_changes_its_pitch_by_the_speed() {
        for speed in [0.5, 0.9, 1.0, 1.3, 2.0] {
            let read = read_at(&tone(0.05, 8000), speed, 3000);
            let expected = tone(0.05 * speed, 3000);
            let pairs = read.iter().zip(&expected).skip(100);
            let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{speed}: {worst}");
        }
    }

    #[test]
    fn nothing_is_mirrored() {
        let read = read_at(&tone(0.4, 8000), 1.6, 3000);
        let loudest = read[200..2800].iter().fold(0.0f32, |most, x| most.max(x.abs()));
        assert!(loudest < 1e-3, "{loudest}");
    }
}
