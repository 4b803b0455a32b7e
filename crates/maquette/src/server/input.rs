//! What requests carry, parsed at the edge: a part of the path, the query, or a JSON body that does
//! not fit is answered with a [`Problem`](api::Problem) like every other error.

use api::Id;
use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use super::{App, error::Failure};

/// The variable parts of the path. What does not parse cannot exist, so the answer is 404.
pub(crate) struct FromPath<T>(pub(crate) T);

/// The query string.
pub(crate) struct FromQuery<T>(pub(crate) T);

/// A JSON body, at most as long as the router allows.
pub(crate) struct FromJson<T>(pub(crate) T);

/// The view of a request on the studio: on one project if `?project=` names one, else on all. Lists are of that one, and
/// what is new goes into it.
pub(crate) struct InProject(pub(crate) App);

/// What names a project in a query.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfProject {
    /// A project's identifier: only what lies in it is listed, and what is new goes into it. All projects if absent.
    project: Option<Id>,
}

impl FromRequestParts<App> for InProject {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let FromQuery(OfProject { project }) = FromQuery::from_request_parts(parts, app).await?;
        let studio = app.studio.in_project(project.as_ref())?;
        Ok(Self(App { studio, ..app.clone() }))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for FromPath<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(why) => Err(Failure::plain(
                StatusCode::NOT_FOUND,
                "not_found",
                "There is nothing at this address.",
                "See /api/openapi.json for all endpoints.",
            )
            .because(&why.body_text())),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for FromQuery<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(why) => Err(Failure::bad_request(&why.body_text())),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for FromJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(why @ JsonRejection::JsonDataError(_)) => Err(Failure::plain(
                StatusCode::UNPROCESSABLE_ENTITY,
                "bad_body",
                "The body of the request has the wrong structure.",
                "See /api/openapi.json for the structure.",
            )
            .because(&in_plain_words(&why.body_text()))),
            Err(why) => Err(Failure::plain(
                why.status(),
                "bad_body",
                "The body of the request is not valid JSON.",
                "Send JSON as described in /api/openapi.json, with Content-Type: application/json.",
            )
            .because(&why.body_text())),
        }
    }
}

/// What is wrong with a body, and where, without how it was found out.
fn in_plain_words(why: &str) -> String {
    let why = why
        .strip_prefix("Failed to deserialize the JSON body into the target type: ")
        .unwrap_or(why);
    match why.split_once(": ") {
        Some((place, what)) if !place.contains(' ') => format!("In `{place}`: {what}"),
        _ => why.to_owned(),
    }
}
