//! Words on a canvas: captions, scores, the names of axes.
//!
//! The typeface is Inter 4.1 in two weights (SIL Open Font License, `fonts/Inter-LICENSE.txt`), cut down to Latin
//! letters, signs and a few symbols. Its digits are all of one width, so that a counter does not tremble, and its
//! kerning for ASCII is in a table of the older kind, which is the one that is read here.

use std::collections::HashMap;

use ab_glyph::{Font, FontRef, Glyph, GlyphId, ScaleFont, point};

use crate::{Canvas, Rgb, canvas::weight};

/// How thick the strokes of letters are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Weight {
    /// For reading.
    #[default]
    Regular,
    /// For titles and numbers that are to be seen from afar.
    Bold,
}

/// Where a line of text lies relative to the place that is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    #[default]
    Left,
    /// Its middle is there.
    Center,
    /// It ends there.
    Right,
}

/// How a line of text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    /// The size of the type in pixels, as in style sheets; capitals are 0.73 of it high.
    pub size_px: f32,
    /// How thick its strokes are.
    pub weight: Weight,
    /// Its colour.
    pub color: Rgb,
    /// Where it lies.
    pub align: Align,
    /// What is wider than this, in pixels, is cut and ends in "…"; `f32::INFINITY` for whatever it needs.
    pub max_width: f32,
}

impl Default for TextStyle {
    fn default() -> Self {
        Self {
            size_px: 16.0,
            weight: Weight::Regular,
            color: Rgb::WHITE,
            align: Align::Left,
            max_width: f32::INFINITY,
        }
    }
}

/// Glyphs that are kept; some ten kilobytes for a caption, a few megabytes at most.
const MAX_KEPT: usize = 4096;

/// Glyphs are drawn at quarters of a pixel, which spaces them as finely as can be seen.
const PHASES: f32 = 4.0;

/// Sets text on canvases, and keeps the shapes of letters that it has drawn before.
pub struct Typesetter {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
    kept: HashMap<Key, Shape>,
}

/// What tells one drawn glyph from another: weight, size in quarters of a pixel, glyph, and quarter of a pixel.
type Key = (Weight, u32, GlyphId, u8);

/// How much of each pixel a glyph covers.
struct Shape {
    /// Of its upper left pixel, from the place of the glyph on the baseline.
    left: i32,
    top: i32,
    width: usize,
    /// [height, width], 0 to 256.
    covered: Vec<u16>,
}

/// A letter and where it begins, in pixels from the beginning of the line.
struct Placed {
    glyph: GlyphId,
    x: f32,
}

impl Typesetter {
    /// A typesetter without any shapes yet.
    pub fn new() -> Self {
        let read =
            |bytes| FontRef::try_from_slice(bytes).expect("the fonts in this crate are sound");
        Self {
            regular: read(include_bytes!("../fonts/Inter-Regular.ttf")),
            bold: read(include_bytes!("../fonts/Inter-Bold.ttf")),
            kept: HashMap::new(),
        }
    }

    /// How wide a line of text is as it would be drawn, in pixels.
    pub fn width(&self, text: &str, style: &TextStyle) -> f32 {
        self.place(text, style).1
    }

    /// How far lines of this size are apart, in pixels.
    pub fn line_height(&self, style: &TextStyle) -> f32 {
        self.font(style.weight).as_scaled(scale(style)).height()
    }

    /// Draws a line of text. Its upper edge is `y`; `x` is where its style aligns it. Returns its width in pixels.
    ///
    /// Letters that the typeface lacks become boxes, and whatever controls a terminal, spaces.
    pub fn draw(
        &mut self,
        canvas: &mut Canvas,
        text: &str,
        x: f32,
        y: f32,
        style: &TextStyle,
    ) -> f32 {
        let (placed, width) = self.place(text, style);
        let left = match style.align {
            Align::Left => x,
            Align::Center => x - width / 2.0,
            Align::Right => x - width,
        };
        let ascent = self.font(style.weight).as_scaled(scale(style)).ascent();
        let baseline = bounded(y + ascent).round() as i32;
        for Placed { glyph, x } in placed {
            let at = (bounded(left + x) * PHASES).round() / PHASES;
            let phase = ((at - at.floor()) * PHASES) as u8;
            let shape = self.shape(style, glyph, phase);
            shape.draw(canvas, at.floor() as i32, baseline, style.color);
        }
        width
    }

    fn font(&self, weight: Weight) -> &FontRef<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// Places the letters of a line, and says how wide it is.
    fn place(&self, text: &str, style: &TextStyle) -> (Vec<Placed>, f32) {
        let (placed, width) = self.place_all(text.chars(), style);
        if width <= style.max_width {
            return (placed, width);
        }
        // The longest beginning that leaves room for the ellipsis, without spaces before it.
        let ellipsis = self.place_all(['…'].into_iter(), style).1;
        let room = style.max_width - ellipsis;
        let ends = text.char_indices().map(|(i, _)| i).zip(&placed);
        let kept = ends.take_while(|(_, it)| it.x <= room).last().map_or(0, |(i, _)| i);
        let beginning = text[..kept].trim_end();
        if beginning.is_empty() && ellipsis > style.max_width {
            return (Vec::new(), 0.0);
        }
        self.place_all(beginning.chars().chain(['…']), style)
    }

    fn place_all(&self, text: impl Iterator<Item = char>, style: &TextStyle) -> (Vec<Placed>, f32) {
        let font = self.font(style.weight).as_scaled(scale(style));
        let mut placed: Vec<Placed> = Vec::new();
        let mut x = 0.0;
        for letter in text {
            let glyph = font.glyph_id(if letter.is_control() { ' ' } else { letter });
            if let Some(before) = placed.last() {
                x += font.kern(before.glyph, glyph);
            }
            placed.push(Placed { glyph, x });
            x += font.h_advance(glyph);
        }
        (placed, x)
    }

    /// The shape of a glyph, drawn if it is not known yet.
    fn shape(&mut self, style: &TextStyle, glyph: GlyphId, phase: u8) -> &Shape {
        let key = (style.weight, quarters(style), glyph, phase);
        if self.kept.len() >= MAX_KEPT && !self.kept.contains_key(&key) {
            self.kept.clear();
        }
        let font = match style.weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        };
        self.kept.entry(key).or_insert_with(|| Shape::of(font, style, glyph, phase))
    }
}

impl Default for Typesetter {
    fn default() -> Self {
        Self::new()
    }
}

impl Shape {
    fn of(font: &FontRef, style: &TextStyle, glyph: GlyphId, phase: u8) -> Self {
        let position = point(f32::from(phase) / PHASES, 0.0);
        let glyph = Glyph { id: glyph, scale: scale(style).into(), position };
        // A space has no outline.
        let Some(outline) = font.outline_glyph(glyph) else {
            return Self { left: 0, top: 0, width: 0, covered: Vec::new() };
        };
        let bounds = outline.px_bounds();
        let (width, height) = (bounds.width() as usize, bounds.height() as usize);
        let mut covered = vec![0; width * height];
        outline.draw(|x, y, share| {
            if let Some(pixel) = covered.get_mut(y as usize * width + x as usize) {
                *pixel = weight(share) as u16;
            }
        });
        Self { left: bounds.min.x as i32, top: bounds.min.y as i32, width, covered }
    }

    fn draw(&self, canvas: &mut Canvas, x: i32, baseline: i32, color: Rgb) {
        for (y, row) in (baseline + self.top..).zip(self.covered.chunks_exact(self.width.max(1))) {
            for (x, covered) in (x + self.left..).zip(row) {
                if *covered > 0 {
                    canvas.blend_pixel(x, y, color, u32::from(*covered));
                }
            }
        }
    }
}

/// A place in pixels that whole numbers hold, far outside of any picture at the most.
fn bounded(place: f32) -> f32 {
    place.clamp(-1e6, 1e6)
}

/// The size in quarters of a pixel, within what can be drawn.
fn quarters(style: &TextStyle) -> u32 {
    (style.size_px.clamp(1.0, 500.0) * 4.0).round() as u32
}

/// The distance from ascent to descent, which the library scales by, for the size of the type.
fn scale(style: &TextStyle) -> f32 {
    quarters(style) as f32 / 4.0 * HEIGHT_PER_SIZE
}

/// Ascent and descent of Inter, 1984 and 494, over its units an em, 2048.
const HEIGHT_PER_SIZE: f32 = (1984.0 + 494.0) / 2048.0;

#[cfg(test)]
mod tests;
