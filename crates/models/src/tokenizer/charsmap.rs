//! The compiled table by which `SentencePiece` normalises characters: a trie of what is replaced, and by what.
//!
//! Format: a length in bytes, a double-array trie of that length (units of 32 bits as Darts-clone packs them), and the
//! replacements, each ended by a zero; the trie's values are places among them.

/// What is replaced by what.
#[derive(Debug)]
pub(super) struct Charsmap {
    units: Vec<u32>,
    replacements: Vec<u8>,
}

impl Charsmap {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let cut = || "its table of characters (precompiled_charsmap) is cut off".to_owned();
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = u32::from_le_bytes(*length) as usize;
        if !length.is_multiple_of(4) || length > rest.len() {
            return Err(cut());
        }
        let (units, replacements) = rest.split_at(length);
        let unit = |it: &[u8]| u32::from_le_bytes([it[0], it[1], it[2], it[3]]);
        let units = units.chunks_exact(4).map(unit).collect();
        Ok(Self { units, replacements: replacements.to_vec() })
    }

    /// The text with the longest known beginning replaced at each place.
    pub(super) fn replace(&self, text: &str, n_bytes_max: usize) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() && out.len() < n_bytes_max {
            let rest = &text[at..];
            match self.longest(rest.as_bytes()) {
                // A table that takes characters apart is damaged, and not followed there.
                Some((n, replacement)) if rest.is_char_boundary(n) => {
                    out.push_str(replacement);
                    at += n;
                }
                _ => {
                    let Some(c) = rest.chars().next() else { break };
                    out.push(c);
                    at += c.len_utf8();
                }
            }
        }
        out
    }

    /// The longest beginning of a text that is in the trie: its length in bytes, and what replaces it.
    fn longest(&self, text: &[u8]) -> Option<(usize, &str)> {
        let mut found = None;
        let mut at = offset(*self.units.first()?);
        for (i, byte) in text.iter().enumerate() {
            at ^= usize::from(*byte);
            let Some(unit) = self.units.get(at) else { break };
            if unit & (1 << 31 | 0xFF) != u32::from(*byte) {
                break;
            }
            at ^= offset(*unit);
            if unit >> 8 & 1 == 1
                && let Some(value) = self.units.get(at)
            {
                found = Some((i + 1, value & !(1 << 31)));
            }
        }
        let (n, place) = found?;
        let rest = self.replacements.get(place as usize..)?;
        let end = rest.iter().position(|it| *it == 0)?;
        Some((n, std::str::from_utf8(&rest[..end]).ok()?))
    }
}

/// Where a unit's children lie, relative to it.
fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize
}
