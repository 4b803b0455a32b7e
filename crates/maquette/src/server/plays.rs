//! `/api/plays`: games in the page. The job that plays answers on a socket of this computer; its messages are
//! passed on to the page, and the page's to it.

use std::time::Duration;

use api::{Id, Job, NewPlay};
use axum::{
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

/// What messages are bounded by: a screen with what goes with it is 34 kB.
const LIMITS: Limits = Limits {
    page_bytes_max: 1 << 16,
    start_time: Duration::from_secs(20),
    what: "The game does not answer.",
    remedy: "Start the game again. The job's log may say more.",
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_play)).routes(routes!(play_session))
}

/// Begins to play: with the newest agent of a run, with a model, or without any.
#[utoipa::path(post, path = "/api/plays", params(OfProject), tag = "games", request_body = NewPlay,
    responses((status = 200, body = Job)))]
async fn create_play(InProject(app): InProject, FromJson(new): FromJson<NewPlay>) -> Answer<Job> {
    app.ask(move |studio| studio.create_play(new)).await
}

/// A WebSocket of binary messages, to see the game and to play.
///
/// The first byte of a message says what it is. To the page: 1, a JSON text with the game, its screen's size and
/// colours, and the agent's name; 2, a frame: flags (1: over, 2: the person played), lives, action, the score as
/// a little-endian `f32`, a byte for each pixel, and the probability of each action in 255ths. From the page: 1,
/// who plays (0 agent, 1 person, 2 person while a key is held, 3 against each other) and the action asked for,
/// or 255; 2, begin anew. The job ends soon after the connection does.
#[utoipa::path(get, path = "/api/plays/{id}/session", tag = "games", params(("id" = Id, Path)),
    responses((status = 101, description = "The connection is a WebSocket now.")))]
async fn play_session(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Failure> {
    bridge::open(app, id, upgrade, &LIMITS).await
}
