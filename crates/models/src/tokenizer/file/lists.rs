//! The long lists of a `tokenizer.json`, read within bounds.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::tokenizer::{PIECE_BYTES_MAX, PIECES_MAX};

/// Pieces: in order with their scores, or each with its number.
pub(in crate::tokenizer) enum Vocabulary {
    Scored(Vec<(String, f64)>),
    Numbered(Vec<(String, u32)>),
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfPieces)
    }
}

struct OfPieces;

impl<'de> Visitor<'de> for OfPieces {
    type Value = Vocabulary;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of pieces")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vocabulary, A::Error> {
        let mut pieces: Vec<(String, f64)> = vec![];
        while let Some(piece) = list.next_element::<(String, f64)>()? {
            bound(&piece.0, pieces.len())?;
            pieces.push(piece);
        }
        Ok(Vocabulary::Scored(pieces))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocabulary, A::Error> {
        let mut pieces: Vec<(String, u32)> = vec![];
        while let Some(piece) = map.next_entry::<String, u32>()? {
            bound(&piece.0, pieces.len())?;
            pieces.push(piece);
        }
        Ok(Vocabulary::Numbered(pieces))
    }
}

/// Pairs of pieces that are joined, in order; written as two texts, or as one with a space between.
#[derive(Default)]
pub(super) struct Merges(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Merges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(OfMerges)
    }
}

struct OfMerges;

impl<'de> Visitor<'de> for OfMerges {
    type Value = Merges;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of merges")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Merges, A::Error> {
        let mut merges: Vec<(String, String)> = vec![];
        while let Some(Merge(a, b)) = list.next_element()? {
            bound(&a, merges.len())?;
            bound(&b, merges.len())?;
            merges.push((a, b));
        }
        Ok(Merges(merges))
    }
}

struct Merge(String, String);

impl<'de> Deserialize<'de> for Merge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfMerge)
    }
}

struct OfMerge;

impl<'de> Visitor<'de> for OfMerge {
    type Value = Merge;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a merge of two pieces")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Merge, E> {
        let pair = text.split_once(' ').ok_or_else(|| E::custom("a merge is not two pieces"))?;
        Ok(Merge(pair.0.to_owned(), pair.1.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Merge, A::Error> {
        let mut part = || {
            let part: Option<String> = list.next_element()?;
            part.ok_or_else(|| A::Error::custom("a merge is not two pieces"))
        };
        Ok(Merge(part()?, part()?))
    }
}

fn bound<E: Error>(piece: &str, n_before: usize) -> Result<(), E> {
    if piece.len() > PIECE_BYTES_MAX {
        return Err(E::custom(format!("a piece has more than {PIECE_BYTES_MAX} bytes")));
    }
    if n_before >= PIECES_MAX {
        return Err(E::custom(format!("a list has more than {PIECES_MAX} entries")));
    }
    Ok(())
}
