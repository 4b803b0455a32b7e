//! Measures patterns: how sounds are cut, and the scale of their vectors; and writes vectors to learn from.
//!
//! `cargo bench -p audio --bench patterns -- --cut FOLDER` lists the patterns of the recordings in a folder,
//! `-- --scales FOLDER` prints the table of `src/patterns/scales.rs`, and `-- --vectors FOLDER` writes `recordings.txt`,
//! `songs.txt` and `both.txt` for `cargo bench -p memory --bench learning -- --measure FILE --deal 2`: a line for each
//! pattern with its source, its kind and its vector.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use audio::{
    DecodeLimits, decode_file,
    patterns::{CutSettings, EMBEDDING_DIM, Kind, cut, describe_pattern, raw_embedding},
    rhythm::rhythm,
    songs::{SongPlan, render},
    with_channels,
};

const RATE_HZ: u32 = 22_050;

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
    if let Some(folder) = after("--vectors") {
        let (recordings, songs) = (recordings(&folder), songs(2, 0..16));
        write("recordings.txt", &recordings);
        write("songs.txt", &songs);
        write("both.txt", &[recordings, songs].concat());
    }
}

/// Writes the patterns of sounds: a line for each with the number of its source, its kind, and its vector.
fn write(file: &str, sounds: &[Sound]) {
    let mut text = String::new();
    for (source, sound) in sounds.iter().enumerate() {
        for (_, samples) in parts(sound) {
            let Some(found) = describe_pattern(samples, RATE_HZ) else { continue };
            let numbers = found.embedding.iter().map(f32::to_string).collect::<Vec<_>>().join(" ");
            text.push_str(&format!("{source} {:?} {numbers}\n", found.kind));
        }
    }
    std::fs::write(file, text).expect("the file can be written");
    print(format!("{file} is written"));
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

fn print(line: String) {
    print_part(&(line + "\n"));
}

#[expect(clippy::print_stdout, reason = "a bench is read on a terminal")]
fn print_part(text: &str) {
    print!("{text}");
}
