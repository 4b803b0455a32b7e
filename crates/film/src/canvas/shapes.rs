//! Shapes with smooth edges: each pixel is covered by as much as the shape covers it.

use super::{Canvas, Rect, Rgb, weight};

impl Canvas {
    /// A rectangle with round corners, `radius` in pixels.
    pub fn rounded_rectangle(&mut self, rect: Rect, radius: f32, color: Rgb, alpha: f32) {
        let (half_width, half_height) = (rect.width as f32 / 2.0, rect.height as f32 / 2.0);
        let radius = radius.clamp(0.0, half_width.min(half_height).max(0.0));
        let round = radius.ceil() as i32;
        // Only the corners need thought: the band between them is a rectangle.
        self.blend_rectangle(
            Rect { y: rect.y.saturating_add(round), height: rect.height - 2 * round, ..rect },
            color,
            alpha,
        );
        let (middle_x, middle_y) = (rect.x as f32 + half_width, rect.y as f32 + half_height);
        let distance = |x: f32, y: f32| {
            let dx = ((x - middle_x).abs() - (half_width - radius)).max(0.0);
            let dy = ((y - middle_y).abs() - (half_height - radius)).max(0.0);
            dx.hypot(dy) - radius
        };
        let height = round.min(rect.height);
        self.cover(Rect { height, ..rect }, color, alpha, distance);
        let below = (rect.height - round).max(height);
        let y = rect.y.saturating_add(below);
        self.cover(Rect { y, height: rect.height - below, ..rect }, color, alpha, distance);
    }

    /// A filled circle around (x, y), `radius` in pixels.
    pub fn circle(&mut self, x: f32, y: f32, radius: f32, color: Rgb) {
        self.cover(around(x, y, x, y, radius), color, 1.0, |px, py| {
            (px - x).hypot(py - y) - radius
        });
    }

    /// A line with round ends, `thickness` in pixels.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), thickness: f32, color: Rgb) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let len_2 = dx * dx + dy * dy;
        let half = thickness / 2.0;
        let distance = |x: f32, y: f32| {
            let (x, y) = (x - from.0, y - from.1);
            let share = if len_2 > 0.0 { ((x * dx + y * dy) / len_2).clamp(0.0, 1.0) } else { 0.0 };
            (x - share * dx).hypot(y - share * dy) - half
        };
        // A long slanted line is drawn in pieces, so that few pixels that it misses are looked at.
        const PIECE: f32 = 32.0;
        let n_pieces = (dx.abs().min(dy.abs()) / PIECE).clamp(0.0, 1000.0) as usize + 1;
        if n_pieces == 1 || dx.abs().max(dy.abs()) > 1e6 {
            self.cover(around(from.0, from.1, to.0, to.1, half), color, 1.0, distance);
            return;
        }
        // Pieces are bands of rows, which do not overlap.
        let full = around(from.0, from.1, to.0, to.1, half);
        let band = full.height.div_euclid(n_pieces as i32) + 1;
        for y in (full.y..full.y + full.height).step_by(band as usize) {
            let reach = |row: f32| from.0 + ((row - from.1) / dy).clamp(0.0, 1.0) * dx;
            // The slant moves the edge by at most so much beyond the middle of the line.
            let margin = (half + 1.0) * len_2.sqrt() / dy.abs() + 1.0;
            let (a, b) = (reach(y as f32), reach((y + band) as f32));
            let rect = around(a, 0.0, b, 0.0, margin);
            let height = band.min(full.y + full.height - y);
            self.cover(Rect { y, height, ..rect }, color, 1.0, distance);
        }
    }

    /// Lines from point to point, `thickness` in pixels: a curve.
    pub fn polyline(&mut self, points: &[(f32, f32)], thickness: f32, color: Rgb) {
        for pair in points.windows(2) {
            self.line(pair[0], pair[1], thickness, color);
        }
    }

    /// Blends each pixel of a rectangle by how much of it lies inside of a shape.
    ///
    /// `distance` says how far a place is from the edge of the shape, in pixels, inside less than 0.
    fn cover(&mut self, rect: Rect, color: Rgb, alpha: f32, distance: impl Fn(f32, f32) -> f32) {
        let (columns, rows) = self.clip(rect);
        for y in rows {
            for x in columns.clone() {
                let covered = (0.5 - distance(x as f32 + 0.5, y as f32 + 0.5)).clamp(0.0, 1.0);
                if covered > 0.0 {
                    self.blend_pixel(x as i32, y as i32, color, weight(covered * alpha));
                }
            }
        }
    }
}

/// The pixels that something within `margin` of two places can touch.
fn around(x1: f32, y1: f32, x2: f32, y2: f32, margin: f32) -> Rect {
    // Within what a Rect holds, with room to add to it.
    let whole = |it: f32| it.clamp(-1e6, 1e6) as i32;
    let (left, top) = (whole(x1.min(x2) - margin - 1.0), whole(y1.min(y2) - margin - 1.0));
    let (right, bottom) = (whole(x1.max(x2) + margin + 1.0), whole(y1.max(y2) + margin + 1.0));
    Rect::new(left, top, right - left + 1, bottom - top + 1)
}
