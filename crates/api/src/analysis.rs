//! What is in a sound: its time, harmony, structure, loudness and faults. What `maquette analyse --json` prints.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::HeardNote;

/// What was found in one sound. An interface for scripts: fields may be added, none changes its meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Analysis {
    /// The file, as it was named.
    pub file: String,
    /// Version of this form; see [`Analysis::FORMAT`].
    pub format: u32,
    /// Length, in seconds.
    pub seconds: f64,
    /// Sampling rate of the file.
    pub rate_hz: u32,
    /// Channels of the file.
    pub channels: u32,
    /// The likeliest tempo, in beats per minute; none where no beat was found.
    pub tempo_bpm: Option<f64>,
    /// Tempos that fit, likeliest first; the weights add up to 1.
    pub tempo_candidates: Vec<TempoCandidate>,
    /// How sure the tempo is, from 0 to 1.
    pub tempo_confidence: f64,
    /// Beats in a bar, as `4/4`; none where no beat was found.
    pub meter: Option<String>,
    /// Times of the beats.
    pub beats_s: Vec<f64>,
    /// Times of the first beats of bars.
    pub downbeats_s: Vec<f64>,
    /// Times at which something begins to sound.
    pub onsets_s: Vec<f64>,
    /// The key, as `C major` or `A minor`; none where nothing has a pitch.
    pub key: Option<String>,
    /// How sure the key is, from 0 to 1.
    pub key_confidence: f64,
    /// How far the sound is tuned from A = 440 Hz, in cents.
    pub tuning_cents: f64,
    /// Chords, one after the other without gaps, in the spelling of `mir_eval`: `C:maj`, `A:min`, `G:7`, `N` for none.
    pub chords: Vec<Span>,
    /// Sections; equal letters are repeats.
    pub sections: Vec<Span>,
    /// Integrated loudness (EBU R 128), in LUFS; none for silence and for what is shorter than 0.4 s.
    pub loudness_lufs: Option<f64>,
    /// Loudness range (EBU Tech 3342), in LU.
    pub loudness_range_lu: Option<f64>,
    /// The largest value between the samples too (BS.1770), in dB; none for silence.
    pub true_peak_dbtp: Option<f64>,
    /// What is wrong with it, and where.
    pub findings: Vec<SoundFinding>,
    /// Words that describe it: `bright`, `percussive`, `sustained`…
    pub words: Vec<String>,
    /// Its phrases: what is between its silences.
    pub phrases: Vec<Phrase>,
    /// The notes of its leading voice, one after the other; none where no voice stands out.
    pub melody: Vec<HeardNote>,
    /// Numbers that are near those of similar sounds, all on one scale; none for silence.
    pub place: Vec<f32>,
}

impl Analysis {
    /// The version that this program writes.
    pub const FORMAT: u32 = 2;
}

/// A tempo that fits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TempoCandidate {
    /// Beats per minute.
    pub bpm: f64,
    /// How well it fits; all of a sound's add up to 1.
    pub weight: f64,
}

/// A part of a sound that has a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// Where it starts.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// Its name.
    pub label: String,
}

/// A part of a sound between two silences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Phrase {
    /// Where it starts.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
}

/// Something wrong with a sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SoundFinding {
    /// What it is, in a word for scripts: `clipping`, `dc_offset`, `hum`, `noise_floor`, `bandwidth`,
    /// `mono_in_stereo`, `phase`, `true_peak`, `silence`.
    pub kind: String,
    /// Where it starts; 0 where it is all of the sound.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// What it is and what to do about it, for people.
    pub sentence: String,
}
