//! Why a file could not be used, in words for the person who chose it.

use audio::Error;

/// A stable word for programs, what is wrong, and what to do about it.
pub(crate) fn explain(error: &Error) -> (&'static str, String, &'static str) {
    const CONVERT: &str = "Convert it to WAV or FLAC with an audio editor.";
    const GET_AGAIN: &str = "Get a whole copy of it, or export it again.";
    match error {
        Error::NotSound { .. } => {
            ("not_sound", "It is not a sound file, whatever its name says.".into(), CONVERT)
        }
        Error::Empty { .. } => {
            ("empty", "It holds no sound: its length is 0 seconds.".into(), GET_AGAIN)
        }
        Error::Damaged { why, .. } => {
            ("damaged", format!("Nothing of it could be decoded: {why}."), GET_AGAIN)
        }
        Error::Unsupported { what, .. } => {
            ("unsupported", format!("It uses {what}, which is not supported."), CONVERT)
        }
        Error::TooLong { limit, .. } => {
            ("too_long", format!("It is longer than {limit}."), "Cut it into pieces.")
        }
        Error::Unreadable { source, .. } => (
            "unreadable",
            format!("It could not be read: {source}."),
            "Check that it exists and that you may read it.",
        ),
        Error::Unwritable { source, .. } => {
            ("unwritable", format!("It could not be written: {source}."), "Free some space.")
        }
    }
}
