//! Models: their cards as they stand in `model.json`.

use api::{Id, Model, UnixMs};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json, id, int, to_json, uint_if_any};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "models-1",
    "CREATE TABLE models (
        id         TEXT PRIMARY KEY,
        run        TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        body       TEXT NOT NULL,
        deleted_ms INTEGER
    );
    CREATE INDEX models_by_run ON models (run);",
)];

/// A model and when it was moved to the trash, if it was.
#[derive(Clone, Debug)]
pub(crate) struct ModelRow {
    pub(crate) model: Model,
    pub(crate) deleted_ms: Option<UnixMs>,
}

/// Adds the model, or replaces it.
pub(crate) fn save(connection: &Connection, row: &ModelRow) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO models VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.execute(
        sql,
        params![
            row.model.id.as_str(),
            row.model.lineage.as_ref().map_or("", |lineage| lineage.run.as_str()),
            int(row.model.created_ms),
            to_json(&row.model),
            row.deleted_ms.map(int),
        ],
    )?;
    Ok(())
}

/// One model, also when it is in the trash.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<ModelRow>, Error> {
    let sql = "SELECT body, deleted_ms FROM models WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id.as_str()], from_row).optional()?)
}

/// Every model that is not in the trash, newest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Model>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT body, deleted_ms FROM models WHERE deleted_ms IS NULL
         ORDER BY created_ms DESC, id",
    )?;
    let rows = statement.query_map([], |row| Ok(from_row(row)?.model))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Models that came from a run, newest first.
pub(crate) fn of_run(connection: &Connection, run: &Id) -> Result<Vec<Id>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM models WHERE run = ?1 AND deleted_ms IS NULL ORDER BY created_ms DESC, id",
    )?;
    let rows = statement.query_map([run.as_str()], |row| id(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn forget(connection: &Connection, id: &Id) -> Result<(), Error> {
    connection.execute("DELETE FROM models WHERE id = ?1", [id.as_str()])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ModelRow> {
    Ok(ModelRow { model: from_json(row, 0)?, deleted_ms: uint_if_any(row, 1)? })
}
