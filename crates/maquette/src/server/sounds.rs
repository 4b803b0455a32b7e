//! `/api/sounds`: the library of sounds that were generated or recorded, and kept.

use api::{Id, ModelPlace, NewSound, Peaks, Recipe, Sound, SoundChange};
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
        .routes(routes!(sounds, keep_sound))
        .routes(routes!(sound, change_sound, delete_sound))
        .routes(routes!(restore_sound))
        .routes(routes!(open_sound))
        .routes(routes!(sound_file))
        .routes(routes!(sound_peaks))
        .routes(routes!(sound_recipe))
}

/// Which sounds are listed; all without any of these.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Only those somebody likes, or only others.
    favourite: Option<bool>,
    /// Only those that a model made, alone or with others.
    model: Option<Id>,
    /// Only those with this in their name, their words or the names of their models.
    text: Option<String>,
    /// At most so many.
    limit: Option<usize>,
}

impl Listed {
    fn has(&self, sound: &Sound) -> bool {
        let models = &sound.card.recipe.models;
        let is_of = |id: &Id| {
            models.iter().any(|it| matches!(&it.place, ModelPlace::Library { id: of } if of == id))
        };
        let has_text = |text: &String| {
            let text = text.to_lowercase();
            let words = std::iter::once(&sound.card.name).chain(&sound.tags);
            let words = words.chain(models.iter().map(|model| &model.name));
            words.into_iter().any(|word| word.to_lowercase().contains(text.trim()))
        };
        self.favourite.is_none_or(|it| it == sound.is_favourite)
            && self.model.as_ref().is_none_or(is_of)
            && self.text.as_ref().is_none_or(has_text)
    }
}

/// Sounds, newest first. Of long trajectories, recipes here have no frames; `/api/sounds/{id}/recipe` has them.
#[utoipa::path(get, path = "/api/sounds", params(OfProject, Listed), tag = "sounds",
    responses((status = 200, body = Vec<Sound>)))]
async fn sounds(
    InProject(app): InProject,
    FromQuery(listed): FromQuery<Listed>,
) -> Answer<Vec<Sound>> {
    app.ask(move |studio| {
        let mut sounds = studio.sounds()?;
        sounds.retain(|sound| listed.has(sound));
        sounds.truncate(listed.limit.unwrap_or(usize::MAX));
        Ok(sounds)
    })
    .await
}

/// Keeps a sound of a generation or a session in the library. One that is there already is answered with.
#[utoipa::path(post, path = "/api/sounds", tag = "sounds", request_body = NewSound,
    responses((status = 200, body = Sound)))]
async fn keep_sound(State(app): State<App>, FromJson(new): FromJson<NewSound>) -> Answer<Sound> {
    app.ask(move |studio| studio.create_sound(new)).await
}

/// One sound.
#[utoipa::path(get, path = "/api/sounds/{id}", tag = "sounds", params(("id" = Id, Path)),
    responses((status = 200, body = Sound)))]
async fn sound(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Sound> {
    app.ask(move |studio| studio.sound(&id)).await
}

/// Gives a sound another name, other words, or marks it as a favourite.
#[utoipa::path(patch, path = "/api/sounds/{id}", tag = "sounds", params(("id" = Id, Path)),
    request_body = SoundChange, responses((status = 200, body = Sound)))]
async fn change_sound(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<SoundChange>,
) -> Answer<Sound> {
    app.ask(move |studio| studio.change_sound(&id, &new)).await
}

/// Moves a sound to the trash, from where it can be restored.
#[utoipa::path(delete, path = "/api/sounds/{id}", tag = "sounds", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_sound(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_sound(&id)).await
}

/// Takes a sound back from the trash.
#[utoipa::path(post, path = "/api/sounds/{id}/restore", tag = "sounds", params(("id" = Id, Path)),
    responses((status = 200, body = Sound)))]
async fn restore_sound(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Sound> {
    app.ask(move |studio| studio.restore_sound(&id)).await
}

/// Shows the sound's folder in the file manager of the computer that Maquette runs on.
#[utoipa::path(post, path = "/api/sounds/{id}/open", tag = "sounds", params(("id" = Id, Path)),
    responses((status = 200, body = Sound)))]
async fn open_sound(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Sound> {
    let sound = app.call(move |studio| studio.sound(&id)).await?;
    folders::show(&sound.folder)?;
    Ok(Json(sound))
}

/// A file of its folder, like `sound.wav`; parts of it by `Range`.
#[utoipa::path(get, path = "/api/sounds/{id}/files/{*path}", tag = "sounds",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the sound's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn sound_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app.call(move |studio| studio.sound_file(&id, &path)).await?;
    stream::answer(Source::File(path), &headers).await
}

/// The shape of a sound; without any pairs where nobody has drawn it.
#[utoipa::path(get, path = "/api/sounds/{id}/peaks", tag = "sounds", params(("id" = Id, Path)),
    responses((status = 200, body = Peaks)))]
async fn sound_peaks(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Peaks> {
    app.ask(move |studio| studio.sound_peaks(&id)).await
}

/// How a sound was made, ready to be made again: as `recipe` of a new generation it gives the same sound.
#[utoipa::path(get, path = "/api/sounds/{id}/recipe", tag = "sounds", params(("id" = Id, Path)),
    responses((status = 200, body = Recipe)))]
async fn sound_recipe(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Recipe> {
    app.ask(move |studio| studio.sound_recipe(&id)).await
}
