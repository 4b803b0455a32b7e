//! `/api/folders`: folders on this computer, to choose from.

use std::path::PathBuf;

use api::{FolderFiles, FolderListing};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, error::Answer, input::FromQuery};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(folders))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Folder {
    /// Its absolute path; the home folder if absent.
    #[param(value_type = Option<String>)]
    path: Option<PathBuf>,
    /// Files to list with it; none if absent.
    #[param(inline)]
    files: Option<FolderFiles>,
}

/// A folder on this computer, to choose sounds from.
#[utoipa::path(get, path = "/api/folders", tag = "outside", params(Folder),
    responses((status = 200, body = FolderListing)))]
async fn folders(
    State(app): State<App>,
    FromQuery(folder): FromQuery<Folder>,
) -> Answer<FolderListing> {
    app.ask(move |studio| studio.folders(folder.path.as_deref(), folder.files)).await
}
