//! Presets of one's own, as they stand in `preset.json`.

use api::{Id, OwnPreset, UnixMs};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json, int, to_json, uint_if_any};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "presets-1",
    "CREATE TABLE presets (
        id         TEXT PRIMARY KEY,
        created_ms INTEGER NOT NULL,
        body       TEXT NOT NULL,
        deleted_ms INTEGER
    );",
)];

/// A preset and when it was moved to the trash, if it was.
#[derive(Clone, Debug)]
pub(crate) struct PresetRow {
    pub(crate) preset: OwnPreset,
    pub(crate) deleted_ms: Option<UnixMs>,
}

/// Adds the preset, or replaces it.
pub(crate) fn save(connection: &Connection, row: &PresetRow) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO presets VALUES (?1, ?2, ?3, ?4)";
    connection.execute(
        sql,
        params![
            row.preset.id.as_str(),
            int(row.preset.created_ms),
            to_json(&row.preset),
            row.deleted_ms.map(int),
        ],
    )?;
    Ok(())
}

/// One preset, also when it is in the trash.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<PresetRow>, Error> {
    let sql = "SELECT body, deleted_ms FROM presets WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id.as_str()], from_row).optional()?)
}

/// Every preset that is not in the trash, newest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<OwnPreset>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT body, deleted_ms FROM presets WHERE deleted_ms IS NULL
         ORDER BY created_ms DESC, id",
    )?;
    let rows = statement.query_map([], |row| Ok(from_row(row)?.preset))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn forget(connection: &Connection, id: &Id) -> Result<(), Error> {
    connection.execute("DELETE FROM presets WHERE id = ?1", [id.as_str()])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<PresetRow> {
    Ok(PresetRow { preset: from_json(row, 0)?, deleted_ms: uint_if_any(row, 1)? })
}
