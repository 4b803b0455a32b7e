//! A model as a run of acids-rave, which that goes on training and exports.

use api::ModelPlace;
use models::rave::original::{self, write_run};

use super::{Destination, Report, not_equal};
use crate::jobs::{
    model_file::{load, weights_of},
    refuse, sentence,
    steps::Steps,
};

/// Where acids-rave keeps the best checkpoint of a run.
const CHECKPOINT: &str = "version_0/checkpoints/best.ckpt";

/// Writes the run, and reads its checkpoint as a file of acids-rave.
pub(super) fn write(
    steps: &mut Steps<'_>,
    place: &ModelPlace,
    to: Destination<'_>,
) -> anyhow::Result<Report> {
    let (weights, mut notes) = weights_of(steps.folder.path(), place)?;
    let model = load(&weights)?.model;
    let run = to.folder.join(to.stem);
    match write_run(&run, &weights) {
        Ok(lost) => notes.extend(lost.iter().map(|it| sentence(it))),
        Err(error) => {
            let what = "This model cannot be exported as an acids-rave run.";
            let remedy = "Choose a checkpoint of a run whose configuration acids-rave has too.";
            return refuse("not_for_acids_rave", what, &format!("Failed to {error}."), remedy);
        }
    }
    let mut report = Report::new(model.config(), notes);
    report.good("written", "Wrote config.gin and a checkpoint with its optimisers.".into());
    steps.go_on(0.6);
    let checkpoint = run.join(CHECKPOINT);
    let again = steps.folder.path().join("again.safetensors");
    let read = original::open(&checkpoint).and_then(|read| read.save_model(&again));
    let read = read.map_err(anyhow::Error::from).and_then(|()| Ok(load(&again)?.model));
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            return not_equal(
                "The exported checkpoint cannot be read back.",
                &format!("{error:#}."),
            );
        }
    };
    if !read.has_weights_of(&model) {
        return not_equal("The exported checkpoint does not have the model's weights.", "");
    }
    report.good("equal", "Read back: every weight is identical to the model's.".into());
    Ok(report)
}
