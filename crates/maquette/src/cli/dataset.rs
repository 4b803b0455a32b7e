//! `maquette dataset`: make and look at datasets.

use std::path::PathBuf;

use api::{Dataset, DatasetDetail, Id, NewDataset, Rename, SoundSource};

use super::{
    Console, absolute,
    follow::Onlooker,
    table::{list, table},
    words,
};
use crate::client::Client;

#[derive(clap::Subcommand)]
pub(crate) enum DatasetCommand {
    /// Prepare the sounds of a folder for training
    Create(CreateArgs),
    /// Every dataset, newest first
    List,
    /// One dataset with its files and warnings
    Show {
        /// The dataset's identifier
        id: Id,
    },
    /// Give a dataset another name
    Rename {
        /// The dataset's identifier
        id: Id,
        /// Its new name
        name: String,
    },
    /// Stop preparing a dataset; nothing of it is left
    Cancel {
        /// The dataset's identifier
        id: Id,
    },
    /// Move a dataset to the trash
    Delete {
        /// The dataset's identifier
        id: Id,
    },
    /// Take a dataset back from the trash
    Restore {
        /// The dataset's identifier
        id: Id,
    },
}

#[derive(clap::Args)]
pub(crate) struct CreateArgs {
    /// A folder of sounds, with its sub-folders; or one sound file
    #[arg(required_unless_present = "samples", conflicts_with = "samples")]
    folder: Option<PathBuf>,
    /// Use the built-in sample sounds
    #[arg(long)]
    samples: bool,
    /// A name; the folder's if absent
    #[arg(long)]
    name: Option<String>,
    /// Samples per second [default: 44100]
    #[arg(long, value_name = "HZ")]
    rate_hz: Option<u32>,
    /// 1 for mono, 2 for stereo [default: 1]
    #[arg(long, value_name = "N")]
    channels: Option<u16>,
    /// The share of files kept apart for validation [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    validation_share: Option<f64>,
    /// Decides which files those are [default: 0]
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(command: DatasetCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    match command {
        DatasetCommand::Create(args) => {
            let source = match &args.folder {
                Some(folder) => SoundSource::Folder { path: absolute(folder)? },
                None => SoundSource::Samples,
            };
            let dataset = create(&client, console, &new_dataset(args, source))?;
            terminal.result(&dataset, || summary(&dataset))
        }
        DatasetCommand::List => {
            let datasets: Vec<Dataset> = client.get("/api/datasets")?;
            terminal.result(&datasets, || overview(&datasets))
        }
        DatasetCommand::Show { id } => {
            let dataset: DatasetDetail = client.get(&format!("/api/datasets/{id}"))?;
            terminal.result(&dataset, || detail(&dataset))
        }
        DatasetCommand::Rename { id, name } => {
            let path = format!("/api/datasets/{id}");
            let dataset: Dataset = client.patch(&path, &Rename { name })?;
            terminal.result(&dataset, || summary(&dataset))
        }
        DatasetCommand::Cancel { id } => {
            client.post_empty::<()>(&format!("/api/datasets/{id}/cancel"))?;
            terminal.result(&serde_json::json!({ "cancelled": id }), || format!("cancelled {id}"))
        }
        DatasetCommand::Delete { id } => {
            client.delete(&format!("/api/datasets/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || format!("deleted {id}"))
        }
        DatasetCommand::Restore { id } => {
            let dataset: Dataset = client.post_empty(&format!("/api/datasets/{id}/restore"))?;
            terminal.result(&dataset, || summary(&dataset))
        }
    }
}

/// Queues a dataset and waits until it is whole.
pub(crate) fn create(
    client: &Client,
    console: &Console,
    new: &NewDataset,
) -> anyhow::Result<Dataset> {
    let queued: Dataset = client.post("/api/datasets", new)?;
    Onlooker { client, terminal: console.terminal }.dataset(&queued.id)
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
        return "No datasets yet. Make one with `maquette dataset create FOLDER`.".to_owned();
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
            ("sound", words::duration(it.length_secs)),
            ("format", format!("{} Hz {kinds}", it.rate_hz)),
            ("files", format!("{} ({} held out)", it.n_files, it.n_validation)),
            ("skipped", if it.n_skipped > 0 { it.n_skipped.to_string() } else { String::new() }),
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
    if !detail.warnings.is_empty() {
        text.push('\n');
    }
    for warning in &detail.warnings {
        let file = warning.file.as_ref().map_or(String::new(), |file| format!("{file}: "));
        text.push_str(&format!("note: {file}{}\n", warning.message));
    }
    text
}
