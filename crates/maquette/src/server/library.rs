//! `/api/library`: sounds of one's own in folders, what was found in them, and searching that.

use api::{
    AnalysisEdit, AnnotationForm, Id, Job, LibraryFolder, LibraryFolderChange, LibraryItemChange,
    LibraryItemDetail, LibraryPage, LibraryScan, LibraryWord, NewAnalysis, NewLibraryFolder, Peaks,
    SimilarAsk,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use studio::LibraryAsk;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    folders,
    input::{FromJson, FromPath, FromQuery, InProject, OfProject},
    stream::{self, Source},
};
use crate::percent;

/// Sounds that a list has if nobody says how many, and one of similar sounds.
const LIMIT: u64 = 200;
const SIMILAR_LIMIT: u64 = 10;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(library_folders, add_library_folder))
        .routes(routes!(library_folder, change_library_folder, delete_library_folder))
        .routes(routes!(restore_library_folder))
        .routes(routes!(scan_library))
        .routes(routes!(create_analysis))
        .routes(routes!(library_items))
        .routes(routes!(library_words))
        .routes(routes!(similar_library_items))
        .routes(routes!(library_items_near))
        .routes(routes!(library_item, change_library_item, remove_library_item))
        .routes(routes!(restore_library_item))
        .routes(routes!(edit_library_item, reset_library_item))
        .routes(routes!(library_item_file))
        .routes(routes!(library_item_peaks))
        .routes(routes!(library_item_annotations))
        .routes(routes!(open_library_item))
}

/// What is searched for, in which order, and which part of it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The search, like `key:Am tempo:118..124 len<8`; all sounds if absent. `like:ID` compares with a sound, and
    /// `kind:film` lists films.
    q: Option<String>,
    /// The order: name, added, modified, format, length, tempo, key, loudness, peak, rating or rate; with a dash before
    /// it, the other way round. Newest first if absent; where the search compares, most similar first.
    sort: Option<String>,
    /// How many to leave out at the start.
    offset: Option<u64>,
    /// At most so many; 200 if absent, never more than 500.
    limit: Option<u64>,
    /// Only these sounds: their identifiers with commas between them.
    ids: Option<String>,
}

/// How many are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AtMost {
    /// At most so many; 10 if absent, never more than 500.
    limit: Option<u64>,
}

/// How finely a shape is drawn.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Drawn {
    /// At most so many pairs; as many as there are if absent.
    pairs: Option<u32>,
}

/// The form in which what was found is written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Written {
    /// The form; JSON if absent.
    #[param(inline)]
    form: Option<AnnotationForm>,
}

/// Folders of the library, newest first.
#[utoipa::path(get, path = "/api/library/folders", params(OfProject), tag = "library",
    responses((status = 200, body = Vec<LibraryFolder>)))]
async fn library_folders(InProject(app): InProject) -> Answer<Vec<LibraryFolder>> {
    app.ask(studio::Studio::library_folders).await
}

/// Adds a folder or a file of this computer, which is left where it is, or what was dropped; its sounds are analysed.
#[utoipa::path(post, path = "/api/library/folders", params(OfProject), tag = "library",
    request_body = NewLibraryFolder, responses((status = 200, body = LibraryScan)))]
async fn add_library_folder(
    InProject(app): InProject,
    FromJson(new): FromJson<NewLibraryFolder>,
) -> Answer<LibraryScan> {
    app.ask(move |studio| studio.add_library_folder(new)).await
}

/// One folder of the library.
#[utoipa::path(get, path = "/api/library/folders/{id}", tag = "library", params(("id" = Id, Path)),
    responses((status = 200, body = LibraryFolder)))]
async fn library_folder(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<LibraryFolder> {
    app.ask(move |studio| studio.library_folder(&id)).await
}

/// Gives a folder of the library another name.
#[utoipa::path(patch, path = "/api/library/folders/{id}", tag = "library",
    params(("id" = Id, Path)), request_body = LibraryFolderChange,
    responses((status = 200, body = LibraryFolder)))]
async fn change_library_folder(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<LibraryFolderChange>,
) -> Answer<LibraryFolder> {
    app.ask(move |studio| studio.change_library_folder(&id, &new)).await
}

/// Takes a folder out of the library, into the trash. The files of a watched one stay where they are.
#[utoipa::path(delete, path = "/api/library/folders/{id}", tag = "library",
    params(("id" = Id, Path)), responses((status = 204)))]
async fn delete_library_folder(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.delete_library_folder(&id)).await
}

/// Takes a folder of the library back from the trash.
#[utoipa::path(post, path = "/api/library/folders/{id}/restore", tag = "library",
    params(("id" = Id, Path)), responses((status = 200, body = LibraryFolder)))]
async fn restore_library_folder(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<LibraryFolder> {
    app.ask(move |studio| studio.restore_library_folder(&id)).await
}

/// Looks through the folders of the library for what is new, has changed or is gone; what is new is analysed.
#[utoipa::path(post, path = "/api/library/scan", params(OfProject), tag = "library",
    responses((status = 200, body = LibraryScan)))]
async fn scan_library(InProject(app): InProject) -> Answer<LibraryScan> {
    app.ask(studio::Studio::scan_library).await
}

/// Queues a job that finds out what is in sounds; `null` where there is nothing to find out.
#[utoipa::path(post, path = "/api/library/analyses", params(OfProject), tag = "library",
    request_body = NewAnalysis, responses((status = 200, body = Option<Job>)))]
async fn create_analysis(
    InProject(app): InProject,
    FromJson(new): FromJson<NewAnalysis>,
) -> Answer<Option<Job>> {
    app.ask(move |studio| studio.create_analysis(&new)).await
}

/// Sounds of the library that pass a search.
#[utoipa::path(get, path = "/api/library/items", params(OfProject, Asked), tag = "library",
    responses((status = 200, body = LibraryPage)))]
async fn library_items(
    InProject(app): InProject,
    FromQuery(asked): FromQuery<Asked>,
) -> Answer<LibraryPage> {
    // What is no identifier is none of a sound.
    let only =
        asked.ids.map(|ids| ids.split(',').filter_map(|it| it.trim().parse().ok()).collect());
    let ask = LibraryAsk {
        only,
        query: asked.q.unwrap_or_default(),
        sort: asked.sort.unwrap_or_default(),
        offset: asked.offset.unwrap_or(0),
        limit: asked.limit.unwrap_or(LIMIT),
    };
    app.ask(move |studio| studio.library_items(&ask)).await
}

/// Tags, collections, keys and formats of the sounds of the library, with how many have each.
#[utoipa::path(get, path = "/api/library/words", params(OfProject), tag = "library",
    responses((status = 200, body = Vec<LibraryWord>)))]
async fn library_words(InProject(app): InProject) -> Answer<Vec<LibraryWord>> {
    app.ask(studio::Studio::library_words).await
}

/// The sounds of the library that are most similar to one of them, with how similar they are.
#[utoipa::path(get, path = "/api/library/items/{id}/similar", tag = "library",
    params(("id" = Id, Path), OfProject, AtMost), responses((status = 200, body = LibraryPage)))]
async fn similar_library_items(
    InProject(app): InProject,
    FromPath(id): FromPath<Id>,
    FromQuery(AtMost { limit }): FromQuery<AtMost>,
) -> Answer<LibraryPage> {
    let limit = limit.unwrap_or(SIMILAR_LIMIT);
    app.ask(move |studio| studio.similar_library_items(&id, limit)).await
}

/// The sounds of the library that are nearest to a place, as the analysis of a sound that is not in it gives one.
#[utoipa::path(post, path = "/api/library/similar", params(OfProject), tag = "library",
    request_body = SimilarAsk, responses((status = 200, body = LibraryPage)))]
async fn library_items_near(
    InProject(app): InProject,
    FromJson(ask): FromJson<SimilarAsk>,
) -> Answer<LibraryPage> {
    let limit = ask.limit.unwrap_or(SIMILAR_LIMIT);
    app.ask(move |studio| studio.library_items_near(&ask, limit)).await
}

/// One sound of the library, with all that was found in it.
#[utoipa::path(get, path = "/api/library/items/{id}", tag = "library", params(("id" = Id, Path)),
    responses((status = 200, body = LibraryItemDetail)))]
async fn library_item(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<LibraryItemDetail> {
    app.ask(move |studio| studio.library_item(&id)).await
}

/// Rates a sound, gives it tags, or puts it into collections.
#[utoipa::path(patch, path = "/api/library/items/{id}", tag = "library", params(("id" = Id, Path)),
    request_body = LibraryItemChange, responses((status = 200, body = LibraryItemDetail)))]
async fn change_library_item(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(new): FromJson<LibraryItemChange>,
) -> Answer<LibraryItemDetail> {
    app.ask(move |studio| studio.change_library_item(&id, &new)).await
}

/// Takes a sound out of the library. A file stays where it is; what was made here goes to the trash.
#[utoipa::path(delete, path = "/api/library/items/{id}", tag = "library",
    params(("id" = Id, Path)), responses((status = 204)))]
async fn remove_library_item(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Result<StatusCode, Failure> {
    app.act(move |studio| studio.remove_library_item(&id)).await
}

/// Lists a sound again that was taken out of the library.
#[utoipa::path(post, path = "/api/library/items/{id}/restore", tag = "library",
    params(("id" = Id, Path)), responses((status = 200, body = LibraryItemDetail)))]
async fn restore_library_item(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<LibraryItemDetail> {
    app.ask(move |studio| studio.restore_library_item(&id)).await
}

/// Corrects what was found in a sound. The corrections take the place of earlier ones.
#[utoipa::path(put, path = "/api/library/items/{id}/edit", tag = "library",
    params(("id" = Id, Path)), request_body = AnalysisEdit,
    responses((status = 200, body = LibraryItemDetail)))]
async fn edit_library_item(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromJson(edit): FromJson<AnalysisEdit>,
) -> Answer<LibraryItemDetail> {
    app.ask(move |studio| studio.edit_library_item(&id, Some(edit))).await
}

/// Takes all corrections back: a sound is as it was found.
#[utoipa::path(delete, path = "/api/library/items/{id}/edit", tag = "library",
    params(("id" = Id, Path)), responses((status = 200, body = LibraryItemDetail)))]
async fn reset_library_item(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<LibraryItemDetail> {
    app.ask(move |studio| studio.edit_library_item(&id, None)).await
}

/// The file of a sound; parts of it by `Range`.
#[utoipa::path(get, path = "/api/library/items/{id}/file", tag = "library",
    params(("id" = Id, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn library_item_file(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let path = app.call(move |studio| studio.library_item_file(&id)).await?;
    stream::answer(Source::File(path), &headers).await
}

/// The shape of a sound; without any pairs before it is analysed.
#[utoipa::path(get, path = "/api/library/items/{id}/peaks", tag = "library",
    params(("id" = Id, Path), Drawn), responses((status = 200, body = Peaks)))]
async fn library_item_peaks(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(drawn): FromQuery<Drawn>,
) -> Answer<Peaks> {
    app.ask(move |studio| studio.library_item_peaks(&id, drawn.pairs)).await
}

/// What was found in a sound, with the corrections, as a file for other programs.
#[utoipa::path(get, path = "/api/library/items/{id}/annotations", tag = "library",
    params(("id" = Id, Path), Written),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn library_item_annotations(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    FromQuery(written): FromQuery<Written>,
) -> Result<Response, Failure> {
    let form = written.form.unwrap_or(AnnotationForm::Json);
    let (name, bytes) = app
        .work(move |app| {
            let detail = app.studio.library_item(&id)?;
            let Some(analysis) = detail.analysis else {
                return Err(Failure::plain(
                    StatusCode::CONFLICT,
                    "conflict",
                    "There is nothing to write yet.",
                    "Analyse the sound first.",
                ));
            };
            let name = format!("{}.{}", detail.item.name, worker::annotation_ending(form));
            Ok((name, worker::annotations(&analysis, form)))
        })
        .await?;
    let disposition = format!("attachment; filename*=UTF-8''{}", percent::encoded(&name));
    let response = Response::builder()
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_DISPOSITION, disposition)
        .body(Body::from(bytes));
    response.map_err(|error| Failure::internal(&error))
}

/// Shows the folder of a sound's file in the file manager of the computer that Maquette runs on.
#[utoipa::path(post, path = "/api/library/items/{id}/open", tag = "library",
    params(("id" = Id, Path)), responses((status = 200, body = LibraryItemDetail)))]
async fn open_library_item(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
) -> Answer<LibraryItemDetail> {
    let detail = app.call(move |studio| studio.library_item(&id)).await?;
    let file = std::path::Path::new(&detail.item.path);
    folders::show(&file.parent().unwrap_or(file).to_string_lossy())?;
    Ok(Json(detail))
}
