//! Drawing on a screen: rectangles, sprites, lines and small letters, clipped at its edges.

use crate::{HEIGHT, Screen, WIDTH};

impl Default for Screen {
    fn default() -> Self {
        Self(Box::new([0; WIDTH * HEIGHT]))
    }
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Screen")
    }
}

impl Screen {
    /// Takes all pixels of another one.
    pub(crate) fn copy(&mut self, other: &Self) {
        self.0.copy_from_slice(&*other.0);
    }

    /// Colours one pixel.
    pub(crate) fn dot(&mut self, x: i32, y: i32, colour: u8) {
        if (0..WIDTH as i32).contains(&x) && (0..HEIGHT as i32).contains(&y) {
            self.0[y as usize * WIDTH + x as usize] = colour;
        }
    }

    /// Fills a rectangle.
    pub(crate) fn rect(&mut self, x: i32, y: i32, width: i32, height: i32, colour: u8) {
        let (from, to) = (x.clamp(0, WIDTH as i32), (x + width).clamp(0, WIDTH as i32));
        if from >= to {
            return;
        }
        let (top, bottom) = (y.clamp(0, HEIGHT as i32), (y + height).clamp(0, HEIGHT as i32));
        for row in top..bottom {
            let start = row as usize * WIDTH;
            self.0[start + from as usize..start + to as usize].fill(colour);
        }
    }

    /// Fills a rectangle without its four corner pixels.
    pub(crate) fn rounded(&mut self, x: i32, y: i32, width: i32, height: i32, colour: u8) {
        self.rect(x + 1, y, width - 2, 1, colour);
        self.rect(x, y + 1, width, height - 2, colour);
        self.rect(x + 1, y + height - 1, width - 2, 1, colour);
    }

    /// Fills a disc around the middle of a pixel.
    pub(crate) fn disc(&mut self, x: i32, y: i32, radius: i32, colour: u8) {
        for dy in -radius..=radius {
            let half = half_width(radius, dy);
            self.rect(x - half, y + dy, 2 * half + 1, 1, colour);
        }
    }

    /// Draws a line of some thickness: what a disc covers that goes along it.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), radius: i32, colour: u8) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let n = (dx.abs().max(dy.abs()) as i32).max(1);
        let step = (dx / f64::from(n), dy / f64::from(n));
        let mut rows = [(i32::MAX, i32::MIN); HEIGHT];
        for i in 0..=n {
            let x = nearest(from.0 + f64::from(i) * step.0);
            let y = nearest(from.1 + f64::from(i) * step.1);
            for dy in -radius..=radius {
                let half = half_width(radius, dy);
                if let Some((left, right)) = rows.get_mut((y + dy) as usize) {
                    (*left, *right) = ((*left).min(x - half), (*right).max(x + half));
                }
            }
        }
        for (y, (left, right)) in rows.into_iter().enumerate().filter(|(_, row)| row.0 <= row.1) {
            self.rect(left, y as i32, right - left + 1, 1, colour);
        }
    }

    /// Draws a sprite. A letter from `a` on is the first, second … of the colours; others leave the pixel.
    pub(crate) fn sprite(&mut self, x: i32, y: i32, rows: &[&str], colours: &[u8]) {
        for (dy, row) in rows.iter().enumerate() {
            for (dx, letter) in row.bytes().enumerate() {
                if let Some(colour) = colours.get(usize::from(letter.wrapping_sub(b'a'))) {
                    self.dot(x + dx as i32, y + dy as i32, *colour);
                }
            }
        }
    }

    /// Writes capital letters and digits, each pixel `scale` wide and high; gives the x after them.
    pub(crate) fn text(&mut self, x: i32, y: i32, text: &str, scale: i32, colour: u8) -> i32 {
        text.bytes().fold(x, |x, letter| self.letter(x, y, letter, scale, colour))
    }

    /// Writes a number with its left edge at `x`; gives the x after it.
    pub(crate) fn number(&mut self, x: i32, y: i32, number: u32, scale: i32, colour: u8) -> i32 {
        let mut power = 1;
        while number / power >= 10 {
            power *= 10;
        }
        let mut x = x;
        while power > 0 {
            x = self.letter(x, y, b'0' + (number / power % 10) as u8, scale, colour);
            power /= 10;
        }
        x
    }

    fn letter(&mut self, x: i32, y: i32, letter: u8, scale: i32, colour: u8) -> i32 {
        let glyph = glyph(letter);
        for i in 0..15 {
            if glyph >> (14 - i) & 1 == 1 {
                self.rect(x + i % 3 * scale, y + i / 3 * scale, scale, scale, colour);
            }
        }
        x + 4 * scale
    }
}

/// How far a disc reaches to each side in a row that is so far from its middle.
fn half_width(radius: i32, dy: i32) -> i32 {
    let mut half = radius;
    while half * half + dy * dy > radius * radius + radius {
        half -= 1;
    }
    half
}

/// The nearest pixel; without a call of a library, which rounding takes on old processors.
fn nearest(place: f64) -> i32 {
    (place + 4096.5) as i32 - 4096
}

/// Columns that a number takes, with the space after it.
pub(crate) fn number_width(number: u32, scale: i32) -> i32 {
    4 * scale * (number.max(1).ilog10() as i32 + 1)
}

/// Five rows of three pixels, the first row in the highest bits.
fn glyph(letter: u8) -> u16 {
    const DIGITS: [u16; 10] = [
        0b111_101_101_101_111,
        0b010_110_010_010_111,
        0b111_001_111_100_111,
        0b111_001_111_001_111,
        0b101_101_111_001_001,
        0b111_100_111_001_111,
        0b111_100_111_101_111,
        0b111_001_010_010_010,
        0b111_101_111_101_111,
        0b111_101_111_001_111,
    ];
    const LETTERS: [u16; 26] = [
        0b010_101_111_101_101,
        0b110_101_110_101_110,
        0b011_100_100_100_011,
        0b110_101_101_101_110,
        0b111_100_110_100_111,
        0b111_100_110_100_100,
        0b011_100_101_101_011,
        0b101_101_111_101_101,
        0b111_010_010_010_111,
        0b001_001_001_101_010,
        0b101_101_110_101_101,
        0b100_100_100_100_111,
        0b101_111_111_101_101,
        0b110_101_101_101_101,
        0b010_101_101_101_010,
        0b110_101_110_100_100,
        0b010_101_101_110_011,
        0b110_101_110_101_101,
        0b011_100_010_001_110,
        0b111_010_010_010_010,
        0b101_101_101_101_111,
        0b101_101_101_101_010,
        0b101_101_111_111_101,
        0b101_101_010_101_101,
        0b101_101_010_010_010,
        0b111_001_010_100_111,
    ];
    match letter {
        b'0'..=b'9' => DIGITS[usize::from(letter - b'0')],
        b'A'..=b'Z' => LETTERS[usize::from(letter - b'A')],
        b'-' => 0b000_000_111_000_000,
        b'.' => 0b000_000_000_000_010,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_is_clipped() {
        let mut screen = Screen::default();
        screen.rect(-5, -5, 7, 7, 1);
        assert_eq!(screen.0.iter().filter(|it| **it == 1).count(), 4);
        screen.rect(158, 208, 9, 9, 2);
        screen.disc(-1, 100, 3, 3);
        screen.text(155, 205, "AB", 2, 4);
        screen.number(-3, -2, 1234, 1, 5);
        screen.line((-20.0, 50.0), (300.0, 60.0), 2, 6);
        assert_eq!(screen.0[WIDTH * 100], 3);
        assert_eq!(number_width(100, 2), 24);
    }
}
