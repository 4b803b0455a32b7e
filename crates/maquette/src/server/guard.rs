//! Who may speak to the server: pages that it served itself, and programs on this computer.
//!
//! A server on the loopback interface can be reached by every web page that the person has open.
//! Three checks keep those out. `Host` must be a name of this computer, else a foreign name was made
//! to point here (DNS rebinding). `Origin` must be our own, also for a `WebSocket`, which no other
//! rule of the browser protects. And for the API, `Sec-Fetch-Site` must not say that another site asks,
//! which covers requests that carry no `Origin`, like an image's. The headers of every answer keep
//! the pages themselves from loading or sending anything elsewhere.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::error::Failure;

/// Isolated from other origins, so that the pages get precise clocks; nothing but our own content.
/// Styles may be inline because floating parts of the pages position themselves.
const HEADERS: [(&str, &str); 6] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; \
         connect-src 'self' ws://127.0.0.1:* ws://localhost:*; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
];

/// Refuses requests from elsewhere, and adds the safety headers to every answer.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = match refusal(request.headers(), is_api) {
        Some(failure) => failure.into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Why a request with these headers is refused, if it is.
fn refusal(headers: &HeaderMap, is_api: bool) -> Option<Failure> {
    let Some(host) = only(headers, header::HOST).filter(|host| is_this_computer(host)) else {
        return Some(Failure::plain(
            StatusCode::MISDIRECTED_REQUEST,
            "unknown_host",
            "Maquette only answers at the address of this computer.",
            "Open it at http://127.0.0.1 or http://localhost, with its port.",
        ));
    };
    let is_foreign_origin = headers.contains_key(header::ORIGIN)
        && only(headers, header::ORIGIN) != Some(&format!("http://{host}"));
    let site = only(headers, HeaderName::from_static("sec-fetch-site"));
    let is_foreign_site =
        is_api && site.is_some_and(|site| site != "same-origin" && site != "none");
    (is_foreign_origin || is_foreign_site).then(|| {
        Failure::plain(
            StatusCode::FORBIDDEN,
            "cross_origin",
            "Maquette does not answer other websites.",
            "Use Maquette's own pages, or a program that is not a browser.",
        )
    })
}

/// The value of a header that is there exactly once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

/// Whether a `Host` names the loopback interface, with any port: development servers pass theirs on.
fn is_this_computer(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    matches!(name, "127.0.0.1" | "localhost" | "[::1]") && port.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_computer_may_ask() {
        let check = |headers: &[(&'static str, &'static str)], expected: Option<StatusCode>| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            let status = refusal(&map, true).map(|failure| failure.into_response().status());
            assert_eq!(status, expected, "{headers:?}");
        };
        let misdirected = Some(StatusCode::MISDIRECTED_REQUEST);
        let forbidden = Some(StatusCode::FORBIDDEN);

        check(&[("host", "127.0.0.1:7878")], None);
        check(&[("host", "localhost")], None);
        check(&[("host", "[::1]:7878")], None);
        check(&[("host", "[::1]")], None);
        check(&[], misdirected);
        check(&[("host", "evil.example")], misdirected);
        check(&[("host", "evil.example:7878")], misdirected);
        check(&[("host", "127.0.0.1.evil.example")], misdirected);
        check(&[("host", "127.0.0.1:x.evil.example")], misdirected);
        check(&[("host", "192.168.0.2:7878")], misdirected);
        check(&[("host", "127.0.0.1:7878"), ("host", "evil.example")], misdirected);

        let host = ("host", "127.0.0.1:7878");
        check(&[host, ("origin", "http://127.0.0.1:7878")], None);
        check(&[host, ("origin", "http://127.0.0.1:8080")], forbidden);
        check(&[host, ("origin", "http://localhost:7878")], forbidden);
        check(&[host, ("origin", "https://127.0.0.1:7878")], forbidden);
        check(&[host, ("origin", "https://evil.example")], forbidden);
        check(&[host, ("origin", "null")], forbidden);
        check(
            &[host, ("origin", "http://127.0.0.1:7878"), ("origin", "https://evil.example")],
            forbidden,
        );
        check(&[host, ("sec-fetch-site", "same-origin")], None);
        check(&[host, ("sec-fetch-site", "none")], None);
        check(&[host, ("sec-fetch-site", "cross-site")], forbidden);
        check(&[host, ("sec-fetch-site", "same-site")], forbidden);
    }

    #[test]
    fn a_link_from_elsewhere_may_open_the_page() {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("127.0.0.1:7878"));
        headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
        assert!(refusal(&headers, false).is_none());
    }
}
