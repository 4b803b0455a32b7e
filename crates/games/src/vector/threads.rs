//! Threads that play chunks of a vector: each waits for one, plays a decision in it, and gives it back.

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use super::Chunk;

/// A thread that plays chunks. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Worker {
    to: SyncSender<Box<Chunk>>,
    from: Receiver<Box<Chunk>>,
}

impl Worker {
    /// Starts the thread.
    pub(super) fn new() -> Self {
        let (to, own_from) = sync_channel::<Box<Chunk>>(1);
        let (own_to, from) = sync_channel(1);
        thread::spawn(move || {
            while let Ok(mut chunk) = own_from.recv() {
                chunk.step();
                if own_to.send(chunk).is_err() {
                    return;
                }
            }
        });
        Self { to, from }
    }

    /// Lets it play a decision in each game of a chunk.
    pub(super) fn give(&self, chunk: Box<Chunk>) {
        self.to.send(chunk).expect("the thread lives as long as its worker");
    }

    /// Waits for the chunk.
    pub(super) fn take(&self) -> Box<Chunk> {
        self.from.recv().expect("the thread lives as long as its worker")
    }
}
