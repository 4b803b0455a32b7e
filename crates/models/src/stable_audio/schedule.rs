//! The levels of noise that a sampler goes through, from noise alone to none, and how it goes from one to the next.
//!
//! Sources: Evans et al., "Stable Audio 3", 2026 (arXiv 2605.17991), for steps even in the logarithm of signal to noise;
//! Esser et al., "Scaling Rectified Flow Transformers", 2024, for shifts by the length.

use serde_json::Value;

use super::fields::{Fields, within};

/// Levels of noise, and how one is left for the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Whether noise is put anew into what a step predicts (ping-pong), as models that were distilled need; others go
    /// straight on.
    pub is_stochastic: bool,
    /// Steps, unless a choice says otherwise.
    pub n_steps: usize,
    /// How even levels are warped.
    pub(super) warp: Warp,
    /// By what the level is multiplied where the network is told of it.
    pub(super) told_scale: f64,
    /// Levels are warped once more by `s x / (1 + (s - 1) x)`.
    shift: f64,
}

/// How even levels `t` are warped, `n` being frames of latents.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Warp {
    None,
    /// Even in the logarithm of signal to noise, from `start - rate * log2(n / anchor)` to `end`.
    LogSnr {
        start: f64,
        end: f64,
        rate: f64,
        anchor: f64,
    },
    /// `a t / (1 + (a - 1) t)`, `a` growing with the length.
    Flux {
        lengths: [f64; 2],
        alphas: [f64; 2],
    },
    /// `1 - e^m / (e^m + t / (1 - t))`, `m` falling with the length; perhaps a sine of it.
    Full {
        lengths: [f64; 2],
        shifts: [f64; 2],
        is_sine: bool,
    },
}

const DEFAULT: Warp = Warp::LogSnr { start: -6.2, end: 2.0, rate: 0.0, anchor: 2000.0 };

impl Schedule {
    pub(super) fn of_folders(json: &Value) -> Result<Self, String> {
        let fields = Fields::of(json)?;
        fields.expect("_class_name", &"FlowMatchEulerDiscreteScheduler".into())?;
        for name in [
            "invert_sigmas",
            "use_beta_sigmas",
            "use_dynamic_shifting",
            "use_exponential_sigmas",
            "use_karras_sigmas",
        ] {
            fields.expect(name, &false.into())?;
        }
        if fields.get("shift_terminal").is_some() {
            return Err("shift_terminal cannot be used here".into());
        }
        let is_stochastic = fields.flag("stochastic_sampling", false)?;
        let steps = fields.count("num_train_timesteps", 1_000)?;
        within("num_train_timesteps", steps, 1, 1 << 20)?;
        let shift = fields.number("shift", 1.0)?;
        if !(1e-3..=1e3).contains(&shift) {
            return Err("shift is out of range".into());
        }
        Ok(Self {
            is_stochastic,
            n_steps: if is_stochastic { 8 } else { 100 },
            warp: DEFAULT,
            told_scale: steps as f64,
            shift,
        })
    }

    pub(super) fn of_single(diffusion: &Fields<'_>) -> Result<Self, String> {
        let objective = diffusion.text("diffusion_objective")?.unwrap_or("v");
        let is_stochastic = match objective {
            "rf_denoiser" => true,
            "rectified_flow" => false,
            _ => return Err("diffusion_objective is neither rf_denoiser nor rectified_flow".into()),
        };
        let warp = match diffusion.get("sampling_distribution_shift_options") {
            None => DEFAULT,
            Some(_) => warp(&diffusion.object("sampling_distribution_shift_options")?)?,
        };
        let n_steps = if is_stochastic { 8 } else { 50 };
        Ok(Self { is_stochastic, n_steps, warp, told_scale: 1.0, shift: 1.0 })
    }

    /// The levels of a sampler that begins at `highest`: one more than steps, the last 0.
    #[must_use]
    pub fn levels(&self, n_steps: usize, highest: f32, n_frames: usize) -> Vec<f32> {
        // In single precision and in the reference's order: the network's fastest waves turn thousands of times between
        // 0 and 1, and feel the last digit of a level.
        let step = -highest / n_steps as f32;
        let even = |i: usize| match i < n_steps.div_ceil(2) {
            true => highest + i as f32 * step,
            false => -((n_steps - i) as f32 * step),
        };
        let mut levels: Vec<f32> =
            (0..n_steps).map(|i| self.warp.warped(even(i), n_frames)).collect();
        if let Some(first) = levels.first_mut() {
            *first = highest;
        }
        levels.iter().map(|level| self.shifted(*level)).chain([0.0]).collect()
    }

    /// The level that an even one comes to for a sound of so many frames.
    pub(super) fn level(&self, even: f32, n_frames: usize) -> f32 {
        self.shifted(self.warp.warped(even, n_frames))
    }

    fn shifted(&self, level: f32) -> f32 {
        let (s, x) = (self.shift, f64::from(level));
        (s * x / (1.0 + (s - 1.0) * x)) as f32
    }
}

fn warp(fields: &Fields<'_>) -> Result<Warp, String> {
    let range = |names: [&str; 2], defaults: [f64; 2]| -> Result<[f64; 2], String> {
        Ok([fields.number(names[0], defaults[0])?, fields.number(names[1], defaults[1])?])
    };
    let lengths = || -> Result<[f64; 2], String> {
        let lengths = range(["min_length", "max_length"], [256.0, 4096.0])?;
        let [from, to] = lengths;
        if from >= 1.0 && from < to { Ok(lengths) } else { Err("its lengths do not rise".into()) }
    };
    Ok(match fields.text("type")?.unwrap_or("full") {
        "none" => Warp::None,
        "logsnr" => {
            let anchor = fields.number("anchor_length", 2000.0)?;
            if anchor <= 0.0 {
                return Err("anchor_length is not above 0".into());
            }
            Warp::LogSnr {
                start: fields.number("anchor_logsnr", -6.2)?,
                end: fields.number("logsnr_end", 2.0)?,
                rate: fields.number("rate", 1.0)?,
                anchor,
            }
        }
        "flux" => Warp::Flux {
            lengths: lengths()?,
            alphas: range(["alpha_min", "alpha_max"], [1.0, 1.0])?.map(|it| it.max(1e-8)),
        },
        "full" => Warp::Full {
            lengths: lengths()?,
            shifts: range(["base_shift", "max_shift"], [0.5, 1.15])?,
            is_sine: fields.flag("use_sine", false)?,
        },
        _ => return Err("the type of sampling_distribution_shift_options is not known".into()),
    })
}

impl Warp {
    fn warped(&self, t: f32, n_frames: usize) -> f32 {
        let n = n_frames.max(1) as f64;
        let level = t;
        let t = f64::from(t);
        let warped = match *self {
            Self::None => t,
            Self::LogSnr { start, end, rate, anchor } => {
                let start = start - rate * (n / anchor).log2();
                if t >= 1.0 {
                    return 1.0;
                }
                let log_snr = end as f32 - level * (end - start) as f32;
                return 1.0 / (1.0 + f64::from(log_snr).exp() as f32);
            }
            Self::Flux { lengths: [from, to], alphas } => {
                let share = (n.clamp(from, to) / from).ln() / (to / from).ln();
                let [low, high] = alphas.map(f64::ln);
                let alpha = (low + share * (high - low)).exp();
                alpha * t / (1.0 + (alpha - 1.0) * t)
            }
            Self::Full { lengths: [from, to], shifts: [base, most], is_sine } => {
                let share = (n.clamp(from, to) - from) / (to - from);
                let factor = (-(base + (most - base) * share)).exp();
                let warped = 1.0 - factor / (factor + t / (1.0 - t));
                if is_sine { (warped * std::f64::consts::FRAC_PI_2).sin() } else { warped }
            }
        };
        warped as f32
    }
}
