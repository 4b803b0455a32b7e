//! `/api/notes`: MIDI files as pages draw them, and what can be written for them.

use std::path::Path;

use api::{ChangeJob, Id, JobKind, MidiPiece, NoteChoices};
use axum::{Json, extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::FromPath,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(note_choices))
        .routes(routes!(piece))
        .routes(routes!(changed_piece))
        .routes(routes!(changes_of_item))
}

/// The parts and styles that can be written.
#[utoipa::path(get, path = "/api/notes/choices", tag = "notes", responses((status = 200, body = NoteChoices)))]
async fn note_choices() -> Json<NoteChoices> {
    let owned = |names: Vec<&'static str>| names.into_iter().map(str::to_owned).collect();
    Json(NoteChoices {
        parts: owned(worker::band_parts()),
        band_styles: owned(worker::band_styles()),
        chord_styles: owned(worker::chord_styles()),
    })
}

/// A MIDI file of the library: its notes, bars and chords.
#[utoipa::path(get, path = "/api/library/items/{id}/piece", tag = "notes", params(("id" = Id, Path)),
    responses((status = 200, body = MidiPiece)))]
async fn piece(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<MidiPiece> {
    app.work(move |app| read(&app.studio.library_item_file(&id)?)).await.map(Json)
}

/// A MIDI file that a change made: its notes, bars and chords.
#[utoipa::path(get, path = "/api/changes/{id}/piece/{*path}", tag = "notes",
    params(("id" = Id, Path), ("path" = String, Path, description = "The path in the change's folder.")),
    responses((status = 200, body = MidiPiece)))]
async fn changed_piece(
    State(app): State<App>,
    FromPath((id, path)): FromPath<(Id, String)>,
) -> Answer<MidiPiece> {
    let piece = app.work(move |app| {
        app.studio.job_of(JobKind::Change, &id)?;
        read(&app.studio.job_file(&id, &path)?)
    });
    piece.await.map(Json)
}

/// Changes of a file of the library, newest first; few are kept.
#[utoipa::path(get, path = "/api/library/items/{id}/changes", tag = "notes", params(("id" = Id, Path)),
    responses((status = 200, body = Vec<ChangeJob>)))]
async fn changes_of_item(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<Vec<ChangeJob>> {
    app.ask(move |studio| studio.changes_of(&id)).await
}

fn read(path: &Path) -> Result<MidiPiece, Failure> {
    worker::midi_piece(path)
        .map_err(|problem| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, problem))
}
