//! A job's folder: the names of its files, and how the studio reads and writes them.

mod last_words;

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use api::{
    Control, DatasetIndex, DatasetSummary, Exit, JobKind, Limit, Order, Outcome, Problem,
    ReconstructionResult, RunMeasure, Task, UnixMs,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Error,
    error::FREE_SPACE,
    store::jobs::Phase,
    workspace::{read_json, read_json_if_there, remove, write_json},
};

pub(crate) const ORDER: &str = "job.json";
pub(crate) const EVENTS: &str = "events.jsonl";
pub(crate) const CONTROL: &str = "control.jsonl";
pub(crate) const LOG: &str = "log.txt";
pub(crate) const EXIT: &str = "exit.json";
pub(crate) const LIMIT: &str = "limit.json";
pub(crate) const CARD: &str = "card.json";
pub(crate) const STARTED: &str = "started.json";
pub(crate) const WORKER_LOCK: &str = "worker.lock";
pub(crate) const DATASET_INDEX: &str = "dataset.json";
pub(crate) const PEAKS: &str = "peaks.bin";
pub(crate) const RESULT: &str = "result.json";
pub(crate) const MODEL: &str = "model.json";
pub(crate) const PRESET: &str = "preset.json";
pub(crate) const WEIGHTS: &str = "weights.safetensors";

/// `card.json`: what people said about the thing after it was made. Orders, models and presets are never
/// rewritten, so that is kept here, where a rebuild of the database finds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Card {
    /// The name, if it was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// When it was moved to the trash, while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deleted_ms: Option<UnixMs>,
    /// Whether somebody has seen how it ended and put it aside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_dismissed: bool,
}

/// `limit.json`: another limit than the order's, given when a run was resumed.
#[derive(Debug, Serialize, Deserialize)]
struct NewLimit {
    limit: Limit,
}

/// The part of `dataset.json` that lists need.
#[derive(Deserialize)]
struct WholeDataset {
    format: u32,
    summary: DatasetSummary,
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

pub(crate) fn kind(task: &Task) -> JobKind {
    match task {
        Task::Import(_) => JobKind::Import,
        Task::Prepare(_) => JobKind::Prepare,
        Task::Train(_) => JobKind::Train,
        Task::Reconstruct(_) => JobKind::Reconstruct,
        Task::Convert(_) => JobKind::Convert,
        Task::Export(_) => JobKind::Export,
        Task::Measure(_) => JobKind::Measure,
    }
}

/// Reads the order of a job that is known.
pub(crate) fn read_order(folder: &Path) -> Result<Order, Error> {
    read_versioned(&folder.join(ORDER), Order::FORMAT)
}

/// Reads a file with a format. That comes first, as a newer file may hold what this program cannot read.
pub(crate) fn read_versioned<T: DeserializeOwned>(path: &Path, known: u32) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    let Versioned { format } = read_json(path)?;
    check_format(path, format, known)?;
    read_json(path)
}

/// Refuses a file that was written by a newer program.
fn check_format(path: &Path, found: u32, known: u32) -> Result<(), Error> {
    if found <= known {
        return Ok(());
    }
    Err(Error::Newer { path: path.to_owned(), found, known })
}

/// The limit of a run: the newest one that was given, else the order's.
pub(crate) fn read_limit(folder: &Path, ordered: Limit) -> Result<Limit, Error> {
    let newer: Option<NewLimit> = read_json_if_there(&folder.join(LIMIT))?;
    Ok(newer.map_or(ordered, |newer| newer.limit))
}

pub(crate) fn write_limit(folder: &Path, limit: Limit) -> Result<(), Error> {
    write_json(&folder.join(LIMIT), &NewLimit { limit })
}

pub(crate) fn read_card(folder: &Path) -> Card {
    let read = read_json_if_there(&folder.join(CARD));
    read.unwrap_or_else(|error| {
        tracing::warn!("a name is lost: failed to {error}");
        None
    })
    .unwrap_or_default()
}

pub(crate) fn write_card(folder: &Path, card: &Card) -> Result<(), Error> {
    write_json(&folder.join(CARD), card)
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
    let (exit, is_written) = match read_json_if_there(&folder.join(EXIT)) {
        Ok(Some(exit)) => (exit, true),
        Ok(None) => match last_words::read(folder, process) {
            Some(exit) => (exit, false),
            None => return ending(Phase::Interrupted, None, None),
        },
        Err(error) => return ending(Phase::Failed, None, Some(unreadable(&error))),
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
        Outcome::Done => match read_product(folder, kind) {
            Ok(product) => Ending { product, ..ending(Phase::Done, ended_ms, None) },
            Err(error) => ending(Phase::Failed, ended_ms, Some(unreadable(&error))),
        },
    }
}

/// Says in the folder, too, how a job ended where no worker could say it.
pub(crate) fn write_exit(folder: &Path, exit: &Exit) -> Result<(), Error> {
    write_json(&folder.join(EXIT), exit)
}

/// Takes away what would tell the next process to stop, or that it has ended.
pub(crate) fn clear_for_start(folder: &Path) -> Result<(), Error> {
    remove(&folder.join(EXIT))?;
    remove(&folder.join(CONTROL))
}

/// Asks something of the process that works on a folder.
pub(crate) fn append_control(folder: &Path, control: Control) -> Result<(), Error> {
    let path = folder.join(CONTROL);
    let mut line = serde_json::to_vec(&control)
        .map_err(|error| Error::io("write", &path)(std::io::Error::other(error)))?;
    line.push(b'\n');
    let append = || {
        let mut file = File::options().append(true).create(true).open(&path)?;
        let length = file.metadata()?.len();
        // Half a line on a full disk would spoil the next one.
        file.write_all(&line).inspect_err(|_| drop(file.set_len(length)))
    };
    append().map_err(Error::io("write", &path))
}

/// Adds a line for people to a job's log, where a worker could not.
pub(crate) fn append_log(folder: &Path, line: &str) {
    let path = folder.join(LOG);
    let append = || {
        let mut log = File::options().append(true).create(true).open(&path)?;
        writeln!(log, "studio: {line}")
    };
    if let Err(error) = append() {
        tracing::warn!("failed to write {}: {error}", path.display());
    }
}

/// Removes what a dataset's process left half-made, and keeps what tells about it.
pub(crate) fn remove_partial_result(folder: &Path) -> Result<(), Error> {
    let kept = [ORDER, EVENTS, CONTROL, LOG, EXIT, CARD, STARTED, WORKER_LOCK];
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        if kept.iter().all(|name| entry.file_name() != *name) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// The index of a whole dataset.
pub(crate) fn read_index(folder: &Path) -> Result<DatasetIndex, Error> {
    let path = folder.join(DATASET_INDEX);
    let index: DatasetIndex = read_json(&path)?;
    check_format(&path, index.format, DatasetIndex::FORMAT)?;
    Ok(index)
}

/// The file of a dataset that holds part of its sound.
pub(crate) fn sound_name(chunk: u32) -> String {
    format!("sound-{chunk:03}.pcm")
}

/// The summary of a whole dataset.
pub(crate) fn read_summary(folder: &Path) -> Result<DatasetSummary, Error> {
    let path = folder.join(DATASET_INDEX);
    let whole: WholeDataset = read_json(&path)?;
    check_format(&path, whole.format, DatasetIndex::FORMAT)?;
    Ok(whole.summary)
}

fn read_product(folder: &Path, kind: JobKind) -> Result<Option<Product>, Error> {
    Ok(match kind {
        JobKind::Prepare => Some(Product::Dataset(read_summary(folder)?)),
        // What a conversion made is read when it is asked for.
        JobKind::Import | JobKind::Train | JobKind::Convert | JobKind::Export => None,
        JobKind::Reconstruct => Some(Product::Reconstruction(read_json(&folder.join(RESULT))?)),
        JobKind::Measure => Some(Product::Measure(Box::new(read_json(&folder.join(RESULT))?))),
    })
}

fn unreadable(error: &Error) -> Problem {
    Problem {
        code: "unreadable".to_owned(),
        what: "The result of the job could not be read.".to_owned(),
        why: Some(format!("Failed to {error}.")),
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
        why: Some(format!("Failed to {error}.")),
        remedy: Some("Run `maquette doctor`, then start the job again.".to_owned()),
        fields: Vec::new(),
    }
}

/// The problem of a job that had no room on the disk.
fn disk_full(why: Option<String>) -> Problem {
    Problem {
        code: "disk_full".to_owned(),
        what: "The disk is full.".to_owned(),
        why,
        remedy: Some(format!("{FREE_SPACE} Then start the job again, or resume the run.")),
        fields: Vec::new(),
    }
}
