//! `/api/films`: films of agents at play.

use api::{Film, FilmChange, FilmKind, Id, JobKind, NewFilm};
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
        .routes(routes!(films, create_film))
        .routes(routes!(film, change_film, delete_film))
        .routes(routes!(restore_film))
        .routes(routes!(open_film))
        .routes(routes!(film_file))
}

/// Which films are listed; all without any of these.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Only those of a game.
    game: Option<String>,
    /// Only those of a run.
    run: Option<Id>,
    /// Only those of a kind.
    kind: Option<FilmKind>,
}

impl Listed {
    fn has(&self, film: &Film) -> bool {
        self.game.as_ref().is_none_or(|it| *it == film.game)
            && self.run.as_ref().is_none_or(|it| *it == film.film.run)
            && self.kind.is_none_or(|it| it == film.film.kind)
    }
}

/// Films, newest first.
#[utoipa::path(get, path = "/api/films", params(OfProject, Listed), tag = "films",
    responses((status = 200, body = Vec<Film>)))]
async fn films(
    InProject(app): InProject,
    FromQuery(listed): FromQuery<Listed>,
) -> Answer<Vec<Film>> {
    app.ask(move |studio| {
        let mut films = studio.films()?;
        films.retain(|film| listed.has(film));
        Ok(films)
    })
    .await
}

/// Queues a film of episodes that a run has recorded.
#[utoipa::path(post, path = "/api/films", params(OfProject), tag = "films", request_body = NewFilm,
    responses((status = 200, body = Film)))]
async fn create_film(InProject(app): InProject, FromJson(new): FromJson<NewFilm>) -> Answer<Film> {
    app.ask(move |studio| studio.create_film(new)).await
}

/// One film.
#[utoipa::path(get, path = "/api/films/{id}", tag = "films",
    params(("id" = Id, Path)), responses((status = 200, body = Film)))]
async fn film(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Film> {
    app.ask(move |studio| studio.film(&id)).await
}

/// Gives a film another name, or marks it as a favourite or as watched.
#[utoipa::path(patch, path = "/api/films/{id}", tag = "films", params(("id" = Id, Path)),
    request_body = FilmChange, responses((status = 200, body = Film)))]
async fn change_film(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<FilmChange>,
) -> Answer<Film> {
    app.ask(move |studio| studio.change_film(&id, &new)).await
}

/// How a film is deleted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Deleting {
    /// Past the trash.
    #[serde(default)]
    forever: bool,
}

/// Moves a film to the trash, from where it can be restored; one under way is cancelled.
#[utoipa::path(delete, path = "/api/films/{id}", tag = "films",
    params(("id" = Id, Path), Deleting), responses((status = 204)))]
async fn delete_film(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(how): FromQuery<Deleting>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| {
        studio.job_of(JobKind::Film, &id)?;
        match how.forever {
            true => studio.discard_job(&id),
            false => studio.delete_job(&id),
        }
    })
    .await
}

/// Takes a film back from the trash.
#[utoipa::path(post, path = "/api/films/{id}/restore", tag = "films",
    params(("id" = Id, Path)), responses((status = 200, body = Film)))]
async fn restore_film(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Film> {
    app.ask(move |studio| {
        studio.restore_job(&id)?;
        studio.film(&id)
    })
    .await
}

/// Shows the film's folder in the file manager of the computer that Maquette runs on.
#[utoipa::path(post, path = "/api/films/{id}/open", tag = "films",
    params(("id" = Id, Path)), responses((status = 200, body = Film)))]
async fn open_film(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Film> {
    let film = app.call(move |studio| studio.film(&id)).await?;
    folders::show(&film.folder)?;
    Ok(Json(film))
}

/// A file of its folder, like the film or its picture; parts of it by `Range`.
#[utoipa::path(get, path = "/api/films/{id}/files/{*path}", tag = "films",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the film's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn film_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app.call(move |studio| studio.film_file(&id, &path)).await?;
    stream::answer(Source::File(path), &headers).await
}
