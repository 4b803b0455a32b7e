//! `/api/notes`: MIDI files as pages draw them, and what can be written for them.

use std::path::Path;

use api::{
    ChangeJob, Id, JobKind, LibraryItemDetail, MidiNotes, MidiPiece, NoteChoices, NotesEdit,
    Problem,
};
use axum::{
    Json,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath},
};

/// The largest edit: of every note of the longest piece that is drawn.
const BODY_BYTES_MAX: usize = 16 << 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(note_choices))
        .routes(routes!(piece))
        .routes(routes!(changed_piece))
        .routes(routes!(changes_of_item))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(item_notes, edit_item_notes))
                .layer(DefaultBodyLimit::max(BODY_BYTES_MAX)),
        )
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

/// The notes of a MIDI file of the library in its own time, for an editor.
#[utoipa::path(get, path = "/api/library/items/{id}/notes", tag = "notes", params(("id" = Id, Path)),
    responses((status = 200, body = MidiNotes)))]
async fn item_notes(State(app): State<App>, FromPath(id): FromPath<Id>) -> Answer<MidiNotes> {
    app.work(move |app| worker::midi_notes(&app.studio.library_item_file(&id)?).map_err(refused))
        .await
        .map(Json)
}

/// Saves a MIDI file of the library with some notes changed as a new one, which is answered. The old one stays, and of the
/// new one all that is not named is as it was.
#[utoipa::path(post, path = "/api/library/items/{id}/notes", tag = "notes", params(("id" = Id, Path)),
    request_body = NotesEdit, responses((status = 200, body = LibraryItemDetail)))]
async fn edit_item_notes(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(edit): FromJson<NotesEdit>,
) -> Answer<LibraryItemDetail> {
    let kept = app.work(move |app| {
        let path = app.studio.library_item_file(&id)?;
        let (bytes, edited) = worker::midi_edit_notes(&path, &edit).map_err(refused)?;
        Ok(app.studio.keep_edited_notes(&id, edit.name.as_deref(), &bytes, edited)?)
    });
    kept.await.map(Json)
}

fn read(path: &Path) -> Result<MidiPiece, Failure> {
    worker::midi_piece(path).map_err(refused)
}

fn refused(problem: Problem) -> Failure {
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, problem)
}
