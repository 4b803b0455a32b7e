//! Keeping a sound that was made: at its loudness, in its format, with its facts, in a folder that is whole or not there.

use std::{fs, path::Path};

use anyhow::Context;
use api::{DatasetIndex, SampleFormat, SoundCard, SoundFacts};
use audio::{Clip, Limiter, WavFormat, gain_from_db, loudness_lufs, peak_db, write_wav};

use super::{super::train::sha256_of_file, finish::finish, render::Made};
use crate::folder::now_ms;

/// The ending of a folder that is being made.
pub(super) const PARTIAL: &str = "partial";
/// The largest sample of a sound that is brought to a loudness, in dB below full scale.
const CEILING_DB: f64 = -1.0;
/// How far a limiter may lower the loudest samples for that. What would need more stays quieter than was asked for.
const LIMITED_MOST_DB: f64 = 6.0;

/// The folder of a sound, by its number.
pub(super) fn folder_name(number: u32) -> String {
    format!("{number:04}")
}

/// Writes a sound; gives its length, in seconds.
pub(super) fn keep(sounds: &Path, made: Made) -> anyhow::Result<f64> {
    let Made { number, name, recipe, rate_hz, channels, input, files, mut parts } = made;
    let mut clip = Clip { rate_hz, channels };
    finish(&mut clip, &recipe.finish, parts.is_empty());
    parts.iter_mut().for_each(|(_, part)| finish(part, &recipe.finish, false));
    let before = loudness_lufs(&clip);
    if let (Some(wanted), Some(before)) = (recipe.loudness_lufs, before) {
        bring_to(&mut clip, wanted - before);
    }
    let path = sounds.join(folder_name(number));
    let partial = path.with_added_extension(PARTIAL);
    let _ = fs::remove_dir_all(&partial);
    fs::create_dir(&partial).with_context(|| format!("make {}", partial.display()))?;
    let sound = partial.join(SoundCard::SOUND);
    write_wav(&sound, &clip, wav_format(recipe.format)).context("write the sound")?;
    if let Some(channels) = input {
        let input = Clip { rate_hz, channels };
        write_wav(&partial.join(SoundCard::INPUT), &input, WavFormat::Int24)
            .context("write the sound that came in")?;
    }
    for (i, (_, part)) in parts.iter().enumerate() {
        let path = partial.join(SoundCard::part(i + 1));
        write_wav(&path, part, wav_format(recipe.format)).context("write a part of the sound")?;
    }
    for (from, name) in files {
        fs::copy(&from, partial.join(name)).with_context(|| format!("copy {}", from.display()))?;
    }
    let rows: Vec<&[f32]> = clip.channels.iter().map(Vec::as_slice).collect();
    let peaks = audio::peaks(&rows, DatasetIndex::PEAK_BLOCK as usize);
    let peaks: Vec<u8> = peaks.iter().flatten().map(|it| it.cast_unsigned()).collect();
    fs::write(partial.join(SoundCard::PEAKS), peaks).context("write the peaks")?;
    let peak_db = peak_db(&clip);
    let card = SoundCard {
        format: SoundCard::FORMAT,
        name,
        created_ms: now_ms(),
        version: env!("CARGO_PKG_VERSION").into(),
        recipe,
        facts: SoundFacts {
            rate_hz,
            channels: clip.channels.len() as u32,
            n_samples: clip.n_frames() as u64,
            peak_db: (peak_db > audio::SILENCE_DB).then_some(peak_db),
            loudness_lufs: loudness_lufs(&clip),
            sha256: sha256_of_file(&sound).context("read the sound")?,
        },
        parts: parts.into_iter().map(|(name, _)| name).collect(),
    };
    job::whole::write_json(&partial.join(SoundCard::CARD), &card).context("write the card")?;
    fs::rename(&partial, &path).with_context(|| format!("name {}", path.display()))?;
    job::whole::sync_folder(sounds);
    Ok(clip.n_frames() as f64 / f64::from(rate_hz))
}

/// Makes a sound louder or quieter by so many dB, with its samples below a ceiling.
fn bring_to(clip: &mut Clip, by_db: f64) {
    let headroom_db = CEILING_DB - peak_db(clip);
    let by_db = by_db.min(headroom_db + LIMITED_MOST_DB);
    let gain = gain_from_db(by_db) as f32;
    clip.channels.iter_mut().flatten().for_each(|x| *x *= gain);
    if by_db > headroom_db {
        limit(clip);
    }
}

/// Keeps every sample at or below the ceiling, and each where it is in time.
fn limit(clip: &mut Clip) {
    let ceiling = gain_from_db(CEILING_DB) as f32;
    let (n, n_channels) = (clip.n_frames(), clip.channels.len());
    let mut limiter = Limiter::new(clip.rate_hz, n_channels, ceiling);
    let late = limiter.latency_samples();
    let mut now = vec![0.0; n_channels];
    for i in 0..n + late {
        for (now, channel) in now.iter_mut().zip(&clip.channels) {
            *now = channel.get(i).copied().unwrap_or(0.0);
        }
        limiter.process(&mut now);
        if let Some(at) = i.checked_sub(late) {
            for (now, channel) in now.iter().zip(&mut clip.channels) {
                // Rounding may leave it a little above.
                channel[at] = now.clamp(-ceiling, ceiling);
            }
        }
    }
}

fn wav_format(format: SampleFormat) -> WavFormat {
    match format {
        SampleFormat::Int16 => WavFormat::Int16,
        SampleFormat::Int24 => WavFormat::Int24,
        SampleFormat::Float32 => WavFormat::Float32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(gain: f32) -> Clip {
        let mut rng = audio::Rng::new(1);
        let channel = (0..88_200).map(|_| gain * rng.normal()).collect();
        Clip { rate_hz: 44_100, channels: vec![channel] }
    }

    #[test]
    fn sounds_come_to_their_loudness_below_the_ceiling() {
        for (gain, wanted) in [(0.01, -23.0), (0.2, -40.0), (0.05, -14.0)] {
            let mut clip = noise(gain);
            let before = loudness_lufs(&clip).unwrap();
            bring_to(&mut clip, wanted - before);
            let after = loudness_lufs(&clip).unwrap();
            assert!((after - wanted).abs() < 0.7, "{after} is not {wanted}");
            assert!(peak_db(&clip) <= CEILING_DB + 1e-4, "{}", peak_db(&clip));
        }
    }

    #[test]
    fn what_would_need_much_limiting_stays_quieter() {
        let mut clip = noise(0.001);
        clip.channels[0][40_000] = 0.5;
        let before = loudness_lufs(&clip).unwrap();
        bring_to(&mut clip, -14.0 - before);
        assert!(loudness_lufs(&clip).unwrap() < -30.0);
        assert!(peak_db(&clip) <= CEILING_DB + 1e-4);
        // The loud sample is where it was.
        let loudest = clip.channels[0].iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        assert_eq!(loudest.map(|it| it.0), Some(40_000));
    }
}
