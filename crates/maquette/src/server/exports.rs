//! `/api/exports`: models in the forms that players and other programs need.

use api::{Export, ExportTask, Id, JobKind};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    folders,
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
    stream::{self, Source},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(exports, create_export))
        .routes(routes!(export, delete_export))
        .routes(routes!(restore_export))
        .routes(routes!(open_export))
        .routes(routes!(export_file))
}

/// Every export, newest first.
#[utoipa::path(get, path = "/api/exports", params(OfProject), tag = "exports",
    responses((status = 200, body = Vec<Export>)))]
async fn exports(InProject(app): InProject) -> Answer<Vec<Export>> {
    app.ask(studio::Studio::exports).await
}

/// Queues an export.
#[utoipa::path(post, path = "/api/exports", params(OfProject), tag = "exports", request_body = ExportTask,
    responses((status = 200, body = Export)))]
async fn create_export(
    InProject(app): InProject,
    FromJson(task): FromJson<ExportTask>,
) -> Answer<Export> {
    app.ask(move |studio| studio.create_export(task)).await
}

/// One export.
#[utoipa::path(get, path = "/api/exports/{id}", tag = "exports",
    params(("id" = Id, Path)), responses((status = 200, body = Export)))]
async fn export(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Export> {
    app.ask(move |studio| studio.export(&id)).await
}

/// How an export is deleted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Deleting {
    /// Past the trash.
    #[serde(default)]
    forever: bool,
}

/// Moves an export to the trash, from where it can be restored; one under way is cancelled.
#[utoipa::path(delete, path = "/api/exports/{id}", tag = "exports",
    params(("id" = Id, Path), Deleting), responses((status = 204)))]
async fn delete_export(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(how): FromQuery<Deleting>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| {
        studio.job_of(JobKind::Export, &id)?;
        match how.forever {
            true => studio.discard_job(&id),
            false => studio.delete_job(&id),
        }
    })
    .await
}

/// Takes an export back from the trash.
#[utoipa::path(post, path = "/api/exports/{id}/restore", tag = "exports",
    params(("id" = Id, Path)), responses((status = 200, body = Export)))]
async fn restore_export(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Export> {
    app.ask(move |studio| {
        studio.restore_job(&id)?;
        studio.export(&id)
    })
    .await
}

/// Shows the export's folder in the file manager of the computer that Maquette runs on.
#[utoipa::path(post, path = "/api/exports/{id}/open", tag = "exports",
    params(("id" = Id, Path)), responses((status = 200, body = Export)))]
async fn open_export(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Export> {
    let export = app.call(move |studio| studio.export(&id)).await?;
    if !std::path::Path::new(&export.folder).is_dir() {
        return Err(folders::not_shown("no_folder", &"The export has no files"));
    }
    folders::show(&export.folder)?;
    Ok(Json(export))
}

/// A file that it made; parts of it by `Range`.
#[utoipa::path(get, path = "/api/exports/{id}/files/{*path}", tag = "exports",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the export's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn export_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app.call(move |studio| studio.export_file(&id, &path)).await?;
    stream::answer(Source::File(path), &headers).await
}
