//! `maquette model`: add models to the library and manage it.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use api::{Id, ImportTask, Model, ModelDetail, ModelFacts, NewModel, Rename};

use super::{
    Console, from_root, import,
    named::{self, Kind},
    table::{list, table},
    words,
};

#[derive(clap::Subcommand)]
pub(crate) enum ModelCommand {
    /// Add a checkpoint, or a model from a file, to the library
    Add {
        /// A run, and the step if it is not the best checkpoint: RUN or RUN@STEP; or a file or folder
        /// with a model
        #[arg(value_name = "RUN[@STEP]|PATH", value_parser = source)]
        source: Source,
        /// The model's name [default: the name of the run or file]
        #[arg(long)]
        name: Option<String>,
    },
    /// List all models, newest first
    List,
    /// Show a model and where it comes from
    Show {
        /// The model's identifier or name
        model: String,
    },
    /// Rename a model
    Rename {
        /// The model's identifier or name
        model: String,
        /// Its new name
        name: String,
    },
    /// Move a model to the trash
    Delete {
        /// The model's identifier or name
        model: String,
    },
    /// Restore a model from the trash
    Restore {
        /// The model's identifier or name
        model: String,
    },
}

pub(crate) fn run(command: ModelCommand, console: &Console) -> anyhow::Result<()> {
    let client = Arc::new(console.client()?);
    let terminal = console.terminal;
    let id_of = |text: &str| named::id(&client, Kind::Model, text);
    match command {
        ModelCommand::Add { source: Source::Checkpoint(run, step), name } => {
            let run = named::id(&client, Kind::Run, &run)?;
            let model: Model = client.post("/api/models", &NewModel { run, step, name })?;
            terminal.result(&model, || summary(&model))
        }
        ModelCommand::Add { source: Source::File(path), name } => {
            let path = from_root(&path)?;
            let order = ImportTask { path: path.into(), items: vec![], name, as_model: true };
            let taken = import::taken(&client, &order, console)?;
            let added = taken.first().context("failed to find what was added")?;
            let model: Model = client.get(&format!("/api/models/{}", added.id))?;
            for prior in &taken[1..] {
                terminal.note(&format!("note: its prior is in the library as “{}”", prior.name));
            }
            terminal.result(&model, || summary(&model))
        }
        ModelCommand::List => {
            let models: Vec<Model> = client.get("/api/models")?;
            words::note_unreadable(&client, terminal, Kind::Model);
            terminal.result(&models, || overview(&models))
        }
        ModelCommand::Show { model } => {
            let model: ModelDetail = client.get(&format!("/api/models/{}", id_of(&model)?))?;
            terminal.result(&model, || detail(&model))
        }
        ModelCommand::Rename { model, name } => {
            let path = format!("/api/models/{}", id_of(&model)?);
            let model: Model = client.patch(&path, &Rename { name })?;
            terminal.result(&model, || summary(&model))
        }
        ModelCommand::Delete { model } => {
            let id = id_of(&model)?;
            client.delete(&format!("/api/models/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || words::deleted(&id))
        }
        ModelCommand::Restore { model } => {
            let id = named::deleted(&client, Kind::Model, &model)?;
            let model: Model = client.post_empty(&format!("/api/models/{id}/restore"))?;
            terminal.result(&model, || summary(&model))
        }
    }
}

/// What becomes a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// A run's identifier or name, and a step.
    Checkpoint(String, Option<u64>),
    File(PathBuf),
}

/// A checkpoint of a run, unless it can only be a path: an identifier of a run, else a file that is there or
/// looks like one, else a name of a run.
fn source(text: &str) -> Result<Source, String> {
    let (run, step) = run_and_step(text)?;
    let is_id = run.parse::<Id>().is_ok();
    let is_path = text.contains(['/', std::path::MAIN_SEPARATOR])
        || ENDINGS.iter().any(|ending| text.ends_with(ending))
        || PathBuf::from(text).exists();
    if !is_id && is_path {
        return Ok(Source::File(text.into()));
    }
    Ok(Source::Checkpoint(run.to_owned(), step))
}

/// How names of files with a model end.
const ENDINGS: [&str; 6] = [".ckpt", ".pt", ".ts", ".safetensors", ".maq", ".onnx"];

/// A run and what comes after the last `@`; an identifier has none in it.
fn run_and_step(text: &str) -> Result<(&str, Option<u64>), String> {
    let Some((run, step)) = text.rsplit_once('@') else { return Ok((text, None)) };
    match step.parse() {
        Ok(step) => Ok((run, Some(step))),
        Err(_) if run.parse::<Id>().is_ok() => Err(format!("“{step}” is not a step")),
        // A name may have one.
        Err(_) => Ok((text, None)),
    }
}

fn overview(models: &[Model]) -> String {
    if models.is_empty() {
        return "No models yet. Add one with `maquette model add RUN`.".to_owned();
    }
    let row = |model: &Model| {
        let from = match (&model.lineage, &model.added) {
            (Some(lineage), _) => lineage.run.to_string(),
            (None, Some(added)) => added.path.clone(),
            (None, None) => String::new(),
        };
        [model.id.to_string(), model.name.clone(), from, step_of(model)]
    };
    let rows: Vec<_> = models.iter().map(row).collect();
    table(["id", "name", "from", "step"], &rows)
}

fn step_of(model: &Model) -> String {
    let trained = model.lineage.as_ref().map(|lineage| lineage.step);
    let step = trained.or(model.added.as_ref().and_then(|added| added.step));
    step.map_or(String::new(), words::count)
}

fn summary(model: &Model) -> String {
    let composition = model.lineage.as_ref().map_or(String::new(), |lineage| {
        format!(" {}", words::composition(&lineage.preset, &lineage.switches, None))
    });
    let mut rows = vec![
        ("model", model.id.to_string()),
        ("name", model.name.clone()),
        ("family", format!("{}{composition}", model.family)),
        ("rate", model.rate_hz.map_or(String::new(), |it| format!("{it} Hz"))),
        ("size", words::bytes(model.bytes)),
    ];
    if let Some(lineage) = &model.lineage {
        rows.extend([
            ("run", lineage.run.to_string()),
            ("step", words::count(lineage.step)),
            (
                "score",
                lineage.validation.map_or(String::new(), |it| {
                    format!("{} {it:.4}", lineage.score_metric.title.to_lowercase())
                }),
            ),
            ("dataset", lineage.dataset.as_ref().map_or_else(String::new, ToString::to_string)),
            ("seed", lineage.seed.to_string()),
            ("version", lineage.version.clone()),
        ]);
    }
    if let Some(added) = &model.added {
        rows.push(("from", added.path.clone()));
        rows.push(("type", added.kind.clone()));
        rows.push(("step", step_of(model)));
    }
    list(&rows)
}

/// What a model is like, a line each. `rate_hz` is the one on its card.
fn facts(facts: &ModelFacts, rate_hz: Option<u32>) -> String {
    let mut rows = vec![];
    let codec = facts.codec.as_ref();
    rows.extend(codec.iter().flat_map(|it| {
        let frames = format!("{:.1} per second, {} samples each", it.latent_rate_hz, it.ratio);
        [
            ("channels", it.channels.to_string()),
            ("latents", format!("{}, {}", it.latent_size, it.regularization)),
            ("frames", frames),
            ("compression", format!("{:.0} : 1", it.compression)),
        ]
    }));
    rows.push(("parameters", words::count(facts.n_parameters)));
    rows.extend(codec.iter().flat_map(|it| {
        let rate_hz = f64::from(rate_hz.unwrap_or(it.rate_hz));
        let ms = |samples: u64| format!("{:.0} ms", 1000.0 * samples as f64 / rate_hz);
        let (back, ahead) = (it.receptive_field.back_samples, it.receptive_field.ahead_samples);
        let late = it.latency_samples;
        [
            ("receptive field", format!("{} back, {} ahead", ms(back), ms(ahead))),
            ("latency", format!("{} ({late} samples)", ms(late))),
        ]
    }));
    rows.push(("phase", facts.phase.to_string()));
    if let Some(found) = &facts.latent_use {
        let of = |it: &api::Fidelity| format!("{} for {:.0} %", it.n_latents, 100.0 * it.share);
        let shares: Vec<String> = found.for_fidelity.iter().map(of).collect();
        rows.push(("in use", format!("{} latents: {}", found.n_active, shares.join(", "))));
    }
    list(&rows)
}

fn detail(detail: &ModelDetail) -> String {
    let mut text = summary(&detail.model);
    text.push_str(&format!("folder    {}\n", detail.folder));
    if let Some(known) = &detail.facts {
        text.push_str(&format!("\n{}", facts(known, detail.model.rate_hz)));
    }
    if !detail.reconstructions.is_empty() {
        let row = |it: &api::Reconstruction| {
            [it.id.to_string(), words::state(&it.job), it.input_name.clone()]
        };
        let rows: Vec<_> = detail.reconstructions.iter().map(row).collect();
        text.push_str(&format!("\n{}", table(["reconstruction", "state", "sound"], &rows)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_run_may_be_a_path() {
        let check = |text: &str, expected: bool| {
            let is_file = source(text).is_ok_and(|it| matches!(it, Source::File(_)));
            assert_eq!(is_file, expected, "{text}");
        };
        check("notes-3f9a2c", false);
        check("notes-3f9a2c@12", false);
        check("notes-3f9a2c@best", false);
        check("My first run", false);
        check("Run 1.2", false);
        check("./notes-3f9a2c", true);
        check("best.ckpt", true);
        check("/models/best", true);
    }

    #[test]
    fn a_checkpoint_is_a_run_and_a_step() {
        let check = |text: &str, expected: Option<(&str, Option<u64>)>| {
            assert_eq!(run_and_step(text).ok(), expected, "{text}");
        };
        check("notes-3f9a2c", Some(("notes-3f9a2c", None)));
        check("notes-3f9a2c@1200", Some(("notes-3f9a2c", Some(1200))));
        check("My first run@1200", Some(("My first run", Some(1200))));
        check("Voice @ home", Some(("Voice @ home", None)));
        check("notes-3f9a2c@", None);
        check("notes-3f9a2c@best", None);
    }
}
