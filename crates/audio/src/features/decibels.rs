//! Levels of features in decibels, as librosa's `power_to_db` computes them.

/// Powers below this count as this.
const LEAST_POWER: f32 = 1e-10;
/// What is further below the loudest counts as that, in dB.
const RANGE_DB: f32 = 80.0;

/// Turns powers into dB relative to 1, at most 80 dB below the largest of them all.
pub(super) fn db_from_power(values: &mut [f32]) {
    let mut loudest = f32::NEG_INFINITY;
    for x in values.iter_mut() {
        *x = 10.0 * x.max(LEAST_POWER).log10();
        loudest = loudest.max(*x);
    }
    let floor = loudest - RANGE_DB;
    values.iter_mut().for_each(|x| *x = x.max(floor));
}
