//! `/api/models`: checkpoints in the library, and sounds sent through them.

use std::path::Path;

use api::{Id, Model, ModelDetail, NewModel, NewReconstruction, Reconstruction, Rename};
use axum::{Json, body::Body, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
    uploads::receive,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(models, add_model))
        .routes(routes!(model, rename_model, delete_model))
        .routes(routes!(model_priors))
        .routes(routes!(model_adapters))
        .routes(routes!(restore_model))
        .routes(routes!(reconstruct_upload))
        .routes(routes!(reconstruct_sound))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InputName {
    /// The name of the sound, with its ending; `sound.wav` if absent.
    name: Option<String>,
}

/// Every model, newest first.
#[utoipa::path(get, path = "/api/models", params(OfProject), tag = "models",
    responses((status = 200, body = Vec<Model>)))]
async fn models(InProject(app): InProject) -> Answer<Vec<Model>> {
    app.ask(|studio| studio.models()).await
}

/// Puts a checkpoint into the library.
#[utoipa::path(post, path = "/api/models", params(OfProject), tag = "models", request_body = NewModel,
    responses((status = 200, body = Model)))]
async fn add_model(InProject(app): InProject, FromJson(new): FromJson<NewModel>) -> Answer<Model> {
    app.ask(move |studio| {
        let run = studio.run(&new.run)?;
        let rate_hz = worker::codec_rate_hz(&run.run.family, &run.settings);
        studio.add_model_at(new, rate_hz)
    })
    .await
}

/// One model with its reconstructions.
#[utoipa::path(get, path = "/api/models/{id}", tag = "models", params(("id" = Id, Path)),
    responses((status = 200, body = ModelDetail)))]
async fn model(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<ModelDetail> {
    app.work(move |app| {
        let detail = app.studio.model(&id)?;
        let facts = worker::model_facts(&Path::new(&detail.folder).join("weights.safetensors"));
        Ok(Json(ModelDetail { facts, ..detail }))
    })
    .await
}

/// Priors of a model, which make latents for it, newest first.
#[utoipa::path(get, path = "/api/models/{id}/priors", tag = "models", params(("id" = Id, Path)),
    responses((status = 200, body = Vec<Model>)))]
async fn model_priors(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Vec<Model>> {
    app.ask(move |studio| studio.priors_of(&id)).await
}

/// Adapters that can be added to a model's weights: its own, newest first, then those that do not say whose they are.
#[utoipa::path(get, path = "/api/models/{id}/adapters", tag = "models", params(("id" = Id, Path)),
    responses((status = 200, body = Vec<Model>)))]
async fn model_adapters(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Vec<Model>> {
    app.ask(move |studio| studio.adapters_of(&id)).await
}

/// Gives a model another name.
#[utoipa::path(patch, path = "/api/models/{id}", tag = "models", params(("id" = Id, Path)),
    request_body = Rename, responses((status = 200, body = Model)))]
async fn rename_model(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<Rename>,
) -> Answer<Model> {
    app.ask(move |studio| studio.rename_model(&id, &new.name)).await
}

/// Moves a model to the trash, from where it can be restored.
#[utoipa::path(delete, path = "/api/models/{id}", tag = "models", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_model(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_model(&id)).await
}

/// Takes a model back from the trash.
#[utoipa::path(post, path = "/api/models/{id}/restore", tag = "models", params(("id" = Id, Path)),
    responses((status = 200, body = Model)))]
async fn restore_model(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Model> {
    app.ask(move |studio| studio.restore_model(&id)).await
}

/// Sends a sound file, the raw body of the request, through a model and back.
#[utoipa::path(post, path = "/api/models/{id}/reconstructions", tag = "models",
    params(("id" = Id, Path), InputName),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Reconstruction)))]
async fn reconstruct_upload(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(input): FromQuery<InputName>,
    body: Body,
) -> Answer<Reconstruction> {
    let staged = app.call(|studio| studio.stage_input()).await?;
    let staged = receive(&app, staged, body).await?;
    let name = input.name.unwrap_or_else(|| "sound.wav".to_owned());
    app.call(move |studio| studio.reconstruct_upload(&id, &name, staged)).await.map(Json)
}

/// Sends a sound of a dataset through a model and back.
#[utoipa::path(post, path = "/api/models/{id}/reconstructions/from-dataset", tag = "models",
    params(("id" = Id, Path)), request_body = NewReconstruction,
    responses((status = 200, body = Reconstruction)))]
async fn reconstruct_sound(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<NewReconstruction>,
) -> Answer<Reconstruction> {
    app.ask(move |studio| studio.reconstruct_sound(&id, &new.dataset, new.idx)).await
}
