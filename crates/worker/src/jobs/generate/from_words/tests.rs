//! A job with a model that fails, and one that is stopped.

use std::{fs, path::Path};

use api::{GenerateTask, Id, NewGeneration, Order, SoundCard, Task, seed_of};
use models::words::Abilities;
use serde_json::json;

use super::*;
use crate::stop::StopFlag;

/// A model that makes silence in ten steps, and cannot for some seeds.
struct Fake {
    abilities: Abilities,
    failing: Vec<u64>,
    /// The seed of the sound in whose fourth step the job is told to stop, and how it is told.
    stopping: Option<(u64, StopFlag)>,
}

impl Fake {
    fn new(failing: Vec<u64>) -> Self {
        let abilities = Abilities {
            rate_hz: 8_000,
            n_channels: 1,
            max_secs: 10.0,
            steps: None,
            guidance: 1.0,
            takes_negative: false,
            begins: vec![],
            writes_codes: false,
            takes_adapters: false,
            max_tokens: 10,
        };
        Self { abilities, failing, stopping: None }
    }
}

impl TextToAudio for Fake {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn weight_bytes(&self) -> u64 {
        0
    }

    fn sound_bytes(&self, _: &Wish) -> u64 {
        0
    }

    fn make(
        &self,
        wish: &Wish,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Option<MadeSound>, models::Error> {
        if self.failing.contains(&wish.seed) {
            return Err(models::Error::Unfit { reason: "this seed is unlucky".to_owned() });
        }
        for done in 0..10 {
            match &self.stopping {
                Some((seed, flag)) if *seed == wish.seed && done == 3 => flag.raise(),
                _ => {}
            }
            assert!(self.stopping.as_ref().is_none_or(|it| it.0 != wish.seed) || done < 4);
            if watch(Step { done, of: 10 }).is_break() {
                return Ok(None);
            }
        }
        let notes = vec!["A note.".to_owned()];
        Ok(Some(MadeSound { sound: vec![vec![0.1; 4_000]], codes: None, notes }))
    }
}

/// A job for some sounds, in a folder of its own.
fn job(home: &Path, count: u32) -> (JobFolder, Plan, Recipe) {
    let recipe: Recipe = serde_json::from_value(json!({
        "models": [], "seed": 5, "secs": 0.5, "format": "int16",
        "source": { "from": "words", "prompts": [{ "text": "rain" }] },
    }))
    .unwrap();
    let asked: NewGeneration =
        serde_json::from_value(json!({ "recipe": recipe, "count": count })).unwrap();
    let id: Id = "job-000001".parse().unwrap();
    let folder = home.join("job-000001");
    fs::create_dir_all(folder.join(GENERATED)).unwrap();
    let order = Order {
        format: Order::FORMAT,
        id,
        name: "rain".into(),
        created_ms: 1,
        version: "0".into(),
        task: Task::Generate(GenerateTask { asked: Box::new(asked.clone()), needs_bytes: None }),
    };
    fs::write(folder.join("job.json"), serde_json::to_vec(&order).unwrap()).unwrap();
    let folder = JobFolder::take(&folder).unwrap();
    let plan = Plan::of(folder.path(), &asked).unwrap();
    (folder, plan, recipe)
}

fn made(folder: &mut JobFolder, plan: &Plan, fake: Fake) -> anyhow::Result<Outcome> {
    let named = RecipeModel::at(ModelPlace::Library { id: "fake-000001".parse().unwrap() }, "fake");
    let (name, model) = ("rain".to_owned(), Box::new(fake));
    let mut making = Making { folder, model, named, name, n_done: 0, meter: None, told: vec![] };
    make_all(&mut making, plan, (1..=plan.n_sounds()).collect())
}

fn numbers(folder: &JobFolder) -> Vec<String> {
    let made = fs::read_dir(folder.path().join(GENERATED)).into_iter().flatten();
    let mut names: Vec<String> =
        made.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn events(folder: &JobFolder) -> String {
    fs::read_to_string(folder.path().join("events.jsonl")).unwrap()
}

#[test]
fn a_sound_that_fails_does_not_stop_the_others() {
    let home = tempfile::tempdir().unwrap();
    let (mut folder, plan, recipe) = job(home.path(), 4);
    let fake = Fake::new(vec![seed_of(recipe.seed, 2)]);
    assert_eq!(made(&mut folder, &plan, fake).unwrap(), Outcome::Done);
    assert_eq!(numbers(&folder), ["0001", "0003", "0004"]);
    let events = events(&folder);
    assert!(events.contains("sound 2") && events.contains("this seed is unlucky"), "{events}");
    // What a model says of each sound is said once.
    assert_eq!(events.matches("A note.").count(), 1);
    let card = fs::read(folder.path().join(GENERATED).join("0003").join(SoundCard::CARD)).unwrap();
    let card: SoundCard = serde_json::from_slice(&card).unwrap();
    assert_eq!(card.recipe.seed, seed_of(recipe.seed, 3));
}

#[test]
fn a_job_of_which_every_sound_fails_fails() {
    let home = tempfile::tempdir().unwrap();
    let (mut folder, plan, recipe) = job(home.path(), 2);
    let fake = Fake::new((1..=2).map(|it| seed_of(recipe.seed, it)).collect());
    let error = made(&mut folder, &plan, fake).unwrap_err();
    let problem = &error.downcast_ref::<Refused>().unwrap().0;
    assert!(problem.why.as_ref().unwrap().contains("this seed is unlucky"), "{problem:?}");
    assert!(numbers(&folder).is_empty());
}

#[test]
fn a_job_that_is_stopped_ends_within_a_step_and_keeps_what_is_made() {
    let home = tempfile::tempdir().unwrap();
    let (mut folder, plan, recipe) = job(home.path(), 3);
    let stopping = Some((seed_of(recipe.seed, 2), folder.stop_flag().clone()));
    let fake = Fake { stopping, ..Fake::new(vec![]) };
    assert_eq!(made(&mut folder, &plan, fake).unwrap(), Outcome::Stopped);
    assert_eq!(numbers(&folder), ["0001"]);
}
