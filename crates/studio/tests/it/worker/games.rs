//! What the worker for tests plays of agents: their episodes, and films of those.

use super::*;

pub(super) fn episode(
    folder: &Path,
    events: &mut Events,
    step: u64,
    kind: EpisodeKind,
    title: &str,
    share: Option<f64>,
) {
    // As the real ones: what is evaluated has the same names at every end.
    let path = match kind {
        EpisodeKind::Evaluation => format!("episodes/{title}.json"),
        _ => format!("episodes/{step}-{}.json", title.replace(' ', "-")),
    };
    fs::create_dir_all(folder.join("episodes")).unwrap();
    fs::write(folder.join(&path), format!("played at {step}")).unwrap();
    events.write(EventBody::Episode(Episode {
        path,
        kind,
        title: title.to_owned(),
        step,
        share,
        elapsed_secs: step as f64,
        score: step as f64,
        n_frames: 60,
        game: "brick".to_owned(),
        game_version: 1,
        agent: None,
    }));
}

/// A film that is as long as its recordings; empty, missing or slow if its name says so.
pub(super) fn film(
    folder: &Path,
    name: &str,
    task: &api::FilmTask,
    events: &mut Events,
) -> Option<Outcome> {
    events.started(0);
    while name.contains("slow") {
        if is_stop_asked(folder) {
            return Some(Outcome::Stopped);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let run = folder.join(&task.run_path);
    let mut shown = vec![0; if name.contains("empty") { 12 } else { 4096 }];
    for episode in &task.episodes {
        shown.extend(fs::read(run.join(&episode.path)).unwrap());
    }
    shown.truncate(if name.contains("empty") { 12 } else { usize::MAX });
    if !name.contains("missing") {
        fs::write(folder.join("film.mp4"), &shown).unwrap();
    }
    fs::write(folder.join("thumbnail.png"), "PNG").unwrap();
    let last = task.episodes.last().unwrap();
    let result = api::FilmResult {
        file: "film.mp4".to_owned(),
        thumbnail: "thumbnail.png".to_owned(),
        width: task.film.look.width,
        height: task.film.look.height,
        frames_per_sec: 60,
        n_frames: 60,
        length_secs: 1.0,
        bytes: shown.len() as u64,
        cpu_secs: 0.1,
        game: last.game.clone(),
        score: last.score,
        step: last.step,
        title: name.to_owned(),
        description: String::new(),
        chapters: vec![],
    };
    fs::write(folder.join("result.json"), serde_json::to_vec(&result).unwrap()).unwrap();
    Some(Outcome::Done)
}
