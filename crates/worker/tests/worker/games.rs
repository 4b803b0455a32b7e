//! Agents that learn a game, the episodes that are recorded of them, and films of those.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    path::PathBuf,
};

use api::{
    Choices, Episode, EpisodeKind, EventBody, FilmKind, FilmLook, FilmResult, FilmTask, Limit,
    NewFilm, Outcome, Task, TrainTask,
};
use serde_json::{Value, json};

use crate::job::{Job, Workspace};

/// A short training on `cartpole`.
fn run_of(workspace: &Workspace, name: &str, changes: &Value, steps: u64) -> Job {
    let mut settings = BTreeMap::from([
        ("game".to_owned(), json!("cartpole")),
        ("n_envs".to_owned(), json!(6)),
        ("n_steps".to_owned(), json!(32)),
        ("batch_size".to_owned(), json!(64)),
        ("n_eval_episodes".to_owned(), json!(2)),
    ]);
    settings.extend(changes.as_object().unwrap().clone());
    let family = Some("agent".to_owned());
    let choices = Choices { family, settings, ..Choices::default() };
    let forecast = worker::compose(&choices, None).unwrap();
    let task = TrainTask {
        dataset: None,
        dataset_path: PathBuf::new(),
        dataset_hash: String::new(),
        model: None,
        model_path: std::path::PathBuf::new(),
        model_sha256: String::new(),
        family: forecast.family,
        preset: forecast.preset,
        switches: vec![],
        own_preset: None,
        settings: forecast.settings,
        on_gpu: false,
        seed: 3,
        limit: Limit::Steps { steps },
        forecast: None,
        memory: None,
    };
    workspace.job("runs", name, Task::Train(task))
}

fn episodes(job: &Job) -> Vec<Episode> {
    let found = job.events().into_iter().filter_map(|it| match it {
        EventBody::Episode(it) => Some(it),
        _ => None,
    });
    found.collect()
}

fn film_of(
    workspace: &Workspace,
    run: &Job,
    name: &str,
    kind: FilmKind,
    (look, episodes): (FilmLook, Vec<Episode>),
) -> Job {
    let film = NewFilm {
        run: "run-000001".parse().unwrap(),
        kind,
        episodes: episodes.iter().map(|it| it.path.clone()).collect(),
        name: None,
        look,
    };
    let task = FilmTask {
        film,
        run_path: PathBuf::from("../../runs").join(run.path().file_name().unwrap()),
        run_name: "Pole".into(),
        episodes,
        curve: vec![(0, 20.0), (400, 60.0), (800, 40.0)],
    };
    workspace.job("films", name, Task::Film(task))
}

fn small() -> FilmLook {
    FilmLook { width: 160, height: 240, ..FilmLook::default() }
}

fn last_checkpoint(job: &Job) -> Vec<u8> {
    let folder = fs::read_dir(job.path().join("checkpoints")).unwrap();
    let newest = folder.map(|it| it.unwrap().path()).max().unwrap();
    fs::read(newest).unwrap()
}

/// A training that is broken off and goes on gives the same file as one that is not: weights, moments,
/// games in play, random numbers and what is remembered.
fn check_resume(changes: &Value) {
    let workspace = Workspace::new();
    let whole = run_of(&workspace, "whole", changes, 1200);
    whole.run();
    assert_eq!(whole.outcome(), Outcome::Done, "{:?}", whole.events().last());
    let parts = run_of(&workspace, "parts", changes, 600);
    parts.run();
    fs::write(parts.path().join("limit.json"), r#"{"limit":{"until":"steps","steps":1200}}"#)
        .unwrap();
    parts.run();
    assert_eq!(parts.outcome(), Outcome::Done);
    assert!(last_checkpoint(&whole) == last_checkpoint(&parts), "to the last bit");
}

#[test]
fn ppo_goes_on_as_if_it_had_not_been_broken_off() {
    check_resume(&json!({ "is_annealed": false }));
}

#[test]
fn dqn_goes_on_with_all_that_it_remembers() {
    check_resume(&json!({
        "algorithm": "dqn",
        "is_annealed": false,
        "exploration_fraction": 0.0,
        "learning_starts": 100,
        "buffer_size": 400,
        "batch_size": 16,
        "is_double": true,
        "is_duelling": true,
        "return_steps": 3,
        "target_update_interval": 50,
    }));
}

#[test]
fn a_run_records_milestones_and_logs_as_others_do() {
    let workspace = Workspace::new();
    let run = run_of(&workspace, "run-000001", &json!({}), 2000);
    run.run();
    assert_eq!(run.outcome(), Outcome::Done, "{:?}", run.events().last());
    let episodes = episodes(&run);
    let titles: Vec<&str> = episodes.iter().map(|it| it.title.as_str()).collect();
    assert_eq!((titles[0], titles[titles.len() - 4]), ("0 %", "100 %"));
    assert!(titles[titles.len() - 3].starts_with("The best of 30"), "{titles:?}");
    for episode in &episodes {
        assert_eq!(episode.game, "cartpole");
        assert!(episode.share.is_some_and(|it| (0.0..=1.0).contains(&it)), "{episode:?}");
        let text = fs::read_to_string(run.path().join(&episode.path)).unwrap();
        let recording = ::games::Recording::from_json(&text).unwrap();
        let replayed = ::games::Replay::new(recording).unwrap().last().unwrap().unwrap();
        assert_eq!(replayed.score, episode.score);
        let agent = models::open(&run.path().join(episode.agent.as_ref().unwrap())).unwrap();
        assert_eq!(agent.as_player().unwrap().game().key, "cartpole");
    }
    let scores: Vec<f64> = episodes[episodes.len() - 3..].iter().map(|it| it.score).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "best, median, worst: {scores:?}");
    let monitor = fs::read_to_string(run.path().join("monitor.csv")).unwrap();
    assert!(monitor.lines().nth(1) == Some("r,l,t") && monitor.lines().count() > 20, "{monitor}");
    let progress = fs::read_to_string(run.path().join("progress.csv")).unwrap();
    let columns = progress.lines().next().unwrap();
    for column in ["rollout/ep_rew_mean", "time/total_timesteps", "train/approx_kl"] {
        assert!(columns.split(',').any(|it| it == column), "{columns}");
    }
    // The run ends at its limit, not beyond.
    let shares = run.events().into_iter().filter_map(|it| match it {
        EventBody::Progress(it) => it.share,
        _ => None,
    });
    assert!(shares.into_iter().all(|it| it <= 1.0));
}

#[test]
fn films_are_rendered_from_recordings() {
    let workspace = Workspace::new();
    let run = run_of(&workspace, "run-000001", &json!({}), 800);
    run.run();
    let all = episodes(&run);
    let look = FilmLook { curve: true, network: true, ..small() };
    let film = film_of(&workspace, &run, "one", FilmKind::Milestone, (look, all[..1].to_vec()));
    film.run();
    assert_eq!(film.outcome(), Outcome::Done, "{:?}", film.events().last());
    let result = |job: &Job| -> FilmResult {
        serde_json::from_slice(&fs::read(job.path().join("result.json")).unwrap()).unwrap()
    };
    let one = result(&film);
    assert_eq!(one.n_frames, all[0].n_frames);
    assert_eq!(film.own_files(), ["film.mp4", "result.json", "thumbnail.png"]);
    assert_eq!(fs::metadata(film.path().join("film.mp4")).unwrap().len(), one.bytes);
    let journey: Vec<Episode> =
        all.iter().filter(|it| it.kind == EpisodeKind::Milestone).cloned().collect();
    let film = film_of(&workspace, &run, "all", FilmKind::Journey, (small(), journey.clone()));
    film.run();
    let all_of_it = result(&film);
    let shown: u64 = journey.iter().map(|it| it.n_frames + 75).sum();
    assert_eq!(all_of_it.n_frames, shown);
    assert_eq!(all_of_it.chapters.len(), journey.len());
    assert!(all_of_it.description.contains("0:00 0 %"), "{}", all_of_it.description);
    let film = film_of(&workspace, &run, "stages", FilmKind::Stages, (small(), journey));
    film.run();
    assert_eq!(film.outcome(), Outcome::Done, "{:?}", film.events().last());
}

#[test]
fn what_cannot_be_filmed_is_said_in_words() {
    let workspace = Workspace::new();
    let run = run_of(&workspace, "run-000001", &json!({}), 200);
    run.run();
    let first = episodes(&run).swap_remove(0);
    let path = run.path().join(&first.path);
    let whole = fs::read_to_string(&path).unwrap();
    let check = |name: &str, text: Option<&str>, code: &str, said: &str| {
        match text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let one = (small(), vec![first.clone()]);
        let film = film_of(&workspace, &run, name, FilmKind::Milestone, one);
        film.run();
        let problem = film.problem();
        let words = format!("{} {}", problem.what, problem.why.unwrap_or_default());
        assert_eq!(problem.code, code, "{words}");
        assert!(words.contains(said), "{words}");
        assert!(film.own_files().is_empty(), "nothing half-made is left");
    };
    let mut other: Value = serde_json::from_str(&whole).unwrap();
    other["version"] = json!(99);
    let stale = rechecked(&other);
    check("version", Some(&stale), "other_version", "version 99");
    let changed = whole.replacen("\"actions\":\"", "\"actions\":\"1", 1);
    check("changed", Some(&changed), "changed_recording", "checksum");
    check("cut", Some(&whole[..whole.len() / 2]), "changed_recording", "damaged");
    check("gone", None, "no_recording", "no such file");
}

/// The recording with a checksum that fits it again.
fn rechecked(recording: &Value) -> String {
    let text = recording.to_string();
    let same = text.replace(&format!("\"version\":{}", recording["version"]), "\"version\":1");
    let mut read: ::games::Recording = ::games::Recording::from_json(&same).unwrap();
    read.version = 99;
    read.to_json().unwrap()
}

/// A page of a game in play, without the server between.
struct Page(std::net::TcpStream);

impl Page {
    fn of(job: &Job) -> Self {
        let path = job.path().join("session.json");
        let address: api::SessionAddress = loop {
            match fs::read(&path) {
                Ok(text) => break serde_json::from_slice(&text).unwrap(),
                Err(_) => std::thread::yield_now(),
            }
        };
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", address.port)).unwrap();
        stream.write_all(address.token.as_bytes()).unwrap();
        Self(stream)
    }

    fn say(&mut self, message: &[u8]) {
        self.0.write_all(&(message.len() as u32).to_le_bytes()).unwrap();
        self.0.write_all(message).unwrap();
    }

    fn hear(&mut self) -> Vec<u8> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).unwrap();
        let mut message = vec![0; u32::from_le_bytes(length) as usize];
        self.0.read_exact(&mut message).unwrap();
        message
    }

    /// The next frame in which something is so.
    fn until(&mut self, is_so: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        (0..600).map(|_| self.hear()).find(|it| is_so(it)).expect("within ten seconds")
    }
}

#[test]
fn a_person_plays_with_an_agent() {
    let workspace = Workspace::new();
    let run = run_of(&workspace, "run-000001", &json!({}), 200);
    run.run();
    let agent = &episodes(&run)[0].agent.clone().unwrap();
    let task = api::PlayTask {
        game: None,
        agent: Some(PathBuf::from("../../runs/run-000001").join(agent)),
        agent_name: "Pole".into(),
    };
    let job = workspace.job("plays", "play-000001", Task::Play(task));
    std::thread::scope(|scope| {
        let playing = scope.spawn(|| job.run());
        let mut page = Page::of(&job);
        let hello = page.hear();
        let said: api::PlayHello = serde_json::from_slice(&hello[1..]).unwrap();
        assert_eq!(
            (hello[0], said.game.key.as_str(), said.agent),
            (1, "cartpole", Some("Pole".into()))
        );
        let n_pixels = (said.width * said.height) as usize;
        let frame = page.until(|it| it[0] == 2);
        assert_eq!(frame.len(), 8 + n_pixels + said.game.actions.len());
        assert_eq!(frame[1] & 2, 0, "the agent plays");
        // Always to the right: the pole falls, and the game stands until it begins anew.
        page.say(&[1, 1, 1]);
        let over = page.until(|it| it[1] & 1 == 1);
        assert_eq!((over[1] & 2, over[3]), (2, 1), "the person played");
        page.say(&[2]);
        page.until(|it| it[1] & 1 == 0);
        // In its place: the agent goes on when the hands have left the keys.
        page.say(&[1, 2, 0]);
        page.until(|it| it[1] & 2 == 2);
        page.say(&[1, 2, 255]);
        page.until(|it| it[1] & 2 == 0);
        // What no page says is left alone; a stranger gets nothing.
        page.say(&[9, 9]);
        page.say(&[]);
        let mut stranger = std::net::TcpStream::connect(page.0.peer_addr().unwrap()).unwrap();
        stranger.write_all(&[0; 32]).unwrap();
        assert_eq!(stranger.read(&mut [0; 8]).unwrap_or(0), 0);
        page.until(|it| it[0] == 2);
        fs::write(job.path().join("control.jsonl"), "{\"control\":\"stop\"}\n").unwrap();
        playing.join().unwrap();
    });
    assert_eq!(job.outcome(), Outcome::Done);
}

#[test]
fn agents_leave_as_safetensors_and_as_a_graph() {
    let workspace = Workspace::new();
    let run = run_of(&workspace, "run-000001", &json!({}), 200);
    run.run();
    let path = run.path().join(episodes(&run)[0].agent.clone().unwrap());
    let export = |name: &str, form: api::ExportForm| {
        let task = api::ExportTask {
            model: api::ModelPlace::File { path: path.clone() },
            form,
            prior: None,
        };
        let order = api::ExportOrder { task, model_name: "Pole".into(), known: None };
        let job = workspace.job("exports", name, Task::Export(order));
        job.run();
        job
    };
    let graph = export("one", api::ExportForm::Onnx { play: api::ExportedPlay::default() });
    assert_eq!(graph.outcome(), Outcome::Done, "{:?}", graph.events().last());
    let agent = models::open(&path).unwrap();
    let player = agent.as_player().unwrap();
    assert!(player.is_in_onnx(&graph.path().join("files/Pole.onnx")).unwrap());
    let weights = export("two", api::ExportForm::Safetensors);
    let again = models::open(&weights.path().join("files/Pole.safetensors")).unwrap();
    assert!(again.equals(agent.as_ref()));
    let module =
        export("three", api::ExportForm::Torchscript { play: api::ExportedPlay::default() });
    assert_eq!(module.problem().code, "no_such_form");
}
