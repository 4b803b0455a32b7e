//! `maquette codec`: sounds in the codes of a codec, and back, for users' own scripts.

use std::path::PathBuf;

use api::{DecodedCodes, EncodedSound};

use super::{Console, absolute, output, table::list, weights::folder_of};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct CodecArgs {
    /// A codec of the library, by its identifier or name, or a folder of weights as it comes from a model hub
    model: PathBuf,
    #[command(subcommand)]
    command: CodecCommand,
}

#[derive(clap::Subcommand)]
enum CodecCommand {
    /// Turn a sound into codes
    Encode(EncodeArgs),
    /// Turn codes into sound
    Decode(DecodeArgs),
}

#[derive(clap::Args)]
struct EncodeArgs {
    /// The sound file, of any rate and number of channels
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where to write the codes, an .npy file: int64 [books, frames]
    #[arg(short, long, value_name = "CODES.npy")]
    output: PathBuf,
    /// The bandwidth, one of the model's [default: its lowest]
    #[arg(long, value_name = "KBIT/S")]
    bandwidth: Option<f64>,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

#[derive(clap::Args)]
struct DecodeArgs {
    /// Codes, an .npy file as `maquette codec MODEL encode` writes it
    #[arg(value_name = "CODES.npy")]
    input: PathBuf,
    /// Where to write the sound: a WAV file, or an .npy file, float32 [channels, samples]
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &CodecArgs, console: &Console) -> anyhow::Result<()> {
    let model = folder_of(&args.model, console)?;
    match &args.command {
        CodecCommand::Encode(it) => {
            let input = absolute(&it.input)?;
            output::ending(&it.output, &["npy"])?;
            output::check(&input, &it.output, it.force)?;
            output::check_place(&it.output.with_extension("scales.npy"), it.force)?;
            let made = worker::encode_codes(&model, &input, &it.output, it.bandwidth);
            let made = made.map_err(Refused)?;
            console.terminal.result(&made, || encoded(&made))
        }
        CodecCommand::Decode(it) => {
            let input = absolute(&it.input)?;
            output::ending(&it.output, &["wav", "npy"])?;
            output::check(&input, &it.output, it.force)?;
            let made = worker::decode_codes(&model, &input, &it.output).map_err(Refused)?;
            console.terminal.result(&made, || decoded(&made))
        }
    }
}

fn encoded(made: &EncodedSound) -> String {
    list(&[
        ("codes", format!("{}: [{}, {}]", made.output, made.books, made.frames)),
        ("scales", made.scales.clone().unwrap_or_default()),
        ("bandwidth", format!("{:.2} kbit/s", made.kbits_per_sec)),
        ("sound", format!("{:.2} s in {:.2} s", made.secs, made.compute_secs)),
        ("note", made.notes.join(" ")),
    ])
}

fn decoded(made: &DecodedCodes) -> String {
    let secs = made.samples as f64 / f64::from(made.rate_hz);
    list(&[
        ("sound", format!("{}: [{}, {}]", made.output, made.channels, made.samples)),
        ("rate", format!("{} Hz", made.rate_hz)),
        ("length", format!("{secs:.2} s in {:.2} s", made.compute_secs)),
        ("note", made.notes.join(" ")),
    ])
}
