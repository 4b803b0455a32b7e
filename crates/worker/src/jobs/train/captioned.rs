//! Clips and words that a run learns from: a model of others makes of both what it understands, once, and that is kept in
//! the run's folder, one file for each clip.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::Context;
use api::{EventBody, IndexedSound, LinkedWeights, Progress, Split, TrainTask, Warning};
use audio::{Clip, resample, with_channels};
use models::{
    AdapterBase, CaptionSettings, LearntClip, LearntWords, Lessons, stable_audio::Encoder,
};
use nn::{NamedArray, checkpoint};

use super::{create_folder, refuse};
use crate::{
    dataset::Dataset,
    folder::JobFolder,
    jobs::{model_file, steps::Stopped},
    log::log,
    progress::{Goal, ProgressMeter},
};

/// What a person sees while it happens.
const PHASE: &str = "listening to the clips";
/// Longer recordings become several clips with the same words.
const PIECE_SECS: f64 = 120.0;
/// Less than this at the end of a recording is left out.
const PIECE_SECS_MIN: f64 = 1.0;
/// The most sound that is learnt from; its latents stay in memory.
const SECS_MAX: f64 = 6.0 * 3_600.0;
/// The most samples on the way.
const PROMPTS_MAX: usize = 3;

/// What a run learns from, and how fast the samples of its sounds are.
pub(super) struct Captioned {
    lessons: Rc<Lessons>,
    rate_hz: u32,
}

impl Captioned {
    /// Opens the model of an order, and prepares what is not there yet.
    ///
    /// # Errors
    /// The model is gone, another one, or its terms are not accepted; there is too much sound; or the disk is full; and
    /// [`Stopped`].
    pub(super) fn prepare(
        folder: &mut JobFolder,
        task: &TrainTask,
        dataset: &Dataset,
        settings: &CaptionSettings,
    ) -> anyhow::Result<Self> {
        let (base, weights) = find_base(folder.path(), task)?;
        let path = create_folder(folder, "clips")?;
        let pieces = pieces_of(dataset, settings)?;
        let prompts = prompts_of(&pieces, settings);
        let mut reader = Reader { weights: &weights, opened: None };
        listen(folder, &path, dataset, &pieces, &mut reader)?;
        let prompts = prompts.into_iter().enumerate().map(|(i, text)| {
            let file = path.join(format!("prompt-{i}.safetensors"));
            let words = match kept(&file, &text) {
                Some(mut arrays) => arrays.remove("words").unwrap_or_default(),
                None => {
                    let words = reader.open()?.words(&text).context("read the words")?;
                    keep(&file, &text, vec![("words", words.clone())])?;
                    words
                }
            };
            Ok(LearntWords { text, words })
        });
        let prompts = prompts.collect::<anyhow::Result<Vec<_>>>()?;
        let clips = pieces.into_iter().enumerate().map(|(i, piece)| {
            let file = path.join(file_name(i));
            let mut arrays =
                kept(&file, &piece.words).with_context(|| format!("read {}", file.display()))?;
            let mut taken = |name: &str| arrays.remove(name).unwrap_or_default();
            let (latents, words) = (taken("latents"), taken("words"));
            Ok(LearntClip { name: piece.name, latents, words, is_held_out: piece.is_held_out })
        });
        let clips = clips.collect::<anyhow::Result<Vec<_>>>()?;
        let rate_hz = match &reader.opened {
            Some(encoder) => encoder.config().autoencoder.rate_hz,
            None => models::stable_audio::rate_hz(&weights).context("read the model")?,
        };
        let lessons = Rc::new(Lessons { base, folder: weights, clips, prompts });
        Ok(Self { lessons, rate_hz })
    }

    /// What a trainer learns from.
    pub(super) fn lessons(&self) -> Rc<Lessons> {
        Rc::clone(&self.lessons)
    }

    /// Samples per second of what it makes.
    pub(super) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }
}

/// A stretch of a recording, with its words.
struct Piece {
    name: String,
    words: String,
    /// The place of the recording in the dataset, and samples of it.
    sound: usize,
    from: u64,
    n_samples: u64,
    is_held_out: bool,
}

/// Opens what turns clips and words into numbers when it is first needed.
struct Reader<'a> {
    weights: &'a Path,
    opened: Option<Encoder>,
}

impl Reader<'_> {
    fn open(&mut self) -> anyhow::Result<&Encoder> {
        if self.opened.is_none() {
            let opened = Encoder::open(self.weights);
            let opened = opened.with_context(|| format!("load {}", self.weights.display()))?;
            self.opened = Some(opened);
        }
        self.opened.as_ref().context("load the model")
    }
}

/// The model that the order names, and the folder of its weights.
fn find_base(folder: &Path, task: &TrainTask) -> anyhow::Result<(AdapterBase, PathBuf)> {
    let Some(id) = &task.model else {
        return refuse(
            "no_model",
            "This run names no model.",
            "Adapters are added to the weights of a model that makes sound from words.",
            "Start a new run and choose the model.",
        );
    };
    let home = job::shelf::find(folder, Some(&task.model_path), job::Shelf::Models, id);
    let Some((card, linked)) =
        model_file::linked(&home).and_then(|card| Some((card.clone(), card.linked?)))
    else {
        return refuse(
            "no_model",
            format!("The model {id} cannot be read, or makes no sound from words."),
            &home.display().to_string(),
            "Restore it from the trash, then resume this run.",
        );
    };
    if linked.waits_for_acceptance() {
        return refuse(
            "licence",
            format!("“{}” is not used before its terms are accepted.", card.name),
            "",
            "Read its licence and accept it on the model’s page, or with `maquette weights accept`.",
        );
    }
    let weights = PathBuf::from(&linked.folder);
    let sha256 = crate::codec::check_weights(&weights)
        .map_err(|problem| anyhow::Error::new(super::super::Refused(problem)))
        .and_then(|check| {
            job::weights::fingerprint(&weights, &check.files)
                .with_context(|| format!("read {}", weights.display()))
        })?;
    if sha256 != task.model_sha256 {
        return refuse(
            "other_model",
            format!("The weights of “{}” are not those this run began with.", card.name),
            &format!("Those in {} have changed, so what was learnt would not fit.", linked.folder),
            "Put the weights back, or start a new run with the model as it is now.",
        );
    }
    Ok((base_of(card.name, sha256, &linked), weights))
}

fn base_of(name: String, sha256: String, linked: &LinkedWeights) -> AdapterBase {
    let licence = linked.licence.as_ref().map(|it| it.name.clone()).unwrap_or_default();
    AdapterBase { sha256, name, licence }
}

/// Stretches of all recordings with their words.
fn pieces_of(dataset: &Dataset, settings: &CaptionSettings) -> anyhow::Result<Vec<Piece>> {
    let index = dataset.index();
    if index.summary.length_secs > SECS_MAX {
        let hours = index.summary.length_secs / 3_600.0;
        return refuse(
            "too_much_sound",
            "There is too much sound to learn from.",
            &format!("The dataset has {hours:.1} hours, and {} are the most.", SECS_MAX / 3_600.0),
            "Choose 20 to 50 clips that sound like what you want to hear.",
        );
    }
    let rate = f64::from(index.summary.rate_hz);
    let (whole, least) = ((PIECE_SECS * rate) as u64, (PIECE_SECS_MIN * rate) as u64);
    let of_sound = |(i, sound): (usize, &IndexedSound)| {
        let words = settings.words_of(&sound.file.path, sound.file.caption.as_deref());
        let is_held_out = sound.file.split == Split::Validation;
        let piece = move |from: u64, name: String, words: String| Piece {
            name,
            words,
            sound: i,
            from,
            n_samples: whole.min(sound.n_frames - from),
            is_held_out,
        };
        let starts = (0..sound.n_frames).step_by(whole.max(1) as usize);
        let starts = starts.filter(|from| *from == 0 || sound.n_frames - from >= least);
        starts.map(|from| piece(from, sound.file.path.clone(), words.clone())).collect::<Vec<_>>()
    };
    let pieces: Vec<Piece> = index.sounds.iter().enumerate().flat_map(of_sound).collect();
    if pieces.iter().all(|piece| piece.is_held_out) {
        return refuse(
            "nothing_to_learn",
            "The dataset has no sound to learn from.",
            "All of its sounds are held out, or empty.",
            "Start a new run on a dataset with more sounds.",
        );
    }
    Ok(pieces)
}

/// What samples are made of: what the settings say, else the words of clips, those that are held out first.
fn prompts_of(pieces: &[Piece], settings: &CaptionSettings) -> Vec<String> {
    let of_clips = || {
        let held_out = pieces.iter().filter(|it| it.is_held_out);
        let all = held_out.chain(pieces.iter().filter(|it| !it.is_held_out));
        let mut seen = BTreeSet::new();
        all.map(|it| it.words.clone()).filter(|it| seen.insert(it.clone())).collect::<Vec<_>>()
    };
    let mut prompts = settings.prompts.clone();
    if prompts.is_empty() {
        prompts = of_clips();
    }
    prompts.truncate(PROMPTS_MAX);
    prompts
}

/// The file of a clip.
fn file_name(i: usize) -> String {
    format!("clip-{i:05}.safetensors")
}

/// What was kept of a clip, if it is that of these words.
fn kept(file: &Path, words: &str) -> Option<BTreeMap<String, Vec<f32>>> {
    let found = checkpoint::read(file).ok()?;
    let is_it = found.metadata.get("text").is_some_and(|it| it == words);
    is_it.then(|| found.arrays.into_iter().map(|it| (it.name, it.values)).collect())
}

fn keep(file: &Path, words: &str, arrays: Vec<(&str, Vec<f32>)>) -> anyhow::Result<()> {
    let arrays = arrays.into_iter().map(|(name, values)| NamedArray {
        name: name.to_owned(),
        shape: vec![values.len()],
        values,
    });
    let metadata = BTreeMap::from([("text".to_owned(), words.to_owned())]);
    checkpoint::write(file, &arrays.collect::<Vec<_>>(), &metadata)
        .with_context(|| format!("write {}", file.display()))
}

/// Prepares every clip that is not there yet.
fn listen(
    folder: &mut JobFolder,
    path: &Path,
    dataset: &Dataset,
    pieces: &[Piece],
    reader: &mut Reader<'_>,
) -> anyhow::Result<()> {
    let is_there = |i: &usize| kept(&path.join(file_name(*i)), &pieces[*i].words).is_some();
    let absent: Vec<usize> = (0..pieces.len()).filter(|i| !is_there(i)).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let summary = &dataset.index().summary;
    let encoder = reader.open()?;
    let config = encoder.config().autoencoder.clone();
    if usize::from(summary.channels) < config.n_channels {
        let message = format!(
            "The dataset has {} and the model hears {}, so both are the same; prepare it again in stereo to keep its width.",
            if summary.channels == 1 { "one channel" } else { "fewer channels" },
            config.n_channels
        );
        folder.warn(Warning { code: "mono".into(), file: None, message })?;
    }
    let rate_hz = u64::from(summary.rate_hz);
    let all: u64 = absent.iter().map(|i| pieces[*i].n_samples).sum();
    let trained_secs = folder.past().elapsed_secs(folder.past().last_step());
    let mut meter = ProgressMeter::new("seconds", Goal::Units((all / rate_hz).max(1)), 0.0);
    let mut n_done = 0;
    let mut of_words: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    for i in absent {
        let piece = &pieces[i];
        let sound = &dataset.index().sounds[piece.sound];
        let channels = dataset
            .read(sound, piece.from, piece.n_samples as usize)
            .context("read the dataset")?;
        let clip = Clip { rate_hz: summary.rate_hz, channels };
        let clip = resample(&with_channels(clip, config.n_channels), config.rate_hz);
        let latents = encoder.latents(&clip.channels, &mut || !folder.should_stop());
        let Some(latents) = latents else { return Err(Stopped.into()) };
        if !of_words.contains_key(piece.words.as_str()) {
            let words = encoder.words(&piece.words).context("read the words of a clip")?;
            of_words.insert(&piece.words, words);
        }
        let words = of_words[piece.words.as_str()].clone();
        keep(&path.join(file_name(i)), &piece.words, vec![("latents", latents), ("words", words)])?;
        n_done += piece.n_samples;
        if let Some(progress) = meter.mark(PHASE, n_done / rate_hz) {
            let progress = Progress { elapsed_secs: trained_secs, ..progress };
            folder.emit(EventBody::Progress(progress))?;
        }
        if folder.should_stop() {
            return Err(Stopped.into());
        }
    }
    log(&format!("listened to {} s of clips in {:.1} s", all / rate_hz, meter.elapsed_secs()));
    Ok(())
}
