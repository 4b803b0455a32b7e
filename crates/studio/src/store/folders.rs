//! Folders of the library: the card of each, and how looking through it went.

use api::{FolderCard, Id, UnixMs};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json, id, int, items, to_json, uint_if_any};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "folders-1",
    "CREATE TABLE folders (
        id         TEXT PRIMARY KEY,
        project    TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        card       TEXT NOT NULL,
        scanned_ms INTEGER,
        problem    TEXT,
        deleted_ms INTEGER
    );",
)];

const COLUMNS: &str = "id, project, card, scanned_ms, problem, deleted_ms FROM folders";

/// A folder of the library; its card has the name people gave it.
#[derive(Clone, Debug)]
pub(crate) struct FolderRow {
    pub(crate) id: Id,
    pub(crate) project: Id,
    pub(crate) card: FolderCard,
    pub(crate) scanned_ms: Option<UnixMs>,
    pub(crate) problem: Option<String>,
    pub(crate) deleted_ms: Option<UnixMs>,
}

/// Adds the folder, or replaces it. The sounds of one in the trash are not listed.
pub(crate) fn save(connection: &Connection, row: &FolderRow) -> Result<(), Error> {
    connection.execute(
        "INSERT OR REPLACE INTO folders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            row.id.as_str(),
            row.project.as_str(),
            int(row.card.created_ms),
            to_json(&row.card),
            row.scanned_ms.map(int),
            row.problem.as_deref(),
            row.deleted_ms.map(int),
        ],
    )?;
    items::show_folder(connection, &row.id, &row.project, row.deleted_ms.is_none())
}

/// One folder, also when it is in the trash.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<FolderRow>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_str()], from_row).optional()?)
}

/// Every folder that is not in the trash, newest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<FolderRow>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE deleted_ms IS NULL ORDER BY created_ms DESC, id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets a folder and the sounds in it.
pub(crate) fn forget(connection: &Connection, id: &Id) -> Result<(), Error> {
    items::forget_folder(connection, id)?;
    connection.execute("DELETE FROM folders WHERE id = ?1", [id.as_str()])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<FolderRow> {
    Ok(FolderRow {
        id: id(row, 0)?,
        project: id(row, 1)?,
        card: from_json(row, 2)?,
        scanned_ms: uint_if_any(row, 3)?,
        problem: row.get(4)?,
        deleted_ms: uint_if_any(row, 5)?,
    })
}
