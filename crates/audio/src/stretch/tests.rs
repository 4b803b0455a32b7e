//! Stretches of sounds of which it is known what they become.

use super::*;
use crate::{Rng, median_pitch_hz, pitches};

/// A tone with harmonics.
fn tone(hz: f64, rate_hz: u32, n: usize) -> Vec<f32> {
    let sample = |i: usize| {
        let phase = std::f64::consts::TAU * hz * i as f64 / f64::from(rate_hz);
        (1..6).map(|k| 0.3 / f64::from(k) * (phase * f64::from(k)).sin()).sum::<f64>() as f32
    };
    (0..n).map(sample).collect()
}

/// Bursts of noise at places.
fn strikes(places: &[usize], n: usize) -> Vec<f32> {
    let mut rng = Rng::new(7);
    let mut channel = vec![0.0f32; n];
    for place in places {
        for (i, x) in channel[*place..(place + 3000).min(n)].iter_mut().enumerate() {
            *x += 0.8 * (-(i as f32) / 500.0).exp() * rng.uniform(-1.0, 1.0);
        }
    }
    channel
}

fn clip(rate_hz: u32, channels: Vec<Vec<f32>>) -> Clip {
    Clip { rate_hz, channels }
}

fn stretch_by(clip: &Clip, ratio: f64, stretch: Stretch) -> Clip {
    let n_out = stretched_len(clip.n_frames(), ratio);
    let end = clip.n_frames() as f64;
    let warp = Warp::through([[0.0, 0.0], [end, end * ratio]]).unwrap();
    let out = warped(clip, &warp, n_out, stretch);
    assert_eq!(out.n_frames(), n_out);
    assert!(out.channels.iter().flatten().all(|x| x.is_finite()));
    out
}

const QUALITIES: [StretchQuality; 2] = [StretchQuality::Fast, StretchQuality::Best];

#[test]
fn where_nothing_moves_nothing_changes() {
    let sound = clip(44_100, vec![tone(220.0, 44_100, 20_000), strikes(&[3000], 20_000)]);
    assert!(stretch_by(&sound, 1.0, Stretch::default()) == sound);
}

#[test]
fn every_sound_has_the_length_that_was_asked_for() {
    for quality in QUALITIES {
        for n in [1, 2, 100, 5000] {
            for rate_hz in [8_000, 192_000] {
                for ratio in [0.25, 0.77, 1.003, 2.0, 4.0] {
                    let sound = clip(rate_hz, vec![tone(200.0, rate_hz, n)]);
                    stretch_by(&sound, ratio, Stretch { quality, ..Stretch::default() });
                }
            }
        }
        let silence = clip(44_100, vec![vec![0.0; 30_000]; 2]);
        let out =
            stretch_by(&silence, 1.7, Stretch { quality, semitones: 3.0, ..Stretch::default() });
        assert!(out.channels.iter().flatten().all(|x| *x == 0.0));
    }
}

#[test]
fn tones_keep_their_pitch_and_level() {
    for quality in QUALITIES {
        for ratio in [0.6, 0.9, 1.25, 2.0] {
            let sound = clip(44_100, vec![tone(220.0, 44_100, 88_200)]);
            let out = stretch_by(&sound, ratio, Stretch { quality, ..Stretch::default() });
            let middle = |clip: &Clip| {
                let n = clip.n_frames();
                clip.channels[0][n / 4..3 * n / 4].to_vec()
            };
            let found =
                median_pitch_hz(pitches(&middle(&out), 44_100, [60.0, 800.0], 500)).unwrap();
            let cents = 1200.0 * f64::from(found / 220.0).log2();
            assert!(cents.abs() < 2.0, "{quality:?} {ratio}: {cents} cents");
            let rms = |x: &[f32]| (x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32).sqrt();
            let gain = rms(&middle(&out)) / rms(&middle(&sound));
            assert!((gain - 1.0).abs() < 0.03, "{quality:?} {ratio}: {gain}");
        }
    }
}

#[test]
fn pitch_moves_without_time() {
    for semitones in [-7.0, -1.0, 0.37, 5.0, 12.0] {
        let sound = clip(44_100, vec![tone(220.0, 44_100, 66_150)]);
        let out = stretch_by(&sound, 1.0, Stretch { semitones, ..Stretch::default() });
        let middle = &out.channels[0][16_000..50_000];
        let found = median_pitch_hz(pitches(middle, 44_100, [60.0, 1500.0], 500)).unwrap();
        let cents = 1200.0 * f64::from(found / 220.0).log2() - 100.0 * semitones;
        assert!(cents.abs() < 3.0, "{semitones}: {cents} cents");
    }
}

#[test]
fn strikes_stay_sharp_and_come_when_they_should() {
    let places = [5_000, 20_000, 40_000, 61_000];
    for quality in QUALITIES {
        for ratio in [0.7, 1.5] {
            let sound = clip(44_100, vec![strikes(&places, 80_000)]);
            let out = stretch_by(&sound, ratio, Stretch { quality, ..Stretch::default() });
            for place in places {
                let at = (place as f64 * ratio) as usize;
                let energy = |from: usize, to: usize| {
                    out.channels[0][from..to].iter().map(|x| x * x).sum::<f32>()
                };
                // 3 ms before a strike it is silent, within 3 ms after it most of the loud part comes.
                let (before, after) = (energy(at - 1500, at - 132), energy(at - 132, at + 132));
                assert!(before < 0.03 * after, "{quality:?} {ratio} {place}: {before} {after}");
            }
        }
    }
}

#[test]
fn stereo_keeps_its_places() {
    let left = tone(220.0, 44_100, 44_100);
    let right: Vec<f32> = left.iter().map(|x| -0.5 * x).collect();
    let out = stretch_by(&clip(44_100, vec![left, right]), 1.4, Stretch::default());
    let (left, right) = (&out.channels[0], &out.channels[1]);
    let missed = left.iter().zip(right).map(|(l, r)| (l + 2.0 * r).abs()).fold(0.0, f32::max);
    assert!(missed < 1e-3, "{missed}");
}

#[test]
fn formants_stay_where_they_are() {
    // A buzz through a resonance at 1500 Hz.
    let rate_hz = 44_100;
    let mut voice = vec![0.0f32; 66_150];
    (0..voice.len()).step_by(294).for_each(|i| voice[i] = 1.0);
    let (r, w) = (0.985f32, std::f32::consts::TAU * 1500.0 / 44_100.0);
    for i in 2..voice.len() {
        voice[i] += 2.0 * r * w.cos() * voice[i - 1] - r * r * voice[i - 2];
    }
    let sound = clip(rate_hz, vec![voice]);
    let peak_hz = |clip: &Clip| {
        let spectrum = crate::stft_magnitudes(&clip.channels[0][20_000..40_000], 512, 256);
        let mut sum = vec![0.0; spectrum.n_bins];
        for frame in spectrum.values.chunks(spectrum.n_bins) {
            sum.iter_mut().zip(frame).for_each(|(sum, x)| *sum += x * x);
        }
        // The centre of gravity around the loudest bin.
        let top = (1..sum.len()).max_by(|a, b| sum[*a].total_cmp(&sum[*b])).unwrap();
        let near = top.saturating_sub(3)..top + 4;
        let all: f32 = sum[near.clone()].iter().sum();
        near.map(|k| k as f32 * sum[k]).sum::<f32>() / all * 44_100.0 / 512.0
    };
    let shifted = |keeps_formants: bool| {
        stretch_by(&sound, 1.0, Stretch { semitones: 5.0, keeps_formants, ..Stretch::default() })
    };
    let (kept, moved) = (peak_hz(&shifted(true)), peak_hz(&shifted(false)));
    assert!((kept - 1500.0).abs() < 120.0, "{kept}");
    assert!((moved - 1500.0 * 1.335).abs() < 150.0, "{moved}");
}
