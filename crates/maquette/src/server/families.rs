//! `/api/families`, `/api/compositions`: what can be chosen of a family, and what choices come to.

use api::{Family, NewComposition, RunForecast};
use axum::Json;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::Answer,
    input::{FromJson, InProject, OfProject},
    presets::{composed, forecast},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(families)).routes(routes!(compose))
}

/// Families of models with their presets and knobs, the recommended ones first.
#[utoipa::path(get, path = "/api/families", tag = "about",
    responses((status = 200, body = Vec<Family>)))]
async fn families() -> Json<Vec<Family>> {
    Json(worker::families())
}

/// What choices come to: the whole settings, where each came from, and what the model will be like.
#[utoipa::path(post, path = "/api/compositions", params(OfProject), tag = "presets", request_body = NewComposition,
    responses((status = 200, body = RunForecast)))]
async fn compose(
    InProject(app): InProject,
    FromJson(new): FromJson<NewComposition>,
) -> Answer<RunForecast> {
    let composed = move |app: &App| match &new.dataset {
        Some(dataset) => forecast(&app.studio, &new.choices, Some(dataset), new.limit),
        None => composed(&app.studio, &new.choices),
    };
    app.work(composed).await.map(Json)
}
