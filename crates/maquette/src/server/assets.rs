//! The pages: embedded files, compressed as the browser likes them, cached by their content.

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    error::Failure,
    stream::{Wanted, wanted},
};

/// Every address that is not an endpoint: a file of the pages, or the first page, which shows what
/// its address says.
///
/// A missing file of `assets/` is an error, though: after an update, an old page that got HTML for a
/// script would break without saying why.
pub(crate) async fn page(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Failure::no_such_endpoint().into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = if path.is_empty() { "index.html" } else { path };
    match file(path, request.headers()) {
        Some(response) => response,
        None if path.starts_with("assets/") => Failure::no_such_file().into_response(),
        None => file("index.html", request.headers())
            .unwrap_or_else(|| Failure::no_such_file().into_response()),
    }
}

/// The embedded file at a path, in the smallest encoding that the browser takes.
fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    if path.ends_with(".br") || path.ends_with(".gz") {
        return None; // Another encoding of a page, not a page.
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let encoded = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(name, _)| accepts(accepted, name))
        .find_map(|(name, suffix)| Some((web::page_file(&format!("{path}{suffix}"))?, name)));
    let (page, encoding) = match encoded {
        Some((page, name)) => (page, Some(name)),
        None => (web::page_file(path)?, None),
    };

    let tag: String = page.sha256[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    // Names in assets/ contain a hash of their content.
    let is_named_by_content = path.starts_with("assets/");
    let cache =
        if is_named_by_content { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, content_type(path))
        .header(header::CACHE_CONTROL, cache)
        .header(header::VARY, "accept-encoding")
        .header(header::ETAG, &tag);
    if let Some(encoding) = encoding {
        response = response.header(header::CONTENT_ENCODING, encoding);
    }
    let is_known =
        headers.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == tag.as_bytes());
    let bytes = match page.bytes {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let response = if is_known {
        response.status(StatusCode::NOT_MODIFIED).body(Body::empty())
    } else if path.ends_with(".mp4") {
        part(response.header(header::ACCEPT_RANGES, "bytes"), headers, bytes)
    } else {
        response.body(Body::from(bytes))
    };
    Some(response.expect("every header above is plain text"))
}

/// A film, or the part of it that is asked for: some browsers play no film of which they cannot ask for parts.
fn part(
    response: axum::http::response::Builder,
    headers: &HeaderMap,
    bytes: Bytes,
) -> axum::http::Result<Response> {
    let total = bytes.len();
    let range = headers.get(header::RANGE).and_then(|it| it.to_str().ok());
    match range.map_or(Wanted::Whole, |range| wanted(range, total as u64)) {
        Wanted::Whole => response.body(Body::from(bytes)),
        Wanted::Part(part) => {
            let (start, end) = (part.start as usize, (part.start + part.len) as usize);
            response
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_RANGE, format!("bytes {start}-{}/{total}", end - 1))
                .body(Body::from(bytes.slice(start..end)))
        }
        Wanted::Nothing => response
            .status(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(header::CONTENT_RANGE, format!("bytes */{total}"))
            .body(Body::empty()),
    }
}

/// Whether an `Accept-Encoding` names an encoding without forbidding it.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        let is_named = words.next() == Some(encoding);
        is_named && !words.any(|word| matches!(word, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The content type by the end of a name.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "mp4" => "video/mp4",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_taken_at_their_word() {
        let check = |accepted: &str, expected: bool| {
            assert_eq!(accepts(accepted, "br"), expected, "{accepted:?}");
        };
        check("", false);
        check("gzip, deflate, br", true);
        check("br;q=1.0, gzip;q=0.8", true);
        check("gzip, br;q=0", false);
        check("brotli", false);
    }
}
