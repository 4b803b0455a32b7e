//! [`features`]: what is in a score, in numbers.

use crate::{
    bars::Bars,
    clock::Clock,
    key::{FoundKey, key_from_pitch_classes, pitch_class_ticks},
    score::{DRUM_CHANNEL, Note, Score, Track},
};

/// What is in a score, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Notes of all tracks.
    pub n_notes: usize,
    /// From the start to the end of the last note, in seconds.
    pub length_secs: f64,
    /// Bars, the last counted whole.
    pub n_bars: u64,
    /// The tempo at the start, in quarter notes a minute.
    pub first_bpm: f64,
    /// The slowest tempo.
    pub least_bpm: f64,
    /// The fastest.
    pub most_bpm: f64,
    /// Quarter notes a minute over the whole length.
    pub mean_bpm: f64,
    /// Tempo changes after the first.
    pub n_tempo_changes: usize,
    /// Lowest and highest key, without drums.
    pub range: Option<(u8, u8)>,
    /// The most notes that sound at once.
    pub polyphony: usize,
    /// Notes that sound at once in the mean of the time in which any does.
    pub mean_polyphony: f64,
    /// Notes that start in a second, over the whole length.
    pub notes_per_sec: f64,
    /// The mean of the velocities.
    pub mean_velocity: f64,
    /// The share of time in which each pitch class sounds, C first; all zero without notes that have a pitch.
    pub pitch_classes: [f64; 12],
    /// The key by its profile.
    pub key: Option<FoundKey>,
    /// The share of note starts on a 16th or a triplet of 8ths, within a hundredth of a quarter note.
    pub on_grid: f64,
    /// The tracks.
    pub tracks: Vec<TrackFeatures>,
}

/// What is in a track, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackFeatures {
    /// Its name.
    pub name: String,
    /// Its first program, numbered from 0.
    pub program: Option<u8>,
    /// Its channels, from 0.
    pub channels: Vec<u8>,
    /// Whether it is drums.
    pub is_drums: bool,
    /// Its notes.
    pub n_notes: usize,
    /// Lowest and highest key.
    pub range: Option<(u8, u8)>,
    /// The most notes that sound at once.
    pub polyphony: usize,
}

/// What is in a score, in numbers.
pub fn features(score: &Score) -> Features {
    let clock = Clock::new(score);
    let notes: Vec<Note> = score.notes().copied().collect();
    let end = score.end();
    let length_secs = clock.secs_from_tick(end as f64);
    let quarters = end as f64 / f64::from(score.ticks_per_quarter.max(1));
    let first = score.tempos.first().filter(|tempo| tempo.tick == 0).map_or(120.0, |it| it.bpm());
    let bpms = || score.tempos.iter().filter(|it| it.tick < end.max(1)).map(|it| it.bpm());
    let n_tempos =
        score.tempos.windows(2).filter(|it| it[0].quarter_us != it[1].quarter_us).count();
    let weights = pitch_class_ticks(notes.iter(), 8 * u64::from(score.ticks_per_quarter));
    let sum: f64 = weights.iter().sum();
    let (polyphony, mean_polyphony) = polyphony(&notes);
    let n = notes.len();
    let velocities: f64 = notes.iter().map(|note| f64::from(note.velocity)).sum();
    let on_grid =
        notes.iter().filter(|note| is_on_grid(note.start, score.ticks_per_quarter)).count();
    Features {
        n_notes: n,
        length_secs,
        n_bars: Bars::new(score).n_bars(end),
        first_bpm: first,
        least_bpm: bpms().fold(first, f64::min),
        most_bpm: bpms().fold(first, f64::max),
        mean_bpm: if length_secs > 0.0 { quarters / length_secs * 60.0 } else { first },
        n_tempo_changes: n_tempos,
        range: range(notes.iter().filter(|note| note.channel != DRUM_CHANNEL)),
        polyphony,
        mean_polyphony,
        notes_per_sec: if length_secs > 0.0 { n as f64 / length_secs } else { 0.0 },
        mean_velocity: if n > 0 { velocities / n as f64 } else { 0.0 },
        pitch_classes: weights.map(|it| if sum > 0.0 { it / sum } else { 0.0 }),
        key: key_from_pitch_classes(&weights),
        on_grid: if n > 0 { on_grid as f64 / n as f64 } else { 0.0 },
        tracks: score.tracks.iter().map(track_features).collect(),
    }
}

fn track_features(track: &Track) -> TrackFeatures {
    let mut channels: Vec<u8> = track.notes.iter().map(|note| note.channel).collect();
    channels.sort_unstable();
    channels.dedup();
    TrackFeatures {
        name: track.name.clone(),
        program: track.program(),
        channels,
        is_drums: track.is_drums(),
        n_notes: track.notes.len(),
        range: range(track.notes.iter()),
        polyphony: polyphony(&track.notes).0,
    }
}

fn range<'a>(notes: impl Iterator<Item = &'a Note>) -> Option<(u8, u8)> {
    notes.fold(None, |range, note| {
        let (low, high) = range.unwrap_or((note.key, note.key));
        Some((low.min(note.key), high.max(note.key)))
    })
}

/// The most notes at once, and the mean while any sounds. A note ends before what starts at the same tick.
pub(crate) fn polyphony(notes: &[Note]) -> (usize, f64) {
    let mut moves: Vec<(u64, i64)> = notes
        .iter()
        .filter(|note| note.length > 0)
        .flat_map(|note| [(note.start, 1), (note.end(), -1)])
        .collect();
    moves.sort_unstable();
    let (mut now, mut most, mut last) = (0i64, 0i64, 0u64);
    let (mut sounding, mut all) = (0.0, 0.0);
    for (tick, change) in moves {
        let ticks = (tick - last) as f64;
        if now > 0 {
            sounding += ticks;
            all += ticks * now as f64;
        }
        last = tick;
        now += change;
        most = most.max(now);
    }
    let mean = if sounding > 0.0 { all / sounding } else { 0.0 };
    (most as usize, mean)
}

fn is_on_grid(tick: u64, ticks_per_quarter: u32) -> bool {
    let quarter = f64::from(ticks_per_quarter.max(1));
    let part = (tick as f64 / quarter).fract();
    [4.0, 3.0].iter().any(|n| ((part * n).round() / n - part).abs() <= 0.01)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{Note, Tempo};

    fn note(start: u64, length: u64, key: u8) -> Note {
        Note { start, length, key, velocity: 80, channel: 0, off_velocity: 64 }
    }

    #[test]
    fn a_scale_is_measured() {
        let mut score = Score::new(480, 120.0);
        score.tempos.push(Tempo { tick: 1920, quarter_us: 1e6 });
        let mut track = Track::new("Scale", 3, 40);
        track.notes = [0u8, 2, 4, 5, 7, 9, 11, 12]
            .iter()
            .enumerate()
            .map(|(i, step)| Note { channel: 3, ..note(480 * i as u64, 480, 60 + step) })
            .collect();
        score.tracks.push(track);
        let found = features(&score);
        assert_eq!(found.n_notes, 8);
        assert_eq!(found.n_bars, 2);
        assert!((found.length_secs - 6.0).abs() < 1e-9);
        assert!((found.mean_bpm - 80.0).abs() < 1e-9);
        assert_eq!((found.least_bpm, found.most_bpm, found.n_tempo_changes), (60.0, 120.0, 1));
        assert_eq!(found.range, Some((60, 72)));
        assert_eq!((found.polyphony, found.mean_polyphony), (1, 1.0));
        assert_eq!(found.key.unwrap().key.to_string(), "C major");
        assert_eq!(found.on_grid, 1.0);
        let track = &found.tracks[0];
        assert_eq!((track.program, &track.channels[..], track.n_notes), (Some(40), &[3][..], 8));
    }

    #[test]
    fn nothing_has_no_range_and_no_key() {
        let found = features(&Score::new(480, 120.0));
        assert_eq!((found.range, found.key, found.polyphony), (None, None, 0));
        let numbers = [found.mean_bpm, found.notes_per_sec, found.mean_velocity, found.on_grid];
        assert!(numbers.iter().all(|it| it.is_finite()));
    }

    #[test]
    fn notes_at_once_are_counted() {
        let check = |notes: &[Note], most: usize, mean: f64| {
            let found = polyphony(notes);
            assert_eq!(found.0, most);
            assert!((found.1 - mean).abs() < 1e-12, "{}", found.1);
        };
        check(&[note(0, 10, 60), note(10, 10, 62)], 1, 1.0);
        check(&[note(0, 10, 60), note(5, 5, 62)], 2, 1.5);
        check(&[note(0, 0, 60)], 0, 0.0);
    }
}
