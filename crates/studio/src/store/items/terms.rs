//! The tests of a search as SQL, for the joined tables of `items.rs`: `i` is a sound, `c` what is in it, `f` its folder.

use api::{Analysis, MIDI_ENDINGS};
use rusqlite::types::Value;

use crate::library::search::{End, Kind, Number, Range, State, Test};

/// A test as SQL; what was typed goes into `values`.
pub(super) fn test_of(test: &Test, values: &mut Vec<Value>) -> String {
    let mut given = |value: Value| {
        values.push(value);
        format!("?{}", values.len())
    };
    let text = |it: &str| Value::Text(it.to_owned());
    match test {
        Test::Text(it) => {
            let it = given(text(it));
            format!(
                "(instr(i.text, {it}) OR instr(lower(i.tags), {it}) OR coalesce(instr(c.text, {it}), 0))"
            )
        }
        Test::Number(number, range) => {
            let column = match number {
                Number::Tempo => "c.tempo_bpm",
                Number::Length => "c.seconds",
                Number::Loudness => "c.loudness_lufs",
                Number::Peak => "c.true_peak_dbtp",
                Number::Rating => "coalesce(c.rating, 0)",
                Number::Rate => "c.rate_hz",
                Number::Channels => "c.channels",
            };
            let Range { least, most } = *range;
            let mut limit = |end: Option<End>, open: &str, closed: &str| {
                end.map(|it| {
                    let sign = if it.is_open { open } else { closed };
                    format!("{column} {sign} {}", given(Value::Real(it.value)))
                })
            };
            let tests = [limit(least, ">", ">="), limit(most, "<", "<=")];
            let tests: Vec<String> = tests.into_iter().flatten().collect();
            format!("({})", tests.join(" AND "))
        }
        Test::Key { tonic, is_minor } => {
            let tonic = tonic.map(|it| format!("c.tonic = {}", given(Value::Integer(it.into()))));
            let mode = is_minor.map(|it| format!("c.is_minor = {}", u8::from(it)));
            let tests: Vec<String> = tonic.into_iter().chain(mode).collect();
            format!("({})", tests.join(" AND "))
        }
        Test::Tag(it) => {
            let it = given(text(it));
            format!("({} OR {})", has_word("i.tags", &it), has_word("c.tags", &it))
        }
        Test::Collection(it) => has_word("c.collections", &given(text(it))),
        Test::Word(it) => has_word("c.words", &given(text(it))),
        Test::Finding(Some(it)) => has_word("c.findings", &given(text(it))),
        Test::Finding(None) => "(c.findings <> '[]')".to_owned(),
        Test::Folder(it) => {
            let it = given(text(it));
            // A folder of the library, or one in it.
            format!(
                "(instr(lower(json_extract(f.card, '$.name')), {it}) OR (i.folder IS NOT NULL AND instr('/' || i.text, '/' || {it} || '/')))"
            )
        }
        Test::Format(it) => format!("(i.ending = {})", given(text(it))),
        Test::Kind(Kind::Midi) => is_midi(),
        Test::Kind(Kind::Sound) => format!("(NOT {})", is_midi()),
        // No film is a sound; a search that asks for films does not come here.
        Test::Kind(Kind::Film) => "0".to_owned(),
        Test::Meter(it) => format!("(c.meter = {})", given(text(it))),
        Test::Is(State::Missing) => "i.is_missing".to_owned(),
        Test::Is(State::New) => {
            "(i.problem IS NULL AND NOT coalesce(c.analysed, 0) AND NOT i.is_missing)".to_owned()
        }
        Test::Is(State::Analysed) => "c.analysed".to_owned(),
        Test::Is(State::Outdated) => {
            format!("(c.analysed AND c.format < {})", Analysis::FORMAT)
        }
        Test::Is(State::Edited) => "c.is_edited".to_owned(),
        Test::Is(State::Failed) => "(i.problem IS NOT NULL)".to_owned(),
        Test::Is(State::Made) => "(i.folder IS NULL)".to_owned(),
    }
}

/// What a MIDI file is known by.
fn is_midi() -> String {
    format!("(i.ending IN ({}))", MIDI_ENDINGS.map(|it| format!("'{it}'")).join(", "))
}

fn has_word(column: &str, word: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM json_each(coalesce({column}, '[]')) w WHERE lower(w.value) = {word})"
    )
}
