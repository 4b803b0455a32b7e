//! The queue: who is next. Jobs are admitted by what they need (`job::KINDS`): one training at a time, one job on
//! the GPU, a few lighter jobs beside them, so that a sound can be prepared or tested while a model learns; and
//! jobs that stay resident hold nobody up. Jobs with the same needs wait for each other, others do not.

use std::collections::BTreeMap;

use api::{Id, QueuePlace};
use job::Needs;
use rusqlite::Connection;

use crate::{
    Error,
    shared::Change,
    store::jobs::{self, JobRow, Phase},
};

/// Jobs that may wait.
pub(crate) const MAX_QUEUED: usize = 1000;

/// The places of all jobs that wait: 0 is next among those with the same needs.
#[derive(Default)]
pub(crate) struct Places(BTreeMap<Id, u32>);

/// Every job that waits with its place, in order of the queue.
pub(crate) fn places(connection: &Connection) -> Result<Vec<QueuePlace>, Error> {
    let mut n_waiting = [0; Needs::ALL.len()];
    let place = |(needs, id)| {
        let next: &mut u32 = &mut n_waiting[needs as usize];
        *next += 1;
        QueuePlace { id, place: *next - 1 }
    };
    Ok(jobs::queue(connection)?.into_iter().map(place).collect())
}

impl Places {
    pub(crate) fn read(connection: &Connection) -> Result<Self, Error> {
        let all = places(connection)?.into_iter();
        Ok(Self(all.map(|it| (it.id, it.place)).collect()))
    }

    /// The place of a job; 0 for one that does not wait.
    pub(crate) fn of(&self, id: &Id) -> u32 {
        self.0.get(id).copied().unwrap_or(0)
    }
}

/// Puts a job at the end of the queue.
pub(crate) fn enqueue(change: &mut Change<'_>, job: &mut JobRow) -> Result<(), Error> {
    if jobs::queue(change.tx)?.len() >= MAX_QUEUED {
        return Err(Error::TooMuch { limit: format!("{MAX_QUEUED} jobs in the queue") });
    }
    job.phase = Phase::Queued;
    job.queue_key = Some(jobs::next_queue_key(change.tx)?);
    job.pid = None;
    job.ended_ms = None;
    job.stop_asked_ms = None;
    job.problem = None;
    job.is_dismissed = false;
    change.job(job)
}

/// Takes the next job with these needs out of the queue, if they are free: it is about to be started.
pub(crate) fn take_next(
    change: &mut Change<'_>,
    wanted: Needs,
    now_ms: u64,
) -> Result<Option<JobRow>, Error> {
    let running = jobs::in_phase(change.tx, Phase::Running)?;
    let n_running = running.iter().filter(|job| job.needs() == wanted).count();
    if n_running >= wanted.n_beside() {
        return Ok(None);
    }
    let next = jobs::queue(change.tx)?.into_iter().find(|(needs, _)| *needs == wanted);
    let Some((_, id)) = next else { return Ok(None) };
    let Some(mut job) = jobs::find(change.tx, &id)? else { return Ok(None) };
    job.phase = Phase::Running;
    job.queue_key = None;
    job.last_started_ms = Some(now_ms);
    job.first_started_ms.get_or_insert(now_ms);
    change.job(&job)?;
    change.queue_moved()?;
    Ok(Some(job))
}

/// Ends a job that waits. It never had a process, or not this time.
pub(crate) fn end_waiting(
    change: &mut Change<'_>,
    job: &mut JobRow,
    now_ms: u64,
) -> Result<(), Error> {
    job.phase = Phase::Stopped;
    job.queue_key = None;
    job.ended_ms = Some(now_ms);
    change.job(job)?;
    change.queue_moved()
}

#[cfg(test)]
mod tests {
    use api::JobKind;

    use super::*;
    use crate::store::{Store, Trust};

    fn with_store(act: impl FnOnce(&mut Change<'_>)) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("maquette.db"), Trust::Closed, 0).unwrap();
        let act = |tx: &rusqlite::Transaction<'_>| {
            act(&mut Change::new(tx));
            Ok(())
        };
        store.write(act, |()| ()).unwrap();
    }

    fn job(n: u32, kind: JobKind) -> JobRow {
        JobRow::new(Id::from_name("job", n), kind, "job".to_owned(), 0)
    }

    #[test]
    fn the_queue_is_bounded() {
        with_store(|change| {
            for n in 0..MAX_QUEUED as u32 {
                let mut job = job(n, JobKind::Train);
                job.queue_key = Some(u64::from(n));
                job.phase = Phase::Queued;
                jobs::save(change.tx, &job).unwrap();
            }
            let refused = enqueue(change, &mut job(5000, JobKind::Prepare));
            assert!(matches!(refused, Err(Error::TooMuch { .. })), "{refused:?}");
        });
    }

    #[test]
    fn jobs_with_the_same_needs_are_served_in_order() {
        use JobKind::{Convert, Prepare, Reconstruct, Train};
        with_store(|change| {
            let kinds = [Train, Prepare, Reconstruct, Train, Convert];
            for (n, kind) in kinds.into_iter().enumerate() {
                enqueue(change, &mut job(n as u32, kind)).unwrap();
            }
            let places = Places::read(change.tx).unwrap();
            let places: Vec<u32> = (0..5).map(|n| places.of(&job(n, Train).id)).collect();
            assert_eq!(places, [0, 0, 1, 1, 2]);
            let mut take = |needs| {
                let taken = take_next(change, needs, 1).unwrap();
                taken.map(|job| job.id)
            };
            assert_eq!(take(Needs::Computer), Some(job(0, Train).id));
            assert_eq!(take(Needs::Computer), None);
            // Lighter ones run beside each other, up to a bound.
            assert_eq!(take(Needs::Cores), Some(job(1, Train).id));
            assert_eq!(take(Needs::Cores), Some(job(2, Train).id));
            assert_eq!(take(Needs::Cores), None);
        });
    }

    #[test]
    fn a_gpu_is_given_to_one_job_at_a_time() {
        use JobKind::{Measure, Prepare, Train};
        with_store(|change| {
            let wanted = [(Train, true), (Measure, true), (Train, false), (Prepare, false)];
            for (n, (kind, on_gpu)) in (0..).zip(wanted) {
                enqueue(change, &mut JobRow { on_gpu, ..job(n, kind) }).unwrap();
            }
            let places = Places::read(change.tx).unwrap();
            let places: Vec<u32> = (0..4).map(|n| places.of(&job(n, Train).id)).collect();
            assert_eq!(places, [0, 1, 0, 0]);
            let mut take = |needs| take_next(change, needs, 1).unwrap().map(|job| job.id);
            assert_eq!(take(Needs::Gpu), Some(job(0, Train).id));
            // The measure waits for the GPU, and nobody waits for the measure.
            assert_eq!(take(Needs::Gpu), None);
            assert_eq!(take(Needs::Computer), Some(job(2, Train).id));
            assert_eq!(take(Needs::Cores), Some(job(3, Train).id));
            let mut done = jobs::find(change.tx, &job(0, Train).id).unwrap().unwrap();
            done.phase = Phase::Done;
            jobs::save(change.tx, &done).unwrap();
            let next = take_next(change, Needs::Gpu, 1).unwrap();
            assert_eq!(next.map(|job| job.id), Some(job(1, Train).id));
        });
    }
}
