//! Bits one after the other, the highest first, and checksums over the bytes they make.

/// Bits that become bytes.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that do not make a byte yet, in the low end.
    waiting: u64,
    n_waiting: u32,
}

impl BitWriter {
    /// Appends the low `n` bits of a number, at most 56.
    pub(super) fn put(&mut self, value: u64, n: u32) {
        debug_assert!(n <= 56, "with up to 7 that wait, no more fit");
        if n == 0 {
            return;
        }
        self.waiting = (self.waiting << n) | (value & (u64::MAX >> (64 - n)));
        self.n_waiting += n;
        while self.n_waiting >= 8 {
            self.n_waiting -= 8;
            self.bytes.push((self.waiting >> self.n_waiting) as u8);
        }
    }

    /// Appends a number with its sign, in two's complement of `n` bits.
    pub(super) fn put_signed(&mut self, value: i64, n: u32) {
        self.put(value as u64, n);
    }

    /// Appends so many zeros and a one.
    pub(super) fn unary(&mut self, mut n_zeros: u64) {
        while n_zeros >= 32 {
            self.put(0, 32);
            n_zeros -= 32;
        }
        self.put(1, n_zeros as u32 + 1);
    }

    /// Appends bytes; only where whole bytes end.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.n_waiting, 0, "bytes begin where bytes end");
        self.bytes.extend_from_slice(bytes);
    }

    /// Fills up the last byte with zeros.
    pub(super) fn align(&mut self) {
        self.put(0, (8 - self.n_waiting % 8) % 8);
    }

    /// The whole bytes so far.
    pub(super) fn so_far(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

/// The checksum of a block's head: polynomial x^8 + x^2 + x + 1. Source: RFC 9639, 9.1.8.
pub(super) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| (crc << 1) ^ (if crc & 0x80 == 0 { 0 } else { 0x07 }))
    })
}

/// The checksum of a block: polynomial x^16 + x^15 + x^2 + 1. Source: RFC 9639, 9.3.
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |crc, byte| (crc << 8) ^ CRC16[usize::from((crc >> 8) as u8 ^ byte)])
}

const CRC16: [u16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc << 1) ^ (if crc & 0x8000 == 0 { 0 } else { 0x8005 });
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_out_in_order() {
        let mut out = BitWriter::default();
        out.put(0b101, 3);
        out.unary(4);
        out.put_signed(-1, 9);
        out.unary(40);
        assert_eq!(out.so_far(), [0b1010_0001, 0xff, 0x80, 0, 0, 0, 0]);
        assert_eq!(out.into_bytes(), [0b1010_0001, 0xff, 0x80, 0, 0, 0, 0, 0b0100_0000]);
    }

    /// Check values of CRC-8/SMBUS and CRC-16/UMTS in the catalogue of parametrised CRC algorithms.
    #[test]
    fn checksums_are_the_known_ones() {
        assert_eq!(crc8(b"123456789"), 0xf4);
        assert_eq!(crc16(b"123456789"), 0xfee8);
    }
}
