//! `/api/presets`: presets of one's own, and what choices come to.
//!
//! The server joins the two halves here: the studio keeps presets, the worker says what they mean.

use std::collections::BTreeMap;

use api::{
    Choices, FieldProblem, Id, LearnsFrom, Limit, NewPreset, OwnPreset, PresetFile, PresetFileKind,
    Problem, Rename, RunForecast,
};
use axum::{Json, extract::State, http::StatusCode};
use serde_json::Value;
use studio::Studio;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, InProject, OfProject},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(presets, save_preset))
        .routes(routes!(import_preset))
        .routes(routes!(preset, rename_preset, delete_preset))
        .routes(routes!(preset_file))
        .routes(routes!(restore_preset))
}

/// Every preset of one's own, newest first.
#[utoipa::path(get, path = "/api/presets", params(OfProject), tag = "presets",
    responses((status = 200, body = Vec<OwnPreset>)))]
async fn presets(InProject(app): InProject) -> Answer<Vec<OwnPreset>> {
    app.ask(|studio| studio.presets()).await
}

/// Keeps choices as a preset of one's own, if they can be used.
#[utoipa::path(post, path = "/api/presets", params(OfProject), tag = "presets", request_body = NewPreset,
    responses((status = 200, body = OwnPreset)))]
async fn save_preset(
    InProject(app): InProject,
    FromJson(new): FromJson<NewPreset>,
) -> Answer<OwnPreset> {
    app.work(move |app| save(&app.studio, new)).await.map(Json)
}

/// Keeps a preset that came as a file.
#[utoipa::path(post, path = "/api/presets/import", params(OfProject), tag = "presets", request_body = PresetFile,
    responses((status = 200, body = OwnPreset)))]
async fn import_preset(
    InProject(app): InProject,
    FromJson(file): FromJson<PresetFile>,
) -> Answer<OwnPreset> {
    if file.format > PresetFile::FORMAT {
        let why = format!("its format is {}; this version reads up to 1", file.format);
        let failure = Failure::plain(
            StatusCode::UNPROCESSABLE_ENTITY,
            "newer_format",
            "The preset was written by a newer version of Maquette.",
            "Update Maquette.",
        );
        return Err(failure.because(&why));
    }
    app.work(move |app| save(&app.studio, file.preset)).await.map(Json)
}

/// One preset.
#[utoipa::path(get, path = "/api/presets/{id}", tag = "presets", params(("id" = Id, Path)),
    responses((status = 200, body = OwnPreset)))]
async fn preset(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<OwnPreset> {
    app.ask(move |studio| studio.preset(&id)).await
}

/// A preset as a file to pass on.
#[utoipa::path(get, path = "/api/presets/{id}/file", tag = "presets", params(("id" = Id, Path)),
    responses((status = 200, body = PresetFile)))]
async fn preset_file(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<PresetFile> {
    let own = app.call(move |studio| studio.preset(&id)).await?;
    Ok(Json(PresetFile {
        kind: PresetFileKind::MaquettePreset,
        format: PresetFile::FORMAT,
        preset: NewPreset {
            name: own.name,
            summary: own.summary,
            choices: own.choices,
            limit: own.limit,
        },
    }))
}

/// Gives a preset another name; its identifier stays.
#[utoipa::path(patch, path = "/api/presets/{id}", tag = "presets", params(("id" = Id, Path)),
    request_body = Rename, responses((status = 200, body = OwnPreset)))]
async fn rename_preset(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<Rename>,
) -> Answer<OwnPreset> {
    app.ask(move |studio| studio.rename_preset(&id, &new.name)).await
}

/// Moves a preset to the trash, from where it can be restored.
#[utoipa::path(delete, path = "/api/presets/{id}", tag = "presets", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_preset(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_preset(&id)).await
}

/// Takes a preset back from the trash.
#[utoipa::path(post, path = "/api/presets/{id}/restore", tag = "presets", params(("id" = Id, Path)),
    responses((status = 200, body = OwnPreset)))]
async fn restore_preset(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<OwnPreset> {
    app.ask(move |studio| studio.restore_preset(&id)).await
}

/// What choices come to on no dataset in particular.
pub(crate) fn composed(studio: &Studio, choices: &Choices) -> Result<RunForecast, Failure> {
    let own = own_preset(studio, choices)?;
    worker::compose(choices, own.as_ref()).map_err(Failure::unprocessable)
}

/// What choices come to on a dataset, once that is whole, or on none, where the family learns from none; and how long
/// training takes until a limit (the preset's own if none is given), if that was measured.
pub(crate) fn forecast(
    studio: &Studio,
    choices: &Choices,
    dataset: Option<&Id>,
    limit: Option<Limit>,
) -> Result<RunForecast, Failure> {
    let mut forecast = match dataset {
        Some(dataset) => {
            let summary = studio.dataset(dataset)?.dataset.summary.ok_or_else(not_ready)?;
            let own = own_preset(studio, choices)?;
            worker::forecast(choices, own.as_ref(), &summary).map_err(Failure::unprocessable)?
        }
        None => {
            let forecast = composed(studio, choices)?;
            check_learns_from_none(&forecast.family)?;
            forecast
        }
    };
    let measured = studio.measured(&forecast.settings)?;
    let limit = limit.unwrap_or(forecast.limit);
    forecast.measured = measured
        .map(|it| worker::run_measure_of(&forecast.family, &forecast.settings, it.measured, limit));
    Ok(forecast)
}

fn not_ready() -> Failure {
    Failure::plain(
        StatusCode::CONFLICT,
        "dataset_not_ready",
        "The dataset is not ready.",
        "Wait until it is ready, or prepare it again.",
    )
}

/// Sees that models of a family can be trained without a dataset.
fn check_learns_from_none(family: &str) -> Result<(), Failure> {
    let families = worker::families();
    let learns_from = families.iter().find(|it| it.name == family).map(|it| it.learns_from);
    match learns_from {
        Some(LearnsFrom::Game | LearnsFrom::Nothing) => Ok(()),
        _ => Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            Problem {
                code: "no_dataset".to_owned(),
                what: "No dataset was chosen.".to_owned(),
                why: Some("Models of this family learn from the sounds of a dataset.".to_owned()),
                remedy: Some("Choose a dataset, or create one first.".to_owned()),
                fields: vec![FieldProblem {
                    key: "dataset".to_owned(),
                    message: "choose a dataset".to_owned(),
                    suggestion: None,
                }],
            },
        )),
    }
}

/// Settings as their knobs read them: `"4"` becomes 4.
pub(crate) fn as_read(
    settings: BTreeMap<String, Value>,
    composed: &RunForecast,
) -> BTreeMap<String, Value> {
    let read = |key: &String| composed.settings.get(key).cloned();
    settings
        .into_iter()
        .map(|(key, said)| {
            let value = read(&key).unwrap_or(said);
            (key, value)
        })
        .collect()
}

/// The preset of one's own that choices name. Presets of a family come first, so a name means the
/// same whatever people keep; what neither has is for the worker to refuse.
fn own_preset(studio: &Studio, choices: &Choices) -> Result<Option<OwnPreset>, Failure> {
    let Some(name) = &choices.preset else { return Ok(None) };
    if family_presets().contains(name) {
        return Ok(None);
    }
    let Ok(id) = name.parse::<Id>() else { return Ok(None) };
    match studio.preset(&id) {
        Ok(own) => Ok(Some(own)),
        Err(studio::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Keeps a preset whose choices can be used, down to the family's preset under them.
fn save(studio: &Studio, new: NewPreset) -> Result<OwnPreset, Failure> {
    let own = own_preset(studio, &new.choices)?;
    let composed = worker::compose(&new.choices, own.as_ref()).map_err(Failure::unprocessable)?;
    let settings = match &own {
        Some(own) => worker::unfolded(&new.choices, own).map_err(Failure::unprocessable)?.settings,
        None => new.choices.settings,
    };
    let settings = as_read(settings, &composed);
    let choices = Choices {
        family: Some(composed.family),
        preset: Some(composed.preset),
        switches: composed.switches,
        settings,
    };
    Ok(studio.create_preset(NewPreset { choices, ..new }, &family_presets())?)
}

fn family_presets() -> Vec<String> {
    let families = worker::families();
    families.into_iter().flat_map(|it| it.presets).map(|it| it.name).collect()
}
