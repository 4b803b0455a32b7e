//! Phrases: the parts of a sound between its silences.
//!
//! A gate with two thresholds on the level of 10 ms, as a noise gate has them.

/// A part of a sound that is not silent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phrase {
    /// Where it starts, in seconds.
    pub start_secs: f64,
    /// Where it ends, in seconds.
    pub end_secs: f64,
}

/// How a sound is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhraseSettings {
    /// A phrase starts above this level, in dB below the sound's loud parts.
    pub open_db: f64,
    /// It ends below this one.
    pub close_db: f64,
    /// Silences shorter than this do not end it, in seconds.
    pub silence_secs: f64,
    /// Shorter ones are left out, in seconds.
    pub shortest_secs: f64,
}

impl Default for PhraseSettings {
    fn default() -> Self {
        Self { open_db: -40.0, close_db: -46.0, silence_secs: 0.25, shortest_secs: 0.03 }
    }
}

/// Whatever is below this is silent, in dB of full scale.
const SILENT_DB: f64 = -70.0;
/// How far above the quietest moments of a recording a phrase is at least, in dB.
const ABOVE_NOISE_DB: f64 = 6.0;
/// The length over which levels are taken, in seconds.
const STEP_SECS: f64 = 0.01;

/// The phrases of a channel, in order; what is between them is silence.
///
/// Loud parts are those above which a twentieth of the time is; the noise of a recording is the level below which a
/// tenth of the time is, if it is at least 20 dB below those.
#[must_use]
pub fn phrases(samples: &[f32], rate_hz: u32, settings: &PhraseSettings) -> Vec<Phrase> {
    let step = ((STEP_SECS * f64::from(rate_hz)) as usize).max(1);
    let levels: Vec<f64> = samples.chunks(step).map(level_db).collect();
    let mut sorted = levels.clone();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted.get((share * sorted.len() as f64) as usize).copied();
    let (Some(loud), Some(quiet)) = (at(0.95), at(0.1)) else { return vec![] };
    let noise = if quiet < loud - 20.0 { quiet + ABOVE_NOISE_DB } else { SILENT_DB };
    let open = (loud + settings.open_db).max(noise).max(SILENT_DB);
    let close = (loud + settings.close_db).max(noise - 3.0).max(SILENT_DB);
    let mut found: Vec<[usize; 2]> = vec![];
    let mut since: Option<usize> = None;
    for (i, level) in levels.iter().enumerate() {
        match since {
            None if *level > open => since = Some(i),
            Some(from) if *level < close => {
                found.push([from, i]);
                since = None;
            }
            _ => {}
        }
    }
    if let Some(from) = since {
        found.push([from, levels.len()]);
    }
    let secs = |steps: usize| (steps * step).min(samples.len()) as f64 / f64::from(rate_hz);
    let mut phrases: Vec<Phrase> = vec![];
    for [from, to] in found {
        let (start_secs, end_secs) = (secs(from), secs(to));
        match phrases.last_mut() {
            Some(last) if start_secs - last.end_secs < settings.silence_secs => {
                last.end_secs = end_secs;
            }
            _ => phrases.push(Phrase { start_secs, end_secs }),
        }
    }
    phrases.retain(|it| it.end_secs - it.start_secs >= settings.shortest_secs);
    phrases
}

fn level_db(part: &[f32]) -> f64 {
    let sum: f64 = part.iter().map(|x| f64::from(*x).powi(2)).sum();
    crate::db_from_gain((sum / part.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 8000;

    /// A tone that is on for some times, over a little noise.
    fn sound(on: &[[f64; 2]], secs: f64, noise: f32) -> Vec<f32> {
        let mut rng = crate::Rng::new(1);
        let at = |i: usize| {
            let t = i as f64 / f64::from(RATE_HZ);
            let is_on = on.iter().any(|[from, to]| (*from..*to).contains(&t));
            let tone = if is_on { 0.3 * (t * 440.0 * std::f64::consts::TAU).sin() } else { 0.0 };
            tone as f32 + noise * rng.normal()
        };
        (0..(secs * f64::from(RATE_HZ)) as usize).map(at).collect()
    }

    fn check(on: &[[f64; 2]], secs: f64, noise: f32, expected: &[[f64; 2]]) {
        let found = phrases(&sound(on, secs, noise), RATE_HZ, &PhraseSettings::default());
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (phrase, [start, end]) in found.iter().zip(expected) {
            assert!((phrase.start_secs - start).abs() < 0.015, "{found:?}");
            assert!((phrase.end_secs - end).abs() < 0.015, "{found:?}");
        }
    }

    #[test]
    fn phrases_are_between_silences() {
        let on = [[0.5, 1.2], [1.3, 2.0], [3.0, 3.5]];
        // The short silence does not divide; noise of 50 dB below does not join.
        check(&on, 5.0, 0.0, &[[0.5, 2.0], [3.0, 3.5]]);
        check(&on, 5.0, 0.0007, &[[0.5, 2.0], [3.0, 3.5]]);
        check(&[[0.0, 5.0]], 5.0, 0.0, &[[0.0, 5.0]]);
        check(&[], 5.0, 0.0, &[]);
        check(&[], 0.0, 0.0, &[]);
    }

    #[test]
    fn nothing_but_noise_is_one_phrase() {
        check(&[], 2.0, 0.1, &[[0.0, 2.0]]);
    }
}
