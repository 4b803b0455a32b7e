//! When to stop: a signal, or a line in `control.jsonl`.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A flag that a signal or another thread raises and a job looks at between its steps.
#[derive(Clone, Default)]
pub(crate) struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// A flag that `SIGTERM` and `SIGINT` raise.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let flag = Self::default();
        for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
            signal_hook::flag::register(signal, Arc::clone(&flag.0))?;
        }
        Ok(flag)
    }

    /// Whether the job should save and end.
    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks the job to save and end.
    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
