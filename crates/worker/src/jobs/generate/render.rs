//! Playing a prepared instrument from start to end, as fast as it goes.

use std::path::PathBuf;

use api::Recipe;
use audio::Clip;
use models::LivePrior;

use crate::instrument::{Instrument, LoadedSound, Path, Players};

/// Samples that are played at a time; the sound does not depend on it.
const BLOCK: usize = 2048;
/// The length of a fade at an edge.
const FADE_SECS: f64 = 0.005;
/// Sounds from this length on, in samples of all channels, are made one at a time.
const LONG: usize = 16 << 20;

/// A sound that is ready to be played.
pub(super) struct Prepared {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) recipe: Recipe,
    pub(super) instrument: Instrument,
    /// Samples that come before the sound, and are not kept.
    pub(super) n_skipped: usize,
    pub(super) n_samples: usize,
    /// What is done before which sample, those that are not kept counted; in order.
    pub(super) acts: Vec<(u64, Act)>,
    /// What comes in, `[channel][sample]`, silent beyond its end.
    pub(super) microphone: Option<Vec<Vec<f32>>>,
    pub(super) heard: Heard,
    /// Whether the start fades in, and the end out.
    pub(super) fades: (bool, bool),
}

/// Something that is done while an instrument plays.
pub(super) enum Act {
    Set(u16, f32),
    Sound(Box<LoadedSound>),
    /// Goes to a place of the sound, unless it is there already.
    Seek(f64),
    Loop(f64, f64),
    Path(Box<Path>),
    SeekPath(f64),
    Prior(Box<dyn LivePrior>),
    RestartPrior(u64),
    Reseed(u64),
    Reset,
}

/// What is kept of what came in.
pub(super) enum Heard {
    Nothing,
    /// The loaded sound, as long as what comes out.
    LoadedSound,
    /// Files, under other names.
    Files(Vec<(PathBuf, &'static str)>),
}

/// A sound that was made, and is to be kept.
pub(super) struct Made {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) recipe: Recipe,
    pub(super) rate_hz: u32,
    /// `[channel][sample]`.
    pub(super) channels: Vec<Vec<f32>>,
    /// What came in, of the same shape.
    pub(super) input: Option<Vec<Vec<f32>>>,
    /// Files to keep beside it.
    pub(super) files: Vec<(PathBuf, &'static str)>,
    /// Parts whose sum it is, by name, each as long as it.
    pub(super) parts: Vec<(String, Clip)>,
}

/// A sound that was played.
pub(super) struct Played {
    pub(super) made: Made,
    /// The instrument's players, for the next one.
    pub(super) players: Players,
}

impl Prepared {
    /// Whether it is so long that two at once would take much memory.
    pub(super) fn is_long(&self) -> bool {
        self.n_samples * self.instrument.n_channels() > LONG
    }
}

/// Plays a sound; nothing if it was told not to go on.
pub(super) fn play(prepared: Prepared, go_on: impl FnMut() -> bool) -> Option<Played> {
    play_in_blocks(prepared, BLOCK, go_on)
}

fn play_in_blocks(
    prepared: Prepared,
    block: usize,
    mut go_on: impl FnMut() -> bool,
) -> Option<Played> {
    let Prepared { number, name, recipe, mut instrument, n_skipped, n_samples, .. } = prepared;
    let (rate_hz, n_channels) = (instrument.rate_hz(), instrument.n_channels());
    let n_all = n_skipped + n_samples;
    let mut channels = vec![Vec::with_capacity(n_samples); n_channels];
    let mut made = vec![vec![0.0; block]; n_channels];
    let microphone = prepared.microphone.unwrap_or_default();
    let mut input: Vec<Vec<f32>> = vec![vec![0.0; block]; microphone.len()];
    let mut acts = prepared.acts.into_iter().peekable();
    let mut at = 0;
    while at < n_all {
        if !go_on() {
            return None;
        }
        while let Some((_, act)) = acts.next_if(|(when, _)| *when <= at as u64) {
            do_it(&mut instrument, act);
        }
        let next = acts.peek().map_or(usize::MAX, |(when, _)| *when as usize);
        let n = block.min(n_all - at).min(next - at);
        made.iter_mut().for_each(|row| row.resize(n, 0.0));
        for (row, from) in input.iter_mut().zip(&microphone) {
            row.clear();
            row.extend(from.iter().skip(at).take(n));
            row.resize(n, 0.0);
        }
        let rows: Vec<&[f32]> = input.iter().map(Vec::as_slice).collect();
        instrument.play(&rows, &mut made);
        let first = n_skipped.saturating_sub(at).min(n);
        channels.iter_mut().zip(&made).for_each(|(to, made)| to.extend_from_slice(&made[first..]));
        at += n;
    }
    fade(&mut channels, rate_hz, prepared.fades);
    let (mut kept, mut files) = (None, vec![]);
    match prepared.heard {
        Heard::Nothing => {}
        Heard::LoadedSound => kept = instrument.load(None).map(|it| repeated(*it, n_samples)),
        Heard::Files(all) => files = all,
    }
    let players = instrument.into_players();
    let made = Made { number, name, recipe, rate_hz, channels, input: kept, files, parts: vec![] };
    Some(Played { made, players })
}

fn do_it(instrument: &mut Instrument, act: Act) {
    match act {
        Act::Set(number, value) => instrument.set(number, value),
        Act::Sound(sound) => drop(instrument.load(Some(sound))),
        Act::Seek(secs) => {
            // A jump fades, so there is none where the sound has come to its place by itself.
            let sample = 1.5 / f64::from(instrument.rate_hz());
            let sound = instrument.sound();
            if (sound.secs() - secs).abs() > sample {
                sound.seek(secs);
            }
        }
        Act::Loop(from, to) => instrument.sound().repeat(from, to),
        Act::Path(path) => drop(instrument.set_path(Some(path))),
        Act::SeekPath(secs) => instrument.seek_path(secs),
        Act::Prior(prior) => drop(instrument.set_prior(Some(prior))),
        Act::RestartPrior(seed) => instrument.restart_prior(seed),
        Act::Reseed(seed) => instrument.reseed(seed),
        Act::Reset => instrument.reset(),
    }
}

/// The sound that came in, for so many samples.
fn repeated(sound: LoadedSound, n_samples: usize) -> Vec<Vec<f32>> {
    let mut channels = sound.channels;
    for channel in &mut channels {
        let n = channel.len();
        channel.truncate(n_samples);
        for i in n..n_samples {
            channel.push(channel[i % n]);
        }
    }
    channels
}

/// Fades the edges, so that a sound that begins or ends in its middle does not click.
fn fade(channels: &mut [Vec<f32>], rate_hz: u32, (fades_in, fades_out): (bool, bool)) {
    for channel in channels {
        let n = ((FADE_SECS * f64::from(rate_hz)) as usize).min(channel.len() / 2);
        let gain = |i: usize| {
            let share = (i as f32 + 0.5) / n as f32;
            0.5 - 0.5 * (std::f32::consts::PI * share).cos()
        };
        if fades_in {
            channel[..n].iter_mut().enumerate().for_each(|(i, x)| *x *= gain(i));
        }
        if fades_out {
            channel.iter_mut().rev().take(n).enumerate().for_each(|(i, x)| *x *= gain(i));
        }
    }
}

#[cfg(test)]
mod tests;
