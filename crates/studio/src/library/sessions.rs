//! Verbs on sessions: models that play live in the page, as jobs that stay.
//!
//! What a session records is taken into the library of sounds by itself (`sessions/recordings.rs`).

mod recordings;
mod wav;

use api::{
    CodecFacts, Id, Job, JobKind, ModelPlace, NewSession, RecipeModel, SessionAddress, SessionTask,
    Task,
};
use job::Shelf;

use super::{make_job, maps, models, name_from, passing};
use crate::{Error, Studio, shared::Shared};

pub(crate) use recordings::{take_left, take_recorded};

/// The most models of a session, and of a recipe.
pub(super) const MODELS_MAX: usize = 4;

impl Studio {
    /// Begins to play: queues a job that answers where [`Studio::session`] says.
    ///
    /// # Errors
    /// `NotFound` when there is no such model; `Invalid` when the models cannot play together, or one is no codec;
    /// `TooMuch` when the queue is full.
    pub fn create_session(&self, new: &NewSession) -> Result<Job, Error> {
        let models = self.models_to_play(&new.models)?;
        let names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
        let name = name_from(&format!("Playing {}", names.join(", ")));
        let deviations = maps::deviations(&self.shared, &models[0].sha256)?;
        passing::remove_oldest(&self.shared, JobKind::Session)?;
        let project = self.project_for(new.models.first());
        let task = SessionTask {
            models,
            weights: new.weights,
            seed: new.seed,
            has_noise: new.has_noise,
            deviations,
        };
        let task = Task::Session(task);
        let id = make_job(&self.shared, &project, name, task, |_| Ok(()), |_, _| Ok(()))?;
        self.job(&id)
    }

    /// Where a job answers that stays; nothing as long as it does not.
    ///
    /// # Errors
    /// `NotFound` when there is no such job.
    pub fn session(&self, id: &Id) -> Result<Option<SessionAddress>, Error> {
        let job = self.job(id)?;
        let path = self.shared.workspace.folder(Shelf::of(job.kind), id).join(job::files::SESSION);
        match job.state {
            api::JobState::Running { .. } => Ok(job::whole::read_json_if_there(&path)?),
            _ => Ok(None),
        }
    }

    /// Models of the library that can play together, as orders freeze them.
    fn models_to_play(&self, ids: &[Id]) -> Result<Vec<RecipeModel>, Error> {
        check_count(ids.len())?;
        let mut models = Vec::new();
        let mut codecs = Vec::new();
        for (idx, id) in ids.iter().enumerate() {
            if ids[..idx].contains(id) {
                return Err(Error::invalid("models", "name each model only once"));
            }
            let model = self.shared.read(|c| models::find(c, id))?;
            codecs.push((model.name.clone(), codec(&self.shared, id, &model.name)?));
            models.push(RecipeModel {
                place: ModelPlace::Library { id: id.clone() },
                name: model.name,
                sha256: model.sha256,
                licence: None,
            });
        }
        check_alike(&codecs)?;
        Ok(models)
    }
}

/// Sees that a session or a recipe has one to four models.
pub(super) fn check_count(n_models: usize) -> Result<(), Error> {
    match n_models {
        0 => Err(Error::invalid("models", "choose a model")),
        1..=MODELS_MAX => Ok(()),
        _ => Err(Error::invalid("models", format!("choose at most {MODELS_MAX}"))),
    }
}

/// What a model of the library is like as a codec.
pub(super) fn codec(shared: &Shared, id: &Id, name: &str) -> Result<CodecFacts, Error> {
    let folder = shared.workspace.folder(Shelf::Models, id);
    (shared.options.readers.codec_of)(&folder.join(job::files::WEIGHTS))
        .ok_or_else(|| no_codec(name))
}

/// The refusal of a model that makes no sound of latents.
pub(super) fn no_codec(name: &str) -> Error {
    let message = format!(
        "“{name}” does not turn sound into latents and back, or its weights are damaged; choose a \
         model that does"
    );
    Error::invalid("models", message)
}

/// Sees that models have the same sampling rate and channels.
pub(super) fn check_alike(codecs: &[(String, CodecFacts)]) -> Result<(), Error> {
    let Some(((first, of_first), others)) = codecs.split_first() else { return Ok(()) };
    let words = |codec: &CodecFacts| match codec.channels {
        1 => format!("{} Hz, mono", codec.rate_hz),
        2 => format!("{} Hz, stereo", codec.rate_hz),
        n => format!("{} Hz, {n} channels", codec.rate_hz),
    };
    for (name, codec) in others {
        if (codec.rate_hz, codec.channels) != (of_first.rate_hz, of_first.channels) {
            let message = format!(
                "models play together only with the same sampling rate and channels: “{first}” has \
                 {}, “{name}” has {}",
                words(of_first),
                words(codec)
            );
            return Err(Error::invalid("models", message));
        }
    }
    Ok(())
}
