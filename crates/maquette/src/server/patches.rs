//! `/api/patches`: what people keep of playing a model.

use api::{Id, NewPatch, Patch, PatchChange, PatchKind};
use axum::{
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
};

/// The longest request: a body of 4 MB, written in more words than it is kept in.
const BODY_BYTES_MAX: usize = 8 << 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(patches, create_patch))
        .routes(routes!(patch, change_patch, delete_patch))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .routes(routes!(restore_patch))
}

/// Which patches are listed; all without any of these.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Only those of a model.
    model: Option<Id>,
    /// Only those of a kind.
    kind: Option<PatchKind>,
}

/// Patches, newest first.
#[utoipa::path(get, path = "/api/patches", params(OfProject, Listed), tag = "patches",
    responses((status = 200, body = Vec<Patch>)))]
async fn patches(
    InProject(app): InProject,
    FromQuery(listed): FromQuery<Listed>,
) -> Answer<Vec<Patch>> {
    app.ask(move |studio| studio.patches(listed.model.as_ref(), listed.kind)).await
}

/// Keeps a favourite point, a trajectory, the state of an instrument, or a recipe.
#[utoipa::path(post, path = "/api/patches", params(OfProject), tag = "patches", request_body = NewPatch,
    responses((status = 200, body = Patch)))]
async fn create_patch(
    InProject(app): InProject,
    FromJson(new): FromJson<NewPatch>,
) -> Answer<Patch> {
    app.ask(move |studio| studio.create_patch(new)).await
}

/// One patch.
#[utoipa::path(get, path = "/api/patches/{id}", tag = "patches", params(("id" = Id, Path)),
    responses((status = 200, body = Patch)))]
async fn patch(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Patch> {
    app.ask(move |studio| studio.patch(&id)).await
}

/// Gives a patch another name, or something else to keep.
#[utoipa::path(patch, path = "/api/patches/{id}", tag = "patches", params(("id" = Id, Path)),
    request_body = PatchChange, responses((status = 200, body = Patch)))]
async fn change_patch(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<PatchChange>,
) -> Answer<Patch> {
    app.ask(move |studio| studio.change_patch(&id, new)).await
}

/// Moves a patch to the trash, from where it can be restored.
#[utoipa::path(delete, path = "/api/patches/{id}", tag = "patches", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_patch(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_patch(&id)).await
}

/// Takes a patch back from the trash.
#[utoipa::path(post, path = "/api/patches/{id}/restore", tag = "patches", params(("id" = Id, Path)),
    responses((status = 200, body = Patch)))]
async fn restore_patch(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Patch> {
    app.ask(move |studio| studio.restore_patch(&id)).await
}
