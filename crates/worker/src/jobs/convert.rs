//! Converting: a sound becomes latents, or latents become sound. What is made lies in the job's folder;
//! whoever asked takes it from there.

use std::{path::Path, time::Instant};

use anyhow::Context;
use api::{ConversionResult, ConvertTask, LivePlay, LiveWeights, ModelPlace, Outcome, SoundFormat};
use audio::{Clip, WavFormat};
use models::rave::{Chance, Model, Player, PlayerSettings};
use nn::{
    npy::{Npy, Numbers},
    stream::Precision,
};

use super::{
    model_file::{Opened, open_model},
    reconstruct::{LENGTH_SECS_MAX, read_sound},
    refuse,
    steps::Steps,
};
use crate::{folder::JobFolder, log::log, whole_file::write_whole};

/// The file of latents or codes.
const LATENTS: &str = "latents.npy";
/// The most numbers of an array that is decoded: a gigabyte.
const NUMBERS_MAX: usize = 1 << 28;
/// The longest block of playing live.
const BLOCK_MAX: u32 = 1 << 16;

/// Converts what the order says.
pub(crate) fn run(folder: &mut JobFolder, task: &ConvertTask) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let made = match task {
        ConvertTask::Latents { model, path, seed, codes, live } => {
            let chance = seed.map_or(Chance::Off, Chance::Seeded);
            let live = checked(*live)?;
            let encoding = Encoding { path, chance, as_codes: *codes, live };
            encode(folder, model, &encoding)?
        }
        ConvertTask::Sound { model, path, noise, format, live } => {
            let noise = noise.map_or(Chance::Off, Chance::Seeded);
            let decoding = Decoding { path, noise, format: *format, live: checked(*live)? };
            decode(folder, model, &decoding)?
        }
    };
    let Some(made) = made else { return Ok(Outcome::Stopped) };
    let result = ConversionResult { compute_secs: started.elapsed().as_secs_f64(), ..made };
    log(&format!("{} in {:.2} s", result.files.join(", "), result.compute_secs));
    let text = serde_json::to_vec_pretty(&result).context("encode result.json")?;
    write_whole(&folder.path().join("result.json"), &text).context("write result.json")?;
    Ok(Outcome::Done)
}

struct Encoding<'a> {
    path: &'a Path,
    chance: Chance,
    as_codes: bool,
    /// Played live like this, which says nothing of chance yet.
    live: Option<PlayerSettings>,
}

struct Decoding<'a> {
    path: &'a Path,
    noise: Chance,
    format: SoundFormat,
    /// Played live like this, which says nothing of chance yet.
    live: Option<PlayerSettings>,
}

/// Latents of a sound, `[1, latents, frames]`; or its codes, `[1, books, frames]`.
fn encode(
    folder: &mut JobFolder,
    place: &ModelPlace,
    encoding: &Encoding<'_>,
) -> anyhow::Result<Option<ConversionResult>> {
    let mut steps = Steps::new(folder, "encoding")?;
    let Opened { model, rate_hz, notes } = open_model(steps.folder.path(), place)?;
    let name = encoding.path.file_name().unwrap_or_default().to_string_lossy();
    let n_channels = model.config().channels;
    let (clip, sound_notes) = read_sound(encoding.path, &name, rate_hz, n_channels)?;
    let notes = notes.into_iter().chain(sound_notes.into_iter().map(|note| note.message));
    let mut made = result(&model, rate_hz, LATENTS, notes.collect());
    let path = steps.folder.path().join(LATENTS);
    if encoding.as_codes {
        refuse_codes_of(&model, encoding.live.is_some())?;
        let codes = model.codes_while(&clip.channels, |share| steps.go_on(share));
        let Some(codes) = codes else { return Ok(None) };
        made.shape = vec![1, codes.len() as u64, codes[0].len() as u64];
        let codes: Vec<i64> = codes.into_iter().flatten().map(|code| code as i64).collect();
        nn::npy::write_integers(&path, &extents(&made.shape), &codes)?;
        return Ok(Some(made));
    }
    let latents = match encoding.live {
        None => model.encode_while(&clip.channels, encoding.chance, |share| steps.go_on(share)),
        Some(settings) => {
            let settings = PlayerSettings { latent: encoding.chance, ..settings };
            encode_live(model.live(settings), &clip, settings.max_block, |share| steps.go_on(share))
        }
    };
    let Some(latents) = latents else { return Ok(None) };
    made.shape = vec![1, latents.len() as u64, latents[0].len() as u64];
    nn::npy::write(&path, &extents(&made.shape), &latents.concat())?;
    Ok(Some(made))
}

/// Latent curves of a sound that comes block by block, a frame with the first sample of each `ratio`.
fn encode_live(
    mut player: Player,
    clip: &Clip,
    block: usize,
    mut go_on: impl FnMut(f64) -> bool,
) -> Option<Vec<Vec<f32>>> {
    let n = clip.n_frames();
    let mut latents = vec![Vec::with_capacity(n / player.ratio() + 1); player.latent_size()];
    for start in (0..n).step_by(block) {
        if !go_on(start as f64 / n as f64) {
            return None;
        }
        let part = start..(start + block).min(n);
        let channels: Vec<&[f32]> =
            clip.channels.iter().map(|channel| &channel[part.clone()]).collect();
        for frame in player.encode(&channels).chunks_exact(latents.len()) {
            latents.iter_mut().zip(frame).for_each(|(curve, x)| curve.push(*x));
        }
    }
    Some(latents)
}

/// Sound of latents or codes: a WAV file, or an array `[channels, samples]`.
fn decode(
    folder: &mut JobFolder,
    place: &ModelPlace,
    decoding: &Decoding<'_>,
) -> anyhow::Result<Option<ConversionResult>> {
    let mut steps = Steps::new(folder, "decoding")?;
    let Opened { model, rate_hz, notes } = open_model(steps.folder.path(), place)?;
    let latents = read_latents(&model, decoding.path)?;
    let length_secs = (latents[0].len() * model.config().ratio()) as f64 / f64::from(rate_hz);
    if length_secs > LENGTH_SECS_MAX {
        let what = format!("“{}” is too long to decode.", decoding.path.display());
        let why = format!("It would be {length_secs:.0} s of sound.");
        return refuse("too_long", what, &why, "Cut it into pieces of at most two hours.");
    }
    let output = match decoding.format {
        SoundFormat::Wav => "sound.wav",
        SoundFormat::Npy => "sound.npy",
    };
    let mut made = result(&model, rate_hz, output, notes);
    let channels = match decoding.live {
        None => model.decode_while(&latents, decoding.noise, |share| steps.go_on(share)),
        Some(settings) => {
            let settings = PlayerSettings { noise: decoding.noise, ..settings };
            let player = model.live(settings);
            made.latency_samples = player.latency_samples() as u64;
            decode_live(player, &latents, settings.max_block, |share| steps.go_on(share))
        }
    };
    let Some(channels) = channels else { return Ok(None) };
    made.shape = vec![channels.len() as u64, channels[0].len() as u64];
    let path = steps.folder.path().join(output);
    match decoding.format {
        SoundFormat::Wav => {
            let clip = Clip { rate_hz, channels };
            audio::write_wav(&path, &clip, WavFormat::Int16).context("write the sound")?;
        }
        SoundFormat::Npy => nn::npy::write(&path, &extents(&made.shape), &channels.concat())?,
    }
    Ok(Some(made))
}

/// Sound of latent curves that come block by block.
fn decode_live(
    mut player: Player,
    latents: &[Vec<f32>],
    block: usize,
    mut go_on: impl FnMut(f64) -> bool,
) -> Option<Vec<Vec<f32>>> {
    let n = latents[0].len();
    let n_frames = (block / player.ratio()).max(1);
    let n_channels = player.channels();
    let mut channels = vec![Vec::with_capacity(n * player.ratio()); n_channels];
    for start in (0..n).step_by(n_frames) {
        if !go_on(start as f64 / n as f64) {
            return None;
        }
        let part = start..(start + n_frames).min(n);
        let frames: Vec<f32> =
            part.flat_map(|frame| latents.iter().map(move |curve| curve[frame])).collect();
        for samples in player.decode(&frames).chunks_exact(n_channels) {
            channels.iter_mut().zip(samples).for_each(|(channel, x)| channel.push(*x));
        }
    }
    Some(channels)
}

/// The latent curves that a file holds, or whose codes it holds.
fn read_latents(model: &Model, path: &Path) -> anyhow::Result<Vec<Vec<f32>>> {
    let what = || format!("“{}” could not be decoded.", path.display());
    let array = match nn::npy::read(path, NUMBERS_MAX) {
        Ok(array) => array,
        Err(error) => {
            let remedy = "Give an array that `numpy.save` wrote, as `maquette encode` does.";
            return refuse("not_latents", what(), &format!("Failed to {error}."), remedy);
        }
    };
    let Npy { shape, numbers } = array;
    let n_rows = match numbers {
        Numbers::Floats(_) => model.config().latent_size,
        Numbers::Integers(_) => {
            refuse_codes_of(model, false)?;
            model.config().num_quantizers
        }
    };
    let n_frames = match shape[..] {
        [1, rows, frames] | [rows, frames] if rows == n_rows && frames > 0 => frames,
        _ => {
            let why = format!("Its shape is {shape:?}; this model takes [1, {n_rows}, frames].");
            let remedy = "Encode with the same model, or give the array that shape.";
            return refuse("wrong_shape", what(), &why, remedy);
        }
    };
    let latents = match numbers {
        Numbers::Floats(floats) => {
            if floats.iter().any(|x| !x.is_finite()) {
                let why = "It holds what is not a number, or infinite.";
                return refuse("not_finite", what(), why, "Look at what made it.");
            }
            Some(floats.chunks_exact(n_frames).map(<[f32]>::to_vec).collect())
        }
        Numbers::Integers(codes) => {
            let book = |codes: &[i64]| {
                codes.iter().map(|code| usize::try_from(*code).unwrap_or(usize::MAX)).collect()
            };
            let books: Vec<Vec<usize>> = codes.chunks_exact(n_frames).map(book).collect();
            model.latent_of_codes(&books)
        }
    };
    let Some(latents) = latents else {
        let why = format!("Codes of this model go from 0 to {}.", model.config().codebook_size - 1);
        return refuse("no_such_code", what(), &why, "Encode with the same model and --codes.");
    };
    Ok(latents)
}

/// Refuses to make or read codes with a model that has none.
fn refuse_codes_of(model: &Model, is_live: bool) -> anyhow::Result<()> {
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

fn result(model: &Model, rate_hz: u32, output: &str, notes: Vec<String>) -> ConversionResult {
    ConversionResult {
        files: vec![output.to_owned()],
        shape: Vec::new(),
        rate_hz,
        ratio: u32::try_from(model.config().ratio()).unwrap_or(u32::MAX),
        latency_samples: 0,
        compute_secs: 0.0,
        notes,
    }
}

fn extents(shape: &[u64]) -> Vec<usize> {
    shape.iter().map(|extent| *extent as usize).collect()
}
