//! `maquette midi`: MIDI files checked, put on the grid, searched for patterns, harmonised, arranged and written for.

mod shown;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum, builder::PossibleValuesParser};
use worker::{MidiHumanise, MidiQuantise, MidiRender, WritePart};

use super::{Console, absolute, output};
use crate::client::Refused;

#[derive(Subcommand)]
pub(crate) enum MidiCommand {
    /// Check whether a MIDI file is valid, and show what is in it
    Check(CheckArgs),
    /// Put notes on a grid: straight, swung, with tuplets, or with the groove of another file
    Quantise(QuantiseArgs),
    /// Move notes off the grid a little, as people play
    Humanise(HumaniseArgs),
    /// Give a file the groove, register and loudness of another
    Restyle(RestyleArgs),
    /// Find what is repeated in a piece, moved in time and pitch
    Patterns(PatternsArgs),
    /// Write chords and three lower voices for a melody
    Harmonise(HarmoniseArgs),
    /// Write a band for a lead sheet: bass, keys, drums and pad
    Arrange(ArrangeArgs),
    /// Write suggestions of a part for the harmony of a piece
    Write(WriteArgs),
    /// Turn a MIDI file into sound, with our instruments or a sound font
    Render(RenderArgs),
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// The MIDI file
    file: PathBuf,
}

/// A file that comes in and one that goes out.
#[derive(Args)]
struct Files {
    /// The MIDI file that comes in
    input: PathBuf,
    /// The MIDI file that is written
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

impl Files {
    /// Both paths, absolute, once it is sure that the output may be written.
    fn checked(&self) -> anyhow::Result<(PathBuf, PathBuf)> {
        let input = absolute(&self.input)?;
        output::ending(&self.output, &["mid", "midi"])?;
        output::check(&input, &self.output, self.force)?;
        Ok((input, from_here(&self.output)?))
    }
}

fn from_here(path: &std::path::Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).context("failed to find the current folder")
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tuplets {
    /// Where they are played
    Auto,
    /// Nowhere
    Off,
}

#[derive(Args)]
pub(crate) struct QuantiseArgs {
    #[command(flatten)]
    files: Files,
    /// The grid: 1/16 for 16ths, 1/8t or 1/12 for triplets of 8ths
    #[arg(long, default_value = "1/16", value_parser = grid)]
    grid: u32,
    /// How late every second step is, in percent: 0 is straight, 67 a triplet, 100 dotted
    #[arg(long, value_name = "0..100", default_value_t = 0.0, value_parser = percent)]
    swing: f64,
    /// How far notes go to their places, in percent
    #[arg(long, value_name = "0..100", default_value_t = 100.0, value_parser = percent)]
    strength: f64,
    /// Whether beats may be tuplets
    #[arg(long, value_enum, default_value = "off")]
    tuplets: Tuplets,
    /// Move the ends of notes to the grid too; else notes keep their lengths
    #[arg(long)]
    ends: bool,
    /// Follow the groove of this MIDI file, sound, or analysis of a sound (.json), instead of swing and tuplets
    #[arg(long, value_name = "FILE", conflicts_with_all = ["swing", "tuplets"])]
    groove: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct HumaniseArgs {
    #[command(flatten)]
    files: Files,
    /// The standard deviation of the times, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 8.0, value_parser = amount)]
    timing: f64,
    /// The standard deviation of the velocities
    #[arg(long, value_name = "N", default_value_t = 6.0, value_parser = amount)]
    velocity: f64,
    /// The random seed; the same gives the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

#[derive(Args)]
pub(crate) struct RestyleArgs {
    #[command(flatten)]
    files: Files,
    /// The MIDI file whose manner is taken
    #[arg(long, value_name = "FILE")]
    like: PathBuf,
    /// The grid of the groove
    #[arg(long, default_value = "1/16", value_parser = grid)]
    grid: u32,
}

#[derive(Args)]
pub(crate) struct PatternsArgs {
    /// The MIDI file
    file: PathBuf,
    /// Patterns at most
    #[arg(long, value_name = "N", default_value_t = 32,
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    most: u32,
    /// Notes of a pattern at least
    #[arg(long, value_name = "N", default_value_t = 3,
        value_parser = clap::value_parser!(u32).range(2..=1000))]
    notes: u32,
}

#[derive(Args)]
pub(crate) struct HarmoniseArgs {
    #[command(flatten)]
    files: Files,
    /// In which manner
    #[arg(long, default_value = "chorale", value_parser = PossibleValuesParser::new(worker::chord_styles()))]
    style: String,
}

#[derive(Args)]
pub(crate) struct ArrangeArgs {
    #[command(flatten)]
    files: Files,
    /// In which style
    #[arg(long, default_value = "pop", value_parser = PossibleValuesParser::new(worker::band_styles()))]
    style: String,
    /// The random seed; the same gives the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

#[derive(Args)]
pub(crate) struct WriteArgs {
    /// What to write
    #[arg(value_parser = PossibleValuesParser::new(worker::band_parts()))]
    part: String,
    /// The MIDI file for whose harmony it is written
    #[arg(long = "for", value_name = "FILE")]
    input: PathBuf,
    /// In which style
    #[arg(long, default_value = "pop", value_parser = PossibleValuesParser::new(worker::band_styles()))]
    style: String,
    /// The random seed; the same gives the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How many suggestions
    #[arg(long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=100))]
    variations: u32,
    /// The folder into which they are written
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// Overwrite suggestions that are there
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
pub(crate) struct RenderArgs {
    /// The MIDI file that comes in
    input: PathBuf,
    /// The WAV file that is written
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// A SoundFont (.sf2) that plays, instead of our instruments
    #[arg(long, value_name = "FILE")]
    soundfont: Option<PathBuf>,
    /// The sampling rate
    #[arg(long, value_name = "HZ", default_value_t = 44_100,
        value_parser = clap::value_parser!(u32).range(8000..=192_000))]
    rate: u32,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(command: &MidiCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        MidiCommand::Check(args) => check(args, console),
        MidiCommand::Quantise(args) => quantise(args, console),
        MidiCommand::Humanise(args) => humanise(args, console),
        MidiCommand::Restyle(args) => restyle(args, console),
        MidiCommand::Patterns(args) => patterns(args, console),
        MidiCommand::Harmonise(args) => harmonise(args, console),
        MidiCommand::Arrange(args) => arrange(args, console),
        MidiCommand::Write(args) => write(args, console),
        MidiCommand::Render(args) => render(args, console),
    }
}

fn check(args: &CheckArgs, console: &Console) -> anyhow::Result<()> {
    let report = worker::midi_check(&absolute(&args.file)?).map_err(Refused)?;
    console.terminal.result(&report, || shown::report(&report))
}

fn quantise(args: &QuantiseArgs, console: &Console) -> anyhow::Result<()> {
    let (input, output) = args.files.checked()?;
    let how = MidiQuantise {
        steps: args.grid,
        swing: args.swing,
        strength: args.strength,
        has_tuplets: args.tuplets == Tuplets::Auto,
        moves_ends: args.ends,
        groove: args.groove.as_deref().map(absolute).transpose()?,
    };
    let done = worker::midi_quantise(&input, &output, &how).map_err(Refused)?;
    console.terminal.result(&done, || shown::quantised(&done, &args.files.output))
}

fn humanise(args: &HumaniseArgs, console: &Console) -> anyhow::Result<()> {
    let (input, output) = args.files.checked()?;
    let how = MidiHumanise { timing_ms: args.timing, velocity: args.velocity, seed: args.seed };
    let notes = worker::midi_humanise(&input, &output, how).map_err(Refused)?;
    let result = serde_json::json!({ "notes": notes });
    console.terminal.result(&result, || format!("{notes} notes in {}", args.files.output.display()))
}

fn restyle(args: &RestyleArgs, console: &Console) -> anyhow::Result<()> {
    let (input, output) = args.files.checked()?;
    let like = absolute(&args.like)?;
    let done = worker::midi_restyle(&input, &like, &output, args.grid).map_err(Refused)?;
    console.terminal.result(&done, || shown::restyled(&done, &args.files.output))
}

fn patterns(args: &PatternsArgs, console: &Console) -> anyhow::Result<()> {
    let file = absolute(&args.file)?;
    let found = worker::midi_patterns(&file, args.most as usize, args.notes as usize);
    let found = found.map_err(Refused)?;
    console.terminal.result(&found, || shown::patterns(&found))
}

fn harmonise(args: &HarmoniseArgs, console: &Console) -> anyhow::Result<()> {
    let (input, output) = args.files.checked()?;
    let done = worker::midi_harmonise(&input, &output, &args.style).map_err(Refused)?;
    console.terminal.result(&done, || shown::written(&done))
}

fn arrange(args: &ArrangeArgs, console: &Console) -> anyhow::Result<()> {
    let (input, output) = args.files.checked()?;
    let done = worker::midi_arrange(&input, &output, &args.style, args.seed).map_err(Refused)?;
    console.terminal.result(&done, || shown::written(&done))
}

fn write(args: &WriteArgs, console: &Console) -> anyhow::Result<()> {
    let input = absolute(&args.input)?;
    for i in 1..=args.variations {
        let path = args.output.join(format!("{}-{i}.mid", args.part));
        if path.exists() {
            output::check_place(&path, args.force)?;
        }
    }
    let order = WritePart {
        part: args.part.clone(),
        style: args.style.clone(),
        seed: args.seed,
        n_variations: args.variations,
    };
    let done = worker::midi_write(&input, &from_here(&args.output)?, &order).map_err(Refused)?;
    console.terminal.result(&done, || shown::written(&done))
}

fn render(args: &RenderArgs, console: &Console) -> anyhow::Result<()> {
    let input = absolute(&args.input)?;
    output::ending(&args.output, &["wav"])?;
    output::check(&input, &args.output, args.force)?;
    let how = MidiRender {
        sound_font: args.soundfont.as_deref().map(absolute).transpose()?,
        rate_hz: args.rate,
    };
    console.terminal.note("Rendering…");
    let done = worker::midi_render(&input, &from_here(&args.output)?, &how).map_err(Refused)?;
    console.terminal.result(&done, || shown::rendered(&done, &args.output))
}

/// Steps of a whole note, from `1/16`, `1/8t` or `1/12`.
fn grid(text: &str) -> Result<u32, String> {
    let wrong = || "it takes the form 1/16, or 1/8t for triplets".to_owned();
    let steps = text.strip_prefix("1/").ok_or_else(wrong)?;
    let (steps, is_triplet) = match steps.strip_suffix(['t', 'T']) {
        Some(steps) => (steps, true),
        None => (steps, false),
    };
    let steps: u32 = steps.parse().map_err(|_| wrong())?;
    let steps = if is_triplet { steps.saturating_mul(3) / 2 } else { steps };
    if (1..=128).contains(&steps) {
        Ok(steps)
    } else {
        Err("a whole note has 1 to 128 steps".into())
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "it takes a number from 0 to 100".to_owned())?;
    if (0.0..=100.0).contains(&value) { Ok(value) } else { Err("it goes from 0 to 100".into()) }
}

fn amount(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "it takes a number".to_owned())?;
    if (0.0..=1000.0).contains(&value) { Ok(value) } else { Err("it goes from 0 to 1000".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_are_read_or_refused_in_words() {
        let check =
            |text: &str, expected: Option<u32>| assert_eq!(grid(text).ok(), expected, "{text}");
        check("1/16", Some(16));
        check("1/8t", Some(12));
        check("1/12", Some(12));
        check("1/1", Some(1));
        check("1/0", None);
        check("1/256", None);
        check("16", None);
        check("1/x", None);
        assert_eq!(percent("67"), Ok(67.0));
        assert!(percent("101").is_err() && percent("NaN").is_err());
    }
}
