//! Games side by side: what they give doesn't depend on threads, survives being saved, and costs no memory.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use games::{GAMES, Info, Observation, Options, Random, Settings, Vector, Wrappers};

struct Counting;

thread_local! {
    static N_ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator is unsafe to implement; this one only counts")]
// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        N_ALLOCATIONS.set(N_ALLOCATIONS.get() + 1);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Every way that a game can be observed.
fn observations(info: &Info) -> Vec<Observation> {
    let mut all = vec![Observation::Grey84 { stack: 4 }];
    all.extend(info.planes.map(|_| Observation::Planes));
    all.extend(info.numbers.map(|_| Observation::Numbers));
    all
}

fn settings(info: &Info, observation: Observation) -> Settings {
    let wrappers = Wrappers {
        observation,
        episodic_life: true,
        clip_reward: true,
        noop_max: 30,
        max_of_two: true,
        steps_max: Some(60),
        ..Wrappers::of(info)
    };
    let options = Options::default();
    Settings { key: info.key.into(), options, n_games: 5, seed: 9, n_threads: 1, wrappers }
}

fn actions(random: &mut Random, info: &Info) -> Vec<u8> {
    (0..5).map(|_| random.below(info.actions.len() as u32) as u8).collect()
}

fn of_all(check: impl Fn(&'static Info, Settings)) {
    for entry in GAMES {
        for observation in observations(entry.info) {
            check(entry.info, settings(entry.info, observation));
        }
    }
}

#[test]
fn threads_make_no_difference() {
    of_all(|info, settings| {
        let mut alone = Vector::new(settings.clone()).unwrap();
        let mut together = Vector::new(Settings { n_threads: 3, ..settings }).unwrap();
        let mut random = Random::new(1);
        assert_eq!(alone.batch(), together.batch());
        for _ in 0..100 {
            let actions = actions(&mut random, info);
            let (a, b) = (alone.step(&actions), together.step(&actions));
            assert_eq!((&a.pictures, &a.numbers), (&b.pictures, &b.numbers), "{}", info.key);
            assert_eq!((&a.rewards, &a.finished), (&b.rewards, &b.finished));
            assert_eq!((&a.terminated, &a.truncated), (&b.terminated, &b.truncated));
        }
    });
}

#[test]
fn a_saved_vector_goes_on_as_if_nothing_had_been_between() {
    of_all(|info, settings| {
        let mut vector = Vector::new(settings.clone()).unwrap();
        let mut random = Random::new(2);
        for _ in 0..70 {
            vector.step(&actions(&mut random, info));
        }
        let saved = vector.save();
        let mut again =
            Vector::load(Settings { n_threads: 2, ..settings.clone() }, &saved).unwrap();
        assert_eq!(vector.batch().pictures, again.batch().pictures);
        for _ in 0..70 {
            let actions = actions(&mut random, info);
            let (a, b) = (vector.step(&actions), again.step(&actions));
            assert_eq!((&a.pictures, &a.numbers), (&b.pictures, &b.numbers), "{}", info.key);
            assert_eq!((&a.rewards, &a.finished), (&b.rewards, &b.finished));
        }
        assert_eq!(vector.save(), again.save());
        for damaged in
            [&saved[..saved.len() - 1], &saved[1..], &[], &[saved.clone(), vec![0]].concat()]
        {
            assert!(Vector::load(settings.clone(), damaged).is_err());
        }
    });
}

#[test]
fn steps_allocate_nothing() {
    of_all(|info, settings| {
        let mut vector = Vector::new(settings).unwrap();
        let mut random = Random::new(3);
        let choices: Vec<Vec<u8>> = (0..300).map(|_| actions(&mut random, info)).collect();
        let before = N_ALLOCATIONS.get();
        for actions in &choices {
            vector.step(actions);
        }
        assert_eq!(N_ALLOCATIONS.get() - before, 0, "{}", info.key);
    });
}

#[test]
fn the_end_of_time_is_not_the_end_of_a_game() {
    let info = games::info("cartpole").unwrap();
    let wrappers = Wrappers::of(info);
    let options = Options::default();
    let settings =
        Settings { key: info.key.into(), options, n_games: 1, seed: 4, n_threads: 1, wrappers };
    let mut vector = Vector::new(settings).unwrap();
    let mut n_steps = 0;
    loop {
        let before = vector.batch().numbers.clone();
        let lean = before[2] + 0.3 * before[3] + 0.02 * before[0] + 0.06 * before[1];
        let batch = vector.step(&[u8::from(lean > 0.0)]);
        n_steps += 1;
        assert_eq!(batch.terminated, [false]);
        if batch.truncated[0] {
            let finished = batch.finished[0].unwrap();
            assert_eq!((n_steps, finished.score, finished.n_frames), (500, 500.0, 500));
            assert_eq!(finished.seed, games::episode_seed(4, 0, 0));
            // The last observation follows from the one before; that of the new episode is near zero.
            assert!((batch.last_numbers[0] - before[0] - 0.02 * before[1]).abs() < 1e-5);
            assert!(batch.numbers.iter().all(|it| it.abs() <= 0.05));
            return;
        }
    }
}

#[test]
fn a_stack_holds_the_last_pictures_and_its_newest_is_the_frame() {
    let info = games::info("brick").unwrap();
    let wrappers = Wrappers { observation: Observation::Grey84 { stack: 4 }, ..Wrappers::of(info) };
    let options = Options::default();
    let settings =
        Settings { key: info.key.into(), options, n_games: 2, seed: 4, n_threads: 1, wrappers };
    let mut vector = Vector::new(settings).unwrap();
    let mut frames: Vec<Vec<u8>> = vec![vec![0; 2 * 84 * 84]; 3];
    frames.push(vector.batch().frames.clone());
    for step in 0..20 {
        let batch = vector.batch();
        for (i, pixels) in batch.pictures.chunks(4).enumerate() {
            let expected: Vec<u8> = frames[step..].iter().map(|it| it[i]).collect();
            assert_eq!(pixels, expected);
        }
        frames.push(vector.step(&[1, 2]).frames.clone());
    }
}

#[test]
fn what_cannot_be_played_is_refused_in_words() {
    let info = games::info("brick").unwrap();
    let good = settings(info, Observation::Planes);
    let why = |settings: Settings| Vector::new(settings).unwrap_err().to_string();
    assert_eq!(why(Settings { key: "chess".into(), ..good.clone() }), "there is no game `chess`");
    assert!(why(settings(info, Observation::Numbers)).contains("no numbers"));
    assert!(why(settings(info, Observation::Grey84 { stack: 99 })).contains("not 99"));
    assert!(why(Settings { n_games: 0, ..good.clone() }).contains("side by side"));
    assert!(why(Settings { n_threads: 0, ..good }).contains("threads"));
}
