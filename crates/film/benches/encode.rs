//! What a film of an arcade game costs: `cargo bench -p film [ROUNDS]`.
//!
//! 900 frames of 160x210, enlarged four times to 640x840, with a caption. CPU time where Linux tells it, so that a
//! busy machine does not matter much; the best of several rounds. Nine tenths of it pass in the encoder, most of them in
//! its transform, quantiser and comparison of blocks; the conversion of what changed is not to be seen beside it.
#![expect(clippy::print_stdout, reason = "a bench talks to a person")]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use film::{
    Canvas, Indexed, Quality, Rect, Rgb, Settings, Tags, TextStyle, Typesetter, Weight, Writer,
};

const N_FRAMES: usize = 900;
const WIDTH: usize = 160;
const HEIGHT: usize = 210;
const SCALE: usize = 4;

const PALETTE: [[u8; 3]; 9] = [
    [0, 0, 0],
    [142, 142, 142],
    [200, 72, 72],
    [198, 108, 58],
    [180, 122, 48],
    [162, 162, 42],
    [72, 160, 72],
    [66, 72, 200],
    [236, 236, 236],
];

fn main() {
    let n_rounds = std::env::args().skip(1).find_map(|it| it.parse().ok()).unwrap_or(3);
    let folder = tempfile::tempdir().expect("a folder for the films");
    let path = folder.path().join("bench.mp4");
    println!("{N_FRAMES} frames of {}x{}", WIDTH * SCALE, HEIGHT * SCALE);
    report("draw", n_rounds, || draw(|_| {}));
    for quality in [Quality::Small, Quality::Good, Quality::Fine] {
        report(&format!("{quality:?}"), n_rounds, || film(&path, quality));
        let n_bytes = fs::metadata(&path).expect("the film").len();
        let n_minutes = N_FRAMES as f64 / 3600.0;
        println!("    {:.2} MB a minute", n_bytes as f64 / 1e6 / n_minutes);
    }
}

/// Runs something several times and tells the best.
fn report(name: &str, n_rounds: usize, run: impl Fn()) {
    let costs = (0..n_rounds).map(|_| {
        let begin = cpu_time();
        run();
        cpu_time() - begin
    });
    let best = costs.min().expect("a round").as_secs_f64() / N_FRAMES as f64;
    println!("{name}: {:.0} frames per CPU-second ({:.0} µs a frame)", 1.0 / best, best * 1e6);
}

/// Draws the frames and writes them as a film.
fn film(path: &Path, quality: Quality) {
    let (width, height) = (WIDTH * SCALE, HEIGHT * SCALE);
    let settings = Settings { width, height, frames_per_sec: 60, quality };
    let mut film = Writer::create(path, settings).expect("a film");
    draw(|canvas| film.frame(canvas).expect("a frame"));
    film.finish(Tags::default()).expect("a film");
}

/// Draws the frames and hands each on.
fn draw(mut hand_on: impl FnMut(&Canvas)) {
    let mut setter = Typesetter::new();
    let mut canvas = Canvas::new(WIDTH * SCALE, HEIGHT * SCALE, Rgb::BLACK);
    let mut game = Game::new();
    for frame_idx in 0..N_FRAMES {
        game.step(frame_idx);
        let screen =
            Indexed { indices: &game.screen, palette: &PALETTE, width: WIDTH, height: HEIGHT };
        canvas.blit_indexed(screen, SCALE, 0, 0);
        canvas.blend_rectangle(Rect::new(0, 800, 640, 40), Rgb::hex(0x10_18_28), 0.9);
        let bold = TextStyle { size_px: 22.0, weight: Weight::Bold, ..TextStyle::default() };
        let score = format!("Score {}", game.score);
        setter.draw(&mut canvas, &score, 16.0, 806.0, &bold);
        let caption = format!("2.5 million of 10 million frames · {} s", frame_idx / 60);
        let regular = TextStyle { size_px: 20.0, max_width: 400.0, ..TextStyle::default() };
        setter.draw(&mut canvas, &caption, 180.0, 807.0, &regular);
        hand_on(&canvas);
    }
}

/// Bricks, a ball and a paddle; not a game, but what moves in one.
struct Game {
    screen: Vec<u8>,
    bricks: [bool; 6 * 18],
    ball: (i32, i32),
    speed: (i32, i32),
    score: u32,
}

impl Game {
    fn new() -> Self {
        Self {
            screen: vec![0; WIDTH * HEIGHT],
            bricks: [true; 6 * 18],
            ball: (80, 120),
            speed: (1, 2),
            score: 0,
        }
    }

    fn step(&mut self, frame_idx: usize) {
        let (x, y) = (self.ball.0 + self.speed.0, self.ball.1 + self.speed.1);
        self.ball = (x, y);
        if !(9..149).contains(&x) {
            self.speed.0 = -self.speed.0;
        }
        if !(33..186).contains(&y) {
            self.speed.1 = -self.speed.1;
        }
        if (57..93).contains(&y) && (8..152).contains(&x) {
            let brick = &mut self.bricks[((y - 57) / 6 * 18 + (x - 8) / 8) as usize];
            if std::mem::take(brick) {
                self.speed.1 = -self.speed.1;
                self.score += 7;
            }
        }
        self.draw(frame_idx);
    }

    fn draw(&mut self, frame_idx: usize) {
        self.screen.fill(0);
        self.block(0, 17, 160, 15, 1);
        self.block(0, 17, 8, 180, 1);
        self.block(152, 17, 8, 180, 1);
        for (i, brick) in self.bricks.into_iter().enumerate() {
            if brick {
                self.block(8 + i % 18 * 8, 57 + i / 18 * 6, 8, 6, 2 + (i / 18) as u8);
            }
        }
        let paddle = (self.ball.0 - 8 + (frame_idx / 7 % 5) as i32).clamp(8, 136) as usize;
        self.block(paddle, 189, 16, 4, 2);
        self.block(self.ball.0.max(0) as usize, self.ball.1.max(0) as usize, 2, 4, 8);
        // A score of four digits, as blocks.
        for digit in 0..4 {
            let value = self.score / 10_u32.pow(digit) % 10;
            for bit in (0..4).filter(|bit| value >> bit & 1 == 1) {
                self.block(60 - digit as usize * 12 + bit % 2 * 5, 3 + bit / 2 * 6, 4, 5, 8);
            }
        }
    }

    fn block(&mut self, x: usize, y: usize, width: usize, height: usize, color: u8) {
        for row in self.screen.chunks_exact_mut(WIDTH).skip(y).take(height) {
            row[x.min(WIDTH)..(x + width).min(WIDTH)].fill(color);
        }
    }
}

/// The CPU time of this process, or the time of day where the system does not tell it.
fn cpu_time() -> Duration {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    #[cfg(target_os = "linux")]
    if let Ok(text) = fs::read_to_string("/proc/self/schedstat")
        && let Some(nanos) = text.split_whitespace().next().and_then(|it| it.parse().ok())
    {
        return Duration::from_nanos(nanos);
    }
    BEGIN.get_or_init(Instant::now).elapsed()
}
