//! Every game: the same everywhere, saved and loaded at any time, never stuck, and as good as it says.

use games::{Entry, GAMES, Game, Random, Screen};
use sha2::{Digest, Sha256};

/// The first digits of a hash of 2,000 frames of random play: screens, planes, numbers and rewards.
const HASHES: &[(&str, &str)] = &[
    ("cartpole", "dcf94c9049d3809c"),
    ("mountaincar", "01553dbdb33c71e1"),
    ("acrobot", "601ecb548da8cc3c"),
    ("brick", "38910662b40ae0f9"),
    ("rally", "97ed54f6d3ccbbe5"),
    ("snake", "b443c7d25f070c1a"),
    ("crossing", "6537b4356fc1fa54"),
    ("invaders", "af4b43b3b4e3443c"),
    ("maze", "470a21e0d84e8ecd"),
];

/// Plays random actions, each held as agents do, and begins anew after each end.
fn play_randomly(game: &mut dyn Game, n_frames: u32, mut see: impl FnMut(&dyn Game, f32)) {
    let info = game.info();
    let mut random = Random::new(11);
    let (mut action, mut in_episode) = (0, 0);
    game.reset(42);
    for frame in 0..n_frames {
        if in_episode % info.frame_skip == 0 {
            action = random.below(info.actions.len() as u32) as u8;
        }
        in_episode += 1;
        let played = game.step(action, None);
        see(game, played.reward);
        if played.is_over || in_episode == info.frames_max {
            game.reset(u64::from(frame));
            in_episode = 0;
        }
    }
}

fn planes(game: &dyn Game) -> Vec<u8> {
    let n = game.info().planes.map_or(0, |it| it.rows * it.columns * it.names.len());
    let mut planes = vec![7; n];
    game.planes(&mut planes);
    planes
}

fn numbers(game: &dyn Game) -> Vec<f32> {
    let mut numbers = vec![f32::NAN; game.info().numbers.map_or(0, |it| it.names.len())];
    game.numbers(&mut numbers);
    numbers
}

fn screen(game: &dyn Game) -> Screen {
    let mut screen = Screen::default();
    game.draw(&mut screen);
    screen
}

fn made(entry: &Entry) -> Box<dyn Game> {
    (entry.new)(&games::Options::default())
}

#[test]
fn frames_are_the_same_everywhere() {
    let mut found = vec![];
    for entry in GAMES {
        let mut hash = Sha256::new();
        let mut n_frames = 0;
        play_randomly(&mut *made(entry), 2_000, |game, reward| {
            hash.update(reward.to_le_bytes());
            // Sines may differ in their last digit from one system to another, which grows with time.
            n_frames += 1;
            for number in numbers(game).into_iter().filter(|_| n_frames <= 100) {
                hash.update(((number * 1000.0).round() as i32).to_le_bytes());
            }
            hash.update(planes(game));
            if game.info().numbers.is_none() {
                hash.update(*screen(game).0);
            }
        });
        let digits: String = hash.finalize()[..8].iter().map(|it| format!("{it:02x}")).collect();
        found.push((entry.info.key, digits));
    }
    let found: Vec<(&str, &str)> = found.iter().map(|(key, it)| (*key, it.as_str())).collect();
    assert_eq!(found, HASHES, "raise the version of a game whose frames have changed");
}

#[test]
fn a_state_saved_in_the_middle_has_the_same_future() {
    for entry in GAMES {
        let mut game = made(entry);
        for n_frames in [1, 150, 333, 1_000] {
            play_randomly(&mut *game, n_frames, |_, _| ());
            let mut saved = vec![];
            game.save(&mut saved);
            let mut other = made(entry);
            assert!(other.load(&saved).unwrap().is_empty());
            for frame in 0..400 {
                let action = (frame / 7 % 5) as u8;
                assert_eq!(game.scripted(), other.scripted());
                assert_eq!(game.step(action, None), other.step(action, None));
                assert_eq!(*screen(&*game).0, *screen(&*other).0, "{}", entry.info.key);
                assert_eq!(planes(&*game), planes(&*other));
                assert_eq!(numbers(&*game), numbers(&*other));
            }
            for n in 0..saved.len() {
                assert!(other.load(&saved[..n]).is_err(), "cut to {n} bytes");
            }
        }
    }
}

/// A damaged state is either refused, or can be played without a panic.
#[test]
fn damaged_states_do_no_harm() {
    for entry in GAMES {
        let mut random = Random::new(8);
        let mut game = made(entry);
        play_randomly(&mut *game, 500, |_, _| ());
        let mut saved = vec![];
        game.save(&mut saved);
        for _ in 0..3_000 {
            let mut damaged = saved.clone();
            for _ in 0..1 + random.below(3) {
                let at = random.below(damaged.len() as u32) as usize;
                damaged[at] = random.next_u32() as u8;
            }
            if game.load(&damaged).is_ok() {
                for frame in 0..12 {
                    screen(&*game);
                    planes(&*game);
                    game.scripted();
                    game.step(frame % 6, None);
                }
            }
        }
    }
}

#[test]
fn random_play_goes_on_and_on() {
    for entry in GAMES {
        let n_colours = entry.info.palette.len();
        assert!(entry.info.actions.len() <= 36, "a recording has a digit for each");
        play_randomly(&mut *made(entry), 20_000, |game, reward| {
            assert!(reward.is_finite() && game.score().is_finite());
            assert!(planes(game).iter().all(|it| *it <= 1), "planes are 0 or 1");
            assert!(numbers(game).iter().all(|it| it.is_finite()));
            assert!(screen(game).0.iter().all(|it| usize::from(*it) < n_colours));
        });
    }
}

#[test]
fn a_game_that_is_over_stays_as_it_is() {
    for entry in GAMES {
        let mut game = made(entry);
        game.reset(1);
        let mut n = 0;
        while !game.step((n / 16 % 3) as u8, None).is_over && n < 40_000 {
            n += 1;
        }
        if n == 40_000 {
            continue;
        }
        let (mut before, mut after) = (vec![], vec![]);
        game.save(&mut before);
        let frame = game.step(1, None);
        game.save(&mut after);
        assert_eq!(before, after, "{}", entry.info.key);
        assert!(frame.is_over && frame.reward == 0.0 && frame.sound.is_none());
    }
}

/// Mean scores of some episodes are near those that people are shown.
#[test]
fn yardsticks_are_true() {
    let mut wrong = vec![];
    for entry in GAMES {
        for (who, shown) in entry.info.yardsticks {
            let n = match *who {
                "random" => 100,
                "scripted" => 40,
                _ => continue,
            };
            let scores = (0..n).map(|seed| episode(entry, seed, *who == "random"));
            let mean = scores.sum::<f64>() / n as f64;
            let tolerance = (0.1 * shown.abs()).max(0.3);
            println!("{} {who}: {mean:.2}, not {shown}", entry.info.key);
            if (mean - shown).abs() > tolerance {
                wrong.push(format!("{} {who}: {mean:.2}, not {shown}", entry.info.key));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn episode(entry: &Entry, seed: u64, is_random: bool) -> f64 {
    let (mut game, mut random) = (made(entry), Random::new(seed + 1000));
    game.reset(seed);
    let mut action = 0;
    for frame in 0..entry.info.frames_max {
        if frame % entry.info.frame_skip == 0 {
            action = match is_random {
                true => random.below(entry.info.actions.len() as u32) as u8,
                false => game.scripted(),
            };
        }
        if game.step(action, None).is_over {
            break;
        }
    }
    game.score()
}

#[test]
fn a_stronger_opponent_leaves_fewer_points() {
    use games::{Options, Strength};
    let means = [Strength::Easy, Strength::Medium, Strength::Hard].map(|opponent| {
        let scores = (0..20).map(|seed| {
            let mut game = games::with("rally", &Options { opponent }).unwrap();
            game.reset(seed);
            let mut action = 0;
            for frame in 0..game.info().frames_max {
                if frame % 4 == 0 {
                    action = game.scripted();
                }
                if game.step(action, None).is_over {
                    break;
                }
            }
            game.score()
        });
        scores.sum::<f64>() / 20.0
    });
    println!("{means:?}");
    assert!(means.is_sorted_by(|a, b| a - 1.0 > *b), "{means:?}");
}

/// Planes and physics agree: whoever only sees in which cells ball and paddle are plays well.
#[test]
fn planes_are_enough_to_play() {
    fn mean_score(key: &str, along: fn(usize, usize) -> usize, paddle: usize, ball: usize) -> f64 {
        let entry = GAMES.iter().find(|it| it.info.key == key).unwrap();
        let info = entry.info.planes.unwrap();
        let place = |planes: &[u8], plane: usize| {
            let cells = planes.chunks_exact(info.names.len()).enumerate();
            let found: Vec<usize> = cells
                .filter(|(_, it)| it[plane] == 1)
                .map(|(i, _)| along(i / info.columns, i % info.columns))
                .collect();
            found.iter().sum::<usize>() as f64 / found.len().max(1) as f64
        };
        let scores = (0..10).map(|seed| {
            let mut game = made(entry);
            game.reset(seed);
            let mut action = 0;
            for frame in 0..entry.info.frames_max {
                if frame % entry.info.frame_skip == 0 {
                    let planes = planes(&*game);
                    let off = place(&planes, ball) - place(&planes, paddle);
                    action = if off < -0.6 { 1 } else { 2 * u8::from(off > 0.6) };
                }
                if game.step(action, None).is_over {
                    break;
                }
            }
            game.score()
        });
        scores.sum::<f64>() / 10.0
    }
    let brick = mean_score("brick", |_, column| column, 0, 1);
    let rally = mean_score("rally", |row, _| row, 0, 2);
    println!("brick {brick}, rally {rally}");
    assert!(brick > 30.0, "{brick}");
    assert!(rally > 0.0, "{rally}");
}
