//! What all parts of an open studio share, and how they change it: in one transaction, published
//! after it was stored.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use api::{Event, Id, Live, UnixMs};
use job::Shelf;
use rusqlite::Connection;

use crate::{
    Error, Options,
    error::is_full,
    library::{
        flows::Flows, hashes::Hashes, memory::Remembered, similar::Neighbours, uploads::Received,
    },
    live::Broadcast,
    queue::{self, Places},
    store::{
        Store,
        jobs::{self, JobRow},
    },
    workspace::Workspace,
};

/// The state of an open studio. Everything that lasts is in the workspace and its database.
pub(crate) struct Shared {
    pub(crate) workspace: Workspace,
    pub(crate) store: Store,
    pub(crate) broadcast: Broadcast,
    pub(crate) options: Options,
    /// Wakes the studio's own thread.
    pub(crate) bell: Arc<Bell>,
    /// Ended jobs whose events were not read to the end yet: those of a rebuild or an import.
    pub(crate) behind: Mutex<BTreeSet<Id>>,
    /// What uploads hold, so that it need not be counted for every file.
    pub(crate) uploads: Mutex<BTreeMap<Id, Received>>,
    /// Places of sounds among others, held for searches.
    pub(crate) neighbours: Mutex<Neighbours>,
    /// What files contained when they were read last.
    pub(crate) hashes: Hashes,
    /// The memory, once somebody has asked for it.
    pub(crate) memory: Mutex<Option<Remembered>>,
    /// Held while what a job of the memory has found is taken.
    pub(crate) memory_taking: Mutex<()>,
    /// Runs of flows that have not ended, and folders that flows watch.
    pub(crate) flows: Mutex<Flows>,
    /// Processes that stay with their models, each with the last job it did.
    pub(crate) staying: Mutex<Vec<(u32, Id)>>,
    /// What jobs may take together, in bytes; 0 until it was read.
    pub(crate) memory_limit_bytes: AtomicU64,
    /// The workspace's lock, until the studio is closed.
    pub(crate) workspace_lock: Mutex<Option<File>>,
    /// Folders on the shelves that could not be read.
    pub(crate) unreadable: Mutex<BTreeSet<(Shelf, Id)>>,
    /// Held while what an import made is taken or removed, or a folder that was mended is read in.
    pub(crate) taking: Mutex<()>,
    /// State of the generator behind the suffixes of identifiers.
    pub(crate) rng_state: Mutex<u64>,
}

/// One change of the studio's state: all of it is stored, then it is published, or nothing is.
pub(crate) struct Change<'a> {
    pub(crate) tx: &'a Connection,
    live: Vec<Live>,
}

impl Shared {
    pub(crate) fn now_ms(&self) -> UnixMs {
        self.options.clock.now_ms()
    }

    /// 32 bits that do not repeat soon (`SplitMix64`).
    pub(crate) fn random_bits(&self) -> u32 {
        let mut state = lock(&self.rng_state);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }

    pub(crate) fn read<R>(
        &self,
        act: impl FnOnce(&Connection) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.store.read(act)
    }

    /// Changes the state. Inboxes are filled before anybody else can change it, so what is
    /// published is in order; tasks are woken after every lock was let go.
    pub(crate) fn change<R>(
        &self,
        act: impl FnOnce(&mut Change<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        if !self.workspace.make_room() {
            // A change that fails when it is stored may have moved files already.
            self.store.go_on_in_memory()?;
        }
        let written = self.store.write(
            |tx| {
                let mut change = Change::new(tx);
                let result = act(&mut change)?;
                Ok((result, change.live))
            },
            |(result, live)| (result, self.broadcast.push(live)),
        );
        if let Err(Error::Store(error)) = &written
            && is_full(error)
        {
            self.store.go_on_in_memory()?;
        }
        let (result, wakers) = written?;
        wakers.wake();
        Ok(result)
    }
}

impl<'a> Change<'a> {
    pub(crate) fn new(tx: &'a Connection) -> Self {
        Self { tx, live: Vec::new() }
    }

    /// Stores a job and publishes where it stands.
    pub(crate) fn job(&mut self, job: &JobRow) -> Result<(), Error> {
        jobs::save(self.tx, job)?;
        let place = Places::read(self.tx)?.of(&job.id);
        self.live.push(Live::Job { job: job.job(place) });
        Ok(())
    }

    /// Publishes an event that is being stored, with the job after it.
    pub(crate) fn event(&mut self, job: &JobRow, event: Event) {
        self.live.push(Live::Event { job: job.job(0), event });
    }

    /// Publishes that a list is not what it was.
    pub(crate) fn list(&mut self, shelf: Shelf, id: &Id) {
        self.live.push(Live::Changed { list: shelf.name().to_owned(), id: id.clone() });
    }

    /// Publishes that a project, or what lies in it, is not what it was.
    pub(crate) fn projects(&mut self, id: &Id) {
        self.live.push(Live::Changed { list: "projects".to_owned(), id: id.clone() });
    }

    /// Publishes that a sound of the library, or a folder of it, is not what it was.
    pub(crate) fn library(&mut self, id: &Id) {
        self.live.push(Live::Changed { list: "library".to_owned(), id: id.clone() });
    }

    /// Publishes that a flow, or the run of one, is not what it was.
    pub(crate) fn flow(&mut self, id: &Id) {
        self.live.push(Live::Changed { list: "flows".to_owned(), id: id.clone() });
    }

    /// Publishes that something entered or left the trash.
    pub(crate) fn trash(&mut self, id: &Id) {
        self.live.push(Live::Changed { list: "trash".to_owned(), id: id.clone() });
    }

    /// Publishes the places of all that wait, after one of them left the queue.
    pub(crate) fn queue_moved(&mut self) -> Result<(), Error> {
        let places = queue::places(self.tx)?;
        self.live.push(Live::Queue { places });
        Ok(())
    }
}

/// Wakes the studio's own thread, and tells it when to end.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<BellState>,
    rung: Condvar,
}

#[derive(Debug, Default)]
struct BellState {
    is_rung: bool,
    is_closing: bool,
}

impl Bell {
    /// Something is to do.
    pub(crate) fn ring(&self) {
        lock(&self.state).is_rung = true;
        self.rung.notify_all();
    }

    /// The thread shall end.
    pub(crate) fn close(&self) {
        lock(&self.state).is_closing = true;
        self.rung.notify_all();
    }

    /// Waits until it is rung, or for a time if one is given. Whether to go on.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> bool {
        let state = lock(&self.state);
        let is_quiet = |state: &mut BellState| !state.is_rung && !state.is_closing;
        let mut state = match timeout {
            None => self.rung.wait_while(state, is_quiet).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                let waited = self.rung.wait_timeout_while(state, timeout, is_quiet);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.is_rung = false;
        !state.is_closing
    }
}

/// Locks what stays whole when a thread panics: every change of it is one assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
