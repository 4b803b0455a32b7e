//! Recording what is played: the thread that plays puts blocks on a tape, and the other one writes them to files.
//!
//! A recording is a folder that is a sound's folder from its first second on: `sound.wav`, `input.wav` with what came in,
//! `moves.jsonl` with what was done, and `sound.json`. All of them are whole up to the last second, whatever happens to the
//! process.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    time::{Duration, Instant},
};

use anyhow::Context;
use api::{
    EventBody, Id, LiveWeights, Recipe, RecipeSource, SampleFormat, SessionCommand, SessionNotice,
    SessionTask, SoundCard, SoundFacts, SoundPlace, Warning,
};
use audio::{GrowingWav, WavFormat};
use job::files::RECORDINGS;

use super::{
    super::refuse,
    hand_over, notify,
    stage::{BLOCK_MAX, Thing},
};
use crate::{
    folder::{JobFolder, now_ms},
    instrument::{Beginning, Instrument, Move, MoveWriter, Moved},
    log::log,
};

/// Blocks that may wait to be written: at the smallest block of a page, a third of a second.
const CHUNKS: usize = 64;
/// Moves and marks that may wait beside them.
const MARKS: usize = 4096;
/// What came in before a recording, which is kept for the models to get to where they were.
const PRE_ROLL_SECS: f64 = 4.0;
/// How often files are made whole.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Samples of a pair of peaks.
const PEAKS_BLOCK: usize = api::DatasetIndex::PEAK_BLOCK as usize;
/// The files beside those of a sound.
const MOVES: &str = "moves.jsonl";

/// A block of sound on its way to the files.
pub(super) struct Chunk {
    /// Whether it is from before the recording: then there is only what came in.
    is_pre_roll: bool,
    n: usize,
    /// Samples that were lost before it, as there was no room.
    n_lost: u64,
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
}

/// What is on the tape.
enum Item {
    Began {
        pre_roll: u64,
        phase: u64,
        values: Vec<(u16, f32)>,
        sound_secs: f64,
        path_secs: f64,
    },
    Block(Box<Chunk>),
    Set {
        at: u64,
        number: u16,
        value: f32,
    },
    /// The next command was done.
    Did {
        at: u64,
    },
    /// The recording ends, and so many samples before that were lost.
    Ended {
        n_lost: u64,
    },
}

/// The end of the tape at the thread that plays. Nothing here allocates once it is made, but where a recording begins.
pub(super) struct Tape {
    to_recorder: SyncSender<Item>,
    free: Receiver<Box<Chunk>>,
    rate_hz: u32,
    is_on: bool,
    n: u64,
    n_lost: u64,
    /// The newest samples that came in, `[channel][place]`.
    past: Vec<Vec<f32>>,
    past_at: usize,
    n_past: usize,
}

impl Tape {
    /// Keeps a block.
    pub(super) fn take(&mut self, input: &[&[f32]], output: &[Vec<f32>]) {
        let n = output[0].len();
        let n_past = self.past[0].len();
        for i in 0..n {
            for (c, past) in self.past.iter_mut().enumerate() {
                past[self.past_at] = input.get(c).or(input.first()).map_or(0.0, |row| row[i]);
            }
            self.past_at = (self.past_at + 1) % n_past;
        }
        self.n_past = (self.n_past + n).min(n_past);
        if !self.is_on {
            return;
        }
        self.n += n as u64;
        let Ok(mut chunk) = self.free.try_recv() else {
            self.n_lost += n as u64;
            return;
        };
        (chunk.is_pre_roll, chunk.n) = (false, n);
        chunk.n_lost = std::mem::take(&mut self.n_lost);
        for (c, row) in chunk.input.iter_mut().enumerate() {
            match input.get(c).or(input.first()) {
                Some(from) => row[..n].copy_from_slice(&from[..n]),
                None => row[..n].fill(0.0),
            }
        }
        for (row, from) in chunk.output.iter_mut().zip(output) {
            row[..n].copy_from_slice(from);
        }
        // There is room for all chunks that there are.
        let _ = self.to_recorder.try_send(Item::Block(chunk));
    }

    /// Begins to record: first what came in before.
    pub(super) fn begin(&mut self, instrument: &mut Instrument) {
        (self.is_on, self.n, self.n_lost) = (true, 0, 0);
        let _ = self.to_recorder.try_send(Item::Began {
            pre_roll: self.n_past as u64,
            phase: instrument.phase_before(self.n_past as u64),
            values: instrument.controls().moved().collect(),
            sound_secs: instrument.sound().secs(),
            path_secs: instrument.path_secs(),
        });
        let n_place = self.past[0].len();
        let mut left = self.n_past;
        while left > 0 {
            let Ok(mut chunk) = self.free.try_recv() else { break };
            let n = left.min(BLOCK_MAX);
            (chunk.is_pre_roll, chunk.n, chunk.n_lost) = (true, n, 0);
            for (row, past) in chunk.input.iter_mut().zip(&self.past) {
                for (i, x) in row[..n].iter_mut().enumerate() {
                    *x = past[(self.past_at + n_place - left + i) % n_place];
                }
            }
            left -= n;
            let _ = self.to_recorder.try_send(Item::Block(chunk));
        }
    }

    /// Notes that a control was moved.
    pub(super) fn moved(&mut self, number: u16, value: f32) {
        if self.is_on {
            let _ = self.to_recorder.try_send(Item::Set { at: self.n, number, value });
        }
    }

    /// Notes where pad and sliders were put.
    pub(super) fn point(&mut self, values: impl Iterator<Item = f32>) {
        if self.is_on {
            for (direction, value) in values.enumerate() {
                self.moved(api::FIRST_DIRECTION + direction as u16 * api::DIRECTION_STRIDE, value);
            }
        }
    }

    /// Notes that the next command was done.
    pub(super) fn did(&mut self) {
        if self.is_on {
            let _ = self.to_recorder.try_send(Item::Did { at: self.n });
        }
    }

    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.is_on) {
            let n_lost = std::mem::take(&mut self.n_lost);
            let _ = self.to_recorder.try_send(Item::Ended { n_lost });
        }
    }

    /// How much is recorded, if anything is.
    pub(super) fn secs(&self) -> Option<f64> {
        self.is_on.then(|| self.n as f64 / f64::from(self.rate_hz))
    }
}

/// What the thread that loads knows of how a recording begins.
pub(super) struct Said {
    pub(super) sound: Option<SoundPlace>,
    pub(super) part: Option<(f64, f64)>,
    pub(super) path: Option<SessionCommand>,
    pub(super) prior: Option<Id>,
}

/// The end of the tape at the thread that writes.
pub(super) struct Recorder {
    tape: Receiver<Item>,
    to_free: SyncSender<Box<Chunk>>,
    rate_hz: u32,
    n_channels: usize,
    recipe: Recipe,
    weights: LiveWeights,
    has_noise: bool,
    now: Option<Recording>,
}

/// A recording under way.
struct Recording {
    folder: PathBuf,
    name: String,
    sound: GrowingWav,
    input: GrowingWav,
    moves: Option<MoveWriter>,
    said: Option<Said>,
    seed: u64,
    weights: LiveWeights,
    has_noise: bool,
    /// Commands whose moment is not known yet.
    pending: VecDeque<SessionCommand>,
    card: SoundCard,
    peak: f32,
    peaks: Vec<[i8; 2]>,
    /// Samples that make no whole pair of peaks yet, `[channel][sample]`.
    unpaired: Vec<Vec<f32>>,
    synced: Instant,
    n_lost: u64,
    is_ending: bool,
}

impl Recorder {
    /// Both ends of a tape.
    pub(super) fn new(task: &SessionTask, instrument: &Instrument) -> (Self, Tape) {
        let (rate_hz, n_channels) = (instrument.rate_hz(), instrument.n_channels());
        let (to_recorder, tape) = sync_channel(CHUNKS + MARKS);
        let (to_free, free) = sync_channel(CHUNKS);
        let rows = || vec![vec![0.0; BLOCK_MAX]; n_channels];
        for _ in 0..CHUNKS {
            let (input, output) = (rows(), rows());
            let chunk = Chunk { is_pre_roll: false, n: 0, n_lost: 0, input, output };
            let _ = to_free.try_send(Box::new(chunk));
        }
        let n_past = (PRE_ROLL_SECS * f64::from(rate_hz)) as usize;
        let n_past = n_past.min(BLOCK_MAX * (CHUNKS - 8));
        let recipe = Recipe {
            models: task.models.clone(),
            source: RecipeSource::Performance {
                input: SoundCard::INPUT.into(),
                moves: MOVES.into(),
            },
            controls: BTreeMap::new(),
            deviations: task.deviations.clone(),
            seed: task.seed,
            secs: None,
            variation: None,
            loudness_lufs: None,
            finish: api::Finish::default(),
            format: SampleFormat::Int24,
        };
        let (weights, has_noise) = (task.weights, task.has_noise);
        let recorder =
            Self { tape, to_free, rate_hz, n_channels, recipe, weights, has_noise, now: None };
        let tape = Tape {
            to_recorder,
            free,
            rate_hz,
            is_on: false,
            n: 0,
            n_lost: 0,
            past: vec![vec![0.0; n_past]; n_channels],
            past_at: 0,
            n_past: 0,
        };
        (recorder, tape)
    }

    /// Makes the files of a recording.
    pub(super) fn begin(
        &mut self,
        folder: &JobFolder,
        name: &str,
        seed: u64,
        said: Said,
    ) -> anyhow::Result<()> {
        if self.now.is_some() {
            let remedy = "Stop it, then begin another.";
            return refuse("is_recording", "A recording is under way already.", "", remedy);
        }
        let all = folder.path().join(RECORDINGS);
        fs::create_dir_all(&all).with_context(|| format!("make {}", all.display()))?;
        let path =
            (1..).map(|number: u32| all.join(format!("{number:04}"))).find(|it| !it.exists());
        let path = path.context("find a name for the recording")?;
        fs::create_dir(&path).with_context(|| format!("make {}", path.display()))?;
        let n_channels = self.n_channels as u16;
        let wav = |name: &str, format| {
            GrowingWav::create(&path.join(name), self.rate_hz, n_channels, format)
        };
        let name: String = name.trim().chars().take(120).collect();
        let card = SoundCard {
            format: SoundCard::FORMAT,
            name: if name.is_empty() { "Recording".into() } else { name.clone() },
            created_ms: now_ms(),
            version: env!("CARGO_PKG_VERSION").into(),
            recipe: Recipe { seed, ..self.recipe.clone() },
            facts: SoundFacts {
                rate_hz: self.rate_hz,
                channels: self.n_channels as u32,
                ..Default::default()
            },
            parts: vec![],
        };
        self.now = Some(Recording {
            sound: wav(SoundCard::SOUND, WavFormat::Int24).context("begin the recording")?,
            input: wav(SoundCard::INPUT, WavFormat::Float32).context("begin the recording")?,
            moves: None,
            said: Some(said),
            seed,
            weights: self.weights,
            has_noise: self.has_noise,
            pending: VecDeque::new(),
            peak: 0.0,
            peaks: vec![],
            unpaired: vec![vec![]; self.n_channels],
            synced: Instant::now(),
            n_lost: 0,
            is_ending: false,
            name: card.name.clone(),
            card,
            folder: path,
        });
        Ok(())
    }

    /// Notes a command that the other thread will do.
    pub(super) fn note(&mut self, command: &SessionCommand) {
        let is_its_own =
            matches!(command, SessionCommand::Record { .. } | SessionCommand::StopRecording);
        if let Some(now) = self.now.as_mut().filter(|_| !is_its_own) {
            now.pending.push_back(command.clone());
        }
    }

    /// Writes what is on the tape. A disk that is full ends the recording, and what is there is kept.
    pub(super) fn write(
        &mut self,
        folder: &mut JobFolder,
        to_stage: &SyncSender<Thing>,
    ) -> anyhow::Result<()> {
        while let Ok(item) = self.tape.try_recv() {
            let Some(now) = &mut self.now else {
                if let Item::Block(chunk) = item {
                    let _ = self.to_free.try_send(chunk);
                }
                continue;
            };
            let written = match item {
                Item::Began { pre_roll, phase, values, sound_secs, path_secs } => {
                    now.began(pre_roll, phase, values, sound_secs, path_secs)
                }
                Item::Block(chunk) => {
                    let written = if now.is_ending { Ok(()) } else { now.block(&chunk) };
                    let _ = self.to_free.try_send(chunk);
                    written
                }
                Item::Set { at, number, value } => now.note(at, Moved::Set(number, value)),
                Item::Did { at } => match now.pending.pop_front() {
                    Some(command) => now.note(at, Moved::Command(command)),
                    None => Ok(()),
                },
                Item::Ended { n_lost } => {
                    if !now.is_ending {
                        now.lost(n_lost).context("write the recording")?;
                    }
                    self.end(folder, to_stage)?;
                    continue;
                }
            };
            if let Err(error) = written
                && !now.is_ending
            {
                now.is_ending = true;
                let problem = super::in_words(error.context("write the recording"));
                notify(to_stage, &SessionNotice::Failed { problem });
                hand_over(to_stage, Thing::StopRecording);
            }
        }
        if let Some(now) = &mut self.now
            && now.synced.elapsed() > SYNC_EVERY
            && !now.is_ending
        {
            now.sync().context("write the recording")?;
        }
        Ok(())
    }

    /// Ends what is still recorded, when the session ends.
    pub(super) fn finish(
        mut self,
        folder: &mut JobFolder,
        to_stage: &SyncSender<Thing>,
    ) -> anyhow::Result<()> {
        self.write(folder, to_stage)?;
        self.end(folder, to_stage)
    }

    fn end(&mut self, folder: &mut JobFolder, to_stage: &SyncSender<Thing>) -> anyhow::Result<()> {
        let Some(now) = self.now.take() else { return Ok(()) };
        let path = format!(
            "{RECORDINGS}/{}",
            now.folder.file_name().unwrap_or_default().to_string_lossy()
        );
        let name = now.name.clone();
        if now.n_lost > 0 {
            let message = format!(
                "{} samples of the recording “{name}” are silent: the disk was too slow.",
                now.n_lost
            );
            folder.warn(Warning { code: "samples_lost".into(), file: None, message })?;
        }
        let secs = now.finish().context("end the recording")?;
        log(&format!("recorded {secs:.1} s as {path}"));
        folder.emit(EventBody::Recorded { path: path.clone(), name: name.clone() })?;
        // The stage may have ended, so this does not wait for it.
        let notice = SessionNotice::Recorded { path: path.into(), name, secs };
        let text = serde_json::to_vec(&notice).context("encode a notice")?;
        let _ = to_stage.try_send(Thing::Notice(text));
        Ok(())
    }
}

impl Recording {
    fn began(
        &mut self,
        pre_roll: u64,
        phase: u64,
        values: Vec<(u16, f32)>,
        sound_secs: f64,
        path_secs: f64,
    ) -> anyhow::Result<()> {
        let said = self.said.take();
        let (sound, part, path, prior) =
            said.map_or((None, None, None, None), |it| (it.sound, it.part, it.path, it.prior));
        let by_key =
            |(number, value): &(u16, f32)| Some((api::control_key(*number)?, f64::from(*value)));
        self.card.recipe.controls = values.iter().filter_map(by_key).collect();
        let beginning = Beginning {
            pre_roll,
            phase,
            seed: self.seed,
            weights: self.weights,
            has_noise: self.has_noise,
            values,
            sound: sound.map(|sound| (sound, sound_secs)),
            part,
            path: path.map(|path| (path, path_secs)),
            prior,
        };
        self.moves = Some(MoveWriter::create(&self.folder.join(MOVES), &beginning)?);
        self.sync()
    }

    fn note(&mut self, at: u64, what: Moved) -> anyhow::Result<()> {
        match &mut self.moves {
            Some(moves) => Ok(moves.write(&Move { at, what })?),
            None => Ok(()),
        }
    }

    fn block(&mut self, chunk: &Chunk) -> anyhow::Result<()> {
        let rows = |rows: &[Vec<f32>]| -> Vec<Vec<f32>> {
            rows.iter().map(|row| row[..chunk.n].to_vec()).collect()
        };
        if chunk.is_pre_roll {
            return Ok(self.input.write(&rows(&chunk.input))?);
        }
        self.lost(chunk.n_lost)?;
        self.input.write(&rows(&chunk.input))?;
        self.output(&rows(&chunk.output))
    }

    /// Writes silence where samples were lost, so that what comes after them, and the length, are right.
    fn lost(&mut self, n_lost: u64) -> anyhow::Result<()> {
        self.n_lost += n_lost;
        let mut left = n_lost as usize;
        while left > 0 {
            let n = left.min(BLOCK_MAX);
            let silence = vec![vec![0.0; n]; self.unpaired.len()];
            self.input.write(&silence)?;
            self.output(&silence)?;
            left -= n;
        }
        Ok(())
    }

    fn output(&mut self, rows: &[Vec<f32>]) -> anyhow::Result<()> {
        self.sound.write(rows)?;
        for (unpaired, row) in self.unpaired.iter_mut().zip(rows) {
            unpaired.extend_from_slice(row);
            self.peak = row.iter().fold(self.peak, |peak, x| peak.max(x.abs()));
        }
        let n = self.unpaired[0].len() / PEAKS_BLOCK * PEAKS_BLOCK;
        let whole: Vec<&[f32]> = self.unpaired.iter().map(|row| &row[..n]).collect();
        self.peaks.extend(audio::peaks(&whole, PEAKS_BLOCK));
        self.unpaired.iter_mut().for_each(|row| drop(row.drain(..n)));
        Ok(())
    }

    /// Makes all files whole up to now.
    fn sync(&mut self) -> anyhow::Result<()> {
        self.synced = Instant::now();
        self.sound.sync()?;
        self.input.sync()?;
        if let Some(moves) = &mut self.moves {
            moves.flush()?;
        }
        self.card.facts.n_samples = self.sound.n_frames();
        self.card.facts.peak_db = (self.peak > 0.0).then(|| 20.0 * f64::from(self.peak).log10());
        write_peaks(&self.folder, &self.peaks)?;
        let text = serde_json::to_vec_pretty(&self.card)?;
        Ok(job::whole::write(&self.folder.join(SoundCard::CARD), &text)?)
    }

    /// Ends the files; the length in seconds.
    fn finish(mut self) -> anyhow::Result<f64> {
        let rest: Vec<&[f32]> = self.unpaired.iter().map(Vec::as_slice).collect();
        self.peaks.extend(audio::peaks(&rest, PEAKS_BLOCK));
        self.sync()?;
        let n_frames = self.sound.n_frames();
        self.sound.finish()?;
        self.input.finish()?;
        let sound = self.folder.join(SoundCard::SOUND);
        self.card.facts.sha256 = super::super::train::sha256_of_file(&sound)?;
        let text = serde_json::to_vec_pretty(&self.card)?;
        job::whole::write(&self.folder.join(SoundCard::CARD), &text)?;
        Ok(n_frames as f64 / f64::from(self.card.facts.rate_hz))
    }
}

/// Writes the shape of a sound: pairs of bytes, as [`audio::peaks`] gives them.
fn write_peaks(folder: &Path, peaks: &[[i8; 2]]) -> anyhow::Result<()> {
    let bytes: Vec<u8> = peaks.iter().flatten().map(|it| it.cast_unsigned()).collect();
    Ok(job::whole::write(&folder.join(SoundCard::PEAKS), &bytes)?)
}
