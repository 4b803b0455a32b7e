//! Facts about a model, from its settings and weights. Only a few small arrays of its file are read, which
//! is fast enough for the server to do within a request.

use std::path::Path;

use api::{CodecFacts, Fidelity, LatentUse, ModelFacts, ReceptiveField};
use models::{Forecast, LatentSpace, Settings};

/// The shares of variance that are reported.
const SHARES: [f32; 4] = [0.8, 0.9, 0.95, 0.99];

/// What is known about a model with these weights; `None` where they cannot be read.
#[must_use]
pub fn model_facts(weights: &Path) -> Option<ModelFacts> {
    let described = models::look_at(weights).ok()?;
    let forecast = described.settings.forecast();
    Some(ModelFacts {
        n_parameters: described.n_parameters.unwrap_or(forecast.n_parameters),
        phase: described.phase,
        exports: described.settings.exports(),
        codec: codec_facts(described.settings.as_ref(), &forecast),
        latent_use: described.space.as_ref().map(latent_use),
    })
}

/// Samples per second of a model with these settings, if it is a codec of a family that this program knows.
#[must_use]
pub fn codec_rate_hz(family: &str, settings: &serde_json::Value) -> Option<u32> {
    Some(models::family(family)?.settings(settings).ok()?.codec()?.rate_hz)
}

/// Samples per second and channels of a model with these settings, if it is a codec of a family that this
/// program knows.
#[must_use]
pub fn codec_sound(family: &str, settings: &serde_json::Value) -> Option<(u32, u16)> {
    let shape = models::family(family)?.settings(settings).ok()?.codec()?;
    Some((shape.rate_hz, u16::try_from(shape.channels).ok()?))
}

/// What a model with these settings is like as a codec, if it is one.
pub(crate) fn codec_facts(settings: &dyn Settings, forecast: &Forecast) -> Option<CodecFacts> {
    let (shape, codec) = (settings.codec()?, forecast.codec?);
    let (back, ahead) = codec.receptive_field_samples;
    Some(CodecFacts {
        rate_hz: shape.rate_hz,
        channels: u16::try_from(shape.channels).unwrap_or(u16::MAX),
        latent_size: count(shape.latent_size),
        regularization: shape.regularization.to_owned(),
        ratio: count(shape.ratio),
        latent_rate_hz: shape.latent_rate_hz(),
        compression: shape.compression(),
        receptive_field: ReceptiveField { back_samples: back as u64, ahead_samples: ahead as u64 },
        latency_samples: codec.latency_samples as u64,
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
