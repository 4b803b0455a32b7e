//! What a model's settings and weights tell about it. Only a few small arrays of its file are read, so
//! that the server may ask while it answers.

use std::path::Path;

use api::{Fidelity, LatentUse, ModelFacts, ReceptiveField};
use models::rave;

/// Shares of the variance that are told.
const SHARES: [f32; 4] = [0.8, 0.9, 0.95, 0.99];

/// What is known about a model with these weights; `None` where they cannot be read.
#[must_use]
pub fn model_facts(weights: &Path) -> Option<ModelFacts> {
    let described = rave::describe(weights).ok()?;
    let config = &described.config;
    let forecast = rave::forecast(config);
    let (back, ahead) = forecast.receptive_field_samples;
    Some(ModelFacts {
        channels: u16::try_from(config.channels).unwrap_or(u16::MAX),
        latent_size: count(config.latent_size),
        regularization: format!("{:?}", config.regularization).to_lowercase(),
        n_parameters: forecast.n_parameters,
        ratio: count(forecast.ratio),
        latent_rate_hz: f64::from(config.sampling_rate) / forecast.ratio as f64,
        compression: (forecast.ratio * config.channels) as f64 / config.latent_size as f64,
        receptive_field: ReceptiveField { back_samples: back as u64, ahead_samples: ahead as u64 },
        latency_samples: forecast.latency_samples as u64,
        phase: match described.phase {
            rave::Phase::Reconstruction => 1,
            rave::Phase::Adversarial => 2,
        },
        latent_use: described.space.as_ref().map(latent_use),
    })
}

fn latent_use(space: &rave::LatentSpace) -> LatentUse {
    let fidelity = |share: &f32| Fidelity {
        share: (f64::from(*share) * 100.0).round() / 100.0,
        n_latents: count(space.n_directions(*share)),
    };
    LatentUse {
        n_active: count(space.n_active),
        for_fidelity: SHARES.iter().map(fidelity).collect(),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
