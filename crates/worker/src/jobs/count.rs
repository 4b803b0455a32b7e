//! Counting, five numbers a second: the plainest job there is.

use std::{thread::sleep, time::Duration};

use api::{CountTask, EventBody, Outcome};

use crate::{
    folder::JobFolder,
    progress::{Goal, ProgressMeter},
};

/// How long a number takes.
const PACE: Duration = Duration::from_millis(200);

/// Counts as far as the order says.
pub(crate) fn run(folder: &mut JobFolder, task: &CountTask) -> anyhow::Result<Outcome> {
    let mut meter = ProgressMeter::new("numbers", Goal::Units(task.to), 0.0);
    for n in 0..task.to {
        if folder.should_stop() {
            return Ok(Outcome::Stopped);
        }
        if let Some(progress) = meter.mark("counting", n) {
            folder.emit(EventBody::Progress(progress))?;
        }
        sleep(PACE);
    }
    folder.emit(EventBody::Progress(meter.progress("counting", task.to)))?;
    Ok(Outcome::Done)
}
