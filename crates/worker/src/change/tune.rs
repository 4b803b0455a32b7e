//! `maquette tune`: a voice whose notes come to the pitches of a scale, or to those that somebody gave them.

use std::path::Path;

use api::{Problem, SungCurve, SungNote, TunedSound};
use audio::{Clip, PitchCurve, Tuning, VoiceNote, pitch_curve, tuned, voice_notes};

use super::{load, named, save};
use crate::folder::problem;

/// How a voice is tuned.
#[derive(Clone, Debug, PartialEq)]
pub struct TuneSound {
    /// The notes that it may have.
    pub scale: Scale,
    /// The frequency of A, in Hz.
    pub a_hz: f64,
    /// How far notes are moved, from 0 to 1.
    pub strength: f64,
    /// How fast they are moved, in milliseconds.
    pub speed_ms: f64,
    /// Whether vibrato stays.
    pub keeps_vibrato: bool,
    /// Whether the colour of the voice stays.
    pub keeps_formants: bool,
    /// Targets that somebody chose, instead of those of the scale.
    pub notes: Option<Vec<SungNote>>,
    /// Whether the pitch over time is told.
    pub wants_curve: bool,
}

/// The notes of an octave that a voice may have, from C on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale([bool; 12]);

const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

/// Modes, and their steps above the tonic.
const MODES: [(&str, &[usize]); 10] = [
    ("major", &[0, 2, 4, 5, 7, 9, 11]),
    ("minor", &[0, 2, 3, 5, 7, 8, 10]),
    ("harmonic minor", &[0, 2, 3, 5, 7, 8, 11]),
    ("dorian", &[0, 2, 3, 5, 7, 9, 10]),
    ("phrygian", &[0, 1, 3, 5, 7, 8, 10]),
    ("lydian", &[0, 2, 4, 6, 7, 9, 11]),
    ("mixolydian", &[0, 2, 4, 5, 7, 9, 10]),
    ("pentatonic", &[0, 2, 4, 7, 9]),
    ("minor pentatonic", &[0, 3, 5, 7, 10]),
    ("blues", &[0, 3, 5, 6, 7, 10]),
];

impl Scale {
    /// All twelve notes.
    pub const CHROMATIC: Self = Self([true; 12]);

    /// A scale by its name: `A minor`, `Bb dorian`, `chromatic`, or notes like `C,D,E`.
    ///
    /// # Errors
    /// When it is none: what would be one.
    pub fn named(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("chromatic") {
            return Ok(Self::CHROMATIC);
        }
        let mut notes = [false; 12];
        if text.contains(',') {
            for name in text.split(',') {
                let name = name.trim();
                let note = class_named(name).ok_or_else(|| format!("`{name}` is no note"))?;
                notes[note] = true;
            }
            return Ok(Self(notes));
        }
        let (tonic, mode) = text.split_once(char::is_whitespace).unwrap_or((text, "major"));
        let Some(tonic) = class_named(tonic) else {
            return Err(format!("`{tonic}` is no note; a key is like `A minor` or `F# major`"));
        };
        let mode = mode.trim().to_lowercase();
        let Some((_, steps)) = MODES.iter().find(|(name, _)| *name == mode) else {
            let names: Vec<&str> = MODES.iter().map(|(name, _)| *name).collect();
            return Err(format!("`{mode}` is none of {}", names.join(", ")));
        };
        steps.iter().for_each(|step| notes[(tonic + step) % 12] = true);
        Ok(Self(notes))
    }

    /// The nearest note of the scale, as a MIDI note.
    fn nearest(self, pitch: f64) -> f64 {
        let around = pitch.round() as i64;
        let notes = (around - 12..=around + 12)
            .filter(|note| self.0[note.rem_euclid(12) as usize])
            .map(|note| note as f64);
        let near = notes.min_by(|a, b| (a - pitch).abs().total_cmp(&(b - pitch).abs()));
        near.unwrap_or(pitch)
    }
}

/// The place of a note in its octave, from C on.
fn class_named(name: &str) -> Option<usize> {
    let mut letters = name.chars();
    let letter = letters.next()?.to_ascii_uppercase().to_string();
    let class = NAMES.iter().position(|it| *it == letter)? as i64;
    let shift: i64 = letters
        .map(|c| match c {
            '#' | '♯' => Some(1),
            'b' | '♭' => Some(-1),
            _ => None,
        })
        .sum::<Option<i64>>()?;
    Some((class + shift).rem_euclid(12) as usize)
}

/// A MIDI note by its name, as `C#4`; 60 is C4.
fn name_of(note: f64) -> String {
    let note = note.round() as i64;
    format!("{}{}", NAMES[note.rem_euclid(12) as usize], note.div_euclid(12) - 1)
}

/// Tunes a voice; without an output it is only planned.
///
/// # Errors
/// When the file cannot be read as sound, the other one cannot be written, or the order is out of range: what happened,
/// why, and what to do.
pub fn tune_sound(
    input: &Path,
    output: Option<&Path>,
    order: &TuneSound,
) -> Result<TunedSound, Problem> {
    check(order)?;
    let (clip, mut words) = load(input)?;
    let curve = pitch_curve(&clip);
    let mut notes = voice_notes(&curve);
    aim(&mut notes, &curve, order);
    if notes.is_empty() {
        words.push("It holds no voice that could be tuned, so it stays as it is.".into());
    }
    let tuning = Tuning {
        strength: order.strength,
        speed_secs: order.speed_ms / 1000.0,
        keeps_vibrato: order.keeps_vibrato,
        keeps_formants: order.keeps_formants,
    };
    let mut after = None;
    if let Some(output) = output {
        let made = tuned(&clip, &curve, &notes, tuning);
        after = cents_after(&made, &curve, &notes);
        words = save(output, &made, words)?;
    }
    let step_s = curve.hop_secs();
    let told = notes.iter().map(|note| SungNote {
        start_s: note.points.start as f64 * step_s,
        end_s: note.points.end as f64 * step_s,
        pitch: note.pitch,
        target: note.target,
        name: name_of(note.target),
    });
    let off =
        notes.iter().map(|note| (note.points.len(), 100.0 * (note.pitch - note.target).abs()));
    Ok(TunedSound {
        file: named(input),
        output: output.map(named),
        rate_hz: clip.rate_hz,
        channels: clip.channels.len() as u32,
        seconds: clip.length_secs(),
        cents_off: [mean(off), after],
        notes: told.collect(),
        curve: if order.wants_curve {
            SungCurve { step_s, pitch: curve.semitones }
        } else {
            SungCurve::default()
        },
        notes_for_people: words,
    })
}

fn check(order: &TuneSound) -> Result<(), Problem> {
    let refuse = |why: &str, remedy: &str| {
        Err(problem("bad_tuning", "The sound cannot be tuned like that.", why, remedy))
    };
    if !(0.0..=1.0).contains(&order.strength) {
        return refuse("The strength goes from 0 to 100.", "Use 100 to move notes all the way.");
    }
    if !(0.0..=5000.0).contains(&order.speed_ms) {
        return refuse("The speed goes from 0 to 5000 ms.", "Use 20 for a natural sound.");
    }
    if !(380.0..=500.0).contains(&order.a_hz) {
        return refuse("A lies between 380 and 500 Hz.", "Use 440.");
    }
    let is_wild = |note: &SungNote| {
        !note.target.is_finite()
            || !note.pitch.is_finite()
            || (note.target - note.pitch).abs() > 24.0
    };
    if order.notes.iter().flatten().any(is_wild) {
        return refuse("A note is to move by more than two octaves.", "Move it by less.");
    }
    Ok(())
}

/// Gives each note its target: that of the scale, or that of the given note which it shares most time with.
fn aim(notes: &mut [VoiceNote], curve: &PitchCurve, order: &TuneSound) {
    let off = 12.0 * (order.a_hz / 440.0).log2();
    let secs = |point: usize| point as f64 * curve.hop_secs();
    for note in notes {
        let (start, end) = (secs(note.points.start), secs(note.points.end));
        note.target = match &order.notes {
            None => order.scale.nearest(note.pitch - off) + off,
            Some(given) => {
                let shared = |it: &SungNote| it.end_s.min(end) - it.start_s.max(start);
                let best = given.iter().max_by(|a, b| shared(a).total_cmp(&shared(b)));
                match best.filter(|it| shared(it) > 0.0) {
                    // What was left as it is stays as it is to the last bit.
                    Some(it) if it.target == it.pitch => note.pitch,
                    Some(it) => it.target,
                    None => note.pitch,
                }
            }
        };
    }
}

/// How far the tuned notes are from their targets, in cents.
fn cents_after(made: &Clip, before: &PitchCurve, notes: &[VoiceNote]) -> Option<f64> {
    let after = pitch_curve(made);
    debug_assert_eq!(after.hop, before.hop, "both have the same rate");
    let off = notes.iter().filter_map(|note| {
        // Without the time in which the voice comes from the note before.
        let n = note.points.len();
        let inside = note.points.start + n / 4..note.points.end - n / 8;
        let mut found: Vec<f64> = after.semitones.get(inside)?.iter().flatten().copied().collect();
        found.sort_by(f64::total_cmp);
        let middle = *found.get(found.len() / 2)?;
        Some((n, 100.0 * (middle - note.target).abs()))
    });
    mean(off)
}

fn mean(values: impl Iterator<Item = (usize, f64)>) -> Option<f64> {
    let (n, sum) =
        values.fold((0, 0.0), |(n, sum), (len, cents)| (n + len, sum + len as f64 * cents));
    (n > 0).then(|| sum / n as f64)
}

#[cfg(test)]
mod tests {
    use audio::{DecodeLimits, FileFormat, WavFormat, decode_file, write_sound};

    use super::*;

    fn order(scale: &str) -> TuneSound {
        TuneSound {
            scale: Scale::named(scale).unwrap(),
            a_hz: 440.0,
            strength: 1.0,
            speed_ms: 20.0,
            keeps_vibrato: true,
            keeps_formants: true,
            notes: None,
            wants_curve: false,
        }
    }

    #[test]
    fn scales_have_names() {
        let check = |text: &str, expected: &[usize]| {
            let Scale(notes) = Scale::named(text).unwrap();
            let found: Vec<usize> = (0..12).filter(|i| notes[*i]).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("A minor", &[0, 2, 4, 5, 7, 9, 11]);
        check("Bb major", &[0, 2, 3, 5, 7, 9, 10]);
        check("f# harmonic minor", &[1, 2, 5, 6, 8, 9, 11]);
        check("C, Eb,G", &[0, 3, 7]);
        check("chromatic", &(0..12).collect::<Vec<_>>());
        for text in ["H minor", "A loud", "", "C,X", "Bx"] {
            assert!(Scale::named(text).is_err(), "{text}");
        }
        assert_eq!(Scale::named("C major").unwrap().nearest(61.2), 62.0);
        assert_eq!(
            (name_of(60.0), name_of(69.2), name_of(21.0)),
            ("C4".into(), "A4".into(), "A0".into())
        );
    }

    #[test]
    fn a_voice_comes_to_its_scale_and_a_plan_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
        // A buzz 30 cents above G3.
        let hz = 196.0 * (0.3f64 / 12.0).exp2();
        let sample = |n: usize| {
            let phase = std::f64::consts::TAU * hz * n as f64 / 44_100.0;
            (1..12).map(|k| 0.1 / f64::from(k) * (phase * f64::from(k)).sin()).sum::<f64>() as f32
        };
        let clip = Clip { rate_hz: 44_100, channels: vec![(0..60_000).map(sample).collect()] };
        write_sound(&input, &clip, FileFormat::Wav(WavFormat::Float32)).unwrap();
        let plan =
            tune_sound(&input, None, &TuneSound { wants_curve: true, ..order("C major") }).unwrap();
        assert_eq!(plan.notes.len(), 1, "{plan:?}");
        assert_eq!(plan.notes[0].name, "G3");
        assert!((plan.cents_off[0].unwrap() - 30.0).abs() < 2.0 && plan.cents_off[1].is_none());
        assert!(!plan.curve.pitch.is_empty());
        let made = tune_sound(&input, Some(&output), &order("C major")).unwrap();
        assert!(made.cents_off[1].unwrap() < 3.0, "{made:?}");
        // Notes that are given count instead, and one that is left as it is changes nothing.
        let mut notes = plan.notes.clone();
        notes[0].target = 57.0;
        let given = TuneSound { notes: Some(notes.clone()), ..order("chromatic") };
        let made = tune_sound(&input, Some(&output), &given).unwrap();
        assert!(made.notes[0].target == 57.0 && made.cents_off[1].unwrap() < 4.0, "{made:?}");
        notes[0].target = notes[0].pitch;
        let given = TuneSound { notes: Some(notes), ..order("chromatic") };
        tune_sound(&input, Some(&output), &given).unwrap();
        assert!(decode_file(&output, &DecodeLimits::default()).unwrap().clip == clip);
    }

    #[test]
    fn what_cannot_be_tuned_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("a.wav");
        let silence = Clip { rate_hz: 44_100, channels: vec![vec![0.0; 30_000]] };
        write_sound(&input, &silence, FileFormat::Wav(WavFormat::Int16)).unwrap();
        let made = tune_sound(&input, None, &order("chromatic")).unwrap();
        assert!(made.notes.is_empty() && !made.notes_for_people.is_empty());
        let wild = SungNote {
            start_s: 0.0,
            end_s: 1.0,
            pitch: 60.0,
            target: f64::NAN,
            name: String::new(),
        };
        for order in [
            TuneSound { strength: 2.0, ..order("chromatic") },
            TuneSound { speed_ms: f64::NAN, ..order("chromatic") },
            TuneSound { a_hz: 0.0, ..order("chromatic") },
            TuneSound { notes: Some(vec![wild]), ..order("chromatic") },
        ] {
            assert_eq!(tune_sound(&input, None, &order).unwrap_err().code, "bad_tuning");
        }
    }
}
