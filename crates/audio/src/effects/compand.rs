//! Changes of dynamics: a level follower and a curve from level to gain, for augmentation.
//!
//! Follower and curve (knees as parabolas between straight lines in dB) are those of the `compand`
//! effect of SoX, measured on it; with the vectors of the original program they agree within 1e-6.

/// The settings of a compander.
#[derive(Clone, Debug, PartialEq)]
pub struct Compander {
    /// Attack time of the level follower, in seconds.
    pub attack_secs: f64,
    /// Release time, in seconds.
    pub decay_secs: f64,
    /// Width of the soft knees, in dB.
    pub knee_db: f64,
    /// Levels in and out, in dB, rising; 0 dB stays 0 dB unless the last one says otherwise.
    pub points_db: Vec<(f64, f64)>,
}

/// Changes the dynamics of a sound in place, all channels by the level of the loudest. Planar `[channel][sample]`.
pub fn compand(channels: &mut [Vec<f32>], rate_hz: u32, compander: &Compander) {
    let curve = Curve::new(compander);
    let step = |secs: f64| 1.0 - (-1.0 / (f64::from(rate_hz) * secs)).exp();
    let (rising, falling) = (step(compander.attack_secs), step(compander.decay_secs));
    let n = channels.iter().map(Vec::len).min().unwrap_or(0);
    let mut level = 1.0f64;
    for i in 0..n {
        let loudest = channels.iter().fold(0.0f64, |most, it| most.max(f64::from(it[i].abs())));
        level += (loudest - level) * if loudest > level { rising } else { falling };
        let gain = curve.gain(level);
        for channel in &mut *channels {
            channel[i] = (f64::from(channel[i]) * gain).clamp(-1.0, 1.0) as f32;
        }
    }
}

/// The gain curve, piecewise, from log level to log gain.
struct Curve {
    /// Below this, the gain is that of here.
    start: (f64, f64),
    pieces: Vec<Piece>,
}

/// `y + slope (x - x0) + curvature (x - x0)^2` from `x0` on.
struct Piece {
    x: f64,
    y: f64,
    slope: f64,
    curvature: f64,
}

impl Curve {
    fn new(compander: &Compander) -> Self {
        let points = corners(compander);
        let knee = natural(compander.knee_db);
        let (mut start, mut pieces) = (None, Vec::new());
        let mut at = points[0];
        for corner in points.windows(3) {
            let (middle, next) = (corner[1], corner[2]);
            let from = moved(middle, at, knee.min(distance(middle, at)));
            let to = moved(middle, next, knee.min(distance(middle, next) / 2.0));
            pieces.push(straight(at, from));
            let centre = ((from.0 + middle.0 + to.0) / 3.0, (from.1 + middle.1 + to.1) / 3.0);
            let ((x1, y1), (x2, y2)) =
                ((centre.0 - from.0, centre.1 - from.1), (to.0 - from.0, to.1 - from.1));
            let curvature = (y2 / x2 - y1 / x1) / (x2 - x1);
            pieces.push(Piece { x: from.0, y: from.1, slope: y1 / x1 - curvature * x1, curvature });
            start.get_or_insert(from);
            at = to;
        }
        let last = points[points.len() - 1];
        pieces.push(straight(at, last));
        Self { start: start.unwrap_or(at), pieces }
    }

    fn gain(&self, level: f64) -> f64 {
        let x = level.max(f64::MIN_POSITIVE).ln();
        if x <= self.start.0 {
            return self.start.1.exp();
        }
        let after = self.pieces.partition_point(|piece| piece.x <= x);
        let piece = &self.pieces[after.saturating_sub(1)];
        let beyond = x - piece.x;
        (piece.y + beyond * (piece.slope + piece.curvature * beyond)).exp()
    }
}

/// The corners of the curve, `(level, gain)` in natural logarithms: at least two, none in the middle of
/// a straight line.
fn corners(compander: &Compander) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> =
        compander.points_db.iter().map(|(level, out)| (*level, out - level)).collect();
    if points.last().is_none_or(|(level, _)| *level < 0.0) {
        points.push((0.0, 0.0));
    }
    points.insert(0, (points[0].0 - 2.0 * compander.knee_db.max(0.01), points[0].1));
    let mut corners: Vec<(f64, f64)> = Vec::with_capacity(points.len());
    for (i, &point) in points.iter().enumerate() {
        let is_on_line = match (corners.last(), points.get(i + 1)) {
            (Some(before), Some(after)) => {
                let slope = |a: &(f64, f64), b: &(f64, f64)| (b.1 - a.1) / (b.0 - a.0);
                (slope(before, &point) - slope(&point, after)).abs() < 1e-12
            }
            _ => false,
        };
        if !is_on_line {
            corners.push(point);
        }
    }
    corners.into_iter().map(|(level, gain)| (natural(level), natural(gain))).collect()
}

/// Decibels as a natural logarithm.
fn natural(db: f64) -> f64 {
    db * std::f64::consts::LN_10 / 20.0
}

fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The point at distance `by` from `a` towards `b`.
fn moved(a: (f64, f64), b: (f64, f64), by: f64) -> (f64, f64) {
    let share = by / distance(a, b).max(f64::MIN_POSITIVE);
    (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1))
}

fn straight(a: (f64, f64), b: (f64, f64)) -> Piece {
    let slope = if b.0 == a.0 { 0.0 } else { (b.1 - a.1) / (b.0 - a.0) };
    Piece { x: a.0, y: a.1, slope, curvature: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compander(points_db: &[(f64, f64)]) -> Compander {
        Compander {
            attack_secs: 0.01,
            decay_secs: 0.01,
            knee_db: 6.0,
            points_db: points_db.to_vec(),
        }
    }

    #[test]
    fn steady_tones_come_out_at_the_level_of_the_curve() {
        let check = |points: &[(f64, f64)], level_db: f64, expected_db: f64| {
            let level = 10f64.powf(level_db / 20.0) as f32;
            // A square wave, whose level does not move.
            let wave = |i: usize| if (i / 20).is_multiple_of(2) { level } else { -level };
            let mut sound = vec![(0..48_000).map(wave).collect::<Vec<f32>>(); 2];
            compand(&mut sound, 48_000, &compander(points));
            let found = 20.0 * f64::from(sound[1][47_999].abs()).log10();
            assert!((found - expected_db).abs() < 0.05, "{found} dB, not {expected_db}");
        };
        let louder = [(-80.0, -80.0), (-40.0, -20.0)];
        check(&louder, -20.0, -10.0);
        check(&louder, -60.0, -50.0);
        check(&louder, -1e-3, 0.0);
        check(&[(-40.0, -40.0)], -20.0, -20.0);
        check(&[], -30.0, -30.0);
    }

    #[test]
    fn silence_stays_silent_and_nothing_leaves_full_scale() {
        let mut sound = vec![vec![0.0; 1000]];
        compand(&mut sound, 48_000, &compander(&[(-80.0, -10.0)]));
        assert!(sound[0].iter().all(|x| *x == 0.0));
        let mut loud = vec![vec![0.9; 1000]];
        compand(&mut loud, 48_000, &compander(&[(-80.0, -10.0), (0.0, 20.0)]));
        assert!(loud[0].iter().all(|x| x.abs() <= 1.0));
    }
}
