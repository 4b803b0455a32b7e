//! Which episodes of an agent are recorded while it learns: one at each tenth of its budget, one for each hour,
//! and some of the finished agent.
//!
//! A recording is the actions alone, some kilobytes, beside it the agent as it was: films are rendered from
//! these by jobs of their own, at no cost to the training.

use std::path::PathBuf;

use anyhow::Context;
use api::{Episode, EpisodeKind, EventBody};
use games::Recording;
use models::Trainer;

use crate::folder::JobFolder;

/// Where recordings lie in a run's folder.
const FOLDER: &str = "episodes";
/// Every milestone and every hour plays this seed, so that they can be compared.
const SEED: u64 = 7;
/// The finished agent plays others, so many.
const EVALUATION_SEED: u64 = 1_000;
const N_EVALUATIONS: usize = 30;
const MILESTONES: u32 = 10;
const HOUR_SECS: f64 = 3600.0;

/// Records episodes of a run.
pub(super) struct Recorder {
    /// Tenths of the budget and hours that are recorded.
    tenths: Option<u32>,
    hours: u32,
}

impl Recorder {
    /// For a run whose training took so long before, and used so much of its budget.
    pub(super) fn new(folder: &JobFolder, elapsed_secs: f64) -> Self {
        let is_there = |tenth: &u32| {
            let path = folder.path().join(FOLDER).join(format!("{}.json", milestone(*tenth)));
            path.exists()
        };
        let tenths = (0..=MILESTONES).rev().find(is_there);
        Self { tenths, hours: (elapsed_secs / HOUR_SECS) as u32 }
    }

    /// Records what is due, where the model plays a game. `share` is that of the budget, if there is one.
    pub(super) fn note(
        &mut self,
        folder: &mut JobFolder,
        trainer: &dyn Trainer,
        share: Option<f64>,
        elapsed_secs: f64,
    ) -> anyhow::Result<()> {
        if trainer.game().is_none() {
            return Ok(());
        }
        let moment = Moment { share, elapsed_secs };
        // Where several are due at once, the agent is that of the last.
        let tenth = (share.unwrap_or(0.0).clamp(0.0, 1.0) * f64::from(MILESTONES)) as u32;
        if self.tenths.is_none_or(|recorded| tenth > recorded) {
            let title = format!("{} %", tenth * 100 / MILESTONES);
            let recordings = trainer.record(1, SEED);
            moment.keep(folder, trainer, EpisodeKind::Milestone, recordings, |_| {
                (milestone(tenth), title.clone())
            })?;
            self.tenths = Some(tenth);
        }
        let hours = (elapsed_secs / HOUR_SECS) as u32;
        if hours > self.hours {
            let recordings = trainer.record(1, SEED);
            moment.keep(folder, trainer, EpisodeKind::Hour, recordings, |_| {
                (format!("hour-{hours:03}"), format!("Hour {hours}"))
            })?;
            self.hours = hours;
        }
        Ok(())
    }

    /// Records the best, the median and the worst of some episodes of the finished agent.
    pub(super) fn evaluate(
        folder: &mut JobFolder,
        trainer: &dyn Trainer,
        share: Option<f64>,
        elapsed_secs: f64,
    ) -> anyhow::Result<()> {
        if trainer.game().is_none() {
            return Ok(());
        }
        let mut played = trainer.record(N_EVALUATIONS, EVALUATION_SEED);
        played.sort_by(|a, b| a.score.total_cmp(&b.score));
        let n = played.len();
        let scores: Vec<f64> = played.iter().map(|it| it.score).collect();
        let mean = scores.iter().sum::<f64>() / n.max(1) as f64;
        let chosen = [("best", n.saturating_sub(1)), ("median", n / 2), ("worst", 0)];
        let recordings =
            chosen.iter().filter_map(|(_, i)| played.get(*i).cloned()).collect::<Vec<_>>();
        Moment { share, elapsed_secs }.keep(
            folder,
            trainer,
            EpisodeKind::Evaluation,
            recordings,
            |i| {
                let word = chosen[i].0;
                (format!("evaluation-{word}"), format!("The {word} of {n}, mean {mean:.1}"))
            },
        )
    }
}

fn milestone(tenth: u32) -> String {
    format!("milestone-{:03}", tenth * 100 / MILESTONES)
}

/// When something is recorded.
#[derive(Clone, Copy)]
struct Moment {
    share: Option<f64>,
    elapsed_secs: f64,
}

impl Moment {
    /// Writes recordings with the agent beside the first, and reports them. `name` gives the name of the file
    /// and the title of each.
    fn keep(
        self,
        folder: &mut JobFolder,
        trainer: &dyn Trainer,
        kind: EpisodeKind,
        recordings: Vec<Recording>,
        name: impl Fn(usize) -> (String, String),
    ) -> anyhow::Result<()> {
        let place = folder.path().join(FOLDER);
        std::fs::create_dir_all(&place).with_context(|| format!("make {}", place.display()))?;
        let mut agent = None;
        for (i, mut recording) in recordings.into_iter().enumerate() {
            let (file, title) = name(i);
            recording.titles.title.clone_from(&title);
            recording.titles.step = Some(trainer.global_step());
            recording.titles.share = self.share;
            if agent.is_none() {
                let path = format!("{FOLDER}/{file}.safetensors");
                trainer
                    .save_player(&folder.path().join(&path))
                    .with_context(|| format!("write {path}"))?;
                agent = Some(path);
            }
            let path = PathBuf::from(FOLDER).join(format!("{file}.json"));
            let text = recording.to_json().context("record an episode")?;
            job::whole::write(&folder.path().join(&path), text.as_bytes())
                .with_context(|| format!("write {}", path.display()))?;
            folder.emit(EventBody::Episode(Episode {
                path: path.to_string_lossy().into_owned(),
                kind,
                title,
                step: trainer.global_step(),
                share: self.share,
                elapsed_secs: self.elapsed_secs,
                score: recording.score,
                n_frames: u64::from(recording.n_frames),
                game: recording.key,
                game_version: recording.version,
                agent: agent.clone(),
            }))?;
        }
        Ok(())
    }
}
