//! Random numbers that are the same everywhere: PCG-XSH-RR 64/32.
//!
//! Source: M. O'Neill, «PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
//! Random Number Generation», 2014.

/// A generator of random numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
const INCREMENT: u64 = 1_442_695_040_888_963_407;

impl Random {
    /// The same seed gives the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Self { state: seed.wrapping_add(INCREMENT) };
        random.next_u32();
        random
    }

    /// Where it stands; [`Self::at`] goes on from there.
    #[must_use]
    pub fn state(&self) -> u64 {
        self.state
    }

    /// One that goes on from a state.
    #[must_use]
    pub fn at(state: u64) -> Self {
        Self { state }
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT);
        let mixed = (((old >> 18) ^ old) >> 27) as u32;
        mixed.rotate_right((old >> 59) as u32)
    }

    /// A whole number from 0 to below `n`, without bias that anybody could measure.
    pub fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 / (1 << 24) as f32
    }
}
