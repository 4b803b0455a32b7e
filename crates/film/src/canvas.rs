//! A picture to draw on, 8 bits a colour: the frames of films and thumbnails.

mod blit;
mod charts;
mod shapes;

pub use blit::Indexed;

/// A colour of sRGB, as screens show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rgb {
    /// Red, 0 to 255.
    pub r: u8,
    /// Green, 0 to 255.
    pub g: u8,
    /// Blue, 0 to 255.
    pub b: u8,
}

impl Rgb {
    /// No light at all.
    pub const BLACK: Self = Self::hex(0);
    /// All of it.
    pub const WHITE: Self = Self::hex(0xff_ff_ff);

    /// A colour as style sheets write it: `Rgb::hex(0xff_80_00)` is orange.
    pub const fn hex(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes();
        Self { r, g, b }
    }

    /// The colour on the way to another: 0 is this one, 1 the other, both in what screens are sent.
    #[must_use]
    pub fn towards(self, other: Self, share: f32) -> Self {
        let share = weight(share);
        Self {
            r: mix(self.r, other.r, share),
            g: mix(self.g, other.g, share),
            b: mix(self.b, other.b, share),
        }
    }

    pub(crate) fn bytes(self) -> [u8; 3] {
        [self.r, self.g, self.b]
    }
}

/// Part of a picture, in pixels. It may lie partly or wholly outside, where nothing is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// The column of its left edge.
    pub x: i32,
    /// The row of its upper edge.
    pub y: i32,
    /// Columns; without any if not positive.
    pub width: i32,
    /// Rows; without any if not positive.
    pub height: i32,
}

impl Rect {
    /// A rectangle from its upper left corner and its size.
    pub const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self { x, y, width, height }
    }
}

/// A picture in RGB, row by row from the upper left corner.
///
/// Shapes may reach over its edges. Places in `f32` count from the upper left corner of the upper left pixel, so the
/// middle of that pixel is (0.5, 0.5). `alpha` goes from 0, nothing, to 1, opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    width: usize,
    height: usize,
    /// [height, width, 3]
    pixels: Vec<u8>,
}

impl Canvas {
    /// A picture of one colour, in pixels.
    pub fn new(width: usize, height: usize, color: Rgb) -> Self {
        let mut canvas = Self { width, height, pixels: vec![0; width * height * 3] };
        canvas.fill(color);
        canvas
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The whole picture as a rectangle.
    pub fn bounds(&self) -> Rect {
        Rect::new(0, 0, self.width as i32, self.height as i32)
    }

    /// All pixels, [height, width, 3].
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The colour of a pixel.
    ///
    /// # Panics
    /// If it lies outside.
    pub fn pixel(&self, x: usize, y: usize) -> Rgb {
        assert!(x < self.width && y < self.height, "({x}, {y}) lies outside of the picture");
        let at = (y * self.width + x) * 3;
        Rgb { r: self.pixels[at], g: self.pixels[at + 1], b: self.pixels[at + 2] }
    }

    /// Gives every pixel the same colour.
    pub fn fill(&mut self, color: Rgb) {
        paint(&mut self.pixels, color);
    }

    /// Gives the pixels of a rectangle the same colour.
    pub fn rectangle(&mut self, rect: Rect, color: Rgb) {
        for row in self.rows(rect) {
            paint(row, color);
        }
    }

    /// Lays a colour over a rectangle.
    pub fn blend_rectangle(&mut self, rect: Rect, color: Rgb, alpha: f32) {
        let alpha = weight(alpha);
        for row in self.rows(rect) {
            for pixel in row.as_chunks_mut::<3>().0 {
                blend(pixel, color, alpha);
            }
        }
    }

    /// A part of the picture as one of its own; what lies outside is left out.
    #[must_use]
    pub fn crop(&self, rect: Rect) -> Self {
        let (columns, rows) = self.clip(rect);
        let (width, height) = (columns.len(), rows.len());
        let row = |y: usize| &self.pixels[(y * self.width + columns.start) * 3..][..width * 3];
        let pixels = rows.flat_map(row).copied().collect();
        Self { width, height, pixels }
    }

    /// The columns and rows of a rectangle that lie in the picture.
    fn clip(&self, rect: Rect) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let range = |from: i32, len: i32, max: usize| {
            let at = |place: i64| place.clamp(0, max as i64) as usize;
            let (from, end) = (i64::from(from), i64::from(from) + i64::from(len.max(0)));
            at(from)..at(end)
        };
        (range(rect.x, rect.width, self.width), range(rect.y, rect.height, self.height))
    }

    /// The part of each row of a rectangle that lies in the picture.
    fn rows(&mut self, rect: Rect) -> impl Iterator<Item = &mut [u8]> {
        let (columns, rows) = self.clip(rect);
        let row_len = self.width * 3;
        // A picture without columns has no rows to look at.
        let chunks = self.pixels.chunks_exact_mut(row_len.max(1));
        let columns = columns.start * 3..columns.end * 3;
        chunks.skip(rows.start).take(rows.len()).map(move |row| &mut row[columns.clone()])
    }

    /// Lays a colour over one pixel, with an alpha of 0 to 256; outside of the picture does nothing.
    pub(crate) fn blend_pixel(&mut self, x: i32, y: i32, color: Rgb, alpha: u32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x < self.width && y < self.height {
            let at = (y * self.width + x) * 3;
            if let Some(pixel) = self.pixels[at..].first_chunk_mut::<3>() {
                blend(pixel, color, alpha);
            }
        }
    }
}

/// An alpha from 0 to 1 as one from 0 to 256; what is not a number counts as 0.
pub(crate) fn weight(alpha: f32) -> u32 {
    (alpha.clamp(0.0, 1.0) * 256.0 + 0.5) as u32
}

fn mix(below: u8, above: u8, alpha: u32) -> u8 {
    ((u32::from(below) * (256 - alpha) + u32::from(above) * alpha + 128) >> 8) as u8
}

fn blend(pixel: &mut [u8; 3], color: Rgb, alpha: u32) {
    for (below, above) in pixel.iter_mut().zip(color.bytes()) {
        *below = mix(*below, above, alpha);
    }
}

/// Gives a row of pixels the same colour.
fn paint(row: &mut [u8], color: Rgb) {
    let bytes = color.bytes();
    if bytes[0] == bytes[1] && bytes[1] == bytes[2] {
        row.fill(bytes[0]);
        return;
    }
    // Sixteen pixels at once are whole vector registers.
    let mut pattern = [[0; 3]; 16];
    pattern.fill(bytes);
    let pattern = pattern.as_flattened();
    for chunk in row.chunks_mut(pattern.len()) {
        chunk.copy_from_slice(&pattern[..chunk.len()]);
    }
}

#[cfg(test)]
mod tests;
