//! The pattern of delays: at each step every book is one frame behind the one before, so that a code is chosen knowing
//! those of the same frame in the books before it.
//!
//! Source: Copet et al., "Simple and Controllable Music Generation", 2023, section 2.2.

/// The codes of frames, written step by step.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Of each frame, one a book; those that are not chosen yet are absent.
    frames: Vec<Vec<Option<u32>>>,
    n_books: usize,
    /// Channels whose books take turns.
    n_channels: usize,
    pad: u32,
    /// Frames that were given.
    n_given: usize,
}

impl Pattern {
    /// A pattern of `n_frames` frames, the first of which are given.
    pub(super) fn new(
        given: &[Vec<u32>],
        n_frames: usize,
        n_books: usize,
        n_channels: usize,
        pad: u32,
    ) -> Self {
        let mut frames: Vec<Vec<Option<u32>>> =
            given.iter().map(|codes| codes.iter().copied().map(Some).collect()).collect();
        frames.resize(n_frames, vec![None; n_books]);
        Self { frames, n_books, n_channels, pad, n_given: given.len() }
    }

    /// Steps in all: one for every frame that is not given, and those by which the last book is behind.
    pub(super) fn n_steps(n_frames: usize, n_given: usize, books_of_channel: usize) -> usize {
        n_frames - n_given + books_of_channel - 1
    }

    /// The positions that are known before the first step.
    pub(super) fn start(&self) -> std::ops::RangeInclusive<usize> {
        0..=self.n_given
    }

    /// What the network is shown at a position, one code a book; position 0 has none.
    pub(super) fn shown(&self, position: usize) -> Vec<u32> {
        (0..self.n_books)
            .map(|book| {
                let frame = self.frame(position, book).and_then(|frame| self.frames.get(frame));
                frame.and_then(|codes| codes[book]).unwrap_or(self.pad)
            })
            .collect()
    }

    /// Books that have a code to be chosen at a position.
    pub(super) fn open_books(&self, position: usize) -> Vec<usize> {
        let is_open = |book: &usize| {
            let frame = self.frame(position, *book).and_then(|frame| self.frames.get(frame));
            frame.is_some_and(|codes| codes[*book].is_none())
        };
        (0..self.n_books).filter(is_open).collect()
    }

    /// Writes the code of a book at a position.
    pub(super) fn choose(&mut self, position: usize, book: usize, code: u32) {
        if let Some(codes) = self.frame(position, book).and_then(|frame| self.frames.get_mut(frame))
        {
            codes[book] = Some(code);
        }
    }

    /// All frames, one code a book.
    pub(super) fn into_frames(self) -> Vec<Vec<u32>> {
        let pad = self.pad;
        let codes = |codes: Vec<Option<u32>>| codes.into_iter().map(|it| it.unwrap_or(pad));
        self.frames.into_iter().map(|it| codes(it).collect()).collect()
    }

    /// The frame whose code a book has at a position.
    fn frame(&self, position: usize, book: usize) -> Option<usize> {
        position.checked_sub(1 + book / self.n_channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_book_is_a_frame_behind_the_one_before() {
        let mut pattern = Pattern::new(&[vec![7, 8, 9]], 3, 3, 1, 0);
        assert_eq!(pattern.start(), 0..=1);
        assert_eq!(pattern.shown(0), [0, 0, 0]);
        assert_eq!(pattern.shown(1), [7, 0, 0]);
        let mut n_steps = 0;
        for position in 2..=5 {
            for book in pattern.open_books(position) {
                pattern.choose(position, book, 10 * position as u32 + book as u32);
            }
            n_steps += 1;
        }
        assert_eq!(n_steps, Pattern::n_steps(3, 1, 3));
        assert_eq!(pattern.shown(2), [20, 8, 0]);
        assert_eq!(pattern.shown(4), [0, 41, 42]);
        assert_eq!(pattern.into_frames(), [[7, 8, 9], [20, 31, 42], [30, 41, 52]]);
    }

    #[test]
    fn books_of_two_channels_take_turns() {
        let pattern = Pattern::new(&[], 2, 4, 2, 0);
        assert_eq!(pattern.open_books(1), [0, 1]);
        assert_eq!(pattern.open_books(2), [0, 1, 2, 3]);
        assert_eq!(pattern.open_books(3), [2, 3]);
        assert_eq!(Pattern::n_steps(2, 0, 2), 3);
    }
}
