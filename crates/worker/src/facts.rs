//! Facts about a model, from its settings and weights. Only a few small arrays of its file are read, which
//! is fast enough for the server to do within a request.

use std::path::Path;

use api::{Fidelity, LatentUse, ModelFacts, ReceptiveField};
use models::LatentSpace;

/// The shares of variance that are reported.
const SHARES: [f32; 4] = [0.8, 0.9, 0.95, 0.99];

/// Facts about a codec with these weights; `None` if they cannot be read or are not a codec's.
#[must_use]
pub fn model_facts(weights: &Path) -> Option<ModelFacts> {
    let described = models::look_at(weights).ok()?;
    let shape = described.settings.codec()?;
    let forecast = described.settings.forecast();
    let codec = forecast.codec?;
    let (back, ahead) = codec.receptive_field_samples;
    Some(ModelFacts {
        channels: u16::try_from(shape.channels).unwrap_or(u16::MAX),
        latent_size: count(shape.latent_size),
        regularization: shape.regularization.to_owned(),
        n_parameters: forecast.n_parameters,
        ratio: count(shape.ratio),
        latent_rate_hz: shape.latent_rate_hz(),
        compression: shape.compression(),
        receptive_field: ReceptiveField { back_samples: back as u64, ahead_samples: ahead as u64 },
        latency_samples: codec.latency_samples as u64,
        phase: described.phase,
        latent_use: described.space.as_ref().map(latent_use),
    })
}

fn latent_use(space: &LatentSpace) -> LatentUse {
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
