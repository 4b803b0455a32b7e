//! `/api/daw`: projects of audio workstations, what is in them, and taking their sounds into the library. They are written
//! in other forms by changes.

use std::path::{Path, PathBuf};

use api::{DawFiles, DawPicture, DawReport, DawSoundsTaken, TakeDawSounds};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use studio::DawSoundToTake;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromQuery, InProject, OfProject},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(daw_project))
        .routes(routes!(daw_picture))
        .routes(routes!(daw_files))
        .routes(routes!(take_daw_sounds))
}

/// A project on this computer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Opened {
    /// The absolute path of the project.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    path: PathBuf,
    /// The absolute path of a folder to look for its sound files in, by their names, besides where the project says.
    #[param(value_type = Option<String>)]
    sounds: Option<PathBuf>,
}

impl Opened {
    /// The project and the folder, once their paths are seen to be whole.
    fn places(&self) -> Result<(&Path, Option<&Path>), Failure> {
        absolute(&self.path)?;
        let sounds = self.sounds.as_deref().filter(|it| !it.as_os_str().is_empty());
        sounds.map(absolute).transpose()?;
        Ok((&self.path, sounds))
    }
}

/// What is in a project of an audio workstation, as `maquette daw read --json` prints it.
#[utoipa::path(get, path = "/api/daw", tag = "daw", params(Opened), responses((status = 200, body = DawReport)))]
async fn daw_project(
    State(app): State<App>,
    FromQuery(opened): FromQuery<Opened>,
) -> Answer<DawReport> {
    let report = app.work(move |_| {
        let (path, sounds) = opened.places()?;
        worker::daw_read(path, sounds).map_err(Failure::unprocessable)
    });
    report.await.map(Json)
}

/// What pages draw of a project: bars, notes, and its sound files with what they are in the library.
#[utoipa::path(get, path = "/api/daw/picture", tag = "daw", params(OfProject, Opened),
    responses((status = 200, body = DawPicture)))]
async fn daw_picture(
    InProject(app): InProject,
    FromQuery(opened): FromQuery<Opened>,
) -> Answer<DawPicture> {
    let picture = app.work(move |app| {
        let (path, sounds) = opened.places()?;
        let mut picture = worker::daw_picture(path, sounds).map_err(Failure::unprocessable)?;
        let found: Vec<PathBuf> = picture
            .sounds
            .iter()
            .filter_map(|it| it.found_at.as_ref())
            .map(PathBuf::from)
            .collect();
        let paths: Vec<&Path> = found.iter().map(PathBuf::as_path).collect();
        let mut items = app.studio.items_at(&paths)?.into_iter();
        for sound in picture.sounds.iter_mut().filter(|it| it.found_at.is_some()) {
            sound.item = items.next().flatten();
        }
        Ok(picture)
    });
    picture.await.map(Json)
}

/// Projects of audio workstations that lie in folders of the library, newest first.
#[utoipa::path(get, path = "/api/daw/files", tag = "daw", params(OfProject), responses((status = 200, body = DawFiles)))]
async fn daw_files(InProject(app): InProject) -> Answer<DawFiles> {
    app.ask(studio::Studio::daw_files).await
}

/// Takes the sounds of a project that were found into the library, where they are, with tags of project and tracks.
#[utoipa::path(post, path = "/api/daw/sounds", tag = "daw", params(OfProject), request_body = TakeDawSounds,
    responses((status = 200, body = DawSoundsTaken)))]
async fn take_daw_sounds(
    InProject(app): InProject,
    FromJson(take): FromJson<TakeDawSounds>,
) -> Answer<DawSoundsTaken> {
    let taken = app.work(move |app| {
        let opened = Opened { path: take.path, sounds: take.sounds };
        let (path, sounds) = opened.places()?;
        let picture = worker::daw_picture(path, sounds).map_err(Failure::unprocessable)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let found = picture
            .sounds
            .into_iter()
            .filter_map(|it| Some(DawSoundToTake { path: it.found_at?.into(), tracks: it.tracks }));
        Ok(app.studio.take_daw_sounds(&name, &found.collect::<Vec<_>>())?)
    });
    taken.await.map(Json)
}

/// Sees that a path is whole.
fn absolute(path: &Path) -> Result<(), Failure> {
    match path.is_absolute() {
        true => Ok(()),
        false => Err(Failure::plain(
            StatusCode::UNPROCESSABLE_ENTITY,
            "not_absolute",
            "The project was not opened.",
            "Give the whole path, from the root of the disk.",
        )),
    }
}
