//! What a step learns from, and what is measured: which clip, which stretch of it, with how much noise.
//!
//! Source: Esser et al., "Scaling Rectified Flow Transformers", 2024, for levels of noise; Ho and Salimans, "Classifier-Free
//! Diffusion Guidance", 2022, for words that are left out.

use nn::Init;

use super::config::{Config, Levels};

/// Levels of noise that are measured, and what the loss there is called.
pub(super) const MEASURED: [(f32, &str); 4] =
    [(0.2, "loss_at_20"), (0.5, "loss_at_50"), (0.8, "loss_at_80"), (0.95, "loss_at_95")];
/// The most clips that are measured.
pub(super) const MEASURED_MAX: usize = 6;
/// Levels below this are none that a network knows.
const LEVEL_MIN: f32 = 0.01;

/// What is drawn for a clip of a step.
pub(super) struct Draw {
    pub(super) clip: usize,
    /// Its first frame, and how many.
    pub(super) from: usize,
    pub(super) n_frames: usize,
    /// What level of noise there is, before the model's own levels are asked for: 0 to 1.
    even: f32,
    normal: f32,
    pub(super) hears_words: bool,
    noise: Init,
}

impl Draw {
    /// The `i`-th draw of a training, of clips with so many frames. `back` is how often it went back.
    pub(super) fn new(
        config: &Config,
        (seed, back): (u64, u32),
        i: u64,
        n_frames: &[usize],
        crop: usize,
    ) -> Self {
        // Every clip comes once before one comes again.
        let n_clips = n_frames.len().max(1) as u64;
        let (round, place) = (i / n_clips, (i % n_clips) as usize);
        let keys = Init::named(seed, &format!("order {round}")).uniform(n_clips as usize, 0.0, 1.0);
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]).then(a.cmp(b)));
        let clip = order[place];
        let mut rng = Init::named(seed, &format!("draw {i} {back}"));
        let drawn = rng.uniform(3, 0.0, 1.0);
        let normal = rng.normal(1)[0];
        let n = n_frames.get(clip).copied().unwrap_or(0).min(crop.max(1));
        let room = n_frames.get(clip).map_or(0, |all| all - n);
        let from = ((f64::from(drawn[0]) * (room + 1) as f64) as usize).min(room);
        let hears_words = drawn[1] >= config.caption_dropout as f32;
        Self { clip, from, n_frames: n, even: drawn[2], normal, hears_words, noise: rng }
    }

    /// Its level of noise; `of_model` gives those of the model's own sampler.
    pub(super) fn level(&self, levels: Levels, of_model: impl Fn(f32, usize) -> f32) -> f32 {
        let level = match levels {
            Levels::Model => of_model(self.even, self.n_frames),
            Levels::LogitNormal => 1.0 / (1.0 + (-self.normal).exp()),
            Levels::Uniform => self.even,
        };
        level.clamp(LEVEL_MIN, 1.0)
    }

    /// So many numbers of noise.
    pub(super) fn noise(&mut self, n: usize) -> Vec<f32> {
        self.noise.normal(n)
    }
}

/// The noise that a clip is measured with at a level, always the same.
pub(super) fn measured_noise(clip: usize, level: usize, n: usize) -> Vec<f32> {
    Init::named(0, &format!("held out {clip} {level}")).normal(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clip_comes_once_a_round_and_stretches_lie_inside() {
        let preset = super::super::configurations::presets()[0].settings.clone();
        let config = Config::from_settings(&serde_json::json!(preset)).unwrap();
        let n_frames = [3, 50, 8];
        let draw = |i| Draw::new(&config, (7, 0), i, &n_frames, 10);
        for round in 0..5 {
            let mut seen: Vec<usize> = (0..3).map(|i| draw(3 * round + i).clip).collect();
            seen.sort_unstable();
            assert_eq!(seen, [0, 1, 2]);
        }
        let drawn: Vec<Draw> = (0..300).map(draw).collect();
        for it in &drawn {
            assert_eq!(it.n_frames, n_frames[it.clip].min(10));
            assert!(it.from + it.n_frames <= n_frames[it.clip]);
        }
        let silent = drawn.iter().filter(|it| !it.hears_words).count();
        assert!((10..60).contains(&silent), "{silent}");
        let levels = |levels| -> f32 {
            drawn.iter().map(|it| it.level(levels, |even, _| even * even)).sum::<f32>() / 300.0
        };
        for (found, expected) in [
            (levels(Levels::Uniform), 0.5),
            (levels(Levels::LogitNormal), 0.5),
            (levels(Levels::Model), 0.33),
        ] {
            assert!((found - expected).abs() < 0.05, "{found} {expected}");
        }
        assert_eq!(draw(5).noise(4), draw(5).noise(4));
        let back = Draw::new(&config, (7, 1), 5, &n_frames, 10).noise(4);
        assert_ne!(draw(5).noise(4), back);
    }
}
