//! `maquette embed`: words and sounds as vectors that can be compared, for users' own scripts.

use std::path::PathBuf;

use api::EmbeddedInput;
use worker::ToEmbed;

use super::{Console, absolute, output, table::list, weights::folder_of};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct EmbedArgs {
    /// A model of the library, by its identifier or name, or a folder of weights as it comes from a model hub
    model: PathBuf,
    #[command(flatten)]
    input: EmbedInput,
    /// Write what this layer gives for every frame instead; 0 is what goes into the first
    #[arg(long, value_name = "N")]
    layer: Option<usize>,
    /// Where to write the vectors, an .npy file: one float32 vector, or one for each frame of a layer
    #[arg(short, long, value_name = "E.npy")]
    output: PathBuf,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct EmbedInput {
    /// Words
    #[arg(long)]
    text: Option<String>,
    /// A sound file, of any rate and number of channels
    #[arg(long, value_name = "FILE")]
    sound: Option<PathBuf>,
}

pub(crate) fn run(args: &EmbedArgs, console: &Console) -> anyhow::Result<()> {
    output::ending(&args.output, &["npy"])?;
    let sound = args.input.sound.as_deref().map(absolute).transpose()?;
    let input = match (&sound, &args.input.text) {
        (Some(sound), _) => {
            output::check(sound, &args.output, args.force)?;
            ToEmbed::Sound(sound)
        }
        (None, text) => {
            output::check_place(&args.output, args.force)?;
            ToEmbed::Text(text.as_deref().unwrap_or(""))
        }
    };
    let model = folder_of(&args.model, console)?;
    let made = worker::embed(&model, input, args.layer, &args.output).map_err(Refused)?;
    console.terminal.result(&made, || embedded(&made))
}

fn embedded(made: &EmbeddedInput) -> String {
    list(&[
        ("vectors", format!("{}: {:?}", made.output, made.shape)),
        ("time", format!("{:.2} s", made.compute_secs)),
        ("note", made.notes.join(" ")),
    ])
}
