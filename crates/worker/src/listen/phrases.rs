//! The phrases of an analysis.

use api::{Analysis, Phrase};
use audio::{PhraseSettings, phrases};

use super::{Piece, RATE_HZ};

/// Fills them in.
pub(super) fn fill(piece: &Piece<'_>, analysis: &mut Analysis) {
    let found = phrases(piece.samples, RATE_HZ, &PhraseSettings::default());
    let phrase = |it: audio::Phrase| Phrase { start_s: it.start_secs, end_s: it.end_secs };
    analysis.phrases = found.into_iter().map(phrase).collect();
}
