//! Checkpoints: those on disk of each run.

use api::{Checkpoint, Id, ScoreMetric};
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

/// Checkpoints of a run, oldest first. The one with the best score is the best. Of those that another
/// program measured, none of which says a score, it is the newest that was called so.
pub(crate) fn of(
    connection: &Connection,
    job: &Id,
    metric: &ScoreMetric,
) -> Result<Vec<Checkpoint>, Error> {
    let sql = "SELECT body FROM checkpoints WHERE job = ?1 ORDER BY step";
    let mut all: Vec<Checkpoint> = json_rows(connection, sql, job)?;
    let best =
        best_of(&all, metric).map_or(all.iter().rposition(|one| one.is_best), |(i, _)| Some(i));
    for (i, one) in all.iter_mut().enumerate() {
        one.is_best = Some(i) == best;
    }
    Ok(all)
}

/// The best score of all checkpoints of a run that are on disk, if one of them was measured.
pub(crate) fn best_score(
    connection: &Connection,
    job: &Id,
    metric: &ScoreMetric,
) -> Result<Option<f64>, Error> {
    let all = of(connection, job, metric)?;
    Ok(best_of(&all, metric).map(|(_, score)| score))
}

/// The place and the score of the best one that was measured.
fn best_of(all: &[Checkpoint], metric: &ScoreMetric) -> Option<(usize, f64)> {
    let measured = all.iter().enumerate().filter_map(|(i, one)| Some((i, one.validation?)));
    measured.min_by(|a, b| metric.compare(a.1, b.1))
}
