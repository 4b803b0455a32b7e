//! Maps: the latents of a dataset, drawn in two dimensions: along the two directions that matter most at once, and
//! then as a neighbour embedding.

mod embedding;
mod frames;
mod neighbours;
mod points;
mod quadtree;
mod spread;

use std::{path::Path, time::Instant};

use anyhow::Context;
use api::{DIRECTIONS_MAX, LatentMap, MapTask, MappedSound, Outcome};
use job::Shelf;

use self::{
    frames::{Frames, Place},
    points::Heard,
};
use super::{
    model_file::{Opened, WEIGHTS, codec, load},
    refuse,
    steps::{Steps, stopped_or},
};
use crate::{
    dataset::Dataset, folder::JobFolder, instrument::space::Coordinates, log::log, system,
};

/// The files of a map: see [`api::LatentMap`].
const MAP: &str = "map.json";
const POINTS: &str = "points.bin";
const COORDINATES: &str = "coordinates.bin";
const EMBEDDING: &str = "embedding.bin";
/// Where the parts of the job end, as shares of it.
const ENCODED: f64 = 0.5;
const LISTENED: f64 = 0.55;
/// A map of fewer frames says nothing.
const FRAMES_MIN: usize = 8;
/// Points with a pitch, at least, for a range of pitches.
const PITCHES_MIN: usize = 16;
/// Neighbours and points by which an embedding is measured.
const MEASURED_NEIGHBOURS: usize = 15;
const MEASURED_POINTS: usize = 500;

/// Draws the map of the job's folder.
pub(crate) fn run(folder: &mut JobFolder, task: &MapTask) -> anyhow::Result<Outcome> {
    system::give_way();
    stopped_or(draw(folder, task).map(|()| Outcome::Done))
}

fn draw(folder: &mut JobFolder, task: &MapTask) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut steps = Steps::new(folder, "encoding the dataset")?;
    let home = steps.folder.path().to_owned();
    let model = job::shelf::find(&home, Some(&task.model_path), Shelf::Models, &task.model);
    let Opened { model, rate_hz, .. } = load(&model.join(WEIGHTS))?;
    let rate_hz = rate_hz.unwrap_or(codec(model.as_ref(), task.model.as_str())?.shape().rate_hz);
    let dataset = open_dataset(&home, task)?;
    let codec = codec(model.as_ref(), task.model.as_str())?;
    let shape = codec.shape();
    steps.begin("encoding the dataset", [0.0, ENCODED]);
    let Frames { latents, places } = Frames::of(&dataset, codec, rate_hz, &mut steps)?;
    if places.len() < FRAMES_MIN {
        let what = "The dataset is too short for a map.";
        let why = format!("It has {} latent frames of this model.", places.len());
        return refuse("too_short", what, &why, "Choose one with more sound.");
    }
    let size = shape.latent_size;
    let coordinates = Coordinates::of(model.as_ref(), &[]).context("read the latents")?;
    let mut all = latents;
    let mut frame = vec![0.0; size];
    for latents in all.chunks_exact_mut(size) {
        coordinates.to_coordinates(latents, &mut frame);
        latents.copy_from_slice(&frame);
    }
    steps.begin("listening", [ENCODED, LISTENED]);
    let chosen = points::chosen(&places);
    let shown: Vec<Place> = chosen.iter().map(|i| places[*i]).collect();
    let heard = points::listen(&dataset, &shown, &mut steps)?;
    let deviations = spread::deviations(&all, size);
    let drawing = Drawing {
        task,
        rate_hz,
        ratio: shape.ratio,
        size,
        n_directions: size.min(DIRECTIONS_MAX),
        all: &all,
        deviations: &deviations,
        chosen: &chosen,
        shown: &shown,
        heard: &heard,
    };
    drawing.write(&home, &dataset)?;
    log(&format!(
        "{} of {} frames of {} sounds are shown, after {:.1} s",
        shown.len(),
        places.len(),
        dataset.index().sounds.len(),
        started.elapsed().as_secs_f64()
    ));
    steps.begin("finding neighbours", [LISTENED, 1.0]);
    drawing.embed(&home, &mut steps)?;
    steps.done()
}

fn open_dataset(home: &Path, task: &MapTask) -> anyhow::Result<Dataset> {
    let path = job::shelf::find(home, Some(&task.dataset_path), Shelf::Datasets, &task.dataset);
    Dataset::open(&path).or_else(|error| {
        let what = format!("The dataset “{}” cannot be read.", task.dataset);
        let why = format!("Failed to {error}.");
        refuse("no_dataset", what, &why, "Restore it from the trash, or choose another one.")
    })
}

/// All that a map is drawn from.
struct Drawing<'a> {
    task: &'a MapTask,
    rate_hz: u32,
    ratio: usize,
    /// Latents, and as many directions.
    size: usize,
    /// Directions that the map has.
    n_directions: usize,
    /// Coordinates of all frames, `[frame][direction]`, in the model's own units.
    all: &'a [f32],
    /// `[direction]`.
    deviations: &'a [f32],
    /// Which of the frames are shown; where they are; and what is heard there.
    chosen: &'a [usize],
    shown: &'a [Place],
    heard: &'a [Heard],
}

impl Drawing<'_> {
    /// Writes everything but the embedding; `map.json` last.
    fn write(&self, home: &Path, dataset: &Dataset) -> anyhow::Result<()> {
        let mut sounds: Vec<MappedSound> = vec![];
        let mut points = vec![];
        let mut along = vec![];
        for ((chosen, place), heard) in self.chosen.iter().zip(self.shown).zip(self.heard) {
            if sounds.last().is_none_or(|sound| sound.idx != place.sound) {
                let sound = &dataset.index().sounds[place.sound as usize];
                let rate_hz = f64::from(dataset.index().summary.rate_hz);
                sounds.push(MappedSound {
                    idx: place.sound,
                    name: sound.file.path.clone(),
                    secs: sound.n_frames as f64 / rate_hz,
                });
            }
            let frame = &self.all[chosen * self.size..][..self.n_directions];
            let from = along.len();
            along.extend(frame.iter().zip(self.deviations).map(|(x, deviation)| x / deviation));
            let y = along.get(from + 1).copied().unwrap_or(0.0);
            let number = (sounds.len() - 1) as f32;
            let pitch_hz = heard.pitch_hz.unwrap_or(0.0);
            points.extend([along[from], y, number, place.secs as f32, place.loudness_db, pitch_hz]);
        }
        write_floats(&home.join(POINTS), &points)?;
        write_floats(&home.join(COORDINATES), &along)?;
        let map = self.described(sounds, &dataset.index().summary.hash);
        job::whole::write_json(&home.join(MAP), &map).context("write the map")
    }

    fn described(&self, sounds: Vec<MappedSound>, dataset_hash: &str) -> LatentMap {
        let pitches: Vec<f32> = self.heard.iter().filter_map(|it| it.pitch_hz).collect();
        let levels = self.shown.iter().map(|place| place.loudness_db).collect();
        let shares = [0.05, 0.5, 0.95];
        let many = PITCHES_MIN.max(self.shown.len() / 50);
        let pitch_hz = (pitches.len() >= many).then(|| spread::percentiles(pitches, shares));
        let variances = || self.deviations.iter().map(|it| f64::from(*it).powi(2));
        let total = variances().sum::<f64>();
        let direction = |direction: usize| {
            let of_all = self.all.iter().skip(direction).step_by(self.size).copied().collect();
            let share = variances().nth(direction).unwrap_or(0.0) / total;
            let goes_with = self.goes_with(direction);
            spread::spread(of_all, self.deviations[direction], share as f32, goes_with)
        };
        LatentMap {
            model_sha256: self.task.model_sha256.clone(),
            dataset_hash: dataset_hash.to_owned(),
            rate_hz: self.rate_hz,
            ratio: self.ratio as u32,
            n_points: self.shown.len() as u32,
            n_directions: self.n_directions as u32,
            directions: (0..self.n_directions).map(direction).collect(),
            sounds,
            pitch_hz: pitch_hz.flatten(),
            loudness_db: spread::percentiles(levels, shares).unwrap_or_default(),
        }
    }

    /// How strongly a direction goes with loudness, pitch and brightness.
    fn goes_with(&self, direction: usize) -> [f32; 3] {
        let along = |i: &usize| self.all[i * self.size + direction];
        let with = |feature: &dyn Fn(&Place, &Heard) -> Option<f32>| {
            let features = self.shown.iter().zip(self.heard).map(|(place, it)| feature(place, it));
            spread::correlation(self.chosen.iter().map(along).zip(features))
        };
        [
            with(&|place, _| Some(place.loudness_db.max(-80.0))),
            with(&|_, heard| heard.pitch_hz.map(f32::log2)),
            with(&|_, heard| heard.centroid_hz.map(f32::log2)),
        ]
    }

    /// Writes the embedding.
    fn embed(&self, home: &Path, steps: &mut Steps<'_>) -> anyhow::Result<()> {
        let started = Instant::now();
        let n_threads = nn::n_threads();
        // In the model's own units: how far apart latents are for it.
        let points: Vec<f32> = self
            .chosen
            .iter()
            .flat_map(|i| &self.all[i * self.size..][..self.n_directions])
            .copied()
            .collect();
        let points = (points.as_slice(), self.n_directions);
        let mut go_on = |share| steps.go_on(share);
        let Some(places) = embedding::embed(points.0, points.1, n_threads, &mut go_on) else {
            return Err(super::steps::Stopped.into());
        };
        write_floats(&home.join(EMBEDDING), places.as_flattened())?;
        let secs = started.elapsed().as_secs_f64();
        if places.len() > 4 * MEASURED_NEIGHBOURS {
            let plane = |i: &usize| {
                let at = &self.all[i * self.size..][..self.n_directions];
                [at[0], at.get(1).copied().unwrap_or(0.0)]
            };
            let plane: Vec<[f32; 2]> = self.chosen.iter().map(plane).collect();
            let measure = |places: &[[f32; 2]]| {
                let sizes = (MEASURED_NEIGHBOURS, MEASURED_POINTS);
                neighbours::faithfulness(points, places, sizes, n_threads)
            };
            let ((kept, trust), (kept_before, trust_before)) = (measure(&places), measure(&plane));
            log(&format!(
                "the embedding took {secs:.1} s: it keeps {kept:.2} of neighbours (the first two directions \
                 {kept_before:.2}), trustworthiness {trust:.3} ({trust_before:.3})"
            ));
        }
        Ok(())
    }
}

fn write_floats(path: &Path, floats: &[f32]) -> anyhow::Result<()> {
    let bytes: Vec<u8> = floats.iter().flat_map(|x| x.to_le_bytes()).collect();
    job::whole::write(path, &bytes).with_context(|| format!("write {}", path.display()))
}
