//! Jobs: one row for each dataset, run and reconstruction, with where it stands.

use api::{Id, Job, JobKind, JobState, Problem, Progress, Project, UnixMs};
use job::Needs;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json_if_any, id, int, to_json, uint, uint_if_any};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[
    ("jobs-1", JOBS_1),
    ("jobs-2", "ALTER TABLE jobs ADD COLUMN dismissed INTEGER NOT NULL DEFAULT 0"),
    ("jobs-3", "ALTER TABLE jobs ADD COLUMN project TEXT NOT NULL DEFAULT 'default'"),
    ("jobs-4", "ALTER TABLE jobs ADD COLUMN on_gpu INTEGER NOT NULL DEFAULT 0"),
    (
        "jobs-5",
        "ALTER TABLE jobs ADD COLUMN urgency INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE jobs ADD COLUMN needs_bytes INTEGER;
         ALTER TABLE jobs ADD COLUMN waits_for TEXT",
    ),
];

const JOBS_1: &str = "CREATE TABLE jobs (
    id               TEXT PRIMARY KEY,
    kind             TEXT NOT NULL,
    name             TEXT NOT NULL,
    created_ms       INTEGER NOT NULL,
    phase            TEXT NOT NULL,
    queue_key        INTEGER,
    pid              INTEGER,
    first_started_ms INTEGER,
    last_started_ms  INTEGER,
    ended_ms         INTEGER,
    stop_asked_ms    INTEGER,
    is_discarded     INTEGER NOT NULL,
    problem          TEXT,
    progress         TEXT,
    last_seq         INTEGER NOT NULL,
    n_warnings       INTEGER NOT NULL,
    read_bytes       INTEGER NOT NULL,
    deleted_ms       INTEGER
);
CREATE INDEX jobs_by_phase ON jobs (phase, queue_key);";

/// The columns of a [`JobRow`], in order, for queries that join.
pub(super) const COLUMNS: &str = "jobs.id, jobs.kind, jobs.name, jobs.created_ms, jobs.phase, \
    jobs.queue_key, jobs.pid, jobs.first_started_ms, jobs.last_started_ms, jobs.ended_ms, \
    jobs.stop_asked_ms, jobs.is_discarded, jobs.problem, jobs.progress, jobs.last_seq, \
    jobs.n_warnings, jobs.read_bytes, jobs.deleted_ms, jobs.dismissed, jobs.project, jobs.on_gpu, \
    jobs.urgency, jobs.needs_bytes, jobs.waits_for";

/// How many columns those are.
pub(super) const N_COLUMNS: usize = 24;

/// A job as it is stored; [`JobRow::job`] is how the product says it.
#[derive(Clone, Debug)]
pub(crate) struct JobRow {
    pub(crate) id: Id,
    pub(crate) kind: JobKind,
    pub(crate) name: String,
    pub(crate) created_ms: UnixMs,
    pub(crate) phase: Phase,
    /// Its order in the queue, while it is queued.
    pub(crate) queue_key: Option<u64>,
    /// Its process, while it runs. A running job without one was about to be started.
    pub(crate) pid: Option<u32>,
    pub(crate) first_started_ms: Option<UnixMs>,
    pub(crate) last_started_ms: Option<UnixMs>,
    pub(crate) ended_ms: Option<UnixMs>,
    pub(crate) stop_asked_ms: Option<UnixMs>,
    /// Whether its folder goes as soon as its process has ended.
    pub(crate) is_discarded: bool,
    pub(crate) problem: Option<Problem>,
    pub(crate) progress: Option<Progress>,
    pub(crate) last_seq: u64,
    pub(crate) n_warnings: u32,
    /// How far its events were read.
    pub(crate) read_bytes: u64,
    /// When it was moved to the trash, if it was.
    pub(crate) deleted_ms: Option<UnixMs>,
    pub(crate) is_dismissed: bool,
    /// The project it lies in, or lay in before it was moved to the trash.
    pub(crate) project: Id,
    /// Whether it was ordered to compute on a GPU.
    pub(crate) on_gpu: bool,
    /// Those that are more urgent come first in the queue: 0 is usual, what goes on by itself is below.
    pub(crate) urgency: i32,
    /// Memory that it was said to need, where that is known.
    pub(crate) needs_bytes: Option<u64>,
    /// Why it waits though nothing is before it, in a sentence.
    pub(crate) waits_for: Option<String>,
}

/// [`JobState`] without what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Queued,
    Running,
    Done,
    Stopped,
    Failed,
    Interrupted,
}

const PHASES: [(Phase, &str); 6] = [
    (Phase::Queued, "queued"),
    (Phase::Running, "running"),
    (Phase::Done, "done"),
    (Phase::Stopped, "stopped"),
    (Phase::Failed, "failed"),
    (Phase::Interrupted, "interrupted"),
];

impl Phase {
    pub(crate) fn word(self) -> &'static str {
        word(&PHASES, self)
    }

    /// Whether the job waits for a process or has one.
    pub(crate) fn is_active(self) -> bool {
        matches!(self, Phase::Queued | Phase::Running)
    }
}

impl JobRow {
    /// A job of the first project that nobody has queued yet.
    pub(crate) fn new(id: Id, kind: JobKind, name: String, created_ms: UnixMs) -> Self {
        Self {
            id,
            kind,
            name,
            created_ms,
            phase: Phase::Interrupted,
            queue_key: None,
            pid: None,
            first_started_ms: None,
            last_started_ms: None,
            ended_ms: None,
            stop_asked_ms: None,
            is_discarded: false,
            problem: None,
            progress: None,
            last_seq: 0,
            n_warnings: 0,
            read_bytes: 0,
            deleted_ms: None,
            is_dismissed: false,
            project: Project::first(),
            on_gpu: false,
            urgency: 0,
            needs_bytes: None,
            waits_for: None,
        }
    }

    /// What it takes of the computer while it runs.
    pub(crate) fn needs(&self) -> Needs {
        job::kinds::needs(self.kind, self.on_gpu)
    }

    /// The job as the product says it; `place` is its place if it is queued.
    pub(crate) fn job(&self, place: u32) -> Job {
        Job {
            id: self.id.clone(),
            kind: self.kind,
            project: self.project.clone(),
            name: self.name.clone(),
            created_ms: self.created_ms,
            state: self.state(place),
            progress: self.progress.clone(),
            last_seq: self.last_seq,
            n_warnings: self.n_warnings,
            dismissed: self.is_dismissed,
            waits_for: self.waits_for.clone().filter(|_| self.phase == Phase::Queued),
        }
    }

    fn state(&self, place: u32) -> JobState {
        let ended_ms = self.ended_ms.unwrap_or(self.created_ms);
        // A job that was cancelled before it started has no start; its end stands for both.
        let started_ms = self.first_started_ms.unwrap_or(ended_ms);
        match self.phase {
            Phase::Queued => JobState::Queued { place },
            Phase::Running => JobState::Running {
                started_ms: self.last_started_ms.unwrap_or(self.created_ms),
                stopping: self.stop_asked_ms.is_some(),
            },
            Phase::Done => JobState::Done { started_ms, ended_ms },
            Phase::Stopped => JobState::Stopped { started_ms, ended_ms },
            Phase::Failed => JobState::Failed {
                started_ms: self.first_started_ms,
                ended_ms,
                problem: self.problem.clone().unwrap_or_else(unknown_problem),
            },
            Phase::Interrupted => {
                JobState::Interrupted { started_ms: self.last_started_ms, noticed_ms: ended_ms }
            }
        }
    }
}

/// Adds the job, or replaces it.
pub(crate) fn save(connection: &Connection, job: &JobRow) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO jobs VALUES
            (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
             ?19, ?20, ?21, ?22, ?23, ?24)",
    )?;
    statement.execute(params![
        job.id.as_str(),
        job::kind(job.kind).word,
        job.name,
        int(job.created_ms),
        job.phase.word(),
        job.queue_key.map(int),
        job.pid,
        job.first_started_ms.map(int),
        job.last_started_ms.map(int),
        job.ended_ms.map(int),
        job.stop_asked_ms.map(int),
        job.is_discarded,
        job.problem.as_ref().map(to_json),
        job.progress.as_ref().map(to_json),
        int(job.last_seq),
        job.n_warnings,
        int(job.read_bytes),
        job.deleted_ms.map(int),
        job.is_dismissed,
        job.project.as_str(),
        job.on_gpu,
        job.urgency,
        job.needs_bytes.map(int),
        job.waits_for,
    ])?;
    Ok(())
}

pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<JobRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id.as_str()], from_row).optional()?)
}

/// Jobs in a phase that are not in the trash: queued ones in order of the queue.
pub(crate) fn in_phase(connection: &Connection, phase: Phase) -> Result<Vec<JobRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs WHERE phase = ?1 AND deleted_ms IS NULL
         ORDER BY urgency DESC, queue_key, created_ms, id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([phase.word()], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every job that is not in the trash, newest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<JobRow>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM jobs WHERE deleted_ms IS NULL ORDER BY created_ms DESC, id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What every queued job waits for, and its identifier, in order of the queue.
pub(crate) fn queue(connection: &Connection) -> Result<Vec<(Needs, Id)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, on_gpu, id FROM jobs WHERE phase = 'queued'
         ORDER BY urgency DESC, queue_key, created_ms, id",
    )?;
    let rows = statement
        .query_map([], |row| Ok((job::kinds::needs(kind(row, 0)?, row.get(1)?), id(row, 2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The key of the next job to be queued: behind all that were.
pub(crate) fn next_queue_key(connection: &Connection) -> Result<u64, Error> {
    let sql = "SELECT coalesce(max(queue_key), 0) + 1 FROM jobs";
    Ok(connection.query_row(sql, [], |row| uint(row, 0))?)
}

/// Every identifier of a kind, with whether it is in the trash.
pub(crate) fn ids(connection: &Connection, kind: JobKind) -> Result<Vec<(Id, bool)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, deleted_ms IS NOT NULL FROM jobs WHERE kind = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([job::kind(kind).word], |row| Ok((id(row, 0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The names of all jobs of a kind that are not in the trash.
pub(crate) fn names(connection: &Connection, kind: JobKind) -> Result<Vec<String>, Error> {
    let sql = "SELECT name FROM jobs WHERE kind = ?1 AND deleted_ms IS NULL";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([job::kind(kind).word], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// When a job of a project was last made or ended.
pub(crate) fn last_used(connection: &Connection, project: &Id) -> Result<Option<UnixMs>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT max(max(created_ms, coalesce(ended_ms, 0))) FROM jobs
         WHERE project = ?1 AND deleted_ms IS NULL",
    )?;
    Ok(statement.query_row([project.as_str()], |row| uint_if_any(row, 0))?)
}

/// Forgets the job and all that was read from its events.
pub(crate) fn forget(connection: &Connection, id: &Id) -> Result<(), Error> {
    connection.execute("DELETE FROM jobs WHERE id = ?1", [id.as_str()])?;
    for table in ["datasets", "runs", "reconstructions", "measures"] {
        connection.execute(&format!("DELETE FROM {table} WHERE id = ?1"), [id.as_str()])?;
    }
    super::films::forget_run(connection, id)?;
    forget_events(connection, id)
}

/// Forgets what was read from a job's events.
pub(crate) fn forget_events(connection: &Connection, id: &Id) -> Result<(), Error> {
    let tables = [
        "warnings",
        "checkpoints",
        "samples",
        "episodes",
        "event_marks",
        "metric_tail",
        "metric_chunks",
    ];
    for table in tables {
        connection.execute(&format!("DELETE FROM {table} WHERE job = ?1"), [id.as_str()])?;
    }
    Ok(())
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: id(row, 0)?,
        kind: kind(row, 1)?,
        name: row.get(2)?,
        created_ms: uint(row, 3)?,
        phase: value(&PHASES, row, 4)?,
        queue_key: uint_if_any(row, 5)?,
        pid: row.get(6)?,
        first_started_ms: uint_if_any(row, 7)?,
        last_started_ms: uint_if_any(row, 8)?,
        ended_ms: uint_if_any(row, 9)?,
        stop_asked_ms: uint_if_any(row, 10)?,
        is_discarded: row.get(11)?,
        problem: from_json_if_any(row, 12)?,
        progress: from_json_if_any(row, 13)?,
        last_seq: uint(row, 14)?,
        n_warnings: row.get(15)?,
        read_bytes: uint(row, 16)?,
        deleted_ms: uint_if_any(row, 17)?,
        is_dismissed: row.get(18)?,
        project: id(row, 19)?,
        on_gpu: row.get(20)?,
        urgency: row.get(21)?,
        needs_bytes: uint_if_any(row, 22)?,
        waits_for: row.get(23)?,
    })
}

fn kind(row: &Row<'_>, idx: usize) -> rusqlite::Result<JobKind> {
    let text = row.get_ref(idx)?.as_str().map_err(|error| super::conversion(idx, error))?;
    let known = job::kinds::by_word(text);
    known
        .map(|row| row.kind)
        .ok_or_else(|| super::conversion(idx, format!("unknown kind `{text}`")))
}

fn word<T: Copy + PartialEq>(words: &[(T, &'static str)], value: T) -> &'static str {
    words.iter().find(|(it, _)| *it == value).map_or("", |(_, word)| word)
}

fn value<T: Copy>(words: &[(T, &str)], row: &Row<'_>, idx: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(idx)?.as_str().map_err(|error| super::conversion(idx, error))?;
    let found = words.iter().find(|(_, word)| *word == text);
    found
        .map(|(value, _)| *value)
        .ok_or_else(|| super::conversion(idx, format!("unknown word `{text}`")))
}

fn unknown_problem() -> Problem {
    Problem {
        code: "unknown".to_owned(),
        what: "The job failed.".to_owned(),
        why: None,
        remedy: Some("Check the job's log.".to_owned()),
        fields: Vec::new(),
    }
}
