//! What Ctrl+C means to a command that looks on while something is done. A second Ctrl+C ends the command at
//! once, whatever the first one is still doing.

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

use serde::de::DeserializeOwned;

use crate::client::Client;

/// What a command exits with that Ctrl+C ended: 128 and the number of the signal, as shells say it.
const EXIT_CODE: i32 = 130;

type Act = Box<dyn FnOnce() + Send>;

/// What the next Ctrl+C does before the command ends.
static ACT: Mutex<Option<Act>> = Mutex::new(None);

/// Whether Ctrl+C came, and is being acted on.
static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on, Ctrl+C ends this command and says what goes on without it.
pub(crate) fn say_on_interrupt(words: String) {
    act_on_interrupt(Some(Box::new(move || say(&words))));
}

/// Looks on while something is done at a path of the studio for this command. Meanwhile Ctrl+C cancels that,
/// says so, and ends the command.
pub(crate) fn cancelled_on_interrupt<Q: DeserializeOwned + 'static, T>(
    client: &Arc<Client>,
    path: &str,
    look: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (canceller, of_job) = (Arc::clone(client), path.to_owned());
    acted_on_interrupt(move || say_cancelled(|| canceller.cancel::<Q>(&of_job)), look)
}

/// Looks on while a dataset is prepared for this command. Meanwhile Ctrl+C cancels that, says so, and ends the
/// command.
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
    say("Cancelling… Press Ctrl+C again to leave at once.");
    match cancel() {
        true => say("Cancelled. Nothing was kept."),
        false => say("It is still being cancelled. Nothing will be kept."),
    }
}

/// Looks on, and does this if Ctrl+C comes meanwhile; the command then ends.
fn acted_on_interrupt<T>(
    act: impl FnOnce() + Send + 'static,
    look: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    act_on_interrupt(Some(Box::new(act)));
    let looked = look();
    // What ends after Ctrl+C, ends because of that: the command ends elsewhere.
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
    // Without a thread, Ctrl+C ends the command without further ado.
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
            _ = tokio::signal::ctrl_c() => say("Left without waiting."),
        }
    });
    #[expect(clippy::exit, reason = "the main thread is waiting for a job")]
    std::process::exit(EXIT_CODE);
}

/// Words on a line of their own, below the one of progress.
fn say(words: &str) {
    let words = super::printable::printable(words);
    let _ = writeln!(std::io::stderr(), "\n{words}");
}
