//! `maquette weights`: folders of other people's models, as a model hub has them.

use std::path::PathBuf;

use api::WeightsCheck;

use super::{Console, output::refused, table::list};
use crate::client::Refused;

#[derive(clap::Subcommand)]
pub(crate) enum WeightsCommand {
    /// Show what a folder of weights holds, whether it is whole, and under which terms it may be used
    Check(CheckArgs),
}

#[derive(clap::Args)]
pub(crate) struct CheckArgs {
    /// The folder as it comes from a model hub: config.json and files of weights
    folder: PathBuf,
}

pub(crate) fn run(command: &WeightsCommand, console: &Console) -> anyhow::Result<()> {
    let WeightsCommand::Check(args) = command;
    let found = worker::check_weights(&args.folder).map_err(Refused)?;
    console.terminal.result(&found, || in_words(&found))?;
    if found.is_usable {
        return Ok(());
    }
    let what = format!("The model in “{}” cannot be used.", found.folder);
    let why = found.problems.first().map_or("", String::as_str);
    let remedy = "Download what is missing or damaged again, or choose another folder.";
    Err(refused("bad_model", what, why, remedy).into())
}

fn in_words(found: &WeightsCheck) -> String {
    let files: Vec<String> =
        found.files.iter().map(|file| format!("{} ({} bytes)", file.name, file.bytes)).collect();
    let licence = match &found.licence {
        None => "not stated".to_owned(),
        Some(it) => {
            let terms = it.terms.as_deref().unwrap_or("Its terms are not known here: read them.");
            format!("{} ({}). {terms}", it.name, it.file)
        }
    };
    let mut rows = vec![
        ("kind", found.family.clone().unwrap_or_else(|| "unknown".to_owned())),
        ("usable", if found.is_usable { "yes" } else { "no" }.to_owned()),
        ("files", files.join(", ")),
        ("tensors", found.tensors.to_string()),
        ("memory", format!("{:.1} MB", found.memory_bytes as f64 / 1e6)),
        ("licence", licence),
        ("missing", found.missing.join(", ")),
        ("unexpected", found.unexpected.join(", ")),
    ];
    rows.extend(found.facts.iter().map(|(name, value)| (name.as_str(), value.clone())));
    rows.extend(found.problems.iter().map(|problem| ("problem", problem.clone())));
    list(&rows)
}
