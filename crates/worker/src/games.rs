//! The list of games, in the words of the product: for the server and the command, which know no game.

use api::{Game, GameKey, Yardstick};
use games::Info;

/// Every game, the easiest to learn first.
#[must_use]
pub fn games() -> Vec<Game> {
    games::GAMES.iter().map(|entry| told(entry.info)).collect()
}

pub(crate) fn told(info: &Info) -> Game {
    // Every game has a screen.
    let observations =
        [info.planes.map(|_| "planes"), Some("screen"), info.numbers.map(|_| "numbers")];
    let yardstick = |&(player, score): &(&str, f64)| Yardstick {
        player: player.to_owned(),
        score,
        is_estimate: player == "person",
    };
    let key =
        |&(key, action): &(&str, u8)| GameKey { key: key.to_owned(), action: u32::from(action) };
    Game {
        key: info.key.to_owned(),
        title: info.title.to_owned(),
        about: info.about.to_owned(),
        version: info.version,
        actions: info.actions.iter().map(|&it| it.to_owned()).collect(),
        keys: info.keys.iter().map(key).collect(),
        n_players: u32::try_from(info.n_players).unwrap_or(u32::MAX),
        frame_skip: info.frame_skip,
        observations: observations.into_iter().flatten().map(str::to_owned).collect(),
        score_unit: info.score_unit.to_owned(),
        yardsticks: info.yardsticks.iter().map(yardstick).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_game_is_told_whole() {
        let all = games();
        assert_eq!(all.len(), games::GAMES.len());
        for game in all {
            assert!(game.keys.iter().all(|it| (it.action as usize) < game.actions.len()));
            assert!(game.observations.contains(&"screen".to_owned()), "{}", game.key);
            let estimated: Vec<&str> = game
                .yardsticks
                .iter()
                .filter_map(|it| it.is_estimate.then_some(it.player.as_str()))
                .collect();
            assert_eq!(estimated, ["person"], "{}", game.key);
        }
    }
}
