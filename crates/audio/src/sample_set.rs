//! The built-in sample sounds: about a minute to train a first model on, all synthesised.

use crate::synth::bell::{BELL, GLOCKENSPIEL, MARIMBA, chime, strike};
use crate::synth::noise::{rain, shaker, surf, wind};
use crate::synth::pluck::{Pluck, pluck};
use crate::synth::voice::{self, Song, Vowel, sing};
use crate::synth::{RATE_HZ, add_at, finish, frames, frequency_from_midi};
use crate::{Clip, Rng};

/// The sample sounds: file names like `pluck-a3.wav` and mono clips at 44.1 kHz.
///
/// 22 sounds of 2 to 4 seconds: plucked strings, bells and bars, sung vowels, noises. A seed always
/// gives the same sounds, up to rounding in the last bit of a sample on another processor; another
/// seed gives other plucks, breaths and gusts of the same notes. Making them takes about 0.1 s.
pub fn sample_sounds(seed: u64) -> Vec<(String, Clip)> {
    SOUNDS
        .iter()
        .enumerate()
        .map(|(idx, (name, sound))| {
            // A generator for each sound, so that changing one leaves the others as they are.
            let mut rng = Rng::new(seed.wrapping_mul(1000).wrapping_add(idx as u64));
            let samples = sound.play(&mut rng);
            (format!("{name}.wav"), Clip { rate_hz: RATE_HZ, channels: vec![samples] })
        })
        .collect()
}

/// What can be played; notes are MIDI numbers, 69 is the A at 440 Hz.
enum Sound {
    Pluck { note: f64, secs: f64 },
    Strum { notes: &'static [f64] },
    Phrase { notes: &'static [f64] },
    Bell { note: f64 },
    Chime { note: f64 },
    Glockenspiel { note: f64 },
    Marimba { notes: &'static [f64] },
    Voice { note: f64, vowels: &'static [Vowel], secs: f64 },
    Wind,
    Surf,
    Rain,
    Shaker,
}

/// The set, in A minor, so that any two of them go together.
const SOUNDS: [(&str, Sound); 22] = [
    ("pluck-a2", Sound::Pluck { note: 45.0, secs: 3.0 }),
    ("pluck-e3", Sound::Pluck { note: 52.0, secs: 2.8 }),
    ("pluck-a3", Sound::Pluck { note: 57.0, secs: 2.6 }),
    ("pluck-c4", Sound::Pluck { note: 60.0, secs: 2.4 }),
    ("pluck-e4", Sound::Pluck { note: 64.0, secs: 2.2 }),
    ("pluck-strum-am", Sound::Strum { notes: &[45.0, 52.0, 57.0, 60.0, 64.0] }),
    ("pluck-phrase", Sound::Phrase { notes: &[57.0, 60.0, 64.0, 62.0, 60.0, 59.0, 57.0] }),
    ("bell-a3", Sound::Bell { note: 57.0 }),
    ("bell-e4", Sound::Bell { note: 64.0 }),
    ("chime-c5", Sound::Chime { note: 60.0 }),
    ("glockenspiel-a5", Sound::Glockenspiel { note: 81.0 }),
    ("marimba-phrase", Sound::Marimba { notes: &[57.0, 64.0, 69.0, 67.0, 64.0, 60.0] }),
    ("voice-a-a2", Sound::Voice { note: 45.0, vowels: &[voice::A], secs: 2.5 }),
    ("voice-o-e3", Sound::Voice { note: 52.0, vowels: &[voice::O], secs: 2.5 }),
    ("voice-e-a3", Sound::Voice { note: 57.0, vowels: &[voice::E], secs: 2.5 }),
    ("voice-i-c4", Sound::Voice { note: 60.0, vowels: &[voice::I], secs: 2.5 }),
    ("voice-u-e4", Sound::Voice { note: 64.0, vowels: &[voice::U], secs: 2.5 }),
    (
        "voice-aeiou-d3",
        Sound::Voice {
            note: 50.0,
            vowels: &[voice::A, voice::E, voice::I, voice::O, voice::U],
            secs: 4.0,
        },
    ),
    ("wind", Sound::Wind),
    ("surf", Sound::Surf),
    ("rain", Sound::Rain),
    ("shaker", Sound::Shaker),
];

/// Peaks of struck, held and noise sounds that make them about equally loud.
const STRUCK: f32 = 0.7;
const HELD: f32 = 0.5;
const NOISY: f32 = 0.4;

impl Sound {
    fn play(&self, rng: &mut Rng) -> Vec<f32> {
        match self {
            Self::Pluck { note, secs } => finish(string(*note, *secs, rng), STRUCK, 0.001),
            Self::Strum { notes } => {
                let mut mix = Vec::new();
                for (i, note) in notes.iter().enumerate() {
                    let late = 0.028 * i as f64;
                    add_at(&mut mix, &string(*note, 3.4 - late, rng), frames(late), 1.0);
                }
                finish(mix, STRUCK, 0.001)
            }
            Self::Phrase { notes } => {
                let melody = melody(notes, 0.36, |note, rng| string(note, 1.4, rng), rng);
                finish(melody, STRUCK, 0.001)
            }
            Self::Bell { note } => {
                let frequency = frequency_from_midi(*note);
                finish(strike(&BELL, frequency, 4.5, 4.0, rng), STRUCK, 0.001)
            }
            Self::Chime { note } => {
                finish(chime(frequency_from_midi(*note), 3.2, 3.2), STRUCK, 0.001)
            }
            Self::Glockenspiel { note } => {
                let frequency = frequency_from_midi(*note);
                finish(strike(&GLOCKENSPIEL, frequency, 2.2, 2.2, rng), STRUCK, 0.001)
            }
            Self::Marimba { notes } => {
                let bar = |note, rng: &mut Rng| {
                    strike(&MARIMBA, frequency_from_midi(note), 0.9, 1.1, rng)
                };
                finish(melody(notes, 0.3, bar, rng), STRUCK, 0.001)
            }
            Self::Voice { note, vowels, secs } => {
                let is_high = *note >= 57.0;
                let song = Song {
                    frequency_hz: frequency_from_midi(*note),
                    secs: *secs,
                    vowels,
                    size: if is_high { 1.17 } else { 1.0 },
                    breath: 0.06,
                };
                finish(sing(&song, rng), HELD, 0.01)
            }
            Self::Wind => finish(wind(3.5, rng), NOISY, 0.15),
            Self::Surf => finish(surf(4.0, rng), NOISY, 0.15),
            Self::Rain => finish(rain(2.5, rng), NOISY, 0.05),
            Self::Shaker => finish(shaker(2.5, 100.0, rng), NOISY, 0.005),
        }
    }
}

/// A guitar-like string, plucked a little differently each time.
fn string(note: f64, secs: f64, rng: &mut Rng) -> Vec<f32> {
    let note = Pluck {
        frequency_hz: frequency_from_midi(note),
        secs,
        decay_secs: 5.5 - 0.05 * note,
        position: f64::from(rng.uniform(0.12, 0.28)),
        brightness_hz: f64::from(rng.uniform(2000.0, 4500.0)),
    };
    pluck(&note, rng)
}

/// Notes one after another, `beat_secs` apart, ringing into each other.
fn melody(
    notes: &[f64],
    beat_secs: f64,
    play: impl Fn(f64, &mut Rng) -> Vec<f32>,
    rng: &mut Rng,
) -> Vec<f32> {
    let mut mix = Vec::new();
    for (i, note) in notes.iter().enumerate() {
        let gain = rng.uniform(0.75, 1.0);
        add_at(&mut mix, &play(*note, rng), frames(beat_secs * i as f64), gain);
    }
    mix
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{peak_db, rms_db};

    #[test]
    fn the_set_is_a_minute_of_clean_sound() {
        let sounds = sample_sounds(0);
        let secs: f64 = sounds.iter().map(|(_, clip)| clip.length_secs()).sum();
        assert!((55.0..75.0).contains(&secs), "{secs} s");
        let mut names: Vec<_> = sounds.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), sounds.len(), "every name once");
        for (name, clip) in &sounds {
            let samples = &clip.channels[0];
            assert_eq!((clip.rate_hz, clip.channels.len()), (44_100, 1), "{name}");
            assert!(name.ends_with(".wav"), "{name}");
            assert!(samples.iter().all(|x| x.is_finite()), "{name}");
            let (peak, rms) = (peak_db(clip), rms_db(clip));
            assert!((-9.0..-2.9).contains(&peak), "{name} peaks at {peak} dB");
            assert!((-32.0..-10.0).contains(&rms), "{name} has {rms} dB");
            assert!((2.0..5.0).contains(&clip.length_secs()), "{name}");
            // No click at either end, and no offset.
            let n = samples.len();
            assert!(samples[0].abs() < 1e-3 && samples[n - 1].abs() < 1e-4, "{name}");
            assert!(samples[n - 200..].iter().all(|x| x.abs() < 0.05), "{name}");
            let mean = samples.iter().map(|x| f64::from(*x)).sum::<f64>() / n as f64;
            assert!(mean.abs() < 1e-3, "{name} is off by {mean}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_sounds_and_another_seed_others() {
        let (a, again, other) = (sample_sounds(1), sample_sounds(1), sample_sounds(2));
        assert_eq!(a, again);
        for ((name, a), (other_name, b)) in a.iter().zip(&other) {
            assert_eq!(name, other_name);
            // The chime is arithmetic alone.
            assert!(a != b || name.starts_with("chime"), "{name}");
            assert_eq!(a.n_frames(), b.n_frames(), "{name}");
        }
    }
}
