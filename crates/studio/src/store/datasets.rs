//! Datasets: what each holds, once it is whole. Its files are in its own index, not here.

use api::{Dataset, DatasetSummary, Id, SoundSource};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json, from_json_if_any, jobs, to_json};
use crate::{Error, queue::Places, store::jobs::JobRow};

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "datasets-1",
    "CREATE TABLE datasets (
        id      TEXT PRIMARY KEY,
        source  TEXT NOT NULL,
        summary TEXT
    );",
)];

/// A dataset as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct DatasetRow {
    pub(crate) job: JobRow,
    pub(crate) source: SoundSource,
    pub(crate) summary: Option<DatasetSummary>,
}

impl DatasetRow {
    pub(crate) fn dataset(&self, places: &Places) -> Dataset {
        Dataset {
            id: self.job.id.clone(),
            name: self.job.name.clone(),
            created_ms: self.job.created_ms,
            job: self.job.job(places.of(&self.job.id)),
            summary: self.summary.clone(),
        }
    }
}

/// Adds the dataset beside its job, or replaces it.
pub(crate) fn save(
    connection: &Connection,
    id: &Id,
    source: &SoundSource,
    summary: Option<&DatasetSummary>,
) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO datasets VALUES (?1, ?2, ?3)";
    connection.execute(sql, params![id.as_str(), to_json(source), summary.map(to_json)])?;
    Ok(())
}

/// What the dataset holds now; nothing while it is prepared again.
pub(crate) fn set_summary(
    connection: &Connection,
    id: &Id,
    summary: Option<&DatasetSummary>,
) -> Result<(), Error> {
    let sql = "UPDATE datasets SET summary = ?2 WHERE id = ?1";
    connection.execute(sql, params![id.as_str(), summary.map(to_json)])?;
    Ok(())
}

/// One dataset, also when it is in the trash.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<DatasetRow>, Error> {
    let sql = format!("{} WHERE jobs.id = ?1", select());
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_str()], from_row).optional()?)
}

/// Every dataset that is not in the trash, newest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<DatasetRow>, Error> {
    let order = "WHERE jobs.deleted_ms IS NULL ORDER BY jobs.created_ms DESC, jobs.id";
    let mut statement = connection.prepare_cached(&format!("{} {order}", select()))?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether a job that has not done its work yet needs an upload.
pub(crate) fn needs_upload(connection: &Connection, upload: &Id) -> Result<bool, Error> {
    let source = to_json(&SoundSource::Upload { upload: upload.clone() });
    let sql = "SELECT count(*) FROM datasets JOIN jobs USING (id)
               WHERE source = ?1 AND phase <> 'done' AND NOT is_discarded";
    Ok(connection.query_row(sql, [source], |row| row.get::<_, i64>(0))? > 0)
}

fn select() -> String {
    let columns = jobs::COLUMNS;
    format!(
        "SELECT {columns}, datasets.source, datasets.summary FROM jobs JOIN datasets USING (id)"
    )
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<DatasetRow> {
    Ok(DatasetRow {
        job: jobs::from_row(row)?,
        source: from_json(row, jobs::N_COLUMNS)?,
        summary: from_json_if_any(row, jobs::N_COLUMNS + 1)?,
    })
}
