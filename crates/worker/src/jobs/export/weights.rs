//! A model's weights for those who program.

use anyhow::Context;
use api::ModelPlace;

use super::{Destination, Report, not_equal};
use crate::jobs::{
    model_file::{Opened, load, open_model},
    steps::Steps,
};

/// Writes what plays the model as safetensors, and reads it again.
pub(super) fn write(
    steps: &mut Steps<'_>,
    place: &ModelPlace,
    to: Destination<'_>,
) -> anyhow::Result<Report> {
    let Opened { model, notes, .. } = open_model(steps.folder.path(), place)?;
    let path = to.file(".safetensors");
    model.save(&path).context("write the weights")?;
    let mut report = Report::new(model.as_ref(), notes);
    let n = model.n_arrays();
    report.good("written", format!("Wrote {n} arrays and the settings."));
    steps.go_on(0.6);
    let read = load(&path)?.model;
    if !read.equals(model.as_ref()) {
        return not_equal("The exported file does not match the model.", "");
    }
    report.good("equal", "Read back: every weight is identical to the model's.".into());
    Ok(report)
}
