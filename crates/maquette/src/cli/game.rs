//! `maquette game`: the games that agents learn, and how well an agent plays one.

use api::{Game, Played, nearest};

use super::{
    Console,
    convert::model_path,
    output::refused,
    table::{list, table},
    words,
};
use crate::client::Refused;

/// Episodes that tell how well an agent plays, and the most that are played.
const N_EPISODES: u32 = 30;
const N_EPISODES_MAX: i64 = 10_000;

#[derive(clap::Subcommand)]
pub(crate) enum GameCommand {
    /// List all games, the easiest to learn first
    List,
    /// Show a game: what one does in it, its actions, and what others reach
    Show {
        /// The game's name, like `brick`
        game: String,
    },
    /// Let an agent play, and compare its scores with those of others
    Play {
        /// An agent: a model's identifier or name, or a checkpoint or another file with one
        model: String,
        /// How many episodes it plays
        #[arg(long, value_name = "N", default_value_t = N_EPISODES,
            value_parser = clap::value_parser!(u32).range(1..=N_EPISODES_MAX))]
        episodes: u32,
        /// The random seed; the same seed gives the same episodes
        #[arg(long, value_name = "S", default_value_t = 0)]
        seed: u64,
    },
}

pub(crate) fn run(command: GameCommand, console: &Console) -> anyhow::Result<()> {
    let terminal = console.terminal;
    match command {
        GameCommand::List => {
            let games = worker::games();
            terminal.result(&games, || overview(&games))
        }
        GameCommand::Show { game } => {
            let game = named(&game)?;
            terminal.result(&game, || detail(&game))
        }
        GameCommand::Play { model, episodes, seed } => {
            let path = model_path(&model, console)?;
            terminal.note(&format!("Playing {}…", words::n_of(episodes as usize, "episode")));
            let played = worker::play(&path, episodes as usize, seed).map_err(Refused)?;
            terminal.result(&played, || scores(&played))
        }
    }
}

/// The game that the user named.
fn named(key: &str) -> Result<Game, Refused> {
    let games = worker::games();
    let suggestion = nearest(key, games.iter().map(|game| game.key.as_str()));
    let remedy = match suggestion {
        Some(meant) => format!("Did you mean `{meant}`? `maquette game list` shows every game."),
        None => "`maquette game list` shows every game.".to_owned(),
    };
    let found = games.iter().find(|game| game.key == key).cloned();
    found.ok_or_else(|| refused("not_found", format!("There is no game “{key}”."), "", &remedy))
}

fn overview(games: &[Game]) -> String {
    let row = |game: &Game| {
        let reached = |who: &str| {
            let found = game.yardsticks.iter().find(|it| it.player == who);
            found.map_or(String::new(), |it| number(it.score))
        };
        [
            game.key.clone(),
            game.title.clone(),
            game.score_unit.clone(),
            reached("random"),
            reached("scripted"),
            reached("person"),
        ]
    };
    let rows: Vec<_> = games.iter().map(row).collect();
    let mut text = table(["game", "title", "score", "random", "scripted", "person"], &rows);
    text.push_str("\nTrain an agent with `maquette train --game brick --preset quick`.\n");
    text
}

fn detail(game: &Game) -> String {
    let mut text = format!("{}\n{}\n\n", game.title, game.about);
    let keys = game.keys.iter().map(|it| {
        let action = game.actions.get(it.action as usize).map_or("", String::as_str);
        format!("{}: {action}", it.key)
    });
    text.push_str(&list(&[
        ("game", game.key.clone()),
        ("version", game.version.to_string()),
        ("actions", game.actions.join(", ")),
        ("keys", keys.collect::<Vec<_>>().join(", ")),
        ("players", game.n_players.to_string()),
        ("held for", words::n_of(game.frame_skip as usize, "frame")),
        ("agents see", game.observations.join(", ")),
        ("score", game.score_unit.clone()),
    ]));
    text.push_str(&format!("\n{}", yardsticks(game, None)));
    text
}

fn scores(played: &Played) -> String {
    let each: Vec<String> = played.scores.iter().map(|score| number(*score)).collect();
    let secs = played.mean_frames / 60.0;
    let mut text = list(&[
        ("game", format!("{}, in {}", played.game.title, played.game.score_unit)),
        ("scores", each.join(" ")),
        ("mean", format!("{} ± {}", number(played.mean), number(played.deviation))),
        ("best", number(played.best)),
        ("median", number(played.median)),
        ("worst", number(played.worst)),
        (
            "length",
            format!(
                "{} frames, {}",
                words::count(played.mean_frames as u64),
                words::duration(secs)
            ),
        ),
    ]);
    text.push_str(&format!("\n{}", yardsticks(&played.game, Some(played.mean))));
    text
}

/// What others reach, next to what an agent did if one played.
fn yardsticks(game: &Game, mean: Option<f64>) -> String {
    let mut all: Vec<(&str, f64, &str)> = game
        .yardsticks
        .iter()
        .map(|it| (it.player.as_str(), it.score, if it.is_estimate { "estimated" } else { "" }))
        .collect();
    all.extend(mean.map(|mean| ("this agent", mean, "")));
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let row = |(who, score, how): &(&str, f64, &str)| {
        [(*who).to_owned(), number(*score), (*how).to_owned()]
    };
    table(["player", "mean score", ""], &all.iter().map(row).collect::<Vec<_>>())
}

/// A score with as many digits as tell something.
fn number(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        least if least < 1.0 => format!("{value:.2}"),
        _ => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistyped_games_are_recognised() {
        assert_eq!(named("brick").unwrap().key, "brick");
        let remedy = named("brik").unwrap_err().0.remedy.unwrap();
        assert!(remedy.contains("`brick`"), "{remedy}");
        let remedy = named("chess").unwrap_err().0.remedy.unwrap();
        assert!(!remedy.contains("mean"), "{remedy}");
    }

    #[test]
    fn an_agent_stands_where_it_belongs() {
        let text = yardsticks(&named("brick").unwrap(), Some(31.0));
        let players: Vec<&str> =
            text.lines().map(|line| line.split("  ").next().unwrap()).collect();
        assert_eq!(players, ["player", "scripted", "this agent", "person", "random"]);
    }

    #[test]
    fn scores_have_few_digits() {
        let check = |value: f64, expected: &str| assert_eq!(number(value), expected);
        check(500.0, "500");
        check(-10.66, "-10.7");
        check(0.163, "0.16");
        check(0.0, "0");
    }
}
