//! Runs: what lists show of a training. Its settings are in its order, not here.

use std::collections::BTreeMap;

use api::{Fact, Id, Limit, Phase, PresetName, Run, Score, ScoreMetric, SystemUse, TrainTask};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json, from_json_if_any, id, int, jobs, to_json, uint};
use crate::{Error, queue::Places, store::jobs::JobRow};

pub(super) const MIGRATIONS: &[(&str, &str)] = &[
    (
        "runs-1",
        "CREATE TABLE runs (
        id      TEXT PRIMARY KEY,
        dataset TEXT NOT NULL,
        family  TEXT NOT NULL,
        preset  TEXT NOT NULL,
        stop_at TEXT NOT NULL,
        step    INTEGER NOT NULL,
        latest  TEXT NOT NULL,
        score   TEXT,
        system  TEXT
    );
    CREATE INDEX runs_by_dataset ON runs (dataset);",
    ),
    (
        "runs-2",
        "ALTER TABLE runs ADD COLUMN switches TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE runs ADD COLUMN own_preset TEXT;",
    ),
    (
        "runs-3",
        "ALTER TABLE runs ADD COLUMN score_metric TEXT;
    ALTER TABLE runs ADD COLUMN phases TEXT NOT NULL DEFAULT '[]';",
    ),
    ("runs-4", "ALTER TABLE runs ADD COLUMN facts TEXT NOT NULL DEFAULT '[]'"),
];

/// A run as it is stored, beside its job.
#[derive(Clone, Debug)]
pub(crate) struct RunRow {
    pub(crate) dataset: Option<Id>,
    pub(crate) family: String,
    pub(crate) preset: String,
    pub(crate) switches: Vec<String>,
    pub(crate) own_preset: Option<PresetName>,
    pub(crate) limit: Limit,
    pub(crate) step: u64,
    pub(crate) latest: BTreeMap<String, f64>,
    pub(crate) score_metric: ScoreMetric,
    pub(crate) score: Option<Score>,
    pub(crate) phases: Vec<Phase>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) system: Option<SystemUse>,
    /// Read from its episodes; saving a run does not touch them.
    pub(crate) game: Option<String>,
}

impl RunRow {
    /// A run of which no event was read.
    pub(crate) fn new(task: &TrainTask, limit: Limit) -> Self {
        Self {
            dataset: task.dataset.clone(),
            family: task.family.clone(),
            preset: task.preset.clone(),
            switches: task.switches.clone(),
            own_preset: task.own_preset.clone(),
            limit,
            step: 0,
            latest: BTreeMap::new(),
            score_metric: ScoreMetric::default(),
            score: None,
            phases: Vec::new(),
            facts: Vec::new(),
            system: None,
            game: None,
        }
    }

    pub(crate) fn run(self, job: &JobRow, places: &Places) -> Run {
        Run {
            id: job.id.clone(),
            name: job.name.clone(),
            created_ms: job.created_ms,
            job: job.job(places.of(&job.id)),
            dataset: self.dataset,
            family: self.family,
            preset: self.preset,
            switches: self.switches,
            own_preset: self.own_preset,
            limit: self.limit,
            step: self.step,
            latest: self.latest,
            score_metric: self.score_metric,
            score: self.score,
            phases: self.phases,
            game: self.game,
        }
    }
}

/// Adds the run beside its job, or replaces it.
pub(crate) fn save(connection: &Connection, id: &Id, run: &RunRow) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO runs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
            ?12, ?13, ?14)",
    )?;
    statement.execute(params![
        id.as_str(),
        // The column is older than runs without a dataset.
        run.dataset.as_ref().map_or("", Id::as_str),
        run.family,
        run.preset,
        to_json(&run.limit),
        int(run.step),
        to_json(&run.latest),
        run.score.as_ref().map(to_json),
        run.system.as_ref().map(to_json),
        to_json(&run.switches),
        run.own_preset.as_ref().map(to_json),
        to_json(&run.score_metric),
        to_json(&run.phases),
        to_json(&run.facts),
    ])?;
    Ok(())
}

/// One run with its job, also when it is in the trash.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<(JobRow, RunRow)>, Error> {
    let sql = format!("{} WHERE jobs.id = ?1", select());
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_str()], from_row).optional()?)
}

/// Every run that is not in the trash, newest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<(JobRow, RunRow)>, Error> {
    let order = "WHERE jobs.deleted_ms IS NULL ORDER BY jobs.created_ms DESC, jobs.id";
    let mut statement = connection.prepare_cached(&format!("{} {order}", select()))?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Runs that train or trained on a dataset, newest first; `active` ones wait or run.
pub(crate) fn on_dataset(connection: &Connection, dataset: &Id) -> Result<Vec<(Id, bool)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT jobs.id, jobs.phase IN ('queued', 'running') FROM runs JOIN jobs USING (id)
         WHERE runs.dataset = ?1 AND jobs.deleted_ms IS NULL
         ORDER BY jobs.created_ms DESC, jobs.id",
    )?;
    let rows = statement.query_map([dataset.as_str()], |row| Ok((id(row, 0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn select() -> String {
    let columns = jobs::COLUMNS;
    format!(
        "SELECT {columns}, dataset, family, preset, stop_at, step, latest, score, system,
                switches, own_preset, score_metric, phases, facts,
                (SELECT json_extract(body, '$.game') FROM episodes WHERE job = jobs.id LIMIT 1)
         FROM jobs JOIN runs USING (id)"
    )
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<(JobRow, RunRow)> {
    let at = jobs::N_COLUMNS;
    let run = RunRow {
        dataset: row.get::<_, String>(at)?.parse().ok(),
        family: row.get(at + 1)?,
        preset: row.get(at + 2)?,
        limit: from_json(row, at + 3)?,
        step: uint(row, at + 4)?,
        latest: from_json(row, at + 5)?,
        score: from_json_if_any(row, at + 6)?,
        system: from_json_if_any(row, at + 7)?,
        switches: from_json(row, at + 8)?,
        own_preset: from_json_if_any(row, at + 9)?,
        score_metric: from_json_if_any(row, at + 10)?.unwrap_or_default(),
        phases: from_json(row, at + 11)?,
        facts: from_json(row, at + 12)?,
        game: row.get(at + 13)?,
    };
    Ok((jobs::from_row(row)?, run))
}
