//! Recordings: what is played again is what was played, and whatever is damaged is refused.

use games::{Error, Options, Random, Recording, Replay, Screen, Strength, Titles};

/// An episode of random play with its screens' sum, by whoever plays second.
fn play(key: &str, start_after: u32, with_second: bool) -> (Recording, u64) {
    let options = Options { opponent: Strength::Hard };
    let mut game = games::with(key, &options).expect("a game of the list");
    let (mut random, mut screen) = (Random::new(5), Screen::default());
    game.reset(77);
    let frame_skip = game.info().frame_skip;
    for _ in 0..start_after {
        game.step(0, None);
    }
    let mut start = vec![];
    game.save(&mut start);
    let (mut actions, mut second, mut n_frames, mut sum, mut is_over) =
        (vec![], vec![], 0, 0, false);
    while actions.len() < 300 && !is_over {
        let action = random.below(game.info().actions.len() as u32) as u8;
        let other = (with_second && actions.len() > 10).then(|| random.below(3) as u8);
        actions.push(action);
        second.push(other);
        for _ in 0..frame_skip {
            is_over = game.step(action, other).is_over;
            n_frames += 1;
            game.draw(&mut screen);
            sum = hash(sum, &screen);
            if is_over {
                break;
            }
        }
    }
    let recording = Recording {
        key: key.into(),
        version: game.info().version,
        seed: 77,
        options,
        frame_skip,
        n_idle_frames: 0,
        start: (start_after > 0).then_some(start),
        actions,
        second: if with_second { second } else { vec![] },
        n_frames,
        score: game.score(),
        titles: Titles {
            title: "A «try»".into(),
            step: Some(3),
            share: Some(0.5),
            ..Titles::default()
        },
    };
    (recording, sum)
}

fn hash(sum: u64, screen: &Screen) -> u64 {
    screen.0.iter().fold(sum, |sum, it| (sum ^ u64::from(*it)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn what_is_played_again_is_what_was_played() {
    for entry in games::GAMES {
        for (start_after, with_second) in [(0, false), (25, false), (0, true)] {
            let (recording, sum) = play(entry.info.key, start_after, with_second);
            let text = recording.to_json().unwrap();
            let read = Recording::from_json(&text).unwrap();
            assert_eq!(read, recording);
            let mut replay = Replay::new(read).unwrap();
            let (mut screen, mut found, mut n) = (Screen::default(), 0, 0);
            while let Some(shown) = replay.next() {
                assert_eq!(shown.unwrap().frame_idx, n);
                n += 1;
                replay.draw(&mut screen);
                found = hash(found, &screen);
            }
            assert_eq!((n, found), (recording.n_frames, sum), "{}", entry.info.key);
        }
    }
}

#[test]
fn changes_are_found() {
    let (recording, _) = play("brick", 0, false);
    let text = recording.to_json().unwrap();
    for (from, to) in [
        ("\"seed\":77", "\"seed\":78"),
        ("\"hard\"", "\"easy\""),
        ("\"actions\":\"", "\"actions\":\"0"),
        ("\"frame_skip\":4", "\"frame_skip\":5"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        let error = Recording::from_json(&changed).unwrap_err();
        assert!(error.to_string().contains("checksum"), "{error}");
    }
    // A title may be mended.
    let renamed = Recording::from_json(&text.replacen("«try»", "«test»", 1)).unwrap();
    assert_eq!(renamed.titles.title, "A «test»");
    for n in [0, 1, text.len() / 2, text.len() - 1] {
        let Some(cut) = text.get(..n) else { continue };
        assert!(Recording::from_json(cut).is_err());
    }
}

#[test]
fn absurd_ones_are_refused() {
    let (good, _) = play("brick", 0, false);
    for bad in [
        Recording { actions: vec![], ..good.clone() },
        Recording { n_frames: 0, ..good.clone() },
        Recording { n_frames: u32::MAX, ..good.clone() },
        Recording { frame_skip: 0, ..good.clone() },
        Recording { frame_skip: 1000, ..good.clone() },
        Recording { actions: vec![200; good.actions.len()], ..good.clone() },
        Recording { actions: vec![0; 1_000_001], ..good.clone() },
        Recording { second: vec![None], ..good.clone() },
        Recording { start: Some(vec![0; 1 << 20]), ..good.clone() },
        Recording { score: f64::NAN, ..good.clone() },
    ] {
        assert!(matches!(bad.to_json(), Err(Error::Unsuitable { .. })));
        assert!(Replay::new(bad).is_err());
    }
    assert!(Replay::new(Recording { start: Some(vec![1, 2]), ..good.clone() }).is_err());
    let error = Replay::new(Recording { version: 99, ..good.clone() }).unwrap_err();
    assert!(matches!(error, Error::OtherVersion { recorded: 99, .. }), "{error}");
    for wrong in [
        Recording { score: good.score + 1.0, ..good.clone() },
        Recording { actions: [vec![0; 200], good.actions.clone()].concat(), n_frames: 900, ..good },
    ] {
        let last = Replay::new(wrong).unwrap().last().unwrap();
        assert!(matches!(last, Err(Error::Differs { .. })), "{last:?}");
    }
}
