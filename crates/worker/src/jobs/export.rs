//! Exporting: a model is written in the form that its player needs, read again, compared with the model,
//! and timed. Only what passes is done; what does not is not kept.

mod other_program;
mod package;
mod playing;
mod prior;
mod weights;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context;
use api::{ExportCheck, ExportForm, ExportKind, ExportOrder, ExportResult, ExportedFile, Outcome};
use models::Finished;

use super::{refuse, steps::Steps};
use crate::{folder::JobFolder, log::log, words::listed};

/// The folder of an export with what leaves.
const FILES: &str = "files";

/// Exports what the order says.
pub(crate) fn run(folder: &mut JobFolder, order: &ExportOrder) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let files = folder.path().join(FILES);
    // What a worker left that was killed.
    let _ = fs::remove_dir_all(&files);
    sweep(folder.path());
    fs::create_dir(&files).context("make the folder of the export")?;
    let mut steps = Steps::new(folder, "writing")?;
    let stem = stem(&order.model_name);
    let made = make(&mut steps, order, &files, &stem);
    sweep(steps.folder.path());
    let report = match made {
        Ok(Some(report)) => report,
        other => {
            // Nothing stays that was not checked.
            let _ = fs::remove_dir_all(&files);
            return other.map(|_| Outcome::Stopped);
        }
    };
    let mut result = report.result;
    result.files = files_in(&files)?;
    result.compute_secs = started.elapsed().as_secs_f64();
    for check in &result.checks {
        log(&format!("{}: {}", check.what, check.words));
    }
    let text = serde_json::to_vec_pretty(&result).context("encode result.json")?;
    job::whole::write(&folder.path().join("result.json"), &text).context("write result.json")?;
    Ok(Outcome::Done)
}

/// Files and folders beside the export that are only needed while it is made.
const SCRATCH: [&str; 6] = [
    "again",
    "again.safetensors",
    "package",
    "packed.safetensors",
    "packed.prior.safetensors",
    super::model_file::WEIGHTS,
];

/// Removes what is only needed while an export is made.
fn sweep(folder: &Path) {
    for name in SCRATCH {
        let path = folder.join(name);
        // Most of them were never there.
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
    }
}

/// Writes and checks; `None` if it was told to stop.
fn make(
    steps: &mut Steps<'_>,
    order: &ExportOrder,
    files: &Path,
    stem: &str,
) -> anyhow::Result<Option<Report>> {
    let place = &order.task.model;
    let to = Destination { folder: files, stem };
    match &order.task.form {
        ExportForm::Safetensors => weights::write(steps, place, to).map(Some),
        ExportForm::Ckpt => other_program::write(steps, place, to).map(Some),
        ExportForm::Torchscript { play } => {
            playing::module(steps, (place, order.task.prior.as_ref()), play, to)
        }
        ExportForm::Onnx { play } => playing::graphs(steps, place, play, to),
        ExportForm::Maq { card } => package::write(steps, order, card, to),
    }
}

/// Where an export is written.
#[derive(Clone, Copy)]
struct Destination<'a> {
    folder: &'a Path,
    /// The name of files, without their ending.
    stem: &'a str,
}

impl Destination<'_> {
    fn file(self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}{ending}", self.stem))
    }
}

/// What is found out while exporting.
struct Report {
    result: ExportResult,
}

impl Report {
    /// An empty one of a model.
    fn new(model: &dyn Finished, notes: Vec<String>) -> Self {
        let shape = model.as_codec().map(|codec| codec.shape());
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let result = ExportResult {
            files: vec![],
            checks: vec![],
            rate_hz: shape.map(|it| it.rate_hz),
            channels: shape.map(|it| u16::try_from(it.channels).unwrap_or(u16::MAX)),
            latents: shape.map(|it| count(it.latent_size)),
            ratio: shape.map(|it| count(it.ratio)),
            latency_samples: shape.map(|_| 0),
            speed: None,
            difference: None,
            compute_secs: 0.0,
            notes,
        };
        Self { result }
    }

    /// Notes that something is as it should be.
    fn good(&mut self, what: &str, words: String) {
        self.result.checks.push(ExportCheck { what: what.into(), words, is_good: true });
    }
}

/// Refuses a form of export that models of a family do not have.
fn no_such_form<T>(model: &dyn Finished) -> anyhow::Result<T> {
    let settings = models::family(model.family()).map(|it| it.settings(&model.settings()));
    let forms = settings.and_then(Result::ok).map(|it| it.exports()).unwrap_or_default();
    refuse(
        "no_such_form",
        "This model cannot be exported in this format.",
        &format!("Models of the family `{}` do not have it.", model.family()),
        &format!("Choose {}.", listed(forms.into_iter().map(ExportKind::name), "or")),
    )
}

/// Refuses an export that did not pass.
fn not_equal<T>(what: &str, why: &str) -> anyhow::Result<T> {
    let remedy = "Please report this with the log of the export. Another format may work.";
    refuse("export_differs", what, why, remedy)
}

/// The name of a model as a name of files: what every player and file system takes.
fn stem(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.chars().map(plain).take(60).collect();
    let name = name.trim_matches('_');
    let name = name.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    if name.is_empty() { "model".into() } else { name }
}

/// All files in a folder and below, by their paths from there.
fn files_in(folder: &Path) -> anyhow::Result<Vec<ExportedFile>> {
    let mut files = vec![];
    let mut rest = vec![(folder.to_owned(), String::new())];
    while let Some((folder, name)) = rest.pop() {
        for entry in fs::read_dir(&folder).context("list the export")? {
            let entry = entry.context("list the export")?;
            let path = format!("{name}{}", entry.file_name().to_string_lossy());
            let about = entry.metadata().context("look at the export")?;
            if about.is_dir() {
                rest.push((entry.path(), format!("{path}/")));
            } else {
                files.push(ExportedFile { path, bytes: about.len() });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_plain() {
        let check = |name: &str, expected: &str| assert_eq!(stem(name), expected, "{name}");
        check("Violin, a1 (best)", "Violin_a1_best");
        check("../../etc/passwd", "etc_passwd");
        check("drums-2", "drums-2");
        check("звук", "model");
        check("", "model");
    }
}
