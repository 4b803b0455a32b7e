//! What Ctrl+C means to a command that looks on while something is done.

use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// Whether Ctrl+C came, and is being acted on.
static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on, Ctrl+C ends this command and says what goes on without it.
pub(crate) fn say_on_interrupt(words: String) {
    act_on_interrupt(move || {
        let _ = writeln!(std::io::stderr(), "\n{words}");
    });
}

/// From now on, Ctrl+C cancels what is done for this command, says so, and ends the command.
pub(crate) fn cancel_on_interrupt(cancel: impl FnOnce() + Send + 'static) {
    act_on_interrupt(move || {
        cancel();
        let _ = writeln!(std::io::stderr(), "\nCancelled. Nothing is left of it.");
    });
}

/// Waits for the end of the command where Ctrl+C came: what fails then, fails because of that.
pub(crate) fn give_way() {
    while IS_INTERRUPTED.load(Ordering::SeqCst) {
        thread::park();
    }
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
