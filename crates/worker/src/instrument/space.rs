//! The coordinates in which people and recipes speak of a model's latents: live sessions, maps and jobs that
//! generate sound all use these.

use models::{Finished, LatentSpace};

/// Coordinates of a latent space: along the model's own directions, those that matter most first, in standard
/// deviations from their mean.
///
/// A model that knows no directions, because it was trained too briefly or its latents cannot be put in an order,
/// has its latents themselves as directions, around 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Coordinates {
    size: usize,
    /// `[latent]`; empty where directions are the latents themselves.
    mean: Vec<f32>,
    /// `[direction][latent]`, unit vectors; empty where directions are the latents themselves.
    directions: Vec<f32>,
    /// `[direction]`, above 0.
    deviations: Vec<f32>,
}

/// A deviation below this counts as this, so that coordinates stay finite where a latent never changes.
const LEAST_DEVIATION: f32 = 1e-4;

impl Coordinates {
    /// The coordinates of a model; `None` for one that has no latents. `deviations` are those of the model's map, in
    /// the model's own units; 1 where there is none.
    pub(crate) fn of(model: &dyn Finished, deviations: &[f32]) -> Option<Self> {
        let size = model.as_codec()?.shape().latent_size;
        let space = model.as_playable().and_then(|playable| playable.ordered_space());
        Some(Self::new(size, space, deviations))
    }

    /// The coordinates of a space of `size` latents.
    pub(crate) fn new(size: usize, space: Option<&LatentSpace>, deviations: &[f32]) -> Self {
        let space =
            space.filter(|space| space.mean.len() == size && space.directions.len() == size);
        let usable = |deviation: f32| {
            if deviation.is_finite() { deviation.max(LEAST_DEVIATION) } else { 1.0 }
        };
        let given = deviations.iter().map(|deviation| usable(*deviation));
        Self {
            size,
            mean: space.map_or_else(Vec::new, |space| space.mean.clone()),
            directions: space.map_or_else(Vec::new, |space| space.directions.concat()),
            deviations: given.chain(std::iter::repeat(1.0)).take(size).collect(),
        }
    }

    /// How many latents there are, and as many directions.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The standard deviation that is the unit of each direction, in the model's own units.
    pub(crate) fn deviations(&self) -> &[f32] {
        &self.deviations
    }

    /// Coordinates of a frame of latents along the first directions, as many as there is room for.
    ///
    /// # Panics
    /// When the frame does not have all latents, or there is room for more directions than there are.
    pub(crate) fn to_coordinates(&self, frame: &[f32], coordinates: &mut [f32]) {
        assert!(frame.len() == self.size && coordinates.len() <= self.size, "size of the space");
        if self.mean.is_empty() {
            let all = coordinates.iter_mut().zip(frame).zip(&self.deviations);
            all.for_each(|((coordinate, latent), deviation)| *coordinate = latent / deviation);
            return;
        }
        let directions = self.directions.chunks_exact(self.size).zip(&self.deviations);
        for (coordinate, (direction, deviation)) in coordinates.iter_mut().zip(directions) {
            let latents = frame.iter().zip(&self.mean).zip(direction);
            let along: f32 = latents.map(|((latent, mean), axis)| (latent - mean) * axis).sum();
            *coordinate = along / deviation;
        }
    }

    /// The frame of latents at some coordinates; directions beyond those given are at their mean.
    ///
    /// # Panics
    /// When the frame does not have all latents, or there are more coordinates than directions.
    pub(crate) fn to_latents(&self, coordinates: &[f32], frame: &mut [f32]) {
        assert!(frame.len() == self.size && coordinates.len() <= self.size, "size of the space");
        if self.mean.is_empty() {
            let (given, beyond) = frame.split_at_mut(coordinates.len());
            let all = given.iter_mut().zip(coordinates).zip(&self.deviations);
            all.for_each(|((latent, coordinate), deviation)| *latent = coordinate * deviation);
            beyond.fill(0.0);
            return;
        }
        frame.copy_from_slice(&self.mean);
        let directions = self.directions.chunks_exact(self.size).zip(&self.deviations);
        for (coordinate, (direction, deviation)) in coordinates.iter().zip(directions) {
            let along = coordinate * deviation;
            frame.iter_mut().zip(direction).for_each(|(latent, axis)| *latent += along * axis);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn::Init;

    /// A space of three latents around a mean, whose directions are no axes.
    fn space() -> LatentSpace {
        let normal = Init::new(3).normal(3 * 2000);
        let latents: Vec<f32> = normal
            .chunks(3)
            .flat_map(|x| [2.0 + 3.0 * x[0] + x[1], -1.0 + 3.0 * x[0] - x[1], 0.5 + 0.2 * x[2]])
            .collect();
        LatentSpace::measured(&latents, 3).unwrap()
    }

    fn check_round_trip(coordinates: &Coordinates) {
        let frame = [0.3, -2.0, 1.5];
        let (mut along, mut back) = ([0.0; 3], [0.0; 3]);
        coordinates.to_coordinates(&frame, &mut along);
        coordinates.to_latents(&along, &mut back);
        let error = frame.iter().zip(back).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error < 1e-5, "{back:?}");
    }

    #[test]
    fn latents_become_coordinates_and_back() {
        let space = space();
        check_round_trip(&Coordinates::new(3, Some(&space), &[4.2, 1.4, 0.2]));
        check_round_trip(&Coordinates::new(3, None, &[0.5]));
        // A space of another size and invalid deviations are not used.
        assert_eq!(Coordinates::new(2, Some(&space), &[]), Coordinates::new(2, None, &[]));
        let odd = Coordinates::new(3, None, &[f32::NAN, 0.0, -1.0, 5.0]);
        assert_eq!(odd.deviations(), [1.0, LEAST_DEVIATION, LEAST_DEVIATION]);
    }

    #[test]
    fn the_mean_is_at_zero_and_a_deviation_is_one() {
        let space = space();
        let coordinates = Coordinates::new(3, Some(&space), &[4.2, 1.4, 0.2]);
        let mut frame = [0.0; 3];
        coordinates.to_latents(&[], &mut frame);
        assert_eq!(frame.as_slice(), space.mean);
        coordinates.to_latents(&[1.0], &mut frame);
        let away = frame.iter().zip(&space.mean).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        assert!((away - 4.2).abs() < 1e-5, "{away}");
        let mut first = [0.0; 1];
        coordinates.to_coordinates(&frame, &mut first);
        assert!((first[0] - 1.0).abs() < 1e-5, "{first:?}");
    }
}
