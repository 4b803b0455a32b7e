//! What training minimises, and how that changes over the steps.

/// The two phases of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Encoder and decoder learn to make spectra alike.
    Reconstruction,
    /// The encoder rests, the decoder learns to please the discriminators.
    Adversarial,
}

impl Phase {
    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Reconstruction => "phase 1: reconstruction",
            Self::Adversarial => "phase 2: adversarial",
        }
    }
}
