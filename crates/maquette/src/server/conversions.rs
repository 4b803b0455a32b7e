//! `/api/conversions`: sound to latents, and latents to sound.

use api::{Conversion, ConvertTask, Id, JobKind};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, InProject, OfProject},
    stream::{self, Source},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_conversion))
        .routes(routes!(conversion, delete_conversion))
        .routes(routes!(conversion_file))
}

/// Queues a conversion.
#[utoipa::path(post, path = "/api/conversions", params(OfProject), tag = "conversions", request_body = ConvertTask,
    responses((status = 200, body = Conversion)))]
async fn create_conversion(
    InProject(app): InProject,
    FromJson(task): FromJson<ConvertTask>,
) -> Answer<Conversion> {
    app.ask(move |studio| studio.create_conversion(task)).await
}

/// One conversion.
#[utoipa::path(get, path = "/api/conversions/{id}", tag = "conversions",
    params(("id" = Id, Path)), responses((status = 200, body = Conversion)))]
async fn conversion(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Conversion> {
    app.ask(move |studio| studio.conversion(&id)).await
}

/// Removes a conversion with what it made; one under way is cancelled.
#[utoipa::path(delete, path = "/api/conversions/{id}", tag = "conversions",
    params(("id" = Id, Path)), responses((status = 204)))]
async fn delete_conversion(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| {
        studio.job_of(JobKind::Convert, &id)?;
        studio.delete_job(&id)
    })
    .await
}

/// A file that it made; parts of it by `Range`.
#[utoipa::path(get, path = "/api/conversions/{id}/files/{*path}", tag = "conversions",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the conversion's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn conversion_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app
        .call(move |studio| {
            studio.job_of(JobKind::Convert, &id)?;
            studio.job_file(&id, &path)
        })
        .await?;
    stream::answer(Source::File(path), &headers).await
}
