//! When checkpoints are written, and which are kept.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use api::{Checkpoint, EventBody, ScoreMetric, Warning};
use models::Trainer;
use sha2::{Digest, Sha256};

use crate::{
    dataset::hex,
    folder::JobFolder,
    log::log,
    pace::{SAVE_BEST_PAUSE_SECS_MIN, SAVE_PAUSE, SAVE_PAUSE_SECS_MIN},
};

/// How many of the newest are kept; the best one is kept as well.
const KEPT: usize = 3;

/// The checkpoints of a run.
pub(super) struct Checkpoints {
    kept: Vec<Checkpoint>,
    score_metric: ScoreMetric,
    saved: Instant,
    took: Duration,
}

impl Checkpoints {
    /// Finds those of earlier processes and removes half-written ones.
    pub(super) fn new(folder: &JobFolder) -> anyhow::Result<Self> {
        let path = super::create_folder(folder, "checkpoints")?;
        for entry in fs::read_dir(&path).context("list checkpoints")?.flatten() {
            let is_whole = entry.path().extension().is_some_and(|it| it == "safetensors");
            if !is_whole {
                let _ = fs::remove_file(entry.path());
            }
        }
        let kept = folder.past().checkpoints.values().cloned().collect();
        Ok(Self {
            kept,
            score_metric: ScoreMetric::default(),
            saved: Instant::now(),
            took: Duration::ZERO,
        })
    }

    /// Says what the best one is best by: the trainer knows, which comes from the newest one.
    pub(super) fn score_by(&mut self, metric: ScoreMetric) {
        self.score_metric = metric;
    }

    /// The newest intact checkpoint; damaged ones are reported and removed from the list.
    pub(super) fn newest_whole(
        &mut self,
        folder: &mut JobFolder,
    ) -> anyhow::Result<Option<PathBuf>> {
        if self.kept.is_empty() {
            return Ok(None);
        }
        while let Some(checkpoint) = self.kept.last() {
            let path = folder.path().join(&checkpoint.path);
            let why = match sha256_of_file(&path) {
                Ok(hash) if hash == checkpoint.sha256 => return Ok(Some(path)),
                Ok(_) => "its content changed".to_owned(),
                Err(error) => error.to_string(),
            };
            folder.warn(damaged(checkpoint, &why))?;
            folder.emit(EventBody::CheckpointRemoved { step: checkpoint.step })?;
            self.kept.pop();
        }
        super::refuse(
            "no_checkpoint",
            "No checkpoint of this run can be read.",
            "All of them are missing or damaged; the warnings say how.",
            "Start a new run with the same settings.",
        )
    }

    /// Whether a kill would lose much work by now. On slow disks checkpoints are rarer, so that writing them does
    /// not dominate.
    pub(super) fn is_due(&self) -> bool {
        self.is_due_after(SAVE_PAUSE_SECS_MIN)
    }

    /// Whether a model with this score is better than all on disk, and it is time to save it.
    pub(super) fn is_due_for(&self, validation: f64) -> bool {
        self.would_be_best(validation) && self.is_due_after(SAVE_BEST_PAUSE_SECS_MIN)
    }

    fn would_be_best(&self, validation: f64) -> bool {
        let best = self.best_validation();
        best.is_none_or(|best| self.score_metric.is_better(validation, best))
    }

    fn is_due_after(&self, secs_min: u64) -> bool {
        self.saved.elapsed() > Duration::from_secs(secs_min).max(self.took * SAVE_PAUSE)
    }

    /// Writes and reports a checkpoint, and only then removes those that are no longer needed.
    pub(super) fn save(
        &mut self,
        folder: &mut JobFolder,
        trainer: &mut dyn Trainer,
        validation: Option<f64>,
    ) -> anyhow::Result<()> {
        let step = trainer.global_step();
        if let Some(known) = self.kept.iter_mut().find(|it| it.step == step) {
            // Measured since it was written: reported again, with its score.
            if known.validation.is_none() && validation.is_some() {
                known.validation = validation;
                let reported = known.clone();
                let is_best = self.best_validation() == validation;
                return folder.emit(EventBody::Checkpoint(Checkpoint { is_best, ..reported }));
            }
            return Ok(());
        }
        self.write(folder, trainer, validation)?;
        self.remove_old(folder)
    }

    fn write(
        &mut self,
        folder: &mut JobFolder,
        trainer: &mut dyn Trainer,
        validation: Option<f64>,
    ) -> anyhow::Result<()> {
        let step = trainer.global_step();
        let started = Instant::now();
        let path = job::files::checkpoint(step);
        let file = folder.path().join(&path);
        trainer.save(&file).with_context(|| format!("write {path}"))?;
        let checkpoint = Checkpoint {
            step,
            bytes: fs::metadata(&file).with_context(|| format!("look at {path}"))?.len(),
            sha256: sha256_of_file(&file).with_context(|| format!("read back {path}"))?,
            path,
            validation,
            is_best: validation.is_some_and(|it| self.would_be_best(it)),
        };
        folder.emit(EventBody::Checkpoint(checkpoint.clone()))?;
        self.kept.push(checkpoint);
        (self.saved, self.took) = (Instant::now(), started.elapsed());
        log(&format!("step {step}: saved in {:.2} s", self.took.as_secs_f64()));
        Ok(())
    }

    /// The newest one with an acceptable score, which a diverged run can go back to.
    pub(super) fn last_good(&self, is_good: impl Fn(f64) -> bool) -> Option<&Checkpoint> {
        self.kept.iter().rev().find(|it| it.validation.is_some_and(&is_good))
    }

    /// Removes those after a step that the run went back to.
    pub(super) fn forget_after(&mut self, folder: &mut JobFolder, step: u64) -> anyhow::Result<()> {
        while let Some(at) = self.kept.iter().position(|it| it.step > step) {
            self.remove(folder, at)?;
        }
        Ok(())
    }

    fn best_validation(&self) -> Option<f64> {
        let measured = self.kept.iter().filter_map(|it| it.validation);
        measured.min_by(|a, b| self.score_metric.compare(*a, *b))
    }

    fn remove_old(&mut self, folder: &mut JobFolder) -> anyhow::Result<()> {
        let best = self.best_validation();
        while self.kept.len() > KEPT + 1 {
            let last = self.kept.len() - KEPT;
            let Some(at) = self.kept[..last].iter().position(|it| match it.validation {
                // Measured elsewhere, it may be known to be the best all the same.
                None => !it.is_best,
                Some(_) => it.validation != best,
            }) else {
                return Ok(());
            };
            self.remove(folder, at)?;
        }
        Ok(())
    }

    fn remove(&mut self, folder: &mut JobFolder, at: usize) -> anyhow::Result<()> {
        let old = self.kept.remove(at);
        folder.emit(EventBody::CheckpointRemoved { step: old.step })?;
        let _ = fs::remove_file(folder.path().join(&old.path));
        Ok(())
    }
}

fn damaged(checkpoint: &Checkpoint, why: &str) -> Warning {
    Warning {
        code: "damaged_checkpoint".into(),
        file: Some(checkpoint.path.clone()),
        message: format!("The checkpoint of step {} is skipped: {why}.", checkpoint.step),
    }
}

/// SHA-256 of a file, in hexadecimal, read in pieces.
pub(in crate::jobs) fn sha256_of_file(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&piece[..n]);
    }
}
