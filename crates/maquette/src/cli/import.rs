//! `maquette import`: copy datasets, runs and models into the workspace, from another workspace or from the
//! original program.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use api::{Findings, Import, ImportTask, Imported, NewImport, Rename};

use super::{Console, follow::Onlooker, from_root, interrupt};
use crate::client::Client;

#[derive(clap::Args)]
pub(crate) struct ImportArgs {
    /// The folder of a dataset, run or model; a .safetensors file; or files of acids-rave: a run, a
    /// preprocessed dataset, a folder with several of them, a .ckpt, .pt or .ts file
    path: PathBuf,
    /// Only show what was found and what it would become
    #[arg(long)]
    dry_run: bool,
    /// Import only this item, by its key; can be repeated
    #[arg(long = "only", value_name = "KEY")]
    items: Vec<String>,
    /// The name, if a single item is imported
    #[arg(long)]
    name: Option<String>,
}

pub(crate) fn run(args: &ImportArgs, console: &Console) -> anyhow::Result<()> {
    let path = from_root(&args.path)?;
    let client = Arc::new(console.client()?);
    if is_ours(&args.path) && !args.dry_run {
        let mut imported: Imported = client.post("/api/imports", &NewImport { path })?;
        if let Some(name) = args.name.clone() {
            let path = format!("/api/{}/{}", imported.list, imported.id);
            let _: serde_json::Value = client.patch(&path, &Rename { name: name.clone() })?;
            imported.name = name;
        }
        return console.terminal.result(&imported, || words(&imported));
    }
    if args.dry_run {
        let findings: Findings = client.post("/api/imports/inspect", &NewImport { path })?;
        return console.terminal.result(&findings, || findings_in_words(&findings));
    }
    let (items, name) = (args.items.clone(), args.name.clone());
    let order = ImportTask { path: path.into(), items, name, as_model: false };
    let imported = taken(&client, &order, console)?;
    console.terminal.result(&imported, || imported.iter().map(words).collect::<Vec<_>>().join("\n"))
}

fn words(imported: &Imported) -> String {
    let word = imported.list.strip_suffix('s').unwrap_or(&imported.list);
    format!("Imported the {word} “{}” as {}.", imported.name, imported.id)
}

/// Queues an import, waits for it and takes its items. If it fails or is interrupted, it is removed.
pub(crate) fn taken(
    client: &Arc<Client>,
    order: &ImportTask,
    console: &Console,
) -> anyhow::Result<Vec<Imported>> {
    let Import { id, .. } = client.post("/api/imports/foreign", order)?;
    let path = format!("/api/imports/{id}");
    let onlooker = Onlooker { client, terminal: console.terminal };
    let look = || onlooker.import(&id);
    let import = interrupt::cancelled_on_interrupt::<Import, _>(client, &path, look)
        .inspect_err(|_| client.discard(&path))?;
    for warning in &import.warnings {
        let file = warning.file.as_deref().unwrap_or_default();
        console.terminal.note(&format!("note: {file}: {}", warning.message));
    }
    // Items that cannot be taken now are kept, and can be taken later on the page Import.
    client.post_empty(&format!("{path}/take"))
}

fn is_ours(path: &Path) -> bool {
    path.join("job.json").is_file() || path.join("model.json").is_file() || !path.exists()
}

fn findings_in_words(findings: &Findings) -> String {
    let mut lines = vec![];
    for item in &findings.items {
        lines.push(format!("{}: {} becomes {}", item.key, item.what, item.becomes));
        lines.extend(item.notes.iter().map(|note| format!("    {note}")));
    }
    for unreadable in &findings.unreadable {
        lines.push(format!("{}: skipped, {}", unreadable.path, unreadable.why));
    }
    if findings.is_cut {
        lines.push("Not everything was searched. Choose a more specific folder.".into());
    }
    if lines.is_empty() {
        lines.push("Nothing to import was found here.".into());
    }
    lines.join("\n")
}
