//! What is said of an episode beside the game: which agent plays, its score, the learning curve, and what the
//! network sees and does.

use api::FilmTask;
use film::{Align, Canvas, Rect, Rgb, TextStyle, Typesetter, Weight};
use games::Shown;
use models::agent::Look;

use super::{ACCENT, BRIGHT, DIM, NIGHT, layout::Layout, part::Part};

/// Behind bars and curves.
const SHADE: Rgb = Rgb { r: 30, g: 34, b: 52 };
/// The picture's width that sizes are given for.
const WIDTH: f32 = 640.0;
/// The height of the caption at that width.
const CAPTION: f32 = 120.0;
/// Actions that have a bar.
const BARS_MAX: usize = 8;

/// The panel of an episode.
pub(super) struct Panel<'a> {
    task: &'a FilmTask,
    part: &'a Part,
    layout: Layout,
    /// How large everything is.
    unit: f32,
    score: Option<f64>,
    look: Option<Look>,
    is_look_new: bool,
}

impl<'a> Panel<'a> {
    pub(super) fn new(task: &'a FilmTask, part: &'a Part, layout: Layout) -> Self {
        let place = layout.panel.unwrap_or_default();
        let unit = (place.width as f32 / WIDTH).min(place.height as f32 / CAPTION).min(3.0);
        Self { task, part, layout, unit, score: None, look: None, is_look_new: false }
    }

    fn place(&self) -> Option<Rect> {
        self.layout.panel
    }

    fn px(&self, n: f32) -> i32 {
        (n * self.unit).round() as i32
    }

    /// Takes what the network makes of the state before its next decision.
    pub(super) fn look(&mut self, look: Look) {
        self.look = Some(look);
        self.is_look_new = true;
    }

    /// Draws what does not change during the episode.
    pub(super) fn begin(&mut self, canvas: &mut Canvas, type_: &mut Typesetter) {
        let Some(place) = self.place() else { return };
        canvas.rectangle(place, NIGHT);
        if self.task.film.look.caption {
            self.caption(place, canvas, type_);
        }
        if self.task.film.look.curve
            && let Some(place) = self.halves(place)[0]
        {
            self.curve(place, canvas, type_);
        }
    }

    /// Draws what belongs to a frame, after the screen was drawn.
    pub(super) fn frame(&mut self, shown: &Shown, canvas: &mut Canvas, type_: &mut Typesetter) {
        if let Some(look) = self.look.as_ref().filter(|it| !it.saliency.is_empty()) {
            canvas.heat(&look.saliency, look.n_columns, self.layout.game, 0.35);
        }
        let Some(place) = self.place() else { return };
        if self.task.film.look.caption && self.score != Some(shown.score) {
            self.score = Some(shown.score);
            self.draw_score(place, canvas, type_);
        }
        if std::mem::take(&mut self.is_look_new)
            && let (Some(look), Some(place)) = (&self.look, self.halves(place)[1])
        {
            self.network(look, place, canvas, type_);
        }
    }

    /// Where curve and network are drawn, below the caption.
    fn halves(&self, place: Rect) -> [Option<Rect>; 2] {
        let look = self.task.film.look;
        let margin = self.px(20.0);
        let top = if look.caption { self.px(CAPTION) } else { margin };
        let (x, y) = (place.x + margin, place.y + top);
        let (width, height) = (place.width - 2 * margin, place.height - top - margin);
        if height < self.px(40.0) {
            return [None, None];
        }
        let whole = Rect { x, y, width, height };
        match (look.curve, look.network) {
            (true, true) if height > width => {
                let half = (height - margin) / 2;
                [
                    Some(Rect { height: half, ..whole }),
                    Some(Rect { y: y + half + margin, height: half, ..whole }),
                ]
            }
            (true, true) => {
                let half = (width - margin) / 2;
                [
                    Some(Rect { width: half, ..whole }),
                    Some(Rect { x: x + half + margin, width: half, ..whole }),
                ]
            }
            _ => [Some(whole), Some(whole)],
        }
    }

    fn style(&self, size: f32, weight: Weight, color: Rgb, align: Align) -> TextStyle {
        TextStyle { size_px: size * self.unit, weight, color, align, max_width: f32::INFINITY }
    }

    fn caption(&self, place: Rect, canvas: &mut Canvas, type_: &mut Typesetter) {
        let (x, y) = ((place.x + self.px(20.0)) as f32, place.y as f32);
        if let Some(share) = self.part.episode.share {
            let bar = Rect { height: self.px(6.0).max(2), ..place };
            canvas.rectangle(bar, SHADE);
            let width = (f64::from(bar.width) * share) as i32;
            canvas.rectangle(Rect { width, ..bar }, ACCENT);
        }
        let room = place.width as f32 - 200.0 * self.unit;
        let title =
            TextStyle { max_width: room, ..self.style(28.0, Weight::Bold, BRIGHT, Align::Left) };
        type_.draw(canvas, self.part.game().title, x, y + 22.0 * self.unit, &title);
        let episode = &self.part.episode;
        let mut said = vec![episode.title.clone(), format!("{} steps", grouped(episode.step))];
        if episode.elapsed_secs >= 1.0 {
            said.push(format!("{} of training", duration(episode.elapsed_secs)));
        }
        let words =
            TextStyle { max_width: room, ..self.style(18.0, Weight::Regular, DIM, Align::Left) };
        type_.draw(canvas, &said.join("  ·  "), x, y + 66.0 * self.unit, &words);
    }

    fn draw_score(&self, place: Rect, canvas: &mut Canvas, type_: &mut Typesetter) {
        let Some(value) = self.score else { return };
        let width = self.px(170.0);
        let right = place.x + place.width - self.px(20.0);
        let room = Rect {
            x: right - width,
            y: place.y + self.px(14.0),
            width,
            height: self.px(CAPTION - 20.0),
        };
        canvas.rectangle(room, NIGHT);
        let y = place.y as f32;
        let large = self.style(46.0, Weight::Bold, ACCENT, Align::Right);
        type_.draw(canvas, &score(value), right as f32, y + 14.0 * self.unit, &large);
        let small = self.style(16.0, Weight::Regular, DIM, Align::Right);
        let unit = self.part.game().score_unit;
        type_.draw(canvas, unit, right as f32, y + 72.0 * self.unit, &small);
    }

    /// The run's score over its steps, with the moment of this episode.
    fn curve(&self, place: Rect, canvas: &mut Canvas, type_: &mut Typesetter) {
        canvas.rounded_rectangle(place, 8.0 * self.unit, SHADE, 1.0);
        let words = self.style(14.0, Weight::Regular, DIM, Align::Left);
        let inset = self.px(12.0);
        type_.draw(
            canvas,
            "Score while learning",
            (place.x + inset) as f32,
            (place.y + inset) as f32,
            &words,
        );
        let top = inset + self.px(22.0);
        let chart = Rect {
            x: place.x + inset,
            y: place.y + top,
            width: place.width - 2 * inset,
            height: place.height - top - inset,
        };
        let curve = &self.task.curve;
        let (Some(first), Some(last)) = (curve.first(), curve.last()) else { return };
        let span = (last.0 - first.0).max(1) as f32;
        let values = || curve.iter().map(|it| it.1 as f32);
        let low = values().fold(f32::INFINITY, f32::min).min(0.0);
        let high = values().fold(f32::NEG_INFINITY, f32::max).max(low + 1.0);
        let point = |step: u64, value: f32| {
            let across = (step.saturating_sub(first.0)) as f32 / span;
            let up = (value - low) / (high - low);
            (
                chart.x as f32 + across.min(1.0) * chart.width as f32,
                chart.y as f32 + (1.0 - up) * chart.height as f32,
            )
        };
        let points: Vec<_> =
            curve.iter().map(|(step, value)| point(*step, *value as f32)).collect();
        canvas.polyline(&points, 2.5 * self.unit, ACCENT);
        let at = self.part.episode.step;
        let near = curve.iter().min_by_key(|(step, _)| step.abs_diff(at));
        if let Some((_, value)) = near {
            let (x, y) = point(at, *value as f32);
            canvas.circle(x, y, 6.0 * self.unit, BRIGHT);
        }
    }

    /// The probability of each action, what the network expects, and its hidden units.
    fn network(&self, look: &Look, place: Rect, canvas: &mut Canvas, type_: &mut Typesetter) {
        canvas.rounded_rectangle(place, 8.0 * self.unit, SHADE, 1.0);
        let inset = self.px(12.0);
        let (x, mut y) = (place.x + inset, place.y + inset);
        let width = place.width - 2 * inset;
        let bottom = place.y + place.height - inset;
        let words = self.style(14.0, Weight::Regular, DIM, Align::Left);
        let number = self.style(14.0, Weight::Bold, BRIGHT, Align::Right);
        type_.draw(canvas, "Expects", x as f32, y as f32, &words);
        let value = format!("{:+.1}", look.value);
        type_.draw(canvas, &value, (x + width) as f32, y as f32, &number);
        y += self.px(26.0);
        let best = look.policy.iter().copied().fold(0.0, f32::max);
        let names = self.part.game().actions.iter().zip(&look.policy).take(BARS_MAX);
        for (name, share) in names {
            if y + self.px(18.0) > bottom {
                return;
            }
            let is_best = *share == best;
            let color = if is_best { BRIGHT } else { DIM };
            let label = TextStyle {
                max_width: 88.0 * self.unit,
                ..self.style(14.0, Weight::Regular, color, Align::Left)
            };
            type_.draw(canvas, name, x as f32, y as f32, &label);
            let bar = Rect {
                x: x + self.px(96.0),
                y: y + self.px(4.0),
                width: width - self.px(96.0),
                height: self.px(12.0).max(3),
            };
            let fill = if is_best { ACCENT } else { DIM };
            canvas.progress(*share, bar, fill, NIGHT);
            y += self.px(22.0);
        }
        y += self.px(6.0);
        self.units(&look.activations, Rect { x, y, width, height: bottom - y }, canvas);
    }

    /// The hidden units as a field of lights.
    fn units(&self, activations: &[f32], place: Rect, canvas: &mut Canvas) {
        if activations.is_empty() || place.height < self.px(16.0) || place.width < 16 {
            return;
        }
        let n = activations.len() as f32;
        let aspect = place.width as f32 / place.height as f32;
        let columns = (n * aspect).sqrt().ceil().max(1.0) as i32;
        let rows = (activations.len() as i32 + columns - 1) / columns;
        let cell = (place.width / columns).min(place.height / rows).max(1);
        let largest = activations.iter().fold(1e-6f32, |largest, it| largest.max(it.abs()));
        for (i, activation) in (0..).zip(activations) {
            let dot = Rect {
                x: place.x + i % columns * cell,
                y: place.y + i / columns * cell,
                width: (cell - 1).max(1),
                height: (cell - 1).max(1),
            };
            canvas.rectangle(dot, NIGHT.towards(ACCENT, (activation.abs() / largest).sqrt()));
        }
    }
}

/// A whole number with commas: `1,234,567`.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A score without needless digits.
pub(super) fn score(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// A time in the words of a person: `45 s`, `12 min`, `3 h 05 min`.
pub(super) fn duration(secs: f64) -> String {
    let secs = secs as u64;
    match (secs / 3600, secs / 60 % 60) {
        (0, 0) => format!("{secs} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([grouped(0), grouped(999), grouped(1_234_567)], ["0", "999", "1,234,567"]);
        assert_eq!([score(12.0), score(-3.25)], ["12", "-3.2"]);
        assert_eq!(
            [duration(45.9), duration(725.0), duration(11_100.0)],
            ["45 s", "12 min", "3 h 05 min"]
        );
    }
}
