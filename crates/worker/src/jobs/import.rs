//! Importing what people have from the original program: whole folders of datasets, runs and models are
//! made inside the job's own, one finding after the other.

mod dataset;
mod model;
mod run;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::{
    EventBody, Finding, FindingKind, ImportResult, ImportTask, Learnt, Made, Order, Outcome, Task,
    Warning,
};

use super::refuse;
use crate::{
    folder::{JobFolder, now_ms},
    inspect::{self, Looked},
    log::log,
    progress::{Goal, ProgressMeter},
};

/// The folder that takes what is made.
const MADE: &str = "made";

/// Imports what the order names.
pub(crate) fn run(folder: &mut JobFolder, task: &ImportTask) -> anyhow::Result<Outcome> {
    // What an earlier attempt left is made again.
    let made = folder.path().join(MADE);
    let _ = fs::remove_dir_all(&made);
    let outcome = make_all(folder, task);
    if !matches!(outcome, Ok(Outcome::Done)) {
        // Nobody can take it, and it may be what filled the disk.
        let _ = fs::remove_dir_all(&made);
    }
    outcome
}

fn make_all(folder: &mut JobFolder, task: &ImportTask) -> anyhow::Result<Outcome> {
    let wanted = wanted(folder, task)?;
    let mut steps = Steps::new(wanted.len());
    let mut result = ImportResult::default();
    for (i, (item, source)) in wanted.iter().enumerate() {
        steps.begin(folder, i, &item.name)?;
        if folder.should_stop() {
            return Ok(Outcome::Stopped);
        }
        let place = format!("{MADE}/{i}");
        let target = folder.path().join(&place);
        fs::create_dir_all(&target).with_context(|| format!("create {place}"))?;
        let name = task.name.as_ref().unwrap_or(&item.name).clone();
        let one = One { source: source.clone(), target, place, item, name, others: &result.made };
        let outcome = match item.kind {
            FindingKind::Dataset => dataset::make(folder, &one, &mut steps).map(one_of),
            FindingKind::Run => run::make(folder, &one, &mut steps).map(one_of),
            FindingKind::Model => model::make(folder, &one),
        };
        match outcome {
            Ok(Some(made)) => result.made.extend(made),
            Ok(None) => return Ok(Outcome::Stopped),
            Err(error) if wanted.len() == 1 => return Err(error),
            // One bad thing does not spoil the rest.
            Err(error) => {
                log(&format!("{} failed: {error:#}", item.key));
                folder.warn(warning("left_out", &item.key, format!("Left out: {error:#}.")))?;
                let _ = fs::remove_dir_all(&one.target);
            }
        }
    }
    if result.made.is_empty() {
        return refuse(
            "nothing_imported",
            "Nothing could be imported.",
            "The warnings give the reason for each item.",
            "Fix what the warnings name, or import something else.",
        );
    }
    let text = serde_json::to_vec_pretty(&result).context("encode result.json")?;
    job::whole::write(&folder.path().join("result.json"), &text).context("write result.json")?;
    steps.begin(folder, wanted.len(), "done")?;
    Ok(Outcome::Done)
}

fn one_of(made: Option<Made>) -> Option<Vec<Made>> {
    Some(vec![made?])
}

/// What the order asks for of what there is, with its paths.
fn wanted(folder: &mut JobFolder, task: &ImportTask) -> anyhow::Result<Vec<(Finding, PathBuf)>> {
    if task.as_model {
        // It is for the model's reader to say what is wrong with it.
        return Ok(vec![(inspect::as_model(&task.path), task.path.clone())]);
    }
    let looked = inspect::look_into(&task.path);
    let Looked { findings, mut paths } =
        looked.map_err(|problem| anyhow::Error::new(super::Refused(problem)))?;
    for unreadable in &findings.unreadable {
        folder.warn(warning(
            "unreadable",
            &unreadable.path,
            format!("Left out: {}.", unreadable.why),
        ))?;
    }
    if findings.items.is_empty() {
        return refuse(
            "nothing_to_import",
            "There is nothing to import here.",
            "No acids-rave dataset, run or model was found.",
            "Choose the folder of a run or of a preprocessed dataset, or a .ckpt or .ts file.",
        );
    }
    let is_there = |key: &String| findings.items.iter().any(|item| item.key == *key);
    let missing: Vec<&str> =
        task.items.iter().filter(|key| !is_there(key)).map(String::as_str).collect();
    if !missing.is_empty() {
        return refuse(
            "no_such_finding",
            "Some of the chosen items are not there.",
            &format!("Not found: {}.", missing.join(", ")),
            "List what is there with `--dry-run`, and use the names it shows.",
        );
    }
    let is_wanted = |item: &Finding| task.items.is_empty() || task.items.contains(&item.key);
    let with_path = |item: Finding| {
        let path = paths.remove(&item.key)?;
        Some((item, path))
    };
    let wanted: Vec<_> =
        findings.items.into_iter().filter(is_wanted).filter_map(with_path).collect();
    if task.name.is_some() && wanted.len() > 1 {
        return refuse(
            "one_name_for_many",
            "One name cannot be given to several items.",
            &format!("{} items would be imported.", wanted.len()),
            "Leave out the name, or import a single item.",
        );
    }
    Ok(wanted)
}

/// How far an import is: a hundred for each thing, because one may take hours.
struct Steps {
    meter: ProgressMeter,
    n: usize,
    at: usize,
    name: String,
}

impl Steps {
    fn new(n: usize) -> Self {
        let meter = ProgressMeter::new("percent", Goal::Units(100), 0.0);
        Self { meter, n, at: 0, name: String::new() }
    }

    fn begin(&mut self, folder: &mut JobFolder, at: usize, name: &str) -> anyhow::Result<()> {
        (self.at, self.name) = (at, format!("importing “{name}”"));
        let percent = self.percent(0.0);
        folder.emit(EventBody::Progress(self.meter.progress(&self.name, percent)))
    }

    /// Tells how far the thing is that is being made; gives whether to go on.
    fn go_on(&mut self, folder: &mut JobFolder, share: f64) -> anyhow::Result<bool> {
        let percent = self.percent(share);
        if let Some(progress) = self.meter.mark(&self.name, percent) {
            folder.emit(EventBody::Progress(progress))?;
        }
        Ok(!folder.should_stop())
    }

    fn percent(&self, share: f64) -> u64 {
        (100.0 * (self.at as f64 + share.clamp(0.0, 1.0)) / self.n as f64) as u64
    }
}

/// One thing to make.
struct One<'a> {
    source: PathBuf,
    target: PathBuf,
    /// The target, as seen from the job's folder.
    place: String,
    item: &'a Finding,
    name: String,
    /// What was made before it.
    others: &'a [Made],
}

impl One<'_> {
    fn made(&self, learnt: Option<Learnt>) -> Made {
        let item = self.item;
        Made {
            key: item.key.clone(),
            kind: item.kind,
            folder: self.place.clone(),
            name: self.name.clone(),
            learnt,
        }
    }

    fn warning(&self, code: &str, message: String) -> Warning {
        let name = self.source.file_name().unwrap_or_default().to_string_lossy();
        // Of what was named itself, the key says nothing.
        let file = if self.item.key == "." { &*name } else { &self.item.key };
        warning(code, file, message)
    }

    /// Writes the order that would have made this folder.
    fn write_order(&self, created_ms: u64, task: Task) -> anyhow::Result<()> {
        let order = Order {
            format: Order::FORMAT,
            id: api::Id::numbered(&self.name, 1),
            name: self.name.clone(),
            created_ms,
            version: env!("CARGO_PKG_VERSION").into(),
            task,
        };
        write_json(&self.target.join("job.json"), &order)
    }

    /// Says in the folder how the job that would have made it ended.
    fn write_exit(&self, outcome: Outcome) -> anyhow::Result<()> {
        write_json(&self.target.join("exit.json"), &api::Exit { ended_ms: now_ms(), outcome })
    }
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_vec_pretty(value).context("encode JSON")?;
    job::whole::write(path, &text).with_context(|| format!("write {}", path.display()))
}

fn warning(code: &str, file: &str, message: String) -> Warning {
    Warning { code: code.into(), file: Some(file.into()), message }
}
