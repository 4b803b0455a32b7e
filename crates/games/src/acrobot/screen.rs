//! How Acrobot looks: two lit links on a bar before a night sky, and the trail of the lower end.

use std::sync::LazyLock;

use super::{Acrobot, TRAIL};
use crate::{Random, Screen};

/// Colours: eight of the sky, then those of things.
pub(super) const PALETTE: [[u8; 3]; 24] = [
    [12, 14, 32],
    [15, 19, 42],
    [18, 25, 52],
    [21, 31, 62],
    [25, 38, 72],
    [29, 46, 82],
    [34, 55, 92],
    [40, 64, 102],
    [150, 166, 204],
    [84, 98, 140],
    [255, 200, 92],
    [255, 236, 176],
    [196, 132, 56],
    [255, 118, 134],
    [255, 190, 196],
    [190, 66, 96],
    [255, 255, 255],
    [226, 96, 120],
    [158, 70, 104],
    [94, 54, 90],
    [238, 242, 252],
    [92, 230, 190],
    [44, 110, 112],
    [9, 10, 24],
];

const STEEL: u8 = 8;
const STEEL_DARK: u8 = 9;
const UPPER: [u8; 3] = [10, 11, 12];
const LOWER: [u8; 3] = [13, 14, 15];
const WHITE: u8 = 16;
const TRAILS: [u8; 3] = [19, 18, 17];
const TEXT: u8 = 20;
const LINE: u8 = 21;
const LINE_DARK: u8 = 22;
const BLACK: u8 = 23;

/// Where the bar is.
const BAR: (f64, f64) = (80.0, 112.0);
/// Pixels of a link.
const LINK: f64 = 40.0;

/// Where the lower end is on the screen.
pub(super) fn lower_end(game: &Acrobot) -> (i16, i16) {
    let (_, (x, y)) = ends(game);
    (x.round() as i16, y.round() as i16)
}

pub(super) fn draw(game: &Acrobot, screen: &mut Screen) {
    screen.copy(&BACKDROP);
    for i in 0..TRAIL {
        let (x, y) = game.trail[(usize::from(game.trail_at) + i) % TRAIL];
        let radius = if i < TRAIL / 2 { 1 } else { 2 };
        screen.disc(i32::from(x), i32::from(y), radius, TRAILS[i * TRAILS.len() / TRAIL]);
    }
    let (elbow, end) = ends(game);
    draw_link(screen, BAR, elbow, UPPER);
    draw_link(screen, elbow, end, LOWER);
    let (x, y) = (elbow.0.round() as i32, elbow.1.round() as i32);
    screen.disc(x, y, 4, BLACK);
    screen.disc(x, y, 3, if game.last_action == 1 { STEEL } else { LINE });
    screen.disc(x, y, 1, WHITE);
    screen.disc(BAR.0 as i32, BAR.1 as i32, 4, BLACK);
    screen.disc(BAR.0 as i32, BAR.1 as i32, 3, STEEL);
    let (x, y) = (end.0.round() as i32, end.1.round() as i32);
    screen.disc(x, y, 4, LOWER[0]);
    screen.disc(x - 1, y - 1, 1, LOWER[1]);
    screen.number(8, 8, game.n_steps, 3, TEXT);
    // An arrow shows where the motor turns.
    for i in 0..4 {
        let (x, dx) = if game.last_action == 2 { (140, 1) } else { (132, -1) };
        if game.last_action != 1 {
            screen.rect(x + dx * i, 11 + i, 1, 8 - 2 * i, LINE);
        }
    }
}

/// Where the elbow and the lower end are.
fn ends(game: &Acrobot) -> ((f64, f64), (f64, f64)) {
    let (upper, lower) = game.shown();
    let elbow = (BAR.0 + LINK * upper.sin(), BAR.1 + LINK * upper.cos());
    (elbow, (elbow.0 + LINK * lower.sin(), elbow.1 + LINK * lower.cos()))
}

fn draw_link(screen: &mut Screen, from: (f64, f64), to: (f64, f64), colours: [u8; 3]) {
    screen.line((from.0 + 1.0, from.1 + 1.0), (to.0 + 1.0, to.1 + 1.0), 3, colours[2]);
    screen.line(from, to, 3, colours[0]);
    screen.line((from.0 - 1.0, from.1 - 1.0), (to.0 - 1.0, to.1 - 1.0), 0, colours[1]);
}

static BACKDROP: LazyLock<Screen> = LazyLock::new(|| {
    let mut screen = Screen::default();
    for band in 0..8 {
        screen.rect(0, band * 27, 160, 27, band as u8);
    }
    let mut stars = Random::new(5);
    for i in 0..46 {
        let (x, y) = (stars.below(160) as i32, stars.below(150) as i32);
        screen.dot(x, y, if i % 5 == 0 { STEEL } else { STEEL_DARK });
    }
    let line = (BAR.1 - LINK) as i32;
    for x in (4..156).step_by(6) {
        screen.rect(x, line, 4, 1, LINE);
        screen.rect(x, line + 1, 4, 1, LINE_DARK);
    }
    let bar = BAR.1 as i32;
    screen.rect(0, bar - 1, 160, 2, STEEL_DARK);
    screen.rect(0, bar - 1, 160, 1, STEEL);
    screen
});
