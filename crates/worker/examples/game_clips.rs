//! Makes the short moving pictures of the games that the pages show: the scripted player at play, as MP4 without
//! sound, with a first picture beside each.
//!
//! ```text
//! cargo run --release -p worker --example game_clips -- crates/web/ui/public/clips
//! ```
//!
//! The same games give the same files, so they are made anew only when a game has changed.

#![expect(clippy::print_stdout, reason = "an example that says what it made")]

use std::{fs, path::Path};

use anyhow::Context;
use film::{Canvas, Indexed, Quality, Rgb, Settings, Tags, Writer, write_png};
use games::{Entry, FRAMES_PER_SEC, GAMES, Game, HEIGHT, Screen, WIDTH};

/// Pixels of a film along each pixel of a screen.
const SCALE: usize = 2;
/// Every second frame of a game is enough for a small picture, at half the size.
const FRAMES_PER_PICTURE: u32 = 2;
/// How long a clip is.
const SECS: u32 = 6;
/// How long the game has been played before it: the beginning of a game shows little of it.
const BEFORE_SECS: u32 = 14;
/// The game that is shown.
const SEED: u64 = 7;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).context("name the folder to write to")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    for entry in GAMES {
        let n_bytes = clip(entry, folder).with_context(|| format!("film {}", entry.info.key))?;
        println!("{}: {} kB", entry.info.key, n_bytes / 1000);
    }
    Ok(())
}

/// Writes the clip and the picture of a game; gives the size of the clip.
fn clip(entry: &Entry, folder: &Path) -> anyhow::Result<u64> {
    let info = entry.info;
    let settings = Settings {
        width: WIDTH * SCALE,
        height: HEIGHT * SCALE,
        frames_per_sec: FRAMES_PER_SEC / FRAMES_PER_PICTURE,
        quality: Quality::Small,
    };
    let mut writer = Writer::create(&folder.join(format!("{}.mp4", info.key)), settings)?;
    let mut canvas = Canvas::new(settings.width, settings.height, Rgb::BLACK);
    let mut played = Played::new(entry);
    for _ in 0..BEFORE_SECS * FRAMES_PER_SEC {
        played.frame();
    }
    for frame in 0..SECS * FRAMES_PER_SEC {
        if frame % FRAMES_PER_PICTURE == 0 {
            played.draw(&mut canvas);
            writer.frame(&canvas)?;
        }
        if frame == 0 {
            write_png(&folder.join(format!("{}.png", info.key)), &canvas)?;
        }
        played.frame();
    }
    Ok(writer.finish(Tags { title: info.title, description: "" })?.n_bytes)
}

/// A game that its scripted player plays, again and again.
struct Played {
    game: Box<dyn Game>,
    screen: Screen,
    seed: u64,
    action: u8,
    n_frames: u32,
}

impl Played {
    fn new(entry: &Entry) -> Self {
        let mut game = (entry.new)(&games::Options::default());
        game.reset(SEED);
        Self { game, screen: Screen::default(), seed: SEED, action: 0, n_frames: 0 }
    }

    fn frame(&mut self) {
        let info = self.game.info();
        if self.n_frames.is_multiple_of(info.frame_skip) {
            self.action = self.game.scripted();
        }
        self.n_frames += 1;
        if self.game.step(self.action, None).is_over || self.n_frames >= info.frames_max {
            self.seed += 1;
            self.n_frames = 0;
            self.game.reset(self.seed);
        }
    }

    fn draw(&mut self, canvas: &mut Canvas) {
        self.game.draw(&mut self.screen);
        let screen = Indexed {
            indices: self.screen.0.as_slice(),
            palette: self.game.info().palette,
            width: WIDTH,
            height: HEIGHT,
        };
        canvas.blit_indexed(screen, SCALE, 0, 0);
    }
}
