//! Times games side by side on one thread, with random actions.
//!
//! `cargo bench -p games --bench steps -- --measure` prints for each game the environment steps of a CPU
//! second: with planes or numbers, with one grey picture of 84 × 84 pixels a step, and with two.

use std::fs;

use games::{GAMES, Info, Observation, Options, Random, Settings, Vector, Wrappers};

const N_GAMES: usize = 16;

fn main() {
    // `cargo test` runs benches too, without asking for a measurement.
    if !std::env::args().any(|it| it == "--measure") {
        return;
    }
    print("game           planes or numbers   84 × 84   84 × 84, two frames".into());
    for entry in GAMES {
        let info = entry.info;
        let small = measure(info, Wrappers::of(info));
        let grey = Wrappers {
            observation: Observation::Grey84 { stack: 4 },
            frame_skip: 4,
            ..Wrappers::of(info)
        };
        let one = measure(info, grey.clone());
        let two = measure(info, Wrappers { max_of_two: true, ..grey });
        print(format!("{:14} {small:17.0} {one:9.0} {two:21.0}", info.key));
    }
}

/// Steps of a CPU second: the best of five tries.
fn measure(info: &Info, wrappers: Wrappers) -> f64 {
    let options = Options::default();
    let settings = Settings {
        key: info.key.into(),
        options,
        n_games: N_GAMES,
        seed: 1,
        n_threads: 1,
        wrappers,
    };
    let mut vector = Vector::new(settings).expect("what its own wrappers ask for");
    let mut random = Random::new(1);
    let actions: Vec<[u8; N_GAMES]> = (0..64)
        .map(|_| std::array::from_fn(|_| random.below(info.actions.len() as u32) as u8))
        .collect();
    let mut best = 0f64;
    for _ in 0..5 {
        let (start, mut n) = (cpu_secs(), 0);
        while cpu_secs() - start < 0.25 {
            for actions in actions.iter().cycle().take(640) {
                vector.step(actions);
            }
            n += 640 * N_GAMES;
        }
        best = best.max(n as f64 / (cpu_secs() - start));
    }
    best
}

/// CPU time of this process.
fn cpu_secs() -> f64 {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|it| it.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

#[expect(clippy::needless_pass_by_value, reason = "lines are made to be printed")]
fn print(line: String) {
    #[expect(clippy::print_stdout, reason = "the bench answers on its standard output")]
    {
        println!("{line}");
    }
}
