//! The log: details for debugging that no event has.
//!
//! The studio redirects a worker's standard error to `log.txt`.

use std::io::Write;

use crate::folder::now_ms;

/// Writes a line with the time of day (UTC) before it. A failure to write is ignored.
pub(crate) fn log(text: &str) {
    let secs = now_ms() / 1000;
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    let _ = writeln!(std::io::stderr(), "{hour:02}:{minute:02}:{second:02} {text}");
}
