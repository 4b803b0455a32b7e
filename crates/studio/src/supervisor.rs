//! The supervisor: starts workers, knows which live, and signals them. The one place where
//! processes start.
//!
//! A worker is its own session, so it outlives the studio, a closed terminal, and Ctrl-C in it. It
//! inherits nothing but its folder, and a line to hear of further jobs where it may stay with its model loaded
//! (`job::kinds::stays_for`): then its next job is handed over to it. Whether it lives is told by the lock on its `worker.lock`,
//! which it holds from its start to its end: unlike a process id, a lock is never somebody else's.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io::Write,
    path::Path,
    process::{Child, ChildStdin, Stdio},
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
    children: BTreeMap<Id, Worker>,
    /// Workers whose job is done, and that stay with their model for the next one; with that job.
    staying: Vec<(Id, Worker)>,
}

/// A worker of ours.
struct Worker {
    child: Child,
    /// Where it hears of its next job, and what that has to need.
    stays: Option<(ChildStdin, String)>,
    /// How long the job's events were when it was handed over to it, if it was, after another one.
    handed_at: Option<u64>,
}

impl Worker {
    /// Names its next job to it; nothing where it does not hear of it.
    fn hear_of(&mut self, folder: &Path) -> Option<()> {
        open_log(&folder.join(job::files::LOG)).ok()?;
        out_of_memory::note_start(folder);
        let (orders, _) = self.stays.as_mut()?;
        let mut line = folder.to_str()?.to_owned();
        line.push('\n');
        self.handed_at = Some(events_len(folder));
        // One that ends just now does not hear it; then a new one is started.
        orders.write_all(line.as_bytes()).and_then(|()| orders.flush()).ok()
    }

    /// Ends it; it has nothing to lose.
    fn end(mut self) {
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}

impl Supervisor {
    pub(crate) fn new(worker: WorkerCommand) -> Self {
        Self { worker, children: BTreeMap::new(), staying: vec![] }
    }

    /// Starts a worker on a job's folder, or hands the job over to one that stays with the model it needs; returns the
    /// process id.
    pub(crate) fn start(&mut self, id: &Id, folder: &Path) -> Result<u32, Error> {
        let key = key_of(folder);
        let pid = match key.as_deref().and_then(|key| self.hand_over(key, folder)) {
            Some(worker) => {
                let pid = worker.child.id();
                self.children.insert(id.clone(), worker);
                pid
            }
            None => self.start_new(id, folder, key)?,
        };
        Ok(pid)
    }

    fn start_new(&mut self, id: &Id, folder: &Path, key: Option<String>) -> Result<u32, Error> {
        let log = open_log(&folder.join(job::files::LOG))?;
        let same_log = log.try_clone().map_err(Error::io("open", folder))?;
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let mut command = std::process::Command::new(&self.worker.program);
        command
            .args(&self.worker.args)
            .arg(folder)
            .current_dir(folder)
            .stdin(if key.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(log)
            .stderr(same_log);
        if key.is_some() {
            command.env(job::kinds::STAYS, "1");
        }
        own_session(&mut command);
        out_of_memory::note_start(folder);
        let mut child = command.spawn().map_err(Error::io("start", &self.worker.program))?;
        let pid = child.id();
        let stays = child.stdin.take().zip(key);
        self.children.insert(id.clone(), Worker { child, stays, handed_at: None });
        Ok(pid)
    }

    /// Names a job to a worker that stays for it, if one does.
    fn hand_over(&mut self, key: &str, folder: &Path) -> Option<Worker> {
        self.reap();
        let is_for_it = |it: &Worker| it.stays.as_ref().is_some_and(|(_, own)| own == key);
        let at = self.staying.iter().position(|(_, it)| is_for_it(it))?;
        let (_, mut worker) = self.staying.swap_remove(at);
        match worker.hear_of(folder) {
            Some(()) => Some(worker),
            None => {
                worker.end();
                None
            }
        }
    }

    /// The process of a job, if it is ours.
    pub(crate) fn pid_of(&self, id: &Id) -> Option<u32> {
        self.children.get(id).map(|it| it.child.id())
    }

    /// Looks whether a job's process lives, and reaps it if it was ours and does not.
    pub(crate) fn look(&mut self, job: &JobRow, folder: &Path, now_ms: UnixMs) -> Sign {
        let has_exit = folder.join(job::files::EXIT).exists();
        let death = match self.children.get_mut(&job.id).map(|it| (it.child.try_wait(), it)) {
            Some((Ok(None), worker)) => {
                let is_done = worker.stays.is_some() && has_exit && !is_worked_on(folder);
                if !is_done {
                    return Sign::Alive;
                }
                // Its job is done, and it is there for the next one.
                self.staying.extend(self.children.remove_entry(&job.id));
                return Sign::Gone(Death { code: Some(0), ..Death::default() });
            }
            Some((Ok(Some(status)), worker)) => {
                if !has_exit && worker.handed_at == Some(events_len(folder)) {
                    // It ended before it heard of the job.
                    self.children.remove(&job.id);
                    if self.start_new(&job.id, folder, key_of(folder)).is_ok() {
                        return Sign::Alive;
                    }
                }
                Death::of(status)
            }
            Some((Err(error), _)) => {
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

    /// Memory that staying workers take, but those that stay for what a job of this folder needs.
    pub(crate) fn staying_bytes(&self, next: &Path) -> u64 {
        let key = key_of(next);
        let stays_for = |it: &Worker| it.stays.as_ref().map(|it| it.1.clone());
        let others = self.staying.iter().filter(|(_, it)| stays_for(it) != key);
        others.filter_map(|(_, it)| job::memory::of_process(it.child.id())).sum()
    }

    /// Workers that stay with a model, each with the last job it did.
    pub(crate) fn staying(&mut self) -> Vec<(u32, Id)> {
        self.reap();
        self.staying.iter().map(|(id, it)| (it.child.id(), id.clone())).collect()
    }

    /// Ends staying workers: others need the room.
    pub(crate) fn let_go(&mut self) {
        self.staying.drain(..).for_each(|(_, worker)| worker.end());
    }

    /// Forgets staying workers that have ended.
    fn reap(&mut self) {
        self.staying.retain_mut(|(_, it)| matches!(it.child.try_wait(), Ok(None)));
    }
}

/// What tells the model of a job from others, where its worker may stay with it.
fn key_of(folder: &Path) -> Option<String> {
    job::kinds::stays_for(&job::order::read(folder).ok()?.task)
}

/// How much has been written about a job.
fn events_len(folder: &Path) -> u64 {
    fs::metadata(folder.join(job::files::EVENTS)).map_or(0, |it| it.len())
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
