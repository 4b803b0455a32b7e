//! Every instrument sounds at its pitch, fades, and stays finite at any rate.

use super::*;

const ALL: [Instrument; 10] = [
    Instrument::Keys,
    Instrument::Bell,
    Instrument::Organ,
    Instrument::Pluck,
    Instrument::Bass,
    Instrument::Pad,
    Instrument::Brass,
    Instrument::Wind,
    Instrument::Lead,
    Instrument::Drums,
];

fn note(at_secs: f64, instrument: Instrument, key: u8, length_secs: f64) -> BandEvent {
    let what = BandMove::Note { instrument, key, velocity: 0.8, length_secs };
    BandEvent { at_secs, channel: 0, what }
}

/// Everything a band plays, to the end, at most a minute.
fn played(events: Vec<BandEvent>, rate_hz: u32) -> [Vec<f32>; 2] {
    let mut band = Band::new(events, rate_hz);
    let mut out = [Vec::new(), Vec::new()];
    let (mut left, mut right) = (vec![0.0; 1000], vec![0.0; 1000]);
    while !band.is_done() {
        band.play(&mut left, &mut right);
        out[0].extend(&left);
        out[1].extend(&right);
        assert!(out[0].len() < 60 * rate_hz as usize, "it never fades");
    }
    out
}

/// The frequency of the strongest line within half an octave, by correlation with sines.
fn strongest_hz(sound: &[f32], around_hz: f32, rate_hz: f32) -> f32 {
    let power = |hz: f32| {
        let (mut re, mut im) = (0.0f64, 0.0f64);
        for (i, x) in sound.iter().enumerate() {
            let angle = f64::from(std::f32::consts::TAU * hz / rate_hz) * i as f64;
            // A window, so that neighbours do not leak.
            let window = (std::f64::consts::PI * i as f64 / sound.len() as f64).sin();
            re += f64::from(*x) * window * angle.cos();
            im += f64::from(*x) * window * angle.sin();
        }
        re * re + im * im
    };
    let cents = (-120..=120).map(|it| around_hz * (it as f32 * 5.0 / 1200.0).exp2());
    cents.max_by(|a, b| power(*a).total_cmp(&power(*b))).unwrap()
}

#[test]
fn tones_have_their_pitch() {
    let rate_hz = 44_100;
    for instrument in ALL.into_iter().filter(|it| *it != Instrument::Drums) {
        for key in [45u8, 69] {
            let [left, _] = played(vec![note(0.0, instrument, key, 0.6)], rate_hz);
            let hz = frequency_hz(f32::from(key));
            let found = strongest_hz(&left[2000..14_000], hz, rate_hz as f32);
            let cents = 1200.0 * (found / hz).log2();
            // A pad is three tones, up to 7 cents apart.
            assert!(cents.abs() < 12.0, "{instrument:?} {key}: {cents} cents");
        }
    }
}

#[test]
fn every_key_and_rate_is_finite_and_fades() {
    for rate_hz in [8000, 44_100, 192_000] {
        for instrument in ALL {
            for key in [0, 21, 36, 38, 42, 60, 108, 127] {
                let sides = played(vec![note(0.01, instrument, key, 0.05)], rate_hz);
                let peak = sides.iter().flatten().fold(0.0f32, |peak, x| peak.max(x.abs()));
                assert!(sides.iter().flatten().all(|x| x.is_finite()));
                assert!(peak < 2.0, "{instrument:?} {key} at {rate_hz}: {peak}");
                // What can be heard at all at this rate is heard.
                let is_heard = (36..=96).contains(&key);
                assert!(!is_heard || peak > 1e-3, "{instrument:?} {key} at {rate_hz}: {peak}");
            }
        }
    }
}

#[test]
fn wheel_gain_and_pan_are_followed() {
    let rate_hz = 44_100;
    let set = |what| BandEvent { at_secs: 0.0, channel: 0, what };
    let tone = note(0.0, Instrument::Organ, 57, 0.5);
    let [plain, _] = played(vec![tone], rate_hz);
    let [up, _] = played(vec![set(BandMove::Wheel(2.0)), tone], rate_hz);
    let hz = frequency_hz(59.0);
    let found = strongest_hz(&up[2000..14_000], hz, rate_hz as f32);
    assert!((1200.0 * (found / hz).log2()).abs() <= 10.0);
    let peak = |sound: &[f32]| sound.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let [quiet, _] = played(vec![set(BandMove::Gain(0.5)), tone], rate_hz);
    assert!((peak(&quiet) / peak(&plain) - 0.5).abs() < 1e-3);
    let [left, right] = played(vec![set(BandMove::Pan(1.0)), tone], rate_hz);
    assert!(peak(&left) < 1e-4 && peak(&right) > peak(&plain));
}

#[test]
fn a_crowd_of_notes_is_played_within_bounds() {
    let events =
        (0..1000).map(|i| note(f64::from(i) * 0.001, Instrument::Pad, 30 + (i % 60) as u8, 2.0));
    let mut band = Band::new(events.collect(), 8000);
    let (mut left, mut right) = (vec![0.0; 16_000], vec![0.0; 16_000]);
    band.play(&mut left, &mut right);
    assert_eq!(band.n_played(), 1000);
    assert!(band.voices.len() <= VOICES_MAX);
    assert!(left.iter().all(|x| x.is_finite()));
}

#[test]
fn programs_have_kinds() {
    let kinds = [0, 9, 19, 25, 33, 48, 56, 73, 81, 119].map(Instrument::of_program);
    assert_eq!(
        kinds[..4],
        [Instrument::Keys, Instrument::Bell, Instrument::Organ, Instrument::Pluck]
    );
    assert_eq!(
        kinds[4..8],
        [Instrument::Bass, Instrument::Pad, Instrument::Brass, Instrument::Wind]
    );
    assert_eq!(kinds[8..], [Instrument::Lead, Instrument::Drums]);
}
