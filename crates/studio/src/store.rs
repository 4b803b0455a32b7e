//! The database: an index of the folders, and what the follower read from their events.
//!
//! Each table has its file with its migrations. Nothing here decides anything. The database can be
//! thrown away: opening the workspace reads it from the folders again (`rebuild.rs`).
//!
//! There are two connections, so that a page that reads never waits for the loop that stores.
//!
//! When the disk is full, the database goes on in memory, and back to its file once there is room. What is
//! lost in between is read from the folders at the next start.

pub(crate) mod checkpoints;
pub(crate) mod contents;
pub(crate) mod datasets;
pub(crate) mod episodes;
pub(crate) mod event_marks;
pub(crate) mod films;
pub(crate) mod folders;
pub(crate) mod items;
pub(crate) mod jobs;
pub(crate) mod measures;
pub(crate) mod metrics;
pub(crate) mod models;
pub(crate) mod patches;
pub(crate) mod presets;
pub(crate) mod reconstructions;
pub(crate) mod runs;
pub(crate) mod samples;
pub(crate) mod sound_places;
pub(crate) mod sounds;
pub(crate) mod warnings;

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use job::Shelf;
use rusqlite::{Connection, ErrorCode, Row, Transaction, TransactionBehavior, types::Type};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, error::is_full};

/// Every table's migrations, in the order they were written. A migration never changes once it was
/// released; a change is a new one.
const MIGRATIONS: &[&[(&str, &str)]] = &[
    jobs::MIGRATIONS,
    datasets::MIGRATIONS,
    runs::MIGRATIONS,
    models::MIGRATIONS,
    reconstructions::MIGRATIONS,
    warnings::MIGRATIONS,
    checkpoints::MIGRATIONS,
    samples::MIGRATIONS,
    event_marks::MIGRATIONS,
    metrics::MIGRATIONS,
    presets::MIGRATIONS,
    measures::MIGRATIONS,
    episodes::MIGRATIONS,
    films::MIGRATIONS,
    patches::MIGRATIONS,
    sounds::MIGRATIONS,
    folders::MIGRATIONS,
    items::MIGRATIONS,
    contents::MIGRATIONS,
    sound_places::MIGRATIONS,
];

/// A database up to this size is checked as a whole after a crash; it takes a second or so.
const MAX_CHECKED_BYTES: u64 = 256 << 20;

/// The database of an open workspace.
pub(crate) struct Store {
    path: PathBuf,
    writer: Mutex<Option<Connection>>,
    reader: Mutex<Option<Connection>>,
    /// The database in memory, while it is there.
    memory: Mutex<Option<MemoryName>>,
}

/// How much to trust the file that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The last studio closed it.
    Closed,
    /// The last studio went without closing: look through it.
    Unclean,
}

impl Store {
    /// Opens the database and brings its tables up to date. A broken one is set aside as
    /// `maquette.db.broken-<ms>` and a new one is made.
    pub(crate) fn open(path: &Path, trust: Trust, now_ms: u64) -> Result<Self, Error> {
        let opened = if suspect_mark(path).exists() {
            Err(rusqlite::Error::InvalidQuery)
        } else {
            connect(path, trust)
        };
        let mut memory = None;
        let (writer, reader) = match opened {
            Ok(connections) => connections,
            Err(error) if is_full(&error) => {
                tracing::warn!("the disk is full, so the database is kept in memory: {error}");
                let (name, connections) = in_memory(|connection, _| migrate(connection))?;
                memory = Some(name);
                connections
            }
            Err(error) => {
                tracing::warn!("the database is set aside, it will be rebuilt: {error}");
                set_aside(path, now_ms)?;
                connect(path, Trust::Closed)?
            }
        };
        let (writer, reader) = (Mutex::new(Some(writer)), Mutex::new(Some(reader)));
        Ok(Self { path: path.to_owned(), writer, reader, memory: Mutex::new(memory) })
    }

    /// Reads; what is seen does not change meanwhile.
    pub(crate) fn read<R>(
        &self,
        act: impl FnOnce(&Connection) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut reader = lock(&self.reader);
        let transaction = reader.as_mut().ok_or(Error::Closed)?.transaction()?;
        act(&transaction).inspect_err(|error| self.mark_if_broken(error))
    }

    /// Writes all or nothing, then calls `stored` before anybody else can write.
    pub(crate) fn write<R, S>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<R, Error>,
        stored: impl FnOnce(R) -> S,
    ) -> Result<S, Error> {
        let mut writer = lock(&self.writer);
        let connection = writer.as_mut().ok_or(Error::Closed)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = act(&transaction).inspect_err(|error| self.mark_if_broken(error))?;
        transaction.commit()?;
        Ok(stored(result))
    }

    /// Whether nothing is written to the disk.
    pub(crate) fn is_in_memory(&self) -> bool {
        lock(&self.memory).is_some()
    }

    /// Goes on with a copy in memory, for want of room on the disk.
    pub(crate) fn go_on_in_memory(&self) -> Result<(), Error> {
        let (mut writer, mut reader) = (lock(&self.writer), lock(&self.reader));
        if self.is_in_memory() {
            return Ok(());
        }
        let disk = writer.as_ref().ok_or(Error::Closed)?;
        let (name, (to_write, to_read)) =
            in_memory(|_, name| disk.execute("VACUUM INTO ?1", [&name.0]).map(drop))?;
        (*writer, *reader) = (Some(to_write), Some(to_read));
        *lock(&self.memory) = Some(name);
        tracing::warn!("the disk is full, so the database is kept in memory until there is room");
        Ok(())
    }

    /// Writes to the disk what was kept in memory, and goes on there. Nothing changes if that fails.
    pub(crate) fn go_back_to_disk(&self) -> Result<(), Error> {
        let (mut writer, mut reader) = (lock(&self.writer), lock(&self.reader));
        let mut memory = lock(&self.memory);
        let Some(name) = &*memory else { return Ok(()) };
        if writer.is_none() {
            return Err(Error::Closed);
        }
        let (mut to_write, to_read) = connect(&self.path, Trust::Closed)?;
        copy_all(name, &mut to_write)?;
        (*writer, *reader) = (Some(to_write), Some(to_read));
        *memory = None;
        tracing::warn!("there is room on the disk again, so the database is back there");
        Ok(())
    }

    /// Closes both connections; later calls fail with `Closed`.
    pub(crate) fn close(&self) {
        if let Err(error) = self.go_back_to_disk()
            && self.is_in_memory()
        {
            tracing::warn!("what was kept in memory is read from the folders next time: {error}");
        }
        for connection in [&self.reader, &self.writer] {
            if let Some(Err((_, error))) = lock(connection).take().map(Connection::close) {
                tracing::warn!("failed to close the database: {error}");
            }
        }
    }

    /// Leaves a mark so that the next start sets the database aside.
    fn mark_if_broken(&self, error: &Error) {
        let Error::Store(source) = error else { return };
        if !is_corrupt(source) {
            return;
        }
        tracing::error!("the database is broken, it will be rebuilt at the next start: {source}");
        if let Err(error) = std::fs::write(suspect_mark(&self.path), "") {
            tracing::warn!("failed to mark the database as broken: {error}");
        }
    }
}

fn connect(path: &Path, trust: Trust) -> rusqlite::Result<(Connection, Connection)> {
    let mut writer = open_connection(path)?;
    let is_small = std::fs::metadata(path).is_ok_and(|found| found.len() <= MAX_CHECKED_BYTES);
    if trust == Trust::Unclean && is_small {
        let verdict: String = writer.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            tracing::warn!("the database check says: {verdict}");
            return Err(rusqlite::Error::InvalidQuery);
        }
    }
    migrate(&mut writer)?;
    let reader = open_connection(path)?;
    reader.pragma_update(None, "query_only", true)?;
    Ok((writer, reader))
}

/// Two connections to a new database in memory, after `fill` has put the tables into it.
fn in_memory(
    fill: impl FnOnce(&mut Connection, &MemoryName) -> rusqlite::Result<()>,
) -> rusqlite::Result<(MemoryName, (Connection, Connection))> {
    static N_OPENED: AtomicU64 = AtomicU64::new(0);
    let number = N_OPENED.fetch_add(1, Ordering::Relaxed);
    let name = MemoryName(format!("file:/maquette-{number}?vfs=memdb"));
    let open = || -> rusqlite::Result<Connection> {
        // It lives as long as a connection to it.
        let connection = Connection::open(&name.0)?;
        connection.busy_timeout(MEMORY_PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    let (mut writer, reader) = (open()?, open()?);
    fill(&mut writer, &name)?;
    reader.pragma_update(None, "query_only", true)?;
    Ok((name, (writer, reader)))
}

/// What connections of this process open a database in memory by.
struct MemoryName(String);

/// How long one connection to a database in memory waits for the other.
const MEMORY_PATIENCE: Duration = Duration::from_secs(5);

/// Replaces everything in a database by what is in another with the same tables, all or nothing.
fn copy_all(from: &MemoryName, to: &mut Connection) -> rusqlite::Result<()> {
    to.execute("ATTACH DATABASE ?1 AS memory", [&from.0])?;
    let copied = copy_tables(to);
    // When copying failed, that is what matters.
    let detached = to.execute_batch("DETACH DATABASE memory");
    copied.and(detached)
}

fn copy_tables(to: &mut Connection) -> rusqlite::Result<()> {
    let transaction = to.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables: Vec<String> = transaction
        .prepare(
            "SELECT name FROM memory.sqlite_master
             WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for table in tables {
        transaction.execute_batch(&format!(
            "DELETE FROM main.\"{table}\";
             INSERT INTO main.\"{table}\" SELECT * FROM memory.\"{table}\";"
        ))?;
    }
    transaction.commit()
}

fn open_connection(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Runs the migrations that this database has not had. One that had migrations we do not know was
/// made by a newer program, and is treated like a broken one: set aside, not touched.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")?;
    let had: Vec<String> = transaction
        .prepare("SELECT name FROM migrations")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let known = || MIGRATIONS.iter().flat_map(|table| table.iter());
    if let Some(name) = had.iter().find(|name| known().all(|(known, _)| known != name)) {
        tracing::warn!("the database has the unknown migration {name}");
        return Err(rusqlite::Error::InvalidQuery);
    }
    for (name, sql) in known().filter(|(name, _)| had.iter().all(|had| had != name)) {
        transaction.execute_batch(sql)?;
        transaction.execute("INSERT INTO migrations (name) VALUES (?1)", [name])?;
    }
    transaction.commit()
}

fn set_aside(path: &Path, now_ms: u64) -> Result<(), Error> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let broken = beside(&format!(".broken-{now_ms}"));
    if path.exists() {
        std::fs::rename(path, &broken).map_err(Error::io("set aside", path))?;
    }
    for suffix in ["-wal", "-shm"] {
        crate::workspace::remove(&beside(suffix))?;
    }
    crate::workspace::remove(&suspect_mark(path))
}

fn suspect_mark(path: &Path) -> PathBuf {
    path.with_file_name("maquette.db.suspect")
}

fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in a transaction rolls it back, so what the mutex guards is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything on a shelf, with whether it is in the trash and the project it lies or lay in.
pub(crate) fn on_shelf(
    connection: &Connection,
    shelf: Shelf,
) -> Result<Vec<(api::Id, bool, api::Id)>, Error> {
    let of_body = |table: &str| {
        format!(
            "SELECT id, deleted_ms IS NOT NULL, coalesce(json_extract(body, '$.project'), ?1)
             FROM {table} ORDER BY id"
        )
    };
    let (sql, given) = match shelf {
        Shelf::Models => (of_body("models"), api::Project::first().to_string()),
        Shelf::Presets => (of_body("presets"), api::Project::first().to_string()),
        Shelf::Patches | Shelf::Sounds | Shelf::Folders => {
            let sql = format!(
                "SELECT id, deleted_ms IS NOT NULL, project FROM {} WHERE ?1 = '' ORDER BY id",
                shelf.name()
            );
            (sql, String::new())
        }
        _ => {
            let sql =
                "SELECT id, deleted_ms IS NOT NULL, project FROM jobs WHERE kind = ?1 ORDER BY id";
            (sql.to_owned(), job::kinds::on_shelf(shelf).map_or("", |row| row.word).to_owned())
        }
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([given], |row| Ok((id(row, 0)?, row.get(1)?, id(row, 2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Stores that something lies in another project.
pub(crate) fn set_project(
    connection: &Connection,
    shelf: Shelf,
    id: &api::Id,
    project: &api::Id,
) -> Result<(), Error> {
    let sql = match shelf {
        Shelf::Models => "UPDATE models SET body = json_set(body, '$.project', ?2) WHERE id = ?1",
        Shelf::Presets => "UPDATE presets SET body = json_set(body, '$.project', ?2) WHERE id = ?1",
        Shelf::Patches => "UPDATE patches SET project = ?2 WHERE id = ?1",
        Shelf::Sounds => "UPDATE sounds SET project = ?2 WHERE id = ?1",
        Shelf::Folders => "UPDATE folders SET project = ?2 WHERE id = ?1",
        _ => "UPDATE jobs SET project = ?2 WHERE id = ?1",
    };
    connection.execute(sql, [id.as_str(), project.as_str()])?;
    match shelf {
        Shelf::Sounds | Shelf::Folders => items::set_project(connection, id, project),
        _ => Ok(()),
    }
}

/// SQLite has signed integers only; ours are counts and times, far below the end of both.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The inverse of [`int`].
fn uint(row: &Row<'_>, idx: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(idx).map(|value| u64::try_from(value).unwrap_or(0))
}

fn uint_if_any(row: &Row<'_>, idx: usize) -> rusqlite::Result<Option<u64>> {
    let value = row.get::<_, Option<i64>>(idx)?;
    Ok(value.map(|value| u64::try_from(value).unwrap_or(0)))
}

/// A column that holds JSON of plain data.
fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data with text keys always becomes JSON")
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, idx: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(idx)?.as_str().map_err(|error| conversion(idx, error))?;
    serde_json::from_str(text).map_err(|error| conversion(idx, error))
}

fn from_json_if_any<T: DeserializeOwned>(row: &Row<'_>, idx: usize) -> rusqlite::Result<Option<T>> {
    let text = row.get_ref(idx)?.as_str_or_null().map_err(|error| conversion(idx, error))?;
    text.map(|text| serde_json::from_str(text).map_err(|error| conversion(idx, error))).transpose()
}

/// A column that holds an identifier.
fn id(row: &Row<'_>, idx: usize) -> rusqlite::Result<api::Id> {
    row.get::<_, String>(idx)?.parse::<api::Id>().map_err(|error| conversion(idx, error))
}

fn conversion(
    idx: usize,
    error: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(idx, Type::Text, error.into())
}

/// Rows of a job that hold one JSON value each, in the order they came: what tables of warnings,
/// checkpoints and samples have in common.
fn json_rows<T: DeserializeOwned>(
    connection: &Connection,
    sql: &str,
    job: &api::Id,
) -> Result<Vec<T>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([job.as_str()], |row| from_json(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_database_is_set_aside() {
        let check = |bytes: Option<&[u8]>, has_mark: bool, n_broken: usize| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("maquette.db");
            Store::open(&path, Trust::Closed, 1).unwrap().close();
            if let Some(bytes) = bytes {
                std::fs::write(&path, bytes).unwrap();
            }
            if has_mark {
                std::fs::write(suspect_mark(&path), "").unwrap();
            }
            for now_ms in 2..4 {
                let store = Store::open(&path, Trust::Unclean, now_ms).unwrap();
                store.read(|c| Ok(c.execute_batch("SELECT * FROM jobs")?)).unwrap();
                store.close();
                assert!(matches!(store.read(|_| Ok(())), Err(Error::Closed)));
            }
            let entries = std::fs::read_dir(folder.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            assert_eq!(names.filter(|name| name.contains(".broken-")).count(), n_broken);
        };
        check(None, false, 0);
        check(None, true, 1);
        check(
            Some(b"no database at all, but long enough to look at".repeat(99).as_slice()),
            false,
            1,
        );
        check(Some(b"short"), false, 1);
        check(Some(b""), false, 0);
    }

    #[test]
    fn a_full_disk_does_not_stop_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("maquette.db");
        let store = Store::open(&path, Trust::Closed, 1).unwrap();
        let add = |n: u32| {
            let id = api::Id::from_name("run", n);
            let row = jobs::JobRow::new(id, api::JobKind::Train, "x".repeat(5000), 0);
            store.write(|tx| jobs::save(tx, &row), |()| ())
        };
        let n_jobs = |store: &Store| {
            let count = |c: &Connection| Ok(jobs::ids(c, api::JobKind::Train)?.len());
            store.read(count).unwrap()
        };
        add(1).unwrap();
        // SQLite's own limit answers as a full disk does.
        let limit = |pages: i64| {
            let writer = lock(&store.writer);
            let connection = writer.as_ref().unwrap();
            connection.pragma_update(None, "max_page_count", pages).unwrap();
        };
        limit(1);
        let refused = add(2).unwrap_err();
        assert!(refused.is_disk_full(), "{refused:?}");
        store.go_on_in_memory().unwrap();
        assert!(store.is_in_memory());
        for n in 2..50 {
            add(n).unwrap();
        }
        assert_eq!(n_jobs(&store), 49);
        store.go_back_to_disk().unwrap();
        assert!(!store.is_in_memory());
        add(50).unwrap();
        store.close();
        assert_eq!(n_jobs(&Store::open(&path, Trust::Unclean, 2).unwrap()), 50);
    }

    #[test]
    fn a_database_of_an_older_program_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("maquette.db");
        let connection = open_connection(&path).unwrap();
        connection.execute_batch("CREATE TABLE migrations (name TEXT PRIMARY KEY)").unwrap();
        let newer = [
            "jobs-2",
            "jobs-3",
            "jobs-4",
            "jobs-5",
            "runs-2",
            "runs-3",
            "runs-4",
            "presets-1",
            "measures-1",
        ];
        let all = MIGRATIONS.iter().flat_map(|table| table.iter());
        for (name, sql) in all.filter(|(name, _)| !newer.contains(name)) {
            connection.execute_batch(sql).unwrap();
            connection.execute("INSERT INTO migrations (name) VALUES (?1)", [name]).unwrap();
        }
        let id = api::Id::numbered("run", 1);
        let add = "INSERT INTO jobs VALUES ('run', 'train', 'run', 0, 'done', NULL, NULL, NULL,
            NULL, NULL, NULL, 0, NULL, NULL, 0, 0, 0, NULL)";
        connection.execute_batch(add).unwrap();
        let add = "INSERT INTO runs VALUES
            ('run', 'notes', 'rave', 'sketch', '{\"until\":\"forever\"}', 3, '{}', NULL, NULL)";
        connection.execute_batch(add).unwrap();
        drop(connection);
        let store = Store::open(&path, Trust::Closed, 1).unwrap();
        let (_, run) = store.read(|c| runs::find(c, &id)).unwrap().unwrap();
        assert_eq!((run.preset.as_str(), run.step), ("sketch", 3));
        assert_eq!((run.switches, run.own_preset), (Vec::new(), None));
        assert_eq!((run.score_metric, run.phases), (api::ScoreMetric::default(), Vec::new()));
        assert!(store.read(presets::all).unwrap().is_empty());
    }

    #[test]
    fn a_database_of_a_newer_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("maquette.db");
        let store = Store::open(&path, Trust::Closed, 1).unwrap();
        let add = "INSERT INTO migrations (name) VALUES ('jobs-99')";
        store.write(|tx| Ok(tx.execute_batch(add)?), |()| ()).unwrap();
        store.close();
        Store::open(&path, Trust::Closed, 2).unwrap().close();
        assert!(folder.path().join("maquette.db.broken-2").exists());
    }
}
