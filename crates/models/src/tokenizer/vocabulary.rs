//! `vocab.json` and `merges.txt`: the tokenizer of models like `RoBERTa` that have no `tokenizer.json`.

use super::added::{Added, AddedToken};
use super::bpe::{Bpe, BpeSettings};
use super::file::lists::Vocabulary;
use super::split::Splitter;
use super::{Model, PIECE_BYTES_MAX, PIECES_MAX, Tokenizer};

/// Tokens that are found in a text, of those that the vocabulary has; the last takes the spaces before it.
const SPECIAL: [&str; 5] = [START, "<pad>", END, UNKNOWN, MASK];
const START: &str = "<s>";
const END: &str = "</s>";
const UNKNOWN: &str = "<unk>";
const MASK: &str = "<mask>";

/// Reads both files.
pub(super) fn parse(vocabulary: &[u8], merges: &[u8]) -> Result<Tokenizer, String> {
    let vocabulary: Vocabulary = serde_json::from_slice(vocabulary)
        .map_err(|error| format!("it is no vocabulary, or damaged: {error}"))?;
    let Vocabulary::Numbered(pieces) = vocabulary else {
        return Err("its pieces have no numbers".to_owned());
    };
    let merges = std::str::from_utf8(merges).map_err(|_| "the merges are not text".to_owned())?;
    let lines = merges.lines().filter(|it| !it.is_empty() && !it.starts_with("#version"));
    let mut pairs: Vec<(String, String)> = vec![];
    for line in lines {
        let pair = line.split_once(' ').filter(|_| line.len() <= 2 * PIECE_BYTES_MAX);
        let (a, b) = pair.ok_or("a line of the merges is not two pieces")?;
        if pairs.len() >= PIECES_MAX {
            return Err(format!("there are more than {PIECES_MAX} merges"));
        }
        pairs.push((a.to_owned(), b.to_owned()));
    }
    let settings = BpeSettings { unknown: Some(UNKNOWN.to_owned()), ..BpeSettings::default() };
    let model = Bpe::new(pieces, pairs, settings)?;
    let token = |content: &str| {
        Some(AddedToken {
            id: model.id_of(content)?,
            content: content.to_owned(),
            takes_left: content == MASK,
            takes_right: false,
            is_word: false,
        })
    };
    Ok(Tokenizer {
        added: Added::new(SPECIAL.into_iter().filter_map(token).collect()),
        added_normalised: Added::default(),
        normalisers: vec![],
        splitters: vec![Splitter::Bytes { adds_space: false, splits: true }],
        before: model.id_of(START).into_iter().collect(),
        after: model.id_of(END).into_iter().collect(),
        model: Model::Bpe(model),
    })
}
