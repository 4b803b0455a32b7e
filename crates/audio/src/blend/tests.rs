//! Blends against what is expected of them.

use super::*;
use crate::stft_magnitudes;

const RATE_HZ: u32 = 22_050;

fn tone(hz: f64, level: f64, secs: f64) -> Clip {
    let n = (secs * f64::from(RATE_HZ)) as usize;
    let sample = |i: usize| {
        (level * (std::f64::consts::TAU * hz * i as f64 / f64::from(RATE_HZ)).sin()) as f32
    };
    Clip { rate_hz: RATE_HZ, channels: vec![(0..n).map(sample).collect()] }
}

fn how(seed: u64) -> Grains {
    Grains { grain_secs: 0.1, scatter_secs: 0.0, seed }
}

/// The level of a clip around a frequency, in dB.
fn level_at(clip: &Clip, hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (i, x) in clip.channels[0].iter().enumerate() {
        let angle = std::f64::consts::TAU * hz * i as f64 / f64::from(clip.rate_hz);
        re += f64::from(*x) * angle.cos();
        im += f64::from(*x) * angle.sin();
    }
    20.0 * (2.0 * re.hypot(im) / clip.n_frames() as f64 + 1e-12).log10()
}

#[test]
fn one_sound_alone_comes_out_as_it_is() {
    let clip = tone(330.0, 0.3, 1.0);
    let n = clip.n_frames();
    let grained = grains(std::slice::from_ref(&clip), &[1.0], n, &how(1));
    let averaged = spectra(std::slice::from_ref(&clip), &[2.0], n);
    for made in [grained, averaged] {
        let inner = 2000..n - 2000;
        let worst =
            inner.map(|i| (made.channels[0][i] - clip.channels[0][i]).abs()).fold(0.0, f32::max);
        assert!(worst < 2e-3, "{worst}");
    }
}

#[test]
fn grains_hold_of_each_sound_as_much_as_its_share() {
    // The second one is much quieter, and yet has its share.
    let clips = [tone(300.0, 0.5, 1.0), tone(2000.0, 0.02, 0.6)];
    let share_of_first = |weights: [f64; 2]| {
        let made = grains(&clips, &weights, 22_050 * 4, &how(3));
        let magnitudes = stft_magnitudes(&made.channels[0], 2048, 512);
        let bin = |hz: f64| (hz * 2048.0 / f64::from(RATE_HZ)).round() as usize;
        let (mut first, mut all) = (0.0, 0.0);
        for frame in magnitudes.values.chunks(1025) {
            let power = |hz: f64| f64::from(frame[bin(hz)]).powi(2);
            first += power(300.0);
            all += power(300.0) + power(2000.0);
        }
        first / all
    };
    let even = share_of_first([1.0, 1.0]);
    let most = share_of_first([9.0, 1.0]);
    assert!((0.3..0.7).contains(&even), "{even}");
    assert!(most > 0.85, "{most}");
    assert!(grains(&clips, &[1.0, 1.0], 500, &how(3)) == grains(&clips, &[1.0, 1.0], 500, &how(3)));
    let scattered = Grains { scatter_secs: 0.05, ..how(4) };
    assert!(
        grains(&clips, &[1.0, 1.0], 9000, &scattered) != grains(&clips, &[1.0, 1.0], 9000, &how(4))
    );
}

#[test]
fn spectra_keep_what_all_have() {
    let both = |own: f64| layers(&[tone(440.0, 0.2, 1.0), tone(own, 0.2, 1.0)], &[1.0, 1.0]);
    let made = spectra(&[both(1000.0), both(3000.0)], &[0.5, 0.5], RATE_HZ as usize);
    let (shared, own) = (level_at(&made, 440.0), level_at(&made, 1000.0));
    assert!(shared > own + 20.0, "{shared} dB and {own} dB");
    // One that is silent for a while does not silence the other.
    let silent = Clip { rate_hz: RATE_HZ, channels: vec![vec![0.0; 22_050]] };
    let made = spectra(&[tone(440.0, 0.2, 1.0), silent], &[0.5, 0.5], RATE_HZ as usize);
    assert!(made.channels[0].iter().all(|x| x.is_finite()));
}

#[test]
fn sounds_of_other_lengths_come_to_one_length() {
    let clips = [tone(300.0, 0.3, 0.2), tone(500.0, 0.3, 2.0)];
    for made in [grains(&clips, &[1.0, 1.0], 30_000, &how(1)), spectra(&clips, &[1.0, 1.0], 30_000)]
    {
        assert_eq!(made.n_frames(), 30_000);
        assert!((rms_db(&made) - rms_db(&clips[0])).abs() < 1.5, "{}", rms_db(&made));
    }
    let together = layers(&clips, &[1.0, 0.5]);
    assert_eq!(together.n_frames(), 44_100);
    assert!((level_at(&tone(500.0, 0.15, 2.0), 500.0) - level_at(&together, 500.0)).abs() < 0.2);
}

#[test]
fn a_rhythm_is_taken_over() {
    let mut beats = tone(200.0, 0.5, 2.0);
    for (i, x) in beats.channels[0].iter_mut().enumerate() {
        let place = i % 5512;
        *x *= (-(place as f32) / 700.0).exp();
    }
    // Twice as long, it is read twice as slowly.
    let mut pad = tone(900.0, 0.1, 4.0);
    take_rhythm(&mut pad, &beats);
    let peaks = |clip: &Clip, every: usize| {
        let rms = |from: usize| {
            clip.channels[0][from..from + 300].iter().map(|x| x * x).sum::<f32>().sqrt()
        };
        (1..7).all(|beat| rms(beat * every + 200) > 4.0 * rms(beat * every + every - 800))
    };
    assert!(peaks(&beats, 5512) && peaks(&pad, 11_024));
    let mut silent = Clip { rate_hz: RATE_HZ, channels: vec![vec![0.0; 1000]] };
    take_rhythm(&mut silent, &beats);
    assert!(silent.channels[0].iter().all(|x| *x == 0.0));
}

#[test]
fn what_is_too_loud_comes_below_a_ceiling() {
    let mut loud = tone(300.0, 1.6, 0.5);
    assert!((bring_below(&mut loud, -1.0) - 5.08).abs() < 0.05);
    assert!((peak_db(&loud) + 1.0).abs() < 0.01);
    let before = tone(300.0, 0.5, 0.5);
    let mut same = before.clone();
    assert_eq!(bring_below(&mut same, -1.0), 0.0);
    assert_eq!(same, before);
}

#[test]
fn silence_and_the_shortest_sounds_are_no_trouble() {
    let silent = Clip { rate_hz: RATE_HZ, channels: vec![vec![0.0; 100]; 2] };
    let short = Clip { rate_hz: RATE_HZ, channels: vec![vec![0.5]; 2] };
    for clips in [vec![silent.clone()], vec![short.clone()], vec![silent, short]] {
        let weights = vec![1.0; clips.len()];
        for n in [0, 1, 777] {
            for made in [grains(&clips, &weights, n, &how(1)), spectra(&clips, &weights, n)] {
                assert_eq!((made.channels.len(), made.n_frames()), (2, n));
                assert!(made.channels.iter().flatten().all(|x| x.is_finite()));
            }
        }
    }
}
