//! Jobs: their orders, their states, and how they end.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ConvertTask, DatasetSummary, ExportTask, Id, MemoryForecast, Model, PresetName, RunMeasure,
    UnixMs,
};

/// `job.json`: what a job is asked to do, written once when it is queued.
///
/// Paths are relative to the job's folder where they stay inside the workspace, so that a
/// workspace can be moved or copied as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Version of this format; see [`Order::FORMAT`].
    pub format: u32,
    /// The job's identifier: the name of its folder.
    pub id: Id,
    /// The name people gave it.
    pub name: String,
    /// When it was queued.
    pub created_ms: UnixMs,
    /// The version of Maquette that wrote the order.
    pub version: String,
    /// What to do.
    pub task: Task,
}

impl Order {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// What a job does, by kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    /// Turn sound files into a dataset; the job's folder becomes the dataset.
    Prepare(PrepareTask),
    /// Make datasets, runs and models of what another program left; they are made in the job's folder.
    Import(crate::ImportTask),
    /// Train a model; the job's folder is the run.
    Train(TrainTask),
    /// Send one sound through a model and back.
    Reconstruct(ReconstructTask),
    /// Turn a sound into latents, or latents into sound.
    Convert(ConvertTask),
    /// Write a model in the form that its player needs.
    Export(ExportOrder),
    /// Find out how long a run would take.
    Measure(MeasureTask),
    /// Render a film of an agent.
    Film(crate::FilmTask),
    /// Play a game with a person.
    Play(crate::PlayTask),
    /// Play models live.
    Session(crate::SessionTask),
    /// Make sounds from a recipe.
    Generate(crate::GenerateTask),
    /// Draw the latents of a dataset.
    Map(crate::MapTask),
    /// Find out what is in sounds of the library.
    Analyse(crate::AnalyseTask),
    /// Change sounds or MIDI files.
    Change(crate::ChangeTask),
    /// Cut sounds into patterns, or hear what is looked for.
    Memory(crate::MemoryTask),
}

/// The order to prepare a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrepareTask {
    /// Where the sounds are.
    pub source: SoundSource,
    /// Samples per second of the dataset.
    pub rate_hz: u32,
    /// 1 for mono, 2 for stereo.
    pub channels: u16,
    /// The share of files kept apart for validation, 0 to 0.5.
    pub validation_share: f64,
    /// Decides which files those are.
    pub seed: u64,
}

/// Where the sounds of a dataset come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum SoundSource {
    /// A folder on this computer, walked with its sub-folders; or one file.
    Folder {
        /// Absolute path.
        #[schema(value_type = String)]
        path: PathBuf,
    },
    /// Files dropped on the page, kept in the workspace until they are prepared.
    Upload {
        /// The identifier that the upload answered with.
        upload: Id,
    },
    /// The built-in sample sounds, synthesised on the spot.
    Samples,
}

/// The order to train a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainTask {
    /// The dataset's identifier; none for a family that learns from no dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<Id>,
    /// Its folder, relative to the run's.
    #[serde(default)]
    pub dataset_path: PathBuf,
    /// Its content hash when the run was queued: a run refuses another dataset. Empty where there is none, or an imported
    /// run does not say it.
    #[serde(default)]
    pub dataset_hash: String,
    /// The codec whose latents it learns from, or the model to whose weights it learns to add; none for other families.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// Its folder, relative to the run's.
    #[serde(default, skip_serializing_if = "is_nowhere")]
    pub model_path: PathBuf,
    /// SHA-256 of its weights when the run was queued: a run refuses another model.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model_sha256: String,
    /// The family of the model, like `rave`.
    pub family: String,
    /// The family's preset it started from.
    pub preset: String,
    /// Switches laid over it, in this order; later ones won.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<String>,
    /// The preset of one's own that named both, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_preset: Option<PresetName>,
    /// Every setting, whole and frozen; only the family reads it.
    pub settings: serde_json::Value,
    /// Whether these settings come to a GPU on the computer where the run was queued.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_gpu: bool,
    /// The same seed gives the same first losses.
    pub seed: u64,
    /// When to stop by itself.
    pub limit: Limit,
    /// How long it would take, if that was measured before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Box<RunMeasure>>,
    /// Memory that it was said to need when it was queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Box<MemoryForecast>>,
}

fn is_nowhere(path: &std::path::Path) -> bool {
    path.as_os_str().is_empty()
}

/// When a run stops by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "until", rename_all = "snake_case")]
pub enum Limit {
    /// After this many optimiser steps in all.
    Steps {
        /// Steps counted from the very start of the run.
        steps: u64,
    },
    /// After this much training time, pauses between resumes not counted.
    Minutes {
        /// Minutes of training.
        minutes: f64,
    },
    /// Only when somebody stops it.
    Forever,
}

/// The order to reconstruct one sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReconstructTask {
    /// The model's identifier.
    pub model: Id,
    /// Its folder, relative to the job's.
    pub model_path: PathBuf,
    /// The sound: absolute, or relative to the job's folder.
    pub input: PathBuf,
    /// The name to show for it.
    pub input_name: String,
}

/// The order to export a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportOrder {
    /// What to export, and as what.
    pub task: ExportTask,
    /// The name that the model has.
    pub model_name: String,
    /// What the library knows of it, if it is from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Box<KnownModel>>,
}

/// What the library knows of a model, for the card of a package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownModel {
    /// The model.
    pub model: Model,
    /// The dataset that it learnt from, while that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetSummary>,
    /// The name of that dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_name: Option<String>,
    /// The run's folder, relative to the job's, for sounds of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_path: Option<PathBuf>,
}

/// The order to measure how long a run would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasureTask {
    /// The family of the model, like `rave`.
    pub family: String,
    /// Every setting, whole; only the family reads it.
    pub settings: serde_json::Value,
    /// Whether these settings come to a GPU on this computer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_gpu: bool,
    /// When the run would stop by itself.
    pub limit: Limit,
    /// Sounds that it would be measured on.
    pub n_held_out: u32,
    /// Their mean length.
    pub held_out_secs: f64,
}

/// A job as lists and pages show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// The identifier of the dataset, run, reconstruction or measure that it makes.
    pub id: Id,
    /// What it does.
    pub kind: JobKind,
    /// The project it lies in.
    pub project: Id,
    /// The name people gave it.
    pub name: String,
    /// When it was queued.
    pub created_ms: UnixMs,
    /// Where it stands.
    pub state: JobState,
    /// How far it is, if it has said so.
    pub progress: Option<Progress>,
    /// The number of its newest event.
    pub last_seq: u64,
    /// How many warnings it has given.
    pub n_warnings: u32,
    /// Whether somebody has seen how it ended and put it aside. It is not once it is queued again.
    pub dismissed: bool,
    /// Why it waits though nothing else is before it, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
}

/// The kinds of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Sound files become a dataset.
    Prepare,
    /// What another program made becomes datasets, runs and models.
    Import,
    /// A model trains.
    Train,
    /// A sound goes through a model and back.
    Reconstruct,
    /// A sound becomes latents, or latents become sound.
    Convert,
    /// A model is written in the form that its player needs.
    Export,
    /// A few steps tell how long a run would take.
    Measure,
    /// Recorded episodes become a film.
    Film,
    /// A game is played in the page.
    Play,
    /// Models play live in the page.
    Session,
    /// A recipe becomes sounds.
    Generate,
    /// The latents of a dataset are drawn.
    Map,
    /// What is in sounds of the library is found out.
    Analyse,
    /// Sounds or MIDI files are changed.
    Change,
    /// Sounds are cut into patterns, or heard to find some.
    Memory,
}

/// A file in a job's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobFile {
    /// Its path in the folder.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// A job to queue by its order alone, where its kind allows that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewJob {
    /// A name, 1 to 120 characters.
    pub name: String,
    /// The order: its `kind`, and what that needs.
    pub task: serde_json::Value,
}

/// A kind of job, and what can be asked of jobs of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobKindInfo {
    /// Which one.
    pub kind: JobKind,
    /// One thing that it makes, in a word: `dataset`, `run`.
    pub word: String,
    /// The list of those.
    pub list: String,
    /// Whether what it has made so far is kept when it is ended before it is done.
    pub keeps_when_stopped: bool,
    /// Whether one that ended early can be started again.
    pub can_restart: bool,
    /// Whether it can be restored after it was deleted.
    pub has_trash: bool,
}

/// Where a job stands.
///
/// Every job moves left to right; only `Interrupted`, `Stopped` and `Failed` ones can go back to
/// `Queued`: runs by a resume, datasets by being started again. A run that is `Done` can with a
/// larger limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its turn.
    Queued {
        /// 0 is next.
        place: u32,
    },
    /// Its process lives.
    Running {
        /// When this process started.
        started_ms: UnixMs,
        /// Whether it was asked to stop and is finishing.
        stopping: bool,
    },
    /// It did all it was asked to do.
    Done {
        /// When its first process started.
        started_ms: UnixMs,
        /// When it ended.
        ended_ms: UnixMs,
    },
    /// Somebody stopped it; what it had is kept.
    Stopped {
        /// When its first process started.
        started_ms: UnixMs,
        /// When it ended.
        ended_ms: UnixMs,
    },
    /// It could not go on.
    Failed {
        /// When its first process started, if it did.
        started_ms: Option<UnixMs>,
        /// When it ended.
        ended_ms: UnixMs,
        /// What happened, why, and what to do.
        problem: crate::Problem,
    },
    /// Its process vanished without a word: killed, crashed, or the computer went off.
    Interrupted {
        /// When its last process started, if known.
        started_ms: Option<UnixMs>,
        /// When this was noticed.
        noticed_ms: UnixMs,
    },
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// What it is doing now, like `reading files` or `phase 1: reconstruction`.
    pub phase: String,
    /// How many units are done.
    pub n_done: u64,
    /// How many there are, where that is known.
    pub n_total: Option<u64>,
    /// What is counted: `files`, `steps`.
    pub unit: String,
    /// Share done, 0 to 1, where that is known; runs limited by time have one too.
    pub share: Option<f64>,
    /// Units per second, over the last seconds.
    pub rate_per_sec: Option<f64>,
    /// Working time so far, over all its processes.
    pub elapsed_secs: f64,
    /// Time left: the least and the most that is likely.
    pub left_secs: Option<[f64; 2]>,
}

/// `exit.json`: how a process ended, written last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Exit {
    /// When.
    pub ended_ms: UnixMs,
    /// How.
    pub outcome: Outcome,
}

impl Exit {
    /// The exit code of a worker that found no room on the disk even for its `exit.json`: `ENOSPC` of
    /// POSIX systems.
    pub const DISK_FULL: i32 = 28;
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It did all it was asked to do.
    Done,
    /// It was asked to stop, and kept what it had.
    Stopped,
    /// It could not go on.
    Failed {
        /// What happened, why, and what to do.
        problem: crate::Problem,
    },
}

/// One line of `control.jsonl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// Keep what there is and end.
    Stop,
    /// Write a checkpoint now and go on.
    Checkpoint,
    /// Render samples now and go on.
    Sample,
}

/// A folder of a job or model that came from elsewhere, to be taken into the workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewImport {
    /// Absolute path of the folder.
    pub path: String,
}

/// What an import became.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// `datasets`, `runs` or `models`.
    pub list: String,
    /// Its identifier here.
    pub id: Id,
    /// Its name.
    pub name: String,
}
