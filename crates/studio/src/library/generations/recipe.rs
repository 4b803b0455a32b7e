//! What a recipe may ask for, and how it is frozen in an order: every value in its range, every model and sound there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use api::{
    BlendSource, BlendWay, CONTROLS, CodecFacts, DIRECTIONS_MAX, Finish, Id, ModelPlace,
    NewGeneration, Recipe, RecipeModel, RecipeSource, SoundPlace,
};

use super::super::{maps, models, sessions};
use super::words;

use crate::{
    Error, Studio, store,
    workspace::{check_path, file_name},
};

/// The most sounds of one recipe and input, of one generation, and the most inputs that are named one by one.
const COUNT_MAX: u32 = 1000;
const SOUNDS_MAX: u64 = 100_000;
const INPUTS_MAX: usize = 10_000;
/// The longest sound, and all sounds of a generation together.
const SECS_MAX: f64 = 600.0;
const TOTAL_SECS_MAX: f64 = 24.0 * 3600.0;
/// The most points of a path, and frames of a trajectory.
const POINTS_MAX: usize = 10_000;
const FRAMES_MAX: usize = 200_000;
/// How far a point may be from the mean, in standard deviations: far beyond any sound.
const COORDINATE_MAX: f32 = 100.0;
/// Frames per second of a trajectory.
const FRAME_RATES: std::ops::RangeInclusive<f64> = 0.1..=1000.0;
/// Loudness that sounds can be brought to, in LUFS.
const LOUDNESS: std::ops::RangeInclusive<f64> = -70.0..=0.0;

impl Studio {
    /// What was asked for, as an order has it: models with their names and the SHA-256 of their weights, and the
    /// standard deviations of the latents.
    pub(super) fn frozen(&self, mut asked: NewGeneration) -> Result<NewGeneration, Error> {
        check_numbers(&asked)?;
        let recipe = &mut asked.recipe;
        // One that says which weights it means was frozen before, with the deviations that it was made with.
        let is_new = recipe.models.iter().all(|model| model.sha256.is_empty());
        let mut codecs = Vec::new();
        let of_words = matches!(recipe.source, RecipeSource::Words(_));
        let is_blend = matches!(recipe.source, RecipeSource::Blend(_));
        for model in &mut recipe.models {
            *model = self.found(model)?;
            if !of_words {
                codecs.extend(self.codec_of(model)?);
            }
        }
        sessions::check_alike(&codecs)?;
        if let RecipeSource::Words(words) = &mut recipe.source {
            for adapter in &mut words.adapters {
                adapter.adapter = self.found(&adapter.adapter)?;
            }
        }
        if of_words {
            self.check_words(recipe)?;
        }
        if let RecipeSource::Prior { prior, .. } = &mut recipe.source {
            *prior = self.found(prior)?;
        }
        if is_new && !of_words && !is_blend && recipe.deviations.is_empty() {
            recipe.deviations = maps::deviations(&self.shared, &recipe.models[0].sha256)?;
        }
        for place in asked.inputs.iter_mut().chain(sounds_in(&mut asked.recipe)) {
            self.find_excerpt(place)?;
        }
        self.check_sounds(&asked)?;
        Ok(asked)
    }

    /// Says where the samples of a pattern are. One that the memory has forgotten is where the recipe says.
    fn find_excerpt(&self, place: &mut SoundPlace) -> Result<(), Error> {
        let SoundPlace::Pattern { id, excerpt } = place else { return Ok(()) };
        match (self.excerpt_of(*id), &excerpt) {
            (Ok(found), _) => *excerpt = Some(found),
            (Err(Error::NotFound { .. }), Some(known)) if known.path.is_file() => {}
            (Err(error), _) => return Err(error),
        }
        Ok(())
    }

    /// A model of a recipe as it is here: where the recipe says, else whichever has the same weights.
    fn found(&self, model: &RecipeModel) -> Result<RecipeModel, Error> {
        let id = match &model.place {
            ModelPlace::Library { id } => id,
            ModelPlace::File { path } => {
                check_path(path)?;
                let name = match model.name.is_empty() {
                    true => file_name(path.file_stem().map_or(path, Path::new)),
                    false => model.name.clone(),
                };
                return Ok(RecipeModel { name, ..model.clone() });
            }
        };
        let named = self.shared.read(|c| models::find(c, id));
        let is_meant = |sha256: &str| model.sha256.is_empty() || model.sha256 == sha256;
        let found = match named {
            Ok(found) if is_meant(&found.sha256) => found,
            Err(error @ (Error::Store(_) | Error::Closed)) => return Err(error),
            other => {
                let all = self.shared.read(store::models::all)?;
                let twin = all.into_iter().find(|it| it.sha256 == model.sha256);
                match (twin, other) {
                    (Some(twin), _) => twin,
                    (None, Err(error)) => return Err(error),
                    (None, Ok(found)) => {
                        let message = format!(
                            "the recipe was made with other weights than “{}” has now; choose the \
                             model again to use it as it is",
                            found.name
                        );
                        return Err(Error::invalid("recipe", message));
                    }
                }
            }
        };
        Ok(RecipeModel {
            place: ModelPlace::Library { id: found.id },
            name: found.name,
            sha256: found.sha256,
            licence: found
                .linked
                .and_then(|it| it.licence)
                .map(|it| it.name)
                .or(found.adapter_of.and_then(|it| it.licence)),
        })
    }

    /// What a model of the library is like; of a file the job says it.
    fn codec_of(&self, model: &RecipeModel) -> Result<Option<(String, CodecFacts)>, Error> {
        let ModelPlace::Library { id } = &model.place else { return Ok(None) };
        let codec = sessions::codec(&self.shared, id, &model.name)?;
        Ok(Some((model.name.clone(), codec)))
    }

    fn check_sounds(&self, asked: &NewGeneration) -> Result<(), Error> {
        let is_batch = !asked.inputs.is_empty() || asked.folder.is_some();
        if let Some(folder) = &asked.folder {
            let path = Path::new(folder);
            if !path.is_absolute() {
                return Err(Error::invalid("folder", "enter an absolute path"));
            }
            match std::fs::metadata(path) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Err(Error::invalid("folder", format!("{folder} is no folder"))),
                Err(error) => return Err(Error::io("read", path)(error)),
            }
        }
        if is_batch && !matches!(asked.recipe.source, RecipeSource::Sound { .. }) {
            let message = "sounds go into a recipe that sends a sound through its models";
            return Err(Error::invalid("inputs", message));
        }
        // In a batch, other sounds take the place of the recipe's.
        let own = sounds_of(&asked.recipe).into_iter().filter(|_| !is_batch);
        let mut datasets = BTreeMap::new();
        for place in asked.inputs.iter().chain(own) {
            self.check_sound(place, &mut datasets)?;
        }
        if let RecipeSource::Performance { input, moves } = &asked.recipe.source {
            for path in [input, moves] {
                check_file(path)?;
            }
        }
        Ok(())
    }

    fn check_sound(
        &self,
        place: &SoundPlace,
        datasets: &mut BTreeMap<Id, BTreeSet<u32>>,
    ) -> Result<(), Error> {
        match place {
            SoundPlace::Library { id } => self.sound(id).map(drop),
            SoundPlace::Dataset { dataset, idx } => {
                if !datasets.contains_key(dataset) {
                    let files = self.dataset(dataset)?.files;
                    datasets.insert(dataset.clone(), files.iter().map(|file| file.idx).collect());
                }
                match datasets[dataset].contains(idx) {
                    true => Ok(()),
                    false => Err(Error::NotFound { what: "sound", id: format!("{dataset}/{idx}") }),
                }
            }
            SoundPlace::Generation { id, number } => {
                let sound = self.generated_sound(id, *number)?;
                match sound.is_gone {
                    false => Ok(()),
                    true => Err(super::no_sound(id, *number)),
                }
            }
            SoundPlace::Upload { upload } => match self.upload(upload)?.n_files {
                0 => Err(Error::invalid("inputs", "no file has been uploaded yet")),
                _ => Ok(()),
            },
            SoundPlace::File { path } => check_file(path),
            SoundPlace::Pattern { excerpt, .. } => {
                excerpt.as_ref().map_or(Ok(()), |it| check_file(&it.path))
            }
        }
    }
}

/// The sounds that a recipe reads.
pub(crate) fn sounds_of(recipe: &Recipe) -> Vec<&SoundPlace> {
    match &recipe.source {
        RecipeSource::Sound { sound, .. } => vec![sound],
        RecipeSource::Prior { start, .. } => start.iter().collect(),
        RecipeSource::Words(words) => words.begin.iter().map(|begin| &begin.sound).collect(),
        RecipeSource::Blend(blend) => blend.sounds.iter().map(|it| &it.sound).collect(),
        RecipeSource::Path { .. }
        | RecipeSource::Trajectory { .. }
        | RecipeSource::Walk { .. }
        | RecipeSource::Performance { .. } => vec![],
    }
}

/// The same, to change them.
fn sounds_in(recipe: &mut Recipe) -> Vec<&mut SoundPlace> {
    match &mut recipe.source {
        RecipeSource::Sound { sound, .. } => vec![sound],
        RecipeSource::Prior { start, .. } => start.iter_mut().collect(),
        RecipeSource::Words(words) => words.begin.iter_mut().map(|it| &mut it.sound).collect(),
        RecipeSource::Blend(blend) => blend.sounds.iter_mut().map(|it| &mut it.sound).collect(),
        RecipeSource::Path { .. }
        | RecipeSource::Trajectory { .. }
        | RecipeSource::Walk { .. }
        | RecipeSource::Performance { .. } => vec![],
    }
}

fn check_file(path: &Path) -> Result<(), Error> {
    check_path(path)?;
    match path.is_file() {
        true => Ok(()),
        false => Err(Error::invalid("path", format!("{} is no file", path.display()))),
    }
}

/// Sees that every number is in its range.
fn check_numbers(asked: &NewGeneration) -> Result<(), Error> {
    let recipe = &asked.recipe;
    match &recipe.source {
        RecipeSource::Blend(blend) => check_models_of_blend(blend.way, recipe.models.len())?,
        _ => sessions::check_count(recipe.models.len())?,
    }
    if !(1..=COUNT_MAX).contains(&asked.count) {
        return Err(Error::invalid("count", format!("enter 1 to {COUNT_MAX}")));
    }
    check_range("vary", asked.vary, 0.0, 2.0)?;
    if asked.inputs.len() > INPUTS_MAX {
        return Err(Error::invalid("inputs", format!("name at most {INPUTS_MAX}; use a folder")));
    }
    let n_sounds = u64::from(asked.count) * asked.inputs.len().max(1) as u64;
    if n_sounds > SOUNDS_MAX {
        let message = format!("these are {n_sounds} sounds; make at most {SOUNDS_MAX} at once");
        return Err(Error::invalid("count", message));
    }
    if let RecipeSource::Blend(blend) = &recipe.source
        && !blend.way.is_random()
        && asked.count > 1
    {
        let message = "nothing in this way of blending is random, so all would be the same; make 1";
        return Err(Error::invalid("count", message));
    }
    check_recipe(recipe)?;
    let total_secs = recipe.secs.unwrap_or(0.0) * n_sounds as f64;
    if total_secs > TOTAL_SECS_MAX {
        let hours = total_secs / 3600.0;
        let message = format!("these are {hours:.1} hours of sound; make at most 24 at once");
        return Err(Error::invalid("count", message));
    }
    Ok(())
}

fn check_recipe(recipe: &Recipe) -> Result<(), Error> {
    if recipe.seed > api::SEED_MAX {
        return Err(Error::invalid("seed", format!("enter at most {}", api::SEED_MAX)));
    }
    if let Some(secs) = recipe.secs
        && !(secs > 0.0 && secs <= SECS_MAX)
    {
        return Err(Error::invalid("secs", format!("enter more than 0 and at most {SECS_MAX}")));
    }
    if let Some(loudness) = recipe.loudness_lufs {
        check_range("loudness_lufs", loudness, *LOUDNESS.start(), *LOUDNESS.end())?;
    }
    let finish = &recipe.finish;
    for (key, secs) in [
        ("finish.fade_in_secs", finish.fade_in_secs),
        ("finish.fade_out_secs", finish.fade_out_secs),
        ("finish.loop_secs", finish.loop_secs),
    ] {
        check_range(key, secs, 0.0, Finish::SECS_MAX)?;
    }
    if let Some(variation) = &recipe.variation {
        check_range("variation", variation.amount, 0.0, 2.0)?;
    }
    let is_deviation = |it: &f32| it.is_finite() && *it >= 0.0;
    if recipe.deviations.len() > 1 << 16 || !recipe.deviations.iter().all(is_deviation) {
        return Err(Error::invalid("deviations", "enter finite numbers from 0"));
    }
    for (key, value) in &recipe.controls {
        check_control(key, *value)?;
    }
    check_source(&recipe.source, recipe.secs)
}

fn check_control(key: &str, value: f64) -> Result<(), Error> {
    let row = api::control_number(key).and_then(api::control).map(|(row, _)| row);
    let Some(row) = row else {
        let known: Vec<&str> = CONTROLS.iter().map(|row| row.key).collect();
        let message = format!(
            "there is no control “{}”; there are {}, and z1.value to z{DIRECTIONS_MAX}.noise",
            key.escape_debug(),
            known.join(", ")
        );
        return Err(Error::invalid("controls", message));
    };
    let (least, most) = (f64::from(row.least), f64::from(row.most));
    // Tables are in single precision.
    match value >= least - 1e-6 && value <= most + 1e-6 {
        true => Ok(()),
        false => {
            let unit = if row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
            let message = format!("“{key}” goes from {} to {}{unit}", row.least, row.most);
            Err(Error::invalid("controls", message))
        }
    }
}

fn check_source(source: &RecipeSource, secs: Option<f64>) -> Result<(), Error> {
    let needs_secs = matches!(
        source,
        RecipeSource::Prior { .. }
            | RecipeSource::Path { .. }
            | RecipeSource::Walk { .. }
            | RecipeSource::Words(_)
    );
    if needs_secs && secs.is_none() {
        return Err(Error::invalid("secs", "say how long it is to be"));
    }
    match source {
        RecipeSource::Sound { .. } | RecipeSource::Performance { .. } => Ok(()),
        RecipeSource::Prior { start_secs, .. } => match start_secs {
            Some(start_secs) => check_range("start_secs", *start_secs, 0.0, SECS_MAX),
            None => Ok(()),
        },
        RecipeSource::Path { points, .. } => check_points("points", points, POINTS_MAX),
        RecipeSource::Trajectory { frames, rate_hz } => {
            check_range("rate_hz", *rate_hz, *FRAME_RATES.start(), *FRAME_RATES.end())?;
            check_points("frames", frames, FRAMES_MAX)?;
            if secs.is_none() && frames.len() as f64 / rate_hz > SECS_MAX {
                let message = format!("it takes longer than {SECS_MAX} s; use a part of it");
                return Err(Error::invalid("frames", message));
            }
            Ok(())
        }
        RecipeSource::Words(words) => words::check(words),
        RecipeSource::Blend(blend) => check_blend(blend),
        RecipeSource::Walk { speed_hz, range, start } => {
            check_range("speed_hz", *speed_hz, 0.01, 20.0)?;
            check_range("range", *range, 0.0, 3.0)?;
            check_point("start", start)
        }
    }
}

/// Latents are those of one model; nothing else needs one.
fn check_models_of_blend(way: BlendWay, n_models: usize) -> Result<(), Error> {
    match (way.needs_model(), n_models) {
        (true, 1) | (false, 0) => Ok(()),
        (true, _) => {
            Err(Error::invalid("models", "choose the one model whose latents are blended"))
        }
        _ => Err(Error::invalid("models", "only latents are blended with a model")),
    }
}

fn check_blend(blend: &BlendSource) -> Result<(), Error> {
    let n = blend.sounds.len();
    if !(1..=BlendSource::SOUNDS_MAX).contains(&n) {
        let message = format!("choose 1 to {} sounds", BlendSource::SOUNDS_MAX);
        return Err(Error::invalid("sounds", message));
    }
    for sound in &blend.sounds {
        check_range("weight", sound.weight, 0.0, 100.0)?;
    }
    if blend.sounds.iter().all(|it| it.weight == 0.0) {
        return Err(Error::invalid("weight", "give at least one sound a share"));
    }
    check_range("grain_secs", blend.grain_secs, 0.01, 1.0)?;
    check_range("scatter_secs", blend.scatter_secs, 0.0, 10.0)?;
    match blend.rhythm {
        Some(number) if number as usize >= n => {
            Err(Error::invalid("rhythm", format!("the sounds have the numbers 0 to {}", n - 1)))
        }
        _ => Ok(()),
    }
}

fn check_points(key: &'static str, points: &[Vec<f32>], n_max: usize) -> Result<(), Error> {
    if points.is_empty() || points.len() > n_max {
        return Err(Error::invalid(key, format!("give 1 to {n_max}")));
    }
    points.iter().try_for_each(|point| check_point(key, point))
}

fn check_point(key: &'static str, point: &[f32]) -> Result<(), Error> {
    let is_near = |it: &f32| it.abs() <= COORDINATE_MAX;
    match point.len() <= DIRECTIONS_MAX && point.iter().all(is_near) {
        true => Ok(()),
        false => {
            let message = format!(
                "a point has at most {DIRECTIONS_MAX} coordinates, each from −{COORDINATE_MAX} to \
                 {COORDINATE_MAX}"
            );
            Err(Error::invalid(key, message))
        }
    }
}

pub(super) fn check_range(
    key: &'static str,
    value: f64,
    least: f64,
    most: f64,
) -> Result<(), Error> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(Error::invalid(key, format!("enter {least} to {most}"))),
    }
}
