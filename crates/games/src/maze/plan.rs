//! The plan of the maze, and ways through it.

use std::collections::VecDeque;

pub(super) const ROWS: usize = 17;
pub(super) const COLUMNS: usize = 15;
pub(super) const CELLS: usize = ROWS * COLUMNS;

/// Walls, dots, big dots, and where nothing lies. The row of the ghosts' house is open at both ends, which
/// are next to each other.
pub(super) const PLAN: &[[u8; COLUMNS]; ROWS] = &[
    *b"###############",
    *b"#......#......#",
    *b"#o##.#.#.#.##o#",
    *b"#....#...#....#",
    *b"#.##.##.##.##.#",
    *b"#.#.........#.#",
    *b"#.#.### ###.#.#",
    *b"....#     #....",
    *b"#.#.#######.#.#",
    *b"#...... ......#",
    *b"#.##.#.#.#.##.#",
    *b"#o...#...#...o#",
    *b"#.##.##.##.##.#",
    *b"#.............#",
    *b"#.####.#.####.#",
    *b"#......#......#",
    *b"###############",
];

/// A big dot, where food is told apart by numbers.
pub(super) const PILLS: u8 = 2;

/// The food of a full maze: 1 for a dot, [`PILLS`] for a big one.
pub(super) const DOTS_OF: [u8; CELLS] = {
    let mut food = [0; CELLS];
    let mut i = 0;
    while i < CELLS {
        food[i] = match PLAN[i / COLUMNS][i % COLUMNS] {
            b'.' => 1,
            b'o' => PILLS,
            _ => 0,
        };
        i += 1;
    }
    food
};

/// How many dots a full maze has.
pub(super) const DOTS: u16 = {
    let (mut n, mut i) = (0, 0);
    while i < CELLS {
        n += (DOTS_OF[i] != 0) as u16;
        i += 1;
    }
    n
};

/// The cell to the left, right, above or below; at the ends of the open row that on the other side.
pub(super) fn neighbour(cell: usize, way: u8) -> usize {
    let (row, column) = (cell / COLUMNS, cell % COLUMNS);
    match way {
        0 => row * COLUMNS + (column + COLUMNS - 1) % COLUMNS,
        1 => row * COLUMNS + (column + 1) % COLUMNS,
        2 => (row + ROWS - 1) % ROWS * COLUMNS + column,
        3 => (row + 1) % ROWS * COLUMNS + column,
        _ => cell,
    }
}

pub(super) fn is_wall(cell: usize) -> bool {
    PLAN[cell / COLUMNS][cell % COLUMNS] == b'#'
}

/// Whether one can go that way from a cell.
pub(super) fn is_open(cell: usize, way: u8) -> bool {
    !is_wall(neighbour(cell, way))
}

/// How many moves each cell is from the nearest target.
pub(super) fn distances(is_target: impl Fn(usize) -> bool) -> [u16; CELLS] {
    let mut distances = [1000; CELLS];
    let mut open: VecDeque<usize> = (0..CELLS).filter(|cell| is_target(*cell)).collect();
    for cell in &open {
        distances[*cell] = 0;
    }
    while let Some(cell) = open.pop_front() {
        for next in (0..4).map(|way| neighbour(cell, way)) {
            if distances[next] == 1000 && !is_wall(next) {
                distances[next] = distances[cell] + 1;
                open.push_back(next);
            }
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dot_can_be_reached_and_no_way_is_blind() {
        let reached = distances(|cell| cell == 9 * COLUMNS + 7);
        for cell in (0..CELLS).filter(|cell| !is_wall(*cell)) {
            assert!(reached[cell] < 1000, "{cell}");
            let n = (0..4).filter(|way| is_open(cell, *way)).count();
            let is_house = PLAN[cell / COLUMNS][cell % COLUMNS] == b' ';
            assert!(n >= 2 || is_house, "{cell}");
        }
        for row in PLAN {
            assert!((0..COLUMNS).all(|i| row[i] == row[COLUMNS - 1 - i]));
        }
    }
}
