//! `spiece.model`: the tokenizer of models that have no `tokenizer.json`.
//!
//! Source: `sentencepiece_model.proto` of Google's `SentencePiece`, of which the numbers of fields are used.

use prost::Message;

use super::added::{Added, AddedToken};
use super::charsmap::Charsmap;
use super::normalise::Normaliser;
use super::split::{Prepends, Splitter};
use super::unigram::Unigram;
use super::{Model, PIECE_BYTES_MAX, PIECES_MAX, Tokenizer};

#[derive(Clone, PartialEq, Message)]
struct ModelFile {
    #[prost(message, repeated, tag = "1")]
    pieces: Vec<Piece>,
    #[prost(message, optional, tag = "2")]
    trainer: Option<Trainer>,
    #[prost(message, optional, tag = "3")]
    normalizer: Option<Normalizer>,
}

#[derive(Clone, PartialEq, Message)]
struct Piece {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(float, optional, tag = "2")]
    score: Option<f32>,
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct Trainer {
    #[prost(int32, optional, tag = "3")]
    model_type: Option<i32>,
    #[prost(bool, optional, tag = "35")]
    byte_fallback: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
struct Normalizer {
    #[prost(bytes = "vec", optional, tag = "2")]
    charsmap: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "3")]
    add_dummy_prefix: Option<bool>,
    #[prost(bool, optional, tag = "4")]
    remove_extra_whitespaces: Option<bool>,
}

/// Kinds of pieces.
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
/// The kind of model whose pieces have probabilities.
const UNIGRAM: i32 = 1;
/// The sign for a space.
const SPACE: char = '▁';
/// The token that ends a text.
const END: &str = "</s>";

/// Reads a model of `SentencePiece`.
pub(super) fn parse(bytes: &[u8]) -> Result<Tokenizer, String> {
    let file = ModelFile::decode(bytes)
        .map_err(|error| format!("it is no model of SentencePiece, or damaged: {error}"))?;
    if file.pieces.is_empty() || file.pieces.len() > PIECES_MAX {
        return Err(format!("it has {} pieces", file.pieces.len()));
    }
    let trainer = file.trainer.unwrap_or_default();
    if trainer.model_type.unwrap_or(UNIGRAM) != UNIGRAM {
        return Err(
            "it is not of the kind Unigram; put the model's tokenizer.json beside it".into()
        );
    }
    let normalizer = file.normalizer.unwrap_or_default();
    let (mut pieces, mut tokens, mut unknown) = (vec![], vec![], None);
    for (i, piece) in file.pieces.into_iter().enumerate() {
        let content = piece.text.unwrap_or_default();
        if content.len() > PIECE_BYTES_MAX {
            return Err(format!("a piece has more than {PIECE_BYTES_MAX} bytes"));
        }
        let id = i as u32;
        let kind = piece.kind.unwrap_or(1);
        if kind == UNKNOWN {
            unknown = Some(id);
        }
        if [UNKNOWN, CONTROL, USER_DEFINED].contains(&kind) {
            let content = content.clone();
            let (takes_left, takes_right, is_word) = (false, false, false);
            tokens.push(AddedToken { id, content, takes_left, takes_right, is_word });
        }
        pieces.push((content, f64::from(piece.score.unwrap_or(0.0))));
    }
    let mut normalisers = vec![];
    if let Some(table) = normalizer.charsmap.filter(|it| !it.is_empty()) {
        normalisers.push(Normaliser::Table(Charsmap::parse(&table)?));
    }
    let mut splitters = vec![];
    if normalizer.remove_extra_whitespaces.unwrap_or(true) {
        splitters.push(Splitter::WhiteSpace);
    }
    let prepends = match normalizer.add_dummy_prefix {
        Some(false) => Prepends::Never,
        _ => Prepends::Always,
    };
    splitters.push(Splitter::Metaspace { sign: SPACE, prepends, splits: true });
    let after = tokens.iter().filter(|it| it.content == END).map(|it| it.id).collect();
    let model = Unigram::new(pieces, unknown, trainer.byte_fallback.unwrap_or(false))?;
    Ok(Tokenizer {
        added: Added::new(tokens),
        added_normalised: Added::default(),
        normalisers,
        splitters,
        model: Model::Unigram(model),
        before: vec![],
        after,
    })
}
