//! Melodies of sounds that are made here: what was played is known.

use std::f64::consts::TAU;

use super::*;
use crate::Rng;

/// Adds a tone with falling harmonics and a soft start and end.
fn add_tone(sound: &mut [f32], rate_hz: u32, [from, to]: [f64; 2], hz: f64, gain: f64) {
    let rate = f64::from(rate_hz);
    let first = (from * rate) as usize;
    let last = ((to * rate) as usize).min(sound.len());
    for (i, x) in sound[first..last].iter_mut().enumerate() {
        let secs = i as f64 / rate;
        let envelope = (secs / 0.02).min((to - from - secs) / 0.03).clamp(0.0, 1.0);
        let harmonics = (1..=8u32).take_while(|k| hz * f64::from(*k) < 0.45 * rate);
        let wave: f64 =
            harmonics.map(|k| 0.7f64.powi(k as i32) * (TAU * hz * f64::from(k) * secs).sin()).sum();
        *x += (gain * envelope * wave) as f32;
    }
}

fn hz(midi: f64) -> f64 {
    440.0 * ((midi - 69.0) / 12.0).exp2()
}

/// Six notes of 0.4 s with rests of 0.1 s.
const TUNE: [f64; 6] = [69.0, 72.0, 76.0, 74.0, 71.0, 69.0];

/// The tune over chords, each softer than it.
fn song(rate_hz: u32) -> Vec<f32> {
    let mut sound = vec![0.0; 3 * rate_hz as usize + rate_hz as usize / 4];
    for (i, midi) in TUNE.iter().enumerate() {
        let start = 0.1 + 0.5 * i as f64;
        add_tone(&mut sound, rate_hz, [start, start + 0.4], hz(*midi), 0.3);
    }
    for (i, chord) in [[45.0, 57.0, 60.0, 64.0], [43.0, 55.0, 59.0, 62.0]].iter().enumerate() {
        let start = 0.1 + 1.5 * i as f64;
        chord.iter().for_each(|midi| {
            add_tone(&mut sound, rate_hz, [start, start + 1.4], hz(*midi), 0.06);
        });
    }
    sound
}

/// A bass drum every half a second, noise between.
fn drums() -> Vec<f32> {
    let mut rng = Rng::new(3);
    let strike = |i: usize| {
        let secs = (i % 22_050) as f64 / 44_100.0;
        let hat = (i % 11_025) as f64 / 44_100.0;
        let kick =
            (-secs / 0.08).exp() * (TAU * (50.0 * secs + 4.0 * (1.0 - (-secs / 0.03).exp()))).sin();
        let noise = f64::from(rng.uniform(-1.0, 1.0));
        (0.6 * kick + 0.3 * (-hat / 0.05).exp() * noise) as f32
    };
    (0..4 * 44_100).map(strike).collect()
}

#[test]
fn a_voice_over_chords_is_followed() {
    for rate_hz in [8000, 22_050, 44_100, 192_000] {
        let found = melody(&song(rate_hz), rate_hz);
        for (i, midi) in TUNE.iter().enumerate() {
            let start = 0.1 + 0.5 * i as f64;
            let inside = found.frames.iter().enumerate().filter(|(frame, _)| {
                let secs = found.time_secs(*frame);
                secs > start + 0.06 && secs < start + 0.34
            });
            let (mut n, mut n_right) = (0, 0);
            for (_, frame) in inside {
                n += 1;
                let off = frame.f0_hz.map_or(99.0, |f0| 12.0 * (f0 / hz(*midi)).log2());
                n_right += usize::from(off.abs() < 0.25);
                assert!((0.0..=1.0).contains(&frame.clarity));
            }
            assert!(n_right as f64 > 0.9 * f64::from(n), "{rate_hz}: note {i}, {n_right} of {n}");
        }
    }
}

#[test]
fn its_notes_are_those_that_were_played() {
    let found = melody(&song(44_100), 44_100).notes();
    for (i, midi) in TUNE.iter().enumerate() {
        let start = 0.1 + 0.5 * i as f64;
        let is_it =
            |it: &NoteEvent| (it.start_secs - start).abs() < 0.06 && (it.midi - midi).abs() < 0.3;
        assert!(found.iter().any(is_it), "note {i}: {found:?}");
    }
    assert!(found.len() <= TUNE.len() + 2, "{found:?}");
    assert!(found.windows(2).all(|it| it[0].end_secs <= it[1].start_secs + 1e-9));
}

#[test]
fn a_note_that_is_struck_again_is_two() {
    let mut sound = vec![0.0; 60_000];
    for i in 0..4 {
        let start = 0.1 + 0.4 * f64::from(i);
        add_tone(&mut sound, 44_100, [start, start + 0.38], 440.0, 0.3);
    }
    // The room keeps it sounding between.
    add_tone(&mut sound, 44_100, [0.1, 1.3], 440.0, 0.05);
    let found = melody(&sound[..57_330], 44_100).notes();
    assert!(found.len() >= 3, "{found:?}");
}

#[test]
fn where_no_pitch_stands_out_there_is_no_melody() {
    let mut rng = Rng::new(9);
    let noise: Vec<f32> = (0..3 * 44_100).map(|_| rng.uniform(-0.5, 0.5)).collect();
    for (name, sound) in [("noise", noise), ("drums", drums()), ("silence", vec![0.0; 44_100])] {
        let found = melody(&sound, 44_100);
        let n_voiced = found.frames.iter().filter(|it| it.f0_hz.is_some()).count();
        assert!(n_voiced == 0, "{name}: {n_voiced} of {}", found.frames.len());
        assert!(found.notes().is_empty());
    }
}

/// Strokes whose pitch falls by so many semitones, faster at first, with a quiet overtone.
fn strokes(midis: &[f64], fall: f64) -> Vec<f32> {
    let mut sound = vec![];
    for midi in midis {
        let mut phase = 0.0;
        for i in 0..22_050 {
            let secs = f64::from(i) / 44_100.0;
            let now = midi + fall * ((-secs / 0.1).exp() - 1.0);
            phase += TAU * hz(now) / 44_100.0;
            let wave = phase.sin() + 0.2 * (2.0 * phase).sin();
            sound.push((0.5 * (secs / 0.003).min(1.0) * (-secs / 0.25).exp() * wave) as f32);
        }
    }
    sound
}

#[test]
fn strokes_of_toms_are_no_melody_and_held_notes_beside_a_slide_are() {
    let n_voiced =
        |sound: &[f32]| melody(sound, 44_100).frames.iter().filter(|it| it.f0_hz.is_some()).count();
    assert_eq!(n_voiced(&strokes(&[57.0], 2.0)), 0);
    assert_eq!(n_voiced(&strokes(&[57.0, 52.0, 50.0], 1.5)), 0);
    assert!(n_voiced(&strokes(&[57.0, 52.0, 50.0], 0.2)) > 50);
    let both = [strokes(&[57.0], 2.0), strokes(&[57.0, 60.0], 0.0)].concat();
    assert!(n_voiced(&both) > 50);
}

#[test]
fn scraps_and_bad_samples_break_nothing() {
    for rate_hz in [100, 8000, 44_100, 192_000] {
        for sound in [vec![], vec![0.5], vec![1.0; 3000], vec![f32::NAN; 3000]] {
            let found = melody(&sound, rate_hz);
            assert!(found.frames.iter().all(|it| it.clarity.is_finite()));
            let _ = found.notes();
        }
    }
}
