//! The checksum of records: CRC-32C, rotated so that sums of sums do not cancel.
//!
//! Source: RFC 3720 (Castagnoli's polynomial, reflected); the mask of TensorFlow's `crc32c.h`.

/// The masked checksum.
pub(super) fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0u32, |crc, &byte| (crc >> 8) ^ TABLE[usize::from(crc as u8 ^ byte)])
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 * (crc & 1));
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of RFC 3720, B.4.
    #[test]
    fn sums_are_those_of_the_standard() {
        let check = |bytes: &[u8], expected: u32| assert_eq!(crc32c(bytes), expected);
        check(&[0; 32], 0x8a91_36aa);
        check(&[0xff; 32], 0x62a8_ab43);
        check(b"123456789", 0xe306_9283);
    }
}
