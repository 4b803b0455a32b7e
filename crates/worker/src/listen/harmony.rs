//! Tuning, key, chords and words of an analysis, and its place among other sounds.

use api::{Analysis, Span};
use audio::{
    describe::{Context, measure, words},
    harmony::{ChordSpan, harmony},
};

use super::{Piece, RATE_HZ};

/// Fills them in; beats must be there already, for chords change on them.
pub(super) fn fill(piece: &Piece<'_>, analysis: &mut Analysis) {
    let found = harmony(piece.samples, RATE_HZ, &analysis.beats_s, &analysis.downbeats_s);
    analysis.tuning_cents = found.tuning_cents;
    analysis.key = found.key.map(|it| it.key.to_string());
    analysis.key_confidence = found.key.map_or(0.0, |it| it.confidence);
    let span = |it: &ChordSpan| Span {
        start_s: it.start_secs,
        end_s: it.end_secs,
        label: it.chord.to_string(),
    };
    analysis.chords = found.chords.iter().map(span).collect();
    if let Some(measures) = measure(piece.samples, RATE_HZ) {
        analysis.place = measures.place().to_vec();
        let context = Context {
            key: found.key,
            chords: &found.chords,
            beats_s: &analysis.beats_s,
            tempo_confidence: analysis.tempo_confidence,
        };
        analysis.words = words(&measures, &context).into_iter().map(str::to_owned).collect();
    }
}
