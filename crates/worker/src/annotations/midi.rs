//! A MIDI file of the time of a sound: its tempo map, meter and key, with chords and sections as markers, and the melody as
//! a track of notes where one was found. Laid under the sound in a sequencer, bars and beats are where they are heard.

use api::{Analysis, HeardNote};
use music::{KeySignature, Marker, Meter, Note, Score, Tempo, Track};

/// Ticks of a quarter note.
const QUARTER: u32 = 960;
/// A time before the first beat that is shorter than this is none, in seconds.
const LEAD_MIN_S: f64 = 0.02;
/// The longest and the shortest quarter note of a MIDI file that make sense, in microseconds.
const QUARTER_US: std::ops::RangeInclusive<f64> = 1000.0..=16_777_215.0;
/// How far from a beat the first of a bar may be and still be it, in seconds.
const SAME_BEAT_S: f64 = 0.02;
/// Tempo of what has none, in beats per minute: what a MIDI file without a tempo has.
const DEFAULT_BPM: f64 = 120.0;

/// The file.
pub(super) fn write(analysis: &Analysis) -> Vec<u8> {
    music::write_midi(&score(analysis).to_midi())
}

fn score(analysis: &Analysis) -> Score {
    let (numerator, denominator) = meter_of(analysis);
    let time = Time::of(analysis, denominator);
    let mut score = Score::new(QUARTER, DEFAULT_BPM);
    score.tempos = time.tempos();
    let meter = |tick, numerator| Meter { tick, numerator, denominator };
    let first = analysis.downbeats_s.first();
    // What is before the first whole bar is a bar of its own.
    let n_before = first.map_or(0, |first| time.n_beats_before(*first));
    score.meters = match u8::try_from(n_before) {
        Ok(n_before) if n_before > 0 && n_before % numerator != 0 => {
            let tick = u64::from(n_before) * time.beat_ticks;
            vec![meter(0, n_before), meter(tick, numerator)]
        }
        _ => vec![meter(0, numerator)],
    };
    score.keys.extend(analysis.key.as_deref().and_then(key_signature));
    let sections = analysis.sections.iter().map(|it| (it.start_s, format!("Section {}", it.label)));
    let chords = analysis.chords.iter().map(|it| (it.start_s, chord_name(&it.label)));
    let mut markers: Vec<Marker> =
        sections.chain(chords).map(|(at_s, text)| Marker { tick: time.tick(at_s), text }).collect();
    markers.sort_by_key(|marker| marker.tick);
    score.markers = markers;
    if !analysis.melody.is_empty() {
        let mut track = Track::new("Melody", 0, 0);
        track.notes = analysis.melody.iter().map(|it| note(it, &time)).collect();
        track.sort();
        score.tracks.push(track);
    }
    score
}

/// A note of the melody where it is heard; what is out of the range of MIDI goes to its ends.
fn note(heard: &HeardNote, time: &Time) -> Note {
    let start = time.tick(heard.start_s);
    let length = time.tick(heard.end_s).saturating_sub(start).max(1);
    let (key, velocity) = (heard.key.min(127), heard.velocity.clamp(1, 127));
    Note { start, length, key, velocity, channel: 0, off_velocity: 64 }
}

/// Beats of a bar, and the note value of a beat.
fn meter_of(analysis: &Analysis) -> (u8, u8) {
    let parts = analysis.meter.as_deref().and_then(|it| it.split_once('/'));
    let parts = parts.and_then(|(n, d)| Some((n.parse().ok()?, d.parse::<u8>().ok()?)));
    parts.filter(|(n, d)| (1..=32).contains(n) && d.is_power_of_two() && *d <= 32).unwrap_or((4, 4))
}

/// Which tick is at which time: as many for each beat.
struct Time {
    /// Times of all beats from 0 on; what is before the first that was found is beats, too.
    beats_s: Vec<f64>,
    beat_ticks: u64,
    /// A beat in quarter notes.
    beat_quarters: f64,
}

impl Time {
    fn of(analysis: &Analysis, denominator: u8) -> Self {
        let beat_quarters = 4.0 / f64::from(denominator);
        let period = 60.0 / analysis.tempo_bpm.filter(|it| *it > 0.0).unwrap_or(DEFAULT_BPM);
        let mut beats_s = vec![];
        let first = analysis.beats_s.first().copied().unwrap_or(0.0);
        if first > LEAD_MIN_S {
            let n_lead = (first / period).round().max(1.0);
            beats_s.extend((0..n_lead as u64).map(|i| first * i as f64 / n_lead));
        }
        for (i, at_s) in analysis.beats_s.iter().enumerate() {
            // The first beat is the start of the sound where nothing is before it.
            let at_s = if i == 0 && beats_s.is_empty() { 0.0 } else { *at_s };
            if beats_s.last().is_none_or(|last| at_s > *last) {
                beats_s.push(at_s);
            }
        }
        if beats_s.is_empty() {
            beats_s.push(0.0);
        }
        if beats_s.len() == 1 {
            beats_s.push(beats_s[0] + period);
        }
        let beat_ticks = (f64::from(QUARTER) * beat_quarters) as u64;
        Self { beats_s, beat_ticks, beat_quarters }
    }

    /// The tempo of each beat, where it is another than that of the one before.
    fn tempos(&self) -> Vec<Tempo> {
        let mut tempos: Vec<Tempo> = vec![];
        for (i, pair) in self.beats_s.windows(2).enumerate() {
            let quarter_us = (pair[1] - pair[0]) * 1e6 / self.beat_quarters;
            let quarter_us = quarter_us.clamp(*QUARTER_US.start(), *QUARTER_US.end()).round();
            if tempos.last().is_none_or(|last| (last.quarter_us - quarter_us).abs() >= 1.0) {
                tempos.push(Tempo { tick: i as u64 * self.beat_ticks, quarter_us });
            }
        }
        tempos
    }

    /// The tick at a time; after the last beat, time goes on as before it.
    fn tick(&self, at_s: f64) -> u64 {
        let next = self.beats_s.partition_point(|it| *it <= at_s);
        let i = next.clamp(1, self.beats_s.len() - 1) - 1;
        let (from, to) = (self.beats_s[i], self.beats_s[i + 1]);
        let beats = i as f64 + (at_s - from) / (to - from);
        (beats * self.beat_ticks as f64).round().max(0.0) as u64
    }

    fn n_beats_before(&self, at_s: f64) -> usize {
        self.beats_s.partition_point(|it| *it < at_s - SAME_BEAT_S)
    }
}

/// The signature of a key like `F# minor`.
fn key_signature(key: &str) -> Option<KeySignature> {
    let (tonic, mode) = key.split_once(' ')?;
    let mut chars = tonic.chars();
    let natural: i32 = match chars.next()? {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let accidental = chars.fold(0, |sum, c| match c {
        '#' | '♯' => sum + 1,
        'b' | '♭' => sum - 1,
        _ => sum,
    });
    let is_minor = mode == "minor";
    // The major key with the same signature, then its place on the circle of fifths.
    let major = natural + accidental + if is_minor { 3 } else { 0 };
    let fifths = (major * 7).rem_euclid(12);
    let sharps = if fifths > 6 { fifths - 12 } else { fifths };
    Some(KeySignature { tick: 0, sharps: i8::try_from(sharps).ok()?, is_minor })
}

/// A chord as musicians write it.
fn chord_name(label: &str) -> String {
    let (root, quality) = label.split_once(':').unwrap_or((label, "maj"));
    match (label, quality) {
        ("N", _) => "N.C.".to_owned(),
        (_, "maj") => root.to_owned(),
        (_, "min") => format!("{root}m"),
        (_, "min7") => format!("{root}m7"),
        (_, quality) => format!("{root}{quality}"),
    }
}

#[cfg(test)]
mod tests {
    use music::Clock;

    use super::{super::tests::waltz, *};

    fn read(analysis: &Analysis) -> Score {
        let read = music::read_midi(&write(analysis)).unwrap();
        Score::from_midi(&read.file).0
    }

    #[test]
    fn beats_are_where_they_are_heard() {
        let mut waltz = waltz();
        waltz.beats_s = vec![0.31, 0.8, 1.31, 1.84, 2.3];
        waltz.downbeats_s = vec![0.8, 2.3];
        let score = read(&waltz);
        let clock = Clock::new(&score);
        // One beat of lead, one of upbeat, then bars of three.
        for (i, at_s) in waltz.beats_s.iter().enumerate() {
            let tick = (i as f64 + 1.0) * f64::from(QUARTER);
            let heard = clock.secs_from_tick(tick);
            assert!((heard - at_s).abs() < 1e-4, "beat {i}: {heard} and {at_s}");
        }
        let meters: Vec<_> = score.meters.iter().map(|it| (it.tick, it.numerator)).collect();
        assert_eq!(meters, [(0, 2), (2 * u64::from(QUARTER), 3)]);
        let texts: Vec<&str> = score.markers.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(texts, ["Section A", "Am", "N.C."]);
        assert_eq!(score.keys[0], KeySignature { tick: 0, sharps: 0, is_minor: true });
    }

    #[test]
    fn the_melody_is_a_track_where_it_is_heard() {
        let waltz = waltz();
        let score = read(&waltz);
        let clock = Clock::new(&score);
        let notes: Vec<&Note> = score.notes().collect();
        assert_eq!(notes.len(), waltz.melody.len());
        for (note, heard) in notes.iter().zip(&waltz.melody) {
            let ends = [note.start, note.end()].map(|it| clock.secs_from_tick(it as f64));
            let is_near =
                (ends[0] - heard.start_s).abs() < 1e-3 && (ends[1] - heard.end_s).abs() < 1e-3;
            assert!(is_near && note.key == heard.key, "{note:?} and {heard:?}");
        }
        let odd = HeardNote { start_s: 3.0, end_s: 1.0, key: 255, cents_off: 0.0, velocity: 0 };
        let score = read(&Analysis { melody: vec![odd], ..waltz.clone() });
        let note = score.notes().next().unwrap();
        assert_eq!((note.key, note.velocity, note.length), (127, 1, 1));
        let bare = read(&Analysis { melody: vec![], ..waltz });
        assert_eq!(bare.notes().count(), 0);
    }

    #[test]
    fn a_sound_without_beats_has_time_all_the_same() {
        let bare = Analysis { seconds: 3.0, chords: waltz().chords, ..Analysis::default() };
        let score = read(&bare);
        assert!((score.tempos[0].bpm() - 120.0).abs() < 1e-6);
        assert_eq!(score.markers[1].tick, 4 * u64::from(QUARTER));
        assert!(read(&Analysis::default()).markers.is_empty());
        let odd = Analysis { beats_s: vec![0.5, 0.5, 0.4], tempo_bpm: Some(-1.0), ..bare };
        assert!(!read(&odd).tempos.is_empty());
    }

    #[test]
    fn keys_have_their_signatures() {
        let check = |key: &str, sharps: i8, is_minor: bool| {
            assert_eq!(
                key_signature(key),
                Some(KeySignature { tick: 0, sharps, is_minor }),
                "{key}"
            );
        };
        check("C major", 0, false);
        check("G major", 1, false);
        check("F major", -1, false);
        check("A minor", 0, true);
        check("F# minor", 3, true);
        check("Eb major", -3, false);
        check("B major", 5, false);
        check("D minor", -1, true);
        assert_eq!(key_signature("H dur"), None);
    }
}
