//! Reconstructions: which model, which sound, and what came out.

use api::{Id, Reconstruction, ReconstructionResult};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json_if_any, id, jobs, to_json};
use crate::{Error, queue::Places, store::jobs::JobRow};

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "reconstructions-1",
    "CREATE TABLE reconstructions (
        id         TEXT PRIMARY KEY,
        model      TEXT NOT NULL,
        input_name TEXT NOT NULL,
        result     TEXT
    );
    CREATE INDEX reconstructions_by_model ON reconstructions (model);",
)];

/// A reconstruction as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct ReconstructionRow {
    pub(crate) job: JobRow,
    pub(crate) model: Id,
    pub(crate) input_name: String,
    pub(crate) result: Option<ReconstructionResult>,
}

impl ReconstructionRow {
    pub(crate) fn reconstruction(self, places: &Places) -> Reconstruction {
        Reconstruction {
            id: self.job.id.clone(),
            model: self.model,
            input_name: self.input_name,
            job: self.job.job(places.of(&self.job.id)),
            result: self.result,
        }
    }
}

/// Adds the reconstruction beside its job, or replaces it.
pub(crate) fn save(connection: &Connection, row: &ReconstructionRow) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO reconstructions VALUES (?1, ?2, ?3, ?4)";
    let result = row.result.as_ref().map(to_json);
    let values = params![row.job.id.as_str(), row.model.as_str(), row.input_name, result];
    connection.execute(sql, values)?;
    Ok(())
}

pub(crate) fn set_result(
    connection: &Connection,
    id: &Id,
    result: &ReconstructionResult,
) -> Result<(), Error> {
    let sql = "UPDATE reconstructions SET result = ?2 WHERE id = ?1";
    connection.execute(sql, params![id.as_str(), to_json(result)])?;
    Ok(())
}

/// One reconstruction, also when it is in the trash.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<ReconstructionRow>, Error> {
    let sql = format!("{} WHERE jobs.id = ?1", select());
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_str()], from_row).optional()?)
}

/// Reconstructions of a model that are not in the trash, newest first.
pub(crate) fn of_model(
    connection: &Connection,
    model: &Id,
) -> Result<Vec<ReconstructionRow>, Error> {
    let order = "WHERE model = ?1 AND jobs.deleted_ms IS NULL
                 ORDER BY jobs.created_ms DESC, jobs.id";
    let mut statement = connection.prepare_cached(&format!("{} {order}", select()))?;
    let rows = statement.query_map([model.as_str()], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every reconstruction of a model, with whether it is in the trash.
pub(crate) fn ids_of_model(connection: &Connection, model: &Id) -> Result<Vec<(Id, bool)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT jobs.id, jobs.deleted_ms IS NOT NULL FROM jobs JOIN reconstructions USING (id)
         WHERE model = ?1 ORDER BY jobs.id",
    )?;
    let rows = statement.query_map([model.as_str()], |row| Ok((id(row, 0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn select() -> String {
    let columns = jobs::COLUMNS;
    format!("SELECT {columns}, model, input_name, result FROM jobs JOIN reconstructions USING (id)")
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ReconstructionRow> {
    let at = jobs::N_COLUMNS;
    Ok(ReconstructionRow {
        job: jobs::from_row(row)?,
        model: id(row, at)?,
        input_name: row.get(at + 1)?,
        result: from_json_if_any(row, at + 2)?,
    })
}
