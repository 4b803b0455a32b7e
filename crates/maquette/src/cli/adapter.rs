//! `maquette adapter`: teach a model that makes sound from words the sound of one's own clips, and list what was learnt.

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
pub(crate) enum AdapterCommand {
    /// Train an adapter (LoRA) of a model on your own clips
    Train(TrainArgs),
    /// List adapters, of one model or of all, newest first
    List {
        /// The model's identifier or name
        model: Option<String>,
    },
}

#[derive(clap::Args)]
pub(crate) struct TrainArgs {
    /// The model to add to, as `maquette weights list` shows it: its identifier or name
    model: String,
    /// The dataset of clips, 20 to 50 of them; words for each are read from text files of the same names
    #[arg(long, value_name = "DATASET")]
    dataset: String,
    /// What is said of clips without a text file: the name of your instrument or band, say
    #[arg(long, value_name = "WORDS")]
    phrase: Option<String>,
    /// What samples on the way are made of; can be repeated [default: the words of clips]
    #[arg(long = "prompt", value_name = "WORDS")]
    prompts: Vec<String>,
    /// A preset, `quick` or `standard`, or your own [default: quick]
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

pub(crate) fn run(command: AdapterCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        AdapterCommand::Train(args) => train(args, console),
        AdapterCommand::List { model } => list(model.as_deref(), console),
    }
}

fn train(args: TrainArgs, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let phrase = args.phrase.map(|words| ("phrase".to_owned(), words));
    let prompts =
        (!args.prompts.is_empty()).then(|| ("prompts".to_owned(), args.prompts.join("|")));
    let settings = args.settings.into_iter().chain(phrase).chain(prompts);
    let settings = settings.map(|(key, text)| (key, text.into()));
    let new = NewRun {
        name: args.name,
        model: Some(named::id(&client, Kind::Model, &args.model)?),
        dataset: Some(named::id(&client, Kind::Dataset, &args.dataset)?),
        choices: Choices {
            family: Some(family_that_learns(LearnsFrom::Words)),
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
    let adapters: Vec<Model> = match model {
        Some(text) => {
            let id: Id = named::id(&client, Kind::Model, text)?;
            client.get(&format!("/api/models/{id}/adapters"))?
        }
        None => {
            let all: Vec<Model> = client.get("/api/models")?;
            all.into_iter().filter(|it| it.adapter_of.is_some()).collect()
        }
    };
    console.terminal.result(&adapters, || overview(&adapters))
}

fn overview(adapters: &[Model]) -> String {
    if adapters.is_empty() {
        let how = "Train one with `maquette adapter train MODEL --dataset DATASET`.";
        return format!("There are no adapters. {how}");
    }
    let row = |adapter: &Model| {
        let of = adapter.adapter_of.clone().unwrap_or_default();
        let place = match (&of.model, of.name.is_empty()) {
            (Some(id), _) => id.to_string(),
            (None, false) => "not in the library".to_owned(),
            (None, true) => String::new(),
        };
        let name = if of.name.is_empty() { "not said".to_owned() } else { of.name };
        let score = adapter.lineage.as_ref().and_then(|it| it.validation);
        let score = score.map_or(String::new(), |it| format!("{it:.4}"));
        let licence = of.licence.unwrap_or_default();
        let size = words::bytes(adapter.bytes);
        [adapter.id.to_string(), adapter.name.clone(), name, place, score, licence, size]
    };
    let rows: Vec<_> = adapters.iter().map(row).collect();
    table(["id", "name", "adapter of", "model", "loss", "licence", "size"], &rows)
}
