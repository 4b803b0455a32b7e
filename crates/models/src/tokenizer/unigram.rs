//! Unigram: of all ways to put a word together from pieces, the likeliest.

use super::prefixes::Prefixes;

/// Pieces with the logarithms of their probabilities.
#[derive(Debug)]
pub(super) struct Unigram {
    prefixes: Prefixes,
    scores: Vec<f64>,
    /// The token of what no piece covers, and its score.
    unknown: Option<u32>,
    unknown_score: f64,
    /// Tokens of single bytes, for what no piece covers.
    bytes: Option<Vec<u32>>,
}

/// By how much an unknown character is less likely than the least likely piece.
const UNKNOWN_PENALTY: f64 = 10.0;

/// The best way to a place in a word.
#[derive(Clone, Copy)]
struct Way {
    score: f64,
    from: usize,
    id: Option<u32>,
}

impl Unigram {
    /// Pieces are numbered in their order.
    pub(super) fn new(
        pieces: Vec<(String, f64)>,
        unknown: Option<u32>,
        falls_back: bool,
    ) -> Result<Self, String> {
        if unknown.is_some_and(|id| id as usize >= pieces.len()) {
            return Err("its unknown token is not among its pieces".to_owned());
        }
        if pieces.iter().any(|(_, score)| !score.is_finite()) {
            return Err("a piece has a score that is not a finite number".to_owned());
        }
        let scores: Vec<f64> = pieces.iter().map(|it| it.1).collect();
        let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let numbered = pieces.into_iter().enumerate().map(|(i, (piece, _))| (piece, i as u32));
        let prefixes = Prefixes::new(numbered);
        let bytes = if falls_back { byte_tokens(|token| prefixes.id_of(token)) } else { None };
        Ok(Self { prefixes, scores, unknown, unknown_score: least - UNKNOWN_PENALTY, bytes })
    }

    pub(super) fn id_of(&self, piece: &str) -> Option<u32> {
        self.prefixes.id_of(piece)
    }

    /// Appends the tokens of a word.
    pub(super) fn encode(&self, word: &str, ids: &mut Vec<u32>) {
        let bytes = word.as_bytes();
        let mut ways: Vec<Option<Way>> = vec![None; bytes.len() + 1];
        ways[0] = Some(Way { score: 0.0, from: 0, id: None });
        let better = |way: &mut Option<Way>, other: Way| {
            if way.is_none_or(|it| other.score > it.score) {
                *way = Some(other);
            }
        };
        for (from, c) in word.char_indices() {
            // Every place between characters is reached, by an unknown one if by nothing else.
            let Some(Way { score, .. }) = ways[from] else { continue };
            let mut is_known = false;
            self.prefixes.each(&bytes[from..], |n, id| {
                is_known |= n == c.len_utf8();
                let score = score + self.scores[id as usize];
                better(&mut ways[from + n], Way { score, from, id: Some(id) });
            });
            if !is_known {
                let way = Way { score: score + self.unknown_score, from, id: None };
                better(&mut ways[from + c.len_utf8()], way);
            }
        }
        let mut parts = vec![];
        let mut to = bytes.len();
        while let Some(way) = ways[to].filter(|_| to > 0) {
            parts.push((way.id.filter(|id| Some(*id) != self.unknown), way.from, to));
            to = way.from;
        }
        let mut was_unknown = false;
        for (id, from, to) in parts.into_iter().rev() {
            match (id, &self.bytes) {
                (Some(id), _) => ids.push(id),
                (None, Some(tokens)) => {
                    ids.extend(bytes[from..to].iter().map(|byte| tokens[usize::from(*byte)]));
                }
                // Unknown characters that follow each other are one token.
                (None, None) if !was_unknown => ids.extend(self.unknown),
                (None, None) => {}
            }
            was_unknown = id.is_none();
        }
    }
}

/// The tokens of single bytes, `<0x00>` to `<0xFF>`, if all are there.
pub(super) fn byte_tokens(id_of: impl Fn(&str) -> Option<u32>) -> Option<Vec<u32>> {
    (0..=255u8).map(|byte| id_of(&format!("<0x{byte:02X}>"))).collect()
}
