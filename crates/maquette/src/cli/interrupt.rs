//! What Ctrl+C means to a command that only looks on.

use std::{io::Write, thread};

/// From now on, Ctrl+C ends this command and says what goes on without it.
pub(crate) fn say_on_interrupt(words: String) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return; // Ctrl+C then ends the command without words.
    };
    let wait = move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            let _ = writeln!(std::io::stderr(), "\n{words}");
            #[expect(clippy::exit, reason = "the main thread is waiting for a job")]
            std::process::exit(130);
        }
    };
    // Without a thread, the same: no words.
    let _ = thread::Builder::new().name("interrupt".into()).spawn(wait);
}
