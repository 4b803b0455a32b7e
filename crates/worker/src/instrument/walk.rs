//! A random walk through the latent space that stays where the dataset's latents are.

use audio::Rng;

/// Places drawn from a normal distribution, one after the other, with a smooth way between them.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    rng: Rng,
    from: Vec<f32>,
    to: Vec<f32>,
    /// How much of the way is done, 0 to 1.
    share: f64,
}

impl Walk {
    /// A walk from the mean.
    pub(super) fn new(n_directions: usize, seed: u64) -> Self {
        let mut walk = Self {
            rng: Rng::new(seed),
            from: vec![0.0; n_directions],
            to: vec![0.0; n_directions],
            share: 0.0,
        };
        walk.reset(seed, &[]);
        walk
    }

    /// Begins anew, at a place.
    pub(super) fn reset(&mut self, seed: u64, start: &[f32]) {
        self.rng = Rng::new(seed ^ 0x57a1_4e5e_ed00_0001);
        let given = start.iter().copied().chain(std::iter::repeat(0.0));
        self.from.iter_mut().zip(given).for_each(|(from, x)| *from = x);
        self.draw();
        self.share = 0.0;
    }

    fn draw(&mut self) {
        for to in &mut self.to {
            *to = self.rng.normal();
        }
    }

    /// Goes on by the time of a frame, and writes where it is: for a walk of range 1.
    pub(super) fn next(&mut self, speed_hz: f64, frame_secs: f64, place: &mut [f32]) {
        self.share += (speed_hz * frame_secs).clamp(0.0, 1.0);
        if self.share >= 1.0 {
            self.share -= 1.0;
            std::mem::swap(&mut self.from, &mut self.to);
            self.draw();
        }
        // It slows down at each place; both shares keep the variance between places.
        let x = self.share as f32;
        let smooth = x * x * (3.0 - 2.0 * x);
        let (a, b) = (1.0 - smooth, smooth);
        let keep = 1.0 / (a * a + b * b).sqrt();
        for ((place, from), to) in place.iter_mut().zip(&self.from).zip(&self.to) {
            *place = (from * a + to * b) * keep;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_is_smooth_spread_as_said_and_the_same_again() {
        let walked = |seed: u64| {
            let (mut walk, mut all) = (Walk::new(4, seed), vec![]);
            for _ in 0..40_000 {
                let mut place = [0.0; 4];
                walk.next(2.0, 0.01, &mut place);
                all.extend(place);
            }
            all
        };
        let all = walked(1);
        assert_eq!(all, walked(1));
        assert_ne!(all, walked(2));
        let variance = all.iter().map(|x| x * x).sum::<f32>() / all.len() as f32;
        assert!((variance - 1.0).abs() < 0.1, "{variance}");
        let step = all.windows(5).map(|w| (w[4] - w[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.35, "{step}");
        // From the mean it goes to the first place.
        assert!(all[..4].iter().all(|x| x.abs() < 0.1));
    }
}
