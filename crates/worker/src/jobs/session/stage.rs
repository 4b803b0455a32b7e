//! The thread that plays: it answers each block of sound with one, and does nothing else that takes time.

use std::{
    sync::mpsc::{Receiver, SyncSender, TryRecvError},
    time::{Duration, Instant},
};

use api::{SessionCommand, SessionHello, SessionLoaded, SessionNotice};
use models::LivePrior;

use super::recorder::Tape;
use crate::{
    instrument::{Instrument, LoadedSound, Path},
    session::{Came, Line},
};

/// The longest block, in samples.
pub(super) const BLOCK_MAX: usize = 8192;
/// How long it waits for a message before it looks for something else.
const PATIENCE: Duration = Duration::from_millis(20);
/// How often the page hears how it goes.
const STATUS_EVERY: Duration = Duration::from_millis(50);
/// How often the other thread hears that nobody is connected.
const ALONE_EVERY: Duration = Duration::from_secs(1);
/// Samples in which a pitch is looked for.
const HEARD: usize = 4096;
/// What messages are: see the module of [`api::NewSession`].
const SOUND: u8 = 1;
const CONTROLS: u8 = 2;
const POINT: u8 = 3;
const COMMAND: u8 = 4;
const STATUS: u8 = 2;
const HELLO: u8 = 3;
const NOTICE: u8 = 4;
const IS_SLOW: u8 = 1;
const IS_LIMITED: u8 = 2;

/// What the other thread gives.
pub(super) enum Thing {
    Sound(Box<LoadedSound>),
    Seek(f64),
    Loop(f64, f64),
    Path(Box<Path>),
    SeekPath(f64),
    Prior(Box<dyn LivePrior>),
    RestartPrior(u64),
    Record(u64),
    StopRecording,
    Reset,
    /// A notice for the page, as JSON.
    Notice(Vec<u8>),
    /// What a new page is told.
    Loaded(Box<SessionLoaded>),
    /// The pitch of what was heard, NaN if it was not looked for, and the memory to hear more with.
    Pitch(f32, Vec<f32>),
}

/// What is asked of the other thread.
pub(super) enum Asked {
    Command(SessionCommand),
    /// Something to drop, which takes time.
    Drop(Old),
    /// The newest samples that came in.
    Heard {
        samples: Vec<f32>,
    },
    /// Nobody has been connected for so long.
    Alone(Duration),
}

/// What has been replaced.
#[expect(dead_code, reason = "it is only dropped")]
pub(super) enum Old {
    Sound(Box<LoadedSound>),
    Path(Box<Path>),
    Prior(Box<dyn LivePrior>),
}

pub(super) struct Stage {
    instrument: Instrument,
    line: Line,
    hello: SessionHello,
    things: Receiver<Thing>,
    to_desk: SyncSender<Asked>,
    tape: Tape,
    /// Samples of the block that came and of its answer, `[channel][sample]`.
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
    /// The answer, as bytes.
    answer: Vec<u8>,
    status: Vec<u8>,
    heard: Option<Vec<f32>>,
    pitch_hz: f32,
    load: Load,
    farewell: Vec<u8>,
}

/// How much of the time computing takes.
#[derive(Default)]
struct Load {
    busy_secs: f64,
    sound_secs: f64,
    worst: f32,
    /// The share that the last block took.
    last: f32,
    n_slow: u32,
}

impl Stage {
    pub(super) fn new(
        instrument: Instrument,
        line: Line,
        hello: SessionHello,
        things: Receiver<Thing>,
        to_desk: SyncSender<Asked>,
        tape: Tape,
    ) -> Self {
        let n_channels = instrument.n_channels();
        let block = || vec![vec![0.0; BLOCK_MAX]; n_channels];
        let mut farewell = vec![NOTICE];
        // It is a constant, so nothing can be wrong with it.
        farewell.extend(serde_json::to_vec(&SessionNotice::TakenOver).unwrap_or_default());
        Self {
            line,
            hello,
            things,
            to_desk,
            tape,
            input: block(),
            output: block(),
            answer: Vec::with_capacity(16 + n_channels * BLOCK_MAX * 4),
            status: Vec::with_capacity(64 + 4 * instrument.n_directions()),
            heard: Some(Vec::with_capacity(HEARD)),
            pitch_hz: 0.0,
            load: Load::default(),
            farewell,
            instrument,
        }
    }

    /// Plays until the other thread has gone.
    pub(super) fn play(mut self) {
        let mut last_status = Instant::now();
        let mut last_alone = Instant::now();
        loop {
            let mut is_new = false;
            match self.line.wait(PATIENCE, &self.farewell) {
                Came::Nothing => {}
                Came::Arrived => is_new = true,
                Came::Message(message) => {
                    let came = Instant::now();
                    let (instrument, tape) = (&mut self.instrument, &mut self.tape);
                    match message.split_first() {
                        Some((&SOUND, block)) => {
                            let samples = (
                                self.input.as_mut_slice(),
                                self.output.as_mut_slice(),
                                &mut self.answer,
                            );
                            let is_block =
                                answer(instrument, tape, block, samples, &mut self.heard);
                            if is_block {
                                // The work comes in bursts, one for each latent frame.
                                let (_, ratio) = instrument.frames();
                                let n = self.output[0].len().max(ratio);
                                self.load.note(came, n, self.output[0].len(), instrument.rate_hz());
                                self.answer[8] |= if self.load.was_slow() { IS_SLOW } else { 0 };
                                self.line.send(&[&self.answer]);
                            }
                        }
                        Some((&CONTROLS, pairs)) => {
                            for pair in pairs.chunks_exact(6) {
                                let number = u16::from_le_bytes([pair[0], pair[1]]);
                                let value = f32_of(&pair[2..]);
                                instrument.set(number, value);
                                tape.moved(number, value);
                            }
                        }
                        Some((&POINT, point)) => {
                            let values = point.chunks_exact(4).map(f32_of);
                            let values = values.map(|x| if x.is_finite() { x } else { 0.0 });
                            instrument.set_point(values.clone());
                            tape.point(values.take(instrument.n_directions()));
                        }
                        Some((&COMMAND, text)) => {
                            if let Ok(command) = serde_json::from_slice(text) {
                                let _ = self.to_desk.try_send(Asked::Command(command));
                            }
                        }
                        // What is not understood is left alone.
                        _ => {}
                    }
                }
            }
            if is_new {
                self.greet();
            }
            if self.take_things().is_err() {
                return;
            }
            if last_status.elapsed() > STATUS_EVERY {
                last_status = Instant::now();
                self.tell_status();
            }
            if last_alone.elapsed() > ALONE_EVERY {
                last_alone = Instant::now();
                let _ = self.to_desk.try_send(Asked::Alone(self.line.alone_for()));
            }
        }
    }

    fn greet(&mut self) {
        self.hello.values = self.instrument.controls().moved().collect();
        if let Ok(text) = serde_json::to_vec(&self.hello) {
            self.line.send(&[&[HELLO], &text]);
        }
    }

    /// Takes what the other thread gives; an error when it has gone.
    fn take_things(&mut self) -> Result<(), ()> {
        loop {
            let instrument = &mut self.instrument;
            let thing = self.things.try_recv();
            let is_command = !matches!(
                thing,
                Ok(Thing::Notice(_) | Thing::Loaded(_) | Thing::Pitch(..) | Thing::Record(_))
            );
            let old = match thing {
                Ok(thing) => match thing {
                    Thing::Sound(sound) => instrument.load(Some(sound)).map(Old::Sound),
                    Thing::Path(path) => instrument.set_path(Some(path)).map(Old::Path),
                    Thing::Prior(prior) => instrument.set_prior(Some(prior)).map(Old::Prior),
                    Thing::Seek(secs) => {
                        instrument.sound().seek(secs);
                        None
                    }
                    Thing::Loop(from, to) => {
                        instrument.sound().repeat(from, to);
                        None
                    }
                    Thing::SeekPath(secs) => {
                        instrument.seek_path(secs);
                        None
                    }
                    Thing::RestartPrior(seed) => {
                        instrument.restart_prior(seed);
                        None
                    }
                    Thing::Record(seed) => {
                        instrument.reseed(seed);
                        self.tape.begin(instrument);
                        None
                    }
                    Thing::StopRecording => {
                        self.tape.end();
                        None
                    }
                    Thing::Reset => {
                        instrument.reset();
                        None
                    }
                    Thing::Notice(text) => {
                        self.line.send(&[&[NOTICE], &text]);
                        None
                    }
                    Thing::Loaded(loaded) => {
                        self.hello.loaded = *loaded;
                        None
                    }
                    Thing::Pitch(hz, mut samples) => {
                        if hz.is_finite() {
                            self.pitch_hz = hz;
                        }
                        samples.clear();
                        self.heard = Some(samples);
                        None
                    }
                },
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(()),
            };
            if is_command {
                self.tape.did();
            }
            if let Some(old) = old {
                let _ = self.to_desk.try_send(Asked::Drop(old));
            }
        }
    }

    fn tell_status(&mut self) {
        let (input, output, gain) = self.instrument.take_levels();
        let (mean, worst) = self.load.take();
        let secs_recorded = self.tape.secs().map_or(-1.0, |secs| secs as f32);
        self.status.clear();
        self.status.push(STATUS);
        for value in [
            input,
            output,
            gain,
            mean,
            worst,
            self.instrument.sound().secs() as f32,
            self.instrument.path_secs() as f32,
            secs_recorded,
            self.pitch_hz,
        ] {
            self.status.extend(value.to_le_bytes());
        }
        self.status.extend(self.load.n_slow.to_le_bytes());
        for x in self.instrument.place() {
            self.status.extend(x.to_le_bytes());
        }
        self.line.send(&[&self.status]);
        if let Some(samples) = self.heard.take_if(|it| it.len() == HEARD) {
            // The other thread may be busy; then this is heard later.
            if let Err(error) = self.to_desk.try_send(Asked::Heard { samples })
                && let std::sync::mpsc::TrySendError::Full(Asked::Heard { mut samples }) = error
            {
                samples.clear();
                self.heard = Some(samples);
            }
        }
    }
}

/// Plays a block, and writes its answer; whether it was one. Between here and the answer nothing allocates, locks or
/// touches a file.
fn answer(
    instrument: &mut Instrument,
    tape: &mut Tape,
    block: &[u8],
    (input, output, answer): (&mut [Vec<f32>], &mut [Vec<f32>], &mut Vec<u8>),
    heard: &mut Option<Vec<f32>>,
) -> bool {
    let [a, b, c, d, low, high, n_channels, samples @ ..] = block else { return false };
    let n = usize::from(u16::from_le_bytes([*low, *high]));
    let n_channels = usize::from(*n_channels);
    if n == 0 || n > BLOCK_MAX || n_channels > 2 || samples.len() != n * n_channels * 4 {
        return false;
    }
    for (channel, bytes) in input.iter_mut().zip(samples.chunks_exact(n * 4)) {
        channel.truncate(n);
        channel.resize(n, 0.0);
        channel.iter_mut().zip(bytes.chunks_exact(4)).for_each(|(x, bytes)| *x = f32_of(bytes));
    }
    output.iter_mut().for_each(|channel| channel.resize(n, 0.0));
    let n_given = n_channels.min(input.len());
    if let Some(heard) = heard
        && n_given > 0
    {
        let room = HEARD - heard.len();
        heard.extend_from_slice(&input[0][..room.min(n)]);
    }
    let rows: [&[f32]; 2] = [&input[0], input.get(1).map_or(&[], |it| it)];
    instrument.play(&rows[..n_given], output);
    tape.take(&rows[..n_given], output);
    let gain = instrument.limiter_gain();
    answer.clear();
    answer.push(SOUND);
    answer.extend([*a, *b, *c, *d, *low, *high, output.len() as u8]);
    answer.push(if gain < 1.0 { IS_LIMITED } else { 0 });
    for channel in output {
        channel.iter().for_each(|x| answer.extend(x.to_le_bytes()));
    }
    true
}

fn f32_of(bytes: &[u8]) -> f32 {
    f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

impl Load {
    fn note(&mut self, since: Instant, n_allowed: usize, n_samples: usize, rate_hz: u32) {
        let busy_secs = since.elapsed().as_secs_f64();
        let sound_secs = n_allowed as f64 / f64::from(rate_hz);
        self.busy_secs += busy_secs;
        self.sound_secs += n_samples as f64 / f64::from(rate_hz);
        self.worst = self.worst.max((busy_secs / sound_secs) as f32);
        self.last = (busy_secs / sound_secs) as f32;
        if self.was_slow() {
            self.n_slow = self.n_slow.saturating_add(1);
        }
    }

    fn was_slow(&self) -> bool {
        self.last > 1.0
    }

    /// The mean share of the time since the last call, and the largest.
    fn take(&mut self) -> (f32, f32) {
        let mean = self.busy_secs / self.sound_secs.max(1e-9);
        (self.busy_secs, self.sound_secs) = (0.0, 0.0);
        (mean as f32, std::mem::take(&mut self.worst))
    }
}
