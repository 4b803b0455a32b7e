//! `maquette spectral-edit`: fields of a sound's spectrum cut, turned up or down, or healed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::{EditedSound, SpectrumEdit};

use super::{
    Console,
    batch::{self, Naming},
    output::refused,
    table::list,
};

/// The longest list of edits that is read, in bytes.
const EDITS_BYTES_MAX: u64 = 16 << 20;

#[derive(clap::Args)]
pub(crate) struct SpectralEditArgs {
    /// A sound file
    input: PathBuf,
    /// The file to write: .wav (32-bit floats), .flac, .aiff or .ogg
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// A list of edits in JSON, each with `start_s`, `end_s`, `low_hz`, `high_hz` and `action`: `cut`, `heal`, or
    /// `gain` with `gain_db`
    #[arg(long, value_name = "EDITS.json")]
    edits: PathBuf,
    /// Leave out so many of the last edits
    #[arg(long, value_name = "N", default_value_t = 0)]
    undo: usize,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &SpectralEditArgs, console: &Console) -> anyhow::Result<()> {
    let edits = edits_of(&args.edits)?;
    let kept = &edits[..edits.len().saturating_sub(args.undo)];
    let naming = Naming { extension: "wav", pattern: None, force: args.force };
    let pairs = batch::pairs(&args.input, &args.output, &naming)?;
    let act = |pair: &batch::Pair| worker::edit_spectrum(&pair.input, &pair.output, kept);
    batch::each(&pairs, console, act, summary)
}

fn edits_of(path: &Path) -> anyhow::Result<Vec<SpectrumEdit>> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Edits {
        List(Vec<SpectrumEdit>),
        Named { edits: Vec<SpectrumEdit> },
    }
    let refuse = |why: &str| {
        let what = format!("“{}” could not be read as a list of edits.", path.display());
        let remedy = "Each edit is like \
            {\"start_s\": 1, \"end_s\": 1.5, \"low_hz\": 200, \"high_hz\": 800, \"action\": \"cut\"}.";
        refused("bad_edits", what, why, remedy)
    };
    let size =
        fs::metadata(path).map_err(|error| refuse(&api::sentence(&error.to_string())))?.len();
    if size > EDITS_BYTES_MAX {
        return Err(refuse("It is longer than 16 MB.").into());
    }
    let text = fs::read(path).map_err(|error| refuse(&api::sentence(&error.to_string())))?;
    match serde_json::from_slice(&text) {
        Ok(Edits::List(edits) | Edits::Named { edits }) => Ok(edits),
        Err(_) => Err(refuse("It is no list of edits in JSON.").into()),
    }
}

fn summary(made: &EditedSound) -> String {
    list(&[
        ("sound", made.output.clone()),
        ("edits", made.edits.to_string()),
        ("changed", format!("{:.3} s of {:.3} s", made.changed_s, made.seconds)),
        ("note", made.notes.join(" ")),
    ])
}
