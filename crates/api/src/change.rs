//! What changed a sound: converted, stretched, tuned, put on the grid, edited in its spectrum. What the commands print.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A format of sound files that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoundFileFormat {
    /// WAV of 16-bit integers.
    Wav16,
    /// WAV of 24-bit integers.
    Wav24,
    /// WAV of 32-bit floats.
    Wav32,
    /// Broadcast Wave: WAV of 24 bits that says who made it and how loud it is.
    Bwf,
    /// AIFF of 16 bits.
    Aiff16,
    /// AIFF of 24 bits.
    Aiff,
    /// FLAC of 16 bits.
    Flac16,
    /// FLAC of 24 bits.
    Flac,
    /// Ogg Vorbis.
    Ogg,
}

/// What noise is added before samples are rounded to 16 or 24 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoundDither {
    /// None.
    Off,
    /// White noise of two steps with a triangular distribution.
    #[default]
    On,
    /// The same, moved to where ears hear least of it.
    Shaped,
}

/// A sound that was written in another format.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConvertedSound {
    /// The file that was read, as it was named.
    pub file: String,
    /// The file that was written.
    pub output: String,
    /// Length, in seconds.
    pub seconds: f64,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Size of the file that was written, in bytes.
    pub bytes: u64,
    /// How much louder it was made, in dB; less than 0 where it was turned down.
    pub gain_db: f64,
    /// How far the limiter turned it down at most, in dB; 0 where it was not needed.
    pub limited_db: f64,
    /// Integrated loudness of what was written; none for silence and for what is shorter than 0.4 s.
    pub loudness_lufs: Option<f64>,
    /// Its largest value between the samples too, in dB; none for silence.
    pub true_peak_dbtp: Option<f64>,
    /// Whether noise was added before samples were rounded; what is in steps already is not touched.
    pub is_dithered: bool,
    /// What else one should know, sentence by sentence.
    pub notes: Vec<String>,
}

/// A sound that was stretched, or moved in pitch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StretchedSound {
    /// The file that was read, as it was named.
    pub file: String,
    /// The file that was written.
    pub output: String,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Length before and after, in frames.
    pub frames: [u64; 2],
    /// Length before and after, in seconds.
    pub seconds: [f64; 2],
    /// How much longer it became: 2 is twice as long.
    pub ratio: f64,
    /// How much higher it became, in semitones.
    pub semitones: f64,
    /// How many times faster than the sound before lasts it was computed, on one core.
    pub times_real_time: f64,
    /// What else one should know, sentence by sentence.
    pub notes: Vec<String>,
}

/// A sound that was taken apart into what goes on and what strikes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeparatedSound {
    /// The file that was read, as it was named.
    pub file: String,
    /// The file with what goes on: tones and voices.
    pub harmonic: String,
    /// The file with what strikes: drums and attacks.
    pub percussive: String,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Length, in seconds.
    pub seconds: f64,
    /// The share of the power that is in the percussive part, from 0 to 1; both are not quite all of it, as they may
    /// cancel each other a little.
    pub percussive_share: f64,
    /// How many times faster than the sound lasts it was computed, on one core.
    pub times_real_time: f64,
    /// What else one should know, sentence by sentence.
    pub notes: Vec<String>,
}

/// A voice that was tuned, or whose tuning is planned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TunedSound {
    /// The file that was read, as it was named.
    pub file: String,
    /// The file that was written; none for a plan alone.
    pub output: Option<String>,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Length, in seconds.
    pub seconds: f64,
    /// The notes, in order. Sent back with other targets, they say what becomes of each.
    pub notes: Vec<SungNote>,
    /// How far notes are from their targets before and after, in cents: the mean over notes, weighted by their length.
    pub cents_off: [Option<f64>; 2],
    /// The pitch over time; empty where it was not asked for.
    pub curve: SungCurve,
    /// What else one should know, sentence by sentence.
    pub notes_for_people: Vec<String>,
}

/// A note of a voice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SungNote {
    /// Where it starts, in seconds.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// Its pitch as a MIDI note with parts of a semitone: 69 is A = 440 Hz.
    pub pitch: f64,
    /// The pitch it is to have, in the same measure; equal to `pitch` it is left as it is.
    pub target: f64,
    /// The name of its target, as `C#4`.
    #[serde(default)]
    pub name: String,
}

/// The pitch of a voice over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SungCurve {
    /// Seconds from point to point; the first one is at 0.
    pub step_s: f64,
    /// MIDI notes with parts of a semitone; none where there is no voice.
    pub pitch: Vec<Option<f64>>,
}

/// A field of a sound's spectrum, and what is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpectrumEdit {
    /// Where it starts, in seconds.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// Its lowest frequency, in Hz.
    pub low_hz: f64,
    /// Its highest one.
    pub high_hz: f64,
    /// What is done.
    pub action: SpectrumAction,
    /// By how much it becomes louder, in dB; for `gain` alone.
    #[serde(default)]
    pub gain_db: f64,
}

/// What is done to a field of a spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpectrumAction {
    /// It becomes silent.
    Cut,
    /// It becomes louder or quieter.
    Gain,
    /// It is replaced by what is around it.
    Heal,
}

/// A sound that was edited in its spectrum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EditedSound {
    /// The file that was read, as it was named.
    pub file: String,
    /// The file that was written.
    pub output: String,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Length, in seconds.
    pub seconds: f64,
    /// Edits that were done.
    pub edits: u32,
    /// How many seconds of the sound are other than before, from the first to the last sample that changed.
    pub changed_s: f64,
    /// What else one should know, sentence by sentence.
    pub notes: Vec<String>,
}

/// A sound that was put on the grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GriddedSound {
    /// The file that was read, as it was named.
    pub file: String,
    /// The file that was written; none for a plan alone.
    pub output: Option<String>,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Length before and after, in seconds.
    pub seconds: [f64; 2],
    /// Beats per minute afterwards.
    pub bpm: f64,
    /// When the first beat comes afterwards, in seconds.
    pub first_beat_s: f64,
    /// Beats of the sound before, in seconds.
    pub beats_s: Vec<f64>,
    /// Notes that were moved to steps.
    pub notes: Vec<GriddedNote>,
    /// Places of the sound and where they went, in seconds: straight between them.
    pub warp: Vec<[f64; 2]>,
    /// How far the middle one and the farthest note are from their steps before and after, in milliseconds; after is
    /// measured on the sound that was written.
    pub off_ms: [Option<GridDeviation>; 2],
    /// What else one should know, sentence by sentence.
    pub notes_for_people: Vec<String>,
}

/// A note that was moved to a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GriddedNote {
    /// When it came, in seconds.
    pub before_s: f64,
    /// When it comes.
    pub after_s: f64,
    /// Its step, in beats from the first beat.
    pub beat: f64,
    /// How far it was from its step, in milliseconds; below 0 it was early.
    pub off_ms: f64,
}

/// How far notes are from their steps, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GridDeviation {
    /// The middle one.
    pub median: f64,
    /// The mean.
    pub mean: f64,
    /// The farthest.
    pub most: f64,
}
