//! `maquette project`: what belongs together, and its archive.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use api::{NewProject, Project, ProjectChange, ProjectDetail, ProjectItem, RunDefaults};

use super::{
    Console,
    interrupt::removed_on_interrupt,
    named::{self, Kind},
    output,
    table::{list, table},
    terminal::Terminal,
    training::{ChoiceArgs, LimitArgs},
    words,
};
use crate::{client::Client, percent};

/// How often the line of progress is drawn.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

#[derive(clap::Subcommand)]
pub(crate) enum ProjectCommand {
    /// List all projects, the one used last first
    List,
    /// Create a project
    Create {
        /// Its name, like `Drum machine`
        name: String,
    },
    /// Show a project: what is in it, its size, and what new runs start from
    Show {
        /// The project's identifier or name
        project: String,
    },
    /// Rename a project
    Rename {
        /// The project's identifier or name
        project: String,
        /// Its new name
        name: String,
    },
    /// Choose what new runs of a project start from
    Defaults {
        /// The project's identifier or name
        project: String,
        #[command(flatten)]
        choices: ChoiceArgs,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Move a dataset, run, model, preset or export into a project
    Move {
        /// The project's identifier or name
        project: String,
        /// What to move
        #[arg(value_enum)]
        kind: Kind,
        /// Its identifier or name
        item: String,
    },
    /// Move a project with everything in it to the trash
    Delete {
        /// The project's identifier or name
        project: String,
    },
    /// Restore a project from the trash
    Restore {
        /// The project's identifier or name
        project: String,
    },
    /// Write a project with everything in it to one archive
    Export {
        /// The project's identifier or name
        project: String,
        /// The file to write [default: the project's name, ending in .maquette.tar]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Overwrite the file if it exists
        #[arg(long)]
        force: bool,
    },
    /// Add a project from an archive
    Import {
        /// The archive
        file: PathBuf,
        /// A name for the project [default: its own]
        #[arg(long)]
        name: Option<String>,
    },
}

pub(crate) fn run(command: ProjectCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let path_of = |text: &str| {
        anyhow::Ok(format!("/api/projects/{}", named::id(&client, Kind::Project, text)?))
    };
    match command {
        ProjectCommand::List => {
            let all: Vec<Project> = client.get("/api/projects")?;
            terminal.result(&all, || overview(&all))
        }
        ProjectCommand::Create { name } => {
            let new = NewProject { name, defaults: RunDefaults::default() };
            let project: Project = client.post("/api/projects", &new)?;
            terminal.result(&project, || {
                format!(
                    "Created project “{}” ({}).\nAdd --project {1} to a command to work in it.",
                    project.name, project.id
                )
            })
        }
        ProjectCommand::Show { project } => {
            let detail: ProjectDetail = client.get(&path_of(&project)?)?;
            terminal.result(&detail, || details(&detail))
        }
        ProjectCommand::Rename { project, name } => {
            let change = ProjectChange { name: Some(name), defaults: None };
            let project: Project = client.patch(&path_of(&project)?, &change)?;
            terminal.result(&project, || format!("Renamed to “{}” ({}).", project.name, project.id))
        }
        ProjectCommand::Defaults { project, choices, limit } => {
            let defaults = RunDefaults { choices: choices.choices(), limit: limit.limit() };
            let change = ProjectChange { name: None, defaults: Some(defaults) };
            let project: Project = client.patch(&path_of(&project)?, &change)?;
            terminal.result(&project, || {
                format!("New runs in “{}” start from: {}.", project.name, defaults_of(&project))
            })
        }
        ProjectCommand::Move { project, kind, item } => {
            let item =
                ProjectItem { list: kind.list().to_owned(), id: named::id(&client, kind, &item)? };
            let path = path_of(&project)?;
            client.post::<()>(&format!("{path}/items"), &item)?;
            let detail: ProjectDetail = client.get(&path)?;
            terminal.result(&item, || {
                format!("Moved {} {} to “{}”.", kind.word(), item.id, detail.project.name)
            })
        }
        ProjectCommand::Delete { project } => {
            let id = named::id(&client, Kind::Project, &project)?;
            client.delete(&format!("/api/projects/{id}"))?;
            let deleted = serde_json::json!({ "deleted": id });
            terminal.result(&deleted, || {
                format!(
                    "Moved project {id} with everything in it to the trash. \
                     `maquette project restore {id}` restores it within 30 days."
                )
            })
        }
        ProjectCommand::Restore { project } => {
            let id = named::deleted(&client, Kind::Project, &project)?;
            let project: Project = client.post_empty(&format!("/api/projects/{id}/restore"))?;
            terminal.result(&project, || format!("Restored project “{}” ({id}).", project.name))
        }
        ProjectCommand::Export { project, output, force } => {
            export(&client, terminal, &path_of(&project)?, output, force)
        }
        ProjectCommand::Import { file, name } => {
            import(&client, terminal, &super::absolute(&file)?, name.as_deref())
        }
    }
}

fn export(
    client: &Client,
    terminal: Terminal,
    path: &str,
    output: Option<PathBuf>,
    force: bool,
) -> anyhow::Result<()> {
    let detail: ProjectDetail = client.get(path)?;
    let output = output.unwrap_or_else(|| format!("{}.maquette.tar", detail.project.id).into());
    output::check_place(&output, force)?;
    let part = output::part_of(&output)?;
    let words = format!("Writing {}", output.display());
    removed_on_interrupt(&part, || {
        output::download_with(client, &format!("{path}/archive"), &output, |file| {
            Metered::new(file, &words, Some(detail.bytes), terminal)
        })
    })?;
    terminal.erase();
    let bytes = std::fs::metadata(&output).context("failed to find the archive")?.len();
    let written =
        serde_json::json!({ "project": detail.project.id, "path": output, "bytes": bytes });
    terminal.result(&written, || {
        format!(
            "Wrote “{}” to {} ({}).\n`maquette project import` adds it, here or on another computer.",
            detail.project.name,
            output.display(),
            words::bytes(bytes)
        )
    })
}

fn import(
    client: &Client,
    terminal: Terminal,
    path: &Path,
    name: Option<&str>,
) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
    let bytes = file.metadata().ok().map(|it| it.len());
    let query = name.map(|name| format!("?name={}", percent::encoded(name))).unwrap_or_default();
    let words = format!("Reading {}", path.display());
    let mut source =
        Metered::new(io::BufReader::with_capacity(1 << 18, file), &words, bytes, terminal);
    let project: Project =
        client.post_from(&format!("/api/projects/import{query}"), &mut source)?;
    terminal.erase();
    terminal.result(&project, || {
        format!("Added project “{}” ({}): {}.", project.name, project.id, contents(&project))
    })
}

fn overview(all: &[Project]) -> String {
    let row = |it: &Project| {
        [
            it.name.clone(),
            it.n_datasets.to_string(),
            it.n_runs.to_string(),
            it.n_models.to_string(),
            it.id.to_string(),
        ]
    };
    table(["name", "datasets", "runs", "models", "id"], &all.iter().map(row).collect::<Vec<_>>())
}

fn details(detail: &ProjectDetail) -> String {
    let project = &detail.project;
    list(&[
        ("name", project.name.clone()),
        ("id", project.id.to_string()),
        ("contents", contents(project)),
        ("size", words::bytes(detail.bytes)),
        ("new runs", defaults_of(project)),
        ("folder", detail.folder.clone()),
    ])
}

fn contents(project: &Project) -> String {
    let n_of = |n: u32, thing: &str| words::n_of(n as usize, thing);
    format!(
        "{}, {}, {}",
        n_of(project.n_datasets, "dataset"),
        n_of(project.n_runs, "run"),
        n_of(project.n_models, "model")
    )
}

fn defaults_of(project: &Project) -> String {
    let RunDefaults { choices, limit } = &project.defaults;
    let preset = choices.preset.clone().unwrap_or_else(|| "the family's first preset".to_owned());
    let settings = choices.settings.iter();
    let settings = settings.map(|(key, value)| format!("{key}={}", words::setting(value)));
    let mut parts: Vec<String> = std::iter::once(preset).chain(choices.switches.clone()).collect();
    parts.extend(settings);
    parts.extend(limit.map(words::limit));
    parts.join(", ")
}

/// Reads or writes, and draws how far that is.
struct Metered<'w, T> {
    inner: T,
    words: &'w str,
    n_done: u64,
    n_total: Option<u64>,
    terminal: Terminal,
    drawn: Instant,
}

impl<'w, T> Metered<'w, T> {
    fn new(inner: T, words: &'w str, n_total: Option<u64>, terminal: Terminal) -> Self {
        Self { inner, words, n_done: 0, n_total, terminal, drawn: Instant::now() }
    }

    fn count(&mut self, n: usize) {
        self.n_done += n as u64;
        if self.drawn.elapsed() < PROGRESS_EVERY {
            return;
        }
        self.drawn = Instant::now();
        let share = self.n_total.filter(|total| *total > 0).map_or_else(String::new, |total| {
            format!(" ({:.0} %)", 100.0 * (self.n_done as f64 / total as f64).min(1.0))
        });
        self.terminal.progress(&format!("{}: {}{share}", self.words, words::bytes(self.n_done)));
    }
}

impl<T: Write> Write for Metered<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.count(n);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Metered<'_, T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(bytes)?;
        self.count(n);
        Ok(n)
    }
}
