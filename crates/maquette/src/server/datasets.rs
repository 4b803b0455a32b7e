//! `/api/datasets`: sound prepared for training.

use api::{Dataset, DatasetDetail, Id, Log, NewDataset, Peaks, Rename};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
    jobs::LogPart,
    stream::{self, Source},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(datasets, create_dataset))
        .routes(routes!(dataset, rename_dataset, delete_dataset))
        .routes(routes!(cancel_dataset))
        .routes(routes!(restart_dataset))
        .routes(routes!(restore_dataset))
        .routes(routes!(dataset_log))
        .routes(routes!(dataset_audio))
        .routes(routes!(dataset_peaks))
}

/// Every dataset, newest first.
#[utoipa::path(get, path = "/api/datasets", params(OfProject), tag = "datasets",
    responses((status = 200, body = Vec<Dataset>)))]
async fn datasets(InProject(app): InProject) -> Answer<Vec<Dataset>> {
    app.ask(|studio| studio.datasets()).await
}

/// Queues the preparing of a dataset.
#[utoipa::path(post, path = "/api/datasets", params(OfProject), tag = "datasets", request_body = NewDataset,
    responses((status = 200, body = Dataset)))]
async fn create_dataset(
    InProject(app): InProject,
    FromJson(new): FromJson<NewDataset>,
) -> Answer<Dataset> {
    app.ask(move |studio| studio.create_dataset(new)).await
}

/// One dataset with its files and warnings.
#[utoipa::path(get, path = "/api/datasets/{id}", tag = "datasets", params(("id" = Id, Path)),
    responses((status = 200, body = DatasetDetail)))]
async fn dataset(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<DatasetDetail> {
    app.ask(move |studio| studio.dataset(&id)).await
}

/// Gives a dataset another name.
#[utoipa::path(patch, path = "/api/datasets/{id}", tag = "datasets", params(("id" = Id, Path)),
    request_body = Rename, responses((status = 200, body = Dataset)))]
async fn rename_dataset(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<Rename>,
) -> Answer<Dataset> {
    app.ask(move |studio| studio.rename_dataset(&id, &new.name)).await
}

/// Moves a dataset to the trash, from where it can be restored.
#[utoipa::path(delete, path = "/api/datasets/{id}", tag = "datasets", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_dataset(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_dataset(&id)).await
}

/// Stops preparing; the dataset is gone once its process has ended.
#[utoipa::path(post, path = "/api/datasets/{id}/cancel", tag = "datasets",
    params(("id" = Id, Path)), responses((status = 204)))]
async fn cancel_dataset(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.cancel_dataset(&id)).await
}

/// Queues the preparing again of a dataset that failed, was stopped or was interrupted.
#[utoipa::path(post, path = "/api/datasets/{id}/restart", tag = "datasets",
    params(("id" = Id, Path)), responses((status = 200, body = Dataset)))]
async fn restart_dataset(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Dataset> {
    app.ask(move |studio| studio.restart_dataset(&id)).await
}

/// Takes a dataset back from the trash.
#[utoipa::path(post, path = "/api/datasets/{id}/restore", tag = "datasets",
    params(("id" = Id, Path)), responses((status = 200, body = Dataset)))]
async fn restore_dataset(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Dataset> {
    app.ask(move |studio| studio.restore_dataset(&id)).await
}

/// The end of the log of preparing it.
#[utoipa::path(get, path = "/api/datasets/{id}/log", tag = "datasets",
    params(("id" = Id, Path), LogPart), responses((status = 200, body = Log)))]
async fn dataset_log(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(part): FromQuery<LogPart>,
) -> Answer<Log> {
    app.ask(move |studio| studio.log(&id, part.bytes())).await
}

/// One of its sounds as a WAV file; parts of it by `Range`.
#[utoipa::path(get, path = "/api/datasets/{id}/files/{idx}/audio", tag = "datasets",
    params(("id" = Id, Path), ("idx" = u32, Path, description = "Its place in the dataset, from 0.")),
    responses((status = 200, body = Vec<u8>, content_type = "audio/wav")))]
async fn dataset_audio(
    State(app): State<App>,
    FromPath((id, idx)): FromPath<(Id, u32)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let sound = app.call(move |studio| studio.dataset_sound(&id, idx)).await?;
    stream::answer(Source::of_sound(sound), &headers).await
}

/// The shape of one of its sounds.
#[utoipa::path(get, path = "/api/datasets/{id}/files/{idx}/peaks", tag = "datasets",
    params(("id" = Id, Path), ("idx" = u32, Path, description = "Its place in the dataset, from 0.")),
    responses((status = 200, body = Peaks)))]
async fn dataset_peaks(
    State(app): State<App>,
    FromPath((id, idx)): FromPath<(Id, u32)>,
) -> Answer<Peaks> {
    app.ask(move |studio| studio.dataset_peaks(&id, idx)).await
}
