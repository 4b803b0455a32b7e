//! What is drawn, pixel by pixel where it is simple, and within bounds where it is smooth.

use super::{Canvas, Indexed, Rect, Rgb};

const RED: Rgb = Rgb::hex(0xff_00_00);

fn black(width: usize, height: usize) -> Canvas {
    Canvas::new(width, height, Rgb::BLACK)
}

/// The light of a picture in whole white pixels.
fn light(canvas: &Canvas) -> f32 {
    canvas.pixels().iter().map(|it| f32::from(*it)).sum::<f32>() / 765.0
}

#[test]
fn rectangles_are_cut_at_the_edges() {
    let check = |rect: Rect, expected: usize| {
        let mut canvas = black(10, 8);
        canvas.rectangle(rect, Rgb::WHITE);
        assert_eq!(light(&canvas), expected as f32, "{rect:?}");
        let mut blended = black(10, 8);
        blended.blend_rectangle(rect, Rgb::WHITE, 1.0);
        assert_eq!(blended, canvas);
        assert_eq!(canvas.crop(rect).pixels().len(), expected * 3);
    };
    check(Rect::new(0, 0, 10, 8), 80);
    check(Rect::new(2, 3, 4, 2), 8);
    check(Rect::new(-2, -2, 4, 4), 4);
    check(Rect::new(8, 7, 100, 100), 2);
    check(Rect::new(10, 8, 1, 1), 0);
    check(Rect::new(-5, 0, 3, 3), 0);
    check(Rect::new(3, 3, -1, 5), 0);
    check(Rect::new(i32::MIN, i32::MIN, i32::MAX, i32::MAX), 0);
    check(Rect::new(i32::MAX, 0, i32::MAX, 8), 0);
}

#[test]
fn colours_keep_their_order_and_blend() {
    let mut canvas = Canvas::new(21, 2, Rgb::hex(0x10_20_30));
    assert_eq!(canvas.pixel(20, 1), Rgb { r: 0x10, g: 0x20, b: 0x30 });
    canvas.blend_rectangle(Rect::new(0, 0, 1, 1), Rgb::WHITE, 0.5);
    assert_eq!(canvas.pixel(0, 0), Rgb::hex(0x88_90_98));
    assert_eq!(Rgb::BLACK.towards(Rgb::WHITE, 0.25), Rgb::hex(0x40_40_40));
    assert_eq!(Rgb::BLACK.towards(RED, f32::NAN), Rgb::BLACK);
}

#[test]
fn smooth_shapes_have_their_area() {
    let check = |draw: &dyn Fn(&mut Canvas), expected: f32| {
        let mut canvas = black(200, 100);
        draw(&mut canvas);
        let light = light(&canvas);
        assert!((light - expected).abs() < 0.02 * expected + 0.5, "{light}, not {expected}");
    };
    let white = Rgb::WHITE;
    let pi = std::f32::consts::PI;
    check(&|it| it.circle(50.3, 49.8, 20.0, white), pi * 400.0);
    check(&|it| it.circle(0.0, 50.0, 20.0, white), pi * 200.0);
    check(&|it| it.circle(20.0, 20.0, 0.5, white), pi / 4.0);
    check(&|it| it.line((10.5, 20.5), (110.5, 20.5), 3.0, white), 300.0 + pi * 2.25);
    check(&|it| it.line((20.5, 90.0), (20.5, 10.0), 2.0, white), 160.0 + pi);
    check(&|it| it.line((10.0, 10.0), (190.0, 90.0), 4.0, white), 4.0 * 196.98 + 4.0 * pi);
    check(&|it| it.line((190.0, 10.0), (150.0, 95.0), 4.0, white), 4.0 * 93.94 + 4.0 * pi);
    check(&|it| it.line((30.0, 30.0), (30.0, 30.0), 6.0, white), 9.0 * pi);
    let rect = Rect::new(10, 10, 100, 60);
    check(&|it| it.rounded_rectangle(rect, 12.0, white, 1.0), 6000.0 - (4.0 - pi) * 144.0);
    check(&|it| it.rounded_rectangle(rect, 12.5, white, 0.5), (6000.0 - (4.0 - pi) * 156.25) / 2.0);
    check(&|it| it.rounded_rectangle(rect, 1e9, white, 1.0), 2400.0 + pi * 900.0);
    check(&|it| it.rounded_rectangle(rect, 0.0, white, 1.0), 6000.0);
    check(&|it| it.rounded_rectangle(rect, 30.0, white, 1.0), 2400.0 + pi * 900.0);
    check(
        &|it| it.progress(0.5, Rect::new(10, 10, 100, 20), white, Rgb::BLACK),
        600.0 + pi * 100.0,
    );
}

#[test]
fn nothing_panics_wherever_it_is_drawn() {
    let mut canvas = black(20, 10);
    let places = [f32::NAN, f32::INFINITY, -1e30, -5.0, 0.0, 7.3, 1e9];
    for x in places {
        for y in places {
            canvas.circle(x, y, 5.0, RED);
            canvas.circle(3.0, 3.0, x, RED);
            canvas.line((x, y), (5.0, 5.0), 2.0, RED);
            canvas.line((x, 0.0), (y, 9.0), x, RED);
            canvas.curve(&[x, y, 0.5], (x, y), Rect::new(2, 2, 9, 5), 1.0, RED);
            canvas.bars(&[x, y], y, Rect::new(2, 2, 9, 5), 1, RED);
            canvas.progress(x, Rect::new(2, 2, 9, 5), RED, RED);
            canvas.heat(&[x, y], 1, Rect::new(-3, -3, 9, 5), x);
            canvas.rounded_rectangle(Rect::new(-3, -3, 9, 5), x, RED, y);
        }
    }
    for place in [i32::MIN, -7, 3, i32::MAX] {
        for len in [i32::MIN, -1, 0, 9, i32::MAX / 2, i32::MAX] {
            let rect = Rect::new(place, place, len, len.min(1000));
            canvas.rectangle(rect, RED);
            canvas.rounded_rectangle(rect, 3.0, RED, 0.5);
            canvas.heat(&[0.5], 1, rect, 0.5);
            canvas.curve(&[0.2, 0.9], (0.0, 1.0), rect, 2.0, RED);
            canvas.bars(&[0.2, 0.9], 1.0, rect, 1, RED);
            canvas.bars(&[0.2, 0.9], 1.0, rect, i32::MAX, RED);
            canvas.progress(0.5, rect, RED, RED);
            let copy = canvas.clone();
            canvas.draw_picture(&copy, rect);
        }
    }
    let mut empty = black(0, 0);
    empty.fill(RED);
    empty.rectangle(Rect::new(0, 0, 5, 5), RED);
    empty.circle(0.0, 0.0, 5.0, RED);
    empty.draw_picture(&canvas, Rect::new(0, 0, 5, 5));
    canvas.draw_picture(&empty, Rect::new(0, 0, 5, 5));
    canvas.curve(&[], (0.0, 1.0), Rect::new(0, 0, 5, 5), 1.0, RED);
    canvas.bars(&[], 1.0, Rect::new(0, 0, 5, 5), 1, RED);
}

#[test]
fn a_screen_is_enlarged_and_cut() {
    let palette = [[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 8, 7]];
    let (width, height) = (7, 5);
    let indices: Vec<u8> =
        (0..width * height).map(|i| ((i / width / 2 + i % width) % 6) as u8).collect();
    for scale in 1..10 {
        for (x, y) in [(0, 0), (3, 2), (-5, -4), (20, 15), (-100, 0), (100, 100)] {
            let mut canvas = Canvas::new(40, 31, Rgb::WHITE);
            let screen = Indexed { indices: &indices, palette: &palette, width, height };
            canvas.blit_indexed(screen, scale, x, y);
            for row in 0..31 {
                for column in 0..40 {
                    let (from_x, from_y) = (column as i32 - x, row as i32 - y);
                    let inside = |at: i32, n: usize| 0 <= at && at < (n * scale) as i32;
                    let expected = if inside(from_x, width) && inside(from_y, height) {
                        let at = from_y as usize / scale * width + from_x as usize / scale;
                        let [r, g, b] =
                            palette.get(usize::from(indices[at])).copied().unwrap_or_default();
                        Rgb { r, g, b }
                    } else {
                        Rgb::WHITE
                    };
                    assert_eq!(
                        canvas.pixel(column, row),
                        expected,
                        "{scale}, {x} {y}: {column} {row}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_picture_in_a_picture_keeps_its_colours() {
    let mut small = black(4, 2);
    small.rectangle(Rect::new(2, 0, 2, 2), RED);
    let mut canvas = Canvas::new(20, 10, Rgb::WHITE);
    canvas.draw_picture(&small, Rect::new(5, 3, 8, 4));
    assert_eq!(canvas.pixel(4, 3), Rgb::WHITE);
    assert_eq!(canvas.pixel(8, 6), Rgb::BLACK);
    assert_eq!(canvas.pixel(9, 3), RED);
    assert_eq!(canvas.pixel(13, 3), Rgb::WHITE);
    // Half of what a reduced pixel stands for is red.
    canvas.draw_picture(&small, Rect::new(0, 0, 1, 1));
    assert_eq!(canvas.pixel(0, 0), Rgb::hex(0x80_00_00));
    let whole = canvas.clone();
    canvas.draw_picture(&whole, Rect::new(-30, -10, 60, 30));
    assert_eq!(canvas.pixel(0, 0), whole.pixel(10, 3));
}

#[test]
fn heat_shows_where() {
    let mut canvas = black(40, 40);
    canvas.heat(&[0.0, 1.0, 0.0, 0.0], 2, Rect::new(0, 0, 40, 40), 1.0);
    assert_eq!(canvas.pixel(39, 0), Rgb::hex(0xff_ff_a0));
    assert_eq!(canvas.pixel(0, 39), Rgb::BLACK);
    let lights: Vec<_> = (0..40).map(|x| u32::from(canvas.pixel(x, 5).r)).collect();
    assert!(lights.is_sorted(), "{lights:?}");
    let before = canvas.clone();
    canvas.heat(&[f32::NAN, 0.0], 2, Rect::new(0, 0, 40, 40), 1.0);
    assert_eq!(canvas, before);
}

#[test]
fn charts_show_their_numbers() {
    let mut canvas = black(40, 21);
    canvas.bars(&[0.0, 1.0, 0.5, 9.0], 1.0, Rect::new(0, 0, 40, 20), 2, RED);
    let heights: Vec<_> =
        [4, 14, 24, 34].map(|x| (0..21).filter(|y| canvas.pixel(x, *y) == RED).count()).into();
    assert_eq!(heights, [0, 20, 10, 20]);
    // A spike among very many values is still seen, and a gap stays one.
    let mut values = vec![0.0; 100_000];
    values[50_000] = 1.0;
    values[..20_000].fill(f32::NAN);
    let mut canvas = black(100, 50);
    canvas.curve(&values, (0.0, 1.0), Rect::new(0, 5, 100, 40), 1.0, Rgb::WHITE);
    let brightest = |x: usize, y: usize| canvas.pixel(x, y).r.max(canvas.pixel(x, y + 1).r);
    assert!((48..52).any(|x| brightest(x, 6) > 60));
    assert!(brightest(80, 44) > 60);
    assert_eq!(brightest(10, 44), 0);
}
