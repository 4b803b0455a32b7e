//! What is measured of a sound to describe it.
//!
//! Source of most: Peeters, "A large set of audio features for sound description in the CUIDADO project" (2004).

use std::f64::consts::PI;

use crate::{
    features::{FeatureSettings, melspectrogram},
    harmony::at_rate,
};

/// How many cepstral coefficients are kept, from the second on: the first is loudness.
pub(super) const N_CEPSTRAL: usize = 13;
const RATE_HZ: u32 = 22_050;
const SETTINGS: FeatureSettings = FeatureSettings { rate_hz: RATE_HZ, n_fft: 1024, hop: 512 };
/// Long sounds are measured in pieces of a minute, so that no more spectra than those are in memory.
const PIECE: usize = 60 * 43 * 512;
/// Frames further below the loudest are left out, in dB: they are silence or reverberation.
const RANGE_DB: f64 = 40.0;

/// Numbers that describe a sound. Those of spectra are means over the frames within 40 dB of the loudest one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// Length, in seconds.
    pub length_secs: f64,
    /// The centre of the spectrum's magnitudes, in Hz.
    pub brightness_hz: f64,
    /// Share of power below 150 Hz.
    pub bass_share: f64,
    /// Share of power above 5 kHz.
    pub treble_share: f64,
    /// How flat the spectrum is, in dB: 0 for white noise, far below for tones.
    pub flatness_db: f64,
    /// Share of the time that is within 20 dB of the loudest frame.
    pub sustain: f64,
    /// How much the level rises within 23 ms at its steepest, in dB.
    pub attack_db: f64,
    /// Peak over root mean square, in dB.
    pub crest_db: f64,
    /// From a quiet to a loud moment, in dB: levels that a tenth, nine tenths of the frames are below.
    pub dynamics_db: f64,
    /// How often a second the spectrum rises suddenly.
    pub attacks_per_sec: f64,
    /// Cepstral coefficients, on average; the first of them is the second of librosa's.
    pub cepstral: [f64; N_CEPSTRAL],
    /// Their standard deviations.
    pub cepstral_spread: [f64; N_CEPSTRAL],
}

/// What is measured of a frame.
struct Frame {
    level_db: f64,
    brightness_hz: f64,
    bass_share: f64,
    treble_share: f64,
    flatness_db: f64,
    /// How much bands rise from the frame before, in dB, on average.
    flux_db: f64,
    cepstral: [f64; N_CEPSTRAL],
}

/// Measures a channel; none for silence.
#[must_use]
pub fn measure(samples: &[f32], rate_hz: u32) -> Option<Measures> {
    let length_secs = samples.len() as f64 / f64::from(rate_hz);
    let samples = at_rate(samples, rate_hz, RATE_HZ);
    let frames = frames(&samples);
    let loudest = frames.iter().map(|it| it.level_db).fold(f64::MIN, f64::max);
    let peak = samples.iter().fold(0.0f32, |max, x| max.max(x.abs()));
    if peak < 1e-5 {
        return None;
    }
    let kept: Vec<&Frame> = frames.iter().filter(|it| it.level_db > loudest - RANGE_DB).collect();
    let mean = |of: &dyn Fn(&Frame) -> f64| {
        kept.iter().map(|it| of(it)).sum::<f64>() / kept.len().max(1) as f64
    };
    let cepstral: [f64; N_CEPSTRAL] = std::array::from_fn(|i| mean(&|it| it.cepstral[i]));
    let variance = |i: usize| mean(&|it| (it.cepstral[i] - cepstral[i]).powi(2));
    let sustained = frames.iter().filter(|it| it.level_db > loudest - 20.0).count();
    // The sound comes out of silence.
    let before = std::iter::once(loudest - 60.0);
    let before = before.chain(frames.iter().map(|it| it.level_db.max(loudest - 60.0)));
    let steps = frames.iter().zip(before).map(|(frame, before)| frame.level_db - before);
    let square = samples.iter().map(|x| f64::from(x * x)).sum::<f64>() / samples.len() as f64;
    let mut levels: Vec<f64> = kept.iter().map(|it| it.level_db).collect();
    levels.sort_by(f64::total_cmp);
    let level = |share: f64| levels[((levels.len() - 1) as f64 * share) as usize];
    Some(Measures {
        length_secs,
        brightness_hz: mean(&|it| it.brightness_hz.ln()).exp(),
        bass_share: mean(&|it| it.bass_share),
        treble_share: mean(&|it| it.treble_share),
        flatness_db: mean(&|it| it.flatness_db),
        sustain: sustained as f64 / frames.len() as f64,
        attack_db: steps.fold(0.0, f64::max),
        crest_db: 20.0 * f64::from(peak).log10() - 10.0 * square.max(1e-12).log10(),
        dynamics_db: level(0.9) - level(0.1),
        attacks_per_sec: n_attacks(&frames, loudest) as f64 / length_secs.max(0.25),
        cepstral,
        cepstral_spread: std::array::from_fn(|i| variance(i).sqrt()),
    })
}

/// Sudden rises of the spectrum: tops of the flux above 3 dB, at least 70 ms apart.
fn n_attacks(frames: &[Frame], loudest: f64) -> usize {
    let flux = |i: usize| {
        frames.get(i).filter(|it| it.level_db > loudest - RANGE_DB).map_or(0.0, |it| it.flux_db)
    };
    let (mut n, mut last) = (0, None::<usize>);
    for i in 0..frames.len() {
        let is_top = (i.saturating_sub(3)..i + 4).all(|at| flux(at) <= flux(i));
        if flux(i) > 3.0 && is_top && last.is_none_or(|last| i - last > 3) {
            n += 1;
            last = Some(i);
        }
    }
    n
}

fn frames(samples: &[f32]) -> Vec<Frame> {
    let mut found = vec![];
    let mut before: Option<Vec<f64>> = None;
    for piece in samples.chunks(PIECE) {
        let mel = melspectrogram(piece, &SETTINGS);
        let hz = mel_centres(mel.n_bins);
        let largest = mel.values.iter().fold(0.0f32, |max, x| max.max(*x));
        // 80 dB below the loudest, as in librosa.
        let floor = f64::from(largest * 1e-8).max(1e-10);
        for i in 0..mel.n_frames() {
            let bands: Vec<f64> = mel.frame(i).iter().map(|x| f64::from(*x)).collect();
            let db: Vec<f64> = bands.iter().map(|x| 10.0 * x.max(floor).log10()).collect();
            found.push(frame(&bands, &db, &hz, before.as_deref()));
            before = Some(db);
        }
    }
    found
}

fn frame(bands: &[f64], db: &[f64], hz: &[f64], before: Option<&[f64]>) -> Frame {
    let n = bands.len() as f64;
    let power = bands.iter().sum::<f64>().max(1e-12);
    let roots: Vec<f64> = bands.iter().map(|x| x.sqrt()).collect();
    let magnitude = roots.iter().sum::<f64>().max(1e-12);
    let share = |fits: &dyn Fn(f64) -> bool| {
        let fitting = bands.iter().zip(hz).filter(|(_, hz)| fits(**hz)).map(|(x, _)| x);
        fitting.sum::<f64>() / power
    };
    let rise = |(i, db): (usize, &f64)| (db - before.map_or(-100.0, |it| it[i])).clamp(0.0, 40.0);
    let coefficient = |k: usize| {
        let wave = |i: usize| (PI * (k + 1) as f64 * (i as f64 + 0.5) / n).cos();
        (2.0 / n).sqrt() * db.iter().enumerate().map(|(i, x)| x * wave(i)).sum::<f64>()
    };
    Frame {
        level_db: 10.0 * power.log10(),
        brightness_hz: (roots.iter().zip(hz).map(|(x, hz)| x * hz).sum::<f64>() / magnitude)
            .max(20.0),
        bass_share: share(&|hz| hz < 150.0),
        treble_share: share(&|hz| hz > 5000.0),
        flatness_db: db.iter().sum::<f64>() / n - 10.0 * (power / n).log10(),
        flux_db: db.iter().enumerate().map(rise).sum::<f64>() / n,
        cepstral: std::array::from_fn(coefficient),
    }
}

/// Where a mel band has its centre and the next one begins, in Hz. Source: Slaney, "Auditory toolbox" (1998): linear up to
/// 1 kHz, logarithmic above.
pub(crate) fn mel_hz(band: usize, n_bands: usize) -> f64 {
    let hz = |mel: f64| {
        if mel < 15.0 {
            mel * 200.0 / 3.0
        } else {
            1000.0 * (6.4f64.ln() / 27.0 * (mel - 15.0)).exp()
        }
    };
    let highest = 15.0 + (f64::from(RATE_HZ) / 2000.0).ln() / (6.4f64.ln() / 27.0);
    hz(highest * band as f64 / (n_bands + 1) as f64)
}

/// Centres of the mel bands, in Hz.
fn mel_centres(n: usize) -> Vec<f64> {
    (1..=n).map(|i| mel_hz(i, n)).collect()
}
