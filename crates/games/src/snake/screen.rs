//! How Snake looks: a striped green snake on a dark lawn, with eyes that look ahead.

use std::sync::LazyLock;

use super::{COLUMNS, FRAMES, ROWS, Snake, WAYS};
use crate::Screen;

pub(super) const PALETTE: [[u8; 3]; 18] = [
    [16, 26, 30],
    [26, 46, 44],
    [30, 53, 50],
    [48, 84, 74],
    [20, 34, 36],
    [126, 214, 104],
    [92, 180, 92],
    [60, 128, 78],
    [190, 244, 150],
    [255, 255, 255],
    [18, 24, 30],
    [240, 84, 88],
    [255, 158, 148],
    [164, 46, 66],
    [150, 206, 96],
    [240, 248, 240],
    [110, 140, 132],
    [255, 226, 130],
];

const BEYOND: u8 = 0;
const LAWN: [u8; 2] = [1, 2];
const EDGE: u8 = 3;
const SHADOW: u8 = 4;
const SKIN: [u8; 2] = [5, 6];
const SKIN_DARK: u8 = 7;
const SKIN_LIGHT: u8 = 8;
const WHITE: u8 = 9;
const BLACK: u8 = 10;
const APPLE: [u8; 3] = [11, 12, 13];
const LEAF: u8 = 14;
const TEXT: u8 = 15;
const FAINT: u8 = 16;
const GLOW: u8 = 17;

/// Pixels of a cell, and where the field is on the screen.
const CELL: i32 = 10;
const LEFT: i32 = 10;
const TOP: i32 = 36;

pub(super) fn draw(game: &Snake, screen: &mut Screen) {
    screen.copy(&BACKDROP);
    draw_apple(game, screen);
    let length = usize::from(game.length);
    // From the tail to the head, each piece on its way to where the next one is.
    for behind in (0..length).rev() {
        let (x, y) = piece(game, behind);
        let is_tail = behind + 1 == length && length > 2;
        let inset = i32::from(is_tail);
        screen.rounded(x + inset, y + inset, CELL - 2 * inset, CELL - 2 * inset, SKIN_DARK);
        let colour = SKIN[(behind + game.score as usize) / 2 % 2];
        screen.rounded(x + 1 + inset, y + 1, CELL - 2 - 2 * inset, CELL - 3, colour);
    }
    draw_head(game, screen);
    screen.number(LEFT, 10, game.score, 3, if game.since_apple < 12 { GLOW } else { TEXT });
    let x = screen.text(110, 14, "LENGTH", 1, FAINT);
    screen.number(x + 2, 14, u32::from(game.length), 1, TEXT);
}

static BACKDROP: LazyLock<Screen> = LazyLock::new(|| {
    let mut screen = Screen::default();
    screen.rect(0, 0, 160, 210, BEYOND);
    let (width, height) = (COLUMNS as i32 * CELL, ROWS as i32 * CELL);
    screen.rounded(LEFT - 3, TOP - 3, width + 6, height + 6, EDGE);
    screen.rect(LEFT - 1, TOP - 1, width + 2, height + 2, SHADOW);
    for row in 0..ROWS as i32 {
        for column in 0..COLUMNS as i32 {
            let colour = LAWN[((row + column) % 2) as usize];
            screen.rect(LEFT + column * CELL, TOP + row * CELL, CELL, CELL, colour);
        }
    }
    screen
});

fn corner(cell: usize) -> (i32, i32) {
    (LEFT + (cell % COLUMNS) as i32 * CELL, TOP + (cell / COLUMNS) as i32 * CELL)
}

/// Where a piece of the body is: it slides from its last cell to its own.
fn piece(game: &Snake, behind: usize) -> (i32, i32) {
    let length = usize::from(game.length);
    let own = corner(game.cell(behind));
    let last = if behind + 1 < length {
        corner(game.cell(behind + 1))
    } else {
        corner(usize::from(game.tail_before))
    };
    let part = if game.is_over { i32::from(FRAMES) } else { i32::from(game.phase) + 1 };
    let between = |from: i32, to: i32| from + (to - from) * part / i32::from(FRAMES);
    (between(last.0, own.0), between(last.1, own.1))
}

fn draw_head(game: &Snake, screen: &mut Screen) {
    let (x, y) = piece(game, 0);
    let (dx, dy) = WAYS[usize::from(game.way)];
    screen.rounded(x, y, CELL, CELL, SKIN_DARK);
    screen.rounded(x + 1, y + 1, CELL - 2, CELL - 3, SKIN_LIGHT);
    for side in [-1, 1] {
        let (ex, ey) = (x + 4 + 2 * dx + side * 2 * dy.abs(), y + 4 + 2 * dy + side * 2 * dx.abs());
        if game.is_over {
            screen.rect(ex, ey, 2, 2, APPLE[0]);
        } else {
            screen.rect(ex, ey, 2, 2, WHITE);
            screen.dot(ex + i32::from(dx > 0), ey + i32::from(dy > 0), BLACK);
        }
    }
}

/// The apple; where it lies a short ring of light spreads when it is new.
fn draw_apple(game: &Snake, screen: &mut Screen) {
    let (x, y) = corner(usize::from(game.apple));
    if game.since_apple < 10 {
        let radius = 5 + i32::from(game.since_apple) / 2;
        screen.disc(x + 4, y + 5, radius, EDGE);
    }
    screen.disc(x + 4, y + 5, 4, APPLE[2]);
    screen.disc(x + 4, y + 5, 3, APPLE[0]);
    screen.rect(x + 2, y + 3, 2, 1, APPLE[1]);
    screen.dot(x + 2, y + 4, APPLE[1]);
    screen.rect(x + 4, y, 1, 2, BLACK);
    screen.rect(x + 5, y, 2, 1, LEAF);
}
