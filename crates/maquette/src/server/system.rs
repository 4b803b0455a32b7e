//! `/api/system`, `/api/limits`, `/api/family-tree`: how everything is, what jobs may take, and where sounds come from.

use api::{FamilyTree, KinOf, Limits, SystemHealth};
use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, error::Answer, input::FromJson};
use crate::doctor::{self, Subject};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(system))
        .routes(routes!(limits, set_limits))
        .routes(routes!(family_tree))
}

/// How the studio, its computer, and what works for it are. It looks through the workspace, which takes a moment.
#[utoipa::path(get, path = "/api/system", tag = "about", responses((status = 200, body = SystemHealth)))]
async fn system(State(app): State<App>) -> Answer<SystemHealth> {
    let started_ms = app.started_ms;
    let examined = app.work(|app| {
        let subject = Subject { workspace: app.studio.workspace(), served_at: Some(app.port) };
        Ok(doctor::examine(&subject, &app.cpu))
    });
    let doctor = examined.await?;
    app.ask(move |studio| studio.system(doctor, started_ms)).await
}

/// What jobs may take of the computer together.
#[utoipa::path(get, path = "/api/limits", tag = "about", responses((status = 200, body = Limits)))]
async fn limits(State(app): State<App>) -> Answer<Limits> {
    app.ask(|studio| studio.limits()).await
}

/// Says what jobs may take of the computer together, from the next job on.
#[utoipa::path(put, path = "/api/limits", tag = "about", request_body = Limits,
    responses((status = 200, body = Limits)))]
async fn set_limits(State(app): State<App>, FromJson(limits): FromJson<Limits>) -> Answer<Limits> {
    app.ask(move |studio| studio.set_limits(limits)).await
}

/// What a sound or a pattern was made of, and what was made of it.
#[utoipa::path(post, path = "/api/family-tree", tag = "sounds", request_body = KinOf,
    responses((status = 200, body = FamilyTree)))]
async fn family_tree(State(app): State<App>, FromJson(of): FromJson<KinOf>) -> Answer<FamilyTree> {
    app.ask(move |studio| studio.family_tree(&of)).await
}
