//! `/api/weights`: folders of other people's models, as a model hub has them.

use std::path::Path;

use api::{Id, Model, NewWeights, WeightsCheck, WeightsFolder, WordsForecast, WordsForecastOf};
use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};
use worker::ThoughtOf;

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, InProject, OfProject},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(add_weights))
        .routes(routes!(check_weights))
        .routes(routes!(forecast_words))
        .routes(routes!(accept_licence))
}

/// Puts a folder of weights into the library as a model; its files stay where they are.
#[utoipa::path(post, path = "/api/weights", params(OfProject), tag = "weights", request_body = NewWeights,
    responses((status = 200, body = Model)))]
async fn add_weights(
    InProject(app): InProject,
    FromJson(new): FromJson<NewWeights>,
) -> Answer<Model> {
    let check = look(&app, &new.folder).await?;
    app.ask(move |studio| studio.add_weights(&new, check)).await
}

/// Says what is in a folder of weights, whether it is whole, and under which terms it may be used. Reads no weights.
#[utoipa::path(post, path = "/api/weights/check", tag = "weights", request_body = WeightsFolder,
    responses((status = 200, body = WeightsCheck)))]
async fn check_weights(
    State(app): State<App>,
    FromJson(it): FromJson<WeightsFolder>,
) -> Answer<WeightsCheck> {
    app.work(move |_| {
        worker::check_weights_here(Path::new(&it.folder)).map_err(Failure::unprocessable)
    })
    .await
    .map(axum::Json)
}

/// A sound that is thought of, as the forecast takes it.
pub(crate) fn thought_of(of: &WordsForecastOf) -> ThoughtOf {
    ThoughtOf {
        secs: of.secs,
        steps: of.steps.map(|steps| steps as usize),
        guidance: of.guidance,
        n_prompts: of.n_prompts.unwrap_or(1) as usize,
        in_8_bits: of.in_8_bits,
    }
}

/// Says how much time and memory a sound from words would take on this computer. Reads no weights.
#[utoipa::path(post, path = "/api/weights/forecast", tag = "weights", request_body = WordsForecastOf,
    responses((status = 200, body = WordsForecast)))]
async fn forecast_words(
    State(app): State<App>,
    FromJson(of): FromJson<WordsForecastOf>,
) -> Answer<WordsForecast> {
    let id = of.model.clone();
    let detail = app.call(move |studio| studio.model(&id)).await?;
    let folder = detail.model.linked.map(|it| it.folder).unwrap_or_default();
    let sound = thought_of(&of);
    app.work(move |_| {
        worker::forecast_words(Path::new(&folder), &sound).map_err(Failure::unprocessable)
    })
    .await
    .map(axum::Json)
}

/// Says that the terms of a model's licence were read and are accepted.
#[utoipa::path(post, path = "/api/models/{id}/accept-licence", tag = "weights", params(("id" = Id, Path)),
    responses((status = 200, body = Model)))]
async fn accept_licence(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Model> {
    app.ask(move |studio| studio.accept_licence(&id)).await
}

async fn look(app: &App, folder: &str) -> Result<WeightsCheck, Failure> {
    let folder = folder.to_owned();
    app.work(move |_| worker::check_weights(Path::new(&folder)).map_err(Failure::unprocessable))
        .await
}
