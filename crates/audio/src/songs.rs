//! Songs with known truth: rendered by our own synthesis, for tests and benches of everything that listens.
//!
//! A song has a beat, bars, chords, a key, sections that repeat, a bass, chords played by an instrument of several
//! timbres, a melody, mostly drums, a room, and some noise; players are a few milliseconds early or late. What was
//! played is known exactly, so what an analysis finds can be compared with it. Songs are easier than recordings: an
//! analysis that fails here is wrong, and one that does not fail here is not yet right.

mod drums;
mod harmony;
mod lines;
mod mix;
mod rhythms;
mod timbres;

use std::collections::BTreeMap;

pub use self::{drums::Drum, harmony::chord_label};
use crate::{
    Clip, Rng,
    rhythm::Meter,
    songs::{harmony::Chord, lines::Section},
};

/// What a song is made from; [`render`] plays it.
#[derive(Clone, Debug, PartialEq)]
pub struct SongPlan {
    /// The random seed of all that is not said here.
    pub seed: u64,
    /// Beats per minute, in the mean.
    pub bpm: f64,
    /// The largest deviation of the tempo from `bpm`, as a share of it: 0 is steady.
    pub drift: f64,
    /// Beats and bars.
    pub meter: Meter,
    /// Where the second eighth note of a beat is: 0.5 is straight, 0.67 swings.
    pub swing: f64,
    /// The tonic as a pitch class, 0 is C.
    pub tonic: u8,
    /// Whether the key is minor.
    pub is_minor: bool,
    /// How far the tuning is from A = 440 Hz.
    pub tuning_cents: f64,
    /// Whether chords have sevenths.
    pub has_sevenths: bool,
    /// Whether there are drums.
    pub has_drums: bool,
    /// The sections, a letter each; equal letters are repeats.
    pub form: String,
    /// Bars of a section.
    pub section_bars: usize,
    /// The level of the noise, in dB.
    pub noise_db: f64,
}

impl SongPlan {
    /// A song of a varied set: tempos, meters, drift, drums, keys, tunings and forms take turns.
    ///
    /// In 24 songs are 6 in 3/4 and 2 in 6/8; every fourth has a tempo that drifts by 8 %, every third no drums, half
    /// are minor, half have sevenths, every sixth is tuned elsewhere, every eighth swings.
    #[must_use]
    pub fn of_set(seed: u64, idx: usize) -> Self {
        let mut rng = Rng::new(seed.wrapping_mul(7_919).wrapping_add(idx as u64 + 1));
        let meter = match idx % 24 {
            10 | 23 => Meter::SixEight,
            idx if matches!(idx % 12, 2 | 5 | 8) => Meter::ThreeFour,
            _ => Meter::FourFour,
        };
        // Tempos go round the range in steps of the golden section, so that any few are spread over it.
        let place = (idx as f64 * 0.618_034 + rng.next_f64() * 0.05) % 1.0;
        let bpm = match meter {
            Meter::SixEight => 60.0 + 40.0 * place,
            _ => 72.0 * (174.0f64 / 72.0).powf(place),
        };
        let swing = if idx % 8 == 6 && meter == Meter::FourFour { 0.66 } else { 0.5 };
        let tuning_cents =
            if idx % 6 == 3 { f64::from(rng.uniform(-40.0, 40.0)).round() } else { 0.0 };
        let forms: &[&str] = match meter {
            Meter::SixEight => &["AABA", "ABAB"],
            _ if bpm < 100.0 => &["AABA", "ABAB", "ABA"],
            _ => &["AABA", "ABABCB", "ABACAB", "AABB"],
        };
        Self {
            seed: rng.next_u64(),
            bpm,
            drift: if idx % 4 == 1 { 0.08 } else { 0.0 },
            meter,
            swing,
            tonic: rng.below(12) as u8,
            is_minor: idx % 2 == 1,
            tuning_cents,
            has_sevenths: idx / 2 % 2 == 1,
            has_drums: idx % 3 != 2,
            form: forms[rng.below(forms.len())].to_owned(),
            section_bars: if meter == Meter::SixEight { 8 } else { [4, 8][rng.below(2)] },
            noise_db: f64::from(rng.uniform(-70.0, -45.0)),
        }
    }
}

/// A song and all that is true of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Song {
    /// How it sounds: stereo at 44.1 kHz.
    pub clip: Clip,
    /// What was played.
    pub truth: SongTruth,
}

/// What is true of a song. All times are in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct SongTruth {
    /// What it was made from.
    pub plan: SongPlan,
    /// Times of the beats; the last one is that of the last chord.
    pub beats: Vec<f64>,
    /// Times of the first beats of bars.
    pub downbeats: Vec<f64>,
    /// The tempo from each beat to the next: time and beats per minute.
    pub tempo: Vec<(f64, f64)>,
    /// The key, as `C major`.
    pub key: String,
    /// Chords one after the other, in the spelling of `mir_eval`.
    pub chords: Vec<Labelled>,
    /// Sections.
    pub sections: Vec<Labelled>,
    /// Every note but those of the drums, by start.
    pub notes: Vec<SongNote>,
    /// Every stroke of the drums, by time.
    pub strokes: Vec<Stroke>,
}

/// A part of a song that has a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// Where it starts.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// Its name.
    pub label: String,
}

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The bass.
    Bass,
    /// The instrument that plays chords.
    Chords,
    /// The melody.
    Melody,
}

impl Part {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bass => "bass",
            Self::Chords => "chords",
            Self::Melody => "melody",
        }
    }
}

/// A note as it was played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SongNote {
    /// Who plays it.
    pub part: Part,
    /// When it begins.
    pub start_s: f64,
    /// When it is let go.
    pub end_s: f64,
    /// Its MIDI number, as it sounds.
    pub midi: u8,
    /// How loud, from 0 to 1.
    pub velocity: f64,
}

/// A stroke of a drum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// What is struck.
    pub drum: Drum,
    /// When.
    pub time_s: f64,
    /// How loud, from 0 to 1.
    pub velocity: f64,
}

impl SongTruth {
    /// The times at which something begins: strokes and notes, those within 30 ms of each other taken as one.
    #[must_use]
    pub fn onsets(&self) -> Vec<f64> {
        let notes = self.notes.iter().map(|note| note.start_s);
        let mut times: Vec<f64> = notes.chain(self.strokes.iter().map(|it| it.time_s)).collect();
        times.sort_by(f64::total_cmp);
        let mut onsets: Vec<f64> = vec![];
        for time in times {
            if onsets.last().is_none_or(|last| time - last > 0.03) {
                onsets.push(time);
            }
        }
        onsets
    }
}

/// Composes and plays a song. The same plan gives the same song.
#[must_use]
pub fn render(plan: &SongPlan) -> Song {
    let mut rng = Rng::new(plan.seed);
    let n_in_bar = plan.meter.n_beats();
    let n_bars = plan.form.len() * plan.section_bars;
    let clock = Clock::new(plan, n_bars * n_in_bar + n_in_bar, &mut rng);
    let mut written: BTreeMap<char, Section> = BTreeMap::new();
    for letter in plan.form.chars() {
        written.entry(letter).or_insert_with(|| Section::compose(plan, letter, &mut rng));
    }
    let mut truth = SongTruth {
        beats: (0..=n_bars * n_in_bar).map(|beat| clock.at(beat as f64)).collect(),
        downbeats: (0..=n_bars).map(|bar| clock.at((bar * n_in_bar) as f64)).collect(),
        tempo: vec![],
        key: format!(
            "{} {}",
            harmony::NAMES[usize::from(plan.tonic)],
            if plan.is_minor { "minor" } else { "major" }
        ),
        chords: vec![],
        sections: vec![],
        notes: vec![],
        strokes: vec![],
        plan: plan.clone(),
    };
    truth.tempo = truth.beats.windows(2).map(|it| (it[0], 60.0 / (it[1] - it[0]))).collect();
    let section_beats = (plan.section_bars * n_in_bar) as f64;
    let end = section_beats * plan.form.len() as f64;
    for (i, letter) in plan.form.chars().enumerate() {
        let from = i as f64 * section_beats;
        written[&letter].play(from, &clock, &mut truth, &mut rng);
        let is_last = i + 1 == plan.form.len();
        let to = if is_last { end + n_in_bar as f64 } else { from + section_beats };
        let (start_s, end_s) = (clock.at(from), clock.at(to));
        truth.sections.push(Labelled { start_s, end_s, label: letter.to_string() });
    }
    let tonic = Chord::tonic(plan);
    lines::last_chord(&tonic, end, &clock, &mut truth, &mut rng);
    let rounded = |start_s, end_s, chord: &Chord| Labelled { start_s, end_s, label: chord.label() };
    truth.chords.push(rounded(clock.at(end), clock.at(end + n_in_bar as f64), &tonic));
    truth.notes.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    truth.strokes.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    let length_secs = clock.at(end + n_in_bar as f64) + 0.5;
    let clip = mix::mix(&mut truth, length_secs, &mut rng);
    Song { clip, truth }
}

/// When a beat is.
struct Clock {
    times: Vec<f64>,
}

impl Clock {
    /// The tempo drifts as a sum of two slow waves.
    fn new(plan: &SongPlan, n_beats: usize, rng: &mut Rng) -> Self {
        let waves = [(0.0113, 0.7), (0.031, 0.3)];
        let phases = waves.map(|_| rng.next_f64() * std::f64::consts::TAU);
        let mut time = f64::from(rng.uniform(0.1, 0.6));
        let mut times = Vec::with_capacity(n_beats + 2);
        for _ in 0..n_beats + 2 {
            times.push(time);
            let wave: f64 = waves
                .iter()
                .zip(phases)
                .map(|((hz, level), phase)| {
                    level * (std::f64::consts::TAU * hz * time + phase).sin()
                })
                .sum();
            time += 60.0 / (plan.bpm * (1.0 + plan.drift * wave));
        }
        Self { times }
    }

    /// The time of a beat, counted from 0, or of a place between two.
    fn at(&self, beat: f64) -> f64 {
        let idx = (beat.max(0.0) as usize).min(self.times.len() - 2);
        self.times[idx] + (beat - idx as f64) * (self.times[idx + 1] - self.times[idx])
    }
}

#[cfg(test)]
mod tests;
