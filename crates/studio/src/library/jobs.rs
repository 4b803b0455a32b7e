//! Verbs on jobs of every kind: what runs and waits, events, logs, files; ending, starting again, deleting. The table of
//! kinds says how (`job::KINDS`); datasets, runs and imports add what only they know.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use api::{Event, Id, Job, JobFile, JobKind, JobKindInfo, Log, Task};
use job::{
    Kept, Shelf,
    kinds::{Again, Stopped},
};

use super::{
    cancel_job, delete_made, make_job, passing, restart_job, restore_job, stop_job, valid_name,
};

use crate::{
    Error, Studio, job_folder,
    queue::Places,
    store::{
        event_marks,
        jobs::{self, JobRow, Phase},
    },
    workspace::file_inside,
};

/// The most that is shown of a log.
const MAX_LOG_BYTES: u64 = 1 << 20;

/// The most events that one answer holds.
const MAX_ANSWER: usize = 10_000;

impl Studio {
    /// Jobs that wait or run: running ones first, then the queue in order.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn jobs(&self) -> Result<Vec<Job>, Error> {
        self.shared.read(|c| {
            let places = Places::read(c)?;
            let mut rows = jobs::in_phase(c, Phase::Running)?;
            rows.extend(jobs::in_phase(c, Phase::Queued)?);
            let shown = rows.iter().filter(|row| self.is_shown(Some(&row.project)));
            Ok(shown.map(|row| row.job(places.of(&row.id))).collect())
        })
    }

    /// Every kind of job, and what can be asked of jobs of it.
    pub fn kinds(&self) -> Vec<JobKindInfo> {
        let info = |row: &job::Kind| JobKindInfo {
            kind: row.kind,
            word: row.shelf.word().to_owned(),
            list: row.shelf.name().to_owned(),
            keeps_when_stopped: row.stopped == Stopped::Kept,
            can_restart: row.again != Again::Never,
            has_trash: row.kept == Kept::Trash,
        };
        job::KINDS.iter().map(info).collect()
    }

    /// One job.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn job(&self, id: &Id) -> Result<Job, Error> {
        self.shared.read(|c| {
            let row = jobs::find(c, id)?.filter(|row| row.deleted_ms.is_none());
            let row = row.ok_or_else(|| Error::not_found("job", id))?;
            Ok(row.job(Places::read(c)?.of(id)))
        })
    }

    /// Puts a job aside that has ended, so that it does not ask for attention any more. It stays where it
    /// is, and comes back when it is queued again.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` while it waits or runs.
    pub fn dismiss_job(&self, id: &Id) -> Result<(), Error> {
        self.shared.change(|change| {
            let row = jobs::find(change.tx, id)?.filter(|row| row.deleted_ms.is_none());
            let mut row = row.ok_or_else(|| Error::not_found("job", id))?;
            if row.phase.is_active() {
                return Err(Error::conflict(
                    format!("dismiss “{}”", row.name),
                    format!("it is still {}", row.phase.word()),
                    "wait until it has ended",
                ));
            }
            job_folder::write_dismissed(&self.folder_of(&row), true)?;
            row.is_dismissed = true;
            change.job(&row)?;
            change.list(Shelf::of(row.kind), id);
            Ok(())
        })
    }

    /// Jobs of every state, newest first; of one kind, if one is named. Those in the trash are not among them.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn all_jobs(&self, kind: Option<JobKind>) -> Result<Vec<Job>, Error> {
        self.shared.read(|c| {
            let places = Places::read(c)?;
            let all = jobs::all(c)?.into_iter().filter(|row| self.is_shown(Some(&row.project)));
            let all = all.filter(|row| kind.is_none_or(|kind| row.kind == kind));
            Ok(all.map(|row| row.job(places.of(&row.id))).collect())
        })
    }

    /// One job, if it is of this kind.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn job_of(&self, kind: JobKind, id: &Id) -> Result<Job, Error> {
        let job = self.job(id).ok().filter(|job| job.kind == kind);
        job.ok_or_else(|| Error::not_found(Shelf::of(kind).word(), id))
    }

    /// Queues a job by its order alone, where its kind allows that. What was asked for longest ago makes room, where only
    /// the newest of a kind are kept.
    ///
    /// # Errors
    /// `Invalid` when the name or the kind cannot be used; `TooMuch` when the queue is full.
    pub fn create_job(&self, name: &str, task: Task) -> Result<Job, Error> {
        let name = valid_name(name)?;
        let row = job::kind(job::kinds::of(&task));
        if !row.is_plain {
            let message = format!(
                "a job of the kind “{}” is made elsewhere: see {}",
                row.word,
                row.shelf.name()
            );
            return Err(Error::invalid("task", message));
        }
        passing::remove_oldest(&self.shared, row.kind)?;
        let project = self.project_for(None);
        let id = make_job(&self.shared, &project, name, task, |_| Ok(()), |_, _| Ok(()))?;
        self.job(&id)
    }

    /// Ends a job that waits or runs. What it has made so far is kept or goes with it, as its kind has it.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it has ended.
    pub fn cancel_job(&self, id: &Id) -> Result<(), Error> {
        let kind = self.job(id)?.kind;
        match job::kind(kind).stopped {
            Stopped::Kept => stop_job(&self.shared, kind, id),
            Stopped::Gone => cancel_job(&self.shared, kind, id),
        }
    }

    /// Queues a job again that failed, was stopped or was interrupted: it goes on from where it was, or from the start.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it waits, runs or is done, or has to be asked for anew.
    pub fn restart_job(&self, id: &Id) -> Result<(), Error> {
        let found = self.job(id)?;
        match (job::kind(found.kind).again, found.kind) {
            (Again::Resume, JobKind::Train) => self.resume_run(id, None).map(drop),
            (Again::Restart, JobKind::Prepare) => self.restart_dataset(id).map(drop),
            (Again::Resume | Again::Restart, kind) => restart_job(&self.shared, kind, id),
            (Again::Never, kind) => Err(Error::conflict(
                format!("start the {} “{}” again", Shelf::of(kind).word(), found.name),
                "jobs of this kind are not started again",
                "delete it, and ask for it anew",
            )),
        }
    }

    /// Deletes a job with what it made: into the trash, or for good, as its kind is kept. One that waits or runs is
    /// cancelled, and gone once its process has ended.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it is in use.
    pub fn delete_job(&self, id: &Id) -> Result<(), Error> {
        match self.job(id)?.kind {
            JobKind::Prepare => self.delete_dataset(id),
            JobKind::Train => self.delete_run(id),
            JobKind::Import => self.delete_import(id),
            kind => delete_made(&self.shared, kind, id),
        }
    }

    /// Deletes a job with what it made for good, past any trash: of one who took it elsewhere.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn discard_job(&self, id: &Id) -> Result<(), Error> {
        passing::delete(&self.shared, self.job(id)?.kind, id)
    }

    /// Takes a job back from the trash.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash.
    pub fn restore_job(&self, id: &Id) -> Result<Job, Error> {
        let row = self.shared.read(|c| jobs::find(c, id))?;
        let row = row.ok_or_else(|| Error::not_found("job", id))?;
        restore_job(&self.shared, row.kind, id)?;
        self.job(id)
    }

    /// The files in a job's folder.
    ///
    /// # Errors
    /// `NotFound` when there is no such job; `Io` when its folder cannot be read.
    pub fn job_files(&self, id: &Id) -> Result<Vec<JobFile>, Error> {
        let folder = self.folder_of_job(id)?;
        let mut files = Vec::new();
        list_files(&folder, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// A file in a job's folder, by its path in there. Never anything outside of it.
    ///
    /// # Errors
    /// `NotFound` when there is no such job or file.
    pub fn job_file(&self, id: &Id, path: &str) -> Result<PathBuf, Error> {
        file_inside(&self.folder_of_job(id)?, path)
    }

    fn folder_of_job(&self, id: &Id) -> Result<PathBuf, Error> {
        let row = self.shared.read(|c| jobs::find(c, id))?.filter(|row| row.deleted_ms.is_none());
        row.map(|row| self.folder_of(&row)).ok_or_else(|| Error::not_found("job", id))
    }

    /// Events of a job after a number, at most `limit` (and never more than 10,000).
    ///
    /// # Errors
    /// `NotFound` when there is no such job; `Io` when its events cannot be read.
    pub fn events(&self, id: &Id, after: u64, limit: usize) -> Result<Vec<Event>, Error> {
        let (folder, offset) = self.shared.read(|c| {
            let row = jobs::find(c, id)?.filter(|row| row.deleted_ms.is_none());
            let row = row.ok_or_else(|| Error::not_found("job", id))?;
            Ok((self.folder_of(&row), event_marks::offset_before(c, id, after)?))
        })?;
        Ok(job::events::read_after(&folder, offset, after, limit.min(MAX_ANSWER))?)
    }

    /// The end of a job's log, at most `max_bytes` (and never more than 1 MiB), in whole lines.
    ///
    /// # Errors
    /// `NotFound` when there is no such job; `Io` when its log cannot be read.
    pub fn log(&self, id: &Id, max_bytes: u64) -> Result<Log, Error> {
        let row = self.shared.read(|c| jobs::find(c, id))?.filter(|row| row.deleted_ms.is_none());
        let row = row.ok_or_else(|| Error::not_found("job", id))?;
        let path = self.folder_of(&row).join(job::files::LOG);
        match read_tail(&path, max_bytes.min(MAX_LOG_BYTES)) {
            Ok(log) => Ok(log),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Log { text: String::new(), is_cut: false })
            }
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    fn folder_of(&self, row: &JobRow) -> PathBuf {
        self.shared.workspace.folder(Shelf::of(row.kind), &row.id)
    }
}

/// The most files of a job that are listed.
const MAX_FILES: usize = 10_000;

/// Files in a folder and below it; no links.
fn list_files(folder: &Path, below: &str, files: &mut Vec<JobFile>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        let (name, found) = (entry.file_name(), entry.metadata());
        // One that went meanwhile, or has no name in Unicode, cannot be asked for.
        let (Some(name), Ok(found)) = (name.to_str(), found) else { continue };
        let path = format!("{below}{name}");
        if found.is_dir() {
            list_files(&entry.path(), &format!("{path}/"), files)?;
        } else if found.is_file() && files.len() < MAX_FILES {
            files.push(JobFile { path, bytes: found.len() });
        }
    }
    Ok(())
}

fn read_tail(path: &std::path::Path, max_bytes: u64) -> std::io::Result<Log> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(max_bytes);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(max_bytes).read_to_end(&mut bytes)?;
    let is_cut = start > 0;
    // The first line may be cut in its middle, even in the middle of a character.
    let first = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) if is_cut => at + 1,
        _ => 0,
    };
    Ok(Log { text: String::from_utf8_lossy(&bytes[first..]).into_owned(), is_cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_cut_at_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        let check = |text: &str, max_bytes: u64, expected: &str, is_cut: bool| {
            std::fs::write(&path, text).unwrap();
            let expected = Log { text: expected.to_owned(), is_cut };
            assert_eq!(read_tail(&path, max_bytes).unwrap(), expected);
        };
        check("", 10, "", false);
        check("one\ntwo\n", 100, "one\ntwo\n", false);
        check("one\ntwo\n", 6, "two\n", true);
        check("ééééé\ntwo\n", 7, "two\n", true);
        check("onelongline", 4, "line", true);
    }
}
