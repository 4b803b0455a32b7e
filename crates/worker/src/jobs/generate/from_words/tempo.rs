//! Bringing a sound to a tempo and a key: what was found in it, and what it takes to mend it.

use api::WordsTempo;
use audio::{
    Clip, Stretch, Warp, harmony::harmony, resample, rhythm::rhythm, warped, with_channels,
};

/// The rate at which beats and keys are looked for.
const RATE_HZ: u32 = 22_050;
/// Fewer beats than this are no tempo.
const BEATS_MIN: usize = 4;
/// How many times faster or slower a sound may be made; more is heard.
const RATIO_MAX: f64 = 1.5;
/// A tempo as near as this needs nothing, as a share.
const NEAR: f64 = 0.002;
/// A key that is less sure than this is no reason to change anything.
const SURE: f64 = 0.6;
/// The farthest that a part is transposed, in semitones.
const SEMITONES_MAX: i32 = 3;

/// Brings beats to a tempo, from the first beat on, which comes to the start; also what was done, in a sentence.
pub(super) fn to_tempo(clip: Clip, tempo: WordsTempo) -> (Clip, String) {
    let beats = beats_of(&clip);
    if beats.len() < BEATS_MIN {
        let words = "No beat was found in it, so it has the tempo that the model gave it.";
        return (clip, words.to_owned());
    }
    let n = beats.len();
    let mut between: Vec<f64> = beats.windows(2).map(|pair| pair[1] - pair[0]).collect();
    between.sort_by(f64::total_cmp);
    let found = 60.0 / between[(n - 1) / 2];
    let middle = tempo.bpm.midpoint(tempo.end_bpm.unwrap_or(tempo.bpm));
    // Twice or half as many beats are the same music.
    let octave = [0.5, 1.0, 2.0]
        .into_iter()
        .min_by(|a, b| (found * a / middle).ln().abs().total_cmp(&(found * b / middle).ln().abs()))
        .unwrap_or(1.0);
    let ratio = found * octave / middle;
    if !(1.0 / RATIO_MAX..=RATIO_MAX).contains(&ratio) {
        let words = format!("It is at {found:.0} BPM, too far from {middle:.0} to be stretched.");
        return (clip, words);
    }
    let rate = f64::from(clip.rate_hz);
    // Each found beat is so many beats of the tempo.
    let per_beat = octave;
    let times: Vec<f64> =
        (0..n).map(|i| time_of(tempo, i as f64 * per_beat, (n - 1) as f64 * per_beat)).collect();
    let is_there = tempo.end_bpm.is_none()
        && (ratio - 1.0).abs() < NEAR
        && beats.iter().zip(&times).all(|(beat, time)| (beat - beats[0] - time).abs() < 0.01);
    // What comes before the first beat goes, so that parts begin together.
    let first = (beats[0] * rate).round() as usize;
    let mut clip = clip;
    for channel in &mut clip.channels {
        channel.drain(..first.min(channel.len()));
    }
    if is_there {
        return (clip, format!("It is at {found:.1} BPM and was not stretched."));
    }
    let points =
        beats.iter().zip(&times).map(|(beat, time)| [beat * rate - first as f64, time * rate]);
    let Some(warp) = Warp::through(points) else { return (clip, String::new()) };
    let n_out = warp.target(clip.n_frames() as f64).round().max(1.0) as usize;
    let made = warped(&clip, &warp, n_out, Stretch::default());
    let to = match tempo.end_bpm {
        Some(end) => format!("{:.0} to {end:.0}", tempo.bpm),
        None => format!("{:.0}", tempo.bpm),
    };
    (made, format!("Its {:.1} BPM were stretched to {to}.", found * octave))
}

/// When a beat comes, in seconds, of a tempo that changes evenly over `all` beats.
fn time_of(tempo: WordsTempo, beat: f64, all: f64) -> f64 {
    let end = tempo.end_bpm.unwrap_or(tempo.bpm);
    let slope = if all > 0.0 { (end - tempo.bpm) / all } else { 0.0 };
    if slope.abs() < 1e-9 {
        return 60.0 * beat / tempo.bpm;
    }
    // The integral of 60 / (bpm + slope * beat).
    60.0 / slope * ((tempo.bpm + slope * beat) / tempo.bpm).ln()
}

/// Transposes a part that is in another key of the same mode, by a little; what was done or why not, in a sentence.
pub(super) fn to_key(clip: Clip, key: &str) -> (Clip, Option<String>) {
    let Some((tonic, is_minor)) = parse_key(key) else { return (clip, None) };
    let mono = mono(&clip);
    let beats = rhythm(&mono, RATE_HZ);
    let Some(found) = harmony(&mono, RATE_HZ, &beats.beats, &beats.downbeats).key else {
        return (clip, None);
    };
    let name = found.key.to_string();
    let Some((from, from_minor)) = parse_key(&name) else { return (clip, None) };
    if (from, from_minor) == (tonic, is_minor) || found.confidence < SURE {
        return (clip, None);
    }
    let semitones = (i32::from(tonic) - i32::from(from) + 6).rem_euclid(12) - 6;
    if from_minor != is_minor || semitones.abs() > SEMITONES_MAX {
        return (clip, Some(format!("It is in {name} rather than {key}.")));
    }
    let warp = Warp::uniform(clip.n_frames(), clip.n_frames());
    let stretch = Stretch { semitones: f64::from(semitones), ..Stretch::default() };
    let made = warped(&clip, &warp, clip.n_frames(), stretch);
    (made, Some(format!("It was transposed from {name} to {key}.")))
}

/// The tonic, C being 0, and whether it is minor, of a key like `F# minor`.
pub(super) fn parse_key(key: &str) -> Option<(u8, bool)> {
    let (note, mode) = key.trim().split_once(' ')?;
    let is_minor = match mode.trim().to_lowercase().as_str() {
        "minor" => true,
        "major" => false,
        _ => return None,
    };
    let mut letters = note.chars();
    let natural = match letters.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let sign = match letters.as_str() {
        "" => 0,
        "#" | "♯" => 1,
        "b" | "♭" => 11,
        _ => return None,
    };
    Some(((natural + sign) % 12, is_minor))
}

fn beats_of(clip: &Clip) -> Vec<f64> {
    rhythm(&mono(clip), RATE_HZ).beats
}

fn mono(clip: &Clip) -> Vec<f32> {
    resample(&with_channels(clip.clone(), 1), RATE_HZ).channels.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clicks at a tempo, from a little after the start.
    fn clicks(bpm: f64, secs: f64) -> Clip {
        let rate_hz = 44_100;
        let n = (secs * f64::from(rate_hz)) as usize;
        let mut channel = vec![0.0f32; n];
        let mut rng = audio::Rng::new(1);
        let mut at = 0.3;
        while at < secs - 0.05 {
            let start = (at * f64::from(rate_hz)) as usize;
            for i in 0..1500 {
                channel[start + i] += rng.normal() * (-(i as f32) / 300.0).exp() * 0.5;
            }
            at += 60.0 / bpm;
        }
        Clip { rate_hz, channels: vec![channel] }
    }

    #[test]
    fn beats_come_to_the_tempo_and_begin_at_once() {
        for (bpm, wanted) in [(112.0, 120.0), (63.0, 120.0), (120.0, 120.0)] {
            let (made, words) =
                to_tempo(clicks(bpm, 16.0), WordsTempo { bpm: wanted, end_bpm: None });
            let beats = beats_of(&made);
            let between = (beats[beats.len() - 2] - beats[1]) / (beats.len() - 3) as f64;
            let found = 60.0 / between;
            let is_octave =
                [0.5, 1.0, 2.0].iter().any(|it| (found * it / wanted - 1.0).abs() < 0.01);
            assert!(is_octave, "{bpm}: {found} {words}");
            assert!(beats[0] < 0.1, "{} {words}", beats[0]);
        }
    }

    #[test]
    fn a_tempo_that_changes_is_reached_at_both_ends() {
        let tempo = WordsTempo { bpm: 100.0, end_bpm: Some(130.0) };
        let (made, _) = to_tempo(clicks(115.0, 20.0), tempo);
        let onsets = audio::rhythm::rhythm(&mono(&made), RATE_HZ).onsets;
        let at = |pair: &[f64]| 60.0 / (pair[1] - pair[0]);
        let n = onsets.len();
        assert!((at(&onsets[0..2]) - 100.0).abs() < 4.0, "{}", at(&onsets[0..2]));
        assert!((at(&onsets[n - 2..]) - 130.0).abs() < 5.0, "{}", at(&onsets[n - 2..]));
    }

    #[test]
    fn what_cannot_be_brought_to_it_says_so() {
        let tempo = WordsTempo { bpm: 120.0, end_bpm: None };
        let silent = Clip { rate_hz: 44_100, channels: vec![vec![0.0; 44_100]] };
        assert!(to_tempo(silent.clone(), tempo).1.starts_with("No beat"));
        assert_eq!(to_key(silent, "A minor").1, None);
    }

    #[test]
    fn keys_are_read_as_people_write_them() {
        assert_eq!(parse_key("A minor"), Some((9, true)));
        assert_eq!(parse_key("F# major"), Some((6, false)));
        assert_eq!(parse_key("c♭ Minor"), Some((11, true)));
        assert_eq!(parse_key("H minor"), None);
        assert_eq!(parse_key("A dorian"), None);
    }
}
