//! How Crossing looks: a road at noon, cars in toy colours, and a chick that bobs as it hops.

use std::sync::LazyLock;

use super::{
    CELL_HEIGHT, CELL_WIDTH, COLUMNS, Crossing, HOP, LANES, LIVES, Lane, ROWS, STUNNED, TOP, WIDTH,
};
use crate::{Random, Screen};

pub(super) const PALETTE: [[u8; 3]; 34] = [
    [30, 36, 58],
    [52, 56, 72],
    [58, 63, 80],
    [104, 110, 130],
    [214, 204, 150],
    [112, 186, 110],
    [92, 164, 98],
    [150, 212, 130],
    [172, 164, 156],
    [144, 136, 134],
    [200, 194, 186],
    [255, 214, 84],
    [255, 240, 170],
    [224, 168, 52],
    [255, 138, 66],
    [20, 22, 34],
    [255, 255, 255],
    [244, 246, 252],
    [240, 92, 92],
    [255, 150, 138],
    [172, 54, 70],
    [84, 160, 240],
    [150, 206, 255],
    [48, 104, 184],
    [250, 250, 246],
    [255, 255, 255],
    [182, 186, 196],
    [126, 206, 150],
    [184, 240, 190],
    [70, 146, 112],
    [190, 140, 240],
    [224, 190, 255],
    [128, 88, 186],
    [38, 42, 56],
];

const BEYOND: u8 = 0;
const ROAD: [u8; 2] = [1, 2];
const DASH: u8 = 3;
const LINE: u8 = 4;
const GRASS: u8 = 5;
const GRASS_DARK: u8 = 6;
const GRASS_LIGHT: u8 = 7;
const PAVEMENT: u8 = 8;
const JOINT: u8 = 9;
const KERB: u8 = 10;
const CHICK: u8 = 11;
const CHICK_LIGHT: u8 = 12;
const CHICK_DARK: u8 = 13;
const BEAK: u8 = 14;
const BLACK: u8 = 15;
const WHITE: u8 = 16;
const TEXT: u8 = 17;
/// The first of three shades (middle, light, dark) of the first of five paints.
const PAINTS: u8 = 18;
const SHADOW: u8 = 33;

pub(super) fn draw(game: &Crossing, screen: &mut Screen) {
    screen.copy(&BACKDROP);
    for (i, lane) in game.lanes.iter().enumerate() {
        let y = TOP + (i as i32 + 1) * CELL_HEIGHT;
        for car in game.cars(lane, 0) {
            draw_car(screen, car, y, lane);
        }
    }
    let (x, y) = game.place();
    if game.stunned > 0 {
        draw_feathers(screen, x, TOP + y, STUNNED - game.stunned);
    } else {
        // It rises and falls within a hop.
        let (left, hop) = (i32::from(game.hop), i32::from(HOP));
        let height = left * (hop - left) * 4 / (hop * hop / 4) / 2;
        screen.rect(x + 2, TOP + y + 11, 6, 1, SHADOW);
        draw_chick(screen, x, TOP + y + 1 - height, game.is_leftward);
    }
    let colour = if game.joy / 4 % 2 == 1 { CHICK } else { TEXT };
    screen.number(8, 9, game.score, 3, colour);
    for life in 0..game.lives.min(LIVES) {
        draw_chick(screen, WIDTH - 8 - 12 * (life as i32 + 1), 11, true);
    }
}

static BACKDROP: LazyLock<Screen> = LazyLock::new(|| {
    let mut screen = Screen::default();
    screen.rect(0, 0, WIDTH, 210, BEYOND);
    let row = |i: i32| TOP + i * CELL_HEIGHT;
    screen.rect(0, row(0), WIDTH, CELL_HEIGHT, GRASS);
    let mut random = Random::new(4);
    for _ in 0..50 {
        let (x, y) = (random.below(160) as i32, row(0) + random.below(11) as i32);
        screen.rect(x, y, 1, 2, if random.below(2) == 0 { GRASS_DARK } else { GRASS_LIGHT });
    }
    screen.rect(0, row(1) - 2, WIDTH, 2, KERB);
    for lane in 1..=LANES as i32 {
        screen.rect(0, row(lane), WIDTH, CELL_HEIGHT, ROAD[(lane % 2) as usize]);
        for dash in 0..COLUMNS / 2 {
            if lane > 1 && lane != 6 {
                screen.rect(dash * 2 * CELL_WIDTH + 5, row(lane), CELL_WIDTH, 1, DASH);
            }
        }
    }
    // The way changes in the middle.
    screen.rect(0, row(6) - 1, WIDTH, 1, LINE);
    screen.rect(0, row(6) + 1, WIDTH, 1, LINE);
    screen.rect(0, row(ROWS - 1), WIDTH, CELL_HEIGHT, PAVEMENT);
    screen.rect(0, row(ROWS - 1), WIDTH, 2, KERB);
    for column in 0..COLUMNS {
        screen.rect(column * CELL_WIDTH, row(ROWS - 1) + 2, 1, CELL_HEIGHT - 2, JOINT);
    }
    screen
});

fn draw_car(screen: &mut Screen, x: i32, y: i32, lane: &Lane) {
    let paint = PAINTS + 3 * lane.colour;
    let (length, is_leftward) = (i32::from(lane.length), lane.speed < 0);
    // Places from the back, whichever way it drives.
    let mut part = |from: i32, width: i32, top: i32, height: i32, colour: u8| {
        let left = if is_leftward { x + length - from - width } else { x + from };
        screen.rect(left, y + top, width, height, colour);
    };
    part(1, length - 2, 11, 1, SHADOW);
    for wheel in [2, length - 6] {
        part(wheel, 4, 1, 11, BLACK);
    }
    part(0, length, 3, 7, paint + 2);
    part(0, length, 2, 7, paint);
    part(1, length - 2, 2, 1, paint + 1);
    if length > 20 {
        part(0, length - 10, 2, 8, paint + 1);
        part(0, length - 10, 9, 1, paint + 2);
        part(length - 11, 1, 2, 8, BLACK);
        part(length - 5, 3, 3, 5, BLACK);
    } else {
        part(4, 8, 3, 5, BLACK);
        part(5, 5, 3, 5, paint + 1);
    }
    part(length - 1, 1, 2, 2, LINE);
    part(length - 1, 1, 7, 2, LINE);
    part(0, 1, 3, 1, PAINTS);
    part(0, 1, 7, 1, PAINTS);
}

fn draw_chick(screen: &mut Screen, x: i32, y: i32, is_leftward: bool) {
    let mut part = |from: i32, width: i32, top: i32, height: i32, colour: u8| {
        let left = if is_leftward { x + 10 - from - width } else { x + from };
        screen.rect(left, y + top, width, height, colour);
    };
    part(2, 6, 1, 8, CHICK);
    part(1, 8, 3, 5, CHICK);
    part(3, 4, 0, 1, CHICK);
    part(2, 3, 1, 1, CHICK_LIGHT);
    part(2, 5, 8, 1, CHICK_DARK);
    part(1, 3, 5, 2, CHICK_DARK);
    part(6, 1, 3, 2, BLACK);
    part(8, 2, 4, 2, BEAK);
    part(3, 1, 9, 1, BEAK);
    part(6, 1, 9, 1, BEAK);
}

/// What is left of a chick for a moment: feathers that drift apart.
fn draw_feathers(screen: &mut Screen, x: i32, y: i32, age: u8) {
    let age = i32::from(age);
    if age < 3 {
        screen.disc(x + 5, y + 6, 6, WHITE);
    }
    for (i, (dx, dy)) in
        [(-3, -1), (-2, -3), (1, -3), (3, -2), (3, 1), (-3, 2), (0, 3), (2, 3)].iter().enumerate()
    {
        let reach = 4 + age.min(24) / 2;
        let (px, py) = (x + 5 + dx * reach / 3, y + 6 + dy * reach / 3 + age / 8);
        let colour = if i % 2 == 0 { CHICK } else { CHICK_LIGHT };
        screen.rect(px, py, if age < 24 { 2 } else { 1 }, 1, colour);
    }
}
