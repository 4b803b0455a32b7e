//! Numbers as pictures: learning curves and bars, without their words.

use super::{Canvas, Rect, Rgb};

impl Canvas {
    /// A curve of equally spaced values from the left edge of a rectangle to the right.
    ///
    /// `from` lies at the lower edge and `to` at the upper; values beyond are drawn at the edge, and what is not a
    /// number interrupts the curve. `thickness` is in pixels.
    pub fn curve(
        &mut self,
        values: &[f32],
        (from, to): (f32, f32),
        into: Rect,
        thickness: f32,
        color: Rgb,
    ) {
        let step = into.width as f32 / (values.len().max(2) - 1) as f32;
        let place = |(i, value): (usize, &f32)| {
            let down = (1.0 - share(*value, from, to)) * into.height as f32;
            (into.x as f32 + i as f32 * step, into.y as f32 + down)
        };
        // Of values closer together than half a pixel, the least and the greatest are what can be seen.
        let thinned = thin(values, into.width.saturating_mul(2).max(2) as usize);
        for part in thinned.split(|(_, value)| value.is_nan()) {
            let points: Vec<_> = part.iter().map(|(i, value)| place((*i, value))).collect();
            match points[..] {
                [(x, y)] => self.circle(x, y, thickness / 2.0, color),
                _ => self.polyline(&points, thickness, color),
            }
        }
    }

    /// Bars side by side that stand on the lower edge of a rectangle, `gap` pixels apart.
    ///
    /// A value of `max` is as high as the rectangle, one of 0 has no bar. What is not a number counts as 0.
    pub fn bars(&mut self, values: &[f32], max: f32, into: Rect, gap: i32, color: Rgb) {
        let n = values.len() as i32;
        for (i, value) in (0..).zip(values) {
            let edge = |i: i32| {
                (i64::from(i) * i64::from(into.width.saturating_add(gap)) / i64::from(n)) as i32
            };
            let height = (share(*value, 0.0, max) * into.height as f32).round() as i32;
            let bar = Rect {
                x: into.x.saturating_add(edge(i)),
                y: into.y.saturating_add(into.height - height),
                width: (edge(i + 1) - edge(i)).saturating_sub(gap),
                height,
            };
            self.rectangle(bar, color);
        }
    }

    /// A bar from left to right that is full at 1, with round ends: progress.
    pub fn progress(&mut self, share: f32, into: Rect, color: Rgb, background: Rgb) {
        let radius = into.height as f32 / 2.0;
        self.rounded_rectangle(into, radius, background, 1.0);
        let width = (share.clamp(0.0, 1.0) * into.width as f32).round() as i32;
        // Less than its own ends would be a blot.
        if width > 0 {
            let width = width.max(into.height.min(into.width));
            self.rounded_rectangle(Rect { width, ..into }, radius, color, 1.0);
        }
    }
}

/// Where a value lies between two, 0 to 1; what is not a number counts as 0.
fn share(value: f32, from: f32, to: f32) -> f32 {
    let share = (value - from) / (to - from);
    if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
}

/// At most about `n` of the values with their places: of each group the least and the greatest.
fn thin(values: &[f32], n: usize) -> Vec<(usize, f32)> {
    let all = values.iter().copied().enumerate();
    if values.len() <= n {
        return all.collect();
    }
    let group_len = (2 * values.len()).div_ceil(n);
    let all: Vec<_> = all.collect();
    let extremes = |group: &[(usize, f32)]| {
        let of = |it: &(usize, f32)| *it;
        let known = || group.iter().filter(|(_, value)| !value.is_nan());
        let least = known().min_by(|a, b| a.1.total_cmp(&b.1)).map(of);
        let greatest = known().max_by(|a, b| a.1.total_cmp(&b.1)).map(of);
        match (least, greatest) {
            (Some(a), Some(b)) if a.0 == b.0 => vec![a],
            (Some(a), Some(b)) if a.0 < b.0 => vec![a, b],
            (Some(a), Some(b)) => vec![b, a],
            _ => vec![group[0]],
        }
    };
    all.chunks(group_len).flat_map(extremes).collect()
}
