//! Sounds from words: one after the other, by a model of others that uses all threads for each.

mod compose;
mod tempo;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context;
use api::{
    EventBody, LinkedWeights, ModelPlace, Outcome, Recipe, RecipeModel, RecipeSource, Warning,
    WordsBegin, WordsSource,
};
use audio::Clip;
use job::Shelf;
use job::files::GENERATED;
use models::words::{Begin, BeginHow, MadeSound, Step, TextToAudio, Wish};
use nn::dense::Precision;

use super::{
    super::{Refused, model_file, refuse, sound_place},
    keep,
    plan::Plan,
    render::Made,
};
use crate::{
    folder::{JobFolder, problem},
    log::log,
    progress::{Goal, ProgressMeter},
    text_to_audio, warm,
};

/// Where orders of an engine are put, in the job's folder.
const ENGINE_ORDERS: &str = "engine";
/// The longest sound that is begun with.
const LONGEST_SECS: f64 = 600.0;

/// Makes the sounds that are missing.
pub(super) fn run(
    folder: &mut JobFolder,
    plan: &Plan,
    recipe: &Recipe,
    missing: Vec<u32>,
) -> anyhow::Result<Outcome> {
    let n_there = u64::from(plan.n_sounds()) - missing.len() as u64;
    let goal = Goal::Units(u64::from(plan.n_sounds()));
    let meter = ProgressMeter::new("sounds", goal, 0.0);
    folder.emit(EventBody::Progress(meter.progress("loading the model", n_there)))?;
    let RecipeSource::Words(source) = &recipe.source else { anyhow::bail!("read the words") };
    let named = recipe.models.first().cloned().context("find the model")?;
    let chosen = Chosen::find(folder, recipe, source)?;
    let origin = chosen.origin(folder);
    let model = match warm::take(origin.as_ref()) {
        Some(model) => model,
        None => chosen.open(folder)?,
    };
    let name = folder.order().name.clone();
    let mut making =
        Making { folder, model, named, name, n_done: n_there, meter: None, told: vec![] };
    let outcome = make_all(&mut making, plan, missing)?;
    if let Some(origin) = origin {
        warm::keep(origin, making.model);
    }
    Ok(outcome)
}

/// Makes sounds by their numbers with an open model.
fn make_all(making: &mut Making<'_>, plan: &Plan, missing: Vec<u32>) -> anyhow::Result<Outcome> {
    let n_missing = missing.len();
    let mut refused = vec![];
    for number in missing {
        if making.folder.should_stop() {
            return Ok(Outcome::Stopped);
        }
        match making.make(plan, number) {
            Ok(true) => making.n_done += 1,
            Ok(false) => return Ok(Outcome::Stopped),
            // One that fails does not stop the others.
            Err(error) => match error.downcast::<Refused>() {
                Ok(one) => {
                    let message = one.0.why.clone().unwrap_or_else(|| one.0.what.clone());
                    let file = (plan.n_sounds() > 1).then(|| format!("sound {number}"));
                    making.folder.warn(Warning { code: one.0.code.clone(), file, message })?;
                    refused.push(one);
                }
                Err(error) => return Err(error),
            },
        }
    }
    if let Some(last) = refused.pop().filter(|_| refused.len() + 1 == n_missing) {
        return Err(anyhow::Error::new(last));
    }
    Ok(Outcome::Done)
}

/// The model that a recipe names, with what is done to it as it is opened.
struct Chosen {
    linked: LinkedWeights,
    precision: Precision,
    /// Files of adapters, each with its weight.
    adapters: Vec<(PathBuf, f64)>,
}

impl Chosen {
    /// Finds it, or says what is wrong with the recipe.
    fn find(folder: &JobFolder, recipe: &Recipe, source: &WordsSource) -> anyhow::Result<Self> {
        let [model] = &recipe.models[..] else { anyhow::bail!("find the model") };
        let ModelPlace::Library { id } = &model.place else {
            let why = "A model of a hub is used from the library.";
            return super::refuse_recipe(why, "Add its folder with `maquette weights add` first.");
        };
        let home = |id| job::shelf::find(folder.path(), None, Shelf::Models, id);
        let Some(card) = model_file::linked(&home(id)) else {
            let what = format!("“{}” makes no sound from words.", model.name);
            return refuse(
                "other_model",
                what,
                "It was trained for something else.",
                "Choose another.",
            );
        };
        let linked = card.linked.context("find the weights")?;
        let precision = if source.in_8_bits { Precision::Int8 } else { Precision::Float32 };
        let adapters = source.adapters.iter().map(|it| {
            let path = match &it.adapter.place {
                ModelPlace::File { path } => path.clone(),
                ModelPlace::Library { id } => home(id).join(model_file::WEIGHTS),
            };
            (path, it.weight)
        });
        let adapters = adapters.collect();
        Ok(Self { linked, precision, adapters })
    }

    /// What tells it from others, where the job's worker may stay with it; an engine's model is in another process.
    fn origin(&self, folder: &JobFolder) -> Option<warm::Origin> {
        let key = job::kinds::stays_for(&folder.order().task)?;
        let adapters = self.adapters.iter().map(|(path, _)| path.as_path());
        let places = [Path::new(&self.linked.folder)].into_iter().chain(adapters);
        self.linked.engine.is_none().then(|| warm::Origin::of(key, places))
    }

    fn open(&self, folder: &JobFolder) -> anyhow::Result<Box<dyn TextToAudio>> {
        let place = folder.path().join(ENGINE_ORDERS);
        text_to_audio::open_linked(&self.linked, self.precision, &self.adapters, &place)
            .map_err(|problem| anyhow::Error::new(Refused(problem)))
    }
}

struct Making<'a> {
    folder: &'a mut JobFolder,
    model: Box<dyn TextToAudio>,
    named: RecipeModel,
    name: String,
    n_done: u64,
    /// Counts steps of all sounds; it is known how many there are once the first one has begun.
    meter: Option<(ProgressMeter, u64)>,
    /// What was said already, which is not said again for each sound.
    told: Vec<String>,
}

impl Making<'_> {
    /// Makes a sound and keeps it; whether it was not stopped.
    fn make(&mut self, plan: &Plan, number: u32) -> anyhow::Result<bool> {
        let mut recipe = plan.recipe(number);
        recipe.models = vec![self.named.clone()];
        let RecipeSource::Words(source) = &recipe.source else { anyhow::bail!("read the words") };
        let (first, input) = self.wish(&recipe)?;
        let started = Instant::now();
        let Self { folder, model, n_done, meter, .. } = self;
        let n_wishes = compose::n_wishes(source) as u64;
        let n_all = u64::from(plan.n_sounds()) * n_wishes;
        let mut one = |i: usize, wish: &Wish| {
            let n_before = *n_done * n_wishes + i as u64;
            make_one(folder, model.as_ref(), wish, meter, (n_before, n_all))
        };
        let Some(made) = compose::compose(source, &first, model.as_ref(), &mut one)? else {
            return Ok(false);
        };
        for note in made.notes {
            if !self.told.contains(&note) {
                let warning = Warning { code: "note".into(), file: None, message: note.clone() };
                self.folder.warn(warning)?;
                self.told.push(note);
            }
        }
        let mut name = format!("{} {number}", self.name);
        if plan.n_sounds() == 1 {
            name.clone_from(&self.name);
        }
        let Clip { rate_hz, channels } = made.clip;
        let (files, parts) = (vec![], made.parts);
        let made = Made { number, name, recipe, rate_hz, channels, input, files, parts };
        let secs = keep::keep(&self.folder.path().join(GENERATED), made)?;
        log(&format!("sound {number}: {secs:.1} s in {:.1} s", started.elapsed().as_secs_f64()));
        Ok(true)
    }

    /// What a recipe asks of the model; also the sound that it begins with.
    fn wish(&self, recipe: &Recipe) -> anyhow::Result<(Wish, Option<Vec<Vec<f32>>>)> {
        let RecipeSource::Words(source) = &recipe.source else { anyhow::bail!("read the words") };
        let can = self.model.abilities();
        let mut wish = Wish::of("", recipe.secs.unwrap_or(10.0), recipe.seed);
        wish.prompts = compose::prompts(source, &source.prompts);
        wish.negative.clone_from(&source.negative);
        wish.steps = source.steps.map(|steps| steps as usize);
        wish.guidance = source.guidance;
        let Some(start) = &source.begin else { return Ok((wish, None)) };
        let home = self.folder.path();
        let loaded =
            sound_place::load(home, &start.sound, can.rate_hz, can.n_channels, LONGEST_SECS)?;
        let how = match start.how {
            WordsBegin::Continue => BeginHow::Continue,
            WordsBegin::Melody => BeginHow::Melody,
            WordsBegin::Vary => BeginHow::Vary { strength: start.strength.unwrap_or(0.5) },
            WordsBegin::Fill => {
                let [from_secs, to_secs] = start.gap_secs.unwrap_or_default();
                BeginHow::Fill { from_secs, to_secs }
            }
        };
        wish.begin = Some(Begin { sound: loaded.channels.clone(), how });
        Ok((wish, Some(loaded.channels)))
    }
}

/// Makes one wish; nothing when the job was told to stop. It is the `n_before`-th of `n_all`.
fn make_one(
    folder: &mut JobFolder,
    model: &dyn TextToAudio,
    wish: &Wish,
    meter: &mut Option<(ProgressMeter, u64)>,
    (n_before, n_all): (u64, u64),
) -> anyhow::Result<Option<MadeSound>> {
    let unfit = |error: models::Error| {
        let why = api::sentence(&format!("failed to {error}"));
        let words =
            problem("unfit", "The model cannot make this.", &why, "Ask for something else.");
        anyhow::Error::new(Refused(words))
    };
    wish.check(model.abilities()).map_err(unfit)?;
    text_to_audio::fits(model, wish).map_err(|problem| anyhow::Error::new(Refused(problem)))?;
    let mut failed = None;
    let watch = &mut |step: Step| {
        let (meter, of) = meter.get_or_insert_with(|| {
            let of = (step.of as u64).max(1);
            (ProgressMeter::new("steps", Goal::Units(n_all * of), 0.0), of)
        });
        let done = *of as f64 * step.done as f64 / step.of.max(1) as f64;
        if let Some(progress) = meter.mark("making sounds", n_before * *of + done as u64)
            && let Err(error) = folder.emit(EventBody::Progress(progress))
        {
            failed = Some(error);
            return ControlFlow::Break(());
        }
        if folder.should_stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let made = model.make(wish, watch).map_err(unfit)?;
    failed.map_or(Ok(made), Err)
}

#[cfg(test)]
mod tests;
