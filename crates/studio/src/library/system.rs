//! Verbs on the whole: how the studio and its jobs are, and what jobs may take of the computer together.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use api::{
    Doctor, Failure, FlowState, Id, JobState, KeptModel, Limits, RunningJob, SpaceTaken,
    SystemHealth, UnixMs,
};
use job::Shelf;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Studio,
    shared::{Shared, lock},
    store::jobs::{self, Phase},
    workspace::{ids_in, size_of},
};

/// The file of limits in the workspace.
const LIMITS: &str = "limits.json";
/// What jobs may take where nobody has said anything: a share of the computer's memory, and without knowing that, this.
const USUAL_SHARE: f64 = 0.8;
const UNKNOWN_BYTES: u64 = 8 << 30;
/// The least limit.
const LEAST_BYTES: u64 = 256 << 20;
/// Failures that are shown, and how long.
const FAILURES_MAX: usize = 20;
const FAILURES_MS: UnixMs = 7 * 24 * 3600 * 1000;

#[derive(Serialize, Deserialize)]
struct LimitsFile {
    format: u32,
    #[serde(default)]
    memory_bytes: Option<u64>,
}

impl LimitsFile {
    const FORMAT: u32 = 1;
}

impl Studio {
    /// How everything is; `doctor` is what was found on this machine.
    ///
    /// # Errors
    /// `Io` when the workspace cannot be read; `Store` or `Closed`.
    pub fn system(&self, doctor: Doctor, started_ms: UnixMs) -> Result<SystemHealth, Error> {
        let all = self.everywhere();
        let now_ms = self.shared.now_ms();
        let (running, failed) = self.shared.read(|c| {
            let running = jobs::in_phase(c, Phase::Running)?;
            let mut failed = jobs::in_phase(c, Phase::Failed)?;
            failed.extend(jobs::in_phase(c, Phase::Interrupted)?);
            Ok((running, failed))
        })?;
        let running = running.into_iter().map(|row| RunningJob {
            needs_bytes: row.needs_bytes,
            memory_bytes: row.pid.and_then(job::memory::of_process),
            job: row.job(0),
        });
        let staying = lock(&self.shared.staying).clone();
        let kept = staying.into_iter().filter_map(|(pid, id)| {
            let memory_bytes = job::memory::of_process(pid);
            // One that has ended meanwhile keeps nothing.
            memory_bytes?;
            let job = self.job(&id).map_or_else(|_| id.to_string(), |it| it.name);
            Some(KeptModel { job, memory_bytes })
        });
        let kept = kept.collect();
        let mut failures: Vec<Failure> = failed
            .into_iter()
            .filter_map(|row| {
                let ended_ms = row.ended_ms?;
                let problem = row.problem.clone();
                Some(Failure { job: row.job(0), ended_ms, problem })
            })
            .filter(|it| now_ms.saturating_sub(it.ended_ms) <= FAILURES_MS)
            .collect();
        failures.sort_by(|a, b| b.ended_ms.cmp(&a.ended_ms).then(a.job.id.cmp(&b.job.id)));
        failures.truncate(FAILURES_MAX);
        let waiting = all.flow_runs(None)?.into_iter().filter(|it| it.state == FlowState::Waiting);
        let queued =
            all.jobs()?.into_iter().filter(|it| matches!(it.state, JobState::Queued { .. }));
        Ok(SystemHealth {
            doctor,
            started_ms,
            memory_limit_bytes: self.shared.memory_limit_bytes(),
            running: running.collect(),
            kept_models: kept,
            queued: queued.collect(),
            failures,
            waiting_flows: waiting.map(|it| it.id).collect(),
            n_missing_vectors: self.memory()?.n_missing,
            n_unreadable: all.unreadable()?.len() as u64,
            space: space(&self.shared)?,
        })
    }

    /// What jobs may take together.
    ///
    /// # Errors
    /// `Io` when it cannot be read.
    pub fn limits(&self) -> Result<Limits, Error> {
        read(&self.shared)
    }

    /// Says what jobs may take together, from the next job on.
    ///
    /// # Errors
    /// `Invalid` when it is less than any job takes; `Io` when it cannot be written.
    pub fn set_limits(&self, limits: Limits) -> Result<Limits, Error> {
        if limits.memory_bytes.is_some_and(|it| it < LEAST_BYTES) {
            return Err(Error::invalid("memory_bytes", "enter at least 256 MB"));
        }
        let all = job::memory::total_bytes();
        if let (Some(limit), Some(all)) = (limits.memory_bytes, all)
            && limit > all
        {
            let gb = all as f64 / 1e9;
            let message = format!("this computer has {gb:.1} GB; enter at most that, or nothing");
            return Err(Error::invalid("memory_bytes", message));
        }
        let file = LimitsFile { format: LimitsFile::FORMAT, memory_bytes: limits.memory_bytes };
        job::whole::write_json(&self.shared.workspace.root().join(LIMITS), &file)?;
        self.shared.memory_limit_bytes.store(0, Ordering::Relaxed);
        self.shared.bell.ring();
        Ok(limits)
    }

    /// Moves a job that waits to the front of its queue.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it does not wait.
    pub fn hurry_job(&self, id: &Id) -> Result<api::Job, Error> {
        self.shared.change(|change| {
            let row = jobs::find(change.tx, id)?.filter(|row| row.deleted_ms.is_none());
            let mut row = row.ok_or_else(|| Error::not_found("job", id))?;
            if row.phase != Phase::Queued {
                return Err(Error::conflict(
                    format!("move “{}” to the front", row.name),
                    format!("it is {}", row.phase.word()),
                    "only what waits can be moved",
                ));
            }
            let first =
                jobs::in_phase(change.tx, Phase::Queued)?.first().map_or(0, |it| it.urgency);
            row.urgency = first.max(0).saturating_add(1);
            change.job(&row)?;
            change.queue_moved()
        })?;
        self.shared.bell.ring();
        self.job(id)
    }
}

impl Shared {
    /// Memory that jobs whose need is known may take together.
    pub(crate) fn memory_limit_bytes(&self) -> u64 {
        let known = self.memory_limit_bytes.load(Ordering::Relaxed);
        if known > 0 {
            return known;
        }
        let said = read(self).ok().and_then(|it| it.memory_bytes);
        let usual = || {
            let all = job::memory::total_bytes();
            all.map_or(UNKNOWN_BYTES, |all| (all as f64 * USUAL_SHARE) as u64)
        };
        let limit = said.unwrap_or_else(usual).max(LEAST_BYTES);
        self.memory_limit_bytes.store(limit, Ordering::Relaxed);
        limit
    }
}

fn read(shared: &Shared) -> Result<Limits, Error> {
    let path = shared.workspace.root().join(LIMITS);
    if !path.exists() {
        return Ok(Limits::default());
    }
    let file: LimitsFile = job::whole::read_versioned(&path, LimitsFile::FORMAT)?;
    Ok(Limits { memory_bytes: file.memory_bytes })
}

/// What each sort of thing takes, the largest first.
fn space(shared: &Shared) -> Result<Vec<SpaceTaken>, Error> {
    let mut taken = BTreeMap::<String, (u64, u64)>::new();
    let mut add = |list: &str, n: u64, bytes: u64| {
        let entry = taken.entry(list.to_owned()).or_default();
        *entry = (entry.0 + n, entry.1 + bytes);
    };
    let workspace = &shared.workspace;
    for project in workspace.project_ids()? {
        for shelf in Shelf::ALL {
            let folder = workspace.shelf(&project, shelf);
            let n = ids_in(&folder).map_or(0, |ids| ids.len() as u64);
            if n > 0 {
                add(shelf.name(), n, size_of(&folder));
            }
        }
    }
    let root = workspace.root();
    for name in ["trash", "memory", job::shelf::ANALYSED, "flows", "uploads"] {
        let folder = root.join(name);
        if folder.is_dir() {
            add(name, 0, size_of(&folder));
        }
    }
    let database = std::fs::metadata(workspace.database()).map_or(0, |it| it.len());
    add("database", 0, database);
    let mut space: Vec<SpaceTaken> =
        taken.into_iter().map(|(list, (n, bytes))| SpaceTaken { list, n, bytes }).collect();
    space.retain(|it| it.bytes > 0);
    space.sort_by(|a, b| b.bytes.cmp(&a.bytes).then(a.list.cmp(&b.list)));
    Ok(space)
}
