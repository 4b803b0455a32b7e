//! Voices of which it is known what they sing.

use super::*;
use crate::stft_magnitudes;

/// A buzz through two resonances, at a pitch that changes: something like a voice.
fn voice(rate_hz: u32, n: usize, hz: impl Fn(f64) -> f64) -> Vec<f32> {
    let mut phase = 0.0f64;
    let mut samples = vec![0.0f32; n];
    for (i, x) in samples.iter_mut().enumerate() {
        let secs = i as f64 / f64::from(rate_hz);
        phase += hz(secs) / f64::from(rate_hz);
        // Harmonics up to a quarter of the rate, louder near 700 and 1800 Hz.
        let top = (f64::from(rate_hz) / 4.0 / hz(secs)) as u32;
        for k in 1..=top.min(40) {
            let f = hz(secs) * f64::from(k);
            let formant = |centre: f64, width: f64| 1.0 / (1.0 + ((f - centre) / width).powi(2));
            let level = 0.02 + formant(700.0, 120.0) + 0.5 * formant(1800.0, 150.0);
            *x += (0.08 * level * (std::f64::consts::TAU * phase * f64::from(k)).sin()) as f32;
        }
    }
    samples
}

fn clip(samples: Vec<f32>) -> Clip {
    Clip { rate_hz: 44_100, channels: vec![samples] }
}

fn hz(semitones: f64) -> f64 {
    curve::hz_from_semitones(semitones)
}

/// Notes aimed at the nearest semitone, and the sound tuned to them.
fn tune(clip: &Clip, tuning: Tuning) -> (Vec<VoiceNote>, Clip) {
    let curve = pitch_curve(clip);
    let mut notes = voice_notes(&curve);
    notes.iter_mut().for_each(|note| note.target = note.pitch.round());
    let tuned = tuned(clip, &curve, &notes, tuning);
    assert_eq!(tuned.n_frames(), clip.n_frames());
    (notes, tuned)
}

/// How far the middle of each note is from the nearest semitone, in cents.
fn cents_off(clip: &Clip) -> Vec<f64> {
    let notes = voice_notes(&pitch_curve(clip));
    notes.iter().map(|note| 100.0 * (note.pitch - note.pitch.round())).collect()
}

#[test]
fn notes_come_to_their_pitch() {
    // Three notes, 35 cents flat, 20 sharp and 40 sharp, joined.
    let sung = clip(voice(44_100, 100_000, |secs| match secs {
        ..0.7 => hz(56.65),
        ..1.4 => hz(60.2),
        _ => hz(58.4),
    }));
    assert!(cents_off(&sung).iter().all(|cents| cents.abs() > 15.0), "{:?}", cents_off(&sung));
    let (notes, tuned) = tune(&sung, Tuning::default());
    assert_eq!(notes.len(), 3, "{notes:?}");
    let after = cents_off(&tuned);
    assert_eq!(after.len(), 3);
    assert!(after.iter().all(|cents| cents.abs() < 3.0), "{after:?}");
    // Half the strength goes half the way.
    let (_, half) = tune(&sung, Tuning { strength: 0.5, ..Tuning::default() });
    let after = cents_off(&half);
    assert!((after[0] + 17.5).abs() < 3.0 || (after[0] - 17.5).abs() < 3.0, "{after:?}");
}

#[test]
fn short_high_notes_come_to_their_pitch_as_well() {
    // 120 ms each, with silence between them.
    let mut samples =
        voice(44_100, 90_000, |secs| hz([75.2, 73.7, 77.15, 70.3][(secs / 0.5) as usize % 4]));
    for (i, x) in samples.iter_mut().enumerate() {
        let secs = i as f64 / 44_100.0 % 0.5;
        *x *= ((secs / 0.01).min((0.12 - secs) / 0.02).clamp(0.0, 1.0)) as f32;
    }
    let sung = clip(samples);
    let (notes, tuned) = tune(&sung, Tuning { speed_secs: 0.005, ..Tuning::default() });
    assert!(notes.len() >= 4, "{notes:?}");
    let after = cents_off(&tuned);
    assert!(after.len() >= 4 && after.iter().all(|cents| cents.abs() < 5.0), "{after:?}");
}

#[test]
fn what_is_not_moved_is_the_same() {
    let sung = clip(voice(44_100, 60_000, |secs| if secs < 0.7 { hz(57.3) } else { hz(60.3) }));
    let curve = pitch_curve(&sung);
    let mut notes = voice_notes(&curve);
    assert!(tuned(&sung, &curve, &notes, Tuning::default()) == sung);
    // Only the second note is moved.
    notes[1].target = 60.0;
    let tuned = tuned(&sung, &curve, &notes, Tuning::default());
    let first = notes[1].points.start * curve.hop - 800;
    assert!(tuned.channels[0][..first] == sung.channels[0][..first]);
    assert!(tuned.channels[0][first..] != sung.channels[0][first..]);
}

#[test]
fn the_seams_do_not_click() {
    let sung = clip(voice(44_100, 60_000, |_| hz(57.4)));
    let (_, tuned) = tune(&sung, Tuning { speed_secs: 0.0, ..Tuning::default() });
    let steepest = |clip: &Clip| {
        let pairs = clip.channels[0].windows(2);
        pairs.map(|pair| (pair[1] - pair[0]).abs()).fold(0.0f32, f32::max)
    };
    assert!(steepest(&tuned) < 1.25 * steepest(&sung), "{} {}", steepest(&tuned), steepest(&sung));
}

#[test]
fn vibrato_stays_or_goes() {
    let sung = clip(voice(44_100, 88_200, |secs| {
        hz(57.3 + 0.4 * (std::f64::consts::TAU * 5.5 * secs).sin())
    }));
    let swing = |clip: &Clip| {
        let points = pitch_curve(clip).semitones;
        let inside: Vec<f64> = points[60..points.len() - 60].iter().flatten().copied().collect();
        let mean = inside.iter().sum::<f64>() / inside.len() as f64;
        let most = inside.iter().fold(0.0f64, |most, x| most.max((x - mean).abs()));
        (mean, most)
    };
    let (mean, most) = swing(&tune(&sung, Tuning::default()).1);
    assert!((mean - 57.0).abs() < 0.05 && (most - 0.4).abs() < 0.1, "{mean} {most}");
    let flat = Tuning { keeps_vibrato: false, speed_secs: 0.0, ..Tuning::default() };
    let (mean, most) = swing(&tune(&sung, flat).1);
    assert!((mean - 57.0).abs() < 0.05 && most < 0.15, "{mean} {most}");
}

#[test]
fn the_colour_stays() {
    let sung = clip(voice(44_100, 60_000, |_| hz(57.0)));
    let curve = pitch_curve(&sung);
    let mut notes = voice_notes(&curve);
    notes.iter_mut().for_each(|note| note.target = note.pitch + 4.0);
    let centre = |clip: &Clip| {
        let spectrum = stft_magnitudes(&clip.channels[0][10_000..50_000], 2048, 512);
        let (mut sum, mut weighted) = (0.0f64, 0.0f64);
        for frame in spectrum.values.chunks(spectrum.n_bins) {
            // Around the first formant.
            for (k, x) in frame.iter().enumerate().take(56).skip(14) {
                let power = f64::from(x * x);
                sum += power;
                weighted += power * k as f64 * 44_100.0 / 2048.0;
            }
        }
        weighted / sum
    };
    let of = |keeps_formants| {
        centre(&tuned(&sung, &curve, &notes, Tuning { keeps_formants, ..Tuning::default() }))
    };
    let (before, kept, moved) = (centre(&sung), of(true), of(false));
    assert!((kept / before - 1.0).abs() < 0.06, "{before} {kept}");
    assert!(moved / before > 1.12, "{before} {moved}");
}

#[test]
fn bad_sounds_pass_through() {
    for (rate_hz, channels) in [
        (44_100, vec![vec![0.5]]),
        (44_100, vec![vec![0.0; 30_000]; 2]),
        (8_000, vec![vec![0.2; 4_000]]),
        (192_000, vec![vec![0.1; 100]]),
        (100, vec![vec![0.1; 100]]),
    ] {
        let clip = Clip { rate_hz, channels };
        let (notes, tuned) = tune(&clip, Tuning::default());
        assert!(notes.is_empty() && tuned == clip, "{rate_hz}");
    }
    let noise = clip(
        (0..60_000u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0)
            .collect(),
    );
    let (_, tuned) = tune(&noise, Tuning::default());
    assert!(tuned.channels[0].iter().all(|x| x.is_finite()));
}
