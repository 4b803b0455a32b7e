//! `maquette stretch`: sound files in another time, at another pitch.

use std::path::PathBuf;

use api::StretchedSound;
use worker::{StretchLength, StretchSound};

use super::{
    Console,
    batch::{self, Naming},
    table::list,
};

#[derive(clap::Args)]
pub(crate) struct StretchArgs {
    /// A sound file, or a folder of them with its sub-folders
    input: PathBuf,
    /// The file to write, or the folder for many: .wav (32-bit floats), .flac, .aiff or .ogg
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: PathBuf,
    /// How many times as long it becomes
    #[arg(long, value_name = "R", conflicts_with_all = ["seconds", "tempo"])]
    ratio: Option<f64>,
    /// How long it becomes, in seconds
    #[arg(long, value_name = "S", conflicts_with = "tempo")]
    seconds: Option<f64>,
    /// From one tempo to another, as 120:126
    #[arg(long, value_name = "FROM:TO", value_parser = tempo)]
    tempo: Option<f64>,
    /// How much higher it becomes, in semitones; parts of a semitone too
    #[arg(long, value_name = "SEMITONES", default_value_t = 0.0, allow_negative_numbers = true)]
    pitch: f64,
    /// What becomes of its colour when the pitch moves: kept as voices need it, or moved along
    #[arg(long, value_enum, default_value = "move")]
    formants: Formants,
    /// How much is computed
    #[arg(long, value_enum, default_value = "best")]
    quality: Quality,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

/// The value of `--formants`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Formants {
    /// The colour stays
    Keep,
    /// The colour moves with the pitch
    Move,
}

/// The value of `--quality`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Quality {
    /// Half the time
    Fast,
    /// What sounds best
    Best,
}

/// The value of `--tempo`: how many times as long a sound becomes.
fn tempo(text: &str) -> Result<f64, String> {
    let parts = text.split_once(':').map(|(from, to)| (from.parse::<f64>(), to.parse::<f64>()));
    match parts {
        Some((Ok(from), Ok(to))) if from > 0.0 && to > 0.0 && (from / to).is_finite() => {
            Ok(from / to)
        }
        _ => Err("it takes two tempos in beats per minute, like `120:126`".into()),
    }
}

pub(crate) fn run(args: &StretchArgs, console: &Console) -> anyhow::Result<()> {
    let extension = args.output.extension().and_then(|it| it.to_str()).unwrap_or("wav");
    let naming = Naming { extension, pattern: None, force: args.force };
    let pairs = batch::pairs(&args.input, &args.output, &naming)?;
    let ratio = args.ratio.or(args.tempo).unwrap_or(1.0);
    let order = StretchSound {
        length: args.seconds.map_or(StretchLength::Ratio(ratio), StretchLength::Seconds),
        semitones: args.pitch,
        keeps_formants: args.formants == Formants::Keep,
        is_fast: args.quality == Quality::Fast,
    };
    let act = |pair: &batch::Pair| worker::stretch_sound(&pair.input, &pair.output, &order);
    batch::each(&pairs, console, act, summary)
}

fn summary(made: &StretchedSound) -> String {
    let pitch = match made.semitones {
        0.0 => String::new(),
        semitones => format!("{semitones:+} semitones"),
    };
    list(&[
        ("sound", made.output.clone()),
        (
            "length",
            format!(
                "{:.3} s, was {:.3} s ({:.4} times)",
                made.seconds[1], made.seconds[0], made.ratio
            ),
        ),
        ("pitch", pitch),
        ("speed", format!("{:.1} × real time on one core", made.times_real_time)),
        ("note", made.notes.join(" ")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tempos_become_ratios() {
        assert_eq!(tempo("120:60"), Ok(2.0));
        assert_eq!(tempo("100:125"), Ok(0.8));
        assert!(tempo("120").is_err() && tempo("0:1").is_err() && tempo("a:b").is_err());
    }
}
