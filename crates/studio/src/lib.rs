//! State and every decision: library, queue, supervision, lineage. The command and the server call
//! its verbs; workers are its child processes.
//!
//! All verbs are methods of [`Studio`], grouped by what they are about. They may be called from any
//! thread, answer in milliseconds, and never wait for a worker.
//!
//! | about | verbs | file |
//! |---|---|---|
//! | the studio | `open` `open_with` `announce` `workspace` `subscribe` `close` | `lib.rs` |
//! | jobs | `jobs` `job` `events` `log` | `library/jobs.rs` |
//! | datasets | `datasets` `dataset` `create_dataset` `cancel_dataset` `restart_dataset` `rename_dataset` `delete_dataset` `restore_dataset` `dataset_sound` `dataset_peaks` | `library/datasets.rs` |
//! | runs | `runs` `run` `create_run` `stop_run` `resume_run` `control_run` `rename_run` `delete_run` `restore_run` `curves` `run_file` | `library/runs.rs` |
//! | models | `models` `model` `add_model` `rename_model` `delete_model` `restore_model` | `library/models.rs` |
//! | reconstructions | `stage_input` `reconstruct_upload` `reconstruct_sound` `reconstruction` `delete_reconstruction` `restore_reconstruction` `reconstruction_file` | `library/reconstructions.rs` |
//! | uploads | `new_upload` `upload` `stage_upload` `delete_upload` | `library/uploads.rs` |
//! | from outside | `folders` `import` | `folders.rs`, `import.rs` |

mod error;

use std::{
    ffi::OsString,
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use api::{
    Control, Curves, Dataset, DatasetDetail, Event, FolderListing, Id, Imported, Job, Limit, Live,
    Log, Model, ModelDetail, NewDataset, NewModel, Peaks, Reconstruction, Run, RunDetail, UnixMs,
    Upload,
};

pub use error::Error;

/// A studio that has its workspace open. Cheap to clone; all clones are the same studio.
#[derive(Clone)]
pub struct Studio {}

/// How to start a worker: `program args… FOLDER`.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments before the job's folder, like `worker`.
    pub args: Vec<OsString>,
}

/// What [`Studio::open_with`] can be told; the default is right except in tests.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The clock.
    pub now_ms: fn() -> UnixMs,
    /// Where the suffixes of identifiers start; random by default.
    pub seed: u64,
    /// How long a worker that was asked to stop may take before it gets SIGTERM, and again as
    /// long before SIGKILL.
    pub stop_grace: Duration,
}

/// What to train; every setting resolved and checked before.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// A name; made from dataset and preset if absent.
    pub name: Option<String>,
    /// The dataset to learn from; it must be whole.
    pub dataset: Id,
    /// The family of the model.
    pub family: String,
    /// The preset it started from.
    pub preset: String,
    /// Every setting, whole.
    pub settings: serde_json::Value,
    /// The same seed gives the same first losses.
    pub seed: u64,
    /// When to stop by itself.
    pub limit: Limit,
}

/// Where the samples of one sound of a dataset lie: interleaved signed 16-bit little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetSound {
    /// The file that holds them.
    pub path: PathBuf,
    /// Where they start in it, in bytes.
    pub offset_bytes: u64,
    /// How many bytes they take.
    pub n_bytes: u64,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
    /// Frames (samples per channel).
    pub n_frames: u64,
    /// The name to show for it.
    pub name: String,
}

/// What a [`Subscription`] hands over.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Something happened; it is stored already.
    Live(Arc<Live>),
    /// The subscriber was too slow and this many were left out: ask for the lists again.
    Lagged(u64),
}

/// What happens in the studio from now on, for one subscriber. Bounded: see [`Delivery::Lagged`].
pub struct Subscription {}

impl Subscription {
    /// The next delivery; `None` after the time-out or when the studio was closed.
    pub fn next_timeout(&self, _timeout: Duration) -> Option<Delivery> {
        None
    }

    /// The next delivery, awaited in any async runtime; `None` when the studio was closed.
    pub fn next(&self) -> impl Future<Output = Option<Delivery>> + Send + '_ {
        std::future::poll_fn(|context| self.poll_next(context))
    }

    /// The same for streams written by hand. One task at a time may wait on a subscription.
    pub fn poll_next(&self, _context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        Poll::Ready(None)
    }

    /// Whether the studio was closed.
    pub fn is_closed(&self) -> bool {
        true
    }
}

/// A file that is being received into the workspace. It counts against the limits as it grows, and
/// is removed when it is dropped before it was finished.
pub struct StagedFile {}

impl StagedFile {
    /// Appends bytes.
    ///
    /// # Errors
    /// `TooMuch` when the file or its upload grows over the limit; `Io` when the disk is full.
    pub fn write(&mut self, _bytes: &[u8]) -> Result<(), Error> {
        Err(Error::Closed)
    }

    /// Keeps the file in its upload, and says what that upload holds now. Not for the files of
    /// [`Studio::stage_input`]: give those to [`Studio::reconstruct_upload`].
    ///
    /// # Errors
    /// `Io` when it cannot be kept.
    pub fn finish(self) -> Result<Upload, Error> {
        Err(Error::Closed)
    }
}

impl Studio {
    /// Opens a workspace, makes it if it is new, and looks after its jobs from now on.
    ///
    /// # Errors
    /// `Locked` when another studio has it open; `Io` when the folder cannot be used.
    pub fn open(_workspace: &Path, _worker: WorkerCommand) -> Result<Self, Error> {
        Err(Error::Closed)
    }

    /// The same with other than the default options.
    ///
    /// # Errors
    /// As [`Studio::open`].
    pub fn open_with(
        _workspace: &Path,
        _worker: WorkerCommand,
        _options: Options,
    ) -> Result<Self, Error> {
        Err(Error::Closed)
    }

    /// Writes `studio.json` with the port where this studio answers HTTP, so that other commands
    /// find it. Closing removes it.
    ///
    /// # Errors
    /// `Io` when it cannot be written.
    pub fn announce(&self, _port: u16) -> Result<(), Error> {
        Err(Error::Closed)
    }

    /// The workspace's folder.
    pub fn workspace(&self) -> &Path {
        Path::new("")
    }

    /// What happens from now on. Every subscription is bounded; a slow one is told it lagged.
    pub fn subscribe(&self) -> Subscription {
        Subscription {}
    }

    /// Stops looking after the workspace and lets another studio open it. Workers live on. Verbs
    /// called later fail with `Closed`.
    pub fn close(&self) {}

    /// Jobs that run or wait: running ones first, then the queue in order.
    pub fn jobs(&self) -> Result<Vec<Job>, Error> {
        Err(Error::Closed)
    }

    /// One job.
    pub fn job(&self, _id: &Id) -> Result<Job, Error> {
        Err(Error::Closed)
    }

    /// Events of a job after a number, at most `limit` (and never more than 10,000).
    pub fn events(&self, _id: &Id, _after: u64, _limit: usize) -> Result<Vec<Event>, Error> {
        Err(Error::Closed)
    }

    /// The end of a job's log, at most `max_bytes` (and never more than 1 MiB).
    pub fn log(&self, _id: &Id, _max_bytes: u64) -> Result<Log, Error> {
        Err(Error::Closed)
    }

    /// Every dataset, newest first.
    pub fn datasets(&self) -> Result<Vec<Dataset>, Error> {
        Err(Error::Closed)
    }

    /// One dataset with its files and warnings.
    pub fn dataset(&self, _id: &Id) -> Result<DatasetDetail, Error> {
        Err(Error::Closed)
    }

    /// Queues the preparing of a dataset.
    pub fn create_dataset(&self, _new: NewDataset) -> Result<Dataset, Error> {
        Err(Error::Closed)
    }

    /// Stops preparing; the dataset is gone once its process has ended.
    pub fn cancel_dataset(&self, _id: &Id) -> Result<(), Error> {
        Err(Error::Closed)
    }

    /// Queues the preparing of a dataset again that failed, was stopped or was interrupted.
    pub fn restart_dataset(&self, _id: &Id) -> Result<Dataset, Error> {
        Err(Error::Closed)
    }

    /// Gives a dataset another name.
    pub fn rename_dataset(&self, _id: &Id, _name: &str) -> Result<Dataset, Error> {
        Err(Error::Closed)
    }

    /// Moves a dataset to the trash.
    pub fn delete_dataset(&self, _id: &Id) -> Result<(), Error> {
        Err(Error::Closed)
    }

    /// Takes a dataset back from the trash.
    pub fn restore_dataset(&self, _id: &Id) -> Result<Dataset, Error> {
        Err(Error::Closed)
    }

    /// Where the samples of one sound of a dataset lie.
    pub fn dataset_sound(&self, _id: &Id, _idx: u32) -> Result<DatasetSound, Error> {
        Err(Error::Closed)
    }

    /// The shape of one sound of a dataset.
    pub fn dataset_peaks(&self, _id: &Id, _idx: u32) -> Result<Peaks, Error> {
        Err(Error::Closed)
    }

    /// Every run, newest first.
    pub fn runs(&self) -> Result<Vec<Run>, Error> {
        Err(Error::Closed)
    }

    /// One run with all that its page shows at first.
    pub fn run(&self, _id: &Id) -> Result<RunDetail, Error> {
        Err(Error::Closed)
    }

    /// Queues a training; everything is frozen in its order.
    pub fn create_run(&self, _request: RunRequest) -> Result<Run, Error> {
        Err(Error::Closed)
    }

    /// Asks a run to keep what it has and end; a queued run ends at once.
    pub fn stop_run(&self, _id: &Id) -> Result<Run, Error> {
        Err(Error::Closed)
    }

    /// Queues a run again from its newest checkpoint, with another limit if one is given.
    pub fn resume_run(&self, _id: &Id, _limit: Option<Limit>) -> Result<Run, Error> {
        Err(Error::Closed)
    }

    /// Asks something of a run's process.
    pub fn control_run(&self, _id: &Id, _control: Control) -> Result<Run, Error> {
        Err(Error::Closed)
    }

    /// Gives a run another name.
    pub fn rename_run(&self, _id: &Id, _name: &str) -> Result<Run, Error> {
        Err(Error::Closed)
    }

    /// Moves a run to the trash.
    pub fn delete_run(&self, _id: &Id) -> Result<(), Error> {
        Err(Error::Closed)
    }

    /// Takes a run back from the trash.
    pub fn restore_run(&self, _id: &Id) -> Result<Run, Error> {
        Err(Error::Closed)
    }

    /// Curves of a run, each thinned to at most `n_points`; all metrics if no names are given.
    pub fn curves(&self, _id: &Id, _names: &[String], _n_points: usize) -> Result<Curves, Error> {
        Err(Error::Closed)
    }

    /// A file in a run's folder, by its path in there. Never anything outside of it.
    pub fn run_file(&self, _id: &Id, _path: &str) -> Result<PathBuf, Error> {
        Err(Error::Closed)
    }

    /// Every model, newest first.
    pub fn models(&self) -> Result<Vec<Model>, Error> {
        Err(Error::Closed)
    }

    /// One model with its reconstructions.
    pub fn model(&self, _id: &Id) -> Result<ModelDetail, Error> {
        Err(Error::Closed)
    }

    /// Puts a checkpoint into the library.
    pub fn add_model(&self, _new: NewModel) -> Result<Model, Error> {
        Err(Error::Closed)
    }

    /// Gives a model another name.
    pub fn rename_model(&self, _id: &Id, _name: &str) -> Result<Model, Error> {
        Err(Error::Closed)
    }

    /// Moves a model to the trash.
    pub fn delete_model(&self, _id: &Id) -> Result<(), Error> {
        Err(Error::Closed)
    }

    /// Takes a model back from the trash.
    pub fn restore_model(&self, _id: &Id) -> Result<Model, Error> {
        Err(Error::Closed)
    }

    /// Begins to receive a sound for [`Studio::reconstruct_upload`].
    pub fn stage_input(&self) -> Result<StagedFile, Error> {
        Err(Error::Closed)
    }

    /// Queues a received sound to go through a model and back.
    pub fn reconstruct_upload(
        &self,
        _model: &Id,
        _name: &str,
        _input: StagedFile,
    ) -> Result<Reconstruction, Error> {
        Err(Error::Closed)
    }

    /// Queues a sound of a dataset to go through a model and back.
    pub fn reconstruct_sound(
        &self,
        _model: &Id,
        _dataset: &Id,
        _idx: u32,
    ) -> Result<Reconstruction, Error> {
        Err(Error::Closed)
    }

    /// One reconstruction.
    pub fn reconstruction(&self, _id: &Id) -> Result<Reconstruction, Error> {
        Err(Error::Closed)
    }

    /// Moves a reconstruction to the trash.
    pub fn delete_reconstruction(&self, _id: &Id) -> Result<(), Error> {
        Err(Error::Closed)
    }

    /// Takes a reconstruction back from the trash.
    pub fn restore_reconstruction(&self, _id: &Id) -> Result<Reconstruction, Error> {
        Err(Error::Closed)
    }

    /// A file in a reconstruction's folder, by its path in there. Never anything outside of it.
    pub fn reconstruction_file(&self, _id: &Id, _path: &str) -> Result<PathBuf, Error> {
        Err(Error::Closed)
    }

    /// Makes a place for files to be uploaded to.
    pub fn new_upload(&self) -> Result<Upload, Error> {
        Err(Error::Closed)
    }

    /// What an upload holds.
    pub fn upload(&self, _id: &Id) -> Result<Upload, Error> {
        Err(Error::Closed)
    }

    /// Begins to receive a file into an upload.
    pub fn stage_upload(&self, _id: &Id, _name: &str) -> Result<StagedFile, Error> {
        Err(Error::Closed)
    }

    /// Removes an upload and its files.
    pub fn delete_upload(&self, _id: &Id) -> Result<(), Error> {
        Err(Error::Closed)
    }

    /// A folder on this computer, to choose sounds from; the home folder if none is given.
    pub fn folders(&self, _path: Option<&Path>) -> Result<FolderListing, Error> {
        Err(Error::Closed)
    }

    /// Copies the folder of a dataset, a run or a model into the workspace.
    pub fn import(&self, _path: &Path) -> Result<Imported, Error> {
        Err(Error::Closed)
    }
}
