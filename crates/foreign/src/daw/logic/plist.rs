//! Binary property lists, as far as Logic's are: a dictionary of texts, numbers, and lists of texts.
//!
//! Source: the head of `CFBinaryPList.c` in Apple's published Core Foundation, which describes the format: objects, a table
//! of their offsets, and a trailer of 32 bytes; numbers are big-endian.

use std::collections::BTreeMap;

/// Entries of a dictionary or list that are read.
const ENTRIES_MAX: usize = 10_000;
/// The longest text that is read, in characters.
const TEXT_MAX: usize = 10_000;

/// A value of the dictionary.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::daw) enum Value {
    Text(String),
    Number(f64),
    Texts(Vec<String>),
}

/// The entries of the dictionary that a property list is; those with other values are left out. Nothing where it is
/// damaged, or no dictionary.
pub(super) fn dictionary(bytes: &[u8]) -> BTreeMap<String, Value> {
    read(bytes).unwrap_or_default()
}

fn read(bytes: &[u8]) -> Option<BTreeMap<String, Value>> {
    let trailer = bytes.len().checked_sub(32)?;
    if !bytes.starts_with(b"bplist00") {
        return None;
    }
    let list = List {
        bytes,
        offset_bytes: usize::from(*bytes.get(trailer + 6)?),
        reference_bytes: usize::from(*bytes.get(trailer + 7)?),
        n_objects: unsigned(bytes, trailer + 8, 8)?,
        table: usize::try_from(unsigned(bytes, trailer + 24, 8)?).ok()?,
    };
    let top = list.offset(unsigned(bytes, trailer + 16, 8)?)?;
    if bytes.get(top)? >> 4 != 0xd {
        return None;
    }
    let (n, at) = list.count(top)?;
    let mut out = BTreeMap::new();
    for i in 0..n {
        let key = list.reference(at, i)?;
        let value = list.reference(at, n + i)?;
        if let (Some(Value::Text(key)), Some(value)) = (list.value(key), list.value(value)) {
            out.insert(key, value);
        }
    }
    Some(out)
}

struct List<'a> {
    bytes: &'a [u8],
    offset_bytes: usize,
    reference_bytes: usize,
    n_objects: u64,
    /// Where the table of offsets begins.
    table: usize,
}

impl List<'_> {
    /// Where an object is, by its number.
    fn offset(&self, object: u64) -> Option<usize> {
        if object >= self.n_objects {
            return None;
        }
        let entry = usize::try_from(object).ok()?.checked_mul(self.offset_bytes)?;
        let at = unsigned(self.bytes, self.table.checked_add(entry)?, self.offset_bytes)?;
        usize::try_from(at).ok()
    }

    /// Where an object of a dictionary or list is, by its place in there.
    fn reference(&self, at: usize, i: usize) -> Option<usize> {
        let at = at.checked_add(i.checked_mul(self.reference_bytes)?)?;
        self.offset(unsigned(self.bytes, at, self.reference_bytes)?)
    }

    /// How long an object is, and where its content begins.
    fn count(&self, at: usize) -> Option<(usize, usize)> {
        let low = usize::from(self.bytes.get(at)? & 0x0f);
        let (n, at) = match low {
            // The number comes as an object of its own.
            0xf => {
                let size = 1 << (self.bytes.get(at + 1)? & 0x0f).min(4);
                (usize::try_from(unsigned(self.bytes, at + 2, size)?).ok()?, at + 2 + size)
            }
            n => (n, at + 1),
        };
        (n <= ENTRIES_MAX.max(TEXT_MAX)).then_some((n, at))
    }

    fn value(&self, at: usize) -> Option<Value> {
        let marker = *self.bytes.get(at)?;
        match marker >> 4 {
            0x0 if marker == 0x08 || marker == 0x09 => {
                Some(Value::Number(f64::from(marker & 0x01)))
            }
            0x1 => {
                let size = 1usize << (marker & 0x0f).min(4);
                Some(Value::Number(unsigned(self.bytes, at + 1, size)? as f64))
            }
            0x2 if marker == 0x22 => {
                let bits = u32::try_from(unsigned(self.bytes, at + 1, 4)?).ok()?;
                Some(Value::Number(f64::from(f32::from_bits(bits))))
            }
            0x2 if marker == 0x23 => {
                Some(Value::Number(f64::from_bits(unsigned(self.bytes, at + 1, 8)?)))
            }
            0x5 | 0x6 => self.text(at).map(Value::Text),
            0xa => {
                let (n, at) = self.count(at)?;
                // What is no text is left out; lists in lists are not gone into.
                let texts = (0..n).filter_map(|i| self.text(self.reference(at, i)?));
                Some(Value::Texts(texts.collect()))
            }
            _ => None,
        }
    }

    fn text(&self, at: usize) -> Option<String> {
        let kind = self.bytes.get(at)? >> 4;
        let (n, at) = self.count(at)?;
        match kind {
            0x5 => Some(
                self.bytes.get(at..at.checked_add(n)?)?.iter().map(|it| char::from(*it)).collect(),
            ),
            0x6 => {
                let bytes = self.bytes.get(at..at.checked_add(2 * n)?)?;
                let units: Vec<u16> =
                    bytes.chunks_exact(2).map(|it| u16::from_be_bytes([it[0], it[1]])).collect();
                Some(String::from_utf16_lossy(&units))
            }
            _ => None,
        }
    }
}

/// A number of up to 8 bytes; of longer ones the last 8.
fn unsigned(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let all = bytes.get(at..at.checked_add(size)?)?;
    let last = &all[all.len().saturating_sub(8)..];
    Some(last.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"a": 120.0, "b": ["x", "é"], "c": true, "d": 300}`.
    fn sample() -> Vec<u8> {
        let objects: [&[u8]; 10] = [
            &[0xd4, 1, 2, 3, 4, 5, 6, 8, 9],
            &[0x51, b'a'],
            &[0x51, b'b'],
            &[0x51, b'c'],
            &[0x51, b'd'],
            &[0x23, 0x40, 0x5e, 0, 0, 0, 0, 0, 0],
            &[0xa2, 1, 7],
            &[0x61, 0x00, 0xe9],
            &[0x09],
            &[0x11, 0x01, 0x2c],
        ];
        let mut bytes = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        for object in objects {
            offsets.push(bytes.len() as u8);
            bytes.extend(object);
        }
        let table = bytes.len() as u64;
        bytes.extend(&offsets);
        bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
        for number in [objects.len() as u64, 0, table] {
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn texts_numbers_and_lists_are_read() {
        let found = dictionary(&sample());
        assert_eq!(found["a"], Value::Number(120.0));
        assert_eq!(found["b"], Value::Texts(vec!["a".into(), "é".into()]));
        assert_eq!(found["c"], Value::Number(1.0));
        assert_eq!(found["d"], Value::Number(300.0));
    }

    #[test]
    fn damaged_lists_are_empty_or_shorter_and_never_panic() {
        let whole = sample();
        for n in 0..whole.len() {
            dictionary(&whole[..n]);
        }
        for i in 0..whole.len() {
            for value in [0, 1, 0x0f, 0x7f, 0xff] {
                let mut changed = whole.clone();
                changed[i] = value;
                dictionary(&changed);
            }
        }
        assert!(dictionary(b"").is_empty() && dictionary(b"<?xml").is_empty());
    }
}
