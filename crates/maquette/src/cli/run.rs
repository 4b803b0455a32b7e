//! `maquette run`: manage training runs.

use api::{Continue, Fact, FactValue, Log, Rename, Resume, Run, RunDetail};

use super::{
    Console,
    follow::Onlooker,
    named::{self, Kind},
    table::{list, table},
    train,
    training::LimitArgs,
    words,
};

#[derive(clap::Subcommand)]
pub(crate) enum RunCommand {
    /// List all runs, newest first
    List,
    /// Show a run with its checkpoints and warnings
    Show {
        /// The run's identifier or name
        run: String,
    },
    /// Save a checkpoint and stop
    Stop {
        /// The run's identifier or name
        run: String,
    },
    /// Resume from the newest checkpoint
    Resume {
        /// The run's identifier or name
        run: String,
        #[command(flatten)]
        limit: LimitArgs,
        /// Show progress until it ends
        #[arg(long)]
        follow: bool,
    },
    /// Continue in a new run from the newest checkpoint; the old run stays as it is
    Continue {
        /// The run's identifier or name
        run: String,
        /// How much longer to train
        #[arg(long, value_name = "M", default_value_t = 60.0)]
        minutes: f64,
        /// A name for the new run
        #[arg(long)]
        name: Option<String>,
        /// Show progress until it ends
        #[arg(long)]
        follow: bool,
    },
    /// Show the end of a run's log
    Log {
        /// The run's identifier or name
        run: String,
    },
    /// Rename a run
    Rename {
        /// The run's identifier or name
        run: String,
        /// Its new name
        name: String,
    },
    /// Move a run to the trash
    Delete {
        /// The run's identifier or name
        run: String,
    },
    /// Restore a run from the trash
    Restore {
        /// The run's identifier or name
        run: String,
    },
}

pub(crate) fn run(command: RunCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let onlooker = Onlooker { client: &client, terminal };
    let id_of = |text: &str| named::id(&client, Kind::Run, text);
    match command {
        RunCommand::List => {
            let runs: Vec<Run> = client.get("/api/runs")?;
            words::note_unreadable(&client, terminal, Kind::Run);
            terminal.result(&runs, || overview(&runs))
        }
        RunCommand::Show { run } => {
            let run: RunDetail = client.get(&format!("/api/runs/{}", id_of(&run)?))?;
            terminal.result(&run, || detail(&run))
        }
        RunCommand::Stop { run } => {
            let id = id_of(&run)?;
            client.post_empty::<Run>(&format!("/api/runs/{id}/stop"))?;
            let run = onlooker.until_stopped(&id)?;
            terminal.result(&run, || summary(&run))
        }
        RunCommand::Resume { run, limit, follow } => {
            let id = id_of(&run)?;
            let before: RunDetail = client.get(&format!("/api/runs/{id}"))?;
            let resume = Resume { limit: limit.limit() };
            client.post::<Run>(&format!("/api/runs/{id}/resume"), &resume)?;
            if follow {
                return train::follow(onlooker, &id, before.run.job.last_seq);
            }
            let run = onlooker.until_started(&id)?;
            terminal.result(&run, || summary(&run))
        }
        RunCommand::Continue { run, minutes, name, follow } => {
            let path = format!("/api/runs/{}/continue", id_of(&run)?);
            let child: Run = client.post(&path, &Continue { minutes, name })?;
            if follow {
                return train::follow(onlooker, &child.id, 0);
            }
            let child = onlooker.until_started(&child.id)?;
            terminal.result(&child, || summary(&child))
        }
        RunCommand::Log { run } => {
            let log: Log = client.get(&format!("/api/runs/{}/log", id_of(&run)?))?;
            terminal.result(&log, || log.text.clone())
        }
        RunCommand::Rename { run, name } => {
            let path = format!("/api/runs/{}", id_of(&run)?);
            let run: Run = client.patch(&path, &Rename { name })?;
            terminal.result(&run, || summary(&run))
        }
        RunCommand::Delete { run } => {
            let id = id_of(&run)?;
            client.delete(&format!("/api/runs/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || words::deleted(&id))
        }
        RunCommand::Restore { run } => {
            let id = named::deleted(&client, Kind::Run, &run)?;
            let run: Run = client.post_empty(&format!("/api/runs/{id}/restore"))?;
            terminal.result(&run, || summary(&run))
        }
    }
}

fn overview(runs: &[Run]) -> String {
    if runs.is_empty() {
        return "No runs yet. Start one with `maquette train DATASET`.".to_owned();
    }
    let row = |run: &Run| {
        let score = run.score.as_ref().map_or(String::new(), |it| format!("{:.4}", it.latest));
        let step = words::count(run.step);
        [
            run.id.to_string(),
            run.name.clone(),
            words::state(&run.job),
            step,
            score,
            composition(run),
        ]
    };
    let rows: Vec<_> = runs.iter().map(row).collect();
    table(["id", "name", "state", "step", "score", "preset"], &rows)
}

fn composition(run: &Run) -> String {
    words::composition(&run.preset, &run.switches, run.own_preset.as_ref())
}

/// A run in a few lines.
pub(crate) fn summary(run: &Run) -> String {
    let score = run.score.as_ref().map_or(String::new(), |it| {
        let title = run.score_metric.title.to_lowercase();
        format!("{title} {:.4} (first {:.4}, best {:.4})", it.latest, it.first, it.best)
    });
    list(&[
        ("run", run.id.to_string()),
        ("name", run.name.clone()),
        ("state", words::state(&run.job)),
        ("dataset", run.dataset.as_ref().map_or_else(String::new, ToString::to_string)),
        ("model", format!("{} {}", run.family, composition(run))),
        ("step", words::count(run.step)),
        ("stops", words::limit(run.limit)),
        ("score", score),
        (
            "time",
            run.job
                .progress
                .as_ref()
                .map_or_else(String::new, |it| words::duration(it.elapsed_secs)),
        ),
    ])
}

/// `Parameters 1,234`.
fn fact(fact: &Fact) -> String {
    let value = match &fact.value {
        FactValue::Number(value) if value.fract() == 0.0 => words::count(*value as u64),
        FactValue::Number(value) => format!("{value:.3}"),
        FactValue::Text(text) => text.clone(),
    };
    format!("{} {value} {}", fact.title, fact.unit).trim_end().to_owned()
}

fn detail(detail: &RunDetail) -> String {
    let mut text = summary(&detail.run);
    text.push_str(&list(&[
        ("seed    ", detail.seed.to_string()),
        ("folder", detail.folder.clone()),
        ("parent", detail.parent.as_ref().map_or_else(String::new, ToString::to_string)),
        ("pace", detail.forecast.as_ref().map_or(String::new(), |it| words::pace(&detail.run, it))),
        ("estimate", detail.forecast.as_ref().map_or(String::new(), words::run_measure)),
    ]));
    let facts: Vec<_> = detail.facts.iter().map(fact).collect();
    if !facts.is_empty() {
        text.push_str(&format!("\n{}\n", facts.join(" · ")));
    }
    if !detail.checkpoints.is_empty() {
        let row = |it: &api::Checkpoint| {
            let validation = it.validation.map_or(String::new(), |it| format!("{it:.4}"));
            let best = if it.is_best { "best" } else { "" };
            [words::count(it.step), words::bytes(it.bytes), validation, best.to_owned()]
        };
        let rows: Vec<_> = detail.checkpoints.iter().map(row).collect();
        text.push_str(&format!("\n{}", table(["checkpoint", "size", "score", ""], &rows)));
    }
    if let api::JobState::Failed { problem, .. } = &detail.run.job.state {
        text.push_str(&format!("\nfailed: {}\n", problem.what));
        text.extend(problem.why.iter().map(|why| format!("  why: {why}\n")));
        text.extend(problem.remedy.iter().map(|remedy| format!("  what to do: {remedy}\n")));
    }
    for warning in &detail.warnings {
        text.push_str(&format!("note: {}\n", warning.message));
    }
    text
}
