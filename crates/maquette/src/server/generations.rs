//! `/api/generations`: sounds made from recipes, many at once, to listen to and to choose from.

use api::{GeneratedSound, Generation, Id, JobKind, NewGeneration, Peaks, Rename};
use axum::{
    Json,
    extract::{DefaultBodyLimit, State},
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

/// The longest request: one with ten minutes of a trajectory.
const BODY_BYTES_MAX: usize = 64 << 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(generations, create_generation))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .routes(routes!(generation, rename_generation, delete_generation))
        .routes(routes!(restore_generation))
        .routes(routes!(open_generation))
        .routes(routes!(generated_sounds))
        .routes(routes!(generated_sound, discard_generated))
        .routes(routes!(generated_peaks))
        .routes(routes!(generation_file))
}

/// Generations, newest first. Of long trajectories, recipes here have no frames.
#[utoipa::path(get, path = "/api/generations", params(OfProject), tag = "generations",
    responses((status = 200, body = Vec<Generation>)))]
async fn generations(InProject(app): InProject) -> Answer<Vec<Generation>> {
    app.ask(|studio| studio.generations()).await
}

/// Queues the making of sounds.
#[utoipa::path(post, path = "/api/generations", params(OfProject), tag = "generations",
    request_body = NewGeneration, responses((status = 200, body = Generation)))]
async fn create_generation(
    InProject(app): InProject,
    FromJson(new): FromJson<NewGeneration>,
) -> Answer<Generation> {
    app.ask(move |studio| studio.create_generation(new)).await
}

/// One generation; its sounds are listed by `/api/generations/{id}/sounds`.
#[utoipa::path(get, path = "/api/generations/{id}", tag = "generations", params(("id" = Id, Path)),
    responses((status = 200, body = Generation)))]
async fn generation(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Generation> {
    app.ask(move |studio| studio.generation(&id)).await
}

/// Gives a generation another name.
#[utoipa::path(patch, path = "/api/generations/{id}", tag = "generations", params(("id" = Id, Path)),
    request_body = Rename, responses((status = 200, body = Generation)))]
async fn rename_generation(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<Rename>,
) -> Answer<Generation> {
    app.ask(move |studio| studio.rename_generation(&id, &new.name)).await
}

/// How a generation is deleted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Deleting {
    /// Past the trash.
    #[serde(default)]
    forever: bool,
}

/// Moves a generation to the trash, from where it can be restored; one under way is cancelled. To end one and keep what it
/// has made, ask `/api/jobs/{id}/cancel`.
#[utoipa::path(delete, path = "/api/generations/{id}", tag = "generations",
    params(("id" = Id, Path), Deleting), responses((status = 204)))]
async fn delete_generation(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(how): FromQuery<Deleting>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| {
        studio.job_of(JobKind::Generate, &id)?;
        match how.forever {
            true => studio.discard_job(&id),
            false => studio.delete_job(&id),
        }
    })
    .await
}

/// Takes a generation back from the trash.
#[utoipa::path(post, path = "/api/generations/{id}/restore", tag = "generations",
    params(("id" = Id, Path)), responses((status = 200, body = Generation)))]
async fn restore_generation(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<Generation> {
    app.ask(move |studio| {
        studio.restore_job(&id)?;
        studio.generation(&id)
    })
    .await
}

/// Shows the generation's folder in the file manager of the computer that Maquette runs on.
#[utoipa::path(post, path = "/api/generations/{id}/open", tag = "generations",
    params(("id" = Id, Path)), responses((status = 200, body = Generation)))]
async fn open_generation(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Generation> {
    let generation = app.call(move |studio| studio.generation(&id)).await?;
    folders::show(&generation.folder)?;
    Ok(Json(generation))
}

/// Which sounds of a generation are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// Those after this number; from the first if absent.
    #[serde(default)]
    after: u32,
    /// At most so many; 100 if absent, and never more than 1,000.
    limit: Option<usize>,
}

/// The sounds of a generation that are made, in order. Keep one by `/api/sounds`, with its `path`.
#[utoipa::path(get, path = "/api/generations/{id}/sounds", tag = "generations",
    params(("id" = Id, Path), Page), responses((status = 200, body = Vec<GeneratedSound>)))]
async fn generated_sounds(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(page): FromQuery<Page>,
) -> Answer<Vec<GeneratedSound>> {
    let limit = page.limit.unwrap_or(100);
    app.ask(move |studio| studio.generated_sounds(&id, page.after, limit)).await
}

/// One sound of a generation, with its whole recipe.
#[utoipa::path(get, path = "/api/generations/{id}/sounds/{number}", tag = "generations",
    params(("id" = Id, Path), ("number" = u32, Path, description = "Its number, from 1.")),
    responses((status = 200, body = GeneratedSound)))]
async fn generated_sound(
    State(app): State<App>,
    FromPath((id, number)): FromPath<(Id, u32)>,
) -> Answer<GeneratedSound> {
    app.ask(move |studio| studio.generated_sound(&id, number)).await
}

/// Throws a sound of a generation away for good. One that was kept stays in the library.
#[utoipa::path(delete, path = "/api/generations/{id}/sounds/{number}", tag = "generations",
    params(("id" = Id, Path), ("number" = u32, Path, description = "Its number, from 1.")),
    responses((status = 204)))]
async fn discard_generated(
    State(app): State<App>,
    FromPath((id, number)): FromPath<(Id, u32)>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.discard_generated(&id, number)).await
}

/// The shape of a sound of a generation.
#[utoipa::path(get, path = "/api/generations/{id}/sounds/{number}/peaks", tag = "generations",
    params(("id" = Id, Path), ("number" = u32, Path, description = "Its number, from 1.")),
    responses((status = 200, body = Peaks)))]
async fn generated_peaks(
    State(app): State<App>,
    FromPath((id, number)): FromPath<(Id, u32)>,
) -> Answer<Peaks> {
    app.ask(move |studio| studio.generated_peaks(&id, number)).await
}

/// A file of its folder, like `sounds/0001/sound.wav`; parts of it by `Range`.
#[utoipa::path(get, path = "/api/generations/{id}/files/{*path}", tag = "generations",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the generation's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn generation_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app.call(move |studio| studio.generation_file(&id, &path)).await?;
    stream::answer(Source::File(path), &headers).await
}
