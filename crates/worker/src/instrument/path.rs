//! A path through the latent space: points to go through, or a movement that was recorded or drawn.

use api::Way;

/// Points at equal times, in standard deviations along the first directions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    n_directions: usize,
    /// `[point][direction]`, flat.
    points: Vec<f32>,
    way: Way,
    is_closed: bool,
    secs_per_point: f64,
}

/// Points that a path may have.
pub(crate) const POINTS_MAX: usize = 200_000;
/// Coordinates beyond this, in standard deviations, come back to it.
const FAR: f32 = 100.0;

impl Path {
    /// A path; `None` without points, with NaN in one, or when it takes no time. Points that have fewer
    /// directions than the longest are at the mean in the others; directions beyond `n_max` are dropped.
    pub(crate) fn new(
        points: &[Vec<f32>],
        way: Way,
        is_closed: bool,
        secs_per_point: f64,
        n_max: usize,
    ) -> Option<Self> {
        let n_directions = points.iter().map(Vec::len).max().unwrap_or(0).min(n_max);
        let is_usable = n_directions > 0
            && points.len() <= POINTS_MAX
            && secs_per_point.is_finite()
            && secs_per_point > 0.0
            && points.iter().flatten().all(|x| x.is_finite());
        if !is_usable {
            return None;
        }
        let whole = |point: &Vec<f32>| {
            let given = point.iter().copied().chain(std::iter::repeat(0.0));
            given.map(|x| x.clamp(-FAR, FAR)).take(n_directions).collect::<Vec<_>>()
        };
        let points: Vec<f32> = points.iter().flat_map(whole).collect();
        Some(Self { n_directions, points, way, is_closed, secs_per_point })
    }

    /// Its directions.
    pub(crate) fn n_directions(&self) -> usize {
        self.n_directions
    }

    /// How long it takes from its first point to its last, or back to its first.
    pub(crate) fn secs(&self) -> f64 {
        self.n_ways() as f64 * self.secs_per_point
    }

    fn n_points(&self) -> usize {
        self.points.len() / self.n_directions
    }

    fn n_ways(&self) -> usize {
        if self.is_closed { self.n_points() } else { self.n_points() - 1 }
    }

    /// Writes the coordinates at a time from its start, and 0 in the directions beyond its own.
    pub(crate) fn at(&self, secs: f64, coordinates: &mut [f32]) {
        let place = (secs / self.secs_per_point).clamp(0.0, self.n_ways() as f64);
        let from = (place as usize).min(self.n_points() - 1);
        let to = if from + 1 < self.n_points() {
            from + 1
        } else if self.is_closed {
            0
        } else {
            from
        };
        let share = (place - from as f64) as f32;
        let point = |i: usize| &self.points[i * self.n_directions..(i + 1) * self.n_directions];
        let (a, b) = (point(from), point(to));
        let (along_a, along_b, scale) = match self.way {
            Way::Linear => (1.0 - share, share, 1.0),
            Way::Sphere => along_sphere(a, b, share),
        };
        let n = self.n_directions.min(coordinates.len());
        for ((coordinate, a), b) in coordinates[..n].iter_mut().zip(a).zip(b) {
            *coordinate = (a * along_a + b * along_b) * scale;
        }
        coordinates[n..].fill(0.0);
    }
}

/// The shares of two points on the way along a sphere, and the length of what comes out of a direction of length 1.
///
/// Source: Shoemake, "Animating rotation with quaternion curves", 1985; lengths change evenly.
fn along_sphere(a: &[f32], b: &[f32], share: f32) -> (f32, f32, f32) {
    let length = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>().sqrt();
    let (la, lb) = (length(a), length(b));
    let straight = (1.0 - share, share, 1.0);
    if la < 1e-6 || lb < 1e-6 {
        return straight;
    }
    let cosine = a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>() / (la * lb);
    let angle = cosine.clamp(-1.0, 1.0).acos();
    // In the same direction there is nothing to turn; in the opposite one there is no shortest way.
    if angle.sin() < 1e-3 {
        return straight;
    }
    let turned = |share: f32| (share * angle).sin() / angle.sin();
    (turned(1.0 - share) / la, turned(share) / lb, la + (lb - la) * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &Path, secs: f64) -> Vec<f32> {
        let mut coordinates = vec![9.0; 3];
        path.at(secs, &mut coordinates);
        coordinates
    }

    #[test]
    fn a_straight_path_goes_from_point_to_point() {
        let points = [vec![0.0, 2.0], vec![4.0], vec![4.0, -2.0]];
        let path = Path::new(&points, Way::Linear, false, 2.0, 64).unwrap();
        assert_eq!(path.secs(), 4.0);
        assert_eq!(at(&path, 0.0), [0.0, 2.0, 0.0]);
        assert_eq!(at(&path, 1.0), [2.0, 1.0, 0.0]);
        assert_eq!(at(&path, 3.0), [4.0, -1.0, 0.0]);
        assert_eq!(at(&path, 99.0), [4.0, -2.0, 0.0]);
        let closed = Path::new(&points, Way::Linear, true, 2.0, 64).unwrap();
        assert_eq!((closed.secs(), at(&closed, 5.0)), (6.0, vec![2.0, 0.0, 0.0]));
    }

    #[test]
    fn a_path_along_the_sphere_keeps_the_length() {
        let path =
            Path::new(&[vec![2.0, 0.0], vec![0.0, 4.0]], Way::Sphere, false, 1.0, 64).unwrap();
        for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let here = at(&path, share);
            let length = here.iter().map(|x| x * x).sum::<f32>().sqrt();
            assert!((length - (2.0 + 2.0 * share as f32)).abs() < 1e-5, "{here:?}");
            let angle = here[1].atan2(here[0]);
            assert!((angle - share as f32 * std::f32::consts::FRAC_PI_2).abs() < 1e-5, "{here:?}");
        }
        // There is no sphere through the mean.
        let path = Path::new(&[vec![0.0], vec![1.0]], Way::Sphere, false, 1.0, 64).unwrap();
        assert_eq!(at(&path, 0.5)[0], 0.5);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let refused = |points: &[Vec<f32>], secs: f64| {
            assert_eq!(Path::new(points, Way::Linear, false, secs, 64), None, "{points:?}");
        };
        refused(&[], 1.0);
        refused(&[vec![]], 1.0);
        refused(&[vec![f32::NAN]], 1.0);
        refused(&[vec![1.0]], 0.0);
        refused(&[vec![1.0]], f64::NAN);
        refused(&vec![vec![1.0]; POINTS_MAX + 1], 1.0);
    }
}
