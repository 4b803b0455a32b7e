//! Checks that an exported file plays what its model plays: both get the same sound, and are compared
//! number by number.

use std::time::Instant;

use nn::stream::{Engine, Precision};

use super::exported::Exported;
use crate::Error;
use crate::rave::infer::Model;
use crate::rave::stream::description::Description;
use crate::rave::stream::{Player, PlayerSettings, Randomness};

/// An exported file that can be played: deterministic, with state if it plays block by block. Arrays are planar.
pub trait Plays {
    /// Encodes `channels` of sound; returns the latents and their number.
    ///
    /// # Errors
    /// When the file uses an operation that its reader does not support.
    fn encode(&mut self, x: &[f32], channels: usize) -> Result<Shown, nn::Error>;

    /// Decodes latents to sound.
    ///
    /// # Errors
    /// As [`Self::encode`].
    fn decode(&mut self, z: &Shown) -> Result<Shown, nn::Error>;

    /// Encodes and decodes a sound.
    ///
    /// # Errors
    /// As [`Self::encode`].
    fn whole(&mut self, x: &[f32], channels: usize) -> Result<Shown, nn::Error>;

    /// Clears the state.
    ///
    /// # Errors
    /// As [`Self::encode`].
    fn reset(&mut self) -> Result<(), nn::Error>;
}

/// Rows of numbers, stored one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The number of rows.
    pub rows: usize,
    /// The values, row by row.
    pub values: Vec<f32>,
}

impl Shown {
    /// Converts an array `[1, rows, n]`.
    pub(super) fn of(played: nn::torch_script::Played) -> Result<Self, String> {
        match played.shape[..] {
            [1, rows, n] if rows > 0 && n > 0 => Ok(Self { rows, values: played.values }),
            _ => Err(format!("an answer of shape {:?}", played.shape)),
        }
    }
}

/// The shape of `x` as `rows` rows.
pub(super) fn shape_of(x: &[f32], rows: usize) -> Result<[usize; 3], String> {
    let is_whole = rows > 0 && !x.is_empty() && x.len().is_multiple_of(rows);
    let wrong = || format!("{} numbers in {rows} rows", x.len());
    is_whole.then(|| [1, rows, x.len() / rows]).ok_or_else(wrong)
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Verified {
    /// The largest difference of a latent, relative to the largest latent.
    pub latents: f64,
    /// The largest difference of a sample of sound decoded from equal latents, relative to the loudest.
    pub sound: f64,
    /// The same between the whole model after a reset and decoding the latents that its encoder returned
    /// before.
    pub whole: f64,
    /// For quantised latents, the share of frames whose codes differ because two are equally near.
    pub codes_apart: f64,
    /// Seconds of sound that were compared.
    pub secs: f64,
    /// Times faster than real time that the model plays live in blocks of the requested size, on one thread.
    pub live: Option<f64>,
    /// The speed of the file in the same unit, played by our own reader.
    pub file: f64,
    /// Samples per block when playing the file: a whole number of latent frames.
    pub block: usize,
}

/// The largest difference allowed for sound and latents, relative to the largest value; rounding causes
/// one percent of it.
pub const DIFFERENCE_MAX: f64 = 1e-4;
/// The largest share of frames whose codes may differ because two are equally near.
const CODES_APART_MAX: f64 = 0.01;
/// The minimum number of samples compared, at the model's rate.
const N_SAMPLES: usize = 1 << 16;

impl Verified {
    /// Whether rounding explains the differences.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let near = |x: f64| x <= DIFFERENCE_MAX;
        // Other codes mean other latents.
        let has_latents = near(self.latents) || self.codes_apart > 0.0;
        near(self.sound) && near(self.whole) && has_latents && self.codes_apart <= CODES_APART_MAX
    }

    /// The largest of the differences that [`Self::is_good`] depends on.
    #[must_use]
    pub fn difference(&self) -> f64 {
        let latents = if self.codes_apart > 0.0 { 0.0 } else { self.latents };
        self.sound.max(self.whole).max(latents)
    }
}

/// Compares a file with its model. `go_on` receives the progress, 0 to 1; false stops it.
///
/// # Errors
/// When the file cannot be played; `None` if `go_on` stopped it.
pub(super) fn verify(
    model: &Model,
    exported: &Exported<'_>,
    file: &mut dyn Plays,
    block: usize,
    mut go_on: impl FnMut(f64) -> bool,
) -> Result<Option<Verified>, Error> {
    let settings = exported.settings;
    let (ratio, channels) = (exported.ratio(), exported.channels());
    let n_least = N_SAMPLES * settings.rate_multiple;
    let (whole_block, n) = if settings.is_streaming {
        let whole = block.max(ratio).next_multiple_of(ratio);
        (whole, n_least.next_multiple_of(whole))
    } else {
        let n = n_least.next_multiple_of(ratio);
        (n, n)
    };
    let sound = test_sound(channels, n);
    let part = |start: usize| -> Vec<f32> {
        sound.iter().flat_map(|channel| &channel[start..start + whole_block]).copied().collect()
    };
    let mut reference = Reference::new(model, exported, whole_block);
    let mut found = Verified { block: whole_block, ..Verified::default() };
    let (mut latents, mut made) = (Deviation::default(), Deviation::default());
    let (mut n_frames, mut n_apart, mut sounds) = (0, 0, vec![]);
    for start in (0..n).step_by(whole_block) {
        if !go_on(0.5 * start as f64 / n as f64) {
            return Ok(None);
        }
        let x = part(start);
        let shown = file.encode(&x, channels)?;
        let expected = reference.encode(&x);
        let meant = reference.meaning(&shown);
        if meant.len() != expected.len() {
            return Err(Error::Differs {
                what: "it has a different number of latents than the model".into(),
            });
        }
        if exported.books.is_some() {
            let size = exported.config().latent_size;
            n_frames += expected.len() / size;
            let pairs = meant.chunks(size).zip(expected.chunks(size));
            let is_other =
                |(a, b): &(&[f32], &[f32])| a.iter().zip(*b).any(|(a, b)| (a - b).abs() > 1e-3);
            n_apart += pairs.filter(is_other).count();
        }
        latents.add(&meant, &expected);
        let sound = reference.decode(&meant);
        made.add(&file.decode(&shown)?.values, &sound);
        sounds.push(sound);
    }
    file.reset()?;
    let (mut whole, mut file_secs) = (Deviation::default(), 0.0);
    for start in (0..n).step_by(whole_block) {
        if !go_on(0.5 + 0.4 * start as f64 / n as f64) {
            return Ok(None);
        }
        let x = part(start);
        let from = Instant::now();
        let played = file.whole(&x, channels)?;
        file_secs += from.elapsed().as_secs_f64();
        whole.add(&played.values, &sounds[start / whole_block]);
    }
    found.latents = latents.relative();
    found.sound = made.relative();
    found.whole = whole.relative();
    found.codes_apart = if n_frames == 0 { 0.0 } else { n_apart as f64 / n_frames as f64 };
    found.secs = n as f64 / f64::from(exported.rate_hz());
    found.file = found.secs / file_secs.max(1e-9);
    if settings.is_streaming {
        found.live = Some(found.secs / live_secs(model, exported, &sound, block));
    }
    Ok(Some(found))
}

/// The time in seconds to play the sound live, in the player's blocks.
fn live_secs(model: &Model, exported: &Exported<'_>, sound: &[Vec<f32>], block: usize) -> f64 {
    let mut reference =
        Reference::new(model, exported, block.next_multiple_of(exported.settings.rate_multiple));
    let block = block.next_multiple_of(exported.settings.rate_multiple);
    let n = sound[0].len() / block * block;
    let from = Instant::now();
    for start in (0..n).step_by(block) {
        let x: Vec<f32> =
            sound.iter().flat_map(|channel| &channel[start..start + block]).copied().collect();
        let z = reference.encode(&x);
        reference.decode(&z);
    }
    from.elapsed().as_secs_f64() * sound[0].len() as f64 / n.max(1) as f64
}

/// Gliding tones over noise: energy in every band, different in each channel.
fn test_sound(channels: usize, n: usize) -> Vec<Vec<f32>> {
    let channel = |c: usize| {
        let mut rng = audio::Rng::new(1 + c as u64);
        let mut phase = 0.0f64;
        let sample = |i: usize| {
            let place = i as f64 / n as f64;
            phase += std::f64::consts::TAU
                * 0.002
                * (1.0 + c as f64 / 3.0)
                * (40.0 * place).min(60.0).exp2().min(100.0);
            let loud = 0.25 * (1.0 - (9.0 * place).fract());
            (loud * phase.sin()) as f32 + 0.05 * rng.normal()
        };
        (0..n).map(sample).collect()
    };
    (0..channels).map(channel).collect()
}

/// The largest difference from the expected values, and the largest expected value.
#[derive(Clone, Copy, Debug, Default)]
struct Deviation {
    difference: f64,
    size: f64,
}

impl Deviation {
    fn add(&mut self, found: &[f32], expected: &[f32]) {
        if found.len() != expected.len() {
            self.difference = f64::INFINITY;
        }
        for (a, b) in found.iter().zip(expected) {
            let difference = f64::from((a - b).abs());
            // NaN counts as the largest difference.
            self.difference =
                if difference.is_nan() { f64::INFINITY } else { self.difference.max(difference) };
            self.size = self.size.max(f64::from(b.abs()));
        }
    }

    fn relative(self) -> f64 {
        self.difference / self.size.max(1e-9)
    }
}

/// The expected output of a file.
struct Reference<'a> {
    exported: &'a Exported<'a>,
    lanes: Vec<Lane<'a>>,
}

/// One of several sounds played in parallel.
enum Lane<'a> {
    Live(Box<Live>),
    Whole(&'a Model),
}

/// A player with rate conversion before and after it.
struct Live {
    slower: Option<Engine>,
    player: Player,
    faster: Option<Engine>,
}

impl<'a> Reference<'a> {
    fn new(model: &'a Model, exported: &'a Exported<'a>, block: usize) -> Self {
        let settings = exported.settings;
        let lane = |_| {
            if !settings.is_streaming {
                return Lane::Whole(model);
            }
            let channels = exported.config().channels;
            let engine = |layers: &[nn::stream::Layer], max_frames: usize| {
                let make = || Engine::new(layers, channels, max_frames, Precision::Float32);
                (!layers.is_empty()).then(make)
            };
            let inner = block / settings.rate_multiple + 1;
            let play = PlayerSettings {
                max_block: inner,
                precision: Precision::Float32,
                latent: Randomness::Off,
                noise: Randomness::Off,
            };
            let Description { config, parameters } = exported.network;
            let player = Player::new(config, parameters, play);
            let faster = engine(&exported.faster(), player.max_latents() * player.ratio());
            let slower = engine(&exported.slower(), block);
            Lane::Live(Box::new(Live { slower, player, faster }))
        };
        Self { exported, lanes: (0..settings.n_parallel).map(lane).collect() }
    }

    /// Latents of all lanes: lane by lane, each frame by frame.
    fn encode(&mut self, x: &[f32]) -> Vec<f32> {
        let exported = self.exported;
        let channels = exported.config().channels;
        let n = x.len() / exported.channels();
        let rows: Vec<&[f32]> = x.chunks_exact(n).collect();
        let lanes = self.lanes.iter_mut().zip(rows.chunks(channels));
        let latents = lanes.flat_map(|(lane, rows)| match lane {
            Lane::Whole(model) => model.plain_latents(rows),
            Lane::Live(live) => match &mut live.slower {
                None => live.player.encode(rows).to_vec(),
                Some(engine) => {
                    let slow = engine.process(&interleaved(rows), &mut |_| ());
                    let slow = rows_of(slow, channels);
                    live.player.encode(&slow.iter().map(Vec::as_slice).collect::<Vec<_>>()).to_vec()
                }
            },
        });
        exported.kept(&latents.collect::<Vec<_>>())
    }

    /// The latents represented by a file's output, laid out as [`Self::encode`] does.
    fn meaning(&self, shown: &Shown) -> Vec<f32> {
        let n = shown.values.len() / shown.rows.max(1);
        let rows: Vec<&[f32]> = shown.values.chunks_exact(n.max(1)).collect();
        let of_lane = (shown.rows / self.lanes.len()).max(1);
        let frames = rows.chunks(of_lane).flat_map(interleaved).collect::<Vec<_>>();
        self.exported.meaning(&frames)
    }

    /// The sound of latents laid out as in [`Self::encode`], channel after channel.
    fn decode(&mut self, latents: &[f32]) -> Vec<f32> {
        let (channels, size) =
            (self.exported.config().channels, self.exported.config().latent_size);
        let lanes = self.lanes.len();
        let n = latents.len() / lanes / size * size;
        let parts = self.lanes.iter_mut().zip(latents.chunks_exact(n.max(1)));
        let sounds = parts.flat_map(|(lane, latents)| match lane {
            Lane::Whole(model) => model.plain_sound(latents),
            Lane::Live(live) => {
                // As many frames at a time as the player accepts.
                let most = live.player.max_latents() * size;
                let mut sound = vec![];
                for latents in latents.chunks(most) {
                    let made = live.player.decode(latents);
                    match &mut live.faster {
                        None => sound.extend_from_slice(made),
                        Some(engine) => sound.extend_from_slice(engine.process(made, &mut |_| ())),
                    }
                }
                rows_of(&sound, channels).concat()
            }
        });
        sounds.collect()
    }
}

/// Transposes rows to frames.
fn interleaved(rows: &[&[f32]]) -> Vec<f32> {
    let n = rows.first().map_or(0, |row| row.len());
    (0..n).flat_map(|i| rows.iter().map(move |row| row[i])).collect()
}

/// Transposes frames to rows.
fn rows_of(frames: &[f32], n: usize) -> Vec<Vec<f32>> {
    (0..n).map(|i| frames.iter().skip(i).step_by(n).copied().collect()).collect()
}
