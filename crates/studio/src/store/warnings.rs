//! Warnings: what jobs had to say, and what the studio noticed about them.

use api::{Id, Warning};
use rusqlite::{Connection, params};

use super::{json_rows, to_json};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "warnings-1",
    "CREATE TABLE warnings (
        number INTEGER PRIMARY KEY,
        job    TEXT NOT NULL,
        body   TEXT NOT NULL
    );
    CREATE INDEX warnings_by_job ON warnings (job, number);",
)];

pub(crate) fn add(connection: &Connection, job: &Id, warning: &Warning) -> Result<(), Error> {
    let sql = "INSERT INTO warnings (job, body) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![job.as_str(), to_json(warning)])?;
    Ok(())
}

/// The warnings of a job, in the order they came.
pub(crate) fn of(connection: &Connection, job: &Id) -> Result<Vec<Warning>, Error> {
    json_rows(connection, "SELECT body FROM warnings WHERE job = ?1 ORDER BY number", job)
}
