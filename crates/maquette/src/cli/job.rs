//! `maquette job`: jobs of every kind, what they said, and the files in their folders.

use std::path::PathBuf;

use anyhow::Context;
use api::{Event, Id, Job, JobFile, JobKindInfo, Log, NewJob};

use super::{
    Console, named, output,
    table::{list, table},
    words,
};
use crate::{client::Client, percent};

/// The most events that are shown.
const MAX_EVENTS: usize = 10_000;

#[derive(clap::Subcommand)]
pub(crate) enum JobCommand {
    /// List the jobs that are running or waiting
    List {
        /// Include the jobs that have ended
        #[arg(long)]
        all: bool,
        /// Only jobs of this kind, like `train`
        #[arg(long)]
        kind: Option<String>,
    },
    /// Queue a job by its order alone, for kinds that need no more
    Create {
        /// A name for it
        name: String,
        /// The order as JSON, like `{"kind": "…"}`
        task: String,
    },
    /// Show where a job stands
    Show {
        /// The job's identifier or name
        job: String,
    },
    /// Show the end of a job's log
    Log {
        /// The job's identifier or name
        job: String,
    },
    /// Print a job's events, a line of JSON each
    Events {
        /// The job's identifier or name
        job: String,
        /// Only events after this number
        #[arg(long, default_value_t = 0, value_name = "N")]
        after: u64,
    },
    /// List the files in a job's folder, or copy one of them
    Files {
        /// The job's identifier or name
        job: String,
        /// The file to copy, by its path in the folder
        #[arg(requires = "output")]
        file: Option<String>,
        /// Where to copy it to
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Overwrite the file if it exists
        #[arg(long)]
        force: bool,
    },
    /// End a job that is running or waiting
    Cancel {
        /// The job's identifier or name
        job: String,
    },
    /// Move a job that is waiting to the front of its queue
    Hurry {
        /// The job's identifier or name
        job: String,
    },
    /// Start a job again that failed, was stopped or was interrupted
    Restart {
        /// The job's identifier or name
        job: String,
    },
    /// Delete a job with everything that it made
    Delete {
        /// The job's identifier or name
        job: String,
    },
}

pub(crate) fn run(command: JobCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let found = |text: &str| {
        let id = id_of(&client, text)?;
        anyhow::Ok((id.clone(), format!("/api/jobs/{id}")))
    };
    match command {
        JobCommand::List { all, kind } => {
            let kind = kind.map(|kind| format!("&kind={}", percent::encoded(&kind)));
            let path = format!("/api/jobs?all={all}{}", kind.unwrap_or_default());
            let jobs: Vec<Job> = client.get(&path)?;
            terminal.result(&jobs, || overview(&client, &jobs, all))
        }
        JobCommand::Create { name, task } => {
            let task = serde_json::from_str(&task).context("failed to read the order as JSON")?;
            let job: Job = client.post("/api/jobs", &NewJob { name, task })?;
            terminal.result(&job, || format!("Queued “{}” ({}).", job.name, job.id))
        }
        JobCommand::Show { job } => {
            let job: Job = client.get(&found(&job)?.1)?;
            terminal.result(&job, || details(&job))
        }
        JobCommand::Log { job } => {
            let log: Log = client.get(&format!("{}/log", found(&job)?.1))?;
            terminal.result(&log, || log.text.clone())
        }
        JobCommand::Events { job, after } => {
            let path = found(&job)?.1;
            let events: Vec<Event> =
                client.get(&format!("{path}/events?after={after}&limit={MAX_EVENTS}"))?;
            events.iter().try_for_each(|event| terminal.json(event))
        }
        JobCommand::Files { job, file, output, force } => {
            let path = found(&job)?.1;
            let (Some(file), Some(output)) = (file, output) else {
                let files: Vec<JobFile> = client.get(&format!("{path}/files"))?;
                return terminal.result(&files, || files_of(&files));
            };
            output::check_place(&output, force)?;
            let parts = file.split('/').map(percent::encoded).collect::<Vec<_>>();
            output::download(&client, &format!("{path}/files/{}", parts.join("/")), &output)?;
            let copied = serde_json::json!({ "path": output });
            terminal.result(&copied, || format!("Copied {file} to {}.", output.display()))
        }
        JobCommand::Cancel { job } => {
            let (id, path) = found(&job)?;
            client.post_empty::<()>(&format!("{path}/cancel"))?;
            let ended = serde_json::json!({ "cancelled": id });
            terminal.result(&ended, || format!("Ending {id}."))
        }
        JobCommand::Hurry { job } => {
            let path = found(&job)?.1;
            let job: Job = client.post_empty(&format!("{path}/hurry"))?;
            terminal.result(&job, || format!("“{}” ({}) is next.", job.name, job.id))
        }
        JobCommand::Restart { job } => {
            let path = found(&job)?.1;
            let job: Job = client.post_empty(&format!("{path}/restart"))?;
            terminal.result(&job, || format!("Queued “{}” ({}) again.", job.name, job.id))
        }
        JobCommand::Delete { job } => {
            let (id, path) = found(&job)?;
            let job: Job = client.get(&path)?;
            client.delete(&path)?;
            let kinds: Vec<JobKindInfo> = client.get("/api/kinds")?;
            let has_trash = kinds.iter().any(|it| it.kind == job.kind && it.has_trash);
            let deleted = serde_json::json!({ "deleted": id });
            terminal.result(&deleted, || match has_trash {
                true => words::deleted(&id),
                false => format!("Deleted {id}."),
            })
        }
    }
}

/// The identifier of what a person named among jobs of every kind.
fn id_of(client: &Client, text: &str) -> anyhow::Result<Id> {
    let all: Vec<Job> = client.get("/api/jobs?all=true")?;
    let all: Vec<_> = all.into_iter().map(|it| (it.id, it.name)).collect();
    Ok(named::choose(&all, text, "job", "`maquette job list --all` shows every job.")?)
}

fn overview(client: &Client, jobs: &[Job], all: bool) -> String {
    if jobs.is_empty() {
        return match all {
            true => "There are no jobs.".to_owned(),
            false => "Nothing is running or waiting. `maquette job list --all` shows every job."
                .to_owned(),
        };
    }
    let kinds: Vec<JobKindInfo> = client.get("/api/kinds").unwrap_or_default();
    let word = |job: &Job| {
        let row = kinds.iter().find(|it| it.kind == job.kind);
        row.map_or_else(String::new, |it| it.word.clone())
    };
    let row = |job: &Job| {
        let progress = job.progress.as_ref().map_or_else(String::new, words::progress);
        [job.name.clone(), word(job), words::state(job), progress, job.id.to_string()]
    };
    table(["name", "kind", "state", "progress", "id"], &jobs.iter().map(row).collect::<Vec<_>>())
}

fn details(job: &Job) -> String {
    list(&[
        ("name", job.name.clone()),
        ("id", job.id.to_string()),
        ("project", job.project.to_string()),
        ("state", words::state(job)),
        ("progress", job.progress.as_ref().map_or_else(String::new, words::progress)),
        ("warnings", job.n_warnings.to_string()),
    ])
}

fn files_of(files: &[JobFile]) -> String {
    let rows: Vec<_> = files.iter().map(|it| [it.path.clone(), words::bytes(it.bytes)]).collect();
    table(["path", "size"], &rows)
}
