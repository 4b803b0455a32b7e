//! How Rally looks: a court at night, each side with its colour.

use std::sync::LazyLock;

use super::{
    BALL, FLASH, HEIGHT, ONE, OTHER_X, OWN_X, PADDLE_HEIGHT, PADDLE_WIDTH, PAUSE, Rally, TOP,
    TRAIL, WIDTH,
};
use crate::{Screen, paint::number_width};

pub(super) const PALETTE: [[u8; 3]; 20] = [
    [10, 20, 30],
    [16, 40, 52],
    [13, 34, 45],
    [36, 74, 88],
    [60, 112, 124],
    [255, 138, 112],
    [255, 202, 184],
    [186, 84, 76],
    [108, 226, 196],
    [206, 252, 236],
    [52, 142, 134],
    [255, 255, 255],
    [255, 240, 190],
    [150, 158, 140],
    [92, 112, 108],
    [50, 76, 82],
    [230, 242, 244],
    [58, 46, 58],
    [20, 66, 70],
    [24, 52, 64],
];

const BEYOND: u8 = 0;
const COURT: u8 = 1;
const STRIPE: u8 = 2;
const LINE: u8 = 3;
const EDGE: u8 = 4;
/// The other's and the player's colours: middle, light, dark.
const SIDES: [[u8; 3]; 2] = [[5, 6, 7], [8, 9, 10]];
const WHITE: u8 = 11;
const GLOW: u8 = 12;
const TRAILS: [u8; 3] = [13, 14, 15];
/// The court's half of a side that just lost a point.
const LOST: [u8; 2] = [17, 18];
const FAINT: u8 = 19;

pub(super) fn draw(game: &Rally, screen: &mut Screen) {
    screen.copy(&BACKDROP);
    for (side, colour) in LOST.into_iter().enumerate() {
        // The winner's colour lies over the half that the ball left.
        if game.flashes[2 + side] > FLASH {
            let x = if side == 0 { WIDTH / 2 + 2 } else { 0 };
            screen.rect(x, TOP, WIDTH / 2 - 2, HEIGHT, colour);
        }
    }
    let [other, own] = game.points.map(u32::from);
    let middle = WIDTH / 2;
    screen.number(middle - 10 - number_width(other, 3), 4, other, 3, SIDES[0][0]);
    screen.number(middle + 12, 4, own, 3, SIDES[1][0]);
    for side in 0..2 {
        draw_paddle(game, screen, side);
    }
    draw_ball(game, screen);
}

static BACKDROP: LazyLock<Screen> = LazyLock::new(|| {
    let mut screen = Screen::default();
    screen.rect(0, 0, WIDTH, 210, BEYOND);
    for stripe in 0..9 {
        let colour = if stripe % 2 == 0 { COURT } else { STRIPE };
        screen.rect(0, TOP + 20 * stripe, WIDTH, 20, colour);
    }
    screen.rect(0, TOP - 2, WIDTH, 2, EDGE);
    screen.rect(0, TOP + HEIGHT, WIDTH, 2, EDGE);
    let (x, y) = (WIDTH / 2, TOP + HEIGHT / 2);
    screen.disc(x, y, 26, LINE);
    screen.disc(x, y, 25, FAINT);
    for dash in 0..HEIGHT / 8 {
        screen.rect(x - 1, TOP + 8 * dash + 2, 2, 4, LINE);
    }
    screen.rect(x - 3, 12, 6, 2, LINE);
    screen
});

fn draw_paddle(game: &Rally, screen: &mut Screen, side: usize) {
    let [colour, light, dark] = SIDES[side];
    let (x, y) = ([OTHER_X, OWN_X][side], TOP + game.paddles[side] / ONE);
    let colour = if game.flashes[side] > FLASH / 2 { light } else { colour };
    screen.rounded(x - 1, y - 1, PADDLE_WIDTH + 2, PADDLE_HEIGHT + 2, dark);
    screen.rounded(x, y, PADDLE_WIDTH, PADDLE_HEIGHT, colour);
    screen.rect(x + 1, y + 2, 1, PADDLE_HEIGHT - 6, light);
}

/// The ball with its trail; before it is served it blinks.
fn draw_ball(game: &Rally, screen: &mut Screen) {
    let (x, y) = (game.x / ONE, TOP + game.y / ONE);
    if game.pause > 0 && game.pause < PAUSE - 8 && game.pause / 6 % 2 == 1 {
        screen.rounded(x, y, BALL, BALL, TRAILS[0]);
        return;
    }
    for (i, colour) in [(1, TRAILS[2]), (3, TRAILS[1]), (5, TRAILS[0])] {
        let (x, y) = game.trail[(usize::from(game.trail_at) + i) % TRAIL];
        screen.rect(i32::from(x) + 1, TOP + i32::from(y) + 1, 2, 2, colour);
    }
    screen.rounded(x, y, BALL, BALL, GLOW);
    screen.rect(x + 1, y + 1, 2, 2, WHITE);
}
