//! `maquette generate-text`: sounds from words, by a model of others.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

use api::{Id, ModelDetail, WordsBegin, WordsFile};
use worker::{WordsOrder, WordsStartHow};

use super::{
    Console, absolute,
    named::{self, Kind},
    output,
    table::list,
    weights::linked_of,
    words,
};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct GenerateTextArgs {
    /// A model of the library, by its identifier or name, or a folder of weights as it comes from a model hub
    model: PathBuf,
    /// An adapter to add to the model: of the library, by its identifier or name, or a file; with a weight, 1 if none is
    /// said; can be repeated
    #[arg(long = "adapter", value_name = "ADAPTER[:WEIGHT]", allow_hyphen_values = true)]
    adapters: Vec<String>,
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
        adapters: args
            .adapters
            .iter()
            .map(|text| adapter_of(text, console))
            .collect::<anyhow::Result<_>>()?,
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
    let mut first: Option<(Instant, usize)> = None;
    let made = worker::generate_text(&order, &mut |done, of| {
        let (begun, before) = *first.get_or_insert_with(|| (Instant::now(), done));
        let left =
            left_secs(begun.elapsed().as_secs_f64(), done - before.min(done), of - done.min(of));
        let left =
            left.map_or_else(String::new, |it| format!(", about {} left", words::duration(it)));
        terminal.progress(&format!("step {done} of {of}{left}"));
        ControlFlow::Continue(())
    });
    terminal.erase();
    // Nobody ends it early, so there is a sound.
    let Some(made) = made.map_err(Refused)? else { return Ok(()) };
    terminal.result(&made, || in_words(&made))
}

/// The file of an adapter, and how much of it is added.
fn adapter_of(text: &str, console: &Console) -> anyhow::Result<(PathBuf, f64)> {
    let (name, weight) = name_and_weight(text);
    let most = api::WordsAdapter::WEIGHT_MAX;
    if weight.abs() > most {
        let what = format!("{weight} is too much of an adapter.");
        let remedy = format!("Use a weight from -{most} to {most}; 1 is as it was trained.");
        return Err(output::refused("bad_weight", what, "", &remedy).into());
    }
    if Path::new(name).is_file() {
        return Ok((absolute(Path::new(name))?, weight));
    }
    let client = console.client()?;
    let id: Id = named::id(&client, Kind::Model, name)?;
    let found: ModelDetail = client.get(&format!("/api/models/{id}"))?;
    if found.model.adapter_of.is_none() {
        let what = format!("“{}” is no adapter.", found.model.name);
        let remedy = "Choose one that `maquette adapter list` shows, or a file.";
        return Err(output::refused("other_model", what, "", remedy).into());
    }
    Ok((Path::new(&found.folder).join("weights.safetensors"), weight))
}

/// `NAME:0.5` in its parts; a name may have colons itself.
fn name_and_weight(text: &str) -> (&str, f64) {
    let parts = text.rsplit_once(':').and_then(|(name, weight)| Some((name, weight.parse().ok()?)));
    parts
        .filter(|(name, weight): &(&str, f64)| !name.is_empty() && weight.is_finite())
        .unwrap_or((text, 1.0))
}

/// How long steps that are left take, by those that are done; nothing before any is.
fn left_secs(elapsed_secs: f64, n_done: usize, n_left: usize) -> Option<f64> {
    (n_done > 0).then(|| elapsed_secs / n_done as f64 * n_left as f64)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapter_has_a_name_and_a_weight() {
        assert_eq!(name_and_weight("drums"), ("drums", 1.0));
        assert_eq!(name_and_weight("drums:0.5"), ("drums", 0.5));
        assert_eq!(name_and_weight("drums:-1"), ("drums", -1.0));
        assert_eq!(name_and_weight("my: drums"), ("my: drums", 1.0));
        assert_eq!(name_and_weight(r"C:\a.safetensors:2"), (r"C:\a.safetensors", 2.0));
        assert_eq!(name_and_weight(":2"), (":2", 1.0));
        assert_eq!(name_and_weight("drums:nan"), ("drums:nan", 1.0));
    }

    #[test]
    fn what_is_left_follows_from_what_is_done() {
        assert_eq!(left_secs(4.0, 0, 10), None);
        assert_eq!(left_secs(4.0, 2, 10), Some(20.0));
        assert_eq!(left_secs(4.0, 2, 0), Some(0.0));
    }
}
