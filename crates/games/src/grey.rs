//! Grey pictures of 84 × 84 pixels, averaged from the screen: what agents see in the literature.
//!
//! V. Mnih et al., «Human-level control through deep reinforcement learning», 2015, made that size of screen
//! the usual one. Here each pixel is the mean luminance of the area of the screen that it covers.

use crate::{HEIGHT, Screen, WIDTH};

/// Rows and columns of a grey picture.
pub const GREY: usize = 84;

/// A pixel covers 40/21 columns and 5/2 rows of the screen, so in units of 1/21 and 1/2 it covers 40 and 5.
const COLUMN_UNITS: usize = 40;
const PER_COLUMN: usize = 21;
const UNITS: u32 = 40 * 5;
/// 40 columns of the screen make exactly 21 of the picture.
const BLOCK: usize = 40;
const GREY_BLOCK: usize = 21;
const BLOCKS: usize = WIDTH / BLOCK;

/// Makes grey pictures of screens of one game. What didn't change since the last one is not computed again.
#[derive(Debug)]
pub struct Grey {
    lumas: [u8; 256],
    last: Screen,
    is_first: bool,
    /// Each row of the screen, averaged across: sums of 40 units.
    across: Vec<[[u16; GREY_BLOCK]; BLOCKS]>,
    pixels: Vec<u8>,
}

/// The columns of a block that each of its pixels covers: the first, and the units of it and of the next two.
const COLUMNS: [(usize, [u16; 3]); GREY_BLOCK] = {
    let mut columns = [(0, [0; 3]); GREY_BLOCK];
    let mut i = 0;
    while i < GREY_BLOCK {
        let start = i * COLUMN_UNITS;
        let first = PER_COLUMN - start % PER_COLUMN;
        let rest = COLUMN_UNITS - first;
        let second = if rest < PER_COLUMN { rest } else { PER_COLUMN };
        let units = [first as u16, second as u16, (rest - second) as u16];
        columns[i] = (start / PER_COLUMN, units);
        i += 1;
    }
    columns
};

impl Grey {
    /// Prepares for screens of a palette.
    #[must_use]
    pub fn new(palette: &[[u8; 3]]) -> Self {
        let mut lumas = [0; 256];
        for (luma, [red, green, blue]) in lumas.iter_mut().zip(palette) {
            // ITU-R BT.601.
            let sum = 299 * u32::from(*red) + 587 * u32::from(*green) + 114 * u32::from(*blue);
            *luma = ((sum + 500) / 1000) as u8;
        }
        Self {
            lumas,
            last: Screen::default(),
            is_first: true,
            across: vec![[[0; GREY_BLOCK]; BLOCKS]; HEIGHT],
            pixels: vec![0; GREY * GREY],
        }
    }

    /// The grey picture of a screen: `[row][column]`.
    pub fn picture(&mut self, screen: &Screen) -> &[u8] {
        let rows = screen.0.as_chunks::<WIDTH>().0;
        // Five rows of the screen make two of the picture.
        for group in 0..HEIGHT / 5 {
            let mut has_changed = false;
            for row in 5 * group..5 * group + 5 {
                let last = &self.last.0[row * WIDTH..(row + 1) * WIDTH];
                if self.is_first || rows[row] != last {
                    self.update_row(rows, row);
                    has_changed = true;
                }
            }
            if has_changed {
                self.average(group);
            }
        }
        self.is_first = false;
        &self.pixels
    }

    /// Averages those blocks of a row across that have changed.
    fn update_row(&mut self, rows: &[[u8; WIDTH]], row: usize) {
        let above = if row > 0 { rows[row - 1].as_chunks::<BLOCK>().0 } else { &[] };
        let blocks = rows[row].as_chunks::<BLOCK>().0;
        let last = self.last.0[row * WIDTH..(row + 1) * WIDTH].as_chunks_mut::<BLOCK>().0;
        for (i, (block, last)) in blocks.iter().zip(last).enumerate() {
            if !self.is_first && block == last {
                continue;
            }
            *last = *block;
            // Most rows are like the one above, which is up to date.
            self.across[row][i] = if above.get(i) == Some(block) {
                self.across[row - 1][i]
            } else {
                average_across(&self.lumas, block)
            };
        }
    }

    fn average(&mut self, group: usize) {
        let [a, b, c, d, e] = &self.across[5 * group..5 * group + 5] else { return };
        let [a, b, c, d, e] = [a, b, c, d, e].map(|row| row.as_flattened());
        let (upper, lower) = self.pixels[2 * group * GREY..][..2 * GREY].split_at_mut(GREY);
        average_rows(a, b, c, upper);
        average_rows(e, d, c, lower);
    }
}

fn average_across(lumas: &[u8; 256], block: &[u8; BLOCK]) -> [u16; GREY_BLOCK] {
    // Two more, which the last pixel covers with no unit.
    let mut row = [0u16; BLOCK + 2];
    for (luma, pixel) in row.iter_mut().zip(block) {
        *luma = u16::from(lumas[usize::from(*pixel)]);
    }
    COLUMNS.map(|(first, units)| {
        row[first] * units[0] + row[first + 1] * units[1] + row[first + 2] * units[2]
    })
}

/// Averages two rows and half of a third.
fn average_rows(a: &[u16], b: &[u16], half: &[u16], to: &mut [u8]) {
    for (((to, a), b), half) in to.iter_mut().zip(a).zip(b).zip(half) {
        let sum = 2 * (u32::from(*a) + u32::from(*b)) + u32::from(*half);
        *to = ((sum + UNITS / 2) / UNITS) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_the_mean_of_what_they_cover() {
        let palette = [[0; 3], [255; 3], [100; 3], [7, 90, 200]];
        let mut grey = Grey::new(&palette);
        let mut random = crate::Random::new(3);
        let mut screen = Screen::default();
        for round in 0..3 {
            for y in (round * 7..HEIGHT).step_by(1 + 2 * round) {
                for x in 0..WIDTH {
                    screen.0[y * WIDTH + x] = random.below(4) as u8;
                }
            }
            let picture = grey.picture(&screen).to_vec();
            assert_eq!(picture, Grey::new(&palette).picture(&screen), "as if it were the first");
            for (row, column) in [(0, 0), (0, 83), (41, 42), (83, 83), (50, 21)] {
                let mut sum = 0.0;
                for y in 0..HEIGHT {
                    for x in 0..WIDTH {
                        let [r, g, b] =
                            palette[usize::from(screen.0[y * WIDTH + x])].map(f64::from);
                        let luma = (0.299 * r + 0.587 * g + 0.114 * b).round();
                        sum += luma * overlap(x, column, 40.0 / 21.0) * overlap(y, row, 2.5);
                    }
                }
                let mean = sum / (40.0 / 21.0 * 2.5);
                let found = f64::from(picture[row * GREY + column]);
                assert!((mean - found).abs() <= 0.5 + 1e-9, "{mean} {found}");
            }
        }
    }

    /// How much of pixel `i` of the screen a pixel of the picture covers.
    fn overlap(i: usize, of: usize, size: f64) -> f64 {
        let (start, end) = (of as f64 * size, (of + 1) as f64 * size);
        ((i + 1) as f64).min(end) - (i as f64).max(start).min(((i + 1) as f64).min(end))
    }
}
