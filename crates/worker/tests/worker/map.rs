//! Maps as jobs: what is written of a dataset's latents, and what is refused.

use std::fs;

use api::{ConvertTask, EventBody, LatentMap, MapTask, Outcome, Task};
use nn::npy::Numbers;
use serde_json::json;

use crate::job::{Job, Scene, write_tone};

/// A model with a dataset of three tones, at another rate than the model's.
struct Drawn {
    scene: Scene,
    dataset: Job,
}

impl Drawn {
    fn new(changes: &serde_json::Value) -> Self {
        let scene = Scene::new(changes);
        let folder = scene.workspace.sounds();
        write_tone(&folder.join("long.wav"), 44_100, 1, 0.9);
        write_gap(&folder.join("gap.wav"));
        let dataset = scene.workspace.prepare();
        assert_eq!(dataset.outcome(), Outcome::Done);
        Self { scene, dataset }
    }

    fn order(&self) -> MapTask {
        MapTask {
            model: "tiny-000001".parse().unwrap(),
            model_path: "../../models/tiny-000001".into(),
            model_sha256: "abc".into(),
            dataset: "notes".parse().unwrap(),
            dataset_path: "../../datasets/notes".into(),
            dataset_hash: self.dataset.index().summary.hash,
        }
    }

    fn map(&self) -> Job {
        self.scene.run("maps", Task::Map(self.order()))
    }
}

/// A tone of a tenth of a second, and then as long nothing.
fn write_gap(path: &std::path::Path) {
    write_tone(path, 44_100, 1, 0.1);
    let mut writer = hound::WavWriter::append(path).unwrap();
    (0..4410).for_each(|_| writer.write_sample(0i16).unwrap());
    writer.finalize().unwrap();
}

fn map_of(job: &Job) -> LatentMap {
    assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
    serde_json::from_slice(&fs::read(job.path().join("map.json")).unwrap()).unwrap()
}

fn floats(job: &Job, name: &str) -> Vec<f32> {
    let bytes = fs::read(job.path().join(name)).unwrap();
    bytes.as_chunks::<4>().0.iter().map(|it| f32::from_le_bytes(*it)).collect()
}

#[test]
fn a_map_says_where_each_moment_of_a_dataset_lies() {
    let drawn = Drawn::new(&json!({}));
    let job = drawn.map();
    let map = map_of(&job);
    assert_eq!(job.own_files(), ["coordinates.bin", "embedding.bin", "map.json", "points.bin"]);
    assert_eq!((map.rate_hz, map.ratio, map.n_directions), (44_100, 32, 3));
    assert_eq!(map.dataset_hash, drawn.dataset.index().summary.hash);
    assert_eq!(map.model_sha256, "abc");
    let names: Vec<&str> = map.sounds.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["gap.wav", "long.wav", "tone.wav"]);
    let n = map.n_points as usize;
    let points = floats(&job, "points.bin");
    let coordinates = floats(&job, "coordinates.bin");
    let places = floats(&job, "embedding.bin");
    assert_eq!((points.len(), coordinates.len(), places.len()), (6 * n, 3 * n, 2 * n));
    // 0.2 s, 0.9 s and 0.4 s, in frames of 32 samples.
    assert_eq!(n, 276 + 1241 + 552);
    for (point, along) in points.chunks(6).zip(coordinates.chunks(3)) {
        assert_eq!(point[..2], along[..2]);
        let [sound, secs, loudness_db, pitch_hz] = point[2..] else { panic!() };
        let is_gap = names[sound as usize] == "gap.wav";
        // The last frame may reach over the end.
        assert!(f64::from(secs) < map.sounds[sound as usize].secs + 16.0 / 44_100.0);
        if is_gap && secs > 0.13 {
            assert_eq!((loudness_db, pitch_hz), (-120.0, 0.0));
        } else if !is_gap || secs < 0.07 {
            // A sine of 16 000 in 32 768.
            assert!((-15.0..-8.0).contains(&loudness_db), "{loudness_db}");
            assert!((pitch_hz - 440.0).abs() < 2.0, "{pitch_hz}");
        }
    }
    let [low, middle, high] = map.pitch_hz.unwrap();
    assert!(438.0 < low && low <= middle && middle <= high && high < 442.0);
    let share: f32 = map.directions.iter().map(|it| it.share).sum();
    assert!((share - 1.0).abs() < 1e-4);
    for direction in &map.directions {
        assert!(direction.deviation > 0.0 && direction.histogram.len() == 64);
        assert!(direction.percentiles.windows(2).all(|it| it[0] <= it[1]));
        assert!(direction.goes_with.iter().all(|it| (-1.0..=1.0).contains(it)));
    }
}

#[test]
fn coordinates_are_those_of_the_model() {
    let drawn = Drawn::new(&json!({}));
    let job = drawn.map();
    let map = map_of(&job);
    let path = drawn.scene.workspace.sounds().join("long.wav");
    let task = ConvertTask::Latents {
        model: Scene::library(),
        path,
        seed: None,
        codes: false,
        live: None,
    };
    let encoded = drawn.scene.run("conversions", Task::Convert(task));
    let array = nn::npy::read(&encoded.path().join("latents.npy"), 1 << 24).unwrap();
    let Numbers::Floats(latents) = array.numbers else { panic!() };
    let n_frames = array.shape[2];
    let (points, coordinates) = (floats(&job, "points.bin"), floats(&job, "coordinates.bin"));
    let mut n_compared = 0;
    for (point, along) in points.chunks(6).zip(coordinates.chunks(3)).filter(|it| it.0[2] == 1.0) {
        let frame = (point[3] * 44_100.0 / 32.0 - 0.5).round() as usize;
        for (i, x) in along.iter().enumerate() {
            // A model that was never measured has its latents as directions.
            let expected = latents[i * n_frames + frame];
            let found = x * map.directions[i].deviation;
            assert!((found - expected).abs() < 1e-3, "frame {frame}: {found} is not {expected}");
        }
        n_compared += 1;
    }
    assert_eq!(n_compared, 1241);
}

#[test]
fn the_same_order_gives_the_same_map_and_other_formats_are_converted() {
    let drawn = Drawn::new(&json!({ "channels": 2, "sampling_rate": 32_000 }));
    let (first, second) = (drawn.map(), drawn.map());
    assert_eq!(map_of(&first).rate_hz, 32_000);
    for name in ["map.json", "points.bin", "coordinates.bin", "embedding.bin"] {
        let read = |job: &Job| fs::read(job.path().join(name)).unwrap();
        assert!(read(&first) == read(&second), "{name}");
    }
}

#[test]
fn progress_tells_when_the_first_part_is_there() {
    let drawn = Drawn::new(&json!({}));
    let phases: Vec<String> = drawn
        .map()
        .events()
        .into_iter()
        .filter_map(|it| match it {
            EventBody::Progress(progress) => Some(progress.phase),
            _ => None,
        })
        .collect();
    assert!(phases.iter().any(|it| it == "finding neighbours"), "{phases:?}");
}

#[test]
fn what_cannot_be_drawn_is_refused_in_words() {
    let drawn = Drawn::new(&json!({}));
    let check = |order: MapTask, code: &str| {
        let job = drawn.scene.run("maps", Task::Map(order));
        let problem = job.problem();
        assert_eq!(problem.code, code, "{problem:?}");
        assert!(problem.why.is_some() && problem.remedy.is_some(), "{problem:?}");
        assert_eq!(job.own_files(), Vec::<String>::new());
    };
    let order = drawn.order();
    let gone = "gone-000001".parse().unwrap();
    check(
        MapTask { dataset: gone, dataset_path: "../../datasets/gone".into(), ..order },
        "no_dataset",
    );
    fs::write(drawn.scene.model().join("weights.safetensors"), b"no weights").unwrap();
    check(drawn.order(), "not_a_model");
}
