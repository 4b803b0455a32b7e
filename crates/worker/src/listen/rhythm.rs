//! Onsets, tempo, beats, bars and sections of an analysis.

use api::{Analysis, Span, TempoCandidate};

use super::{Piece, RATE_HZ};

/// Fills them in.
pub(super) fn fill(piece: &Piece<'_>, analysis: &mut Analysis) {
    let found = audio::rhythm::rhythm(piece.samples, RATE_HZ);
    analysis.tempo_bpm = found.tempo_bpm;
    analysis.tempo_candidates = found
        .tempo_candidates
        .iter()
        .map(|(bpm, weight)| TempoCandidate { bpm: *bpm, weight: *weight })
        .collect();
    analysis.tempo_confidence = found.tempo_confidence;
    analysis.meter = found.meter.map(|meter| meter.to_string());
    analysis.beats_s = found.beats;
    analysis.downbeats_s = found.downbeats;
    analysis.onsets_s = found.onsets;
    let span =
        |it: audio::rhythm::Section| Span { start_s: it.start_s, end_s: it.end_s, label: it.label };
    analysis.sections = found.sections.into_iter().map(span).collect();
}
