//! Pictures in pictures: screens of games, other canvases, maps of numbers.

use super::{Canvas, Rect, Rgb, blend, weight};

/// From nothing over dark red and orange to pale yellow: brighter is more, for every kind of sight.
const HEAT: [Rgb; 4] =
    [Rgb::hex(0x30_00_30), Rgb::hex(0xc0_10_30), Rgb::hex(0xff_90_10), Rgb::hex(0xff_ff_a0)];

/// A picture of one byte a pixel, an index into a palette: the screen of a game.
#[derive(Clone, Copy, Debug)]
pub struct Indexed<'a> {
    /// [height, width]
    pub indices: &'a [u8],
    /// The colour of each index, red, green and blue; those beyond are black.
    pub palette: &'a [[u8; 3]],
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Canvas {
    /// Draws the screen of a game with every pixel as a square of `scale` pixels, its upper left corner at (x, y).
    ///
    /// # Panics
    /// If the indices are not width times height.
    pub fn blit_indexed(&mut self, screen: Indexed, scale: usize, x: i32, y: i32) {
        let Indexed { indices, palette, width, height } = screen;
        assert_eq!(indices.len(), width * height, "a screen of {width}x{height}");
        let mut colors = [[0; 3]; 256];
        for (color, known) in colors.iter_mut().zip(palette) {
            *color = *known;
        }
        let full = Rect::new(x, y, (width * scale) as i32, (height * scale) as i32);
        let (columns, rows) = self.clip(full);
        if columns.is_empty() {
            return;
        }
        let (from_left, len) = (distance(columns.start, x) * 3, columns.len() * 3);
        let is_whole = len == width * scale * 3;
        let mut enlarged = vec![0; width * scale * 3];
        let mut above: Option<(&[u8], usize)> = None;
        for row in rows {
            let source_idx = distance(row, y) / scale;
            let source = &indices[source_idx * width..][..width];
            let at = (row * self.width + columns.start) * 3;
            match above {
                // Enlarged rows repeat, and rows of a screen often do.
                Some((it, above)) if it == source => {
                    self.pixels.copy_within(above..above + len, at);
                }
                _ if is_whole => enlarge(source, &colors, scale, &mut self.pixels[at..at + len]),
                _ => {
                    enlarge(source, &colors, scale, &mut enlarged);
                    self.pixels[at..at + len].copy_from_slice(&enlarged[from_left..][..len]);
                }
            }
            above = Some((source, at));
        }
    }

    /// Draws another picture into a rectangle, enlarged with hard edges or reduced with soft ones.
    pub fn draw_picture(&mut self, picture: &Self, into: Rect) {
        if picture.width == 0 || picture.height == 0 || into.width <= 0 || into.height <= 0 {
            return;
        }
        let (columns, rows) = self.clip(into);
        // The pixels of the picture that one of this one shows: at least one, in reduction several.
        let source = |place: usize, edge: i32, len: i32, n: usize| {
            let i = distance(place, edge);
            let first = i * n / len as usize;
            first..((i + 1) * n / len as usize).max(first + 1)
        };
        let (left, n_columns) = (columns.start, columns.len());
        let across: Vec<_> =
            columns.map(|x| source(x, into.x, into.width, picture.width)).collect();
        for y in rows {
            let down = source(y, into.y, into.height, picture.height);
            let row = &mut self.pixels[(y * self.width + left) * 3..][..n_columns * 3];
            for (pixel, across) in row.as_chunks_mut::<3>().0.iter_mut().zip(&across) {
                *pixel = picture.mean(across.clone(), down.clone());
            }
        }
    }

    /// The mean colour of a block of pixels that is not empty.
    fn mean(&self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> [u8; 3] {
        let n = (columns.len() * rows.len()) as u32;
        let mut sums = [0_u32; 3];
        for y in rows {
            let row = &self.pixels[(y * self.width + columns.start) * 3..][..columns.len() * 3];
            for pixel in row.as_chunks::<3>().0 {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(*value);
                }
            }
        }
        sums.map(|sum| ((sum + n / 2) / n) as u8)
    }

    /// Lays a map of numbers over a rectangle: where a network looks, or how sure it is of what.
    ///
    /// `values` is [rows, columns] in [0, 1]; the map is enlarged smoothly. 0 leaves the picture as it is, 1 covers
    /// it with `alpha`. What is not a number counts as 0.
    ///
    /// # Panics
    /// If `values` is empty or not a whole number of rows.
    pub fn heat(&mut self, values: &[f32], n_columns: usize, into: Rect, alpha: f32) {
        assert!(n_columns > 0 && !values.is_empty() && values.len().is_multiple_of(n_columns));
        let n_rows = values.len() / n_columns;
        let (columns, rows) = self.clip(into);
        let left = columns.start;
        let across: Vec<_> = columns.map(|x| between(x, into.x, into.width, n_columns)).collect();
        for y in rows {
            let (above, below, share) = between(y, into.y, into.height, n_rows);
            let (above, below) = (&values[above * n_columns..], &values[below * n_columns..]);
            let row = &mut self.pixels[(y * self.width + left) * 3..][..across.len() * 3];
            for (pixel, (a, b, share_x)) in row.as_chunks_mut::<3>().0.iter_mut().zip(&across) {
                let upper = above[*a] + (above[*b] - above[*a]) * share_x;
                let lower = below[*a] + (below[*b] - below[*a]) * share_x;
                let value = (upper + (lower - upper) * share).clamp(0.0, 1.0);
                blend(pixel, heat_color(value), weight(value * alpha));
            }
        }
    }
}

/// How far a place in the picture is from an edge at or before it, which may lie outside.
fn distance(place: usize, edge: i32) -> usize {
    (place as i64 - i64::from(edge)) as usize
}

/// Two neighbours in a row of `n` numbers that is stretched over `len` pixels, and how far a pixel is from the first.
fn between(place: usize, from: i32, len: i32, n: usize) -> (usize, usize, f32) {
    let at = (place as f32 - from as f32 + 0.5) * n as f32 / len as f32 - 0.5;
    let at = at.clamp(0.0, n as f32 - 1.0);
    let first = at as usize;
    (first, (first + 1).min(n - 1), at - first as f32)
}

fn heat_color(value: f32) -> Rgb {
    let at = value * (HEAT.len() - 1) as f32;
    let first = (at as usize).min(HEAT.len() - 2);
    HEAT[first].towards(HEAT[first + 1], at - first as f32)
}

/// Writes a row with every pixel `scale` times.
fn enlarge(indices: &[u8], colors: &[[u8; 3]; 256], scale: usize, row: &mut [u8]) {
    // Copies of a length that is known when this is compiled are a few instructions.
    match scale {
        1 => enlarge_by::<3>(indices, colors, row),
        2 => enlarge_by::<6>(indices, colors, row),
        3 => enlarge_by::<9>(indices, colors, row),
        4 => enlarge_by::<12>(indices, colors, row),
        5 => enlarge_by::<15>(indices, colors, row),
        6 => enlarge_by::<18>(indices, colors, row),
        8 => enlarge_by::<24>(indices, colors, row),
        _ => {
            for (index, square) in indices.iter().zip(row.chunks_exact_mut(3 * scale)) {
                square.as_chunks_mut::<3>().0.fill(colors[usize::from(*index)]);
            }
        }
    }
}

fn enlarge_by<const BYTES: usize>(indices: &[u8], colors: &[[u8; 3]; 256], row: &mut [u8]) {
    let (squares, _) = row.as_chunks_mut::<BYTES>();
    for (index, square) in indices.iter().zip(squares) {
        square.as_chunks_mut::<3>().0.fill(colors[usize::from(*index)]);
    }
}
