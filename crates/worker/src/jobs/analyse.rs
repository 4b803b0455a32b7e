//! Finding out what is in sounds of the library: a few at a time, each file once, whatever becomes of the others.
//!
//! What was found in a file is left in `found/<sha256>`: its analysis and its shape, to draw. A file whose analysis is in
//! the workspace already is only read for its hash.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use anyhow::Context;
use api::{AnalyseFile, AnalyseTask, Analysis, DatasetIndex, EventBody, Outcome, Warning};
use audio::{DecodeLimits, SoundReader};
use job::{events, files, shelf};
use sha2::{Digest, Sha256};

use super::Refused;
use crate::{
    bad_sound,
    folder::JobFolder,
    listen,
    log::log,
    progress::{Goal, ProgressMeter},
    stop::StopFlag,
    system,
};

/// Files that are analysed at the same time, at most: each takes memory for all of its sound.
const AT_ONCE_MAX: usize = 4;
/// How often stops are checked for.
const PAUSE: Duration = Duration::from_millis(50);
/// A file of this size counts in progress by its size, and a smaller one as if it had it: small files take time too.
const BYTES_LEAST: u64 = 1 << 16;
/// How much is read at once for a hash.
const PIECE_BYTES: usize = 1 << 18;

/// Analyses the files of the job's order that an earlier process has not.
pub(crate) fn run(folder: &mut JobFolder, task: &AnalyseTask) -> anyhow::Result<Outcome> {
    system::give_way();
    let mut before = BTreeSet::new();
    events::read_all(folder.path(), |event| match event.body {
        EventBody::Analysed { item, .. } | EventBody::NotAnalysed { item, .. } => {
            before.insert(item);
        }
        _ => {}
    });
    let left: Vec<&AnalyseFile> =
        task.files.iter().filter(|file| !before.contains(&file.item)).collect();
    let analyser = Analyser {
        job: folder.path().to_owned(),
        analysed: folder.path().join(shelf::analysed_seen_from_job()),
        is_again: task.is_again,
        stop: folder.stop_flag().clone(),
        under_way: Mutex::default(),
    };
    let is_whole = analyse_all(folder, &analyser, &left, before.len() as u64)?;
    if !is_whole {
        return Ok(Outcome::Stopped);
    }
    log(&format!("{} files analysed", left.len()));
    Ok(Outcome::Done)
}

/// What became of one file.
struct Heard {
    idx: usize,
    result: Result<Known, String>,
}

/// A file that was read: its hash and its size.
struct Known {
    sha256: String,
    bytes: u64,
}

/// Analyses files on some threads; returns false after a stop.
fn analyse_all(
    folder: &mut JobFolder,
    analyser: &Analyser,
    left: &[&AnalyseFile],
    n_before: u64,
) -> anyhow::Result<bool> {
    let next = AtomicUsize::new(0);
    let size = |file: &AnalyseFile| file.bytes.max(BYTES_LEAST);
    let n_bytes = left.iter().map(|file| size(file)).sum();
    let (n_read, n_total) = (AtomicU64::new(0), n_before + left.len() as u64);
    let mut meter = ProgressMeter::new("sounds", Goal::Units(n_bytes), 0.0);
    // The count is of files; the share is of bytes, so that a long file among short ones has its due weight.
    let of_files = |progress: api::Progress, n_done: u64| api::Progress {
        n_done: n_before + n_done,
        n_total: Some(n_total),
        rate_per_sec: None,
        ..progress
    };
    folder.emit(EventBody::Progress(of_files(meter.progress("analysing", 0), 0)))?;
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE_MAX);
    let (sender, receiver) = mpsc::channel();
    let whole = std::thread::scope(|scope| -> anyhow::Result<bool> {
        for _ in 0..n_threads.min(left.len()) {
            let (sender, next, n_read) = (sender.clone(), &next, &n_read);
            scope.spawn(move || {
                loop {
                    let idx = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = left.get(idx).filter(|_| !analyser.stop.is_raised()) else {
                        return;
                    };
                    let result = analyser.analyse(file);
                    n_read.fetch_add(size(file), Ordering::Relaxed);
                    // After a stop, what was not heard to its end says nothing.
                    let Some(result) = result else { return };
                    if sender.send(Heard { idx, result }).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut n_done = 0;
        let told = loop {
            let is_stopped = folder.should_stop();
            match receiver.recv_timeout(PAUSE) {
                Ok(heard) => {
                    n_done += 1;
                    if let Err(error) = tell(folder, left[heard.idx], heard.result) {
                        break Err(error);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break Ok(!is_stopped),
            }
            if let Some(progress) = meter.mark("analysing", n_read.load(Ordering::Relaxed)) {
                folder.emit(EventBody::Progress(of_files(progress, n_done)))?;
            }
        };
        if told.is_err() {
            // Releases the threads that still work.
            analyser.stop.raise();
        }
        told
    })?;
    let n_done = left.len() as u64;
    if whole {
        folder.emit(EventBody::Progress(of_files(meter.progress("done", n_bytes), n_done)))?;
    }
    Ok(whole)
}

/// Says what became of a file.
fn tell(
    folder: &mut JobFolder,
    file: &AnalyseFile,
    result: Result<Known, String>,
) -> anyhow::Result<()> {
    let item = file.item.clone();
    match result {
        Ok(Known { sha256, bytes }) => folder.emit(EventBody::Analysed { item, sha256, bytes }),
        Err(problem) => {
            let problem = api::in_plain_words(&problem);
            folder.warn(Warning {
                code: "not_analysed".into(),
                file: Some(file.name.clone()),
                message: problem.clone(),
            })?;
            folder.emit(EventBody::NotAnalysed { item, problem })
        }
    }
}

/// What the threads share.
struct Analyser {
    job: PathBuf,
    /// Where the workspace keeps what was found in files.
    analysed: PathBuf,
    is_again: bool,
    stop: StopFlag,
    /// Hashes of what is being analysed: equal files are analysed once.
    under_way: Mutex<BTreeSet<String>>,
}

impl Analyser {
    /// Analyses a file; what is wrong with it is in words. Nothing after a stop.
    fn analyse(&self, file: &AnalyseFile) -> Option<Result<Known, String>> {
        let path = self.job.join(&file.path);
        // A panic is our mistake; only this file is lost by it.
        let analysed = catch_unwind(AssertUnwindSafe(|| self.analyse_path(&path, &file.name)));
        match analysed {
            Ok(Ok(None)) => None,
            Ok(Ok(Some(known))) => Some(Ok(known)),
            Ok(Err(error)) => Some(Err(words_of(&error))),
            Err(_) => Some(Err("It could not be analysed because of an internal error. \
                                Please report this with the job's log."
                .to_owned())),
        }
    }

    fn analyse_path(&self, path: &Path, name: &str) -> anyhow::Result<Option<Known>> {
        let Some(known) = self.hash(path)? else { return Ok(None) };
        let is_first = self.lock_under_way().insert(known.sha256.clone());
        let kept = shelf::analysed_in(&self.analysed, &known.sha256);
        let is_known = kept.is_some_and(|kept| is_analysed(&kept));
        let found = self.job.join(files::FOUND).join(&known.sha256);
        if !is_first || (is_known && !self.is_again) || is_analysed(&found) {
            return Ok(Some(known));
        }
        let is_notes = path.file_name().is_some_and(|it| api::is_midi_name(&it.to_string_lossy()));
        let shape = if is_notes { Some(vec![]) } else { self.shape(path)? };
        let Some(shape) = shape else { return Ok(None) };
        let heard = listen::analyse(path, name, &mut |_| !self.stop.is_raised());
        let Some(analysis) = heard.map_err(Refused)? else { return Ok(None) };
        write(&found, &analysis, &shape).context("write what was found")?;
        Ok(Some(known))
    }

    fn lock_under_way(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash of a file; nothing after a stop.
    fn hash(&self, path: &Path) -> anyhow::Result<Option<Known>> {
        let unreadable = |source: io::Error| audio::Error::Unreadable { path: path.into(), source };
        let found = fs::metadata(path).map_err(unreadable)?;
        if !found.is_file() {
            return Err(unreadable(io::Error::other("it is not a file")).into());
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let n = file.read(&mut piece).map_err(unreadable)?;
            if n == 0 {
                break;
            }
            if self.stop.is_raised() {
                return Ok(None);
            }
            hash.update(&piece[..n]);
            bytes += n as u64;
        }
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Some(Known { sha256, bytes }))
    }

    /// The shape of a sound, block by block, so that its length does not matter; nothing after a stop.
    fn shape(&self, path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
        let block_size = DatasetIndex::PEAK_BLOCK as usize;
        let mut reader = SoundReader::open(path, &DecodeLimits::STREAMED)?;
        let mut held: Vec<Vec<f32>> = vec![vec![]; reader.n_channels()];
        let (mut block, mut shape) = (vec![], vec![]);
        let mut draw = |held: &mut [Vec<f32>], n: usize| {
            let channels: Vec<&[f32]> = held.iter().map(|channel| &channel[..n]).collect();
            let pairs = audio::peaks(&channels, block_size);
            shape.extend(pairs.into_iter().flatten().map(i8::cast_unsigned));
            held.iter_mut().for_each(|channel| drop(channel.drain(..n)));
        };
        while reader.next(&mut block)? {
            if self.stop.is_raised() {
                return Ok(None);
            }
            for (held, samples) in held.iter_mut().zip(&block) {
                held.extend_from_slice(samples);
            }
            let n_held = held.first().map_or(0, Vec::len);
            draw(&mut held, n_held - n_held % block_size);
        }
        let n_held = held.first().map_or(0, Vec::len);
        draw(&mut held, n_held);
        Ok(Some(shape))
    }
}

/// Whether a folder has an analysis as this program writes it.
fn is_analysed(folder: &Path) -> bool {
    let read = job::whole::read_json::<Analysis>(&folder.join(files::ANALYSIS));
    read.is_ok_and(|analysis| analysis.format >= Analysis::FORMAT)
}

/// Writes what was found; the analysis last, as it says that the rest is there.
fn write(found: &Path, analysis: &Analysis, shape: &[u8]) -> anyhow::Result<()> {
    fs::create_dir_all(found)?;
    job::whole::write(&found.join(files::PEAKS), shape)?;
    job::whole::write_json(&found.join(files::ANALYSIS), analysis)?;
    Ok(())
}

/// Why a file could not be analysed: sentences.
fn words_of(error: &anyhow::Error) -> String {
    if let Some(Refused(problem)) = error.downcast_ref() {
        let parts = [problem.why.as_deref(), problem.remedy.as_deref()];
        return parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    }
    match error.chain().find_map(|it| it.downcast_ref::<audio::Error>()) {
        Some(error) => {
            let told = bad_sound::explain(error);
            format!("{} {}", told.why, told.remedy)
        }
        None => api::sentence(&format!("failed to {error:#}")),
    }
}
