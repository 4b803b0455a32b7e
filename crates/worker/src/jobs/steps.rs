//! The progress of a job without countable units, as a fraction.

use api::{EventBody, Outcome};

use crate::{
    folder::JobFolder,
    progress::{Goal, ProgressMeter},
};

/// Reports the progress of a job, and checks for stops.
pub(super) struct Steps<'a> {
    pub(super) folder: &'a mut JobFolder,
    meter: ProgressMeter,
    phase: &'static str,
    /// The fractions at which the phase begins and ends.
    range: [f64; 2],
}

/// A job was asked to stop; this is passed up as an error.
#[derive(Debug, thiserror::Error)]
#[error("stop as it was asked to")]
pub(super) struct Stopped;

/// The outcome of a job, a stop included.
pub(super) fn stopped_or(result: anyhow::Result<Outcome>) -> anyhow::Result<Outcome> {
    match result {
        Err(error) if error.is::<Stopped>() => Ok(Outcome::Stopped),
        other => other,
    }
}

impl<'a> Steps<'a> {
    /// Begins with reading; `phase` is what comes then.
    pub(super) fn new(folder: &'a mut JobFolder, phase: &'static str) -> anyhow::Result<Self> {
        let meter = ProgressMeter::new("percent", Goal::Units(100), 0.0);
        folder.emit(EventBody::Progress(meter.progress("reading", 0)))?;
        Ok(Self { folder, meter, phase, range: [0.0, 1.0] })
    }

    /// Begins a phase that takes the job from one fraction to another.
    pub(super) fn begin(&mut self, phase: &'static str, range: [f64; 2]) {
        (self.phase, self.range) = (phase, range);
    }

    /// Reports the fraction of the phase that is done, 0 to 1; returns whether to continue.
    pub(super) fn go_on(&mut self, share: f64) -> bool {
        let [from, to] = self.range;
        let share = from + (to - from) * share.clamp(0.0, 1.0);
        if let Some(progress) = self.meter.mark(self.phase, (share * 100.0) as u64) {
            // A full disk will be reported when the result is written.
            let _ = self.folder.emit(EventBody::Progress(progress));
        }
        !self.folder.should_stop()
    }

    /// The same for what is done on the way to an error.
    pub(super) fn check(&mut self, share: f64) -> anyhow::Result<()> {
        if self.go_on(share) { Ok(()) } else { Err(Stopped.into()) }
    }

    /// Reports that everything is done.
    pub(super) fn done(&mut self) -> anyhow::Result<()> {
        self.folder.emit(EventBody::Progress(self.meter.progress("done", 100)))
    }
}
