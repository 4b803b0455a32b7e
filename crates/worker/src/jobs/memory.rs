//! Jobs of the memory: sounds are cut into patterns, patterns are described anew, what is looked for is heard, and patterns
//! leave with their sounds.
//!
//! What is found lies in `found/<n>.memory`, a library file for some sounds each; the studio takes them as they come. The
//! sounds of an order stand in `sounds.json` from the start, so that a job that goes on later does the rest.

mod leave;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use ::memory::{Library, Pattern, check_pattern, write_library};
use anyhow::Context;
use api::{
    CutOrder, EventBody, MemoryFailure, MemoryResult, MemorySound, MemoryTask, MemoryWork, Outcome,
    PatternSource, Problem, Warning,
};
use audio::Clip;
use job::{events, files};
use serde::{Deserialize, Serialize};

use super::{Refused, context};
use crate::{
    folder::{JobFolder, problem},
    listen::{Heard, sound_files},
    log::log,
    patterns::{
        Cutter, Hearing, RATE_HZ, Tap, Vectors, agreement_with, described, described_anew,
        each_part, refused,
    },
    progress::{Goal, ProgressMeter},
    system,
};

/// Sounds whose patterns are written together.
const BATCH: usize = 8;
/// Sounds that are cut at the same time, at most.
const AT_ONCE_MAX: usize = 4;
/// How often stops are checked for.
const PAUSE: Duration = Duration::from_millis(30);
/// The sounds of the order.
const SOUNDS: &str = "sounds.json";
/// What corrections teach about cutting, by the hash of their sound.
const TAUGHT: &str = "taught.json";

/// Does what the order says.
pub(crate) fn run(folder: &mut JobFolder, task: &MemoryTask) -> anyhow::Result<Outcome> {
    system::give_way();
    let hearing = Hearing::open(folder.path(), &task.spaces).map_err(Refused)?;
    match &task.work {
        MemoryWork::Cut { sounds, how, tags } => {
            cut(folder, sounds, &Cutter { how: *how, tags, hearing: &hearing })
        }
        MemoryWork::Describe { patterns } => describe(folder, patterns, &hearing),
        MemoryWork::Query { space, text, sound, part_secs } => {
            let part = part_secs.unwrap_or([0.0, f64::INFINITY]);
            let query = match (text, sound) {
                (Some(text), _) => hearing.query(Some(text), &[]),
                (None, Some(sound)) => heard(folder.path(), space, sound, part, &hearing),
                (None, None) => Err(nothing_asked()),
            };
            let query = query.map_err(Refused)?;
            finish(folder, MemoryResult { query, ..empty() })
        }
        MemoryWork::Take { form } => leave::take(folder, *form),
    }
}

fn empty() -> MemoryResult {
    MemoryResult { format: MemoryResult::FORMAT, ..MemoryResult::default() }
}

fn finish(folder: &mut JobFolder, mut result: MemoryResult) -> anyhow::Result<Outcome> {
    // Those of earlier processes of this job, too.
    events::read_all(folder.path(), |event| {
        if let EventBody::Warning(warning) = event.body
            && let Some(file) = warning.file
        {
            let problem = problem(&warning.code, warning.message, "", "");
            result.failures.push(MemoryFailure { file, problem });
        }
    });
    let text = serde_json::to_vec(&result).context("encode result.json")?;
    job::whole::write(&folder.path().join(files::RESULT), &text).context("write result.json")?;
    Ok(Outcome::Done)
}

fn nothing_asked() -> Problem {
    problem("unfit", "Nothing was asked for.", "", "Give words or a sound.")
}

/// The vector of a sound, or of a part of it.
fn heard(
    folder: &Path,
    space: &str,
    sound: &MemorySound,
    part: [f64; 2],
    hearing: &Hearing,
) -> Result<Vec<f32>, Problem> {
    let is_own = space == crate::patterns::own_space().name;
    let tap = Tap::Mono(if is_own { RATE_HZ } else { hearing.rate_hz() });
    // A query of more than some minutes is like nothing: its beginning counts.
    let part = [part[0], part[1].min(part[0] + 300.0)];
    let mut samples = vec![];
    each_part(&folder.join(&sound.path), &sound.name, &[tap], &[part], &mut |_, mut clips| {
        samples = clips.swap_remove(0).channels.swap_remove(0);
        true
    })?;
    if !is_own {
        return hearing.query(None, &samples);
    }
    described(&samples).map(|it| it.embedding).ok_or_else(|| {
        let what = format!("“{}” cannot be compared with other sounds.", sound.name);
        problem("silent", what, "That part of it is silent.", "Choose a part that is heard.")
    })
}

/// `sounds.json`.
#[derive(Serialize, Deserialize)]
struct Sounds {
    format: u32,
    sounds: Vec<MemorySound>,
}

/// The sounds of the order: those in its folders, as they were when the job first began.
fn sounds_of(folder: &mut JobFolder, ordered: &[MemorySound]) -> anyhow::Result<Vec<MemorySound>> {
    let home = folder.path().to_owned();
    let path = home.join(SOUNDS);
    let listed = job::whole::read_json_if_there::<Sounds>(&path);
    // Batches are counted by it, so another list would be of other sounds.
    if let Some(Sounds { sounds, .. }) = listed.context("read the list of sounds")? {
        return Ok(sounds);
    }
    let mut sounds: Vec<MemorySound> = vec![];
    for it in ordered {
        let place = home.join(&it.path);
        if !place.is_dir() {
            sounds.push(it.clone());
            continue;
        }
        let of_folder = sound_files(&place).map_err(Refused)?;
        let is_sound = |it: &Heard| !api::is_midi_name(&it.name);
        sounds.extend(
            of_folder
                .into_iter()
                .filter(is_sound)
                .map(|Heard { path, name }| MemorySound { path, name }),
        );
    }
    // A path that is no text cannot be written down, nor found again.
    let (sounds, odd): (Vec<_>, Vec<_>) =
        sounds.into_iter().partition(|it| it.path.to_str().is_some());
    for it in odd {
        let what = format!("“{}” is left out.", it.name);
        let why = "Its name is not in UTF-8.";
        warn(folder, &it.name, &problem("unreadable", what, why, "Rename it."))?;
    }
    if sounds.is_empty() {
        let what = "There is no sound to remember.";
        return super::refuse("empty", what, "The folders have none.", "Choose other folders.");
    }
    job::whole::write_json(&path, &Sounds { format: 1, sounds: sounds.clone() })
        .context("write the list of sounds")?;
    Ok(sounds)
}

/// What became of a sound.
type Found = Result<Option<(Vec<Pattern>, Vec<::memory::Vectors>)>, Problem>;

fn cut(
    folder: &mut JobFolder,
    ordered: &[MemorySound],
    cutter: &Cutter<'_>,
) -> anyhow::Result<Outcome> {
    let home = folder.path().to_owned();
    let sounds = sounds_of(folder, ordered)?;
    let found = home.join(files::FOUND);
    context(fs::create_dir_all(&found), "make", &found)?;
    let mut meter = ProgressMeter::new("sounds", Goal::Units(sounds.len() as u64), 0.0);
    let mut result = empty();
    for (n, batch) in sounds.chunks(BATCH).enumerate() {
        let (file, taken) = batch_files(&found, n);
        let n_before = (n * BATCH) as u64;
        if file.exists() || taken.exists() {
            result.n_sounds += batch.len() as u64;
            continue;
        }
        let Some(all) = cut_batch(folder, batch, cutter, &mut meter, n_before)? else {
            return Ok(Outcome::Stopped);
        };
        let mut library = Library::default();
        let mut spaces: BTreeMap<String, ::memory::Vectors> = BTreeMap::new();
        for (sound, found) in batch.iter().zip(all) {
            match found {
                Ok(Some((patterns, _))) if patterns.iter().any(|it| check_pattern(it).is_err()) => {
                    let why = "Its path is too long, or has characters that cannot be shown.";
                    let what = format!("“{}” is left out.", sound.name);
                    warn(folder, &sound.name, &problem("unreadable", what, why, "Rename it."))?;
                }
                Ok(Some((patterns, vectors))) => {
                    result.n_sounds += 1;
                    result.n_patterns += patterns.len() as u64;
                    // The same sound twice in a batch is one.
                    let is_new = |id| !library.patterns.iter().any(|it: &Pattern| it.id == id);
                    let new: Vec<Pattern> =
                        patterns.into_iter().filter(|it| is_new(it.id)).collect();
                    for (name, rows) in vectors {
                        let rows =
                            rows.into_iter().filter(|it| new.iter().any(|new| new.id == it.0));
                        let space = spaces.entry(name.word()).or_insert_with(|| (name, vec![]));
                        space.1.extend(rows);
                    }
                    library.patterns.extend(new);
                }
                Ok(None) => {}
                Err(problem) => warn(folder, &sound.name, &problem)?,
            }
        }
        library.spaces = spaces.into_values().filter(|it| !it.1.is_empty()).collect();
        write_library(&file, &library).map_err(|it| Refused(refused(&it)))?;
        let n_done = n_before + batch.len() as u64;
        folder.emit(EventBody::Progress(meter.progress("cutting", n_done)))?;
    }
    log(&format!("{} patterns of {} sounds", result.n_patterns, result.n_sounds));
    let is_all_bad = result.n_sounds == 0;
    finish(folder, result)?;
    if is_all_bad {
        let what = format!("None of {} sounds could be read.", sounds.len());
        return super::refuse("unreadable", what, "", "The job's warnings say why, file by file.");
    }
    Ok(Outcome::Done)
}

/// The file of a batch, and what stands in its place once it was taken.
fn batch_files(found: &Path, n: usize) -> (PathBuf, PathBuf) {
    (found.join(format!("{n:06}.memory")), found.join(format!("{n:06}.taken")))
}

fn warn(folder: &mut JobFolder, name: &str, problem: &Problem) -> anyhow::Result<()> {
    let message = [Some(problem.what.clone()), problem.why.clone()];
    folder.warn(Warning {
        code: problem.code.clone(),
        file: Some(name.to_owned()),
        message: message.into_iter().flatten().collect::<Vec<_>>().join(" "),
    })
}

/// Cuts some sounds; nothing after a stop. Without models that hear on some threads at once; a model uses all cores itself.
fn cut_batch(
    folder: &mut JobFolder,
    batch: &[MemorySound],
    cutter: &Cutter<'_>,
    meter: &mut ProgressMeter,
    n_before: u64,
) -> anyhow::Result<Option<Vec<Found>>> {
    let home = folder.path().to_owned();
    let stop = folder.stop_flag().clone();
    let go_on = || !stop.is_raised();
    let one = |sound: &MemorySound, cutter: &Cutter<'_>| -> Found {
        let found = cutter.patterns_of(&home.join(&sound.path), &sound.name, &go_on)?;
        Ok(found.map(|(patterns, vectors)| (patterns, cutter.hearing.named(vectors))))
    };
    let mut tell = |folder: &mut JobFolder, n: usize| -> anyhow::Result<bool> {
        if let Some(progress) = meter.mark("cutting", n_before + n as u64) {
            folder.emit(EventBody::Progress(progress))?;
        }
        Ok(!folder.should_stop())
    };
    if !cutter.hearing.is_empty() {
        let mut all = vec![];
        for sound in batch {
            if !tell(folder, all.len())? {
                return Ok(None);
            }
            all.push(one(sound, cutter));
        }
        let is_whole = !folder.should_stop();
        return Ok(is_whole.then_some(all));
    }
    let (how, tags) = (cutter.how, cutter.tags);
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE_MAX);
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..n_threads.min(batch.len()) {
            let (sender, next, failed, one) = (sender.clone(), &next, &failed, &one);
            scope.spawn(move || {
                let hearing = Hearing::none();
                let cutter = Cutter { how, tags, hearing: &hearing };
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(sound) = batch.get(i).filter(|_| !failed.load(Ordering::Relaxed))
                    else {
                        return;
                    };
                    if sender.send((i, one(sound, &cutter))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut all: BTreeMap<usize, Found> = BTreeMap::new();
        loop {
            let is_stopped = folder.should_stop();
            match receiver.recv_timeout(PAUSE) {
                Ok((i, found)) => {
                    all.insert(i, found);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let is_whole = all.len() == batch.len() && !is_stopped;
                    return Ok(is_whole.then(|| all.into_values().collect()));
                }
            }
            if is_stopped || tell(folder, all.len()).is_err() {
                failed.store(true, Ordering::Relaxed);
            }
        }
    })
}

/// `taught.json`: how well each way to cut meets what a person has set, by the hash of the sound.
#[derive(Serialize, Deserialize)]
struct Taught {
    format: u32,
    sounds: BTreeMap<String, Vec<f64>>,
}

/// Describes patterns anew, sound by sound; those that a person has set also teach how to cut.
fn describe(
    folder: &mut JobFolder,
    patterns: &[Pattern],
    hearing: &Hearing,
) -> anyhow::Result<Outcome> {
    let home = folder.path().to_owned();
    let mut by_sound: BTreeMap<&PatternSource, Vec<&Pattern>> = BTreeMap::new();
    for pattern in patterns {
        by_sound.entry(&pattern.source).or_default().push(pattern);
    }
    let mut meter = ProgressMeter::new("sounds", Goal::Units(by_sound.len() as u64), 0.0);
    let mut result = empty();
    let (mut library, mut all) = (Library::default(), hearing.no_vectors());
    let mut taught = Taught { format: 1, sounds: BTreeMap::new() };
    for (n, (source, of_sound)) in by_sound.iter().enumerate() {
        if folder.should_stop() {
            return Ok(Outcome::Stopped);
        }
        if let Some(progress) = meter.mark("describing", n as u64) {
            folder.emit(EventBody::Progress(progress))?;
        }
        let path = Path::new(&source.path);
        match described_in(path, of_sound, hearing) {
            Ok((patterns, vectors)) => {
                result.n_sounds += 1;
                library.patterns.extend(patterns);
                all.append(vectors);
            }
            Err(problem) => {
                warn(folder, &source.name, &problem)?;
                continue;
            }
        }
        let set: Vec<[f64; 2]> = of_sound
            .iter()
            .filter(|it| it.is_by_hand)
            .map(|it| [it.start_secs, it.end_secs])
            .collect();
        if !set.is_empty()
            && let Ok(scores) = agreement_with(path, &source.name, CutOrder::default(), &set)
        {
            taught.sounds.insert(source.sha256.clone(), scores.to_vec());
        }
    }
    result.n_patterns = library.patterns.len() as u64;
    if !taught.sounds.is_empty() {
        job::whole::write_json(&home.join(TAUGHT), &taught).context("write what was taught")?;
    }
    library.spaces = hearing.named(all);
    let found = home.join(files::FOUND);
    context(fs::create_dir_all(&found), "make", &found)?;
    write_library(&batch_files(&found, 0).0, &library).map_err(|it| Refused(refused(&it)))?;
    finish(folder, result)
}

fn described_in(
    path: &Path,
    patterns: &[&Pattern],
    hearing: &Hearing,
) -> Result<(Vec<Pattern>, Vectors), Problem> {
    let source = &patterns[0].source;
    let is_same = crate::patterns::hash(path).is_ok_and(|it| it == source.sha256);
    if !is_same {
        return Err(gone(&source.name));
    }
    let parts: Vec<[f64; 2]> = patterns.iter().map(|it| [it.start_secs, it.end_secs]).collect();
    let (mut found, mut vectors) = (vec![], hearing.no_vectors());
    each_part(path, &source.name, &hearing.taps(), &parts, &mut |i, clips: Vec<Clip>| {
        let mut clips = clips.into_iter();
        let own = clips.next().map(|it| it.channels).and_then(|it| it.into_iter().next());
        if let Some(is) = own.as_deref().and_then(described) {
            vectors.own.push((patterns[i].id, is.embedding.clone()));
            hearing.hear_clips(patterns[i].id, clips, &mut vectors);
            found.push(described_anew(patterns[i], &is));
        }
        true
    })?;
    Ok((found, vectors))
}

/// A sound that is not where it was, or has changed.
fn gone(name: &str) -> Problem {
    let what = format!("“{name}” is not where it was, or has changed.");
    problem("gone", what, "", "Put it back, or add its folder to the memory again.")
}
