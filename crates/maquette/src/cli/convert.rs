//! `maquette encode` and `maquette decode`: sound to latents and back, for users' own scripts.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use api::{
    Conversion, ConversionResult, ConvertTask, LivePlay, LiveWeights, Model, ModelDetail,
    ModelPlace, SoundFormat,
};

use super::{
    Console, absolute,
    follow::Onlooker,
    interrupt,
    output::{self, refused},
    words,
};
use crate::{client::Client, percent::encoded_path};

#[derive(clap::Args)]
pub(crate) struct EncodeArgs {
    /// A model's identifier or name, or a file or folder with one
    model: String,
    /// The sound file
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where to write the latents, an .npy file: float32 [1, latents, frames]
    #[arg(short, long, value_name = "Z.npy")]
    output: PathBuf,
    /// Use the means of a variational model's latents instead of drawing them
    #[arg(long, conflicts_with = "seed")]
    mean: bool,
    /// The random seed to draw latents with
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write the codes of a discrete model: int64 [1, books, frames]
    #[arg(long, conflicts_with_all = ["seed", "stream"])]
    codes: bool,
    #[command(flatten)]
    live: LiveArgs,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

#[derive(clap::Args)]
pub(crate) struct DecodeArgs {
    /// A model's identifier or name, or a file or folder with one
    model: String,
    /// Latents or codes, an .npy file as `maquette encode` writes it
    #[arg(value_name = "Z.npy")]
    input: PathBuf,
    /// Where to write the sound: a WAV file, or an .npy file, float32 [channels, samples]
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The random seed of the noise in the sound, or `off`
    #[arg(long, value_name = "off|SEED", default_value = "0", value_parser = noise)]
    noise: Noise,
    #[command(flatten)]
    live: LiveArgs,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

#[derive(clap::Args)]
struct LiveArgs {
    /// Process the sound as when played live, in blocks of this many samples
    #[arg(long, value_name = "BLOCK", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    stream: Option<u32>,
    /// Precision of the weights of large layers: fewer bits play faster, with some noise
    #[arg(long, value_enum, default_value = "float32", requires = "stream")]
    weights: Weights,
}

/// See [`LiveWeights`].
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Weights {
    /// 32 bits, as trained
    Float32,
    /// 16 bits, with noise about 80 dB below the sound
    Int16,
    /// 8 bits, with noise about 40 dB below the sound
    Int8,
}

impl LiveArgs {
    fn live(&self) -> Option<LivePlay> {
        let weights = self.weights.into();
        self.stream.map(|block| LivePlay { block, weights })
    }
}

impl From<Weights> for LiveWeights {
    fn from(weights: Weights) -> Self {
        match weights {
            Weights::Float32 => Self::Float32,
            Weights::Int16 => Self::Int16,
            Weights::Int8 => Self::Int8,
        }
    }
}

/// The value of `--noise`.
#[derive(Clone, Copy)]
pub(super) struct Noise(pub(super) Option<u64>);

pub(super) fn noise(text: &str) -> Result<Noise, String> {
    match text {
        "off" => Ok(Noise(None)),
        seed => seed
            .parse()
            .map(|seed| Noise(Some(seed)))
            .map_err(|_| format!("`{seed}` is neither `off` nor a whole number")),
    }
}

pub(crate) fn encode(args: &EncodeArgs, console: &Console) -> anyhow::Result<()> {
    let path = absolute(&args.input)?;
    output::ending(&args.output, &["npy"])?;
    output::check(&path, &args.output, args.force)?;
    let client = Arc::new(console.client()?);
    let task = ConvertTask::Latents {
        model: model_place(&client, &args.model)?,
        path,
        seed: (!args.mean).then_some(args.seed),
        codes: args.codes,
        live: args.live.live(),
    };
    convert(&client, &task, &args.output, console)
}

pub(crate) fn decode(args: &DecodeArgs, console: &Console) -> anyhow::Result<()> {
    let path = absolute(&args.input)?;
    let format = match output::ending(&args.output, &["wav", "npy"])? {
        "wav" => SoundFormat::Wav,
        _ => SoundFormat::Npy,
    };
    output::check(&path, &args.output, args.force)?;
    let client = Arc::new(console.client()?);
    let task = ConvertTask::Sound {
        model: model_place(&client, &args.model)?,
        path,
        noise: args.noise.0,
        format,
        live: args.live.live(),
    };
    convert(&client, &task, &args.output, console)
}

/// The path of the model that the user named.
pub(super) fn model_path(text: &str, console: &Console) -> anyhow::Result<PathBuf> {
    let path = PathBuf::from(text);
    if path.is_file() {
        // No studio is needed for a file.
        return std::path::absolute(path).context("failed to find the current folder");
    }
    let client = console.client()?;
    match model_place(&client, text)? {
        ModelPlace::File { path } => Ok(path),
        ModelPlace::Library { id } => {
            let model: ModelDetail = client.get(&format!("/api/models/{id}"))?;
            Ok(PathBuf::from(model.folder))
        }
    }
}

/// Queues a conversion, waits for it, and copies its result to the output.
fn convert(
    client: &Arc<Client>,
    task: &ConvertTask,
    output: &Path,
    console: &Console,
) -> anyhow::Result<()> {
    let conversion = done(client, task, console)?;
    let saved = save(client, &conversion, output);
    client.discard(&format!("/api/conversions/{}", conversion.id));
    let result = saved?;
    let mut json = serde_json::to_value(&conversion).context("failed to write JSON")?;
    json["output"] = output.to_string_lossy().into();
    for note in &result.notes {
        console.terminal.note(&format!("note: {note}"));
    }
    console.terminal.result(&json, || {
        let shape: Vec<String> = result.shape.iter().map(ToString::to_string).collect();
        let late = match result.latency_samples {
            0 => String::new(),
            n => format!(", late by {n} samples"),
        };
        format!(
            "{}: [{}] in {}{late}",
            output.display(),
            shape.join(", "),
            words::duration(result.compute_secs)
        )
    })
}

/// Queues a conversion and waits until it is done. If it fails, it is removed.
fn done(client: &Arc<Client>, task: &ConvertTask, console: &Console) -> anyhow::Result<Conversion> {
    let queued: Conversion = client.post("/api/conversions", task)?;
    let path = format!("/api/conversions/{}", queued.id);
    let onlooker = Onlooker { client, terminal: console.terminal };
    let look = || onlooker.conversion(&queued.id);
    interrupt::cancelled_on_interrupt::<Conversion, _>(client, &path, look)
        .inspect_err(|_| client.discard(&path))
}

/// Copies the file that a conversion made.
fn save<'c>(
    client: &Client,
    conversion: &'c Conversion,
    output: &Path,
) -> anyhow::Result<&'c ConversionResult> {
    let result = conversion.result.as_ref().context("failed to find what was made")?;
    let file = result.files.first().context("failed to find what was made")?;
    download(client, conversion, file, output)?;
    Ok(result)
}

/// Copies a file that a conversion made.
fn download(
    client: &Client,
    conversion: &Conversion,
    file: &str,
    output: &Path,
) -> anyhow::Result<()> {
    let path = format!("/api/conversions/{}/files/{}", conversion.id, encoded_path(file));
    output::download(client, &path, output)
}

/// The model that the user named: an identifier or a name in the library, else a file.
pub(crate) fn model_place(client: &Client, text: &str) -> anyhow::Result<ModelPlace> {
    let models: Vec<Model> = client.get("/api/models")?;
    if let Some(model) = models.iter().find(|model| model.id.as_str() == text) {
        return Ok(ModelPlace::Library { id: model.id.clone() });
    }
    let named: Vec<&Model> = models.iter().filter(|model| model.name == text).collect();
    match named[..] {
        [model] => return Ok(ModelPlace::Library { id: model.id.clone() }),
        [] => {}
        _ => {
            let ids: Vec<String> = named.iter().map(|model| model.id.to_string()).collect();
            let what = format!("More than one model is named `{text}`.");
            let remedy = format!("Use one of these identifiers: {}.", ids.join(", "));
            return Err(refused("ambiguous", what, "", &remedy).into());
        }
    }
    match fs::canonicalize(text) {
        Ok(path) => Ok(ModelPlace::File { path }),
        Err(_) => {
            let what = format!("There is no model `{text}`.");
            let why =
                "No model in the library has this identifier or name, and there is no such file.";
            let remedy = "Check the spelling of the path; `maquette model list` shows the library.";
            Err(refused("not_found", what, why, remedy).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_off_or_a_seed() {
        assert_eq!(noise("off").unwrap().0, None);
        assert_eq!(noise("7").unwrap().0, Some(7));
        assert!(noise("on").is_err() && noise("-1").is_err());
    }
}
