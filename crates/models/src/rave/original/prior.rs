//! The prior that an exported module of the original program may hold.

use std::path::Path;

use nn::NamedArray;
use nn::torch_checkpoint::Value;

use super::{Original, State};
use crate::prior::OriginalPrior;
use crate::{Error, PriorCodec, Settings};

/// Where a module keeps its prior.
const PRIOR: &str = "prior_module.pretrained.";

/// Whether a module says that it holds a prior.
pub(super) fn has_prior(root: Value<'_>) -> bool {
    root.at("_has_prior").and_then(|it| it.as_bool()) == Some(true)
}

impl State<'_> {
    /// The prior of an export, if it has one that can be used; else a warning says why not.
    pub(super) fn prior(
        &self,
        has_space: bool,
        warnings: &mut Vec<String>,
    ) -> Option<OriginalPrior> {
        if !has_prior(self.file.root()) {
            return None;
        }
        let without = |array: &NamedArray| {
            let name = array.name.strip_prefix(PRIOR)?.to_owned();
            Some(NamedArray { name, ..array.clone() })
        };
        let arrays: Vec<NamedArray> = self.arrays.iter().filter_map(without).collect();
        let dilation = |name: &str| self.shapes.dilations.get(&format!("{PRIOR}{name}")).copied();
        let read = match OriginalPrior::read(&arrays, dilation) {
            Ok(_) if !has_space => {
                Err("counts in directions of latents that it does not hold".into())
            }
            read => read,
        };
        read.map_err(|why: String| warnings.push(format!("its prior was left out: it {why}"))).ok()
    }
}

impl Original {
    /// Saves the prior that it holds as a prior of ours, if it holds one: of the codec whose file has this
    /// SHA-256 and which is called so.
    ///
    /// # Errors
    /// When the prior does not fit the model, or the file cannot be written.
    pub fn save_prior(&self, sha256: &str, name: &str, path: &Path) -> Result<bool, Error> {
        let (Some(prior), Some(space)) = (&self.prior, &self.space) else { return Ok(false) };
        let shape = Settings::codec(&self.config).expect("RAVE is a codec");
        let codec = PriorCodec {
            sha256: sha256.to_owned(),
            name: name.to_owned(),
            family: "rave".into(),
            settings: self.config.to_settings(),
            shape,
        };
        prior.save(codec, space.clone(), path)?;
        Ok(true)
    }
}
