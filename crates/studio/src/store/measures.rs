//! Measures: how long runs would take, by their settings.

use api::{Id, Measure, RunMeasure};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_json_if_any, jobs, to_json};
use crate::{Error, queue::Places, store::jobs::JobRow};

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "measures-1",
    "CREATE TABLE measures (
        id       TEXT PRIMARY KEY,
        settings TEXT NOT NULL,
        result   TEXT
    );
    CREATE INDEX measures_by_settings ON measures (settings);",
)];

/// A measure as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct MeasureRow {
    pub(crate) job: JobRow,
    pub(crate) result: Option<RunMeasure>,
}

impl MeasureRow {
    pub(crate) fn measure(self, places: &Places) -> Measure {
        Measure {
            id: self.job.id.clone(),
            name: self.job.name.clone(),
            job: self.job.job(places.of(&self.job.id)),
            result: self.result,
        }
    }
}

/// Adds the measure beside its job, or replaces it.
pub(crate) fn save(
    connection: &Connection,
    id: &Id,
    settings: &serde_json::Value,
    result: Option<&RunMeasure>,
) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO measures VALUES (?1, ?2, ?3)";
    connection.execute(sql, params![id.as_str(), key(settings), result.map(to_json)])?;
    Ok(())
}

pub(crate) fn set_result(
    connection: &Connection,
    id: &Id,
    result: &RunMeasure,
) -> Result<(), Error> {
    let sql = "UPDATE measures SET result = ?2 WHERE id = ?1";
    connection.execute(sql, params![id.as_str(), to_json(result)])?;
    Ok(())
}

/// One measure, also when it is in the trash.
pub(crate) fn find(connection: &Connection, id: &Id) -> Result<Option<MeasureRow>, Error> {
    let sql = format!("{} WHERE jobs.id = ?1", select());
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_str()], from_row).optional()?)
}

/// The newest result with these settings.
pub(crate) fn with_settings(
    connection: &Connection,
    settings: &serde_json::Value,
) -> Result<Option<RunMeasure>, Error> {
    let which = "WHERE settings = ?1 AND result IS NOT NULL AND jobs.deleted_ms IS NULL
                 ORDER BY jobs.created_ms DESC, jobs.id LIMIT 1";
    let sql = format!("{} {which}", select());
    let row = connection.prepare_cached(&sql)?.query_row([key(settings)], from_row).optional()?;
    Ok(row.and_then(|row| row.result))
}

/// The same settings have the same text: keys of JSON are in their order.
fn key(settings: &serde_json::Value) -> String {
    settings.to_string()
}

fn select() -> String {
    let columns = jobs::COLUMNS;
    format!("SELECT {columns}, result FROM jobs JOIN measures USING (id)")
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<MeasureRow> {
    Ok(MeasureRow { job: jobs::from_row(row)?, result: from_json_if_any(row, jobs::N_COLUMNS)? })
}
