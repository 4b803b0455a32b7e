//! What the studio alone says and reads in a job's folder: names and the trash, how the job ended, what it made.

mod film;
mod last_words;

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use api::{
    DatasetIndex, DatasetSummary, Exit, Id, JobKind, Outcome, Problem, ReconstructionResult,
    RunMeasure, UnixMs,
};
use job::{files, whole};
use serde::{Deserialize, Serialize};

use crate::{Error, store::jobs::Phase, workspace::remove};

/// `card.json`: what people said about the thing after it was made. Orders, models and presets are never
/// rewritten, so that is kept here, where a rebuild of the database finds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Card {
    /// The name, if it was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The project it lay in, while it is in the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<Id>,
    /// When it was moved to the trash, while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deleted_ms: Option<UnixMs>,
    /// Whether somebody has seen how it ended and put it aside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_dismissed: bool,
    /// Whether somebody likes it: of films and sounds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_favourite: bool,
    /// Whether somebody has watched it: of films.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_watched: bool,
    /// Words of one's own: of sounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    /// When it was taken into the library: of sounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) added_ms: Option<UnixMs>,
    /// What it was taken from: of sounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) taken: Option<Taken>,
}

/// What a sound of the library was taken from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Taken {
    /// The job that made it.
    pub(crate) job: Id,
    /// The sound's folder in the job's.
    pub(crate) path: String,
}

/// How a job ended, as its folder says.
pub(crate) struct Ending {
    pub(crate) phase: Phase,
    pub(crate) ended_ms: Option<UnixMs>,
    pub(crate) problem: Option<Problem>,
    /// What it made, if it made something.
    pub(crate) product: Option<Product>,
    /// What its `exit.json` should say, if the worker could not write that.
    pub(crate) unwritten: Option<Exit>,
}

/// What is known of a job's last process beside what it wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Process {
    /// When it was started; what its folder says from before is of an earlier one.
    pub(crate) started_ms: Option<UnixMs>,
    /// Its exit code, if it was ours and was not killed.
    pub(crate) code: Option<i32>,
}

/// What a job made that lists show.
pub(crate) enum Product {
    Dataset(DatasetSummary),
    Reconstruction(ReconstructionResult),
    Measure(Box<RunMeasure>),
}

pub(crate) fn read_card(folder: &Path) -> Card {
    let read = whole::read_json_if_there(&folder.join(files::CARD));
    read.unwrap_or_else(|error| {
        tracing::warn!("a name is lost: failed to {error}");
        None
    })
    .unwrap_or_default()
}

pub(crate) fn write_card(folder: &Path, card: &Card) -> Result<(), Error> {
    Ok(whole::write_json(&folder.join(files::CARD), card)?)
}

/// Says in the folder, too, whether somebody has put the job aside. Nothing is written where that is so already.
pub(crate) fn write_dismissed(folder: &Path, is_dismissed: bool) -> Result<(), Error> {
    let card = read_card(folder);
    if card.is_dismissed == is_dismissed {
        return Ok(());
    }
    write_card(folder, &Card { is_dismissed, ..card })
}

/// Reads how a job ended, and what it made. Without `exit.json`, what the worker said last is believed; if
/// it said nothing, it was interrupted.
pub(crate) fn read_ending(folder: &Path, kind: JobKind, process: &Process) -> Ending {
    let ending = |phase, ended_ms, problem| Ending {
        phase,
        ended_ms,
        problem,
        product: None,
        unwritten: None,
    };
    let (exit, is_written) = match job::exit::read(folder) {
        Ok(Some(exit)) => (exit, true),
        Ok(None) => match last_words::read(folder, process) {
            Some(exit) => (exit, false),
            None => return ending(Phase::Interrupted, None, None),
        },
        Err(error) => return ending(Phase::Failed, None, Some(unreadable(&error.into()))),
    };
    let unwritten = (!is_written).then(|| exit.clone());
    Ending { unwritten, ..ending_of(folder, kind, exit) }
}

fn ending_of(folder: &Path, kind: JobKind, exit: Exit) -> Ending {
    let ending = |phase, ended_ms, problem| Ending {
        phase,
        ended_ms,
        problem,
        product: None,
        unwritten: None,
    };
    let ended_ms = Some(exit.ended_ms);
    match exit.outcome {
        Outcome::Stopped => ending(Phase::Stopped, ended_ms, None),
        Outcome::Failed { problem } => ending(Phase::Failed, ended_ms, Some(problem)),
        Outcome::Done if kind == JobKind::Film && film::problem(folder).is_some() => {
            ending(Phase::Failed, ended_ms, film::problem(folder))
        }
        Outcome::Done => match read_product(folder, kind) {
            Ok(product) => Ending { product, ..ending(Phase::Done, ended_ms, None) },
            Err(error) => ending(Phase::Failed, ended_ms, Some(unreadable(&error))),
        },
    }
}

/// Takes away what would tell the next process to stop, or that it has ended.
pub(crate) fn clear_for_start(folder: &Path) -> Result<(), Error> {
    remove(&folder.join(files::EXIT))?;
    remove(&folder.join(files::CONTROL))
}

/// Adds a line for people to a job's log, where a worker could not.
pub(crate) fn append_log(folder: &Path, line: &str) {
    let path = folder.join(files::LOG);
    let append = || {
        let mut log = File::options().append(true).create(true).open(&path)?;
        writeln!(log, "studio: {line}")
    };
    if let Err(error) = append() {
        tracing::warn!("failed to write {}: {error}", path.display());
    }
}

/// Removes what a process left half-made, and keeps what tells about the job.
pub(crate) fn remove_partial_result(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        if files::OF_THE_JOB.iter().all(|name| entry.file_name() != *name) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// The index of a whole dataset.
pub(crate) fn read_index(folder: &Path) -> Result<DatasetIndex, Error> {
    Ok(whole::read_versioned(&folder.join(files::DATASET_INDEX), DatasetIndex::FORMAT)?)
}

/// The summary of a whole dataset: the part of its index that lists need.
pub(crate) fn read_summary(folder: &Path) -> Result<DatasetSummary, Error> {
    #[derive(Deserialize)]
    struct Summarised {
        summary: DatasetSummary,
    }
    let path = folder.join(files::DATASET_INDEX);
    Ok(whole::read_versioned::<Summarised>(&path, DatasetIndex::FORMAT)?.summary)
}

fn read_product(folder: &Path, kind: JobKind) -> Result<Option<Product>, Error> {
    Ok(match kind {
        JobKind::Prepare => Some(Product::Dataset(read_summary(folder)?)),
        JobKind::Reconstruct => {
            Some(Product::Reconstruction(whole::read_json(&folder.join(files::RESULT))?))
        }
        JobKind::Measure => {
            Some(Product::Measure(Box::new(whole::read_json(&folder.join(files::RESULT))?)))
        }
        // What other kinds make is read when it is asked for.
        _ => None,
    })
}

fn unreadable(error: &Error) -> Problem {
    Problem {
        code: "unreadable".to_owned(),
        what: "The result of the job could not be read.".to_owned(),
        why: Some(api::sentence(&format!("failed to {error}"))),
        remedy: Some("Start the job again.".to_owned()),
        fields: Vec::new(),
    }
}

/// The problem of a worker that could not be started.
pub(crate) fn not_started(error: &Error) -> Problem {
    if error.is_disk_full() {
        return disk_full(None);
    }
    Problem {
        code: "not_started".to_owned(),
        what: "The worker process could not be started.".to_owned(),
        why: Some(api::sentence(&format!("failed to {error}"))),
        remedy: Some("Run `maquette doctor`, then start the job again.".to_owned()),
        fields: Vec::new(),
    }
}

/// The problem of a job that had no room on the disk.
fn disk_full(why: Option<String>) -> Problem {
    Problem::disk_full(why, "Then start the job again, or resume the run.")
}
