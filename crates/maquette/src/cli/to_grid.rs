//! `maquette to-grid`: takes whose beats become even and whose notes come on the steps between them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::{Analysis, GridDeviation, GriddedSound};
use worker::{GridFiles, ToGrid};

use super::{
    Console,
    batch::{self, Naming},
    output::{self, refused},
    table::list,
};
use crate::client::Refused;

/// The longest list of beats that is read, in bytes.
const BEATS_BYTES_MAX: u64 = 16 << 20;

#[derive(clap::Args)]
pub(crate) struct ToGridArgs {
    /// A sound file, or a folder of them with its sub-folders
    input: PathBuf,
    /// The file to write, or the folder for many; without it, everything is only planned
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: Option<PathBuf>,
    /// Beats per minute afterwards [default: those of the sound]
    #[arg(long, value_name = "B")]
    bpm: Option<f64>,
    /// The steps that notes come to: 1/4, 1/8, 1/16, 1/32, or triplets as 1/8t; a beat is a quarter
    #[arg(long, value_name = "1/N", default_value = "1/16", value_parser = grid)]
    grid: f64,
    /// How far notes come to their steps, in percent; beats become even in any case
    #[arg(long, value_name = "0..100", default_value_t = 100.0)]
    strength: f64,
    /// Beats that are known: a list of seconds in JSON, or what `maquette analyse --json` printed [default: those that
    /// are found]
    #[arg(long, value_name = "BEATS.json")]
    beats: Option<PathBuf>,
    /// Write a click on every beat as well
    #[arg(long, value_name = "CLICK.wav")]
    click: Option<PathBuf>,
    /// Write the tempo of the sound as it was as well, a tempo for each beat
    #[arg(long, value_name = "TEMPO.mid")]
    midi: Option<PathBuf>,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

/// The value of `--grid`: steps in a quarter.
fn grid(text: &str) -> Result<f64, String> {
    let wrong = || "it is like 1/16, or 1/8t for triplets".to_owned();
    let (text, is_triplet) = match text.strip_suffix(['t', 'T']) {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (one, length) = text.split_once('/').ok_or_else(wrong)?;
    let length: u32 = length.parse().map_err(|_| wrong())?;
    if one != "1" || !length.is_power_of_two() || length > 64 {
        return Err(wrong());
    }
    Ok(f64::from(length) / 4.0 * if is_triplet { 1.5 } else { 1.0 })
}

pub(crate) fn run(args: &ToGridArgs, console: &Console) -> anyhow::Result<()> {
    let order = ToGrid {
        bpm: args.bpm,
        steps: args.grid,
        strength: args.strength / 100.0,
        beats_s: args.beats.as_deref().map(beats_of).transpose()?,
    };
    if let Some(click) = &args.click {
        output::ending(click, &["wav", "flac", "aiff", "aif", "ogg"])?;
        output::check_place(click, args.force)?;
    }
    if let Some(midi) = &args.midi {
        output::ending(midi, &["mid", "midi"])?;
        output::check_place(midi, args.force)?;
    }
    let (click, tempo_map) = (args.click.as_deref(), args.midi.as_deref());
    let Some(output) = &args.output else {
        let input = super::absolute(&args.input)?;
        let files = GridFiles { output: None, click, tempo_map };
        let plan = worker::to_grid(&input, files, &order).map_err(Refused)?;
        return console.terminal.result(&plan, || summary(&plan));
    };
    let extension = output.extension().and_then(|it| it.to_str()).unwrap_or("wav");
    let naming = Naming { extension, pattern: None, force: args.force };
    let pairs = batch::pairs(&args.input, output, &naming)?;
    let is_for_one = click.is_some() || tempo_map.is_some() || args.beats.is_some();
    if pairs.len() > 1 && is_for_one {
        let what = "A folder cannot be put on the grid like that.".to_owned();
        let why = "--beats, --click and --midi belong to a single file.";
        return Err(refused("one_file", what, why, "Leave them out, or choose a file.").into());
    }
    let act = |pair: &batch::Pair| {
        let files = GridFiles { output: Some(&pair.output), click, tempo_map };
        worker::to_grid(&pair.input, files, &order)
    };
    batch::each(&pairs, console, act, summary)
}

/// The beats of a file: a list of seconds, or an analysis.
fn beats_of(path: &Path) -> anyhow::Result<Vec<f64>> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Beats {
        List(Vec<f64>),
        All(Box<Analysis>),
    }
    let refuse = |why: &str| {
        let what = format!("“{}” could not be read as beats.", path.display());
        let remedy = "Print them with `maquette analyse FILE --json`, or write a list of seconds.";
        refused("bad_beats", what, why, remedy)
    };
    let size =
        fs::metadata(path).map_err(|error| refuse(&api::sentence(&error.to_string())))?.len();
    if size > BEATS_BYTES_MAX {
        return Err(refuse("It is longer than 16 MB.").into());
    }
    let text = fs::read(path).map_err(|error| refuse(&api::sentence(&error.to_string())))?;
    match serde_json::from_slice(&text) {
        Ok(Beats::List(beats)) => Ok(beats),
        Ok(Beats::All(analysis)) => Ok(analysis.beats_s),
        Err(_) => Err(refuse("It is no list of beats in JSON.").into()),
    }
}

fn summary(made: &GriddedSound) -> String {
    let off = |off: Option<GridDeviation>| {
        off.map_or("-".into(), |it| format!("{:.1} ms (at most {:.1})", it.median, it.most))
    };
    let off = match made.output {
        None => off(made.off_ms[0]),
        Some(_) => format!("{} before, {} after", off(made.off_ms[0]), off(made.off_ms[1])),
    };
    list(&[
        ("sound", made.output.clone().unwrap_or_default()),
        (
            "tempo",
            format!("{:.2} beats per minute, first beat at {:.3} s", made.bpm, made.first_beat_s),
        ),
        ("length", format!("{:.3} s, was {:.3} s", made.seconds[1], made.seconds[0])),
        ("notes", format!("{} on the grid, of {} beats", made.notes.len(), made.beats_s.len())),
        ("off the grid", off),
        ("note", made.notes_for_people.join(" ")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_have_names() {
        assert_eq!(grid("1/16"), Ok(4.0));
        assert_eq!(grid("1/4"), Ok(1.0));
        assert_eq!(grid("1/8t"), Ok(3.0));
        for text in ["16", "1/0", "1/7", "2/16", "1/999", ""] {
            assert!(grid(text).is_err(), "{text}");
        }
    }
}
