//! Instruments of songs: basses, instruments that play chords, and melodies. Each is a function from a note to sound.

use std::f64::consts::TAU;

use crate::{
    Rng,
    synth::{
        Biquad, OnePole, RATE, bell, frames,
        pluck::{Pluck, pluck},
        voice,
    },
};

/// An instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timbre {
    Piano,
    ElectricPiano,
    Guitar,
    Organ,
    Strings,
    Marimba,
    FingerBass,
    SynthBass,
    UprightBass,
    Voice,
    Flute,
    Lead,
    Glockenspiel,
}
use Timbre::{
    ElectricPiano, FingerBass, Flute, Glockenspiel, Guitar, Lead, Marimba, Organ, Piano, Strings,
    SynthBass, UprightBass, Voice,
};

pub(super) const BASSES: [Timbre; 3] = [FingerBass, SynthBass, UprightBass];
pub(super) const CHORDS: [Timbre; 6] = [Piano, ElectricPiano, Guitar, Organ, Strings, Marimba];
pub(super) const MELODIES: [Timbre; 6] = [Voice, Flute, Lead, Guitar, Glockenspiel, Piano];

/// A note for an instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tone {
    pub(super) hz: f64,
    /// How long it is held.
    pub(super) secs: f64,
    /// How loud, from 0 to 1; louder is brighter.
    pub(super) velocity: f64,
}

impl Timbre {
    /// How far above what is written it sounds.
    pub(super) fn semitones_up(self) -> u8 {
        if self == Glockenspiel { 12 } else { 0 }
    }

    /// Plays a note.
    pub(super) fn play(self, tone: Tone, rng: &mut Rng) -> Vec<f32> {
        let sound = match self {
            Piano => piano(tone, rng),
            ElectricPiano => electric_piano(tone),
            Guitar => string(tone, 4.5, f64::from(rng.uniform(2_500.0, 5_000.0)), rng),
            FingerBass => string(tone, 3.0, f64::from(rng.uniform(500.0, 1_100.0)), rng),
            Organ => organ(tone),
            Strings => bowed(tone, 0.07, rng),
            Marimba => bell::strike(&bell::MARIMBA, tone.hz, 0.9, 1.1, rng),
            SynthBass => synth_bass(tone, rng),
            UprightBass => upright_bass(tone, rng),
            Voice => sung(tone, rng),
            Flute => flute(tone, rng),
            Lead => bowed(tone, 0.012, rng),
            Glockenspiel => bell::strike(&bell::GLOCKENSPIEL, tone.hz, 1.2, 1.3, rng),
        };
        released(sound, tone)
    }
}

/// A note let go after its time, scaled by how loud it is played.
fn released(mut sound: Vec<f32>, tone: Tone) -> Vec<f32> {
    const RELEASE_SECS: f64 = 0.06;
    let held = frames(tone.secs);
    for (i, x) in sound.iter_mut().enumerate() {
        let late = i.saturating_sub(held) as f64 / RATE;
        *x *= (tone.velocity * (-late / RELEASE_SECS).exp()) as f32;
    }
    sound.truncate(held + frames(5.0 * RELEASE_SECS));
    sound
}

/// How many samples a note needs, with its release.
fn length(tone: Tone) -> usize {
    frames(tone.secs + 0.3)
}

/// Struck strings: partials that are a little sharp and die the sooner the higher they are, and a hammer.
fn piano(tone: Tone, rng: &mut Rng) -> Vec<f32> {
    const INHARMONICITY: f64 = 3.5e-4;
    let mut sound = vec![0.0f64; length(tone)];
    let bright = 0.7 + 0.5 * (1.0 - tone.velocity);
    for k in 1..=14 {
        let n = f64::from(k);
        let hz = tone.hz * n * (1.0 + INHARMONICITY * n * n).sqrt();
        if hz > 0.4 * RATE {
            break;
        }
        // The hammer strikes at an eighth of the string.
        let level = (std::f64::consts::PI * n / 8.0).sin().abs().max(0.05) * n.powf(-bright);
        let decay = 1.6 * (220.0 / tone.hz).powf(0.4) / (1.0 + 0.25 * (n - 1.0));
        for detuned in [-0.0002, 0.00025] {
            ring(&mut sound, hz * (1.0 + detuned), 0.3 * level, decay, TAU * rng.next_f64());
        }
    }
    let mut hammer = OnePole::new(2_500.0);
    for (i, x) in sound.iter_mut().take(frames(0.03)).enumerate() {
        let fall = (-(i as f64) / (0.006 * RATE)).exp();
        *x += 0.15 * fall * hammer.run(f64::from(rng.uniform(-1.0, 1.0)));
    }
    softened(&sound, 0.0015)
}

/// Adds a sine that falls by 1/e in a time.
fn ring(sound: &mut [f64], hz: f64, level: f64, decay_secs: f64, phase: f64) {
    let per_sample = (-1.0 / (decay_secs * RATE)).exp();
    let (sin, cos) = (TAU * hz / RATE).sin_cos();
    let (re, im) = (per_sample * cos, per_sample * sin);
    let (mut x, mut y) = (level * phase.cos(), level * phase.sin());
    for out in sound {
        *out += y;
        (x, y) = (x * re - y * im, x * im + y * re);
    }
}

/// With a short rise.
fn softened(sound: &[f64], secs: f64) -> Vec<f32> {
    let rise = |i: usize| (i as f64 / (secs * RATE)).min(1.0);
    sound.iter().enumerate().map(|(i, x)| (x * rise(i)) as f32).collect()
}

/// Tines by frequency modulation: a carrier and a modulator at its pitch, and a tine 14 times as high.
fn electric_piano(tone: Tone) -> Vec<f32> {
    let at = |i: usize| {
        let t = i as f64 / RATE;
        let index = 1.6 * tone.velocity * (-t / 0.5).exp();
        let body = (TAU * tone.hz * t + index * (TAU * tone.hz * t).sin()).sin();
        let tine = 0.12 * (TAU * 14.0 * tone.hz * t).sin() * (-t / 0.04).exp();
        let tine = if 14.0 * tone.hz < 0.45 * RATE { tine } else { 0.0 };
        0.55 * (body + tine) * (-t / 1.3).exp()
    };
    softened(&(0..length(tone)).map(at).collect::<Vec<f64>>(), 0.002)
}

fn string(tone: Tone, decay_secs: f64, brightness_hz: f64, rng: &mut Rng) -> Vec<f32> {
    let note = Pluck {
        frequency_hz: tone.hz,
        secs: tone.secs + 0.3,
        decay_secs: decay_secs * (110.0 / tone.hz).powf(0.3),
        position: f64::from(rng.uniform(0.12, 0.28)),
        brightness_hz: brightness_hz * (0.5 + 0.5 * tone.velocity),
    };
    let mut sound = pluck(&note, rng);
    // The body rings the louder the lower the string.
    let peak = crate::level::peak(&sound).max(1e-6);
    sound.iter_mut().for_each(|x| *x *= 0.7 / peak);
    sound
}

/// Drawbars and a slow rotor; notes begin with a click.
fn organ(tone: Tone) -> Vec<f32> {
    const DRAWBARS: [(f64, f64); 6] =
        [(0.5, 0.25), (1.0, 1.0), (2.0, 0.7), (3.0, 0.5), (4.0, 0.35), (6.0, 0.12)];
    let at = |i: usize| {
        let t = i as f64 / RATE;
        let rotor = (TAU * 6.3 * t).sin();
        let wave: f64 = DRAWBARS
            .iter()
            .map(|(ratio, level)| level * (TAU * tone.hz * ratio * t + 0.08 * rotor).sin())
            .sum();
        0.22 * wave * (1.0 + 0.08 * rotor)
    };
    softened(&(0..length(tone)).map(at).collect::<Vec<f64>>(), 0.006)
}

/// Saws without their corners: two detuned waves through a low-pass, with vibrato that sets in late.
fn bowed(tone: Tone, rise_secs: f64, rng: &mut Rng) -> Vec<f32> {
    let mut phases = [rng.next_f64(), rng.next_f64()];
    let mut low = [OnePole::new(2_600.0), OnePole::new(4_500.0)];
    let at = |i: usize| {
        let t = i as f64 / RATE;
        let vibrato = 0.004 * (TAU * 5.4 * t).sin() * ((t - 0.2) / 0.3).clamp(0.0, 1.0);
        let wave: f64 = phases
            .iter_mut()
            .zip([-0.0015, 0.0017])
            .map(|(phase, detuned)| {
                let step = tone.hz * (1.0 + detuned + vibrato) / RATE;
                *phase = (*phase + step).fract();
                saw(*phase, step)
            })
            .sum();
        0.3 * low.iter_mut().fold(wave, |x, filter| filter.run(x))
    };
    softened(&(0..length(tone)).map(at).collect::<Vec<f64>>(), rise_secs)
}

/// A saw whose step is rounded by a polynomial. Source: Välimäki and Huovilainen, "Antialiasing oscillators in
/// subtractive synthesis" (2007), section on the differentiated parabola and its successors.
fn saw(phase: f64, step: f64) -> f64 {
    let corner = if phase < step {
        let x = phase / step;
        2.0 * x - x * x - 1.0
    } else if phase > 1.0 - step {
        let x = (phase - 1.0) / step;
        x * x + 2.0 * x + 1.0
    } else {
        0.0
    };
    2.0 * phase - 1.0 - corner
}

/// A saw through a low-pass that closes.
fn synth_bass(tone: Tone, rng: &mut Rng) -> Vec<f32> {
    let mut phase = rng.next_f64();
    let step = tone.hz / RATE;
    let mut filter = Biquad::formant(400.0, 300.0);
    let at = |i: usize| {
        let t = i as f64 / RATE;
        if i.is_multiple_of(32) {
            let cutoff = 160.0 + 1_100.0 * tone.velocity * (-t / 0.12).exp();
            filter.retune(&Biquad::formant(cutoff, 0.8 * cutoff));
        }
        phase = (phase + step).fract();
        0.4 * filter.run(saw(phase, step)) * (0.4 + 0.6 * (-t / 0.6).exp())
    };
    softened(&(0..length(tone)).map(at).collect::<Vec<f64>>(), 0.003)
}

/// A round bass: few partials, and a finger.
fn upright_bass(tone: Tone, rng: &mut Rng) -> Vec<f32> {
    let mut sound = vec![0.0f64; length(tone)];
    for (k, level) in [1.0, 0.55, 0.3, 0.15, 0.08].into_iter().enumerate() {
        let n = (k + 1) as f64;
        ring(&mut sound, tone.hz * n, 0.5 * level, 0.8 / n.sqrt(), TAU * rng.next_f64());
    }
    let mut finger = OnePole::new(900.0);
    for (i, x) in sound.iter_mut().take(frames(0.04)).enumerate() {
        let fall = (-(i as f64) / (0.008 * RATE)).exp();
        *x += 0.25 * fall * finger.run(f64::from(rng.uniform(-1.0, 1.0)));
    }
    softened(&sound, 0.004)
}

fn sung(tone: Tone, rng: &mut Rng) -> Vec<f32> {
    let vowels = [voice::A, voice::E, voice::O];
    let song = voice::Song {
        frequency_hz: tone.hz,
        secs: tone.secs + 0.3,
        vowels: &[vowels[rng.below(3)]],
        size: if tone.hz > 220.0 { 1.17 } else { 1.0 },
        breath: 0.06,
    };
    let mut sound = voice::sing(&song, rng);
    let peak = crate::level::peak(&sound).max(1e-6);
    sound.iter_mut().for_each(|x| *x *= 0.6 / peak);
    sound
}

/// A pipe: few harmonics, breath around the pitch, a soft beginning.
fn flute(tone: Tone, rng: &mut Rng) -> Vec<f32> {
    let mut breath = Biquad::band_pass(tone.hz * 2.0, tone.hz);
    let mut phase = 0.0;
    let at = |i: usize| {
        let t = i as f64 / RATE;
        let vibrato = 0.003 * (TAU * 5.0 * t).sin() * (t / 0.4).min(1.0);
        phase += tone.hz * (1.0 + vibrato) / RATE;
        let wave = (TAU * phase).sin()
            + 0.35 * (TAU * 2.0 * phase).sin()
            + 0.12 * (TAU * 3.0 * phase).sin()
            + 0.04 * (TAU * 4.0 * phase).sin();
        0.4 * wave + 0.1 * breath.run(f64::from(rng.uniform(-1.0, 1.0)))
    };
    softened(&(0..length(tone)).map(at).collect::<Vec<f64>>(), 0.035)
}
