//! `tokenizer.json`: what it says, checked piece by piece.

pub(super) mod lists;

use serde::Deserialize;
use serde_json::Value;

use super::added::{Added, AddedToken};
use super::bpe::{Bpe, BpeSettings};
use super::charsmap::Charsmap;
use super::normalise::Normaliser;
use super::split::{Kept, Prepends, Splitter};
use super::unigram::Unigram;
use super::{Model, PIECE_BYTES_MAX, Tokenizer};
use lists::{Merges, Vocabulary};

/// The most steps of normalisation, and of splitting.
const STEPS_MAX: usize = 64;
/// The most tokens that are put around a text.
const AROUND_MAX: usize = 16;

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    added_tokens: Vec<WrittenToken>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    model: WrittenModel,
}

#[derive(Deserialize)]
struct WrittenToken {
    id: u32,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    normalized: bool,
}

#[derive(Deserialize)]
struct WrittenModel {
    #[serde(rename = "type")]
    kind: Option<String>,
    vocab: Vocabulary,
    #[serde(default)]
    merges: Merges,
    unk_id: Option<u32>,
    unk_token: Option<String>,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    fuse_unk: bool,
    #[serde(default)]
    ignore_merges: bool,
    #[serde(default)]
    dropout: Value,
    #[serde(default)]
    continuing_subword_prefix: Value,
    #[serde(default)]
    end_of_word_suffix: Value,
}

/// Reads a `tokenizer.json`.
pub(super) fn parse(bytes: &[u8]) -> Result<Tokenizer, String> {
    let written: Written = serde_json::from_slice(bytes)
        .map_err(|error| format!("it is no tokenizer, or damaged: {error}"))?;
    if written.added_tokens.iter().any(|it| it.content.len() > PIECE_BYTES_MAX) {
        return Err(format!("one of its added tokens has more than {PIECE_BYTES_MAX} bytes"));
    }
    let added = |is_normalised: bool| {
        let tokens = written.added_tokens.iter().filter(|it| it.normalized == is_normalised);
        let token = |it: &WrittenToken| AddedToken {
            id: it.id,
            content: it.content.clone(),
            takes_left: it.lstrip,
            takes_right: it.rstrip,
            is_word: it.single_word,
        };
        Added::new(tokens.map(token).collect())
    };
    let mut normalisers = vec![];
    for step in steps(&written.normalizer, "normalizers")? {
        normalisers.push(normaliser(step)?);
    }
    let mut splitters = vec![];
    for step in steps(&written.pre_tokenizer, "pretokenizers")? {
        splitters.push(splitter(step)?);
    }
    let (before, after) = around(&written.post_processor)?;
    Ok(Tokenizer {
        added: added(false),
        added_normalised: added(true),
        normalisers,
        splitters,
        model: model(written.model)?,
        before,
        after,
    })
}

fn model(written: WrittenModel) -> Result<Model, String> {
    let kind = written.kind.as_deref();
    match (kind, written.vocab) {
        (Some("Unigram") | None, Vocabulary::Scored(pieces)) => {
            Unigram::new(pieces, written.unk_id, written.byte_fallback).map(Model::Unigram)
        }
        (Some("BPE") | None, Vocabulary::Numbered(pieces)) => {
            let is_empty = |value: &Value| matches!(value.as_str(), None | Some(""));
            if !is_empty(&written.continuing_subword_prefix)
                || !is_empty(&written.end_of_word_suffix)
            {
                return Err("its pieces are marked within words, which is not known here".into());
            }
            if written.dropout.as_f64().is_some_and(|it| it > 0.0) {
                return Err("it drops merges at random, which is for training alone".into());
            }
            let settings = BpeSettings {
                unknown: written.unk_token,
                fuses_unknown: written.fuse_unk,
                falls_back: written.byte_fallback,
                takes_whole: written.ignore_merges,
            };
            Bpe::new(pieces, written.merges.0, settings).map(Model::Bpe)
        }
        (kind, _) => Err(format!(
            "its pieces are not those of the kind {}; known are Unigram and BPE",
            quoted(kind.unwrap_or("that it does not name"))
        )),
    }
}

/// The steps of a sequence, also of one within another.
fn steps<'a>(value: &'a Value, list: &str) -> Result<Vec<&'a Value>, String> {
    let mut steps = vec![];
    // JSON itself is bounded in depth by its reader.
    let mut waiting = vec![value];
    while let Some(step) = waiting.pop() {
        if kind_of(step) == Some("Sequence") {
            let listed = step.get(list).and_then(Value::as_array);
            waiting.extend(listed.ok_or(format!("a sequence lacks its {list}"))?.iter().rev());
        } else if !step.is_null() {
            steps.push(step);
        }
        if steps.len() + waiting.len() > STEPS_MAX {
            return Err(format!("it has more than {STEPS_MAX} steps"));
        }
    }
    Ok(steps)
}

fn normaliser(step: &Value) -> Result<Normaliser, String> {
    Ok(match kind_of(step) {
        Some("Precompiled") => {
            let table = text(step, "precompiled_charsmap")?;
            Normaliser::Table(Charsmap::parse(&base64(table)?)?)
        }
        Some("Replace") => {
            let to = text(step, "content")?.to_owned();
            match pattern(step)? {
                Pattern::Text("") => return Err("it replaces nothing by something".into()),
                Pattern::Text(from) => Normaliser::Replace { from: from.to_owned(), to },
                Pattern::Expression(" {2,}") => Normaliser::Runs { to },
                Pattern::Expression(other) => return Err(expression_refused(other)),
            }
        }
        Some("Prepend") => Normaliser::Prepend(text(step, "prepend")?.to_owned()),
        Some("Strip") => Normaliser::Strip {
            left: flag(step, "strip_left", true),
            right: flag(step, "strip_right", true),
        },
        Some("Lowercase") => Normaliser::Lowercase,
        other => return Err(unknown("normaliser", other)),
    })
}

fn splitter(step: &Value) -> Result<Splitter, String> {
    Ok(match kind_of(step) {
        Some("WhitespaceSplit") => Splitter::WhiteSpace,
        Some("Metaspace") => {
            let mut chars = text(step, "replacement")?.chars();
            let (Some(sign), None) = (chars.next(), chars.next()) else {
                return Err("its sign for a space is not one character".into());
            };
            let prepends = match step.get("prepend_scheme").and_then(Value::as_str) {
                Some("always") => Prepends::Always,
                Some("first") => Prepends::First,
                Some("never") => Prepends::Never,
                None if flag(step, "add_prefix_space", true) => Prepends::Always,
                None => Prepends::Never,
                other => return Err(unknown("prepend_scheme", other)),
            };
            Splitter::Metaspace { sign, prepends, splits: flag(step, "split", true) }
        }
        Some("ByteLevel") => Splitter::Bytes {
            adds_space: flag(step, "add_prefix_space", true),
            splits: flag(step, "use_regex", true),
        },
        Some("Split") => {
            let pattern = match pattern(step)? {
                Pattern::Text("") => return Err("it splits at nothing".into()),
                Pattern::Text(text) => text.to_owned(),
                Pattern::Expression(other) => return Err(expression_refused(other)),
            };
            if flag(step, "invert", false) {
                return Err("it splits where a text is not, which is not known here".into());
            }
            let kept = match step.get("behavior").and_then(Value::as_str) {
                Some("Removed") => Kept::Not,
                Some("Isolated") => Kept::Alone,
                Some("MergedWithPrevious") => Kept::WithPrevious,
                Some("MergedWithNext") => Kept::WithNext,
                Some("Contiguous") => Kept::Together,
                other => return Err(unknown("behavior", other)),
            };
            Splitter::At { pattern, kept }
        }
        other => return Err(unknown("splitting", other)),
    })
}

/// Tokens before and after every text.
fn around(value: &Value) -> Result<(Vec<u32>, Vec<u32>), String> {
    let (mut before, mut after) = (vec![], vec![]);
    for step in steps(value, "processors")? {
        match kind_of(step) {
            Some("ByteLevel") => {}
            Some("RobertaProcessing" | "BertProcessing") => {
                let token = |name: &str| id(step.get(name).and_then(|it| it.get(1)));
                before.insert(0, token("cls")?);
                after.push(token("sep")?);
            }
            Some("TemplateProcessing") => {
                let template = step.get("single").and_then(Value::as_array);
                let mut is_after = false;
                for part in template.ok_or("its template lacks its list `single`")? {
                    if let Some(token) = part.get("SpecialToken") {
                        let token = text(token, "id")?;
                        let known = step.get("special_tokens").and_then(|it| it.get(token));
                        let ids = known.and_then(|it| it.get("ids")).and_then(Value::as_array);
                        let list = if is_after { &mut after } else { &mut before };
                        for number in ids.ok_or("its template names a token that it lacks")? {
                            list.push(id(Some(number))?);
                        }
                    } else {
                        is_after = true;
                    }
                }
            }
            other => return Err(unknown("template", other)),
        }
    }
    if before.len() + after.len() > AROUND_MAX {
        return Err(format!("it puts more than {AROUND_MAX} tokens around a text"));
    }
    Ok((before, after))
}

enum Pattern<'a> {
    Text(&'a str),
    Expression(&'a str),
}

fn pattern(step: &Value) -> Result<Pattern<'_>, String> {
    let said = step.get("pattern");
    let of_kind = |kind: &str| said.and_then(|it| it.get(kind)).and_then(Value::as_str);
    let text = of_kind("String").map(Pattern::Text);
    text.or_else(|| of_kind("Regex").map(Pattern::Expression))
        .ok_or_else(|| "one of its steps lacks its pattern".to_owned())
}

fn kind_of(step: &Value) -> Option<&str> {
    step.get("type")?.as_str()
}

fn text<'a>(step: &'a Value, name: &str) -> Result<&'a str, String> {
    step.get(name).and_then(Value::as_str).ok_or_else(|| format!("one of its steps lacks `{name}`"))
}

fn flag(step: &Value, name: &str, default: bool) -> bool {
    step.get(name).and_then(Value::as_bool).unwrap_or(default)
}

fn id(value: Option<&Value>) -> Result<u32, String> {
    let id = value.and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    id.ok_or_else(|| "a token that it puts around texts has no number".to_owned())
}

fn unknown(what: &str, kind: Option<&str>) -> String {
    format!("its {what} is of the kind {}, which is not known here", quoted(kind.unwrap_or("")))
}

fn expression_refused(expression: &str) -> String {
    format!("it has a regular expression that is not known here: {}", quoted(expression))
}

fn quoted(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    format!("“{start}”")
}

/// Bytes written in base64 (RFC 4648, section 4).
fn base64(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut n_bits) = (0u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err("its table of characters is not base64".to_owned()),
        };
        bits = bits << 6 | u32::from(value);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits) as u8);
        }
    }
    Ok(bytes)
}
