//! `maquette film`: films of agents at play, and the ones that are kept in the workspace.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use api::{Film, FilmKind, FilmLook, NewFilm};

use super::{
    Console,
    follow::Onlooker,
    interrupt,
    named::{self, Kind},
    output,
    table::{list, table},
    words,
};
use crate::{client::Client, percent::encoded_path};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct FilmArgs {
    #[command(subcommand)]
    command: Option<FilmCommand>,
    /// The run whose agent plays: its identifier or name
    #[arg(required = true)]
    run: Option<String>,
    /// What the film shows
    #[arg(long, value_enum, default_value = "journey")]
    kind: Shown,
    /// Show this episode, by its path in the run's folder; can be repeated
    #[arg(long = "episode", value_name = "PATH")]
    episodes: Vec<String>,
    /// Width and height in pixels, even numbers
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
    /// Show what the network sees and does beside the game
    #[arg(long)]
    network: bool,
    /// Draw the learning curve in a corner
    #[arg(long)]
    curve: bool,
    /// Leave out the caption with game, share, steps and score
    #[arg(long)]
    no_caption: bool,
    /// Show everything at its full length; else a journey is cut to some minutes
    #[arg(long)]
    full_length: bool,
    /// A name for the film
    #[arg(long)]
    name: Option<String>,
    /// Where to copy the film to, an .mp4 file; it is kept in the workspace all the same
    #[arg(short, long, value_name = "FILE.mp4")]
    output: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long)]
    force: bool,
}

/// See [`FilmKind`].
#[derive(Clone, Copy, clap::ValueEnum)]
enum Shown {
    /// The newest episode at a tenth of the budget
    Milestone,
    /// The newest episode after an hour of training
    Hour,
    /// The best, the median and the worst episode of the finished agent
    Evaluation,
    /// The whole training: every milestone and hour in order, with chapters
    Journey,
    /// The first, the middle and the last milestone next to each other
    Stages,
}

/// What can be done with films that are kept in the workspace.
#[derive(clap::Subcommand)]
enum FilmCommand {
    /// List all films, newest first
    List,
    /// Show a film with its length, file and chapters
    Show {
        /// The film's identifier or name
        film: String,
    },
    /// Move a film to the trash
    Delete {
        /// The film's identifier or name
        film: String,
    },
    /// Restore a film from the trash
    Restore {
        /// The film's identifier or name
        film: String,
    },
}

pub(crate) fn run(args: &FilmArgs, console: &Console) -> anyhow::Result<()> {
    if let Some(command) = &args.command {
        return manage(command, console);
    }
    let run = args.run.as_ref().context("failed to find a run to film")?;
    if let Some(output) = &args.output {
        output::ending(output, &["mp4"])?;
        output::check_place(output, args.force)?;
    }
    let client = Arc::new(console.client()?);
    let new = NewFilm {
        run: named::id(&client, Kind::Run, run)?,
        kind: kind_of(args.kind),
        episodes: args.episodes.clone(),
        name: args.name.clone(),
        look: look(args),
    };
    let film = done(&client, &new, console)?;
    let result = film.result.as_ref().context("failed to find the film")?;
    let file = match &args.output {
        None => PathBuf::from(&film.folder).join(&result.file),
        Some(output) => {
            let path = format!("/api/films/{}/files/{}", film.id, encoded_path(&result.file));
            output::download(&client, &path, output)?;
            output.clone()
        }
    };
    let json = serde_json::json!({ "file": file, "film": film });
    console.terminal.result(&json, || format!("{}\n{}", file.display(), detail(&film)))
}

/// Lists, shows, deletes or restores films that are kept in the workspace.
fn manage(command: &FilmCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let id_of = |text: &str| named::id(&client, Kind::Film, text);
    match command {
        FilmCommand::List => {
            let films: Vec<Film> = client.get("/api/films")?;
            words::note_unreadable(&client, terminal, Kind::Film);
            terminal.result(&films, || overview(&films))
        }
        FilmCommand::Show { film } => {
            let film: Film = client.get(&format!("/api/films/{}", id_of(film)?))?;
            terminal.result(&film, || detail(&film))
        }
        FilmCommand::Delete { film } => {
            let id = id_of(film)?;
            client.delete(&format!("/api/films/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || words::deleted(&id))
        }
        FilmCommand::Restore { film } => {
            let id = named::deleted(&client, Kind::Film, film)?;
            let film: Film = client.post_empty(&format!("/api/films/{id}/restore"))?;
            terminal.result(&film, || detail(&film))
        }
    }
}

/// Queues a film and waits until it is done. One that fails is removed.
fn done(client: &Arc<Client>, new: &NewFilm, console: &Console) -> anyhow::Result<Film> {
    let queued: Film = client.post("/api/films", new)?;
    let path = format!("/api/films/{}", queued.id);
    let onlooker = Onlooker { client, terminal: console.terminal };
    let look = || onlooker.film(&queued.id);
    interrupt::cancelled_on_interrupt::<Film, _>(client, &path, look)
        .inspect_err(|_| client.discard(&format!("{path}?forever=true")))
}

fn look(args: &FilmArgs) -> FilmLook {
    let usual = FilmLook::default();
    let (width, height) = args.size.unwrap_or((usual.width, usual.height));
    FilmLook {
        width,
        height,
        caption: !args.no_caption,
        curve: args.curve,
        network: args.network,
        full_length: args.full_length,
    }
}

fn kind_of(shown: Shown) -> FilmKind {
    match shown {
        Shown::Milestone => FilmKind::Milestone,
        Shown::Hour => FilmKind::Hour,
        Shown::Evaluation => FilmKind::Evaluation,
        Shown::Journey => FilmKind::Journey,
        Shown::Stages => FilmKind::Stages,
    }
}

/// Parses `1280x1680`.
fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', '×']).map(|(width, height)| (width.parse(), height.parse()));
    match sides {
        Some((Ok(width), Ok(height))) => Ok((width, height)),
        _ => Err("write it as WIDTHxHEIGHT, such as 1280x1680".to_owned()),
    }
}

fn overview(films: &[Film]) -> String {
    if films.is_empty() {
        return "No films yet. Make one with `maquette film RUN`.".to_owned();
    }
    let row = |film: &Film| {
        let length =
            film.result.as_ref().map_or(String::new(), |it| words::duration(it.length_secs));
        let marks = match (film.is_favourite, film.is_new) {
            (true, _) => "favourite",
            (false, true) => "new",
            (false, false) => "",
        };
        [
            film.id.to_string(),
            film.job.name.clone(),
            film.film.kind.word().to_owned(),
            words::state(&film.job),
            length,
            marks.to_owned(),
        ]
    };
    let rows: Vec<_> = films.iter().map(row).collect();
    table(["id", "name", "kind", "state", "length", ""], &rows)
}

/// A film in a few lines.
fn detail(film: &Film) -> String {
    let result = film.result.as_ref();
    let of_result = |told: fn(&api::FilmResult) -> String| result.map_or(String::new(), told);
    let mut text = list(&[
        ("film", film.id.to_string()),
        ("name", film.job.name.clone()),
        ("run", format!("{} ({})", film.run_name, film.film.run)),
        ("kind", film.film.kind.word().to_owned()),
        ("state", words::state(&film.job)),
        ("length", of_result(|it| words::duration(it.length_secs))),
        ("picture", of_result(|it| format!("{} × {}", it.width, it.height))),
        ("size", of_result(|it| words::bytes(it.bytes))),
        ("score", of_result(|it| format!("{:.1}", it.score))),
        ("folder", film.folder.clone()),
    ]);
    let chapters = result.map_or(&[][..], |it| &it.chapters);
    let row = |it: &api::Chapter| [words::duration(it.start_secs), it.title.clone()];
    if !chapters.is_empty() {
        let rows: Vec<_> = chapters.iter().map(row).collect();
        text.push_str(&format!("\n{}", table(["at", "chapter"], &rows)));
    }
    if let api::JobState::Failed { problem, .. } = &film.job.state {
        text.push_str(&format!("\n{}", super::terminal::words(problem)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_width_and_a_height() {
        let check = |text: &str, expected: Option<(u32, u32)>| {
            assert_eq!(size(text).ok(), expected, "{text}");
        };
        check("1280x1680", Some((1280, 1680)));
        check("64×96", Some((64, 96)));
        check("640", None);
        check("640x", None);
        check("-1x2", None);
        check("1x2x3", None);
    }
}
