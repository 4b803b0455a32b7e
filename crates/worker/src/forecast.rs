//! The forecast of a run: its complete settings and where each came from, the properties of the model, and
//! what would not work.

use std::collections::BTreeSet;

use api::{
    Choices, DatasetSummary, Family, FieldProblem, Knob, Origin, OwnPreset, Preset, PresetName,
    Problem, RunForecast,
};
use models::Settings;

use crate::{facts::codec_facts, folder::problem, memory::memory};

/// All families of models, with their knobs and presets.
pub fn families() -> Vec<Family> {
    models::families()
}

/// Composes choices to complete settings and forecasts the model. `own` is the user's preset that they name,
/// if they do.
///
/// # Errors
/// A problem with a message for each choice that would not work, and what to change.
pub fn compose(choices: &Choices, own: Option<&OwnPreset>) -> Result<RunForecast, Problem> {
    let composed = Composed::new(choices, own)?;
    let forecast = composed.config.forecast();
    let notes = forecast.notes.clone();
    Ok(composed.into_forecast(&forecast, notes))
}

/// [`compose`] for a run: rate and channels come from its dataset unless they were chosen, and everything is
/// checked against it.
///
/// # Errors
/// As [`compose`], and for what does not fit the dataset.
pub fn forecast(
    choices: &Choices,
    own: Option<&OwnPreset>,
    dataset: &DatasetSummary,
) -> Result<RunForecast, Problem> {
    let mut whole = choices.clone();
    let given = match own {
        Some(own) => family(&unfolded(choices, own)?)?.settings_of_dataset(dataset),
        None => family(choices)?.settings_of_dataset(dataset),
    };
    let from_dataset: Vec<&str> = given
        .into_iter()
        .filter(|(key, _)| !is_chosen(key, choices, own))
        .map(|(key, value)| {
            whole.settings.insert(key.to_owned(), value);
            key
        })
        .collect();
    let mut composed = Composed::new(&whole, own)?;
    for key in from_dataset {
        composed.composition.origins.insert(key.to_owned(), Origin::Dataset);
    }
    let fields = composed.config.check(dataset);
    if !fields.is_empty() {
        return Err(bad_settings(fields));
    }
    let forecast = composed.config.forecast();
    let notes = notes(composed.config.as_ref(), &forecast, dataset);
    Ok(composed.into_forecast(&forecast, notes))
}

/// Rewrites choices over a user's preset as choices over the family's preset under it.
///
/// The preset's switches come first. Its settings stay on top, except those that a later switch sets.
///
/// # Errors
/// When the preset names something that this version does not have.
pub fn unfolded(choices: &Choices, own: &OwnPreset) -> Result<Choices, Problem> {
    let Some(family) = models::family(family_name(&own.choices)) else {
        return Err(broken(own, &[format!("the family `{}`", family_name(&own.choices))]));
    };
    let family = &family.describe();
    let missing = missing(family, &own.choices);
    if !missing.is_empty() {
        return Err(broken(own, &missing));
    }
    let later: BTreeSet<&String> = family
        .switches
        .iter()
        .filter(|switch| choices.switches.contains(&switch.name))
        .flat_map(|switch| switch.settings.keys())
        .collect();
    let mut settings = own.choices.settings.clone();
    settings.retain(|key, _| !later.contains(key));
    settings.extend(choices.settings.clone());
    Ok(Choices {
        family: Some(family.name.clone()),
        preset: Some(preset(family, &own.choices)?.name.clone()),
        switches: [own.choices.switches.as_slice(), &choices.switches].concat(),
        settings,
    })
}

/// Composed settings, before the model is forecast.
struct Composed {
    family: String,
    preset: Preset,
    switches: Vec<String>,
    own: Option<PresetName>,
    limit: api::Limit,
    composition: models::Composition,
    config: Box<dyn Settings>,
}

impl Composed {
    fn new(choices: &Choices, own: Option<&OwnPreset>) -> Result<Self, Problem> {
        let whole = match own {
            Some(own) => unfolded(choices, own)?,
            None => choices.clone(),
        };
        let family = family(&whole)?;
        let form = family.describe();
        let preset = preset(&form, &whole)?;
        let mut composition = family
            .compose(&preset.name, &whole.switches, &whole.settings)
            .map_err(|fields| refused(fields, own, choices))?;
        let config = family.settings(&composition.settings).map_err(bad_settings)?;
        if own.is_some() {
            for key in whole.settings.keys().filter(|key| !choices.settings.contains_key(*key)) {
                composition.origins.insert(key.clone(), Origin::Preset);
            }
        }
        Ok(Self {
            limit: own.and_then(|own| own.limit).unwrap_or(preset.limit),
            own: own.map(|own| PresetName { id: own.id.clone(), name: own.name.clone() }),
            preset: preset.clone(),
            switches: whole.switches,
            composition,
            config,
            family: form.name,
        })
    }

    fn into_forecast(self, forecast: &models::Forecast, notes: Vec<String>) -> RunForecast {
        let on_gpu = self.config.compute().is_ok_and(|it| it.is_gpu());
        let memory = memory(self.config.as_ref(), forecast.memory_bytes.clone(), on_gpu);
        RunForecast {
            family: self.family,
            preset: self.preset.name,
            switches: self.switches,
            own_preset: self.own,
            limit: self.limit,
            settings: self.composition.settings,
            on_gpu,
            origins: self.composition.origins,
            n_parameters: forecast.n_parameters,
            n_discriminator_parameters: forecast.n_discriminator_parameters,
            memory_bytes: memory.needed_bytes(),
            memory,
            codec: codec_facts(self.config.as_ref(), forecast),
            notes,
            measured: None,
        }
    }
}

fn family_name(choices: &Choices) -> &str {
    choices.family.as_deref().unwrap_or(models::FAMILIES[0].name())
}

fn family(choices: &Choices) -> Result<&'static dyn models::Family, Problem> {
    let name = family_name(choices);
    models::family(name).ok_or_else(|| {
        let known: Vec<_> = models::FAMILIES.iter().map(|it| it.name()).collect();
        let remedy = format!("Choose one of: {}.", known.join(", "));
        problem("unknown_family", format!("There is no family `{name}`."), "", &remedy)
    })
}

/// The chosen preset of the family; the first if none was chosen.
fn preset<'a>(family: &'a Family, choices: &Choices) -> Result<&'a Preset, Problem> {
    let name = choices.preset.as_deref().unwrap_or(&family.presets[0].name);
    family.presets.iter().find(|it| it.name == name).ok_or_else(|| {
        let known: Vec<_> = family.presets.iter().map(|it| it.name.as_str()).collect();
        let why = api::nearest(name, known.iter().copied())
            .map_or(String::new(), |meant| format!("Did you mean `{meant}`?"));
        let remedy = format!("Choose one of: {}; or one of your own.", known.join(", "));
        problem("unknown_preset", format!("There is no preset `{name}`."), &why, &remedy)
    })
}

/// What the choices name and the family does not have, each in a few words.
fn missing(family: &Family, choices: &Choices) -> Vec<String> {
    let mut missing = Vec::new();
    if preset(family, choices).is_err() {
        missing.extend(choices.preset.iter().map(|name| format!("the preset `{name}`")));
    }
    let is_switch = |name: &String| family.switches.iter().any(|switch| switch.name == *name);
    let switches = choices.switches.iter().filter(|name| !is_switch(name));
    missing.extend(switches.map(|name| format!("the switch `{name}`")));
    let is_knob = |key: &String| family.knobs.iter().any(|knob| knob.key == *key);
    let keys = choices.settings.keys().filter(|key| !is_knob(key));
    missing.extend(keys.map(|key| format!("the setting `{key}`")));
    missing
}

fn broken(own: &OwnPreset, missing: &[String]) -> Problem {
    let verb = if missing.len() == 1 { "is" } else { "are" };
    problem(
        "broken_preset",
        format!("The preset `{}` cannot be used.", own.name),
        &format!(
            "This version of Maquette lacks what it needs: {} {verb} missing.",
            missing.join(", ")
        ),
        "Choose another preset, or save this one again without what is missing.",
    )
}

/// Whether the user chose the value of a knob, with a setting or in a preset of their own.
fn is_chosen(key: &str, choices: &Choices, own: Option<&OwnPreset>) -> bool {
    let in_own = own.is_some_and(|own| own.choices.settings.contains_key(key));
    choices.settings.contains_key(key) || in_own
}

/// The refusal of settings; it names the user's preset if all problems are in that.
fn refused(fields: Vec<FieldProblem>, own: Option<&OwnPreset>, choices: &Choices) -> Problem {
    let refusal = bad_settings(fields);
    let Some(own) = own else { return refusal };
    let is_in_own = |field: &FieldProblem| own.choices.settings.contains_key(&field.key);
    let is_new = |field: &FieldProblem| choices.settings.contains_key(&field.key);
    if !refusal.fields.iter().all(|field| is_in_own(field) && !is_new(field)) {
        return refusal;
    }
    Problem { what: format!("The preset `{}` cannot be used as it is.", own.name), ..refusal }
}

/// The refusal of settings, with their titles instead of keys.
pub(crate) fn bad_settings(fields: Vec<FieldProblem>) -> Problem {
    let why = fields.first().map_or(String::new(), in_words);
    let remedy = "Fix these settings and try again.";
    Problem { fields, ..problem("bad_settings", "These settings cannot be trained.", &why, remedy) }
}

/// The message with the knob's title.
fn in_words(field: &FieldProblem) -> String {
    let families = families();
    let mut knobs = families.iter().flat_map(|it| &it.knobs);
    let is_it = |it: &&Knob| it.key == field.key;
    let title = knobs.find(is_it).map_or(&field.key, |it| &it.title);
    format!("{title}: {}.", field.message.trim_end_matches('.'))
}

/// Notes about a model and its dataset that do not prevent the start.
fn notes(
    settings: &dyn Settings,
    forecast: &models::Forecast,
    dataset: &DatasetSummary,
) -> Vec<String> {
    let mut notes = forecast.notes.clone();
    let Some(excerpts) = settings.excerpts() else { return notes };
    let excerpt_secs = excerpts.n_signal as f64 / f64::from(dataset.rate_hz);
    if dataset.length_secs / f64::from(dataset.n_files.max(1)) < excerpt_secs {
        notes.push(format!(
            "Most sounds are shorter than an excerpt ({excerpt_secs:.1} s); they are padded with silence."
        ));
    }
    if dataset.n_validation == 0 {
        notes.push(
            "No sound is held out, so the validation distance is measured on training sounds."
                .into(),
        );
    }
    if dataset.length_secs < 60.0 {
        notes.push(
            "There is less than a minute of sound: the model will learn these sounds and little else.".into(),
        );
    }
    notes
}

#[cfg(test)]
mod tests;
