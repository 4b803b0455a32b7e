//! How the game of bricks looks: a wall in the colours of an evening sky over a dark field.

use std::sync::LazyLock;

use super::{
    BALL, BURST, Brick, CELL, HEIGHT, LEFT, LIVES, N_BRICKS, ONE, PADDLE_HEIGHT, PADDLE_TOP,
    PADDLE_WIDTH, PAUSE, TOP, TRAIL, WALL_COLUMNS, WALL_TOP, WIDTH,
};
use crate::{Screen, paint::number_width};

/// Colours: the field, its frame, letters, ball and paddle, then three shades of each row of bricks.
pub(super) const PALETTE: [[u8; 3]; 32] = [
    [13, 16, 30],
    [18, 22, 40],
    [40, 46, 76],
    [66, 74, 116],
    [236, 240, 252],
    [122, 132, 176],
    [255, 255, 255],
    [255, 214, 120],
    [170, 140, 96],
    [96, 84, 72],
    [46, 46, 56],
    [84, 226, 214],
    [38, 150, 158],
    [196, 250, 240],
    [244, 88, 112],
    [255, 146, 158],
    [180, 52, 88],
    [250, 124, 86],
    [255, 174, 134],
    [190, 82, 66],
    [252, 172, 74],
    [255, 208, 126],
    [196, 122, 54],
    [240, 214, 92],
    [252, 236, 150],
    [184, 156, 62],
    [118, 206, 132],
    [170, 232, 172],
    [74, 148, 98],
    [86, 160, 236],
    [146, 200, 250],
    [54, 110, 184],
];

const FIELD: u8 = 0;
const FIELD_DOT: u8 = 1;
const FRAME: u8 = 2;
const FRAME_LIGHT: u8 = 3;
const TEXT: u8 = 4;
const FAINT: u8 = 5;
const WHITE: u8 = 6;
const GLOW: u8 = 7;
const TRAILS: [u8; 3] = [8, 9, 10];
const PADDLE: u8 = 11;
const PADDLE_DARK: u8 = 12;
const PADDLE_LIGHT: u8 = 13;
/// The first of three shades (middle, light, dark) of the first row of bricks.
const BRICKS: u8 = 14;

pub(super) fn draw(game: &Brick, screen: &mut Screen) {
    screen.copy(&BACKDROP);
    for brick in 0..N_BRICKS {
        if game.wall >> brick & 1 == 1 {
            draw_brick(screen, brick);
        }
    }
    for (brick, left) in game.bursts {
        draw_burst(screen, usize::from(brick), left);
    }
    draw_ball(game, screen);
    let (x, y) = (LEFT + game.paddle, TOP + PADDLE_TOP);
    screen.rounded(x, y, PADDLE_WIDTH, PADDLE_HEIGHT, PADDLE);
    screen.rect(x + 2, y, PADDLE_WIDTH - 4, 1, PADDLE_LIGHT);
    screen.rect(x + 1, y + PADDLE_HEIGHT - 1, PADDLE_WIDTH - 2, 1, PADDLE_DARK);
    screen.number(LEFT, 7, game.score, 2, TEXT);
    for life in 0..LIVES {
        let x = LEFT + WIDTH - 14 * (life as i32 + 1) + 4;
        let colour = if life < game.lives { PADDLE } else { FRAME };
        screen.rounded(x, 10, 10, 4, colour);
    }
    let level = game.speed() * 4 / 256 - 7;
    let x = LEFT + WIDTH / 2 - number_width(1, 1);
    for step in 0..level.clamp(0, 8) {
        screen.rect(x + 4 * step, 10, 2, 4, FAINT);
    }
}

static BACKDROP: LazyLock<Screen> = LazyLock::new(|| {
    let mut screen = Screen::default();
    screen.rect(LEFT - 3, TOP - 3, WIDTH + 6, HEIGHT + 10, FRAME);
    screen.rect(LEFT - 3, TOP - 3, WIDTH + 6, 1, FRAME_LIGHT);
    screen.rect(LEFT - 3, TOP - 3, 1, HEIGHT + 10, FRAME_LIGHT);
    screen.rect(LEFT, TOP, WIDTH, HEIGHT + 10, FIELD);
    for y in 0..HEIGHT / CELL {
        for x in 0..WIDTH / CELL {
            screen.dot(LEFT + x * CELL + CELL / 2, TOP + y * CELL + CELL / 2, FIELD_DOT);
        }
    }
    screen
});

/// A brick's left upper corner on the screen.
fn corner(brick: usize) -> (i32, i32) {
    let (row, column) = ((brick / WALL_COLUMNS) as i32, (brick % WALL_COLUMNS) as i32);
    (LEFT + column * 2 * CELL, TOP + (WALL_TOP as i32 + row) * CELL)
}

fn draw_brick(screen: &mut Screen, brick: usize) {
    let (x, y) = corner(brick);
    let colour = BRICKS + 3 * (brick / WALL_COLUMNS) as u8;
    let (width, height) = (2 * CELL - 1, CELL - 1);
    screen.rect(x, y, width, height, colour);
    screen.rect(x, y, width, 1, colour + 1);
    screen.rect(x, y + height - 2, width, 2, colour + 2);
}

/// A brick that was hit flashes, and falls into pieces.
fn draw_burst(screen: &mut Screen, brick: usize, left: u8) {
    if left == 0 {
        return;
    }
    let (x, y) = corner(brick);
    let age = i32::from(BURST - left);
    if age < 2 {
        screen.rect(x, y, 2 * CELL - 1, CELL - 1, WHITE);
        return;
    }
    let colour = BRICKS + 3 * (brick / WALL_COLUMNS) as u8;
    let size = if age < 7 { 3 } else { 2 };
    for (i, (dx, dy)) in [(-2, -2), (2, -2), (-2, 1), (2, 1), (0, 2), (0, -3)].iter().enumerate() {
        let px = x + 9 + dx * (1 + age) * 2 / 3;
        let py = y + 4 + dy * age / 3 + age * age / 10;
        screen.rect(px, py, size, size, colour + (i % 3) as u8);
    }
}

/// The ball with its trail; before it is served it blinks.
fn draw_ball(game: &Brick, screen: &mut Screen) {
    let (x, y) = (LEFT + game.x / ONE, TOP + game.y / ONE);
    if game.pause > 0 && game.pause < PAUSE - 8 && game.pause / 6 % 2 == 1 {
        screen.rounded(x, y, BALL, BALL, TRAILS[0]);
        return;
    }
    for (i, colour) in [(1, TRAILS[2]), (3, TRAILS[1]), (5, TRAILS[0])] {
        let (x, y) = game.trail[(usize::from(game.trail_at) + i) % TRAIL];
        screen.rect(LEFT + i32::from(x) + 1, TOP + i32::from(y) + 1, 2, 2, colour);
    }
    screen.rounded(x, y, BALL, BALL, GLOW);
    screen.rect(x + 1, y + 1, 2, 2, WHITE);
}
