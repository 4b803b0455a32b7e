//! Films that are to be made by themselves: of which episode of which run, and what became of it.
//!
//! Once for each, however often its event is read; what a film is stands in its folder and not here.

use api::{FilmKind, Id};
use rusqlite::{Connection, OptionalExtension, params};

use super::{conversion, id, int, uint};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[
    (
        "film-wishes-1",
        "CREATE TABLE film_wishes (
        number INTEGER PRIMARY KEY,
        run    TEXT NOT NULL,
        kind   TEXT NOT NULL,
        path   TEXT NOT NULL,
        film   TEXT,
        UNIQUE (run, kind, path)
    );
    CREATE INDEX film_wishes_by_film ON film_wishes (film);",
    ),
    (
        // A run that was resumed until a later end records other episodes under the same names.
        "film-wishes-2",
        "DROP TABLE film_wishes;
    CREATE TABLE film_wishes (
        number INTEGER PRIMARY KEY,
        run    TEXT NOT NULL,
        kind   TEXT NOT NULL,
        path   TEXT NOT NULL,
        step   INTEGER NOT NULL,
        film   TEXT,
        UNIQUE (run, kind, path, step)
    );
    CREATE INDEX film_wishes_by_film ON film_wishes (film);",
    ),
];

/// Films of one run that are made by themselves, at most.
const WISHES_MAX: u32 = 100;

/// What stands in place of a film that was not made.
const SKIPPED: &str = "";

/// A film that waits to be asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wish {
    pub(crate) number: i64,
    pub(crate) run: Id,
    pub(crate) kind: FilmKind,
    /// The episode that it is for, and the agent's step in it.
    pub(crate) path: String,
    pub(crate) step: u64,
}

/// Wishes for a film, unless there was a wish for the same before. Whether there is room for it.
pub(crate) fn add(
    connection: &Connection,
    run: &Id,
    kind: FilmKind,
    (path, step): (&str, u64),
) -> Result<bool, Error> {
    let sql = "SELECT count(*) FROM film_wishes WHERE run = ?1";
    let n: u32 = connection.prepare_cached(sql)?.query_row([run.as_str()], |row| row.get(0))?;
    if n >= WISHES_MAX {
        return Ok(false);
    }
    let sql = "INSERT OR IGNORE INTO film_wishes (run, kind, path, step) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![run.as_str(), kind.word(), path, int(step)])?;
    Ok(true)
}

/// The oldest wish that waits, of a run that is not in the trash.
pub(crate) fn next(connection: &Connection) -> Result<Option<Wish>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT number, run, film_wishes.kind, path, step FROM film_wishes JOIN jobs ON jobs.id = run
         WHERE film IS NULL AND jobs.deleted_ms IS NULL ORDER BY number LIMIT 1",
    )?;
    let wish = |row: &rusqlite::Row<'_>| {
        let word: String = row.get(2)?;
        let kind = FilmKind::ALL.into_iter().find(|kind| kind.word() == word);
        let kind = kind.ok_or_else(|| conversion(2, format!("unknown kind `{word}`")))?;
        Ok(Wish {
            number: row.get(0)?,
            run: id(row, 1)?,
            kind,
            path: row.get(3)?,
            step: uint(row, 4)?,
        })
    };
    Ok(statement.query_row([], wish).optional()?)
}

/// A film was asked for.
pub(crate) fn asked(connection: &Connection, wish: &Wish, film: &Id) -> Result<(), Error> {
    set(connection, wish, film.as_str())
}

/// There will be no film.
pub(crate) fn skip(connection: &Connection, wish: &Wish) -> Result<(), Error> {
    set(connection, wish, SKIPPED)
}

/// Forgets a wish: its episode is gone, and may come again.
pub(crate) fn remove(connection: &Connection, wish: &Wish) -> Result<(), Error> {
    connection.execute("DELETE FROM film_wishes WHERE number = ?1", [wish.number])?;
    Ok(())
}

/// A film that was asked for was not made: it is wished for again.
pub(crate) fn wait_again(connection: &Connection, film: &Id) -> Result<(), Error> {
    let sql = "UPDATE film_wishes SET film = NULL WHERE film = ?1";
    connection.execute(sql, [film.as_str()])?;
    Ok(())
}

/// Forgets all wishes of a run.
pub(crate) fn forget_run(connection: &Connection, run: &Id) -> Result<(), Error> {
    connection.execute("DELETE FROM film_wishes WHERE run = ?1", [run.as_str()])?;
    Ok(())
}

fn set(connection: &Connection, wish: &Wish, film: &str) -> Result<(), Error> {
    let sql = "UPDATE film_wishes SET film = ?2 WHERE number = ?1";
    connection.execute(sql, params![wish.number, film])?;
    Ok(())
}
