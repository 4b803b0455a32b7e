//! A prior that leaves together with its model.

use std::{fs, path::Path};

use anyhow::Context;
use api::ModelPlace;
use models::Finished;

use crate::jobs::{
    model_file::{name_of, open_model, weights_of},
    refuse,
    train::sha256_of_file,
};

/// Opens a prior that is to leave with a model, and sees that it is one of that model.
pub(super) fn open_prior(
    folder: &Path,
    model: &ModelPlace,
    place: &ModelPlace,
) -> anyhow::Result<Box<dyn Finished>> {
    // What another program left becomes a file of ours, so each has a place of its own.
    let inside = folder.join("prior");
    fs::create_dir_all(&inside).context("make a folder for the prior")?;
    let place_from = |place: &ModelPlace| match place {
        ModelPlace::Library { .. } => folder.to_owned(),
        ModelPlace::File { .. } => inside.clone(),
    };
    let opened = open_model(&place_from(place), place);
    let (weights, _) = weights_of(folder, model)?;
    let sha256 = sha256_of_file(&weights).context("read the model")?;
    // Best effort: it is in a folder that goes with the job.
    let _ = fs::remove_dir_all(&inside);
    let opened = opened?.model;
    let Some(prior) = opened.as_prior() else {
        return refuse(
            "not_a_prior",
            format!("“{}” is not a prior.", name_of(place)),
            &format!("It is a model of the family `{}`.", opened.family()),
            "Choose a prior of the model, or none.",
        );
    };
    if prior.codec().sha256 != sha256 {
        return refuse(
            "other_model",
            "The prior is one of another model.",
            &format!("It was trained on the latents of “{}”.", prior.codec().name),
            "Choose a prior of this model, or none.",
        );
    }
    Ok(opened)
}
