//! When a run measures, renders and saves: the rules of the training loop, which forecasts use too.

/// The share of time that measuring may take, approximately.
pub(crate) const MEASURE_SHARE: f64 = 0.05;
/// The shortest pause between measurements.
pub(crate) const MEASURE_PAUSE_SECS_MIN: f64 = 4.0;

/// The shortest pause between checkpoints, as a multiple of the time that writing one took.
pub(crate) const SAVE_PAUSE: u32 = 30;
/// The shortest pause between checkpoints, which is about what a kill may lose.
pub(crate) const SAVE_PAUSE_SECS_MIN: u64 = 60;
/// A model that is better than all on disk is kept this soon after the last checkpoint, if writing is
/// quick.
pub(crate) const SAVE_BEST_PAUSE_SECS_MIN: u64 = 15;

/// Renderings come at growing intervals: at first every few seconds, then rarely, so that a run of days
/// leaves dozens of them and not thousands.
pub(crate) const RENDER_PAUSE_SECS_MIN: f64 = 10.0;
/// The next rendering comes after this share of the time trained so far.
pub(crate) const RENDER_PAUSE_SHARE: f64 = 0.2;

/// Excerpts that are measured.
const MEASURED_MAX: usize = 8;
/// Excerpts that are rendered for listening.
pub(crate) const RENDERED_MAX: usize = 4;
/// The maximum length of an excerpt.
pub(crate) const EXCERPT_SECS_MAX: f64 = 3.0;

/// Stretches of held-out latents that are measured, of which the first are rendered.
pub(crate) const LATENT_CLIPS_MAX: u64 = 16;
/// The length of such a stretch.
pub(crate) const LATENT_CLIP_SECS: f64 = 6.0;

/// The stride at which held-out sounds are chosen for measuring, so that they do not all come from one large
/// folder.
pub(crate) fn measured_each(n_sounds: usize) -> usize {
    n_sounds.div_ceil(MEASURED_MAX).max(1)
}

/// How many excerpts a run measures, and how long they are, with `n_sounds` held out of this mean length.
#[must_use]
pub fn measured_excerpts(n_sounds: u32, mean_secs: f64) -> (u32, f64) {
    let n = (n_sounds as usize).div_ceil(measured_each(n_sounds as usize));
    (n as u32, mean_secs.min(EXCERPT_SECS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_spread_over_the_sounds() {
        let check = |n_sounds, expected| {
            assert_eq!(measured_excerpts(n_sounds, 1.0).0, expected, "{n_sounds}");
        };
        check(0, 0);
        check(1, 1);
        check(8, 8);
        check(9, 5);
        check(17, 6);
        check(800, 8);
        assert_eq!(measured_excerpts(1, 60.0).1, 3.0);
    }
}
