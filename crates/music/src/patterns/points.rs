//! Points as single numbers, and sets of them that are fast to ask.

/// A point as a number: its time in steps times 256, and its key. Differences of two such numbers are vectors, and
/// a sum is that of the vectors, as long as keys stay below 128.
pub(super) fn pack(step: i64, key: u8) -> i64 {
    (step << 8) + i64::from(key & 0x7f)
}

/// The time of a packed point.
pub(super) fn time_of(packed: i64) -> i64 {
    packed >> 8
}

/// The key of a packed point.
pub(super) fn key_of(packed: i64) -> i32 {
    (packed & 0xff) as i32
}

/// The steps and semitones of a packed vector.
pub(super) fn vector(packed: i64) -> (i64, i32) {
    let steps = (packed + 128) >> 8;
    (steps, (packed - (steps << 8)) as i32)
}

/// A set of points: open addressing, at most half full.
pub(super) struct PointSet {
    slots: Vec<i64>,
    shift: u32,
}

/// No point has this number.
const FREE: i64 = i64::MIN;

impl PointSet {
    pub(super) fn new(points: &[i64]) -> Self {
        let n_bits = (2 * points.len().max(2)).next_power_of_two().trailing_zeros();
        let mut set = Self { slots: vec![FREE; 1 << n_bits], shift: 64 - n_bits };
        for point in points {
            let mut at = set.slot(*point);
            while set.slots[at] != FREE && set.slots[at] != *point {
                at = (at + 1) & (set.slots.len() - 1);
            }
            set.slots[at] = *point;
        }
        set
    }

    pub(super) fn has(&self, point: i64) -> bool {
        let mut at = self.slot(point);
        loop {
            match self.slots[at] {
                FREE => return false,
                found if found == point => return true,
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// Where a point belongs (Fibonacci hashing).
    fn slot(&self, point: i64) -> usize {
        (point.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }
}
