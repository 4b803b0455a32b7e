//! Names in URLs and headers.

/// A text with every byte but the plainest as `%XX` (RFC 3986; also right for RFC 5987).
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).into(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// A path of several parts: each encoded, the slashes kept.
pub(crate) fn encoded_path(path: &str) -> String {
    path.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_plainest_bytes_is_left() {
        let check = |path: &str, expected: &str| assert_eq!(encoded_path(path), expected);
        check("samples/step-1/0.wav", "samples/step-1/0.wav");
        check("a b?c#d%/ü", "a%20b%3Fc%23d%25/%C3%BC");
        assert_eq!(encoded("a/b"), "a%2Fb");
    }
}
