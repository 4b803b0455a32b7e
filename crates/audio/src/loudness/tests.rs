//! Loudness against the signals of the standards.

use super::*;
use crate::gain_from_db;

/// Parts of a sine, each with its length in seconds and its peak in dB below full scale, channel by channel.
fn sine(rate_hz: u32, hz: f64, parts: &[(f64, &[f64])]) -> Clip {
    let n_channels = parts[0].1.len();
    let mut channels = vec![vec![]; n_channels];
    for (secs, peaks_db) in parts {
        for (channel, peak_db) in channels.iter_mut().zip(*peaks_db) {
            let from = channel.len();
            let samples = (0..(secs * f64::from(rate_hz)) as usize).map(|i| {
                let phase = 2.0 * PI * hz * (from + i) as f64 / f64::from(rate_hz);
                (gain_from_db(*peak_db) * phase.sin()) as f32
            });
            channel.extend(samples);
        }
    }
    Clip { rate_hz, channels }
}

fn check(clip: &Clip, expected: f64) {
    let found = loudness_lufs(clip).unwrap();
    assert!((found - expected).abs() < 0.1, "{found} is not {expected} at {} Hz", clip.rate_hz);
}

#[test]
fn filters_have_the_coefficients_of_the_standard_at_48_khz() {
    let shelf = head_shelf(48_000.0);
    let high_pass = high_pass(48_000.0);
    // ITU-R BS.1770-4, tables 1 and 2.
    let expected = [
        (shelf.b[0], 1.535_124_859_586_97),
        (shelf.b[1], -2.691_696_189_406_38),
        (shelf.b[2], 1.198_392_810_852_85),
        (shelf.a[0], -1.690_659_293_182_41),
        (shelf.a[1], 0.732_480_774_215_85),
        (high_pass.a[0], -1.990_047_454_833_98),
        (high_pass.a[1], 0.990_072_250_366_21),
    ];
    for (found, expected) in expected {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }
}

#[test]
fn a_sine_at_full_scale_in_one_channel_has_3_lu_below_full_scale() {
    // ITU-R BS.1770-4, annex 1: 997 Hz at 0 dB in the left, centre or right channel.
    for rate_hz in [44_100, 48_000, 96_000, 192_000] {
        check(&sine(rate_hz, 997.0, &[(5.0, &[0.0])]), -3.01);
    }
    let silence = f64::NEG_INFINITY;
    check(&sine(48_000, 997.0, &[(5.0, &[silence, 0.0])]), -3.01);
}

#[test]
fn the_minimum_requirements_signals_are_read_as_they_must() {
    // EBU Tech 3341, table 1, cases 1 to 6; a tolerance of 0.1 LU.
    for rate_hz in [22_050, 32_000, 44_100, 48_000, 96_000] {
        let of = |parts: &[(f64, f64)]| {
            let pairs: Vec<(f64, [f64; 2])> =
                parts.iter().map(|(secs, db)| (*secs, [*db; 2])).collect();
            let parts: Vec<(f64, &[f64])> =
                pairs.iter().map(|(secs, db)| (*secs, db.as_slice())).collect();
            sine(rate_hz, 1000.0, &parts)
        };
        check(&of(&[(20.0, -23.0)]), -23.0);
        check(&of(&[(20.0, -33.0)]), -33.0);
        check(&of(&[(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)]), -23.0);
        let gated = [(10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)];
        check(&of(&gated), -23.0);
        check(&of(&[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)]), -23.0);
    }
    check(&sine(48_000, 1000.0, &[(20.0, &[-28.0, -28.0, -24.0, -30.0, -30.0])]), -23.0);
}

#[test]
fn blocks_of_any_size_give_the_same() {
    let clip = sine(44_100, 440.0, &[(1.3, &[-10.0, -20.0]), (0.9, &[-30.0, -3.0])]);
    let whole = loudness_lufs(&clip);
    for size in [1, 100, 4410, 5000] {
        let mut loudness = Loudness::new(44_100, 2);
        let mut at = 0;
        while at < clip.n_frames() {
            let end = (at + size).min(clip.n_frames());
            let block: Vec<&[f32]> = clip.channels.iter().map(|it| &it[at..end]).collect();
            loudness.push(&block);
            at = end;
        }
        assert_eq!(loudness.integrated_lufs(), whole, "{size}");
    }
}

#[test]
fn what_is_short_or_silent_has_no_loudness() {
    let none = |clip: &Clip| assert_eq!(loudness_lufs(clip), None);
    none(&sine(44_100, 1000.0, &[(0.399, &[0.0])]));
    none(&sine(44_100, 1000.0, &[(2.0, &[f64::NEG_INFINITY])]));
    none(&sine(44_100, 1000.0, &[(2.0, &[-75.0])]));
    none(&Clip { rate_hz: 8000, channels: vec![] });
    assert!(loudness_lufs(&sine(44_100, 1000.0, &[(0.4, &[0.0])])).is_some());
    // A sample that is none does not spoil the rest.
    let mut clip = sine(48_000, 1000.0, &[(20.0, &[-23.0, -23.0])]);
    clip.channels[0][7] = f32::NAN;
    check(&clip, -23.0);
}

#[test]
fn loudness_ranges_of_the_minimum_requirements_are_read_as_they_must() {
    // EBU Tech 3342, table 1, cases 1 to 4: parts of 20 s; a tolerance of 1 LU.
    let check = |peaks_db: &[f64], expected: f64| {
        for rate_hz in [8000, 48_000] {
            let pairs: Vec<[f64; 2]> = peaks_db.iter().map(|db| [*db; 2]).collect();
            let parts: Vec<(f64, &[f64])> = pairs.iter().map(|db| (20.0, db.as_slice())).collect();
            let mut loudness = Loudness::new(rate_hz, 2);
            loudness.push(&sine(rate_hz, 1000.0, &parts).channels);
            let found = loudness.range_lu().unwrap();
            assert!((found - expected).abs() < 0.5, "{found} is not {expected}");
        }
    };
    check(&[-20.0, -30.0], 10.0);
    check(&[-20.0, -15.0], 5.0);
    check(&[-40.0, -20.0], 20.0);
    check(&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0);
    let mut short = Loudness::new(48_000, 1);
    short.push(&sine(48_000, 1000.0, &[(2.9, &[-20.0])]).channels);
    assert_eq!(short.range_lu(), None);
}
