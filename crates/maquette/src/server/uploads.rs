//! `/api/uploads`: places that files are sent to, before a dataset is made of them.

use std::{path::Path, time::Duration};

use api::{Id, Problem, Upload};
use axum::{
    Json,
    body::{Body, Bytes, HttpBody},
    extract::State,
    http::StatusCode,
};
use futures_util::StreamExt;
use studio::StagedFile;
use tokio::{sync::mpsc, task::spawn_blocking, time::timeout};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::FromPath,
};

/// Pieces of a body that may wait for the disk.
const PIECES_WAITING: usize = 8;

/// How long the rest of a refused body is still read in all, and how long its next piece may take.
const DRAIN_TIME: Duration = Duration::from_secs(2);
const DRAIN_PIECE_TIME: Duration = Duration::from_millis(200);

/// Space that an upload leaves on the disk, for the database and for what is running.
const DISK_RESERVE_BYTES: u64 = 64 << 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(new_upload))
        .routes(routes!(upload, delete_upload))
        .routes(routes!(upload_file))
}

/// Makes a place for files to be sent to.
#[utoipa::path(post, path = "/api/uploads", tag = "uploads",
    responses((status = 200, body = Upload)))]
async fn new_upload(State(app): State<App>) -> Answer<Upload> {
    app.ask(|studio| studio.new_upload()).await
}

/// What an upload holds so far.
#[utoipa::path(get, path = "/api/uploads/{id}", tag = "uploads", params(("id" = Id, Path)),
    responses((status = 200, body = Upload)))]
async fn upload(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Upload> {
    app.ask(move |studio| studio.upload(&id)).await
}

/// Removes an upload and its files.
#[utoipa::path(delete, path = "/api/uploads/{id}", tag = "uploads", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_upload(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_upload(&id)).await
}

/// Receives one file, as the raw body of the request, and keeps it if it arrived whole.
#[utoipa::path(put, path = "/api/uploads/{id}/files/{name}", tag = "uploads",
    params(("id" = Id, Path), ("name" = String, Path, description = "The file's name, or its path below the dropped folder.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Upload)))]
async fn upload_file(
    State(app): State<App>,
    FromPath((id, name)): FromPath<(Id, String)>,
    body: Body,
) -> Answer<Upload> {
    let staged = app.call(move |studio| studio.stage_upload(&id, &name)).await?;
    let staged = receive(&app, staged, body).await?;
    app.call(move |_| staged.finish()).await.map(Json)
}

/// Writes a body to disk as it arrives, holding a few pieces of it in memory at most.
///
/// # Errors
/// When the body broke off, when it is more than is taken, or when the disk is full: what was
/// written is gone then.
pub(crate) async fn receive(
    app: &App,
    staged: StagedFile,
    body: Body,
) -> Result<StagedFile, Failure> {
    let announced = body.size_hint().lower();
    let refused = app.work(move |app| check_space(app.studio.workspace(), announced)).await;
    if let Err(failure) = refused {
        drain(body.into_data_stream()).await;
        return Err(failure);
    }
    let (pieces, written) = mpsc::channel(PIECES_WAITING);
    let writer = spawn_blocking(move || write_all(staged, written));
    let mut stream = body.into_data_stream();
    let mut broken = None;
    while let Some(piece) = stream.next().await {
        match piece {
            // When the writer has given up, its own error says why.
            Ok(piece) => match pieces.send(piece).await {
                Ok(()) => {}
                Err(_) => break,
            },
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
    }
    drop(pieces);
    let staged = match writer.await {
        Ok(Ok(staged)) => staged,
        Ok(Err(error)) => {
            drain(stream).await;
            return Err(error.into());
        }
        Err(panic) => return Err(Failure::internal(&panic)),
    };
    match broken {
        Some(error) => Err(Failure::bad_request(&error)),
        None => Ok(staged),
    }
}

/// Sees at once that a body will not fit, rather than when the disk is full.
fn check_space(workspace: &Path, n_bytes: u64) -> Result<(), Failure> {
    let free = studio::free_bytes(workspace).unwrap_or(u64::MAX);
    if n_bytes.saturating_add(DISK_RESERVE_BYTES) <= free {
        return Ok(());
    }
    let why = format!(
        "it has {n_bytes} bytes, but only {free} bytes are free on the disk of the workspace"
    );
    Err(Failure::plain(
        StatusCode::INSUFFICIENT_STORAGE,
        Problem::DISK_FULL,
        "The file does not fit on the disk.",
        "Free some space and send it again.",
    )
    .because(&why))
}

fn write_all(
    mut staged: StagedFile,
    mut pieces: mpsc::Receiver<Bytes>,
) -> Result<StagedFile, studio::Error> {
    while let Some(piece) = pieces.blocking_recv() {
        staged.write(&piece)?;
    }
    Ok(staged)
}

/// Reads and forgets what still comes. A browser that is cut off while it sends reports a broken
/// connection, and never shows the answer.
pub(crate) async fn drain(mut stream: axum::body::BodyDataStream) {
    let rest =
        async { while let Ok(Some(Ok(_))) = timeout(DRAIN_PIECE_TIME, stream.next()).await {} };
    // When time is up, the browser must do without the answer.
    let _ = timeout(DRAIN_TIME, rest).await;
}
