//! What the latents of the first model do: sources are mixed, moved, smoothed and roughened, frame by frame.

use api::DIRECTIONS_MAX;
use audio::Rng;
use models::LivePrior;

use super::{
    InstrumentSettings, Path,
    controls::{Controls, number},
    space::Coordinates,
    walk::Walk,
};

/// Directions that a point has at least, for what lies beyond it.
const COVERED_LEAST: usize = 8;
/// The time constant in which sources come and go.
const WEIGHT_SECS: f64 = 0.02;
/// How fast a variation drifts: to another place about so often a second.
const DRIFT_HZ: f64 = 0.4;
/// Sources, in the order of their controls: encoder, manual, path, prior, walk.
const N_SOURCES: usize = 5;

pub(super) struct Latents {
    coordinates: Coordinates,
    n_directions: usize,
    frame_secs: f64,
    is_spherical: bool,
    seed: u64,
    rng: Rng,
    weights: [f32; N_SOURCES],
    path: Option<Box<Path>>,
    path_secs: f64,
    prior: Option<Box<dyn LivePrior>>,
    walk: Walk,
    walk_start: Vec<f32>,
    drift: Option<(f32, Walk)>,
    /// Coordinates of what comes in, of one source, of their sum, and of the sum smoothed.
    encoded: Vec<f32>,
    source: Vec<f32>,
    sum: Vec<f32>,
    smooth: Vec<f32>,
    /// Whether there was a frame that the next one can be smoothed towards.
    has_past: bool,
    prior_frame: Vec<f32>,
    /// What came out, of the directions with controls.
    place: Vec<f32>,
}

impl Latents {
    pub(super) fn new(
        coordinates: Coordinates,
        frame_rate_hz: f64,
        is_spherical: bool,
        settings: &InstrumentSettings,
    ) -> Self {
        let size = coordinates.size();
        let n_directions = size.min(DIRECTIONS_MAX);
        let row = || vec![0.0; size];
        Self {
            n_directions,
            frame_secs: 1.0 / frame_rate_hz,
            is_spherical,
            seed: settings.seed,
            rng: Rng::new(settings.seed),
            weights: [1.0, 0.0, 0.0, 0.0, 0.0],
            path: None,
            path_secs: 0.0,
            prior: None,
            walk: Walk::new(n_directions, settings.seed),
            walk_start: settings.walk_start.iter().copied().take(n_directions).collect(),
            drift: settings.drift.map(|(amount, seed)| (amount, Walk::new(n_directions, seed))),
            encoded: row(),
            source: row(),
            sum: row(),
            smooth: row(),
            has_past: false,
            prior_frame: row(),
            place: vec![0.0; n_directions],
            coordinates,
        }
        .begun()
    }

    fn begun(mut self) -> Self {
        self.walk.reset(self.seed, &self.walk_start);
        self
    }

    pub(super) fn n_directions(&self) -> usize {
        self.n_directions
    }

    pub(super) fn place(&self) -> &[f32] {
        &self.place
    }

    pub(super) fn set_path(&mut self, path: Option<Box<Path>>) -> Option<Box<Path>> {
        self.path_secs = 0.0;
        std::mem::replace(&mut self.path, path)
    }

    pub(super) fn seek_path(&mut self, secs: f64) {
        let end = self.path.as_ref().map_or(0.0, |path| path.secs());
        self.path_secs = if secs.is_finite() { secs.clamp(0.0, end) } else { 0.0 };
    }

    pub(super) fn path_secs(&self) -> f64 {
        self.path_secs
    }

    pub(super) fn set_prior(
        &mut self,
        prior: Option<Box<dyn LivePrior>>,
    ) -> Option<Box<dyn LivePrior>> {
        std::mem::replace(&mut self.prior, prior)
    }

    pub(super) fn restart_prior(&mut self, seed: u64) {
        if let Some(prior) = &mut self.prior {
            prior.reset(seed);
        }
    }

    pub(super) fn prior_hears(&mut self, frame: &[f32]) {
        if let Some(prior) = &mut self.prior {
            prior.hear(frame);
        }
    }

    pub(super) fn reseed(&mut self, seed: u64) {
        self.seed = seed;
        self.rng = Rng::new(seed);
        self.walk.reset(seed, &self.walk_start);
        self.restart_prior(seed);
    }

    pub(super) fn reset(&mut self) {
        self.reseed(self.seed);
        self.path_secs = 0.0;
        self.has_past = false;
    }

    /// Sources stand where their controls do.
    pub(super) fn settle(&mut self, controls: &Controls) {
        self.weights = targets(controls);
    }

    /// Whether what comes in has any part in the latents.
    pub(super) fn needs_encoder(&self, controls: &Controls) -> bool {
        self.weights[0] > 0.0 || targets(controls)[0] > 0.0
    }

    /// Shapes frames, `[frame][latent]`, in their place.
    pub(super) fn shape(&mut self, controls: &Controls, frames: &mut [f32]) {
        for frame in frames.chunks_exact_mut(self.coordinates.size()) {
            self.shape_one(controls, frame);
        }
    }

    fn shape_one(&mut self, controls: &Controls, frame: &mut [f32]) {
        let targets = targets(controls);
        let share = (1.0 - (-self.frame_secs / WEIGHT_SECS).exp()) as f32;
        for (weight, target) in self.weights.iter_mut().zip(targets) {
            *weight += (target - *weight) * share;
            if (target - *weight).abs() < 1e-3 {
                *weight = target;
            }
        }
        self.coordinates.to_coordinates(frame, &mut self.encoded);
        let is_mixed = self.weights != [1.0, 0.0, 0.0, 0.0, 0.0];
        if is_mixed {
            self.mix(controls);
        } else {
            self.sum.copy_from_slice(&self.encoded);
        }
        let is_moved = self.shift(controls);
        let is_smoothed = self.smooth(controls);
        let is_rough = self.roughen(controls);
        self.place.copy_from_slice(&self.sum[..self.n_directions]);
        if is_mixed || is_moved || is_smoothed || is_rough {
            self.coordinates.to_latents(&self.sum, frame);
            if self.is_spherical {
                let length = frame.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
                frame.iter_mut().for_each(|x| *x /= length);
            }
        }
    }

    /// Adds up the sources at their weights; more than all is shared among them.
    fn mix(&mut self, controls: &Controls) {
        let total: f32 = self.weights.iter().sum();
        let [encoder, manual, path, prior, walk] =
            self.weights.map(|weight| weight / total.max(1.0));
        let sum = self.sum.iter_mut().zip(&self.encoded);
        sum.for_each(|(sum, x)| *sum = x * encoder);
        let mut covered = 0;
        if manual > 0.0 {
            let mut last = 0;
            for (direction, sum) in self.sum[..self.n_directions].iter_mut().enumerate() {
                let value = controls.of_direction(direction, 0);
                if value != 0.0 {
                    last = direction + 1;
                }
                *sum += value * manual;
            }
            covered = last.max(COVERED_LEAST);
        }
        if path > 0.0
            && let Some(points) = &self.path
        {
            points.at(self.path_secs, &mut self.source);
            covered = covered.max(points.n_directions());
            add(&mut self.sum, &self.source, path);
            self.path_secs += f64::from(controls.get(number::PATH_SPEED)) * self.frame_secs;
            let end = points.secs();
            if !(0.0..=end).contains(&self.path_secs) {
                let is_looping = controls.is_on(number::PATH_LOOP) && end > 0.0;
                self.path_secs = if is_looping {
                    self.path_secs.rem_euclid(end)
                } else {
                    self.path_secs.clamp(0.0, end)
                };
            }
        }
        if prior > 0.0
            && let Some(live) = &mut self.prior
        {
            live.set_temperature(controls.get(number::TEMPERATURE));
            live.next(&mut self.prior_frame);
            self.coordinates.to_coordinates(&self.prior_frame, &mut self.source);
            add(&mut self.sum, &self.source, prior);
        }
        if walk > 0.0 {
            let speed_hz = f64::from(controls.get(number::WALK_SPEED));
            self.walk.next(speed_hz, self.frame_secs, &mut self.source[..self.n_directions]);
            let range = controls.get(number::WALK_RANGE);
            add(&mut self.sum[..self.n_directions], &self.source, walk * range);
            covered = self.n_directions;
        }
        let rest = controls.get(number::REST) * (manual + path + walk);
        if rest > 0.0 {
            for sum in self.sum.iter_mut().skip(covered) {
                *sum += rest * self.rng.normal();
            }
        }
    }

    /// Scales and moves them; whether anything was asked for.
    fn shift(&mut self, controls: &Controls) -> bool {
        let scale_all = controls.get(number::SCALE);
        let mut is_moved = scale_all != 1.0;
        for (direction, sum) in self.sum.iter_mut().enumerate() {
            let (mut bias, mut scale) = (0.0, scale_all);
            if direction < self.n_directions {
                bias = controls.of_direction(direction, 1);
                scale *= controls.of_direction(direction, 2);
            }
            if bias != 0.0 || scale != 1.0 {
                *sum = *sum * scale + bias;
                is_moved = true;
            }
        }
        if let Some((amount, drift)) = &mut self.drift {
            drift.next(DRIFT_HZ, self.frame_secs, &mut self.source[..self.n_directions]);
            add(&mut self.sum[..self.n_directions], &self.source, *amount);
            is_moved = true;
        }
        is_moved
    }

    /// Lets them follow slowly, or not at all; whether that was asked for.
    fn smooth(&mut self, controls: &Controls) -> bool {
        let holds = controls.is_on(number::HOLD) && self.has_past;
        let all = controls.get(number::SMOOTHING);
        let mut is_smoothed = holds;
        for direction in 0..self.sum.len() {
            let mut secs = all;
            if direction < self.n_directions {
                secs = secs.max(controls.of_direction(direction, 3));
            }
            let (smooth, sum) = (&mut self.smooth[direction], &mut self.sum[direction]);
            if holds {
                *sum = *smooth;
            } else if secs > 0.0 && self.has_past {
                let share = 1.0 - (-self.frame_secs / f64::from(secs)).exp();
                *smooth += (*sum - *smooth) * share as f32;
                *sum = *smooth;
                is_smoothed = true;
            } else {
                *smooth = *sum;
            }
        }
        self.has_past = true;
        is_smoothed
    }

    /// Adds random numbers; whether any were asked for.
    fn roughen(&mut self, controls: &Controls) -> bool {
        let all = controls.get(number::NOISE);
        let mut is_rough = false;
        for (direction, sum) in self.sum.iter_mut().enumerate() {
            let mut noise = all;
            if direction < self.n_directions {
                noise = noise.max(controls.of_direction(direction, 4));
            }
            if noise > 0.0 {
                *sum += noise * self.rng.normal();
                is_rough = true;
            }
        }
        is_rough
    }
}

fn targets(controls: &Controls) -> [f32; N_SOURCES] {
    [number::ENCODER, number::MANUAL, number::PATH, number::PRIOR, number::WALK]
        .map(|number| controls.get(number))
}

fn add(sum: &mut [f32], source: &[f32], weight: f32) {
    sum.iter_mut().zip(source).for_each(|(sum, x)| *sum += x * weight);
}
