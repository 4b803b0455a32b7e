//! What is typed to search the library, `key:Am tempo:118..124 len<8 "warm pad"`, as tests of a sound.
//!
//! A search is words and fields, separated by spaces; a sound has to pass all of them. A dash before one turns it around.
//! Quotation marks keep spaces. [`FIELDS`] lists the fields. One field tests nothing: `like:` puts sounds in order by how
//! similar they are to another. It has over 600 lines because every field stands here with how it is read and what it tests.

use api::Id;

use crate::Error;

/// The longest search, in characters, and the most tests in it.
const CHARS_MAX: usize = 1000;
const TESTS_MAX: usize = 40;

/// Every field, as it is typed: for error messages and for who guesses what was meant.
pub(crate) const FIELDS: &[&str] = &[
    "key",
    "tempo",
    "len",
    "lufs",
    "peak",
    "rating",
    "tag",
    "collection",
    "folder",
    "format",
    "meter",
    "word",
    "finding",
    "rate",
    "channels",
    "kind",
    "is",
    "like",
];

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Search {
    /// What a sound has to pass.
    pub(crate) terms: Vec<Term>,
    /// The sound that others are compared with.
    pub(crate) like: Option<Id>,
}

/// One test, or its opposite.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    pub(crate) is_negated: bool,
    pub(crate) test: Test,
}

/// What a sound has to be like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// Its name, path, tags or words have this in them; in lower case.
    Text(String),
    /// A number of it lies in a range.
    Number(Number, Range),
    /// Its key has this tonic, counted in semitones from C, and this mode, as far as they are given.
    Key {
        tonic: Option<u8>,
        is_minor: Option<bool>,
    },
    Tag(String),
    Collection(String),
    Folder(String),
    Format(String),
    Meter(String),
    Word(String),
    /// It has a finding of this kind, or of any.
    Finding(Option<String>),
    Kind(Kind),
    Is(State),
}

/// What the library lists. Films stay where they are made; `film_items.rs` tests them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sound,
    Midi,
    Film,
}

const KINDS: &[(&str, Kind)] =
    &[("sound", Kind::Sound), ("midi", Kind::Midi), ("film", Kind::Film)];

/// The numbers that can be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Tempo,
    Length,
    Loudness,
    Peak,
    Rating,
    Rate,
    Channels,
}

/// What can be said of a sound with yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Missing,
    New,
    Analysed,
    Edited,
    Failed,
    Made,
    Outdated,
}

const STATES: &[(&str, State)] = &[
    ("missing", State::Missing),
    ("new", State::New),
    ("analysed", State::Analysed),
    ("edited", State::Edited),
    ("failed", State::Failed),
    ("made", State::Made),
    ("outdated", State::Outdated),
];

/// Numbers from one to another; an end that is `open` does not belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Range {
    pub(crate) least: Option<End>,
    pub(crate) most: Option<End>,
}

impl Range {
    /// Whether a number lies in it.
    pub(crate) fn has(&self, value: f64) -> bool {
        let is_past = |end: End, by: f64| by > 0.0 || (by == 0.0 && !end.is_open);
        self.least.is_none_or(|end| is_past(end, value - end.value))
            && self.most.is_none_or(|end| is_past(end, end.value - value))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct End {
    pub(crate) value: f64,
    pub(crate) is_open: bool,
}

/// Reads what was typed.
///
/// # Errors
/// `Invalid` says which part makes no sense, and what would.
pub(crate) fn parse(text: &str) -> Result<Search, Error> {
    if text.chars().count() > CHARS_MAX {
        return Err(refused(format!("it has more than {CHARS_MAX} characters; use fewer")));
    }
    let words = split(text)?;
    if words.len() > TESTS_MAX {
        return Err(refused(format!("it has more than {TESTS_MAX} parts; use fewer")));
    }
    let mut search = Search::default();
    for word in &words {
        match read(word)? {
            Read::Term(term) => search.terms.push(term),
            Read::Like(id) => {
                if search.like.replace(id).is_some() {
                    return Err(refused("`like:` is there twice; compare with one sound"));
                }
            }
        }
    }
    Ok(search)
}

/// What a part of a search is.
enum Read {
    Term(Term),
    Like(Id),
}

/// A part of a search: what stands before the first quotation mark decides whether it is a field.
#[derive(Debug, Default, PartialEq)]
struct Part {
    text: String,
    /// Characters before the first quotation mark, where there is one.
    quoted_from: Option<usize>,
}

/// The parts between spaces that are not in quotation marks.
fn split(text: &str) -> Result<Vec<Part>, Error> {
    let (mut parts, mut part, mut is_quoted) = (Vec::new(), Part::default(), false);
    for c in text.chars() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                part.quoted_from.get_or_insert(part.text.chars().count());
            }
            c if c.is_whitespace() && !is_quoted => {
                let whole = std::mem::take(&mut part);
                parts.extend(Some(whole).filter(|it| *it != Part::default()));
            }
            c => part.text.push(c),
        }
    }
    if is_quoted {
        return Err(refused("a quotation mark has no partner; add the second one"));
    }
    parts.extend(Some(part).filter(|it| *it != Part::default()));
    Ok(parts)
}

fn read(part: &Part) -> Result<Read, Error> {
    let is_negated =
        part.text.len() > 1 && part.text.starts_with('-') && part.quoted_from != Some(0);
    let text = &part.text[usize::from(is_negated)..];
    let is_plain = |at: usize| {
        let n_before = text[..at].chars().count() + usize::from(is_negated);
        part.quoted_from.is_none_or(|from| n_before < from)
    };
    let sign = text.find([':', '<', '>', '=']).filter(|at| *at > 0 && is_plain(*at));
    let name = sign.map_or("", |at| &text[..at]);
    let is_field = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic());
    let name = name.to_ascii_lowercase();
    let test = match sign.filter(|_| is_field) {
        Some(_) if name == "like" && is_negated => {
            return Err(refused(
                "`like:` puts in order, so it has no opposite; leave the dash out",
            ));
        }
        Some(at) if name == "like" => {
            let value = plain_value(&name, &text[at..])?;
            let wrong =
                || refused(format!("`like` takes the identifier of a sound, not `{value}`"));
            return Ok(Read::Like(value.parse().map_err(|_| wrong())?));
        }
        Some(at) => field(&name, &text[at..])?,
        None if text.is_empty() => {
            return Err(refused("there is nothing between the quotation marks"));
        }
        None => Test::Text(text.to_lowercase()),
    };
    Ok(Read::Term(Term { is_negated, test }))
}

/// The sign behind the name of a field, and the value behind that.
fn sign_and_value(rest: &str) -> (&str, &str) {
    let (sign, value) = [">=", "<=", ":>=", ":<=", ":>", ":<", ":", ">", "<", "="]
        .into_iter()
        .find_map(|sign| Some((sign.trim_start_matches(':'), rest.strip_prefix(sign)?)))
        .unwrap_or(("", ""));
    (sign, value.trim())
}

/// The value of a field without an order.
fn plain_value<'a>(name: &str, rest: &'a str) -> Result<&'a str, Error> {
    let (sign, value) = sign_and_value(rest);
    if !matches!(sign, "" | "=") {
        return Err(refused(format!("`{name}` has no order; write `{name}:{value}`")));
    }
    if value.is_empty() {
        return Err(refused(format!(
            "`{name}:` needs something behind it, like `{}`",
            example(name)
        )));
    }
    Ok(value)
}

/// The test of a field; `rest` begins with the sign behind its name.
fn field(name: &str, rest: &str) -> Result<Test, Error> {
    let (sign, value) = sign_and_value(rest);
    let number = match name {
        "tempo" | "bpm" => Some(Number::Tempo),
        "len" | "length" => Some(Number::Length),
        "lufs" | "loudness" => Some(Number::Loudness),
        "peak" => Some(Number::Peak),
        "rating" => Some(Number::Rating),
        "rate" => Some(Number::Rate),
        "channels" => Some(Number::Channels),
        _ => None,
    };
    if let Some(number) = number {
        return Ok(Test::Number(number, range(name, number, sign, value)?));
    }
    if !FIELDS.contains(&name) {
        let meant = api::nearest(name, FIELDS.iter().copied());
        let advice = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the fields are {}", FIELDS.join(", ")),
        };
        let message = format!(
            "there is no field `{name}`; {advice} To search for the text itself, put it in quotation marks"
        );
        return Err(refused(message));
    }
    let lower = plain_value(name, rest)?.to_lowercase();
    Ok(match name {
        "key" => key(value)?,
        "tag" => Test::Tag(lower),
        "collection" => Test::Collection(lower),
        "folder" => Test::Folder(lower),
        "format" => Test::Format(lower.trim_start_matches('.').to_owned()),
        "meter" => Test::Meter(lower),
        "word" => Test::Word(lower),
        "finding" => Test::Finding((lower != "any").then_some(lower)),
        "kind" => {
            Test::Kind(kind(&lower).ok_or_else(|| {
                refused(format!("`kind:` takes sound, midi or film, not `{lower}`"))
            })?)
        }
        _ => kind(&lower).map_or_else(|| state(&lower).map(Test::Is), |it| Ok(Test::Kind(it)))?,
    })
}

/// What a field is used like.
fn example(name: &str) -> &'static str {
    match name {
        "key" => "key:Am",
        "tempo" | "bpm" => "tempo:118..124",
        "len" | "length" => "len<8",
        "lufs" | "loudness" => "lufs>-20",
        "peak" => "peak>-1",
        "rating" => "rating>=3",
        "tag" => "tag:drums",
        "collection" => "collection:kit",
        "folder" => "folder:loops",
        "format" => "format:wav",
        "meter" => "meter:3/4",
        "word" => "word:bright",
        "finding" => "finding:clipping",
        "rate" => "rate>=48000",
        "channels" => "channels:2",
        "kind" => "kind:midi",
        "like" => "like:kick-3f9a2c",
        _ => "is:missing",
    }
}

fn kind(word: &str) -> Option<Kind> {
    KINDS.iter().find(|(it, _)| *it == word).map(|(_, kind)| *kind)
}

fn state(word: &str) -> Result<State, Error> {
    let found = STATES.iter().find(|(it, _)| *it == word).map(|(_, state)| *state);
    found.ok_or_else(|| {
        let all: Vec<&str> = STATES.iter().map(|(it, _)| *it).collect();
        refused(format!("`is:` takes {}, not `{word}`", all.join(", ")))
    })
}

/// How far from a single number that was asked for others still count.
fn tolerance(number: Number) -> f64 {
    match number {
        Number::Tempo | Number::Loudness | Number::Peak | Number::Rate => 0.5,
        Number::Length => 0.05,
        Number::Rating | Number::Channels => 0.0,
    }
}

fn range(name: &str, number: Number, sign: &str, value: &str) -> Result<Range, Error> {
    let wrong = || {
        let example = example(name);
        refused(format!("`{name}` takes a number or a range, like `{example}`, not `{value}`"))
    };
    let read = |text: &str| read_number(number, text).ok_or_else(wrong);
    let end = |value: f64, is_open: bool| Some(End { value, is_open });
    Ok(match sign {
        ">" => Range { least: end(read(value)?, true), most: None },
        ">=" => Range { least: end(read(value)?, false), most: None },
        "<" => Range { least: None, most: end(read(value)?, true) },
        "<=" => Range { least: None, most: end(read(value)?, false) },
        _ => match value.split_once("..") {
            Some(("", "")) => return Err(wrong()),
            Some((least, most)) => {
                let ends = [least, most].map(|text| match text {
                    "" => Ok(None),
                    text => read(text).map(Some),
                });
                let [least, most] = ends;
                let (least, most) = (least?, most?);
                if least.zip(most).is_some_and(|(least, most)| least > most) {
                    let message = format!("`{name}:{value}` ends before it begins; turn it around");
                    return Err(refused(message));
                }
                Range {
                    least: least.and_then(|it| end(it, false)),
                    most: most.and_then(|it| end(it, false)),
                }
            }
            None => {
                let (value, around) = (read(value)?, tolerance(number));
                Range { least: end(value - around, false), most: end(value + around, false) }
            }
        },
    })
}

/// A number; of a length also `1:30`, and with its unit.
fn read_number(number: Number, text: &str) -> Option<f64> {
    let units: &[&str] = match number {
        Number::Tempo => &["bpm"],
        Number::Length => &["s"],
        Number::Loudness => &["lufs"],
        Number::Peak => &["dbtp", "db"],
        Number::Rate => &["hz"],
        Number::Rating | Number::Channels => &[],
    };
    let lower = text.trim().to_ascii_lowercase().replace('−', "-");
    let bare = units.iter().find_map(|unit| lower.strip_suffix(unit)).unwrap_or(&lower).trim();
    let value = match bare.split_once(':').filter(|_| number == Number::Length) {
        Some((minutes, seconds)) => {
            let minutes: u32 = minutes.parse().ok()?;
            let seconds: f64 = seconds.parse().ok().filter(|it| (0.0..60.0).contains(it))?;
            f64::from(minutes) * 60.0 + seconds
        }
        None => bare.parse().ok()?,
    };
    f64::is_finite(value).then_some(value)
}

/// A key as people write it: `Am`, `F# minor`, `Bb`, or a mode alone.
fn key(value: &str) -> Result<Test, Error> {
    let wrong = || {
        refused(format!(
            "`key` takes a key, like `key:Am`, `key:\"F# minor\"` or `key:minor`, not `{value}`"
        ))
    };
    if let Some(is_minor) = mode(value) {
        return Ok(Test::Key { tonic: None, is_minor: Some(is_minor) });
    }
    let (tonic, rest) = tonic(value).ok_or_else(wrong)?;
    let rest = rest.trim();
    let is_minor = match rest {
        "" => false,
        "m" | "-" => true,
        "M" => false,
        rest => mode(rest).ok_or_else(wrong)?,
    };
    Ok(Test::Key { tonic: Some(tonic), is_minor: Some(is_minor) })
}

/// Whether a mode is minor; nothing for what is no mode.
fn mode(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "minor" | "min" => Some(true),
        "major" | "maj" => Some(false),
        _ => None,
    }
}

/// The tonic at the start of a text, in semitones from C, and what is behind it.
fn tonic(text: &str) -> Option<(u8, &str)> {
    let mut chars = text.chars();
    let natural = match chars.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = chars.as_str();
    let accidentals = [("#", 1), ("♯", 1), ("s", 1), ("b", 11), ("♭", 11)];
    for (sign, semitones) in accidentals {
        if let Some(rest) = rest.strip_prefix(sign) {
            return Some(((natural + semitones) % 12, rest));
        }
    }
    Some((natural, rest))
}

/// The tonic, in semitones from C, and whether it is minor, of a key as an analysis names it: `A minor`.
pub(crate) fn read_key(text: &str) -> Option<(u8, bool)> {
    match key(text).ok()? {
        Test::Key { tonic: Some(tonic), is_minor: Some(is_minor) } => Some((tonic, is_minor)),
        _ => None,
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::invalid("q", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests(text: &str) -> Vec<Test> {
        let terms = parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).terms;
        assert!(terms.iter().all(|term| !term.is_negated), "{text}");
        terms.into_iter().map(|term| term.test).collect()
    }

    fn ends(test: &Test) -> (Option<f64>, Option<f64>) {
        match test {
            Test::Number(_, range) => {
                (range.least.map(|it| it.value), range.most.map(|it| it.value))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_and_fields_are_told_apart() {
        let text = |it: &str| Test::Text(it.to_owned());
        assert_eq!(tests(""), []);
        assert_eq!(tests("  Warm  PAD "), [text("warm"), text("pad")]);
        assert_eq!(tests("\"Warm pad\""), [text("warm pad")]);
        assert_eq!(tests("\"key:Am\""), [text("key:am")]);
        assert_eq!(tests("a-b"), [text("a-b")]);
        assert_eq!(tests("808: 1:2"), [text("808:"), text("1:2")]);
        assert_eq!(tests("tag:\"Big drums\" é"), [Test::Tag("big drums".into()), text("é")]);
        assert_eq!(tests("TAG:x format:.WAV"), [Test::Tag("x".into()), Test::Format("wav".into())]);
        assert_eq!(
            tests("finding:any finding:hum"),
            [Test::Finding(None), Test::Finding(Some("hum".into()))]
        );
        assert_eq!(tests("is:missing"), [Test::Is(State::Missing)]);
        assert_eq!(tests("kind:MIDI is:film"), [Test::Kind(Kind::Midi), Test::Kind(Kind::Film)]);
        let negated = parse("-drums -tag:x -\"a b\"").unwrap().terms;
        assert!(negated.iter().all(|term| term.is_negated));
        assert_eq!(negated[2].test, text("a b"));
        assert_eq!(parse("\"-x\"").unwrap().terms[0], Term { is_negated: false, test: text("-x") });
    }

    #[test]
    fn a_search_may_compare_with_one_sound() {
        let search = parse("like:kick-3f9a2c len<8").unwrap();
        assert_eq!(search.like, Some("kick-3f9a2c".parse().unwrap()));
        assert_eq!(search.terms.len(), 1);
        assert_eq!(parse("\"like:x\"").unwrap().like, None);
    }

    #[test]
    fn numbers_have_ranges_and_units() {
        let check = |text: &str, least: Option<f64>, most: Option<f64>| {
            assert_eq!(ends(&tests(text)[0]), (least, most), "{text}");
        };
        check("tempo:118..124", Some(118.0), Some(124.0));
        check("bpm:118bpm..124bpm", Some(118.0), Some(124.0));
        check("tempo:120", Some(119.5), Some(120.5));
        check("tempo:..90", None, Some(90.0));
        check("tempo:140..", Some(140.0), None);
        check("len<8", None, Some(8.0));
        check("len>=1:30", Some(90.0), None);
        check("len:2s", Some(1.95), Some(2.05));
        check("lufs>-20", Some(-20.0), None);
        check("lufs:-23..-16", Some(-23.0), Some(-16.0));
        check("peak>−1", Some(-1.0), None);
        check("rating:>=3", Some(3.0), None);
        check("rating=5", Some(5.0), Some(5.0));
        let Test::Number(Number::Length, range) = tests("len<8")[0] else { panic!() };
        assert!(range.most.is_some_and(|end| end.is_open));
    }

    #[test]
    fn keys_are_read_in_every_spelling() {
        let check = |text: &str, tonic: u8, is_minor: bool| {
            let expected = Test::Key { tonic: Some(tonic), is_minor: Some(is_minor) };
            assert_eq!(tests(text), [expected], "{text}");
        };
        check("key:Am", 9, true);
        check("key:a", 9, false);
        check("key:\"A minor\"", 9, true);
        check("key:Amin", 9, true);
        check("key:C#m", 1, true);
        check("key:Dbm", 1, true);
        check("key:Bb", 10, false);
        check("key:B", 11, false);
        check("key:Cb", 11, false);
        check("key:\"F# major\"", 6, false);
        assert_eq!(tests("key:minor"), [Test::Key { tonic: None, is_minor: Some(true) }]);
        assert_eq!(read_key("E♭ minor"), Some((3, true)));
        assert_eq!(read_key("minor"), None);
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        let check = |text: &str, said: &str| {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        };
        check("tempo:fast", "`tempo` takes a number or a range, like `tempo:118..124`, not `fast`");
        check("tempo:124..118", "turn it around");
        check("tempo:..", "takes a number");
        check("tmepo:120", "did you mean `tempo`?");
        check("colour:red", "the fields are key, tempo");
        check("key:H", "`key` takes a key");
        check("key:", "needs something behind it, like `key:Am`");
        check("tag>3", "`tag` has no order");
        check("kind:song", "takes sound, midi or film, not `song`");
        check("is:blue", "`is:` takes missing, new");
        check("-like:kick-3f9a2c", "has no opposite");
        check("like:a like:b", "is there twice");
        check("like>x", "has no order");
        check("like:Kick", "takes the identifier of a sound, not `Kick`");
        check("\"open", "has no partner");
        check("\"\"", "nothing between");
        check("len:nan", "takes a number");
        check("len:1e999", "takes a number");
        check(&"x".repeat(1001), "more than 1000 characters");
        check(&"x ".repeat(41), "more than 40 parts");
    }

    #[test]
    fn nothing_that_can_be_typed_panics() {
        proptest::proptest!(|(text in "[ -~äé🎻:<>=\"\\-.]{0,40}")| {
            let _ = parse(&text);
        });
    }
}
