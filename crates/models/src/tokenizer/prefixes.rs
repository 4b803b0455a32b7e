//! Pieces of text with their numbers, and which of them a text begins with.

/// Pieces in order of their bytes, so that those with the same beginning stand together.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    pieces: Vec<(Box<[u8]>, u32)>,
}

impl Prefixes {
    /// Of pieces that occur twice the last counts.
    pub(super) fn new(pieces: impl Iterator<Item = (String, u32)>) -> Self {
        let mut pieces: Vec<(Box<[u8]>, u32)> = pieces
            .filter(|(piece, _)| !piece.is_empty())
            .map(|(piece, id)| (piece.into_bytes().into_boxed_slice(), id))
            .collect();
        pieces.reverse();
        pieces.sort_by(|a, b| a.0.cmp(&b.0));
        pieces.dedup_by(|later, first| later.0 == first.0);
        Self { pieces }
    }

    /// The number of a piece.
    pub(super) fn id_of(&self, piece: &str) -> Option<u32> {
        let at = self.pieces.binary_search_by(|it| (*it.0).cmp(piece.as_bytes())).ok()?;
        Some(self.pieces[at].1)
    }

    /// Calls `found` with the length in bytes and the number of each piece that the text begins with, shortest first.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, u32)) {
        let mut rest = &self.pieces[..];
        for (i, byte) in text.iter().enumerate() {
            // All of `rest` begin with the first `i` bytes and are longer.
            let from = rest.partition_point(|it| it.0[i] < *byte);
            let n = rest[from..].partition_point(|it| it.0[i] == *byte);
            rest = &rest[from..from + n];
            if let Some((piece, id)) = rest.first()
                && piece.len() == i + 1
            {
                found(i + 1, *id);
                rest = &rest[1..];
            }
            if rest.is_empty() {
                return;
            }
        }
    }

    /// The longest piece that a text begins with: its length in bytes and number.
    pub(super) fn longest(&self, text: &[u8]) -> Option<(usize, u32)> {
        let mut longest = None;
        self.each(text, |length, id| longest = Some((length, id)));
        longest
    }
}
