//! `maquette train`: queue a training, and show its progress with `--follow`.

use api::{Id, NewRun, Run};

use super::{
    Console,
    follow::Onlooker,
    interrupt::say_on_interrupt,
    named::{self, Kind},
    run::summary,
    training::{TrainingArgs, warn_of_memory},
};

#[derive(clap::Args)]
pub(crate) struct TrainArgs {
    /// The dataset's identifier or name; none for models that learn from no dataset
    dataset: Option<String>,
    /// A name for the run
    #[arg(long)]
    name: Option<String>,
    /// Show progress until it ends
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    training: TrainingArgs,
}

pub(crate) fn run(args: TrainArgs, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let dataset = args.dataset.map(|text| named::id(&client, Kind::Dataset, &text)).transpose()?;
    let new: NewRun = args.training.new_run(dataset, args.name);
    warn_of_memory(&client, terminal, &new);
    let run: Run = client.post("/api/runs", &new)?;
    let onlooker = Onlooker { client: &client, terminal };
    if !args.follow {
        let run = onlooker.until_started(&run.id)?;
        return terminal.result(&run, || {
            format!("{}\nStop it with `maquette run stop {}`.", summary(&run), run.id)
        });
    }
    follow(onlooker, &run.id, 0)
}

/// Follows a run until it ends: every event after a number as a line of JSON, or its progress.
pub(crate) fn follow(onlooker: Onlooker<'_>, id: &Id, after: u64) -> anyhow::Result<()> {
    let terminal = onlooker.terminal;
    terminal.note(&format!("Training {id}"));
    say_on_interrupt(format!("{id} continues training. Stop it with `maquette run stop {id}`."));
    let run = onlooker.run(id, after, |event| match terminal.is_json() {
        true => terminal.json(event),
        false => Ok(()),
    })?;
    terminal.result(&run.run, || summary(&run.run))
}
