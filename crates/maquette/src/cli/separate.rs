//! `maquette separate`: what goes on in sounds and what strikes, apart from each other.

use std::path::PathBuf;

use api::SeparatedSound;

use super::{
    Console,
    batch::{self, Naming},
    output,
    table::list,
};

#[derive(clap::Args)]
pub(crate) struct SeparateArgs {
    /// A sound file, or a folder of them with its sub-folders
    input: PathBuf,
    /// The folder for what is written: for each sound `NAME harmonic.wav` and `NAME percussive.wav`
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &SeparateArgs, console: &Console) -> anyhow::Result<()> {
    let pattern = |part: &str| format!("{{name}} {part}");
    let pairs = |part: &str| {
        let pattern = pattern(part);
        let naming = Naming { extension: "wav", pattern: Some(&pattern), force: args.force };
        batch::pairs(&args.input, &args.output, &naming)
    };
    let (harmonic, percussive) = (pairs("harmonic")?, pairs("percussive")?);
    for pair in &percussive {
        if pair.output.exists() {
            output::check_place(&pair.output, args.force)?;
        }
    }
    let act = |pair: &batch::Pair| {
        let of_same = percussive.iter().find(|it| it.input == pair.input);
        let strikes = of_same.map_or(&pair.output, |it| &it.output);
        worker::separate_sound(&pair.input, &pair.output, strikes)
    };
    batch::each(&harmonic, console, act, summary)
}

fn summary(made: &SeparatedSound) -> String {
    list(&[
        ("harmonic", made.harmonic.clone()),
        ("percussive", made.percussive.clone()),
        ("share", format!("{:.0} % of the power is percussive", 100.0 * made.percussive_share)),
        ("speed", format!("{:.1} × real time on one core", made.times_real_time)),
        ("note", made.notes.join(" ")),
    ])
}
