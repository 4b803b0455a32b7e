//! A job's folder: its order, its numbered events, what the studio asks of it, and its end.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail};
use api::{Control, Event, EventBody, Exit, Order, Outcome, Problem, UnixMs, Warning};

use crate::{stop::StopFlag, tensorboard::TensorBoard, whole_file::write_whole};

/// The longest line that is read back from `events.jsonl` or `control.jsonl`, in bytes.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// How long to wait for a folder that somebody else holds.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
/// A file that takes space until the job ends, so that how it ended can be written when the disk is full.
const RESERVE: &str = ".reserve";
const RESERVE_BYTES: usize = 64 << 10;
/// At most this many warnings of one kind are written; the rest are counted.
const WARNINGS_PER_CODE_MAX: usize = 200;

/// A job's folder while its worker holds it.
pub(crate) struct JobFolder {
    path: PathBuf,
    order: Order,
    events: File,
    /// Where the last whole line of events ends.
    events_bytes: u64,
    n_events: u64,
    control: ControlReader,
    stop: StopFlag,
    past: Past,
    n_warnings: BTreeMap<String, usize>,
    /// Where events go too.
    mirror: Option<TensorBoard>,
    /// Held as long as this process works here; the studio tells a living worker by it.
    _lock: File,
}

/// What earlier processes of this job left in `events.jsonl`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// Working time as the newest progress counts it, which counts that of earlier processes.
    told_secs: f64,
    /// The same when a checkpoint was written, by its step.
    elapsed_secs: BTreeMap<u64, f64>,
    /// The smallest distance on held-out sound that was measured, and its step.
    pub(crate) best: Option<(u64, f64)>,
    /// Checkpoints that were written and not removed, by step.
    pub(crate) checkpoints: BTreeMap<u64, api::Checkpoint>,
    /// Steps at which sounds were rendered.
    pub(crate) last_sample_step: Option<u64>,
}

impl JobFolder {
    /// Takes the folder: reads its order, locks it, and prepares to append to its events.
    ///
    /// # Errors
    /// The order is missing, damaged or of a newer format; or another worker holds the folder.
    pub(crate) fn take(path: &Path) -> anyhow::Result<Self> {
        let path = path.canonicalize().with_context(|| format!("open {}", path.display()))?;
        let order = read_order(&path.join("job.json"))?;
        let lock = File::create(path.join("worker.lock")).context("create worker.lock")?;
        if !is_locked_within(&lock, LOCK_PATIENCE) {
            bail!("another worker holds {}", path.display());
        }
        let (mut events, n_events, past) = open_events(&path.join("events.jsonl"))?;
        let events_bytes = events.stream_position().context("read events.jsonl")?;
        keep_reserve(&path.join(RESERVE));
        let stop = StopFlag::on_signals().context("listen to signals")?;
        let control = ControlReader::new(path.join("control.jsonl"));
        let n_warnings = BTreeMap::new();
        Ok(Self {
            path,
            order,
            events,
            events_bytes,
            n_events,
            control,
            stop,
            past,
            n_warnings,
            mirror: None,
            _lock: lock,
        })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the job is asked to do.
    pub(crate) fn order(&self) -> &Order {
        &self.order
    }

    /// What earlier processes left.
    pub(crate) fn past(&self) -> &Past {
        &self.past
    }

    /// The flag that asks this job to stop.
    pub(crate) fn stop_flag(&self) -> &StopFlag {
        &self.stop
    }

    /// Whether to keep what there is and end. Looks at `control.jsonl` too, ten times a second at most.
    pub(crate) fn should_stop(&mut self) -> bool {
        for control in self.control.read_new() {
            if control == Control::Stop {
                self.stop.raise();
            } else {
                self.control.asked.push(control);
            }
        }
        self.stop.is_raised()
    }

    /// What was asked besides stopping, since the last call.
    pub(crate) fn take_asked(&mut self) -> Vec<Control> {
        std::mem::take(&mut self.control.asked)
    }

    /// Appends an event: one line, in one write, so that a reader never sees half of it for long.
    ///
    /// # Errors
    /// The disk is full or the folder is gone.
    pub(crate) fn emit(&mut self, body: EventBody) -> anyhow::Result<()> {
        let event = Event { seq: self.n_events + 1, time_ms: now_ms(), body };
        let mut line = serde_json::to_vec(&event).context("encode an event")?;
        line.push(b'\n');
        if let Err(error) = self.events.write_all(&line) {
            // Half a line would spoil the next one, which may fit.
            let _ = self.events.set_len(self.events_bytes);
            return Err(error).context("append to events.jsonl");
        }
        self.events_bytes += line.len() as u64;
        // What the next process goes on from must outlive a power cut.
        if matches!(event.body, EventBody::Checkpoint(_) | EventBody::Finished(_)) {
            self.events.sync_data().context("sync events.jsonl")?;
        }
        self.n_events += 1;
        if let Some(mirror) = &mut self.mirror {
            mirror.note(&event);
        }
        Ok(())
    }

    /// From now on, events go to TensorBoard's files too, which begin with these settings.
    pub(crate) fn mirror_for_tensorboard(&mut self, settings: &serde_json::Value) {
        self.mirror = Some(TensorBoard::start(&self.path, settings, now_ms()));
    }

    /// Appends a warning, unless there have been too many of its kind.
    pub(crate) fn warn(&mut self, warning: Warning) -> anyhow::Result<()> {
        let n = self.n_warnings.entry(warning.code.clone()).or_default();
        *n += 1;
        match *n {
            n if n <= WARNINGS_PER_CODE_MAX => self.emit(EventBody::Warning(warning)),
            n if n == WARNINGS_PER_CODE_MAX + 1 => self.emit(EventBody::Warning(Warning {
                message: "more of the same are not listed one by one".into(),
                file: None,
                ..warning
            })),
            _ => Ok(()),
        }
    }

    /// Writes how the job ended; on a full disk over the reserve, whose space nobody else can take.
    fn write_exit(&self, text: &[u8]) -> anyhow::Result<()> {
        let (path, reserve) = (self.path.join("exit.json"), self.path.join(RESERVE));
        let Err(error) = write_whole(&path, text) else { return Ok(()) };
        let over_reserve = || {
            let mut file = OpenOptions::new().write(true).open(&reserve)?;
            file.write_all(text)?;
            file.set_len(text.len() as u64)?;
            file.sync_all()?;
            fs::rename(&reserve, &path)
        };
        over_reserve().map_err(|_| error).context("write exit.json")
    }

    /// Says how the job ended: the last event, then `exit.json`. One of them is enough for the studio.
    ///
    /// # Errors
    /// Neither could be written.
    pub(crate) fn finish(&mut self, outcome: Outcome) -> anyhow::Result<()> {
        let told = self.emit(EventBody::Finished(outcome.clone()));
        let exit = Exit { ended_ms: now_ms(), outcome };
        let text = serde_json::to_vec_pretty(&exit).context("encode exit.json")?;
        let written = self.write_exit(&text);
        let _ = fs::remove_file(self.path.join(RESERVE));
        match (told, written) {
            (Ok(()), _) => Ok(()),
            (Err(_), Ok(())) => {
                // There may be room now that the reserve is gone; without it, the file says the same.
                let _ = self.emit(EventBody::Finished(exit.outcome));
                Ok(())
            }
            (Err(error), Err(_)) => Err(error),
        }
    }
}

impl Drop for JobFolder {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path.join(RESERVE));
    }
}

/// Takes space until the end of the job. Without it the job is done all the same.
fn keep_reserve(path: &Path) {
    // Bytes that a file system cannot store in less (xorshift64).
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let bytes: Vec<u8> = (0..RESERVE_BYTES / 8).flat_map(|_| next()).collect();
    if fs::write(path, bytes).is_err() {
        let _ = fs::remove_file(path);
    }
}

/// Takes a lock, waiting a little: the studio holds it for an instant when it looks who lives.
fn is_locked_within(lock: &File, patience: Duration) -> bool {
    let started = Instant::now();
    while lock.try_lock().is_err() {
        if started.elapsed() > patience {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Where the checkpoint of a step is, in the folder of its run.
pub(crate) fn checkpoint_path(step: u64) -> String {
    format!("checkpoints/step-{step:09}.safetensors")
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A problem in its plainest form.
pub(crate) fn problem(code: &str, what: impl Into<String>, why: &str, remedy: &str) -> Problem {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Problem {
        code: code.into(),
        what: what.into(),
        why: some(why),
        remedy: some(remedy),
        fields: vec![],
    }
}

fn read_order(path: &Path) -> anyhow::Result<Order> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let order: Order =
        serde_json::from_str(&text).with_context(|| format!("understand {}", path.display()))?;
    if order.format > Order::FORMAT {
        bail!("{} was written by a newer Maquette ({})", path.display(), order.version);
    }
    Ok(order)
}

/// Opens the events to append to them: counts the whole lines and cuts off a torn last one.
fn open_events(path: &Path) -> anyhow::Result<(File, u64, Past)> {
    let mut file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(path)
        .with_context(|| format!("open {}", path.display()))?;
    let mut past = Past::default();
    let (mut n_events, mut whole_bytes) = (0, 0);
    let mut reader = BufReader::new(&file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let n = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        let is_whole = line.last() == Some(&b'\n');
        if n as u64 == LINE_BYTES_MAX && !is_whole {
            // Too long to be ours; it is kept, and passed over piece by piece.
            whole_bytes += n as u64;
            continue;
        }
        if !is_whole {
            break;
        }
        whole_bytes += n as u64;
        if let Ok(event) = serde_json::from_slice::<Event>(&line) {
            n_events = event.seq;
            past.learn(&event.body);
        }
    }
    file.set_len(whole_bytes).context("cut off a torn line")?;
    file.seek(SeekFrom::End(0))?;
    Ok((file, n_events, past))
}

/// Sounds that the job of a folder rendered at its last step up to one. Only files inside of it count.
pub(crate) fn samples_up_to(folder: &Path, step: u64) -> Vec<api::Sample> {
    let Ok(file) = File::open(folder.join("events.jsonl")) else { return vec![] };
    let mut found: Vec<api::Sample> = vec![];
    let mut reader = BufReader::new(file.take(EVENTS_BYTES_MAX));
    let mut line = Vec::new();
    loop {
        line.clear();
        // What is too long to be ours comes in pieces, which are no events.
        match reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(n) if n > 0 => {}
            _ => break,
        }
        let Ok(Event { body: EventBody::Sample(sample), .. }) = serde_json::from_slice(&line)
        else {
            continue;
        };
        let is_inside = |path: &str| {
            let mut parts = Path::new(path).components();
            !path.is_empty() && parts.all(|it| matches!(it, std::path::Component::Normal(_)))
        };
        if sample.step <= step && is_inside(&sample.original) && is_inside(&sample.rendered) {
            found.push(sample);
        }
    }
    let last = found.iter().map(|sample| sample.step).max();
    found.retain(|sample| Some(sample.step) == last);
    found
}

/// Events that are looked through for sounds: those of a month of training.
const EVENTS_BYTES_MAX: u64 = 1 << 30;

impl Past {
    /// The step of the newest checkpoint, which is where the next process goes on; 0 if there is none.
    pub(crate) fn last_step(&self) -> u64 {
        self.checkpoints.keys().next_back().copied().unwrap_or(0)
    }

    /// Working time that is in the checkpoint of a step. What was done after it was lost.
    pub(crate) fn elapsed_secs(&self, step: u64) -> f64 {
        self.elapsed_secs.get(&step).copied().unwrap_or(0.0)
    }

    fn learn(&mut self, body: &EventBody) {
        match body {
            EventBody::Progress(progress) => self.told_secs = progress.elapsed_secs,
            EventBody::Metrics(metrics) => {
                let distance = metrics.values.get(VALIDATION_DISTANCE).copied();
                if let Some(distance) = distance
                    && self.best.is_none_or(|(_, best)| distance < best)
                {
                    self.best = Some((metrics.step, distance));
                }
            }
            // A folder may come from a stranger: only files of its own are believed in.
            EventBody::Checkpoint(checkpoint)
                if checkpoint.path == checkpoint_path(checkpoint.step) =>
            {
                // One that is told again, with its distance, was written before.
                self.elapsed_secs.entry(checkpoint.step).or_insert(self.told_secs);
                self.checkpoints.insert(checkpoint.step, checkpoint.clone());
            }
            EventBody::CheckpointRemoved { step } => {
                self.elapsed_secs.remove(step);
                self.checkpoints.remove(step);
            }
            EventBody::Sample(sample) => self.last_sample_step = Some(sample.step),
            EventBody::SteppedBack { to_step } => {
                self.last_sample_step = self.last_sample_step.filter(|step| step <= to_step);
            }
            _ => {}
        }
    }
}

/// The metric that says how good a model is.
pub(crate) const VALIDATION_DISTANCE: &str = "validation_distance";

/// Reads new lines of `control.jsonl`, a few times a second at most.
struct ControlReader {
    path: PathBuf,
    offset_bytes: u64,
    looked: Instant,
    asked: Vec<Control>,
}

impl ControlReader {
    const PAUSE: Duration = Duration::from_millis(100);

    /// Reads from the start: the studio removes what was asked of an earlier process.
    fn new(path: PathBuf) -> Self {
        Self { path, offset_bytes: 0, looked: Instant::now(), asked: vec![] }
    }

    fn read_new(&mut self) -> Vec<Control> {
        if self.looked.elapsed() < Self::PAUSE {
            return vec![];
        }
        self.looked = Instant::now();
        self.read_lines().unwrap_or_default()
    }

    fn read_lines(&mut self) -> io::Result<Vec<Control>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset_bytes))?;
        let mut text = Vec::new();
        file.take(LINE_BYTES_MAX).read_to_end(&mut text)?;
        let whole = text.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        self.offset_bytes += whole as u64;
        let lines = text[..whole].split(|&b| b == b'\n');
        Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}
