//! Patches: what is known of each without its body, which stays in `patch.json`.

use api::{Id, Patch, UnixMs};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json, id, int, to_json, uint_if_any};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "patches-1",
    "CREATE TABLE patches (
        id         TEXT PRIMARY KEY,
        project    TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        body       TEXT NOT NULL,
        deleted_ms INTEGER
    );",
)];

/// A patch without its body.
#[derive(Clone, Debug)]
pub(crate) struct PatchRow {
    pub(crate) patch: Patch,
    pub(crate) project: Id,
    pub(crate) deleted_ms: Option<UnixMs>,
}

/// Adds the patch, or replaces it.
pub(crate) fn save(connection: &Connection, row: &PatchRow) -> Result<(), Error> {
    let patch = Patch { body: serde_json::Value::Null, ..row.patch.clone() };
    connection.execute(
        "INSERT OR REPLACE INTO patches VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            patch.id.as_str(),
            row.project.as_str(),
            int(patch.created_ms),
            to_json(&patch),
            row.deleted_ms.map(int),
        ],
    )?;
    Ok(())
}

/// One patch, also when it is in the trash.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<PatchRow>, Error> {
    let sql = "SELECT body, project, deleted_ms FROM patches WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id.as_str()], from_row).optional()?)
}

/// Every patch that is not in the trash, newest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<PatchRow>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT body, project, deleted_ms FROM patches WHERE deleted_ms IS NULL
         ORDER BY created_ms DESC, id",
    )?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many there are, those in the trash not counted.
pub(crate) fn count(connection: &Connection) -> Result<u32, Error> {
    let sql = "SELECT count(*) FROM patches WHERE deleted_ms IS NULL";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

pub(crate) fn forget(connection: &Connection, id: &Id) -> Result<(), Error> {
    connection.execute("DELETE FROM patches WHERE id = ?1", [id.as_str()])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<PatchRow> {
    Ok(PatchRow {
        patch: from_json(row, 0)?,
        project: id(row, 1)?,
        deleted_ms: uint_if_any(row, 2)?,
    })
}
