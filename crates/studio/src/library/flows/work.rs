//! What steps do: begun with what is known, as jobs where it takes time, and finished when those are done.

mod heard;
mod listen;

use std::collections::BTreeMap;

use api::{
    BlendSound, BlendSource, BlendWay, FindPatterns, FlowBegin, FlowKnows, FlowRun, FlowSound,
    FlowWork, Id, LikePattern, ModelPlace, NewGeneration, NewPatterns, NewSound, PatternId,
    Problem, Recipe, RecipeModel, RecipeSource, SoundChange, SoundPlace, WordsBegin, WordsPrompt,
    WordsSource, WordsStart,
};
use job::Shelf;
use serde_json::Value;

use super::{
    super::name_from,
    fill::{self, Known},
    route::{self, Wanted},
};
use crate::{Error, Studio};

/// The file of a kept sound that says how it came about.
pub(crate) const FLOW: &str = "flow.json";

/// How some work began.
pub(super) enum Begun {
    /// It is done.
    Done(FlowKnows),
    /// Jobs do it.
    Jobs(Vec<Id>),
    /// The person chooses.
    Asks(Vec<FlowSound>),
}

/// Some work that began.
pub(super) struct Start {
    pub(super) begun: Begun,
    /// What was chosen, and why, in words.
    pub(super) why: String,
    pub(super) model: Option<Id>,
}

impl From<Begun> for Start {
    fn from(begun: Begun) -> Self {
        Start { begun, why: String::new(), model: None }
    }
}

/// What a step is begun with.
pub(super) struct Desk<'a> {
    pub(super) studio: &'a Studio,
    pub(super) run: &'a FlowRun,
    pub(super) known: &'a Known,
    /// Models that were tried in the step before.
    pub(super) tried: &'a [Id],
    /// What random numbers of the step follow from.
    pub(super) seed: u64,
    /// What people call the step.
    pub(super) label: &'a str,
}

impl Desk<'_> {
    /// Begins some work.
    pub(super) fn begin(&self, work: &FlowWork) -> Result<Start, Problem> {
        match work {
            FlowWork::Find { like, best_rated, n, words } => {
                if *best_rated {
                    return Ok(Begun::Done(self.best_rated(*n)?).into());
                }
                let sounds = self.sounds(like);
                if sounds.is_empty() {
                    return Ok(Begun::Done(self.found(words, like, *n, &[])?).into());
                }
                Ok(Begun::Jobs(self.hear(&sounds)?).into())
            }
            FlowWork::Analyse { sounds } => self.analyse(sounds),
            FlowWork::Describe { from, words } => {
                Ok(Begun::Done(self.describe(from, words)?).into())
            }
            FlowWork::Generate { .. } => self.generate(work),
            FlowWork::Through { .. } => self.through(work),
            FlowWork::Blend { .. } => self.blend(work),
            FlowWork::Test { sounds, like, .. } => {
                let tested = self.some_sounds(sounds)?;
                if like.is_empty() {
                    return Ok(Begun::Done(self.finish(work, &[])?).into());
                }
                let all = tested.into_iter().chain(self.sounds(like)).collect::<Vec<_>>();
                Ok(Begun::Jobs(self.hear(&all)?).into())
            }
            FlowWork::Choose { sounds, .. } => Ok(Begun::Asks(self.some_sounds(sounds)?).into()),
            FlowWork::Keep { .. } => self.keep(work),
        }
    }

    /// Finishes work whose jobs are done.
    pub(super) fn finish(&self, work: &FlowWork, jobs: &[Id]) -> Result<FlowKnows, Problem> {
        match work {
            FlowWork::Find { words, like, n, .. } => {
                let heard: Vec<Vec<f32>> = self.heard(jobs)?.into_iter().flatten().collect();
                if heard.is_empty() && !jobs.is_empty() {
                    let what = "The sound is silent, so nothing is like it.";
                    return Err(problem("silent", what, "Choose another sound."));
                }
                self.found(words, like, *n, &heard)
            }
            FlowWork::Analyse { .. } => self.analysed(jobs),
            FlowWork::Generate { .. } | FlowWork::Through { .. } | FlowWork::Blend { .. } => {
                self.made(jobs)
            }
            FlowWork::Test { .. } => self.tested(work, jobs),
            // What was kept is known since it began.
            FlowWork::Keep { .. } | FlowWork::Describe { .. } | FlowWork::Choose { .. } => {
                Ok(FlowKnows::default())
            }
        }
    }

    /// Sounds of inputs and steps, patterns not counted.
    fn sounds(&self, keys: &[String]) -> Vec<FlowSound> {
        let known = keys.iter().filter_map(|key| self.known.get(key));
        known.flat_map(|it| it.sounds.iter().cloned()).collect()
    }

    /// The same, where there must be one.
    fn some_sounds(&self, keys: &[String]) -> Result<Vec<FlowSound>, Problem> {
        let mut sounds = self.sounds(keys);
        sounds.extend(self.patterns(keys).into_iter().map(|id| self.pattern_sound(id)));
        match sounds.is_empty() {
            false => Ok(sounds),
            true => {
                let keys: Vec<String> = keys.iter().map(|it| format!("“{it}”")).collect();
                let what = format!("There is no sound to work on in {}.", keys.join(", "));
                Err(problem("no_sounds", &what, "Give one, or leave this step out."))
            }
        }
    }

    fn patterns(&self, keys: &[String]) -> Vec<PatternId> {
        let known = keys.iter().filter_map(|key| self.known.get(key));
        known.flat_map(|it| it.patterns.iter().copied()).collect()
    }

    fn pattern_sound(&self, id: PatternId) -> FlowSound {
        let place = SoundPlace::Pattern { id, excerpt: None };
        FlowSound { name: self.studio.name_of_sound(&place), ..named(place, "") }
    }

    fn best_rated(&self, n: u32) -> Result<FlowKnows, Problem> {
        let patterns = self.studio.best_rated_patterns(n as usize).map_err(told)?;
        if patterns.is_empty() {
            let what = "No pattern has been rated good yet.";
            return Err(problem(
                "no_ratings",
                what,
                "Rate some in the memory: find some and say which are good.",
            ));
        }
        Ok(of_patterns(patterns))
    }

    fn found(
        &self,
        words: &str,
        like: &[String],
        n: u32,
        heard: &[Vec<f32>],
    ) -> Result<FlowKnows, Problem> {
        let words = fill::text(words, self.known).map_err(unknown)?;
        let like_patterns = self.patterns(like);
        let ask = FindPatterns {
            words,
            like: mean(heard).map(|values| LikePattern::Vector { values }),
            more: like_patterns.iter().copied().take(100).collect(),
            limit: Some(n),
            ..FindPatterns::default()
        };
        let found = self.studio.find_patterns(&ask).map_err(told)?;
        let patterns: Vec<PatternId> = found.found.iter().map(|it| it.pattern.id).collect();
        if patterns.is_empty() {
            let what = "The memory holds nothing that fits.";
            return Err(problem(
                "nothing_found",
                what,
                "Ask for less, or add sounds to the memory.",
            ));
        }
        Ok(of_patterns(patterns))
    }

    fn generate(&self, work: &FlowWork) -> Result<Start, Problem> {
        let FlowWork::Generate { prompt, model, secs, count, steps, begin } = work else {
            return Err(unknown("This is no step that generates.".to_owned()));
        };
        let text = fill::text(prompt, self.known).map_err(unknown)?;
        if text.is_empty() {
            let what = "There are no words to make a sound of.";
            return Err(problem("no_words", what, "Give some."));
        }
        let secs = fill::number(secs, self.known).map_err(unknown)?;
        let start = begin.as_ref().map(|begin| self.start(begin)).transpose()?;
        let how = begin.as_ref().map(|it| it.how);
        let wanted = Wanted { secs, steps: *steps, begin: how, tried: self.tried };
        let (model, name, in_8_bits, why) = match model {
            Some(id) => (id.clone(), String::new(), false, String::new()),
            None => {
                let it = route::for_words(self.studio, &wanted)?;
                (it.model.id, it.model.name, it.in_8_bits, it.why)
            }
        };
        let source = WordsSource {
            prompts: vec![WordsPrompt { text, weight: 1.0 }],
            steps: *steps,
            begin: start,
            in_8_bits,
            ..WordsSource::default()
        };
        let models = vec![RecipeModel::at(ModelPlace::Library { id: model.clone() }, &name)];
        let recipe = self.recipe(models, RecipeSource::Words(source), Some(secs));
        let jobs = vec![self.make(NewGeneration { count: *count, ..generation(recipe) })?];
        Ok(Start { begun: Begun::Jobs(jobs), why, model: Some(model) })
    }

    /// What a sound begins with. A pattern that is filled is the gap in its whole sound.
    fn start(&self, begin: &FlowBegin) -> Result<WordsStart, Problem> {
        let sound = self.some_sounds(std::slice::from_ref(&begin.from))?.swap_remove(0).place;
        let (how, strength) = (begin.how, begin.strength);
        if let (SoundPlace::Pattern { id, .. }, WordsBegin::Fill) = (&sound, how) {
            let whole = self.studio.excerpt_of(*id).map_err(told)?;
            if let Some(gap_secs) = whole.part_secs {
                let sound = SoundPlace::File { path: whole.path };
                return Ok(WordsStart { sound, how, strength, gap_secs: Some(gap_secs) });
            }
        }
        Ok(WordsStart { sound, how, strength, gap_secs: None })
    }

    fn through(&self, work: &FlowWork) -> Result<Start, Problem> {
        let FlowWork::Through { sounds, model, vary, count } = work else {
            return Err(unknown("This is no step that sends sounds through a model.".to_owned()));
        };
        let sounds = self.some_sounds(sounds)?;
        let (model, name, why) = self.own_model(model.as_ref())?;
        let models = vec![RecipeModel::at(ModelPlace::Library { id: model.clone() }, &name)];
        let sound = sounds[0].place.clone();
        let source = RecipeSource::Sound { sound, transposes_to_model: false };
        let inputs = sounds.into_iter().map(|it| it.place).collect();
        let recipe = self.recipe(models, source, None);
        let new = NewGeneration { count: *count, vary: *vary, inputs, ..generation(recipe) };
        Ok(Start { begun: Begun::Jobs(vec![self.make(new)?]), why, model: Some(model) })
    }

    fn blend(&self, work: &FlowWork) -> Result<Start, Problem> {
        let FlowWork::Blend {
            sounds,
            way,
            model,
            secs,
            count,
            rhythm,
            first_gain_db: gain_db,
            grain_secs: grain,
            scatter_secs: scatter,
        } = work
        else {
            return Err(unknown("This is no step that blends.".to_owned()));
        };
        let mut all: Vec<BlendSound> = self
            .some_sounds(sounds)?
            .into_iter()
            .map(|it| BlendSound { sound: it.place, weight: 1.0 })
            .take(BlendSource::SOUNDS_MAX)
            .collect();
        if *way == BlendWay::Layers {
            all[0].weight = 10f64.powf(gain_db / 20.0);
        }
        let rhythm = match rhythm {
            Some(key) => {
                let of = self.some_sounds(std::slice::from_ref(key))?.swap_remove(0).place;
                let there = all.iter().position(|it| it.sound == of);
                let at = there.unwrap_or_else(|| {
                    // It is listened to, and not heard.
                    all.truncate(BlendSource::SOUNDS_MAX - 1);
                    all.push(BlendSound { sound: of, weight: 0.0 });
                    all.len() - 1
                });
                Some(at as u32)
            }
            None => None,
        };
        let mut why = String::new();
        let (mut models, mut chosen) = (vec![], None);
        if way.needs_model() {
            let (id, name, reason) = self.own_model(model.as_ref())?;
            models.push(RecipeModel::at(ModelPlace::Library { id: id.clone() }, &name));
            (chosen, why) = (Some(id), reason);
        }
        let secs =
            secs.as_ref().map(|it| fill::number(it, self.known)).transpose().map_err(unknown)?;
        let source = BlendSource {
            sounds: all,
            way: *way,
            grain_secs: grain.unwrap_or(0.12),
            // Several of the same would be the same otherwise.
            scatter_secs: scatter.unwrap_or(if *count > 1 { 0.05 } else { 0.0 }),
            rhythm,
        };
        let recipe = self.recipe(models, RecipeSource::Blend(source), secs);
        let count = if way.is_random() { *count } else { 1 };
        let jobs = vec![self.make(NewGeneration { count, ..generation(recipe) })?];
        Ok(Start { begun: Begun::Jobs(jobs), why, model: chosen })
    }

    fn own_model(&self, model: Option<&Id>) -> Result<(Id, String, String), Problem> {
        match model {
            Some(id) => Ok((id.clone(), String::new(), String::new())),
            None => {
                let it = route::for_sounds(self.studio, self.tried)?;
                Ok((it.model.id, it.model.name, it.why))
            }
        }
    }

    fn recipe(&self, models: Vec<RecipeModel>, source: RecipeSource, secs: Option<f64>) -> Recipe {
        Recipe {
            models,
            source,
            controls: BTreeMap::new(),
            deviations: vec![],
            seed: self.seed,
            secs,
            variation: None,
            loudness_lufs: None,
            finish: api::Finish::default(),
            format: api::SampleFormat::default(),
        }
    }

    fn make(&self, new: NewGeneration) -> Result<Id, Problem> {
        let name = Some(name_from(self.label));
        let new = NewGeneration { name, ..new };
        let made = self.studio.create_generation(new).map_err(told)?;
        Ok(made.id)
    }

    fn made(&self, jobs: &[Id]) -> Result<FlowKnows, Problem> {
        let mut knows = FlowKnows::default();
        for id in jobs {
            let mut after = 0;
            loop {
                let some = self.studio.generated_sounds(id, after, 1000).map_err(told)?;
                let Some(last) = some.last() else { break };
                after = last.number;
                for sound in some.into_iter().filter(|it| !it.is_gone) {
                    let place = SoundPlace::Generation { id: id.clone(), number: sound.number };
                    knows.sounds.push(named(place, &sound.card.name));
                }
            }
            knows.notes.extend(self.studio.generation(id).map_err(told)?.notes);
        }
        if knows.sounds.is_empty() {
            return Err(problem("nothing_made", "No sound came of it.", "See the job's log."));
        }
        Ok(knows)
    }

    fn keep(&self, work: &FlowWork) -> Result<Start, Problem> {
        let FlowWork::Keep { sounds, name, tags, remember } = work else {
            return Err(unknown("This is no step that keeps sounds.".to_owned()));
        };
        let sounds = self.some_sounds(sounds)?;
        let name = fill::text(name, self.known).map_err(unknown)?;
        let mut knows = FlowKnows::default();
        let mut paths = vec![];
        for (i, sound) in sounds.iter().enumerate() {
            let SoundPlace::Generation { id, number } = &sound.place else {
                // It is kept already, wherever it is.
                knows.sounds.push(sound.clone());
                paths.extend(self.file_of(&sound.place).map(|it| it.0));
                continue;
            };
            let path = self.studio.generated_sound(id, *number).map_err(told)?.path;
            let own = (!name.is_empty()).then(|| match sounds.len() {
                1 => name_from(&name),
                _ => name_from(&format!("{name} {}", i + 1)),
            });
            let new = NewSound { job: id.clone(), path, name: own };
            let kept = self.studio.create_sound(new).map_err(told)?;
            if !tags.is_empty() {
                let tags: Vec<String> = kept.tags.iter().chain(tags).cloned().collect();
                let change = SoundChange { tags: Some(tags), ..SoundChange::default() };
                self.studio.change_sound(&kept.id, &change).map_err(told)?;
            }
            let shared = &self.studio.shared;
            let folder = shared.workspace.folder(Shelf::Sounds, &kept.id);
            job::whole::write_json(&folder.join(FLOW), self.run).map_err(|it| told(it.into()))?;
            paths.push(folder.join(api::SoundCard::SOUND));
            let place = SoundPlace::Library { id: kept.id };
            knows.sounds.push(FlowSound { place, name: kept.card.name, ..sound.clone() });
        }
        if *remember {
            let new = NewPatterns { paths, ..NewPatterns::default() };
            let job = self.studio.add_patterns(&new).map_err(told)?;
            let what = match knows.sounds.len() {
                1 => "The sound goes".to_owned(),
                n => format!("{n} sounds go"),
            };
            knows.notes.push(format!("{what} into the memory with the job “{}”.", job.job.name));
        }
        Ok(Begun::Done(knows).into())
    }

    /// The file of a sound, and its name. Of a pattern it is the whole sound.
    fn file_of(&self, place: &SoundPlace) -> Result<(std::path::PathBuf, String), Problem> {
        let studio = self.studio;
        let path = match place {
            SoundPlace::Library { id } => studio.sound_file(id, api::SoundCard::SOUND),
            SoundPlace::Generation { id, number } => {
                studio.generated_sound(id, *number).and_then(|it| {
                    studio.generation_file(id, &format!("{}/{}", it.path, api::SoundCard::SOUND))
                })
            }
            SoundPlace::File { path } => Ok(path.clone()),
            SoundPlace::Pattern { id, .. } => studio.pattern_sound(*id).map(|it| it.0),
            SoundPlace::Upload { upload } => studio.first_file_of_upload(upload),
            SoundPlace::Dataset { .. } => {
                let message = "sounds of a dataset have no file of their own; choose the file";
                Err(Error::invalid("sound", message))
            }
        };
        let path = path.map_err(told)?;
        Ok((path, studio.name_of_sound(place)))
    }
}

/// A sound without a test.
pub(super) fn named(place: SoundPlace, name: &str) -> FlowSound {
    let name = match (&place, name) {
        (SoundPlace::File { path }, _) => crate::workspace::file_name(path),
        (_, name) => name.to_owned(),
    };
    FlowSound { place, name, why: String::new(), likeness: None }
}

fn of_patterns(patterns: Vec<PatternId>) -> FlowKnows {
    let n = Value::from(patterns.len());
    FlowKnows { patterns, facts: [("n".to_owned(), n)].into(), ..FlowKnows::default() }
}

fn generation(recipe: Recipe) -> NewGeneration {
    NewGeneration { name: None, recipe, count: 1, vary: 0.0, inputs: vec![], folder: None }
}

/// The mean of vectors, each of length one; nothing where there is none.
fn mean(vectors: &[Vec<f32>]) -> Option<Vec<f32>> {
    let mut sum = vec![0.0f32; vectors.first()?.len()];
    for vector in vectors {
        sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
    }
    ::memory::unit(&mut sum);
    Some(sum)
}

/// A problem without a cause.
pub(super) fn problem(code: &str, what: &str, remedy: &str) -> Problem {
    Problem {
        code: code.to_owned(),
        what: what.to_owned(),
        why: None,
        remedy: Some(remedy.to_owned()),
        fields: vec![],
    }
}

/// What stands in the way of a step: something that it uses is not known.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unknown(what: String) -> Problem {
    problem("unknown", &what, "Change the flow, or give what is missing.")
}

/// An error of a verb, in words.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn told(error: Error) -> Problem {
    error.problem()
}
