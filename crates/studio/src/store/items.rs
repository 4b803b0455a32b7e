//! Sounds of the library: one row for each file and each sound that was made here, joined with what is known of what is
//! in it, which equal files have in common (`contents.rs`).

mod terms;

use std::collections::BTreeMap;

use api::{Analysis, Id, ItemKind, LibraryItem, MIDI_ENDINGS, UnixMs};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter, types::Value};
use terms::test_of;

use super::{from_json, id, int, sounds::SoundRow, to_json, uint};
use crate::{Error, library::search::Term};

pub(super) const MIGRATIONS: &[(&str, &str)] = &[
    (
        "items-1",
        "CREATE TABLE items (
            id          TEXT PRIMARY KEY,
            project     TEXT NOT NULL,
            folder      TEXT,
            path        TEXT NOT NULL,
            name        TEXT NOT NULL,
            ending      TEXT NOT NULL,
            bytes       INTEGER NOT NULL,
            modified_ms INTEGER NOT NULL,
            added_ms    INTEGER NOT NULL,
            is_shown    INTEGER NOT NULL,
            is_missing  INTEGER NOT NULL,
            problem     TEXT,
            sha256      TEXT,
            tags        TEXT NOT NULL,
            text        TEXT NOT NULL
        );
        CREATE UNIQUE INDEX items_by_place ON items (folder, path) WHERE folder IS NOT NULL;
        CREATE INDEX items_by_sha256 ON items (sha256);
        CREATE INDEX items_by_project ON items (project, is_shown, added_ms);",
    ),
    // Sounds that were kept before there was a library of all sounds.
    (
        "items-2",
        "INSERT INTO items
            SELECT id, project, NULL, id, json_extract(card, '$.name'), 'wav',
                44 + 2 * json_extract(card, '$.facts.n_samples')
                    * json_extract(card, '$.facts.channels'),
                json_extract(card, '$.created_ms'), added_ms, deleted_ms IS NULL, 0, NULL,
                nullif(json_extract(card, '$.facts.sha256'), ''), tags,
                lower(json_extract(card, '$.name'))
            FROM sounds;",
    ),
];

/// What is known of a file beside what is in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileRow {
    pub(crate) id: Id,
    /// Its path in its folder; of what was made, its identifier.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) modified_ms: UnixMs,
    pub(crate) is_missing: bool,
    pub(crate) is_shown: bool,
}

/// Where a sound's file is: its folder, and its path in there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) id: Id,
    pub(crate) folder: Option<Id>,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) is_missing: bool,
    pub(crate) sha256: Option<String>,
}

/// Adds a file that was not there before.
pub(crate) fn add(
    connection: &Connection,
    (folder, project): (&Id, &Id),
    file: &FileRow,
    added_ms: UnixMs,
) -> Result<(), Error> {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, ending.to_lowercase()),
        _ => (name, String::new()),
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO items VALUES
                (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, NULL, NULL, '[]', ?11)",
        )?
        .execute(params![
            file.id.as_str(),
            project.as_str(),
            folder.as_str(),
            file.path,
            stem,
            ending,
            int(file.bytes),
            int(file.modified_ms),
            int(added_ms),
            file.is_shown,
            file.path.to_lowercase(),
        ])?;
    Ok(())
}

/// Stores that a file was found again: where it has changed, nothing is known of it any more.
pub(crate) fn found(
    connection: &Connection,
    id: &Id,
    (bytes, modified_ms): (u64, UnixMs),
    is_changed: bool,
) -> Result<(), Error> {
    let sql = match is_changed {
        true => {
            "UPDATE items SET is_missing = 0, bytes = ?2, modified_ms = ?3, sha256 = NULL,
                problem = NULL WHERE id = ?1"
        }
        false => "UPDATE items SET is_missing = 0, bytes = ?2, modified_ms = ?3 WHERE id = ?1",
    };
    let values = params![id.as_str(), int(bytes), int(modified_ms)];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// A file that is there and has a content, by the hash of that.
pub(crate) fn with_content(connection: &Connection, sha256: &str) -> Result<Option<Id>, Error> {
    let sql = "SELECT id FROM items WHERE sha256 = ?1 AND is_missing = 0 AND is_shown = 1
        ORDER BY added_ms LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([sha256], |row| super::id(row, 0)).optional()?)
}

/// Stores that a file is not where it was.
pub(crate) fn lost(connection: &Connection, id: &Id) -> Result<(), Error> {
    let sql = "UPDATE items SET is_missing = 1 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute([id.as_str()])?;
    Ok(())
}

/// Shows a file, or does not show it any more.
pub(crate) fn show(connection: &Connection, id: &Id, is_shown: bool) -> Result<(), Error> {
    let sql = "UPDATE items SET is_shown = ?2 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute(params![id.as_str(), is_shown])?;
    Ok(())
}

/// Stores what is in a file, by its hash; or why that could not be found out.
pub(crate) fn set_content(
    connection: &Connection,
    id: &Id,
    content: Result<&str, &str>,
) -> Result<(), Error> {
    let sql = "UPDATE items SET sha256 = coalesce(?2, sha256), problem = ?3 WHERE id = ?1";
    let (sha256, problem) = (content.ok(), content.err());
    connection.prepare_cached(sql)?.execute(params![id.as_str(), sha256, problem])?;
    Ok(())
}

/// Adds a sound that was made here, or brings it up to date.
pub(super) fn save_made(connection: &Connection, row: &SoundRow) -> Result<(), Error> {
    let facts = &row.card.facts;
    // A card from elsewhere may say anything.
    let samples = facts.n_samples.saturating_mul(u64::from(facts.channels));
    let bytes = samples.saturating_mul(2).saturating_add(44);
    let sha256 = Some(facts.sha256.as_str()).filter(|it| !it.is_empty());
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO items VALUES
                (?1, ?2, NULL, ?1, ?3, 'wav', ?4, ?5, ?6, ?7, 0, NULL, ?8, ?9, ?10)",
        )?
        .execute(params![
            row.id.as_str(),
            row.project.as_str(),
            row.card.name,
            int(bytes),
            int(row.card.created_ms),
            int(row.added_ms),
            row.deleted_ms.is_none(),
            sha256,
            to_json(&row.tags),
            row.card.name.to_lowercase(),
        ])?;
    match sha256 {
        Some(sha256) => super::contents::save_facts(connection, sha256, facts),
        None => Ok(()),
    }
}

pub(super) fn forget(connection: &Connection, id: &Id) -> Result<(), Error> {
    connection.execute("DELETE FROM items WHERE id = ?1", [id.as_str()])?;
    Ok(())
}

pub(super) fn forget_folder(connection: &Connection, folder: &Id) -> Result<(), Error> {
    connection.execute("DELETE FROM items WHERE folder = ?1", [folder.as_str()])?;
    Ok(())
}

/// Forgets a file that is missing.
pub(crate) fn forget_file(connection: &Connection, id: &Id) -> Result<(), Error> {
    forget(connection, id)
}

/// Shows the sounds of a folder, or does not; and stores the project that it lies in.
pub(super) fn show_folder(
    connection: &Connection,
    folder: &Id,
    project: &Id,
    is_shown: bool,
) -> Result<(), Error> {
    // Those that were removed from it stay so: their paths stand in its card.
    let sql = match is_shown {
        true => {
            "UPDATE items SET project = ?2, is_shown = path NOT IN (
                SELECT value FROM folders, json_each(folders.card, '$.removed') WHERE folders.id = ?1
            ) WHERE folder = ?1"
        }
        false => "UPDATE items SET project = ?2, is_shown = 0 WHERE folder = ?1",
    };
    connection.execute(sql, [folder.as_str(), project.as_str()])?;
    Ok(())
}

/// Stores that a sound that was made here lies in another project.
pub(super) fn set_project(connection: &Connection, id: &Id, project: &Id) -> Result<(), Error> {
    let sql = "UPDATE items SET project = ?2 WHERE id = ?1 OR folder = ?1";
    connection.execute(sql, [id.as_str(), project.as_str()])?;
    Ok(())
}

/// Whether something has this identifier.
pub(crate) fn has(connection: &Connection, id: &Id) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM items WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.exists([id.as_str()])?)
}

/// Every file of a folder, by its path.
pub(crate) fn of_folder(
    connection: &Connection,
    folder: &Id,
) -> Result<BTreeMap<String, FileRow>, Error> {
    let sql =
        "SELECT id, path, bytes, modified_ms, is_missing, is_shown FROM items WHERE folder = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([folder.as_str()], |row| {
        let file = FileRow {
            id: id(row, 0)?,
            path: row.get(1)?,
            bytes: uint(row, 2)?,
            modified_ms: uint(row, 3)?,
            is_missing: row.get(4)?,
            is_shown: row.get(5)?,
        };
        Ok((file.path.clone(), file))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many sounds of a folder are shown, are missing, and are neither analysed as this program does nor have failed to be.
pub(crate) fn counts(connection: &Connection, folder: &Id) -> Result<[u64; 3], Error> {
    let sql = format!(
        "SELECT count(*), coalesce(sum(i.is_missing), 0),
            coalesce(sum(NOT i.is_missing AND i.problem IS NULL AND c.analysed IS NULL), 0)
        FROM items i LEFT JOIN contents c ON c.sha256 = i.sha256 AND {}
        WHERE i.folder = ?1 AND i.is_shown",
        is_up_to_date()
    );
    let counts = connection
        .prepare_cached(&sql)?
        .query_row([folder.as_str()], |row| Ok([uint(row, 0)?, uint(row, 1)?, uint(row, 2)?]))?;
    Ok(counts)
}

/// Which sounds are to be analysed.
#[derive(Clone, Debug)]
pub(crate) enum Which<'a> {
    /// All of a project, or of every project.
    All(Option<&'a Id>),
    Folder(&'a Id),
    One(&'a Id),
}

/// What a content is like that was analysed as this program does it.
fn is_up_to_date() -> String {
    format!("c.analysed AND c.format >= {}", Analysis::FORMAT)
}

/// Where sounds are that can be analysed: those that are not analysed and have not failed to be, or all.
pub(crate) fn to_analyse(
    connection: &Connection,
    which: &Which<'_>,
    is_again: bool,
) -> Result<Vec<Place>, Error> {
    let (limit, value) = match which {
        Which::All(None) => ("?1 = ''", ""),
        Which::All(Some(project)) => ("i.project = ?1", project.as_str()),
        Which::Folder(folder) => ("i.folder = ?1", folder.as_str()),
        Which::One(id) => ("i.id = ?1", id.as_str()),
    };
    let state = match is_again {
        true => "1",
        false => "i.problem IS NULL AND c.sha256 IS NULL",
    };
    let sql = format!(
        "SELECT {PLACE} FROM items i LEFT JOIN contents c ON c.sha256 = i.sha256 AND {}
         WHERE i.is_shown AND NOT i.is_missing AND {limit} AND {state} ORDER BY i.path, i.id",
        is_up_to_date()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([value], place_from)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const PLACE: &str = "i.id, i.folder, i.path, i.name, i.bytes, i.is_missing, i.sha256";

/// Where a sound that is shown is.
pub(crate) fn place(connection: &Connection, id: &Id) -> Result<Option<Place>, Error> {
    let sql = format!("SELECT {PLACE} FROM items i WHERE i.id = ?1 AND i.is_shown");
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_str()], place_from).optional()?)
}

/// The file in a folder, also one that is not shown.
pub(crate) fn removed_place(connection: &Connection, id: &Id) -> Result<Option<Place>, Error> {
    let sql = format!("SELECT {PLACE} FROM items i WHERE i.id = ?1 AND i.folder IS NOT NULL");
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_str()], place_from).optional()?)
}

fn place_from(row: &Row<'_>) -> rusqlite::Result<Place> {
    let has_folder = row.get_ref(1)?.as_str_or_null().is_ok_and(|it| it.is_some());
    Ok(Place {
        id: id(row, 0)?,
        folder: if has_folder { Some(id(row, 1)?) } else { None },
        path: row.get(2)?,
        name: row.get(3)?,
        bytes: uint(row, 4)?,
        is_missing: row.get(5)?,
        sha256: row.get(6)?,
    })
}

/// Hashes of files that nothing was read of yet.
pub(crate) fn unread_hashes(connection: &Connection) -> Result<Vec<String>, Error> {
    let sql = "SELECT DISTINCT i.sha256 FROM items i LEFT JOIN contents c ON c.sha256 = i.sha256
         WHERE i.sha256 IS NOT NULL AND (c.sha256 IS NULL OR NOT c.is_read)";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The orders in which sounds can be listed, by the words for them.
const SORTS: &[(&str, &str)] = &[
    ("name", "i.name COLLATE NOCASE"),
    ("added", "i.added_ms"),
    ("modified", "i.modified_ms"),
    ("format", "i.ending"),
    ("length", "c.seconds"),
    ("tempo", "c.tempo_bpm"),
    ("key", "c.tonic * 2 + c.is_minor"),
    ("loudness", "c.loudness_lufs"),
    ("peak", "c.true_peak_dbtp"),
    ("rating", "coalesce(c.rating, 0)"),
    ("rate", "c.rate_hz"),
];

/// The words for the orders in which sounds can be listed.
pub(crate) fn sorts() -> impl Iterator<Item = &'static str> {
    SORTS.iter().map(|(word, _)| *word)
}

/// What is listed, and in which order.
#[derive(Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) project: Option<&'a Id>,
    pub(crate) terms: &'a [Term],
    /// One of [`sorts`]; the order of adding, newest first, without one.
    pub(crate) sort: Option<&'a str>,
    pub(crate) is_down: bool,
    /// Only these sounds, if that is said.
    pub(crate) only: Option<&'a [Id]>,
}

/// Sounds that pass a search, so many of them from one on, and how many there are in all.
pub(crate) fn search(
    connection: &Connection,
    wanted: &Wanted<'_>,
    (offset, limit): (u64, u64),
) -> Result<(u64, Vec<LibraryItem>), Error> {
    let (from, values) = from_where(wanted);
    let total = connection
        .prepare_cached(&format!("SELECT count(*) {from}"))?
        .query_row(params_from_iter(&values), |row| uint(row, 0))?;
    let sql = format!(
        "SELECT i.id {from} ORDER BY {} LIMIT {} OFFSET {}",
        order(wanted),
        int(limit),
        int(offset)
    );
    // All of them are put in order by little, and only those of this part are read whole.
    let mut statement = connection.prepare_cached(&sql)?;
    let ids = statement.query_map(params_from_iter(&values), |row| id(row, 0))?;
    let ids = ids.collect::<rusqlite::Result<Vec<Id>>>()?;
    let mut items = Vec::with_capacity(ids.len());
    for id in ids {
        items.extend(find(connection, &id)?);
    }
    Ok((total, items))
}

/// Hears every sound that passes a search and was read, with its hash; without an order that was asked for, in any.
pub(crate) fn passing(
    connection: &Connection,
    wanted: &Wanted<'_>,
    mut hear: impl FnMut(&str, &str),
) -> Result<(), Error> {
    let (from, values) = from_where(wanted);
    let order = wanted.sort.map_or_else(String::new, |_| format!("ORDER BY {}", order(wanted)));
    let sql = format!("SELECT i.id, i.sha256 {from} AND i.sha256 IS NOT NULL {order}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(&values))?;
    while let Some(row) = rows.next()? {
        let text = |idx| row.get_ref(idx).map(|it| it.as_str().unwrap_or_default());
        hear(text(0)?, text(1)?);
    }
    Ok(())
}

/// From where a search reads, with what was typed.
fn from_where(wanted: &Wanted<'_>) -> (String, Vec<Value>) {
    let (mut values, mut tests) = (Vec::new(), vec!["i.is_shown".to_owned()]);
    if let Some(project) = wanted.project {
        values.push(Value::Text(project.to_string()));
        tests.push("i.project = ?1".to_owned());
    }
    if let Some(only) = wanted.only {
        values.push(Value::Text(to_json(&only)));
        tests.push(format!("i.id IN (SELECT value FROM json_each(?{}))", values.len()));
    }
    for term in wanted.terms {
        let test = test_of(&term.test, &mut values);
        // What is not known does not pass, and does not pass the opposite either way round but as «not so».
        tests.push(match term.is_negated {
            true => format!("NOT coalesce({test}, 0)"),
            false => format!("coalesce({test}, 0)"),
        });
    }
    let from = format!(
        "FROM items i LEFT JOIN contents c ON c.sha256 = i.sha256
         LEFT JOIN folders f ON f.id = i.folder WHERE {}",
        tests.join(" AND ")
    );
    (from, values)
}

fn order(wanted: &Wanted<'_>) -> String {
    let known = wanted.sort.and_then(|sort| SORTS.iter().find(|(word, _)| *word == sort));
    match known {
        Some((_, column)) => {
            let direction = if wanted.is_down { "DESC" } else { "ASC" };
            format!("({column}) IS NULL, {column} {direction}, i.name COLLATE NOCASE, i.id")
        }
        None => "i.added_ms DESC, i.path COLLATE NOCASE, i.id".to_owned(),
    }
}

/// One sound that is shown.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<LibraryItem>, Error> {
    let sql = format!(
        "SELECT {ITEM} FROM items i LEFT JOIN contents c ON c.sha256 = i.sha256
         WHERE i.id = ?1 AND i.is_shown"
    );
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_str()], item_from).optional()?)
}

/// Tags, collections, keys and endings of the sounds of a project, with how many have each.
pub(crate) fn words(
    connection: &Connection,
    project: Option<&Id>,
) -> Result<Vec<(String, String, u64)>, Error> {
    let sql = "WITH shown AS (
            SELECT i.tags, i.ending, c.tags AS own_tags, c.collections, c.key FROM items i
            LEFT JOIN contents c ON c.sha256 = i.sha256
            WHERE i.is_shown AND (?1 = '' OR i.project = ?1)
        ), words AS (
            SELECT 'tag' AS field, t.value AS word FROM shown, json_each(shown.tags) t
            UNION ALL SELECT 'tag', t.value FROM shown, json_each(coalesce(shown.own_tags, '[]')) t
            UNION ALL SELECT 'collection', t.value
                FROM shown, json_each(coalesce(shown.collections, '[]')) t
            UNION ALL SELECT 'key', shown.key FROM shown WHERE shown.key IS NOT NULL
            UNION ALL SELECT 'format', shown.ending FROM shown WHERE shown.ending <> ''
        )
        SELECT field, word, count(*) FROM words GROUP BY field, word
        ORDER BY field, count(*) DESC, word";
    let mut statement = connection.prepare_cached(sql)?;
    let project = project.map_or("", Id::as_str);
    let rows =
        statement.query_map([project], |row| Ok((row.get(0)?, row.get(1)?, uint(row, 2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const ITEM: &str = "i.id, i.project, i.folder, i.path, i.name, i.ending, i.bytes, i.modified_ms,
    i.added_ms, i.is_missing, i.problem, i.sha256, i.tags, c.analysed, c.is_edited, c.seconds,
    c.rate_hz, c.channels, c.tempo_bpm, c.meter, c.key, c.loudness_lufs, c.true_peak_dbtp,
    c.findings, c.words, c.rating, c.tags, c.collections, c.format";

/// A row as lists have it; its path is still that in its folder.
fn item_from(row: &Row<'_>) -> rusqlite::Result<LibraryItem> {
    let has_folder = row.get_ref(2)?.as_str_or_null().is_ok_and(|it| it.is_some());
    let list = |idx: usize| super::from_json_if_any::<Vec<String>>(row, idx);
    let (mut tags, own_tags): (Vec<String>, _) = (from_json(row, 12)?, list(26)?);
    for tag in own_tags.unwrap_or_default() {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let ending: String = row.get(5)?;
    let is_midi = MIDI_ENDINGS.contains(&ending.as_str());
    Ok(LibraryItem {
        id: id(row, 0)?,
        kind: if is_midi { ItemKind::Midi } else { ItemKind::Sound },
        project: id(row, 1)?,
        folder: if has_folder { Some(id(row, 2)?) } else { None },
        path: row.get(3)?,
        name: row.get(4)?,
        ending,
        bytes: uint(row, 6)?,
        modified_ms: uint(row, 7)?,
        added_ms: uint(row, 8)?,
        is_missing: row.get(9)?,
        problem: row.get(10)?,
        sha256: row.get(11)?,
        is_analysed: row.get::<_, Option<bool>>(13)?.unwrap_or_default(),
        is_outdated: row.get::<_, Option<bool>>(13)?.unwrap_or_default()
            && row.get::<_, Option<u32>>(28)?.is_none_or(|it| it < Analysis::FORMAT),
        is_edited: row.get::<_, Option<bool>>(14)?.unwrap_or_default(),
        seconds: row.get(15)?,
        rate_hz: row.get(16)?,
        channels: row.get(17)?,
        tempo_bpm: row.get(18)?,
        meter: row.get(19)?,
        key: row.get(20)?,
        loudness_lufs: row.get(21)?,
        true_peak_dbtp: row.get(22)?,
        findings: list(23)?.unwrap_or_default(),
        words: list(24)?.unwrap_or_default(),
        rating: row.get::<_, Option<u8>>(25)?.unwrap_or_default(),
        tags,
        collections: list(27)?.unwrap_or_default(),
        similarity: None,
    })
}
