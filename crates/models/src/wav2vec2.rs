//! wav2vec 2.0 and `HuBERT`: sounds of voices as frames that say what is spoken and how; weights are the user's, in a
//! folder as a model hub has it.
//!
//! Both are one network in two forms: base models normalise the first convolution over time and the outputs of layers,
//! large ones every frame and the inputs.
//!
//! Sources: Baevski et al., "wav2vec 2.0", 2020; Hsu et al., "`HuBERT`", 2021. Names of tensors and settings are those of
//! `Wav2Vec2Model` and `HubertModel` in Hugging Face's transformers 5.

mod config;
mod kind;
mod network;

use std::path::Path;

use nn::dense::Precision;

use crate::Error;
use crate::hub::HubFolder;
use crate::layers::{Tensors, loaded};

pub use config::{Normalised, Wav2Vec2Config};
pub(crate) use kind::{HUBERT, WAV2VEC2};
use network::Network;

/// The rate at which all such models hear, in Hz.
pub const RATE_HZ: u32 = 16_000;

/// The model with its weights.
#[derive(Debug)]
pub struct Wav2Vec2 {
    config: Wav2Vec2Config,
    network: Network,
    normalises: bool,
}

impl Wav2Vec2 {
    /// Opens a folder as a hub has it: `config.json`, `preprocessor_config.json`, and weights, those of a larger model
    /// around it among them.
    ///
    /// # Errors
    /// When it is a folder of another kind of model, or its files are damaged or not whole.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let folder = HubFolder::new(folder);
        let (config, normalises) = kind::settings(&folder).map_err(|why| folder.unusable(why))?;
        let files = folder.weights("")?;
        let prefix = kind::prefix_of(&files);
        let network = |tensors: &mut Tensors| Network::new(tensors, &config, prefix);
        let (network, _) = loaded(&files, Precision::Float32, network)?;
        Ok(Self { config, network, normalises })
    }

    /// Its layers.
    #[must_use]
    pub fn n_layers(&self) -> usize {
        self.network.n_layers()
    }

    /// Numbers of a frame.
    #[must_use]
    pub fn hidden_size(&self) -> usize {
        self.config.hidden_size
    }

    /// What layer `layer` gives for a sound of one channel at [`RATE_HZ`], `[frames][hidden_size]`; layer 0 gives what
    /// goes into the first.
    ///
    /// # Errors
    /// When there is no such layer, or the sound is too short for a frame.
    pub fn hidden(&self, samples: &[f32], layer: usize) -> Result<Vec<f32>, Error> {
        if layer > self.n_layers() {
            let reason =
                format!("it has no layer {layer}; its layers are 0 to {}", self.n_layers());
            return Err(Error::Unfit { reason });
        }
        Ok(self.network.hidden(&self.prepared(samples)?, layer))
    }

    /// What the model gives for a sound of one channel at [`RATE_HZ`], `[frames][hidden_size]`: that of the last layer,
    /// which large models normalise once more.
    ///
    /// # Errors
    /// When the sound is too short for a frame.
    pub fn last(&self, samples: &[f32]) -> Result<Vec<f32>, Error> {
        Ok(self.network.last(&self.prepared(samples)?))
    }

    /// A sound of finite numbers, brought to mean 0 and variance 1 if the model wants that.
    fn prepared(&self, samples: &[f32]) -> Result<Vec<f32>, Error> {
        let (n, least) = (samples.len(), self.config.n_samples_min());
        if n < least {
            let reason = format!("the sound has {n} samples, and a frame needs {least}");
            return Err(Error::Unfit { reason });
        }
        let mut x: Vec<f32> =
            samples.iter().map(|x| if x.is_finite() { *x } else { 0.0 }).collect();
        if self.normalises {
            let n = x.len() as f64;
            let mean = x.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
            let variance = x.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n;
            let scale = 1.0 / (variance + 1e-7).sqrt();
            x.iter_mut().for_each(|x| *x = ((f64::from(*x) - mean) * scale) as f32);
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests;
