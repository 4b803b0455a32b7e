//! Resampling: pitch, level, aliasing, alignment and lengths.

use std::f64::consts::TAU;

use super::*;

/// A sine of amplitude 0.5, faded in and out over 50 ms so that only its frequency is tested.
fn sine(rate_hz: u32, frequency_hz: f64, secs: f64) -> Clip {
    let n = (f64::from(rate_hz) * secs) as usize;
    let fade = f64::from(rate_hz) * 0.05;
    let channel = (0..n)
        .map(|i| {
            let edge = (i.min(n - 1 - i) as f64 / fade).min(1.0);
            let gain = 0.5 * (0.5 - 0.5 * (std::f64::consts::PI * edge).cos());
            (gain * (TAU * frequency_hz * i as f64 / f64::from(rate_hz)).sin()) as f32
        })
        .collect();
    Clip { rate_hz, channels: vec![channel] }
}

/// The largest difference in the steady part, in dB relative to full scale.
fn error_db(a: &Clip, b: &Clip) -> f64 {
    let margin = (f64::from(a.rate_hz) * 0.1) as usize;
    let n = a.n_frames().min(b.n_frames());
    let worst = (margin..n - margin)
        .map(|i| (a.channels[0][i] - b.channels[0][i]).abs())
        .fold(0.0f32, f32::max);
    crate::db_from_gain(f64::from(worst))
}

const RATES: [(u32, u32); 9] = [
    (48_000, 44_100),
    (96_000, 44_100),
    (192_000, 44_100),
    (88_200, 44_100),
    (8_000, 44_100),
    (22_050, 44_100),
    (11_025, 48_000),
    (44_100, 48_000),
    (44_100, 16_000),
];

#[test]
fn a_sine_keeps_frequency_level_and_position() {
    for (from, to) in RATES {
        let nyquist = f64::from(from.min(to)) / 2.0;
        for share in [0.01, 0.1, 0.45, 0.9, 0.97] {
            let frequency = share * nyquist;
            let resampled = resample(&sine(from, frequency, 0.5), to);
            let error = error_db(&resampled, &sine(to, frequency, 0.5));
            assert!(error < -100.0, "{from} -> {to} Hz at {frequency} Hz: {error} dB");
        }
    }
}

#[test]
fn tones_above_the_new_nyquist_vanish() {
    for (from, to) in RATES.into_iter().filter(|(from, to)| from > to) {
        for share in [1.01, 1.05, 1.5, 1.9] {
            let frequency = share * f64::from(to) / 2.0;
            if frequency >= f64::from(from) / 2.0 {
                continue;
            }
            let resampled = resample(&sine(from, frequency, 0.5), to);
            let silence = Clip { rate_hz: to, channels: vec![vec![0.0; resampled.n_frames()]] };
            let level = error_db(&resampled, &silence);
            assert!(level < -100.0, "{from} -> {to} Hz at {frequency} Hz: {level} dB");
        }
    }
}

#[test]
fn an_impulse_stays_where_it_is() {
    for (from, to) in RATES {
        // A frame that exists in both rates.
        let (at_in, at_out) = (from as usize / 100 * 7, to as usize / 100 * 7);
        if !(from % 100 == 0 && to % 100 == 0) {
            continue;
        }
        let mut channel = vec![0.0; from as usize / 5];
        channel[at_in] = 1.0;
        let out = resample(&Clip { rate_hz: from, channels: vec![channel] }, to);
        let out = &out.channels[0];
        let largest = (0..out.len()).max_by(|a, b| out[*a].total_cmp(&out[*b])).unwrap();
        assert_eq!(largest, at_out, "{from} -> {to} Hz");
        // Symmetric: not even half a frame off.
        for k in 1..50 {
            let (before, after) = (out[at_out - k], out[at_out + k]);
            assert!((before - after).abs() < 1e-5, "{from} -> {to} Hz at {k}: {before} {after}");
        }
    }
}

#[test]
fn lengths_are_exact_and_short_clips_work() {
    let check = |n: usize, from: u32, to: u32, expected: usize| {
        let clip = Clip { rate_hz: from, channels: vec![vec![0.25; n], vec![-0.25; n]] };
        let out = resample(&clip, to);
        assert_eq!((out.rate_hz, out.n_frames()), (to, expected), "{n} from {from} to {to}");
        assert!(out.channels.iter().flatten().all(|x| x.is_finite() && x.abs() < 0.5));
    };
    check(0, 48_000, 44_100, 0);
    check(1, 48_000, 44_100, 1);
    check(1, 8_000, 44_100, 6);
    check(1, 192_000, 44_100, 1);
    check(2, 96_000, 44_100, 1);
    check(44_100, 44_100, 44_100, 44_100);
    check(48_000, 48_000, 44_100, 44_100);
    check(48_001, 48_000, 44_100, 44_101);
    check(12_345, 44_100, 22_050, 6_173);
    // Rates with hardly a common divisor.
    check(10_000, 44_101, 44_100, 10_000);
    check(1000, 22_254, 44_100, 1982);
    check(10, 1, 44_100, 441_000);
}

/// The whole clip, resampled by the library at once.
fn at_once(clip: &Clip, rate_hz: u32) -> Vec<Vec<f32>> {
    let (n_in, n_channels) = (clip.n_frames(), clip.channels.len());
    let mut fft = resampler(clip.rate_hz, rate_hz, n_channels);
    let room = fft.process_all_needed_output_len(n_in);
    let mut channels = vec![vec![0.0; room]; n_channels];
    let input = SequentialSliceOfVecs::new(&clip.channels, n_channels, n_in).unwrap();
    let mut output = SequentialSliceOfVecs::new_mut(&mut channels, n_channels, room).unwrap();
    fft.process_all_into_buffer(&input, &mut output, n_in, None).unwrap();
    let n_out = resampled_len(n_in as u64, clip.rate_hz, rate_hz) as usize;
    channels.iter_mut().for_each(|channel| channel.truncate(n_out));
    channels
}

#[test]
fn blocks_are_bit_identical_to_the_whole() {
    let mut rng = crate::Rng::new(5);
    for (from, to) in RATES {
        for n in [1, 100, 4096, 23_520, 30_001] {
            let mut channel = || (0..n).map(|_| rng.uniform(-0.5, 0.5)).collect();
            let clip = Clip { rate_hz: from, channels: vec![channel(), channel()] };
            let expected = at_once(&clip, to);
            assert!(resample(&clip, to).channels == expected, "{from} -> {to} Hz, {n} frames");
            for block in [1, 77, 4096, 50_000] {
                // One frame at a time takes long for all of them.
                if block == 1 && n > 5000 {
                    continue;
                }
                let mut resampler = Resampler::new(from, to, 2);
                let mut made = vec![vec![]; 2];
                for at in (0..n).step_by(block) {
                    let part = |it: &Vec<f32>| it[at..(at + block).min(n)].to_vec();
                    let block: Vec<_> = clip.channels.iter().map(part).collect();
                    resampler.push(&block, &mut made);
                }
                resampler.finish(&mut made);
                assert!(made == expected, "{from} -> {to} Hz, {n} frames in blocks of {block}");
            }
        }
    }
}

#[test]
fn a_constant_stays_constant_inside() {
    let clip = Clip { rate_hz: 48_000, channels: vec![vec![0.5; 48_000]] };
    let out = resample(&clip, 44_100);
    assert!(out.channels[0][5000..39_000].iter().all(|x| (x - 0.5).abs() < 1e-5));
}

/// `SLOW_TESTS=1 cargo test -p audio --release resample -- --nocapture` prints how fast it is.
#[test]
fn speed() {
    if std::env::var_os("SLOW_TESTS").is_none() {
        return;
    }
    for (from, to) in RATES {
        let clip = sine(from, 440.0, 60.0);
        let start = std::time::Instant::now();
        let out = resample(&clip, to);
        let x_real_time = 60.0 / start.elapsed().as_secs_f64();
        println!("{from} -> {to} Hz: {x_real_time:.0} x real time, {} frames", out.n_frames());
    }
}
