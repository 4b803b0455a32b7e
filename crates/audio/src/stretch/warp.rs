//! [`Warp`]: which moment of a sound comes when.

/// A map from the time of a sound to the time of what becomes of it: straight from point to point, in frames.
///
/// Both times grow from point to point. Before the first and after the last one the map goes on at the speed of the
/// nearest stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Warp {
    /// Places before and after, at least two.
    points: Vec<[f64; 2]>,
}

impl Warp {
    /// One speed for all of it: `n_in` frames become `n_out`.
    #[must_use]
    pub fn uniform(n_in: usize, n_out: usize) -> Self {
        Self { points: vec![[0.0, 0.0], [n_in.max(1) as f64, n_out.max(1) as f64]] }
    }

    /// Through points, `[before, after]` in frames; those that go back in time, or are not numbers, are left out.
    /// None where fewer than two are left.
    #[must_use]
    pub fn through(points: impl IntoIterator<Item = [f64; 2]>) -> Option<Self> {
        let mut kept: Vec<[f64; 2]> = vec![];
        for point in points {
            let grows = kept.last().is_none_or(|last| {
                point[0] - last[0] >= LEAST_STEP && point[1] - last[1] >= LEAST_STEP
            });
            if grows && point.iter().all(|x| x.is_finite()) {
                kept.push(point);
            }
        }
        (kept.len() >= 2).then_some(Self { points: kept })
    }

    /// The points.
    #[must_use]
    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// Whether nothing moves.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.points.iter().all(|[before, after]| before == after)
    }

    /// When a moment of the sound comes.
    #[must_use]
    pub fn target(&self, before: f64) -> f64 {
        self.along(before, 0)
    }

    /// Which moment of the sound comes at a time.
    #[must_use]
    pub fn source(&self, after: f64) -> f64 {
        self.along(after, 1)
    }

    /// From one time to the other.
    fn along(&self, at: f64, from: usize) -> f64 {
        let next = self.points.partition_point(|point| point[from] <= at);
        let next = next.clamp(1, self.points.len() - 1);
        let (a, b) = (self.points[next - 1], self.points[next]);
        let share = (at - a[from]) / (b[from] - a[from]);
        a[1 - from] + share * (b[1 - from] - a[1 - from])
    }

    /// The same map with the time after multiplied.
    pub(super) fn longer(&self, by: f64) -> Self {
        Self { points: self.points.iter().map(|[before, after]| [*before, after * by]).collect() }
    }

    /// The same map, but at its own speed from `reach` frames before each place to `reach` after: what is there stays as
    /// it is. Where places are near each other, the reach is shorter. Returns the map and where each stretch of its own
    /// speed lies, before.
    pub(super) fn kept_at(&self, places: &[usize], reach: f64) -> (Self, Vec<[f64; 2]>) {
        let mut spans = vec![];
        let mut points = vec![];
        for (i, place) in places.iter().enumerate() {
            let (before, after) = (*place as f64, self.target(*place as f64));
            let gap = |other: Option<&usize>| {
                other.map_or(f64::INFINITY, |other| {
                    let apart = (*other as f64 - before).abs();
                    apart.min((self.target(*other as f64) - after).abs())
                })
            };
            let early = reach.min(SHARE_OF_GAP * gap(i.checked_sub(1).and_then(|i| places.get(i))));
            let late = reach.min(SHARE_OF_GAP * gap(places.get(i + 1)));
            if early + late < LEAST_STEP {
                continue;
            }
            spans.push([before - early, before + late]);
            points.push([before - early, after - early]);
            points.push([before + late, after + late]);
        }
        let is_free = |point: &&[f64; 2]| {
            !spans
                .iter()
                .any(|[start, end]| (start - LEAST_STEP..=end + LEAST_STEP).contains(&point[0]))
        };
        points.extend(self.points.iter().filter(is_free));
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        (Self::through(points).unwrap_or_else(|| self.clone()), spans)
    }
}

/// Points nearer than this are one, in frames.
const LEAST_STEP: f64 = 1e-3;
/// How much of the way to the next place may stay as it is: the rest has to take up the whole stretch.
const SHARE_OF_GAP: f64 = 0.4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_there_and_back() {
        let warp = Warp::through([[0.0, 0.0], [100.0, 50.0], [200.0, 250.0]]).unwrap();
        for (before, after) in
            [(-10.0, -5.0), (0.0, 0.0), (50.0, 25.0), (100.0, 50.0), (150.0, 150.0), (300.0, 450.0)]
        {
            assert_eq!(warp.target(before), after);
            assert_eq!(warp.source(after), before);
        }
    }

    #[test]
    fn points_that_go_back_are_left_out() {
        let points = [[0.0, 0.0], [5.0, -1.0], [f64::NAN, 3.0], [10.0, 20.0], [10.0, 30.0]];
        let warp = Warp::through(points).unwrap();
        assert_eq!(warp.points(), [[0.0, 0.0], [10.0, 20.0]]);
        assert_eq!(Warp::through([[1.0, 1.0], [1.0, 2.0]]), None);
    }

    #[test]
    fn around_kept_places_nothing_is_stretched() {
        let warp = Warp::uniform(1000, 2000);
        let (kept, spans) = warp.kept_at(&[300, 500], 60.0);
        assert_eq!(spans, [[240.0, 360.0], [440.0, 560.0]]);
        for (before, after) in
            [(300.0, 600.0), (240.0, 540.0), (350.0, 650.0), (500.0, 1000.0), (1000.0, 2000.0)]
        {
            assert!(
                (kept.target(before) - after).abs() < 1e-9,
                "{before}: {}",
                kept.target(before)
            );
        }
        // Near each other they keep less.
        let (_, spans) = warp.kept_at(&[300, 310], 60.0);
        assert_eq!(spans, [[240.0, 304.0], [306.0, 370.0]]);
    }
}
