//! What the worker for tests does of sessions, generations and maps: it writes what real ones write, and no sound.

use api::{
    DirectionSpread, GenerateTask, LatentMap, MapTask, MappedSound, Problem, Recipe, RecipeSource,
    SampleFormat, SessionAddress, SessionTask, SoundCard, SoundFacts,
};

use super::*;

/// Samples of every sound here.
pub(crate) const N_SAMPLES: u64 = 1000;

/// A recording: whole; with a header and a card that are behind; or without a card.
#[derive(Clone, Copy, PartialEq)]
enum Written {
    Whole,
    Behind,
    Bare,
}

/// A mono WAV file of 16 bits, and what its header says of its samples.
pub(crate) fn wav(n_samples: u64, said: u64) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + 2 * said as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend([1, 0, 1, 0]);
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(16_000_u32.to_le_bytes());
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend((2 * said as u32).to_le_bytes());
    bytes.extend(vec![3; 2 * n_samples as usize]);
    bytes
}

/// A sound's folder.
pub(crate) fn sound(folder: &Path, name: &str, recipe: &Recipe, number: u32) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(SoundCard::SOUND), wav(N_SAMPLES, N_SAMPLES)).unwrap();
    fs::write(folder.join(SoundCard::PEAKS), [0xf0, 0x10, 0xe0, 0x20, 0, 0, 1, 2]).unwrap();
    let facts = SoundFacts {
        rate_hz: 8000,
        channels: 1,
        n_samples: N_SAMPLES,
        peak_db: Some(-6.0),
        loudness_lufs: None,
        sha256: format!("{number:064}"),
    };
    write_card(folder, name, recipe, facts);
}

fn write_card(folder: &Path, name: &str, recipe: &Recipe, facts: SoundFacts) {
    let card = SoundCard {
        format: SoundCard::FORMAT,
        name: name.to_owned(),
        created_ms: 5,
        version: "test".to_owned(),
        recipe: recipe.clone(),
        facts,
        parts: vec![],
    };
    fs::write(folder.join(SoundCard::CARD), serde_json::to_vec(&card).unwrap()).unwrap();
}

fn record(folder: &Path, number: u32, task: &SessionTask, how: Written) {
    let recipe = Recipe {
        models: task.models.clone(),
        source: RecipeSource::Performance {
            input: "input.wav".into(),
            moves: "moves.jsonl".into(),
        },
        controls: BTreeMap::new(),
        deviations: task.deviations.clone(),
        seed: task.seed,
        secs: None,
        variation: None,
        loudness_lufs: None,
        finish: api::Finish::default(),
        format: SampleFormat::Float32,
    };
    let place = folder.join(format!("recordings/{number:04}"));
    sound(&place, &format!("Take {number}"), &recipe, number);
    fs::write(place.join("input.wav"), wav(N_SAMPLES, N_SAMPLES)).unwrap();
    fs::write(place.join("moves.jsonl"), "{}\n").unwrap();
    if how != Written::Whole {
        fs::write(place.join(SoundCard::SOUND), wav(N_SAMPLES, 10)).unwrap();
        fs::remove_file(place.join(SoundCard::PEAKS)).unwrap();
        write_card(&place, &format!("Take {number}"), &recipe, SoundFacts::default());
    }
    if how == Written::Bare {
        fs::write(place.join(SoundCard::CARD), "{").unwrap();
    }
}

/// A session that records as the name of its first model says, and then stays, ends or is killed.
pub(super) fn session(folder: &Path, task: &SessionTask, events: &mut Events) -> Option<Outcome> {
    let name = task.models[0].name.as_str();
    events.started(0);
    let address = SessionAddress { port: 1, token: "0".repeat(32) };
    fs::write(folder.join("session.json"), serde_json::to_vec(&address).unwrap()).unwrap();
    if name.contains("records") {
        record(folder, 1, task, Written::Whole);
        events.write(EventBody::Recorded {
            path: "recordings/0001".to_owned(),
            name: "Take 1".to_owned(),
        });
    }
    if name.contains("lies") {
        for path in ["../../x", "recordings/../recordings/0001", "recordings/9", "", "/etc"] {
            events.write(EventBody::Recorded { path: path.to_owned(), name: "x".to_owned() });
        }
    }
    if name.contains("silently") {
        record(folder, 2, task, Written::Whole);
    }
    if name.contains("cut") {
        record(folder, 3, task, Written::Behind);
        record(folder, 4, task, Written::Bare);
        fs::create_dir_all(folder.join("recordings/0005")).unwrap();
        fs::write(folder.join("recordings/0005/sound.wav"), wav(0, 0)).unwrap();
    }
    events.progress(1, "seconds");
    if name.contains("killed") {
        std::process::abort();
    }
    while name.contains("stays") {
        if is_stop_asked(folder) {
            return Some(Outcome::Stopped);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Some(Outcome::Done)
}

/// Sounds by their numbers; a slow one waits after two, and goes on where it was.
pub(super) fn generate(
    folder: &Path,
    name: &str,
    task: &GenerateTask,
    events: &mut Events,
) -> Option<Outcome> {
    events.started(0);
    let asked = &task.asked;
    if let Some(problem) = refused(&asked.recipe) {
        return Some(Outcome::Failed { problem });
    }
    let n = asked.count * asked.inputs.len().max(1) as u32;
    let is_resumed = folder.join("sounds/0001").exists();
    for number in 1..=n {
        let place = folder.join(format!("sounds/{number:04}"));
        if place.exists() {
            continue;
        }
        sound(&place, &format!("{name} {number}"), &asked.recipe, number);
        events.progress(number.into(), "sounds");
        while name.contains("slow") && number == 2 && !is_resumed {
            if is_stop_asked(folder) {
                return Some(Outcome::Stopped);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    events.write(EventBody::Warning(Warning {
        code: "unreadable".to_owned(),
        file: Some("a.wav".to_owned()),
        message: "it is damaged".to_owned(),
    }));
    Some(Outcome::Done)
}

/// Models whose name says so fail, or need few steps.
fn refused(recipe: &Recipe) -> Option<Problem> {
    let name = &recipe.models.first()?.name;
    let steps = match &recipe.source {
        RecipeSource::Words(words) => words.steps,
        _ => None,
    };
    let is_tired = name.contains("tired") && steps.is_none_or(|it| it > 10);
    (name.contains("broken") || is_tired).then(|| Problem {
        code: "out_of_memory".to_owned(),
        what: format!("“{name}” could not be loaded."),
        why: None,
        remedy: None,
        fields: vec![],
    })
}

/// A map of one point.
pub(super) fn map(folder: &Path, task: &MapTask, events: &mut Events) -> Option<Outcome> {
    events.started(0);
    let spread = |deviation: f32| DirectionSpread {
        deviation,
        share: 0.5,
        percentiles: [0.0; 5],
        histogram: vec![0.0; 64],
        goes_with: [0.0; 3],
    };
    let map = LatentMap {
        model_sha256: task.model_sha256.clone(),
        dataset_hash: task.dataset_hash.clone(),
        rate_hz: 8000,
        ratio: 16,
        n_points: 1,
        n_directions: 2,
        directions: vec![spread(2.0), spread(0.5)],
        sounds: vec![MappedSound { idx: 0, name: "a".to_owned(), secs: 1.0 }],
        pitch_hz: None,
        loudness_db: [-30.0, -20.0, -10.0],
    };
    fs::write(folder.join("points.bin"), [0; 24]).unwrap();
    fs::write(folder.join("map.json"), serde_json::to_vec(&map).unwrap()).unwrap();
    fs::write(folder.join("embedding.bin"), [0; 8]).unwrap();
    Some(Outcome::Done)
}
