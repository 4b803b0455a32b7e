//! Whoever walks the maze: a cell, a way, and how far along it.

use super::plan::{CELLS, COLUMNS, is_open, is_wall, neighbour};
use crate::state::{Codec, Field};

/// How many ways there are: left, right, up, down. The opposite of a way is `way ^ 1`.
pub(super) const WAY: u8 = 4;
/// The way of one who stands.
pub(super) const STANDS: u8 = 4;
/// A whole way to the next cell.
const WHOLE: u16 = 256;
/// Pixels of a cell.
pub(super) const CELL: i32 = 10;

/// The wanderer or a ghost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walker {
    cell: u16,
    /// How far it is to the next cell.
    part: u16,
    /// Where it goes, or [`STANDS`].
    pub(super) way: u8,
}

impl Walker {
    /// Stands in a cell.
    pub(super) fn at(cell: usize) -> Self {
        Self { cell: cell as u16, part: 0, way: STANDS }
    }

    /// The cell that it came from last.
    pub(super) fn cell(&self) -> usize {
        usize::from(self.cell)
    }

    /// The cell that it goes to.
    pub(super) fn next(&self) -> usize {
        neighbour(self.cell(), self.way)
    }

    /// The cell whose middle is closest.
    pub(super) fn nearest(&self) -> usize {
        if self.part < WHOLE / 2 { self.cell() } else { self.next() }
    }

    /// The cell so many ahead, or the last one before a wall.
    pub(super) fn ahead(&self, n: usize) -> usize {
        let mut cell = self.nearest();
        for _ in 0..n {
            if !is_wall(neighbour(cell, self.way)) {
                cell = neighbour(cell, self.way);
            }
        }
        cell
    }

    /// Moves on; true if it is in a cell's middle and can choose a way.
    pub(super) fn moves(&mut self, speed: u16) -> bool {
        if self.way == STANDS {
            return true;
        }
        self.part += speed;
        if self.part < WHOLE {
            return false;
        }
        self.cell = self.next() as u16;
        self.part -= WHOLE;
        true
    }

    /// Whether it is on its way in the opposite direction.
    pub(super) fn can_turn_back(&self, way: u8) -> bool {
        self.way != STANDS && self.part > 0 && way == self.way ^ 1
    }

    /// Turns back on its way.
    pub(super) fn turn_back(&mut self) {
        self.cell = self.next() as u16;
        self.part = WHOLE - self.part;
        self.way ^= 1;
    }

    /// The left upper corner of where it is, in pixels of the maze.
    pub(super) fn place(&self) -> (i32, i32) {
        let (row, column) = (self.cell() / COLUMNS, self.cell() % COLUMNS);
        let by = i32::from(self.part) * CELL / i32::from(WHOLE);
        let (dx, dy) = match self.way {
            0 => (-by, 0),
            1 => (by, 0),
            2 => (0, -by),
            3 => (0, by),
            _ => (0, 0),
        };
        (column as i32 * CELL + dx, row as i32 * CELL + dy)
    }

    /// Whether it is in the maze.
    pub(super) fn is_sound(&self) -> bool {
        let is_inside = usize::from(self.cell) < CELLS && !is_wall(self.cell());
        is_inside && self.part <= WHOLE && self.way <= STANDS && is_open(self.cell(), self.way)
    }
}

impl Field for Walker {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        [&mut self.cell, &mut self.part].fields(codec);
        self.way.fields(codec);
    }
}
