//! `/api/measures`: how long a run would take on this computer, before it starts.
//!
//! The server joins the two halves here: the worker says what choices come to, the studio measures.

use api::{DatasetSummary, Id, JobKind, Measure, NewRun};
use axum::{Json, extract::State, http::StatusCode};
use studio::MeasureRequest;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, InProject, OfProject},
    presets::forecast,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_measure)).routes(routes!(measure, delete_measure))
}

/// Queues a measure of how long a run would take: a few steps with its settings. It runs beside a
/// training, and says then how busy the computer was; on a GPU it waits for the one before it.
#[utoipa::path(post, path = "/api/measures", params(OfProject), tag = "measures", request_body = NewRun,
    responses((status = 200, body = Measure)))]
async fn create_measure(
    InProject(app): InProject,
    FromJson(new): FromJson<NewRun>,
) -> Answer<Measure> {
    app.work(move |app| {
        let forecast = forecast(&app.studio, &new.choices, new.dataset.as_ref(), new.limit)?;
        let dataset = match &new.dataset {
            Some(dataset) => Some(app.studio.dataset(dataset)?.dataset),
            None => None,
        };
        let summary = dataset.as_ref().and_then(|it| it.summary.as_ref());
        let (n_held_out, held_out_secs) = held_out(summary);
        let name = dataset.as_ref().map(|it| &it.name);
        let words = name.into_iter().chain([&forecast.preset]).chain(&forecast.switches);
        Ok(app.studio.create_measure(MeasureRequest {
            name: words.map(String::as_str).collect::<Vec<_>>().join(" "),
            family: forecast.family,
            settings: forecast.settings,
            on_gpu: forecast.on_gpu,
            limit: new.limit.unwrap_or(forecast.limit),
            n_held_out,
            held_out_secs,
        })?)
    })
    .await
    .map(Json)
}

/// One measure; its result once it is there.
#[utoipa::path(get, path = "/api/measures/{id}", tag = "measures", params(("id" = Id, Path)),
    responses((status = 200, body = Measure)))]
async fn measure(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Measure> {
    app.ask(move |studio| studio.measure(&id)).await
}

/// Removes a measure; one that waits or runs is cancelled.
#[utoipa::path(delete, path = "/api/measures/{id}", tag = "measures", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_measure(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| {
        studio.job_of(JobKind::Measure, &id)?;
        studio.delete_job(&id)
    })
    .await
}

/// How many excerpts a run on this dataset would be measured on, and how long they are about.
fn held_out(summary: Option<&DatasetSummary>) -> (u32, f64) {
    let Some(summary) = summary else { return (0, 0.0) };
    // Without held-out sound it is measured on what it learns from.
    let n = if summary.n_validation == 0 { summary.n_files } else { summary.n_validation };
    worker::measured_excerpts(n, summary.length_secs / f64::from(summary.n_files.max(1)))
}
