//! Reading the sounds of a dataset on all cores, with progress.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use anyhow::bail;
use api::{EventBody, PrepareTask, Warning};

use super::{Source, split::HELD_OUT_END};
use crate::{
    bad_sound::Unusable,
    dataset::{Ingest, Ingested, PreparedSound, Room, spill_name},
    folder::JobFolder,
    progress::{Goal, ProgressMeter},
    stop::StopFlag,
};

/// Threads read at most this many sounds ahead of what is stored.
const AHEAD_MAX: usize = 32;
/// Bytes of sound that all threads together keep in memory; the rest goes to disk at once.
const ROOM_BYTES: usize = 64 << 20;
/// How long a thread sleeps when it has to wait, and how often stops are checked for.
const PAUSE: Duration = Duration::from_millis(20);
/// The share of a single recording that is held out, when there is no second file to hold out.
const HELD_OUT_SHARE: f64 = 0.1;
/// A file that takes longer than this is named while it is read.
const NAMED_AFTER: Duration = Duration::from_secs(2);
/// The most characters of a name in a phase.
const NAME_CHARS_MAX: usize = 60;
/// A file of this size counts in progress by its size, and a smaller one as if it had it: small files
/// take time too.
const BYTES_LEAST: u64 = 1 << 16;

/// The fraction of the job's progress that is reading; the rest is comparing.
const READING_SHARE: f64 = 0.95;

/// The result of reading one sound.
pub(super) struct ReadSound {
    pub(super) name: String,
    /// The sound, or why it cannot be used; or why it could not be kept.
    pub(super) prepared: io::Result<Result<PreparedSound, Unusable>>,
    pub(super) warnings: Vec<Warning>,
}

/// The progress of reading: by bytes, so that a long file among short ones has its due weight.
pub(super) struct Progress {
    meter: ProgressMeter,
    n_files: u64,
    n_done: u64,
    /// Bytes of files that were read, in whole or in part.
    n_read: Arc<AtomicU64>,
    /// The file that is next in order, and since when.
    current: Option<(String, Instant)>,
}

impl Progress {
    pub(super) fn new(sounds: &[Source]) -> Self {
        let n_bytes = sounds.iter().map(|sound| sound.bytes().max(BYTES_LEAST)).sum();
        Self {
            meter: ProgressMeter::new("files", Goal::Units(n_bytes), 0.0),
            n_files: sounds.len() as u64,
            n_done: 0,
            n_read: Arc::default(),
            current: None,
        }
    }

    /// The progress, whether or not it is time to report it.
    pub(super) fn progress(&self) -> api::Progress {
        self.of_files(self.meter.progress(&self.phase(), self.n_read.load(Ordering::Relaxed)))
    }

    /// Reports the progress of comparing, 0 to 1.
    pub(super) fn comparing(&mut self, share: f64) -> Option<api::Progress> {
        let n_read = self.n_read.load(Ordering::Relaxed);
        let progress = self.meter.mark("comparing the sounds", n_read)?;
        let share = Some(READING_SHARE + (1.0 - READING_SHARE) * share);
        Some(api::Progress { share, left_secs: None, ..self.of_files(progress) })
    }

    pub(super) fn done(&self) -> api::Progress {
        let progress = self.meter.progress("done", self.n_read.load(Ordering::Relaxed));
        api::Progress { share: Some(1.0), ..self.of_files(progress) }
    }

    fn mark(&mut self) -> Option<api::Progress> {
        let progress = self.meter.mark(&self.phase(), self.n_read.load(Ordering::Relaxed))?;
        Some(self.of_files(progress))
    }

    fn phase(&self) -> String {
        match &self.current {
            Some((name, since)) if since.elapsed() >= NAMED_AFTER => {
                let name: String = name.chars().take(NAME_CHARS_MAX).collect();
                format!("reading {name}")
            }
            _ => "reading files".into(),
        }
    }

    /// The count is of files; the fraction is of bytes.
    fn of_files(&self, progress: api::Progress) -> api::Progress {
        let secs = progress.elapsed_secs;
        let rate_per_sec = (self.n_done > 0 && secs > 0.0).then(|| self.n_done as f64 / secs);
        let n_total = Some(self.n_files);
        let share = progress.share.map(|share| READING_SHARE * share);
        api::Progress { n_done: self.n_done, n_total, share, rate_per_sec, ..progress }
    }
}

/// Reads the sounds on all cores and passes them on in their order; returns false after a stop.
///
/// Threads read at most [`AHEAD_MAX`] sounds ahead of the one that is next in order, share
/// [`ROOM_BYTES`] of memory for their samples, and sleep when there is nothing to do.
pub(super) fn in_order(
    sounds: &[Source],
    task: &PrepareTask,
    folder: &mut JobFolder,
    progress: &mut Progress,
    hand_over: impl FnMut(&mut JobFolder, ReadSound) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let (next, n_handed_over) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stop = folder.stop_flag().clone();
    let reader = Reader {
        task,
        folder: folder.path().to_owned(),
        room: Room::new(ROOM_BYTES),
        stop: stop.clone(),
        n_read: Arc::clone(&progress.n_read),
        is_only_one: sounds.len() == 1,
    };
    // Room for everything that may be read ahead, so that no thread ever blocks on sending.
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
            let Some(sound) = reader.read(&sounds[i], i) else { return };
            if sender.send((i, sound)).is_err() {
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
        let result = receive(sounds, &receiver, &n_handed_over, folder, progress, hand_over);
        if result.is_err() {
            // Releases the threads that are still reading.
            stop.raise();
        }
        result
    })
}

fn receive(
    sounds: &[Source],
    receiver: &Receiver<(usize, ReadSound)>,
    n_handed_over: &AtomicUsize,
    folder: &mut JobFolder,
    progress: &mut Progress,
    mut hand_over: impl FnMut(&mut JobFolder, ReadSound) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let mut early = BTreeMap::new();
    for (i, source) in sounds.iter().enumerate() {
        progress.current = Some((source.name().to_owned(), Instant::now()));
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
                Err(RecvTimeoutError::Disconnected) if folder.should_stop() => return Ok(false),
                Err(RecvTimeoutError::Disconnected) => bail!("a thread that read sounds failed"),
            }
            if let Some(progress) = progress.mark() {
                folder.emit(EventBody::Progress(progress))?;
            }
        };
        n_handed_over.store(i + 1, Ordering::Relaxed);
        hand_over(folder, sound)?;
        progress.n_done += 1;
        if let Some(progress) = progress.mark() {
            folder.emit(EventBody::Progress(progress))?;
        }
    }
    Ok(true)
}

/// What the threads share.
struct Reader<'a> {
    task: &'a PrepareTask,
    folder: std::path::PathBuf,
    room: Arc<Room>,
    stop: StopFlag,
    n_read: Arc<AtomicU64>,
    is_only_one: bool,
}

impl Reader<'_> {
    /// Decodes, checks, resamples and mixes one sound; a bad file becomes a warning. `None` after a stop.
    fn read(&self, sound: &Source, i: usize) -> Option<ReadSound> {
        let ingest = Ingest {
            rate_hz: self.task.rate_hz,
            channels: self.task.channels,
            spill: self.folder.join(spill_name(i)),
            room: &self.room,
        };
        let n_bytes = sound.bytes().max(BYTES_LEAST);
        let mut n_reported = 0;
        let mut report = |share: f64| {
            // A file that is decoded twice starts again at 0, and progress must not go backwards.
            let n_now = ((share * n_bytes as f64) as u64).min(n_bytes);
            self.n_read.fetch_add(n_now.saturating_sub(n_reported), Ordering::Relaxed);
            n_reported = n_reported.max(n_now);
            !self.stop.is_raised()
        };
        let ingested = match sound {
            Source::Made { clip, .. } => {
                ingest.clip(clip).map(|draft| Ingested::Sound(draft, vec![]))
            }
            Source::File { path, .. } => ingest.file(path, &mut report),
        };
        report(1.0);
        let name = sound.name().to_owned();
        let warning = |code: &str, message: String| Warning {
            code: code.into(),
            file: Some(name.clone()),
            message,
        };
        let notes_of = |notes: Vec<audio::Note>| -> Vec<Warning> {
            notes.iter().map(|it| warning(it.code, format!("{}.", it.message))).collect()
        };
        let (prepared, warnings) = match ingested {
            Ok(Ingested::Stopped) => return None,
            Ok(Ingested::Sound(draft, notes)) => {
                let prepared = draft.finish(&name, |n_frames| self.cut(&name, n_frames));
                (prepared.map(Ok), notes_of(notes))
            }
            Ok(Ingested::Unusable(why, notes)) => {
                let mut warnings = notes_of(notes);
                warnings.push(warning(why.code, format!("{} {}", why.why, why.remedy)));
                (Ok(Err(why)), warnings)
            }
            Err(error) => (Err(error), vec![]),
        };
        Some(ReadSound { name, prepared, warnings })
    }

    /// Where a single recording is cut in two, so that there is something to hold out.
    fn cut(&self, name: &str, n_frames: u64) -> Option<(u64, String)> {
        let held_out = (n_frames as f64 * HELD_OUT_SHARE) as u64;
        let is_cut = self.is_only_one
            && self.task.validation_share > 0.0
            && held_out >= u64::from(self.task.rate_hz) / 2;
        is_cut.then(|| (n_frames - held_out, format!("{name} {HELD_OUT_END}")))
    }
}
