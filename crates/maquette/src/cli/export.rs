//! `maquette export`: a model in the form that a player or another program needs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use api::{CardWords, Export, ExportForm, ExportResult, ExportTask, ExportedPlay, ModelPlace};

use super::{
    Console,
    convert::model_place,
    follow::Onlooker,
    interrupt,
    named::{self, Kind},
    output::{self, not_written, refused},
    table::{list, table},
    words,
};
use crate::{
    client::{Client, Refused},
    percent::encoded_path,
};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    command: Option<ExportCommand>,
    /// A model's identifier or name, or a file or folder with a model
    #[arg(required = true)]
    model: Option<String>,
    /// The format to export to
    #[arg(long, value_enum, required = true)]
    to: Option<Target>,
    /// The file to write; for ckpt, the folder. Without it the export is kept in the workspace
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// A prior of the model that leaves with it, in a torchscript module or a package: its
    /// identifier or name, or a file
    #[arg(long, value_name = "PRIOR")]
    prior: Option<String>,
    #[command(flatten)]
    play: PlayArgs,
    #[command(flatten)]
    card: CardArgs,
    /// Overwrite existing files; a folder is never overwritten
    #[arg(long)]
    force: bool,
}

/// What can be done with exports that are kept in the workspace.
#[derive(clap::Subcommand)]
enum ExportCommand {
    /// List all exports, newest first
    List,
    /// Show an export with its files and checks
    Show {
        /// The export's identifier, or the name of its model if that has no other export
        export: String,
    },
    /// Move an export to the trash
    Delete {
        /// The export's identifier, or the name of its model if that has no other export
        export: String,
    },
    /// Restore an export from the trash
    Restore {
        /// The export's identifier, or the name of its model if no other export of that is in the trash
        export: String,
    },
}

/// Options of exports that play: torchscript and onnx.
#[derive(clap::Args)]
struct PlayArgs {
    /// Process block by block, as nn~ and the VST do, instead of whole sounds
    #[arg(long)]
    streaming: bool,
    /// Expose this many latent dimensions, the most important first
    #[arg(long, value_name = "N", conflicts_with = "fidelity")]
    latents: Option<u32>,
    /// Expose as many latent dimensions as keep this fraction of their variance, such as 0.95
    #[arg(long, value_name = "SHARE", value_parser = share)]
    fidelity: Option<f64>,
    /// Channels of the player; with 2, a mono model processes each side separately
    #[arg(long, value_name = "N")]
    channels: Option<u16>,
    /// Sampling rate of the player: a whole multiple of the model's
    #[arg(long, value_name = "HZ")]
    rate: Option<u32>,
    /// The player's block size in samples, with which the speed is measured
    #[arg(long, value_name = "BLOCK", default_value_t = ExportedPlay::usual_block())]
    block: u32,
}

/// Parses a fraction. NaN is refused here because JSON cannot carry it to the studio.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a fidelity is a number from 0 to 1, such as 0.95".to_owned())
}

/// The contents of a package's card: maq.
#[derive(clap::Args)]
struct CardArgs {
    /// Who made the model
    #[arg(long, value_name = "TEXT", default_value = "")]
    author: String,
    /// The license for others, such as "CC BY 4.0"
    #[arg(long, value_name = "TEXT", default_value = "")]
    license: String,
    /// What it is and what it was trained on
    #[arg(long, value_name = "TEXT", default_value = "")]
    about: String,
}

/// The formats of exports.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// A module for nn~ in Max and Pure Data, and whatever else loads TorchScript: one .ts file
    #[value(name = "torchscript")]
    TorchScript,
    /// Graphs for code and browsers: FILE.onnx is the whole model, with encoder and decoder beside it
    Onnx,
    /// The weights by name, with the settings as JSON in the header
    Safetensors,
    /// A package for another Maquette: weights, origin, sounds and a card
    Maq,
    /// A run for acids-rave: a .ckpt with discriminators and optimisers, and its config.gin; for
    /// `rave train --ckpt` and `rave export`
    Ckpt,
}

impl Target {
    /// The ending of its file; a run is a folder.
    fn ending(self) -> Option<&'static [&'static str]> {
        match self {
            Self::TorchScript => Some(&["ts"]),
            Self::Onnx => Some(&["onnx"]),
            Self::Safetensors => Some(&["safetensors"]),
            Self::Maq => Some(&["maq"]),
            Self::Ckpt => None,
        }
    }
}

pub(crate) fn run(args: &ExportArgs, console: &Console) -> anyhow::Result<()> {
    if let Some(command) = &args.command {
        return manage(command, console);
    }
    let (Some(model), Some(to)) = (&args.model, args.to) else {
        anyhow::bail!("failed to find a model and a format to export it to");
    };
    let form = form(args, to)?;
    if let Some(output) = &args.output {
        check_output(to, output, args.force)?;
    }
    let client = Arc::new(console.client()?);
    let prior = args.prior.as_deref().map(|prior| model_place(&client, prior)).transpose()?;
    let task = ExportTask { model: model_place(&client, model)?, form, prior };
    check_model(&task.model, args)?;
    let export = done(&client, &task, console)?;
    let result = export.result.as_ref().context("failed to find the exported files")?;
    let files = match &args.output {
        None => inside(&export, result),
        Some(output) => {
            let saved = save(&client, &export, result, to, output);
            client.discard(&format!("/api/exports/{}?forever=true", export.id));
            saved?
        }
    };
    result.notes.iter().for_each(|note| console.terminal.note(&format!("note: {note}")));
    let json = serde_json::json!({ "files": files, "result": result });
    console.terminal.result(&json, || {
        let files = files.iter().map(|file| file.display().to_string());
        let checks = result.checks.iter().map(|check| format!("  {}", check.words));
        let took = format!("  Done in {}.", words::duration(result.compute_secs));
        files.chain(checks).chain([took]).collect::<Vec<_>>().join("\n")
    })
}

/// Lists, shows, deletes or restores exports that are kept in the workspace.
fn manage(command: &ExportCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let id_of = |text: &str| named::id(&client, Kind::Export, text);
    match command {
        ExportCommand::List => {
            let exports: Vec<Export> = client.get("/api/exports")?;
            words::note_unreadable(&client, terminal, Kind::Export);
            terminal.result(&exports, || overview(&exports))
        }
        ExportCommand::Show { export } => {
            let export: Export = client.get(&format!("/api/exports/{}", id_of(export)?))?;
            terminal.result(&export, || detail(&export))
        }
        ExportCommand::Delete { export } => {
            let id = id_of(export)?;
            client.delete(&format!("/api/exports/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || words::deleted(&id))
        }
        ExportCommand::Restore { export } => {
            let id = named::deleted(&client, Kind::Export, export)?;
            let export: Export = client.post_empty(&format!("/api/exports/{id}/restore"))?;
            terminal.result(&export, || detail(&export))
        }
    }
}

fn overview(exports: &[Export]) -> String {
    if exports.is_empty() {
        return "No exports yet. Create one with `maquette export MODEL --to torchscript`."
            .to_owned();
    }
    let row = |export: &Export| {
        [
            export.id.to_string(),
            export.model_name.clone(),
            format_of(&export.task.form).to_owned(),
            words::state(&export.job),
            size_of(export),
        ]
    };
    let rows: Vec<_> = exports.iter().map(row).collect();
    table(["id", "model", "format", "state", "size"], &rows)
}

/// An export in a few lines.
fn detail(export: &Export) -> String {
    let newer = export.outdated.as_ref().map_or(String::new(), |it| {
        let (step, newest) = (words::count(it.step), words::count(it.newest_step));
        format!("its run has a newer checkpoint: step {newest}, exported was step {step}")
    });
    let mut text = list(&[
        ("export", export.id.to_string()),
        ("model", export.model_name.clone()),
        ("format", format_of(&export.task.form).to_owned()),
        ("state", words::state(&export.job)),
        ("size", size_of(export)),
        ("folder", export.folder.clone()),
        ("outdated", newer),
    ]);
    if let Some(result) = &export.result {
        let rows: Vec<_> =
            result.files.iter().map(|it| [it.path.clone(), words::bytes(it.bytes)]).collect();
        text.push_str(&format!("\n{}", table(["file", "size"], &rows)));
        text.extend(result.checks.iter().map(|check| format!("  {}\n", check.words)));
    }
    if let api::JobState::Failed { problem, .. } = &export.job.state {
        text.push_str(&format!("\n{}", super::terminal::words(problem)));
    }
    text
}

fn size_of(export: &Export) -> String {
    let files = export.result.as_ref().map(|result| &result.files);
    files.map_or(String::new(), |files| words::bytes(files.iter().map(|it| it.bytes).sum()))
}

fn format_of(form: &ExportForm) -> &'static str {
    match form {
        ExportForm::Torchscript { .. } => "torchscript",
        ExportForm::Onnx { .. } => "onnx",
        ExportForm::Safetensors => "safetensors",
        ExportForm::Maq { .. } => "maq",
        ExportForm::Ckpt => "ckpt",
    }
}

/// The form that the arguments ask for; options that do not apply to it are refused.
fn form(args: &ExportArgs, to: Target) -> Result<ExportForm, Refused> {
    let PlayArgs { streaming, latents, fidelity, channels, rate, block } = args.play;
    let play = ExportedPlay { streaming, latents, fidelity, channels, rate_hz: rate, block };
    let usual = ExportedPlay { streaming: false, ..Default::default() };
    let card = CardWords {
        author: args.card.author.clone(),
        license: args.card.license.clone(),
        about: args.card.about.clone(),
    };
    let plays = matches!(to, Target::TorchScript | Target::Onnx);
    let refuse =
        |what: &str, remedy: &str| Err(refused("no_such_choice", what.to_owned(), "", remedy));
    if !plays && play != usual {
        let what = "These options only apply to torchscript and onnx exports.";
        let remedy = "Leave out --streaming, --latents, --fidelity, --channels, --rate and --block, \
                      or use --to torchscript or --to onnx.";
        return refuse(what, remedy);
    }
    if to != Target::Maq && card != CardWords::default() {
        let what = "Only maq packages have a card.";
        return refuse(what, "Leave out --author, --license and --about, or use --to maq.");
    }
    Ok(match to {
        Target::TorchScript => ExportForm::Torchscript { play },
        Target::Onnx => ExportForm::Onnx { play },
        Target::Safetensors => ExportForm::Safetensors,
        Target::Maq => ExportForm::Maq { card },
        Target::Ckpt => ExportForm::Ckpt,
    })
}

/// Checks, before anything is computed, that the output is of the right kind, can be written, and overwrites
/// nothing by accident.
fn check_output(to: Target, output: &Path, force: bool) -> Result<(), Refused> {
    match to.ending() {
        None => check_folder(output),
        Some(endings) => {
            output::ending(output, endings)?;
            names(to, output).iter().try_for_each(|file| output::check_place(file, force))
        }
    }
}

/// Checks that the export would not overwrite the model itself.
fn check_model(model: &ModelPlace, args: &ExportArgs) -> Result<(), Refused> {
    let (ModelPlace::File { path }, Some(output)) = (model, &args.output) else { return Ok(()) };
    if fs::canonicalize(output).is_ok_and(|output| output == *path) {
        return Err(not_written(
            output,
            "same_file",
            "This is the model itself.",
            "Choose another output.",
        ));
    }
    Ok(())
}

/// The files that an output becomes.
fn names(to: Target, output: &Path) -> Vec<PathBuf> {
    let mut names = vec![output.to_owned()];
    if to == Target::Onnx {
        names.extend(ONNX_PARTS.iter().map(|part| output.with_extension(&part[1..])));
    }
    names
}

/// The suffixes of the files of an ONNX export's parts.
const ONNX_PARTS: [&str; 2] = [".encoder.onnx", ".decoder.onnx"];

/// Queues an export and waits until it is done. One that fails is removed.
fn done(client: &Arc<Client>, task: &ExportTask, console: &Console) -> anyhow::Result<Export> {
    let queued: Export = client.post("/api/exports", task)?;
    let path = format!("/api/exports/{}", queued.id);
    let onlooker = Onlooker { client, terminal: console.terminal };
    let look = || onlooker.export(&queued.id);
    interrupt::cancelled_on_interrupt::<Export, _>(client, &path, look)
        .inspect_err(|_| client.discard(&format!("{path}?forever=true")))
}

/// The files of an export that stays in the library.
fn inside(export: &Export, result: &ExportResult) -> Vec<PathBuf> {
    let folder = Path::new(&export.folder);
    result.files.iter().map(|file| folder.join(&file.path)).collect()
}

/// Copies the files to the output.
fn save(
    client: &Client,
    export: &Export,
    result: &ExportResult,
    to: Target,
    output: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    if to == Target::Ckpt {
        return save_folder(client, export, result, output);
    }
    let names = names(to, output);
    let mut saved = vec![];
    for file in &result.files {
        let part = ONNX_PARTS.iter().position(|part| file.path.ends_with(part));
        let name = &names[part.map_or(0, |part| part + 1)];
        download(client, export, &file.path, name)?;
        saved.push(name.clone());
    }
    saved.sort();
    Ok(saved)
}

fn download(client: &Client, export: &Export, file: &str, output: &Path) -> anyhow::Result<()> {
    output::download(client, &place_of(export, file), output)
}

fn place_of(export: &Export, file: &str) -> String {
    format!("/api/exports/{}/files/{}", export.id, encoded_path(file))
}

/// Writes the whole folder or nothing.
fn save_folder(
    client: &Client,
    export: &Export,
    result: &ExportResult,
    folder: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    let name = folder.file_name().context("failed to find a name in the folder's path")?;
    let part = folder.with_file_name(format!(".{}.part", name.to_string_lossy()));
    // Left by an interrupted export.
    let _ = fs::remove_dir_all(&part);
    let saved = save_files(client, export, result, &part).and_then(|files| {
        // An empty folder may exist there.
        let _ = fs::remove_dir(folder);
        fs::rename(&part, folder).context("failed to rename the folder")?;
        let inside = |file: PathBuf| folder.join(file.strip_prefix(&part).unwrap_or(&file));
        Ok(files.into_iter().map(inside).collect())
    });
    if saved.is_err() {
        let _ = fs::remove_dir_all(&part);
    }
    saved.map_err(|error| output::cannot_write(folder, error))
}

/// Copies the files into the folder; their first folder is named after the model.
fn save_files(
    client: &Client,
    export: &Export,
    result: &ExportResult,
    folder: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = vec![];
    for file in &result.files {
        let inner = file.path.split_once('/').map_or(&file.path[..], |(_, rest)| rest);
        let output = folder.join(inner);
        let parent = output.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .with_context(|| format!("failed to create {}", parent.display()))?;
        output::copy(client, &place_of(export, &file.path), &output)?;
        files.push(output);
    }
    Ok(files)
}

/// Checks, before anything is computed, that nothing would be overwritten.
fn check_folder(folder: &Path) -> Result<(), Refused> {
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !folder.exists(),
    };
    if is_free {
        return Ok(());
    }
    Err(not_written(folder, "exists", "The folder is not empty.", "Choose another folder."))
}
