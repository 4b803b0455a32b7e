//! `maquette model`: put checkpoints into the library and look at it.

use api::{Id, Model, ModelDetail, NewModel, Rename};

use super::{
    Console,
    table::{list, table},
    words,
};

#[derive(clap::Subcommand)]
pub(crate) enum ModelCommand {
    /// Put a checkpoint into the library
    Add {
        /// The run, and the step if it is not the best one: RUN or RUN@STEP
        #[arg(value_name = "RUN[@STEP]", value_parser = run_and_step)]
        checkpoint: (Id, Option<u64>),
        /// A name; the run's if absent
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
    let client = console.client()?;
    let terminal = console.terminal;
    match command {
        ModelCommand::Add { checkpoint: (run, step), name } => {
            let model: Model = client.post("/api/models", &NewModel { run, step, name })?;
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
        let step = words::count(model.lineage.step);
        [model.id.to_string(), model.name.clone(), model.lineage.run.to_string(), step]
    };
    let rows: Vec<_> = models.iter().map(row).collect();
    table(["id", "name", "run", "step"], &rows)
}

fn summary(model: &Model) -> String {
    let composition = words::composition(&model.lineage.preset, &model.lineage.switches, None);
    let distance = model.lineage.validation.map_or(String::new(), |it| format!("{it:.4}"));
    list(&[
        ("model", model.id.to_string()),
        ("name", model.name.clone()),
        ("family", format!("{} {composition}", model.family)),
        ("rate", format!("{} Hz", model.rate_hz)),
        ("size", words::bytes(model.bytes)),
        ("run", model.lineage.run.to_string()),
        ("step", words::count(model.lineage.step)),
        ("distance", distance),
        ("dataset", model.lineage.dataset.to_string()),
        ("seed", model.lineage.seed.to_string()),
        ("version", model.lineage.version.clone()),
    ])
}

fn detail(detail: &ModelDetail) -> String {
    let mut text = summary(&detail.model);
    text.push_str(&format!("folder    {}\n", detail.folder));
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
