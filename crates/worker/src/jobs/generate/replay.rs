//! A recording of a live session, made again: the sound that came in goes through the same models, and controls move as
//! they did.

use std::path::Path;

use anyhow::Context;
use api::{ModelPlace, Recipe, RecipeSource, SessionCommand, SoundCard};
use models::LivePrior;

use super::{
    super::{model_file::open_model, refuse, session::precision, sound_place},
    prepare::{LONGEST_SECS, Workshop},
    refuse_recipe,
    render::{Act, Heard, Prepared},
};
use crate::instrument::{self, Beginning, Instrument, InstrumentSettings, Moved, Performance};

/// What a recipe calls the moves of a recording, in the sound's own folder.
const MOVES: &str = "moves.jsonl";

/// Prepares a recording to be played again.
pub(super) fn prepare(
    workshop: &Workshop,
    home: &Path,
    (input, moves): (&Path, &Path),
    (number, name): (u32, String),
    mut recipe: Recipe,
) -> anyhow::Result<Prepared> {
    // What is relative is so to the order's folder.
    let (input, moves) = (home.join(input), home.join(moves));
    let Performance { beginning, moves: moved } = match Performance::read(&moves) {
        Ok(performance) => performance,
        Err(error) => {
            let why = format!("{}: {error}", moves.display());
            let remedy = "Restore the recording that it was made of.";
            return refuse("no_moves", "The recording cannot be made again.", &why, remedy);
        }
    };
    let settings = InstrumentSettings {
        precision: precision(beginning.weights),
        seed: beginning.seed,
        has_noise: beginning.has_noise,
        deviations: recipe.deviations.clone(),
        drift: recipe.variation.map(|it| (it.amount as f32, it.seed)),
        ..Default::default()
    };
    let mut instrument = workshop.instrument(&settings)?;
    let (rate_hz, n_channels) = (instrument.rate_hz(), instrument.n_channels());
    let mut heard = sound_place::load_file(&input, rate_hz, n_channels, LONGEST_SECS)?.channels;
    let n_before = usize::try_from(beginning.phase + beginning.pre_roll).unwrap_or(usize::MAX);
    let n_recorded = heard[0].len().saturating_sub(beginning.pre_roll as usize);
    if n_recorded == 0 || beginning.phase > LONGEST_SECS as u64 * u64::from(rate_hz) {
        return refuse_recipe("The recording is empty.", "Choose another one.");
    }
    // Latent frames begin where they did.
    let phase = vec![0.0; beginning.phase as usize];
    heard.iter_mut().for_each(|channel| drop(channel.splice(0..0, phase.iter().copied())));
    let mut acts = begin(workshop, home, &mut instrument, &beginning, n_before as u64)?;
    for one in moved {
        let act = match one.what {
            Moved::Set(number, value) => Some(Act::Set(number, value)),
            Moved::Command(command) => act(workshop, home, &instrument, command, beginning.seed)?,
        };
        acts.extend(act.map(|act| (n_before as u64 + one.at, act)));
    }
    acts.sort_by_key(|(at, _)| *at);
    let n_samples = recipe.secs.map_or(n_recorded, |secs| {
        ((secs * f64::from(rate_hz)).round().max(1.0) as usize).min(n_recorded)
    });
    recipe.source =
        RecipeSource::Performance { input: SoundCard::INPUT.into(), moves: MOVES.into() };
    Ok(Prepared {
        number,
        name,
        recipe,
        instrument,
        n_skipped: n_before,
        n_samples,
        acts,
        microphone: Some(heard),
        heard: Heard::Files(vec![(input, SoundCard::INPUT), (moves, MOVES)]),
        fades: (false, false),
    })
}

/// Puts an instrument where it was; gives what is to be done where the recording begins.
fn begin(
    workshop: &Workshop,
    home: &Path,
    instrument: &mut Instrument,
    beginning: &Beginning,
    n_before: u64,
) -> anyhow::Result<Vec<(u64, Act)>> {
    let before_secs = n_before as f64 / f64::from(instrument.rate_hz());
    for (number, value) in &beginning.values {
        instrument.set(*number, *value);
    }
    let mut acts = vec![];
    if let Some((place, secs)) = &beginning.sound {
        let (rate_hz, n_channels) = (instrument.rate_hz(), instrument.n_channels());
        let sound = sound_place::load(home, place, rate_hz, n_channels, LONGEST_SECS)?;
        instrument.load(Some(Box::new(sound)));
        instrument.sound().seek(secs - before_secs);
        if let Some((from, to)) = beginning.part {
            instrument.sound().repeat(from, to);
        }
        acts.push((n_before, Act::Seek(*secs)));
    }
    if let Some((command, secs)) = &beginning.path {
        if let Some(Act::Path(path)) =
            act(workshop, home, instrument, command.clone(), beginning.seed)?
        {
            instrument.set_path(Some(path));
        }
        acts.push((n_before, Act::SeekPath(*secs)));
    }
    if let Some(prior) = &beginning.prior {
        instrument.set_prior(Some(live_prior(workshop, home, prior, beginning.seed)?));
    }
    instrument.settle();
    acts.push((n_before, Act::Reseed(beginning.seed)));
    Ok(acts)
}

/// What a command does; nothing where it was for the page.
fn act(
    workshop: &Workshop,
    home: &Path,
    instrument: &Instrument,
    command: SessionCommand,
    seed: u64,
) -> anyhow::Result<Option<Act>> {
    let n_directions = instrument.n_directions();
    let path = |path: Option<instrument::Path>| path.map(|path| Act::Path(Box::new(path)));
    Ok(match command {
        SessionCommand::Load { sound } => {
            let (rate_hz, n_channels) = (instrument.rate_hz(), instrument.n_channels());
            let sound = sound_place::load(home, &sound, rate_hz, n_channels, LONGEST_SECS)?;
            Some(Act::Sound(Box::new(sound)))
        }
        SessionCommand::Seek { secs } => Some(Act::Seek(secs)),
        SessionCommand::Loop { from, to } => Some(Act::Loop(from, to)),
        SessionCommand::Path { points, way, is_closed, secs } => {
            path(instrument::Path::new(&points, way, is_closed, secs, n_directions))
        }
        SessionCommand::Trajectory { frames, rate_hz } => {
            let way = api::Way::Linear;
            path(instrument::Path::new(&frames, way, false, 1.0 / rate_hz, n_directions))
        }
        SessionCommand::SeekPath { secs } => Some(Act::SeekPath(secs)),
        SessionCommand::Prior { model } => {
            Some(Act::Prior(live_prior(workshop, home, &model, seed)?))
        }
        SessionCommand::RestartPrior { seed } => Some(Act::RestartPrior(seed)),
        SessionCommand::Reset => Some(Act::Reset),
        SessionCommand::Record { .. } | SessionCommand::StopRecording => None,
    })
}

fn live_prior(
    workshop: &Workshop,
    home: &Path,
    model: &api::Id,
    seed: u64,
) -> anyhow::Result<Box<dyn LivePrior>> {
    let place = ModelPlace::Library { id: model.clone() };
    let opened = open_model(home, &place).context("open the prior")?;
    workshop.live_prior(&opened, seed)
}
