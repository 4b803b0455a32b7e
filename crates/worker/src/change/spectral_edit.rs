//! `maquette spectral-edit`: fields of a sound's spectrum cut, turned up or down, or healed.

use std::path::Path;

use api::{EditedSound, Problem, SpectrumAction, SpectrumEdit};
use audio::{Clip, SpectralAction, SpectralEdit, spectrally_edited};

use super::{load, named, save};
use crate::folder::problem;

/// The most edits of one order.
const EDITS_MAX: usize = 10_000;
/// The most that a field is turned up or down, in dB.
const GAIN_DB_MAX: f64 = 60.0;

/// Edits a sound file; what no edit touches stays as it is.
///
/// # Errors
/// When the file cannot be read as sound, the other one cannot be written, or an edit has no field: what happened, why,
/// and what to do.
pub fn edit_spectrum(
    input: &Path,
    output: &Path,
    edits: &[SpectrumEdit],
) -> Result<EditedSound, Problem> {
    check(edits)?;
    let (clip, mut notes) = load(input)?;
    let n_outside = edits.iter().filter(|edit| edit.start_s >= clip.length_secs()).count();
    if n_outside > 0 {
        notes.push(format!("{n_outside} of the edits lie behind its end and change nothing."));
    }
    let own: Vec<SpectralEdit> = edits.iter().map(edit_of).collect();
    let made = spectrally_edited(&clip, &own);
    let changed_s = n_changed(&clip, &made) as f64 / f64::from(clip.rate_hz);
    let notes = save(output, &made, notes)?;
    Ok(EditedSound {
        file: named(input),
        output: named(output),
        rate_hz: clip.rate_hz,
        channels: clip.channels.len() as u32,
        seconds: clip.length_secs(),
        edits: edits.len() as u32,
        changed_s,
        notes,
    })
}

fn check(edits: &[SpectrumEdit]) -> Result<(), Problem> {
    let refuse = |why: String, remedy: &str| {
        Err(problem("bad_edits", "The spectrum cannot be edited like that.", &why, remedy))
    };
    if edits.len() > EDITS_MAX {
        let why = format!("They are {} edits, and {EDITS_MAX} are possible.", edits.len());
        return refuse(why, "Write the sound in between, and go on with that.");
    }
    for (i, edit) in edits.iter().enumerate() {
        let number = i + 1;
        let all = [edit.start_s, edit.end_s, edit.low_hz, edit.high_hz, edit.gain_db];
        if all.iter().any(|x| !x.is_finite()) {
            return refuse(format!("Edit {number} has a value that is not a number."), "Mend it.");
        }
        if edit.start_s >= edit.end_s
            || edit.end_s <= 0.0
            || edit.low_hz >= edit.high_hz
            || edit.high_hz <= 0.0
        {
            let why =
                format!("Edit {number} has no field: its start lies at its end or behind it.");
            return refuse(why, "Exchange start and end, or low and high.");
        }
        if edit.gain_db.abs() > GAIN_DB_MAX {
            let why = format!("Edit {number} is to turn by more than {GAIN_DB_MAX} dB.");
            return refuse(why, "Turn by less, or use `cut`.");
        }
    }
    Ok(())
}

fn edit_of(edit: &SpectrumEdit) -> SpectralEdit {
    SpectralEdit {
        start_secs: edit.start_s,
        end_secs: edit.end_s,
        low_hz: edit.low_hz,
        high_hz: edit.high_hz,
        action: match edit.action {
            SpectrumAction::Cut => SpectralAction::Cut,
            SpectrumAction::Gain => SpectralAction::Gain(edit.gain_db),
            SpectrumAction::Heal => SpectralAction::Heal,
        },
    }
}

/// Frames from the first to the last one that differs.
fn n_changed(before: &Clip, after: &Clip) -> usize {
    let pairs = || before.channels.iter().zip(&after.channels);
    let first = pairs().filter_map(|(a, b)| a.iter().zip(b).position(|(a, b)| a != b)).min();
    let last = pairs().filter_map(|(a, b)| a.iter().zip(b).rposition(|(a, b)| a != b)).max();
    first.zip(last).map_or(0, |(first, last)| last + 1 - first)
}

#[cfg(test)]
mod tests {
    use audio::{DecodeLimits, FileFormat, WavFormat, decode_file, write_sound};

    use super::*;

    fn edit(start_s: f64, end_s: f64, action: SpectrumAction) -> SpectrumEdit {
        SpectrumEdit { start_s, end_s, low_hz: 100.0, high_hz: 2000.0, action, gain_db: -6.0 }
    }

    #[test]
    fn a_file_is_edited_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
        let tone: Vec<f32> = (0..66_150).map(|n| 0.4 * (n as f32 * 0.06).sin()).collect();
        let clip = Clip { rate_hz: 22_050, channels: vec![tone] };
        write_sound(&input, &clip, FileFormat::Wav(WavFormat::Float32)).unwrap();
        let edits = [edit(1.0, 1.2, SpectrumAction::Gain), edit(9.0, 9.5, SpectrumAction::Cut)];
        let made = edit_spectrum(&input, &output, &edits).unwrap();
        assert!((0.2..0.4).contains(&made.changed_s) && made.notes.len() == 1, "{made:?}");
        let made = edit_spectrum(&input, &output, &[]).unwrap();
        assert_eq!(made.changed_s, 0.0);
        assert!(decode_file(&output, &DecodeLimits::default()).unwrap().clip == clip);
    }

    #[test]
    fn what_is_no_field_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let wrong = |edit: SpectrumEdit| {
            assert_eq!(edit_spectrum(&path, &path, &[edit]).unwrap_err().code, "bad_edits");
        };
        wrong(edit(2.0, 1.0, SpectrumAction::Cut));
        wrong(edit(f64::NAN, 1.0, SpectrumAction::Cut));
        wrong(SpectrumEdit { high_hz: 50.0, ..edit(0.0, 1.0, SpectrumAction::Cut) });
        wrong(SpectrumEdit { gain_db: 900.0, ..edit(0.0, 1.0, SpectrumAction::Gain) });
    }
}
