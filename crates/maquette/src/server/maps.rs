//! `/api/maps`: the latents of datasets, drawn.

use api::{Id, MapJob, NewMap};
use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
    stream::{self, Source},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_map))
        .routes(routes!(map_of_model))
        .routes(routes!(map))
        .routes(routes!(map_file))
}

/// Which map of a model is asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The one of a dataset; the newest if absent.
    dataset: Option<Id>,
}

/// Draws a map of what a model knows of a dataset; the one that is there already, or under way, where the weights and the
/// sounds are the same.
#[utoipa::path(post, path = "/api/maps", params(OfProject), tag = "maps", request_body = NewMap,
    responses((status = 200, body = MapJob)))]
async fn create_map(InProject(app): InProject, FromJson(new): FromJson<NewMap>) -> Answer<MapJob> {
    app.ask(move |studio| studio.create_map(new)).await
}

/// The map of a model, one that is done before others; `null` if there is none.
#[utoipa::path(get, path = "/api/models/{id}/map", tag = "maps", params(("id" = Id, Path), Which),
    responses((status = 200, body = Option<MapJob>)))]
async fn map_of_model(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(which): FromQuery<Which>,
) -> Answer<Option<MapJob>> {
    app.ask(move |studio| studio.map_of_model(&id, which.dataset.as_ref())).await
}

/// One map.
#[utoipa::path(get, path = "/api/maps/{id}", tag = "maps", params(("id" = Id, Path)),
    responses((status = 200, body = MapJob)))]
async fn map(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<MapJob> {
    app.ask(move |studio| studio.map(&id)).await
}

/// A file of its folder: `points.bin`, `coordinates.bin`, `embedding.bin`; parts of it by `Range`.
#[utoipa::path(get, path = "/api/maps/{id}/files/{*path}", tag = "maps",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the map's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn map_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app.call(move |studio| studio.map_file(&id, &path)).await?;
    stream::answer(Source::File(path), &headers).await
}
