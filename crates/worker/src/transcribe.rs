//! The notes of a sound as a MIDI file: what `maquette notes` does.

use std::path::Path;

use api::{HeardNote, Problem, Transcribed};
use audio::notes::{NoteEvent, Texture, notes_of_instrument, notes_of_voice, texture};
use music::{Note, Score, Track, write_midi};

use crate::{listen, measured::mono, midi::save_bytes};

/// The rate at which notes are looked for.
const RATE_HZ: u32 = 22_050;
/// Ticks of a quarter note in what is written.
const TICKS: u32 = 480;
/// The tempo of what has none, in quarter notes a minute.
const USUAL_BPM: f64 = 120.0;

/// What a sound is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Voices {
    /// Found out from the sound.
    #[default]
    Auto,
    /// One note at a time.
    One,
    /// Several notes at once.
    Several,
}

/// Finds the notes of a sound and writes them as a MIDI file in the sound's tempo.
///
/// # Errors
/// When the sound cannot be read, or the file cannot be written: what happened, and what to do.
pub fn transcribe(input: &Path, output: &Path, voices: Voices) -> Result<Transcribed, Problem> {
    let samples = mono(input, RATE_HZ)?;
    let is_one = match voices {
        Voices::One => true,
        Voices::Several => false,
        Voices::Auto => texture(&samples, RATE_HZ) == Texture::Voice,
    };
    let notes = match is_one {
        true => notes_of_voice(&samples, RATE_HZ),
        false => notes_of_instrument(&samples, RATE_HZ),
    };
    let name = input.display().to_string();
    let heard = listen::analyse(input, &name, &mut |_| true)?;
    let tempo_bpm = heard.and_then(|it| it.tempo_bpm);
    let score = score_of(&notes, tempo_bpm.unwrap_or(USUAL_BPM));
    save_bytes(output, &write_midi(&score.to_midi()))?;
    Ok(Transcribed {
        file: name,
        output: output.display().to_string(),
        seconds: samples.len() as f64 / f64::from(RATE_HZ),
        is_one_voice: is_one,
        tempo_bpm,
        notes: notes.iter().map(heard_note).collect(),
    })
}

fn key_of(note: &NoteEvent) -> u8 {
    note.midi.round().clamp(0.0, 127.0) as u8
}

/// A note in the words of the product.
pub(crate) fn heard_note(note: &NoteEvent) -> HeardNote {
    HeardNote {
        start_s: note.start_secs,
        end_s: note.end_secs,
        key: key_of(note),
        cents_off: 100.0 * (note.midi - note.midi.round()),
        velocity: note.velocity,
    }
}

/// The notes at a tempo; where they are in seconds stays as it is.
fn score_of(notes: &[NoteEvent], bpm: f64) -> Score {
    let mut score = Score::new(TICKS, bpm);
    let tick = |secs: f64| (secs.max(0.0) * bpm / 60.0 * f64::from(TICKS)).round() as u64;
    let mut track = Track::new("Notes", 0, 0);
    track.notes = notes
        .iter()
        .map(|note| {
            let start = tick(note.start_secs);
            let length = tick(note.end_secs).saturating_sub(start).max(1);
            let (key, velocity) = (key_of(note), note.velocity.clamp(1, 127));
            Note { start, length, key, velocity, channel: 0, off_velocity: 64 }
        })
        .collect();
    track.sort();
    score.tracks.push(track);
    score
}

#[cfg(test)]
mod tests {
    use audio::{Clip, WavFormat, write_wav};
    use music::{Clock, read_midi};

    use super::*;

    #[test]
    fn a_melody_becomes_a_midi_file_at_the_same_seconds() {
        let rate = 44_100;
        let secs = 0.5;
        let keys = [60.0, 64.0, 67.0, 72.0];
        let mut samples = vec![];
        for key in keys {
            let hz = 440.0 * ((key - 69.0) / 12.0f64).exp2();
            let n = (secs * f64::from(rate)) as usize;
            samples.extend((0..n).map(|i| {
                let at = i as f64 / f64::from(rate);
                let fade = (at * 50.0).min((secs - at) * 20.0).clamp(0.0, 1.0);
                let tone: f64 = (1..=5)
                    .map(|k| (std::f64::consts::TAU * hz * f64::from(k) * at).sin() / f64::from(k))
                    .sum();
                (0.2 * fade * tone) as f32
            }));
        }
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("melody.wav"), folder.path().join("melody.mid"));
        write_wav(&input, &Clip { rate_hz: rate, channels: vec![samples] }, WavFormat::Int16)
            .unwrap();
        let found = transcribe(&input, &output, Voices::Auto).unwrap();
        assert!(found.is_one_voice);
        assert_eq!(found.notes.iter().map(|it| it.key).collect::<Vec<_>>(), [60, 64, 67, 72]);
        let score = Score::from_midi(&read_midi(&std::fs::read(&output).unwrap()).unwrap().file).0;
        let clock = Clock::new(&score);
        for (note, heard) in score.notes().zip(&found.notes) {
            assert!((clock.secs_from_tick(note.start as f64) - heard.start_s).abs() < 2e-3);
        }
        for (i, heard) in found.notes.iter().enumerate() {
            assert!((heard.start_s - secs * i as f64).abs() < 0.08, "{heard:?}");
        }
        std::fs::write(&input, "this is a text").unwrap();
        assert!(transcribe(&input, &output, Voices::Several).is_err());
    }
}
