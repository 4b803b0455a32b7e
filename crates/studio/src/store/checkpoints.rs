//! Checkpoints: those on disk of each run.

use api::{Checkpoint, Id};
use rusqlite::{Connection, params};

use super::{int, json_rows, to_json};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "checkpoints-1",
    "CREATE TABLE checkpoints (
        job  TEXT NOT NULL,
        step INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (job, step)
    ) WITHOUT ROWID;",
)];

pub(crate) fn save(connection: &Connection, job: &Id, one: &Checkpoint) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3)";
    connection.execute(sql, params![job.as_str(), int(one.step), to_json(one)])?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, job: &Id, step: u64) -> Result<(), Error> {
    let sql = "DELETE FROM checkpoints WHERE job = ?1 AND step = ?2";
    connection.execute(sql, params![job.as_str(), int(step)])?;
    Ok(())
}

/// Forgets checkpoints after a step: the run went on from there, so they were not whole.
pub(crate) fn rewind(connection: &Connection, job: &Id, step: u64) -> Result<(), Error> {
    let sql = "DELETE FROM checkpoints WHERE job = ?1 AND step > ?2";
    connection.execute(sql, params![job.as_str(), int(step)])?;
    Ok(())
}

/// Checkpoints of a run, oldest first. Each said whether it was the best when it was written; only
/// the newest of those still is.
pub(crate) fn of(connection: &Connection, job: &Id) -> Result<Vec<Checkpoint>, Error> {
    let sql = "SELECT body FROM checkpoints WHERE job = ?1 ORDER BY step";
    let mut all: Vec<Checkpoint> = json_rows(connection, sql, job)?;
    let best = all.iter().rposition(|one| one.is_best);
    for (i, one) in all.iter_mut().enumerate() {
        one.is_best = Some(i) == best;
    }
    Ok(all)
}
