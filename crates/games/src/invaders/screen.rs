//! How Invaders looks: creatures in three colours over the rim of a planet.

use std::sync::LazyLock;

use super::{
    BLOCK_COLUMNS, BLOCK_HEIGHT, BLOCK_WIDTH, BOMB_HEIGHT, BURST, CANNON_TOP, CANNON_WIDTH,
    FLEET_COLUMNS, FLEET_ROWS, HEIGHT, Invaders, LIVES, NOWHERE, SHIELD_LEFT, SHIELD_PITCH,
    SHIELD_TOP, SHOT_HEIGHT, TOP, WIDTH,
};
use crate::{Random, Screen};

pub(super) const PALETTE: [[u8; 3]; 26] = [
    [8, 8, 22],
    [14, 12, 34],
    [22, 17, 48],
    [32, 23, 63],
    [70, 66, 110],
    [150, 148, 190],
    [40, 34, 78],
    [66, 58, 122],
    [255, 110, 160],
    [255, 196, 220],
    [255, 176, 84],
    [255, 226, 168],
    [120, 214, 255],
    [206, 242, 255],
    [20, 16, 40],
    [120, 236, 170],
    [206, 255, 226],
    [54, 150, 120],
    [255, 255, 255],
    [255, 84, 92],
    [255, 212, 96],
    [120, 140, 220],
    [170, 186, 250],
    [82, 96, 170],
    [236, 236, 252],
    [52, 46, 86],
];

const SKY: [u8; 4] = [0, 1, 2, 3];
const STARS: [u8; 2] = [4, 5];
const GROUND: u8 = 6;
const RIM: u8 = 7;
/// The creatures' colours by their row: middle, light.
const ROWS: [[u8; 2]; FLEET_ROWS as usize] = [[8, 9], [10, 11], [10, 11], [12, 13], [12, 13]];
const PUPIL: u8 = 14;
const CANNON: u8 = 15;
const CANNON_LIGHT: u8 = 16;
const CANNON_DARK: u8 = 17;
const WHITE: u8 = 18;
const BOMB: u8 = 19;
const BOMB_LIGHT: u8 = 20;
const SHIELD: u8 = 21;
const SHIELD_LIGHT: u8 = 22;
const SHIELD_DARK: u8 = 23;
const TEXT: u8 = 24;
const FAINT: u8 = 25;

/// A creature's two poses.
type Poses = [[&'static str; 8]; 2];

const JELLY: Poses = [
    [
        "....aaa....",
        "..aabbbaa..",
        ".aabbbaaaa.",
        ".aacaaacaa.",
        ".aacaaacaa.",
        "..aaaaaaa..",
        ".a..a.a..a.",
        "a..a...a..a",
    ],
    [
        "....aaa....",
        "..aabbbaa..",
        ".aabbbaaaa.",
        ".aacaaacaa.",
        ".aacaaacaa.",
        "..aaaaaaa..",
        "..a.a.a.a..",
        "..a..a..a..",
    ],
];

const CYCLOPS: Poses = [
    [
        "...aaaaa...",
        ".aabbbbbaa.",
        "aaabccbbaaa",
        "aaabccbbaaa",
        ".aabbbbbaa.",
        "..aaaaaaa..",
        ".aa..a..aa.",
        "aa...a...aa",
    ],
    [
        "...aaaaa...",
        ".aabbbbbaa.",
        "aaabbccbaaa",
        "aaabbccbaaa",
        ".aabbbbbaa.",
        "..aaaaaaa..",
        "...a.a.a...",
        "..aa.a.aa..",
    ],
];

const ROBOT: Poses = [
    [
        ".b.......b.",
        ".aaaaaaaaa.",
        ".abbaaabba.",
        ".abcaaabca.",
        ".aaaaaaaaa.",
        "a.aacccaa.a",
        "a..aaaaa..a",
        "...a...a...",
    ],
    [
        "b.........b",
        ".aaaaaaaaa.",
        ".abbaaabba.",
        ".acbaaacba.",
        ".aaaaaaaaa.",
        ".aaaaaaaaa.",
        "a..aaaaa..a",
        "..a.....a..",
    ],
];

pub(super) fn draw(game: &Invaders, screen: &mut Screen) {
    screen.copy(&BACKDROP);
    let pose = (game.n_marches % 2) as usize;
    for i in game.invaders() {
        let (x, y) = game.corner(i);
        let row = (i / FLEET_COLUMNS) as usize;
        let poses = [JELLY, CYCLOPS, CYCLOPS, ROBOT, ROBOT][row];
        let [colour, light] = ROWS[row];
        screen.sprite(x, TOP + y, &poses[pose], &[colour, light, PUPIL]);
    }
    draw_shields(game, screen);
    for ((x, y), (row, left)) in game.bursts {
        draw_burst(screen, i32::from(x), TOP + i32::from(y), row, left);
    }
    for (x, y) in game.bombs {
        if (x, y) != NOWHERE {
            let (x, y) = (i32::from(x), TOP + i32::from(y));
            screen.rect(x - 1, y, 3, BOMB_HEIGHT, BOMB);
            screen.rect(x, y + 1, 1, BOMB_HEIGHT - 1, BOMB_LIGHT);
        }
    }
    if game.shot != NOWHERE {
        let (x, y) = (i32::from(game.shot.0), TOP + i32::from(game.shot.1));
        screen.rect(x, y, 1, SHOT_HEIGHT + 3, CANNON_DARK);
        screen.rect(x, y, 1, SHOT_HEIGHT, WHITE);
    }
    if game.lives > 0 && game.repair < 36 && (game.repair / 6).is_multiple_of(2) {
        draw_cannon(screen, game.cannon, TOP + CANNON_TOP);
    }
    screen.number(8, 7, game.score, 2, TEXT);
    for life in 0..LIVES {
        let x = WIDTH - 8 - 12 * (life as i32 + 1) + 3;
        let colour = if life < game.lives { CANNON } else { FAINT };
        screen.rect(x + 3, 9, 3, 3, colour);
        screen.rounded(x, 11, 9, 4, colour);
    }
    let x = screen.text(62, 10, "WAVE", 1, STARS[1]);
    screen.number(x + 2, 10, game.wave + 1, 1, TEXT);
}

static BACKDROP: LazyLock<Screen> = LazyLock::new(|| {
    let mut screen = Screen::default();
    for (band, colour) in SKY.into_iter().enumerate() {
        screen.rect(0, band as i32 * 52, WIDTH, 54, colour);
    }
    let mut stars = Random::new(12);
    for i in 0..60 {
        let (x, y) = (stars.below(160) as i32, stars.below(190) as i32);
        screen.dot(x, y, STARS[usize::from(i % 6 == 0)]);
    }
    let ground = TOP + HEIGHT - 3;
    for x in 0..WIDTH {
        // The rim of a planet.
        let sag = (x - WIDTH / 2).pow(2) / 1600;
        screen.rect(x, ground + sag, 1, 30, GROUND);
        screen.rect(x, ground + sag, 1, 1, RIM);
    }
    screen
});

fn draw_cannon(screen: &mut Screen, x: i32, y: i32) {
    screen.rect(x + 6, y, 1, 3, CANNON_LIGHT);
    screen.rect(x + 5, y + 2, 3, 2, CANNON);
    screen.rounded(x + 1, y + 3, CANNON_WIDTH - 2, 5, CANNON);
    screen.rect(x + 3, y + 3, CANNON_WIDTH - 6, 1, CANNON_LIGHT);
    screen.rect(x, y + 6, CANNON_WIDTH, 2, CANNON_DARK);
}

fn draw_shields(game: &Invaders, screen: &mut Screen) {
    for (i, shield) in game.shields.iter().enumerate() {
        let left = SHIELD_LEFT + i as i32 * SHIELD_PITCH;
        for block in (0..3 * BLOCK_COLUMNS).filter(|it| shield >> it & 1 == 1) {
            let (row, column) = (block / BLOCK_COLUMNS, block % BLOCK_COLUMNS);
            let (x, y) = (left + column * BLOCK_WIDTH, TOP + SHIELD_TOP + row * BLOCK_HEIGHT);
            let colour = [SHIELD_LIGHT, SHIELD, SHIELD_DARK][row as usize];
            screen.rect(x, y, BLOCK_WIDTH, BLOCK_HEIGHT, colour);
        }
    }
}

/// Sparks fly in eight directions.
fn draw_burst(screen: &mut Screen, x: i32, y: i32, row: u8, left: u8) {
    if left == 0 {
        return;
    }
    let age = i32::from(BURST - left);
    let [colour, light] = match ROWS.get(usize::from(row)) {
        Some(colours) => *colours,
        None => [CANNON, BOMB_LIGHT],
    };
    if age < 3 {
        screen.disc(x, y, 4 + age, light);
    }
    for (i, (dx, dy)) in
        [(-3, 0), (-2, -2), (0, -3), (2, -2), (3, 0), (2, 2), (0, 3), (-2, 2)].iter().enumerate()
    {
        let reach = 3 + age;
        let size = if age < 8 { 2 } else { 1 };
        let colour = if (i as i32 + age / 3) % 2 == 0 { colour } else { light };
        screen.rect(x + dx * reach / 3, y + dy * reach / 3, size, size, colour);
    }
}
