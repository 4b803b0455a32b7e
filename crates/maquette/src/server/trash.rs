//! `/api/trash`: what was deleted; and `/api/unreadable`: folders that could not be read.

use api::{Emptied, Id, TrashItem, UnreadableFolder};
use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::FromPath,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(trash, empty_trash))
        .routes(routes!(restore_from_trash))
        .routes(routes!(delete_from_trash))
        .routes(routes!(unreadable))
}

/// Everything in the trash, what was deleted last first.
#[utoipa::path(get, path = "/api/trash", tag = "trash",
    responses((status = 200, body = Vec<TrashItem>)))]
async fn trash(State(app): State<App>) -> Answer<Vec<TrashItem>> {
    app.ask(|studio| studio.trash()).await
}

/// Deletes everything in the trash forever.
#[utoipa::path(delete, path = "/api/trash", tag = "trash",
    responses((status = 200, body = Emptied)))]
async fn empty_trash(State(app): State<App>) -> Answer<Emptied> {
    app.ask(|studio| studio.empty_trash()).await
}

/// Takes something back from the trash.
#[utoipa::path(post, path = "/api/trash/{list}/{id}/restore", tag = "trash",
    params(("list" = String, Path, description = "The list it was deleted from, like `runs`."), ("id" = Id, Path)),
    responses((status = 204)))]
async fn restore_from_trash(
    State(app): State<App>,
    FromPath((list, id)): FromPath<(String, Id)>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.restore_from_trash(&list, &id)).await
}

/// Deletes something in the trash forever.
#[utoipa::path(delete, path = "/api/trash/{list}/{id}", tag = "trash",
    params(("list" = String, Path, description = "The list it was deleted from, like `runs`."), ("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_from_trash(
    State(app): State<App>,
    FromPath((list, id)): FromPath<(String, Id)>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_from_trash(&list, &id)).await
}

/// Folders of the library that cannot be read, each with what to do.
#[utoipa::path(get, path = "/api/unreadable", tag = "trash",
    responses((status = 200, body = Vec<UnreadableFolder>)))]
async fn unreadable(State(app): State<App>) -> Answer<Vec<UnreadableFolder>> {
    app.ask(|studio| studio.unreadable()).await
}
