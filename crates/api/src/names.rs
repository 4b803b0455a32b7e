//! What names of files say: whether they are sound, models to import, or hidden. The folder picker and
//! preparing go by the same rule, so that what is shown is what is used.

/// Every ending that means sound, in lower case, those that cannot be decoded included: a folder with
/// such a file is told so, rather than that it is empty.
pub const SOUND_ENDINGS: [&str; 24] = [
    "wav", "wave", "bwf", "rf64", "w64", "aif", "aiff", "aifc", "flac", "mp3", "ogg", "oga", "m4a",
    "m4b", "mp4", "aac", "opus", "wma", "caf", "wv", "ape", "ac3", "amr", "mp2",
];

/// Every ending that means notes (Standard MIDI Files), in lower case.
pub const MIDI_ENDINGS: [&str; 4] = ["mid", "midi", "kar", "rmi"];

/// Every ending of a project of an audio workstation that is read, in lower case.
pub const DAW_ENDINGS: [&str; 4] = ["dawproject", "rpp", "als", "logicx"];

/// Every ending of a file that can be imported, in lower case.
pub const IMPORT_ENDINGS: [&str; 5] = ["maq", "ckpt", "ts", "pt", "safetensors"];

/// Names of folders that systems keep for themselves, in lower case.
const SYSTEM_NAMES: [&str; 7] = [
    "__macosx",
    "$recycle.bin",
    "$winreagent",
    "recycler",
    "system volume information",
    "lost+found",
    "@eadir",
];

/// Whether a file's name says that it is sound.
#[must_use]
pub fn is_sound_name(name: &str) -> bool {
    has_ending(name, &SOUND_ENDINGS)
}

/// Whether a file's name says that it may be a project of an audio workstation that was packed with its sounds. What else
/// is a `.zip` is seen only when it is opened.
#[must_use]
pub fn is_packed_daw_name(name: &str) -> bool {
    has_ending(name, &["zip"])
}

/// Whether a file's name says that it is notes.
#[must_use]
pub fn is_midi_name(name: &str) -> bool {
    has_ending(name, &MIDI_ENDINGS)
}

/// Whether a file's name says that the library takes it: sound, or notes.
#[must_use]
pub fn is_library_name(name: &str) -> bool {
    is_sound_name(name) || is_midi_name(name)
}

/// Whether a name says that it is a project of an audio workstation. Those of Logic Pro are folders.
#[must_use]
pub fn is_daw_name(name: &str) -> bool {
    has_ending(name, &DAW_ENDINGS)
}

/// Whether a file's name says that it can be imported.
#[must_use]
pub fn is_import_name(name: &str) -> bool {
    has_ending(name, &IMPORT_ENDINGS)
}

/// Whether a file or folder is hidden: its name begins with a dot, as that of a trash and of what Macs
/// leave on other disks does; or a system keeps it for itself.
#[must_use]
pub fn is_hidden_name(name: &str) -> bool {
    name.starts_with('.') || SYSTEM_NAMES.contains(&name.to_lowercase().as_str())
}

fn has_ending(name: &str, endings: &[&str]) -> bool {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => {
            endings.contains(&ending.to_ascii_lowercase().as_str())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_sound() {
        let check = |name: &str, expected: bool| {
            assert_eq!(is_sound_name(name), expected, "{name}");
        };
        check("a.wav", true);
        check("a.WAV", true);
        check("🎻 two words.Aiff", true);
        check("a.opus", true);
        check("a.txt", false);
        check("wav", false);
        check(".wav", false);
        check("a.wav.txt", false);
        check("a.", false);
        check("", false);
    }

    #[test]
    fn what_systems_hide_is_hidden() {
        let check = |name: &str, expected: bool| {
            assert_eq!(is_hidden_name(name), expected, "{name}");
        };
        for name in [
            ".hidden",
            "._a.wav",
            ".Trash-0",
            ".Trashes",
            "__MACOSX",
            "$RECYCLE.BIN",
            "$Recycle.Bin",
            "System Volume Information",
        ] {
            check(name, true);
        }
        for name in ["a.wav", "a", "_a", "$ounds", "Trash", "…"] {
            check(name, false);
        }
    }

    #[test]
    fn projects_are_known_by_their_names() {
        assert!(is_daw_name("Song.RPP") && is_daw_name("a.b.logicx"));
        assert!(!is_daw_name("rpp") && !is_daw_name("a.rpp-bak") && !is_daw_name(".als"));
    }

    #[test]
    fn models_can_be_imported() {
        assert!(is_import_name("a.ckpt") && is_import_name("b.MAQ"));
        assert!(!is_import_name("ckpt") && !is_import_name("a.wav"));
    }
}
