//! `/api/imports`: what comes from elsewhere on this computer.

use std::path::Path;

use api::{Findings, Id, Import, ImportTask, Imported, NewImport};
use axum::{Json, extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, InProject, OfProject},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(import, foreign_imports))
        .routes(routes!(inspect))
        .routes(routes!(create_import))
        .routes(routes!(foreign_import, delete_import))
        .routes(routes!(take_import))
}

/// Copies the folder of a dataset, a run or a model into the workspace.
#[utoipa::path(post, path = "/api/imports", params(OfProject), tag = "outside", request_body = NewImport,
    responses((status = 200, body = Imported)))]
async fn import(InProject(app): InProject, FromJson(new): FromJson<NewImport>) -> Answer<Imported> {
    app.ask(move |studio| studio.import(Path::new(&new.path))).await
}

/// What another program left in a folder or a file, and what would become of it.
#[utoipa::path(post, path = "/api/imports/inspect", tag = "outside", request_body = NewImport,
    responses((status = 200, body = Findings)))]
async fn inspect(State(app): State<App>, FromJson(new): FromJson<NewImport>) -> Answer<Findings> {
    app.work(move |_| {
        worker::inspect(Path::new(&new.path))
            .map(Json)
            .map_err(|problem| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, problem))
    })
    .await
}

/// Queues an import of what another program left.
#[utoipa::path(post, path = "/api/imports/foreign", params(OfProject), tag = "outside",
    request_body = ImportTask, responses((status = 200, body = Import)))]
async fn create_import(
    InProject(app): InProject,
    FromJson(new): FromJson<ImportTask>,
) -> Answer<Import> {
    app.ask(move |studio| studio.create_import(new)).await
}

/// Imports of what another program left that nobody took yet, newest first.
#[utoipa::path(get, path = "/api/imports", params(OfProject), tag = "outside",
    responses((status = 200, body = Vec<Import>)))]
async fn foreign_imports(InProject(app): InProject) -> Answer<Vec<Import>> {
    app.ask(|studio| studio.foreign_imports()).await
}

/// One import of what another program left.
#[utoipa::path(get, path = "/api/imports/{id}", tag = "outside",
    params(("id" = Id, Path)), responses((status = 200, body = Import)))]
async fn foreign_import(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Import> {
    app.ask(move |studio| studio.foreign_import(&id)).await
}

/// Removes an import with what nobody took; one under way is cancelled.
#[utoipa::path(delete, path = "/api/imports/{id}", tag = "outside",
    params(("id" = Id, Path)), responses((status = 204)))]
async fn delete_import(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_import(&id)).await
}

/// Takes what an import made into the library.
#[utoipa::path(post, path = "/api/imports/{id}/take", tag = "outside",
    params(("id" = Id, Path)), responses((status = 200, body = Vec<Imported>)))]
async fn take_import(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Vec<Imported>> {
    app.ask(move |studio| studio.take_import(&id)).await
}
