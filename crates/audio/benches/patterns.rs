//! Measures patterns: how sounds are cut, the scale of their vectors, and what ratings teach.
//!
//! `cargo bench -p audio --bench patterns -- --cut FOLDER` lists the patterns of the recordings in a folder,
//! `-- --scales FOLDER` prints the table of `src/patterns/scales.rs`, and `-- --learn FOLDER` measures recall before and
//! after ratings.
//!
//! What is learnt is measured thus: every source is cut into patterns, and the patterns of each source are dealt into
//! two halves. A simulated person searches with patterns of the one half among that half, and rates what comes; they like
//! what is of the same source and the same kind. Recall is then measured with patterns of the other half among that
//! half, none of which was ever rated, as the share of a pattern's kin (same source, same kind; ten at most) that is among
//! its ten nearest.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use audio::{
    DecodeLimits, Rng, decode_file,
    patterns::{CutSettings, EMBEDDING_DIM, Kind, cut, describe_pattern, raw_embedding},
    rhythm::rhythm,
    songs::{SongPlan, render},
    with_channels,
};
use memory::{PatternId, Rating, Space, SpaceName, Taste};

const RATE_HZ: u32 = 22_050;
const N_FOUND: usize = 10;
/// Identifiers of patterns that are held out begin here.
const HELD_OUT: u64 = 1 << 32;

fn main() {
    // `cargo test` runs benches too, without asking for a measurement.
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|it| it == flag)?;
        arguments.get(at + 1).map(PathBuf::from)
    };
    if let Some(folder) = after("--cut") {
        show(&recordings(&folder));
    }
    if let Some(folder) = after("--scales") {
        scales(&[recordings(&folder), songs(1, 0..12)].concat());
    }
    if let Some(folder) = after("--learn") {
        learn("recordings", &recordings(&folder));
        learn("songs of ours", &songs(2, 0..16));
        learn("both", &[recordings(&folder), songs(2, 0..16)].concat());
    }
}

/// A sound of one channel at [`RATE_HZ`].
#[derive(Clone)]
struct Sound {
    name: String,
    samples: Vec<f32>,
}

fn recordings(folder: &Path) -> Vec<Sound> {
    let mut paths = vec![];
    walk(folder, &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let decoded = decode_file(path, &DecodeLimits::default()).ok()?;
        let clip = with_channels(audio::resample(&decoded.clip, RATE_HZ), 1);
        let name = path.file_name()?.to_string_lossy().into_owned();
        Some(Sound { name, samples: clip.channels.into_iter().next()? })
    };
    paths.iter().filter_map(read).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()) {
        if path.is_dir() {
            walk(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

fn songs(seed: u64, which: std::ops::Range<usize>) -> Vec<Sound> {
    let play = |idx: usize| {
        let song = render(&SongPlan::of_set(seed, idx));
        let clip = with_channels(audio::resample(&song.clip, RATE_HZ), 1);
        Sound { name: format!("song {seed} {idx}"), samples: clip.channels[0].clone() }
    };
    which.map(play).collect()
}

fn parts(sound: &Sound) -> Vec<(audio::patterns::Cut, &[f32])> {
    let rhythm = rhythm(&sound.samples, RATE_HZ);
    let cuts = cut(&sound.samples, RATE_HZ, &rhythm, &CutSettings::default());
    let at = |secs: f64| ((secs * f64::from(RATE_HZ)) as usize).min(sound.samples.len());
    cuts.into_iter().map(|it| (it, &sound.samples[at(it.start_secs)..at(it.end_secs)])).collect()
}

fn show(sounds: &[Sound]) {
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for sound in sounds {
        for (cut, samples) in parts(sound) {
            let Some(found) = describe_pattern(samples, RATE_HZ) else { continue };
            *kinds.entry(found.kind).or_default() += 1;
            print(format!(
                "{:34.34} {:7.2} {:7.2}  {:.2}  {:11} {:.2}  {:6.0} {:6.0}  {}",
                sound.name,
                cut.start_secs,
                cut.end_secs,
                cut.confidence,
                found.kind.word(),
                found.kind_confidence,
                found.range_hz[0],
                found.range_hz[1],
                found.words.join(", "),
            ));
        }
    }
    print(format!("{kinds:?}"));
}

/// Middle and spread over sources, each source counting alike.
fn scales(sounds: &[Sound]) {
    let of_sources: Vec<Vec<Vec<f64>>> = sounds
        .iter()
        .map(|it| parts(it).into_iter().filter_map(|it| raw_embedding(it.1, RATE_HZ)).collect())
        .filter(|it: &Vec<Vec<f64>>| !it.is_empty())
        .collect();
    for i in 0..EMBEDDING_DIM {
        let mean_of = |f: &dyn Fn(f64) -> f64| {
            let of_source = |rows: &Vec<Vec<f64>>| {
                rows.iter().map(|row| f(row[i])).sum::<f64>() / rows.len() as f64
            };
            of_sources.iter().map(of_source).sum::<f64>() / of_sources.len() as f64
        };
        let mean = mean_of(&|x| x);
        let spread = mean_of(&|x| (x - mean).powi(2)).sqrt().max(1e-3);
        let end = if i % 6 == 5 { "\n" } else { " " };
        print_part(&format!("({mean:.4}, {spread:.4}),{end}"));
    }
    print(String::new());
}

struct Item {
    vector: Vec<f32>,
    source: usize,
    kind: Kind,
}

impl Item {
    fn is_kin(&self, other: &Self) -> bool {
        self.source == other.source && self.kind == other.kind
    }
}

fn learn(what: &str, sounds: &[Sound]) {
    let (mut rated, mut held_out) = (vec![], vec![]);
    for (source, sound) in sounds.iter().enumerate() {
        for (i, (_, samples)) in parts(sound).into_iter().enumerate() {
            let Some(found) = describe_pattern(samples, RATE_HZ) else { continue };
            let item = Item { vector: found.embedding, source, kind: found.kind };
            // By pairs, so that each half has patterns of all of the sound.
            let half = if i / 2 % 2 == 0 { &mut rated } else { &mut held_out };
            half.push(item);
        }
    }
    let folder = tempfile::tempdir().expect("a folder for the test");
    let spaces = [(&rated, 0), (&held_out, HELD_OUT)]
        .map(|(items, first)| space(folder.path(), items, first));
    print(format!("{what}: {} patterns to rate, {} held out", rated.len(), held_out.len()));
    for n_ratings in [0, 10, 25, 50, 100, 200] {
        let (mut sum, mut n_tries) = (0.0, 0);
        for seed in 0..5 {
            let ratings = rate(&rated, &spaces[0], n_ratings, seed);
            // Vectors of what was rated come from the half that was rated; the other half is searched.
            let taste = Taste::of(&ratings, &spaces[0].snapshot());
            sum += recall(&held_out, &spaces[1], &taste);
            n_tries += 1;
        }
        print(format!("  {n_ratings:4} ratings: recall@10 {:.3}", sum / f64::from(n_tries)));
    }
}

fn space(folder: &Path, items: &[Item], first: u64) -> Space {
    let name = SpaceName { name: "dsp".into(), version: 1, dim: EMBEDDING_DIM };
    let own = tempfile::Builder::new().tempdir_in(folder).expect("a folder for the test").keep();
    let mut space = Space::open(&own, &name).expect("the folder is empty");
    let rows: Vec<(u64, &[f32])> =
        (first..).zip(items).map(|(id, it)| (id, it.vector.as_slice())).collect();
    space.add(&rows).expect("there is room");
    space
}

/// What a person rates: the first results of searches with patterns that are drawn at random, five of each.
fn rate(items: &[Item], space: &Space, n_ratings: usize, seed: u64) -> Vec<Rating> {
    let mut rng = Rng::new(seed + 100);
    let snapshot = space.snapshot();
    let mut ratings: Vec<Rating> = vec![];
    while ratings.len() < n_ratings {
        let query = (rng.next_u64() % items.len() as u64) as usize;
        let vector = &items[query].vector;
        let taste = Taste::of(&ratings, &snapshot);
        let found = taste.find(&snapshot, vector, 6, None).expect("the query fits");
        for it in found.iter().filter(|it| it.id.0 != query as u64).take(5) {
            if ratings.len() < n_ratings {
                ratings.push(Rating {
                    space: "dsp-1".into(),
                    query: vector.clone(),
                    item: PatternId(it.id.0),
                    is_liked: items[query].is_kin(&items[it.id.0 as usize]),
                });
            }
        }
    }
    ratings
}

fn recall(items: &[Item], space: &Space, taste: &Taste) -> f64 {
    let snapshot = space.snapshot();
    let (mut sum, mut n) = (0.0, 0);
    for (i, item) in items.iter().enumerate() {
        let n_kin = items.iter().filter(|it| it.is_kin(item)).count() - 1;
        if n_kin == 0 {
            continue;
        }
        let found = taste.find(&snapshot, &item.vector, N_FOUND + 1, None).expect("it fits");
        let others = found.iter().map(|it| (it.id.0 - HELD_OUT) as usize).filter(|it| *it != i);
        let right = others.take(N_FOUND).filter(|it| items[*it].is_kin(item)).count();
        sum += right as f64 / n_kin.min(N_FOUND) as f64;
        n += 1;
    }
    sum / f64::from(n)
}

fn print(line: String) {
    print_part(&(line + "\n"));
}

#[expect(clippy::print_stdout, reason = "a bench is read on a terminal")]
fn print_part(text: &str) {
    print!("{text}");
}
