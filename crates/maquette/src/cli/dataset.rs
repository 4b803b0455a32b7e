//! `maquette dataset`: create and manage datasets.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use api::{Dataset, DatasetDetail, Id, Log, NewDataset, Rename, SoundSource, Warning};

use super::{
    Console, absolute,
    follow::Onlooker,
    interrupt,
    named::{self, Kind},
    table::{list, table},
    words,
};
use crate::client::Client;

/// The most skipped files that are named one by one; `dataset show` names the rest.
const SKIPPED_NAMED: usize = 10;

#[derive(clap::Subcommand)]
pub(crate) enum DatasetCommand {
    /// Prepare the sounds of a folder for training
    Create(CreateArgs),
    /// List all datasets, newest first
    List,
    /// Show a dataset with its files and warnings
    Show {
        /// The dataset's identifier or name
        dataset: String,
    },
    /// Show the end of a dataset's log
    Log {
        /// The dataset's identifier or name
        dataset: String,
    },
    /// Rename a dataset
    Rename {
        /// The dataset's identifier or name
        dataset: String,
        /// Its new name
        name: String,
    },
    /// Stop preparing a dataset; nothing is kept
    Cancel {
        /// The dataset's identifier or name
        dataset: String,
    },
    /// Prepare a dataset again after it failed, was stopped or was interrupted
    Restart {
        /// The dataset's identifier or name
        dataset: String,
    },
    /// Move a dataset to the trash
    Delete {
        /// The dataset's identifier or name
        dataset: String,
    },
    /// Restore a dataset from the trash
    Restore {
        /// The dataset's identifier or name
        dataset: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct CreateArgs {
    /// A folder of sound files, with its sub-folders, or a single sound file
    #[arg(required_unless_present = "samples", conflicts_with = "samples")]
    folder: Option<PathBuf>,
    /// Use the built-in sample sounds
    #[arg(long)]
    samples: bool,
    /// The dataset's name [default: the folder's name]
    #[arg(long)]
    name: Option<String>,
    /// Sampling rate in Hz [default: 44100]
    #[arg(long, value_name = "HZ")]
    rate_hz: Option<u32>,
    /// 1 for mono, 2 for stereo [default: 1]
    #[arg(long, value_name = "N")]
    channels: Option<u16>,
    /// The fraction of files held out for validation, 0 to 0.5 [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    validation_share: Option<f64>,
    /// The random seed that chooses the held-out files [default: 0]
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(command: DatasetCommand, console: &Console) -> anyhow::Result<()> {
    let client = Arc::new(console.client()?);
    let terminal = console.terminal;
    let id_of = |text: &str| named::id(&client, Kind::Dataset, text);
    match command {
        DatasetCommand::Create(args) => {
            let source = match &args.folder {
                Some(folder) => SoundSource::Folder { path: absolute(folder)? },
                None => SoundSource::Samples,
            };
            let dataset = create(&client, console, &new_dataset(args, source))?;
            show_prepared(&client, console, &dataset)
        }
        DatasetCommand::List => {
            let datasets: Vec<Dataset> = client.get("/api/datasets")?;
            words::note_unreadable(&client, terminal, Kind::Dataset);
            terminal.result(&datasets, || overview(&datasets))
        }
        DatasetCommand::Show { dataset } => {
            let id = id_of(&dataset)?;
            let dataset: DatasetDetail = client.get(&format!("/api/datasets/{id}"))?;
            terminal.result(&dataset, || detail(&dataset))
        }
        DatasetCommand::Log { dataset } => {
            let log: Log = client.get(&format!("/api/datasets/{}/log", id_of(&dataset)?))?;
            terminal.result(&log, || log.text.clone())
        }
        DatasetCommand::Rename { dataset, name } => {
            let path = format!("/api/datasets/{}", id_of(&dataset)?);
            let dataset: Dataset = client.patch(&path, &Rename { name })?;
            terminal.result(&dataset, || summary(&dataset))
        }
        DatasetCommand::Cancel { dataset } => {
            let id = id_of(&dataset)?;
            client.post_empty::<()>(&format!("/api/datasets/{id}/cancel"))?;
            let json = serde_json::json!({ "cancelled": id });
            terminal.result(&json, || format!("Cancelled {id}. Nothing was kept."))
        }
        DatasetCommand::Restart { dataset } => {
            let id = id_of(&dataset)?;
            client.post_empty::<Dataset>(&format!("/api/datasets/{id}/restart"))?;
            let dataset = prepared(&client, console, &id)?;
            show_prepared(&client, console, &dataset)
        }
        DatasetCommand::Delete { dataset } => {
            let id = id_of(&dataset)?;
            let path = format!("/api/datasets/{id}");
            let used_by = client.get::<DatasetDetail>(&path)?.used_by;
            client.delete(&path)?;
            let deleted = serde_json::json!({ "deleted": id, "used_by": used_by });
            terminal.result(&deleted, || words::deleted(&id) + &without_dataset(&used_by))
        }
        DatasetCommand::Restore { dataset } => {
            let id = named::deleted(&client, Kind::Dataset, &dataset)?;
            let dataset: Dataset = client.post_empty(&format!("/api/datasets/{id}/restore"))?;
            terminal.result(&dataset, || summary(&dataset))
        }
    }
}

/// What the runs that were trained on a deleted dataset lack now.
fn without_dataset(used_by: &[Id]) -> String {
    let runs: Vec<&str> = used_by.iter().map(Id::as_str).collect();
    match runs[..] {
        [] => String::new(),
        [run] => format!(
            "\nThe run {run} was trained on it, and can be resumed only after it is restored."
        ),
        _ => format!(
            "\nThese runs were trained on it, and can be resumed only after it is restored: {}.",
            runs.join(", ")
        ),
    }
}

/// Queues a dataset and waits until it is ready.
pub(crate) fn create(
    client: &Arc<Client>,
    console: &Console,
    new: &NewDataset,
) -> anyhow::Result<Dataset> {
    let queued: Dataset = client.post("/api/datasets", new)?;
    prepared(client, console, &queued.id)
}

/// Waits until a dataset is ready; Ctrl+C cancels it.
fn prepared(client: &Arc<Client>, console: &Console, id: &api::Id) -> anyhow::Result<Dataset> {
    let onlooker = Onlooker { client, terminal: console.terminal };
    let path = format!("/api/datasets/{id}");
    interrupt::dataset_cancelled_on_interrupt(client, &path, || onlooker.dataset(id))
}

/// Shows a newly prepared dataset, with the skipped files and why.
fn show_prepared(client: &Client, console: &Console, dataset: &Dataset) -> anyhow::Result<()> {
    let detail: DatasetDetail = client.get(&format!("/api/datasets/{}", dataset.id))?;
    let notes = notes(&detail.warnings);
    notes.iter().take(SKIPPED_NAMED).for_each(|note| console.terminal.note(note));
    if notes.len() > SKIPPED_NAMED {
        let n_more = notes.len() - SKIPPED_NAMED;
        console.terminal.note(&format!(
            "note: and {n_more} more; `maquette dataset show {}` lists them",
            dataset.id
        ));
    }
    let mut json = serde_json::to_value(dataset)?;
    json["warnings"] = serde_json::to_value(&detail.warnings)?;
    json["skipped"] = serde_json::to_value(skipped(&detail))?;
    json["groups"] = serde_json::to_value(&detail.groups)?;
    console.terminal.result(&json, || summary(dataset))
}

/// A file that could not be used.
#[derive(serde::Serialize)]
struct Skipped<'a> {
    file: &'a str,
    code: &'a str,
    why: &'a str,
}

/// Files that were named in a warning and are not in the dataset.
fn skipped(detail: &DatasetDetail) -> Vec<Skipped<'_>> {
    let used: BTreeSet<&str> = detail.files.iter().map(|file| file.path.as_str()).collect();
    // What is said last of a file is why it was left out.
    let mut seen = BTreeSet::new();
    let unused = detail.warnings.iter().rev().filter_map(|warning| {
        let file = warning.file.as_deref().filter(|file| !used.contains(file))?;
        let skipped = Skipped { file, code: &warning.code, why: &warning.message };
        seen.insert(file).then_some(skipped)
    });
    let mut skipped: Vec<Skipped<'_>> = unused.collect();
    skipped.reverse();
    skipped
}

/// Names files that are the same sound, a line for each group.
fn list_groups(detail: &DatasetDetail) -> String {
    if detail.groups.is_empty() {
        return String::new();
    }
    let path_of = |idx: &u32| {
        let file = detail.files.iter().find(|file| file.idx == *idx);
        file.map_or_else(|| idx.to_string(), |file| file.path.clone())
    };
    let lines = detail.groups.iter().map(|group| {
        let kind = match group.kind {
            api::SoundGroupKind::Exact => "identical",
            api::SoundGroupKind::Near => "same sound",
        };
        let files: Vec<String> = group.files.iter().map(path_of).collect();
        super::printable::one_line(&format!("  {kind}: {}", files.join(", "))) + "\n"
    });
    let lines: String = lines.collect();
    format!("\nDuplicates, never split between training and held-out files:\n{lines}")
}

/// The warnings of preparing, a line for each file.
fn notes(warnings: &[Warning]) -> Vec<String> {
    let note = |warning: &Warning| {
        let file = warning.file.as_ref().map_or(String::new(), |file| format!("{file}: "));
        super::printable::one_line(&format!("note: {file}{}", warning.message))
    };
    warnings.iter().map(note).collect()
}

fn new_dataset(args: CreateArgs, source: SoundSource) -> NewDataset {
    NewDataset {
        name: args.name,
        source,
        rate_hz: args.rate_hz,
        channels: args.channels,
        validation_share: args.validation_share,
        seed: args.seed,
    }
}

fn overview(datasets: &[Dataset]) -> String {
    if datasets.is_empty() {
        return "No datasets yet. Create one with `maquette dataset create FOLDER`.".to_owned();
    }
    let row = |dataset: &Dataset| {
        let (n_files, length) = match &dataset.summary {
            Some(it) => (words::count(it.n_files.into()), words::duration(it.length_secs)),
            None => (String::new(), String::new()),
        };
        [dataset.id.to_string(), dataset.name.clone(), words::state(&dataset.job), n_files, length]
    };
    let rows: Vec<_> = datasets.iter().map(row).collect();
    table(["id", "name", "state", "files", "length"], &rows)
}

/// A dataset in a few lines.
pub(crate) fn summary(dataset: &Dataset) -> String {
    let mut rows = vec![
        ("dataset", dataset.id.to_string()),
        ("name", dataset.name.clone()),
        ("state", words::state(&dataset.job)),
    ];
    if let Some(it) = &dataset.summary {
        let kinds = if it.channels == 1 { "mono" } else { "stereo" };
        rows.extend([
            ("source", it.source.clone()),
            ("length", words::duration(it.length_secs)),
            ("format", format!("{} Hz {kinds}", it.rate_hz)),
            ("files", format!("{} ({} held out)", it.n_files, it.n_validation)),
            ("skipped", if it.n_skipped > 0 { it.n_skipped.to_string() } else { String::new() }),
            (
                "duplicates",
                if it.n_duplicates > 0 { it.n_duplicates.to_string() } else { String::new() },
            ),
            ("size", words::bytes(it.bytes)),
            ("prepared in", words::duration(it.prepare_secs)),
        ]);
    }
    list(&rows)
}

fn detail(detail: &DatasetDetail) -> String {
    let mut text = summary(&detail.dataset);
    if !detail.files.is_empty() {
        let rows: Vec<_> = detail
            .files
            .iter()
            .map(|file| {
                let held_out = matches!(file.split, api::Split::Validation);
                [
                    file.idx.to_string(),
                    words::duration(file.length_secs),
                    format!("{:.1} dB", file.peak_db),
                    if held_out { "held out" } else { "" }.to_owned(),
                    file.path.clone(),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&table(["idx", "length", "peak", "", "file"], &rows));
    }
    text.push_str(&list_groups(detail));
    if !detail.warnings.is_empty() {
        text.push('\n');
    }
    text.extend(notes(&detail.warnings).into_iter().map(|note| format!("{note}\n")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_dataset_names_the_runs_that_need_it() {
        let check = |ids: &[&str], expected: &str| {
            let ids: Vec<Id> = ids.iter().map(|id| id.parse().unwrap()).collect();
            let text = without_dataset(&ids);
            assert!(text.contains(expected) && text.is_empty() == ids.is_empty(), "{text}");
        };
        check(&[], "");
        check(&["a-000001"], "The run a-000001 was trained on it");
        check(&["a-000001", "b-000002"], "restored: a-000001, b-000002.");
    }
}
