//! A model as a run of the program that its family comes from, which that goes on training and exports.

use api::ModelPlace;

use super::{Destination, Report, no_such_form, not_equal};
use crate::jobs::{
    model_file::{load, weights_of},
    refuse, sentence,
    steps::Steps,
};

/// Writes the run, and reads its checkpoint as a file of that program.
pub(super) fn write(
    steps: &mut Steps<'_>,
    place: &ModelPlace,
    to: Destination<'_>,
) -> anyhow::Result<Report> {
    let (weights, mut notes) = weights_of(steps.folder.path(), place)?;
    let model = load(&weights)?.model;
    let family = models::family(model.family());
    let Some(program) = family.and_then(|family| family.other_programs().first()) else {
        return no_such_form(model.as_ref());
    };
    let name = program.name();
    let run = to.folder.join(to.stem);
    let written = match program.write_run(&run, &weights) {
        Ok(written) => written,
        Err(error) => {
            let code = format!("not_for_{}", name.replace('-', "_"));
            let what = format!("This model cannot be exported as an {name} run.");
            let remedy =
                format!("Choose a checkpoint of a run whose configuration {name} has too.");
            return refuse(&code, what, &format!("Failed to {error}."), &remedy);
        }
    };
    notes.extend(written.lost.iter().map(|it| sentence(it)));
    let mut report = Report::new(model.as_ref(), notes);
    report.good("written", written.words.into());
    steps.go_on(0.6);
    let again = steps.folder.path().join("again.safetensors");
    let read = program.open(&written.checkpoint).and_then(|read| read.save_model(&again));
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
    if !read.has_weights_of(model.as_ref()) {
        return not_equal("The exported checkpoint does not have the model's weights.", "");
    }
    report.good("equal", "Read back: every weight is identical to the model's.".into());
    Ok(report)
}
