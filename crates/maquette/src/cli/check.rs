//! `maquette check`: whether a model file is intact and plays.

use std::path::PathBuf;

use api::{ModelDetail, ModelPlace};

use super::{Console, convert::model_place};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct CheckArgs {
    /// A .ts, .onnx, .safetensors, .maq, .ckpt or .pt file
    file: PathBuf,
    /// Compare it with this model: an identifier or name, or a folder or .safetensors file with a model
    #[arg(long, value_name = "MODEL")]
    against: Option<String>,
}

pub(crate) fn run(args: &CheckArgs, console: &Console) -> anyhow::Result<()> {
    let model = args.against.as_deref().map(|text| folder_of(text, console)).transpose()?;
    let found = worker::check_file(&args.file, model.as_deref()).map_err(Refused)?;
    let json = serde_json::to_value(&found)?;
    console.terminal.result(&json, || {
        let head = format!("{}: {}", found.path, found.kind);
        let facts = found.facts.iter().map(|(name, value)| format!("  {name}: {value}"));
        let checks = found.checks.iter().map(|check| {
            format!("  {} {}", if check.is_good { "ok:" } else { "NOT OK:" }, check.words)
        });
        std::iter::once(head).chain(facts).chain(checks).collect::<Vec<_>>().join("\n")
    })?;
    if found.is_good {
        return Ok(());
    }
    let bad = found.checks.iter().find(|check| !check.is_good);
    let why = bad.map(|check| check.words.clone()).unwrap_or_default();
    let (what, remedy) = match bad.map(|check| &check.what[..]) {
        // A file can be intact but from another model, or be only one part of an export.
        Some("equal") => {
            ("was not exported from this model", "Choose the model that it was exported from.")
        }
        Some("alone") => ("is only one part of the export", "Put the other parts beside it."),
        _ => ("is damaged or not what it should be", "Export it again, or get a new copy."),
    };
    let what = format!("“{}” {what}.", found.path);
    Err(super::output::refused("bad_file", what, &why, remedy).into())
}

/// The path of the model that the user named.
fn folder_of(text: &str, console: &Console) -> anyhow::Result<PathBuf> {
    let client = console.client()?;
    match model_place(&client, text)? {
        ModelPlace::File { path } => Ok(path),
        ModelPlace::Library { id } => {
            let model: ModelDetail = client.get(&format!("/api/models/{id}"))?;
            Ok(PathBuf::from(model.folder))
        }
    }
}
