//! Sections of songs: their chords, what each player plays to them, and playing them like people do.

use super::{
    Clock, Drum, Labelled, Part, SongNote, SongPlan, SongTruth, Stroke,
    harmony::{self, Chord},
    rhythms::{self, BassRhythm, BassTone, ChordRhythm, Comping, DrumRhythm},
};
use crate::{Rng, rhythm::Meter};

/// A note of a melody: start and length in beats from the section's start, and its MIDI number.
type MelodyNote = (f64, f64, u8);

/// The lowest note of chords, and the range of basses and melodies.
const LOWEST_CHORD: u8 = 54;
const LOWEST_BASS: u8 = 33;
const MELODY: std::ops::RangeInclusive<u8> = 65..=84;

/// Standard deviations of when people play, in seconds: early or late.
const DRUMS_JITTER_S: f64 = 0.003;
const NOTES_JITTER_S: f64 = 0.006;

/// A section as it is written; each time it is played a little differently.
pub(super) struct Section {
    /// Start and length in beats from the section's start.
    chords: Vec<(f64, f64, Chord)>,
    comping: Comping,
    bass: BassRhythm,
    drums: Option<DrumRhythm>,
    melody: Vec<MelodyNote>,
    n_beats: usize,
    n_in_bar: usize,
    swing: f64,
}

impl Section {
    pub(super) fn compose(plan: &SongPlan, letter: char, rng: &mut Rng) -> Self {
        let n_in_bar = plan.meter.n_beats();
        let n_beats = plan.section_bars * n_in_bar;
        let chord_beats = chord_beats(plan, rng);
        let n_chords = n_beats / chord_beats;
        let chords: Vec<(f64, f64, Chord)> = harmony::progression(plan, letter, n_chords, rng)
            .into_iter()
            .enumerate()
            .map(|(i, chord)| ((i * chord_beats) as f64, chord_beats as f64, chord))
            .collect();
        let comping = draw(rhythms::comping(plan.meter), rng);
        // Chords on the offbeat alone need somebody on the beat.
        let is_adrift = matches!(comping, Comping::Struck([(start, ..), ..]) if *start > 0.0);
        let comping =
            if is_adrift && !plan.has_drums { rhythms::comping(plan.meter)[2] } else { comping };
        Self {
            melody: melody(plan, &chords, n_beats, rng),
            chords,
            comping,
            bass: draw(rhythms::bass(plan.meter), rng),
            drums: plan.has_drums.then(|| drums(plan, rng)),
            n_beats,
            n_in_bar,
            swing: plan.swing,
        }
    }

    /// Plays it from a beat of the song on.
    pub(super) fn play(&self, from: f64, clock: &Clock, truth: &mut SongTruth, rng: &mut Rng) {
        let at = |beat: f64| clock.at(from + swung(beat, self.swing));
        for (start, length, chord) in &self.chords {
            let (start_s, end_s) = (clock.at(from + start), clock.at(from + start + length));
            truth.chords.push(Labelled { start_s, end_s, label: chord.label() });
        }
        let mut note =
            |truth: &mut SongTruth, part, start: f64, length: f64, midi, velocity: f64| {
                let start_s = (at(start) + NOTES_JITTER_S * f64::from(rng.normal())).max(0.0);
                let velocity = (velocity * (1.0 + 0.08 * f64::from(rng.normal()))).clamp(0.1, 1.0);
                let end_s = at(start + length).max(start_s + 0.05);
                truth.notes.push(SongNote { part, start_s, end_s, midi, velocity });
            };
        for bar in 0..self.n_beats / self.n_in_bar {
            let first = (bar * self.n_in_bar) as f64;
            for (start, length, tone) in self.bass {
                let beat = first + start;
                let midi = self.bass_note(*tone, beat);
                note(truth, Part::Bass, beat, *length, midi, 0.85);
            }
            self.comp(first, truth, &mut note);
        }
        for (start, length, midi) in &self.melody {
            note(truth, Part::Melody, *start, *length, *midi, 0.8);
        }
        self.drum(from, clock, truth, rng);
    }

    fn comp(
        &self,
        first: f64,
        truth: &mut SongTruth,
        note: &mut impl FnMut(&mut SongTruth, Part, f64, f64, u8, f64),
    ) {
        match self.comping {
            Comping::Struck(rhythm) => self.strike(rhythm, first, truth, note),
            Comping::Broken(per_beat) => {
                for i in 0..self.n_in_bar * per_beat {
                    let beat = first + i as f64 / per_beat as f64;
                    let voiced = self.chord_at(beat).voiced(LOWEST_CHORD);
                    // Up and down.
                    let n = 2 * voiced.len() - 2;
                    let step = i % n;
                    let midi = voiced[step.min(n - step)];
                    let accent = if i % per_beat == 0 { 0.8 } else { 0.6 };
                    note(truth, Part::Chords, beat, 1.5 / per_beat as f64, midi, accent);
                }
            }
        }
    }

    fn strike(
        &self,
        rhythm: ChordRhythm,
        first: f64,
        truth: &mut SongTruth,
        note: &mut impl FnMut(&mut SongTruth, Part, f64, f64, u8, f64),
    ) {
        for (start, length, accent) in rhythm {
            let mut beat = first + start;
            let end = beat + length;
            // What is held over a change of chord is struck again.
            while beat < end - 1e-9 {
                let (chord_start, chord_length, chord) = self.chords[self.chord_idx(beat)];
                let to = end.min(chord_start + chord_length);
                for midi in chord.voiced(LOWEST_CHORD) {
                    note(truth, Part::Chords, beat, to - beat, midi, 0.75 * accent);
                }
                beat = to;
            }
        }
    }

    fn drum(&self, from: f64, clock: &Clock, truth: &mut SongTruth, rng: &mut Rng) {
        let Some(rhythm) = self.drums else { return };
        let mut stroke = |beat: f64, drum, velocity: f64| {
            let time = clock.at(from + swung(beat, self.swing));
            let time_s = (time + DRUMS_JITTER_S * f64::from(rng.normal())).max(0.0);
            let velocity = (velocity * (1.0 + 0.06 * f64::from(rng.normal()))).clamp(0.05, 1.0);
            truth.strokes.push(Stroke { drum, time_s, velocity });
        };
        stroke(0.0, Drum::Crash, 0.6);
        let n_bars = self.n_beats / self.n_in_bar;
        for bar in 0..n_bars {
            let first = (bar * self.n_in_bar) as f64;
            // The last beat of every fourth bar is a fill.
            let has_fill = bar % 4 == 3;
            let until = self.n_in_bar as f64 - if has_fill { 1.0 } else { 0.0 };
            for (start, drum, velocity) in rhythm.iter().filter(|it| it.0 < until) {
                stroke(first + start, *drum, *velocity);
            }
            if has_fill {
                for (i, drum) in [Drum::Snare, Drum::Snare, Drum::Tom, Drum::Tom].iter().enumerate()
                {
                    stroke(first + until + i as f64 * 0.25, *drum, 0.6 + 0.08 * i as f64);
                }
            }
        }
    }

    fn chord_idx(&self, beat: f64) -> usize {
        let after = self.chords.iter().position(|(start, ..)| *start > beat + 1e-9);
        after.unwrap_or(self.chords.len()) - 1
    }

    fn chord_at(&self, beat: f64) -> Chord {
        self.chords[self.chord_idx(beat)].2
    }

    fn bass_note(&self, tone: BassTone, beat: f64) -> u8 {
        let idx = self.chord_idx(beat);
        let chord = self.chords[idx].2;
        let classes = chord.pitch_classes();
        let low = |class: u8| LOWEST_BASS + (class + 12 - LOWEST_BASS % 12) % 12;
        match tone {
            BassTone::Root => low(classes[0]),
            BassTone::Third => low(classes[1]),
            BassTone::Fifth => low(classes[2]),
            BassTone::Octave => low(classes[0]) + 12,
            BassTone::Leading => {
                let next = self.chords.get(idx + 1).map_or(chord, |it| it.2);
                low(next.root).saturating_sub(1).max(LOWEST_BASS)
            }
        }
    }
}

/// The chord at the end of a song, held by all.
pub(super) fn last_chord(
    tonic: &Chord,
    beat: f64,
    clock: &Clock,
    truth: &mut SongTruth,
    rng: &mut Rng,
) {
    let n_in_bar = truth.plan.meter.n_beats() as f64;
    let end_s = clock.at(beat + n_in_bar);
    let bass = tonic.voiced(LOWEST_BASS)[0];
    let mut notes: Vec<(Part, u8)> = vec![(Part::Bass, bass), (Part::Melody, tonic.nearest(72))];
    notes.extend(tonic.voiced(LOWEST_CHORD).into_iter().map(|midi| (Part::Chords, midi)));
    for (part, midi) in notes {
        let start_s = clock.at(beat) + NOTES_JITTER_S * f64::from(rng.normal());
        truth.notes.push(SongNote { part, start_s, end_s, midi, velocity: 0.8 });
    }
    if truth.plan.has_drums {
        for drum in [Drum::Kick, Drum::Crash] {
            truth.strokes.push(Stroke { drum, time_s: clock.at(beat), velocity: 0.9 });
        }
    }
}

/// How many beats a chord lasts: a bar, at slow tempos also half of one, at fast ones also two.
fn chord_beats(plan: &SongPlan, rng: &mut Rng) -> usize {
    let bar = plan.meter.n_beats();
    match plan.meter {
        Meter::FourFour if plan.bpm < 100.0 => [bar, bar / 2][rng.below(2)],
        Meter::FourFour | Meter::ThreeFour if plan.bpm > 140.0 => [bar, bar * 2][rng.below(2)],
        _ => bar,
    }
}

/// A rhythm for drums; sixteenths only where hands can follow.
fn drums(plan: &SongPlan, rng: &mut Rng) -> DrumRhythm {
    let list = rhythms::drums(plan.meter);
    loop {
        let rhythm = draw(list, rng);
        let has_sixteenths = rhythm.iter().any(|(start, ..)| (start * 4.0) % 2.0 == 1.0);
        if !has_sixteenths || plan.bpm < 118.0 && plan.swing == 0.5 {
            return rhythm;
        }
    }
}

fn draw<T: Copy>(list: &[T], rng: &mut Rng) -> T {
    list[rng.below(list.len())]
}

/// A melody: two rhythms of a bar in turns, a walk along the scale, chord tones on the beat.
fn melody(
    plan: &SongPlan,
    chords: &[(f64, f64, Chord)],
    n_beats: usize,
    rng: &mut Rng,
) -> Vec<MelodyNote> {
    let n_in_bar = plan.meter.n_beats();
    let motifs: Vec<Vec<(f64, f64)>> = (0..2).map(|_| motif(plan, rng)).collect();
    let scale = harmony::scale(plan);
    let chord_at = |beat: f64| {
        let after = chords.iter().position(|(start, ..)| *start > beat + 1e-9);
        chords[after.unwrap_or(chords.len()) - 1].2
    };
    let mut notes = vec![];
    let mut midi = 69 + rng.below(8) as u8;
    for bar in 0..n_beats / n_in_bar {
        for (start, length) in &motifs[bar % 2] {
            let beat = (bar * n_in_bar) as f64 + start;
            let step = [-4i8, -2, -2, -1, 1, 2, 2, 4][rng.below(8)];
            let walked = midi.saturating_add_signed(step).clamp(*MELODY.start(), *MELODY.end());
            midi = if start.fract() == 0.0 {
                chord_at(beat).nearest(walked)
            } else {
                nearest_of(&scale, walked)
            };
            notes.push((beat, *length, midi));
        }
    }
    notes
}

fn nearest_of(scale: &[u8; 7], midi: u8) -> u8 {
    let near = midi - 2..=midi + 2;
    let in_key = near.filter(|note| scale.contains(&(note % 12)));
    in_key.min_by_key(|note| note.abs_diff(midi)).unwrap_or(midi)
}

/// The rhythm of a bar of a melody: notes of one to four divisions, and rests.
fn motif(plan: &SongPlan, rng: &mut Rng) -> Vec<(f64, f64)> {
    let per_beat = if plan.meter == Meter::SixEight { 3 } else { 2 };
    let n = plan.meter.n_beats() * per_beat;
    let mut notes = vec![];
    let mut at = 0;
    while at < n {
        // Long notes where the tempo is fast.
        let longest = if plan.bpm > 130.0 { 4 } else { 3 };
        let length = (1 + rng.below(longest)).min(n - at);
        let is_rest = rng.next_f64() < 0.18;
        if !is_rest {
            notes.push((at as f64 / per_beat as f64, 0.92 * length as f64 / per_beat as f64));
        }
        at += length;
    }
    notes
}

/// Where a beat or a part of one is, with the second eighth of each beat at `swing`.
fn swung(beat: f64, swing: f64) -> f64 {
    let (whole, part) = (beat.floor(), beat.fract());
    let late =
        if part < 0.5 { part * 2.0 * swing } else { swing + (part - 0.5) * 2.0 * (1.0 - swing) };
    whole + if swing == 0.5 { part } else { late }
}
