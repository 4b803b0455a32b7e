//! Plays games for another program, over standard input and output, so that others learn on just these games.
//!
//! `cargo run --release -p games --example steps -- brick n_games=8 seed=1 observation=planes`; other words are
//! `frame_skip`, `noop_max`, `is_episodic_life`, `clips_rewards`, `max_of_two`, `steps_max`, and `n_threads`.
//! `benches/agents/maquette_env.py` is the other side.
//!
//! It first writes a line of JSON that says what there is: the actions, the shape of an observation, and
//! whether it is bytes or numbers of 32 bits. Then it writes the first observations, and waits for commands:
//!
//! - `s` and a byte for each game plays these actions. The answer is all observations, rewards (`f32`), whether
//!   episodes came to their end (a byte each), whether they were cut off (a byte each), scores of whole episodes
//!   that ended (`f64`, NaN where none did) and their steps (`u32`); and then for each game whose episode ended,
//!   or was cut off, the last observation of it.
//! - `r` and a seed (`u64`) begins all games anew. The answer is all observations.
//!
//! Numbers are little-endian. It ends with its input.

use std::io::{self, BufReader, BufWriter, Read, Write};

use games::{Batch, Observation, Options, Settings, Vector, Wrappers};
use serde_json::json;

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let key = words.next().expect("the first word is a game");
    let mut settings = settings(&key, words);
    let mut vector = begun(&settings);
    let mut to = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut from = BufReader::new(io::stdin().lock());
    writeln!(to, "{}", what_there_is(&settings))?;
    write_observations(&mut to, &vector)?;
    let mut actions = vec![0; settings.n_games];
    loop {
        to.flush()?;
        let mut command = [0];
        if from.read(&mut command)? == 0 {
            return Ok(());
        }
        match command {
            [b's'] => {
                from.read_exact(&mut actions)?;
                write_step(&mut to, vector.step(&actions))?;
            }
            [b'r'] => {
                let mut seed = [0; 8];
                from.read_exact(&mut seed)?;
                settings.seed = u64::from_le_bytes(seed);
                vector = begun(&settings);
                write_observations(&mut to, &vector)?;
            }
            [other] => panic!("there is no command {other}"),
        }
    }
}

fn settings(key: &str, words: impl Iterator<Item = String>) -> Settings {
    let info = games::info(key).expect("the first word is a game");
    let mut settings = Settings {
        key: key.into(),
        options: Options::default(),
        n_games: 1,
        seed: 0,
        n_threads: 1,
        wrappers: Wrappers::of(info),
    };
    let wrappers = &mut settings.wrappers;
    for word in words {
        let (name, value) = word.split_once('=').expect("words are name=value");
        let number = || value.parse::<u64>().expect("a whole number");
        match name {
            "n_games" => settings.n_games = number() as usize,
            "n_threads" => settings.n_threads = number() as usize,
            "seed" => settings.seed = number(),
            "frame_skip" => wrappers.frame_skip = number() as u32,
            "noop_max" => wrappers.noop_max = number() as u32,
            "steps_max" => wrappers.steps_max = Some(number() as u32),
            "is_episodic_life" => wrappers.episodic_life = value == "true",
            "clips_rewards" => wrappers.clip_reward = value == "true",
            "max_of_two" => wrappers.max_of_two = value == "true",
            "observation" => {
                wrappers.observation = match value {
                    "planes" => Observation::Planes,
                    "numbers" => Observation::Numbers,
                    "grey84" => Observation::Grey84 { stack: 4 },
                    other => panic!("there is no observation {other}"),
                }
            }
            other => panic!("there is no word {other}"),
        }
    }
    settings
}

fn begun(settings: &Settings) -> Vector {
    Vector::new(settings.clone()).expect("settings that can be played")
}

fn what_there_is(settings: &Settings) -> serde_json::Value {
    let info = games::info(&settings.key).expect("it was found before");
    let (shape, is_bytes) = match (settings.wrappers.observation, info.planes, info.numbers) {
        (Observation::Planes, Some(planes), _) => {
            (vec![planes.rows, planes.columns, planes.names.len()], true)
        }
        (Observation::Numbers, _, Some(numbers)) => (vec![numbers.names.len()], false),
        (Observation::Grey84 { stack }, ..) => (vec![games::GREY, games::GREY, stack], true),
        _ => unreachable!("such settings cannot be played"),
    };
    let n_games = settings.n_games;
    json!({ "actions": info.actions, "shape": shape, "is_bytes": is_bytes, "n_games": n_games })
}

fn write_observations(to: &mut impl Write, vector: &Vector) -> io::Result<()> {
    let batch = vector.batch();
    to.write_all(&batch.pictures)?;
    write_numbers(to, &batch.numbers)
}

fn write_step(to: &mut impl Write, batch: &Batch) -> io::Result<()> {
    to.write_all(&batch.pictures)?;
    write_numbers(to, &batch.numbers)?;
    write_numbers(to, &batch.rewards)?;
    for ends in [&batch.terminated, &batch.truncated] {
        ends.iter().try_for_each(|it| to.write_all(&[u8::from(*it)]))?;
    }
    for finished in &batch.finished {
        to.write_all(&finished.map_or(f64::NAN, |it| it.score).to_le_bytes())?;
    }
    for finished in &batch.finished {
        to.write_all(&finished.map_or(0, |it| it.n_steps).to_le_bytes())?;
    }
    let n = batch.rewards.len();
    for i in (0..n).filter(|i| batch.terminated[*i] || batch.truncated[*i]) {
        to.write_all(row(&batch.last_pictures, i, n))?;
        write_numbers(to, row(&batch.last_numbers, i, n))?;
    }
    Ok(())
}

fn write_numbers(to: &mut impl Write, numbers: &[f32]) -> io::Result<()> {
    numbers.iter().try_for_each(|it| to.write_all(&it.to_le_bytes()))
}

/// Row `i` of `n`.
fn row<T>(rows: &[T], i: usize, n: usize) -> &[T] {
    let len = rows.len() / n;
    &rows[i * len..][..len]
}
