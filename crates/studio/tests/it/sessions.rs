//! Sessions: which models play together, and that nothing which was recorded is ever lost.

use std::{fs, path::Path};

use api::{
    Id, JobKind, JobState, LiveWeights, Model, ModelPlace, NewMap, NewModel, NewSession,
    RecipeSource, Sound, SoundCard, Task,
};
use studio::Error;

use crate::{
    stage::Stage,
    worker::live::{N_SAMPLES, wav},
};

fn new(models: &[&Model]) -> NewSession {
    NewSession {
        models: models.iter().map(|it| it.id.clone()).collect(),
        weights: LiveWeights::default(),
        seed: 3,
        has_noise: true,
    }
}

fn begin(stage: &Stage, model: &Model) -> Id {
    stage.studio.create_session(&new(&[model])).unwrap().id
}

/// The library of sounds by name, in the order of names.
fn sounds(stage: &Stage) -> Vec<Sound> {
    let mut sounds = stage.studio.sounds().unwrap();
    sounds.sort_by(|a, b| a.card.name.cmp(&b.card.name));
    sounds
}

fn names(stage: &Stage) -> Vec<String> {
    sounds(stage).into_iter().map(|it| it.card.name).collect()
}

fn wait_ended(stage: &Stage, id: &Id) {
    stage.wait_state(id, |state| {
        !matches!(state, JobState::Queued { .. } | JobState::Running { .. })
    });
}

#[test]
fn a_session_freezes_what_it_plays() {
    let stage = Stage::new();
    let model = stage.model_named("Voice stays");
    let dataset = model.lineage.clone().unwrap().dataset.unwrap();
    let map = NewMap { model: model.id.clone(), dataset: Some(dataset) };
    let map = stage.studio.create_map(map).unwrap().id;
    stage.wait_done(&map);
    let id = begin(&stage, &model);
    stage.wait_running(&id);
    assert_eq!(stage.studio.job(&id).unwrap().name, "Playing Voice stays");
    let order = fs::read(stage.job_folder("sessions", &id).join("job.json")).unwrap();
    let order: api::Order = serde_json::from_slice(&order).unwrap();
    let Task::Session(task) = order.task else { panic!("{order:?}") };
    assert_eq!(task.models[0].sha256, model.sha256);
    assert_eq!(task.models[0].place, ModelPlace::Library { id: model.id.clone() });
    assert_eq!((task.deviations, task.seed), (vec![2.0, 0.5], 3));
    stage.until(|| stage.studio.session(&id).unwrap().is_some()).unwrap();
    // A model may go while it plays; a new session of it is refused in words.
    stage.studio.delete_model(&model.id).unwrap();
    assert!(matches!(stage.state(&id), JobState::Running { .. }));
    let refused = stage.studio.create_session(&new(&[&model])).unwrap_err();
    assert!(matches!(refused, Error::NotFound { what: "model", .. }), "{refused:?}");
    stage.studio.cancel_job(&id).unwrap();
    stage.wait_state(&id, |state| matches!(state, JobState::Stopped { .. }));
    assert_eq!(stage.studio.session(&id).unwrap(), None);
}

#[test]
fn models_that_cannot_play_together_are_refused() {
    let stage = Stage::new();
    let mono = stage.model();
    let run = mono.lineage.clone().unwrap().run;
    let add = |name: &str| {
        let name = Some(name.to_owned());
        stage.studio.add_model(NewModel { run: run.clone(), step: None, name }).unwrap()
    };
    let (stereo, agent, other) = (add("stereo"), add("agent"), add("Other"));
    let check = |models: &[&Model], expected: &str| match stage.studio.create_session(&new(models))
    {
        Err(Error::Invalid { key: "models", message }) => {
            assert!(message.contains(expected), "{message}");
        }
        found => panic!("{expected}: {found:?}"),
    };
    check(&[], "choose a model");
    check(&[&mono, &stereo], "8000 Hz, stereo");
    check(&[&agent], "does not turn sound into latents");
    check(&[&mono, &mono], "only once");
    check(&[&mono, &other, &add("c"), &add("d"), &add("e")], "at most 4");
    assert!(stage.studio.all_jobs(Some(JobKind::Session)).unwrap().is_empty());
    stage.studio.create_session(&new(&[&mono, &other])).unwrap();
}

#[test]
fn what_is_recorded_becomes_a_sound_at_once_and_only_once() {
    let mut stage = Stage::new();
    let model = stage.model_named("records lies stays");
    let id = begin(&stage, &model);
    stage.until(|| stage.studio.sounds().unwrap().len() == 1).unwrap();
    assert!(matches!(stage.state(&id), JobState::Running { .. }));
    let sound = sounds(&stage).remove(0);
    assert_eq!((sound.card.name.as_str(), sound.card.facts.n_samples), ("Take 1", N_SAMPLES));
    // Its recipe names the files in its own folder.
    let recipe = stage.studio.sound_recipe(&sound.id).unwrap();
    let RecipeSource::Performance { input, moves } = recipe.source else { panic!() };
    assert!(input.starts_with(&sound.folder) && input.is_file() && moves.is_file(), "{input:?}");
    stage.studio.cancel_job(&id).unwrap();
    wait_ended(&stage, &id);
    assert_eq!(names(&stage), ["Take 1"]);
    // One that was deleted does not come back with its session.
    stage.studio.delete_sound(&sound.id).unwrap();
    stage.studio.delete_from_trash("sounds", &sound.id).unwrap();
    stage.rebuild();
    stage.studio.delete_job(&id).unwrap();
    assert!(names(&stage).is_empty());
    assert!(!stage.job_folder("sessions", &id).exists());
}

#[test]
fn what_a_killed_session_has_recorded_is_kept() {
    let stage = Stage::new();
    let model = stage.model_named("records silently cut killed");
    let id = begin(&stage, &model);
    stage.wait_state(&id, |state| matches!(state, JobState::Interrupted { .. }));
    let all = sounds(&stage);
    let found: Vec<_> = all.iter().map(|it| it.card.name.as_str()).collect();
    assert_eq!(found, ["Playing records silently cut killed 4", "Take 1", "Take 2", "Take 3"]);
    for sound in &all {
        let facts = &sound.card.facts;
        assert_eq!((facts.n_samples, facts.rate_hz, facts.channels), (N_SAMPLES, 8000, 1));
        assert_eq!(sound.card.recipe.models[0].sha256, model.sha256);
        // Its header says how long it is, too.
        let file = stage.studio.sound_file(&sound.id, SoundCard::SOUND).unwrap();
        assert_eq!(fs::read(file).unwrap(), wav(N_SAMPLES, N_SAMPLES), "{}", sound.card.name);
        assert!(stage.studio.sound_file(&sound.id, "input.wav").is_ok());
        stage.studio.sound_peaks(&sound.id).unwrap();
    }
}

#[test]
fn what_was_recorded_while_no_studio_was_there_is_taken_when_one_comes() {
    let mut stage = Stage::new();
    let model = stage.model_named("records");
    let id = begin(&stage, &model);
    wait_ended(&stage, &id);
    assert_eq!(names(&stage), ["Take 1"]);
    let recordings = stage.job_folder("sessions", &id).join("recordings");
    let later = |from: &str, to: &str| copy(&recordings.join(from), &recordings.join(to));
    stage.studio.close();
    later("0001", "0002");
    stage.reopen();
    assert_eq!(names(&stage), ["Take 1", "Take 1"]);
    stage.studio.close();
    later("0001", "0003");
    // The word that the first was taken got lost with its studio; the sound itself says so.
    fs::remove_file(recordings.join("0001/taken.json")).unwrap();
    stage.rebuild();
    assert_eq!(names(&stage).len(), 3);
    assert!(recordings.join("0001/taken.json").exists());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        if entry.file_name() != "taken.json" {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_session_that_goes_leaves_its_recordings() {
    let stage = Stage::new();
    // Deleted while it plays, before anybody was told of its recording.
    let model = stage.model_named("silently stays");
    let id = begin(&stage, &model);
    stage.wait_running(&id);
    assert!(names(&stage).is_empty());
    stage.studio.delete_job(&id).unwrap();
    stage.until(|| stage.studio.job(&id).is_err()).unwrap();
    assert_eq!(names(&stage), ["Take 2"]);
    assert!(!stage.job_folder("sessions", &id).exists());
    // Only the newest are kept.
    let model = stage.studio.rename_model(&model.id, "silently").unwrap();
    for n in 2..=7 {
        let id = begin(&stage, &model);
        wait_ended(&stage, &id);
        assert_eq!(names(&stage).len(), n);
        assert!(stage.studio.all_jobs(Some(JobKind::Session)).unwrap().len() <= 4);
    }
}
