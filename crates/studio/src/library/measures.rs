//! Verbs on measures: how long a run would take on this computer.

use api::{Id, JobKind, Limit, Measure, MeasureTask, RunMeasure, Task};

use super::{make_job, passing, runs::check_limit};
use crate::{
    Error, Studio,
    queue::Places,
    store::measures::{self, MeasureRow},
};

/// What to measure: a run whose settings were resolved and checked.
#[derive(Clone, Debug)]
pub struct MeasureRequest {
    /// What it is of, in a few words.
    pub name: String,
    /// The family of the model.
    pub family: String,
    /// Every setting, whole.
    pub settings: serde_json::Value,
    /// Whether these settings come to a GPU on this computer.
    pub on_gpu: bool,
    /// When the run would stop by itself.
    pub limit: Limit,
    /// Sounds that it would be measured on.
    pub n_held_out: u32,
    /// Their mean length.
    pub held_out_secs: f64,
}

impl Studio {
    /// Queues a measure: a few steps that tell how long the run would take.
    ///
    /// # Errors
    /// `Invalid` when the limit cannot be used; `TooMuch` when the queue is full.
    pub fn create_measure(&self, request: MeasureRequest) -> Result<Measure, Error> {
        check_limit(request.limit)?;
        passing::remove_oldest(&self.shared, JobKind::Measure)?;
        let settings = request.settings.clone();
        let task = MeasureTask {
            family: request.family,
            settings: request.settings,
            on_gpu: request.on_gpu,
            limit: request.limit,
            n_held_out: request.n_held_out,
            held_out_secs: request.held_out_secs,
        };
        let id = make_job(
            &self.shared,
            &self.project_for(None),
            super::name_from(&request.name),
            Task::Measure(task),
            |_| Ok(()),
            |change, job| measures::save(change.tx, &job.id, &settings, None),
        )?;
        self.measure(&id)
    }

    /// One measure.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn measure(&self, id: &Id) -> Result<Measure, Error> {
        self.shared.read(|c| Ok(find(c, id)?.measure(&Places::read(c)?)))
    }

    /// What was last measured with these settings, if anything was.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn measured(&self, settings: &serde_json::Value) -> Result<Option<RunMeasure>, Error> {
        self.shared.read(|c| measures::with_settings(c, settings))
    }
}

/// One measure that is not in the trash.
fn find(connection: &rusqlite::Connection, id: &Id) -> Result<MeasureRow, Error> {
    measures::find(connection, id)?
        .filter(|row| row.job.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found("measure", id))
}
