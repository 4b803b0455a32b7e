//! What a Broadcast Wave file says about itself: the `bext` chunk.
//!
//! Source: EBU Tech 3285, "Specification of the Broadcast Wave Format", version 2 (2011).

/// Who made a Broadcast Wave file, when, and how loud it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Broadcast {
    /// What it is, in up to 256 letters.
    pub description: String,
    /// Who or what made it, in up to 32 letters.
    pub originator: String,
    /// The day it was made, as `2026-01-31`; empty where it is not known.
    pub date: String,
    /// The time it was made, as `23:59:59`; empty where it is not known.
    pub time: String,
    /// Samples since midnight at which it starts.
    pub start_frame: u64,
    /// Integrated loudness, in LUFS.
    pub loudness_lufs: Option<f64>,
    /// The largest true peak, in dB relative to full scale.
    pub true_peak_dbtp: Option<f64>,
}

/// A loudness field that says nothing. Source: as above, 2.3.
const UNKNOWN: i16 = 0x7fff;
/// Bytes of the chunk without its head and without a history of codings.
const N_BYTES: usize = 602;

impl Broadcast {
    /// The chunk, with its head.
    pub(super) fn chunk(&self) -> Vec<u8> {
        let mut chunk = Vec::with_capacity(8 + N_BYTES);
        chunk.extend(b"bext");
        chunk.extend((N_BYTES as u32).to_le_bytes());
        text(&mut chunk, &self.description, 256);
        text(&mut chunk, &self.originator, 32);
        // A reference that its maker gives it; we give none.
        text(&mut chunk, "", 32);
        text(&mut chunk, &self.date, 10);
        text(&mut chunk, &self.time, 8);
        chunk.extend(self.start_frame.to_le_bytes());
        chunk.extend(2u16.to_le_bytes());
        // The identifier of SMPTE 330M, which is optional.
        chunk.extend([0; 64]);
        for level in [self.loudness_lufs, None, self.true_peak_dbtp, None, None] {
            chunk.extend(hundredths(level).to_le_bytes());
        }
        chunk.resize(8 + N_BYTES, 0);
        chunk
    }
}

/// Appends a text in ASCII, cut or filled up with zeros to its length.
fn text(chunk: &mut Vec<u8>, text: &str, len: usize) {
    let letters =
        text.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c as u8 } else { b'?' });
    let end = chunk.len() + len;
    chunk.extend(letters.take(len));
    chunk.resize(end, 0);
}

/// A level in hundredths; out of the range of the standard is unknown.
fn hundredths(level: Option<f64>) -> i16 {
    level
        .map(|level| (level * 100.0).round())
        .filter(|it| it.abs() <= 9999.0)
        .map_or(UNKNOWN, |it| it as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_where_the_standard_has_them() {
        let broadcast = Broadcast {
            description: "A täke".into(),
            originator: "x".repeat(40),
            date: "2026-01-31".into(),
            time: "23:59:59".into(),
            start_frame: 0x1_0000_0002,
            loudness_lufs: Some(-23.04),
            true_peak_dbtp: None,
        };
        let chunk = broadcast.chunk();
        let check = |from: usize, expected: &[u8]| {
            assert_eq!(&chunk[8 + from..8 + from + expected.len()], expected, "byte {from}");
        };
        assert_eq!(chunk.len(), 610);
        assert_eq!(&chunk[..8], b"bext\x5a\x02\0\0");
        check(0, b"A t?ke\0");
        check(256, &[b'x'; 32]);
        check(288, &[0]);
        check(320, b"2026-01-3123:59:59");
        check(338, &[2, 0, 0, 0, 1, 0, 0, 0]);
        check(346, &[2, 0]);
        check(412, &(-2304i16).to_le_bytes());
        check(414, &UNKNOWN.to_le_bytes());
        check(416, &UNKNOWN.to_le_bytes());
    }
}
