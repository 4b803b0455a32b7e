//! Times searches in a space on one thread, and compares them with a plain scan of all vectors.
//!
//! `cargo bench -p memory --bench search -- --measure [ROWS] [DIM]` prints milliseconds a query and the recall of the ten
//! nearest, in time of the processor where the system says it, for vectors in classes (as sounds are), and for vectors that have nothing in common, the worst case.

use std::{sync::LazyLock, time::Instant};

use memory::{Found, Snapshot, Space, SpaceName, unit};

const N_QUERIES: usize = 100;
const N_FOUND: usize = 10;
/// How often each query is timed.
const AGAIN: usize = 5;

fn main() {
    // `cargo test` runs benches too, without asking for a measurement.
    let arguments: Vec<String> = std::env::args().collect();
    let Some(at) = arguments.iter().position(|it| it == "--measure") else { return };
    let number = |i: usize, default: usize| {
        arguments.get(at + i).and_then(|it| it.parse().ok()).unwrap_or(default)
    };
    let (n_rows, dim) = (number(1, 100_000), number(2, 512));
    print(&format!(
        "{n_rows} vectors of {dim} numbers, {N_QUERIES} queries, the {N_FOUND} nearest"
    ));
    print("                 build  open    ours, ms           plain scan, ms     recall");
    print("                 s      s       median    least    median    least    at 10");
    measure("500 classes", n_rows, dim, &mut Classes::new(500, 48, dim));
    measure("nothing alike", n_rows, dim, &mut Classes::new(0, dim, dim));
}

fn measure(what: &str, n_rows: usize, dim: usize, source: &mut Classes) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let name = SpaceName { name: "bench".into(), version: 1, dim };
    let mut space = Space::open(folder.path(), &name).expect("the folder is empty");
    let started = Instant::now();
    let mut adding = 0.0;
    for first in (0..n_rows).step_by(16_384) {
        let vectors: Vec<Vec<f32>> =
            (first..(first + 16_384).min(n_rows)).map(|_| source.vector()).collect();
        let rows: Vec<(u64, &[f32])> =
            (first as u64..).zip(&vectors).map(|(id, it)| (id, it.as_slice())).collect();
        let before = started.elapsed().as_secs_f64();
        space.add(&rows).expect("there is room");
        adding += started.elapsed().as_secs_f64() - before;
    }
    drop(space);
    let started = Instant::now();
    let space = Space::open(folder.path(), &name).expect("it was just written");
    let opening = started.elapsed().as_secs_f64();
    let snapshot = space.snapshot();
    let (mut ours, mut plain, mut n_right) = (vec![], vec![], 0);
    // Some queries at a time, as the system's clock of a thread may be coarse.
    for _ in 0..N_QUERIES / 10 {
        let queries: Vec<Vec<f32>> = (0..10).map(|_| source.vector()).collect();
        let started = now_ms();
        let found: Vec<Vec<Found>> = (0..10 * AGAIN)
            .map(|i| snapshot.search(&queries[i % 10], N_FOUND).expect("the query fits"))
            .collect();
        ours.push((now_ms() - started) / (10 * AGAIN) as f64);
        let started = now_ms();
        let expected: Vec<Vec<(f32, u64)>> =
            queries.iter().map(|query| plainly(&snapshot, query)).collect();
        plain.push((now_ms() - started) / 10.0);
        for (found, expected) in found.iter().zip(expected) {
            let worst = expected[N_FOUND - 1].0 - 1e-6;
            n_right += found.iter().filter(|it| it.similarity >= worst).count();
        }
    }
    let recall = n_right as f64 / (N_QUERIES * N_FOUND) as f64;
    let [(ours, ours_least), (plain, plain_least)] = [ours, plain].map(middle);
    print(&format!(
        "{what:14} {adding:7.1} {opening:5.2} {ours:10.2} {ours_least:9.2} {plain:9.2} {plain_least:9.2} {recall:9.4}"
    ));
}

/// The time that this thread has had a processor, in milliseconds; on the clock where the system does not say it.
fn now_ms() -> f64 {
    let had = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let had = had.and_then(|it| it.split(' ').next()?.parse::<f64>().ok());
    had.map_or_else(|| 1e3 * CLOCK.elapsed().as_secs_f64(), |it| it / 1e6)
}

static CLOCK: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The median and the least.
fn middle(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[0])
}

/// The ten nearest by the product with every vector, eight sums at a time.
fn plainly(snapshot: &Snapshot, query: &[f32]) -> Vec<(f32, u64)> {
    let mut best: Vec<(f32, u64)> = vec![];
    for (row, id) in snapshot.rows() {
        let mut sums = [0.0f32; 8];
        let vector = snapshot.vector(row).as_chunks::<8>().0;
        for (a, b) in vector.iter().zip(query.as_chunks::<8>().0) {
            for i in 0..8 {
                sums[i] += a[i] * b[i];
            }
        }
        let similarity: f32 = sums.iter().sum();
        if best.len() < N_FOUND || similarity > best[N_FOUND - 1].0 {
            best.push((similarity, id));
            best.sort_by(|a, b| b.0.total_cmp(&a.0));
            best.truncate(N_FOUND);
        }
    }
    best
}

/// Vectors around the centres of classes, all in a flat part of the space.
struct Classes {
    state: u64,
    centres: Vec<Vec<f32>>,
    /// Where the flat part lies: a direction for each of its numbers.
    directions: Vec<Vec<f32>>,
    n_flat: usize,
}

impl Classes {
    fn new(n_classes: usize, n_flat: usize, dim: usize) -> Self {
        let mut it = Self { state: 1, centres: vec![], directions: vec![], n_flat };
        it.centres = (0..n_classes).map(|_| it.normals(n_flat)).collect();
        if n_flat < dim {
            it.directions = (0..n_flat).map(|_| it.normals(dim)).collect();
        }
        it
    }

    fn vector(&mut self) -> Vec<f32> {
        let mut flat = self.normals(self.n_flat);
        if !self.centres.is_empty() {
            let class = self.random() as usize % self.centres.len();
            flat.iter_mut().zip(&self.centres[class]).for_each(|(x, c)| *x = c + 0.5 * *x);
        }
        let mut vector = flat;
        if !self.directions.is_empty() {
            let mut spread = vec![0.0; self.directions[0].len()];
            for (x, direction) in vector.iter().zip(&self.directions) {
                spread.iter_mut().zip(direction).for_each(|(sum, d)| *sum += x * d);
            }
            vector = spread;
        }
        unit(&mut vector);
        vector
    }

    /// Numbers that are nearly normal: sums of four even ones.
    fn normals(&mut self, n: usize) -> Vec<f32> {
        let mut one = || {
            let bits = self.random();
            (0..4).map(|i| (bits >> (16 * i) & 0xffff) as f32 / 65_536.0 - 0.5).sum::<f32>() * 1.732
        };
        (0..n).map(|_| one()).collect()
    }

    /// `SplitMix64` by Vigna, public domain.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[expect(clippy::print_stdout, reason = "a bench is read on a terminal")]
fn print(line: &str) {
    println!("{line}");
}
