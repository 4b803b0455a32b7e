//! `maquette convert-sound`: sound files in another format, at another rate, as loud as a platform asks.

use std::path::{Path, PathBuf};

use api::{ConvertedSound, SoundDither, SoundFileFormat};
use worker::{ConvertSound, LoudnessTarget};

use super::{
    Console,
    batch::{self, Naming},
    output::not_written,
    table::list,
};

#[derive(clap::Args)]
pub(crate) struct ConvertSoundArgs {
    /// A sound file, or a folder of them with its sub-folders
    input: PathBuf,
    /// The file to write, or the folder for many
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: PathBuf,
    /// The format; without it the name of the output says it
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Samples per second [default: those of each file]
    #[arg(long, value_name = "HZ")]
    rate: Option<u32>,
    /// Channels [default: those of each file]
    #[arg(long, value_name = "N")]
    channels: Option<u32>,
    /// How loud it becomes: streaming (-14 LUFS), broadcast (-23), club (-9), or LUFS as a number
    #[arg(long, value_name = "PRESET|LUFS", allow_hyphen_values = true, value_parser = loudness)]
    loudness: Option<LoudnessTarget>,
    /// The ceiling of peaks where the loudness changes, between the samples too, in dB
    #[arg(long, value_name = "DBTP", allow_negative_numbers = true, requires = "loudness",
        value_parser = ceiling)]
    ceiling: Option<f64>,
    /// The noise that is added before samples are rounded to 16 or 24 bits
    #[arg(long, value_enum, default_value = "on")]
    dither: Dither,
    /// How files are named: {name}, {n} and {folder} stand for their name, number and folder
    #[arg(long, value_name = "PATTERN")]
    name: Option<String>,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

/// The value of `--format`.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// WAV of 16 bits
    Wav16,
    /// WAV of 24 bits
    Wav24,
    /// WAV of 32-bit floats
    Wav32,
    /// Broadcast Wave of 24 bits
    Bwf,
    /// AIFF of 16 bits
    Aiff16,
    /// AIFF of 24 bits
    Aiff,
    /// FLAC of 16 bits
    Flac16,
    /// FLAC of 24 bits
    Flac,
    /// Ogg Vorbis
    Ogg,
}

impl Format {
    fn of(output: &Path) -> Option<Self> {
        let extension = output.extension()?.to_str()?.to_ascii_lowercase();
        match &extension[..] {
            "wav" | "wave" => Some(Self::Wav24),
            "bwf" => Some(Self::Bwf),
            "aif" | "aiff" => Some(Self::Aiff),
            "flac" => Some(Self::Flac),
            "ogg" | "oga" => Some(Self::Ogg),
            _ => None,
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Wav16 | Self::Wav24 | Self::Wav32 | Self::Bwf => "wav",
            Self::Aiff16 | Self::Aiff => "aiff",
            Self::Flac16 | Self::Flac => "flac",
            Self::Ogg => "ogg",
        }
    }
}

impl From<Format> for SoundFileFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Wav16 => Self::Wav16,
            Format::Wav24 => Self::Wav24,
            Format::Wav32 => Self::Wav32,
            Format::Bwf => Self::Bwf,
            Format::Aiff16 => Self::Aiff16,
            Format::Aiff => Self::Aiff,
            Format::Flac16 => Self::Flac16,
            Format::Flac => Self::Flac,
            Format::Ogg => Self::Ogg,
        }
    }
}

/// The value of `--dither`.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Dither {
    /// None
    Off,
    /// White noise
    On,
    /// Noise where ears hear least of it
    Shaped,
}

/// The value of `--loudness`.
fn loudness(text: &str) -> Result<LoudnessTarget, String> {
    match text {
        "streaming" => Ok(LoudnessTarget::STREAMING),
        "broadcast" => Ok(LoudnessTarget::BROADCAST),
        "club" => Ok(LoudnessTarget::CLUB),
        text => match text.parse::<f64>() {
            Ok(lufs) if (-60.0..=-3.0).contains(&lufs) => {
                Ok(LoudnessTarget { lufs, ..LoudnessTarget::STREAMING })
            }
            Ok(_) => Err("it goes from -60 to -3 LUFS".into()),
            Err(_) => Err("it is `streaming`, `broadcast`, `club`, or a number like -16".into()),
        },
    }
}

fn ceiling(text: &str) -> Result<f64, String> {
    let dbtp = text.parse::<f64>().ok().filter(|dbtp| (-20.0..=0.0).contains(dbtp));
    dbtp.ok_or_else(|| "it goes from -20 to 0 dB".into())
}

pub(crate) fn run(args: &ConvertSoundArgs, console: &Console) -> anyhow::Result<()> {
    let Some(format) = args.format.or_else(|| Format::of(&args.output)) else {
        let why = "Neither --format nor the end of its name says a format.";
        let remedy = "Add --format wav24, or end the name in .wav, .aiff, .flac or .ogg. \
                      MP3 is not written: its encoder's licence does not allow it.";
        return Err(not_written(&args.output, "no_format", why, remedy).into());
    };
    let naming =
        Naming { extension: format.extension(), pattern: args.name.as_deref(), force: args.force };
    let pairs = batch::pairs(&args.input, &args.output, &naming)?;
    let loudness = args.loudness.map(|target| LoudnessTarget {
        ceiling_dbtp: args.ceiling.unwrap_or(target.ceiling_dbtp),
        ..target
    });
    let order = ConvertSound {
        format: format.into(),
        rate_hz: args.rate,
        channels: args.channels,
        loudness,
        dither: match args.dither {
            Dither::Off => SoundDither::Off,
            Dither::On => SoundDither::On,
            Dither::Shaped => SoundDither::Shaped,
        },
    };
    let act = |pair: &batch::Pair| worker::convert_sound(&pair.input, &pair.output, &order);
    batch::each(&pairs, console, act, summary)
}

fn summary(made: &ConvertedSound) -> String {
    let db = |db: Option<f64>, unit: &str| db.map(|db| format!("{db:.1} {unit}"));
    let levels = [db(made.loudness_lufs, "LUFS"), db(made.true_peak_dbtp, "dBTP")];
    let gain = match (made.gain_db, made.limited_db) {
        (0.0, 0.0) => String::new(),
        (gain, 0.0) => format!("{gain:+.1} dB"),
        (gain, limited) => format!("{gain:+.1} dB, limited by up to {limited:.1} dB"),
    };
    let size = made.bytes as f64 / 1e6;
    list(&[
        ("sound", made.output.clone()),
        (
            "form",
            format!(
                "{:.2} s at {} Hz, {} ch, {size:.2} MB",
                made.seconds, made.rate_hz, made.channels
            ),
        ),
        ("level", levels.into_iter().flatten().collect::<Vec<_>>().join(", ")),
        ("gain", gain),
        ("note", made.notes.join(" ")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loudness_is_read_or_refused_in_words() {
        assert_eq!(loudness("club").map(|it| it.lufs), Ok(-9.0));
        assert_eq!(loudness("-16").map(|it| it.lufs), Ok(-16.0));
        assert!(loudness("0").is_err() && loudness("loud").is_err() && loudness("NaN").is_err());
    }

    #[test]
    fn names_say_formats() {
        let of = |name: &str| Format::of(Path::new(name)).map(SoundFileFormat::from);
        assert_eq!(of("a.WAV"), Some(SoundFileFormat::Wav24));
        assert_eq!(of("a.ogg"), Some(SoundFileFormat::Ogg));
        assert_eq!(of("a.mp3"), None);
    }
}
