//! `maquette engine`: programs of others that run models.

use std::path::PathBuf;

use api::{Engine, EngineCheck, Model, NewEngine};

use super::{
    Console, from_root,
    output::refused,
    table::{list, table},
    weights, words,
};
use crate::client::Refused;

#[derive(clap::Subcommand)]
pub(crate) enum EngineCommand {
    /// Start the engine of a folder to ask how it is and what it runs
    Check(FolderArgs),
    /// Start the engine of a folder to ask what it runs, and add its models to the library
    Add(AddArgs),
    /// List the engines whose models are in the library
    List,
    /// Take the models of an engine out of the library; its folder stays as it is
    Remove(FolderArgs),
}

#[derive(clap::Args)]
pub(crate) struct FolderArgs {
    /// The folder with engine.json
    folder: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct AddArgs {
    /// The folder with engine.json
    folder: PathBuf,
    /// Say that you have read the terms of its models and accept them
    #[arg(long)]
    accept_licence: bool,
}

pub(crate) fn run(command: &EngineCommand, console: &Console) -> anyhow::Result<()> {
    let terminal = console.terminal;
    match command {
        EngineCommand::Check(FolderArgs { folder }) => {
            let found = worker::check_engine(folder).map_err(Refused)?;
            terminal.result(&found, || in_words(&found))?;
            if found.is_well {
                return Ok(());
            }
            let what = format!("The engine in “{}” cannot be used.", found.folder);
            let why = found.problems.first().map_or("", String::as_str);
            Err(refused("bad_engine", what, why, "Correct it: see docs/engines.md.").into())
        }
        EngineCommand::Add(args) => {
            let new = NewEngine {
                folder: from_root(&args.folder)?,
                accepts_licence: args.accept_licence,
            };
            let client = console.client()?;
            let engine: Engine = client.post("/api/engines", &new)?;
            let models: Vec<Model> = client.get("/api/models")?;
            let of_engine = models.iter().filter(|it| engine.models.contains(&it.id));
            let told: Vec<String> = of_engine.map(weights::summary).collect();
            terminal.result(&engine, || told.join("\n"))
        }
        EngineCommand::List => {
            let engines: Vec<Engine> = console.client()?.get("/api/engines")?;
            terminal.result(&engines, || overview(&engines))
        }
        EngineCommand::Remove(FolderArgs { folder }) => {
            let folder = from_root(folder)?;
            let client = console.client()?;
            let engines: Vec<Engine> = client.get("/api/engines")?;
            let Some(engine) = engines.into_iter().find(|it| it.folder == folder) else {
                let what = format!("There is no engine of the folder “{folder}”.");
                let remedy = "`maquette engine list` shows those that there are.";
                return Err(refused("not_found", what, "", remedy).into());
            };
            for id in &engine.models {
                client.delete(&format!("/api/models/{id}"))?;
            }
            let told = || engine.models.iter().map(words::deleted).collect::<Vec<_>>().join("\n");
            terminal.result(&serde_json::json!({ "deleted": engine.models }), told)
        }
    }
}

fn in_words(found: &EngineCheck) -> String {
    let mut rows = vec![("well", if found.is_well { "yes" } else { "no" }.to_owned())];
    if let Some(hello) = &found.hello {
        rows.push(("engine", format!("{} {}", hello.name, hello.version)));
        rows.push(("answered", format!("in {:.2} s", found.answer_secs)));
        for model in &hello.models {
            let can = weights::can(&[api::WeightsUse::Words], Some(&model.words));
            let terms = model.licence.as_ref().map_or("not stated", |it| it.name.as_str());
            rows.push(("model", format!("{}: {can} (licence: {terms})", model.name)));
        }
    }
    rows.extend(found.problems.iter().map(|problem| ("problem", problem.clone())));
    list(&rows)
}

fn overview(engines: &[Engine]) -> String {
    if engines.is_empty() {
        return "No engines yet. Add one with `maquette engine add FOLDER`.".to_owned();
    }
    let row = |it: &Engine| {
        [it.name.clone(), it.version.clone(), it.models.len().to_string(), it.folder.clone()]
    };
    let rows: Vec<_> = engines.iter().map(row).collect();
    table(["engine", "version", "models", "folder"], &rows)
}
