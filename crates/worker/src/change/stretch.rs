//! `maquette stretch`: a sound file in another time, at another pitch, each apart from the other.

use std::{path::Path, time::Instant};

use api::{Problem, StretchedSound};
use audio::{Stretch, StretchQuality, Warp, stretched_len, warped};

use super::{load, named, save};
use crate::folder::problem;

/// How a sound is stretched.
#[derive(Clone, Debug, PartialEq)]
pub struct StretchSound {
    /// How long it becomes.
    pub length: StretchLength,
    /// How much higher it becomes, in semitones.
    pub semitones: f64,
    /// Whether its colour stays where it is when the pitch moves.
    pub keeps_formants: bool,
    /// Whether less is computed.
    pub is_fast: bool,
}

/// How long a sound becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StretchLength {
    /// So many times as long.
    Ratio(f64),
    /// So many seconds.
    Seconds(f64),
}

/// How far a sound is stretched at most, either way.
const RATIO_MAX: f64 = 20.0;
/// How far a pitch is moved at most, either way, in semitones.
const SEMITONES_MAX: f64 = 36.0;

/// Stretches a sound file, or moves its pitch; with neither, the samples stay as they are.
///
/// # Errors
/// When the file cannot be read as sound, the other one cannot be written, or the order is out of range: what happened,
/// why, and what to do.
pub fn stretch_sound(
    input: &Path,
    output: &Path,
    order: &StretchSound,
) -> Result<StretchedSound, Problem> {
    let refuse = |why: &str, remedy: &str| {
        Err(problem("bad_stretch", "The sound cannot be stretched like that.", why, remedy))
    };
    if order.semitones.is_nan() || order.semitones.abs() > SEMITONES_MAX {
        let why = format!("The pitch moves by up to {SEMITONES_MAX} semitones either way.");
        return refuse(&why, "Move it by less.");
    }
    let (clip, notes) = load(input)?;
    let n_in = clip.n_frames();
    let ratio = match order.length {
        StretchLength::Ratio(ratio) => ratio,
        StretchLength::Seconds(secs) => secs * f64::from(clip.rate_hz) / n_in.max(1) as f64,
    };
    if !(1.0 / RATIO_MAX..=RATIO_MAX).contains(&ratio) {
        let why = format!(
            "It would become {ratio:.3} times as long; from {} to {RATIO_MAX} is possible.",
            1.0 / RATIO_MAX
        );
        return refuse(&why, "Stretch it by less.");
    }
    let n_out = stretched_len(n_in, ratio);
    let end = n_in as f64;
    // A ratio that comes to the same length moves nothing.
    let exact = if n_out == n_in { end } else { end * ratio };
    let warp =
        Warp::through([[0.0, 0.0], [end, exact]]).unwrap_or_else(|| Warp::uniform(n_in, n_out));
    let stretch = Stretch {
        semitones: order.semitones,
        keeps_formants: order.keeps_formants,
        quality: if order.is_fast { StretchQuality::Fast } else { StretchQuality::Best },
    };
    let started = Instant::now();
    let made = warped(&clip, &warp, n_out, stretch);
    let took = started.elapsed().as_secs_f64();
    let notes = save(output, &made, notes)?;
    Ok(StretchedSound {
        file: named(input),
        output: named(output),
        rate_hz: clip.rate_hz,
        channels: clip.channels.len() as u32,
        frames: [n_in as u64, n_out as u64],
        seconds: [clip.length_secs(), made.length_secs()],
        ratio,
        semitones: order.semitones,
        times_real_time: clip.length_secs() / took.max(1e-9),
        notes,
    })
}

#[cfg(test)]
mod tests {
    use audio::{Clip, DecodeLimits, FileFormat, WavFormat, decode_file, write_sound};

    use super::*;

    fn order(length: StretchLength, semitones: f64) -> StretchSound {
        StretchSound { length, semitones, keeps_formants: true, is_fast: true }
    }

    #[test]
    fn a_file_becomes_as_long_as_asked() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
        let tone: Vec<f32> = (0..20_001).map(|n| 0.4 * (n as f32 * 0.06).sin()).collect();
        let clip = Clip { rate_hz: 22_050, channels: vec![tone.clone(), tone] };
        write_sound(&input, &clip, FileFormat::Wav(WavFormat::Float32)).unwrap();
        let check = |length: StretchLength, semitones: f64, n_frames: u64| {
            let made = stretch_sound(&input, &output, &order(length, semitones)).unwrap();
            assert_eq!(made.frames, [20_001, n_frames], "{length:?}");
            let found = decode_file(&output, &DecodeLimits::default()).unwrap().clip;
            assert_eq!((found.n_frames() as u64, found.channels.len()), (n_frames, 2));
            found
        };
        check(StretchLength::Ratio(1.5), 0.0, 30_002);
        check(StretchLength::Ratio(0.5), 3.0, 10_001);
        check(StretchLength::Seconds(2.0), -5.0, 44_100);
        assert!(check(StretchLength::Ratio(1.0), 0.0, 20_001) == clip);
    }

    #[test]
    fn what_cannot_be_stretched_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
        let clip = Clip { rate_hz: 8_000, channels: vec![vec![0.1; 800]] };
        write_sound(&input, &clip, FileFormat::Wav(WavFormat::Int16)).unwrap();
        for (length, semitones) in [
            (StretchLength::Ratio(0.0), 0.0),
            (StretchLength::Ratio(f64::NAN), 0.0),
            (StretchLength::Ratio(-1.0), 0.0),
            (StretchLength::Seconds(1e9), 0.0),
            (StretchLength::Ratio(1.0), 99.0),
            (StretchLength::Ratio(1.0), f64::NAN),
        ] {
            let problem = stretch_sound(&input, &output, &order(length, semitones)).unwrap_err();
            assert_eq!(problem.code, "bad_stretch");
            assert!(!output.exists());
        }
        let nowhere = folder.path().join("nowhere.wav");
        let ratio = order(StretchLength::Ratio(2.0), 0.0);
        assert_eq!(stretch_sound(&nowhere, &output, &ratio).unwrap_err().code, "unreadable");
    }
}
