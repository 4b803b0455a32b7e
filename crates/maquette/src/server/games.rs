//! `/api/games`: games that agents learn and people play.

use api::Game;
use axum::{Json, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::FromPath,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(games)).routes(routes!(game))
}

/// Every game, the easiest to learn first.
#[utoipa::path(get, path = "/api/games", tag = "games",
    responses((status = 200, body = Vec<Game>)))]
async fn games() -> Json<Vec<Game>> {
    Json(worker::games())
}

/// One game.
#[utoipa::path(get, path = "/api/games/{key}", tag = "games",
    params(("key" = String, Path, description = "Its name in settings and commands.")),
    responses((status = 200, body = Game)))]
async fn game(FromPath(key): FromPath<String>) -> Answer<Game> {
    let found = worker::games().into_iter().find(|game| game.key == key);
    found.map(Json).ok_or_else(|| {
        let what = format!("There is no game “{}”.", key.escape_debug());
        Failure::plain(StatusCode::NOT_FOUND, "not_found", &what, "See /api/games for all games.")
    })
}
