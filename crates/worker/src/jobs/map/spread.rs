//! How latents are spread along each direction, and what directions go with.

use api::DirectionSpread;

/// The histogram's parts, and its range in standard deviations.
const N_PARTS: usize = 64;
const RANGE: f32 = 4.0;
/// A deviation below this counts as this: a latent that never changes has coordinates all the same.
const LEAST_DEVIATION: f32 = 1e-4;

/// The standard deviation of every direction over frames of coordinates, `[frame][direction]`.
pub(super) fn deviations(coordinates: &[f32], size: usize) -> Vec<f32> {
    let n = (coordinates.len() / size) as f64;
    let mut sums = vec![[0.0f64; 2]; size];
    for frame in coordinates.chunks_exact(size) {
        for (sum, x) in sums.iter_mut().zip(frame) {
            sum[0] += f64::from(*x);
            sum[1] += f64::from(*x) * f64::from(*x);
        }
    }
    let deviation = |[sum, squares]: [f64; 2]| {
        let mean = sum / n;
        ((squares / n - mean * mean).max(0.0).sqrt() as f32).max(LEAST_DEVIATION)
    };
    sums.into_iter().map(deviation).collect()
}

/// The spread of one direction: its coordinates over all frames, in the model's own units.
pub(super) fn spread(
    mut coordinates: Vec<f32>,
    deviation: f32,
    share: f32,
    goes_with: [f32; 3],
) -> DirectionSpread {
    coordinates.iter_mut().for_each(|x| *x /= deviation);
    let mut counts = [0u32; N_PARTS];
    for x in &coordinates {
        let part = ((x + RANGE) * N_PARTS as f32 / (2.0 * RANGE)).floor();
        if (0.0..N_PARTS as f32).contains(&part) {
            counts[part as usize] += 1;
        }
    }
    let fullest = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let percentiles = percentiles(coordinates, [0.01, 0.05, 0.5, 0.95, 0.99]);
    DirectionSpread {
        deviation,
        share,
        percentiles: percentiles.unwrap_or_default(),
        histogram: counts.map(|count| count as f32 / fullest).to_vec(),
        goes_with,
    }
}

/// Values at some shares of the way from the least to the largest; none of nothing.
pub(super) fn percentiles<const N: usize>(
    mut values: Vec<f32>,
    shares: [f32; N],
) -> Option<[f32; N]> {
    values.sort_unstable_by(f32::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(shares.map(|share| values[(share * last as f32).round() as usize]))
}

/// The correlation of two features where both are known, −1 to 1; 0 where few are, or one does not change.
pub(super) fn correlation(pairs: impl Iterator<Item = (f32, Option<f32>)>) -> f32 {
    let pairs: Vec<[f64; 2]> =
        pairs.filter_map(|(a, b)| b.map(|b| [f64::from(a), f64::from(b)])).collect();
    let n = pairs.len() as f64;
    if n < 8.0 {
        return 0.0;
    }
    let mean = [0, 1].map(|i: usize| pairs.iter().map(|it| it[i]).sum::<f64>() / n);
    let moment = |i: usize, j: usize| {
        pairs.iter().map(|it| (it[i] - mean[i]) * (it[j] - mean[j])).sum::<f64>() / n
    };
    let variances = moment(0, 0) * moment(1, 1);
    if variances > 1e-18 { (moment(0, 1) / variances.sqrt()).clamp(-1.0, 1.0) as f32 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_normal_direction_is_spread_as_it_should() {
        let mut rng = audio::Rng::new(3);
        let values: Vec<f32> = (0..50_000).map(|_| 3.0 * rng.normal()).collect();
        let deviation = deviations(&values, 1)[0];
        assert!((deviation - 3.0).abs() < 0.05, "{deviation}");
        let found = spread(values, deviation, 0.5, [0.0; 3]);
        for (found, expected) in found.percentiles.iter().zip([-2.326, -1.645, 0.0, 1.645, 2.326]) {
            assert!((found - expected).abs() < 0.05, "{found} is not {expected}");
        }
        assert_eq!(found.histogram.len(), 64);
        let at = |sigma: f32| found.histogram[((sigma + 4.0) * 8.0) as usize];
        assert!(at(0.05) > 0.9 && (at(1.0) - 0.6).abs() < 0.06 && at(3.9) < 0.01);
    }

    #[test]
    fn what_is_far_out_or_never_changes_is_said_within_bounds() {
        let found = spread(vec![2.0; 100], deviations(&[2.0; 100], 1)[0], 0.0, [0.0; 3]);
        assert_eq!(found.deviation, LEAST_DEVIATION);
        assert!(found.histogram.iter().all(|x| *x == 0.0));
        assert!(found.percentiles.iter().all(|x| x.is_finite()));
        assert_eq!(percentiles(vec![], [0.5]), None);
    }

    #[test]
    fn correlations_are_those_of_pairs_that_are_known() {
        let mut rng = audio::Rng::new(3);
        let pairs: Vec<(f32, Option<f32>)> = (0..1000)
            .map(|i| (i as f32, (i % 3 > 0).then(|| -2.0 * i as f32 + 10.0 * rng.normal())))
            .collect();
        assert!(correlation(pairs.into_iter()) < -0.99);
        assert_eq!(correlation((0..100).map(|i| (i as f32, Some(1.0)))), 0.0);
        assert_eq!(correlation((0..100).map(|i| (i as f32, None))), 0.0);
        let noise = (0..5000).map(|_| (rng.normal(), Some(rng.normal())));
        assert!(correlation(noise).abs() < 0.05);
    }
}
