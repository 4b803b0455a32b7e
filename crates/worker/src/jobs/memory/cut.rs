//! Sounds are cut into patterns.
//!
//! The sounds of an order stand in `sounds.json` from the start. They are cut in batches of eight, and what was found lies in
//! `found/<batch>-<sounds>-<read>-<known>-<patterns>.memory`: which sounds of the batch it is of stands in its name, a bit
//! each in hexadecimal digits, and how many of them were read and were known, and how many patterns were found. So a batch may be written in parts, at a stop and now and then while long sounds are cut, and a job that goes on later
//! does the rest.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use ::memory::{Library, Pattern, check_pattern, write_library};
use anyhow::Context;
use api::{EventBody, KnownSounds, MemoryResult, MemorySound, Outcome, Problem};
use job::files;
use serde::{Deserialize, Serialize};

use super::{
    super::{Refused, context, refuse},
    DAMAGED, empty, finish, warn,
};
use crate::{
    folder::{JobFolder, problem},
    listen::{Heard, sound_files},
    log::log,
    patterns::{CutSound, Cutter, Hearing, refused},
    progress::{Goal, ProgressMeter},
};

/// Sounds of a batch: as many as a byte has bits.
const BATCH: usize = 8;
/// What was cut is written at least so often, if there is something.
const WRITE_EVERY: Duration = Duration::from_secs(20);
/// Sounds that are cut at the same time, at most.
const AT_ONCE_MAX: usize = 4;
/// How often stops are checked for.
const PAUSE: Duration = Duration::from_millis(30);
/// The sounds of the order.
const SOUNDS: &str = "sounds.json";

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
        return refuse("empty", what, "The folders have none.", "Choose other folders.");
    }
    job::whole::write_json(&path, &Sounds { format: 1, sounds: sounds.clone() })
        .context("write the list of sounds")?;
    Ok(sounds)
}

/// Sounds that are passed over, as the studio has written them down.
pub(super) fn known(folder: &Path) -> anyhow::Result<KnownSounds> {
    let path = folder.join(files::KNOWN);
    match path.exists() {
        true => job::whole::read_versioned(&path, KnownSounds::FORMAT).context("read known.json"),
        false => Ok(KnownSounds::default()),
    }
}

/// What became of a sound.
type Found = Result<CutSound, Problem>;

/// A sound of a batch: its place in it, and what it is.
type Placed<'a> = (usize, &'a MemorySound);

pub(super) fn run(
    folder: &mut JobFolder,
    ordered: &[MemorySound],
    cutter: &Cutter<'_>,
) -> anyhow::Result<Outcome> {
    let home = folder.path().to_owned();
    let sounds = sounds_of(folder, ordered)?;
    let found = home.join(files::FOUND);
    context(fs::create_dir_all(&found), "make", &found)?;
    let done = done_before(&found)?;
    let meter = ProgressMeter::new("sounds", Goal::Units(sounds.len() as u64), 0.0);
    let mut cutting = Cutting { folder, cutter, meter, found, n: 0, n_done: 0, result: empty() };
    for (n, batch) in sounds.chunks(BATCH).enumerate() {
        let Part { bits, n_read, n_known, n_patterns } = done.get(&n).copied().unwrap_or_default();
        let is_open = |it: &Placed<'_>| bits & (1 << it.0) == 0;
        let open: Vec<Placed<'_>> = batch.iter().enumerate().filter(is_open).collect();
        cutting.n = n;
        cutting.n_done += (batch.len() - open.len()) as u64;
        cutting.result.n_sounds += n_read;
        cutting.result.n_known += n_known;
        cutting.result.n_patterns += n_patterns;
        if !open.is_empty() && !cutting.batch(&open)? {
            return Ok(Outcome::Stopped);
        }
    }
    let Cutting { folder, result, .. } = cutting;
    let (n_patterns, n_sounds) = (result.n_patterns, result.n_sounds);
    log(&format!("{n_patterns} patterns of {n_sounds} sounds"));
    finish(folder, result)?;
    if n_sounds == 0 {
        let what = match sounds.len() {
            1 => "The sound could not be read.".to_owned(),
            n => format!("None of {n} sounds could be read."),
        };
        return refuse("unreadable", what, "", "The job's warnings say why, file by file.");
    }
    Ok(Outcome::Done)
}

/// What is done of a batch.
#[derive(Clone, Copy, Default)]
struct Part {
    /// Its sounds, a bit each.
    bits: u8,
    /// How many of them were read, how many of these were known, and patterns of the others.
    n_read: u64,
    n_known: u64,
    n_patterns: u64,
}

impl Part {
    /// The batch and what is done of it, by the name of a file without its ending.
    fn named(name: &str) -> Option<(usize, Self)> {
        let mut words = name.split('-');
        let n = words.next()?.parse().ok()?;
        // Files of older versions are of a whole batch, and say no more.
        let Some(bits) = words.next() else {
            return Some((n, Self { bits: u8::MAX, n_read: BATCH as u64, ..Self::default() }));
        };
        let bits = u8::from_str_radix(bits, 16).ok()?;
        let mut number = || words.next().and_then(|it| it.parse().ok()).unwrap_or(0);
        Some((n, Self { bits, n_read: number(), n_known: number(), n_patterns: number() }))
    }

    fn name(self, n: usize) -> String {
        let Self { bits, n_read, n_known, n_patterns } = self;
        format!("{n:06}-{bits:02x}-{n_read}-{n_known}-{n_patterns}")
    }
}

/// What is done of each batch.
fn done_before(found: &Path) -> anyhow::Result<BTreeMap<usize, Part>> {
    let mut done = BTreeMap::<usize, Part>::new();
    for entry in context(fs::read_dir(found), "read", found)? {
        let path = context(entry, "read", found)?.path();
        let name = path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
        let is_one = path.extension().is_some_and(|it| it == "memory" || it == "taken");
        if let Some((n, part)) = Part::named(name).filter(|_| is_one) {
            let all = done.entry(n).or_default();
            // One that was being marked as taken is there twice.
            if all.bits & part.bits == 0 {
                all.bits |= part.bits;
                all.n_read += part.n_read;
                all.n_known += part.n_known;
                all.n_patterns += part.n_patterns;
            }
        }
    }
    Ok(done)
}

/// A job that cuts, at one of its batches.
struct Cutting<'a> {
    folder: &'a mut JobFolder,
    cutter: &'a Cutter<'a>,
    meter: ProgressMeter,
    /// Where what was found lies.
    found: PathBuf,
    /// The batch.
    n: usize,
    /// Sounds that are done.
    n_done: u64,
    result: MemoryResult,
}

impl Cutting<'_> {
    /// Cuts sounds of a batch and writes what was found; whether it was not stopped. Without models that hear on some threads
    /// at once; a model uses all cores itself.
    fn batch(&mut self, sounds: &[Placed<'_>]) -> anyhow::Result<bool> {
        let home = self.folder.path().to_owned();
        let stop = self.folder.stop_flag().clone();
        let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let go_on = || !stop.is_raised() && !is_over.load(Ordering::Relaxed);
        let one = |sound: &MemorySound, cutter: &Cutter<'_>| -> Found {
            cutter.patterns_of(&home.join(&sound.path), &sound.name, &go_on)
        };
        let mut ready = vec![];
        let mut written = Instant::now();
        if !self.cutter.hearing.is_empty() {
            for (i, sound) in sounds {
                if !self.tell(ready.len())? {
                    break;
                }
                ready.push((*i, *sound, one(sound, self.cutter)));
                if written.elapsed() > WRITE_EVERY {
                    self.write(std::mem::take(&mut ready))?;
                    written = Instant::now();
                }
            }
            self.write(ready)?;
            return Ok(!self.folder.should_stop());
        }
        let Cutter { how, tags, known, .. } = *self.cutter;
        let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
        let n_threads = n_threads.min(AT_ONCE_MAX).min(sounds.len());
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..n_threads {
                let (sender, next, is_over, one) = (sender.clone(), &next, &is_over, &one);
                scope.spawn(move || {
                    let hearing = Hearing::none();
                    let cutter = Cutter { how, tags, known, hearing: &hearing };
                    while !is_over.load(Ordering::Relaxed) {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some((i, sound)) = sounds.get(place) else { return };
                        if sender.send((*i, *sound, one(sound, &cutter))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            let mut listen = || -> anyhow::Result<bool> {
                loop {
                    match receiver.recv_timeout(PAUSE) {
                        Ok(cut) => ready.push(cut),
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => break,
                    }
                    if !self.tell(ready.len())? {
                        is_over.store(true, Ordering::Relaxed);
                    }
                    if written.elapsed() > WRITE_EVERY {
                        self.write(std::mem::take(&mut ready))?;
                        written = Instant::now();
                    }
                }
                self.write(std::mem::take(&mut ready))?;
                Ok(!self.folder.should_stop())
            };
            let heard = listen();
            // After an error, too.
            is_over.store(true, Ordering::Relaxed);
            heard
        })
    }

    /// Tells how far it is; whether it goes on.
    fn tell(&mut self, n_ready: usize) -> anyhow::Result<bool> {
        if let Some(progress) = self.meter.mark("cutting", self.n_done + n_ready as u64) {
            self.folder.emit(EventBody::Progress(progress))?;
        }
        Ok(!self.folder.should_stop())
    }

    /// Writes what was found in sounds; those that were stopped are left for later.
    fn write(&mut self, cut: Vec<(usize, &MemorySound, Found)>) -> anyhow::Result<()> {
        let mut library = Library::default();
        let mut spaces: BTreeMap<String, ::memory::Vectors> = BTreeMap::new();
        let (mut part, mut warnings) = (Part::default(), vec![]);
        for (i, sound, found) in cut {
            let is_whole = !matches!(found, Ok(CutSound::Stopped));
            if is_whole {
                part.bits |= 1 << i;
                self.n_done += 1;
            }
            match found {
                Ok(CutSound::Stopped) => {}
                Ok(CutSound::Known) => {
                    part.n_read += 1;
                    part.n_known += 1;
                }
                Ok(CutSound::Cut { patterns, .. })
                    if patterns.iter().any(|it| check_pattern(it).is_err()) =>
                {
                    let why = "Its path is too long, or has characters that cannot be shown.";
                    let what = format!("“{}” is left out.", sound.name);
                    let problem = problem("unreadable", what, why, "Rename it.");
                    warnings.push((sound, problem));
                }
                Ok(CutSound::Cut { patterns, vectors, notes }) => {
                    for note in notes {
                        let what =
                            format!("“{}” was taken as far as it could be read.", sound.name);
                        warnings.push((sound, problem(DAMAGED, what, &note, "")));
                    }
                    part.n_read += 1;
                    part.n_patterns += patterns.len() as u64;
                    // The same sound twice in a batch is one.
                    let is_new = |id| !library.patterns.iter().any(|it: &Pattern| it.id == id);
                    let new: Vec<Pattern> =
                        patterns.into_iter().filter(|it| is_new(it.id)).collect();
                    for (name, rows) in self.cutter.hearing.named(vectors) {
                        let rows =
                            rows.into_iter().filter(|it| new.iter().any(|new| new.id == it.0));
                        let space = spaces.entry(name.word()).or_insert_with(|| (name, vec![]));
                        space.1.extend(rows);
                    }
                    library.patterns.extend(new);
                }
                Err(problem) => warnings.push((sound, problem)),
            }
        }
        if part.bits == 0 {
            return Ok(());
        }
        library.spaces = spaces.into_values().filter(|it| !it.1.is_empty()).collect();
        let file = self.found.join(part.name(self.n) + ".memory");
        write_library(&file, &library).map_err(|it| Refused(refused(&it)))?;
        self.result.n_sounds += part.n_read;
        self.result.n_known += part.n_known;
        self.result.n_patterns += part.n_patterns;
        for (sound, problem) in warnings {
            warn(self.folder, &sound.name, &problem)?;
        }
        let progress = self.meter.progress("cutting", self.n_done);
        self.folder.emit(EventBody::Progress(progress))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts_say_what_is_done() {
        let part = Part { bits: 0b1010_0001, n_read: 3, n_known: 1, n_patterns: 42 };
        assert_eq!(part.name(7), "000007-a1-3-1-42");
        let home = tempfile::tempdir().unwrap();
        let other = Part { bits: 0b0000_0010, n_read: 1, n_known: 0, n_patterns: 5 };
        let names = [part.name(7) + ".taken", part.name(7) + ".memory", other.name(7) + ".memory"];
        // One of an older version, one that was refused, and what is something else.
        let others = ["000002.taken", "000003-ff-8-0-9.bad", "notes.txt"].map(str::to_owned);
        for name in names.iter().chain(&others) {
            fs::write(home.path().join(name), b"").unwrap();
        }
        let done = done_before(home.path()).unwrap();
        let is = |n: usize| done.get(&n).map(|it| (it.bits, it.n_read, it.n_known, it.n_patterns));
        assert_eq!(is(7), Some((0b1010_0011, 4, 1, 47)));
        assert_eq!((is(2), is(3)), (Some((0xff, 8, 0, 0)), None));
    }
}
