//! A checkpoint, an export or weights as a model of the library; a prior that comes with it is another.

use std::{fs, path::Path};

use anyhow::Context;
use api::{AdapterOf, AddedFrom, Made, Model, PriorOf};

use super::{One, write_json};
use crate::{
    folder::{JobFolder, now_ms},
    jobs::{
        model_file::{self, BroughtIn, BroughtPrior, WEIGHTS},
        train::sha256_of_file,
    },
};

/// Makes the model, and one of the prior that comes with it.
pub(super) fn make(job: &mut JobFolder, one: &One<'_>) -> anyhow::Result<Option<Vec<Made>>> {
    let weights = one.target.join(WEIGHTS);
    let mut brought = model_file::bring_in(&one.source, &weights, &one.name)?;
    for note in &brought.notes {
        job.warn(one.warning("original", note.clone()))?;
    }
    let mut all = vec![one.made(None)];
    if let Some(BroughtPrior { name, weights }) = brought.prior.take() {
        let folder = |path: &str| format!("{path}-prior");
        let target = one.target.with_file_name(folder(&file_name(&one.target)));
        fs::create_dir_all(&target).context("make a folder for the prior")?;
        fs::rename(weights, target.join(WEIGHTS)).context("move the prior")?;
        let notes = vec![format!("It came with “{}”.", one.name)];
        let (kind, packaged) = (brought.kind, brought.packaged.clone());
        let prior = BroughtIn { kind, rate_hz: None, notes, packaged, prior: None };
        write_card(one, &target, &name, prior)?;
        all.push(Made { folder: folder(&one.place), name, ..one.made(None) });
    }
    write_card(one, &one.target, &one.name, brought)?;
    Ok(Some(all))
}

/// Writes `model.json` beside the weights in a folder.
fn write_card(one: &One<'_>, folder: &Path, name: &str, brought: BroughtIn) -> anyhow::Result<()> {
    let weights = folder.join(WEIGHTS);
    let BroughtIn { kind, rate_hz, notes, packaged, prior: _ } = brought;
    let family = models::family_of(&weights).context("read back the weights")?;
    let described = family.look_at(&weights).context("read back the weights")?;
    let model = Model {
        project: None,
        format: Model::FORMAT,
        id: api::Id::numbered(name, 1),
        name: name.to_owned(),
        created_ms: now_ms(),
        family: family.name().into(),
        settings: described.settings.to_value(),
        rate_hz,
        prior_of: described.prior_of.map(|codec| PriorOf {
            sha256: codec.sha256,
            name: codec.name,
            model: None,
        }),
        adapter_of: described.adapter_of.map(|base| AdapterOf {
            sha256: base.sha256,
            name: base.name,
            licence: Some(base.licence).filter(|it| !it.is_empty()),
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
        linked: None,
    };
    write_json(&folder.join("model.json"), &model)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
