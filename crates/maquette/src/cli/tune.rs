//! `maquette tune`: voices whose notes come to their pitches.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::{SungNote, TunedSound};
use worker::{Scale, TuneSound};

use super::{
    Console,
    batch::{self, Naming},
    output::refused,
    stretch::Formants,
    table::{list, table},
};
use crate::client::Refused;

/// The longest list of notes that is read, in bytes.
const NOTES_BYTES_MAX: u64 = 16 << 20;

#[derive(clap::Args)]
pub(crate) struct TuneArgs {
    /// A sound file with one voice, or a folder of them with its sub-folders
    input: PathBuf,
    /// The file to write, or the folder for many; without it, notes and targets are only shown
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: Option<PathBuf>,
    /// The key that notes come to, as "A minor"
    #[arg(long, value_name = "KEY", value_parser = Scale::named, conflicts_with = "scale")]
    key: Option<Scale>,
    /// The same, or `chromatic`, or notes like C,D,E [default: chromatic]
    #[arg(long, value_name = "SCALE", value_parser = Scale::named)]
    scale: Option<Scale>,
    /// How far notes are moved, in percent
    #[arg(long, value_name = "0..100", default_value_t = 100.0)]
    strength: f64,
    /// How fast notes are moved, in milliseconds; 0 at once
    #[arg(long, value_name = "MS", default_value_t = 20.0)]
    speed: f64,
    /// What becomes of vibrato
    #[arg(long, value_enum, default_value = "keep")]
    vibrato: Vibrato,
    /// What becomes of the colour of the voice
    #[arg(long, value_enum, default_value = "keep")]
    formants: Formants,
    /// The frequency of A, in Hz
    #[arg(long, value_name = "HZ", default_value_t = 440.0)]
    a: f64,
    /// Targets of one's own: the notes that --json printed, with other targets
    #[arg(long, value_name = "NOTES.json")]
    notes: Option<PathBuf>,
    /// With --json, print the pitch over time as well
    #[arg(long)]
    curve: bool,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

/// The value of `--vibrato`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Vibrato {
    /// It stays
    Keep,
    /// Notes become flat
    Flatten,
}

pub(crate) fn run(args: &TuneArgs, console: &Console) -> anyhow::Result<()> {
    let order = TuneSound {
        scale: args.key.or(args.scale).unwrap_or(Scale::CHROMATIC),
        a_hz: args.a,
        strength: args.strength / 100.0,
        speed_ms: args.speed,
        keeps_vibrato: args.vibrato == Vibrato::Keep,
        keeps_formants: args.formants == Formants::Keep,
        notes: args.notes.as_deref().map(notes_of).transpose()?,
        wants_curve: args.curve,
    };
    let Some(output) = &args.output else {
        let input = super::absolute(&args.input)?;
        let plan = worker::tune_sound(&input, None, &order).map_err(Refused)?;
        return console.terminal.result(&plan, || summary(&plan));
    };
    let extension = output.extension().and_then(|it| it.to_str()).unwrap_or("wav");
    let naming = Naming { extension, pattern: None, force: args.force };
    let pairs = batch::pairs(&args.input, output, &naming)?;
    let act = |pair: &batch::Pair| worker::tune_sound(&pair.input, Some(&pair.output), &order);
    batch::each(&pairs, console, act, summary)
}

/// The notes of a file: a list of them, or what `--json` printed.
fn notes_of(path: &Path) -> anyhow::Result<Vec<SungNote>> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Notes {
        All(TunedSound),
        List(Vec<SungNote>),
    }
    let refuse = |why: &str| {
        let what = format!("“{}” could not be read as notes.", path.display());
        refused("bad_notes", what, why, "Print notes with `maquette tune FILE --json`.")
    };
    let size =
        fs::metadata(path).map_err(|error| refuse(&api::sentence(&error.to_string())))?.len();
    if size > NOTES_BYTES_MAX {
        return Err(refuse("It is longer than 16 MB.").into());
    }
    let text = fs::read(path).map_err(|error| refuse(&api::sentence(&error.to_string())))?;
    match serde_json::from_slice(&text) {
        Ok(Notes::All(TunedSound { notes, .. }) | Notes::List(notes)) => Ok(notes),
        Err(_) => Err(refuse("It is no list of notes in JSON.").into()),
    }
}

fn summary(made: &TunedSound) -> String {
    let cents = |cents: Option<f64>| cents.map_or("-".into(), |cents| format!("{cents:.1}"));
    let rows: Vec<[String; 5]> = made
        .notes
        .iter()
        .map(|note| {
            [
                format!("{:.2}", note.start_s),
                format!("{:.2}", note.end_s),
                format!("{:.2}", note.pitch),
                note.name.clone(),
                format!("{:+.0}", 100.0 * (note.target - note.pitch)),
            ]
        })
        .collect();
    let off = match made.output {
        Some(_) => format!(
            "{} before, {} after, in cents",
            cents(made.cents_off[0]),
            cents(made.cents_off[1])
        ),
        None => format!("{} cents", cents(made.cents_off[0])),
    };
    let head = list(&[
        ("sound", made.output.clone().unwrap_or_default()),
        ("notes", made.notes.len().to_string()),
        ("out of tune", off),
        ("note", made.notes_for_people.join(" ")),
    ]);
    match made.output {
        Some(_) => head,
        None => format!("{head}{}", table(["start", "end", "pitch", "target", "cents"], &rows)),
    }
}
