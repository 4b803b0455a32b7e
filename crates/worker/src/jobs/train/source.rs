//! What a run learns from: excerpts of sound, windows of latents, clips with words, or nothing but its settings.

use std::rc::Rc;

use anyhow::Context;
use api::{LearnsFrom, Split, TrainTask, Warning};
use models::{Family, Settings, Trainer};

use super::{captioned::Captioned, encoded::Encoded, excerpts::Excerpts, refuse, refuse_family};
use crate::{dataset::Dataset, folder::JobFolder, log::log};

/// Where batches come from.
pub(super) enum Source {
    /// The family plays, or learns from its settings alone.
    Nothing,
    /// Sounds of a dataset.
    Sounds(Box<Excerpts>),
    /// Latents that a codec made of them.
    Latents(Rc<Encoded>),
    /// Clips with words, which the trainer itself draws from.
    Clips(Captioned),
}

impl Source {
    /// Opens what the order names; encodes sounds for a family that learns from latents.
    pub(super) fn open(
        folder: &mut JobFolder,
        task: &TrainTask,
        family: &dyn Family,
        settings: &dyn Settings,
    ) -> anyhow::Result<Self> {
        let learns_from = family.describe().learns_from;
        match learns_from {
            LearnsFrom::Nothing | LearnsFrom::Game => return Ok(Self::Nothing),
            LearnsFrom::Sounds | LearnsFrom::Latents | LearnsFrom::Words => {}
            LearnsFrom::PairsOfSounds => {
                let remedy = "Start a new run with a family that the form offers.";
                return refuse_family(&task.family, remedy);
            }
        }
        let dataset = open_dataset(folder, task)?;
        report_sounds(&dataset, folder)?;
        if learns_from == LearnsFrom::Latents {
            return Ok(Self::Latents(Rc::new(Encoded::prepare(folder, task, &dataset)?)));
        }
        if let Some(captions) = settings.captions() {
            return Ok(Self::Clips(Captioned::prepare(folder, task, &dataset, &captions)?));
        }
        let excerpts = settings.excerpts();
        Ok(excerpts.map_or(Self::Nothing, |excerpts| {
            Self::Sounds(Box::new(Excerpts::new(dataset, excerpts, task.seed)))
        }))
    }

    /// The batch of the trainer's next step; empty where there is nothing to learn from.
    pub(super) fn batch(&self, trainer: &dyn Trainer) -> anyhow::Result<Vec<f32>> {
        let step = trainer.global_step();
        match self {
            Self::Nothing | Self::Clips(_) => Ok(vec![]),
            Self::Sounds(excerpts) => excerpts.batch(step).context("read the dataset"),
            Self::Latents(encoded) => match trainer.windows() {
                Some(windows) => encoded.batch(windows, step).context("read the latents"),
                None => Ok(vec![]),
            },
        }
    }
}

fn open_dataset(folder: &JobFolder, task: &TrainTask) -> anyhow::Result<Dataset> {
    let Some(id) = &task.dataset else {
        return refuse(
            "no_dataset",
            "This run names no dataset.",
            "Models of this family learn from sounds of a dataset.",
            "Start a new run on a dataset.",
        );
    };
    let said = Some(task.dataset_path.as_path());
    let path = job::shelf::find(folder.path(), said, job::Shelf::Datasets, id);
    let dataset = match Dataset::open(&path) {
        Ok(dataset) => dataset,
        Err(error) => {
            return refuse(
                "no_dataset",
                format!("The dataset {id} cannot be read."),
                &format!("{error}."),
                "Restore it from the trash or prepare it again, then resume this run.",
            );
        }
    };
    if dataset.index().summary.hash != task.dataset_hash {
        return refuse(
            "other_dataset",
            format!("The dataset {id} is not the one this run began with."),
            "Its content hash is different, so continuing would mix two trainings.",
            "Start a new run on it.",
        );
    }
    Ok(dataset)
}

/// Logs how many sounds there are, and warns if none is held out.
fn report_sounds(dataset: &Dataset, folder: &mut JobFolder) -> anyhow::Result<()> {
    if dataset.sounds(Split::Validation).is_empty() {
        folder.warn(Warning {
            code: "nothing_held_out".into(),
            file: None,
            message: "No sound is held out, so the model is measured on training sounds.".into(),
        })?;
    }
    let (n_training, n_held_out) =
        (dataset.sounds(Split::Training).len(), dataset.sounds(Split::Validation).len());
    log(&format!("{n_training} training sounds, {n_held_out} held out"));
    Ok(())
}
