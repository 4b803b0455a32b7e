//! A checkpoint, an export or weights as a model of the library.

use std::fs;

use anyhow::Context;
use api::{AddedFrom, Made, Model, PriorOf};

use super::{One, write_json};
use crate::{
    folder::{JobFolder, now_ms},
    jobs::{
        model_file::{self, BroughtIn, WEIGHTS},
        train::sha256_of_file,
    },
};

/// Makes the model.
pub(super) fn make(job: &mut JobFolder, one: &One<'_>) -> anyhow::Result<Option<Made>> {
    let weights = one.target.join(WEIGHTS);
    let BroughtIn { kind, rate_hz, notes, packaged } = model_file::bring_in(&one.source, &weights)?;
    for note in &notes {
        job.warn(one.warning("original", note.clone()))?;
    }
    let family = models::family_of(&weights).context("read back the weights")?;
    let described = family.look_at(&weights).context("read back the weights")?;
    let model = Model {
        project: None,
        format: Model::FORMAT,
        id: api::Id::numbered(&one.name, 1),
        name: one.name.clone(),
        created_ms: now_ms(),
        family: family.name().into(),
        settings: described.settings.to_value(),
        rate_hz,
        prior_of: described.prior_of.map(|codec| PriorOf {
            sha256: codec.sha256,
            name: codec.name,
            model: None,
        }),
        bytes: fs::metadata(&weights).context("look at the weights")?.len(),
        sha256: sha256_of_file(&weights).context("read back the weights")?,
        lineage: None,
        added: Some(AddedFrom {
            path: one.source.display().to_string(),
            kind: kind.into(),
            // A file that does not say it says 0.
            step: described.step.filter(|step| *step > 0),
            notes,
            packaged: packaged.map(Box::new),
        }),
    };
    write_json(&one.target.join("model.json"), &model)?;
    Ok(Some(one.made(None)))
}
