//! `maquette model`: put checkpoints into the library and look at it.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use api::{Id, ImportTask, Model, ModelDetail, ModelFacts, NewModel, Rename};

use super::{
    Console, from_root, import,
    table::{list, table},
    words,
};

#[derive(clap::Subcommand)]
pub(crate) enum ModelCommand {
    /// Put a checkpoint, or a model from a file, into the library
    Add {
        /// The run, and the step if it is not the best one: RUN or RUN@STEP; or a file or folder with
        /// a model
        #[arg(value_name = "RUN[@STEP]|PATH", value_parser = source)]
        source: Source,
        /// A name; the run's or the file's if absent
        #[arg(long)]
        name: Option<String>,
    },
    /// Every model, newest first
    List,
    /// One model with its lineage
    Show {
        /// The model's identifier
        id: Id,
    },
    /// Give a model another name
    Rename {
        /// The model's identifier
        id: Id,
        /// Its new name
        name: String,
    },
    /// Move a model to the trash
    Delete {
        /// The model's identifier
        id: Id,
    },
    /// Take a model back from the trash
    Restore {
        /// The model's identifier
        id: Id,
    },
}

pub(crate) fn run(command: ModelCommand, console: &Console) -> anyhow::Result<()> {
    let client = Arc::new(console.client()?);
    let terminal = console.terminal;
    match command {
        ModelCommand::Add { source: Source::Checkpoint(run, step), name } => {
            let model: Model = client.post("/api/models", &NewModel { run, step, name })?;
            terminal.result(&model, || summary(&model))
        }
        ModelCommand::Add { source: Source::File(path), name } => {
            let path = from_root(&path)?;
            let order = ImportTask { path: path.into(), items: vec![], name, as_model: true };
            let taken = import::taken(&client, &order, console)?;
            let added = taken.first().context("failed to find what was added")?;
            let model: Model = client.get(&format!("/api/models/{}", added.id))?;
            terminal.result(&model, || summary(&model))
        }
        ModelCommand::List => {
            let models: Vec<Model> = client.get("/api/models")?;
            terminal.result(&models, || overview(&models))
        }
        ModelCommand::Show { id } => {
            let model: ModelDetail = client.get(&format!("/api/models/{id}"))?;
            terminal.result(&model, || detail(&model))
        }
        ModelCommand::Rename { id, name } => {
            let model: Model = client.patch(&format!("/api/models/{id}"), &Rename { name })?;
            terminal.result(&model, || summary(&model))
        }
        ModelCommand::Delete { id } => {
            client.delete(&format!("/api/models/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || format!("deleted {id}"))
        }
        ModelCommand::Restore { id } => {
            let model: Model = client.post_empty(&format!("/api/models/{id}/restore"))?;
            terminal.result(&model, || summary(&model))
        }
    }
}

/// What becomes a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Checkpoint(Id, Option<u64>),
    File(PathBuf),
}

/// A checkpoint of a run, unless it can only be a path.
fn source(text: &str) -> Result<Source, String> {
    match run_and_step(text) {
        Ok((run, step)) => Ok(Source::Checkpoint(run, step)),
        Err(_) if text.contains(['/', '.', std::path::MAIN_SEPARATOR]) => {
            Ok(Source::File(text.into()))
        }
        Err(_) if PathBuf::from(text).exists() => Ok(Source::File(text.into())),
        Err(why) => Err(why),
    }
}

fn run_and_step(text: &str) -> Result<(Id, Option<u64>), String> {
    let Some((run, step)) = text.split_once('@') else { return Ok((text.parse()?, None)) };
    let step = step.parse().map_err(|_| format!("`{step}` is not a step"))?;
    Ok((run.parse()?, Some(step)))
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
        ("rate", format!("{} Hz", model.rate_hz)),
        ("size", words::bytes(model.bytes)),
    ];
    if let Some(lineage) = &model.lineage {
        rows.extend([
            ("run", lineage.run.to_string()),
            ("step", words::count(lineage.step)),
            ("distance", lineage.validation.map_or(String::new(), |it| format!("{it:.4}"))),
            ("dataset", lineage.dataset.to_string()),
            ("seed", lineage.seed.to_string()),
            ("version", lineage.version.clone()),
        ]);
    }
    if let Some(added) = &model.added {
        rows.push(("from", added.path.clone()));
        rows.push(("which is", added.kind.clone()));
        rows.push(("step", step_of(model)));
    }
    list(&rows)
}

/// What a model is like, a line each.
fn facts(facts: &ModelFacts, rate_hz: u32) -> String {
    let ms = |samples: u64| format!("{:.0} ms", 1000.0 * samples as f64 / f64::from(rate_hz));
    let (back, ahead) = (facts.receptive_field.back_samples, facts.receptive_field.ahead_samples);
    let mut rows = vec![
        ("channels", facts.channels.to_string()),
        ("latents", format!("{}, {}", facts.latent_size, facts.regularization)),
        ("frames", format!("{:.1} a second, {} samples each", facts.latent_rate_hz, facts.ratio)),
        ("compression", format!("{:.0} : 1", facts.compression)),
        ("parameters", words::count(facts.n_parameters)),
        ("hears", format!("{} back, {} ahead", ms(back), ms(ahead))),
        ("latency", format!("{} ({} samples)", ms(facts.latency_samples), facts.latency_samples)),
        ("phase", facts.phase.to_string()),
    ];
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
        check("./notes-3f9a2c", true);
        check("best.ckpt", true);
        check("/models/best", true);
    }

    #[test]
    fn a_checkpoint_is_a_run_and_a_step() {
        let check = |text: &str, expected: Option<(&str, Option<u64>)>| {
            let expected = expected.map(|(run, step)| (run.parse().unwrap(), step));
            assert_eq!(run_and_step(text).ok(), expected, "{text}");
        };
        check("notes-3f9a2c", Some(("notes-3f9a2c", None)));
        check("notes-3f9a2c@1200", Some(("notes-3f9a2c", Some(1200))));
        check("notes-3f9a2c@", None);
        check("notes-3f9a2c@best", None);
        check("../x@1", None);
    }
}
