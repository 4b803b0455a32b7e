//! The clock of a studio: the system's, or one that a test steps.

use std::{
    sync::{Arc, Mutex, OnceLock, Weak},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use api::UnixMs;

use crate::shared::{Bell, lock};

/// What time it is for a studio. Whatever it gives a worker or itself time for goes by this clock.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<Stepped>>>);

/// A clock that stands still.
#[derive(Debug)]
struct Stepped {
    from_ms: UnixMs,
    passed: Duration,
    /// Of studios that may be asleep until something is due.
    bells: Vec<Weak<Bell>>,
}

impl Clock {
    /// A clock that stands still until it is stepped: what takes minutes takes a test no time.
    pub fn stepped(from_ms: UnixMs) -> Self {
        let stepped = Stepped { from_ms, passed: Duration::ZERO, bells: Vec::new() };
        Self(Some(Arc::new(Mutex::new(stepped))))
    }

    /// Lets time pass, and wakes the studios with this clock to see what is due. The system's clock cannot be
    /// stepped: nothing happens then.
    pub fn step(&self, by: Duration) {
        let Some(stepped) = &self.0 else { return };
        let mut stepped = lock(stepped);
        stepped.passed += by;
        for bell in stepped.bells.iter().filter_map(Weak::upgrade) {
            bell.ring();
        }
    }

    /// Milliseconds since 1970. Somebody may set the system's clock back.
    pub(crate) fn now_ms(&self) -> UnixMs {
        match &self.0 {
            Some(stepped) => {
                let stepped = lock(stepped);
                stepped.from_ms.saturating_add(whole_ms(stepped.passed))
            }
            None => whole_ms(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
        }
    }

    /// Time since some moment of this process: it only grows.
    pub(crate) fn passed(&self) -> Duration {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        match &self.0 {
            Some(stepped) => lock(stepped).passed,
            None => BEGAN.get_or_init(Instant::now).elapsed(),
        }
    }

    /// Rings this bell whenever the clock is stepped.
    pub(crate) fn wakes(&self, bell: &Arc<Bell>) {
        if let Some(stepped) = &self.0 {
            lock(stepped).bells.push(Arc::downgrade(bell));
        }
    }
}

fn whole_ms(time: Duration) -> UnixMs {
    UnixMs::try_from(time.as_millis()).unwrap_or(UnixMs::MAX)
}
