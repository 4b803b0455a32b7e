//! The library of sounds: what is kept, what is said of it, and that the folders are the truth.

use std::{
    fs,
    io::Cursor,
    time::{Duration, Instant},
};

use api::{
    Id, NewGeneration, NewProject, NewSound, ProjectItem, Recipe, RecipeModel, RecipeSource,
    RunDefaults, SampleFormat, SoundCard, SoundChange,
};
use studio::Error;

use crate::{stage::Stage, worker::live};

pub(crate) fn recipe(model: &Id, source: RecipeSource) -> Recipe {
    Recipe {
        models: vec![RecipeModel::at(api::ModelPlace::Library { id: model.clone() }, "")],
        source,
        controls: std::collections::BTreeMap::new(),
        deviations: Vec::new(),
        seed: 1,
        secs: Some(2.0),
        variation: None,
        loudness_lufs: None,
        finish: api::Finish::default(),
        format: SampleFormat::Int16,
    }
}

pub(crate) fn walk() -> RecipeSource {
    RecipeSource::Walk { speed_hz: 1.0, range: 1.0, start: Vec::new() }
}

/// A generation of some sounds that is done.
pub(crate) fn generation(stage: &Stage, model: &Id, count: u32) -> Id {
    let new = NewGeneration {
        name: Some("Bells".to_owned()),
        recipe: recipe(model, walk()),
        count,
        vary: 0.0,
        inputs: Vec::new(),
        folder: None,
    };
    let id = stage.studio.create_generation(new).unwrap().id;
    stage.wait_done(&id);
    id
}

pub(crate) fn kept(job: &Id, path: &str) -> NewSound {
    NewSound { job: job.clone(), path: path.to_owned(), name: None }
}

#[test]
fn a_sound_is_kept_named_marked_deleted_and_comes_back() {
    let mut stage = Stage::new();
    let job = generation(&stage, &stage.model().id, 3);
    let first = stage.studio.create_sound(kept(&job, "sounds/0001")).unwrap();
    let named = NewSound { name: Some(" Best ".to_owned()), ..kept(&job, "sounds/0002") };
    let second = stage.studio.create_sound(named).unwrap();
    assert_eq!((first.card.name.as_str(), second.card.name.as_str()), ("Bells 1", "Best"));
    // Asked for again, also by another way, it is the same.
    for path in ["sounds/0001", "sounds//0001/", "sounds/./0001"] {
        assert_eq!(stage.studio.create_sound(kept(&job, path)).unwrap().id, first.id, "{path}");
    }
    let change = SoundChange {
        name: Some("First".to_owned()),
        is_favourite: Some(true),
        tags: Some(vec![" dark".to_owned(), "dark".to_owned(), String::new(), "long".to_owned()]),
    };
    let changed = stage.studio.change_sound(&first.id, &change).unwrap();
    assert_eq!((changed.card.name.as_str(), changed.is_favourite), ("First", true));
    assert_eq!(changed.tags, ["dark", "long"]);
    let before = stage.studio.sounds().unwrap();
    stage.reopen();
    assert_eq!(stage.studio.sounds().unwrap(), before);
    stage.rebuild();
    assert_eq!(stage.studio.sounds().unwrap(), before);
    // What is thrown away there stays here, down to its samples.
    stage.studio.discard_generated(&job, 1).unwrap();
    let file = stage.studio.sound_file(&first.id, SoundCard::SOUND).unwrap();
    assert_eq!(fs::read(file).unwrap(), live::wav(live::N_SAMPLES, live::N_SAMPLES));
    let peaks = stage.studio.sound_peaks(&first.id).unwrap();
    assert_eq!((peaks.min, peaks.max), (vec![-16, -32, 0, 1], vec![16, 32, 0, 2]));
    stage.studio.delete_sound(&first.id).unwrap();
    assert!(matches!(stage.studio.sound(&first.id), Err(Error::NotFound { .. })));
    assert!(matches!(stage.studio.sound_file(&first.id, "sound.wav"), Err(Error::NotFound { .. })));
    assert_eq!(stage.studio.trash().unwrap()[0].list, "sounds");
    stage.rebuild();
    stage.studio.restore_from_trash("sounds", &first.id).unwrap();
    assert_eq!(stage.studio.sound(&first.id).unwrap(), changed);
    // Kept again from where it came from, one in the trash comes back instead of a second one.
    stage.studio.delete_sound(&second.id).unwrap();
    assert_eq!(stage.studio.create_sound(kept(&job, "sounds/0002")).unwrap(), second);
    // It outlives its generation.
    stage.studio.discard_job(&job).unwrap();
    stage.rebuild();
    assert_eq!(stage.studio.sounds().unwrap().len(), 2);
}

#[test]
fn what_is_no_sound_is_not_kept() {
    let stage = Stage::new();
    let model = stage.model();
    let job = generation(&stage, &model.id, 1);
    let outside = stage.workspace().join("secret");
    live::sound(&outside, "Secret", &recipe(&model.id, walk()), 1);
    let folder = stage.job_folder("generations", &job);
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside, folder.join("sounds/0009")).unwrap();
    for path in
        ["", ".", "..", "sounds", "sounds/0002", "sounds/0009", "/etc", "../../../secret", "a\0"]
    {
        let refused = stage.studio.create_sound(kept(&job, path));
        assert!(
            matches!(refused, Err(Error::NotFound { what: "sound", .. })),
            "{path}: {refused:?}"
        );
    }
    let run = model.lineage.unwrap().run;
    let refused = stage.studio.create_sound(kept(&run, "sounds/0001"));
    assert!(matches!(refused, Err(Error::Invalid { key: "job", .. })), "{refused:?}");
    let bad = |name: &str| NewSound { name: Some(name.to_owned()), ..kept(&job, "sounds/0001") };
    for name in ["", "a\u{7}", "a\u{202e}b"] {
        let refused = stage.studio.create_sound(bad(name));
        assert!(matches!(refused, Err(Error::Invalid { key: "name", .. })), "{refused:?}");
    }
    fs::write(folder.join("sounds/0001/sound.json"), "{").unwrap();
    assert!(stage.studio.create_sound(kept(&job, "sounds/0001")).is_err());
    assert!(stage.studio.sounds().unwrap().is_empty());
    assert_eq!(fs::read_dir(stage.workspace().join("projects/default/sounds")).unwrap().count(), 0);
    let tags = |tags: Vec<String>| SoundChange { tags: Some(tags), ..SoundChange::default() };
    let job = generation(&stage, &model.id, 1);
    let id = stage.studio.create_sound(kept(&job, "sounds/0001")).unwrap().id;
    for bad in
        [vec!["x".repeat(61)], vec!["\n".to_owned()], (0..51).map(|i| i.to_string()).collect()]
    {
        let refused = stage.studio.change_sound(&id, &tags(bad));
        let is_line_end = matches!(refused, Ok(ref it) if it.tags.is_empty());
        assert!(
            is_line_end || matches!(refused, Err(Error::Invalid { key: "tags", .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn sounds_move_between_projects_and_leave_in_archives() {
    let stage = Stage::new();
    let model = stage.model();
    let job = generation(&stage, &model.id, 1);
    let sound = stage.studio.create_sound(kept(&job, "sounds/0001")).unwrap();
    let new = NewProject { name: "Drums".to_owned(), defaults: RunDefaults::default() };
    let project = stage.studio.create_project(new).unwrap().id;
    let item = |list: &str, id: &Id| ProjectItem { list: list.to_owned(), id: id.clone() };
    stage.studio.move_to_project(&project, &item("sounds", &sound.id)).unwrap();
    stage.studio.move_to_project(&project, &item("generations", &job)).unwrap();
    let here = stage.studio.in_project(Some(&project)).unwrap();
    assert_eq!(here.sounds().unwrap().len(), 1);
    assert_eq!(here.generations().unwrap().len(), 1);
    let mut archive = Vec::new();
    stage.studio.write_archive(&project, &mut archive).unwrap();
    // Read beside its original, everything gets an identifier of its own, and still belongs together.
    let copy = stage.studio.read_archive(Some("Copy"), Cursor::new(archive)).unwrap().id;
    let there = stage.studio.in_project(Some(&copy)).unwrap();
    let (copied, generation) = (there.sounds().unwrap(), there.generations().unwrap());
    assert_ne!(copied[0].id, sound.id);
    assert_eq!(copied[0].card, sound.card);
    let made = there.generated_sounds(&generation[0].id, 0, 10).unwrap();
    assert_eq!(made[0].kept_as.as_ref(), Some(&copied[0].id));
    assert_eq!(
        there.create_sound(kept(&generation[0].id, "sounds/0001")).unwrap().id,
        copied[0].id
    );
}

#[test]
fn a_thousand_sounds_are_listed_quickly() {
    let mut stage = Stage::new();
    let model = stage.model();
    stage.studio.close();
    let shelf = stage.workspace().join("projects/default/sounds");
    let long = RecipeSource::Trajectory { frames: vec![vec![0.5; 8]; 1000], rate_hz: 50.0 };
    for i in 0..1000 {
        let source = if i % 10 == 0 { long.clone() } else { walk() };
        live::sound(
            &shelf.join(format!("sound-{i:06}")),
            &i.to_string(),
            &recipe(&model.id, source),
            i,
        );
    }
    let began = Instant::now();
    stage.reopen();
    println!("read 1,000 sounds in: {:?}", began.elapsed());
    let began = Instant::now();
    let sounds = stage.studio.sounds().unwrap();
    let took = began.elapsed();
    let bytes = serde_json::to_vec(&sounds).unwrap().len();
    println!("list 1,000 sounds: {took:?}, {bytes} bytes");
    assert_eq!(sounds.len(), 1000);
    assert!(took < Duration::from_millis(500) && bytes < 2_000_000, "{took:?}, {bytes}");
    // Lists leave long trajectories out; the sound itself has its own.
    let id = "sound-000010".parse().unwrap();
    let RecipeSource::Trajectory { frames, .. } = stage.studio.sound_recipe(&id).unwrap().source
    else {
        panic!("another source")
    };
    assert_eq!(frames.len(), 1000);
}
