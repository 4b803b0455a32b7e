//! Which model makes a sound, and why, in words: what can do what is asked, fits in memory, was kept most often, and is
//! fast.

use std::{collections::BTreeMap, path::Path};

use api::{BlendWay, Id, Model, ModelPlace, Problem, WordsBegin, WordsForecast, WordsForecastOf};

use crate::{Error, Studio, store};

/// What is asked of a model that makes sound from words.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) secs: f64,
    pub(super) steps: Option<u32>,
    pub(super) begin: Option<WordsBegin>,
    /// Models that were tried before.
    pub(super) tried: &'a [Id],
}

/// A model that was chosen.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) model: Model,
    /// Whether its large weights are held in 8 bits, because it does not fit otherwise.
    pub(super) in_8_bits: bool,
    pub(super) why: String,
}

/// Chooses a model that makes sound from words.
pub(super) fn for_words(studio: &Studio, wanted: &Wanted<'_>) -> Result<Chosen, Refusal> {
    let kept = kept_counts(studio)?;
    let limit = studio.shared.memory_limit_bytes();
    let (mut fitting, mut others) = (vec![], vec![]);
    for model in studio.everywhere().models()? {
        let Some(can) = model.linked.as_ref().and_then(|it| it.words.as_ref()) else { continue };
        let linked = model.linked.as_ref().expect("it was asked for");
        let forecast = |in_8_bits| {
            let of = WordsForecastOf {
                model: model.id.clone(),
                secs: wanted.secs,
                steps: wanted.steps,
                guidance: None,
                n_prompts: None,
                in_8_bits,
            };
            (studio.shared.options.readers.forecast)(Path::new(&linked.folder), &of)
        };
        let fits = |it: &WordsForecast| it.weight_bytes + it.sound_bytes <= limit;
        let whole = forecast(false);
        // One that does not fit as it is may fit with small weights.
        let small = whole.filter(|it| !fits(it)).and_then(|_| forecast(true)).filter(fits);
        let forecast = small.or(whole);
        let bytes = forecast.map(|it| it.weight_bytes + it.sound_bytes);
        let against = if wanted.tried.contains(&model.id) {
            Some("it was tried before".to_owned())
        } else if linked.waits_for_acceptance() {
            Some("the terms of its licence have not been accepted".to_owned())
        } else if wanted.secs > can.max_secs {
            Some(format!("it makes at most {} s", can.max_secs))
        } else if wanted.begin.is_some_and(|how| !can.begins.contains(&how)) {
            Some("it cannot begin with a sound in this way".to_owned())
        } else if bytes.is_some_and(|it| it > limit) {
            let gb = bytes.unwrap_or(0) as f64 / 1e9;
            Some(format!("it needs {gb:.1} GB, and jobs have {:.1} GB", limit as f64 / 1e9))
        } else {
            None
        };
        match against {
            Some(why) => others.push(format!("“{}”: {why}", model.name)),
            None => fitting.push((model, forecast)),
        }
    }
    let n_kept = |model: &Model| kept.get(&model.id).copied().unwrap_or(0);
    fitting.sort_by(|a, b| {
        let secs = |it: &Option<WordsForecast>| it.map_or(f64::INFINITY, |it| it.compute_secs);
        let by_kept = n_kept(&b.0).cmp(&n_kept(&a.0));
        by_kept.then(secs(&a.1).total_cmp(&secs(&b.1))).then(a.0.id.cmp(&b.0.id))
    });
    let n_fitting = fitting.len();
    let Some((model, forecast)) = fitting.into_iter().next() else {
        return Err(Refusal::None(none("makes this sound from words", &others)));
    };
    let mut why = match (n_kept(&model), n_fitting) {
        (0, 1) => format!("“{}”, the only model that can do this", model.name),
        (0, _) => format!("“{}”, the fastest model that can do this", model.name),
        (1, _) => format!("“{}”, of which one sound was kept before", model.name),
        (n, _) => format!("“{}”, of which most sounds were kept before ({n})", model.name),
    };
    let in_8_bits = forecast.is_some_and(|it| it.in_8_bits);
    if let Some(it) = forecast {
        let gb = (it.weight_bytes + it.sound_bytes) as f64 / 1e9;
        let bits =
            if in_8_bits { ", with weights of 8 bits, as it does not fit otherwise" } else { "" };
        why +=
            &format!(": about {:.0} s for each sound, {gb:.1} GB of memory{bits}", it.compute_secs);
    }
    why.push('.');
    if !others.is_empty() {
        why += &format!(" Not {}.", others.join("; not "));
    }
    Ok(Chosen { model, in_8_bits, why })
}

/// Chooses a model of one's own that turns sound into latents and back.
pub(super) fn for_sounds(studio: &Studio, tried: &[Id]) -> Result<Chosen, Refusal> {
    let kept = kept_counts(studio)?;
    let mut others = vec![];
    let mut fitting = vec![];
    for model in studio.everywhere().models()? {
        let path = studio.shared.workspace.folder(job::Shelf::Models, &model.id);
        let path = path.join(job::files::WEIGHTS);
        if model.linked.is_some() || model.prior_of.is_some() || model.adapter_of.is_some() {
            continue;
        }
        match (studio.shared.options.readers.codec_of)(&path) {
            Some(_) if tried.contains(&model.id) => {
                others.push(format!("“{}”: it was tried before", model.name));
            }
            Some(_) => fitting.push(model),
            None => {}
        }
    }
    let n_kept = |model: &Model| kept.get(&model.id).copied().unwrap_or(0);
    fitting.sort_by_key(|it| (std::cmp::Reverse(n_kept(it)), std::cmp::Reverse(it.created_ms)));
    let Some(model) = fitting.into_iter().next() else {
        return Err(Refusal::None(none("of yours turns sound into latents and back", &others)));
    };
    let why = match n_kept(&model) {
        0 => format!("“{}”, your newest model.", model.name),
        1 => format!("“{}”, of which one sound was kept before.", model.name),
        n => format!("“{}”, of which most sounds were kept before ({n}).", model.name),
    };
    Ok(Chosen { model, in_8_bits: false, why })
}

/// Why no model was chosen.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is none that can do it.
    None(Problem),
    /// That could not be found out.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Failed(error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::None(problem) => problem,
            Refusal::Failed(error) => error.problem(),
        }
    }
}

fn none(what: &str, others: &[String]) -> Problem {
    let why = match others.is_empty() {
        true => "There is none in the library.".to_owned(),
        false => format!("{}.", others.join("; ")),
    };
    Problem {
        code: "no_model".to_owned(),
        what: format!("No model {what}."),
        why: Some(why),
        remedy: Some("Add or train one, or choose another way for this step.".to_owned()),
        fields: vec![],
    }
}

/// How many sounds of each model were kept.
fn kept_counts(studio: &Studio) -> Result<BTreeMap<Id, usize>, Error> {
    let mut counts = BTreeMap::new();
    for row in studio.shared.read(store::sounds::all)? {
        for model in row.card.recipe.models {
            if let ModelPlace::Library { id } = model.place {
                *counts.entry(id).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

/// What is missing for some work to be done here, in a sentence.
pub(super) fn missing(studio: &Studio, work: &api::FlowWork) -> Option<String> {
    let has_words = || {
        let models = studio.everywhere().models().unwrap_or_default();
        models.iter().any(|it| it.linked.as_ref().is_some_and(|it| it.words.is_some()))
    };
    match work {
        api::FlowWork::Generate { model: None, .. } if !has_words() => {
            Some("No model here makes sound from words.".to_owned())
        }
        api::FlowWork::Through { model: None, .. }
        | api::FlowWork::Blend { way: BlendWay::Latents | BlendWay::Path, model: None, .. }
            if for_sounds(studio, &[]).is_err() =>
        {
            Some("No model of yours turns sound into latents and back.".to_owned())
        }
        _ => None,
    }
}

/// Half as many steps of the sampler, where the model has a sampler that goes with so few.
pub(super) fn half_of_steps(model: &Model, asked: Option<u32>) -> Option<u32> {
    let steps = model.linked.as_ref()?.words.as_ref()?.steps?;
    let half = asked.unwrap_or(steps.usual) / 2;
    (half >= steps.least).then_some(half)
}
