//! Generations: what a recipe may ask for, and what becomes of the sounds that were made.

use std::{collections::BTreeMap, fs};

use api::{
    BlendSound, BlendSource, BlendWay, Id, JobState, ModelPlace, NewGeneration, Recipe,
    RecipeSource, SoundPlace, Way,
};
use studio::Error;

use crate::{
    sounds::{generation, kept, recipe, walk},
    stage::Stage,
};

fn new(recipe: Recipe) -> NewGeneration {
    NewGeneration { name: None, recipe, count: 1, vary: 0.0, inputs: Vec::new(), folder: None }
}

#[test]
fn sounds_are_listed_kept_and_thrown_away() {
    let mut stage = Stage::new();
    let id = generation(&stage, &stage.model().id, 5);
    let found = stage.studio.generation(&id).unwrap();
    assert_eq!((found.name.as_str(), found.n_sounds, found.n_made), ("Bells", Some(5), 5));
    assert_eq!(found.notes, ["a.wav: It is damaged."]);
    let numbers = |after: u32, limit: usize| -> Vec<u32> {
        let sounds = stage.studio.generated_sounds(&id, after, limit).unwrap();
        sounds.into_iter().map(|it| it.number).collect()
    };
    assert_eq!(numbers(0, 2), [1, 2]);
    assert_eq!(numbers(2, 2), [3, 4]);
    assert_eq!(numbers(4, 100), [5]);
    assert_eq!(numbers(5, 100), [] as [u32; 0]);
    assert_eq!(numbers(u32::MAX, 100), [] as [u32; 0]);
    let sound = stage.studio.create_sound(kept(&id, "sounds/0002")).unwrap();
    stage.studio.discard_generated(&id, 2).unwrap();
    stage.studio.discard_generated(&id, 3).unwrap();
    stage.rebuild();
    let sounds = stage.studio.generated_sounds(&id, 0, 100).unwrap();
    let state: Vec<_> = sounds.iter().map(|it| (it.is_gone, it.kept_as.clone())).collect();
    let gone = |kept_as: Option<Id>| (true, kept_as);
    let there = (false, None);
    let expected = [there.clone(), gone(Some(sound.id)), gone(None), there.clone(), there];
    assert_eq!(state, expected);
    for number in [0, 6, u32::MAX] {
        let missing = stage.studio.discard_generated(&id, number);
        assert!(matches!(missing, Err(Error::NotFound { what: "sound", .. })), "{missing:?}");
    }
    let peaks = stage.studio.generated_peaks(&id, 1).unwrap();
    assert_eq!((peaks.n_samples, peaks.min.len()), (1000, 4));
    let gone = stage.studio.create_sound(kept(&id, "sounds/0003"));
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    let renamed = stage.studio.rename_generation(&id, "Gongs").unwrap();
    assert_eq!(renamed.name, "Gongs");
    stage.studio.delete_job(&id).unwrap();
    assert!(stage.studio.generations().unwrap().is_empty());
    stage.studio.restore_job(&id).unwrap();
    assert_eq!(stage.studio.generations().unwrap(), [renamed]);
}

#[test]
fn one_that_is_stopped_keeps_its_sounds_and_goes_on() {
    let stage = Stage::new();
    let model = stage.model();
    let asked =
        NewGeneration { name: Some("slow".to_owned()), count: 4, ..new(recipe(&model.id, walk())) };
    let id = stage.studio.create_generation(asked).unwrap().id;
    stage.until(|| stage.studio.generation(&id).unwrap().n_made == 2).unwrap();
    assert_eq!(stage.studio.generation(&id).unwrap().n_sounds, Some(4));
    let in_use = stage.studio.delete_model(&model.id).unwrap_err();
    assert!(in_use.to_string().contains("in use by the generation “slow”"), "{in_use}");
    stage.studio.cancel_job(&id).unwrap();
    stage.wait_state(&id, |state| matches!(state, JobState::Stopped { .. }));
    assert_eq!(stage.studio.generation(&id).unwrap().n_made, 2);
    stage.studio.restart_job(&id).unwrap();
    stage.wait_done(&id);
    assert_eq!(stage.studio.generation(&id).unwrap().n_made, 4);
}

#[test]
fn a_recipe_is_frozen_and_finds_its_weights_again() {
    let stage = Stage::new();
    let model = stage.model();
    let id = generation(&stage, &model.id, 1);
    let frozen = stage.studio.generation(&id).unwrap().asked.recipe;
    assert_eq!(frozen.models[0].sha256, model.sha256);
    assert_eq!(frozen.models[0].name, model.name);
    // The same weights under another identifier are as good.
    let run = model.lineage.clone().unwrap().run;
    let twin = api::NewModel { run, step: None, name: Some("Twin".to_owned()) };
    let twin = stage.studio.add_model(twin).unwrap();
    stage.studio.delete_model(&model.id).unwrap();
    let again = stage.studio.create_generation(new(frozen.clone())).unwrap();
    let place = ModelPlace::Library { id: twin.id.clone() };
    assert_eq!(again.asked.recipe.models[0].place, place);
    assert_eq!(again.name, "Twin walk");
    // Other weights are not.
    let mut other = frozen;
    other.models[0].place = ModelPlace::Library { id: twin.id };
    other.models[0].sha256 = "0".repeat(64);
    let refused = stage.studio.create_generation(new(other)).unwrap_err();
    assert!(matches!(refused, Error::Invalid { key: "recipe", .. }), "{refused:?}");
}

#[test]
fn what_no_recipe_can_be_is_refused() {
    let stage = Stage::new();
    let model = stage.model();
    let good = || new(recipe(&model.id, walk()));
    let check = |expected: &str, new: NewGeneration| match stage
        .studio
        .create_generation(new)
        .map(|it| it.asked)
    {
        Err(Error::Invalid { key, .. }) => assert_eq!(key, expected),
        found => panic!("{expected}: {found:?}"),
    };
    let of = |source: RecipeSource| new(recipe(&model.id, source));
    let with = |change: &dyn Fn(&mut Recipe)| {
        let mut new = good();
        change(&mut new.recipe);
        new
    };
    check("count", NewGeneration { count: 0, ..good() });
    check("count", NewGeneration { count: 1001, ..good() });
    check("vary", NewGeneration { vary: f64::NAN, ..good() });
    check("name", NewGeneration { name: Some("\u{7}".to_owned()), ..good() });
    check("models", with(&|it| it.models.clear()));
    check("models", with(&|it| it.models = vec![it.models[0].clone(); 5]));
    check("secs", with(&|it| it.secs = Some(600.1)));
    check("secs", with(&|it| it.secs = Some(f64::INFINITY)));
    check("secs", with(&|it| it.secs = Some(0.0)));
    check("secs", with(&|it| it.secs = None));
    check("count", NewGeneration { count: 200, ..with(&|it| it.secs = Some(600.0)) });
    check("seed", with(&|it| it.seed = u64::MAX));
    check("loudness_lufs", with(&|it| it.loudness_lufs = Some(f64::NAN)));
    check("deviations", with(&|it| it.deviations = vec![f32::NAN]));
    let control =
        |key: &str, value: f64| with(&|it| it.controls = BTreeMap::from([(key.to_owned(), value)]));
    check("controls", control("wett", 1.0));
    check("controls", control("wet", 1.5));
    check("controls", control("wet", f64::NAN));
    check("controls", control("z65.bias", 0.0));
    check("controls", control("z1.bias", 5.0));
    let path =
        |points: Vec<Vec<f32>>| RecipeSource::Path { points, way: Way::Linear, is_closed: false };
    check("points", of(path(Vec::new())));
    check("points", of(path(vec![vec![f32::NAN]])));
    check("points", of(path(vec![vec![0.0; 65]])));
    check("points", of(path(vec![vec![1e9]])));
    let frames = |frames, rate_hz| of(RecipeSource::Trajectory { frames, rate_hz });
    check("frames", frames(Vec::new(), 50.0));
    check("rate_hz", frames(vec![vec![0.0]], 0.0));
    check("rate_hz", frames(vec![vec![0.0]], f64::NAN));
    let range = RecipeSource::Walk { speed_hz: 1.0, range: 4.0, start: Vec::new() };
    check("range", of(range));
    check(
        "inputs",
        NewGeneration { inputs: vec![SoundPlace::File { path: "/x".into() }], ..good() },
    );
    let sound = |sound: SoundPlace| of(RecipeSource::Sound { sound, transposes_to_model: false });
    check("path", sound(SoundPlace::File { path: "x.wav".into() }));
    check("path", sound(SoundPlace::File { path: stage.workspace() }));
    let folder = |folder: &str| NewGeneration {
        folder: Some(folder.to_owned()),
        ..sound(SoundPlace::File { path: "/".into() })
    };
    check("folder", folder("sounds"));
    let missing = |new: NewGeneration| {
        let refused = stage.studio.create_generation(new);
        let is_missing = match &refused {
            Err(Error::NotFound { .. }) => true,
            Err(Error::Io { source, .. }) => source.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        };
        assert!(is_missing, "{refused:?}");
    };
    let nobody: Id = "nobody-000001".parse().unwrap();
    missing(with(&|it| it.models[0].place = ModelPlace::Library { id: nobody.clone() }));
    missing(with(&|it| it.models[0].place = ModelPlace::File { path: "/nowhere".into() }));
    missing(folder("/nowhere"));
    missing(sound(SoundPlace::Library { id: nobody.clone() }));
    missing(sound(SoundPlace::Dataset { dataset: nobody.clone(), idx: 0 }));
    let dataset = model.lineage.clone().unwrap().dataset.unwrap();
    missing(sound(SoundPlace::Dataset { dataset: dataset.clone(), idx: 99 }));
    missing(sound(SoundPlace::Generation { id: nobody.clone(), number: 1 }));
    missing(sound(SoundPlace::Upload { upload: nobody }));
    assert!(stage.studio.generations().unwrap().is_empty());
    let shelf = stage.workspace().join("projects/default/generations");
    assert_eq!(fs::read_dir(shelf).unwrap().count(), 0);
    // And what is right is taken.
    let batch = NewGeneration {
        inputs: vec![SoundPlace::Dataset { dataset: dataset.clone(), idx: 0 }; 3],
        count: 2,
        ..sound(SoundPlace::Dataset { dataset, idx: 0 })
    };
    let batch = stage.studio.create_generation(batch).unwrap();
    assert_eq!((batch.n_sounds, batch.name.contains("3 sounds through")), (Some(6), true));
}

#[test]
fn blends_take_a_model_only_where_latents_are_blended() {
    let stage = Stage::new();
    let model = stage.model().id;
    let sound = stage.folder.path().join("a.wav");
    fs::write(&sound, "a").unwrap();
    let blend = |way: BlendWay, n_models: usize, weights: &[f64]| {
        let sounds = weights.iter().map(|weight| BlendSound {
            sound: SoundPlace::File { path: sound.clone() },
            weight: *weight,
        });
        let source = BlendSource { sounds: sounds.collect(), way, ..BlendSource::default() };
        let source = BlendSource { grain_secs: 0.1, ..source };
        let mut recipe = recipe(&model, RecipeSource::Blend(source));
        let own = recipe.models.remove(0);
        recipe.models = vec![own; n_models];
        stage.studio.create_generation(new(recipe))
    };
    for way in [BlendWay::Latents, BlendWay::Path] {
        let made = blend(way, 1, &[1.0, 0.5]).unwrap();
        assert_eq!(made.name.split(' ').next(), Some("Blend"));
        stage.wait_done(&made.id);
        for n in [0, 2] {
            assert!(matches!(blend(way, n, &[1.0]), Err(Error::Invalid { key: "models", .. })));
        }
    }
    for way in [BlendWay::Grains, BlendWay::Spectra, BlendWay::Layers] {
        stage.wait_done(&blend(way, 0, &[1.0]).unwrap().id);
        assert!(matches!(blend(way, 1, &[1.0]), Err(Error::Invalid { key: "models", .. })));
    }
    let check = |weights: &[f64], key: &str| {
        let refused = blend(BlendWay::Grains, 0, weights).unwrap_err();
        assert!(matches!(refused, Error::Invalid { key: it, .. } if it == key), "{refused:?}");
    };
    check(&[], "sounds");
    check(&[1.0; 17], "sounds");
    check(&[0.0, 0.0], "weight");
    check(&[-1.0], "weight");
}
