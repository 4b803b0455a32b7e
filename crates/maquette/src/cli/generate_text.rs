//! `maquette generate-text`: sounds from words, by a model of others.

use std::{ops::ControlFlow, path::PathBuf};

use api::{WordsBegin, WordsFile};
use worker::{WordsOrder, WordsStartHow};

use super::{Console, absolute, output, table::list, weights::linked_of};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct GenerateTextArgs {
    /// A model of the library, by its identifier or name, or a folder of weights as it comes from a model hub
    model: PathBuf,
    /// What the sound is to be
    #[arg(long)]
    prompt: String,
    /// What it is not to be, where the model can be told
    #[arg(long, value_name = "WORDS")]
    negative: Option<String>,
    /// How long it is to be, whatever it begins with included
    #[arg(long, value_name = "S")]
    seconds: f64,
    /// Steps of the sampler, where the model has one [default: the model's usual number]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// How closely it follows the words; 1 is as it learnt [default: the model's usual guidance]
    #[arg(long, value_name = "G")]
    guidance: Option<f64>,
    /// What every random number follows from; the same seed gives the same sound
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Take the likeliest token each time, where the model writes tokens
    #[arg(long)]
    greedy: bool,
    /// Numbers in place of random ones: float32, the initial noise and then that of each step, stacked
    #[arg(long, value_name = "NOISE.npy")]
    noise: Option<PathBuf>,
    /// A sound to begin with
    #[arg(long, value_name = "SOUND")]
    from: Option<PathBuf>,
    /// How it begins with the sound [default: what the model does first of these]
    #[arg(long, value_enum, requires = "from")]
    how: Option<How>,
    /// To vary a sound: 0 keeps it, 1 keeps nothing of it
    #[arg(long, value_name = "0..1", default_value_t = 0.5, requires = "from")]
    strength: f64,
    /// To fill a gap in a sound: from and to, in seconds
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], requires = "from")]
    gap: Option<Vec<f64>>,
    /// Where to write the codes that the model wrote: int64 [books, frames]
    #[arg(long, value_name = "CODES.npy")]
    codes: Option<PathBuf>,
    /// Hold large weights in 8 bits: less memory, and several times as fast where a model writes tokens
    #[arg(long)]
    small: bool,
    /// Where to write the sound: a WAV file of 32-bit floats, or an .npy file, float32 [channels, samples]
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

/// The value of `--how`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum How {
    /// Go on from the sound's end
    Continue,
    /// Make it anew, near to it or far from it
    Vary,
    /// Fill a gap in it
    Fill,
    /// Follow its melody
    Melody,
}

pub(crate) fn run(args: &GenerateTextArgs, console: &Console) -> anyhow::Result<()> {
    output::ending(&args.output, &["wav", "npy"])?;
    output::check_place(&args.output, args.force)?;
    if let Some(codes) = &args.codes {
        output::ending(codes, &["npy"])?;
        output::check_place(codes, args.force)?;
    }
    let from = args.from.as_deref().map(absolute).transpose()?;
    let how = WordsStartHow {
        how: args.how.map(|how| match how {
            How::Continue => WordsBegin::Continue,
            How::Vary => WordsBegin::Vary,
            How::Fill => WordsBegin::Fill,
            How::Melody => WordsBegin::Melody,
        }),
        strength: args.strength,
        gap_secs: args.gap.as_deref().and_then(|gap| gap.try_into().ok()),
    };
    let linked = linked_of(&args.model, console)?;
    let folder = linked.as_ref().map_or_else(|| args.model.clone(), |it| it.folder.clone().into());
    let order = WordsOrder {
        model: folder,
        linked,
        prompt: args.prompt.clone(),
        negative: args.negative.clone(),
        secs: args.seconds,
        steps: args.steps,
        guidance: args.guidance,
        seed: args.seed,
        is_greedy: args.greedy,
        noise: args.noise.as_deref().map(absolute).transpose()?,
        from: from.map(|from| (from, how)),
        codes: args.codes.clone(),
        output: args.output.clone(),
        in_8_bits: args.small,
    };
    let terminal = console.terminal;
    let made = worker::generate_text(&order, &mut |done, of| {
        terminal.progress(&format!("step {done} of {of}"));
        ControlFlow::Continue(())
    });
    terminal.erase();
    // Nobody ends it early, so there is a sound.
    let Some(made) = made.map_err(Refused)? else { return Ok(()) };
    terminal.result(&made, || in_words(&made))
}

fn in_words(made: &WordsFile) -> String {
    let secs = made.samples as f64 / f64::from(made.rate_hz);
    let codes = made.codes.as_ref().zip(made.codes_shape);
    let codes = codes.map(|(path, [books, frames])| format!("{path}: [{books}, {frames}]"));
    let licence = made.licence.as_ref().map(|it| match &it.terms {
        Some(terms) => format!("{}. {terms}", it.name),
        None => it.name.clone(),
    });
    list(&[
        ("sound", format!("{}: [{}, {}]", made.output, made.channels, made.samples)),
        ("rate", format!("{} Hz", made.rate_hz)),
        ("length", format!("{secs:.2} s in {:.2} s", made.compute_secs)),
        ("codes", codes.unwrap_or_default()),
        ("seed", made.seed.to_string()),
        ("licence", licence.unwrap_or_default()),
        ("note", made.notes.join(" ")),
    ])
}
