//! Lets an agent play, for a command that wants to know how good it is.

use std::path::Path;

use api::{Played, Problem};
use models::agent::Player;

use crate::{
    folder::problem,
    games::games,
    jobs::{Refused, load_any},
};

/// The most episodes that are played at once; each takes some memory.
const AT_ONCE: usize = 50;

/// Lets the agent in a file or folder play whole episodes. The same seed gives the same ones.
///
/// # Errors
/// When the file cannot be read, holds no agent, or no episode is asked for.
pub fn play(model: &Path, n_episodes: usize, seed: u64) -> Result<Played, Problem> {
    let failed = |code: &str, why: &str, remedy: &str| {
        problem(code, format!("“{}” cannot play.", model.display()), why, remedy)
    };
    if n_episodes == 0 {
        return Err(failed(
            "no_episodes",
            "There is nothing to play.",
            "Ask for at least 1 episode.",
        ));
    }
    let loaded = load_any(model).map_err(|error| match error.downcast::<Refused>() {
        Ok(Refused(refused)) => {
            let why = refused.why.unwrap_or(refused.what);
            failed(&refused.code, &why, "Name an agent of the library, or a checkpoint of its run.")
        }
        Err(error) => {
            failed("unreadable_file", &api::sentence(&format!("{error:#}")), "Check the file.")
        }
    })?;
    let player = loaded.as_player().ok_or_else(|| {
        let why = format!("It is {}.", loaded.kind());
        failed("not_an_agent", &why, "Name an agent of the library, or a checkpoint of its run.")
    })?;
    let (scores, n_frames) = episodes(player, n_episodes, seed);
    let key = player.game().key;
    let game = games().into_iter().find(|game| game.key == key);
    let game = game.expect("an agent plays a game of the list");
    let mut ordered = scores.clone();
    ordered.sort_by(f64::total_cmp);
    let mean = mean_of(&scores);
    Ok(Played {
        game,
        seed,
        mean,
        deviation: deviation(&scores, mean),
        best: ordered[ordered.len() - 1],
        median: f64::midpoint(ordered[(ordered.len() - 1) / 2], ordered[ordered.len() / 2]),
        worst: ordered[0],
        mean_frames: mean_of(&n_frames),
        scores,
    })
}

/// The scores and the frames of some episodes.
fn episodes(player: &Player, n: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut played = Vec::with_capacity(n);
    for first in (0..n).step_by(AT_ONCE) {
        // Seeds of episodes are mixed from this one, so neighbours have nothing in common.
        let seed = seed.wrapping_add((first / AT_ONCE) as u64);
        let recordings = player.record((n - first).min(AT_ONCE), seed);
        played.extend(recordings.iter().map(|it| (it.score, f64::from(it.n_frames))));
    }
    played.into_iter().unzip()
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64], mean: f64) -> f64 {
    let n_free = (values.len() - 1).max(1) as f64;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n_free).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_a_mean_and_lie_apart() {
        let check = |values: &[f64], expected: (f64, f64)| {
            let mean = mean_of(values);
            let deviation = deviation(values, mean);
            assert!((mean - expected.0).abs() < 1e-12 && (deviation - expected.1).abs() < 1e-12);
        };
        check(&[3.0], (3.0, 0.0));
        check(&[1.0, 3.0], (2.0, 2.0f64.sqrt()));
        check(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], (5.0, (32.0f64 / 7.0).sqrt()));
    }

    #[test]
    fn what_cannot_play_is_said() {
        let nowhere = play(Path::new("/nowhere/agent"), 1, 0).unwrap_err();
        assert_eq!(nowhere.what, "“/nowhere/agent” cannot play.");
        assert!(nowhere.why.is_some(), "{nowhere:?}");
        assert_eq!(play(Path::new("/nowhere/agent"), 0, 0).unwrap_err().code, "no_episodes");
    }
}
