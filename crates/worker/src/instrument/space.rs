//! The coordinates that people and sources move a model's latents by: along its principal directions.

use models::Finished;

/// From a model's latents to coordinates, and back.
///
/// Coordinates are distances from the mean along the directions of the model's own latent space, those that matter
/// most first, in the model's own units. A model without an ordered space has its latents as they are.
#[derive(Clone, Debug)]
pub(crate) struct Coordinates {
    size: usize,
    /// Empty where latents are taken as they are.
    mean: Vec<f32>,
    /// `[direction][latent]`, flat.
    directions: Vec<f32>,
}

impl Coordinates {
    /// Those of a model whose frames have `size` latents.
    pub(crate) fn of(model: &dyn Finished, size: usize) -> Self {
        let space = model.as_playable().and_then(models::Playable::ordered_space);
        match space.filter(|space| space.mean.len() == size) {
            Some(space) => {
                Self { size, mean: space.mean.clone(), directions: space.directions.concat() }
            }
            None => Self { size, mean: vec![], directions: vec![] },
        }
    }

    /// How many there are: as many as latents.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Writes the coordinates of a frame, as many as `coordinates` has room for.
    pub(crate) fn to_coordinates(&self, frame: &[f32], coordinates: &mut [f32]) {
        if self.mean.is_empty() {
            let n = coordinates.len().min(frame.len());
            coordinates[..n].copy_from_slice(&frame[..n]);
            return;
        }
        let directions = self.directions.chunks_exact(self.size);
        for (coordinate, direction) in coordinates.iter_mut().zip(directions) {
            let along = frame.iter().zip(&self.mean).zip(direction);
            *coordinate = along.map(|((x, mean), along)| (x - mean) * along).sum();
        }
    }

    /// Writes the frame that lies at some coordinates; those that are not given are 0.
    pub(crate) fn to_latents(&self, coordinates: &[f32], frame: &mut [f32]) {
        if self.mean.is_empty() {
            frame.fill(0.0);
            let n = coordinates.len().min(frame.len());
            frame[..n].copy_from_slice(&coordinates[..n]);
            return;
        }
        frame.copy_from_slice(&self.mean);
        let directions = self.directions.chunks_exact(self.size);
        for (coordinate, direction) in coordinates.iter().zip(directions) {
            if *coordinate != 0.0 {
                frame.iter_mut().zip(direction).for_each(|(x, along)| *x += coordinate * along);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_lead_back_to_the_frame() {
        let half = 0.5f32.sqrt();
        let turned = Coordinates {
            size: 2,
            mean: vec![1.0, -1.0],
            directions: vec![half, half, half, -half],
        };
        let plain = Coordinates { size: 2, mean: vec![], directions: vec![] };
        for space in [turned, plain] {
            let (frame, mut coordinates, mut back) = ([0.3, 2.0], [0.0; 2], [9.0; 2]);
            space.to_coordinates(&frame, &mut coordinates);
            space.to_latents(&coordinates, &mut back);
            assert!(frame.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-6), "{back:?}");
            // Fewer coordinates: the rest is at the mean.
            space.to_latents(&[], &mut back);
            assert_eq!(space.mean.is_empty(), back == [0.0; 2]);
        }
    }
}
