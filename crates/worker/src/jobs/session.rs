//! Models that play live in the page: a thread that plays and answers, and this one, which loads and records for it.
//!
//! The thread that plays ([`stage`]) reads blocks of sound from the socket and writes what the instrument makes of them;
//! between a block's arrival and its answer it neither allocates nor locks nor touches a file. What takes longer, as
//! reading a sound or writing a recording, is done here; both talk over channels of fixed size.

mod recorder;
mod stage;

use std::{
    collections::VecDeque,
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use api::{
    EventBody, LiveWeights, LoadedSound as Shown, Outcome, Problem, SessionCommand, SessionHello,
    SessionLoaded, SessionNotice, SessionTask, SoundPlace,
};
use audio::{Pitch, PitchFinder, median_pitch_hz};
use models::PriorSettings;
use nn::stream::Precision;

use self::{
    recorder::Recorder,
    stage::{Asked, Stage, Thing},
};
use super::{
    Refused,
    model_file::{Opened, open_model},
    refuse, sound_place,
};
use crate::{
    folder::{JobFolder, problem},
    instrument::{Instrument, InstrumentSettings, LoadedSound, Path},
    log::log,
    progress::{Goal, ProgressMeter},
    session::Line,
};

/// The job ends when nobody has been connected for so long: a page that is loaded again finds it.
const ALONE_MAX: Duration = Duration::from_secs(60);
/// How often this thread looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The longest sound that is loaded.
const LONGEST_SECS: f64 = 30.0 * 60.0;
/// Things and requests that wait.
const WAITING_MAX: usize = 64;

/// Plays until nobody is there any more.
pub(crate) fn run(folder: &mut JobFolder, task: &SessionTask) -> anyhow::Result<Outcome> {
    // Before any thread begins, which would not hear of it.
    crate::system::go_first();
    let opened = open_all(folder, task)?;
    let instrument = instrument_of(&opened, task)?;
    let meter = ProgressMeter::new("blocks", Goal::Open, 0.0);
    folder.emit(EventBody::Progress(meter.progress("playing", 0)))?;
    let names: Vec<String> = task.models.iter().map(|model| model.name.clone()).collect();
    let desk = Desk::new(&instrument, task);
    let hello = hello(&instrument, names);
    let (to_stage, things) = sync_channel(WAITING_MAX);
    let (to_desk, asked) = sync_channel(WAITING_MAX);
    let (recorder, tape) = Recorder::new(task, &instrument);
    let line = Line::open(folder)?;
    let stage = Stage::new(instrument, line, hello, things, to_desk, tape);
    let player = thread::Builder::new()
        .name("stage".into())
        .spawn(move || stage.play())
        .context("start to play")?;
    let outcome = desk.work(folder, &to_stage, &asked, recorder);
    drop(to_stage);
    let _ = player.join();
    outcome.map(|()| Outcome::Done)
}

fn open_all(folder: &JobFolder, task: &SessionTask) -> anyhow::Result<Vec<Opened>> {
    let all = task.models.iter().map(|model| {
        let opened = open_model(folder.path(), &model.place)?;
        log(&format!("plays {}", model.name));
        Ok(opened)
    });
    all.collect()
}

/// The instrument that models make together.
fn instrument_of(opened: &[Opened], task: &SessionTask) -> anyhow::Result<Instrument> {
    let models: Vec<_> = opened.iter().map(|it| it.model.as_ref()).collect();
    let rate_hz = opened.first().and_then(|it| it.rate_hz).unwrap_or(0);
    let settings = InstrumentSettings {
        precision: precision(task.weights),
        seed: task.seed,
        has_noise: task.has_noise,
        deviations: task.deviations.clone(),
        ..Default::default()
    };
    match Instrument::new(&models, rate_hz, &settings) {
        Ok(instrument) => Ok(instrument),
        Err(why) => refuse("unplayable", "These models cannot be played.", &why.0, why.1),
    }
}

/// The precision that weights are kept in.
pub(crate) fn precision(weights: LiveWeights) -> Precision {
    match weights {
        LiveWeights::Float32 => Precision::Float32,
        LiveWeights::Int16 => Precision::Int16,
        LiveWeights::Int8 => Precision::Int8,
    }
}

fn hello(instrument: &Instrument, models: Vec<String>) -> SessionHello {
    let (latent_size, ratio) = instrument.frames();
    let n_directions = instrument.n_directions();
    SessionHello {
        models,
        rate_hz: instrument.rate_hz(),
        channels: instrument.n_channels() as u32,
        ratio: ratio as u32,
        latent_size: latent_size as u32,
        n_directions: n_directions as u32,
        latency_samples: instrument.latency_samples() as u32,
        block_max: stage::BLOCK_MAX as u32,
        can_share_latents: instrument.can_share_latents(),
        deviations: instrument.deviations()[..n_directions].to_vec(),
        controls: api::CONTROLS.iter().map(Into::into).collect(),
        direction_controls: api::DIRECTION_CONTROLS.iter().map(Into::into).collect(),
        values: vec![],
        loaded: SessionLoaded::default(),
    }
}

/// What was loaded, and what is asked for and not done yet.
struct Desk {
    rate_hz: u32,
    n_channels: usize,
    n_directions: usize,
    /// Samples per latent frame and latents of the first model, which a prior must fit.
    frames: (usize, usize),
    loaded: SessionLoaded,
    /// What a recording says of how it began.
    sound: Option<SoundPlace>,
    part: Option<(f64, f64)>,
    path: Option<SessionCommand>,
    prior: Option<api::Id>,
    sha256: String,
    seed: u64,
}

impl Desk {
    fn new(instrument: &Instrument, task: &SessionTask) -> Self {
        Self {
            rate_hz: instrument.rate_hz(),
            n_channels: instrument.n_channels(),
            n_directions: instrument.n_directions(),
            frames: instrument.frames(),
            loaded: SessionLoaded::default(),
            sound: None,
            part: None,
            path: None,
            prior: None,
            sha256: task.models.first().map_or_else(String::new, |it| it.sha256.clone()),
            seed: task.seed,
        }
    }

    /// Does what the stage cannot do, until nobody is there.
    fn work(
        mut self,
        folder: &mut JobFolder,
        to_stage: &SyncSender<Thing>,
        asked: &Receiver<Asked>,
        mut recorder: Recorder,
    ) -> anyhow::Result<()> {
        let (mut ear, mut last_pitch) = (Ear::new(self.rate_hz), Instant::now());
        loop {
            recorder.write(folder, to_stage)?;
            match asked.try_recv() {
                Ok(Asked::Command(command)) => {
                    if let Err(error) = self.follow(folder, command, to_stage, &mut recorder) {
                        let problem = in_words(error);
                        log(&format!("refused: {}", problem.what));
                        notify(to_stage, &SessionNotice::Failed { problem });
                    }
                }
                Ok(Asked::Drop(thing)) => drop(thing),
                Ok(Asked::Heard { samples }) => {
                    let is_time = last_pitch.elapsed() > HEAR_EVERY;
                    let hz = if is_time { ear.hear(&samples) } else { f32::NAN };
                    if is_time {
                        last_pitch = Instant::now();
                    }
                    let _ = to_stage.try_send(Thing::Pitch(hz, samples));
                }
                Ok(Asked::Alone(how_long)) => {
                    if how_long > ALONE_MAX {
                        break;
                    }
                }
                Err(TryRecvError::Empty) => thread::sleep(LOOK_EVERY),
                Err(TryRecvError::Disconnected) => break,
            }
            if folder.should_stop() {
                break;
            }
        }
        recorder.finish(folder, to_stage)
    }

    fn follow(
        &mut self,
        folder: &mut JobFolder,
        command: SessionCommand,
        to_stage: &SyncSender<Thing>,
        recorder: &mut Recorder,
    ) -> anyhow::Result<()> {
        let said = command.clone();
        let thing = match command {
            SessionCommand::Load { sound } => {
                let (rate_hz, n_channels) = (self.rate_hz, self.n_channels);
                let loaded =
                    sound_place::load(folder.path(), &sound, rate_hz, n_channels, LONGEST_SECS)?;
                self.loaded.sound = Some(shown(&loaded, rate_hz));
                (self.sound, self.part) = (Some(sound), None);
                Thing::Sound(Box::new(loaded))
            }
            SessionCommand::Seek { secs } => Thing::Seek(secs),
            SessionCommand::Loop { from, to } => {
                self.part = Some((from, to));
                Thing::Loop(from, to)
            }
            SessionCommand::Path { ref points, way, is_closed, secs } => {
                self.take_path(Path::new(points, way, is_closed, secs, self.n_directions), &said)?
            }
            SessionCommand::Trajectory { ref frames, rate_hz } => {
                let way = api::Way::Linear;
                let path = Path::new(frames, way, false, 1.0 / rate_hz, self.n_directions);
                self.take_path(path, &said)?
            }
            SessionCommand::SeekPath { secs } => Thing::SeekPath(secs),
            SessionCommand::Prior { model } => {
                let place = api::ModelPlace::Library { id: model.clone() };
                let opened = open_model(folder.path(), &place)?;
                let live = self.live_prior(&opened)?;
                self.loaded.prior = Some(model_name(folder, &model));
                self.prior = Some(model);
                Thing::Prior(live)
            }
            SessionCommand::RestartPrior { seed } => Thing::RestartPrior(seed),
            SessionCommand::Record { name } => {
                let seed = self.seed;
                let beginning = recorder::Said {
                    sound: self.sound.clone(),
                    part: self.part,
                    path: self.path.clone(),
                    prior: self.prior.clone(),
                };
                recorder.begin(folder, &name, seed, beginning)?;
                self.loaded.recording = Some(name);
                Thing::Record(seed)
            }
            SessionCommand::StopRecording => {
                self.loaded.recording = None;
                Thing::StopRecording
            }
            SessionCommand::Reset => Thing::Reset,
        };
        recorder.note(&said);
        hand_over(to_stage, thing);
        notify(to_stage, &SessionNotice::Loaded { loaded: self.loaded.clone() });
        hand_over(to_stage, Thing::Loaded(Box::new(self.loaded.clone())));
        Ok(())
    }

    fn take_path(&mut self, path: Option<Path>, said: &SessionCommand) -> anyhow::Result<Thing> {
        let Some(path) = path else {
            let why = "A path needs at least one point, finite numbers, and a time above 0.";
            return refuse("no_path", "That is no path.", why, "Choose other points.");
        };
        self.loaded.path_secs = Some(path.secs());
        self.path = Some(said.clone());
        Ok(Thing::Path(Box::new(path)))
    }

    fn live_prior(&self, opened: &Opened) -> anyhow::Result<Box<dyn models::LivePrior>> {
        let what = "This prior cannot play here.";
        let Some(prior) = opened.model.as_prior() else {
            let why = format!("It is a model of the family `{}`.", opened.model.family());
            return refuse("no_prior", what, &why, "Choose a prior of the model that plays.");
        };
        let shape = prior.codec().shape;
        if (shape.latent_size, shape.ratio) != self.frames {
            let why =
                format!("It makes {} latents of “{}”.", shape.latent_size, prior.codec().name);
            return refuse("other_codec", what, &why, "Choose a prior of the model that plays.");
        }
        if prior.codec().sha256 != self.sha256 {
            log("the prior was trained on other weights of a model of this shape");
        }
        Ok(prior.live(PriorSettings { seed: self.seed, temperature: 1.0 }))
    }
}

/// The name of a model of the library.
fn model_name(folder: &JobFolder, id: &api::Id) -> String {
    let card =
        job::shelf::find(folder.path(), None, job::Shelf::Models, id).join(job::files::MODEL);
    let card: Option<api::Model> = job::whole::read_json_if_there(&card).ok().flatten();
    card.map_or_else(|| id.to_string(), |card| card.name)
}

fn shown(sound: &LoadedSound, rate_hz: u32) -> Shown {
    let n = sound.channels[0].len();
    let rows: Vec<&[f32]> = sound.channels.iter().map(Vec::as_slice).collect();
    let peaks = audio::peaks(&rows, n.div_ceil(512).max(1));
    Shown {
        name: sound.name.clone(),
        secs: n as f64 / f64::from(rate_hz),
        min: peaks.iter().map(|pair| pair[0]).collect(),
        max: peaks.iter().map(|pair| pair[1]).collect(),
    }
}

/// The pitch of what comes in, over the last second or two.
struct Ear {
    finder: PitchFinder,
    /// The pitches of the last moments.
    heard: VecDeque<Option<Pitch>>,
}

impl Ear {
    fn new(rate_hz: u32) -> Self {
        // What people sing and play; a low rate has less above.
        let finder = PitchFinder::new(rate_hz, [50.0, (rate_hz as f32 / 8.0).min(2_000.0)]);
        Self { finder, heard: VecDeque::new() }
    }

    /// Listens to one more moment; the median pitch, 0 where there is none.
    fn hear(&mut self, samples: &[f32]) -> f32 {
        if self.heard.len() == MOMENTS {
            self.heard.pop_front();
        }
        let window = samples.get(..self.finder.window());
        self.heard.push_back(window.and_then(|window| self.finder.find(window)));
        median_pitch_hz(self.heard.iter().copied()).unwrap_or(0.0)
    }
}

/// Moments whose median is shown, and how often one is heard.
const MOMENTS: usize = 7;
const HEAR_EVERY: Duration = Duration::from_millis(200);

/// Sends something to the stage, and waits while it is busy.
fn hand_over(to_stage: &SyncSender<Thing>, thing: Thing) {
    // An error is that the stage has ended; then this thread hears of it, too.
    let _ = to_stage.send(thing);
}

fn notify(to_stage: &SyncSender<Thing>, notice: &SessionNotice) {
    if let Ok(text) = serde_json::to_vec(notice) {
        hand_over(to_stage, Thing::Notice(text));
    }
}

fn in_words(error: anyhow::Error) -> Problem {
    match error.downcast::<Refused>() {
        Ok(Refused(problem)) => problem,
        Err(error) => {
            let why = api::sentence(&format!("{error:#}"));
            problem("failed", "That could not be done.", &why, "The job's log may say more.")
        }
    }
}
