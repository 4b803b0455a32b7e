//! `/api/runs`: trainings. The server joins the two halves here: the worker says what choices come to,
//! the studio freezes and queues them.

use api::{
    Choices, Continue, Control, Curves, Event, FieldProblem, Id, JobKind, LearnsFrom, Log, Model,
    NewRun, Problem, Rename, Resume, Run, RunDetail, RunForecast,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use studio::{RunRequest, Studio};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
    jobs::{EventPart, LogPart},
    presets::forecast,
    stream::{self, Source},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(runs, create_run))
        .routes(routes!(check_run))
        .routes(routes!(run, rename_run, delete_run))
        .routes(routes!(stop_run))
        .routes(routes!(resume_run))
        .routes(routes!(continue_run))
        .routes(routes!(control_run))
        .routes(routes!(restore_run))
        .routes(routes!(run_curves))
        .routes(routes!(run_events))
        .routes(routes!(run_log))
        .routes(routes!(run_file))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CurvePart {
    /// Names of metrics with commas between them; all if absent.
    names: Option<String>,
    /// At most this many points a curve; 1000 if absent.
    points: Option<usize>,
}

/// Every run, newest first.
#[utoipa::path(get, path = "/api/runs", params(OfProject), tag = "runs", responses((status = 200, body = Vec<Run>)))]
async fn runs(InProject(app): InProject) -> Answer<Vec<Run>> {
    app.ask(|studio| studio.runs()).await
}

/// Queues a training; its settings are frozen now.
#[utoipa::path(post, path = "/api/runs", params(OfProject), tag = "runs", request_body = NewRun,
    responses((status = 200, body = Run)))]
async fn create_run(InProject(app): InProject, FromJson(new): FromJson<NewRun>) -> Answer<Run> {
    app.work(move |app| {
        let new = with_dataset_of_model(&app.studio, with_defaults(&app.studio, new)?)?;
        let forecast = forecast(&app.studio, &new.choices, new.dataset.as_ref(), new.limit)?;
        check_model(&app.studio, &forecast.family, &new)?;
        Ok(app.studio.create_run(whole_request(new, forecast))?)
    })
    .await
    .map(Json)
}

/// What is known about a run before it starts, without starting it.
#[utoipa::path(post, path = "/api/runs/check", params(OfProject), tag = "runs", request_body = NewRun,
    responses((status = 200, body = RunForecast)))]
async fn check_run(
    InProject(app): InProject,
    FromJson(new): FromJson<NewRun>,
) -> Answer<RunForecast> {
    app.work(move |app| {
        let new = with_dataset_of_model(&app.studio, with_defaults(&app.studio, new)?)?;
        let found = forecast(&app.studio, &new.choices, new.dataset.as_ref(), new.limit)?;
        check_model(&app.studio, &found.family, &new)?;
        Ok(found)
    })
    .await
    .map(Json)
}

/// One run with all that its page shows at first.
#[utoipa::path(get, path = "/api/runs/{id}", tag = "runs", params(("id" = Id, Path)),
    responses((status = 200, body = RunDetail)))]
async fn run(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<RunDetail> {
    app.ask(move |studio| studio.run(&id)).await
}

/// Gives a run another name.
#[utoipa::path(patch, path = "/api/runs/{id}", tag = "runs", params(("id" = Id, Path)),
    request_body = Rename, responses((status = 200, body = Run)))]
async fn rename_run(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<Rename>,
) -> Answer<Run> {
    app.ask(move |studio| studio.rename_run(&id, &new.name)).await
}

/// Moves a run to the trash, from where it can be restored.
#[utoipa::path(delete, path = "/api/runs/{id}", tag = "runs", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_run(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_run(&id)).await
}

/// Asks a run to keep what it has and end; a queued run ends at once.
#[utoipa::path(post, path = "/api/runs/{id}/stop", tag = "runs", params(("id" = Id, Path)),
    responses((status = 200, body = Run)))]
async fn stop_run(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Run> {
    app.ask(move |studio| studio.stop_run(&id)).await
}

/// Queues a run again from its newest checkpoint.
#[utoipa::path(post, path = "/api/runs/{id}/resume", tag = "runs", params(("id" = Id, Path)),
    request_body = Resume, responses((status = 200, body = Run)))]
async fn resume_run(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(resume): FromJson<Resume>,
) -> Answer<Run> {
    app.ask(move |studio| studio.resume_run(&id, resume.limit)).await
}

/// Queues a run that goes on from the newest checkpoint of this one, which stays as it is.
#[utoipa::path(post, path = "/api/runs/{id}/continue", tag = "runs",
    params(("id" = Id, Path), OfProject), request_body = Continue,
    responses((status = 200, body = Run)))]
async fn continue_run(
    InProject(app): InProject,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<Continue>,
) -> Answer<Run> {
    app.ask(move |studio| studio.continue_run(&id, &new)).await
}

/// Asks something of a run's process.
#[utoipa::path(post, path = "/api/runs/{id}/control", tag = "runs", params(("id" = Id, Path)),
    request_body = Control, responses((status = 200, body = Run)))]
async fn control_run(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(control): FromJson<Control>,
) -> Answer<Run> {
    app.ask(move |studio| studio.control_run(&id, control)).await
}

/// Takes a run back from the trash.
#[utoipa::path(post, path = "/api/runs/{id}/restore", tag = "runs", params(("id" = Id, Path)),
    responses((status = 200, body = Run)))]
async fn restore_run(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Run> {
    app.ask(move |studio| studio.restore_run(&id)).await
}

/// Its metrics over the steps, thinned to what a screen can show.
#[utoipa::path(get, path = "/api/runs/{id}/curves", tag = "runs",
    params(("id" = Id, Path), CurvePart), responses((status = 200, body = Curves)))]
async fn run_curves(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(part): FromQuery<CurvePart>,
) -> Answer<Curves> {
    let names = part.names.unwrap_or_default();
    let names: Vec<String> =
        names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let n_points = part.points.unwrap_or(1000).clamp(2, 10_000);
    app.ask(move |studio| studio.curves(&id, &names, n_points)).await
}

/// Its events, in order.
#[utoipa::path(get, path = "/api/runs/{id}/events", tag = "runs",
    params(("id" = Id, Path), EventPart), responses((status = 200, body = Vec<Event>)))]
async fn run_events(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(part): FromQuery<EventPart>,
) -> Answer<Vec<Event>> {
    app.ask(move |studio| studio.events(&id, part.after(), part.limit())).await
}

/// The end of its log.
#[utoipa::path(get, path = "/api/runs/{id}/log", tag = "runs",
    params(("id" = Id, Path), LogPart), responses((status = 200, body = Log)))]
async fn run_log(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(part): FromQuery<LogPart>,
) -> Answer<Log> {
    app.ask(move |studio| studio.log(&id, part.bytes())).await
}

/// A file of its folder, like a rendered sound; parts of it by `Range`.
#[utoipa::path(get, path = "/api/runs/{id}/files/{*path}", tag = "runs",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the run's folder; it may have slashes.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn run_file(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app
        .call(move |studio| {
            studio.job_of(JobKind::Train, &id)?;
            studio.job_file(&id, &path)
        })
        .await?;
    stream::answer(Source::File(path), &headers).await
}

/// Fills in what new runs of the project start from, where a run chooses nothing itself.
fn with_defaults(studio: &Studio, new: NewRun) -> Result<NewRun, Failure> {
    let is_chosen = new.choices.preset.is_some()
        || !new.choices.switches.is_empty()
        || !new.choices.settings.is_empty();
    let defaults = studio.run_defaults(new.dataset.as_ref())?;
    let of = |choices: &Choices| choices.family.clone().unwrap_or_default();
    let fits = new.choices.family.is_none() || of(&new.choices) == of(&defaults.choices);
    // What a project's runs start from is for models of sounds, and not for those of latents.
    if is_chosen || !fits || new.model.is_some() {
        return Ok(new);
    }
    Ok(NewRun { choices: defaults.choices, limit: new.limit.or(defaults.limit), ..new })
}

/// Takes the dataset that a model was trained on where none is chosen to learn its latents from.
fn with_dataset_of_model(studio: &Studio, new: NewRun) -> Result<NewRun, Failure> {
    let Some(model) = new.model.as_ref().filter(|_| new.dataset.is_none()) else { return Ok(new) };
    let lineage = studio.model(model)?.model.lineage;
    Ok(NewRun { dataset: lineage.and_then(|it| it.dataset), ..new })
}

/// Sees that a model is chosen where a family learns from one, and that it fits the family and the dataset.
fn check_model(studio: &Studio, family: &str, new: &NewRun) -> Result<(), Failure> {
    let families = worker::families();
    let learns_from = families.iter().find(|it| it.name == family).map(|it| it.learns_from);
    let (model, learns_from) = match (&new.model, learns_from) {
        (None, Some(LearnsFrom::Latents)) => {
            let why = "A prior learns the latents that a model makes of sounds.";
            let remedy = "Choose a model of the library, or train one first.";
            return Err(bad_model("No model was chosen.", why, remedy, "choose a model"));
        }
        (None, Some(LearnsFrom::Words)) => {
            let why = "An adapter is added to the weights of a model that makes sound from words.";
            let remedy = "Choose one of the library, or add its folder first.";
            return Err(bad_model("No model was chosen.", why, remedy, "choose a model"));
        }
        (None, _) => return Ok(()),
        (Some(model), Some(it @ (LearnsFrom::Latents | LearnsFrom::Words))) => {
            (studio.model(model)?.model, it)
        }
        (Some(_), _) => {
            let why = "Only priors and adapters are trained for a model.";
            let remedy = "Choose one of these families, or no model.";
            let what = "A model was chosen for another family.";
            return Err(bad_model(what, why, remedy, "choose none"));
        }
    };
    match learns_from {
        LearnsFrom::Words => check_base(&model),
        _ => check_codec(studio, &model, new),
    }
}

/// Sees that adapters can be trained for a model.
fn check_base(model: &Model) -> Result<(), Failure> {
    let linked = model.linked.as_ref();
    let takes = linked.and_then(|it| it.words.as_ref()).is_some_and(|it| it.takes_adapters);
    if !takes {
        let why = format!("“{}” takes none.", model.name);
        let remedy = "Choose a model of Stable Audio 3; one that was added by an earlier version is added again.";
        return Err(bad_model("This model takes no adapters.", &why, remedy, "choose another"));
    }
    if linked.is_some_and(api::LinkedWeights::waits_for_acceptance) {
        let why = format!("The terms of “{}” have not been accepted.", model.name);
        let remedy =
            "Read them and accept them on the model’s page, or with `maquette weights accept`.";
        return Err(bad_model("This model is not used yet.", &why, remedy, "accept its terms"));
    }
    Ok(())
}

/// Sees that a model has latents to learn, and that it fits the dataset.
fn check_codec(studio: &Studio, model: &Model, new: &NewRun) -> Result<(), Failure> {
    let Some((rate_hz, channels)) = worker::codec_sound(&model.family, &model.settings) else {
        let why = format!("“{}” does not turn sound into latents.", model.name);
        let (what, remedy) = ("This model has no latents to learn.", "Choose a model that does.");
        return Err(bad_model(what, &why, remedy, "choose another"));
    };
    let Some(dataset) = &new.dataset else { return Ok(()) };
    let summary = studio.dataset(dataset)?.dataset.summary;
    let rate_hz = model.rate_hz.unwrap_or(rate_hz);
    match summary {
        Some(it) if (it.rate_hz, it.channels) != (rate_hz, channels) => {
            let why = format!(
                "The dataset has {} Hz and {} channels, the model {rate_hz} Hz and {channels}.",
                it.rate_hz, it.channels
            );
            let remedy = "Prepare the dataset again with the rate and the channels of the model.";
            let what = "The dataset does not fit the model.";
            Err(bad_model(what, &why, remedy, "choose another"))
        }
        _ => Ok(()),
    }
}

fn bad_model(what: &str, why: &str, remedy: &str, message: &str) -> Failure {
    let problem = Problem {
        code: "bad_model".to_owned(),
        what: what.to_owned(),
        why: Some(why.to_owned()),
        remedy: Some(remedy.to_owned()),
        fields: vec![FieldProblem {
            key: "model".to_owned(),
            message: message.to_owned(),
            suggestion: None,
        }],
    };
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, problem)
}

/// Freezes what the forecast found.
fn whole_request(new: NewRun, forecast: RunForecast) -> RunRequest {
    RunRequest {
        name: new.name,
        dataset: new.dataset,
        model: new.model,
        family: forecast.family,
        preset: forecast.preset,
        switches: forecast.switches,
        own_preset: forecast.own_preset,
        settings: forecast.settings,
        on_gpu: forecast.on_gpu,
        seed: new.seed.unwrap_or(0),
        limit: new.limit.unwrap_or(forecast.limit),
        forecast: forecast.measured,
        memory: Some(forecast.memory),
    }
}
