//! What is remembered, and what is drawn of it.

use super::*;

/// What a game of one number shows in its step.
fn batch(step: usize, reward: f32, is_terminated: bool, is_truncated: bool) -> Batch {
    Batch {
        numbers: vec![step as f32],
        rewards: vec![reward],
        terminated: vec![is_terminated],
        truncated: vec![is_truncated],
        last_numbers: vec![step as f32 + 0.5],
        finished: vec![None],
        ..Batch::default()
    }
}

/// Steps 0 to 4, of which the third ends in the way that is asked for.
fn filled(capacity: usize, is_terminated: bool) -> Replay {
    let mut replay = Replay::new(capacity, &batch(0, 0.0, false, false));
    let mut is_first = true;
    for step in 0..5 {
        replay.add(&batch(step, 0.0, false, false), is_first, step as u8);
        is_first = step == 2;
        let ends = (is_first && is_terminated, is_first && !is_terminated);
        replay.set_outcome(&batch(step, 1.0, ends.0, ends.1));
    }
    replay
}

#[test]
fn an_end_counts_no_future() {
    let replay = filled(10, true);
    let sample = replay.sample(2, 1, 0.5).unwrap();
    assert_eq!((sample.then, sample.reward), (None, 1.0));
    let sample = replay.sample(1, 3, 0.5).unwrap();
    assert_eq!((sample.then, sample.reward), (None, 1.5));
    let sample = replay.sample(0, 1, 0.5).unwrap();
    assert_eq!((sample.then, sample.discount), (Some(1), 0.5));
}

#[test]
fn what_was_cut_off_is_valued_by_what_it_last_showed() {
    let replay = filled(10, false);
    let sample = replay.sample(2, 1, 0.5).unwrap();
    assert_eq!(replay.numbers(sample.then.unwrap()), [2.5]);
    let sample = replay.sample(1, 5, 0.5).unwrap();
    assert_eq!(replay.numbers(sample.then.unwrap()), [2.5]);
    assert_eq!((sample.reward, sample.discount), (1.5, 0.25));
    assert_eq!(replay.sample(3, 1, 0.5), None, "nothing was done there");
}

#[test]
fn nothing_is_learnt_from_what_has_not_happened_yet() {
    let replay = filled(10, true);
    assert_eq!(replay.sample(4, 1, 0.5), None);
    assert_eq!(replay.sample(3, 2, 0.5), None);
}

#[test]
fn the_oldest_steps_are_forgotten() {
    let replay = filled(3, true);
    assert_eq!(replay.n, 3);
    let mut random = Random::new(1);
    for _ in 0..100 {
        let sample = replay.draw(1, 0.9, &mut random).unwrap();
        assert!(replay.numbers(sample.at)[0] >= 2.0);
    }
}

#[test]
fn frames_before_an_episode_are_black() {
    let show = |step: u8| Batch {
        frames: vec![step; 4],
        pictures: vec![0; 4 * STACK],
        rewards: vec![0.0],
        terminated: vec![false],
        truncated: vec![false],
        finished: vec![None],
        ..Batch::default()
    };
    let mut replay = Replay::new(6, &show(0));
    for step in 1..=5 {
        replay.add(&show(step), step == 3, 0);
        replay.set_outcome(&show(step));
    }
    let mut seen = vec![9; 4 * STACK];
    replay.pictures(3, &mut seen);
    assert_eq!(seen[..4], [0, 0, 3, 4]);
    // Once the ring is full, a stack that reaches behind its oldest step cannot be seen whole.
    for step in 6..=10 {
        replay.add(&show(step), false, 0);
        replay.set_outcome(&show(step));
    }
    let drawn: Vec<usize> = {
        let mut random = Random::new(2);
        (0..50).map(|_| replay.draw(1, 0.9, &mut random).unwrap().at).collect()
    };
    assert!(drawn.iter().all(|at| [1, 2].contains(at)), "{drawn:?}");
}
