//! Samples: sounds, pictures and films rendered by runs as they learnt.

use api::{Id, Sample};
use rusqlite::{Connection, params};

use super::{int, json_rows, to_json};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "samples-1",
    "CREATE TABLE samples (
        job      TEXT NOT NULL,
        step     INTEGER NOT NULL,
        rendered TEXT NOT NULL,
        body     TEXT NOT NULL,
        PRIMARY KEY (job, step, rendered)
    ) WITHOUT ROWID;",
)];

/// Adds a sample; one that was rendered again after a resume takes the place of the first.
pub(crate) fn save(connection: &Connection, job: &Id, one: &Sample) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO samples VALUES (?1, ?2, ?3, ?4)";
    let values = params![job.as_str(), int(one.step), one.rendered, to_json(one)];
    connection.execute(sql, values)?;
    Ok(())
}

/// Forgets samples after a step: the run went on from there, and renders others.
pub(crate) fn rewind(connection: &Connection, job: &Id, step: u64) -> Result<(), Error> {
    let sql = "DELETE FROM samples WHERE job = ?1 AND step > ?2";
    connection.execute(sql, params![job.as_str(), int(step)])?;
    Ok(())
}

/// Samples of a run, oldest first.
pub(crate) fn of(connection: &Connection, job: &Id) -> Result<Vec<Sample>, Error> {
    json_rows(connection, "SELECT body FROM samples WHERE job = ?1 ORDER BY step, rendered", job)
}
