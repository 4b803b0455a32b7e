//! From the events of a MIDI file to a score.

use super::{KeySignature, Marker, Meter, Note, Score, Tempo, Track};
use crate::midi::{
    Division, Event, Format, Keys, Meta, MidiFile, MidiTrack, TextKind, TimedEvent, pairs,
    text_from_bytes,
};

/// Something that a file may say and that makes no music, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// The track, from 0.
    pub track: usize,
    /// Where, in ticks of the score.
    pub tick: u64,
    /// What it is.
    pub sentence: String,
}

/// Oddities that are told.
const ODDITIES_MAX: usize = 100;

impl Score {
    /// The music of a MIDI file, and what in it makes no music.
    ///
    /// Tracks of a sequential file follow one another. A file in film frames gets a tempo of 120 beats a minute
    /// with as many ticks as fit. A note that is struck again before its release ends first what was struck first.
    pub fn from_midi(file: &MidiFile) -> (Self, Vec<Oddity>) {
        let (ticks_per_quarter, fixed_us) = match file.division {
            Division::PerQuarter(ticks) => (u32::from(ticks.max(1)), None),
            Division::Timecode { frames, ticks } => {
                let per_sec = Division::ticks_per_sec(frames, ticks.max(1));
                let per_quarter = (per_sec / 2.0).round().max(1.0);
                (per_quarter as u32, Some(per_quarter / per_sec * 1e6))
            }
        };
        let mut reader = Reader {
            score: Self {
                ticks_per_quarter,
                tracks: Vec::with_capacity(file.tracks.len()),
                tempos: Vec::new(),
                meters: Vec::new(),
                keys: Vec::new(),
                markers: Vec::new(),
            },
            oddities: Vec::new(),
            keys: Keys::new(),
        };
        let mut from = 0;
        for track in &file.tracks {
            let end = reader.track(track, from);
            if file.format == Format::Sequential {
                from = end;
            }
        }
        let Reader { mut score, oddities, .. } = reader;
        if let Some(quarter_us) = fixed_us {
            score.tempos = vec![Tempo { tick: 0, quarter_us }];
        }
        score.settle();
        (score, oddities)
    }

    /// Puts the maps in order; of several entries at one tick the last holds.
    fn settle(&mut self) {
        keep_last_of_tick(&mut self.tempos, |it| it.tick);
        keep_last_of_tick(&mut self.meters, |it| it.tick);
        keep_last_of_tick(&mut self.keys, |it| it.tick);
        self.markers.sort_by_key(|it| it.tick);
        self.tracks.iter_mut().for_each(Track::sort);
    }
}

fn keep_last_of_tick<T: Clone>(list: &mut Vec<T>, tick: impl Fn(&T) -> u64) {
    list.sort_by_key(&tick);
    let mut kept: Vec<T> = Vec::with_capacity(list.len());
    for it in list.iter() {
        if kept.last().is_some_and(|last| tick(last) == tick(it)) {
            kept.pop();
        }
        kept.push(it.clone());
    }
    *list = kept;
}

struct Reader {
    score: Score,
    oddities: Vec<Oddity>,
    keys: Keys,
}

impl Reader {
    /// Reads a track that starts at a tick, and gives its end.
    fn track(&mut self, midi: &MidiTrack, from: u64) -> u64 {
        let mut track = Track::default();
        for timed in &midi.events {
            let tick = from + timed.tick;
            match timed.event {
                Event::NoteOn { .. } | Event::NoteOff { .. } => {}
                Event::Meta(ref meta) => self.meta(&mut track, tick, meta),
                ref event => track.events.push(TimedEvent { tick, event: event.clone() }),
            }
        }
        let found = pairs(midi, &mut self.keys);
        let moved = |note: Note| Note { start: from + note.start, ..note };
        track.notes = found.notes.iter().map(|it| moved(it.note)).collect();
        let (n_unreleased, n_unstruck) = (found.n_unreleased, found.n_unstruck);
        if n_unreleased > 0 {
            self.odd(
                from + found.first_unreleased,
                format!(
                    "{n_unreleased} notes are never released; they last to the end of the track."
                ),
            );
        }
        if n_unstruck > 0 {
            self.odd(
                from,
                format!("{n_unstruck} notes are released that do not sound; that was left out."),
            );
        }
        self.score.tracks.push(track);
        from + found.end
    }

    /// What all tracks share goes to the score, the rest to the track.
    fn meta(&mut self, track: &mut Track, tick: u64, meta: &Meta) {
        match *meta {
            Meta::EndOfTrack => {}
            Meta::Tempo(0) => {
                self.odd(
                    tick,
                    "A quarter note lasts 0 microseconds; that tempo was left out.".into(),
                );
            }
            Meta::Tempo(quarter_us) => {
                self.score.tempos.push(Tempo { tick, quarter_us: f64::from(quarter_us) });
            }
            Meta::TimeSignature { numerator, denominator_power, .. } => {
                if numerator == 0 || denominator_power > 6 {
                    self.odd(
                        tick,
                        format!(
                            "There is no meter {numerator}/2^{denominator_power}; it was left out."
                        ),
                    );
                } else {
                    let denominator = 1 << denominator_power;
                    self.score.meters.push(Meter { tick, numerator, denominator });
                }
            }
            Meta::KeySignature { sharps, is_minor } => {
                self.score.keys.push(KeySignature { tick, sharps, is_minor });
            }
            Meta::Text { kind: TextKind::Marker, ref bytes } => {
                self.score.markers.push(Marker { tick, text: text_from_bytes(bytes) });
            }
            Meta::Text { kind: TextKind::Name, ref bytes } if track.name.is_empty() => {
                track.name = text_from_bytes(bytes);
            }
            ref meta => track.events.push(TimedEvent { tick, event: Event::Meta(meta.clone()) }),
        }
    }

    fn odd(&mut self, tick: u64, sentence: String) {
        if self.oddities.len() < ODDITIES_MAX {
            let track = self.score.tracks.len();
            self.oddities.push(Oddity { track, tick, sentence });
        }
    }
}
