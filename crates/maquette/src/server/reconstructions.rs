//! `/api/reconstructions`: sounds that went through a model and back.

use api::{Id, JobKind, Reconstruction};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::FromPath,
    stream::{self, Source},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(reconstruction, delete_reconstruction))
        .routes(routes!(restore_reconstruction))
        .routes(routes!(reconstruction_file))
}

/// One reconstruction.
#[utoipa::path(get, path = "/api/reconstructions/{id}", tag = "reconstructions",
    params(("id" = Id, Path)), responses((status = 200, body = Reconstruction)))]
async fn reconstruction(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<Reconstruction> {
    app.ask(move |studio| studio.reconstruction(&id)).await
}

/// Moves a reconstruction to the trash, from where it can be restored.
#[utoipa::path(delete, path = "/api/reconstructions/{id}", tag = "reconstructions",
    params(("id" = Id, Path)), responses((status = 204)))]
async fn delete_reconstruction(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| {
        studio.job_of(JobKind::Reconstruct, &id)?;
        studio.delete_job(&id)
    })
    .await
}

/// Takes a reconstruction back from the trash.
#[utoipa::path(post, path = "/api/reconstructions/{id}/restore", tag = "reconstructions",
    params(("id" = Id, Path)), responses((status = 200, body = Reconstruction)))]
async fn restore_reconstruction(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<Reconstruction> {
    app.ask(move |studio| {
        studio.restore_job(&id)?;
        studio.reconstruction(&id)
    })
    .await
}

/// A file of its folder, like the reconstructed sound; parts of it by `Range`.
#[utoipa::path(get, path = "/api/reconstructions/{id}/files/{*path}", tag = "reconstructions",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the reconstruction's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn reconstruction_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app
        .call(move |studio| {
            studio.job_of(JobKind::Reconstruct, &id)?;
            studio.job_file(&id, &path)
        })
        .await?;
    stream::answer(Source::File(path), &headers).await
}
