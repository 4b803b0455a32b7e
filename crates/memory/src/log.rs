//! The log of a space: a row is there once a record says so, and a block is whole if its checksums in that record fit.
//!
//! A record has 40 bytes, the last four a checksum of the others. Rows are written and synced before their record is,
//! so that a record that is there tells the truth. A torn end is what nobody was told of, and is dropped.

/// Bytes of a record.
pub(crate) const RECORD: usize = 40;
/// Rows that have a checksum together, at most.
pub(crate) const BLOCK_ROWS: usize = 1024;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Added(Block),
    Deleted { row: u32 },
}

/// Some rows that were added together, and checksums of what they have in each file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) first: u32,
    pub(crate) n: u32,
    pub(crate) vectors: u32,
    pub(crate) codes: u32,
    pub(crate) rows: u32,
}

impl Record {
    pub(crate) fn bytes(self) -> [u8; RECORD] {
        let fields = match self {
            Self::Added(block) => {
                [1, block.first, block.n, block.vectors, block.codes, block.rows, 0, 0, 0]
            }
            Self::Deleted { row } => [2, row, 0, 0, 0, 0, 0, 0, 0],
        };
        let mut bytes = [0; RECORD];
        for (place, field) in bytes.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&u32::to_le_bytes(field));
        }
        let checksum = crc32fast::hash(&bytes[..RECORD - 4]);
        bytes[RECORD - 4..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let field = |i: usize| u32::from_le_bytes(std::array::from_fn(|k| bytes[4 * i + k]));
        if field(9) != crc32fast::hash(&bytes[..RECORD - 4]) {
            return None;
        }
        match field(0) {
            1 => {
                let [first, n, vectors, codes, rows] = [1, 2, 3, 4, 5].map(field);
                let is_block = (1..=BLOCK_ROWS as u32).contains(&n);
                is_block.then_some(Self::Added(Block { first, n, vectors, codes, rows }))
            }
            2 => Some(Self::Deleted { row: field(1) }),
            _ => None,
        }
    }
}

/// What a log tells.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) blocks: Vec<Block>,
    pub(crate) deleted: Vec<u32>,
    /// Rows that were added; those of no block have lost their record.
    pub(crate) n_rows: u32,
    /// Bytes up to the last record that is whole.
    pub(crate) len: usize,
    /// Damaged records before that.
    pub(crate) n_damaged: usize,
}

/// Reads a log, without its header.
pub(crate) fn read(bytes: &[u8]) -> Told {
    let mut told = Told::default();
    let mut n_bad = 0;
    for (i, record) in bytes.chunks_exact(RECORD).enumerate() {
        match Record::read(record) {
            // Rows follow one another; a record that goes back lies.
            Some(Record::Added(block)) if block.first >= told.n_rows => {
                let Some(end) = block.first.checked_add(block.n) else {
                    n_bad += 1;
                    continue;
                };
                told.n_rows = end;
                told.blocks.push(block);
            }
            Some(Record::Deleted { row }) if row < told.n_rows => told.deleted.push(row),
            _ => {
                n_bad += 1;
                continue;
            }
        }
        told.n_damaged += n_bad;
        n_bad = 0;
        told.len = (i + 1) * RECORD;
    }
    told
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(first: u32, n: u32) -> Block {
        Block { first, n, vectors: 1, codes: 2, rows: 3 }
    }

    #[test]
    fn a_log_is_read_as_it_was_written() {
        let records =
            [Record::Added(block(0, 5)), Record::Deleted { row: 2 }, Record::Added(block(5, 1024))];
        let mut bytes: Vec<u8> = records.iter().flat_map(|it| it.bytes()).collect();
        let check = |bytes: &[u8], n_rows: u32, n_deleted: usize, len: usize, n_damaged: usize| {
            let told = read(bytes);
            assert_eq!(
                (told.n_rows, told.deleted.len(), told.len, told.n_damaged),
                (n_rows, n_deleted, len, n_damaged)
            );
        };
        check(&bytes, 1029, 1, 120, 0);
        // A torn end was never acknowledged.
        for cut in 81..120 {
            check(&bytes[..cut], 5, 1, 80, 0);
        }
        // Damage in the middle is noticed, and what is behind it still counts.
        bytes[50] ^= 1;
        check(&bytes, 1029, 0, 120, 1);
        bytes[10] ^= 1;
        check(&bytes, 1029, 0, 120, 2);
        assert_eq!(read(&bytes).blocks, [block(5, 1024)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let told = read(&bytes);
            prop_assert!(told.len <= bytes.len());
        }
    }
}
