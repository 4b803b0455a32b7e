//! Event marks: where every so many events a line begins in `events.jsonl`, so that the events
//! after a number are found without reading the file from its start. The events stay in the file.

use api::Id;
use rusqlite::{Connection, OptionalExtension, params};

use super::{int, uint};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "event-marks-1",
    "CREATE TABLE event_marks (
        job    TEXT NOT NULL,
        seq    INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        PRIMARY KEY (job, seq)
    ) WITHOUT ROWID;",
)];

/// Events between two marks.
pub(crate) const EVERY: u64 = 1024;

/// Marks that the event after `seq` begins at `offset`.
pub(crate) fn add(connection: &Connection, job: &Id, seq: u64, offset: u64) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO event_marks VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![job.as_str(), int(seq), int(offset)])?;
    Ok(())
}

/// Where to start reading for the events after `seq`.
pub(crate) fn offset_before(connection: &Connection, job: &Id, seq: u64) -> Result<u64, Error> {
    let sql = "SELECT offset FROM event_marks WHERE job = ?1 AND seq <= ?2
               ORDER BY seq DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![job.as_str(), int(seq)], |row| uint(row, 0));
    Ok(found.optional()?.unwrap_or(0))
}
