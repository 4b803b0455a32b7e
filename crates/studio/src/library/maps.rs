//! Verbs on maps: the latents of a dataset as a model knows them. There is one map for the same weights and the same
//! sounds, whoever asks for it.

use std::path::{Path, PathBuf};

use api::{Id, JobKind, LatentMap, MapJob, MapTask, NewMap, Task};
use job::Shelf;

use super::{datasets, make_job, models, name_from, passing, projects::seen_from, sessions::codec};

use crate::{
    Error, Studio,
    queue::Places,
    shared::Shared,
    store::jobs::{self, JobRow, Phase},
    workspace::file_inside,
};

/// The neighbour embedding of a map, written last.
const EMBEDDING: &str = "embedding.bin";

impl Studio {
    /// Queues a map, unless there is one already of the same weights and sounds, or will be.
    ///
    /// # Errors
    /// `NotFound` when there is no such model or dataset; `Invalid` when the model is no codec, or nothing says which
    /// dataset; `Conflict` when the dataset is not whole; `TooMuch` when the queue is full.
    pub fn create_map(&self, new: NewMap) -> Result<MapJob, Error> {
        let model = self.shared.read(|c| models::find(c, &new.model))?;
        let learnt_from = || model.lineage.as_ref().and_then(|lineage| lineage.dataset.clone());
        let Some(dataset) = new.dataset.or_else(learnt_from) else {
            let message =
                format!("nothing says what “{}” learnt from; choose a dataset", model.name);
            return Err(Error::invalid("dataset", message));
        };
        codec(&self.shared, &model.id, &model.name)?;
        let (dataset_name, summary) = self.shared.read(|c| datasets::find_whole(c, &dataset))?;
        let is_same =
            |task: &MapTask| task.model_sha256 == model.sha256 && task.dataset_hash == summary.hash;
        let maps = all(&self.shared)?.into_iter().filter(|(_, task)| is_same(task));
        let there =
            maps.filter(|(row, _)| row.phase.is_active() || row.phase == Phase::Done).max_by_key(
                // One that is done, else the one that is furthest.
                |(row, _)| (row.phase == Phase::Done, row.phase == Phase::Running),
            );
        if let Some((row, _)) = there {
            return self.map(&row.id);
        }
        passing::remove_oldest(&self.shared, JobKind::Map)?;
        let project = self.project_for(Some(&model.id));
        let task = MapTask {
            model_path: seen_from(&self.shared, &project, Shelf::Models, &model.id),
            model: model.id,
            model_sha256: model.sha256,
            dataset_path: seen_from(&self.shared, &project, Shelf::Datasets, &dataset),
            dataset,
            dataset_hash: summary.hash,
        };
        let name = name_from(&format!("{} on {dataset_name}", model.name));
        let id =
            make_job(&self.shared, &project, name, Task::Map(task), |_| Ok(()), |_, _| Ok(()))?;
        self.map(&id)
    }

    /// The newest map of a model as its weights are now, that is done if one is: of a dataset, if one is named.
    ///
    /// # Errors
    /// `NotFound` when there is no such model.
    pub fn map_of_model(&self, model: &Id, dataset: Option<&Id>) -> Result<Option<MapJob>, Error> {
        let model = self.shared.read(|c| models::find(c, model))?;
        let maps = all(&self.shared)?.into_iter().filter(|(_, task)| {
            task.model_sha256 == model.sha256 && dataset.is_none_or(|it| *it == task.dataset)
        });
        let best = maps.max_by_key(|(row, _)| {
            (row.phase == Phase::Done, row.phase.is_active(), row.created_ms)
        });
        best.map(|(row, _)| self.map(&row.id)).transpose()
    }

    /// One map.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its folder cannot be read.
    pub fn map(&self, id: &Id) -> Result<MapJob, Error> {
        let (row, job) = self.shared.read(|c| {
            let row = passing::find(c, JobKind::Map, id)?;
            let job = row.job(Places::read(c)?.of(id));
            Ok((row, job))
        })?;
        let folder = self.shared.workspace.folder(Shelf::Maps, id);
        let task = read_task(&folder)?;
        Ok(MapJob {
            id: row.id,
            model: task.model,
            dataset: task.dataset,
            job,
            map: read_map(&folder)?,
            has_embedding: folder.join(EMBEDDING).is_file(),
        })
    }

    /// A file of a map's folder. Never anything outside of it.
    ///
    /// # Errors
    /// `NotFound` when there is no such map or file.
    pub fn map_file(&self, id: &Id, path: &str) -> Result<PathBuf, Error> {
        self.shared.read(|c| passing::find(c, JobKind::Map, id).map(drop))?;
        file_inside(&self.shared.workspace.folder(Shelf::Maps, id), path)
    }
}

/// The standard deviation of each direction of a model's latents, from its newest map; empty if it has none.
pub(super) fn deviations(shared: &Shared, model_sha256: &str) -> Result<Vec<f32>, Error> {
    let mut maps = all(shared)?;
    maps.retain(|(row, task)| row.phase == Phase::Done && task.model_sha256 == model_sha256);
    maps.sort_by_key(|(row, _)| std::cmp::Reverse(row.ended_ms));
    for (row, _) in maps {
        match read_map(&shared.workspace.folder(Shelf::Maps, &row.id)) {
            Ok(Some(map)) => return Ok(map.directions.iter().map(|it| it.deviation).collect()),
            Ok(None) => {}
            Err(error) => tracing::warn!("map {} is left out: failed to {error}", row.id),
        }
    }
    Ok(Vec::new())
}

/// Every map with its order; one whose order cannot be read is left out.
fn all(shared: &Shared) -> Result<Vec<(JobRow, MapTask)>, Error> {
    let rows = shared.read(|c| {
        let mut rows = Vec::new();
        for (id, _) in jobs::ids(c, JobKind::Map)? {
            rows.extend(jobs::find(c, &id)?.filter(|row| !row.is_discarded));
        }
        Ok(rows)
    })?;
    let with_task = |row: JobRow| match read_task(&shared.workspace.folder(Shelf::Maps, &row.id)) {
        Ok(task) => Some((row, task)),
        Err(error) => {
            tracing::warn!("map {} is left out: failed to {error}", row.id);
            None
        }
    };
    Ok(rows.into_iter().filter_map(with_task).collect())
}

fn read_task(folder: &Path) -> Result<MapTask, Error> {
    let order = job::order::read(folder)?;
    match order.task {
        Task::Map(task) => Ok(task),
        _ => Err(Error::not_found("map", &order.id)),
    }
}

fn read_map(folder: &Path) -> Result<Option<LatentMap>, Error> {
    Ok(job::whole::read_json_if_there(&folder.join(job::files::MAP))?)
}
