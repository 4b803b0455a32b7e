//! `/api/jobs`: what runs and what waits.

use api::Job;
use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, error::Answer};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(jobs))
}

/// Jobs that run or wait: running ones first, then the queue in order.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", responses((status = 200, body = Vec<Job>)))]
async fn jobs(State(app): State<App>) -> Answer<Vec<Job>> {
    app.ask(|studio| studio.jobs()).await
}
