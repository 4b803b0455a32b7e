//! MD5, by which a FLAC file says what its samples are. Source: RFC 1321.

/// The sum of bytes that come in pieces.
#[derive(Clone)]
pub(super) struct Md5 {
    state: [u32; 4],
    /// Bytes that do not make 64 yet.
    waiting: Vec<u8>,
    n_bytes: u64,
}

/// Shifts of the four rounds, repeated four times in each.
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

impl Md5 {
    pub(super) fn new() -> Self {
        let state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
        Self { state, waiting: vec![], n_bytes: 0 }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.n_bytes += bytes.len() as u64;
        self.waiting.extend_from_slice(bytes);
        let waiting = std::mem::take(&mut self.waiting);
        let (chunks, rest) = waiting.as_chunks::<64>();
        chunks.iter().for_each(|chunk| self.mix(chunk));
        self.waiting = rest.to_vec();
    }

    pub(super) fn finish(mut self) -> [u8; 16] {
        let n_bits = self.n_bytes.wrapping_mul(8);
        let n_zeros = (55 - self.n_bytes as i64).rem_euclid(64) as usize;
        let mut end = vec![0x80];
        end.resize(1 + n_zeros, 0);
        end.extend(n_bits.to_le_bytes());
        self.push(&end);
        let mut sum = [0; 16];
        for (bytes, word) in sum.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *bytes = word.to_le_bytes();
        }
        sum
    }

    fn mix(&mut self, chunk: &[u8; 64]) {
        let words: [u32; 16] =
            std::array::from_fn(|i| u32::from_le_bytes(std::array::from_fn(|k| chunk[4 * i + k])));
        let [mut a, mut b, mut c, mut d] = self.state;
        for i in 0..64 {
            let (f, word) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), (7 * i) % 16),
            };
            let sum = a.wrapping_add(f).wrapping_add(CONSTANTS[i]).wrapping_add(words[word]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
        }
        for (state, word) in self.state.iter_mut().zip([a, b, c, d]) {
            *state = state.wrapping_add(word);
        }
    }
}

/// `floor(2^32 |sin(i + 1)|)`. Source: RFC 1321, 3.4.
static CONSTANTS: std::sync::LazyLock<[u32; 64]> = std::sync::LazyLock::new(|| {
    std::array::from_fn(|i| (((i + 1) as f64).sin().abs() * 4_294_967_296.0) as u32)
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standard() {
        let check = |text: &str, expected: u128| {
            let mut md5 = Md5::new();
            text.as_bytes().chunks(7).for_each(|part| md5.push(part));
            assert_eq!(u128::from_be_bytes(md5.finish()), expected, "{text}");
        };
        // RFC 1321, A.5.
        check("", 0xd41d_8cd9_8f00_b204_e980_0998_ecf8_427e);
        check("abc", 0x9001_5098_3cd2_4fb0_d696_3f7d_28e1_7f72);
        check(&"1234567890".repeat(8), 0x57ed_f4a2_2be3_c955_ac49_da2e_2107_b67a);
    }
}
