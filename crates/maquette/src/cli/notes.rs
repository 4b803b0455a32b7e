//! `maquette notes`: the notes of a sound, as a MIDI file.

use std::path::PathBuf;

use worker::Voices;

use super::{Console, output};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct NotesArgs {
    /// A sound file
    #[arg(value_name = "FILE")]
    input: PathBuf,
    /// Where to write the notes, a .mid file
    #[arg(short, long, value_name = "FILE.mid")]
    output: PathBuf,
    /// One note at a time: a voice, a flute, a bass line; found out from the sound otherwise
    #[arg(long, conflicts_with = "poly")]
    mono: bool,
    /// Several notes at once: a piano, a guitar
    #[arg(long)]
    poly: bool,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &NotesArgs, console: &Console) -> anyhow::Result<()> {
    output::ending(&args.output, &["mid", "midi"])?;
    output::check_place(&args.output, args.force)?;
    let voices = match (args.mono, args.poly) {
        (true, _) => Voices::One,
        (_, true) => Voices::Several,
        _ => Voices::Auto,
    };
    console.terminal.note("Listening…");
    let found = worker::transcribe(&args.input, &args.output, voices).map_err(Refused)?;
    console.terminal.result(&found, || {
        let kind = if found.is_one_voice { "one voice" } else { "several notes at once" };
        let tempo = found.tempo_bpm.map(|bpm| format!(", {bpm:.1} BPM")).unwrap_or_default();
        format!("{}: {} notes, {kind}{tempo}", args.output.display(), found.notes.len())
    })
}
