//! State and every decision: library, queue, supervision, lineage. The command and the server call
//! its verbs; workers are its child processes.
//!
//! All verbs are methods of [`Studio`], grouped by what they are about. They may be called from any
//! thread and never wait for a worker; they answer in milliseconds, except `add_model` and
//! `import`, which copy files, and the writing of a [`StagedFile`].
//!
//! | about | verbs | file |
//! |---|---|---|
//! | the studio | `open` `open_with` `announce` `workspace` `subscribe` `close` | `lib.rs` |
//! | projects | `projects` `project` `create_project` `change_project` `delete_project` `restore_project` `move_to_project` `run_defaults` `check_archive` `write_archive` `read_archive` `in_project` | `library/projects.rs`, `archive.rs` |
//! | jobs of every kind | `kinds` `jobs` `all_jobs` `job` `job_of` `create_job` `cancel_job` `restart_job` `delete_job` `discard_job` `restore_job` `job_files` `job_file` `events` `log` `dismiss_job` | `library/jobs.rs` |
//! | datasets | `datasets` `dataset` `create_dataset` `cancel_dataset` `restart_dataset` `rename_dataset` `delete_dataset` `restore_dataset` `dataset_sound` `dataset_peaks` | `library/datasets.rs` |
//! | runs | `runs` `run` `create_run` `stop_run` `resume_run` `continue_run` `control_run` `rename_run` `delete_run` `restore_run` `curves` | `library/runs.rs` |
//! | models | `models` `model` `add_model` `add_model_at` `rename_model` `delete_model` `restore_model` | `library/models.rs` |
//! | presets | `presets` `preset` `create_preset` `rename_preset` `delete_preset` `restore_preset` | `library/presets.rs` |
//! | reconstructions | `stage_input` `reconstruct_upload` `reconstruct_sound` `reconstruction` | `library/reconstructions.rs` |
//! | conversions | `create_conversion` `conversion` | `library/conversions.rs` |
//! | films | `films` `run_films` `film` `create_film` `change_film` `film_file` | `library/films.rs` |
//! | plays and sessions | `create_play` `create_session` `session` | `library/plays.rs`, `library/sessions.rs` |
//! | generations | `generations` `generation` `create_generation` `generated_sounds` `generated_sound` `generated_peaks` `discard_generated` `generation_file` `rename_generation` | `library/generations.rs` |
//! | maps | `create_map` `map_of_model` `map` `map_file` | `library/maps.rs` |
//! | sounds | `sounds` `sound` `create_sound` `change_sound` `delete_sound` `restore_sound` `sound_file` `sound_peaks` `sound_recipe` | `library/sounds.rs` |
//! | folders of the library | `library_folders` `library_folder` `add_library_folder` `scan_library` `change_library_folder` `delete_library_folder` `restore_library_folder` | `library/folders.rs` |
//! | sounds of the library | `library_items` `library_words` `library_item` `change_library_item` `edit_library_item` `remove_library_item` `restore_library_item` `library_item_file` `library_item_peaks` | `library/items.rs`, `library/search.rs` |
//! | what is in sounds | `create_analysis` | `library/analyses.rs` |
//! | projects of other programs | `daw_files` `items_at` `take_daw_sounds` | `library/daw.rs` |
//! | changes | `create_change` `change_job` `keep_changed` | `library/changes.rs` |
//! | the memory | `memory` `add_patterns` `create_memory_query` `memory_job` `find_patterns` `patterns` `pattern` `pattern_sound` `change_pattern` `rate_pattern` `withdraw_rating` `forget_ratings` `delete_patterns` `restore_to_memory` `pattern_map` `take_patterns` `stage_library` `import_patterns` `mend_memory` | `library/memory.rs` |
//! | patches | `patches` `patch` `create_patch` `change_patch` `delete_patch` `restore_patch` | `library/patches.rs` |
//! | measures | `create_measure` `measure` `measured` | `library/measures.rs` |
//! | uploads | `new_upload` `upload` `stage_upload` `delete_upload` | `library/uploads.rs` |
//! | the trash | `trash` `restore_from_trash` `delete_from_trash` `empty_trash` | `library/trash.rs` |
//! | damaged folders | `unreadable` | `library/unreadable.rs` |
//! | from outside | `folders` `import` `create_import` `foreign_imports` `foreign_import` `take_import` `delete_import` | `folders.rs`, `import.rs`, `library/imports.rs` |
//!
//! Inside, verbs change the database and the folders and ring a bell; one thread (`watch.rs`) does
//! the rest: it starts workers (`supervisor.rs`) in the order of the queue (`queue.rs`), reads what
//! they write (`follower.rs`), and ends them. Whatever changes goes through one place
//! (`shared.rs`): stored first, then published (`live.rs`).

mod archive;
mod clock;
mod error;
mod folders;
mod follower;
mod import;
mod job_folder;
mod library;
mod live;
mod out_of_memory;
mod queue;
mod rebuild;
mod room;
mod shared;
mod store;
mod supervisor;
mod watch;
mod workspace;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, atomic::AtomicU64},
    thread::JoinHandle,
    time::Duration,
};

use api::{CodecFacts, Id, WordsForecast, WordsForecastOf};

pub use clock::Clock;
pub use error::Error;
pub use library::{
    datasets::DatasetSound, daw::DawSoundToTake, is_unprintable, items::LibraryAsk,
    measures::MeasureRequest, runs::RunRequest, unreadable::find_unreadable, uploads::StagedFile,
};
pub use live::{Delivery, Subscription};
pub use room::free_bytes;

use shared::{Bell, Shared, lock};
use store::{Store, Trust};
use supervisor::Supervisor;
use watch::Watch;
use workspace::Workspace;

/// A studio that has its workspace open. Cheap to clone; all clones are the same studio, which
/// closes when it is told to or the last of them is dropped.
#[derive(Clone)]
pub struct Studio {
    shared: Arc<Shared>,
    /// None for the studio's own thread, which calls verbs too.
    thread: Option<Arc<Thread>>,
    /// The project that lists are of and new things go to, if it is a single one; see [`Studio::in_project`].
    project: Option<Id>,
}

/// How to start a worker: `program args… FOLDER`.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments before the job's folder, like `worker`.
    pub args: Vec<OsString>,
}

/// What [`Studio::open_with`] can be told; the default is right except in tests.
#[derive(Clone, Debug)]
pub struct Options {
    /// What time it is; the system's clock by default.
    pub clock: Clock,
    /// Where the suffixes of identifiers start; random by default.
    pub seed: u64,
    /// How long a worker that was asked to stop may take before it gets SIGTERM, and again as
    /// long before SIGKILL.
    pub stop_grace: Duration,
    /// Who reads weights for the studio.
    pub readers: Readers,
}

/// Who reads weights for the studio, which decides and reads none itself.
#[derive(Clone, Copy, Debug)]
pub struct Readers {
    /// What a model's weights are like as a codec.
    pub codec_of: fn(&Path) -> Option<CodecFacts>,
    /// What a sound from words takes with the model of a folder.
    pub forecast: fn(&Path, &WordsForecastOf) -> Option<WordsForecast>,
}

impl Default for Readers {
    /// Nothing is known.
    fn default() -> Self {
        Self { codec_of: |_| None, forecast: |_, _| None }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            seed: RandomState::new().hash_one(std::process::id()),
            stop_grace: Duration::from_secs(60),
            readers: Readers::default(),
        }
    }
}

impl Studio {
    /// Opens a workspace, makes it if it is new, and looks after its jobs from now on.
    ///
    /// # Errors
    /// `Locked` when another studio has it open; `Io` when the folder cannot be used.
    pub fn open(workspace: &Path, worker: WorkerCommand) -> Result<Self, Error> {
        Self::open_with(workspace, worker, Options::default())
    }

    /// The same with other than the default options.
    ///
    /// # Errors
    /// As [`Studio::open`].
    pub fn open_with(
        workspace: &Path,
        worker: WorkerCommand,
        options: Options,
    ) -> Result<Self, Error> {
        let (workspace, workspace_lock, was_unclean) = Workspace::open(workspace)?;
        let trust = if was_unclean { Trust::Unclean } else { Trust::Closed };
        workspace.make_room();
        let store = Store::open(&workspace.database(), trust, options.clock.now_ms())?;
        let bell = Arc::new(Bell::default());
        options.clock.wakes(&bell);
        let shared = Arc::new(Shared {
            workspace,
            store,
            broadcast: live::Broadcast::default(),
            rng_state: Mutex::new(options.seed),
            options,
            bell,
            behind: Mutex::new(BTreeSet::new()),
            unreadable: Mutex::new(BTreeSet::new()),
            taking: Mutex::new(()),
            uploads: Mutex::new(BTreeMap::new()),
            neighbours: Mutex::default(),
            hashes: library::hashes::Hashes::default(),
            memory: Mutex::default(),
            memory_taking: Mutex::default(),
            flows: Mutex::default(),
            staying: Mutex::default(),
            memory_limit_bytes: AtomicU64::new(0),
            workspace_lock: Mutex::new(Some(workspace_lock)),
        });
        rebuild::reconcile(&shared)?;
        room::keep_reserve(shared.workspace.root());
        // What ended while no studio looked is known before the first verb is called.
        let mut watch = Watch::new(Arc::clone(&shared), Supervisor::new(worker));
        watch.tend_running()?;
        let run = std::thread::Builder::new().name("studio".to_owned());
        let handle =
            run.spawn(|| watch.run()).map_err(Error::io("start a thread", Path::new("studio")))?;
        let thread = Thread { shared: Arc::clone(&shared), handle: Mutex::new(Some(handle)) };
        Ok(Self { shared, thread: Some(Arc::new(thread)), project: None })
    }

    /// Writes `studio.json` with the port where this studio answers HTTP, so that other commands
    /// find it. Closing removes it.
    ///
    /// # Errors
    /// `Io` when it cannot be written.
    pub fn announce(&self, port: u16) -> Result<(), Error> {
        self.shared.workspace.announce(Some(port))
    }

    /// The workspace's folder.
    pub fn workspace(&self) -> &Path {
        self.shared.workspace.root()
    }

    /// What happens from now on. Every subscription is bounded; a slow one is told it lagged.
    pub fn subscribe(&self) -> Subscription {
        self.shared.broadcast.subscribe()
    }

    /// Stops looking after the workspace and lets another studio open it. Workers live on. Verbs
    /// called later fail with `Closed`.
    pub fn close(&self) {
        if let Some(thread) = &self.thread {
            thread.end();
        }
    }
}

/// The studio's own thread; it ends with the last [`Studio`].
struct Thread {
    shared: Arc<Shared>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl Thread {
    fn end(&self) {
        self.shared.bell.close();
        let Some(handle) = lock(&self.handle).take() else { return };
        if handle.join().is_err() {
            tracing::error!("the studio's thread panicked");
        }
        self.shared.store.close();
        self.shared.broadcast.close().wake();
        lock(&self.shared.memory).take();
        self.shared.workspace.leave();
        // Last: now another studio may come.
        lock(&self.shared.workspace_lock).take();
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.end();
    }
}
