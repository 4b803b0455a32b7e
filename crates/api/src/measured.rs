//! What `maquette features` and `maquette pitch` print about what they measured.

use serde::{Deserialize, Serialize};

/// A feature of a sound, in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredFeature {
    /// Its name, as in librosa.
    pub feature: String,
    /// Numbers for each frame.
    pub bins: u64,
    /// Frames.
    pub frames: u64,
    /// The sampling rate at which it was measured.
    pub rate_hz: u32,
    /// Samples from one frame to the next.
    pub hop: u32,
    /// Length of the sound, in seconds.
    pub secs: f64,
}

/// The pitch of a voice over a whole sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PitchTrack {
    /// The sampling rate at which it was measured.
    pub rate_hz: u32,
    /// Samples from one frame to the next.
    pub hop: u32,
    /// Length of the sound, in seconds.
    pub secs: f64,
    /// Frames; the first is centred on the first sample.
    pub frames: Vec<PitchFrame>,
}

/// The pitch of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PitchFrame {
    /// Its frequency, in Hz; none where the sound is unvoiced.
    pub f0_hz: Option<f64>,
    /// How sure it is that the frame has a pitch, from 0 to 1.
    pub probability: f64,
}

impl PitchTrack {
    /// When a frame is, in seconds.
    #[must_use]
    pub fn time_s(&self, frame_idx: usize) -> f64 {
        frame_idx as f64 * f64::from(self.hop) / f64::from(self.rate_hz)
    }
}
