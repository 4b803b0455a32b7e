//! A set of rows, one bit each: what is deleted, and what a search is kept to.

/// A set of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    n: usize,
}

impl RowSet {
    /// Whether a row is in it.
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        let word = self.words.get(row as usize / 64).copied().unwrap_or(0);
        word >> (row % 64) & 1 == 1
    }

    /// Puts a row in; says whether it is new.
    pub fn insert(&mut self, row: u32) -> bool {
        let at = row as usize / 64;
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        let is_new = !self.contains(row);
        self.words[at] |= 1 << (row % 64);
        self.n += usize::from(is_new);
        is_new
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            (0..64u32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at as u32 * 64 + bit)
        })
    }
}

impl FromIterator<u32> for RowSet {
    fn from_iter<T: IntoIterator<Item = u32>>(rows: T) -> Self {
        let mut set = Self::default();
        rows.into_iter().for_each(|row| {
            set.insert(row);
        });
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let rows = [0, 63, 64, 1000, 5];
        let set: RowSet = rows.into_iter().chain([5]).collect();
        assert_eq!((set.len(), set.is_empty()), (5, false));
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 5, 63, 64, 1000]);
        assert!(set.contains(64) && !set.contains(65) && !set.contains(u32::MAX));
    }
}
