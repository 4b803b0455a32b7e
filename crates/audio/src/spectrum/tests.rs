//! Spectra and distances against what is known of tones and noise.

use super::*;
use crate::Rng;

fn clip(f: impl FnMut(usize) -> f32) -> Clip {
    Clip { rate_hz: 44_100, channels: vec![(0..44_100).map(f).collect()] }
}

fn sine(hz: f64, gain: f64) -> Clip {
    let w = std::f64::consts::TAU * hz / 44_100.0;
    clip(|n| (gain * (w * n as f64).sin()) as f32)
}

#[test]
fn a_sine_has_its_magnitude_in_its_bin() {
    // Bin 32 of 1024 at 44.1 kHz.
    let clip = sine(44_100.0 / 1024.0 * 32.0, 0.5);
    let magnitudes = stft_magnitudes(&clip.channels[0], 1024, 256);
    assert_eq!((magnitudes.n_bins, magnitudes.n_frames()), (513, 44_100 / 256 + 1));
    for frame in magnitudes.values.chunks(513).skip(4).take(150) {
        assert!((frame[32] - 0.5).abs() < 1e-4, "{}", frame[32]);
        assert!((frame[31] - 0.25).abs() < 1e-4 && frame[40] < 1e-4);
    }
}

#[test]
fn magnitudes_agree_with_the_definition() {
    let mut rng = Rng::new(2);
    let samples: Vec<f32> = (0..50).map(|_| rng.uniform(-1.0, 1.0)).collect();
    let (window, hop) = (16, 4);
    let found = stft_magnitudes(&samples, window, hop);
    let shape = hann_window(window);
    for frame in 0..found.n_frames() {
        for bin in 0..found.n_bins {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, gain) in shape.iter().enumerate() {
                let at = (frame * hop + n).checked_sub(window / 2);
                let x = at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0) * gain;
                let angle = TAU * (bin * n) as f32 / window as f32;
                re += x * angle.cos();
                im -= x * angle.sin();
            }
            let expected = re.hypot(im) * 2.0 / shape.iter().sum::<f32>();
            let found = found.values[frame * found.n_bins + bin];
            assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }
}

#[test]
fn short_and_empty_sounds_have_spectra() {
    assert_eq!(stft_magnitudes(&[], 64, 16).n_frames(), 1);
    assert_eq!(stft_magnitudes(&[1.0], 64, 16).n_frames(), 1);
    let empty = Clip { rate_hz: 8000, channels: vec![vec![]] };
    assert_eq!(log_spectral_distance(&empty, &empty), 0.0);
    assert!(band_spectrum(&empty, 4).iter().all(|(_, level)| *level == -120.0));
}

#[test]
fn distance_grows_with_difference() {
    let mut rng = Rng::new(4);
    let noise: Vec<f32> = (0..44_100).map(|_| rng.uniform(-0.5, 0.5)).collect();
    let noise = clip(|n| noise[n]);
    let with_gain = |gain: f32| clip(|n| gain * noise.channels[0][n]);
    assert_eq!(log_spectral_distance(&noise, &noise), 0.0);
    // The same sound 6 dB quieter is 6 dB away.
    let quieter = log_spectral_distance(&noise, &with_gain(0.5));
    assert!((quieter - 6.0206).abs() < 0.01, "{quieter}");
    let other = log_spectral_distance(&noise, &sine(440.0, 0.5));
    assert!(other > 20.0, "{other}");
    let back = log_spectral_distance(&sine(440.0, 0.5), &noise);
    assert!((other - back).abs() < 1e-3, "{other} and {back}");
    // It hears the spectrum, not the phase.
    let mut mangled = noise.clone();
    crate::allpass(&mut mangled.channels[0], 440.0, 0.99, 44_100);
    let mangled = log_spectral_distance(&noise, &mangled);
    assert!(mangled < 0.6 * quieter, "{mangled}");
}

#[test]
fn bands_show_where_the_sound_is() {
    let bands = band_spectrum(&sine(1000.0, 1.0), 10);
    assert!(bands.is_sorted_by(|a, b| a.0 < b.0));
    let loudest = bands.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!((loudest.0 / 1000.0).log2().abs() < 0.6, "{loudest:?}");
    assert!(loudest.1.abs() < 0.6, "a full-scale sine has 0 dB: {loudest:?}");
    assert!(bands[0].1 < -50.0 && bands[9].1 < -50.0, "{bands:?}");
}

#[test]
fn brightness_is_the_centre_of_the_spectrum() {
    let centroid = |clip: &Clip| spectral_centroid_hz(&clip.channels[0][..4096], clip.rate_hz);
    let bin_hz = 44_100.0 / 4096.0;
    let low = centroid(&sine(50.0 * bin_hz, 0.5)).unwrap();
    assert!((low - 50.0 * bin_hz).abs() < 1.0, "{low}");
    let (a, b) = (sine(50.0 * bin_hz, 0.5), sine(350.0 * bin_hz, 0.5));
    let sum = |n: usize| a.channels[0][n] + b.channels[0][n];
    let between = centroid(&clip(sum)).unwrap();
    assert!((between - 200.0 * bin_hz).abs() < 1.0, "{between}");
    assert_eq!(centroid(&clip(|_| 0.0)), None);
    assert_eq!(spectral_centroid_hz(&[], 44_100), None);
    assert_eq!(spectral_centroid_hz(&[f32::NAN; 64], 44_100), None);
}
