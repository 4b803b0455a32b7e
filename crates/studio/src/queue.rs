//! The queue: who is next. Jobs are admitted by what they need (`job::KINDS`): one training at a time, one job on
//! the GPU, a few lighter jobs beside them, so that a sound can be prepared or tested while a model learns; and
//! jobs that stay resident hold nobody up. Jobs with the same needs wait for each other, others do not. What was asked for
//! by hand comes before what flows ask for by themselves.
//!
//! Jobs whose memory is known beforehand share a limit, whatever their models: one that would go beyond it waits until
//! others have ended, and says so. Jobs whose memory is not known pass it, no others do; and alone it may take what it
//! needs.

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
    job.waits_for = None;
    change.job(job)
}

/// The memory for jobs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// What jobs may take together.
    pub(crate) limit_bytes: u64,
    /// What models take that are kept loaded for jobs to come.
    pub(crate) kept_bytes: u64,
}

/// Takes the next job with these needs out of the queue, if they are free: it is about to be started.
pub(crate) fn take_next(
    change: &mut Change<'_>,
    wanted: Needs,
    room: Room,
    now_ms: u64,
) -> Result<Option<JobRow>, Error> {
    let running = jobs::in_phase(change.tx, Phase::Running)?;
    let n_running = running.iter().filter(|job| job.needs() == wanted).count();
    if n_running >= wanted.n_beside() {
        return Ok(None);
    }
    let Some(mut job) = next(change, wanted, &running, room)? else { return Ok(None) };
    job.waits_for = None;
    job.phase = Phase::Running;
    job.queue_key = None;
    job.last_started_ms = Some(now_ms);
    job.first_started_ms.get_or_insert(now_ms);
    change.job(&job)?;
    change.queue_moved()?;
    Ok(Some(job))
}

/// Whether a job would start if no model was kept loaded.
pub(crate) fn would_start(
    change: &mut Change<'_>,
    wanted: Needs,
    room: Room,
) -> Result<bool, Error> {
    let running = jobs::in_phase(change.tx, Phase::Running)?;
    let n_running = running.iter().filter(|job| job.needs() == wanted).count();
    let room = Room { kept_bytes: 0, ..room };
    Ok(n_running < wanted.n_beside() && next(change, wanted, &running, room)?.is_some())
}

/// The next job with these needs that may start now. One that has to wait for memory says so, and those whose need is not
/// known pass it; others wait behind it, whatever they need besides, so that it has its turn.
fn next(
    change: &mut Change<'_>,
    wanted: Needs,
    running: &[JobRow],
    room: Room,
) -> Result<Option<JobRow>, Error> {
    let mut is_any_waiting = false;
    for mut job in jobs::in_phase(change.tx, Phase::Queued)? {
        let is_wanted = job.needs() == wanted;
        if !is_wanted {
            // One whose turn has not come holds nobody up.
            let n = running.iter().filter(|it| it.needs() == job.needs()).count();
            is_any_waiting |= job.waits_for.is_some() && n < job.needs().n_beside();
            continue;
        }
        let waits_for = match job.needs_bytes {
            Some(_) if is_any_waiting => Some(BEHIND.to_owned()),
            _ => lacks_memory(&job, running, room),
        };
        if waits_for.is_none() {
            return Ok(Some(job));
        }
        is_any_waiting = true;
        if waits_for != job.waits_for {
            job.waits_for = waits_for;
            change.job(&job)?;
        }
    }
    Ok(None)
}

/// Why a job waits that would fit.
const BEHIND: &str = "It waits behind a job that waits for memory.";

/// Why a job has to wait for memory, in a sentence.
fn lacks_memory(job: &JobRow, running: &[JobRow], room: Room) -> Option<String> {
    let needs = job.needs_bytes?;
    let of_jobs: u64 = running.iter().filter_map(|it| it.needs_bytes).sum();
    let (limit_bytes, taken) = (room.limit_bytes, of_jobs.saturating_add(room.kept_bytes));
    let is_beyond = taken > 0 && taken.saturating_add(needs) > limit_bytes;
    let gb = |bytes: u64| bytes as f64 / 1e9;
    is_beyond.then(|| {
        format!(
            "It waits for memory: it needs {:.1} GB, and of {:.1} GB for jobs {:.1} GB are taken.",
            gb(needs),
            gb(limit_bytes),
            gb(taken)
        )
    })
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

    const ROOM: Room = Room { limit_bytes: u64::MAX, kept_bytes: 0 };

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
                let taken = take_next(change, needs, ROOM, 1).unwrap();
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
    fn jobs_share_a_limit_of_memory() {
        use JobKind::{Generate, Train};
        with_store(|change| {
            let wanted = [(Train, 5, 0), (Generate, 2, 0), (Generate, 1, 0), (Generate, 4, 1)];
            for (n, (kind, gb, urgency)) in (0..).zip(wanted) {
                let needs_bytes = Some(gb * 1_000_000_000);
                let mut row = JobRow { needs_bytes, urgency, ..job(n, kind) };
                enqueue(change, &mut row).unwrap();
            }
            let room = Room { limit_bytes: 8_000_000_000, kept_bytes: 0 };
            let mut take = |needs| take_next(change, needs, room, 1).unwrap().map(|job| job.id);
            assert_eq!(take(Needs::Computer), Some(job(0, Train).id));
            // The urgent one is first, and does not fit; what would fit does not overtake it.
            assert_eq!(take(Needs::Cores), None);
            // A job of which nothing is known does.
            enqueue(change, &mut job(4, JobKind::Prepare)).unwrap();
            let mut take = |needs| take_next(change, needs, room, 1).unwrap().map(|job| job.id);
            assert_eq!(take(Needs::Cores), Some(job(4, JobKind::Prepare).id));
            let mut done = jobs::find(change.tx, &job(4, JobKind::Prepare).id).unwrap().unwrap();
            done.phase = Phase::Done;
            jobs::save(change.tx, &done).unwrap();
            let waiting = jobs::find(change.tx, &job(3, Generate).id).unwrap().unwrap();
            let said = waiting.job(0).waits_for.unwrap();
            let expected =
                "It waits for memory: it needs 4.0 GB, and of 8.0 GB for jobs 5.0 GB are taken.";
            assert_eq!(said, expected);
            let mut done = jobs::find(change.tx, &job(0, Train).id).unwrap().unwrap();
            done.phase = Phase::Done;
            jobs::save(change.tx, &done).unwrap();
            let mut take = |limit_bytes, kept_bytes| {
                take_next(change, Needs::Cores, Room { limit_bytes, kept_bytes }, 1).unwrap()
            };
            // A model that is kept for others takes room, too.
            assert!(take(8_000_000_000, 5_000_000_000).is_none());
            // Alone, it may go beyond the limit.
            let first = take(1_000_000_000, 0).unwrap();
            assert_eq!((first.id, first.waits_for), (job(3, Generate).id, None));
            assert_eq!(take(8_000_000_000, 0).unwrap().id, job(1, Generate).id);
        });
    }

    #[test]
    fn a_training_that_waits_for_memory_has_its_turn() {
        use JobKind::{Generate, Train};
        with_store(|change| {
            let room = Room { limit_bytes: 8_000_000_000, kept_bytes: 0 };
            let add = |change: &mut Change<'_>, n, kind, gb: u64| {
                let needs_bytes = Some(gb * 1_000_000_000);
                enqueue(change, &mut JobRow { needs_bytes, ..job(n, kind) }).unwrap();
            };
            add(change, 0, Generate, 3);
            assert!(take_next(change, Needs::Cores, room, 1).unwrap().is_some());
            add(change, 1, Train, 6);
            assert!(take_next(change, Needs::Computer, room, 1).unwrap().is_none());
            // Sounds that come later would fit, one after the other, for ever.
            add(change, 2, Generate, 3);
            assert!(take_next(change, Needs::Cores, room, 1).unwrap().is_none());
            let behind = jobs::find(change.tx, &job(2, Generate).id).unwrap().unwrap();
            assert_eq!(behind.waits_for.as_deref(), Some(BEHIND));
            let mut done = jobs::find(change.tx, &job(0, Generate).id).unwrap().unwrap();
            done.phase = Phase::Done;
            jobs::save(change.tx, &done).unwrap();
            assert!(take_next(change, Needs::Computer, room, 1).unwrap().is_some());
            assert!(take_next(change, Needs::Cores, room, 1).unwrap().is_none(), "6 and 3 of 8");
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
            let mut take = |needs| take_next(change, needs, ROOM, 1).unwrap().map(|job| job.id);
            assert_eq!(take(Needs::Gpu), Some(job(0, Train).id));
            // The measure waits for the GPU, and nobody waits for the measure.
            assert_eq!(take(Needs::Gpu), None);
            assert_eq!(take(Needs::Computer), Some(job(2, Train).id));
            assert_eq!(take(Needs::Cores), Some(job(3, Train).id));
            let mut done = jobs::find(change.tx, &job(0, Train).id).unwrap().unwrap();
            done.phase = Phase::Done;
            jobs::save(change.tx, &done).unwrap();
            let next = take_next(change, Needs::Gpu, ROOM, 1).unwrap();
            assert_eq!(next.map(|job| job.id), Some(job(1, Train).id));
        });
    }
}
