//! `/api/memory`: the patterns of one's own sounds, what finds them, and what a person says of them.

use api::{
    FindPatterns, FoundPatterns, Id, MemoryJob, MemoryMoved, MemoryOverview, NewMemoryQuery,
    NewPatterns, PatternDetail, PatternEdit, PatternId, PatternList, PatternMap, RatePattern,
    TakePatterns,
};
use axum::{Json, body::Body, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
    stream::{self, Source},
    uploads::receive,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(memory_overview))
        .routes(routes!(list_patterns, add_patterns))
        .routes(routes!(delete_patterns))
        .routes(routes!(find_patterns))
        .routes(routes!(create_memory_query))
        .routes(routes!(memory_job))
        .routes(routes!(memory_job_file))
        .routes(routes!(pattern_map))
        .routes(routes!(pattern, change_pattern))
        .routes(routes!(pattern_sound))
        .routes(routes!(rate_pattern, withdraw_rating))
        .routes(routes!(forget_ratings))
        .routes(routes!(restore_to_memory))
        .routes(routes!(take_patterns))
        .routes(routes!(import_patterns))
        .routes(routes!(mend_memory))
}

/// What is in the memory of one's own sounds.
#[utoipa::path(get, path = "/api/memory", tag = "memory", responses((status = 200, body = MemoryOverview)))]
async fn memory_overview(State(app): State<App>) -> Answer<MemoryOverview> {
    app.ask(|studio| studio.memory()).await
}

/// Which patterns, and how many.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Words and facts that they must fit.
    #[serde(default)]
    words: String,
    /// How many to leave out from the beginning.
    #[serde(default)]
    offset: usize,
    /// How many, at most 1,000.
    #[serde(default = "page")]
    limit: usize,
}

fn page() -> usize {
    100
}

/// Patterns in order of their sounds and of time.
#[utoipa::path(get, path = "/api/memory/patterns", tag = "memory", params(Listed),
    responses((status = 200, body = PatternList)))]
async fn list_patterns(
    State(app): State<App>,
    FromQuery(listed): FromQuery<Listed>,
) -> Answer<PatternList> {
    app.ask(move |studio| studio.patterns(&listed.words, listed.offset, listed.limit)).await
}

/// Cuts sounds into patterns and remembers them. The sounds stay where they are.
#[utoipa::path(post, path = "/api/memory/patterns", params(OfProject), tag = "memory",
    request_body = NewPatterns, responses((status = 200, body = MemoryJob)))]
async fn add_patterns(
    InProject(app): InProject,
    FromJson(new): FromJson<NewPatterns>,
) -> Answer<MemoryJob> {
    app.ask(move |studio| studio.add_patterns(&new)).await
}

/// Takes patterns out of the memory. Their sounds stay.
#[utoipa::path(post, path = "/api/memory/delete", tag = "memory", request_body = Vec<PatternId>,
    responses((status = 200, body = MemoryMoved)))]
async fn delete_patterns(
    State(app): State<App>,
    FromJson(ids): FromJson<Vec<PatternId>>,
) -> Answer<MemoryMoved> {
    app.ask(move |studio| studio.delete_patterns(&ids)).await
}

/// Finds patterns by words and facts, by what they are like, or both.
#[utoipa::path(post, path = "/api/memory/find", tag = "memory", request_body = FindPatterns,
    responses((status = 200, body = FoundPatterns)))]
async fn find_patterns(
    State(app): State<App>,
    FromJson(ask): FromJson<FindPatterns>,
) -> Answer<FoundPatterns> {
    app.ask(move |studio| studio.find_patterns(&ask)).await
}

/// Hears a sound, or reads words, so that patterns can be found by it.
#[utoipa::path(post, path = "/api/memory/queries", params(OfProject), tag = "memory",
    request_body = NewMemoryQuery, responses((status = 200, body = MemoryJob)))]
async fn create_memory_query(
    InProject(app): InProject,
    FromJson(new): FromJson<NewMemoryQuery>,
) -> Answer<MemoryJob> {
    app.ask(move |studio| studio.create_memory_query(&new)).await
}

/// A job of the memory, with what it made.
#[utoipa::path(get, path = "/api/memory/jobs/{id}", tag = "memory", params(("id" = Id, Path)),
    responses((status = 200, body = MemoryJob)))]
async fn memory_job(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<MemoryJob> {
    app.ask(move |studio| studio.memory_job(&id)).await
}

/// A file that a job of the memory made.
#[utoipa::path(get, path = "/api/memory/jobs/{id}/files/{*path}", tag = "memory",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the job's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn memory_job_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app
        .call(move |studio| {
            studio.memory_job(&id)?;
            studio.job_file(&id, &path)
        })
        .await?;
    stream::answer(Source::File(path), &headers).await
}

/// The space of a map.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfSpace {
    /// Its name with its version; our own where nothing is said.
    space: Option<String>,
}

/// Patterns on a plane: similar ones are near each other.
#[utoipa::path(get, path = "/api/memory/map", tag = "memory", params(OfSpace),
    responses((status = 200, body = PatternMap)))]
async fn pattern_map(
    State(app): State<App>,
    FromQuery(of): FromQuery<OfSpace>,
) -> Answer<PatternMap> {
    app.ask(move |studio| studio.pattern_map(of.space.as_deref())).await
}

/// A pattern with what surrounds it.
#[utoipa::path(get, path = "/api/memory/patterns/{id}", tag = "memory", params(("id" = PatternId, Path)),
    responses((status = 200, body = PatternDetail)))]
async fn pattern(
    State(app): State<App>,
    FromPath(id): FromPath<PatternId>,
) -> Answer<PatternDetail> {
    app.ask(move |studio| studio.pattern(id)).await
}

/// Changes a pattern as a person has set it. With new ends it has a new identifier, which the answer has.
#[utoipa::path(patch, path = "/api/memory/patterns/{id}", tag = "memory", params(("id" = PatternId, Path)),
    request_body = PatternEdit, responses((status = 200, body = PatternDetail)))]
async fn change_pattern(
    State(app): State<App>,
    FromPath(id): FromPath<PatternId>,
    FromJson(edit): FromJson<PatternEdit>,
) -> Answer<PatternDetail> {
    app.ask(move |studio| studio.change_pattern(id, &edit)).await
}

/// The sound that a pattern is of, whole, or the pattern alone where the memory has only that: the header
/// `pattern-sound` says `whole` or `part`. Parts of it by `Range`.
#[utoipa::path(get, path = "/api/memory/patterns/{id}/sound", tag = "memory",
    params(("id" = PatternId, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn pattern_sound(
    State(app): State<App>,
    FromPath(id): FromPath<PatternId>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (path, is_part) = app.call(move |studio| studio.pattern_sound(id)).await?;
    let mut answer = stream::answer(Source::File(path), &headers).await?;
    let what = if is_part { "part" } else { "whole" };
    answer.headers_mut().insert("pattern-sound", axum::http::HeaderValue::from_static(what));
    Ok(answer)
}

/// Keeps what a person says of a pattern that was found. Later searches follow it.
#[utoipa::path(post, path = "/api/memory/patterns/{id}/ratings", tag = "memory",
    params(("id" = PatternId, Path)), request_body = RatePattern,
    responses((status = 200, body = MemoryMoved)))]
async fn rate_pattern(
    State(app): State<App>,
    FromPath(id): FromPath<PatternId>,
    FromJson(rate): FromJson<RatePattern>,
) -> Answer<MemoryMoved> {
    app.ask(move |studio| studio.rate_pattern(id, &rate)).await
}

/// Withdraws what a person has said of a pattern last.
#[utoipa::path(delete, path = "/api/memory/patterns/{id}/ratings", tag = "memory",
    params(("id" = PatternId, Path)), responses((status = 200, body = MemoryMoved)))]
async fn withdraw_rating(
    State(app): State<App>,
    FromPath(id): FromPath<PatternId>,
) -> Answer<MemoryMoved> {
    app.ask(move |studio| studio.withdraw_rating(id)).await
}

/// Forgets all ratings, as if nothing had been rated.
#[utoipa::path(delete, path = "/api/memory/ratings", tag = "memory", responses((status = 200, body = MemoryMoved)))]
async fn forget_ratings(State(app): State<App>) -> Answer<MemoryMoved> {
    app.ask(|studio| studio.forget_ratings()).await
}

/// Puts back patterns that were taken out, or ratings that were forgotten: `removed` is what the answer to that said.
#[utoipa::path(post, path = "/api/memory/removed/{removed}", tag = "memory", params(("removed" = u64, Path)),
    responses((status = 200, body = MemoryMoved)))]
async fn restore_to_memory(
    State(app): State<App>,
    FromPath(removed): FromPath<u64>,
) -> Answer<MemoryMoved> {
    app.ask(move |studio| studio.restore_to_memory(removed)).await
}

/// Writes patterns as one file, or as a folder of sounds.
#[utoipa::path(post, path = "/api/memory/take", params(OfProject), tag = "memory",
    request_body = TakePatterns, responses((status = 200, body = MemoryJob)))]
async fn take_patterns(
    InProject(app): InProject,
    FromJson(take): FromJson<TakePatterns>,
) -> Answer<MemoryJob> {
    app.ask(move |studio| studio.take_patterns(&take)).await
}

/// Takes the patterns of a library file into the memory; those that are there stay as they are.
#[utoipa::path(post, path = "/api/memory/import", tag = "memory",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = MemoryMoved)))]
async fn import_patterns(State(app): State<App>, body: Body) -> Answer<MemoryMoved> {
    let staged = app.call(|studio| studio.stage_library()).await?;
    let staged = receive(&app, staged, body).await?;
    app.call(move |studio| studio.import_patterns(staged)).await.map(Json)
}

/// Makes vectors again that are damaged or missing.
#[utoipa::path(post, path = "/api/memory/mend", params(OfProject), tag = "memory",
    responses((status = 200, body = MemoryJob)))]
async fn mend_memory(InProject(app): InProject) -> Answer<MemoryJob> {
    app.ask(|studio| studio.mend_memory()).await
}
