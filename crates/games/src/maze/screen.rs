//! How Maze looks: walls of light, a round wanderer, and ghosts whose eyes look where they go.

use std::sync::LazyLock;

use super::{
    COLUMNS, DYING, FEAR, GHOSTS, LIVES, Maze, PILLS, PLAN, READY, ROWS, STANDS, Walker,
    plan::{is_wall, neighbour},
    walker::CELL,
};
use crate::Screen;

pub(super) const PALETTE: [[u8; 3]; 24] = [
    [10, 10, 26],
    [24, 26, 62],
    [74, 96, 214],
    [128, 160, 255],
    [38, 46, 118],
    [255, 220, 186],
    [255, 246, 226],
    [255, 214, 72],
    [255, 240, 160],
    [216, 152, 40],
    [255, 96, 120],
    [196, 54, 92],
    [112, 226, 232],
    [54, 150, 176],
    [255, 170, 92],
    [200, 110, 54],
    [96, 110, 232],
    [54, 60, 160],
    [255, 255, 255],
    [22, 24, 60],
    [240, 242, 255],
    [130, 138, 190],
    [255, 150, 190],
    [210, 214, 255],
];

const DARK: u8 = 0;
const WALL: u8 = 1;
const WALL_EDGE: u8 = 2;
const WALL_LIGHT: u8 = 3;
const WALL_INNER: u8 = 4;
const DOT: u8 = 5;
const DOT_LIGHT: u8 = 6;
const BODY: u8 = 7;
const BODY_LIGHT: u8 = 8;
const BODY_DARK: u8 = 9;
/// The ghosts' colours: middle, dark.
const SHEETS: [[u8; 2]; GHOSTS] = [[10, 11], [12, 13], [14, 15]];
const AFRAID: [u8; 2] = [16, 17];
const WHITE: u8 = 18;
const PUPIL: u8 = 19;
const TEXT: u8 = 20;
const FAINT: u8 = 21;
const GATE: u8 = 22;
const FLASH: u8 = 23;

/// Where the maze is on the screen.
const LEFT: i32 = 5;
const TOP: i32 = 31;

pub(super) fn draw(game: &Maze, screen: &mut Screen) {
    screen.copy(&BACKDROP);
    for (cell, food) in game.food.iter().enumerate() {
        let (x, y) = corner(cell);
        match *food {
            1 => screen.rect(x + 4, y + 4, 2, 2, DOT),
            PILLS if (game.n_frames / 12).is_multiple_of(2) => {
                screen.disc(x + 4, y + 4, 3, DOT);
                screen.disc(x + 4, y + 4, 2, DOT_LIGHT);
            }
            PILLS => screen.disc(x + 4, y + 4, 2, DOT),
            _ => {}
        }
    }
    draw_wanderer(game, screen);
    // Ghosts are gone while a caught wanderer vanishes.
    let n_ghosts = if game.dying > 0 && game.dying < DYING { 0 } else { GHOSTS };
    for (i, ghost) in game.ghosts.iter().enumerate().take(n_ghosts) {
        // Fear is about to end where its colour flickers.
        let is_fading = game.fear < FEAR / 4 && game.fear / 10 % 2 == 1;
        let colours = match game.is_afraid[i] {
            true if is_fading => [FLASH, FAINT],
            true => AFRAID,
            false => SHEETS[i],
        };
        draw_ghost(
            screen,
            ghost,
            colours,
            game.is_afraid[i],
            (game.n_frames / 8).is_multiple_of(2),
        );
    }
    if game.feast.1 > 0 {
        let (x, y) = corner(usize::from(game.feast.0));
        let rise = (40 - i32::from(game.feast.1)) / 5;
        screen.text(x, y - rise, "5", 2, WHITE);
    }
    screen.number(LEFT + 2, 9, game.score, 3, TEXT);
    for life in 0..game.lives.min(LIVES) {
        draw_round(screen, 160 - LEFT - 13 * (life as i32 + 1), 12);
    }
    let x = screen.text(72, 14, "LEVEL", 1, FAINT);
    screen.number(x + 2, 14, game.level + 1, 1, TEXT);
}

fn corner(cell: usize) -> (i32, i32) {
    (LEFT + (cell % COLUMNS) as i32 * CELL, TOP + (cell / COLUMNS) as i32 * CELL)
}

static BACKDROP: LazyLock<Screen> = LazyLock::new(|| {
    let mut screen = Screen::default();
    screen.rect(0, 0, 160, 210, DARK);
    for cell in (0..COLUMNS * ROWS).filter(|cell| is_wall(*cell)) {
        let (x, y) = corner(cell);
        screen.rect(x, y, CELL, CELL, WALL);
    }
    // Where a wall meets a corridor it is lit.
    for cell in (0..COLUMNS * ROWS).filter(|cell| is_wall(*cell)) {
        let (x, y) = corner(cell);
        let (row, column) = (cell / COLUMNS, cell % COLUMNS);
        let is_open = |way: u8, is_border: bool| !is_border && !is_wall(neighbour(cell, way));
        if is_open(0, column == 0) {
            screen.rect(x, y, 1, CELL, WALL_EDGE);
            screen.rect(x + 1, y, 1, CELL, WALL_INNER);
        }
        if is_open(1, column == COLUMNS - 1) {
            screen.rect(x + CELL - 1, y, 1, CELL, WALL_EDGE);
            screen.rect(x + CELL - 2, y, 1, CELL, WALL_INNER);
        }
        if is_open(2, row == 0) {
            screen.rect(x, y, CELL, 1, WALL_LIGHT);
            screen.rect(x, y + 1, CELL, 1, WALL_INNER);
        }
        if is_open(3, row == ROWS - 1) {
            screen.rect(x, y + CELL - 1, CELL, 1, WALL_EDGE);
            screen.rect(x, y + CELL - 2, CELL, 1, WALL_INNER);
        }
    }
    let house = PLAN.iter().position(|row| row[..] == *b"#.#.### ###.#.#").unwrap_or(0);
    let (x, y) = corner(house * COLUMNS + COLUMNS / 2);
    screen.rect(x, y + 4, CELL, 2, GATE);
    screen
});

/// A disc with a bite that opens and shuts, toward where it goes.
fn draw_wanderer(game: &Maze, screen: &mut Screen) {
    let (x, y) = game.wanderer.place();
    let (x, y) = (LEFT + x, TOP + y);
    if game.dying > 0 {
        draw_vanishing(screen, x + 4, y + 4, DYING - game.dying);
        return;
    }
    if game.ready > READY - 8 && (game.ready / 3).is_multiple_of(2) {
        return;
    }
    draw_round(screen, x, y);
    let way = if game.wanderer.way == STANDS { 1 } else { game.wanderer.way };
    let open = [0, 2, 3, 2][(game.n_frames / 4 % 4) as usize];
    for i in 0..5 {
        // The bite widens from the middle out.
        let half = open * (i + 1) / 5;
        let (px, py, width, height) = match way {
            0 => (x + 4 - i, y + 5 - half, 1, 2 * half),
            1 => (x + 5 + i, y + 5 - half, 1, 2 * half),
            2 => (x + 5 - half, y + 4 - i, 2 * half, 1),
            _ => (x + 5 - half, y + 5 + i, 2 * half, 1),
        };
        screen.rect(px, py, width, height, DARK);
    }
}

/// It shrinks to a point, and sparks fly.
fn draw_vanishing(screen: &mut Screen, x: i32, y: i32, age: u8) {
    let age = i32::from(age);
    let half = i32::from(DYING) / 2;
    if age <= half {
        screen.disc(x, y, 5 - 5 * age / half, BODY);
        return;
    }
    let reach = 2 + (age - half) / 2;
    for (dx, dy) in [(-3, 0), (-2, -2), (0, -3), (2, -2), (3, 0), (2, 2), (0, 3), (-2, 2)] {
        screen.rect(x + dx * reach / 3, y + dy * reach / 3, 2, 2, BODY_LIGHT);
    }
}

fn draw_round(screen: &mut Screen, x: i32, y: i32) {
    screen.rect(x + 3, y, 4, 10, BODY);
    screen.rect(x + 1, y + 1, 8, 8, BODY);
    screen.rect(x, y + 3, 10, 4, BODY);
    screen.rect(x + 3, y + 1, 3, 1, BODY_LIGHT);
    screen.rect(x + 2, y + 2, 2, 1, BODY_LIGHT);
    screen.rect(x + 3, y + 9, 4, 1, BODY_DARK);
    screen.rect(x + 6, y + 8, 3, 1, BODY_DARK);
}

fn draw_ghost(screen: &mut Screen, ghost: &Walker, colours: [u8; 2], is_afraid: bool, pose: bool) {
    let (x, y) = ghost.place();
    let (x, y) = (LEFT + x, TOP + y);
    let [colour, dark] = colours;
    screen.rect(x + 3, y, 4, 1, colour);
    screen.rect(x + 1, y + 1, 8, 2, colour);
    screen.rect(x, y + 3, 10, 6, colour);
    screen.rect(x, y + 7, 10, 1, dark);
    for foot in 0..3 {
        screen.rect(x + 4 * foot - i32::from(pose), y + 9, 2, 1, dark);
    }
    if is_afraid {
        screen.rect(x + 3, y + 3, 1, 2, WHITE);
        screen.rect(x + 6, y + 3, 1, 2, WHITE);
        screen.rect(x + 2, y + 6, 6, 1, WHITE);
        return;
    }
    let (dx, dy) = match ghost.way {
        0 => (-1, 0),
        1 => (1, 0),
        2 => (0, -1),
        3 => (0, 1),
        _ => (0, 0),
    };
    for eye in [x + 2 + i32::from(dx > 0), x + 6 + i32::from(dx > 0)] {
        let eye = eye - i32::from(dx < 0);
        screen.rect(eye, y + 3 + dy, 2, 3, WHITE);
        screen.rect(eye + i32::from(dx > 0), y + 4 + dy + i32::from(dy > 0), 1, 2, PUPIL);
    }
}
