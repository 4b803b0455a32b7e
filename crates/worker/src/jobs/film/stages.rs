//! Stages of a training next to each other: the same game at the same time, by agents of different age.

use anyhow::Context;
use api::FilmLook;
use film::{Align, Canvas, Indexed, Rect, TextStyle, Weight};
use games::{FRAMES_PER_SEC, HEIGHT, Replay, WIDTH};

use super::{ACCENT, BRIGHT, DIM, NIGHT, Scene, layout::Layout, panel, part, part::Part};
use crate::jobs::steps::Steps;

/// A film of stages is cut to this, in frames, unless its full length is asked for.
const FRAMES_MAX: u32 = 180 * FRAMES_PER_SEC;
/// After the last episode has ended, its score stands for this many frames.
const END_FRAMES: u32 = 90;

/// One of the games.
struct Stage<'a> {
    part: &'a Part,
    replay: Replay,
    layout: Layout,
    /// Where its words are.
    words: Rect,
    score: Option<f64>,
    is_over: bool,
}

/// Renders all episodes at once.
pub(super) fn render(
    scene: &mut Scene<'_>,
    parts: &[Part],
    steps: &mut Steps<'_>,
) -> anyhow::Result<()> {
    let look = scene.task.film.look;
    let mut stages = Vec::new();
    for (part, place) in parts.iter().zip(places(look, parts.len())) {
        let words_height = (place.height / 7).min(place.width / 3);
        let game = Rect { height: place.height - words_height, ..place };
        let words = Rect { y: place.y + game.height, height: words_height, ..place };
        let layout = Layout::inside(game);
        stages.push(Stage {
            part,
            replay: part.replay()?,
            layout,
            words,
            score: None,
            is_over: false,
        });
    }
    let longest = parts.iter().map(|it| it.recording.n_frames).max().unwrap_or(0);
    let n_frames = if look.full_length { longest } else { longest.min(FRAMES_MAX) };
    let has_thumbnail_at = parts.last().map_or(0, |it| it.best_frame.min(n_frames - 1));
    scene.canvas.fill(NIGHT);
    for stage in &stages {
        stage.title(scene);
    }
    for frame in 0..n_frames {
        for stage in &mut stages {
            stage.frame(scene)?;
        }
        scene.frame()?;
        if frame == has_thumbnail_at {
            film::write_png(&scene.thumbnail, &scene.canvas).context("write the thumbnail")?;
        }
        if frame.is_multiple_of(30) {
            steps.check(f64::from(frame) / f64::from(n_frames))?;
        }
    }
    for _ in 0..END_FRAMES {
        scene.frame()?;
    }
    Ok(())
}

/// Where the games lie: in a row where the picture is wide enough, in rows of two where not.
fn places(look: FilmLook, n: usize) -> Vec<Rect> {
    let (width, height) = (look.width as i32, look.height as i32);
    let n = n as i32;
    let columns = (1..=n)
        .max_by_key(|columns| {
            let rows = (n + columns - 1) / columns;
            (width / columns / WIDTH as i32 * 1000)
                .min(height / rows * 1000 / (HEIGHT as i32 * 7 / 6))
        })
        .unwrap_or(1);
    let rows = (n + columns - 1) / columns;
    let (width, height) = (width / columns, height / rows);
    (0..n)
        .map(|i| Rect { x: i % columns * width, y: i / columns * height, width, height })
        .collect()
}

impl Stage<'_> {
    fn style(&self, share: f32, weight: Weight, align: Align) -> TextStyle {
        TextStyle {
            size_px: self.words.height as f32 * share,
            weight,
            color: BRIGHT,
            align,
            max_width: self.words.width as f32 * 0.6,
        }
    }

    fn title(&self, scene: &mut Scene<'_>) {
        let words = self.words;
        let (x, y) = (words.x as f32 + 0.05 * words.width as f32, words.y as f32);
        let height = words.height as f32;
        let title = self.style(0.34, Weight::Bold, Align::Left);
        let Scene { type_, canvas, .. } = scene;
        type_.draw(canvas, &self.part.episode.title, x, y + 0.1 * height, &title);
        let steps = format!("{} steps", panel::grouped(self.part.episode.step));
        let small = TextStyle { color: DIM, ..self.style(0.22, Weight::Regular, Align::Left) };
        type_.draw(canvas, &steps, x, y + 0.56 * height, &small);
    }

    fn frame(&mut self, scene: &mut Scene<'_>) -> anyhow::Result<()> {
        if self.is_over {
            return Ok(());
        }
        let Some(shown) = self.replay.next() else {
            self.is_over = true;
            scene.canvas.blend_rectangle(self.layout.game, NIGHT, 0.55);
            return Ok(());
        };
        let shown = shown.map_err(part::refusal)?;
        self.replay.draw(&mut scene.screen);
        let screen = Indexed {
            indices: scene.screen.0.as_slice(),
            palette: self.part.game().palette,
            width: WIDTH,
            height: HEIGHT,
        };
        self.layout.draw(&mut scene.canvas, screen);
        if self.score != Some(shown.score) {
            self.score = Some(shown.score);
            self.draw_score(shown.score, &mut scene.canvas, &mut scene.type_);
        }
        Ok(())
    }

    fn draw_score(&self, score: f64, canvas: &mut Canvas, type_: &mut film::Typesetter) {
        let words = self.words;
        let width = words.width * 2 / 5;
        canvas.rectangle(Rect { x: words.x + words.width - width, width, ..words }, NIGHT);
        let style = TextStyle { color: ACCENT, ..self.style(0.5, Weight::Bold, Align::Right) };
        let x = words.x as f32 + 0.95 * words.width as f32;
        let y = words.y as f32 + 0.15 * words.height as f32;
        type_.draw(canvas, &panel::score(score), x, y, &style);
    }
}
