//! Staying with a loaded model: a worker whose job is done keeps its model for a while, and does the next job that needs the
//! same one, which the studio names on its standard input.
//!
//! A model is the same one only while the files it was loaded from are: weights that were replaced or taken away are not
//! answered for from memory.
//!
//! It ends when nothing came for a while, when the studio closes the input, or when memory gets short. Whether it may stay
//! is said by an environment variable, so a worker that somebody starts by hand ends with its job.

use std::{
    any::Any,
    cell::RefCell,
    fs::{self, File},
    io::BufRead,
    path::{Path, PathBuf},
    sync::mpsc::{RecvTimeoutError, channel},
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context;

use crate::{log::log, stop::StopFlag};

/// How long a model is kept, and how often it is looked whether it should be.
const KEPT_FOR: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Memory is short below this share of all of it.
const SHORT_SHARE: f64 = 0.1;
/// How deep files of a model lie: those of pipelines of several models lie in a folder for each.
const DEPTH_MAX: usize = 2;

/// What tells a loaded model from others: its name among them, and its files as they were when it was loaded.
#[derive(PartialEq, Eq)]
pub(crate) struct Origin {
    key: String,
    files: Vec<FileState>,
}

#[derive(PartialEq, Eq)]
struct FileState {
    path: PathBuf,
    n_bytes: u64,
    changed: Option<SystemTime>,
}

impl Origin {
    /// That of a model which is loaded from files, and from the files that lie in folders.
    pub(crate) fn of<'a>(key: String, places: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut files = vec![];
        for place in places {
            // Jobs may name the same place by way of their own folders.
            let place = fs::canonicalize(place).unwrap_or_else(|_| place.to_owned());
            look_at(place, DEPTH_MAX, &mut files);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { key, files }
    }
}

/// Notes how a file is, or the files of a folder. Links are followed, as hubs keep files behind them.
fn look_at(path: PathBuf, depth: usize, files: &mut Vec<FileState>) {
    let Ok(facts) = fs::metadata(&path) else { return };
    if facts.is_file() {
        files.push(FileState { path, n_bytes: facts.len(), changed: facts.modified().ok() });
    } else if depth > 0 {
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            look_at(entry.path(), depth - 1, files);
        }
    }
}

/// A loaded model.
struct Kept {
    origin: Origin,
    model: Box<dyn Any>,
}

thread_local! {
    /// Jobs of one process are done one after the other, in one thread.
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// The model that is kept, if it is this one. Another one goes first, so that there is room.
pub(crate) fn take<T: 'static>(origin: Option<&Origin>) -> Option<T> {
    let kept = KEPT.with(RefCell::take)?;
    if Some(&kept.origin) != origin {
        return None;
    }
    let model = kept.model.downcast::<T>().ok()?;
    log("the model is loaded already");
    Some(*model)
}

/// Keeps a model for the next job, where this worker may stay.
pub(crate) fn keep<T: 'static>(origin: Origin, model: T) {
    if may_stay() {
        KEPT.set(Some(Kept { origin, model: Box::new(model) }));
    }
}

fn may_stay() -> bool {
    std::env::var_os(job::kinds::STAYS).is_some()
}

/// Does further jobs as long as a model is kept for them.
///
/// # Errors
/// That of the last job, where its end could not be written.
pub(crate) fn stay(run: impl Fn(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    if !may_stay() || !is_kept() {
        return Ok(());
    }
    let Ok(stop) = StopFlag::on_signals() else { return Ok(()) };
    let (sender, orders) = channel();
    let read = std::thread::Builder::new().name("orders".into()).spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(PathBuf::from(line)).is_err() {
                return;
            }
        }
    });
    if read.is_err() {
        return Ok(());
    }
    let mut since = Instant::now();
    loop {
        match orders.recv_timeout(LOOK_EVERY) {
            Ok(folder) => {
                log_to(&folder).and_then(|()| run(&folder))?;
                if !is_kept() {
                    return Ok(());
                }
                since = Instant::now();
            }
            Err(RecvTimeoutError::Timeout) => {
                if since.elapsed() > KEPT_FOR || stop.is_raised() || is_memory_short() {
                    return Ok(());
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn is_kept() -> bool {
    KEPT.with_borrow(Option::is_some)
}

fn is_memory_short() -> bool {
    let (free, all) = (job::memory::free_bytes(), job::memory::total_bytes());
    free.zip(all).is_some_and(|(free, all)| (free as f64) < SHORT_SHARE * all as f64)
}

/// From now on what is printed goes to the log of a job's folder.
#[cfg(unix)]
fn log_to(folder: &Path) -> anyhow::Result<()> {
    use std::os::fd::AsRawFd as _;

    let path = folder.join(job::files::LOG);
    let file = File::options().append(true).create(true).open(&path);
    let file = file.with_context(|| format!("open {}", path.display()))?;
    for stream in [libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        #[expect(unsafe_code, reason = "the standard library cannot replace an open stream")]
        // SAFETY: dup2(2) takes plain numbers, both of files that are open.
        let replaced = unsafe { libc::dup2(file.as_raw_fd(), stream) };
        if replaced < 0 {
            return Err(std::io::Error::last_os_error()).context("replace a stream");
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn log_to(_folder: &Path) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_another_once_its_files_are_replaced_or_gone() -> anyhow::Result<()> {
        let home = tempfile::tempdir()?;
        let (folder, inner) = (home.path().join("model"), home.path().join("model/decoder"));
        fs::create_dir_all(&inner)?;
        let (config, weights) = (folder.join("config.json"), inner.join("model.safetensors"));
        fs::write(&config, "{}")?;
        fs::write(&weights, [1; 64])?;
        let now = |key: &str| Origin::of(key.to_owned(), [folder.as_path()]);
        let loaded = now("a");
        assert!(loaded == now("a"), "nothing has changed");
        let around = inner.join("../../model");
        let same = Origin::of("a".to_owned(), [around.as_path()]);
        assert!(loaded == same, "it is the same by way of another folder");
        assert!(loaded != now("b"), "the model is another by name");
        fs::write(&weights, [1; 65])?;
        assert!(loaded != now("a"), "a file in an inner folder is longer");
        fs::write(&weights, [1; 64])?;
        let later = SystemTime::now() + Duration::from_secs(5);
        File::options().write(true).open(&weights)?.set_modified(later)?;
        let replaced = now("a");
        assert!(loaded != replaced, "a file was written again");
        fs::remove_dir_all(&folder)?;
        assert!(replaced != now("a"), "the folder is gone");
        Ok(())
    }
}
