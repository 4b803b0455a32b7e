//! Reconstructing: one sound goes through a model and back, piece by piece, and is compared with the result.

use std::{cell::RefCell, collections::BTreeMap, path::Path, time::Instant};

use anyhow::Context;
use api::{Model, Outcome, ReconstructTask, ReconstructionResult, Warning};
use audio::{SpectralDistance, WavFormat, WavWriter};

use super::{
    input::Input,
    model_file::codec,
    steps::{Steps, stopped_or},
};
use crate::{folder::JobFolder, log::log};

/// The original's file name in the job's folder.
const ORIGINAL: &str = "original.wav";
/// The reconstruction's file name in the job's folder.
const RECONSTRUCTION: &str = "reconstruction.wav";
/// Shares of the job: looking the sound through, and all.
const READ_SHARE: f64 = 0.05;

/// Reconstructs the sound of the job's folder.
pub(crate) fn run(folder: &mut JobFolder, task: &ReconstructTask) -> anyhow::Result<Outcome> {
    stopped_or(reconstruct(folder, task).map(|()| Outcome::Done))
}

fn reconstruct(folder: &mut JobFolder, task: &ReconstructTask) -> anyhow::Result<()> {
    let mut steps = Steps::new(folder, "reading the sound")?;
    steps.begin("reading the sound", [0.0, READ_SHARE]);
    let folder = steps.folder.path().to_owned();
    let path = job::shelf::find(&folder, Some(&task.model_path), job::Shelf::Models, &task.model);
    let card: Model = job::whole::read_versioned(&path.join(job::files::MODEL), Model::FORMAT)
        .context("read the model's card")?;
    let weights = path.join("weights.safetensors");
    let model = models::open(&weights).with_context(|| format!("load {}", weights.display()))?;
    let model = codec(model.as_ref(), &card.name)?;
    let shape = model.shape();
    let (rate_hz, n_channels) = (card.rate_hz.unwrap_or(shape.rate_hz), shape.channels);
    let sound = folder.join(&task.input);
    let (mut input, notes) =
        Input::open(&sound, &task.input_name, (rate_hz, n_channels), &mut steps)?;
    for note in notes {
        steps.folder.warn(Warning { file: Some(task.input_name.clone()), ..note })?;
    }
    let n_frames = input.n_frames();
    let length_secs = n_frames as f64 / f64::from(rate_hz);
    steps.begin("reconstructing", [READ_SHARE, 1.0]);
    let started = Instant::now();
    let shape = (rate_hz, n_channels, n_frames);
    let outputs = RefCell::new(Outputs::create(&folder, shape)?);
    let pull = |channels: &mut [Vec<f32>]| -> anyhow::Result<bool> {
        let from = channels[0].len();
        let is_more = input.pull(channels)?;
        outputs.borrow_mut().heard(channels, from)?;
        Ok(is_more)
    };
    model.reconstruct_pieces(pull, |made| {
        let mut outputs = outputs.borrow_mut();
        outputs.made(made)?;
        steps.check(outputs.n_made as f64 / n_frames.max(1) as f64)
    })?;
    let compute_secs = started.elapsed().as_secs_f64();
    log(&format!("{length_secs:.1} s of sound in {compute_secs:.2} s"));
    let result = ReconstructionResult {
        original: ORIGINAL.into(),
        reconstruction: RECONSTRUCTION.into(),
        rate_hz,
        channels: u16::try_from(n_channels).context("count the channels")?,
        length_secs,
        compute_secs,
        distances: outputs.into_inner().finish()?,
    };
    let text = serde_json::to_vec_pretty(&result).context("encode result.json")?;
    job::whole::write(&folder.join("result.json"), &text).context("write result.json")?;
    steps.done()
}

/// The writers of both sounds, and the distance between them.
struct Outputs {
    original: WavWriter,
    reconstruction: WavWriter,
    /// Samples of the original whose reconstruction is still to come.
    ahead: Vec<Vec<f32>>,
    distance: SpectralDistance,
    energy: [f64; 2],
    n_made: u64,
    n_samples: u64,
}

impl Outputs {
    fn create(
        folder: &Path,
        (rate_hz, n_channels, n_frames): (u32, usize, u64),
    ) -> anyhow::Result<Self> {
        let create = |name: &str| {
            WavWriter::create(&folder.join(name), rate_hz, n_channels, n_frames, WavFormat::Int16)
                .with_context(|| format!("write {name}"))
        };
        Ok(Self {
            original: create(ORIGINAL)?,
            reconstruction: create(RECONSTRUCTION)?,
            ahead: vec![vec![]; n_channels],
            distance: SpectralDistance::new(n_channels),
            energy: [0.0; 2],
            n_made: 0,
            n_samples: 0,
        })
    }

    /// Takes samples of the original, of which those from `from` on are new.
    fn heard(&mut self, channels: &[Vec<f32>], from: usize) -> anyhow::Result<()> {
        let new: Vec<Vec<f32>> = channels.iter().map(|it| it[from..].to_vec()).collect();
        self.original.write(&new).context("write the original")?;
        for (ahead, new) in self.ahead.iter_mut().zip(&new) {
            ahead.extend_from_slice(new);
        }
        Ok(())
    }

    /// Takes the next samples of the reconstruction.
    fn made(&mut self, made: &[Vec<f32>]) -> anyhow::Result<()> {
        self.reconstruction.write(made).context("write the reconstruction")?;
        let n = made[0].len();
        let original: Vec<Vec<f32>> =
            self.ahead.iter_mut().map(|ahead| ahead.drain(..n).collect()).collect();
        let energy = |channels: &[Vec<f32>]| -> f64 {
            channels.iter().flatten().map(|x| f64::from(*x) * f64::from(*x)).sum()
        };
        self.energy[0] += energy(&original);
        self.energy[1] += energy(made);
        self.distance.push(&original, made);
        self.n_made += n as u64;
        self.n_samples += (n * made.len()) as u64;
        Ok(())
    }

    /// Finishes both files; returns distances between the two sounds that say something about hearing.
    fn finish(self) -> anyhow::Result<BTreeMap<String, f64>> {
        self.original.finish().context("write the original")?;
        self.reconstruction.finish().context("write the reconstruction")?;
        let level_db =
            |energy: f64| audio::db_from_gain((energy / self.n_samples.max(1) as f64).sqrt());
        let [original, reconstruction] = self.energy;
        Ok(BTreeMap::from([
            ("log_spectral_distance_db".to_owned(), self.distance.finish()),
            ("level_difference_db".to_owned(), level_db(reconstruction) - level_db(original)),
        ]))
    }
}
