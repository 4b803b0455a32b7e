//! `/api/flows` and `/api/flow-runs`: small graphs of steps, as data, and their runs.

use api::{Flow, FlowAnswer, FlowCheck, FlowPlan, FlowRun, FlowWatching, Id, NewFlowRun};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(flows, save_flow))
        .routes(routes!(check_flow))
        .routes(routes!(flow, change_flow, delete_flow))
        .routes(routes!(watch_for_flow))
        .routes(routes!(flow_runs, run_flow))
        .routes(routes!(flow_run, delete_flow_run))
        .routes(routes!(answer_flow))
        .routes(routes!(stop_flow))
}

/// Every flow: ready-made ones, then one's own.
#[utoipa::path(get, path = "/api/flows", tag = "flows", responses((status = 200, body = Vec<Flow>)))]
async fn flows(State(app): State<App>) -> Answer<Vec<Flow>> {
    app.ask(|studio| studio.flows()).await
}

/// Keeps a new flow of one's own.
#[utoipa::path(post, path = "/api/flows", tag = "flows", request_body = FlowPlan,
    responses((status = 200, body = Flow)))]
async fn save_flow(State(app): State<App>, FromJson(plan): FromJson<FlowPlan>) -> Answer<Flow> {
    app.ask(move |studio| studio.save_flow(None, plan)).await
}

/// Says what is wrong with a flow, and in which order its steps go. Keeps nothing.
#[utoipa::path(post, path = "/api/flows/check", tag = "flows", request_body = FlowPlan,
    responses((status = 200, body = FlowCheck)))]
async fn check_flow(
    State(app): State<App>,
    FromJson(plan): FromJson<FlowPlan>,
) -> Answer<FlowCheck> {
    app.ask(move |studio| Ok(studio.check_flow(&plan))).await
}

/// One flow.
#[utoipa::path(get, path = "/api/flows/{id}", tag = "flows", params(("id" = Id, Path)),
    responses((status = 200, body = Flow)))]
async fn flow(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Flow> {
    app.ask(move |studio| studio.flow(&id)).await
}

/// Gives a flow of one's own another form, or brings one back that was deleted.
#[utoipa::path(put, path = "/api/flows/{id}", tag = "flows", params(("id" = Id, Path)),
    request_body = FlowPlan, responses((status = 200, body = Flow)))]
async fn change_flow(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(plan): FromJson<FlowPlan>,
) -> Answer<Flow> {
    app.ask(move |studio| studio.save_flow(Some(&id), plan)).await
}

/// Deletes a flow of one's own, and gives what it was. Its runs stay.
#[utoipa::path(delete, path = "/api/flows/{id}", tag = "flows", params(("id" = Id, Path)),
    responses((status = 200, body = Flow)))]
async fn delete_flow(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Flow> {
    app.ask(move |studio| studio.delete_flow(&id)).await
}

/// Runs a flow on each new sound of a folder from now on, or not any more. A ready-made flow becomes one of one's own for
/// that, which is the answer.
#[utoipa::path(put, path = "/api/flows/{id}/watch", tag = "flows", params(("id" = Id, Path)),
    request_body = FlowWatching, responses((status = 200, body = Flow)))]
async fn watch_for_flow(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(it): FromJson<FlowWatching>,
) -> Answer<Flow> {
    app.ask(move |studio| studio.watch_for_flow(&id, it.watch)).await
}

/// Runs of which flow.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// A flow's identifier; runs of all flows if absent.
    flow: Option<Id>,
}

/// Runs of flows, the newest first.
#[utoipa::path(get, path = "/api/flow-runs", tag = "flows", params(OfProject, Listed),
    responses((status = 200, body = Vec<FlowRun>)))]
async fn flow_runs(
    InProject(app): InProject,
    FromQuery(listed): FromQuery<Listed>,
) -> Answer<Vec<FlowRun>> {
    app.ask(move |studio| studio.flow_runs(listed.flow.as_ref())).await
}

/// Runs a flow.
#[utoipa::path(post, path = "/api/flow-runs", tag = "flows", params(OfProject),
    request_body = NewFlowRun, responses((status = 200, body = FlowRun)))]
async fn run_flow(
    InProject(app): InProject,
    FromJson(new): FromJson<NewFlowRun>,
) -> Answer<FlowRun> {
    app.ask(move |studio| studio.run_flow(new)).await
}

/// A run of a flow, with all that its steps know.
#[utoipa::path(get, path = "/api/flow-runs/{id}", tag = "flows", params(("id" = Id, Path)),
    responses((status = 200, body = FlowRun)))]
async fn flow_run(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<FlowRun> {
    app.ask(move |studio| studio.flow_run(&id)).await
}

/// Deletes a run that has ended. What it kept stays.
#[utoipa::path(delete, path = "/api/flow-runs/{id}", tag = "flows", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_flow_run(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.call(move |studio| studio.delete_flow_run(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says to a step that asks, is stuck or is to be done again how it goes on.
#[utoipa::path(post, path = "/api/flow-runs/{id}/answer", tag = "flows", params(("id" = Id, Path)),
    request_body = FlowAnswer, responses((status = 200, body = FlowRun)))]
async fn answer_flow(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(answer): FromJson<FlowAnswer>,
) -> Answer<FlowRun> {
    app.ask(move |studio| studio.answer_flow(&id, &answer)).await
}

/// Stops a run, with its jobs.
#[utoipa::path(post, path = "/api/flow-runs/{id}/stop", tag = "flows", params(("id" = Id, Path)),
    responses((status = 200, body = FlowRun)))]
async fn stop_flow(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<FlowRun> {
    app.ask(move |studio| studio.stop_flow(&id)).await
}
