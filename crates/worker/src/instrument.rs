//! Models as an instrument: sound comes in, sources move the latents, and what the models make of them is heard.
//!
//! An [`Instrument`] allocates its memory when it is made and when something is loaded into it; playing neither
//! allocates nor locks. What it plays depends on the samples and on when controls are moved, never on how the sound is
//! cut into blocks: everything happens sample by sample or latent frame by latent frame.
//!
//! ```text
//! microphone ─┐
//!             ├─ mix ─ transpose ─ encoder ─┐
//! sound ──────┘   │        pad, path, walk ─┼─ latents ─ decoder ─ loudness ─ transpose ─┐
//!                 │                 prior ──┘                                           ├─ gain ─ limiter
//!                 └────────────────── late by as much as the model ─────────────────────┘
//! ```

mod controls;
mod latents;
mod outlet;
mod path;
mod perform;
mod sound;
pub(crate) mod space;
mod voice;
mod walk;

use models::{Finished, LiveCodec, LivePrior, PlayerSettings, Randomness};
use nn::stream::Precision;

pub(crate) use self::{
    controls::Controls,
    path::Path,
    perform::{Beginning, Move, MoveWriter, Moved, Performance},
    sound::LoadedSound,
};
use self::{
    controls::{Smoothed, number},
    latents::Latents,
    outlet::Outlet,
    sound::SoundPlayer,
    space::Coordinates,
    voice::Voice,
};

/// The largest piece that is computed at once, in samples.
pub(crate) const PIECE: usize = 2048;

/// How an instrument is made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InstrumentSettings {
    /// The precision of the models' weights.
    pub(crate) precision: Precision,
    /// What every random number follows from.
    pub(crate) seed: u64,
    /// Whether the models' own noise is heard.
    pub(crate) has_noise: bool,
    /// Whether latents are drawn around their means, as in training.
    pub(crate) draws_latents: bool,
    /// The deviation of each direction of the first model over its dataset; 1 where there is none.
    pub(crate) deviations: Vec<f32>,
    /// A slow drift of the latents: how far, in standard deviations, and its seed.
    pub(crate) drift: Option<(f32, u64)>,
    /// Where a random walk begins, in standard deviations along the first directions; at the mean if empty.
    pub(crate) walk_start: Vec<f32>,
}

impl Default for InstrumentSettings {
    fn default() -> Self {
        Self {
            precision: Precision::Float32,
            seed: 0,
            has_noise: true,
            draws_latents: false,
            deviations: vec![],
            drift: None,
            walk_start: vec![],
        }
    }
}

/// The players of an instrument's models, which take long to make: another instrument of the same models can take
/// them over.
pub(crate) struct Players {
    all: Vec<Box<dyn LiveCodec>>,
    /// Precision, the models' own noise, and whether latents are drawn.
    made_for: (Precision, bool, bool),
}

/// Models that play together.
pub(crate) struct Instrument {
    rate_hz: u32,
    n_channels: usize,
    /// What its players were made for.
    made_for: (Precision, bool, bool),
    controls: Controls,
    voices: Vec<Voice>,
    latents: Latents,
    sound: SoundPlayer,
    outlet: Outlet,
    mic: Smoothed,
    file: Smoothed,
    /// Samples that were played since the beginning.
    n_played: u64,
    /// The mix of what comes in, `[channel][sample]` of a piece, before and after it is transposed.
    mixed: Vec<Vec<f32>>,
    /// What the models make of it, of the same shape.
    wet: Vec<Vec<f32>>,
    /// The loudest sample that came in since somebody asked.
    input_peak: f32,
}

/// Why models cannot play together: a sentence, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unplayable(pub(crate) String, pub(crate) &'static str);

impl Instrument {
    /// An instrument of one model or several of the same rate and channels. `rate_hz` is the rate that the first
    /// model's card says.
    pub(crate) fn new(
        models: &[&dyn Finished],
        rate_hz: u32,
        settings: &InstrumentSettings,
    ) -> Result<Self, Unplayable> {
        Self::with_players(None, models, rate_hz, settings)
    }

    /// The same with the players of an instrument of the same models that is no longer needed. It sounds as a new one
    /// does.
    pub(crate) fn with_players(
        players: Option<Players>,
        models: &[&dyn Finished],
        rate_hz: u32,
        settings: &InstrumentSettings,
    ) -> Result<Self, Unplayable> {
        let made_for = (settings.precision, settings.has_noise, settings.draws_latents);
        let fits =
            |players: &Players| players.made_for == made_for && players.all.len() == models.len();
        let mut players = players.filter(fits).map_or(vec![], |players| players.all).into_iter();
        let mut codecs = Vec::with_capacity(models.len());
        for model in models {
            let Some(codec) = model.as_codec() else {
                let why = format!(
                    "A model of the family `{}` makes no sound from latents.",
                    model.family()
                );
                return Err(Unplayable(
                    why,
                    "Choose a model that turns sound into latents and back.",
                ));
            };
            codecs.push(codec);
        }
        let Some(first) = codecs.first().map(|codec| codec.shape()) else {
            return Err(Unplayable("No model was named.".into(), "Choose a model."));
        };
        for shape in codecs.iter().map(|codec| codec.shape()) {
            if (shape.rate_hz, shape.channels) != (first.rate_hz, first.channels) {
                let why = format!(
                    "One model plays {} channel(s) at {} Hz, another {} at {} Hz.",
                    first.channels, first.rate_hz, shape.channels, shape.rate_hz
                );
                return Err(Unplayable(why, "Choose models with the same rate and channels."));
            }
        }
        let mut voices: Vec<Voice> = Vec::with_capacity(codecs.len());
        for (i, (codec, model)) in codecs.iter().zip(models).enumerate() {
            let seed = settings.seed.wrapping_add(i as u64);
            let draws = |does| if does { Randomness::Seeded(seed) } else { Randomness::Off };
            let player = match players.next() {
                Some(player) => begun_anew(player, seed),
                None => codec.live(PlayerSettings {
                    max_block: PIECE,
                    precision: settings.precision,
                    latent: draws(settings.draws_latents),
                    noise: draws(settings.has_noise),
                }),
            };
            let deviations = if i == 0 { settings.deviations.as_slice() } else { &[] };
            let coordinates = Coordinates::of(*model, deviations)
                .ok_or_else(|| Unplayable("A model has no latents.".into(), "Choose another."))?;
            let can_share = (codec.shape().latent_size, codec.shape().ratio)
                == (first.latent_size, first.ratio);
            voices.push(Voice::new(player, codec.shape(), coordinates, can_share, seed));
        }
        let latest = voices.iter().map(Voice::latency_samples).max().unwrap_or(0);
        voices.iter_mut().for_each(|voice| voice.wait_for(latest));
        let n_channels = first.channels;
        let is_spherical = first.regularization == "spherical";
        let coordinates = voices[0].coordinates().clone();
        let latents = Latents::new(coordinates, first.latent_rate_hz(), is_spherical, settings);
        let pieces = || vec![vec![0.0; PIECE]; n_channels];
        Ok(Self {
            rate_hz,
            n_channels,
            made_for,
            controls: Controls::default(),
            latents,
            sound: SoundPlayer::new(rate_hz, n_channels),
            outlet: Outlet::new(rate_hz, n_channels, latest),
            mic: Smoothed::new(0.0, rate_hz),
            file: Smoothed::new(0.0, rate_hz),
            n_played: 0,
            mixed: pieces(),
            wet: pieces(),
            voices,
            input_peak: 0.0,
        })
    }

    /// Its players, for another instrument.
    pub(crate) fn into_players(self) -> Players {
        let all = self.voices.into_iter().map(Voice::into_player).collect();
        Players { all, made_for: self.made_for }
    }

    /// Samples per second.
    pub(crate) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Channels of sound.
    pub(crate) fn n_channels(&self) -> usize {
        self.n_channels
    }

    /// Directions that have controls.
    pub(crate) fn n_directions(&self) -> usize {
        self.latents.n_directions()
    }

    /// Latents of the first model, and its samples per latent frame.
    pub(crate) fn frames(&self) -> (usize, usize) {
        (self.voices[0].coordinates().size(), self.voices[0].ratio())
    }

    /// Whether another model can decode the first one's latents.
    pub(crate) fn can_share_latents(&self) -> bool {
        self.voices.iter().skip(1).any(Voice::can_share)
    }

    /// By how many samples the output is late. Transposing adds to it.
    pub(crate) fn latency_samples(&self) -> usize {
        self.outlet.latency_samples(&self.controls)
    }

    /// By how many samples the output is later than the latents of the first model.
    pub(crate) fn latency_of_latents_samples(&self) -> usize {
        self.latency_samples().saturating_sub(self.voices[0].encoder_latency_samples())
    }

    /// How far into the latent frames it was so many samples ago: since then, frames of all models began at once.
    pub(crate) fn phase_before(&self, n_samples: u64) -> u64 {
        let greatest_divisor = |mut a: u64, mut b: u64| {
            while b > 0 {
                (a, b) = (b, a % b);
            }
            a
        };
        let ratios = self.voices.iter().map(|voice| voice.ratio() as u64);
        let at = self.n_played.saturating_sub(n_samples);
        at % ratios.fold(1, |all, ratio| all / greatest_divisor(all, ratio) * ratio)
    }

    /// The deviations that units of latents mean.
    pub(crate) fn deviations(&self) -> &[f32] {
        self.voices[0].coordinates().deviations()
    }

    /// Where controls stand.
    pub(crate) fn controls(&self) -> &Controls {
        &self.controls
    }

    /// Moves a control; what is out of its range comes into it, and what is no control is left alone.
    pub(crate) fn set(&mut self, number: u16, value: f32) {
        self.controls.set(number, value);
    }

    /// Puts pad and sliders at a point, in standard deviations along the first directions.
    pub(crate) fn set_point(&mut self, point: impl Iterator<Item = f32>) {
        for (direction, value) in point.take(self.n_directions()).enumerate() {
            self.controls.set(controls::direction_number(direction, 0), value);
        }
    }

    /// Brings everything that moves smoothly to where the controls stand, before the first sample.
    pub(crate) fn settle(&mut self) {
        let controls = &self.controls;
        self.mic.jump(controls.mic_gain());
        self.file.jump(controls.file_gain());
        self.outlet.settle(controls);
        self.latents.settle(controls);
        for (i, voice) in self.voices.iter_mut().enumerate() {
            voice.settle(controls.get(number::MODEL_1 + i as u16));
        }
    }

    /// Loads a sound in the place of the one before, which comes back to be dropped elsewhere.
    pub(crate) fn load(&mut self, sound: Option<Box<LoadedSound>>) -> Option<Box<LoadedSound>> {
        self.sound.load(sound)
    }

    /// The player of the loaded sound.
    pub(crate) fn sound(&mut self) -> &mut SoundPlayer {
        &mut self.sound
    }

    /// Takes a path in the place of the one before.
    pub(crate) fn set_path(&mut self, path: Option<Box<Path>>) -> Option<Box<Path>> {
        self.latents.set_path(path)
    }

    /// Goes to a place in the path, in seconds.
    pub(crate) fn seek_path(&mut self, secs: f64) {
        self.latents.seek_path(secs);
    }

    /// Where it is in the path, in seconds.
    pub(crate) fn path_secs(&self) -> f64 {
        self.latents.path_secs()
    }

    /// Takes a prior of the first model in the place of the one before.
    pub(crate) fn set_prior(
        &mut self,
        prior: Option<Box<dyn LivePrior>>,
    ) -> Option<Box<dyn LivePrior>> {
        self.latents.set_prior(prior)
    }

    /// Lets the prior begin anew.
    pub(crate) fn restart_prior(&mut self, seed: u64) {
        self.latents.restart_prior(seed);
    }

    /// Lets the prior hear a frame of the first model, to go on from there.
    pub(crate) fn prior_hears(&mut self, frame: &[f32]) {
        self.latents.prior_hears(frame);
    }

    /// Lets the first model play frames of its own that nobody hears, before the first sample: what comes then goes on
    /// from there.
    pub(crate) fn play_unheard(&mut self, frames: &[f32]) {
        self.voices[0].decode_unheard(frames);
    }

    /// Lets random numbers begin anew, while everything sounds on.
    pub(crate) fn reseed(&mut self, seed: u64) {
        self.latents.reseed(seed);
        for (i, voice) in self.voices.iter_mut().enumerate() {
            voice.reseed(seed.wrapping_add(i as u64));
        }
    }

    /// Silences everything and begins anew.
    pub(crate) fn reset(&mut self) {
        self.voices.iter_mut().for_each(Voice::reset);
        self.latents.reset();
        self.outlet.reset();
        self.n_played = 0;
        self.settle();
    }

    /// The loudest samples that came in and went out since the last time, and the limiter's gain.
    pub(crate) fn take_levels(&mut self) -> (f32, f32, f32) {
        let (output, gain) = self.outlet.take_levels();
        (std::mem::take(&mut self.input_peak), output, gain)
    }

    /// The limiter's gain at present.
    pub(crate) fn limiter_gain(&self) -> f32 {
        self.outlet.limiter_gain()
    }

    /// Where the latents of the first model are, in standard deviations along the directions with controls.
    pub(crate) fn place(&self) -> &[f32] {
        self.latents.place()
    }

    /// Plays a block: `input` has the channels of the microphone, or none for silence; `output` is filled, as many
    /// samples in as many channels.
    ///
    /// # Panics
    /// When channels of the output are missing or differ in length, or those of the input are shorter.
    pub(crate) fn play(&mut self, input: &[&[f32]], output: &mut [Vec<f32>]) {
        assert_eq!(output.len(), self.n_channels, "channels");
        let n = output[0].len();
        let mut at = 0;
        while at < n {
            let here = at..(at + self.piece_from_here()).min(n);
            self.mix(input, here.clone());
            self.sing(here.len());
            for i in 0..here.len() {
                self.outlet.play(&self.controls, &self.mixed, &self.wet, i, output, here.start + i);
            }
            self.n_played += here.len() as u64;
            at = here.end;
        }
    }

    /// How many samples may be computed at once: a voice can only begin with a latent frame.
    fn piece_from_here(&self) -> usize {
        let begin = |voice: &Voice| voice.samples_until_begin(self.n_played);
        self.voices.iter().filter_map(begin).min().unwrap_or(PIECE).clamp(1, PIECE)
    }

    /// Mixes what comes in.
    fn mix(&mut self, input: &[&[f32]], range: std::ops::Range<usize>) {
        let (mic_gain, file_gain) = (self.controls.mic_gain(), self.controls.file_gain());
        self.sound.set_looping(self.controls.is_on(number::FILE_LOOP));
        for (i, at) in range.enumerate() {
            let (mic, file) = (self.mic.next(mic_gain), self.file.next(file_gain));
            // The sound stands still while it is off.
            let plays = file > 0.0 && self.sound.advance();
            for (c, mixed) in self.mixed.iter_mut().enumerate() {
                let from_mic = input.get(c).or(input.first()).map_or(0.0, |channel| channel[at]);
                let from_mic = if from_mic.is_finite() { from_mic } else { 0.0 };
                let from_file = if plays { self.sound.sample(c) } else { 0.0 };
                mixed[i] = from_mic * mic + from_file * file;
                self.input_peak = self.input_peak.max(mixed[i].abs());
            }
        }
    }

    /// Lets the models make sound of it.
    fn sing(&mut self, n: usize) {
        self.wet.iter_mut().for_each(|wet| wet[..n].fill(0.0));
        let transposed = self.outlet.transpose_in(&self.controls, &self.mixed, n);
        let (first, others) = self.voices.split_first_mut().expect("an instrument has a model");
        let shares = self.controls.is_on(number::SHARE_LATENTS);
        let others_need = shares
            && others.iter().enumerate().any(|(i, voice)| {
                voice.can_share()
                    && voice.is_heard(self.controls.get(number::MODEL_1 + 1 + i as u16))
            });
        let weight = self.controls.get(number::MODEL_1);
        let needs_sound = self.latents.needs_encoder(&self.controls);
        first.encode(transposed, n, self.n_played, needs_sound, weight, others_need);
        self.latents.shape(&self.controls, first.frames_mut());
        first.decode(weight, self.n_played, n, &mut self.wet);
        for (i, voice) in others.iter_mut().enumerate() {
            let weight = self.controls.get(number::MODEL_1 + 1 + i as u16);
            if shares && voice.can_share() {
                voice.take_frames(first.frames(), weight);
            } else {
                voice.encode(transposed, n, self.n_played, true, weight, false);
            }
            voice.decode(weight, self.n_played, n, &mut self.wet);
        }
    }
}

/// A player as if it had just been made with a seed.
fn begun_anew(mut player: Box<dyn LiveCodec>, seed: u64) -> Box<dyn LiveCodec> {
    player.reset_encoder();
    player.reset_decoder();
    player.reseed(seed);
    player
}

#[cfg(test)]
pub(crate) mod tests;
