//! From a recipe to an instrument that is ready to play it.

use std::{cell::RefCell, fs, path::Path};

use anyhow::Context;
use api::{ModelPlace, Recipe, RecipeModel, RecipeSource, SoundPlace, control_number};
use models::{CodecShape, LivePrior, PriorSettings, Randomness};

use super::{
    super::{
        model_file::{self, Opened, codec, load, weights_of},
        refuse, sound_place,
        train::sha256_of_file,
    },
    plan::Plan,
    refuse_recipe,
    render::{Act, Heard, Prepared},
    replay, transpose,
};
use crate::instrument::{self, Instrument, InstrumentSettings, LoadedSound, Players};

/// The longest sound that is sent through models.
pub(super) const LONGEST_SECS: f64 = 20.0 * 60.0;
/// How long a sound is whose recipe does not say: of a prior or a walk; and from point to point of a path.
const OWN_SECS: f64 = 10.0;
const OWN_SECS_A_POINT: f64 = 2.0;
/// How much of the sound that a prior goes on from the decoder plays unheard, so that it does not begin cold.
const UNHEARD_SECS: f64 = 4.0;

/// The models of a generation, loaded, and what its sounds share.
pub(super) struct Workshop {
    name: String,
    opened: Vec<Opened>,
    models: Vec<RecipeModel>,
    prior: Option<(Opened, RecipeModel)>,
    /// Players that are free again.
    spare: RefCell<Vec<Players>>,
    /// The sound that was sent last, which many may be made of.
    last: Option<(SoundPlace, LoadedSound)>,
    /// The frames that a prior hears first, once they are known.
    heard: Option<Vec<f32>>,
    /// The pitches that the first model is at home at, once somebody asked.
    range_hz: Option<Option<[f32; 3]>>,
    notes: Vec<String>,
}

impl Workshop {
    /// Loads the models of a recipe; `home` is the job's folder, `name` its name.
    pub(super) fn open(home: &Path, name: String, recipe: &Recipe) -> anyhow::Result<Self> {
        let mut notes = vec![];
        let (mut opened, mut models) = (vec![], vec![]);
        for (i, model) in recipe.models.iter().enumerate() {
            let (one, completed) = open_one(home, &format!("model-{i}"), model, &mut notes)?;
            opened.push(one);
            models.push(completed);
        }
        let prior = match &recipe.source {
            RecipeSource::Prior { prior, .. } => Some(open_one(home, "prior", prior, &mut notes)?),
            _ => None,
        };
        let (last, heard, range_hz) = (None, None, None);
        let spare = RefCell::default();
        let workshop = Self { name, opened, models, prior, spare, last, heard, range_hz, notes };
        // Says at once what cannot be played.
        let instrument = workshop.instrument(&InstrumentSettings::default())?;
        workshop.take_back(instrument.into_players());
        Ok(workshop)
    }

    /// What is worth knowing about the models.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Prepares a sound; also what is worth knowing about it.
    pub(super) fn prepare(
        &mut self,
        home: &Path,
        plan: &Plan,
        number: u32,
    ) -> anyhow::Result<(Prepared, Vec<String>)> {
        let mut recipe = plan.recipe(number);
        recipe.models.clone_from(&self.models);
        let mut name = format!("{} {number}", self.name);
        if plan.n_sounds() == 1 {
            name.clone_from(&self.name);
        }
        let mut notes = vec![];
        if let RecipeSource::Performance { input, moves } = recipe.source.clone() {
            let prepared = replay::prepare(self, home, (&input, &moves), (number, name), recipe)?;
            return Ok((prepared, notes));
        }
        let settings = InstrumentSettings {
            seed: recipe.seed,
            deviations: recipe.deviations.clone(),
            drift: recipe.variation.map(|it| (it.amount as f32, it.seed)),
            walk_start: match &recipe.source {
                RecipeSource::Walk { start, .. } => start.clone(),
                _ => vec![],
            },
            ..Default::default()
        };
        let mut instrument = self.instrument(&settings)?;
        let mut sound = None;
        if let RecipeSource::Sound { sound: place, transposes_to_model } = recipe.source.clone() {
            let loaded = self.sound(home, &place, &instrument)?;
            name = named_after(&loaded.name, plan.count(), number);
            if transposes_to_model && !recipe.controls.contains_key("transpose") {
                let semitones = self.semitones(home, &loaded, &mut notes);
                if semitones != 0.0 {
                    recipe.controls.insert("transpose".into(), f64::from(semitones));
                }
            }
            sound = Some(loaded);
        }
        let n_sound = sound.as_ref().map(|it| it.channels[0].len());
        let own_secs = self.source(home, &mut instrument, &mut recipe, n_sound)?;
        for (key, value) in &recipe.controls {
            let Some(control) = control_number(key) else {
                let why = format!("There is no control “{key}”.");
                return refuse_recipe(&why, "Leave it out.");
            };
            instrument.set(control, *value as f32);
        }
        let rate_hz = f64::from(instrument.rate_hz());
        let secs = recipe.secs.unwrap_or(own_secs);
        if !(secs > 0.0 && secs <= LONGEST_SECS) {
            let why = format!("It would be {secs} s long; up to {LONGEST_SECS:.0} s are possible.");
            return refuse_recipe(&why, "Ask for another length.");
        }
        // Of a sound every sample counts.
        let exact = n_sound.filter(|_| recipe.secs.is_none());
        let n_samples = exact.unwrap_or((secs * rate_hz).round().max(1.0) as usize);
        // One that is played once is not repeated while the models still sound.
        if exact.is_some() {
            set(&mut instrument, "file_loop", 0.0);
        }
        instrument.settle();
        let is_sound = sound.is_some();
        instrument.load(sound.map(Box::new));
        if let (RecipeSource::Prior { .. }, Some(heard)) = (&recipe.source, &self.heard) {
            let (size, _) = instrument.frames();
            heard.chunks_exact(size).for_each(|frame| instrument.prior_hears(frame));
            let rate_hz = f64::from(self.shape()?.rate_hz) / self.shape()?.ratio as f64;
            let n_unheard = (UNHEARD_SECS * rate_hz) as usize * size;
            instrument.play_unheard(&heard[heard.len().saturating_sub(n_unheard)..]);
        }
        let n_skipped = if is_sound {
            instrument.latency_samples()
        } else {
            instrument.latency_of_latents_samples()
        };
        let heard = if is_sound { Heard::LoadedSound } else { Heard::Nothing };
        let acts: Vec<(u64, Act)> = vec![];
        let microphone = None;
        let fades = (!is_sound, true);
        let prepared = Prepared {
            number,
            name,
            recipe,
            instrument,
            n_skipped,
            n_samples,
            acts,
            microphone,
            heard,
            fades,
        };
        Ok((prepared, notes))
    }

    /// An instrument of the models.
    pub(super) fn instrument(&self, settings: &InstrumentSettings) -> anyhow::Result<Instrument> {
        let models: Vec<_> = self.opened.iter().map(|it| it.model.as_ref()).collect();
        let rate_hz = self.opened.first().and_then(|it| it.rate_hz).unwrap_or(0);
        let players = self.spare.borrow_mut().pop();
        match Instrument::with_players(players, &models, rate_hz, settings) {
            Ok(instrument) => Ok(instrument),
            Err(why) => refuse("unplayable", "These models cannot be played.", &why.0, why.1),
        }
    }

    /// Takes the players of an instrument that has played, for the next.
    pub(super) fn take_back(&self, players: Players) {
        self.spare.borrow_mut().push(players);
    }

    /// A prior of a file that fits the first model, with a seed.
    pub(super) fn live_prior(
        &self,
        opened: &Opened,
        seed: u64,
    ) -> anyhow::Result<Box<dyn LivePrior>> {
        let what = "This prior cannot play here.";
        let Some(prior) = opened.model.as_prior() else {
            let why = format!("It is a model of the family `{}`.", opened.model.family());
            return refuse("no_prior", what, &why, "Choose a prior of the model that plays.");
        };
        let (shape, own) = (prior.codec().shape, self.shape()?);
        if (shape.latent_size, shape.ratio) != (own.latent_size, own.ratio) {
            let why =
                format!("It makes {} latents of “{}”.", shape.latent_size, prior.codec().name);
            return refuse("other_codec", what, &why, "Choose a prior of the model that plays.");
        }
        Ok(prior.live(PriorSettings { seed, temperature: 1.0 }))
    }

    fn shape(&self) -> anyhow::Result<CodecShape> {
        let first = self.opened.first().context("find a model")?;
        Ok(codec(first.model.as_ref(), &self.models[0].name)?.shape())
    }

    /// A sound at the rate of the models; the last one is not read again.
    fn sound(
        &mut self,
        home: &Path,
        place: &SoundPlace,
        instrument: &Instrument,
    ) -> anyhow::Result<LoadedSound> {
        if let Some((last, sound)) = &self.last
            && last == place
        {
            return Ok(sound.clone());
        }
        let (rate_hz, n_channels) = (instrument.rate_hz(), instrument.n_channels());
        self.last = None;
        let sound = sound_place::load(home, place, rate_hz, n_channels, LONGEST_SECS)?;
        self.last = Some((place.clone(), sound.clone()));
        Ok(sound)
    }

    /// By how much a sound is transposed to come to where the first model is at home.
    fn semitones(&mut self, home: &Path, sound: &LoadedSound, notes: &mut Vec<String>) -> f32 {
        let sha256 = &self.models[0].sha256;
        let range = *self.range_hz.get_or_insert_with(|| transpose::range_of_model(home, sha256));
        let Some(range) = range else {
            notes.push(
                "It was not transposed: no map of this model says which pitches it learnt.".into(),
            );
            return 0.0;
        };
        let rate_hz = self.opened.first().and_then(|it| it.rate_hz).unwrap_or(44_100);
        let Some(pitch_hz) = transpose::middle_hz(&sound.channels, rate_hz) else {
            notes.push("It was not transposed: it has no clear pitch.".into());
            return 0.0;
        };
        transpose::semitones(pitch_hz, range)
    }

    /// Puts what a recipe plays into the instrument; how long that is by itself, in seconds.
    fn source(
        &mut self,
        home: &Path,
        instrument: &mut Instrument,
        recipe: &mut Recipe,
        n_sound: Option<usize>,
    ) -> anyhow::Result<f64> {
        let n_directions = instrument.n_directions();
        let speed = recipe.controls.get("path_speed").copied().unwrap_or(1.0);
        match &recipe.source {
            RecipeSource::Sound { .. } => {
                set(instrument, "file", 1.0);
                Ok(n_sound.unwrap_or(0) as f64 / f64::from(instrument.rate_hz()))
            }
            RecipeSource::Prior { start, start_secs, .. } => {
                if let Some(start) = start
                    && self.heard.is_none()
                {
                    let (start, start_secs) = (start.clone(), *start_secs);
                    let sound = self.sound(home, &start, instrument)?;
                    self.heard = Some(self.frames_of(&sound, start_secs)?);
                }
                let (opened, _) = self.prior.as_ref().context("find the prior")?;
                let live = self.live_prior(opened, recipe.seed)?;
                instrument.set_prior(Some(live));
                only(instrument, "prior");
                if let (RecipeSource::Prior { prior, .. }, Some((_, completed))) =
                    (&mut recipe.source, &self.prior)
                {
                    prior.clone_from(completed);
                }
                Ok(OWN_SECS)
            }
            RecipeSource::Path { points, way, is_closed } => {
                let n_ways = if *is_closed { points.len() } else { points.len().max(2) - 1 };
                let own_secs = OWN_SECS_A_POINT * n_ways.max(1) as f64;
                let secs_a_way = recipe.secs.unwrap_or(own_secs) / n_ways.max(1) as f64;
                let path =
                    instrument::Path::new(points, *way, *is_closed, secs_a_way, n_directions);
                follow(instrument, path, speed, recipe.secs.unwrap_or(own_secs))?;
                Ok(own_secs)
            }
            RecipeSource::Trajectory { frames, rate_hz } => {
                let way = api::Way::Linear;
                let path = instrument::Path::new(frames, way, false, 1.0 / rate_hz, n_directions);
                let own_secs = frames.len() as f64 / rate_hz / speed.abs().max(0.01);
                follow(instrument, path, speed, recipe.secs.unwrap_or(own_secs))?;
                Ok(own_secs)
            }
            RecipeSource::Walk { speed_hz, range, .. } => {
                only(instrument, "walk");
                set(instrument, "walk_speed", *speed_hz as f32);
                set(instrument, "walk_range", *range as f32);
                Ok(OWN_SECS)
            }
            // These are made elsewhere.
            RecipeSource::Performance { .. } | RecipeSource::Words(_) | RecipeSource::Blend(_) => {
                Ok(0.0)
            }
        }
    }

    /// The latents of a sound, or of its first seconds, frame after frame.
    fn frames_of(&self, sound: &LoadedSound, secs: Option<f64>) -> anyhow::Result<Vec<f32>> {
        let first = self.opened.first().context("find a model")?;
        let codec = codec(first.model.as_ref(), &self.models[0].name)?;
        let rate_hz = f64::from(codec.shape().rate_hz);
        let all = sound.channels[0].len();
        let n = secs.map_or(all, |secs| ((secs.max(0.0) * rate_hz) as usize).min(all));
        let mut rows: Vec<Vec<f32>> = vec![vec![]; codec.shape().latent_size];
        let pull = |channels: &mut [Vec<f32>]| -> anyhow::Result<bool> {
            for (to, from) in channels.iter_mut().zip(&sound.channels) {
                to.extend_from_slice(&from[..n]);
            }
            Ok(false)
        };
        codec.encode_pieces(Randomness::Off, pull, |made| -> anyhow::Result<()> {
            rows.iter_mut().zip(made).for_each(|(row, made)| row.extend_from_slice(made));
            Ok(())
        })?;
        let n_frames = rows.first().map_or(0, Vec::len);
        Ok((0..n_frames).flat_map(|i| rows.iter().map(move |row| row[i])).collect())
    }
}

/// Loads a model of a recipe, and completes what the recipe says of it.
pub(super) fn open_one(
    home: &Path,
    own: &str,
    model: &RecipeModel,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Opened, RecipeModel)> {
    // A file of another program becomes one of ours in a folder of its own, which is not needed once it is read.
    let own = home.join(own);
    let is_file = matches!(model.place, ModelPlace::File { .. });
    if is_file {
        let _ = fs::remove_dir_all(&own);
        fs::create_dir(&own).with_context(|| format!("make {}", own.display()))?;
    }
    let place = if is_file { own.as_path() } else { home };
    let opened = weights_of(place, &model.place).and_then(|(weights, of_file)| {
        notes.extend(of_file);
        let sha256 = sha256_of_file(&weights);
        let sha256 = sha256.with_context(|| format!("read {}", weights.display()))?;
        Ok((load(&weights)?, sha256))
    });
    if is_file {
        let _ = fs::remove_dir_all(&own);
    }
    let (opened, sha256) = opened?;
    let name = match model.name.as_str() {
        "" => model_file::name_of(&model.place),
        name => name.to_owned(),
    };
    if !model.sha256.is_empty() && model.sha256 != sha256 {
        let why = format!("“{name}” has other weights than when this recipe was written.");
        let remedy = "Choose the model again, or restore the one that was used.";
        return refuse("other_weights", "The recipe cannot be followed.", &why, remedy);
    }
    Ok((opened, RecipeModel { name, sha256, ..model.clone() }))
}

/// Follows a path for so many seconds; backwards from its end.
fn follow(
    instrument: &mut Instrument,
    path: Option<instrument::Path>,
    speed: f64,
    secs: f64,
) -> anyhow::Result<()> {
    let Some(path) = path else {
        let why = "A path needs at least one point, finite numbers, and a time above 0.";
        return refuse_recipe(why, "Choose other points.");
    };
    let own_secs = path.secs();
    instrument.set_path(Some(Box::new(path)));
    if speed < 0.0 {
        instrument.seek_path(own_secs);
    }
    only(instrument, "path");
    // One that is followed once does not begin anew while the models still sound.
    if secs * speed.abs() <= own_secs * (1.0 + 1e-6) {
        set(instrument, "path_loop", 0.0);
    }
    Ok(())
}

/// Lets one source play, in the place of what comes in.
fn only(instrument: &mut Instrument, source: &str) {
    set(instrument, "encoder", 0.0);
    set(instrument, source, 1.0);
}

pub(super) fn set(instrument: &mut Instrument, key: &str, value: f32) {
    if let Some(number) = control_number(key) {
        instrument.set(number, value);
    }
}

/// What a sound is called that was made of a file or another sound.
fn named_after(input: &str, count: u32, number: u32) -> String {
    let stem = Path::new(input).file_stem().unwrap_or_default().to_string_lossy();
    match count {
        1 => stem.into_owned(),
        _ => format!("{stem} {}", (number - 1) % count + 1),
    }
}
