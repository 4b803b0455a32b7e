//! `maquette import`: take a dataset, a run or a model from elsewhere into the workspace.

use std::path::PathBuf;

use api::{Imported, NewImport};

use super::{Console, absolute};

#[derive(clap::Args)]
pub(crate) struct ImportArgs {
    /// The folder of a dataset, a run or a model
    path: PathBuf,
}

pub(crate) fn run(args: &ImportArgs, console: &Console) -> anyhow::Result<()> {
    let path = absolute(&args.path)?.to_string_lossy().into_owned();
    let client = console.client()?;
    let imported: Imported = client.post("/api/imports", &NewImport { path })?;
    let words = || format!("{} is among the {} as {}", imported.name, imported.list, imported.id);
    console.terminal.result(&imported, words)
}
