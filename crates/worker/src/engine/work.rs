//! A sound that an engine makes.

use std::{
    cell::Cell,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::{
    Control, EngineBegin, EngineEvent, EngineFile, EngineOfModel, EngineOrder, EnginePrompt,
    Problem, WordsAbilities, WordsBegin,
};
use audio::{
    Clip, DecodeLimits, FileFormat, WavFormat, decode_file, resample, with_channels, write_sound,
};
use models::{
    Error,
    words::{Abilities, Begin, BeginHow, BeginKind, MadeSound, Step, TextToAudio, Wish},
};

use super::{
    hello::not_started,
    process::{PRINTED_BYTES_MAX, Process},
    read_file,
};

/// How often it is looked what an engine has done.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long an engine that is told to stop may take, before it is ended.
const STOP_TIME: Duration = Duration::from_secs(5);
/// The most bytes of a line of its events.
const LINE_BYTES_MAX: usize = 1 << 16;
/// The most notes that are kept of a sound.
const NOTES_MAX: usize = 20;
/// How much longer than asked for a sound may be, in seconds.
const LONGER_SECS_MAX: f64 = 30.0;
/// The file of a sound that an engine makes.
const OUTPUT: &str = "sound.wav";
/// The file of a sound that it begins with.
const BEGIN: &str = "begin.wav";

/// A model that an engine runs.
pub(crate) struct Outside {
    folder: PathBuf,
    file: EngineFile,
    engine: EngineOfModel,
    abilities: Abilities,
    memory_bytes: u64,
    /// Where orders are put, each in a folder of its own that is removed after it.
    place: PathBuf,
    n_orders: Cell<u64>,
}

impl Outside {
    /// A model of the engine in a folder; its orders are put in folders at a place.
    ///
    /// # Errors
    /// When the folder holds no engine: what is wrong, and what to do.
    pub(crate) fn open(
        folder: &Path,
        engine: &EngineOfModel,
        can: &WordsAbilities,
        memory_bytes: u64,
        place: &Path,
    ) -> Result<Self, Problem> {
        Ok(Self {
            file: read_file(folder)?,
            folder: folder.to_owned(),
            engine: engine.clone(),
            abilities: abilities(can),
            memory_bytes,
            place: place.to_owned(),
            n_orders: Cell::new(0),
        })
    }

    fn order(&self, wish: &Wish, folder: &Path) -> Result<EngineOrder, Error> {
        let begin = wish.begin.as_ref().map(|it| self.begin(it, folder)).transpose()?;
        let prompts = wish.prompts.iter().zip(wish.shares());
        let prompts =
            prompts.map(|(prompt, share)| EnginePrompt { text: prompt.text.clone(), share });
        let steps = wish.steps.or(self.abilities.steps.map(|[_, usual, _]| usual));
        Ok(EngineOrder {
            protocol: EngineFile::PROTOCOL,
            model: self.engine.model.clone(),
            prompts: prompts.collect(),
            negative: wish.negative.clone(),
            secs: wish.secs,
            steps: steps.map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
            guidance: wish.guidance.unwrap_or(self.abilities.guidance),
            seed: wish.seed,
            begin,
            output: OUTPUT.to_owned(),
        })
    }

    fn begin(&self, begin: &Begin, folder: &Path) -> Result<EngineBegin, Error> {
        let clip = Clip { rate_hz: self.abilities.rate_hz, channels: begin.sound.clone() };
        write_sound(&folder.join(BEGIN), &clip, FileFormat::Wav(WavFormat::Float32))
            .map_err(|error| unfit(format!("the sound to begin with was not written: {error}")))?;
        let (how, strength, gap_secs) = match begin.how {
            BeginHow::Continue => (WordsBegin::Continue, None, None),
            BeginHow::Melody => (WordsBegin::Melody, None, None),
            BeginHow::Vary { strength } => (WordsBegin::Vary, Some(strength), None),
            BeginHow::Fill { from_secs, to_secs } => {
                (WordsBegin::Fill, None, Some([from_secs, to_secs]))
            }
        };
        Ok(EngineBegin { sound: BEGIN.to_owned(), how, strength, gap_secs })
    }

    /// Follows an engine until it has made a sound; nothing when it was told to stop.
    fn follow(
        &self,
        mut process: Process,
        folder: &Path,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Option<Vec<String>>, Error> {
        let mut events = Events::new(folder.join(job::files::EVENTS));
        let (mut step, mut notes) = (Step { done: 0, of: 1 }, vec![]);
        let mut heard = Instant::now();
        let silent = Duration::from_secs(self.file.silent_secs.into());
        loop {
            // What it wrote before it ended counts, so this is asked first.
            let ended = process.ended().map_err(|error| unfit(error.to_string()))?;
            for event in events.new_ones()? {
                heard = Instant::now();
                match event {
                    EngineEvent::Progress { done, of } => {
                        let of = usize::try_from(of).unwrap_or(usize::MAX).max(1);
                        let done = usize::try_from(done).unwrap_or(usize::MAX).min(of);
                        step = Step { done, of };
                    }
                    EngineEvent::Note { message } if notes.len() < NOTES_MAX => {
                        notes.push(api::sentence(&message));
                    }
                    EngineEvent::Finished => return Ok(Some(notes)),
                    EngineEvent::Failed { reason } => {
                        let reason = reason.trim_end_matches('.');
                        return Err(unfit(format!("“{}” says: {reason}", self.engine.name)));
                    }
                    EngineEvent::Alive | EngineEvent::Note { .. } | EngineEvent::Other => {}
                }
            }
            if watch(step).is_break() {
                self.stop(process, folder);
                return Ok(None);
            }
            if let Some(status) = ended {
                return Err(unfit(format!(
                    "the engine “{}” ended with {status} before the sound was made.{}",
                    self.engine.name,
                    process.last_words()
                )));
            }
            if process.has_flooded() {
                return Err(unfit(format!(
                    "the engine “{}” printed more than {} MiB, and was ended",
                    self.engine.name,
                    PRINTED_BYTES_MAX >> 20
                )));
            }
            if heard.elapsed() > silent {
                return Err(unfit(format!(
                    "the engine “{}” said nothing for {} s, and was ended.{}",
                    self.engine.name,
                    self.file.silent_secs,
                    process.last_words()
                )));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Tells an engine to stop, and ends it if it does not.
    fn stop(&self, mut process: Process, folder: &Path) {
        // One that cannot be told is ended all the same.
        let _ = job::control::append(folder, Control::Stop);
        let told = Instant::now();
        while told.elapsed() < STOP_TIME && matches!(process.ended(), Ok(None)) {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Reads the sound that an engine wrote.
    fn read(
        &self,
        folder: &Path,
        secs: f64,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Vec<f32>>, Error> {
        let Abilities { rate_hz, n_channels, .. } = self.abilities;
        let wrong = |why: String| unfit(format!("the sound of “{}” {why}", self.engine.name));
        let limits = DecodeLimits { max_secs: secs + LONGER_SECS_MAX, ..DecodeLimits::default() };
        let decoded = decode_file(&folder.join(OUTPUT), &limits)
            .map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let clip = decoded.clip;
        if clip.n_frames() == 0 {
            return Err(wrong("is empty".to_owned()));
        }
        if clip.channels.iter().flatten().any(|it| !it.is_finite()) {
            return Err(wrong("holds values that are not numbers".to_owned()));
        }
        if (clip.rate_hz, clip.channels.len()) != (rate_hz, n_channels) {
            notes.push(format!(
                "“{}” made a sound of {} Hz with {} channels; it was converted to {rate_hz} Hz with {n_channels}.",
                self.engine.name,
                clip.rate_hz,
                clip.channels.len()
            ));
        }
        let mut channels = resample(&with_channels(clip, n_channels), rate_hz).channels;
        let n = (secs * f64::from(rate_hz)).round() as usize;
        channels.iter_mut().for_each(|channel| channel.truncate(n));
        Ok(channels)
    }
}

impl TextToAudio for Outside {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn weight_bytes(&self) -> u64 {
        self.memory_bytes
    }

    fn sound_bytes(&self, wish: &Wish) -> u64 {
        // The program loads its weights for each sound anew.
        let n = wish.secs * f64::from(self.abilities.rate_hz) * self.abilities.n_channels as f64;
        self.memory_bytes + 8 * n as u64
    }

    fn make(
        &self,
        wish: &Wish,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Option<MadeSound>, Error> {
        wish.check(&self.abilities)?;
        if wish.noise.is_some() {
            return Err(unfit("an engine draws its noise itself".to_owned()));
        }
        let number = self.n_orders.get() + 1;
        self.n_orders.set(number);
        let folder = Place(self.place.join(format!("order-{number}")));
        let failed = |error: std::io::Error| unfit(format!("its folder cannot be made: {error}"));
        fs::create_dir_all(&folder.0).map_err(failed)?;
        let order = self.order(wish, &folder.0)?;
        job::whole::write_json(&folder.0.join(job::files::ORDER), &order)
            .map_err(|error| unfit(format!("its order was not written: {error}")))?;
        let args = ["work".as_ref(), folder.0.as_os_str()];
        let process =
            Process::start(&self.folder, &self.file, &args, folder.0.join(job::files::LOG))
                .map_err(|error| unfit(not_started(&self.file, &error)))?;
        let Some(mut notes) = self.follow(process, &folder.0, watch)? else { return Ok(None) };
        let sound = self.read(&folder.0, wish.secs, &mut notes)?;
        Ok(Some(MadeSound { sound, codes: None, notes }))
    }
}

/// A folder that is removed when its order is done with.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        // What is left of it goes with the job's folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The lines of an engine's events.
struct Events {
    path: PathBuf,
    offset: u64,
}

impl Events {
    fn new(path: PathBuf) -> Self {
        Self { path, offset: 0 }
    }

    /// Whole lines since the last time. Lines that make no sense are passed over, but count as a sign of life.
    fn new_ones(&mut self) -> Result<Vec<EngineEvent>, Error> {
        let Ok(mut file) = File::open(&self.path) else { return Ok(vec![]) };
        let mut bytes = vec![];
        let read = file
            .seek(SeekFrom::Start(self.offset))
            .and_then(|_| file.take(PRINTED_BYTES_MAX).read_to_end(&mut bytes));
        read.map_err(|error| unfit(format!("its events cannot be read: {error}")))?;
        let whole = bytes.iter().rposition(|&it| it == b'\n').map_or(0, |at| at + 1);
        if bytes.len() - whole > LINE_BYTES_MAX {
            return Err(unfit("the engine wrote a line without end, and was ended".to_owned()));
        }
        self.offset += whole as u64;
        if self.offset > PRINTED_BYTES_MAX {
            return Err(unfit("the engine wrote events without end, and was ended".to_owned()));
        }
        let lines = bytes[..whole].split(|&it| it == b'\n').filter(|line| !line.is_empty());
        Ok(lines.map(|line| serde_json::from_slice(line).unwrap_or(EngineEvent::Other)).collect())
    }
}

fn unfit(reason: String) -> Error {
    Error::Unfit { reason }
}

/// What a model can do, from the words of the API.
fn abilities(can: &WordsAbilities) -> Abilities {
    let begin = |it: &WordsBegin| match it {
        WordsBegin::Continue => BeginKind::Continue,
        WordsBegin::Vary => BeginKind::Vary,
        WordsBegin::Fill => BeginKind::Fill,
        WordsBegin::Melody => BeginKind::Melody,
    };
    Abilities {
        rate_hz: can.rate_hz,
        n_channels: can.channels as usize,
        max_secs: can.max_secs,
        steps: can.steps.map(|it| [it.least, it.usual, it.most].map(|n| n as usize)),
        guidance: can.guidance,
        takes_negative: can.takes_negative,
        begins: can.begins.iter().map(begin).collect(),
        takes_adapters: false,
        writes_codes: false,
        max_tokens: can.max_tokens as usize,
    }
}
