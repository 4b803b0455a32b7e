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
    EventBody, Finding, FindingKind, Findings, ImportResult, ImportTask, Made, Order, Outcome,
    Task, Warning,
};

use super::refuse;
use crate::{
    folder::{JobFolder, now_ms},
    inspect,
    log::log,
    progress::{Goal, ProgressMeter},
    whole_file::write_whole,
};

/// The folder that takes what is made.
const MADE: &str = "made";

/// Imports what the order names.
pub(crate) fn run(folder: &mut JobFolder, task: &ImportTask) -> anyhow::Result<Outcome> {
    let findings = if task.as_model {
        // It is for the model's reader to say what is wrong with it.
        Findings { items: vec![inspect::as_model(&task.path)], ..Findings::default() }
    } else {
        inspect::inspect(&task.path)
            .map_err(|problem| anyhow::Error::new(super::Refused(problem)))?
    };
    for unreadable in &findings.unreadable {
        folder.warn(warning(
            "unreadable",
            &unreadable.path,
            format!("It is left out: {}.", unreadable.why),
        ))?;
    }
    let wanted = wanted(task, findings.items);
    if wanted.is_empty() {
        return refuse(
            "nothing_to_import",
            "There is nothing here that can be imported.",
            "No dataset, run or model of acids-rave was found in it.",
            "Choose the folder of a run, of a preprocessed dataset, or a .ckpt or .ts file.",
        );
    }
    // What an earlier attempt left is made again.
    let made = folder.path().join(MADE);
    let _ = fs::remove_dir_all(&made);
    let mut meter = ProgressMeter::new("things", Goal::Units(wanted.len() as u64), 0.0);
    let mut result = ImportResult::default();
    for (i, item) in wanted.iter().enumerate() {
        folder.emit(EventBody::Progress(meter.tell(&item.name, i as u64)))?;
        if folder.should_stop() {
            return Ok(Outcome::Stopped);
        }
        let place = format!("{MADE}/{i}");
        let target = folder.path().join(&place);
        fs::create_dir_all(&target).with_context(|| format!("create {place}"))?;
        let source = match task.as_model {
            true => task.path.clone(),
            false => inspect::path_of(&task.path, &item.key),
        };
        let name = task.name.as_ref().filter(|_| wanted.len() == 1).unwrap_or(&item.name).clone();
        let one = One { source, target, item, name, others: &result.made };
        let outcome = match item.kind {
            FindingKind::Dataset => dataset::make(folder, &one),
            FindingKind::Run => run::make(folder, &one),
            FindingKind::Model => model::make(folder, &one),
        };
        match outcome {
            Ok(Some(made)) => result.made.push(Made { folder: place, ..made }),
            Ok(None) => return Ok(Outcome::Stopped),
            Err(error) if wanted.len() == 1 => return Err(error),
            // One bad thing does not spoil the rest.
            Err(error) => {
                log(&format!("{} failed: {error:#}", item.key));
                folder.warn(warning(
                    "left_out",
                    &item.key,
                    format!("It is left out: {error:#}."),
                ))?;
                let _ = fs::remove_dir_all(&one.target);
            }
        }
        let _ = meter.mark(&item.name, i as u64 + 1);
    }
    if result.made.is_empty() {
        return refuse(
            "nothing_imported",
            "Nothing could be imported.",
            "The warnings say of each why not.",
            "Mend what they name, or import something else.",
        );
    }
    let text = serde_json::to_vec_pretty(&result).context("encode result.json")?;
    write_whole(&folder.path().join("result.json"), &text).context("write result.json")?;
    folder.emit(EventBody::Progress(meter.tell("done", wanted.len() as u64)))?;
    Ok(Outcome::Done)
}

/// What the order asks for of what was found.
fn wanted(task: &ImportTask, found: Vec<Finding>) -> Vec<Finding> {
    let is_wanted = |item: &Finding| task.items.is_empty() || task.items.contains(&item.key);
    found.into_iter().filter(is_wanted).collect()
}

/// One thing to make.
struct One<'a> {
    source: PathBuf,
    target: PathBuf,
    item: &'a Finding,
    name: String,
    /// What was made before it.
    others: &'a [Made],
}

impl One<'_> {
    fn made(&self, dataset: Option<String>) -> Made {
        let item = self.item;
        Made {
            key: item.key.clone(),
            kind: item.kind,
            folder: String::new(),
            name: self.name.clone(),
            dataset,
        }
    }

    fn warning(&self, code: &str, message: String) -> Warning {
        warning(code, &self.item.key, message)
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
    write_whole(path, &text).with_context(|| format!("write {}", path.display()))
}

fn warning(code: &str, file: &str, message: String) -> Warning {
    Warning { code: code.into(), file: Some(file.into()), message }
}
