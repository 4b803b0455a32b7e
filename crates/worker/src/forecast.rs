//! What is known about a run before it starts: its whole settings, its size, and what would not work.

use api::{DatasetSummary, FieldProblem, NewRun, Problem, RunForecast};
use models::rave::{self, Config};

use crate::{folder::problem, system::memory_free_bytes};

/// All families of models, with their knobs and presets.
pub fn families() -> Vec<api::Family> {
    models::families()
}

/// Resolves preset and knobs to whole settings and checks them against the dataset.
///
/// # Errors
/// A problem with a message for each knob that would not work, and what to change.
pub fn forecast(new: &NewRun, dataset: &DatasetSummary) -> Result<RunForecast, Problem> {
    let families = families();
    let name = new.family.as_deref().unwrap_or("rave");
    let Some(family) = families.iter().find(|it| it.name == name) else {
        let known: Vec<_> = families.iter().map(|it| it.name.as_str()).collect();
        let remedy = format!("Choose one of: {}.", known.join(", "));
        return Err(problem(
            "unknown_family",
            format!("There is no family `{name}`."),
            "",
            &remedy,
        ));
    };
    let preset = new.preset.as_deref().unwrap_or(&family.presets[0].name);
    if !family.presets.iter().any(|it| it.name == preset) {
        let known: Vec<_> = family.presets.iter().map(|it| it.name.as_str()).collect();
        let remedy = format!("Choose one of: {}.", known.join(", "));
        return Err(problem(
            "unknown_preset",
            format!("There is no preset `{preset}`."),
            "",
            &remedy,
        ));
    }
    let mut overrides = new.settings.clone();
    overrides.entry("sampling_rate".into()).or_insert_with(|| dataset.rate_hz.into());
    overrides.entry("channels".into()).or_insert_with(|| dataset.channels.into());
    let composition = rave::resolve(preset, &new.switches, &overrides).map_err(bad_settings)?;
    let config = Config::from_settings(&composition.settings).map_err(bad_settings)?;
    let fields = rave::check(&config, dataset);
    if !fields.is_empty() {
        return Err(bad_settings(fields));
    }
    let forecast = rave::forecast(&config);
    Ok(RunForecast {
        settings: composition.settings,
        origins: composition.origins,
        n_parameters: forecast.n_parameters,
        memory_bytes: forecast.memory_bytes,
        ratio: u32::try_from(forecast.ratio).unwrap_or(u32::MAX),
        notes: notes(&config, &forecast, dataset),
    })
}

fn bad_settings(fields: Vec<FieldProblem>) -> Problem {
    let why = fields.first().map_or(String::new(), in_words);
    let remedy = "Change the settings that are named and try again.";
    Problem { fields, ..problem("bad_settings", "This cannot be trained as it is.", &why, remedy) }
}

/// The message with the name that people know the knob by.
fn in_words(field: &FieldProblem) -> String {
    let families = families();
    let mut knobs = families.iter().flat_map(|it| &it.knobs);
    let title = knobs.find(|it| it.key == field.key).map_or(&field.key, |it| &it.title);
    format!("{title}: {}.", field.message.trim_end_matches('.'))
}

/// Things worth knowing that do not prevent the start.
fn notes(config: &Config, forecast: &rave::Forecast, dataset: &DatasetSummary) -> Vec<String> {
    let mut notes = forecast.notes.clone();
    let excerpt_secs = config.n_signal as f64 / f64::from(dataset.rate_hz);
    if dataset.length_secs / f64::from(dataset.n_files.max(1)) < excerpt_secs {
        notes.push(format!(
            "Most sounds are shorter than an excerpt ({excerpt_secs:.1} s); they are filled up with silence."
        ));
    }
    if dataset.n_validation == 0 {
        notes.push("No sound is held out, so the model is measured on what it learns from.".into());
    }
    if dataset.length_secs < 60.0 {
        notes.push(
            "Less than a minute of sound: the model will know these sounds and little else.".into(),
        );
    }
    if memory_free_bytes().is_some_and(|free| forecast.memory_bytes > free) {
        notes.push(format!(
            "Training needs about {:.1} GB of memory, more than is free now. Close other programs or lower the batch size.",
            forecast.memory_bytes as f64 / 1e9
        ));
    }
    notes
}
