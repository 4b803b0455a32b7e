//! `maquette daw`: projects of audio workstations read and converted.

use std::path::PathBuf;

use anyhow::Context;
use api::{DawConverted, DawOfSound, DawReport};
use clap::{Args, Subcommand};
use worker::DawConvert;

use super::{
    Console, absolute,
    output::{self, not_written},
    table::{list, table},
};
use crate::client::Refused;

#[derive(Subcommand)]
pub(crate) enum DawCommand {
    /// Show what is in a project: tempo and meter map, markers, tracks, clips, effects
    Read(ReadArgs),
    /// Make a project of a sound: its bars, tempo, chords and sections, for REAPER or as .dawproject
    FromSound(FromSoundArgs),
    /// Convert a project or MIDI file for REAPER, as .dawproject, as MIDI, or into stems, MIDI and tempo map
    Convert(ConvertArgs),
}

#[derive(Args)]
pub(crate) struct ReadArgs {
    /// The project: .dawproject, .rpp, .als, .logicx, a .zip that has one in it, or a .mid file
    file: PathBuf,
    /// Look for its sound files in this folder, too, by their names
    #[arg(long, value_name = "FOLDER")]
    sounds: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct FromSoundArgs {
    /// The sound
    file: PathBuf,
    /// The project that is written: .rpp or .dawproject
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
pub(crate) struct ConvertArgs {
    /// The project: .dawproject, .rpp, .als, .logicx, a .zip that has one in it, or a .mid file
    input: PathBuf,
    /// What is written: .rpp, .dawproject, .mid, or a folder (no ending)
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: PathBuf,
    /// Look for its sound files in this folder, too, by their names
    #[arg(long, value_name = "FOLDER")]
    sounds: Option<PathBuf>,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(command: &DawCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        DawCommand::Read(args) => {
            let sounds = args.sounds.as_deref().map(absolute).transpose()?;
            let report = worker::daw_read(&absolute(&args.file)?, sounds.as_deref());
            let report = report.map_err(Refused)?;
            console.terminal.result(&report, || shown(&report))
        }
        DawCommand::FromSound(args) => {
            output::check_place(&args.output, args.force)?;
            let made = worker::daw_from_sound(&absolute(&args.file)?, &args.output, None);
            let made = made.map_err(Refused)?;
            console.terminal.result(&made, || made_of(&made))
        }
        DawCommand::Convert(args) => convert(args, console),
    }
}

fn convert(args: &ConvertArgs, console: &Console) -> anyhow::Result<()> {
    let input = absolute(&args.input)?;
    if args.output.extension().is_some() {
        output::check_place(&args.output, args.force)?;
    } else if args.output.exists() && !args.force {
        let why = "It already exists.";
        let remedy = "Choose another folder, or add --force to write into it.";
        return Err(not_written(&args.output, "exists", why, remedy).into());
    }
    let output = std::path::absolute(&args.output).context("failed to find the current folder")?;
    let sounds = args.sounds.as_deref().map(absolute).transpose()?;
    let how = DawConvert { sounds: sounds.as_deref(), ..DawConvert::default() };
    let done = worker::daw_convert(&input, &output, &how).map_err(Refused)?;
    console.terminal.result(&done, || summary(&done))
}

fn made_of(made: &DawOfSound) -> String {
    let changes = match made.tempo_changes {
        0 => String::new(),
        1 => ", which changes once".into(),
        n => format!(", which changes {n} times"),
    };
    let mut text = list(&[
        ("file", made.output.clone()),
        ("bars", made.bars.to_string()),
        ("meter", made.meter.clone()),
        ("tempo", format!("{:.2} bpm{changes}", made.tempo_bpm)),
        ("sound starts at", format!("{:.3} s", made.starts_s)),
        ("markers", made.markers.to_string()),
    ]);
    sentences(&mut text, "could not be said", &made.lost);
    text
}

fn summary(done: &DawConverted) -> String {
    let mut text = list(&[
        ("files", done.files.join(", ")),
        ("tracks", done.tracks.to_string()),
        ("clips", done.clips.to_string()),
        ("notes", done.notes.to_string()),
    ]);
    sentences(&mut text, "did not come along", &done.lost);
    text
}

fn sentences(text: &mut String, heading: &str, sentences: &[String]) {
    if !sentences.is_empty() {
        text.push_str(&format!("\n{heading}:\n"));
        sentences.iter().for_each(|it| text.push_str(&format!("  {it}\n")));
    }
}

fn shown(report: &DawReport) -> String {
    let tempos: Vec<String> = report
        .tempos
        .iter()
        .take(12)
        .map(|it| format!("{:.2} bpm from {:.2} s", it.bpm, it.at_s))
        .collect();
    let meters: Vec<String> = report
        .meters
        .iter()
        .take(12)
        .map(|it| format!("{} from quarter {}", it.meter, it.quarter))
        .collect();
    let markers: Vec<String> = report
        .markers
        .iter()
        .take(24)
        .map(|it| format!("{} ({:.2} s)", it.name, it.at_s))
        .collect();
    let mut text = list(&[
        ("file", report.file.clone()),
        ("program", report.program.clone()),
        ("key", report.key.clone().unwrap_or_else(|| "not said".into())),
        ("length", format!("{:.2} s", report.seconds)),
        ("tempo", tempos.join(", ")),
        ("meter", meters.join(", ")),
        ("markers", markers.join(", ")),
    ]);
    let rows: Vec<[String; 6]> = report
        .tracks
        .iter()
        .enumerate()
        .map(|(i, track)| {
            let notes: u64 = track.clips.iter().filter_map(|it| it.notes).sum();
            let n_sounds = track.clips.iter().filter(|it| it.audio.is_some()).count();
            let n_missing = track.clips.iter().filter(|it| it.is_found == Some(false)).count();
            let sounds = match n_missing {
                0 => n_sounds.to_string(),
                n => format!("{n_sounds} ({n} not found)"),
            };
            [
                (i + 1).to_string(),
                track.name.clone(),
                track.clips.len().to_string(),
                notes.to_string(),
                sounds,
                track.effects.join(", "),
            ]
        })
        .collect();
    text.push('\n');
    text.push_str(&table(["track", "name", "clips", "notes", "sound files", "effects"], &rows));
    sentences(&mut text, "not read", &report.unread);
    text
}
