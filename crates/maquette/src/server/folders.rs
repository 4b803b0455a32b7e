//! `/api/folders`: folders on this computer, to choose from; and showing one in the file manager.

use std::{fmt, path::PathBuf};

use api::{FolderFiles, FolderListing};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::FromQuery,
};
use crate::opener;

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

/// Shows a folder in the file manager of the computer that Maquette runs on.
///
/// # Errors
/// When there is no desktop, or the file manager cannot be started.
pub(super) fn show(folder: &str) -> Result<(), Failure> {
    let Some(opener) = opener::find() else {
        return Err(not_shown("no_screen", &"Maquette is running without a desktop"));
    };
    opener::open(opener, folder).map_err(|error| not_shown("not_opened", &error))
}

/// That a folder is not shown, and why.
pub(super) fn not_shown(code: &str, why: &dyn fmt::Display) -> Failure {
    let what = "The folder could not be opened.";
    let remedy = "Copy the path and open it yourself.";
    Failure::plain(StatusCode::CONFLICT, code, what, remedy).because(why)
}
