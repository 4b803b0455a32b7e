//! `maquette separate`: what goes on in a sound and what strikes, each as a file of its own.

use std::{path::Path, time::Instant};

use api::{Problem, SeparatedSound};
use audio::{
    Clip,
    features::{FeatureSettings, harmonic_percussive},
};

use super::{load, named, save};

/// Up to this rate frames have 2,048 samples, as in librosa; above it as many more as they need to last as long.
const USUAL_HZ: u32 = 32_000;

/// Takes a sound apart and writes both parts, in the formats that their names say. Both together are the sound.
///
/// # Errors
/// When the file cannot be read as sound or a part cannot be written: what happened, why, and what to do.
pub fn separate_sound(
    input: &Path,
    harmonic: &Path,
    percussive: &Path,
) -> Result<SeparatedSound, Problem> {
    let (clip, notes) = load(input)?;
    let settings = settings(clip.rate_hz);
    let started = Instant::now();
    let (mut tones, mut strikes) = (vec![], vec![]);
    for channel in &clip.channels {
        let [of_tones, of_strikes] = harmonic_percussive(channel, &settings);
        tones.push(of_tones);
        strikes.push(of_strikes);
    }
    let took = started.elapsed().as_secs_f64();
    let part = |channels| Clip { rate_hz: clip.rate_hz, channels };
    let (tones, strikes) = (part(tones), part(strikes));
    let (of_tones, of_strikes) = (power(&tones), power(&strikes));
    let notes = save(harmonic, &tones, notes)?;
    let mut notes = save(percussive, &strikes, notes)?;
    notes.dedup();
    Ok(SeparatedSound {
        file: named(input),
        harmonic: named(harmonic),
        percussive: named(percussive),
        rate_hz: clip.rate_hz,
        channels: clip.channels.len() as u32,
        seconds: clip.length_secs(),
        percussive_share: of_strikes / (of_tones + of_strikes).max(f64::MIN_POSITIVE),
        times_real_time: clip.length_secs() / took.max(1e-9),
        notes,
    })
}

fn settings(rate_hz: u32) -> FeatureSettings {
    let usual = FeatureSettings::default();
    let factor = (f64::from(rate_hz) / f64::from(USUAL_HZ)).max(1.0).log2().ceil().exp2() as usize;
    FeatureSettings { rate_hz, n_fft: factor * usual.n_fft, hop: factor * usual.hop }
}

fn power(clip: &Clip) -> f64 {
    clip.channels.iter().flatten().map(|x| f64::from(*x).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use audio::{DecodeLimits, FileFormat, WavFormat, decode_file, write_sound};

    use super::*;

    #[test]
    fn tones_and_strikes_part_and_add_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let rate_hz = 44_100;
        let tone = |n: usize| 0.3 * (n as f32 * 0.05).sin();
        let click = |n: usize| if n % 11_025 == 5_000 { 0.6 } else { 0.0 };
        let sound = (0..88_200).map(|n| tone(n) + click(n)).collect();
        let clip = Clip { rate_hz, channels: vec![sound] };
        write_sound(&path("a.wav"), &clip, FileFormat::Wav(WavFormat::Float32)).unwrap();
        let made =
            separate_sound(&path("a.wav"), &path("tones.wav"), &path("strikes.wav")).unwrap();
        let read = |name: &str| decode_file(&path(name), &DecodeLimits::default()).unwrap().clip;
        let (tones, strikes) = (read("tones.wav"), read("strikes.wav"));
        for (n, x) in clip.channels[0].iter().enumerate() {
            let sum = tones.channels[0][n] + strikes.channels[0][n];
            assert!((sum - x).abs() < 1e-4, "{n}: {sum} is not {x}");
        }
        // Every click is among the strikes, and hardly any of the tone.
        for n in (5_000..88_200).step_by(11_025) {
            assert!(strikes.channels[0][n] > 0.45, "{n}: {}", strikes.channels[0][n]);
        }
        let between = &strikes.channels[0][8_000..13_000];
        assert!(between.iter().all(|x| x.abs() < 0.05));
        assert!((0.0..0.05).contains(&made.percussive_share), "{}", made.percussive_share);
    }

    #[test]
    fn short_sounds_and_silence_are_taken_apart_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (rate_hz, n) in [(8_000, 1), (192_000, 300), (44_100, 4_000)] {
            let clip = Clip { rate_hz, channels: vec![vec![0.0; n]; 2] };
            write_sound(&path("a.wav"), &clip, FileFormat::Wav(WavFormat::Int16)).unwrap();
            let made = separate_sound(&path("a.wav"), &path("b.wav"), &path("c.wav")).unwrap();
            assert_eq!((made.percussive_share, made.channels), (0.0, 2));
            let read = decode_file(&path("b.wav"), &DecodeLimits::default()).unwrap().clip;
            assert_eq!(read.n_frames(), n);
        }
    }
}
