//! [`Meter`], how beats make bars.

use std::fmt;

/// How many beats are in a bar, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meter {
    /// Two quarters.
    TwoFour,
    /// Three quarters.
    ThreeFour,
    /// Four quarters.
    FourFour,
    /// Two dotted quarters, each of three eighths.
    SixEight,
}

impl Meter {
    /// How many beats are in a bar; in 6/8 the dotted quarter is the beat.
    #[must_use]
    pub fn n_beats(self) -> usize {
        match self {
            Self::TwoFour | Self::SixEight => 2,
            Self::ThreeFour => 3,
            Self::FourFour => 4,
        }
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::TwoFour => "2/4",
            Self::ThreeFour => "3/4",
            Self::FourFour => "4/4",
            Self::SixEight => "6/8",
        })
    }
}
