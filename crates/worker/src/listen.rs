//! What is in a sound: the file is decoded once, and every part of the analysis hears it. For `maquette analyse`, for
//! jobs, and for whoever asks what a sound is like.
//!
//! Two kinds of parts: [`quality`] hears every block at the rate and with the channels of the file; the others, one line
//! each in [`PARTS`], get one channel at [`RATE_HZ`] and fill their fields. Sounds longer than 20 minutes are
//! heard in pieces ([`pieces`]), so memory does not grow with their length: a piece takes about 300 MB at most.

mod harmony;
mod many;
mod melody;
mod notes;
mod phrases;
mod pieces;
mod quality;
mod rhythm;

use std::path::Path;

use api::{Analysis, Problem};
use audio::{Clip, DecodeLimits, Resampler, SoundReader, with_channels};

pub use self::many::{Heard, analyse_many, sound_files};
use crate::{bad_sound::explain, folder::problem};

/// The rate at which parts hear a sound: harmony ends below 5 kHz, and cymbals reach down to it.
const RATE_HZ: u32 = 22_050;
/// The longest piece that is heard at once, and the shortest that may be left for the next.
const PIECE_SECS: f64 = 20.0 * 60.0;
const REST_SECS: f64 = 60.0;
/// The share of the time that decoding takes, for progress.
const DECODING: f64 = 0.3;

/// A piece of a sound as parts hear it.
struct Piece<'a> {
    /// One channel at [`RATE_HZ`].
    samples: &'a [f32],
}

/// Fills the fields of a piece's analysis; a part may use what the parts before it have found.
type Part = fn(&Piece<'_>, &mut Analysis);

const PARTS: &[Part] = &[rhythm::fill, harmony::fill, phrases::fill, melody::fill];

/// What is in a sound file. `name` is what the analysis calls it. None where `go_on` said to stop; it hears the share
/// that is done, from 0 to 1, for each block that is decoded.
///
/// # Errors
/// When the file cannot be read as sound: what happened, why, and what to do.
pub fn analyse(
    path: &Path,
    name: &str,
    go_on: &mut dyn FnMut(f64) -> bool,
) -> Result<Option<Analysis>, Problem> {
    if path.file_name().is_some_and(|it| api::is_midi_name(&it.to_string_lossy())) {
        return notes::analyse(path, name).map(Some);
    }
    let refuse = |error: &audio::Error| {
        let why = explain(error);
        let what = format!("“{name}” could not be read as sound.");
        problem(why.code, what, &why.why, why.remedy)
    };
    let mut reader = SoundReader::open(path, &DecodeLimits::STREAMED).map_err(|it| refuse(&it))?;
    let (rate_hz, n_channels) = (reader.rate_hz(), reader.n_channels());
    let mut quality = quality::Listener::new(rate_hz, n_channels);
    let mut resampler = Resampler::new(rate_hz, RATE_HZ, 1);
    let mut waiting = vec![vec![]];
    let mut pieces = pieces::Pieces::default();
    let mut n_frames = 0u64;
    let mut block = vec![];
    loop {
        let is_more = reader.next(&mut block).map_err(|it| refuse(&it))?;
        if is_more {
            n_frames += block.first().map_or(0, Vec::len) as u64;
            quality.push(&block);
            let clip = Clip { rate_hz, channels: std::mem::take(&mut block) };
            resampler.push(&with_channels(clip, 1).channels, &mut waiting);
        } else {
            resampler.finish(&mut waiting);
        }
        if !go_on(DECODING * reader.share()) {
            return Ok(None);
        }
        let piece = (PIECE_SECS * f64::from(RATE_HZ)) as usize;
        let rest = (REST_SECS * f64::from(RATE_HZ)) as usize;
        while waiting[0].len() >= piece + rest {
            pieces.add(hear(&waiting[0][..piece]));
            waiting[0].drain(..piece);
        }
        if !is_more {
            break;
        }
    }
    pieces.add(hear(&waiting[0]));
    let mut analysis = pieces.joined();
    quality.fill(&mut analysis);
    analysis.file = name.to_owned();
    analysis.format = Analysis::FORMAT;
    analysis.seconds = n_frames as f64 / f64::from(rate_hz);
    analysis.rate_hz = rate_hz;
    analysis.channels = n_channels as u32;
    keep_within(&mut analysis);
    Ok(go_on(1.0).then_some(analysis))
}

/// What all parts find in a piece.
fn hear(samples: &[f32]) -> Analysis {
    let seconds = samples.len() as f64 / f64::from(RATE_HZ);
    let piece = Piece { samples };
    let mut analysis = Analysis { seconds, ..Analysis::default() };
    PARTS.iter().for_each(|fill| fill(&piece, &mut analysis));
    analysis
}

/// Resampling rounds lengths; nothing ends after the sound.
fn keep_within(analysis: &mut Analysis) {
    let end = analysis.seconds;
    for span in analysis.sections.iter_mut().chain(&mut analysis.chords) {
        span.end_s = span.end_s.min(end);
    }
    for last in [analysis.sections.last_mut(), analysis.chords.last_mut()].into_iter().flatten() {
        last.end_s = end;
    }
    for phrase in &mut analysis.phrases {
        phrase.end_s = phrase.end_s.min(end);
    }
    for note in &mut analysis.melody {
        note.end_s = note.end_s.min(end);
    }
    for list in [&mut analysis.beats_s, &mut analysis.downbeats_s, &mut analysis.onsets_s] {
        list.retain(|time| *time < end);
    }
}

#[cfg(test)]
mod tests;
