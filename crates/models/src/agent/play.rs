//! Agents at play, outside of learning: measured on whole episodes.

use games::{Finished, Options, Random, Recording, Settings, Strength, Titles, Vector};
use nn::feedforward::Pass;

use super::{
    config::{Config, Opponent},
    network::{Agent, wrappers},
    policy::{best, draw, log_softmax},
};

/// What is chosen of a game.
pub(crate) fn options(config: &Config) -> Options {
    let opponent = match config.opponent {
        Opponent::Easy => Strength::Easy,
        Opponent::Medium => Strength::Medium,
        Opponent::Hard => Strength::Hard,
    };
    Options { opponent }
}

/// How `n` games are played to learn from.
pub(crate) fn vector_settings(config: &Config, n: usize, seed: u64) -> Settings {
    Settings {
        key: config.game.clone(),
        options: options(config),
        n_games: n,
        seed,
        n_threads: 1,
        wrappers: wrappers(config),
    }
}

/// Games to learn from.
pub(crate) fn vector(settings: Settings) -> Vector {
    Vector::new(settings).expect("checked settings can be played")
}

/// How an agent chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Choice {
    /// The action it prefers.
    Best,
    /// Drawn by the probabilities of its policy.
    Drawn,
    /// The action it prefers, but for a share of random ones.
    Mostly(f32),
}

/// Chooses an action of what is preferred.
pub(crate) fn choose(preferences: &mut [f32], choice: Choice, random: &mut Random) -> usize {
    match choice {
        Choice::Best => best(preferences),
        Choice::Drawn => {
            log_softmax(preferences);
            draw(preferences, random)
        }
        Choice::Mostly(share) if random.unit() < share => {
            random.below(preferences.len() as u32) as usize
        }
        Choice::Mostly(_) => best(preferences),
    }
}

/// Plays an episode in each of `n` games, unaltered; gives them in the order of their games. The same seed
/// gives the same episodes.
pub(crate) fn episodes(
    config: &Config,
    agent: &Agent,
    parameters: &[f32],
    choice: Choice,
    n: usize,
    seed: u64,
) -> Vec<Recording> {
    let mut settings = vector_settings(config, n, seed);
    settings.wrappers.episodic_life = false;
    settings.wrappers.clip_reward = false;
    let mut vector = vector(settings);
    let mut random = Random::new(seed);
    let (mut pass, mut preferences) = (Pass::default(), Vec::new());
    let mut finished: Vec<Option<Finished>> = vec![None; n];
    let mut played: Vec<Vec<u8>> = vec![vec![]; n];
    let mut actions = vec![0; n];
    while finished.iter().any(Option::is_none) {
        agent.forward_batch(parameters, vector.batch(), &mut pass);
        agent.preferences(&pass, &mut preferences);
        let rows = preferences.chunks_exact_mut(agent.n_actions);
        for (i, row) in rows.enumerate() {
            actions[i] = choose(row, choice, &mut random) as u8;
            if finished[i].is_none() {
                played[i].push(actions[i]);
            }
        }
        let batch = vector.step(&actions);
        for (first, found) in finished.iter_mut().zip(&batch.finished) {
            *first = first.or(*found);
        }
    }
    let ended = finished.into_iter().flatten().zip(played);
    ended.map(|(finished, actions)| recording(config, finished, actions)).collect()
}

fn recording(config: &Config, finished: Finished, actions: Vec<u8>) -> Recording {
    Recording {
        key: config.game.clone(),
        version: config.info().version,
        seed: finished.seed,
        options: options(config),
        frame_skip: config.frames_per_action(),
        n_idle_frames: finished.n_idle_frames,
        start: None,
        actions,
        second: vec![],
        n_frames: finished.n_frames,
        score: finished.score,
        titles: Titles::default(),
    }
}
