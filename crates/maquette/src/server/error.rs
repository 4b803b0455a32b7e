//! What a request is answered when it cannot be done: a status and a [`Problem`].

use std::{fmt, io};

use api::Problem;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// A refused or failed request. Every error of the API leaves the server as one of these.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    problem: Box<Problem>,
}

/// What a handler answers: JSON, or a problem.
pub(crate) type Answer<T> = Result<Json<T>, Failure>;

impl Failure {
    /// A failure with the status and the words for it.
    pub(crate) fn new(status: StatusCode, problem: Problem) -> Self {
        Self { status, problem: Box::new(problem) }
    }

    /// A failure that is explained by what happened and what to do.
    pub(crate) fn plain(status: StatusCode, code: &str, what: &str, remedy: &str) -> Self {
        let (what, remedy) = (what.to_owned(), Some(remedy.to_owned()));
        Self::new(
            status,
            Problem { code: code.to_owned(), what, why: None, remedy, fields: vec![] },
        )
    }

    /// The request is understood, and cannot be fulfilled: words that say why.
    pub(crate) fn unprocessable(problem: Problem) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, problem)
    }

    /// The same failure, with the reason as far as it is known.
    pub(crate) fn because(mut self, why: &dyn fmt::Display) -> Self {
        self.problem.why = Some(api::sentence(&why.to_string()));
        self
    }

    /// There is nothing at this address.
    pub(crate) fn no_such_endpoint() -> Self {
        let remedy = "See /api/openapi.json for all endpoints.";
        Self::plain(StatusCode::NOT_FOUND, "no_such_endpoint", "There is no such endpoint.", remedy)
    }

    /// There is something at this address, but it cannot be asked like this.
    pub(crate) fn method_not_allowed() -> Self {
        let remedy = "See /api/openapi.json for all endpoints.";
        let what = "This address does not accept this method.";
        Self::plain(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", what, remedy)
    }

    /// The request is not understood.
    pub(crate) fn bad_request(why: &dyn fmt::Display) -> Self {
        let remedy = "See /api/openapi.json for how to use it.";
        let what = "The request is not valid.";
        Self::plain(StatusCode::BAD_REQUEST, "bad_request", what, remedy).because(why)
    }

    /// A file is not there.
    pub(crate) fn no_such_file() -> Self {
        let remedy = "It may have been deleted. Reload the page.";
        Self::plain(StatusCode::NOT_FOUND, "not_found", "There is no such file.", remedy)
    }

    /// Something went wrong that is nobody's fault but ours.
    pub(crate) fn internal(why: &dyn fmt::Display) -> Self {
        let remedy = "Try again. If it happens again, check the terminal that Maquette runs in.";
        let what = "An internal error occurred.";
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, "internal", what, remedy).because(why)
    }
}

impl From<studio::Error> for Failure {
    fn from(error: studio::Error) -> Self {
        let status = match &error {
            studio::Error::NotFound { .. } => StatusCode::NOT_FOUND,
            studio::Error::Invalid { .. }
            | studio::Error::BadImport { .. }
            | studio::Error::BadArchive { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            studio::Error::Locked { .. }
            | studio::Error::Conflict { .. }
            | studio::Error::Newer { .. }
            | studio::Error::UnknownKind { .. } => StatusCode::CONFLICT,
            _ if error.is_disk_full() => StatusCode::INSUFFICIENT_STORAGE,
            studio::Error::TooMuch { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            studio::Error::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => StatusCode::NOT_FOUND,
                io::ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
            studio::Error::Closed => StatusCode::SERVICE_UNAVAILABLE,
            studio::Error::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.problem())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(status = %self.status, problem = ?self.problem, "a request failed");
        } else {
            tracing::debug!(status = %self.status, problem = ?self.problem, "a request was refused");
        }
        (self.status, Json(self.problem)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whose_turn_it_is() {
        let check = |error: studio::Error, expected: u16| {
            let words = format!("{error:?}");
            assert_eq!(Failure::from(error).status.as_u16(), expected, "{words}");
        };
        let io = |kind: io::ErrorKind| studio::Error::Io {
            action: "write",
            path: "sound.wav".into(),
            source: kind.into(),
        };
        check(io(io::ErrorKind::StorageFull), 507);
        check(io(io::ErrorKind::QuotaExceeded), 507);
        check(io(io::ErrorKind::PermissionDenied), 403);
        check(io(io::ErrorKind::NotFound), 404);
        check(io(io::ErrorKind::Other), 500);
        check(studio::Error::TooMuch { limit: "4 GB".into() }, 413);
        check(studio::Error::NotFound { what: "run", id: "x".into() }, 404);
        check(studio::Error::Invalid { key: "name", message: "too long".into() }, 422);
        check(studio::Error::Closed, 503);
    }
}
