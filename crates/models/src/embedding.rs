//! Models that turn words or sounds into vectors that can be compared, whichever model it is.

use std::path::Path;

use crate::Error;
use crate::clap::{self, Clap};
use crate::hub;
use crate::wav2vec2::{self, Wav2Vec2};

/// A model that turns words or sounds into vectors.
#[derive(Debug)]
pub enum Embedder {
    /// Words and sounds in one space.
    Clap(Box<Clap>),
    /// Sounds of voices.
    Voice(Box<Wav2Vec2>),
}

/// Vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// `[dim]`, or `[frames, dim]` for what a layer gives.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Vec<f32>,
    /// What one should know of them, sentence by sentence.
    pub notes: Vec<String>,
}

impl Embedder {
    /// Opens a folder of a model hub.
    ///
    /// # Errors
    /// When it holds no such model, or its files are damaged or not whole.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let name = hub::kind_name(folder)?;
        if name == clap::KIND.name {
            return Ok(Self::Clap(Box::new(Clap::open(folder)?)));
        }
        if [wav2vec2::WAV2VEC2.name, wav2vec2::HUBERT.name].contains(&name) {
            return Ok(Self::Voice(Box::new(Wav2Vec2::open(folder)?)));
        }
        let reason = format!("a model of the kind `{name}` makes no vectors that can be compared");
        Err(Error::Original { path: folder.to_owned(), reason })
    }

    /// The rate at which it hears, in Hz.
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        match self {
            Self::Clap(model) => model.sound.rate_hz(),
            Self::Voice(_) => wav2vec2::RATE_HZ,
        }
    }

    /// The unit vector of a text, or what a layer gives for its tokens.
    ///
    /// # Errors
    /// When the model reads no words, or has no such layer.
    pub fn of_text(&self, text: &str, layer: Option<usize>) -> Result<Embedded, Error> {
        let Self::Clap(model) = self else {
            let reason = "it hears and does not read; give it a sound".to_owned();
            return Err(Error::Unfit { reason });
        };
        let text_side = &model.text;
        Ok(match layer {
            Some(layer) => rows(text_side.hidden(text, layer)?, text_side.hidden_size()),
            None => {
                let embedding = text_side.embed(text);
                let note = format!(
                    "The text is too long for the model: its last {} tokens were cut off.",
                    embedding.n_cut
                );
                let notes = if embedding.n_cut > 0 { vec![note] } else { vec![] };
                Embedded { notes, ..vector(embedding.values) }
            }
        })
    }

    /// The unit vector of a sound of one channel at [`Self::rate_hz`], or what a layer gives for its frames. A model
    /// without one embedding of a sound gives the mean over frames of its last layer, which is no unit vector.
    ///
    /// # Errors
    /// When the sound is too short, or the model has no such layer.
    pub fn of_sound(&self, samples: &[f32], layer: Option<usize>) -> Result<Embedded, Error> {
        Ok(match (self, layer) {
            (Self::Clap(model), None) => vector(model.sound.embed(samples)?),
            (Self::Clap(model), Some(layer)) => {
                let stage = model.sound.hidden(samples, layer)?;
                rows(stage.values, stage.channels)
            }
            (Self::Voice(model), Some(layer)) => {
                rows(model.hidden(samples, layer)?, model.hidden_size())
            }
            (Self::Voice(model), None) => {
                let hidden = model.last(samples)?;
                let mut sum = vec![0.0f64; model.hidden_size()];
                for frame in hidden.chunks_exact(sum.len()) {
                    sum.iter_mut().zip(frame).for_each(|(sum, x)| *sum += f64::from(*x));
                }
                let n_frames = (hidden.len() / sum.len()) as f64;
                vector(sum.into_iter().map(|sum| (sum / n_frames) as f32).collect())
            }
        })
    }
}

fn vector(values: Vec<f32>) -> Embedded {
    Embedded { shape: vec![values.len()], values, notes: vec![] }
}

fn rows(values: Vec<f32>, dim: usize) -> Embedded {
    Embedded { shape: vec![values.len() / dim, dim], values, notes: vec![] }
}
