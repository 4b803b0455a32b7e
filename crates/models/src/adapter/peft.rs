//! Adapters that peft, diffusers and kohya's scripts wrote.

use std::path::{Path, PathBuf};

use super::config::{Config, Layers};
use super::configurations;
use super::infer::Model;
use super::lessons::AdapterBase;
use crate::lora::{Adapter, is_adapter};
use crate::{
    Error, Finished as _, ForeignModel, ForeignRun, OtherProgram, Recognised, Settings, WrittenRun,
};

/// Programs that write adapters.
pub(super) struct Peft;

const KIND: &str = "an adapter (LoRA) of another program";

impl OtherProgram for Peft {
    fn name(&self) -> &'static str {
        "peft and diffusers"
    }

    fn takes(&self) -> &'static str {
        "adapters of Stable Audio 3"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["safetensors"]
    }

    fn recognise(&self, file: &Path) -> Result<Recognised, String> {
        match is_adapter(file) {
            true => Ok(Recognised { what: KIND, notes: vec![] }),
            false => Err("is a safetensors file, and no adapter".to_owned()),
        }
    }

    fn rank(&self, file: &Path) -> u8 {
        u8::from(is_adapter(file))
    }

    fn open(&self, file: &Path) -> Result<Box<dyn ForeignModel>, Error> {
        let adapter = Adapter::read(file)?;
        let words = nn::checkpoint::read_some(file, |_| false)?.metadata;
        let preset = configurations::presets().into_iter().next().expect("there are presets");
        let (rank, alpha, has_forward) = adapter.shape();
        let settings = serde_json::json!(preset.settings);
        let config = Config::from_settings(&settings).map_err(|_| Error::Original {
            path: file.into(),
            reason: "it has no settings".to_owned(),
        })?;
        let config = Config {
            rank,
            alpha,
            layers: if has_forward { Layers::All } else { Layers::Attention },
            ..config
        };
        let licence = words.get("license").cloned().unwrap_or_default();
        let base = AdapterBase { licence, ..AdapterBase::default() };
        Ok(Box::new(Taken { config: config.clone(), model: Model::new(config, base, adapter, 0) }))
    }

    fn run_around(&self, _folder: &Path) -> Option<PathBuf> {
        None
    }

    fn run_in(&self, _folder: &Path) -> Option<ForeignRun> {
        None
    }

    fn is_part_of_run(&self, _folder: &Path) -> bool {
        false
    }

    fn step_of(&self, _checkpoint: &Path) -> Result<Option<i64>, Error> {
        Ok(None)
    }

    fn metric(&self, name: &str, value: f64) -> (String, f64) {
        (name.to_owned(), value)
    }

    fn write_run(&self, folder: &Path, _checkpoint: &Path) -> Result<WrittenRun, Error> {
        let reason = "other programs cannot go on training an adapter of Maquette".to_owned();
        Err(Error::Original { path: folder.into(), reason })
    }
}

/// An adapter that was read.
struct Taken {
    config: Config,
    model: Model,
}

impl ForeignModel for Taken {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn settings(&self) -> Box<dyn Settings> {
        Box::new(self.config.clone())
    }

    fn step(&self) -> u64 {
        0
    }

    fn warnings(&self) -> &[String] {
        &[]
    }

    fn is_trainable(&self) -> bool {
        false
    }

    fn save_model(&self, path: &Path) -> Result<(), Error> {
        self.model.save(path)
    }

    fn save_checkpoint(&self, path: &Path) -> Result<(), Error> {
        let what = "moments of its optimiser".to_owned();
        Err(Error::NotResumable { path: path.into(), what })
    }
}
