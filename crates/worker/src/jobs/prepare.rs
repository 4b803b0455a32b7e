//! Preparing a dataset: sound files are decoded on all cores and stored in order.

use std::{
    collections::BTreeMap,
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use api::{
    DatasetIndex, EventBody, IndexedSound, Outcome, PrepareTask, SoundSource, Split, Warning,
};
use audio::Clip;

use super::refuse;
use crate::{
    bad_sound::explain,
    dataset::{DatasetWriter, PreparedSound},
    folder::JobFolder,
    log::log,
    progress::{Goal, ProgressMeter},
};

/// More files than this are not taken from one folder.
const FILES_MAX: usize = 100_000;
/// Folders are walked this deep.
const DEPTH_MAX: usize = 32;
/// Threads read at most this many sounds ahead of what is stored.
const AHEAD_MAX: usize = 32;
/// How long a thread sleeps when it has to wait, and how often a stop is looked for.
const PAUSE: Duration = Duration::from_millis(20);
/// A single recording longer than this is not read.
pub(super) const LENGTH_SECS_MAX: f64 = 4.0 * 3600.0;
/// Small datasets hold out this many files all the same, if that is no more than a fifth of them:
/// a distance measured on one or two says little.
const HELD_OUT_LEAST: usize = 3;
/// The share of a single recording that is held out, when there is no second file to hold out.
const HELD_OUT_SHARE: f64 = 0.1;
/// What the name of that part ends with.
const HELD_OUT_END: &str = "(held-out end)";

/// Prepares the dataset of the job's folder.
pub(crate) fn run(folder: &mut JobFolder, task: &PrepareTask) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let sounds = find_sounds(folder, &task.source)?;
    if sounds.is_empty() {
        return refuse(
            "no_audio",
            "There is no sound in this folder.",
            "No file in it or in its folders ends in wav, aiff, flac, mp3, ogg, m4a or aac.",
            "Choose a folder with recordings in one of these formats.",
        );
    }
    let n_sounds = sounds.len() as u64;
    let mut meter = ProgressMeter::new("files", Goal::Units(n_sounds), 0.0);
    let mut writer = DatasetWriter::create(folder.path(), task.rate_hz, task.channels)
        .context("create the dataset's files")?;
    let mut warnings = vec![];
    let (mut n_done, mut n_skipped) = (0, 0);
    folder.emit(EventBody::Progress(meter.tell("reading files", 0)))?;
    let is_whole = read_in_order(&sounds, task, folder, |folder, sound| {
        n_done += 1;
        for warning in sound.warnings {
            folder.warn(warning.clone())?;
            warnings.push(warning);
        }
        n_skipped += u32::from(sound.prepared.is_empty());
        for prepared in sound.prepared {
            writer.add(prepared).context("store a sound")?;
        }
        match meter.mark("reading files", n_done) {
            Some(progress) => folder.emit(EventBody::Progress(progress)),
            None => Ok(()),
        }
    })?;
    if !is_whole {
        return Ok(Outcome::Stopped);
    }
    if writer.n_sounds() == 0 {
        return refuse(
            "no_usable_audio",
            "None of the sounds could be used.",
            &format!(
                "All {n_sounds} files were damaged, silent or not sound; the warnings say which and why."
            ),
            "Choose other recordings, or convert these with an audio editor.",
        );
    }
    let (seed, share) = (task.seed, task.validation_share);
    let split = |sounds: &[IndexedSound]| split_by_file(sounds, share, seed);
    let seconds = started.elapsed().as_secs_f64();
    let source = source_in_words(&task.source);
    writer.finish(source, split, warnings, n_skipped, seconds).context("write the dataset")?;
    folder.emit(EventBody::Progress(meter.tell("done", n_done)))?;
    log(&format!("{n_done} files in {seconds:.2} s, {n_skipped} left out"));
    Ok(Outcome::Done)
}

/// A sound to read: a file, or one that is made on the spot.
enum Source {
    File { path: PathBuf, name: String },
    Made { name: String, clip: Clip },
}

/// What came of reading one sound.
struct ReadSound {
    prepared: Vec<PreparedSound>,
    warnings: Vec<Warning>,
}

/// A sound at the dataset's rate and channels.
struct ReadClip {
    name: String,
    clip: Clip,
    source_rate_hz: u32,
    source_channels: u16,
}

fn find_sounds(folder: &mut JobFolder, source: &SoundSource) -> anyhow::Result<Vec<Source>> {
    let root = match source {
        SoundSource::Samples => {
            let sounds = audio::sample_sounds(0).into_iter();
            return Ok(sounds.map(|(name, clip)| Source::Made { name, clip }).collect());
        }
        SoundSource::Folder { path } => path.clone(),
        // <workspace>/projects/<project>/datasets/<id> is the job's folder.
        SoundSource::Upload { upload } => {
            folder.path().join("../../../../uploads").join(upload.as_str())
        }
    };
    let found = match fs::metadata(&root) {
        Ok(it) if it.is_file() => vec![root.clone()],
        Ok(_) => walk(&root, folder)?,
        Err(error) => {
            return refuse(
                "unreadable_folder",
                format!("The folder {} cannot be read.", root.display()),
                &error.to_string(),
                "Check that it exists and that you may read it.",
            );
        }
    };
    let base = if root.is_file() { root.parent().unwrap_or(&root) } else { &root };
    Ok(found.into_iter().map(|path| source_from_path(path, base)).collect())
}

fn source_from_path(path: PathBuf, base: &Path) -> Source {
    let name = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().into_owned();
    Source::File { path, name }
}

/// All sounds below a folder, by path; folders that may not be read are warned about.
/// Links to folders are not followed, so a walk always ends.
fn walk(root: &Path, job: &mut JobFolder) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = vec![];
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if folder == root => {
                return refuse(
                    "unreadable_folder",
                    format!("The folder {} cannot be read.", root.display()),
                    &error.to_string(),
                    "Check that it exists and that you may read it.",
                );
            }
            Err(error) => {
                job.warn(unreadable_folder(&folder, root, &error))?;
                continue;
            }
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if !kind.is_dir() && audio::is_sound_path(&path) && found.len() < FILES_MAX {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn unreadable_folder(folder: &Path, root: &Path, error: &io::Error) -> Warning {
    let name = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().into_owned();
    Warning {
        code: "unreadable_folder".into(),
        file: Some(name),
        message: format!("This folder could not be read: {error}."),
    }
}

/// Reads the sounds on all cores and hands them over in their order; gives whether all were, which
/// is not so after a stop.
///
/// Threads read at most [`AHEAD_MAX`] sounds ahead of the one that is handed over next, which bounds
/// the memory, and sleep when there is nothing to do.
fn read_in_order(
    sounds: &[Source],
    task: &PrepareTask,
    folder: &mut JobFolder,
    hand_over: impl FnMut(&mut JobFolder, ReadSound) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let (next, n_handed_over) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stop = folder.stop_flag().clone();
    // Room for all that may be read ahead, so that no thread ever waits to send.
    let (sender, receiver) = mpsc::sync_channel(AHEAD_MAX + 1);
    let read_some = |sender: SyncSender<(usize, ReadSound)>| {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            while i > n_handed_over.load(Ordering::Relaxed) + AHEAD_MAX && !stop.is_raised() {
                std::thread::sleep(PAUSE);
            }
            if i >= sounds.len() || stop.is_raised() {
                return;
            }
            if sender.send((i, read(&sounds[i], task, sounds.len() == 1))).is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let sender = sender.clone();
            scope.spawn(|| read_some(sender));
        }
        drop(sender);
        let result = receive_in_order(sounds.len(), &receiver, &n_handed_over, folder, hand_over);
        if result.is_err() {
            // Lets the threads go that still read.
            stop.raise();
        }
        result
    })
}

fn receive_in_order(
    n_sounds: usize,
    receiver: &Receiver<(usize, ReadSound)>,
    n_handed_over: &AtomicUsize,
    folder: &mut JobFolder,
    mut hand_over: impl FnMut(&mut JobFolder, ReadSound) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let mut early = BTreeMap::new();
    for i in 0..n_sounds {
        let sound = loop {
            if folder.should_stop() {
                return Ok(false);
            }
            if let Some(sound) = early.remove(&i) {
                break sound;
            }
            match receiver.recv_timeout(PAUSE) {
                Ok((i, sound)) => drop(early.insert(i, sound)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("a thread that read sounds failed"),
            }
        };
        n_handed_over.store(i + 1, Ordering::Relaxed);
        hand_over(folder, sound)?;
    }
    Ok(true)
}

/// Decodes, checks, resamples and mixes one sound. Never fails: a bad file becomes a warning.
fn read(sound: &Source, task: &PrepareTask, is_only_one: bool) -> ReadSound {
    let (name, decoded) = match sound {
        Source::Made { name, clip } => (name, Ok((clip.clone(), vec![]))),
        Source::File { path, name } => (name, decode(path)),
    };
    let warning = |code: &str, message: String| Warning {
        code: code.into(),
        file: Some(name.clone()),
        message,
    };
    let (clip, mut warnings) = match decoded {
        Ok((clip, notes)) => {
            let notes = notes.iter().map(|it| warning(it.code, format!("{}.", it.message)));
            (clip, notes.collect::<Vec<_>>())
        }
        Err((code, why)) => {
            return ReadSound { prepared: vec![], warnings: vec![warning(code, why)] };
        }
    };
    if audio::peak_db(&clip) <= audio::SILENCE_DB {
        let why = "It is silent from beginning to end, so there is nothing to learn from it.";
        warnings.retain(|it| it.code != "silent");
        warnings.push(warning("silent", why.into()));
        return ReadSound { prepared: vec![], warnings };
    }
    let (source_rate_hz, source_channels) = (clip.rate_hz, clip.channels.len() as u16);
    let clip = audio::with_channels(clip, usize::from(task.channels));
    let clip = audio::resample(&clip, task.rate_hz);
    let name = name.clone();
    let read = ReadClip { name, clip, source_rate_hz, source_channels };
    ReadSound { prepared: parts(&read, task, is_only_one), warnings }
}

/// A clip and what is odd about it; or a word and a sentence about what is wrong with it.
type Decoded = Result<(Clip, Vec<audio::Note>), (&'static str, String)>;

fn decode(path: &Path) -> Decoded {
    let limits = audio::DecodeLimits { max_secs: LENGTH_SECS_MAX, ..Default::default() };
    match audio::decode_file(path, &limits) {
        Ok(decoded) => Ok((decoded.clip, decoded.notes)),
        Err(error) => {
            let (code, what, remedy) = explain(&error);
            Err((code, format!("{what} {remedy}")))
        }
    }
}

/// A sound to store; the only recording of a dataset is cut in two, so that something is held out.
fn parts(read: &ReadClip, task: &PrepareTask, is_only_one: bool) -> Vec<PreparedSound> {
    let n_frames = read.clip.n_frames();
    let held_out = (n_frames as f64 * HELD_OUT_SHARE) as usize;
    let is_cut =
        is_only_one && task.validation_share > 0.0 && held_out >= task.rate_hz as usize / 2;
    if !is_cut {
        return vec![prepared(read.name.clone(), &read.clip, read)];
    }
    let part = |name: String, range: Range<usize>| {
        let channels = read.clip.channels.iter().map(|it| it[range.clone()].to_vec()).collect();
        prepared(name, &Clip { rate_hz: read.clip.rate_hz, channels }, read)
    };
    let at = n_frames - held_out;
    let end = format!("{} {HELD_OUT_END}", read.name);
    vec![part(read.name.clone(), 0..at), part(end, at..n_frames)]
}

fn prepared(path: String, clip: &Clip, read: &ReadClip) -> PreparedSound {
    let planar: Vec<&[f32]> = clip.channels.iter().map(Vec::as_slice).collect();
    PreparedSound {
        path,
        samples: interleaved(&planar),
        peaks: audio::peaks(&planar, DatasetIndex::PEAK_BLOCK as usize),
        source_rate_hz: read.source_rate_hz,
        source_channels: read.source_channels,
        peak_db: audio::peak_db(clip),
        rms_db: audio::rms_db(clip),
    }
}

/// Channels next to each other, as datasets keep them.
pub(super) fn interleaved(planar: &[&[f32]]) -> Vec<i16> {
    let n_frames = planar.first().map_or(0, |it| it.len());
    let samples = (0..n_frames).flat_map(|i| planar.iter().map(move |it| it[i]));
    samples.map(i16_from_f32).collect()
}

/// Rounds to the nearest step; what is beyond full scale is clipped.
fn i16_from_f32(sample: f32) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the range of i16")]
    let step = (sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16;
    step
}

/// Chooses the files to hold out: a fixed number of them, by a hash of seed and path.
pub(super) fn split_by_file(sounds: &[IndexedSound], share: f64, seed: u64) -> Vec<Split> {
    let n = sounds.len();
    let mut splits = vec![Split::Training; n];
    if n < 2 || share <= 0.0 {
        return splits;
    }
    if n == 2 && sounds[1].file.path.ends_with(HELD_OUT_END) {
        return vec![Split::Training, Split::Validation];
    }
    let n_least = (n / 5).clamp(1, HELD_OUT_LEAST);
    let n_held_out = ((n as f64 * share).round() as usize).clamp(n_least, n - 1);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&i| (fnv1a(seed, &sounds[i].file.path), i));
    for &i in &order[..n_held_out] {
        splits[i] = Split::Validation;
    }
    splits
}

/// FNV-1a, 64 bit: spreads names evenly, the same on every computer.
fn fnv1a(seed: u64, text: &str) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(text.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // The low bits of short names differ more than the high ones, by which sorting goes.
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
}

fn source_in_words(source: &SoundSource) -> String {
    match source {
        SoundSource::Folder { path } => path.display().to_string(),
        SoundSource::Upload { .. } => "dropped files".into(),
        SoundSource::Samples => "built-in sample sounds".into(),
    }
}
