//! `maquette compose`: shows the settings that a preset, switches and changes add up to, before training.

mod explain;

use std::sync::Arc;

use anyhow::Context;
use api::{
    Choices, CodecFacts, Family, Id, Job, JobKind, JobState, Knob, Limit, Measure, MemoryForecast,
    NewComposition, NewRun, Origin, OwnPreset, RunDetail, RunForecast, RunMeasure,
};
use serde::Serialize;
use serde_json::Value;

use super::{
    Console,
    follow::Onlooker,
    interrupt,
    named::{self, Kind},
    table::{list, table},
    training::{ChoiceArgs, LimitArgs, memory_warning},
    words,
};
use crate::client::{Client, Refused};

#[derive(clap::Args)]
pub(crate) struct ComposeArgs {
    #[command(flatten)]
    choices: ChoiceArgs,
    /// The dataset to train on: gives the sampling rate and channels, and checks the settings against it
    #[arg(long, value_name = "DATASET")]
    dataset: Option<String>,
    /// Show only the differences from a run or preset
    #[arg(long, value_name = "RUN|PRESET")]
    diff: Option<String>,
    /// Run a few steps to estimate how long training takes on this computer
    #[arg(long, requires = "dataset")]
    measure: bool,
    #[command(flatten)]
    limit: LimitArgs,
    /// Show all settings, including those at their defaults
    #[arg(long)]
    all: bool,
    /// Explain each setting that is shown, with its range and default
    #[arg(long)]
    explain: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Composed {
    #[serde(flatten)]
    forecast: RunForecast,
    /// The settings that differ, in the order of the knobs; only with `--diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Vec<Difference>>,
}

/// A setting that two compositions have different values of.
#[derive(Debug, PartialEq, Serialize)]
struct Difference {
    key: String,
    here: Value,
    there: Value,
}

pub(crate) fn run(args: ComposeArgs, console: &Console) -> anyhow::Result<()> {
    let client = Arc::new(console.client()?);
    let (is_whole, is_explained) = (args.all, args.explain);
    let choices = args.choices.choices();
    let limit = args.limit.limit();
    let dataset = args.dataset.as_deref();
    let dataset = dataset.map(|text| named::id(&client, Kind::Dataset, text)).transpose()?;
    let mut forecast = compose(&client, choices.clone(), dataset.clone(), limit)?;
    if let (true, Some(dataset)) = (args.measure, dataset.clone()) {
        let new =
            NewRun { name: None, dataset: Some(dataset), model: None, choices, seed: None, limit };
        forecast.measured = measure(&client, console, &new)?;
    }
    forecast.limit = limit.unwrap_or(forecast.limit);
    let families: Vec<Family> = client.get("/api/families")?;
    let family = families.into_iter().find(|family| family.name == forecast.family);
    let knobs = family.context("failed to find the family")?.knobs;
    let there = match &args.diff {
        Some(name) => Some(settings_of(&client, name, dataset)?),
        None => None,
    };
    let differences = there.map(|there| differences(&knobs, &forecast.settings, &there));
    let composed = Composed { forecast, differences };
    console.terminal.result(&composed, || match (&composed.differences, &args.diff) {
        (Some(differences), Some(name)) => comparison(differences, name),
        _ if is_explained => {
            let explained = explain::explained(shown_knobs(&composed.forecast, &knobs, is_whole));
            format!("{}\n{explained}", shown(&composed.forecast, &knobs, is_whole))
        }
        _ => shown(&composed.forecast, &knobs, is_whole),
    })
}

fn compose(
    client: &Client,
    choices: Choices,
    dataset: Option<Id>,
    limit: Option<Limit>,
) -> anyhow::Result<RunForecast> {
    client.post("/api/compositions", &NewComposition { choices, dataset, limit })
}

/// Runs a few steps. A measure that fails or is interrupted is removed.
fn measure(
    client: &Arc<Client>,
    console: &Console,
    new: &NewRun,
) -> anyhow::Result<Option<RunMeasure>> {
    let jobs: Vec<Job> = client.get("/api/jobs")?;
    let is_training =
        |it: &Job| it.kind == JobKind::Train && matches!(it.state, JobState::Running { .. });
    if jobs.iter().any(is_training) {
        console
            .terminal
            .note("A run is training now, so everything takes longer than it would alone.");
    }
    let queued: Measure = client.post("/api/measures", new)?;
    let path = format!("/api/measures/{}", queued.id);
    let onlooker = Onlooker { client, terminal: console.terminal };
    let look = || onlooker.measure(&queued.id);
    let measure = interrupt::cancelled_on_interrupt::<Measure, _>(client, &path, look)
        .inspect_err(|_| client.discard(&path));
    Ok(measure?.result)
}

/// The complete settings of the preset or run with this name.
fn settings_of(client: &Client, name: &str, dataset: Option<Id>) -> anyhow::Result<Value> {
    let families: Vec<Family> = client.get("/api/families")?;
    let own: Vec<OwnPreset> = client.get("/api/presets")?;
    let is_preset = families.iter().flat_map(|it| &it.presets).any(|preset| preset.name == name)
        || own.iter().any(|preset| preset.id.as_str() == name);
    let preset = match is_preset {
        true => Some(name.to_owned()),
        false => own.iter().find(|preset| preset.name == name).map(|preset| preset.id.to_string()),
    };
    if preset.is_some() {
        let choices = Choices { preset, ..Choices::default() };
        return Ok(compose(client, choices, dataset, None)?.settings);
    }
    let id = match named::id(client, Kind::Run, name) {
        Err(error) if named::is_not_found(&error) => return Err(unknown(name).into()),
        found => found?,
    };
    let run: RunDetail = client.get(&format!("/api/runs/{id}"))?;
    Ok(run.settings)
}

/// The error that there is nothing to compare with.
fn unknown(name: &str) -> Refused {
    Refused(api::Problem {
        code: "not_found".to_owned(),
        what: format!("There is neither a preset nor a run “{name}”."),
        why: None,
        remedy: Some(
            "`maquette preset list` and `maquette run list` show what there is.".to_owned(),
        ),
        fields: vec![],
    })
}

/// The settings that differ. A setting that an older run lacks has its default there.
fn differences(knobs: &[Knob], here: &Value, there: &Value) -> Vec<Difference> {
    let value =
        |settings: &Value, knob: &Knob| settings.get(&knob.key).unwrap_or(&knob.default).clone();
    let pairs = knobs.iter().map(|knob| Difference {
        key: knob.key.clone(),
        here: value(here, knob),
        there: value(there, knob),
    });
    pairs.filter(|it| !is_same(&it.here, &it.there)).collect()
}

/// Whether two values are equal; 1 and 1.0 are.
fn is_same(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| a == b)
}

fn comparison(differences: &[Difference], there: &str) -> String {
    if differences.is_empty() {
        return format!("Nothing differs from {there}.");
    }
    let row =
        |it: &Difference| [it.key.clone(), words::setting(&it.here), words::setting(&it.there)];
    let rows: Vec<_> = differences.iter().map(row).collect();
    table(["setting", "here", there], &rows)
}

fn shown(forecast: &RunForecast, knobs: &[Knob], is_whole: bool) -> String {
    let own = forecast.own_preset.as_ref();
    let mut rows = vec![
        (
            "model",
            format!(
                "{} {}",
                forecast.family,
                words::composition(&forecast.preset, &forecast.switches, own)
            ),
        ),
        ("size", format!("{} parameters", words::count(forecast.n_parameters))),
    ];
    if forecast.n_discriminator_parameters > 0 {
        let n = words::count(forecast.n_discriminator_parameters);
        rows.push(("discriminators", format!("{n} parameters, for training only")));
    }
    rows.push(("memory", memory(&forecast.memory)));
    rows.extend(forecast.codec.iter().flat_map(codec));
    let measured = |words: fn(&RunMeasure) -> String| forecast.measured.as_ref().map(words);
    rows.extend([
        ("ends", words::limit(forecast.limit)),
        ("time", measured(words::run_measure).unwrap_or_default()),
        ("measured", measured(words::measured).unwrap_or_default()),
    ]);
    let mut text = list(&rows);
    let mut group = "";
    let mut rows = Vec::new();
    let flush = |group: &str, rows: &mut Vec<[String; 3]>, text: &mut String| {
        if !rows.is_empty() {
            text.push_str(&format!("\n{}", table([group, "value", "from"], rows)));
            rows.clear();
        }
    };
    for knob in shown_knobs(forecast, knobs, is_whole) {
        if knob.group != group {
            flush(group, &mut rows, &mut text);
            group = &knob.group;
        }
        rows.push([
            knob.key.clone(),
            words::setting(value_of(forecast, knob)),
            origin(forecast, &knob.key),
        ]);
    }
    flush(group, &mut rows, &mut text);
    text.push('\n');
    let warning = memory_warning(&forecast.memory);
    text.extend(warning.map(|warning| format!("warning: {warning}\n")));
    text.extend(forecast.notes.iter().map(|note| format!("note: {note}\n")));
    text
}

/// What a model will be like as a codec, a line each.
fn codec(it: &CodecFacts) -> [(&'static str, String); 4] {
    let [back, ahead, late] =
        [it.receptive_field.back_samples, it.receptive_field.ahead_samples, it.latency_samples]
            .map(|n| words::samples(n, it.rate_hz));
    let frames =
        format!("{:.1} frames per second, one per {} samples", it.latent_rate_hz, it.ratio);
    [
        ("latent", frames),
        ("compression", format!("{:.1} to 1", it.compression)),
        ("receptive field", format!("{back} back, {ahead} ahead")),
        ("latency", format!("{late} at least ({} samples)", words::count(it.latency_samples))),
    ]
}

/// The knobs that are shown: all, or those that are not at their defaults.
fn shown_knobs<'a>(
    forecast: &'a RunForecast,
    knobs: &'a [Knob],
    is_whole: bool,
) -> impl Iterator<Item = &'a Knob> {
    knobs.iter().filter(move |knob| is_whole || !is_same(value_of(forecast, knob), &knob.default))
}

fn value_of<'a>(forecast: &'a RunForecast, knob: &'a Knob) -> &'a Value {
    forecast.settings.get(&knob.key).unwrap_or(&knob.default)
}

/// The memory that each phase needs, and the free memory.
fn memory(memory: &MemoryForecast) -> String {
    let needed = words::of_phases(memory.phase_bytes.iter().map(|it| words::bytes(*it)));
    let free = memory.free_bytes.map(|free| format!("; {} is free", words::bytes(free)));
    format!("about {needed}{}", free.unwrap_or_default())
}

fn origin(forecast: &RunForecast, key: &str) -> String {
    match forecast.origins.get(key) {
        None | Some(Origin::Default) => "default".to_owned(),
        Some(Origin::Preset) => match &forecast.own_preset {
            Some(own) => own.id.to_string(),
            None => forecast.preset.clone(),
        },
        Some(Origin::Dataset) => "dataset".to_owned(),
        Some(Origin::Switch { name }) => name.clone(),
        Some(Origin::Setting) => "--set".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_in_the_order_of_the_knobs() {
        let knob = |key: &str, default: Value| Knob {
            key: key.to_owned(),
            title: String::new(),
            help: String::new(),
            group: String::new(),
            is_advanced: false,
            unit: String::new(),
            kind: api::KnobKind::Bool,
            default,
        };
        let knobs = [knob("b", json!(1)), knob("a", json!(true))];
        let check = |here: Value, there: Value, keys: &[&str]| {
            let found = differences(&knobs, &here, &there);
            let found: Vec<_> = found.iter().map(|it| it.key.as_str()).collect();
            assert_eq!(found, keys);
        };
        check(json!({ "a": true, "b": 1 }), json!({ "a": true, "b": 1.0 }), &[]);
        check(json!({ "a": true, "b": 2 }), json!({ "a": false, "b": 3 }), &["b", "a"]);
        check(json!({ "a": false, "b": 1 }), json!({}), &["a"]);
    }
}
