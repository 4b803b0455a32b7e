//! Verbs on jobs of every kind: what runs and waits, events, logs.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
};

use api::{Event, Id, Job, Log};
use job::Shelf;

use crate::{
    Error, Studio, follower, job_folder,
    queue::Places,
    store::{
        event_marks,
        jobs::{self, JobRow, Phase},
    },
};

/// The most that is shown of a log.
const MAX_LOG_BYTES: u64 = 1 << 20;

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
        follower::events_after(&folder.join(job::files::EVENTS), offset, after, limit)
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
