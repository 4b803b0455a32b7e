//! Verbs on datasets.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use api::{
    Dataset, DatasetDetail, DatasetIndex, DatasetSummary, Id, IndexedSound, JobKind, NewDataset,
    Peaks, PrepareTask, SoundSource, Task,
};
use job::Shelf;

use super::{
    cancel_job, delete_job, find_job, make_job, name_from, rename_job, restore_job, uploads,
    valid_name,
};

use crate::{
    Error, Studio, job_folder,
    queue::{self, Places},
    shared::{Change, Shared},
    store::{
        datasets::{self, DatasetRow},
        jobs::Phase,
        runs, warnings,
    },
    workspace::file_inside,
};

/// Samples per second of a dataset, if nothing else is asked for.
const RATE_HZ: u32 = 44_100;

/// The share of files kept apart for validation, if nothing else is asked for.
const VALIDATION_SHARE: f64 = 0.1;

/// Pairs of peaks that are read of one sound: a day of sound at 192 kHz.
const MAX_PEAKS: u64 = 1 << 26;

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
    /// The name to show for it: its path below the source folder.
    pub name: String,
}

impl Studio {
    /// Every dataset, newest first.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn datasets(&self) -> Result<Vec<Dataset>, Error> {
        self.shared.read(|c| {
            let places = Places::read(c)?;
            let all = datasets::all(c)?;
            let shown = all.iter().filter(|row| self.is_shown(Some(&row.job.project)));
            Ok(shown.map(|row| row.dataset(&places)).collect())
        })
    }

    /// One dataset with its files and warnings.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when the index of a whole one cannot be read.
    pub fn dataset(&self, id: &Id) -> Result<DatasetDetail, Error> {
        let (dataset, mut said, used_by) = self.shared.read(|c| {
            let dataset = find(c, id)?.dataset(&Places::read(c)?);
            Ok((dataset, warnings::of(c, id)?, runs::on_dataset(c, id)?))
        })?;
        let (mut files, mut groups) = (Vec::new(), Vec::new());
        if dataset.summary.is_some() {
            let index = read_index(&self.shared, id)?;
            files = index.sounds.into_iter().map(|sound| sound.file).collect();
            groups = index.groups;
            said = index.warnings;
        }
        let used_by = used_by.into_iter().map(|(id, _)| id).collect();
        Ok(DatasetDetail { dataset, files, warnings: said, groups, used_by })
    }

    /// Queues the preparing of a dataset.
    ///
    /// # Errors
    /// `Invalid` when the source or a number cannot be used; `NotFound` when there is no such
    /// upload; `TooMuch` when the queue is full.
    pub fn create_dataset(&self, new: NewDataset) -> Result<Dataset, Error> {
        let task = PrepareTask {
            rate_hz: new.rate_hz.unwrap_or(RATE_HZ),
            channels: new.channels.unwrap_or(1),
            validation_share: new.validation_share.unwrap_or(VALIDATION_SHARE),
            seed: new.seed.unwrap_or(0),
            source: self.checked_source(new.source)?,
        };
        check_ranges(&task)?;
        let name = match &new.name {
            Some(name) => valid_name(name)?,
            None => self.name_of_source(&task.source),
        };
        let source = task.source.clone();
        let id = make_job(
            &self.shared,
            &self.project_for(None),
            name,
            Task::Prepare(task),
            |_| Ok(()),
            |change, job| datasets::save(change.tx, &job.id, &source, None),
        )?;
        self.listed_dataset(&id)
    }

    /// Stops preparing; the dataset is gone once its process has ended, with all it had made.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it is not being prepared.
    pub fn cancel_dataset(&self, id: &Id) -> Result<(), Error> {
        cancel_job(&self.shared, JobKind::Prepare, id)
    }

    /// Queues the preparing of a dataset again that failed, was stopped or was interrupted.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it is whole or being prepared; `Invalid` when
    /// its source is gone.
    pub fn restart_dataset(&self, id: &Id) -> Result<Dataset, Error> {
        let source = self.shared.read(|c| find(c, id))?.source;
        self.checked_source(source)?;
        let folder = self.shared.workspace.folder(Shelf::Datasets, id);
        self.shared.change(|change| {
            let mut job = find_job(change, JobKind::Prepare, id)?;
            if job.phase == Phase::Done || job.phase.is_active() {
                return Err(Error::conflict(
                    format!("prepare the dataset “{}” again", job.name),
                    format!("it is {}", job.phase.word()),
                    "create a new dataset instead",
                ));
            }
            datasets::set_summary(change.tx, id, None)?;
            job.progress = None;
            queue::enqueue(change, &mut job)?;
            change.list(Shelf::Datasets, id);
            // Files last, when nothing can refuse any more; but before anybody can see the job in
            // the queue and start it.
            job_folder::write_dismissed(&folder, false)?;
            job_folder::clear_for_start(&folder)?;
            job_folder::remove_partial_result(&folder)
        })?;
        self.shared.bell.ring();
        self.listed_dataset(id)
    }

    /// Gives a dataset another name.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name cannot be used.
    pub fn rename_dataset(&self, id: &Id, name: &str) -> Result<Dataset, Error> {
        rename_job(&self.shared, JobKind::Prepare, id, name)?;
        self.listed_dataset(id)
    }

    /// Moves a dataset to the trash; it can be restored for 30 days.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` while it is prepared, or a run that waits or
    /// trains needs it.
    pub fn delete_dataset(&self, id: &Id) -> Result<(), Error> {
        delete_job(&self.shared, JobKind::Prepare, id, |change| check_unused(change, "delete", id))
    }

    /// Takes a dataset back from the trash.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash.
    pub fn restore_dataset(&self, id: &Id) -> Result<Dataset, Error> {
        restore_job(&self.shared, JobKind::Prepare, id)?;
        self.listed_dataset(id)
    }

    /// Where the samples of one sound of a dataset lie.
    ///
    /// # Errors
    /// `NotFound` when there is no such sound; `Io` when the index cannot be read.
    pub fn dataset_sound(&self, id: &Id, idx: u32) -> Result<DatasetSound, Error> {
        let (summary, sound) = whole_sound(&self.shared, id, idx)?;
        let folder = self.shared.workspace.folder(Shelf::Datasets, id);
        Ok(DatasetSound {
            path: file_inside(&folder, &job::files::sound(sound.chunk))?,
            offset_bytes: sound.offset_bytes,
            n_bytes: sound.n_frames.saturating_mul(2 * u64::from(summary.channels)),
            rate_hz: summary.rate_hz,
            channels: summary.channels,
            n_frames: sound.n_frames,
            name: sound.file.path,
        })
    }

    /// The shape of one sound of a dataset.
    ///
    /// # Errors
    /// `NotFound` when there is no such sound; `Io` when its peaks cannot be read.
    pub fn dataset_peaks(&self, id: &Id, idx: u32) -> Result<Peaks, Error> {
        let (summary, sound) = whole_sound(&self.shared, id, idx)?;
        let folder = self.shared.workspace.folder(Shelf::Datasets, id);
        let path = file_inside(&folder, job::files::PEAKS)?;
        let block = DatasetIndex::PEAK_BLOCK;
        let n_pairs = sound.n_frames.div_ceil(u64::from(block)).min(MAX_PEAKS);
        let bytes = read_range(&path, sound.peaks_offset_bytes, n_pairs * 2)
            .map_err(Error::io("read", &path))?;
        let every_other = |from: usize| bytes[from.min(bytes.len())..].iter().step_by(2);
        Ok(Peaks {
            rate_hz: summary.rate_hz,
            n_samples: sound.n_frames,
            block,
            min: every_other(0).map(|byte| byte.cast_signed()).collect(),
            max: every_other(1).map(|byte| byte.cast_signed()).collect(),
        })
    }

    fn listed_dataset(&self, id: &Id) -> Result<Dataset, Error> {
        self.shared.read(|c| Ok(find(c, id)?.dataset(&Places::read(c)?)))
    }

    fn name_of_source(&self, source: &SoundSource) -> String {
        match source {
            SoundSource::Folder { path } => {
                let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
                name_from(&name.unwrap_or_default().to_string_lossy())
            }
            SoundSource::Upload { upload } => match uploads::top_folder(&self.shared, upload) {
                Some(name) => name_from(&name),
                None => "Dropped sounds".to_owned(),
            },
            SoundSource::Samples => "Sample sounds".to_owned(),
        }
    }

    /// The source as it will be ordered, if it can be used.
    fn checked_source(&self, source: SoundSource) -> Result<SoundSource, Error> {
        match source {
            SoundSource::Folder { path } => {
                let path = check_source_path(&path, self.shared.workspace.root())?;
                Ok(SoundSource::Folder { path })
            }
            SoundSource::Upload { upload } => {
                if self.upload(&upload)?.n_files == 0 {
                    return Err(Error::invalid("source", "no file has been uploaded yet"));
                }
                Ok(SoundSource::Upload { upload })
            }
            SoundSource::Samples => Ok(SoundSource::Samples),
        }
    }
}

/// Sees that no run that waits or trains needs a dataset.
pub(super) fn check_unused(change: &Change<'_>, verb: &str, id: &Id) -> Result<(), Error> {
    let users = runs::on_dataset(change.tx, id)?;
    match users.iter().find(|(_, is_active)| *is_active) {
        None => Ok(()),
        Some((run, _)) => Err(Error::conflict(
            format!("{verb} the dataset “{id}”"),
            format!("the run “{run}” is using it"),
            "stop the run first",
        )),
    }
}

/// One dataset that is not in the trash.
pub(super) fn find(connection: &rusqlite::Connection, id: &Id) -> Result<DatasetRow, Error> {
    datasets::find(connection, id)?
        .filter(|row| row.job.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found("dataset", id))
}

/// The summary of a dataset that can be trained on.
pub(super) fn find_whole(
    connection: &rusqlite::Connection,
    id: &Id,
) -> Result<(String, DatasetSummary), Error> {
    let row = find(connection, id)?;
    match row.summary {
        Some(summary) if row.job.phase == Phase::Done => Ok((row.job.name, summary)),
        _ => Err(Error::conflict(
            format!("use the dataset “{}”", row.job.name),
            format!("it is not ready: it is {}", row.job.phase.word()),
            match row.job.phase.is_active() {
                true => "wait until it is ready",
                false => "prepare it again",
            },
        )),
    }
}

/// The content hash of a dataset, if it is there and whole.
pub(super) fn hash_now(
    connection: &rusqlite::Connection,
    id: &Id,
) -> Result<Option<String>, Error> {
    let row = datasets::find(connection, id)?.filter(|row| row.job.deleted_ms.is_none());
    let row = row.filter(|row| row.job.phase == Phase::Done);
    Ok(row.and_then(|row| row.summary).map(|summary| summary.hash))
}

fn whole_sound(
    shared: &Shared,
    id: &Id,
    idx: u32,
) -> Result<(DatasetSummary, IndexedSound), Error> {
    let (_, summary) = shared.read(|c| find_whole(c, id))?;
    let sounds = read_index(shared, id)?.sounds;
    let sound = sounds.into_iter().find(|sound| sound.file.idx == idx);
    let sound =
        sound.ok_or_else(|| Error::NotFound { what: "sound", id: format!("{id}/{idx}") })?;
    Ok((summary, sound))
}

fn read_index(shared: &Shared, id: &Id) -> Result<DatasetIndex, Error> {
    job_folder::read_index(&shared.workspace.folder(Shelf::Datasets, id))
}

fn read_range(path: &Path, offset: u64, n_bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(n_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check_ranges(task: &PrepareTask) -> Result<(), Error> {
    if !(8000..=192_000).contains(&task.rate_hz) {
        return Err(Error::invalid("rate_hz", "enter 8000 to 192000 Hz"));
    }
    if !(1..=2).contains(&task.channels) {
        return Err(Error::invalid("channels", "enter 1 for mono or 2 for stereo"));
    }
    if !(0.0..=0.5).contains(&task.validation_share) {
        return Err(Error::invalid("validation_share", "enter a share from 0 to 0.5"));
    }
    Ok(())
}

/// The real path of a source that exists, can be read, and has nothing of the workspace in it: a
/// dataset of its own folder would never end.
fn check_source_path(path: &Path, workspace: &Path) -> Result<PathBuf, Error> {
    let refuse = |why: String| Err(Error::invalid("source", why));
    if !path.is_absolute() {
        return refuse("enter an absolute path".to_owned());
    }
    let real = match fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return refuse(format!("Maquette does not have permission to read {}", path.display()));
        }
        Err(_) => return refuse(format!("{} does not exist", path.display())),
    };
    if real.starts_with(workspace) {
        return refuse("it is inside the workspace; choose the original sound files".to_owned());
    }
    if workspace.starts_with(&real) {
        return refuse("it contains the workspace; choose another folder".to_owned());
    }
    let opened = match fs::metadata(&real) {
        Ok(found) if found.is_dir() => fs::read_dir(&real).map(drop),
        Ok(found) if found.is_file() => File::open(&real).map(drop),
        Ok(_) => return refuse(format!("{} is neither a folder nor a file", path.display())),
        Err(error) => Err(error),
    };
    match opened {
        Ok(()) => Ok(real),
        Err(error) => refuse(format!("{} could not be read: {error}", path.display())),
    }
}
