//! Ctrl+C in a command that follows a job. A second Ctrl+C ends the command at once, even if the first one is
//! still being handled.

use std::{
    fs,
    io::Write,
    path::Path,
    sync::{
        Arc, Mutex, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use api::Id;
use serde::de::DeserializeOwned;

use crate::client::Client;

/// The exit code after Ctrl+C: 128 plus the number of the signal, by the convention of shells.
const EXIT_CODE: i32 = 130;

type Act = Box<dyn FnOnce() + Send>;

/// What the next Ctrl+C does before the command ends.
static ACT: Mutex<Option<Act>> = Mutex::new(None);

/// Whether Ctrl+C was pressed and is being handled.
static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on, Ctrl+C ends this command and says what continues without it.
pub(crate) fn say_on_interrupt(words: String) {
    act_on_interrupt(Some(Box::new(move || say(&words))));
}

/// Follows a job at a path of the API. Meanwhile Ctrl+C cancels the job, says so, and ends the command.
pub(crate) fn cancelled_on_interrupt<Q: DeserializeOwned + 'static, T>(
    client: &Arc<Client>,
    path: &str,
    look: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (canceller, of_job) = (Arc::clone(client), path.to_owned());
    acted_on_interrupt(move || say_cancelled(|| canceller.cancel::<Q>(&of_job)), look)
}

/// Follows a job that keeps what it has made. Meanwhile Ctrl+C stops it, says so, and ends the command.
pub(crate) fn stopped_on_interrupt<T>(
    client: &Arc<Client>,
    id: &Id,
    look: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (stopper, path) = (Arc::clone(client), format!("/api/jobs/{id}"));
    let stop = move || {
        say("Stopping… Press Ctrl+C again to quit at once.");
        match stopper.stop_and_wait(&path) {
            true => say("Stopped. What was done is kept."),
            false => say("It is still stopping. What was done will be kept."),
        }
    };
    acted_on_interrupt(stop, look)
}

/// Follows the preparation of a dataset. Meanwhile Ctrl+C cancels it, says so, and ends the command.
pub(crate) fn dataset_cancelled_on_interrupt<T>(
    client: &Arc<Client>,
    path: &str,
    look: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (canceller, of_job) = (Arc::clone(client), path.to_owned());
    acted_on_interrupt(move || say_cancelled(|| canceller.cancel_dataset(&of_job)), look)
}

/// Writes a file. Ctrl+C meanwhile removes what there is of it, and ends the command.
pub(crate) fn removed_on_interrupt<T>(
    path: &Path,
    write: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let path = path.to_owned();
    let remove = move || {
        // It may never have been created.
        let _ = fs::remove_file(path);
        say("Cancelled. Nothing was written.");
    };
    acted_on_interrupt(remove, write)
}

fn say_cancelled(cancel: impl FnOnce() -> bool) {
    say("Cancelling… Press Ctrl+C again to quit at once.");
    match cancel() {
        true => say("Cancelled. Nothing was kept."),
        false => say("It is still being cancelled. Nothing will be kept."),
    }
}

/// Follows a job; on Ctrl+C, does this and ends the command.
fn acted_on_interrupt<T>(
    act: impl FnOnce() + Send + 'static,
    look: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    act_on_interrupt(Some(Box::new(act)));
    let looked = look();
    // A job that ends after Ctrl+C ended because of it, and the listener thread ends the command.
    while IS_INTERRUPTED.load(Ordering::SeqCst) {
        thread::park();
    }
    act_on_interrupt(None);
    looked
}

/// From now on, Ctrl+C does this, if anything, and ends the command.
fn act_on_interrupt(act: Option<Act>) {
    static LISTENER: Once = Once::new();
    *ACT.lock().unwrap_or_else(PoisonError::into_inner) = act;
    // Without the thread, Ctrl+C ends the command in the system's own way.
    LISTENER.call_once(|| {
        let _ = thread::Builder::new().name("interrupt".into()).spawn(listen);
    });
}

fn listen() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return;
    };
    runtime.block_on(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        IS_INTERRUPTED.store(true, Ordering::SeqCst);
        let act = ACT.lock().unwrap_or_else(PoisonError::into_inner).take();
        let acting = tokio::task::spawn_blocking(move || act.into_iter().for_each(|act| act()));
        tokio::select! {
            _ = acting => {}
            _ = tokio::signal::ctrl_c() => say("Quit without waiting."),
        }
    });
    #[expect(clippy::exit, reason = "the main thread is waiting for a job")]
    std::process::exit(EXIT_CODE);
}

/// Prints a line below the line of progress.
fn say(words: &str) {
    let words = super::printable::printable(words);
    let _ = writeln!(std::io::stderr(), "\n{words}");
}
