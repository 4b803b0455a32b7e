//! Verbs on runs.

mod continued;

use std::path::Path;

use api::{
    Control, Curves, Id, JobKind, Limit, MemoryForecast, PresetName, Run, RunDetail, RunMeasure,
    Task, TrainTask,
};
use job::Shelf;

use super::{
    datasets::{find_whole, hash_now},
    delete_job,
    films::automatic,
    find_job, make_job, name_from, numbered_name,
    priors::{check_codec, codec_if_any},
    rename_job, restore_job, stop_job, valid_name,
};

use crate::{
    Error, Studio, job_folder,
    queue::{self, Places},
    shared::Change,
    store::{
        checkpoints, episodes,
        jobs::{self, JobRow, Phase},
        metrics, models,
        runs::{self, RunRow},
        samples, warnings,
    },
};

/// The most points that one curve of an answer has.
const MAX_POINTS: usize = 100_000;

/// The longest settings of a run, as JSON.
const MAX_SETTINGS_BYTES: usize = 1 << 20;

/// The most switches of a run.
const MAX_SWITCHES: usize = 100;

/// The longest training that can be asked for: ten years.
const MAX_MINUTES: f64 = 10.0 * 366.0 * 24.0 * 60.0;

/// What to train: an [`api::NewRun`] whose settings were resolved and checked.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// A name; made from dataset and preset if absent.
    pub name: Option<String>,
    /// The dataset to learn from; it must be whole.
    pub dataset: Option<Id>,
    /// The model whose latents to learn, or to whose weights to learn to add, for families that do.
    pub model: Option<Id>,
    /// The family of the model.
    pub family: String,
    /// The family's preset it started from.
    pub preset: String,
    /// Switches laid over it, in this order.
    pub switches: Vec<String>,
    /// The preset of one's own that named both, if it was one.
    pub own_preset: Option<PresetName>,
    /// Every setting, whole.
    pub settings: serde_json::Value,
    /// Whether these settings come to a GPU on this computer.
    pub on_gpu: bool,
    /// The same seed gives the same first losses.
    pub seed: u64,
    /// When to stop by itself.
    pub limit: Limit,
    /// How long it would take, if that was measured.
    pub forecast: Option<RunMeasure>,
    /// Memory that it will need.
    pub memory: Option<MemoryForecast>,
}

impl Studio {
    /// Every run, newest first.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn runs(&self) -> Result<Vec<Run>, Error> {
        self.shared.read(|c| {
            let places = Places::read(c)?;
            let all =
                runs::all(c)?.into_iter().filter(|(job, _)| self.is_shown(Some(&job.project)));
            Ok(all.map(|(job, run)| run.run(&job, &places)).collect())
        })
    }

    /// One run with all that its page shows at first.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its order cannot be read.
    pub fn run(&self, id: &Id) -> Result<RunDetail, Error> {
        let folder = self.shared.workspace.folder(Shelf::Runs, id);
        let mut detail = self.shared.read(|c| {
            let (job, run) = find(c, id)?;
            Ok(RunDetail {
                settings: serde_json::Value::Null,
                seed: 0,
                dataset_hash: String::new(),
                model: None,
                version: String::new(),
                checkpoints: checkpoints::of(c, id, &run.score_metric)?,
                samples: samples::of(c, id)?,
                episodes: episodes::of(c, id)?,
                warnings: warnings::of(c, id)?,
                facts: run.facts.clone(),
                system: run.system,
                metrics: metrics::names(c, id)?,
                models: models::of_run(c, id)?,
                folder: folder.to_string_lossy().into_owned(),
                forecast: None,
                parent: None,
                run: run.run(&job, &Places::read(c)?),
            })
        })?;
        let (version, task) = read_train_task(&folder)?;
        detail.version = version;
        detail.settings = task.settings;
        detail.seed = task.seed;
        detail.dataset_hash = task.dataset_hash;
        detail.model = task.model;
        detail.forecast = task.forecast.map(|it| *it);
        detail.parent = continued::parent_of(&folder);
        Ok(detail)
    }

    /// Queues a training; everything is frozen in its order.
    ///
    /// # Errors
    /// `NotFound` when there is no such dataset or model; `Conflict` when it is not whole; `Invalid` when a
    /// value cannot be used; `TooMuch` when the queue is full.
    pub fn create_run(&self, request: RunRequest) -> Result<Run, Error> {
        let found = self.shared.read(|c| whole_if_any(c, request.dataset.as_ref()))?;
        let (dataset_name, dataset_hash) = found.unwrap_or_default();
        let codec = self.shared.read(|c| codec_if_any(c, request.model.as_ref()))?;
        let (model_name, model_sha256) = codec.unwrap_or_default();
        check_limit(request.limit)?;
        check_settings(&request)?;
        let name = match &request.name {
            Some(name) => valid_name(name)?,
            None => {
                let of = if model_name.is_empty() { dataset_name } else { model_name };
                let name = name_from(format!("{of} {}", words(&request)).trim_start());
                numbered_name(&name, &self.shared.read(|c| jobs::names(c, JobKind::Train))?)
            }
        };
        let project = self.project_for(request.model.as_ref().or(request.dataset.as_ref()));
        let seen = |id: &Id| self.seen_from(&project, Shelf::Datasets, id);
        let model_seen = |id: &Id| self.seen_from(&project, Shelf::Models, id);
        let task = TrainTask {
            dataset_path: request.dataset.as_ref().map(seen).unwrap_or_default(),
            dataset: request.dataset,
            dataset_hash,
            model_path: request.model.as_ref().map(model_seen).unwrap_or_default(),
            model: request.model,
            model_sha256,
            family: request.family,
            preset: request.preset,
            switches: request.switches,
            own_preset: request.own_preset,
            settings: request.settings,
            on_gpu: request.on_gpu,
            seed: request.seed,
            limit: request.limit,
            forecast: request.forecast.map(Box::new),
            memory: request.memory.map(Box::new),
        };
        let run = RunRow::new(&task, task.limit);
        let model = task.model.clone();
        let id = make_job(
            &self.shared,
            &project,
            name,
            Task::Train(task),
            |_| Ok(()),
            |change, job| {
                // It may have been deleted since we looked.
                whole_if_any(change.tx, run.dataset.as_ref())?;
                codec_if_any(change.tx, model.as_ref())?;
                runs::save(change.tx, &job.id, &run)
            },
        )?;
        self.listed_run(&id)
    }

    /// Asks a run to keep what it has and end; one that waits ends at once. A process that takes
    /// longer than a minute gets SIGTERM, and a minute later SIGKILL.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it has ended already.
    pub fn stop_run(&self, id: &Id) -> Result<Run, Error> {
        stop_job(&self.shared, JobKind::Train, id)?;
        self.listed_run(id)
    }

    /// Queues a run again; it goes on from its newest checkpoint, until another limit if one is
    /// given.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it waits or trains, when it did all it was
    /// asked to and no larger limit is given, or when its dataset is gone or another; `Invalid`
    /// when the limit is behind it already.
    pub fn resume_run(&self, id: &Id, limit: Option<Limit>) -> Result<Run, Error> {
        let folder = self.shared.workspace.folder(Shelf::Runs, id);
        if let Some(limit) = limit {
            check_limit(limit)?;
        }
        self.shared.read(|c| find(c, id).map(drop))?;
        let (_, task) = read_train_task(&folder)?;
        self.shared.change(|change| {
            let mut job = find_job(change, JobKind::Train, id)?;
            let (_, mut run) = find(change.tx, id)?;
            check_resumable(&job, &run, limit)?;
            if let Some(dataset) = &task.dataset {
                check_dataset(change, &job, dataset, &task.dataset_hash)?;
            }
            if let Some(model) = &task.model {
                check_codec(change, (&job.name, "resume"), (model, &task.model_sha256))?;
            }
            if let Some(limit) = limit {
                run.limit = limit;
                runs::save(change.tx, id, &run)?;
            }
            queue::enqueue(change, &mut job)?;
            change.list(Shelf::Runs, id);
            // Files last, when nothing can refuse any more; but before anybody can see the job in
            // the queue and start it.
            if let Some(limit) = limit {
                job::limit::write(&folder, limit)?;
            }
            job_folder::write_dismissed(&folder, false)?;
            job_folder::clear_for_start(&folder)
        })?;
        self.shared.bell.ring();
        self.listed_run(id)
    }

    /// Asks something of a run's process.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it is not running.
    pub fn control_run(&self, id: &Id, control: Control) -> Result<Run, Error> {
        if control == Control::Stop {
            return self.stop_run(id);
        }
        self.shared.change(|change| {
            let job = find_job(change, JobKind::Train, id)?;
            if job.phase != Phase::Running {
                return Err(Error::conflict(
                    format!("control the run “{}”", job.name),
                    format!("it is {}", job.phase.word()),
                    "try again while it is running",
                ));
            }
            Ok(job::control::append(&self.shared.workspace.folder(Shelf::Runs, id), control)?)
        })?;
        self.listed_run(id)
    }

    /// Gives a run another name.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name cannot be used.
    pub fn rename_run(&self, id: &Id, name: &str) -> Result<Run, Error> {
        rename_job(&self.shared, JobKind::Train, id, name)?;
        self.listed_run(id)
    }

    /// Moves a run to the trash; it can be restored for 30 days. Films of it stay; those that are not done end.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` while it runs.
    pub fn delete_run(&self, id: &Id) -> Result<(), Error> {
        delete_job(&self.shared, JobKind::Train, id, |_| Ok(()))?;
        automatic::end_films_of(&self.shared, id)
    }

    /// Takes a run back from the trash.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash.
    pub fn restore_run(&self, id: &Id) -> Result<Run, Error> {
        restore_job(&self.shared, JobKind::Train, id)?;
        self.listed_run(id)
    }

    /// Curves of a run, each thinned to at most `n_points` (4 to 100,000) by least and largest;
    /// all metrics if no names are given. A name that was never reported gives an empty curve.
    ///
    /// # Errors
    /// `NotFound` when there is no such run.
    pub fn curves(&self, id: &Id, names: &[String], n_points: usize) -> Result<Curves, Error> {
        self.shared.read(|c| {
            let (job, _) = find(c, id)?;
            let all = if names.is_empty() { metrics::names(c, id)? } else { Vec::new() };
            let names = if names.is_empty() { &all } else { names };
            let curves = metrics::curves(c, id, names, n_points.min(MAX_POINTS))?;
            Ok(Curves { last_seq: job.last_seq, curves })
        })
    }

    fn listed_run(&self, id: &Id) -> Result<Run, Error> {
        self.shared.read(|c| {
            let (job, run) = find(c, id)?;
            Ok(run.run(&job, &Places::read(c)?))
        })
    }
}

/// One run that is not in the trash.
pub(super) fn find(connection: &rusqlite::Connection, id: &Id) -> Result<(JobRow, RunRow), Error> {
    runs::find(connection, id)?
        .filter(|(job, _)| job.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found("run", id))
}

/// Name and content hash of a whole dataset, if one is named.
fn whole_if_any(
    connection: &rusqlite::Connection,
    dataset: Option<&Id>,
) -> Result<Option<(String, String)>, Error> {
    let Some(dataset) = dataset else { return Ok(None) };
    let (name, summary) = find_whole(connection, dataset)?;
    Ok(Some((name, summary.hash)))
}

/// Sees that the dataset that a run was trained on is still there, and the same.
fn check_dataset(
    change: &Change<'_>,
    job: &JobRow,
    dataset: &Id,
    trained_on: &str,
) -> Result<(), Error> {
    match hash_now(change.tx, dataset)? {
        Some(hash) if hash == trained_on => Ok(()),
        Some(_) => {
            let why = format!("the dataset “{dataset}” is not the one that the run was trained on");
            Err(cannot_resume(job, &why, "start a new run on this dataset"))
        }
        None if trained_on.is_empty() => {
            let why = "its files do not say which dataset it was trained on";
            Err(cannot_resume(job, why, "import it again, together with its dataset"))
        }
        None => {
            let why = format!("its dataset “{dataset}” is missing");
            Err(cannot_resume(job, &why, "restore or import the dataset first"))
        }
    }
}

/// The version that queued a run, and what it was told to do.
pub(super) fn read_train_task(folder: &Path) -> Result<(String, TrainTask), Error> {
    let order = job::order::read(folder)?;
    match order.task {
        Task::Train(task) => Ok((order.version, task)),
        _ => Err(Error::not_found("run", &order.id)),
    }
}

/// What the settings were composed of, for the name of a run.
fn words(request: &RunRequest) -> String {
    if let Some(own) = &request.own_preset {
        return own.name.clone();
    }
    let mut words = vec![request.preset.as_str()];
    words.extend(request.switches.iter().map(String::as_str));
    words.join(" ")
}

fn check_settings(request: &RunRequest) -> Result<(), Error> {
    let switches = request.switches.iter().map(|name| ("switches", name));
    if request.switches.len() > MAX_SWITCHES {
        return Err(Error::invalid("switches", format!("use at most {MAX_SWITCHES} switches")));
    }
    for (key, word) in
        [("family", &request.family), ("preset", &request.preset)].into_iter().chain(switches)
    {
        if word.is_empty() || word.len() > 64 || word.chars().any(char::is_control) {
            return Err(Error::invalid(key, "use a name of 1 to 64 characters"));
        }
    }
    let n_bytes = request.settings.to_string().len();
    if !request.settings.is_object() || n_bytes > MAX_SETTINGS_BYTES {
        return Err(Error::invalid("settings", "use a JSON object of at most 1 MiB"));
    }
    Ok(())
}

pub(super) fn check_limit(limit: Limit) -> Result<(), Error> {
    match limit {
        Limit::Steps { steps: 0 } => Err(Error::invalid("limit", "enter at least 1 step")),
        Limit::Minutes { minutes } if !(minutes > 0.0 && minutes <= MAX_MINUTES) => {
            Err(Error::invalid("limit", "enter more than 0 minutes and less than ten years"))
        }
        _ => Ok(()),
    }
}

fn check_resumable(job: &JobRow, run: &RunRow, limit: Option<Limit>) -> Result<(), Error> {
    if job.phase.is_active() {
        let why = format!("it is already {}", job.phase.word());
        return Err(cannot_resume(job, &why, "wait until it ends, or stop it"));
    }
    let elapsed_minutes = job.progress.as_ref().map_or(0.0, |it| it.elapsed_secs) / 60.0;
    match limit {
        None if job.phase == Phase::Done => {
            Err(cannot_resume(job, "it is complete", "set a higher limit to continue"))
        }
        Some(Limit::Steps { steps }) if steps <= run.step => Err(Error::invalid(
            "limit",
            format!("the run has already done {} steps; enter a higher total", run.step),
        )),
        Some(Limit::Minutes { minutes }) if minutes <= elapsed_minutes => Err(Error::invalid(
            "limit",
            format!(
                "the run has already trained for {elapsed_minutes:.1} minutes; enter a higher total"
            ),
        )),
        _ => Ok(()),
    }
}

fn cannot_resume(job: &JobRow, why: &str, remedy: &str) -> Error {
    Error::conflict(format!("resume the run “{}”", job.name), why, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{WorkerCommand, store::jobs};

    #[test]
    fn a_refused_resume_changes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let worker = WorkerCommand { program: "/nowhere".into(), args: Vec::new() };
        let studio = Studio::open(folder.path(), worker).unwrap();
        let job = |n, kind, phase| {
            let row = JobRow::new(Id::from_name("job", n), kind, "job".to_owned(), 0);
            JobRow { phase, ..row }
        };
        let dataset = job(1, JobKind::Prepare, Phase::Done);
        let run = job(2, JobKind::Train, Phase::Stopped);
        let summary = api::DatasetSummary {
            source: String::new(),
            rate_hz: 44_100,
            channels: 1,
            n_files: 0,
            n_skipped: 0,
            n_validation: 0,
            length_secs: 0.0,
            bytes: 0,
            hash: "hash".to_owned(),
            prepare_secs: 0.0,
            n_duplicates: 0,
        };
        let task = TrainTask {
            dataset_path: Shelf::Datasets.seen_from_job(&dataset.id),
            dataset: Some(dataset.id.clone()),
            dataset_hash: "hash".to_owned(),
            model: None,
            model_path: std::path::PathBuf::new(),
            model_sha256: String::new(),
            family: String::new(),
            preset: String::new(),
            switches: Vec::new(),
            own_preset: None,
            settings: serde_json::json!({}),
            on_gpu: false,
            seed: 0,
            limit: Limit::Steps { steps: 10 },
            forecast: None,
            memory: None,
        };
        let row = RunRow { step: 1, ..RunRow::new(&task, task.limit) };
        let order = api::Order {
            format: api::Order::FORMAT,
            id: run.id.clone(),
            name: String::new(),
            created_ms: 0,
            version: String::new(),
            task: Task::Train(task),
        };
        let folder = studio.shared.workspace.folder(Shelf::Runs, &run.id);
        std::fs::create_dir(&folder).unwrap();
        job::whole::write_json(&folder.join(job::files::ORDER), &order).unwrap();
        let exit = api::Exit { ended_ms: 1, outcome: api::Outcome::Stopped };
        job::exit::write(&folder, &exit).unwrap();
        // More than fit in, so that those taken out meanwhile make no room.
        let fill = |change: &mut crate::shared::Change<'_>| {
            for n in 0..1500 {
                let waiting = job(10 + n, JobKind::Train, Phase::Queued);
                jobs::save(change.tx, &JobRow { queue_key: Some(u64::from(n)), ..waiting })?;
            }
            jobs::save(change.tx, &dataset)?;
            let source = api::SoundSource::Samples;
            crate::store::datasets::save(change.tx, &dataset.id, &source, Some(&summary))?;
            jobs::save(change.tx, &run)?;
            runs::save(change.tx, &run.id, &row)
        };
        studio.shared.change(fill).unwrap();
        let refused = studio.resume_run(&run.id, Some(Limit::Steps { steps: 20 }));
        assert!(matches!(refused, Err(Error::TooMuch { .. })), "{refused:?}");
        assert!(folder.join(job::files::EXIT).exists());
        assert!(!folder.join(job::files::LIMIT).exists());
        assert_eq!(studio.run(&run.id).unwrap().run.limit, Limit::Steps { steps: 10 });
    }
}
