//! `maquette encode` and `maquette decode`: sound to latents and back, for people's own scripts.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use api::{Conversion, ConversionResult, ConvertTask, Model, ModelPlace, Problem, SoundFormat};

use super::{Console, absolute, follow::Onlooker, interrupt, words};
use crate::{
    client::{Client, Refused},
    percent::encoded_path,
};

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
    /// Take the mean of what a variational model could draw
    #[arg(long, conflicts_with = "seed")]
    mean: bool,
    /// What to draw with
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write the codes of a discrete model: int64 [1, books, frames]
    #[arg(long, conflicts_with_all = ["seed", "stream"])]
    codes: bool,
    /// Work as when played live, in blocks of so many samples
    #[arg(long, value_name = "BLOCK", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    stream: Option<u32>,
    /// Write over the output if it is there
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
    /// The seed of the noise in the sound, or `off`
    #[arg(long, value_name = "off|SEED", default_value = "0", value_parser = noise)]
    noise: Noise,
    /// Work as when played live, in blocks of so many samples
    #[arg(long, value_name = "BLOCK", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    stream: Option<u32>,
    /// Write over the output if it is there
    #[arg(long)]
    force: bool,
}

/// What `--noise` says.
#[derive(Clone, Copy)]
struct Noise(Option<u64>);

fn noise(text: &str) -> Result<Noise, String> {
    match text {
        "off" => Ok(Noise(None)),
        seed => seed
            .parse()
            .map(|seed| Noise(Some(seed)))
            .map_err(|_| format!("`{seed}` is neither `off` nor a whole number from 0 on")),
    }
}

pub(crate) fn encode(args: &EncodeArgs, console: &Console) -> anyhow::Result<()> {
    let path = absolute(&args.input)?;
    format_of(&args.output, &["npy"])?;
    check_output(&path, &args.output, args.force)?;
    let client = Arc::new(console.client()?);
    let task = ConvertTask::Latents {
        model: model_place(&client, &args.model)?,
        path,
        seed: (!args.mean).then_some(args.seed),
        codes: args.codes,
        block: args.stream,
    };
    convert(&client, &task, &args.output, console)
}

pub(crate) fn decode(args: &DecodeArgs, console: &Console) -> anyhow::Result<()> {
    let path = absolute(&args.input)?;
    let format = match format_of(&args.output, &["wav", "npy"])? {
        "wav" => SoundFormat::Wav,
        _ => SoundFormat::Npy,
    };
    check_output(&path, &args.output, args.force)?;
    let client = Arc::new(console.client()?);
    let task = ConvertTask::Sound {
        model: model_place(&client, &args.model)?,
        path,
        noise: args.noise.0,
        format,
        block: args.stream,
    };
    convert(&client, &task, &args.output, console)
}

/// Queues a conversion, waits for it, and copies what it made to its place.
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

/// Queues a conversion and waits until it is done. One that fails is removed.
pub(crate) fn done(
    client: &Arc<Client>,
    task: &ConvertTask,
    console: &Console,
) -> anyhow::Result<Conversion> {
    let queued: Conversion = client.post("/api/conversions", task)?;
    let path = format!("/api/conversions/{}", queued.id);
    let (canceller, of_conversion) = (Arc::clone(client), path.clone());
    interrupt::act_on_interrupt(move || canceller.cancel::<Conversion>(&of_conversion));
    let onlooker = Onlooker { client, terminal: console.terminal };
    onlooker.conversion(&queued.id).inspect_err(|_| client.discard(&path))
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

/// Copies a file that a conversion made: whole, or not at all.
pub(crate) fn download(
    client: &Client,
    conversion: &Conversion,
    file: &str,
    output: &Path,
) -> anyhow::Result<()> {
    let path = format!("/api/conversions/{}/files/{}", conversion.id, encoded_path(file));
    let name = output.file_name().context("failed to find a name in the output's path")?;
    let part = output.with_file_name(format!(".{}.part", name.to_string_lossy()));
    let written = File::create(&part).context("failed to create a file").and_then(|mut file| {
        client.download(&path, &mut file)?;
        file.flush().and_then(|()| file.sync_all()).context("failed to write the file")?;
        fs::rename(&part, output).context("failed to rename the file")
    });
    if written.is_err() {
        // It may never have been created.
        let _ = fs::remove_file(&part);
    }
    written.with_context(|| format!("failed to write {}", output.display()))
}

/// The model that a person named: an identifier or a name of the library, else a file.
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
            let what = format!("More than one model is called `{text}`.");
            let remedy = format!("Name one of them by its identifier: {}.", ids.join(", "));
            return Err(refused("ambiguous", what, None, &remedy).into());
        }
    }
    match fs::canonicalize(text) {
        Ok(path) => Ok(ModelPlace::File { path }),
        Err(_) => {
            let what = format!("There is no model `{text}`.");
            let why =
                "No model of the library has this identifier or name, and there is no such file.";
            let remedy = "Look at `maquette model list`, or at how the path is written.";
            Err(refused("not_found", what, Some(why), remedy).into())
        }
    }
}

/// The ending of an output's name, where it is one of these.
fn format_of(output: &Path, endings: &'static [&'static str]) -> Result<&'static str, Refused> {
    let found = output.extension().unwrap_or_default();
    endings.iter().copied().find(|ending| found.eq_ignore_ascii_case(ending)).ok_or_else(|| {
        let what = format!("{} cannot be written.", output.display());
        let why = format!("Its name should end in .{}.", endings.join(" or ."));
        refused("wrong_ending", what, Some(&why), "Give it such a name.")
    })
}

/// Sees that writing the output destroys nothing, before anything is computed.
fn check_output(input: &Path, output: &Path, force: bool) -> Result<(), Refused> {
    let what = format!("{} is not written.", output.display());
    if !input.is_file() {
        let why = "The input is not a file.";
        return Err(refused("not_a_file", what, Some(why), "Name one file."));
    }
    if fs::canonicalize(output).is_ok_and(|output| output == input) {
        return Err(refused("same_file", what, Some("That is the input."), "Name another file."));
    }
    if output.exists() && !force {
        let remedy = "Name another file, or add --force.";
        return Err(refused("exists", what, Some("That file is there already."), remedy));
    }
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(refused("no_folder", what, Some("Its folder is not there."), "Make it first."));
    }
    Ok(())
}

pub(crate) fn refused(code: &str, what: String, why: Option<&str>, remedy: &str) -> Refused {
    Refused(Problem {
        code: code.to_owned(),
        what,
        why: why.map(ToOwned::to_owned),
        remedy: Some(remedy.to_owned()),
        fields: vec![],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_over_by_chance() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().canonicalize().unwrap().join(name);
        fs::write(path("in.wav"), "").unwrap();
        fs::write(path("there.npy"), "").unwrap();
        let check = |input: &str, output: &str, force: bool, expected: Option<&str>| {
            let refused = check_output(&path(input), &path(output), force).err();
            assert_eq!(refused.map(|it| it.0.code).as_deref(), expected, "{output}");
        };
        check("in.wav", "new.npy", false, None);
        check("in.wav", "there.npy", false, Some("exists"));
        check("in.wav", "there.npy", true, None);
        check("in.wav", "in.wav", true, Some("same_file"));
        check("in.wav", "nowhere/new.npy", false, Some("no_folder"));
        check(".", "new.npy", false, Some("not_a_file"));
    }

    #[test]
    fn outputs_have_a_known_ending() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(format_of(Path::new(name), &["wav", "npy"]).ok(), expected, "{name}");
        };
        check("a.wav", Some("wav"));
        check("a.NPY", Some("npy"));
        check("a.mp3", None);
        check("npy", None);
    }

    #[test]
    fn noise_is_off_or_a_seed() {
        assert_eq!(noise("off").unwrap().0, None);
        assert_eq!(noise("7").unwrap().0, Some(7));
        assert!(noise("on").is_err() && noise("-1").is_err());
    }
}
