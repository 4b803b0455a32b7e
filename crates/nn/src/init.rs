//! First values for weights, as PyTorch draws them, from a generator of our own.

/// A deterministic source of first values: the same seed gives the same weights on every machine.
#[derive(Clone, Debug)]
pub struct Init {
    state: u64,
}

impl Init {
    /// A source that starts from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A source for one named parameter, so that adding a layer does not change the others.
    #[must_use]
    pub fn named(seed: u64, name: &str) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self::new(seed ^ hash)
    }

    /// The next 64 random bits.
    ///
    /// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014
    /// (`SplitMix64`).
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `n` values, uniform in `[low, high)`.
    pub fn uniform(&mut self, n: usize, low: f32, high: f32) -> Vec<f32> {
        let mut draw = || (self.next_u64() >> 40) as f32 / (1u64 << 24) as f32;
        (0..n).map(|_| low + (high - low) * draw()).collect()
    }

    /// `n` values of the standard normal distribution (Box and Muller, 1958).
    pub fn normal(&mut self, n: usize) -> Vec<f32> {
        let mut draw = || ((self.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let mut pair = || {
            let (radius, angle) = ((-2.0 * draw().ln()).sqrt(), std::f64::consts::TAU * draw());
            [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
        };
        let mut values: Vec<f32> = (0..n.div_ceil(2)).flat_map(|_| pair()).collect();
        values.truncate(n);
        values
    }

    /// The default weight of PyTorch's convolutions: Kaiming uniform with `a = sqrt(5)`.
    ///
    /// `shape` is `[channels_out, channels_in / groups, kernel]`, or for a transposed convolution
    /// `[channels_in, channels_out / groups, kernel]`: PyTorch takes the last two as the fan of both.
    pub fn conv_weight(&mut self, shape: [usize; 3]) -> Vec<f32> {
        let bound = 1.0 / ((shape[1] * shape[2]) as f64).sqrt();
        self.uniform(shape.iter().product(), -bound as f32, bound as f32)
    }

    /// The default bias of PyTorch's convolutions, for a weight of shape `weight_shape`.
    pub fn conv_bias(&mut self, n: usize, weight_shape: [usize; 3]) -> Vec<f32> {
        let bound = 1.0 / ((weight_shape[1] * weight_shape[2]) as f64).sqrt();
        self.uniform(n, -bound as f32, bound as f32)
    }

    /// The lengths of a weight-normalised weight: the norm of each first index of `values`.
    #[must_use]
    pub fn norms(values: &[f32], n: usize) -> Vec<f32> {
        let norm = |row: &[f32]| row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        values.chunks(values.len() / n.max(1)).map(|row| norm(row) as f32).collect()
    }
}
