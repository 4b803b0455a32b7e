//! `maquette quickstart`: from sounds to a first reconstruction in one command.

use std::{path::PathBuf, sync::Arc, time::Instant};

use anyhow::Context;
use api::{
    Dataset, DatasetDetail, Id, Model, NewDataset, NewModel, NewReconstruction, Reconstruction,
    Run, SoundSource, Split,
};
use serde::Serialize;

use super::{
    Console, absolute, dataset, follow::Onlooker, interrupt::say_on_interrupt,
    training::TrainingArgs, words,
};
use crate::client::Client;

/// How long to train by default: enough to hear that the model has learnt something.
const MINUTES: f64 = 1.0;

#[derive(clap::Args)]
pub(crate) struct QuickstartArgs {
    /// A folder of sound files [default: the built-in sample sounds]
    folder: Option<PathBuf>,
    #[command(flatten)]
    training: TrainingArgs,
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Summary {
    dataset: Id,
    run: Id,
    model: Id,
    first_loss: Option<f64>,
    last_loss: Option<f64>,
    /// The reconstructed sound, a WAV file in the workspace.
    reconstruction: PathBuf,
    seconds: f64,
}

pub(crate) fn run(args: QuickstartArgs, console: &Console) -> anyhow::Result<()> {
    let start = Instant::now();
    let terminal = console.terminal;
    let source = match &args.folder {
        Some(folder) => SoundSource::Folder { path: absolute(folder)? },
        None => SoundSource::Samples,
    };
    let client = Arc::new(console.client()?);
    let onlooker = Onlooker { client: &client, terminal };

    terminal.note("1 of 4: Preparing the sounds");
    let new = NewDataset {
        name: None,
        source,
        rate_hz: None,
        channels: None,
        validation_share: None,
        seed: None,
    };
    let dataset: Dataset = dataset::create(&client, console, &new)?;
    print_made(console, "dataset", &dataset)?;

    let mut new = args.training.new_run(Some(dataset.id.clone()), None);
    new.limit = new.limit.or(Some(api::Limit::Minutes { minutes: MINUTES }));
    let queued: Run = client.post("/api/runs", &new)?;
    let id = queued.id;
    terminal.note(&format!("2 of 4: Training {id}"));
    say_on_interrupt(format!("{id} continues training. Stop it with `maquette run stop {id}`."));
    let run = onlooker.run(&id, 0, |event| match terminal.is_json() {
        true => terminal.json(event),
        false => Ok(()),
    })?;
    print_made(console, "run", &run.run)?;

    terminal.note("3 of 4: Adding the best checkpoint to the library");
    let model: Model =
        client.post("/api/models", &NewModel { run: id.clone(), step: None, name: None })?;
    print_made(console, "model", &model)?;

    terminal.note("4 of 4: Reconstructing a held-out sound");
    let reconstruction = reconstruct_held_out(onlooker, &model.id, &dataset.id)?;
    print_made(console, "reconstruction", &reconstruction)?;

    let score = run.run.score.as_ref();
    let summary = Summary {
        dataset: dataset.id,
        run: id,
        model: model.id,
        first_loss: score.map(|it| it.first),
        last_loss: score.map(|it| it.latest),
        reconstruction: file_of(&client, &reconstruction)?,
        seconds: (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
    };
    terminal.result(&summary, || outcome(&summary))
}

/// Prints a line of JSON for each thing that was created.
fn print_made(console: &Console, what: &str, thing: &impl Serialize) -> anyhow::Result<()> {
    if console.terminal.is_json() {
        return console.terminal.json(&serde_json::json!({ "made": what, "value": thing }));
    }
    Ok(())
}

/// Reconstructs a held-out sound with the model, or any sound if none is held out.
fn reconstruct_held_out(
    onlooker: Onlooker<'_>,
    model: &Id,
    dataset: &Id,
) -> anyhow::Result<Reconstruction> {
    let client = onlooker.client;
    let detail: DatasetDetail = client.get(&format!("/api/datasets/{dataset}"))?;
    let held_out = detail.files.iter().find(|file| file.split == Split::Validation);
    let file =
        held_out.or(detail.files.first()).context("failed to find a sound to reconstruct")?;
    let new = NewReconstruction { dataset: dataset.clone(), idx: file.idx };
    let queued: Reconstruction =
        client.post(&format!("/api/models/{model}/reconstructions/from-dataset"), &new)?;
    onlooker.reconstruction(&queued.id)
}

/// The path of the reconstructed sound in the workspace.
fn file_of(client: &Client, reconstruction: &Reconstruction) -> anyhow::Result<PathBuf> {
    let result = reconstruction.result.as_ref().context("failed to find the reconstruction")?;
    let projects = client.workspace().join("projects");
    let folder = projects.join(reconstruction.job.project.as_str()).join("reconstructions");
    Ok(folder.join(reconstruction.id.as_str()).join(&result.reconstruction))
}

fn outcome(summary: &Summary) -> String {
    let distance = match (summary.first_loss, summary.last_loss) {
        (Some(first), Some(last)) => format!("went from {first:.4} to {last:.4}"),
        _ => "was not measured".to_owned(),
    };
    format!(
        "Done in {}. The validation distance (lower is better) {distance}.\n\
         dataset         {}\nrun             {}\nmodel           {}\nreconstruction  {}\n\
         Listen to it with `maquette`. Continue training with `maquette run resume {} --minutes 10`.",
        words::duration(summary.seconds),
        summary.dataset,
        summary.run,
        summary.model,
        summary.reconstruction.display(),
        summary.run,
    )
}
