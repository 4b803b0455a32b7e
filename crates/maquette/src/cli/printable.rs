//! Text made safe for a terminal: control characters are escaped. File names may contain any, including
//! escape sequences.

/// Text with several lines.
pub(crate) fn printable(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// Text on one line.
pub(crate) fn one_line(text: &str) -> String {
    escaped(text, |_| false)
}

fn escaped(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if studio::is_unprintable(c) && !is_kept(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_made_visible() {
        let check = |text: &str, lines: &str, line: &str| {
            assert_eq!((printable(text).as_str(), one_line(text).as_str()), (lines, line));
        };
        check("kick.wav", "kick.wav", "kick.wav");
        check("größe 🎻 مرحبا", "größe 🎻 مرحبا", "größe 🎻 مرحبا");
        check("a\x1b[31mred", "a\\u{1b}[31mred", "a\\u{1b}[31mred");
        check("a\u{9b}2J", "a\\u{9b}2J", "a\\u{9b}2J");
        check("gpj.\u{202e}exe", "gpj.\\u{202e}exe", "gpj.\\u{202e}exe");
        check("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}", "\\u{2066}x\\u{2069}");
        check("a\r\n\tb\u{7f}", "a\\r\n\tb\\u{7f}", "a\\r\\n\\tb\\u{7f}");
    }
}
