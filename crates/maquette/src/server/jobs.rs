//! `/api/jobs`: what runs and what waits, and what was seen.

use api::{Id, Job};
use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromPath, InProject, OfProject},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(jobs)).routes(routes!(dismiss_job))
}

/// Jobs that run or wait: running ones first, then the queue in order.
#[utoipa::path(get, path = "/api/jobs", params(OfProject), tag = "jobs", responses((status = 200, body = Vec<Job>)))]
async fn jobs(InProject(app): InProject) -> Answer<Vec<Job>> {
    app.ask(|studio| studio.jobs()).await
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
