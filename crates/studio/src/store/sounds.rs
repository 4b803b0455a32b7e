//! Sounds that were kept: their cards, what people said of them, and what each was taken from.

use api::{Id, SoundCard, UnixMs};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json, id, int, items, to_json, uint, uint_if_any};
use crate::{Error, job_folder::Taken};

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "sounds-1",
    "CREATE TABLE sounds (
        id           TEXT PRIMARY KEY,
        project      TEXT NOT NULL,
        added_ms     INTEGER NOT NULL,
        job          TEXT,
        path         TEXT,
        card         TEXT NOT NULL,
        is_favourite INTEGER NOT NULL,
        tags         TEXT NOT NULL,
        deleted_ms   INTEGER
    );
    CREATE INDEX sounds_by_job ON sounds (job);",
)];

const COLUMNS: &str =
    "id, project, added_ms, job, path, card, is_favourite, tags, deleted_ms FROM sounds";

/// A sound; its card has the name people gave it, and no more of its recipe than lists show.
#[derive(Clone, Debug)]
pub(crate) struct SoundRow {
    pub(crate) id: Id,
    pub(crate) project: Id,
    pub(crate) added_ms: UnixMs,
    /// Where it was taken from, if that is known.
    pub(crate) taken: Option<Taken>,
    pub(crate) card: SoundCard,
    pub(crate) is_favourite: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) deleted_ms: Option<UnixMs>,
}

/// Adds the sound, or replaces it.
pub(crate) fn save(connection: &Connection, row: &SoundRow) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO sounds VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.execute(
        sql,
        params![
            row.id.as_str(),
            row.project.as_str(),
            int(row.added_ms),
            row.taken.as_ref().map(|taken| taken.job.as_str()),
            row.taken.as_ref().map(|taken| taken.path.as_str()),
            to_json(&row.card),
            row.is_favourite,
            to_json(&row.tags),
            row.deleted_ms.map(int),
        ],
    )?;
    items::save_made(connection, row)
}

/// One sound, also when it is in the trash.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<SoundRow>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_str()], from_row).optional()?)
}

/// Every sound that is not in the trash, newest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<SoundRow>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE deleted_ms IS NULL ORDER BY added_ms DESC, id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What was taken of a job, also what is in the trash.
pub(crate) fn of_job(connection: &Connection, job: &Id) -> Result<Vec<SoundRow>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE job = ?1 ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([job.as_str()], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn forget(connection: &Connection, id: &Id) -> Result<(), Error> {
    connection.execute("DELETE FROM sounds WHERE id = ?1", [id.as_str()])?;
    items::forget(connection, id)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SoundRow> {
    let has_job = row.get_ref(3)?.as_str_or_null().is_ok_and(|job| job.is_some());
    let taken = match has_job {
        true => Some(Taken { job: id(row, 3)?, path: row.get(4)? }),
        false => None,
    };
    Ok(SoundRow {
        id: id(row, 0)?,
        project: id(row, 1)?,
        added_ms: uint(row, 2)?,
        taken,
        card: from_json(row, 5)?,
        is_favourite: row.get(6)?,
        tags: from_json(row, 7)?,
        deleted_ms: uint_if_any(row, 8)?,
    })
}
