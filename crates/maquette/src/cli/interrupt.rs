//! What Ctrl+C means to a command that looks on while something is done.

use std::{io::Write, thread};

/// From now on, Ctrl+C ends this command and says what goes on without it.
pub(crate) fn say_on_interrupt(words: String) {
    act_on_interrupt(move || {
        let _ = writeln!(std::io::stderr(), "\n{words}");
    });
}

/// From now on, Ctrl+C does this once and ends the command.
pub(crate) fn act_on_interrupt(act: impl FnOnce() + Send + 'static) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return; // Ctrl+C then ends the command without further ado.
    };
    let wait = move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            act();
            #[expect(clippy::exit, reason = "the main thread is waiting for a job")]
            std::process::exit(130);
        }
    };
    // Without a thread, the same: nothing is done.
    let _ = thread::Builder::new().name("interrupt".into()).spawn(wait);
}
