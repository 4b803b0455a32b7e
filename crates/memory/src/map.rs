//! Vectors on a plane: their two principal directions, so that similar ones are near each other.

use crate::Snapshot;

/// Rounds of the power method for each direction; both are found long before.
const ROUNDS: usize = 100;
/// The most vectors that directions are computed from, evenly chosen.
const LEARNT_MAX: usize = 4000;

/// Places of vectors on a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// For each row of a pattern, its identifier and its place, both from -1 to 1.
    pub points: Vec<(u64, [f32; 2])>,
    /// The share of all differences that the plane shows.
    pub shown_share: f64,
}

/// The plane of a space's principal directions, by the power method on the covariance. The same vectors always have the
/// same places.
#[must_use]
pub fn plane(snapshot: &Snapshot) -> Plane {
    let rows: Vec<(u32, u64)> = snapshot.rows().collect();
    let dim = snapshot.name().dim;
    let every = rows.len().div_ceil(LEARNT_MAX).max(1);
    let learnt: Vec<&[f32]> =
        rows.iter().step_by(every).map(|(row, _)| snapshot.vector(*row)).collect();
    if learnt.len() < 3 {
        let place = |i: usize| [i as f32 * 0.5 - 0.25, 0.0];
        let points = rows.iter().enumerate().map(|(i, it)| (it.1, place(i))).collect();
        return Plane { points, shown_share: 1.0 };
    }
    let mut mean = vec![0.0f64; dim];
    for vector in &learnt {
        mean.iter_mut().zip(*vector).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    mean.iter_mut().for_each(|sum| *sum /= learnt.len() as f64);
    let centred: Vec<Vec<f64>> = learnt
        .iter()
        .map(|it| it.iter().zip(&mean).map(|(x, mean)| f64::from(*x) - mean).collect())
        .collect();
    let total: f64 = centred.iter().map(|it| dot(it, it)).sum();
    let first = direction(&centred, None);
    let second = direction(&centred, Some(&first));
    let along =
        |direction: &[f64]| -> f64 { centred.iter().map(|it| dot(it, direction).powi(2)).sum() };
    let shown = along(&first) + along(&second);
    let mut points: Vec<(u64, [f32; 2])> = rows
        .iter()
        .map(|(row, id)| {
            let vector: Vec<f64> = snapshot
                .vector(*row)
                .iter()
                .zip(&mean)
                .map(|(x, mean)| f64::from(*x) - mean)
                .collect();
            (*id, [dot(&vector, &first) as f32, dot(&vector, &second) as f32])
        })
        .collect();
    let largest = points.iter().flat_map(|it| it.1).fold(1e-12f32, |most, x| most.max(x.abs()));
    points.iter_mut().for_each(|it| it.1.iter_mut().for_each(|x| *x /= largest));
    Plane { points, shown_share: if total > 0.0 { (shown / total).min(1.0) } else { 1.0 } }
}

/// The direction along which vectors differ most, at a right angle to another; its largest number is positive.
fn direction(vectors: &[Vec<f64>], other: Option<&[f64]>) -> Vec<f64> {
    let dim = vectors[0].len();
    // Any beginning that is at a right angle to no principal direction.
    let mut found: Vec<f64> = (0..dim).map(|i| 1.0 + (i as f64 * 0.618_034).fract()).collect();
    for _ in 0..ROUNDS {
        let mut next = vec![0.0; dim];
        for vector in vectors {
            let along = dot(vector, &found);
            next.iter_mut().zip(vector).for_each(|(sum, x)| *sum += along * x);
        }
        if let Some(other) = other {
            let along = dot(&next, other);
            next.iter_mut().zip(other).for_each(|(x, other)| *x -= along * other);
        }
        let length = dot(&next, &next).sqrt();
        if length < 1e-30 {
            // Nothing differs in any other way.
            return vec![0.0; dim];
        }
        next.iter_mut().for_each(|x| *x /= length);
        let is_found = (dot(&next, &found) - 1.0).abs() < 1e-12;
        found = next;
        if is_found {
            break;
        }
    }
    let largest =
        found.iter().copied().fold(0.0f64, |most, x| if x.abs() > most.abs() { x } else { most });
    if largest < 0.0 {
        found.iter_mut().for_each(|x| *x = -*x);
    }
    found
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Space, SpaceName, testing::Random};

    fn space(vectors: &[Vec<f32>]) -> Plane {
        let folder = tempfile::tempdir().unwrap();
        let name = SpaceName { name: "test".into(), version: 1, dim: vectors[0].len() };
        let mut space = Space::open(&folder.path().join("test-1"), &name).unwrap();
        let rows: Vec<(u64, &[f32])> =
            vectors.iter().enumerate().map(|(i, it)| (i as u64, it.as_slice())).collect();
        space.add(&rows).unwrap();
        plane(&space.snapshot())
    }

    #[test]
    fn groups_lie_apart_and_the_same_vectors_have_the_same_places() {
        let mut random = Random::new(1);
        let centres: Vec<Vec<f32>> = (0..3).map(|_| random.unit(32)).collect();
        let vectors: Vec<Vec<f32>> = (0..300)
            .map(|i| {
                let noise = random.unit(32);
                centres[i % 3].iter().zip(noise).map(|(x, noise)| x + 0.2 * noise).collect()
            })
            .collect();
        let drawn = space(&vectors);
        assert_eq!(drawn, space(&vectors));
        assert!(drawn.shown_share > 0.7, "{}", drawn.shown_share);
        let place = |id: usize| drawn.points.iter().find(|it| it.0 == id as u64).unwrap().1;
        let apart = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        for i in 0..60 {
            assert!(apart(place(i), place(i + 3)) < apart(place(i), place(i + 1)));
        }
        assert!(drawn.points.iter().flat_map(|it| it.1).all(|x| (-1.0..=1.0).contains(&x)));
    }

    #[test]
    fn few_and_equal_vectors_have_places() {
        for n in 1..6 {
            let drawn = space(&vec![vec![1.0, 0.0, 0.0]; n]);
            assert_eq!(drawn.points.len(), n);
            assert!(drawn.points.iter().flat_map(|it| it.1).all(f32::is_finite));
        }
    }
}
