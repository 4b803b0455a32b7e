//! The folder of a job: the one implementation of its files, for the studio that orders a job, the worker that
//! does it, imports, and engines outside this project.
//!
//! | file | module | written by | when |
//! |---|---|---|---|
//! | `job.json` | [`order`] | studio | once, when the job is queued |
//! | `limit.json` | [`limit`] | studio | when a run is resumed with another limit |
//! | `control.jsonl` | [`control`] | studio | stop, checkpoint now, sample now |
//! | `events.jsonl` | [`events`] | worker | numbered lines, as the job goes on |
//! | `exit.json` | [`exit`] | worker | last; by the studio where the worker could not |
//! | `worker.lock` | [`lock`] | worker | held for as long as its process lives |
//!
//! [`files`] names them, [`whole`] writes a file whole or not at all, [`inside`] keeps paths inside a folder,
//! [`memory`] reads what the system reports about memory, [`weights`] says which weights a folder holds,
//! and [`kinds`] is the table of the kinds of job.

pub mod control;
pub mod events;
pub mod exit;
pub mod files;
pub mod inside;
pub mod kinds;
pub mod limit;
pub mod lock;
pub mod memory;
pub mod order;
pub mod reserve;
pub mod shelf;
pub mod weights;
pub mod whole;

mod error;

pub use error::{Error, is_disk_full};
pub use kinds::{KINDS, Kept, Kind, Needs, kind};
pub use shelf::Shelf;
