//! Tests of notes: what was played is known.

use super::*;
use crate::Rng;

const RATE_HZ: u32 = 22_050;

/// A note to be played: start, end, MIDI number, loudness.
type Played = (f64, f64, f64, f64);

/// Plays notes with falling harmonics, a fast attack, and vibrato of some cents.
fn play(notes: &[Played], secs: f64, decay_secs: f64, vibrato_cents: f64) -> Vec<f32> {
    let rate = f64::from(RATE_HZ);
    let mut sound = vec![0.0f32; (secs * rate) as usize];
    for (start, end, midi, gain) in notes {
        let mut phase = 0.0f64;
        let first = (start * rate) as usize;
        for (i, x) in sound[first..(end * rate) as usize].iter_mut().enumerate() {
            let t = i as f64 / rate;
            let left = (end - start) - t;
            let cents = vibrato_cents * (std::f64::consts::TAU * 5.5 * t).sin();
            phase += std::f64::consts::TAU * hz_from_midi(midi + cents / 100.0) / rate;
            let envelope = (t / 0.008).min(1.0) * (left / 0.02).min(1.0) * (-t / decay_secs).exp();
            let partials = (1..=10).map(|h| 0.7f64.powi(h - 1) * (phase * f64::from(h)).sin());
            *x += (0.2 * gain * envelope * partials.sum::<f64>()) as f32;
        }
    }
    sound
}

/// Of the notes that were played and found: F, counting a note as found within 50 ms and a quarter tone.
fn f_measure(played: &[Played], found: &[NoteEvent]) -> f64 {
    let mut free: Vec<&NoteEvent> = found.iter().collect();
    let mut hits = 0;
    for (start, _, midi, _) in played {
        let fits = |it: &&NoteEvent| {
            (it.start_secs - start).abs() <= 0.05 && (it.midi - midi).abs() <= 0.5
        };
        if let Some(i) = free.iter().position(fits) {
            free.swap_remove(i);
            hits += 1;
        }
    }
    2.0 * f64::from(hits) / (played.len() + found.len()).max(1) as f64
}

fn scale(n: usize, secs: f64) -> Vec<Played> {
    const STEPS: [f64; 8] = [0.0, 2.0, 4.0, 5.0, 7.0, 7.0, 9.0, 12.0];
    let at = |i: usize| {
        let start = 0.1 + i as f64 * secs;
        (start, start + 0.9 * secs, 57.0 + STEPS[(i * 5) % 8], 1.0)
    };
    (0..n).map(at).collect()
}

#[test]
fn a_voice_is_written_down_with_and_without_vibrato() {
    for (secs, vibrato) in [(0.3, 0.0), (0.15, 0.0), (0.5, 40.0)] {
        let played = scale(16, secs);
        let sound = play(&played, 16.0 * secs + 0.5, 2.0, vibrato);
        let found = notes_of_voice(&sound, RATE_HZ);
        let f = f_measure(&played, &found);
        assert!(f > 0.95, "F is {f} at {secs} s a note: {found:?}");
        for note in &found {
            assert!(note.end_secs > note.start_secs && note.velocity > 0);
        }
    }
}

#[test]
fn a_repeated_note_is_several_notes() {
    let played: Vec<Played> =
        (0..6).map(|i| (0.1 + 0.3 * f64::from(i), 0.4 + 0.3 * f64::from(i), 64.0, 1.0)).collect();
    let found = notes_of_voice(&play(&played, 2.2, 0.2, 0.0), RATE_HZ);
    assert_eq!(found.len(), 6, "{found:?}");
}

#[test]
fn softer_notes_have_lower_velocities() {
    let played = [(0.1, 0.6, 60.0, 1.0), (0.8, 1.3, 64.0, 0.1)];
    let found = notes_of_voice(&play(&played, 1.5, 2.0, 0.0), RATE_HZ);
    assert!(found[0].velocity > found[1].velocity + 30, "{found:?}");
}

#[test]
fn chords_of_one_instrument_are_written_down() {
    let mut played = vec![];
    let chords = [[48.0, 60.0, 64.0, 67.0], [45.0, 60.0, 64.0, 69.0], [41.0, 60.0, 65.0, 69.0]];
    for (i, chord) in chords.iter().cycle().take(6).enumerate() {
        let start = 0.2 + 0.6 * i as f64;
        played.extend(chord.iter().map(|midi| (start, start + 0.55, *midi, 0.5)));
    }
    let found = notes_of_instrument(&play(&played, 4.2, 0.8, 0.0), RATE_HZ);
    let f = f_measure(&played, &found);
    assert!(f > 0.85, "F is {f}: {found:?}");
}

#[test]
fn a_voice_is_told_from_chords() {
    let tune = scale(12, 0.3);
    assert_eq!(texture(&play(&tune, 4.0, 1.0, 20.0), RATE_HZ), Texture::Voice);
    let mut chords = vec![];
    for i in 0..6 {
        let start = 0.1 + 0.6 * f64::from(i);
        chords.extend([48.0, 60.0, 63.0, 67.0, 74.0].map(|midi| (start, start + 0.5, midi, 0.5)));
    }
    assert_eq!(texture(&play(&chords, 4.0, 1.0, 0.0), RATE_HZ), Texture::Several);
}

#[test]
fn silence_noise_and_scraps_have_few_notes_and_nothing_breaks() {
    let mut rng = Rng::new(5);
    let noise: Vec<f32> = (0..3 * RATE_HZ).map(|_| 0.1 * rng.normal()).collect();
    assert!(notes_of_voice(&noise, RATE_HZ).is_empty());
    for sound in [vec![], vec![0.5], vec![0.0; 30_000], vec![f32::NAN; 3000], noise] {
        for rate_hz in [8000, RATE_HZ, 192_000] {
            let all = [notes_of_voice(&sound, rate_hz), notes_of_instrument(&sound, rate_hz)];
            for note in all.iter().flatten() {
                assert!(note.midi.is_finite() && note.end_secs > note.start_secs);
            }
            let _ = texture(&sound, rate_hz);
        }
    }
    for sound in [&[0.0f32; 20_000][..], &[]] {
        assert!(notes_of_instrument(sound, RATE_HZ).is_empty());
    }
}
