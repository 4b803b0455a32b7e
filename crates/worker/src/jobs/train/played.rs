//! What is kept of the play of an agent in training: logs of every episode, and recordings of some. Of a model
//! that plays no game there is nothing.

mod csv;
mod recorder;

use anyhow::Context;
use api::Metrics;
use models::{StepReport, Trainer};

use self::{csv::CsvLogs, recorder::Recorder};
use crate::folder::JobFolder;

/// Logs and recordings of a run.
pub(super) struct Played {
    csv: Option<CsvLogs>,
    recorder: Recorder,
}

impl Played {
    /// Goes on with those of a run whose training took so long before.
    pub(super) fn new(
        folder: &JobFolder,
        trainer: &dyn Trainer,
        elapsed_secs: f64,
    ) -> anyhow::Result<Self> {
        let csv = trainer.game().map(|game| {
            CsvLogs::open(folder.path(), game.key, trainer.global_step()).context("begin the logs")
        });
        Ok(Self { csv: csv.transpose()?, recorder: Recorder::new(folder, elapsed_secs) })
    }

    /// Logs the episodes of a step.
    pub(super) fn log_episodes(&mut self, report: &StepReport, secs: f64) -> anyhow::Result<()> {
        let Some(csv) = &mut self.csv else { return Ok(()) };
        csv.add_episodes(report, secs).context("write monitor.csv")
    }

    /// Logs what was measured.
    pub(super) fn log(&mut self, metrics: &Metrics, secs: f64) -> anyhow::Result<()> {
        let Some(csv) = &mut self.csv else { return Ok(()) };
        csv.add(metrics, secs).context("write progress.csv")
    }

    /// Records an episode if one is due. `share` is that of the budget, if there is one.
    pub(super) fn record(
        &mut self,
        folder: &mut JobFolder,
        trainer: &dyn Trainer,
        share: Option<f64>,
        elapsed_secs: f64,
    ) -> anyhow::Result<()> {
        self.recorder.note(folder, trainer, share, elapsed_secs)
    }

    /// Records some episodes of the finished agent.
    pub(super) fn evaluate(
        folder: &mut JobFolder,
        trainer: &dyn Trainer,
        share: Option<f64>,
        elapsed_secs: f64,
    ) -> anyhow::Result<()> {
        Recorder::evaluate(folder, trainer, share, elapsed_secs)
    }
}
