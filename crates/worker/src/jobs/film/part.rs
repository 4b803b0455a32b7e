//! An episode of a film: its recording, the agent that played it, and which of its frames are shown.

use std::{ops::Range, path::Path};

use api::Episode;
use games::{FRAMES_PER_SEC, Info, Recording, Replay};
use models::Finished;

use crate::jobs::refuse;

/// What counts as one moment, in frames.
const MOMENT: usize = 2 * FRAMES_PER_SEC as usize;

/// An episode of a film.
pub(super) struct Part {
    pub(super) episode: Episode,
    pub(super) recording: Recording,
    /// The agent that played it, if what it saw is shown.
    pub(super) agent: Option<Box<dyn Finished>>,
    /// The frames that are shown.
    pub(super) shown: Range<u32>,
    /// The frame that stands for it in lists.
    pub(super) best_frame: u32,
    /// The score after each frame.
    scores: Vec<f32>,
    info: &'static Info,
}

impl Part {
    /// Reads an episode of a run and plays it through once, to see that it can be played and where it is at
    /// its best.
    pub(super) fn open(run: &Path, episode: &Episode, has_agent: bool) -> anyhow::Result<Self> {
        let text = super::read(run, &episode.path)?;
        let recording = Recording::from_json(&text).map_err(refusal)?;
        let info = games::info(&recording.key).map_err(refusal)?;
        let mut scores = Vec::with_capacity(recording.n_frames as usize);
        for shown in Replay::new(recording.clone()).map_err(refusal)? {
            scores.push(shown.map_err(refusal)?.score as f32);
        }
        let agent = match (&episode.agent, has_agent) {
            (Some(path), true) => Some(open_agent(&run.join(path))?),
            _ => None,
        };
        let best_frame = best_moment(&scores, MOMENT).end - 1;
        let shown = 0..recording.n_frames;
        // A run that was resumed may have recorded another one under the same name since the film was ordered.
        let step = recording.titles.step.unwrap_or(episode.step);
        let episode = Episode { step, score: recording.score, ..episode.clone() };
        Ok(Self { episode, recording, agent, shown, best_frame, scores, info })
    }

    pub(super) fn game(&self) -> &'static Info {
        self.info
    }

    pub(super) fn replay(&self) -> anyhow::Result<Replay> {
        Replay::new(self.recording.clone()).map_err(refusal)
    }

    pub(super) fn n_shown(&self) -> u32 {
        self.shown.end - self.shown.start
    }
}

fn open_agent(path: &Path) -> anyhow::Result<Box<dyn Finished>> {
    match models::open(path) {
        Ok(agent) => Ok(agent),
        Err(error) => refuse(
            "no_agent",
            "The agent of a recorded episode cannot be read.",
            &api::sentence(&format!("failed to {error}")),
            "Film the episode without its network.",
        ),
    }
}

/// Why an episode cannot be filmed, in words.
pub(super) fn refusal(error: games::Error) -> anyhow::Error {
    let (code, remedy) = match &error {
        games::Error::OtherVersion { .. } => (
            "other_version",
            "Film it with the version of Maquette that recorded it, or train a new agent.",
        ),
        games::Error::Unknown { .. } => ("unknown_game", "It may come from a newer version."),
        _ => ("changed_recording", "The file was changed or damaged. Film another episode."),
    };
    let why = api::sentence(&error.to_string());
    match refuse::<()>(code, "This episode cannot be filmed.", &why, remedy) {
        Err(refused) => refused,
        Ok(()) => anyhow::Error::new(error),
    }
}

/// Cuts episodes so that all of them together take so long, each to its best moments.
pub(super) fn cut(parts: &mut [Part], secs: f64) {
    let budget = (secs * f64::from(FRAMES_PER_SEC)) as u32;
    let lengths: Vec<u32> = parts.iter().map(Part::n_shown).collect();
    let longest = fair_share(&lengths, budget);
    for part in parts {
        if part.n_shown() > longest {
            part.shown = best_moment(&part.scores, longest as usize);
        }
        part.best_frame = part.best_frame.clamp(part.shown.start, part.shown.end - 1);
    }
}

/// The length that the longest may have, for all together to stay within a budget.
fn fair_share(lengths: &[u32], budget: u32) -> u32 {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let (mut left, mut n) = (budget, sorted.len() as u32);
    for length in sorted {
        if length > left / n.max(1) {
            return (left / n.max(1)).max(1);
        }
        left -= length;
        n -= 1;
    }
    u32::MAX
}

/// The frames, so many, in which the score rises most; the last such ones.
fn best_moment(scores: &[f32], n: usize) -> Range<u32> {
    let n = n.clamp(1, scores.len().max(1));
    let gain = |end: usize| scores[end - 1] - if end > n { scores[end - 1 - n] } else { 0.0 };
    let ends = n..=scores.len().max(1);
    let end = if scores.is_empty() {
        1
    } else {
        ends.max_by(|a, b| gain(*a).total_cmp(&gain(*b)).then(a.cmp(b))).unwrap_or(n)
    };
    (end - n) as u32..end as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_moment_is_where_the_score_rises_most() {
        assert_eq!(best_moment(&[0.0, 0.0, 1.0, 3.0, 3.0, 4.0], 2), 2..4);
        assert_eq!(best_moment(&[0.0, 0.0], 5), 0..2);
        assert_eq!(best_moment(&[1.0], 1), 0..1);
    }

    #[test]
    fn short_episodes_leave_their_time_to_long_ones() {
        assert_eq!(fair_share(&[10, 100, 100], 110), 50);
        assert_eq!(fair_share(&[10, 20], 110), u32::MAX);
        assert_eq!(fair_share(&[100, 100], 100), 50);
    }
}
