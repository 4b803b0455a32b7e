//! Converting: a sound becomes latents, or latents become sound. What is made lies in the job's folder;
//! whoever asked takes it from there.

use std::{path::Path, time::Instant};

use anyhow::Context;
use api::{ConversionResult, ConvertTask, LivePlay, LiveWeights, ModelPlace, Outcome, SoundFormat};
use audio::{WavFormat, WavWriter};
use models::{Codec, CodecShape, LiveCodec, PlayerSettings, Randomness};
use nn::{
    npy::{Kept, Numbers, RowReader, RowWriter},
    stream::Precision,
};

use super::{
    input::{Input, LENGTH_SECS_MAX},
    model_file::{Opened, codec, name_of, open_model},
    refuse,
    steps::{Steps, stopped_or},
};
use crate::{folder::JobFolder, log::log};

/// The file of latents or codes.
const LATENTS: &str = "latents.npy";
/// Shares of encoding: looking the sound through, and all.
const READ_SHARE: f64 = 0.05;
/// Latent frames that are read at a time.
const FRAMES_AT_ONCE: usize = 1 << 13;
/// The longest block of playing live.
const BLOCK_MAX: u32 = 1 << 16;

/// Converts what the order says.
pub(crate) fn run(folder: &mut JobFolder, task: &ConvertTask) -> anyhow::Result<Outcome> {
    stopped_or(convert(folder, task).map(|()| Outcome::Done))
}

fn convert(folder: &mut JobFolder, task: &ConvertTask) -> anyhow::Result<()> {
    let started = Instant::now();
    let made = match task {
        ConvertTask::Latents { model, path, seed, codes, live } => {
            let randomness = seed.map_or(Randomness::Off, Randomness::Seeded);
            let live = checked(*live)?;
            let encoding = Encoding { path, randomness, as_codes: *codes, live };
            encode(folder, model, &encoding)?
        }
        ConvertTask::Sound { model, path, noise, format, live } => {
            let noise = noise.map_or(Randomness::Off, Randomness::Seeded);
            let decoding = Decoding { path, noise, format: *format, live: checked(*live)? };
            decode(folder, model, &decoding)?
        }
    };
    let result = ConversionResult { compute_secs: started.elapsed().as_secs_f64(), ..made };
    log(&format!("{} in {:.2} s", result.files.join(", "), result.compute_secs));
    let text = serde_json::to_vec_pretty(&result).context("encode result.json")?;
    job::whole::write(&folder.path().join("result.json"), &text).context("write result.json")
}

struct Encoding<'a> {
    path: &'a Path,
    randomness: Randomness,
    as_codes: bool,
    /// Settings for playing live; their seeds are set later.
    live: Option<PlayerSettings>,
}

struct Decoding<'a> {
    path: &'a Path,
    noise: Randomness,
    format: SoundFormat,
    /// Settings for playing live; their seeds are set later.
    live: Option<PlayerSettings>,
}

/// Latents of a sound, `[1, latents, frames]`; or its codes, `[1, books, frames]`.
fn encode(
    folder: &mut JobFolder,
    place: &ModelPlace,
    encoding: &Encoding<'_>,
) -> anyhow::Result<ConversionResult> {
    let mut steps = Steps::new(folder, "reading")?;
    steps.begin("reading the sound", [0.0, READ_SHARE]);
    let Opened { model, rate_hz, notes } = open_model(steps.folder.path(), place)?;
    let model = codec(model.as_ref(), &name_of(place))?;
    let of_model = model.shape();
    let rate_hz = rate_hz.unwrap_or(of_model.rate_hz);
    if encoding.as_codes {
        refuse_codes_of(model, encoding.live.is_some())?;
    }
    let name = encoding.path.file_name().unwrap_or_default().to_string_lossy();
    let shape = (rate_hz, of_model.channels);
    let (mut input, sound_notes) = Input::open(encoding.path, &name, shape, &mut steps)?;
    let notes = notes.into_iter().chain(sound_notes.into_iter().map(|note| note.message));
    let mut made = result(model, rate_hz, LATENTS, notes.collect());
    let path = steps.folder.path().join(LATENTS);
    let n_samples = input.n_frames();
    let n_frames = match encoding.live {
        None => model.n_latent_frames(n_samples),
        Some(_) => n_samples.div_ceil(of_model.ratio as u64),
    };
    let (n_rows, kept) = if encoding.as_codes {
        (of_model.n_books, Kept::Integers)
    } else {
        (of_model.latent_size, Kept::Floats)
    };
    made.shape = vec![1, n_rows as u64, n_frames];
    steps.begin("encoding", [READ_SHARE, 1.0]);
    let mut writer = RowWriter::create(&path, &extents(&made.shape), kept)?;
    let mut n_made = 0;
    let push = |rows: &[Vec<f32>]| -> anyhow::Result<()> {
        writer.write(rows)?;
        n_made += rows[0].len();
        steps.check(n_made as f64 / n_frames.max(1) as f64)
    };
    match encoding.live {
        None if encoding.as_codes => model.code_pieces(|rows| input.pull(rows), push)?,
        None => model.encode_pieces(encoding.randomness, |rows| input.pull(rows), push)?,
        Some(settings) => {
            let settings = PlayerSettings { latent: encoding.randomness, ..settings };
            let rows = (of_model.channels, of_model.latent_size);
            encode_live(model.live(settings), rows, &mut input, settings.max_block, push)?;
        }
    }
    writer.finish()?;
    Ok(made)
}

/// Latents of a sound that comes block by block, a frame with the first sample of each `ratio`.
fn encode_live(
    mut player: Box<dyn LiveCodec>,
    (n_channels, n_latents): (usize, usize),
    input: &mut Input,
    block: usize,
    mut push: impl FnMut(&[Vec<f32>]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut waiting = vec![vec![]; n_channels];
    let mut latents = vec![vec![]; n_latents];
    loop {
        let samples = input.take(block, &mut waiting)?;
        let is_ended = samples[0].is_empty();
        let channels: Vec<&[f32]> = samples.iter().map(Vec::as_slice).collect();
        if !is_ended {
            for frame in player.encode(&channels).chunks_exact(latents.len()) {
                latents.iter_mut().zip(frame).for_each(|(curve, x)| curve.push(*x));
            }
        }
        // A file is written in few large pieces.
        if is_ended || latents[0].len() >= FRAMES_AT_ONCE {
            push(&latents)?;
            latents.iter_mut().for_each(Vec::clear);
        }
        if is_ended {
            return Ok(());
        }
    }
}

/// Sound of latents or codes: a WAV file, or an array `[channels, samples]`.
fn decode(
    folder: &mut JobFolder,
    place: &ModelPlace,
    decoding: &Decoding<'_>,
) -> anyhow::Result<ConversionResult> {
    let mut steps = Steps::new(folder, "decoding")?;
    let Opened { model, rate_hz, notes } = open_model(steps.folder.path(), place)?;
    let model = codec(model.as_ref(), &name_of(place))?;
    let shape = model.shape();
    let rate_hz = rate_hz.unwrap_or(shape.rate_hz);
    let mut latents = Latents::open(model, decoding.path)?;
    let n_frames = latents.n_frames as u64;
    let n_samples_live = n_frames.saturating_mul(shape.ratio as u64);
    let length_secs = n_samples_live as f64 / f64::from(rate_hz);
    if length_secs > LENGTH_SECS_MAX {
        let what = format!("“{}” is too long to decode.", decoding.path.display());
        let why = format!("It would be {length_secs:.0} s of sound.");
        return refuse("too_long", what, &why, "Cut it into pieces of at most 24 hours.");
    }
    latents.check()?;
    let output = match decoding.format {
        SoundFormat::Wav => "sound.wav",
        SoundFormat::Npy => "sound.npy",
    };
    let mut made = result(model, rate_hz, output, notes);
    let n_channels = shape.channels;
    let n_samples = match decoding.live {
        None => model.n_decoded_samples(n_frames),
        Some(_) => n_samples_live,
    };
    made.shape = vec![n_channels as u64, n_samples];
    let path = steps.folder.path().join(output);
    let mut file = match decoding.format {
        SoundFormat::Wav => {
            let format = WavFormat::Int16;
            let file = WavWriter::create(&path, rate_hz, n_channels, n_samples, format);
            SoundFile::Wav(file.context("write the sound")?)
        }
        SoundFormat::Npy => {
            SoundFile::Npy(RowWriter::create(&path, &extents(&made.shape), Kept::Floats)?)
        }
    };
    let mut n_made = 0;
    let push = |channels: &[Vec<f32>]| -> anyhow::Result<()> {
        file.write(channels)?;
        n_made += channels[0].len();
        steps.check(n_made as f64 / n_samples.max(1) as f64)
    };
    match decoding.live {
        None => model.decode_pieces(decoding.noise, |rows| latents.pull(rows), push)?,
        Some(settings) => {
            let settings = PlayerSettings { noise: decoding.noise, ..settings };
            let player = model.live(settings);
            made.latency_samples = player.latency_samples() as u64;
            let n_frames = (settings.max_block / shape.ratio).max(1);
            decode_live(player, &mut latents, n_frames, push)?;
        }
    }
    file.finish()?;
    Ok(made)
}

/// The file that sound goes to.
enum SoundFile {
    Wav(WavWriter),
    Npy(RowWriter),
}

impl SoundFile {
    fn write(&mut self, channels: &[Vec<f32>]) -> anyhow::Result<()> {
        match self {
            Self::Wav(file) => file.write(channels).context("write the sound"),
            Self::Npy(file) => file.write(channels).context("write the sound"),
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Wav(file) => file.finish().context("write the sound"),
            Self::Npy(file) => file.finish().context("write the sound"),
        }
    }
}

/// Sound of latents that come block by block, so many frames a block.
fn decode_live(
    mut player: Box<dyn LiveCodec>,
    latents: &mut Latents<'_>,
    n_frames: usize,
    mut push: impl FnMut(&[Vec<f32>]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let CodecShape { channels: n_channels, latent_size, .. } = latents.model.shape();
    loop {
        let mut curves = vec![vec![]; latent_size];
        let is_more = latents.pull(&mut curves)?;
        let mut channels = vec![vec![]; n_channels];
        let n = curves[0].len();
        for start in (0..n).step_by(n_frames) {
            let part = start..(start + n_frames).min(n);
            let frames: Vec<f32> =
                part.flat_map(|frame| curves.iter().map(move |curve| curve[frame])).collect();
            for samples in player.decode(&frames).chunks_exact(n_channels) {
                channels.iter_mut().zip(samples).for_each(|(channel, x)| channel.push(*x));
            }
            if channels[0].len() >= SAMPLES_AT_ONCE {
                push(&channels)?;
                channels.iter_mut().for_each(Vec::clear);
            }
        }
        push(&channels)?;
        if !is_more {
            return Ok(());
        }
    }
}

/// Samples of sound that are written at a time.
const SAMPLES_AT_ONCE: usize = 1 << 18;

/// The latents that a file holds, or whose codes it holds.
struct Latents<'a> {
    model: &'a dyn Codec,
    path: &'a Path,
    file: RowReader,
    n_frames: usize,
    at: usize,
}

impl<'a> Latents<'a> {
    fn open(model: &'a dyn Codec, path: &'a Path) -> anyhow::Result<Self> {
        let what = || format!("“{}” could not be decoded.", path.display());
        let file = match RowReader::open(path) {
            Ok(file) => file,
            Err(error) => {
                let remedy = "Give an array that `numpy.save` wrote, as `maquette encode` does.";
                return refuse("not_latents", what(), &format!("Failed to {error}."), remedy);
            }
        };
        let n_rows = if file.has_integers() {
            refuse_codes_of(model, false)?;
            model.shape().n_books
        } else {
            model.shape().latent_size
        };
        let n_frames = match *file.shape() {
            [1, rows, frames] | [rows, frames] if rows == n_rows && frames > 0 => frames,
            _ => {
                let shape = file.shape();
                let why =
                    format!("Its shape is {shape:?}; this model takes [1, {n_rows}, frames].");
                let remedy = "Encode with the same model, or give the array that shape.";
                return refuse("wrong_shape", what(), &why, remedy);
            }
        };
        Ok(Self { model, path, file, n_frames, at: 0 })
    }

    /// Reads all of it once, so that what cannot be decoded is refused before hours of work.
    fn check(&mut self) -> anyhow::Result<()> {
        let mut curves = vec![vec![]; self.model.shape().latent_size];
        while self.pull(&mut curves)? {
            curves.iter_mut().for_each(Vec::clear);
        }
        self.at = 0;
        Ok(())
    }

    /// Appends the next frames to each curve; whether there are more.
    fn pull(&mut self, curves: &mut [Vec<f32>]) -> anyhow::Result<bool> {
        let frames = self.at..(self.at + FRAMES_AT_ONCE).min(self.n_frames);
        let n = frames.len();
        self.at = frames.end;
        if n == 0 {
            return Ok(false);
        }
        let what = || format!("“{}” could not be decoded.", self.path.display());
        match self.file.columns(frames)? {
            Numbers::Floats(floats) => {
                if floats.iter().any(|x| !x.is_finite()) {
                    let why = "It holds what is not a number, or infinite.";
                    return refuse("not_finite", what(), why, "Look at what made it.");
                }
                for (curve, floats) in curves.iter_mut().zip(floats.chunks_exact(n)) {
                    curve.extend_from_slice(floats);
                }
            }
            Numbers::Integers(codes) => {
                let book = |codes: &[i64]| {
                    codes.iter().map(|code| usize::try_from(*code).unwrap_or(usize::MAX)).collect()
                };
                let books: Vec<Vec<usize>> = codes.chunks_exact(n).map(book).collect();
                let Some(latents) = self.model.latent_of_codes(&books) else {
                    let most = self.model.shape().codebook_size.saturating_sub(1);
                    let why = format!("Codes of this model go from 0 to {most}.");
                    let remedy = "Encode with the same model and --codes.";
                    return refuse("no_such_code", what(), &why, remedy);
                };
                for (curve, latent) in curves.iter_mut().zip(latents) {
                    curve.extend(latent);
                }
            }
        }
        Ok(self.at < self.n_frames)
    }
}

/// Refuses to make or read codes with a model that has none.
fn refuse_codes_of(model: &dyn Codec, is_live: bool) -> anyhow::Result<()> {
    let what = "There are no codes to be had.";
    if is_live {
        let why = "Codes are not made block by block.";
        return refuse("no_live_codes", what, why, "Leave out --codes or --stream.");
    }
    if !model.has_codes() {
        let why = "The latents of this model are not made of codes.";
        return refuse("no_codes", what, why, "Leave out --codes, or choose a discrete model.");
    }
    Ok(())
}

fn checked(live: Option<LivePlay>) -> anyhow::Result<Option<PlayerSettings>> {
    let Some(LivePlay { block, weights }) = live else { return Ok(None) };
    if !(1..=BLOCK_MAX).contains(&block) {
        let why = format!("It must be 1 to {BLOCK_MAX} samples.");
        return refuse("bad_block", "The block cannot be used.", &why, "Try 2048.");
    }
    let precision = match weights {
        LiveWeights::Float32 => Precision::Float32,
        LiveWeights::Int16 => Precision::Int16,
        LiveWeights::Int8 => Precision::Int8,
    };
    Ok(Some(PlayerSettings { max_block: block as usize, precision, ..Default::default() }))
}

fn result(model: &dyn Codec, rate_hz: u32, output: &str, notes: Vec<String>) -> ConversionResult {
    ConversionResult {
        files: vec![output.to_owned()],
        shape: Vec::new(),
        rate_hz,
        ratio: u32::try_from(model.shape().ratio).unwrap_or(u32::MAX),
        latency_samples: 0,
        compute_secs: 0.0,
        notes,
    }
}

fn extents(shape: &[u64]) -> Vec<usize> {
    shape.iter().map(|extent| *extent as usize).collect()
}
