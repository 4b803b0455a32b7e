//! `/api/engines`: programs of others that run models.

use std::path::Path;

use api::{Engine, EngineCheck, NewEngine};
use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, InProject, OfProject},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_engines, add_engine)).routes(routes!(check_engine))
}

/// The engines whose models are in the library.
#[utoipa::path(get, path = "/api/engines", tag = "engines", responses((status = 200, body = Vec<Engine>)))]
async fn list_engines(State(app): State<App>) -> Answer<Vec<Engine>> {
    app.ask(|studio| studio.engines()).await
}

/// Starts the engine of a folder to ask what it runs, and puts its models into the library.
#[utoipa::path(post, path = "/api/engines", params(OfProject), tag = "engines", request_body = NewEngine,
    responses((status = 200, body = Engine)))]
async fn add_engine(
    InProject(app): InProject,
    FromJson(new): FromJson<NewEngine>,
) -> Answer<Engine> {
    let check = ask(&app, &new.folder).await?;
    app.ask(move |studio| studio.add_engine(&new, check)).await
}

/// Starts the engine of a folder to ask how it is and what it runs.
#[utoipa::path(post, path = "/api/engines/check", tag = "engines", request_body = NewEngine,
    responses((status = 200, body = EngineCheck)))]
async fn check_engine(
    State(app): State<App>,
    FromJson(it): FromJson<NewEngine>,
) -> Answer<EngineCheck> {
    ask(&app, &it.folder).await.map(axum::Json)
}

async fn ask(app: &App, folder: &str) -> Result<EngineCheck, Failure> {
    let folder = folder.to_owned();
    app.work(move |_| worker::check_engine(Path::new(&folder)).map_err(Failure::unprocessable))
        .await
}
