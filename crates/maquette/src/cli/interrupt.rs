//! What Ctrl+C means to a command that looks on while something is done.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use serde::de::DeserializeOwned;

use crate::client::Client;

/// Whether Ctrl+C came, and is being acted on.
static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on, Ctrl+C ends this command and says what goes on without it.
pub(crate) fn say_on_interrupt(words: String) {
    act_on_interrupt(move || {
        let _ = writeln!(std::io::stderr(), "\n{words}");
    });
}

/// Looks on while something is done at a path of the studio for this command. From now on Ctrl+C cancels that, says
/// so, and ends the command.
pub(crate) fn cancelled_on_interrupt<Q: DeserializeOwned + 'static, T>(
    client: &Arc<Client>,
    path: &str,
    look: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (canceller, of_job) = (Arc::clone(client), path.to_owned());
    act_on_interrupt(move || {
        canceller.cancel::<Q>(&of_job);
        let _ = writeln!(std::io::stderr(), "\nCancelled. Nothing is left of it.");
    });
    look().inspect_err(|_| {
        // What fails after Ctrl+C, fails because of that: the command ends elsewhere.
        while IS_INTERRUPTED.load(Ordering::SeqCst) {
            thread::park();
        }
    })
}

/// From now on, Ctrl+C does this once and ends the command.
fn act_on_interrupt(act: impl FnOnce() + Send + 'static) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return; // Ctrl+C then ends the command without further ado.
    };
    let wait = move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            IS_INTERRUPTED.store(true, Ordering::SeqCst);
            act();
            #[expect(clippy::exit, reason = "the main thread is waiting for a job")]
            std::process::exit(130);
        }
    };
    // Without a thread, the same: nothing is done.
    let _ = thread::Builder::new().name("interrupt".into()).spawn(wait);
}
