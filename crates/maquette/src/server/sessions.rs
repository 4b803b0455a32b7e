//! `/api/sessions`: models that play live in the page, and the controls that sessions have.

use std::time::Duration;

use api::{Id, Job, JobKind, NewSession, SessionControls};
use axum::{
    Json,
    extract::{State, WebSocketUpgrade},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    bridge::{self, Limits},
    error::{Answer, Failure},
    input::{FromJson, FromPath, InProject, OfProject},
};

/// What bounds the connection with a page. The largest message is a block of sound, or a path; large models take a while
/// to load.
const LIMITS: Limits = Limits {
    page_bytes_max: 1 << 17,
    start_time: Duration::from_secs(60),
    what: "The session does not answer.",
    remedy: "Start the session again. The job's log may say more.",
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_session))
        .routes(routes!(session_socket))
        .routes(routes!(controls))
}

/// Begins to play models live: a job that stays, and answers at `/api/sessions/{id}/socket`. Like other jobs it is listed
/// by `/api/jobs`, and ended by `/api/jobs/{id}/cancel`. What it records goes to `/api/sounds` by itself.
#[utoipa::path(post, path = "/api/sessions", params(OfProject), tag = "sessions", request_body = NewSession,
    responses((status = 200, body = Job)))]
async fn create_session(
    InProject(app): InProject,
    FromJson(new): FromJson<NewSession>,
) -> Answer<Job> {
    app.ask(move |studio| studio.create_session(&new)).await
}

/// A WebSocket of binary messages, to play and to listen.
///
/// The first byte of a message says what it is; numbers are little-endian. From the page: 1, a block of sound to be
/// answered by one: `u32` number, `u16` samples, a byte of channels (0: silence), samples as `f32`, channel after
/// channel; 2, pairs of a control's `u16` number and its `f32` value; 3, a point, a `f32` for each direction; 4, a
/// `SessionCommand` as JSON. To the page: 1, sound, with a byte of flags (1: slow, 2: limited) after the channels; 2, how
/// it goes; 3, a `SessionHello` as JSON, first of all; 4, a `SessionNotice` as JSON. The longest message of a page has
/// 128 kB. One page plays at a time; the next one takes over.
#[utoipa::path(get, path = "/api/sessions/{id}/socket", tag = "sessions", params(("id" = Id, Path)),
    responses((status = 101, description = "The connection is a WebSocket now.")))]
async fn session_socket(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Failure> {
    let of = id.clone();
    app.call(move |studio| studio.job_of(JobKind::Session, &of)).await?;
    bridge::open(app, id, upgrade, &LIMITS).await
}

/// The controls of sessions and recipes: their numbers in messages, their keys in recipes, their ranges.
#[utoipa::path(get, path = "/api/controls", tag = "sessions",
    responses((status = 200, body = SessionControls)))]
async fn controls() -> Json<SessionControls> {
    Json(SessionControls::all())
}
