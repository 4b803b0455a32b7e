//! Jobs that pass: what they make is taken by whoever asked, or can be made again. There is no trash for
//! them, and of those that nobody removed the oldest go.

use api::{Id, JobKind};
use job::{Kept, Shelf, kinds::Again};

use super::cancel_job;

use crate::{
    Error,
    shared::Shared,
    store::jobs::{self, JobRow, Phase},
    workspace::remove,
};

/// One job of a kind.
pub(super) fn find(
    connection: &rusqlite::Connection,
    kind: JobKind,
    id: &Id,
) -> Result<JobRow, Error> {
    jobs::find(connection, id)?
        .filter(|row| row.kind == kind && row.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found(Shelf::of(kind).word(), id))
}

/// Removes a job for good, past any trash. One that waits or runs is cancelled, and gone once its process has
/// ended.
pub(super) fn delete(shared: &Shared, kind: JobKind, id: &Id) -> Result<(), Error> {
    if shared.read(|c| find(c, kind, id))?.phase.is_active() {
        return cancel_job(shared, kind, id);
    }
    remove_ended(shared, kind, id)
}

/// Removes a job that has ended, with what is left in its folder. What a session has recorded, or an analysis found, is
/// taken before.
pub(super) fn remove_ended(shared: &Shared, kind: JobKind, id: &Id) -> Result<(), Error> {
    super::take_left(shared, kind, id)?;
    let shelf = Shelf::of(kind);
    remove(&shared.workspace.folder(shelf, id))?;
    shared.change(|change| {
        jobs::forget(change.tx, id)?;
        change.list(shelf, id);
        Ok(())
    })
}

/// Makes room for one more job of a kind of which only the newest are kept: the oldest that have ended go.
pub(super) fn remove_oldest(shared: &Shared, kind: JobKind) -> Result<(), Error> {
    let Kept::Newest(n_kept) = job::kind(kind).kept else { return Ok(()) };
    let mut ended = shared.read(|c| {
        let mut ended = Vec::new();
        for (id, _) in jobs::ids(c, kind)? {
            // What was stopped or interrupted and can go on stays until somebody goes on with it.
            let can_go_on = |row: &JobRow| {
                matches!(row.phase, Phase::Stopped | Phase::Interrupted)
                    && job::kind(kind).again == Again::Resume
            };
            let row = jobs::find(c, &id)?.filter(|row| !row.phase.is_active() && !can_go_on(row));
            ended.extend(row.map(|row| (row.created_ms, id)));
        }
        Ok(ended)
    })?;
    ended.sort();
    ended.truncate((ended.len() + 1).saturating_sub(n_kept));
    for (_, id) in ended {
        match remove_ended(shared, kind, &id) {
            // What cannot be taken stays, and does not stand in the way of what is new.
            Err(error) if matches!(kind, JobKind::Session | JobKind::Memory) => {
                tracing::warn!("{id} is kept: failed to {error}");
            }
            removed => removed?,
        }
    }
    Ok(())
}
