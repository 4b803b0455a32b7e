//! Priors and the models whose latents they make, joined by what the weights of those are.

use api::{Id, Model, PriorOf};
use rusqlite::Connection;

use crate::{Error, Studio, shared::Change, store::models};

use super::models::find;

impl Studio {
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

/// Says of priors which model of the library they go with, if it is there.
pub(super) fn join(priors: &mut [Model], all: &[Model]) {
    for prior in priors.iter_mut().filter_map(|it| it.prior_of.as_mut()) {
        prior.model = codec_of(prior, all).map(|it| it.id.clone());
    }
}

/// The same for one.
pub(super) fn joined(connection: &Connection, model: Model) -> Result<Model, Error> {
    if model.prior_of.is_none() {
        return Ok(model);
    }
    let mut model = [model];
    join(&mut model, &models::all(connection)?);
    let [model] = model;
    Ok(model)
}

/// The model of a prior: of several with the same weights the one that was added last.
fn codec_of<'a>(prior: &PriorOf, all: &'a [Model]) -> Option<&'a Model> {
    all.iter().find(|it| it.sha256 == prior.sha256)
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
            format!("the model “{model}” is not the one whose latents it learns"),
            "start a new run of this model",
        ),
        Err(Error::NotFound { .. }) => cannot(
            format!("the model “{model}”, whose latents it learns, is missing"),
            "restore or import the model first",
        ),
        Err(error) => Err(error),
    }
}
