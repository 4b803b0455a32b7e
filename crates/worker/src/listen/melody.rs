//! The melody of an analysis: the notes of its leading voice.

use api::{Analysis, HeardNote};
use audio::melody::melody;

use super::{Piece, RATE_HZ};
use crate::transcribe::heard_note;

/// Fills it in; empty where no pitch stands out.
pub(super) fn fill(piece: &Piece<'_>, analysis: &mut Analysis) {
    let found = melody(piece.samples, RATE_HZ).notes();
    analysis.melody = found.iter().map(heard_note).collect::<Vec<HeardNote>>();
}
