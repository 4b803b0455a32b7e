//! The wire format of protocol buffers, under the readers and writers of datasets and events.
//!
//! Source: "Encoding" in the documentation of protocol buffers. Groups, which are obsolete, are refused.

/// The fields of one message, in the order of its bytes; ends after the first malformed one.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Added to positions, so that those in nested messages count from the outermost.
    start: u64,
}

/// A field: its number and its content.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) wire: Wire<'a>,
    /// Where its content starts.
    pub(crate) offset: u64,
}

/// The content of a field, by its wire type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wire<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Bytes(&'a [u8]),
}

/// Why bytes are not a valid message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Broken {
    pub(crate) offset: u64,
    pub(crate) reason: &'static str,
}

impl<'a> Fields<'a> {
    /// `start` is added to the positions in errors.
    pub(crate) fn new(bytes: &'a [u8], start: u64) -> Self {
        Self { bytes, at: 0, start }
    }

    fn offset(&self) -> u64 {
        self.start + self.at as u64
    }

    fn field(&mut self) -> Result<Field<'a>, &'static str> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|&number| number > 0);
        let number = number.ok_or("a field has no valid number")?;
        let mut offset = self.offset();
        let wire = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.array()?),
            2 => {
                let n = usize::try_from(self.varint()?).map_err(|_| CUT_OFF)?;
                offset = self.offset();
                Wire::Bytes(self.take(n)?)
            }
            5 => Wire::Fixed32(self.array()?),
            _ => return Err("a field has an unsupported wire type"),
        };
        Ok(Field { number, wire, offset })
    }

    fn varint(&mut self) -> Result<u64, &'static str> {
        let (value, n) = varint(&self.bytes[self.at..])?;
        self.at += n;
        Ok(value)
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], &'static str> {
        let end = self.at.checked_add(n).ok_or(CUT_OFF)?;
        let taken = self.bytes.get(self.at..end).ok_or(CUT_OFF)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        Ok(self.take(N)?.try_into().expect("it was taken with this length"))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let offset = self.offset();
        let field = self.field();
        if field.is_err() {
            self.at = self.bytes.len();
        }
        Some(field.map_err(|reason| Broken { offset, reason }))
    }
}

impl<'a> Field<'a> {
    /// The bytes of text or of a message.
    pub(crate) fn bytes(&self) -> Result<&'a [u8], Broken> {
        match self.wire {
            Wire::Bytes(bytes) => Ok(bytes),
            _ => Err(self.broken("a field has a number instead of bytes")),
        }
    }

    /// The fields of a message.
    pub(crate) fn fields(&self) -> Result<Fields<'a>, Broken> {
        Ok(Fields::new(self.bytes()?, self.offset))
    }

    /// The text.
    pub(crate) fn text(&self) -> Result<&'a str, Broken> {
        std::str::from_utf8(self.bytes()?).map_err(|_| self.broken("a field is not text"))
    }

    /// The integer.
    pub(crate) fn int(&self) -> Result<i64, Broken> {
        match self.wire {
            Wire::Varint(value) => Ok(value as i64),
            _ => Err(self.broken("a field is not an integer")),
        }
    }

    /// The integers of a repeated field, single or packed; at most one per byte.
    pub(crate) fn ints(&self) -> Result<Vec<i64>, Broken> {
        let Wire::Bytes(mut rest) = self.wire else { return Ok(vec![self.int()?]) };
        let mut values = Vec::new();
        while !rest.is_empty() {
            let (value, n) = varint(rest).map_err(|reason| self.broken(reason))?;
            values.push(value as i64);
            rest = &rest[n..];
        }
        Ok(values)
    }

    /// The number, in single or double precision.
    pub(crate) fn float(&self) -> Result<f64, Broken> {
        match self.wire {
            Wire::Fixed32(bytes) => Ok(f64::from(f32::from_le_bytes(bytes))),
            Wire::Fixed64(bytes) => Ok(f64::from_le_bytes(bytes)),
            _ => Err(self.broken("a field is not a floating-point number")),
        }
    }

    pub(crate) fn broken(&self, reason: &'static str) -> Broken {
        Broken { offset: self.offset, reason }
    }
}

/// A message being written; each call appends a field.
#[derive(Default)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
}

impl Message {
    pub(crate) fn int(mut self, number: u32, value: i64) -> Self {
        self.tag(number, 0);
        self.push_varint(value as u64);
        self
    }

    pub(crate) fn single(mut self, number: u32, value: f32) -> Self {
        self.tag(number, 5);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn double(mut self, number: u32, value: f64) -> Self {
        self.tag(number, 1);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn bytes(mut self, number: u32, value: &[u8]) -> Self {
        self.tag(number, 2);
        self.push_varint(value.len() as u64);
        self.bytes.extend(value);
        self
    }

    fn tag(&mut self, number: u32, wire: u64) {
        self.push_varint(u64::from(number) << 3 | wire);
    }

    fn push_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

/// The number at the start of `bytes`, and its size in bytes.
fn varint(bytes: &[u8]) -> Result<(u64, usize), &'static str> {
    let mut value = 0u64;
    for (i, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Ok((value, i + 1));
        }
    }
    Err(if bytes.len() < 10 { CUT_OFF } else { "a number has too many bytes" })
}

const CUT_OFF: &str = "it is cut off";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_they_were_written() {
        let message = Message::default().int(1, -1).single(2, 1.5).double(3, -2.5).bytes(400, b"x");
        let fields: Vec<_> = Fields::new(&message.bytes, 100).map(Result::unwrap).collect();
        assert_eq!(fields[0].int(), Ok(-1));
        assert_eq!(fields[1].float(), Ok(1.5));
        assert_eq!(fields[2].float(), Ok(-2.5));
        assert_eq!((fields[3].number, fields[3].text(), fields.len()), (400, Ok("x"), 4));
        assert_eq!(fields[3].offset, 100 + message.bytes.len() as u64 - 1);
    }

    #[test]
    fn broken_messages_say_where() {
        let check = |bytes: &[u8], offset: u64, reason: &str| {
            let last = Fields::new(bytes, 0).last().unwrap().unwrap_err();
            assert!(last.offset == offset && last.reason.contains(reason), "{last:?}");
        };
        check(&[0x08], 0, "cut off");
        check(&[0x08, 0x01, 0x0a, 0x05, 0x00], 2, "cut off");
        check(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 0, "cut off");
        check(&[0xff; 12], 0, "too many bytes");
        check(&[0x0b], 0, "unsupported wire type");
        check(&[0x00, 0x00], 0, "no valid number");
    }
}
