//! Verbs on weights of a model hub: models of the library that use files where they lie.

use std::path::Path;

use api::{
    AddedFrom, Engine, EngineCheck, EngineOfModel, Id, LinkedWeights, Model, NewEngine, NewWeights,
    WeightsCheck, WeightsUse,
};
use job::Shelf;
use sha2::{Digest, Sha256};

use super::{fresh_id, make_folder, models, valid_name};
use crate::{
    Error, Studio,
    store::models::ModelRow,
    workspace::{check_path, file_name},
};

/// What the kind of a model is called that an engine runs.
const ENGINE_FAMILY: &str = "engine";

impl Studio {
    /// Puts a folder of weights into the library, which stays where it is. `check` is what was found in it. A folder that
    /// is there already is given as it is, with the licence accepted if that is said now.
    ///
    /// # Errors
    /// `Invalid` when the path is not absolute, or the name cannot be used; `Conflict` when the weights cannot be used;
    /// `Io` when they cannot be read.
    pub fn add_weights(&self, new: &NewWeights, check: WeightsCheck) -> Result<Model, Error> {
        let folder = Path::new(&new.folder);
        check_path(folder)?;
        let name = match &new.name {
            Some(name) => valid_name(name)?,
            None => valid_name(&file_name(folder))?,
        };
        if let (false, Some(problem)) = (check.is_usable, check.problems.first()) {
            return Err(Error::conflict(
                format!("add the weights in “{}”", new.folder),
                problem.trim_end_matches('.').to_owned(),
                "download what is missing or damaged again, or choose another folder",
            ));
        }
        if check.uses.is_empty() {
            return Err(Error::conflict(
                format!("add the weights in “{}”", new.folder),
                "nothing can be done with this kind of model here yet".to_owned(),
                "choose a model that makes sounds from words, a codec, or one that compares sounds",
            ));
        }
        let sha256 = job::weights::fingerprint(folder, &check.files)?;
        let there = self.models()?.into_iter().find(|it| {
            it.linked.as_ref().is_some_and(|it| it.folder == new.folder) && it.sha256 == sha256
        });
        if let Some(model) = there {
            return match new.accepts_licence {
                true => self.accept_licence(&model.id),
                false => Ok(model),
            };
        }
        let linked = LinkedWeights {
            folder: new.folder.clone(),
            licence: check.licence,
            accepted_ms: new.accepts_licence.then(|| self.shared.now_ms()),
            uses: check.uses,
            words: check.words,
            memory_bytes: check.memory_bytes,
            engine: None,
        };
        let bytes = check.files.iter().map(|it| it.bytes).sum();
        let family = check.family.unwrap_or_default();
        self.add_linked(name, family, (sha256, bytes), linked)
    }

    /// Puts the models of an engine into the library. `check` is what it answered. Models that are there already are kept,
    /// with what it answers now.
    ///
    /// # Errors
    /// `Invalid` when the path is not absolute, or a name cannot be used; `Conflict` when the engine did not answer as it
    /// should; `Io` when that cannot be written.
    pub fn add_engine(&self, new: &NewEngine, check: EngineCheck) -> Result<Engine, Error> {
        check_path(Path::new(&new.folder))?;
        let hello = match (check.hello, check.problems.first()) {
            (Some(hello), None) => hello,
            (_, problem) => {
                let why = problem.map_or("it did not answer", |it| it.trim_end_matches('.'));
                return Err(Error::conflict(
                    format!("add the engine in “{}”", new.folder),
                    why.to_owned(),
                    "correct the engine, then add it again",
                ));
            }
        };
        for model in hello.models {
            let engine = EngineOfModel {
                name: hello.name.clone(),
                version: hello.version.clone(),
                model: model.id,
            };
            let name = valid_name(&model.name)?;
            let linked = LinkedWeights {
                folder: new.folder.clone(),
                licence: model.licence.map(Into::into),
                accepted_ms: new.accepts_licence.then(|| self.shared.now_ms()),
                uses: vec![WeightsUse::Words],
                words: Some(model.words),
                memory_bytes: model.memory_bytes,
                engine: Some(engine),
            };
            let there = self.models()?.into_iter().find(|it| is_same(it, &linked));
            match there {
                Some(there) => self.change_linked(&there.id, |old| {
                    let accepted_ms = match old.licence == linked.licence {
                        true => linked.accepted_ms.or(old.accepted_ms),
                        false => linked.accepted_ms,
                    };
                    *old = LinkedWeights { accepted_ms, ..linked };
                })?,
                None => {
                    let told = serde_json::to_vec(&linked.engine).unwrap_or_default();
                    let sha256 = hex(&Sha256::digest(told));
                    self.add_linked(name, ENGINE_FAMILY.to_owned(), (sha256, 0), linked)?
                }
            };
        }
        let engine = self.engines()?.into_iter().find(|it| it.folder == new.folder);
        engine.ok_or_else(|| Error::invalid("folder", "it has no models"))
    }

    /// The engines whose models are in the library.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn engines(&self) -> Result<Vec<Engine>, Error> {
        let mut engines: Vec<Engine> = vec![];
        for model in self.models()? {
            let Some(LinkedWeights { folder, engine: Some(engine), .. }) = model.linked else {
                continue;
            };
            match engines.iter_mut().find(|it| it.folder == folder) {
                Some(there) => there.models.push(model.id),
                None => engines.push(Engine {
                    folder,
                    name: engine.name,
                    version: engine.version,
                    models: vec![model.id],
                }),
            }
        }
        Ok(engines)
    }

    /// Puts a model into the library whose files stay where they are.
    fn add_linked(
        &self,
        name: String,
        family: String,
        (sha256, bytes): (String, u64),
        linked: LinkedWeights,
    ) -> Result<Model, Error> {
        let kind = match linked.engine {
            Some(_) => "a model that an engine runs",
            None => "weights of a model hub, used where they lie",
        };
        let model = Model {
            format: Model::FORMAT,
            id: fresh_id(&self.shared, &name)?,
            project: None,
            name,
            created_ms: self.shared.now_ms(),
            family,
            settings: serde_json::Value::Object(serde_json::Map::new()),
            rate_hz: linked.words.as_ref().map(|it| it.rate_hz),
            bytes,
            sha256,
            prior_of: None,
            adapter_of: None,
            lineage: None,
            added: Some(AddedFrom {
                path: linked.folder.clone(),
                kind: kind.to_owned(),
                step: None,
                notes: vec![],
                packaged: None,
            }),
            linked: Some(linked),
        };
        let project = self.project_for(None);
        make_folder(&self.shared, &project, Shelf::Models, &model.id, |folder| {
            Ok(job::whole::write_json(&folder.join(job::files::MODEL), &model)?)
        })?;
        let model = Model { project: Some(project), ..model };
        self.shared.change(|change| {
            models::save_row(change, &ModelRow { model: model.clone(), deleted_ms: None })
        })?;
        Ok(model)
    }

    /// Says that the terms of a model's weights were read and are accepted.
    ///
    /// # Errors
    /// `NotFound` when there is no such model; `Invalid` when it has no weights of others; `Io` when that cannot be
    /// written.
    pub fn accept_licence(&self, id: &Id) -> Result<Model, Error> {
        let now_ms = self.shared.now_ms();
        self.change_linked(id, |linked| linked.accepted_ms = linked.accepted_ms.or(Some(now_ms)))
    }

    /// Changes what is known of a model of others.
    fn change_linked(
        &self,
        id: &Id,
        change_it: impl FnOnce(&mut LinkedWeights),
    ) -> Result<Model, Error> {
        self.shared.change(|change| {
            let mut model = models::find(change.tx, id)?;
            let Some(linked) = &mut model.linked else {
                return Err(Error::invalid("id", "its weights are no one else's"));
            };
            change_it(linked);
            let path = self.shared.workspace.folder(Shelf::Models, id).join(job::files::MODEL);
            // Its file does not say which project it lies in.
            let on_disk = Model { project: None, ..model.clone() };
            job::whole::write_json(&path, &on_disk)?;
            models::save_row(change, &ModelRow { model: model.clone(), deleted_ms: None })?;
            Ok(model)
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a model of the library is the one that an engine of the same folder runs under the same name.
fn is_same(model: &Model, linked: &LinkedWeights) -> bool {
    let of = |it: &LinkedWeights| it.engine.as_ref().map(|it| it.model.clone());
    let there = model.linked.as_ref().filter(|it| it.folder == linked.folder);
    there.is_some_and(|it| of(it).is_some() && of(it) == of(linked))
}
