//! The lock of a worker: the system releases it however a process ends, so it tells the living from the dead.

use std::{
    fs::File,
    path::Path,
    time::{Duration, Instant},
};

use crate::{Error, files};

/// How long to wait for a folder that somebody else holds. The studio holds it for an instant when it looks
/// whether a worker lives.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes a job's folder for as long as the file lives.
///
/// # Errors
/// Another worker holds it, or the folder cannot be written.
pub fn take(folder: &Path) -> Result<File, Error> {
    let path = folder.join(files::WORKER_LOCK);
    let lock = File::create(&path).map_err(Error::io("create", &path))?;
    let started = Instant::now();
    while lock.try_lock().is_err() {
        if started.elapsed() > PATIENCE {
            return Err(Error::Held { folder: folder.to_owned() });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(lock)
}
