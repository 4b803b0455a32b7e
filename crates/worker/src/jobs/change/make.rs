//! What a change does to one file: the functions that the commands call, with names for what they write.

use std::path::Path;

use api::{
    Change, ChangeReport, ChangeResult, ChangedFile, ChangedKind, ChangedRole, GridChange,
    LoudnessGoal, Problem, SoundFileFormat, StretchChange, TuneChange, WriteChange,
};

use super::{Making, daw, size};
use crate::midi::midi_render_together;
use crate::{
    ConvertSound, GridFiles, LoudnessTarget, MidiHumanise, MidiQuantise, MidiRender, Scale,
    StretchLength, StretchSound, ToGrid, TuneSound, WritePart, analyse, convert_sound,
    edit_spectrum, folder::problem, midi_arrange, midi_harmonise, midi_humanise, midi_quantise,
    midi_render, midi_write, separate_sound, stretch_sound, to_grid, tune_sound,
};

/// The sampling rate of previews.
const PREVIEW_HZ: u32 = 44_100;

/// What was made of one file.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) files: Vec<ChangedFile>,
    pub(super) report: ChangeReport,
}

/// Changes one file.
///
/// # Errors
/// What happened, why, and what to do.
pub(super) fn make(order: &Making, change: &Change) -> Result<Made, Problem> {
    let input = order.input.as_path();
    match change {
        Change::Convert(how) => {
            let (output, path) = order.path("", ending(how.format));
            let how = ConvertSound {
                format: how.format,
                rate_hz: how.rate_hz,
                channels: how.channels,
                loudness: how.loudness.map(loudness),
                dither: how.dither,
            };
            let report = convert_sound(input, &output, &how)?;
            let file = sound(&output, path, order.name.clone());
            Ok(Made { files: vec![file], report: ChangeReport::Convert(report) })
        }
        Change::Stretch(how) => stretch(order, how),
        Change::Tune(how) => tune(order, how),
        Change::ToGrid(how) => grid(order, how),
        Change::SpectralEdit(how) => {
            let (output, path) = order.path(" edited", "wav");
            let report = edit_spectrum(input, &output, &how.edits)?;
            let file = sound(&output, path, format!("{} edited", order.name));
            Ok(Made { files: vec![file], report: ChangeReport::SpectralEdit(report) })
        }
        Change::Separate => {
            let (tones, tones_path) = order.path(" harmonic", "wav");
            let (strikes, strikes_path) = order.path(" percussive", "wav");
            let report = separate_sound(input, &tones, &strikes)?;
            let part = |output: &Path, path, role, what: &str| ChangedFile {
                role,
                ..sound(output, path, format!("{} {what}", order.name))
            };
            let files = vec![
                part(&tones, tones_path, ChangedRole::Harmonic, "harmonic"),
                part(&strikes, strikes_path, ChangedRole::Percussive, "percussive"),
            ];
            Ok(Made { files, report: ChangeReport::Separate(report) })
        }
        Change::Quantise(how) => {
            let (output, path) = order.path(" quantised", "mid");
            let how = MidiQuantise {
                steps: steps_of_whole(&how.grid)?,
                swing: within(how.swing, "swing")?,
                strength: within(how.strength, "strength")?,
                has_tuplets: how.has_tuplets,
                moves_ends: how.moves_ends,
                groove: how.groove.clone(),
            };
            let report = midi_quantise(input, &output, &how)?;
            let file = midi(&output, path, format!("{} quantised", order.name));
            let files = with_preview(order, vec![file], false);
            Ok(Made { files, report: ChangeReport::Quantise(report) })
        }
        Change::Humanise(how) => {
            let (output, path) = order.path(" humanised", "mid");
            let how = MidiHumanise {
                timing_ms: amount(how.timing_ms, "timing")?,
                velocity: amount(how.velocity, "velocity")?,
                seed: how.seed,
            };
            let notes = midi_humanise(input, &output, how)?;
            let file = midi(&output, path, format!("{} humanised", order.name));
            let files = with_preview(order, vec![file], false);
            Ok(Made { files, report: ChangeReport::Humanise { notes } })
        }
        Change::Harmonise(how) => {
            let (output, path) = order.path(" harmonised", "mid");
            let report = midi_harmonise(input, &output, &how.style)?;
            let file = midi(&output, path, format!("{} harmonised", order.name));
            let files = with_preview(order, vec![file], false);
            Ok(Made { files, report: ChangeReport::Harmonise(report) })
        }
        Change::Arrange(how) => {
            let (output, path) = order.path(" arranged", "mid");
            let report = midi_arrange(input, &output, &how.style, how.seed)?;
            let file = midi(&output, path, format!("{} arranged", order.name));
            let files = with_preview(order, vec![file], false);
            Ok(Made { files, report: ChangeReport::Arrange(report) })
        }
        Change::Write(how) => write(order, how),
        Change::Render(how) => {
            let (output, path) = order.path("", "wav");
            if !(8_000..=192_000).contains(&how.rate_hz) {
                let why = format!("{} Hz is not between 8000 and 192000.", how.rate_hz);
                return Err(refused(&why, "Use 44100 or 48000."));
            }
            let how = MidiRender { sound_font: how.sound_font.clone(), rate_hz: how.rate_hz };
            let report = midi_render(input, &output, &how)?;
            let file = sound(&output, path, order.name.clone());
            Ok(Made { files: vec![file], report: ChangeReport::Render(report) })
        }
        Change::ConvertDaw(how) => daw::convert(order, how),
        Change::WriteDaw(how) => daw::write(order, how),
    }
}

fn stretch(order: &Making, how: &StretchChange) -> Result<Made, Problem> {
    if how.ratio.is_some() && how.seconds.is_some() {
        let why = "Its length is asked for twice, as a ratio and in seconds.";
        return Err(refused(why, "Use one of both."));
    }
    let length = match how.seconds {
        Some(secs) => StretchLength::Seconds(secs),
        None => StretchLength::Ratio(how.ratio.unwrap_or(1.0)),
    };
    let (output, path) = order.path(" stretched", "wav");
    let report = stretch_sound(
        &order.input,
        &output,
        &StretchSound {
            length,
            semitones: how.semitones,
            keeps_formants: how.keeps_formants,
            is_fast: how.is_fast,
        },
    )?;
    let file = sound(&output, path, format!("{} stretched", order.name));
    Ok(Made { files: vec![file], report: ChangeReport::Stretch(report) })
}

fn tune(order: &Making, how: &TuneChange) -> Result<Made, Problem> {
    let scale = Scale::named(&how.scale).map_err(|why| {
        refused(&api::sentence(&why), "Use a key like A minor, chromatic, or notes like C,D,E.")
    })?;
    let tuning = TuneSound {
        scale,
        a_hz: how.a_hz,
        strength: within(how.strength, "strength")? / 100.0,
        speed_ms: how.speed_ms,
        keeps_vibrato: how.keeps_vibrato,
        keeps_formants: how.keeps_formants,
        notes: how.notes.clone(),
        wants_curve: how.is_plan,
    };
    let (output, path) = order.path(" tuned", "wav");
    let report = tune_sound(&order.input, (!how.is_plan).then_some(&output), &tuning)?;
    let files = match how.is_plan {
        true => vec![],
        false => vec![sound(&output, path, format!("{} tuned", order.name))],
    };
    Ok(Made { files, report: ChangeReport::Tune(report) })
}

fn grid(order: &Making, how: &GridChange) -> Result<Made, Problem> {
    let to = ToGrid {
        bpm: how.bpm,
        steps: f64::from(steps_of_whole(&how.grid)?) / 4.0,
        strength: within(how.strength, "strength")? / 100.0,
        beats_s: Some(match &how.beats_s {
            Some(beats_s) => beats_s.clone(),
            None => beats_of(order)?,
        }),
    };
    let (output, path) = order.path(" on the grid", "wav");
    let (click, click_path) = order.path(" click", "wav");
    let (map, map_path) = order.path(" tempo", "mid");
    let wants_click = how.has_click && !how.is_plan;
    let wants_map = how.has_tempo_map && !how.is_plan;
    let report = to_grid(
        &order.input,
        GridFiles {
            output: (!how.is_plan).then_some(&output),
            click: wants_click.then_some(&click),
            tempo_map: wants_map.then_some(&map),
        },
        &to,
    )?;
    let mut files = vec![];
    if !how.is_plan {
        files.push(sound(&output, path, format!("{} on the grid", order.name)));
    }
    if wants_click {
        let name = format!("{} click", order.name);
        files.push(ChangedFile { role: ChangedRole::Click, ..sound(&click, click_path, name) });
    }
    if wants_map {
        let name = format!("{} tempo", order.name);
        files.push(ChangedFile { role: ChangedRole::TempoMap, ..midi(&map, map_path, name) });
    }
    Ok(Made { files, report: ChangeReport::ToGrid(report) })
}

/// The beats of a take, found anew.
fn beats_of(order: &Making) -> Result<Vec<f64>, Problem> {
    let found = analyse(&order.input, &order.name, &mut |_| true)?;
    Ok(found.map_or_else(Vec::new, |found| found.beats_s))
}

fn write(order: &Making, how: &WriteChange) -> Result<Made, Problem> {
    if !(1..=100).contains(&how.variations) {
        return Err(refused("It writes 1 to 100 suggestions.", "Ask for fewer."));
    }
    let part = WritePart {
        part: how.part.clone(),
        style: how.style.clone(),
        seed: how.seed,
        n_variations: how.variations,
    };
    let (folder, _) = order.path("", "parts");
    let report = midi_write(&order.input, &folder, &part)?;
    let mut files = vec![];
    for written in &report.files {
        let written = Path::new(written);
        let stem = written.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (output, path) = order.path(&format!(" {stem}"), "mid");
        std::fs::rename(written, &output).map_err(|error| {
            let why = api::sentence(&error.to_string());
            problem("not_written", "The suggestions were not written.", &why, "Try again.")
        })?;
        files.push(midi(&output, path, format!("{} {stem}", order.name)));
    }
    // It is empty now; that it stays harms nobody.
    let _ = std::fs::remove_dir(&folder);
    let files = with_preview(order, files, true);
    Ok(Made { files, report: ChangeReport::Write(report) })
}

/// The MIDI files with the sound of each, of a part together with the piece. One that cannot be played is still there to be
/// seen.
fn with_preview(order: &Making, files: Vec<ChangedFile>, is_part: bool) -> Vec<ChangedFile> {
    let how = MidiRender { sound_font: None, rate_hz: PREVIEW_HZ };
    let mut all = Vec::with_capacity(2 * files.len());
    for file in files {
        let name = Path::new(&file.path).file_stem().unwrap_or_default().to_string_lossy();
        let written = order.folder.join(format!("{name}.mid"));
        let output = order.folder.join(format!("{name}.wav"));
        let path = format!("{}/{name}.wav", ChangeResult::FILES);
        let rendered = match is_part {
            true => midi_render_together(&written, &order.input, &output, &how),
            false => midi_render(&written, &output, &how),
        };
        let name = file.name.clone();
        all.push(file);
        if rendered.is_ok() {
            let role = ChangedRole::Preview;
            all.push(ChangedFile { role, ..sound(&output, path, name) });
        }
    }
    all
}

pub(super) fn sound(output: &Path, path: String, name: String) -> ChangedFile {
    let (kind, role) = (ChangedKind::Sound, ChangedRole::Result);
    ChangedFile { path, kind, role, name, of: 0, bytes: size(output) }
}

fn midi(output: &Path, path: String, name: String) -> ChangedFile {
    ChangedFile { kind: ChangedKind::Midi, ..sound(output, path, name) }
}

fn loudness(goal: LoudnessGoal) -> LoudnessTarget {
    match goal {
        LoudnessGoal::Streaming => LoudnessTarget::STREAMING,
        LoudnessGoal::Broadcast => LoudnessTarget::BROADCAST,
        LoudnessGoal::Club => LoudnessTarget::CLUB,
        LoudnessGoal::Own { lufs, ceiling_dbtp } => LoudnessTarget { lufs, ceiling_dbtp },
    }
}

fn ending(format: SoundFileFormat) -> &'static str {
    match format {
        SoundFileFormat::Wav16
        | SoundFileFormat::Wav24
        | SoundFileFormat::Wav32
        | SoundFileFormat::Bwf => "wav",
        SoundFileFormat::Aiff16 | SoundFileFormat::Aiff => "aiff",
        SoundFileFormat::Flac16 | SoundFileFormat::Flac => "flac",
        SoundFileFormat::Ogg => "ogg",
    }
}

/// The steps of a whole note that a grid has: `1/16` is 16, and triplets of 8ths, `1/8t`, are 12.
fn steps_of_whole(grid: &str) -> Result<u32, Problem> {
    let wrong =
        || refused(&format!("“{grid}” is no grid."), "Use one like 1/16, or 1/8t for triplets.");
    let steps = grid.trim().strip_prefix("1/").ok_or_else(wrong)?;
    let (steps, is_triplet) = match steps.strip_suffix(['t', 'T']) {
        Some(steps) => (steps, true),
        None => (steps, false),
    };
    let steps: u32 = steps.parse().map_err(|_| wrong())?;
    let steps = if is_triplet { steps.saturating_mul(3) / 2 } else { steps };
    if (1..=128).contains(&steps) { Ok(steps) } else { Err(wrong()) }
}

/// A percentage.
fn within(percent: f64, name: &str) -> Result<f64, Problem> {
    match (0.0..=100.0).contains(&percent) {
        true => Ok(percent),
        false => Err(refused(&format!("The {name} goes from 0 to 100."), "Use 100 for all.")),
    }
}

/// How far something is scattered.
fn amount(value: f64, name: &str) -> Result<f64, Problem> {
    match (0.0..=1000.0).contains(&value) {
        true => Ok(value),
        false => Err(refused(&format!("The {name} goes from 0 to 1000."), "Use a smaller one.")),
    }
}

pub(super) fn refused(why: &str, remedy: &str) -> Problem {
    problem("bad_change", "It cannot be changed like that.", why, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_are_read_or_refused_in_words() {
        let check = |text: &str, expected: Option<u32>| {
            assert_eq!(steps_of_whole(text).ok(), expected, "{text}");
        };
        check("1/4", Some(4));
        check("1/16", Some(16));
        check("1/8t", Some(12));
        check(" 1/32 ", Some(32));
        for text in ["", "16", "1/0", "1/999", "1/x", "2/4"] {
            check(text, None);
        }
        assert!(within(f64::NAN, "swing").is_err() && amount(-1.0, "timing").is_err());
    }
}
