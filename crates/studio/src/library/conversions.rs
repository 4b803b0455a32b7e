//! Verbs on conversions: sound to latents, and latents to sound.

use api::{Conversion, ConvertTask, Id, JobKind, ModelPlace, Task};
use job::Shelf;

use super::{make_job, models, name_from, passing};
use crate::{
    Error, Studio,
    queue::Places,
    store::jobs::Phase,
    workspace::{check_path, file_name},
};

impl Studio {
    /// Queues a conversion.
    ///
    /// # Errors
    /// `NotFound` when there is no such model; `Invalid` when a path is not absolute; `Io` when there
    /// is nothing at it; `TooMuch` when the queue is full.
    pub fn create_conversion(&self, task: ConvertTask) -> Result<Conversion, Error> {
        let (ConvertTask::Latents { path, model, .. } | ConvertTask::Sound { path, model, .. }) =
            &task;
        check_path(path)?;
        match model {
            ModelPlace::Library { id } => self.shared.read(|c| models::find(c, id).map(drop))?,
            ModelPlace::File { path } => check_path(path)?,
        }
        passing::remove_oldest(&self.shared, JobKind::Convert)?;
        let name = name_from(&file_name(path));
        let project = self.project_of_model(model);
        let task = Task::Convert(task);
        let id = make_job(&self.shared, &project, name, task, |_| Ok(()), |_, _| Ok(()))?;
        self.conversion(&id)
    }

    /// One conversion.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its folder cannot be read.
    pub fn conversion(&self, id: &Id) -> Result<Conversion, Error> {
        let (row, job) = self.shared.read(|c| {
            let row = passing::find(c, JobKind::Convert, id)?;
            let job = row.job(Places::read(c)?.of(id));
            Ok((row, job))
        })?;
        let folder = self.shared.workspace.folder(Shelf::Conversions, id);
        let order = job::order::read(&folder)?;
        let Task::Convert(task) = order.task else {
            return Err(Error::not_found("conversion", id));
        };
        let result = match row.phase {
            Phase::Done => Some(job::whole::read_json(&folder.join(job::files::RESULT))?),
            _ => None,
        };
        Ok(Conversion { id: id.clone(), task, job, result })
    }
}
