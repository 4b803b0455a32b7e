//! Lines of text: their widths, their ends, and that they are seen.

use super::{Align, TextStyle, Typesetter, Weight};
use crate::{Canvas, Rgb};

fn style(size_px: f32) -> TextStyle {
    TextStyle { size_px, ..TextStyle::default() }
}

/// The first and the last column with light.
fn extent(canvas: &Canvas) -> Option<(usize, usize)> {
    let lit = |x: &usize| (0..canvas.height()).any(|y| canvas.pixel(*x, y).r > 40);
    let first = (0..canvas.width()).find(lit)?;
    let last = (0..canvas.width()).rfind(lit)?;
    Some((first, last))
}

fn draw(text: &str, x: f32, style: &TextStyle) -> Canvas {
    let mut canvas = Canvas::new(300, 60, Rgb::BLACK);
    Typesetter::new().draw(&mut canvas, text, x, 5.0, style);
    canvas
}

#[test]
fn width_grows_with_size_and_weight() {
    let setter = Typesetter::new();
    let width = |text: &str, size_px: f32| setter.width(text, &style(size_px));
    assert!((width("Score 1234", 40.0) / width("Score 1234", 20.0) - 2.0).abs() < 0.01);
    assert!(
        setter.width("Score", &TextStyle { weight: Weight::Bold, ..style(20.0) })
            > width("Score", 20.0)
    );
    assert!(width("AVA", 50.0) < 2.0 * width("A", 50.0) + width("V", 50.0), "kerning");
    assert_eq!(width("", 20.0), 0.0);
    // Ascent and descent are 2478 of the 2048 units of an em.
    assert!((setter.line_height(&style(20.0)) - 24.2).abs() < 0.1);
}

#[test]
fn digits_do_not_move() {
    let setter = Typesetter::new();
    for weight in [Weight::Regular, Weight::Bold] {
        let style = TextStyle { weight, ..style(17.0) };
        let widths: Vec<_> =
            (0..10).map(|digit| setter.width(&digit.to_string(), &style)).collect();
        assert!(widths.iter().all(|it| *it == widths[0]), "{widths:?}");
    }
}

#[test]
fn lines_are_aligned() {
    let check = |align: Align, x: f32, expected: (usize, usize)| {
        let (first, last) = extent(&draw("Hill", x, &TextStyle { align, ..style(30.0) })).unwrap();
        let near = |a: usize, b: usize| a.abs_diff(b) <= 4;
        assert!(near(first, expected.0) && near(last, expected.1), "{align:?}: {first} {last}");
    };
    let width = Typesetter::new().width("Hill", &style(30.0)) as usize;
    check(Align::Left, 50.0, (50, 50 + width));
    check(Align::Center, 150.0, (150 - width / 2, 150 + width / 2));
    check(Align::Right, 250.0, (250 - width, 250));
}

#[test]
fn what_is_too_wide_ends_in_an_ellipsis() {
    let setter = Typesetter::new();
    let text = "A title that is much too long for its place";
    for max_width in [0.0, 5.0, 20.0, 50.0, 120.0, 1000.0] {
        let style = TextStyle { max_width, ..style(20.0) };
        let (placed, width) = setter.place(text, &style);
        assert!(width <= max_width, "{width} in {max_width}");
        assert_eq!(placed.len() < text.len(), max_width < 500.0);
        assert_eq!(placed.is_empty(), max_width < 15.0);
        let canvas = draw(text, 0.0, &style);
        assert!(extent(&canvas).is_none_or(|(_, last)| last as f32 <= max_width));
    }
}

#[test]
fn letters_that_are_missing_are_boxes() {
    for text in ["漢字", "🎮", "a\u{301}", "tab\tand\nline", "\u{0}\u{1b}[31m", "∆ → ≥ ★ ✓ ł ő €"]
    {
        let canvas = draw(text, 10.0, &style(24.0));
        assert!(extent(&canvas).is_some(), "{text:?}");
    }
    assert!(extent(&draw(" \t\n", 10.0, &style(24.0))).is_none());
}

#[test]
fn odd_sizes_and_places_do_no_harm() {
    let mut setter = Typesetter::new();
    let mut canvas = Canvas::new(50, 50, Rgb::BLACK);
    for size_px in [f32::NAN, -1.0, 0.0, 0.3, 1e9, f32::INFINITY] {
        setter.draw(&mut canvas, "Ag", 10.0, 10.0, &style(size_px));
    }
    for place in [f32::NAN, -1e30, -20.0, 1e9, f32::INFINITY] {
        setter.draw(&mut canvas, "Ag", place, place, &style(20.0));
    }
    let mut empty = Canvas::new(0, 0, Rgb::BLACK);
    setter.draw(&mut empty, "Ag", 0.0, 0.0, &style(20.0));
}

#[test]
fn shapes_are_drawn_once_and_in_bounds() {
    let mut setter = Typesetter::new();
    let mut canvas = Canvas::new(300, 60, Rgb::BLACK);
    for i in 0..1000 {
        setter.draw(&mut canvas, &format!("Score {i}"), 5.0, 5.0, &style(20.0));
    }
    assert!(setter.kept.len() < 100, "{}", setter.kept.len());
    for size in 0..200 {
        setter.draw(&mut canvas, "The quick brown fox jumps", 5.0, 5.0, &style(size as f32));
    }
    assert!(setter.kept.len() <= super::MAX_KEPT);
}
