//! `/api/jobs`: jobs of every kind. What only one kind knows is with its list.

use api::{Event, Id, Job, JobFile, JobKind, JobKindInfo, Log, NewJob};
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
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
    stream::{self, Source},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(kinds))
        .routes(routes!(jobs, create_job))
        .routes(routes!(job, delete_job))
        .routes(routes!(cancel_job))
        .routes(routes!(restart_job))
        .routes(routes!(hurry_job))
        .routes(routes!(restore_job))
        .routes(routes!(dismiss_job))
        .routes(routes!(job_events))
        .routes(routes!(job_log))
        .routes(routes!(job_files))
        .routes(routes!(job_file))
}

/// Which jobs are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Those that have ended, too, newest first.
    #[serde(default)]
    all: bool,
    /// Only those of this kind.
    kind: Option<JobKind>,
}

/// Which events of a job are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventPart {
    /// Events after this number; 0, from the start, if absent.
    after: Option<u64>,
    /// At most this many; 1000 if absent.
    limit: Option<usize>,
}

impl EventPart {
    pub(crate) fn after(&self) -> u64 {
        self.after.unwrap_or(0)
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.unwrap_or(1000)
    }
}

/// How much of a log is asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogPart {
    /// At most this many bytes from its end; 65536 if absent.
    bytes: Option<u64>,
}

impl LogPart {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.unwrap_or(64 * 1024)
    }
}

/// Every kind of job, and what can be asked of jobs of it.
#[utoipa::path(get, path = "/api/kinds", tag = "jobs",
    responses((status = 200, body = Vec<JobKindInfo>)))]
async fn kinds(State(app): State<App>) -> Json<Vec<JobKindInfo>> {
    Json(app.studio.kinds())
}

/// Jobs that wait or run: running ones first, then the queue in order. With `all`, every job, newest first.
#[utoipa::path(get, path = "/api/jobs", params(OfProject, Which), tag = "jobs",
    responses((status = 200, body = Vec<Job>)))]
async fn jobs(InProject(app): InProject, FromQuery(which): FromQuery<Which>) -> Answer<Vec<Job>> {
    app.ask(move |studio| match which.all {
        true => studio.all_jobs(which.kind),
        false => {
            let mut jobs = studio.jobs()?;
            jobs.retain(|job| which.kind.is_none_or(|kind| job.kind == kind));
            Ok(jobs)
        }
    })
    .await
}

/// Queues a job by its order alone, where its kind allows that.
#[utoipa::path(post, path = "/api/jobs", params(OfProject), tag = "jobs", request_body = NewJob,
    responses((status = 200, body = Job)))]
async fn create_job(InProject(app): InProject, FromJson(new): FromJson<NewJob>) -> Answer<Job> {
    let task = serde_json::from_value(new.task).map_err(|error| {
        Failure::plain(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_task",
            "The order of the job has the wrong structure.",
            "See /api/kinds for the kinds of job.",
        )
        .because(&error)
    })?;
    app.ask(move |studio| studio.create_job(&new.name, task)).await
}

/// One job.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "jobs", params(("id" = Id, Path)),
    responses((status = 200, body = Job)))]
async fn job(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Job> {
    app.ask(move |studio| studio.job(&id)).await
}

/// Deletes a job with what it made: into the trash where its kind has that, else for good. One that waits or runs is
/// cancelled.
#[utoipa::path(delete, path = "/api/jobs/{id}", tag = "jobs", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_job(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_job(&id)).await
}

/// Ends a job that waits or runs. What it has made so far is kept or goes with it, as its kind has it.
#[utoipa::path(post, path = "/api/jobs/{id}/cancel", tag = "jobs", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn cancel_job(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.cancel_job(&id)).await
}

/// Queues a job again that failed, was stopped or was interrupted.
#[utoipa::path(post, path = "/api/jobs/{id}/restart", tag = "jobs", params(("id" = Id, Path)),
    responses((status = 200, body = Job)))]
async fn restart_job(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Job> {
    app.ask(move |studio| {
        studio.restart_job(&id)?;
        studio.job(&id)
    })
    .await
}

/// Moves a job that waits to the front of its queue.
#[utoipa::path(post, path = "/api/jobs/{id}/hurry", tag = "jobs", params(("id" = Id, Path)),
    responses((status = 200, body = Job)))]
async fn hurry_job(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Job> {
    app.ask(move |studio| studio.hurry_job(&id)).await
}

/// Takes a job back from the trash.
#[utoipa::path(post, path = "/api/jobs/{id}/restore", tag = "jobs", params(("id" = Id, Path)),
    responses((status = 200, body = Job)))]
async fn restore_job(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Job> {
    app.ask(move |studio| studio.restore_job(&id)).await
}

/// Puts a job aside that has ended, until it is queued again.
#[utoipa::path(post, path = "/api/jobs/{id}/dismiss", tag = "jobs", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn dismiss_job(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.dismiss_job(&id)).await
}

/// Events of a job, in order.
#[utoipa::path(get, path = "/api/jobs/{id}/events", tag = "jobs",
    params(("id" = Id, Path), EventPart), responses((status = 200, body = Vec<Event>)))]
async fn job_events(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(part): FromQuery<EventPart>,
) -> Answer<Vec<Event>> {
    app.ask(move |studio| studio.events(&id, part.after(), part.limit())).await
}

/// The end of a job's log.
#[utoipa::path(get, path = "/api/jobs/{id}/log", tag = "jobs", params(("id" = Id, Path), LogPart),
    responses((status = 200, body = Log)))]
async fn job_log(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(part): FromQuery<LogPart>,
) -> Answer<Log> {
    app.ask(move |studio| studio.log(&id, part.bytes())).await
}

/// The files in a job's folder.
#[utoipa::path(get, path = "/api/jobs/{id}/files", tag = "jobs", params(("id" = Id, Path)),
    responses((status = 200, body = Vec<JobFile>)))]
async fn job_files(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Vec<JobFile>> {
    app.ask(move |studio| studio.job_files(&id)).await
}

/// A file in a job's folder; parts of it by `Range`.
#[utoipa::path(get, path = "/api/jobs/{id}/files/{*path}", tag = "jobs",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the job's folder.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn job_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app.call(move |studio| studio.job_file(&id, &path)).await?;
    stream::answer(Source::File(path), &headers).await
}
