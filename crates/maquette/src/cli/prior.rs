//! `maquette prior`: train priors, which make latents of a model by themselves, and list them.

use std::collections::BTreeMap;

use api::{Choices, Id, LearnsFrom, Model, NewRun, Run};

use super::{
    Console,
    follow::Onlooker,
    named::{self, Kind},
    run::summary,
    table::table,
    train::follow,
    training::{LimitArgs, family_that_learns, key_and_value, warn_of_memory},
    words,
};

#[derive(clap::Subcommand)]
pub(crate) enum PriorCommand {
    /// Train a prior of a model
    Train(TrainArgs),
    /// List priors, of one model or of all, newest first
    List {
        /// The model's identifier or name
        model: Option<String>,
    },
}

#[derive(clap::Args)]
pub(crate) struct TrainArgs {
    /// The model whose latents to learn: its identifier or name
    model: String,
    /// Learn from the sounds of this dataset [default: the one that the model was trained on]
    #[arg(long, value_name = "DATASET")]
    dataset: Option<String>,
    /// A preset, like `quick` or `prior_v1`, or your own [default: quick]
    #[arg(long, value_name = "P")]
    preset: Option<String>,
    /// Change a single setting; can be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    settings: Vec<(String, String)>,
    /// The random seed; the same seed gives the same first losses
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    #[command(flatten)]
    limit: LimitArgs,
    /// A name for the run
    #[arg(long)]
    name: Option<String>,
    /// Show progress until it ends
    #[arg(long)]
    follow: bool,
}

pub(crate) fn run(command: PriorCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        PriorCommand::Train(args) => train(args, console),
        PriorCommand::List { model } => list(model.as_deref(), console),
    }
}

fn train(args: TrainArgs, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let named = |kind: Kind, text: &str| named::id(&client, kind, text);
    let settings = args.settings.into_iter().map(|(key, text)| (key, text.into()));
    let new = NewRun {
        name: args.name,
        model: Some(named(Kind::Model, &args.model)?),
        dataset: args.dataset.as_deref().map(|text| named(Kind::Dataset, text)).transpose()?,
        choices: Choices {
            family: Some(family_that_learns(LearnsFrom::Latents)),
            preset: args.preset,
            switches: vec![],
            settings: settings.collect::<BTreeMap<_, _>>(),
        },
        seed: args.seed,
        limit: args.limit.limit(),
    };
    warn_of_memory(&client, terminal, &new);
    let run: Run = client.post("/api/runs", &new)?;
    let onlooker = Onlooker { client: &client, terminal };
    if args.follow {
        return follow(onlooker, &run.id, 0);
    }
    let run = onlooker.until_started(&run.id)?;
    terminal.result(&run, || {
        format!("{}\nPut it into the library with `maquette model add {}`.", summary(&run), run.id)
    })
}

fn list(model: Option<&str>, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let priors: Vec<Model> = match model {
        Some(text) => {
            let id: Id = named::id(&client, Kind::Model, text)?;
            client.get(&format!("/api/models/{id}/priors"))?
        }
        None => {
            let all: Vec<Model> = client.get("/api/models")?;
            all.into_iter().filter(|it| it.prior_of.is_some()).collect()
        }
    };
    console.terminal.result(&priors, || overview(&priors))
}

fn overview(priors: &[Model]) -> String {
    if priors.is_empty() {
        return "There are no priors. Train one with `maquette prior train MODEL`.".to_owned();
    }
    let row = |prior: &Model| {
        let of = prior.prior_of.as_ref();
        let (name, place) = match of.map(|of| (&of.name, &of.model)) {
            Some((name, Some(id))) => (name.clone(), id.to_string()),
            Some((name, None)) => (name.clone(), "not in the library".to_owned()),
            None => (String::new(), String::new()),
        };
        let score = prior.lineage.as_ref().and_then(|it| it.validation);
        let score = score.map_or(String::new(), |it| format!("{it:.3}"));
        [prior.id.to_string(), prior.name.clone(), name, place, score, words::bytes(prior.bytes)]
    };
    let rows: Vec<_> = priors.iter().map(row).collect();
    table(["id", "name", "prior of", "model", "nats per latent", "size"], &rows)
}
