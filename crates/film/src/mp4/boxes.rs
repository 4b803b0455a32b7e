//! Nested boxes of bytes, each with its length in front, and those that all tracks have.

/// No rotation, no scaling. Source: ISO/IEC 14496-12, 8.2.2.
pub(super) const MATRIX: [u8; 36] = {
    let mut matrix = [0; 36];
    matrix[1] = 1;
    matrix[17] = 1;
    matrix[32] = 0x40;
    matrix
};

/// Bytes in which boxes are opened, filled and closed.
#[derive(Default)]
pub(super) struct Boxes {
    bytes: Vec<u8>,
    /// Where the open boxes begin, the innermost last.
    open: Vec<usize>,
}

impl Boxes {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// All bytes, when every box is closed.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        assert!(self.open.is_empty(), "a box is open");
        self.bytes
    }

    /// Begins a box.
    pub(super) fn open(&mut self, name: &[u8; 4]) -> &mut Self {
        self.open.push(self.bytes.len());
        self.u32(0).bytes(name)
    }

    /// Begins a box with a version and flags.
    pub(super) fn open_full(&mut self, name: &[u8; 4], version: u8, flags: u32) -> &mut Self {
        self.open(name).u32(u32::from(version) << 24 | flags)
    }

    /// Ends the innermost box.
    pub(super) fn close(&mut self) -> &mut Self {
        let begin = self.open.pop().expect("a box is open");
        let len = u32::try_from(self.bytes.len() - begin).expect("tables take a few megabytes");
        self.bytes[begin..begin + 4].copy_from_slice(&len.to_be_bytes());
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    pub(super) fn zeros(&mut self, n: usize) -> &mut Self {
        self.bytes.resize(self.bytes.len() + n, 0);
        self
    }

    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// How a track counts time, and its length. The language is not said.
    pub(super) fn media_header(&mut self, ticks_per_sec: u32, ticks: u32) -> &mut Self {
        // "und", five bits a letter.
        self.open_full(b"mdhd", 0, 0).u32(0).u32(0).u32(ticks_per_sec).u32(ticks);
        self.u16(0x55c4).u16(0).close()
    }

    /// What a track is, with a name for people.
    pub(super) fn handler(&mut self, kind: &[u8; 4], name: &str) -> &mut Self {
        self.open_full(b"hdlr", 0, 0).u32(0).bytes(kind).zeros(12);
        self.bytes(name.as_bytes()).zeros(1).close()
    }

    /// The samples of a track are in this file.
    pub(super) fn data_is_here(&mut self) -> &mut Self {
        self.open(b"dinf").open_full(b"dref", 0, 0).u32(1).open_full(b"url ", 0, 1).close();
        self.close().close()
    }

    /// Where the chunks of a track begin in the file, in 32 or 64 bits.
    pub(super) fn chunk_offsets(
        &mut self,
        offsets: impl Iterator<Item = u64>,
        n: usize,
        is_long: bool,
    ) -> &mut Self {
        self.open_full(if is_long { b"co64" } else { b"stco" }, 0, 0).u32(n as u32);
        for offset in offsets {
            if is_long {
                self.u64(offset)
            } else {
                self.u32(offset as u32)
            };
        }
        self.close()
    }
}
