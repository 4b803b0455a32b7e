//! The supervisor: starts workers, knows which live, and signals them. The one place where
//! processes start.
//!
//! A worker is its own session, so it outlives the studio, a closed terminal, and Ctrl-C in it. It
//! inherits nothing but its folder. Whether it lives is told by the lock on its `worker.lock`,
//! which it holds from its start to its end: unlike a process id, a lock is never somebody else's.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};

use api::{Id, UnixMs};

use crate::{Error, WorkerCommand, out_of_memory, store::jobs::JobRow};

/// How long a worker of an earlier studio may take from its start to its lock.
const STARTING: Duration = Duration::from_secs(15);

/// Above this, the log of earlier processes is set aside when the next one starts.
const MAX_LOG_BYTES: u64 = 16 << 20;

/// What can be sent to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signal {
    /// Keep what there is and end.
    Terminate,
    /// End at once.
    Kill,
}

/// What a look at a job's process found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Alive,
    Gone(Death),
}

/// How a process ended, as far as that is known: the end of one that an earlier studio started is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Death {
    /// In words, where it was not well.
    pub(crate) words: Option<String>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Its exit code, if it was ours and was not killed.
    pub(crate) code: Option<i32>,
    /// Whether the studio killed it.
    pub(crate) is_ours: bool,
}

impl Death {
    fn of(status: std::process::ExitStatus) -> Self {
        let signal = signal_of(status);
        let words = (!status.success()).then(|| status.to_string());
        Self { words, signal, code: status.code(), is_ours: false }
    }

    /// Whether this signal may have ended it.
    pub(crate) fn may_be(&self, signal: i32) -> bool {
        self.code.is_none() && self.signal.is_none_or(|it| it == signal)
    }
}

#[cfg(unix)]
fn signal_of(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_status: std::process::ExitStatus) -> Option<i32> {
    None
}

/// The workers started by this studio, and how to start more.
pub(crate) struct Supervisor {
    worker: WorkerCommand,
    children: BTreeMap<Id, Child>,
}

impl Supervisor {
    pub(crate) fn new(worker: WorkerCommand) -> Self {
        Self { worker, children: BTreeMap::new() }
    }

    /// Starts a worker on a job's folder and returns its process id.
    pub(crate) fn start(&mut self, id: &Id, folder: &Path) -> Result<u32, Error> {
        let log = open_log(&folder.join(job::files::LOG))?;
        let same_log = log.try_clone().map_err(Error::io("open", folder))?;
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let mut command = std::process::Command::new(&self.worker.program);
        command
            .args(&self.worker.args)
            .arg(folder)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(same_log);
        own_session(&mut command);
        out_of_memory::note_start(folder);
        let child = command.spawn().map_err(Error::io("start", &self.worker.program))?;
        let pid = child.id();
        self.children.insert(id.clone(), child);
        Ok(pid)
    }

    /// Looks whether a job's process lives, and reaps it if it was ours and does not.
    pub(crate) fn look(&mut self, job: &JobRow, folder: &Path, now_ms: UnixMs) -> Sign {
        let death = match self.children.get_mut(&job.id).map(Child::try_wait) {
            Some(Ok(None)) => return Sign::Alive,
            Some(Ok(Some(status))) => Death::of(status),
            Some(Err(error)) => {
                let words = Some(format!("its end could not be read: {error}"));
                Death { words, ..Death::default() }
            }
            None if is_starting(job, now_ms) => return Sign::Alive,
            None => Death::default(),
        };
        self.children.remove(&job.id);
        // Ours may have found another worker on the folder and left it to that one.
        if is_worked_on(folder) { Sign::Alive } else { Sign::Gone(death) }
    }
}

/// Whether a worker holds a job's folder.
pub(crate) fn is_worked_on(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join(job::files::WORKER_LOCK)) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Signals a worker and everything it started.
#[cfg(unix)]
pub(crate) fn signal(pid: u32, signal: Signal) {
    let number = match signal {
        Signal::Terminate => libc::SIGTERM,
        Signal::Kill => libc::SIGKILL,
    };
    let Some(pid) = libc::pid_t::try_from(pid).ok().filter(|pid| *pid > 1) else { return };
    // A worker that somebody started by hand does not lead a group.
    if !send(-pid, number) && !send(pid, number) {
        tracing::warn!("failed to signal process {pid}: it is gone");
    }
}

/// Elsewhere there are no signals; a worker is asked by its `control.jsonl` alone.
#[cfg(not(unix))]
pub(crate) fn signal(pid: u32, signal: Signal) {
    tracing::warn!("{signal:?} cannot be sent to process {pid} on this system");
}

/// Whether a worker that was started moments ago, by a studio that is gone, may not have its lock
/// yet. Its process id is fresh then, so it can be trusted.
fn is_starting(job: &JobRow, now_ms: UnixMs) -> bool {
    let age_ms = job.last_started_ms.map_or(u64::MAX, |started| now_ms.saturating_sub(started));
    u128::from(age_ms) < STARTING.as_millis() && job.pid.is_some_and(exists)
}

/// Whether there is a process with this id, of whatever program.
#[cfg(unix)]
pub(crate) fn exists(pid: u32) -> bool {
    libc::pid_t::try_from(pid).is_ok_and(|pid| pid > 1 && send(pid, 0))
}

/// Elsewhere it cannot be told, and the locks decide alone.
#[cfg(not(unix))]
pub(crate) fn exists(_pid: u32) -> bool {
    false
}

#[cfg(unix)]
fn send(pid: libc::pid_t, number: libc::c_int) -> bool {
    #[expect(unsafe_code, reason = "the standard library cannot signal a process group")]
    // SAFETY: kill(2) takes plain numbers and touches no memory of ours.
    let result = unsafe { libc::kill(pid, number) };
    result == 0
}

/// Makes the child the leader of a session of its own, with no file of ours open.
#[cfg(unix)]
fn own_session(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;

    let prepare = || {
        #[expect(unsafe_code, reason = "the standard library has no stable setsid")]
        // SAFETY: setsid(2) and close_range(2) are system calls without memory arguments.
        unsafe {
            libc::setsid();
            // Ours are closed on exec already; these are what our own parent left open. A kernel
            // without the call leaves them open, which does no harm.
            #[cfg(target_os = "linux")]
            libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        }
        Ok(())
    };
    #[expect(unsafe_code, reason = "see above")]
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; both are.
    unsafe {
        command.pre_exec(prepare);
    }
}

#[cfg(not(unix))]
fn own_session(_command: &mut std::process::Command) {}

fn open_log(path: &Path) -> Result<File, Error> {
    if fs::metadata(path).is_ok_and(|found| found.len() > MAX_LOG_BYTES) {
        fs::rename(path, path.with_extension("old.txt")).map_err(Error::io("set aside", path))?;
    }
    File::options().append(true).create(true).open(path).map_err(Error::io("open", path))
}
