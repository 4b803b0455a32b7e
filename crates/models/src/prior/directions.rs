//! The directions of a codec's latent space in which a prior counts, and what is known of each: the mean
//! and the principal components of the codec, and how wide its latents spread along them.

use nn::NamedArray;

use crate::{LatentSpace, PriorCodec};

/// A codec and its latents, as a prior begins to learn them.
#[derive(Clone, Debug, PartialEq)]
pub struct LearntLatents {
    /// The codec.
    pub codec: PriorCodec,
    /// The mean and the directions of its latents.
    pub space: LatentSpace,
    /// The mean of what there is to learn from, along each direction.
    pub centre: Vec<f32>,
    /// Its standard deviation along each direction.
    pub deviation: Vec<f32>,
}

/// Deviations are at least this, so that a latent that never changes divides nothing by zero.
const DEVIATION_MIN: f64 = 1e-4;

/// Measures how latents spread along the directions of a space, in memory that does not grow.
#[derive(Clone, Debug)]
pub struct LatentMeter {
    space: LatentSpace,
    n: u64,
    sums: Vec<f64>,
    squares: Vec<f64>,
    coordinates: Vec<f32>,
}

impl LatentMeter {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(space: LatentSpace) -> Self {
        let size = space.mean.len();
        Self {
            space,
            n: 0,
            sums: vec![0.0; size],
            squares: vec![0.0; size],
            coordinates: vec![0.0; size],
        }
    }

    /// Takes frames, `[frame][latent]`.
    pub fn push(&mut self, frames: &[f32]) {
        for frame in frames.chunks_exact(self.space.mean.len()) {
            rotate(&self.space, frame, &mut self.coordinates);
            self.n += 1;
            for ((sum, square), x) in
                self.sums.iter_mut().zip(&mut self.squares).zip(&self.coordinates)
            {
                *sum += f64::from(*x);
                *square += f64::from(*x).powi(2);
            }
        }
    }

    /// What was measured.
    #[must_use]
    pub fn finish(self, codec: PriorCodec) -> LearntLatents {
        let n = self.n.max(1) as f64;
        let centre: Vec<f64> = self.sums.iter().map(|sum| sum / n).collect();
        let deviation = self.squares.iter().zip(&centre).map(|(square, mean)| {
            (square / n - mean * mean).max(0.0).sqrt().max(DEVIATION_MIN) as f32
        });
        LearntLatents {
            codec,
            deviation: deviation.collect(),
            centre: centre.into_iter().map(|it| it as f32).collect(),
            space: self.space,
        }
    }
}

/// The coordinates of a frame along the directions.
fn rotate(space: &LatentSpace, frame: &[f32], coordinates: &mut [f32]) {
    for (to, direction) in coordinates.iter_mut().zip(&space.directions) {
        let along = direction.iter().zip(frame).zip(&space.mean);
        *to = along.map(|((a, x), mean)| a * (x - mean)).sum();
    }
}

/// The directions in which a prior counts. Along each, a value is how many deviations it is from the centre.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Directions {
    pub(super) space: LatentSpace,
    centre: Vec<f32>,
    deviation: Vec<f32>,
    /// How many of them, the first, the network models; the others are drawn from normal distributions.
    pub(super) n: usize,
}

/// The names of the arrays of [`Directions`] beside those of a latent space.
const CENTRE: &str = "direction_mean";
const DEVIATION: &str = "direction_deviation";

impl Directions {
    /// With the centre and the deviations that were measured.
    pub(super) fn measured(latents: &LearntLatents, n: usize) -> Self {
        let LearntLatents { space, centre, deviation, .. } = latents.clone();
        Self { space, centre, deviation, n }
    }

    /// As the original has them: as if every direction were normal with a deviation of 1.
    pub(super) fn plain(space: LatentSpace, n: usize) -> Self {
        let size = space.mean.len();
        Self { space, centre: vec![0.0; size], deviation: vec![1.0; size], n }
    }

    /// Latents of the codec.
    pub(super) fn size(&self) -> usize {
        self.space.mean.len()
    }

    /// The centre and the deviation along each direction.
    pub(super) fn scale(&self) -> (&[f32], &[f32]) {
        (&self.centre, &self.deviation)
    }

    /// A frame of the codec, `[latent]`, as values along the directions.
    pub(super) fn values_of(&self, frame: &[f32], values: &mut [f32]) {
        rotate(&self.space, frame, values);
        for ((x, centre), deviation) in values.iter_mut().zip(&self.centre).zip(&self.deviation) {
            *x = (*x - centre) / deviation;
        }
    }

    /// The reverse of [`Self::values_of`], which leaves `values` as they are along the codec's directions.
    pub(super) fn frame_of(&self, values: &mut [f32], frame: &mut [f32]) {
        for ((x, centre), deviation) in values.iter_mut().zip(&self.centre).zip(&self.deviation) {
            *x = *x * deviation + centre;
        }
        frame.copy_from_slice(&self.space.mean);
        for (x, direction) in values.iter().zip(&self.space.directions) {
            frame.iter_mut().zip(direction).for_each(|(to, a)| *to += a * x);
        }
    }

    /// What a value along a direction counts more in nats when it is one of the codec's latents: the logarithm of the
    /// deviation.
    pub(super) fn nats_of_scale(&self, direction: usize) -> f64 {
        f64::from(self.deviation[direction]).ln()
    }

    pub(super) fn to_arrays(&self) -> Vec<NamedArray> {
        let array = |name: &str, values: &[f32]| NamedArray {
            name: name.into(),
            shape: vec![values.len()],
            values: values.to_vec(),
        };
        let mut arrays = self.space.to_arrays();
        arrays.extend([array(CENTRE, &self.centre), array(DEVIATION, &self.deviation)]);
        arrays
    }

    /// Restores them from the arrays of a file; `None` where one is absent or does not fit.
    pub(super) fn from_arrays(arrays: &[NamedArray], n: usize) -> Option<Self> {
        let find = |name: &str| arrays.iter().find(|array| array.name == name);
        let space = LatentSpace::from_arrays(arrays)?;
        let (centre, deviation) = (find(CENTRE)?.values.clone(), find(DEVIATION)?.values.clone());
        let size = space.mean.len();
        let fits = centre.len() == size && deviation.len() == size && n <= size;
        let is_usable = deviation.iter().all(|it| it.is_finite() && *it > 0.0);
        (fits && is_usable).then_some(Self { space, centre, deviation, n })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::CodecShape;

    /// A codec of `size` latents, for tests.
    pub(in crate::prior) fn codec(size: usize) -> PriorCodec {
        let settings = json!({ "latent_size": size, "ratios": [4, 2, 2], "capacity": 4 });
        let family = crate::family("rave").unwrap();
        let shape: CodecShape = family.settings(&settings).unwrap().codec().unwrap();
        let (sha256, name) = ("ab".repeat(32), "Bells".to_owned());
        PriorCodec { sha256, name, family: "rave".into(), settings, shape }
    }

    /// Latents of correlated noise that begins anew, slowly changing, `[frame][latent]`.
    pub(in crate::prior) fn latents(n_frames: usize, size: usize, seed: u64) -> Vec<f32> {
        let mut rng = nn::Init::new(seed);
        let mut held = vec![0.0f32; size];
        let mut frames = Vec::with_capacity(n_frames * size);
        for _ in 0..n_frames {
            let new = rng.normal(size);
            for i in 0..size {
                held[i] = 0.9 * held[i] + 0.43 * new[i];
            }
            // The second follows the first, and the rest is noise of its own width.
            frames.extend((0..size).map(|i| match i {
                0 => 2.0 * held[0],
                1 => held[0] * 0.5 + 0.1 * new[1],
                _ => 0.3 * new[i],
            }));
        }
        frames
    }

    pub(in crate::prior) fn learnt(frames: &[f32], size: usize) -> LearntLatents {
        let mut meter = LatentMeter::new(LatentSpace::measured(frames, size).unwrap());
        meter.push(frames);
        meter.finish(codec(size))
    }

    #[test]
    fn frames_come_back_from_their_values() {
        let frames = latents(500, 4, 3);
        let directions = Directions::measured(&learnt(&frames, 4), 3);
        let (mut values, mut back) = ([0.0; 4], [0.0; 4]);
        let mut squares = [0.0f64; 4];
        for frame in frames.chunks(4) {
            directions.values_of(frame, &mut values);
            squares.iter_mut().zip(values).for_each(|(sum, x)| *sum += f64::from(x * x) / 500.0);
            directions.frame_of(&mut values, &mut back);
            assert!(back.iter().zip(frame).all(|(a, b)| (a - b).abs() < 1e-5));
        }
        assert!(squares.iter().all(|it| (it - 1.0).abs() < 1e-3), "{squares:?}");
        assert_eq!(Directions::from_arrays(&directions.to_arrays(), 3), Some(directions.clone()));
        let mut broken = directions.to_arrays();
        broken.last_mut().unwrap().values[0] = 0.0;
        assert_eq!(Directions::from_arrays(&broken, 3), None);
    }
}
