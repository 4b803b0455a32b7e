//! `/api/health`, `/api/doctor`, `/api/machine`: the studio and the computer.

use api::{Doctor, Health, Machine};
use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, error::Answer};
use crate::doctor::{self, Subject};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(doctor)).routes(routes!(machine))
}

/// That the studio answers, and who it is.
#[utoipa::path(get, path = "/api/health", tag = "about", responses((status = 200, body = Health)))]
async fn health(State(app): State<App>) -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        workspace: app.studio.workspace().display().to_string(),
        started_ms: app.started_ms,
        pid: std::process::id(),
    })
}

/// What this machine has, what works, and what to do.
#[utoipa::path(get, path = "/api/doctor", tag = "about", responses((status = 200, body = Doctor)))]
async fn doctor(State(app): State<App>) -> Answer<Doctor> {
    app.work(|app| {
        let subject = Subject { workspace: app.studio.workspace(), served_at: Some(app.port) };
        Ok(doctor::examine(&subject, &app.cpu))
    })
    .await
    .map(Json)
}

/// The computer as it is now.
#[utoipa::path(get, path = "/api/machine", tag = "about", responses((status = 200, body = Machine)))]
async fn machine(State(app): State<App>) -> Answer<Machine> {
    app.work(|app| Ok(doctor::machine(app.studio.workspace(), &app.cpu))).await.map(Json)
}
