//! Jobs of the memory: sounds are cut into patterns, patterns are described anew, what is looked for is heard, and patterns
//! leave with their sounds.
//!
//! What is found lies in `found/`, in library files that the studio takes as they come.

mod cut;
mod leave;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ::memory::{Library, Pattern, write_library};
use anyhow::Context;
use api::{
    CutOrder, EventBody, Excerpt, KnownSounds, MemoryFailure, MemoryResult, MemorySound,
    MemoryTask, MemoryWork, Outcome, PatternSource, Problem, Warning,
};
use audio::Clip;
use job::{events, files};
use serde::{Deserialize, Serialize};

use super::{Refused, context};
use crate::{
    folder::{JobFolder, problem},
    patterns::{
        Cutter, Hearing, RATE_HZ, Tap, Vectors, agreement_with, described, described_anew,
        each_part, refused,
    },
    progress::{Goal, ProgressMeter},
    system, warm,
};

/// What corrections teach about cutting, by the hash of their sound.
const TAUGHT: &str = "taught.json";

/// The code of a warning that some of a sound is missing.
const DAMAGED: &str = "damaged";

/// Does what the order says.
pub(crate) fn run(folder: &mut JobFolder, task: &MemoryTask) -> anyhow::Result<Outcome> {
    system::give_way();
    let places = task.spaces.iter().map(|it| folder.path().join(&it.path)).collect::<Vec<_>>();
    let origin = job::kinds::stays_for(&folder.order().task)
        .map(|key| warm::Origin::of(key, places.iter().map(PathBuf::as_path)));
    let hearing = match warm::take(origin.as_ref()) {
        Some(hearing) => hearing,
        None => Hearing::open(folder.path(), &task.spaces).map_err(Refused)?,
    };
    let outcome = work(folder, task, &hearing)?;
    if let Some(origin) = origin {
        warm::keep(origin, hearing);
    }
    Ok(outcome)
}

fn work(folder: &mut JobFolder, task: &MemoryTask, hearing: &Hearing) -> anyhow::Result<Outcome> {
    match &task.work {
        MemoryWork::Cut { sounds, how, tags, again } => {
            let known = match again {
                true => KnownSounds::default(),
                false => cut::known(folder.path())?,
            };
            cut::run(folder, sounds, &Cutter { how: *how, tags, hearing, known: &known })
        }
        MemoryWork::Describe { patterns } => describe(folder, patterns, hearing),
        MemoryWork::Query { space, text, sound, part_secs } => {
            let part = part_secs.unwrap_or([0.0, f64::INFINITY]);
            let query = match (text, sound) {
                (Some(text), _) => hearing.query(Some(text), &[]),
                (None, Some(sound)) => heard(folder.path(), space, sound, part, hearing),
                (None, None) => Err(nothing_asked()),
            };
            let query = query.map_err(Refused)?;
            finish(folder, MemoryResult { query, ..empty() })
        }
        MemoryWork::Hear { sounds } => hear(folder, sounds, hearing),
        MemoryWork::Take { form } => leave::take(folder, *form),
    }
}

/// The vectors of sounds in our own space, one after the other; one that cannot be heard is named, and has none.
fn hear(folder: &mut JobFolder, sounds: &[Excerpt], hearing: &Hearing) -> anyhow::Result<Outcome> {
    let mut meter = ProgressMeter::new("sounds", Goal::Units(sounds.len() as u64), 0.0);
    let space = crate::patterns::own_space().name;
    let mut vectors = vec![];
    for sound in sounds {
        if folder.should_stop() {
            return Ok(Outcome::Stopped);
        }
        if let Some(progress) = meter.mark("listening", vectors.len() as u64) {
            folder.emit(EventBody::Progress(progress))?;
        }
        let of = MemorySound { path: sound.path.clone(), name: sound.name.clone() };
        let part = sound.part_secs.unwrap_or([0.0, f64::INFINITY]);
        vectors.push(match heard(folder.path(), &space, &of, part, hearing) {
            Ok(vector) => vector,
            Err(problem) => {
                warn(folder, &sound.name, &problem)?;
                vec![]
            }
        });
    }
    finish(folder, MemoryResult { heard: vectors, n_sounds: sounds.len() as u64, ..empty() })
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
            // What could be read in part is no failure.
            if warning.code == DAMAGED {
                result.notes.push(warning.message);
                return;
            }
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
    if samples.is_empty() {
        let what = format!("“{}” ends before that part begins.", sound.name);
        let why = format!("The part begins at {:.2} s.", part[0]);
        return Err(problem("silent", what, &why, "Choose a part that is within it."));
    }
    if !is_own {
        return hearing.query(None, &samples);
    }
    described(&samples).map(|it| it.embedding).ok_or_else(|| {
        let what = format!("“{}” cannot be compared with other sounds.", sound.name);
        problem("silent", what, "That part of it is silent.", "Choose a part that is heard.")
    })
}

fn warn(folder: &mut JobFolder, name: &str, problem: &Problem) -> anyhow::Result<()> {
    let message = [Some(problem.what.clone()), problem.why.clone()];
    folder.warn(Warning {
        code: problem.code.clone(),
        file: Some(name.to_owned()),
        message: message.into_iter().flatten().collect::<Vec<_>>().join(" "),
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
    write_library(&found.join("000000.memory"), &library).map_err(|it| Refused(refused(&it)))?;
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
