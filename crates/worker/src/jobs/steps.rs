//! How far a job of one piece is, from nothing to all.

use api::EventBody;

use crate::{
    folder::JobFolder,
    progress::{Goal, ProgressMeter},
};

/// Says how far a job is, and asks whether to go on.
pub(super) struct Steps<'a> {
    pub(super) folder: &'a mut JobFolder,
    meter: ProgressMeter,
    phase: &'static str,
}

impl<'a> Steps<'a> {
    /// Begins with reading; `phase` is what comes then.
    pub(super) fn new(folder: &'a mut JobFolder, phase: &'static str) -> anyhow::Result<Self> {
        let meter = ProgressMeter::new("percent", Goal::Units(100), 0.0);
        folder.emit(EventBody::Progress(meter.tell("reading", 0)))?;
        Ok(Self { folder, meter, phase })
    }

    /// Says that a share of it is done, 0 to 1; whether to go on.
    pub(super) fn go_on(&mut self, share: f64) -> bool {
        if let Some(progress) = self.meter.mark(self.phase, (share * 100.0) as u64) {
            // A full disk is noticed when the result is written.
            let _ = self.folder.emit(EventBody::Progress(progress));
        }
        !self.folder.should_stop()
    }
}
