//! Episodes: what agents played as they learnt, recorded as their actions.

use api::{Episode, Id};
use rusqlite::{Connection, params};

use super::{int, json_rows, to_json};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "episodes-1",
    "CREATE TABLE episodes (
        job  TEXT NOT NULL,
        step INTEGER NOT NULL,
        path TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (job, step, path)
    ) WITHOUT ROWID;",
)];

/// Adds an episode; one that was recorded again after a resume takes the place of the first.
pub(crate) fn save(connection: &Connection, job: &Id, one: &Episode) -> Result<(), Error> {
    let sql = "DELETE FROM episodes WHERE job = ?1 AND path = ?2";
    connection.execute(sql, params![job.as_str(), one.path])?;
    let sql = "INSERT INTO episodes VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, params![job.as_str(), int(one.step), one.path, to_json(one)])?;
    Ok(())
}

/// Forgets episodes after a step: the run went on from there, and records others.
pub(crate) fn rewind(connection: &Connection, job: &Id, step: u64) -> Result<(), Error> {
    let sql = "DELETE FROM episodes WHERE job = ?1 AND step > ?2";
    connection.execute(sql, params![job.as_str(), int(step)])?;
    Ok(())
}

/// Episodes of a run, oldest first.
pub(crate) fn of(connection: &Connection, job: &Id) -> Result<Vec<Episode>, Error> {
    json_rows(connection, "SELECT body FROM episodes WHERE job = ?1 ORDER BY step, path", job)
}
