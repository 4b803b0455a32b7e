//! Models that give patterns vectors: those that compare words or voices, and codecs by their latents.

use std::path::Path;

use ::memory::SpaceName;
use api::{PatternId, Problem, SpaceOrder};
use audio::Clip;
use models::{Finished, Randomness, embedding::Embedder};

use super::{
    RATE_HZ, own_space,
    parts::{Held, Tap},
};
use crate::{folder::problem, jobs::codec_at};

/// The version of how models' vectors are made.
const VERSION: u32 = 1;

/// Vectors of patterns in our own space and in those of models.
pub(crate) struct Vectors {
    pub(crate) own: Vec<(PatternId, Vec<f32>)>,
    pub(crate) of_models: Vec<Vec<(PatternId, Vec<f32>)>>,
}

impl Vectors {
    /// Leaves out those of other patterns.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(PatternId) -> bool) {
        for rows in self.of_models.iter_mut().chain([&mut self.own]) {
            rows.retain(|it| is_wanted(it.0));
        }
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.own.append(&mut other.own);
        for (mine, mut theirs) in self.of_models.iter_mut().zip(other.of_models) {
            mine.append(&mut theirs);
        }
    }
}

/// Models that hear.
pub(crate) struct Hearing {
    models: Vec<Model>,
}

struct Model {
    name: String,
    rate_hz: u32,
    ear: Ear,
}

enum Ear {
    Hub(Box<Embedder>),
    Codec { codec: Box<dyn Finished>, n_channels: usize },
}

impl Hearing {
    /// Opens the models of spaces. `folder` is the job's.
    ///
    /// # Errors
    /// When one cannot be opened, or gives no vectors.
    pub(crate) fn open(folder: &Path, spaces: &[SpaceOrder]) -> Result<Self, Problem> {
        let open = |order: &SpaceOrder| {
            let path = folder.join(&order.path);
            let is_hub = path.join("config.json").is_file();
            let (rate_hz, ear) = if is_hub {
                let model = crate::embed::open(&path)?;
                (model.rate_hz(), Ear::Hub(Box::new(model)))
            } else {
                let (codec, rate_hz, n_channels) = codec_at(&path)?;
                (rate_hz, Ear::Codec { codec, n_channels })
            };
            Ok(Model { name: order.name.clone(), rate_hz, ear })
        };
        Ok(Self { models: spaces.iter().map(open).collect::<Result<_, Problem>>()? })
    }

    /// Without any model.
    pub(crate) fn none() -> Self {
        Self { models: vec![] }
    }

    /// Whether there is no model.
    pub(crate) fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// What is to be read of a sound: first what we hear ourselves.
    pub(crate) fn taps(&self) -> Vec<Tap> {
        let mut taps = vec![Tap::Mono(RATE_HZ)];
        taps.extend(self.models.iter().map(|it| Tap::Mono(it.rate_hz)));
        taps
    }

    pub(crate) fn no_vectors(&self) -> Vectors {
        Vectors { own: vec![], of_models: vec![vec![]; self.models.len()] }
    }

    /// Vectors with the names of their spaces; spaces without any are left out.
    pub(crate) fn named(&self, vectors: Vectors) -> Vec<::memory::Vectors> {
        let mut all = vec![(own_space(), vectors.own)];
        for (model, rows) in self.models.iter().zip(vectors.of_models) {
            if let Some((_, first)) = rows.first() {
                all.push((
                    SpaceName { name: model.name.clone(), version: VERSION, dim: first.len() },
                    rows,
                ));
            }
        }
        all.retain(|(_, rows)| !rows.is_empty());
        all
    }

    /// Adds the vectors of a part; a model that cannot hear it, because it is too short, gives none.
    pub(super) fn hear(&self, id: PatternId, held: &[Held], part: [f64; 2], vectors: &mut Vectors) {
        let clips = held[1..].iter().map(|it| it.between(part));
        self.hear_clips(id, clips, vectors);
    }

    /// The same for samples that were read with [`Self::taps`], without the first.
    pub(crate) fn hear_clips(
        &self,
        id: PatternId,
        clips: impl Iterator<Item = Clip>,
        vectors: &mut Vectors,
    ) {
        for ((model, clip), rows) in self.models.iter().zip(clips).zip(&mut vectors.of_models) {
            if let Ok(vector) = model.of_sound(&clip.channels[0]) {
                rows.push((id, vector));
            }
        }
    }

    /// The vector of what is looked for, by the first model.
    ///
    /// # Errors
    /// When there is no model, or it reads no words, or the sound is too short.
    pub(crate) fn query(&self, words: Option<&str>, sound: &[f32]) -> Result<Vec<f32>, Problem> {
        let unfit = |why: String| {
            let remedy = "Choose another space, other words or a longer sound.";
            problem("unfit", "Nothing can be looked for with that.", &why, remedy)
        };
        let model = self.models.first().ok_or_else(|| unfit("There is no model.".into()))?;
        match words {
            None => model.of_sound(sound).map_err(|error| unfit(api::sentence(&error))),
            Some(words) => match &model.ear {
                Ear::Hub(it) => it
                    .of_text(words, None)
                    .map(|it| it.values)
                    .map_err(|error| unfit(api::sentence(&crate::embed::reason(&error)))),
                Ear::Codec { .. } => Err(unfit("A codec reads no words.".into())),
            },
        }
    }

    /// The rate of the first model.
    pub(crate) fn rate_hz(&self) -> u32 {
        self.models.first().map_or(RATE_HZ, |it| it.rate_hz)
    }
}

impl Model {
    fn of_sound(&self, samples: &[f32]) -> Result<Vec<f32>, String> {
        match &self.ear {
            Ear::Hub(it) => match it.of_sound(samples, None) {
                Ok(made) => Ok(made.values),
                Err(error) => Err(crate::embed::reason(&error)),
            },
            Ear::Codec { codec, n_channels } => latents(codec.as_ref(), *n_channels, samples),
        }
    }
}

/// The mean of each latent over time and its deviation, one after the other.
fn latents(model: &dyn Finished, n_channels: usize, samples: &[f32]) -> Result<Vec<f32>, String> {
    let codec = model.as_codec().ok_or("it is no codec")?;
    let n_latents = codec.shape().latent_size;
    let (mut sums, mut squares) = (vec![0.0f64; n_latents], vec![0.0f64; n_latents]);
    let mut n_frames = 0usize;
    codec.encode_pieces::<String>(
        Randomness::Off,
        |rows| {
            rows.iter_mut().take(n_channels).for_each(|row| row.extend_from_slice(samples));
            Ok(false)
        },
        |rows| {
            n_frames += rows.first().map_or(0, Vec::len);
            for (i, row) in rows.iter().enumerate() {
                for x in row.iter().map(|x| f64::from(*x)) {
                    sums[i] += x;
                    squares[i] += x * x;
                }
            }
            Ok(())
        },
    )?;
    if n_frames == 0 {
        return Err("it is too short".into());
    }
    let n = n_frames as f64;
    let means = sums.iter().map(|sum| sum / n);
    let spread = |(sum, square): (&f64, &f64)| (square / n - (sum / n).powi(2)).max(0.0).sqrt();
    let vector: Vec<f32> =
        means.chain(sums.iter().zip(&squares).map(spread)).map(|x| x as f32).collect();
    if vector.iter().all(|x| *x == 0.0) {
        return Err("its latents are all nothing".into());
    }
    Ok(vector)
}
