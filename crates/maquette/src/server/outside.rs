//! `/api/folders`, `/api/imports`: what comes from elsewhere on this computer.

use std::path::{Path, PathBuf};

use api::{FolderListing, Imported, NewImport};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::Answer,
    input::{FromJson, FromQuery},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(folders)).routes(routes!(import))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Folder {
    /// Its absolute path; the home folder if absent.
    #[param(value_type = Option<String>)]
    path: Option<PathBuf>,
}

/// A folder on this computer, to choose sounds from.
#[utoipa::path(get, path = "/api/folders", tag = "outside", params(Folder),
    responses((status = 200, body = FolderListing)))]
async fn folders(
    State(app): State<App>,
    FromQuery(folder): FromQuery<Folder>,
) -> Answer<FolderListing> {
    app.ask(move |studio| studio.folders(folder.path.as_deref())).await
}

/// Copies the folder of a dataset, a run or a model into the workspace.
#[utoipa::path(post, path = "/api/imports", tag = "outside", request_body = NewImport,
    responses((status = 200, body = Imported)))]
async fn import(State(app): State<App>, FromJson(new): FromJson<NewImport>) -> Answer<Imported> {
    app.ask(move |studio| studio.import(Path::new(&new.path))).await
}
