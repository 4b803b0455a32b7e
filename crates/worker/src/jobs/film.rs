//! Rendering a film: recorded episodes are played again and drawn, frame by frame.
//!
//! A film is whole or not there: it is written under another name, and renamed once it is finished.

mod layout;
mod panel;
mod part;
mod stages;

use std::path::Path;

use anyhow::Context;
use api::{Chapter, FilmKind, FilmLook, FilmResult, FilmTask, Outcome};
use film::{Align, Canvas, Indexed, Quality, Rgb, Tags, TextStyle, Typesetter, Weight, Writer};
use games::{FRAMES_PER_SEC, HEIGHT, Screen, WIDTH};

use self::{layout::Layout, panel::Panel, part::Part};
use super::{
    refuse,
    steps::{Steps, stopped_or},
};
use crate::{folder::JobFolder, system};

/// The film and its picture in the job's folder.
const FILE: &str = "film.mp4";
const THUMBNAIL: &str = "thumbnail.png";
/// A journey is cut to this, in seconds, unless its full length is asked for.
const DIGEST_SECS: f64 = 600.0;
/// A title is shown for this many frames before an episode among several.
const CARD_FRAMES: u32 = 75;
/// A film with less than this in it is a mistake.
const BYTES_MIN: u64 = 1_000;

/// The colours around a game.
const NIGHT: Rgb = Rgb { r: 13, g: 15, b: 26 };
const BRIGHT: Rgb = Rgb { r: 240, g: 242, b: 250 };
const DIM: Rgb = Rgb { r: 140, g: 148, b: 172 };
const ACCENT: Rgb = Rgb { r: 82, g: 224, b: 208 };

/// Renders the film of the job's folder.
pub(crate) fn run(folder: &mut JobFolder, task: &FilmTask) -> anyhow::Result<Outcome> {
    system::give_way();
    stopped_or(render(folder, task).map(|()| Outcome::Done))
}

fn render(folder: &mut JobFolder, task: &FilmTask) -> anyhow::Result<()> {
    if task.episodes.is_empty() {
        return refuse(
            "no_episodes",
            "There is nothing to film.",
            "No episode of this kind has been recorded yet.",
            "Wait until the run has recorded one, or choose another kind of film.",
        );
    }
    let look = task.film.look;
    let cpu_from = system::cpu_secs().unwrap_or(0.0);
    let mut steps = Steps::new(folder, "looking the episodes through")?;
    steps.begin("looking the episodes through", [0.0, 0.03]);
    let home = steps.folder.path().to_owned();
    let run = job::shelf::find(&home, Some(&task.run_path), job::Shelf::Runs, &task.film.run);
    let mut parts = Vec::new();
    for (i, episode) in task.episodes.iter().enumerate() {
        parts.push(Part::open(&run, episode, look.network)?);
        steps.check((i + 1) as f64 / task.episodes.len() as f64)?;
    }
    if task.film.kind == FilmKind::Journey && !look.full_length {
        part::cut(&mut parts, DIGEST_SECS);
    }
    steps.begin("rendering", [0.03, 0.98]);
    let settings = film::Settings {
        width: look.width as usize,
        height: look.height as usize,
        frames_per_sec: FRAMES_PER_SEC,
        quality: Quality::Good,
    };
    let writer = Writer::create(&home.join(FILE), settings).context("begin the film")?;
    let mut scene = Scene::new(task, writer, home.join(THUMBNAIL));
    if task.film.kind == FilmKind::Stages && parts.len() > 1 {
        stages::render(&mut scene, &parts, &mut steps)?;
    } else {
        scene.episodes(&parts, &mut steps)?;
    }
    steps.begin("finishing", [0.98, 1.0]);
    let game = parts[0].game();
    let best = parts.iter().map(|it| it.recording.score).fold(f64::NEG_INFINITY, f64::max);
    let title = title(task, game.title, best);
    let description = description(task, game, &scene.chapters, &parts);
    let tags = Tags { title: &title, description: &description };
    let written = scene.writer.finish(tags).context("finish the film")?;
    if written.n_bytes < BYTES_MIN || written.n_frames == 0 {
        return refuse(
            "empty_film",
            "The film came out empty.",
            &format!("It has {} frames and {} bytes.", written.n_frames, written.n_bytes),
            "Please report this with the job's log.",
        );
    }
    let result = FilmResult {
        file: FILE.into(),
        thumbnail: THUMBNAIL.into(),
        width: look.width,
        height: look.height,
        frames_per_sec: FRAMES_PER_SEC,
        n_frames: u64::from(written.n_frames),
        length_secs: written.length_secs,
        bytes: written.n_bytes,
        cpu_secs: system::cpu_secs().unwrap_or(0.0) - cpu_from,
        game: game.key.into(),
        score: best,
        step: task.episodes.iter().map(|it| it.step).max().unwrap_or(0),
        title,
        description,
        chapters: scene.chapters,
    };
    let text = serde_json::to_vec_pretty(&result).context("encode result.json")?;
    job::whole::write(&home.join(job::files::RESULT), &text).context("write result.json")?;
    steps.done()
}

/// A film in the making: the picture that is drawn on, and where it goes.
struct Scene<'a> {
    task: &'a FilmTask,
    writer: Writer,
    canvas: Canvas,
    screen: Screen,
    type_: Typesetter,
    thumbnail: std::path::PathBuf,
    chapters: Vec<Chapter>,
}

impl<'a> Scene<'a> {
    fn new(task: &'a FilmTask, writer: Writer, thumbnail: std::path::PathBuf) -> Self {
        let FilmLook { width, height, .. } = task.film.look;
        Self {
            task,
            writer,
            canvas: Canvas::new(width as usize, height as usize, NIGHT),
            screen: Screen::default(),
            type_: Typesetter::new(),
            thumbnail,
            chapters: vec![],
        }
    }

    fn chapter(&mut self, title: &str) {
        let start_secs = f64::from(self.writer.n_frames()) / f64::from(FRAMES_PER_SEC);
        self.chapters.push(Chapter { start_secs, title: title.into() });
        self.writer.chapter(title);
    }

    fn frame(&mut self) -> anyhow::Result<()> {
        self.writer.frame(&self.canvas).context("write a frame")
    }

    /// Episodes one after the other.
    fn episodes(&mut self, parts: &[Part], steps: &mut Steps<'_>) -> anyhow::Result<()> {
        let total: f64 = parts.iter().map(|it| f64::from(it.n_shown())).sum();
        let best = (0..parts.len()).max_by(|a, b| {
            parts[*a].recording.score.total_cmp(&parts[*b].recording.score).then(a.cmp(b))
        });
        let mut done = 0.0;
        for (i, part) in parts.iter().enumerate() {
            if parts.len() > 1 {
                self.chapter(&part.episode.title);
                self.card(part)?;
            }
            self.episode(part, Some(i) == best, &mut |n| {
                steps.check((done + f64::from(n)) / total)
            })?;
            done += f64::from(part.n_shown());
        }
        Ok(())
    }

    fn episode(
        &mut self,
        part: &Part,
        has_thumbnail: bool,
        check: &mut dyn FnMut(u32) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let layout = Layout::new(self.task.film.look);
        let mut panel = Panel::new(self.task, part, layout);
        self.canvas.fill(NIGHT);
        panel.begin(&mut self.canvas, &mut self.type_);
        let mut replay = part.replay()?;
        let mut watcher = part.agent.as_ref().and_then(|it| it.as_player()).map(|it| it.watch());
        let mut decided = None;
        let mut n = 0;
        loop {
            // What the network sees is the state before its decision.
            let decision = replay.next_decision();
            if let Some(watcher) = &mut watcher
                && decision != decided
            {
                decided = decision;
                panel.look(watcher.look_closely(replay.game()));
            }
            let Some(shown) = replay.next() else { break };
            let shown = shown.map_err(part::refusal)?;
            if !part.shown.contains(&shown.frame_idx) {
                if shown.frame_idx >= part.shown.end {
                    break;
                }
                continue;
            }
            replay.draw(&mut self.screen);
            self.draw_screen(part, layout);
            panel.frame(&shown, &mut self.canvas, &mut self.type_);
            self.frame()?;
            if has_thumbnail && shown.frame_idx == part.best_frame {
                film::write_png(&self.thumbnail, &self.canvas).context("write the thumbnail")?;
            }
            n += 1;
            if n % 30 == 0 {
                check(n)?;
            }
        }
        check(n)
    }

    fn draw_screen(&mut self, part: &Part, layout: Layout) {
        let screen = Indexed {
            indices: self.screen.0.as_slice(),
            palette: part.game().palette,
            width: WIDTH,
            height: HEIGHT,
        };
        layout.draw(&mut self.canvas, screen);
    }

    /// The title of an episode among several.
    fn card(&mut self, part: &Part) -> anyhow::Result<()> {
        let FilmLook { width, height, .. } = self.task.film.look;
        let (width, height) = (width as f32, height as f32);
        self.canvas.fill(NIGHT);
        let unit = width.min(height * 0.8) / 16.0;
        let style = |size: f32, weight, color| TextStyle {
            size_px: size,
            weight,
            color,
            align: Align::Center,
            max_width: width * 0.9,
        };
        let lines = [
            (part.episode.title.clone(), style(unit * 2.0, Weight::Bold, BRIGHT), -1.6),
            (
                format!("{} steps of training", panel::grouped(part.episode.step)),
                style(unit * 0.8, Weight::Regular, DIM),
                1.0,
            ),
            (
                format!("Score {}", panel::score(part.recording.score)),
                style(unit * 0.8, Weight::Regular, ACCENT),
                2.2,
            ),
        ];
        for (text, style, at) in lines {
            let y = height / 2.0 + at * unit;
            self.type_.draw(&mut self.canvas, &text, width / 2.0, y, &style);
        }
        for _ in 0..CARD_FRAMES {
            self.frame()?;
        }
        Ok(())
    }
}

/// A title for where the film is shown.
fn title(task: &FilmTask, game: &str, best: f64) -> String {
    let first = &task.episodes[0];
    match task.film.kind {
        FilmKind::Journey => format!("An AI learns {game} from nothing"),
        FilmKind::Stages => format!("An AI learns {game}: before and after"),
        FilmKind::Evaluation => format!("{game}: an AI scores {}", panel::score(best)),
        FilmKind::Milestone | FilmKind::Hour => {
            format!("{game}, {}: score {}", first.title, panel::score(best))
        }
    }
}

/// A description for where the film is shown, with chapters in the form that video sites read.
fn description(
    task: &FilmTask,
    game: &games::Info,
    chapters: &[Chapter],
    parts: &[Part],
) -> String {
    let last = &parts[parts.len() - 1].episode;
    let mut text = format!(
        "{} {}\n\nThe agent learnt by playing, from nothing but its score: {} steps in {}.\n",
        game.title,
        game.about,
        panel::grouped(last.step),
        panel::duration(last.elapsed_secs),
    );
    if chapters.len() > 1 {
        text += "\n";
        for chapter in chapters {
            let secs = chapter.start_secs as u64;
            let time = match secs / 3600 {
                0 => format!("{}:{:02}", secs / 60, secs % 60),
                hours => format!("{hours}:{:02}:{:02}", secs / 60 % 60, secs % 60),
            };
            text += &format!("{time} {}\n", chapter.title);
        }
    }
    text + &format!("\nTrained and filmed with Maquette ({}).\n", task.run_name)
}

/// Reads a file of the run, with what to do where it is gone.
fn read(run: &Path, path: &str) -> anyhow::Result<String> {
    let file = run.join(path);
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(text),
        Err(error) => refuse(
            "no_recording",
            "A recorded episode cannot be read.",
            &format!("{}: {}.", file.display(), api::in_plain_words(&error.to_string())),
            "Restore the run from the trash, or film another episode.",
        ),
    }
}
