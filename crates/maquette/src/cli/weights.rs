//! `maquette weights`: folders of other people's models, as a model hub has them.

use std::path::{Path, PathBuf};

use api::{
    Id, LinkedWeights, Model, NewWeights, WeightsCheck, WeightsLicence, WeightsUse, WordsAbilities,
    WordsForecast,
};

use super::{
    Console, from_root,
    named::{self, Kind},
    output::refused,
    table::{list, table},
    words,
};
use crate::client::Refused;

#[derive(clap::Subcommand)]
pub(crate) enum WeightsCommand {
    /// Show what a folder of weights holds, whether it is whole, and under which terms it may be used
    Check(CheckArgs),
    /// Add a folder of weights to the library; its files stay where they are
    Add(AddArgs),
    /// List the models of others in the library
    List,
    /// Say that you have read the terms of a model's licence and accept them
    Accept {
        /// The model's identifier or name
        model: String,
    },
    /// Take a model of others out of the library; its files stay where they are
    Remove {
        /// The model's identifier or name
        model: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct CheckArgs {
    /// The folder as it comes from a model hub: config.json and files of weights
    folder: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct AddArgs {
    /// The folder as it comes from a model hub: config.json and files of weights
    folder: PathBuf,
    /// The model's name [default: the folder's]
    #[arg(long)]
    name: Option<String>,
    /// Say that you have read the terms of its licence and accept them
    #[arg(long)]
    accept_licence: bool,
}

pub(crate) fn run(command: &WeightsCommand, console: &Console) -> anyhow::Result<()> {
    let terminal = console.terminal;
    match command {
        WeightsCommand::Check(args) => {
            let found = worker::check_weights_here(&args.folder).map_err(Refused)?;
            terminal.result(&found, || in_words(&found))?;
            if found.is_usable {
                return Ok(());
            }
            let what = format!("The model in “{}” cannot be used.", found.folder);
            let why = found.problems.first().map_or("", String::as_str);
            let remedy = "Download what is missing or damaged again, or choose another folder.";
            Err(refused("bad_model", what, why, remedy).into())
        }
        WeightsCommand::Add(args) => {
            let new = NewWeights {
                folder: from_root(&args.folder)?,
                name: args.name.clone(),
                accepts_licence: args.accept_licence,
            };
            let model: Model = console.client()?.post("/api/weights", &new)?;
            terminal.result(&model, || summary(&model))
        }
        WeightsCommand::List => {
            let mut models: Vec<Model> = console.client()?.get("/api/models")?;
            models.retain(|it| it.linked.is_some());
            terminal.result(&models, || overview(&models))
        }
        WeightsCommand::Accept { model } => {
            let client = console.client()?;
            let id = named::id(&client, Kind::Model, model)?;
            let model: Model = client.post_empty(&format!("/api/models/{id}/accept-licence"))?;
            terminal.result(&model, || summary(&model))
        }
        WeightsCommand::Remove { model } => {
            let client = console.client()?;
            let id = named::id(&client, Kind::Model, model)?;
            client.delete(&format!("/api/models/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || words::deleted(&id))
        }
    }
}

/// The folder of a model of others: a folder that is there, else what has that identifier or name in the library.
/// One of the library whose terms wait for somebody to accept them is refused.
pub(super) fn folder_of(model: &Path, console: &Console) -> anyhow::Result<PathBuf> {
    let Some(linked) = linked_of(model, console)? else { return Ok(model.to_owned()) };
    if let Some(engine) = &linked.engine {
        let what = format!("“{}” cannot be used for this.", model.display());
        let why =
            format!("The engine “{}” runs it, which makes sound from words alone.", engine.name);
        let remedy = "Choose a model whose weights are here: `maquette weights list` shows them.";
        return Err(refused("other_model", what, &why, remedy).into());
    }
    Ok(linked.folder.into())
}

/// A model of others in the library, by its identifier or name; none where a folder that is there is named.
/// One whose terms wait for somebody to accept them is refused.
pub(super) fn linked_of(model: &Path, console: &Console) -> anyhow::Result<Option<LinkedWeights>> {
    if model.is_dir() {
        return Ok(None);
    }
    let text = model.to_string_lossy();
    if text.contains(std::path::MAIN_SEPARATOR) {
        let what = format!("There is no folder “{text}”.");
        let remedy =
            "Name the folder of the weights, or a model that `maquette weights list` shows.";
        return Err(refused("not_found", what, "", remedy).into());
    }
    let client = console.client()?;
    let id: Id = named::id(&client, Kind::Model, &text)?;
    let found: Model = client.get(&format!("/api/models/{id}"))?;
    let Some(linked) = found.linked else {
        let what = format!("“{}” was trained here, and cannot do this.", found.name);
        let why = "Its weights are not those of a model hub.";
        let remedy = "Choose a model that `maquette weights list` shows.";
        return Err(refused("other_model", what, why, remedy).into());
    };
    if linked.waits_for_acceptance() {
        let what = format!("“{}” is not used before its terms are accepted.", found.name);
        let why = linked.licence.as_ref().map_or_else(String::new, terms);
        let remedy = format!("Read its licence, then run `maquette weights accept {id}`.");
        return Err(refused("licence", what, &why, &remedy).into());
    }
    Ok(Some(linked))
}

fn in_words(found: &WeightsCheck) -> String {
    let files: Vec<String> =
        found.files.iter().map(|file| format!("{} ({} bytes)", file.name, file.bytes)).collect();
    let mut rows = vec![
        ("kind", found.family.clone().unwrap_or_else(|| "unknown".to_owned())),
        ("usable", if found.is_usable { "yes" } else { "no" }.to_owned()),
        ("can", can(&found.uses, found.words.as_ref())),
        ("files", files.join(", ")),
        ("tensors", found.tensors.to_string()),
        ("memory", format!("{:.1} MB", found.memory_bytes as f64 / 1e6)),
        ("licence", licence(found.licence.as_ref())),
        ("missing", found.missing.join(", ")),
        ("unexpected", found.unexpected.join(", ")),
    ];
    let forecasts: Vec<String> = found.forecasts.iter().map(forecast).collect();
    let takes = found
        .forecasts
        .first()
        .map_or_else(String::new, |it| format!("{:.0} s take", it.sound_secs));
    rows.push((&takes, forecasts.join("; ")));
    rows.extend(found.facts.iter().map(|(name, value)| (name.as_str(), value.clone())));
    rows.extend(found.problems.iter().map(|problem| ("problem", problem.clone())));
    list(&rows)
}

fn forecast(it: &WordsForecast) -> String {
    let with = if it.in_8_bits { "with weights in 8 bits " } else { "" };
    let memory = words::bytes(it.weight_bytes + it.sound_bytes);
    format!("{with}about {} and {memory} of memory here", words::duration(it.compute_secs))
}

fn overview(models: &[Model]) -> String {
    if models.is_empty() {
        return "No models of others yet. Add one with `maquette weights add FOLDER`.".to_owned();
    }
    let row = |model: &Model| {
        let linked = model.linked.as_ref();
        let uses = linked.map_or_else(String::new, |it| can(&it.uses, it.words.as_ref()));
        let terms = linked.and_then(|it| it.licence.as_ref()).map_or("", |it| it.name.as_str());
        let folder = linked.map_or("", |it| it.folder.as_str());
        [
            model.id.to_string(),
            model.name.clone(),
            model.family.clone(),
            uses,
            terms.into(),
            folder.into(),
        ]
    };
    let rows: Vec<_> = models.iter().map(row).collect();
    table(["id", "name", "kind", "can", "licence", "folder"], &rows)
}

pub(super) fn summary(model: &Model) -> String {
    let Some(linked) = &model.linked else { return model.id.to_string() };
    let mut rows = vec![
        ("model", model.id.to_string()),
        ("name", model.name.clone()),
        ("kind", model.family.clone()),
        ("can", can(&linked.uses, linked.words.as_ref())),
        ("folder", linked.folder.clone()),
        ("memory", format!("{:.1} MB", linked.memory_bytes as f64 / 1e6)),
        ("licence", licence(linked.licence.as_ref())),
        ("engine", linked.engine.as_ref().map_or_else(String::new, |it| it.name.clone())),
    ];
    if linked.waits_for_acceptance() {
        let how = format!("read the licence, then run `maquette weights accept {}`", model.id);
        rows.push(("to use it", how));
    }
    list(&rows)
}

pub(super) fn can(uses: &[WeightsUse], of_words: Option<&WordsAbilities>) -> String {
    let word = |it: &WeightsUse| match it {
        WeightsUse::Codec => "sound to codes and back".to_owned(),
        WeightsUse::Words => match of_words {
            Some(it) => format!("words to sound, up to {:.0} s", it.max_secs),
            None => "words to sound".to_owned(),
        },
        WeightsUse::Embedding => "words and sounds to vectors".to_owned(),
    };
    uses.iter().map(word).collect::<Vec<_>>().join("; ")
}

fn licence(licence: Option<&WeightsLicence>) -> String {
    licence.map_or_else(|| "not stated".to_owned(), terms)
}

fn terms(licence: &WeightsLicence) -> String {
    let terms = licence.terms.as_deref().unwrap_or("Its terms are not known here: read them.");
    format!("{} ({}). {terms}", licence.name, licence.file)
}
