//! Byte pair encoding: a word's characters, joined pair by pair in the order in which the pairs were learnt.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::unigram::byte_tokens;

/// Pieces and merges.
#[derive(Debug)]
pub(super) struct Bpe {
    ids: HashMap<String, u32>,
    /// Pairs of pieces: in which order they are joined, and to what.
    merges: HashMap<(u32, u32), (u32, u32)>,
    unknown: Option<u32>,
    /// Whether unknown characters that follow each other are one token.
    fuses_unknown: bool,
    /// Tokens of single bytes, for characters that are not known.
    bytes: Option<Vec<u32>>,
    /// Whether a word that is a piece is that piece, whatever the merges.
    takes_whole: bool,
}

/// What a vocabulary says beside pieces and merges.
#[derive(Clone, Debug, Default)]
pub(super) struct BpeSettings {
    pub(super) unknown: Option<String>,
    pub(super) fuses_unknown: bool,
    pub(super) falls_back: bool,
    pub(super) takes_whole: bool,
}

/// A piece within a word, and its neighbours that are left.
#[derive(Clone, Copy)]
struct Symbol {
    id: u32,
    before: Option<usize>,
    after: Option<usize>,
    is_gone: bool,
}

impl Bpe {
    pub(super) fn new(
        pieces: Vec<(String, u32)>,
        pairs: Vec<(String, String)>,
        settings: BpeSettings,
    ) -> Result<Self, String> {
        let ids: HashMap<String, u32> = pieces.into_iter().collect();
        let mut merges = HashMap::with_capacity(pairs.len());
        for (rank, (a, b)) in pairs.into_iter().enumerate() {
            let id = |piece: &str| {
                let piece_start: String = piece.chars().take(60).collect();
                let lacking = || format!("a merge names “{piece_start}”, which is no piece");
                ids.get(piece).copied().ok_or_else(lacking)
            };
            merges.insert((id(&a)?, id(&b)?), (rank as u32, id(&format!("{a}{b}"))?));
        }
        let unknown = settings.unknown.and_then(|piece| ids.get(&piece).copied());
        let bytes = if settings.falls_back { byte_tokens(|it| ids.get(it).copied()) } else { None };
        let BpeSettings { fuses_unknown, takes_whole, .. } = settings;
        Ok(Self { ids, merges, unknown, fuses_unknown, bytes, takes_whole })
    }

    pub(super) fn id_of(&self, piece: &str) -> Option<u32> {
        self.ids.get(piece).copied()
    }

    /// Appends the tokens of a word.
    pub(super) fn encode(&self, word: &str, out: &mut Vec<u32>) {
        if self.takes_whole
            && let Some(id) = self.id_of(word)
        {
            out.push(id);
            return;
        }
        let mut symbols = self.characters(word);
        let rank = |a: u32, b: u32| self.merges.get(&(a, b)).copied();
        // The pair that was learnt first is joined first, and of equal ones the leftmost.
        let mut waiting = BinaryHeap::new();
        for (i, pair) in symbols.windows(2).enumerate() {
            if let Some((rank, into)) = rank(pair[0].id, pair[1].id) {
                waiting.push(Reverse((rank, i, into)));
            }
        }
        while let Some(Reverse((order, i, into))) = waiting.pop() {
            let left = symbols[i];
            let Some(j) = left.after.filter(|_| !left.is_gone) else { continue };
            let right = symbols[j];
            // A pair that was joined with others in the meantime.
            if rank(left.id, right.id) != Some((order, into)) {
                continue;
            }
            symbols[i] = Symbol { id: into, after: right.after, ..left };
            symbols[j].is_gone = true;
            if let Some(next) = right.after {
                symbols[next].before = Some(i);
                if let Some((rank, joined)) = rank(into, symbols[next].id) {
                    waiting.push(Reverse((rank, i, joined)));
                }
            }
            if let Some(previous) = left.before
                && let Some((rank, joined)) = rank(symbols[previous].id, into)
            {
                waiting.push(Reverse((rank, previous, joined)));
            }
        }
        out.extend(symbols.iter().filter(|it| !it.is_gone).map(|it| it.id));
    }

    /// A word's characters as pieces.
    fn characters(&self, word: &str) -> Vec<Symbol> {
        let mut ids = Vec::with_capacity(word.len());
        let mut was_unknown = false;
        for c in word.chars() {
            let mut written = [0; 4];
            let written = c.encode_utf8(&mut written);
            match (self.id_of(written), &self.bytes) {
                (Some(id), _) => ids.push(id),
                (None, Some(tokens)) => {
                    ids.extend(written.bytes().map(|byte| tokens[usize::from(byte)]));
                }
                (None, None) if was_unknown && self.fuses_unknown => continue,
                (None, None) => {
                    ids.extend(self.unknown);
                    was_unknown = true;
                    continue;
                }
            }
            was_unknown = false;
        }
        let n = ids.len();
        let symbol = |(i, id): (usize, u32)| Symbol {
            id,
            before: i.checked_sub(1),
            after: Some(i + 1).filter(|after| *after < n),
            is_gone: false,
        };
        ids.into_iter().enumerate().map(symbol).collect()
    }
}
