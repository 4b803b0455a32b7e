//! `maquette export`: a model as files of another program.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use api::{Conversion, ConvertTask};

use super::{
    Console,
    convert::{done, download, model_place},
    output::not_written,
};
use crate::client::{Client, Refused};

#[derive(clap::Args)]
pub(crate) struct ExportArgs {
    /// A model's identifier or name, or a file or folder with one
    model: String,
    /// What to make of it
    #[arg(long, value_enum)]
    to: Target,
    /// The folder to write
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

/// What a model can be written as.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Target {
    /// A run of acids-rave: a .ckpt with discriminators and optimisers, and its config.gin; for
    /// `rave train --ckpt` and `rave export`
    Ckpt,
}

pub(crate) fn run(args: &ExportArgs, console: &Console) -> anyhow::Result<()> {
    check_folder(&args.output)?;
    let client = Arc::new(console.client()?);
    let model = model_place(&client, &args.model)?;
    let Target::Ckpt = args.to;
    let conversion = done(&client, &ConvertTask::Original { model }, console)?;
    let saved = save_whole(&client, &conversion, &args.output);
    client.discard(&format!("/api/conversions/{}", conversion.id));
    let files = saved?;
    let notes = conversion.result.iter().flat_map(|result| &result.notes);
    notes.for_each(|note| console.terminal.note(&format!("note: {note}")));
    let json = serde_json::json!({ "folder": args.output, "files": files });
    console.terminal.result(&json, || {
        files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join("\n")
    })
}

/// Writes the folder, or nothing of it.
fn save_whole(
    client: &Client,
    conversion: &Conversion,
    folder: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    let name = folder.file_name().context("failed to find a name in the folder's path")?;
    let part = folder.with_file_name(format!(".{}.part", name.to_string_lossy()));
    // What an interrupted export left.
    let _ = fs::remove_dir_all(&part);
    let saved = save(client, conversion, &part).and_then(|files| {
        // An empty folder may be there.
        let _ = fs::remove_dir(folder);
        fs::rename(&part, folder)
            .with_context(|| format!("failed to write {}", folder.display()))?;
        let inside = |file: PathBuf| folder.join(file.strip_prefix(&part).unwrap_or(&file));
        Ok(files.into_iter().map(inside).collect())
    });
    if saved.is_err() {
        let _ = fs::remove_dir_all(&part);
    }
    saved
}

/// Copies the files into the folder; their first folder is the job's own.
fn save(client: &Client, conversion: &Conversion, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let result = conversion.result.as_ref().context("failed to find what was made")?;
    let mut files = vec![];
    for file in &result.files {
        let output = folder.join(file.split_once('/').map_or(file.as_str(), |(_, rest)| rest));
        let parent = output.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .with_context(|| format!("failed to create {}", parent.display()))?;
        download(client, conversion, file, &output)?;
        files.push(output);
    }
    Ok(files)
}

/// Sees that nothing is written over, before anything is computed.
fn check_folder(folder: &Path) -> Result<(), Refused> {
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !folder.exists(),
    };
    if is_free {
        return Ok(());
    }
    Err(not_written(folder, "exists", "There is something already.", "Name another folder."))
}
