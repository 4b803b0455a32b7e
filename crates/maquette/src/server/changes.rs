//! `/api/changes`: what is done to sounds and MIDI files of the library, and keeping what comes out.

use api::{ChangeJob, Id, JobKind, KeepChanged, LibraryItemDetail, NewChange};
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
        .routes(routes!(create_change))
        .routes(routes!(change, delete_change))
        .routes(routes!(keep_changed))
        .routes(routes!(change_file))
}

/// Queues a change of sounds or MIDI files. The files stay as they are.
#[utoipa::path(post, path = "/api/changes", params(OfProject), tag = "changes",
    request_body = NewChange, responses((status = 200, body = ChangeJob)))]
async fn create_change(
    InProject(app): InProject,
    FromJson(new): FromJson<NewChange>,
) -> Answer<ChangeJob> {
    app.ask(move |studio| studio.create_change(new)).await
}

/// One change.
#[utoipa::path(get, path = "/api/changes/{id}", tag = "changes", params(("id" = Id, Path)),
    responses((status = 200, body = ChangeJob)))]
async fn change(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<ChangeJob> {
    app.ask(move |studio| studio.change_job(&id)).await
}

/// Removes a change with what it made; one under way is cancelled. What was kept stays.
#[utoipa::path(delete, path = "/api/changes/{id}", tag = "changes", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_change(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| {
        studio.job_of(JobKind::Change, &id)?;
        studio.delete_job(&id)
    })
    .await
}

/// Takes a sound that a change made into the library, with what it was made of.
#[utoipa::path(post, path = "/api/changes/{id}/keep", tag = "changes", params(("id" = Id, Path)),
    request_body = KeepChanged, responses((status = 200, body = LibraryItemDetail)))]
async fn keep_changed(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(keep): FromJson<KeepChanged>,
) -> Answer<LibraryItemDetail> {
    app.ask(move |studio| studio.keep_changed(&id, &keep)).await
}

/// A file that it made; parts of it by `Range`.
#[utoipa::path(get, path = "/api/changes/{id}/files/{*path}", tag = "changes",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the change's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn change_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app
        .call(move |studio| {
            studio.job_of(JobKind::Change, &id)?;
            studio.job_file(&id, &path)
        })
        .await?;
    stream::answer(Source::File(path), &headers).await
}
