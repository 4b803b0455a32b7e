//! Priors and adapters, and the models that they go with, joined by what the weights of those are.

use api::{Id, Model};
use rusqlite::Connection;

use crate::{Error, Studio, shared::Change, store::models};

use super::models::find;

impl Studio {
    /// Adapters of a model, newest first: those that were trained on its weights, then those that do not say on which.
    ///
    /// # Errors
    /// `NotFound` when there is no such model.
    pub fn adapters_of(&self, id: &Id) -> Result<Vec<Model>, Error> {
        let of = self.shared.read(|c| find(c, id))?;
        let mut all = self.shared.read(models::all)?;
        let is_of = |it: &Model, sha256: &str| {
            it.adapter_of.as_ref().is_some_and(|adapter| adapter.sha256 == sha256)
        };
        all.retain(|it| is_of(it, &of.sha256) || is_of(it, ""));
        all.sort_by_key(|it| is_of(it, ""));
        for adapter in all.iter_mut().filter_map(|it| it.adapter_of.as_mut()) {
            adapter.model = (adapter.sha256 == of.sha256).then(|| id.clone());
        }
        Ok(all)
    }

    /// Priors of a model, newest first.
    ///
    /// # Errors
    /// `NotFound` when there is no such model.
    pub fn priors_of(&self, id: &Id) -> Result<Vec<Model>, Error> {
        let of = self.shared.read(|c| find(c, id))?;
        let mut all = self.shared.read(models::all)?;
        all.retain(|it| it.prior_of.as_ref().is_some_and(|prior| prior.sha256 == of.sha256));
        all.iter_mut().filter_map(|it| it.prior_of.as_mut()).for_each(|prior| {
            prior.model = Some(id.clone());
        });
        Ok(all)
    }
}

/// Says of priors and adapters which model of the library they go with, if it is there.
pub(super) fn join(models: &mut [Model], all: &[Model]) {
    for model in models {
        if let Some(prior) = &mut model.prior_of {
            prior.model = with_weights(&prior.sha256, all);
        }
        if let Some(adapter) = &mut model.adapter_of {
            adapter.model = with_weights(&adapter.sha256, all);
        }
    }
}

/// The same for one.
pub(super) fn joined(connection: &Connection, model: Model) -> Result<Model, Error> {
    if model.prior_of.is_none() && model.adapter_of.is_none() {
        return Ok(model);
    }
    let mut model = [model];
    join(&mut model, &models::all(connection)?);
    let [model] = model;
    Ok(model)
}

/// Of several models with the same weights the one that was added last.
fn with_weights(sha256: &str, all: &[Model]) -> Option<Id> {
    all.iter().find(|it| it.sha256 == sha256).map(|it| it.id.clone())
}

/// The name and the weights of the model that a run is to learn the latents of.
pub(super) fn codec_if_any(
    connection: &Connection,
    model: Option<&Id>,
) -> Result<Option<(String, String)>, Error> {
    let Some(model) = model else { return Ok(None) };
    let found = find(connection, model)?;
    Ok(Some((found.name, found.sha256)))
}

/// Sees that the model that a run learns the latents of is still there, and the same.
pub(super) fn check_codec(
    change: &Change<'_>,
    (run, verb): (&str, &str),
    (model, sha256): (&Id, &str),
) -> Result<(), Error> {
    let cannot = |why: String, remedy: &str| {
        Err(Error::conflict(format!("{verb} the run “{run}”"), why, remedy))
    };
    match find(change.tx, model) {
        Ok(found) if found.sha256 == sha256 => Ok(()),
        Ok(_) => cannot(
            format!("the model “{model}” is not the one that it was trained for"),
            "start a new run of this model",
        ),
        Err(Error::NotFound { .. }) => cannot(
            format!("the model “{model}”, which it was trained for, is missing"),
            "restore or import the model first",
        ),
        Err(error) => Err(error),
    }
}
