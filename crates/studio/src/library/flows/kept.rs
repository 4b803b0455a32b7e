//! Flows of one's own and runs as files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::{FlowPlan, FlowRun, FlowWatch, Id, UnixMs};
use serde::{Deserialize, Serialize};

use super::{Flows, ready};
use crate::{
    Error,
    shared::Shared,
    workspace::{ids_in, remove},
};

/// The folders in the workspace, and the file of a run.
pub(super) const FOLDER: &str = "flows";
const OWN: &str = "own";
pub(super) const RUNS: &str = "runs";
const RUN: &str = "run.json";
/// Runs that are kept, besides those that go on.
const RUNS_KEPT: usize = 1000;

/// A flow of one's own as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) format: u32,
    pub(super) plan: FlowPlan,
    pub(super) changed_ms: UnixMs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) watch: Option<FlowWatch>,
}

/// The oldest runs that have ended go, where there are too many.
pub(super) fn forget_oldest(runs: &Path, flows: &Flows) -> Result<(), Error> {
    let ids = ids_in(runs)?;
    if ids.len() < RUNS_KEPT {
        return Ok(());
    }
    let modified =
        |id: &Id| fs::metadata(runs.join(id.as_str()).join(RUN)).and_then(|it| it.modified()).ok();
    let mut ended: Vec<_> = ids
        .into_iter()
        .filter(|id| !flows.runs.contains_key(id))
        .map(|id| (modified(&id), id))
        .collect();
    ended.sort();
    let n = ended.len().saturating_sub(RUNS_KEPT - 1);
    ended.into_iter().take(n).try_for_each(|(_, id)| remove(&runs.join(id.as_str())))
}

/// A flow, and whether it came with Maquette.
pub(super) fn find(shared: &Shared, id: &Id) -> Result<(Stored, bool), Error> {
    match ready::find(id) {
        Some(stored) => Ok((stored, true)),
        None => Ok((read_own(shared, id)?, false)),
    }
}

/// A folder of flows, which is there then.
pub(super) fn folder_of(shared: &Shared, name: &str) -> Result<PathBuf, Error> {
    let folder = shared.workspace.root().join(FOLDER).join(name);
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    Ok(folder)
}

/// The file of a flow of one's own.
pub(super) fn own_path(shared: &Shared, id: &Id) -> PathBuf {
    shared.workspace.root().join(FOLDER).join(OWN).join(format!("{id}.json"))
}

/// Flows of one's own.
pub(super) fn own_ids(shared: &Shared) -> Result<Vec<Id>, Error> {
    let folder = folder_of(shared, OWN)?;
    let mut ids = vec![];
    for entry in fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
        let name = entry.map_err(Error::io("read", &folder))?.file_name();
        let id =
            name.to_str().and_then(|it| it.strip_suffix(".json")).and_then(|it| it.parse().ok());
        ids.extend(id);
    }
    ids.sort();
    Ok(ids)
}

/// One of them.
pub(super) fn read_own(shared: &Shared, id: &Id) -> Result<Stored, Error> {
    let path = own_path(shared, id);
    match path.is_file() {
        true => Ok(job::whole::read_versioned(&path, FlowPlan::FORMAT)?),
        false => Err(Error::not_found("flow", id)),
    }
}

/// Keeps one of them.
pub(super) fn write_own(shared: &Shared, id: &Id, stored: &Stored) -> Result<(), Error> {
    folder_of(shared, OWN)?;
    Ok(job::whole::write_json(&own_path(shared, id), stored)?)
}

/// A run.
pub(super) fn read_run(shared: &Shared, id: &Id) -> Result<FlowRun, Error> {
    let path = folder_of(shared, RUNS)?.join(id.as_str()).join(RUN);
    if !path.is_file() {
        return Err(Error::not_found("run of a flow", id));
    }
    let run: FlowRun = job::whole::read_versioned(&path, FlowRun::FORMAT)?;
    let keys = run.plan.steps.iter().map(|it| &it.key);
    match keys.eq(run.steps.iter().map(|it| &it.key)) {
        true => Ok(run),
        false => {
            use serde::de::Error as _;
            let source = serde_json::Error::custom("its steps are not those of its flow");
            Err(job::Error::Damaged { path, source }.into())
        }
    }
}

/// Keeps a run.
pub(super) fn write_run(shared: &Shared, run: &FlowRun) -> Result<(), Error> {
    let folder = folder_of(shared, RUNS)?.join(run.id.as_str());
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    shared.workspace.with_room(|| job::whole::write_json(&folder.join(RUN), run))
}
