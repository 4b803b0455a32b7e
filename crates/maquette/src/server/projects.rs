//! `/api/projects`: what belongs together, and its archive.

use std::io::{self, Read, Write};

use api::{Id, NewProject, Project, ProjectChange, ProjectDetail, ProjectItem, RunDefaults};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use studio::Studio;
use tokio::{sync::mpsc, task::spawn_blocking};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, FromQuery},
    presets,
    stream::presentation,
    uploads::drain,
};

/// Pieces of an archive that may wait between the connection and the disk.
const PIECES_WAITING: usize = 4;

/// How much of an archive is sent at a time.
const PIECE_BYTES: usize = 256 * 1024;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(projects, create_project))
        .routes(routes!(project, change_project, delete_project))
        .routes(routes!(restore_project))
        .routes(routes!(move_to_project))
        .routes(routes!(export_project))
        .routes(routes!(import_project))
}

/// Every project: the one that was used last comes first.
#[utoipa::path(get, path = "/api/projects", tag = "projects",
    responses((status = 200, body = Vec<Project>)))]
async fn projects(State(app): State<App>) -> Answer<Vec<Project>> {
    app.ask(Studio::projects).await
}

/// Makes a project.
#[utoipa::path(post, path = "/api/projects", tag = "projects", request_body = NewProject,
    responses((status = 200, body = Project)))]
async fn create_project(
    State(app): State<App>,
    FromJson(new): FromJson<NewProject>,
) -> Answer<Project> {
    app.work(move |app| {
        let defaults = checked_defaults(&app.studio, new.defaults)?;
        Ok(app.studio.create_project(NewProject { defaults, ..new })?)
    })
    .await
    .map(Json)
}

/// One project, with its size on disk.
#[utoipa::path(get, path = "/api/projects/{id}", tag = "projects", params(("id" = Id, Path)),
    responses((status = 200, body = ProjectDetail)))]
async fn project(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<ProjectDetail> {
    app.ask(move |studio| studio.project(&id)).await
}

/// Gives a project another name, or other defaults for new runs.
#[utoipa::path(patch, path = "/api/projects/{id}", tag = "projects", params(("id" = Id, Path)),
    request_body = ProjectChange, responses((status = 200, body = Project)))]
async fn change_project(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<ProjectChange>,
) -> Answer<Project> {
    app.work(move |app| {
        let defaults = new.defaults.map(|it| checked_defaults(&app.studio, it)).transpose()?;
        Ok(app.studio.change_project(&id, ProjectChange { defaults, ..new })?)
    })
    .await
    .map(Json)
}

/// Moves a project with all it holds to the trash, from where it can be restored.
#[utoipa::path(delete, path = "/api/projects/{id}", tag = "projects", params(("id" = Id, Path)),
    responses((status = 204)))]
async fn delete_project(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_project(&id)).await
}

/// Takes a project back from the trash, with all it holds.
#[utoipa::path(post, path = "/api/projects/{id}/restore", tag = "projects",
    params(("id" = Id, Path)), responses((status = 200, body = Project)))]
async fn restore_project(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<Project> {
    app.ask(move |studio| studio.restore_project(&id)).await
}

/// Moves something into a project. The reconstructions of a model go with it.
#[utoipa::path(post, path = "/api/projects/{id}/items", tag = "projects",
    params(("id" = Id, Path)), request_body = ProjectItem, responses((status = 204)))]
async fn move_to_project(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(item): FromJson<ProjectItem>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.move_to_project(&id, &item)).await
}

/// A project as one archive, with all it holds: a tar file.
#[utoipa::path(get, path = "/api/projects/{id}/archive", tag = "projects",
    params(("id" = Id, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/x-tar")))]
async fn export_project(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<Response, Failure> {
    let of = id.clone();
    let name = app
        .call(move |studio| {
            studio.check_archive(&of)?;
            Ok(studio.project(&of)?.project.name)
        })
        .await?;
    let (pieces, written) = mpsc::channel(PIECES_WAITING);
    let studio = app.studio.clone();
    spawn_blocking(move || {
        let target = io::BufWriter::with_capacity(PIECE_BYTES, ToBody(pieces.clone()));
        if let Err(error) = studio.write_archive(&id, target) {
            // The connection breaks off, so that half an archive is not taken for a whole one. Nobody may be there.
            tracing::warn!("failed to {error}");
            let _ = pieces.blocking_send(Err(io::Error::other(error.to_string())));
        }
    });
    let body = stream::unfold(written, async |mut written| Some((written.recv().await?, written)));
    let (_, disposition) = presentation(&format!("{name}.maquette.tar"));
    Response::builder()
        .header(header::CONTENT_TYPE, "application/x-tar")
        .header(header::CONTENT_DISPOSITION, disposition)
        .body(Body::from_stream(body))
        .map_err(|error| Failure::internal(&error))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Importing {
    /// A name for it; its own if absent.
    name: Option<String>,
}

/// Makes a project of an archive, which is the raw body of the request. It appears with all it holds, or not at all.
#[utoipa::path(post, path = "/api/projects/import", tag = "projects", params(Importing),
    request_body(content = Vec<u8>, content_type = "application/x-tar"),
    responses((status = 200, body = Project)))]
async fn import_project(
    State(app): State<App>,
    FromQuery(importing): FromQuery<Importing>,
    body: Body,
) -> Answer<Project> {
    let (pieces, read) = mpsc::channel(PIECES_WAITING);
    let studio = app.studio.clone();
    let reader = spawn_blocking(move || {
        let source = FromBody { pieces: read, rest: Bytes::new() };
        studio.read_archive(importing.name.as_deref(), source)
    });
    let mut stream = body.into_data_stream();
    while let Some(piece) = stream.next().await {
        let is_broken = piece.is_err();
        // When the reader has given up, its own answer says why.
        if pieces.send(piece.map_err(io::Error::other)).await.is_err() || is_broken {
            break;
        }
    }
    drop(pieces);
    let read = reader.await;
    drain(stream).await;
    match read {
        Ok(read) => Ok(Json(read?)),
        Err(panic) => Err(Failure::internal(&panic)),
    }
}

/// Writes into the body of an answer, waiting where nobody reads it yet.
struct ToBody(mpsc::Sender<io::Result<Bytes>>);

impl Write for ToBody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads the body of a request, waiting for what has not come yet.
struct FromBody {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    rest: Bytes,
}

impl Read for FromBody {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.rest = piece?,
                None => return Ok(0),
            }
        }
        let n = self.rest.len().min(bytes.len());
        bytes[..n].copy_from_slice(&self.rest.split_to(n));
        Ok(n)
    }
}

/// What new runs start from, with its settings as their knobs read them.
///
/// # Errors
/// When no run could start from them.
fn checked_defaults(studio: &Studio, mut defaults: RunDefaults) -> Result<RunDefaults, Failure> {
    let composed = presets::composed(studio, &defaults.choices)?;
    let given = std::mem::take(&mut defaults.choices.settings);
    defaults.choices.settings = presets::as_read(given, &composed);
    Ok(defaults)
}
