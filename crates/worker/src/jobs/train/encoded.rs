//! The latents that a run learns from: a codec encodes the sounds of the dataset once, and what comes of it is
//! kept in the run's folder, one file for each chunk of the dataset.

use std::{
    cell::RefCell,
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::{EventBody, Model, Progress, Split, TrainTask};
use audio::Rng;
use models::{
    Codec, Finished, LatentMeter, LatentSpace, LearntLatents, PriorCodec, Randomness,
    WindowSettings,
};

use super::{checkpoints::sha256_of_file, create_folder, refuse};
use crate::{
    dataset::Dataset,
    folder::JobFolder,
    jobs::{model_file, steps::Stopped},
    log::log,
    pace::{LATENT_CLIP_SECS, LATENT_CLIPS_MAX},
    progress::{Goal, ProgressMeter},
};

/// What a person sees while it happens.
const PHASE: &str = "encoding the sounds";
/// Samples that are encoded at a time.
const SAMPLES_AT_ONCE: usize = 1 << 16;
/// Frames that are read at a time.
const FRAMES_AT_ONCE: usize = 1 << 12;
/// Frames from which the directions of latents are measured, where the codec does not know them.
const MEASURED_FRAMES_MAX: u64 = 1 << 16;

/// The latents of a dataset, and the codec that made them.
pub(super) struct Encoded {
    codec: Box<dyn Finished>,
    /// What a prior remembers of it.
    about: PriorCodec,
    files: Vec<RefCell<File>>,
    sounds: Vec<EncodedSound>,
    /// Sounds that are learnt from, with the running sum of their frames.
    training: Vec<(usize, u64)>,
    seed: u64,
}

/// Where the latents of a sound are.
struct EncodedSound {
    name: String,
    split: Split,
    /// The file of its chunk.
    chunk: usize,
    /// Its first frame there.
    from: u64,
    n_frames: u64,
}

/// A codec, before anything was encoded.
struct Encoder<'a> {
    model: &'a dyn Codec,
    latents: Randomness,
    size: usize,
}

impl Encoded {
    /// Opens the codec of an order, and encodes what is not encoded yet.
    ///
    /// # Errors
    /// The codec is gone or another one, it does not fit the dataset, or the disk is full; and [`Stopped`].
    pub(super) fn prepare(
        folder: &mut JobFolder,
        task: &TrainTask,
        dataset: &Dataset,
    ) -> anyhow::Result<Self> {
        let (codec, about) = open_codec(folder.path(), task, dataset)?;
        let path = create_folder(folder, "latents")?;
        let model = model_file::codec(codec.as_ref(), &about.name)?;
        // Where directions are known, latents are drawn as the decoder heard them in training.
        let is_ordered = codec.as_playable().is_some_and(|it| it.ordered_space().is_some());
        let latents = if is_ordered { Randomness::Seeded(task.seed) } else { Randomness::Off };
        let encoder = Encoder { model, latents, size: about.shape.latent_size };
        let sounds = sounds_of(dataset, model);
        encode(folder, &path, dataset, &sounds, &encoder)?;
        let n_chunks = sounds.iter().map(|it| it.chunk + 1).max().unwrap_or(0);
        let open = |chunk: usize| {
            let path = path.join(file_name(chunk));
            File::open(&path).map(RefCell::new).with_context(|| format!("open {}", path.display()))
        };
        let files = (0..n_chunks).map(open).collect::<anyhow::Result<Vec<_>>>()?;
        let mut sum = 0;
        let mut training = Vec::new();
        for (i, sound) in sounds.iter().enumerate() {
            if sound.split == Split::Training && sound.n_frames > 0 {
                sum += sound.n_frames;
                training.push((i, sum));
            }
        }
        if training.is_empty() {
            return refuse(
                "nothing_to_learn",
                "The dataset has no sound to learn from.",
                "All of its sounds are held out, or empty.",
                "Start a new run on a dataset with more sounds.",
            );
        }
        Ok(Self { codec, about, files, sounds, training, seed: task.seed })
    }

    /// What a new prior begins with.
    pub(super) fn learnt(&self) -> anyhow::Result<LearntLatents> {
        let mut meter = LatentMeter::new(self.space()?);
        self.for_each_training(1, |frames| meter.push(frames))?;
        Ok(meter.finish(self.about.clone()))
    }

    /// The directions that the codec knows, or else those of what it encoded.
    fn space(&self) -> anyhow::Result<LatentSpace> {
        if let Some(space) = self.codec.as_playable().and_then(|it| it.ordered_space()) {
            return Ok(space.clone());
        }
        let n = self.training.last().map_or(0, |it| it.1);
        let each = n.div_ceil(MEASURED_FRAMES_MAX).max(1);
        let mut measured = Vec::new();
        self.for_each_training(each, |frames| measured.extend_from_slice(frames))?;
        LatentSpace::measured(&measured, self.about.shape.latent_size).map_or_else(
            || {
                refuse(
                    "bad_latents",
                    "The latents of the dataset cannot be learnt.",
                    "There are too few of them, or some are not numbers.",
                    "Choose another model, or a dataset with more sound.",
                )
            },
            Ok,
        )
    }

    /// Gives every `each`-th piece of what is learnt from.
    fn for_each_training(&self, each: u64, mut take: impl FnMut(&[f32])) -> anyhow::Result<()> {
        // A piece is small where few are taken, so that they are from everywhere.
        let piece = if each == 1 { FRAMES_AT_ONCE as u64 } else { 16 };
        let mut n_pieces = 0u64;
        for (i, _) in &self.training {
            let n_frames = self.sounds[*i].n_frames;
            for from in (0..n_frames).step_by(piece as usize) {
                if n_pieces.is_multiple_of(each) {
                    let n = piece.min(n_frames - from);
                    take(&self.read(*i, from, n as usize).context("read the latents")?);
                }
                n_pieces += 1;
            }
        }
        Ok(())
    }

    /// Some frames of a sound, `[frame][latent]`.
    fn read(&self, sound: usize, from: u64, n: usize) -> io::Result<Vec<f32>> {
        let (size, sound) = (self.about.shape.latent_size, &self.sounds[sound]);
        let mut bytes = vec![0; n * size * 4];
        let mut file = self.files[sound.chunk].borrow_mut();
        file.seek(SeekFrom::Start((sound.from + from) * size as u64 * 4))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes.as_chunks().0.iter().map(|it| f32::from_le_bytes(*it)).collect())
    }

    /// The batch of a step, `[window][frame][latent]`; the same seed and step give the same one. Where a sound
    /// ends in a window, another one follows.
    pub(super) fn batch(&self, windows: WindowSettings, step: u64) -> io::Result<Vec<f32>> {
        let mut batch = Vec::with_capacity(windows.n_values());
        for idx in 0..windows.batch_size {
            let mut rng = Rng::new(self.seed ^ super::excerpts::mix(step, idx));
            let mut n_left = windows.n_frames as u64;
            let total = self.training.last().map_or(0, |it| it.1);
            let at = ((rng.next_f64() * total as f64) as u64).min(total - 1);
            let mut place = self.training.partition_point(|it| it.1 <= at);
            let mut from = at - if place == 0 { 0 } else { self.training[place - 1].1 };
            while n_left > 0 {
                let sound = self.training[place].0;
                let n = n_left.min(self.sounds[sound].n_frames - from);
                batch.extend(self.read(sound, from, n as usize)?);
                n_left -= n;
                let next = (rng.next_f64() * self.training.len() as f64) as usize;
                (place, from) = (next.min(self.training.len() - 1), 0);
            }
        }
        Ok(batch)
    }

    /// Stretches of what is held out, each with the name of the sound that it begins in: `[latent][frame]`. Sounds
    /// follow one another as they do in windows.
    pub(super) fn held_out(&self) -> io::Result<Vec<(String, Vec<Vec<f32>>)>> {
        let of = |split: Split| -> Vec<usize> {
            (0..self.sounds.len()).filter(|i| self.sounds[*i].split == split).collect()
        };
        let mut chosen = of(Split::Validation);
        if chosen.iter().all(|i| self.sounds[*i].n_frames == 0) {
            chosen = of(Split::Training);
        }
        let total: u64 = chosen.iter().map(|i| self.sounds[*i].n_frames).sum();
        let usual = (LATENT_CLIP_SECS * self.about.shape.latent_rate_hz()).ceil() as u64;
        let n_frames = usual.min(total).max(1);
        let n_clips = (total / n_frames).clamp(1, LATENT_CLIPS_MAX);
        let room = total.saturating_sub(n_frames);
        let from = |i: u64| if n_clips > 1 { room * i / (n_clips - 1) } else { 0 };
        (0..n_clips).map(|i| self.stretch(&chosen, from(i), n_frames)).collect()
    }

    /// Frames of sounds that follow one another.
    fn stretch(
        &self,
        sounds: &[usize],
        mut from: u64,
        n_frames: u64,
    ) -> io::Result<(String, Vec<Vec<f32>>)> {
        let size = self.about.shape.latent_size;
        let (mut name, mut rows) = (None, vec![Vec::with_capacity(n_frames as usize); size]);
        let mut n_left = n_frames;
        for i in sounds {
            let sound = &self.sounds[*i];
            if from >= sound.n_frames {
                from -= sound.n_frames;
                continue;
            }
            let n = n_left.min(sound.n_frames - from);
            name.get_or_insert(sound.name.clone());
            for frame in self.read(*i, from, n as usize)?.chunks_exact(size) {
                rows.iter_mut().zip(frame).for_each(|(row, x)| row.push(*x));
            }
            (from, n_left) = (0, n_left - n);
            if n_left == 0 {
                break;
            }
        }
        Ok((name.unwrap_or_default(), rows))
    }

    /// The sound of latents `[latent][frame]`: `[channel][sample]`.
    pub(super) fn decode(&self, latents: &[Vec<f32>]) -> anyhow::Result<Vec<Vec<f32>>> {
        let model = model_file::codec(self.codec.as_ref(), &self.about.name)?;
        let mut made = vec![vec![]; self.about.shape.channels];
        let pull = |rows: &mut [Vec<f32>]| -> anyhow::Result<bool> {
            rows.iter_mut().zip(latents).for_each(|(row, from)| row.extend_from_slice(from));
            Ok(false)
        };
        model.decode_pieces(Randomness::Seeded(0), pull, |piece: &[Vec<f32>]| {
            made.iter_mut().zip(piece).for_each(|(to, from)| to.extend_from_slice(from));
            Ok(())
        })?;
        Ok(made)
    }

    /// Samples per second of what it decodes.
    pub(super) fn rate_hz(&self) -> u32 {
        self.about.shape.rate_hz
    }
}

/// The file of the latents of a chunk: `[frame][latent]`, 32-bit floats, little-endian.
fn file_name(chunk: usize) -> String {
    format!("latents-{chunk:03}.f32")
}

/// Where the latents of every sound are to be.
fn sounds_of(dataset: &Dataset, model: &dyn Codec) -> Vec<EncodedSound> {
    let mut ends: Vec<u64> = Vec::new();
    let sounds = dataset.index().sounds.iter().map(|sound| {
        let (chunk, n_frames) = (sound.chunk as usize, model.n_latent_frames(sound.n_frames));
        ends.resize(ends.len().max(chunk + 1), 0);
        let from = ends[chunk];
        ends[chunk] += n_frames;
        let (name, split) = (sound.file.path.clone(), sound.file.split);
        EncodedSound { name, split, chunk, from, n_frames }
    });
    sounds.collect()
}

/// Opens the codec that the order names, and sees that it is that one and fits the dataset.
fn open_codec(
    folder: &Path,
    task: &TrainTask,
    dataset: &Dataset,
) -> anyhow::Result<(Box<dyn Finished>, PriorCodec)> {
    let Some(id) = &task.model else {
        return refuse(
            "no_model",
            "This run names no model.",
            "Models of this family learn from the latents that another model makes of sounds.",
            "Start a new run and choose the model.",
        );
    };
    let path = job::shelf::find(folder, Some(&task.model_path), job::Shelf::Models, id);
    let weights = path.join(model_file::WEIGHTS);
    let gone = |why: String| {
        refuse(
            "no_model",
            format!("The model {id} cannot be read."),
            &why,
            "Restore it from the trash, then resume this run.",
        )
    };
    let sha256 = match sha256_of_file(&weights) {
        Ok(sha256) => sha256,
        Err(error) => return gone(format!("{}: {error}.", weights.display())),
    };
    if sha256 != task.model_sha256 {
        return refuse(
            "other_model",
            format!("The model {id} is not the one this run began with."),
            "Its weights are different, so what was learnt of its latents would be wrong.",
            "Start a new run of it.",
        );
    }
    let card = job::whole::read_versioned::<Model>(&path.join(job::files::MODEL), Model::FORMAT);
    let (name, rate_hz) = match card {
        Ok(card) => (card.name, card.rate_hz),
        Err(_) => (id.to_string(), None),
    };
    let codec = models::open(&weights).with_context(|| format!("load {}", weights.display()))?;
    let mut shape = model_file::codec(codec.as_ref(), &name)?.shape();
    shape.rate_hz = rate_hz.unwrap_or(shape.rate_hz);
    let summary = &dataset.index().summary;
    if summary.rate_hz != shape.rate_hz || usize::from(summary.channels) != shape.channels {
        let why = format!(
            "The dataset has {} Hz and {} channels, the model {} Hz and {}.",
            summary.rate_hz, summary.channels, shape.rate_hz, shape.channels
        );
        return refuse(
            "other_sound",
            "The dataset does not fit the model.",
            &why,
            "Prepare the dataset again with the rate and the channels of the model.",
        );
    }
    let (family, settings) = (codec.family().to_owned(), codec.settings());
    Ok((codec, PriorCodec { sha256, name, family, settings, shape }))
}

/// Encodes every chunk of a dataset that is not there yet.
fn encode(
    folder: &mut JobFolder,
    path: &Path,
    dataset: &Dataset,
    sounds: &[EncodedSound],
    encoder: &Encoder<'_>,
) -> anyhow::Result<()> {
    let n_chunks = sounds.iter().map(|it| it.chunk + 1).max().unwrap_or(0);
    let bytes_of = |chunk: usize| {
        let frames = sounds.iter().filter(|it| it.chunk == chunk).map(|it| it.n_frames);
        frames.sum::<u64>() * encoder.size as u64 * 4
    };
    let is_there = |chunk: &usize| {
        let found = fs::metadata(path.join(file_name(*chunk)));
        found.is_ok_and(|it| it.len() == bytes_of(*chunk))
    };
    let absent: Vec<usize> = (0..n_chunks).filter(|chunk| !is_there(chunk)).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let indexed = dataset.index().sounds.iter();
    let all: u64 = indexed.map(|it| it.n_frames).sum();
    let rate_hz = u64::from(dataset.index().summary.rate_hz);
    let trained_secs = folder.past().elapsed_secs(folder.past().last_step());
    let meter = ProgressMeter::new("seconds of sound", Goal::Units(all / rate_hz), 0.0);
    let n_left: u64 = absent.iter().map(|chunk| samples_in(dataset, *chunk)).sum();
    let mut told = Told { folder, meter, n_done: all - n_left, rate_hz, trained_secs };
    for chunk in absent {
        let path: PathBuf = path.join(file_name(chunk));
        job::whole::write_with(&path, |partial| -> anyhow::Result<()> {
            let mut file = BufWriter::with_capacity(1 << 20, File::create(partial)?);
            for (i, sound) in sounds.iter().enumerate().filter(|(_, it)| it.chunk == chunk) {
                encoder.encode(dataset, (i, sound), &mut file, &mut told)?;
            }
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            Ok(())
        })
        .with_context(|| format!("write latents/{}", file_name(chunk)))?;
    }
    log(&format!("encoded {} s of sound in {:.1} s", n_left / rate_hz, told.meter.elapsed_secs()));
    Ok(())
}

fn samples_in(dataset: &Dataset, chunk: usize) -> u64 {
    let sounds = dataset.index().sounds.iter().filter(|it| it.chunk as usize == chunk);
    sounds.map(|it| it.n_frames).sum()
}

/// Reports how far encoding is.
struct Told<'a> {
    folder: &'a mut JobFolder,
    meter: ProgressMeter,
    /// Samples that are encoded.
    n_done: u64,
    rate_hz: u64,
    /// What the run has trained, which encoding is no part of.
    trained_secs: f64,
}

impl Told<'_> {
    fn note(&mut self, n_samples: u64) -> anyhow::Result<()> {
        self.n_done += n_samples;
        if let Some(progress) = self.meter.mark(PHASE, self.n_done / self.rate_hz) {
            let progress = Progress { elapsed_secs: self.trained_secs, ..progress };
            self.folder.emit(EventBody::Progress(progress))?;
        }
        if self.folder.should_stop() { Err(Stopped.into()) } else { Ok(()) }
    }
}

impl Encoder<'_> {
    /// Appends the latents of a sound to a file, as many frames as were foreseen.
    fn encode(
        &self,
        dataset: &Dataset,
        (i, foreseen): (usize, &EncodedSound),
        file: &mut impl Write,
        told: &mut Told<'_>,
    ) -> anyhow::Result<()> {
        let sound = &dataset.index().sounds[i];
        let mut at = 0;
        let pull = |channels: &mut [Vec<f32>]| -> anyhow::Result<bool> {
            let n = (sound.n_frames - at).min(SAMPLES_AT_ONCE as u64);
            let read = dataset.read(sound, at, n as usize).context("read the dataset")?;
            channels.iter_mut().zip(&read).for_each(|(to, from)| to.extend_from_slice(from));
            at += n;
            told.note(n)?;
            Ok(at < sound.n_frames)
        };
        let mut n_made = 0;
        let push = |rows: &[Vec<f32>]| -> anyhow::Result<()> {
            let n = rows.first().map_or(0, Vec::len);
            n_made += n as u64;
            let mut bytes = Vec::with_capacity(n * self.size * 4);
            for t in 0..n {
                rows.iter().for_each(|row| bytes.extend(row[t].to_le_bytes()));
            }
            file.write_all(&bytes).context("write latents")
        };
        let latents = match self.latents {
            Randomness::Seeded(seed) => Randomness::Seeded(super::excerpts::mix(seed, i)),
            other => other,
        };
        self.model.encode_pieces(latents, pull, push)?;
        anyhow::ensure!(
            n_made == foreseen.n_frames,
            "encode {}: {n_made} frames came out instead of {}",
            foreseen.name,
            foreseen.n_frames
        );
        Ok(())
    }
}
