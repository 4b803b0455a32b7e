//! The place of a sound among others: a list of numbers that is near those of similar sounds.

use super::{Measures, measures::N_CEPSTRAL};

/// How many numbers a place has.
pub const PLACE_ENTRIES: usize = 2 * N_CEPSTRAL + 10;

/// What the last ten entries are: what is taken, about its middle and its spread over sounds of all kinds. An entry is
/// the distance from that middle in those spreads.
type Scale = (fn(&Measures) -> f64, f64, f64);
const SCALES: [Scale; 10] = [
    (|it| it.brightness_hz.log2(), 10.5, 1.2),
    (|it| it.flatness_db, -14.0, 6.0),
    (|it| it.bass_share, 0.3, 0.3),
    (|it| it.treble_share, 0.1, 0.15),
    (|it| it.sustain, 0.5, 0.3),
    (|it| it.attack_db, 30.0, 15.0),
    (|it| it.crest_db, 15.0, 4.0),
    (|it| it.dynamics_db, 18.0, 8.0),
    (|it| (1.0 + it.attacks_per_sec).log2(), 1.2, 0.8),
    // An octave: length counts twice, as a hit and a loop of the same drum are of two families.
    (|it| it.length_secs.max(0.01).log2(), 1.0, 1.0),
];
/// Spread of cepstral coefficients and of their deviations, for all alike: higher ones are smaller and say less.
const CEPSTRAL: f64 = 40.0;
const CEPSTRAL_SPREAD: f64 = 15.0;

impl Measures {
    /// The sound's place: 13 cepstral coefficients (the colour of the sound), 13 of their deviations (how it changes), and
    /// ten others, each on a scale on which sounds mostly lie between -2 and 2: brightness, flatness, bass, treble,
    /// sustain, attack, crest, dynamics, how busy, how long. No entry knows of pitch.
    #[must_use]
    pub fn place(&self) -> [f32; PLACE_ENTRIES] {
        std::array::from_fn(|i| {
            let entry = if i < N_CEPSTRAL {
                self.cepstral[i] / CEPSTRAL
            } else if i < 2 * N_CEPSTRAL {
                self.cepstral_spread[i - N_CEPSTRAL] / CEPSTRAL_SPREAD
            } else {
                let (of, mean, spread) = SCALES[i - 2 * N_CEPSTRAL];
                (of(self) - mean) / spread
            };
            entry.clamp(-4.0, 4.0) as f32
        })
    }
}

/// How far two places are from each other: 0 for the same sound.
#[must_use]
pub fn distance(a: &[f32; PLACE_ENTRIES], b: &[f32; PLACE_ENTRIES]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}
