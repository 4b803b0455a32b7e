//! Analyses of the pieces of a long sound, joined to one.

use std::collections::BTreeMap;

use api::{Analysis, Phrase, Span, TempoCandidate};

/// Pieces so far, one after the other.
#[derive(Default)]
pub(super) struct Pieces(Vec<Analysis>);

impl Pieces {
    pub(super) fn add(&mut self, piece: Analysis) {
        self.0.push(piece);
    }

    /// One analysis: times one after the other; of keys, tempos and meters those of the most and surest pieces.
    pub(super) fn joined(mut self) -> Analysis {
        if self.0.len() == 1 {
            return self.0.pop().unwrap_or_default();
        }
        let mut whole = Analysis::default();
        let (mut tempos, mut meters, mut keys) = (vec![], BTreeMap::new(), BTreeMap::new());
        let total: f64 = self.0.iter().map(|it| it.seconds).sum();
        let mut n_labels = 0;
        for piece in self.0 {
            let (at, share) = (whole.seconds, piece.seconds / total.max(1e-9));
            let moved = |times: Vec<f64>| times.into_iter().map(move |time| time + at);
            whole.beats_s.extend(moved(piece.beats_s));
            whole.downbeats_s.extend(moved(piece.downbeats_s));
            whole.onsets_s.extend(moved(piece.onsets_s));
            let span =
                |it: Span, label| Span { start_s: it.start_s + at, end_s: it.end_s + at, label };
            whole.chords.extend(piece.chords.into_iter().map(|it| {
                let label = it.label.clone();
                span(it, label)
            }));
            // Sections of different pieces are not compared, so each piece has letters of its own.
            let mut names: Vec<String> = vec![];
            for section in piece.sections {
                let idx = names.iter().position(|it| *it == section.label).unwrap_or_else(|| {
                    names.push(section.label.clone());
                    names.len() - 1
                });
                whole.sections.push(span(section, letter(n_labels + idx)));
            }
            n_labels += names.len();
            for tempo in piece.tempo_candidates {
                add_tempo(&mut tempos, tempo.bpm, tempo.weight * share);
            }
            if let Some(meter) = piece.meter {
                *meters.entry(meter).or_insert(0.0) += share;
            }
            if let Some(key) = piece.key {
                *keys.entry(key).or_insert(0.0) += share * piece.key_confidence;
            }
            whole.tempo_confidence += share * piece.tempo_confidence;
            whole.tuning_cents += share * piece.tuning_cents;
            for word in piece.words {
                if !whole.words.contains(&word) {
                    whole.words.push(word);
                }
            }
            for phrase in piece.phrases {
                add_phrase(&mut whole.phrases, phrase.start_s + at, phrase.end_s + at);
            }
            whole.melody.extend(piece.melody.into_iter().map(|mut it| {
                (it.start_s, it.end_s) = (it.start_s + at, it.end_s + at);
                it
            }));
            whole.place.resize(whole.place.len().max(piece.place.len()), 0.0);
            for (entry, of_piece) in whole.place.iter_mut().zip(&piece.place) {
                *entry += share as f32 * of_piece;
            }
            whole.seconds += piece.seconds;
        }
        tempos.sort_by(|a: &TempoCandidate, b| b.weight.total_cmp(&a.weight));
        tempos.truncate(5);
        let sum: f64 = tempos.iter().map(|it| it.weight).sum();
        tempos.iter_mut().for_each(|it| it.weight /= sum.max(1e-9));
        whole.tempo_bpm = tempos.first().map(|it| it.bpm);
        whole.tempo_candidates = tempos;
        whole.meter = largest(meters).map(|it| it.0);
        if let Some((key, confidence)) = largest(keys) {
            (whole.key, whole.key_confidence) = (Some(key), confidence.clamp(0.0, 1.0));
        }
        whole
    }
}

/// Adds a tempo to those that were found; within 2 % it is the same.
fn add_tempo(tempos: &mut Vec<TempoCandidate>, bpm: f64, weight: f64) {
    match tempos.iter_mut().find(|it| (it.bpm / bpm - 1.0).abs() < 0.02) {
        Some(same) => {
            let sum = same.weight + weight;
            same.bpm = (same.bpm * same.weight + bpm * weight) / sum.max(1e-12);
            same.weight = sum;
        }
        None => tempos.push(TempoCandidate { bpm, weight }),
    }
}

/// Adds a phrase; one that goes on where the last one ended is the same.
fn add_phrase(phrases: &mut Vec<Phrase>, start_s: f64, end_s: f64) {
    match phrases.last_mut() {
        Some(last) if start_s - last.end_s < 0.05 => last.end_s = end_s,
        _ => phrases.push(Phrase { start_s, end_s }),
    }
}

fn largest(votes: BTreeMap<String, f64>) -> Option<(String, f64)> {
    votes.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))
}

/// A, B… Z, A1, B1…
fn letter(idx: usize) -> String {
    let letter = char::from(b'A' + (idx % 26) as u8);
    if idx < 26 { letter.to_string() } else { format!("{letter}{}", idx / 26) }
}
