//! RAVE's own prior, as exported modules of the original program (acids-rave 2.3) hold it: its layers have
//! the names that ours have, and its sizes follow from their shapes.

use std::path::Path;

use nn::{NamedArray, Parameters};
use serde_json::json;

use super::config::Config;
use super::configurations;
use super::directions::Directions;
use super::infer::Model;
use super::network::Network;
use crate::{Error, Finished, LatentSpace, PriorCodec};

/// A prior of the original program, parsed; whose prior it is, is said when it is saved.
#[derive(Clone, Debug)]
pub(crate) struct OriginalPrior {
    config: Config,
    n: usize,
    parameters: Parameters,
}

/// Layers and bins that are believed.
const LAYERS_MAX: usize = 60;

impl OriginalPrior {
    /// Reads the arrays of a prior, under names without a prefix. `dilation` gives that of a layer, where the
    /// file states it.
    ///
    /// # Errors
    /// What is absent or does not fit, in words that follow «its prior».
    pub(crate) fn read(
        arrays: &[NamedArray],
        dilation: impl Fn(&str) -> Option<usize>,
    ) -> Result<Self, String> {
        let shape = |name: &str| {
            let array = arrays.iter().find(|array| array.name == name);
            let shape = array.and_then(|it| <[usize; 3]>::try_from(&it.shape[..]).ok());
            shape.ok_or_else(|| format!("has no usable `{name}`"))
        };
        // One group for each latent: channels in are bins, and channels out are bins of all latents.
        let [res_size, resolution, kernel_size] = shape("pre_net.0.weight")?;
        let [n_out, skip_of_one, _] = shape("post_net.2.weight")?;
        let n = n_out / resolution.max(1);
        let n_layers = (0..LAYERS_MAX)
            .take_while(|i| shape(&format!("residuals.{i}.dconv.weight")).is_ok())
            .count();
        let stated: Vec<Option<usize>> =
            (0..n_layers).map(|i| dilation(&format!("residuals.{i}.dconv"))).collect();
        let cycles = |cycle: &usize| {
            let of = |i: usize| 1usize << (i % cycle);
            stated.iter().enumerate().all(|(i, it)| it.is_none_or(|it| it == of(i)))
        };
        let cycle_size = match stated.first() {
            // The original's own, where the file does not state any.
            Some(None) => 4,
            _ => (1..=12)
                .find(cycles)
                .ok_or("has dilations that do not double from layer to layer")?,
        };
        let preset = configurations::presets().into_iter().find(|it| it.name == "prior_v1");
        let mut settings = preset.expect("it is among them").settings;
        let found = [
            ("resolution", resolution),
            ("latent_size", n),
            ("res_size", res_size),
            ("skp_size", skip_of_one.saturating_mul(n)),
            ("kernel_size", kernel_size),
            ("cycle_size", cycle_size),
            ("n_layers", n_layers),
        ];
        settings.extend(found.map(|(key, size)| (key.to_owned(), json!(size))));
        let config = Config::from_settings(&json!(settings)).map_err(|problems| {
            let first = problems.into_iter().next();
            first.map_or(String::new(), |it| format!("has a `{}` that {}", it.key, it.message))
        })?;
        let network = Network::new(&config, n);
        let mut parameters = network.initialise(0);
        let mut arrays = arrays.to_vec();
        // A configuration can turn off the biases of convolutions.
        for layer in network.layers() {
            let is_there = |name: &str| arrays.iter().any(|array| array.name == name);
            if layer.has_bias && is_there(&layer.weight()) && !is_there(&layer.bias()) {
                let n = layer.shape[0];
                let name = layer.bias();
                arrays.push(NamedArray { name, shape: vec![n], values: vec![0.0; n] });
            }
        }
        parameters.load(&arrays).map_err(|error| format!("cannot be read: failed to {error}"))?;
        Ok(Self { config, n, parameters })
    }

    /// Saves it as a prior of ours.
    ///
    /// # Errors
    /// When the codec has fewer latents than it makes, or the file cannot be written.
    pub(crate) fn save(
        &self,
        codec: PriorCodec,
        space: LatentSpace,
        path: &Path,
    ) -> Result<(), Error> {
        if self.n > space.mean.len() {
            let reason = format!("its prior makes {} latents, more than it has", self.n);
            return Err(Error::Settings { path: path.to_owned(), reason });
        }
        let directions = Directions::plain(space, self.n);
        Model::new(&self.config, directions, codec, self.parameters.clone(), 0).save(path)
    }
}

#[cfg(test)]
mod tests {
    use super::super::directions::tests::{codec, latents, learnt};
    use super::*;

    fn small() -> Config {
        let settings = json!({
            "distribution": "quantised", "resolution": 8, "latent_size": 4, "res_size": 16,
            "skp_size": 8, "kernel_size": 2, "cycle_size": 3, "n_layers": 5,
        });
        Config::from_settings(&settings).unwrap()
    }

    #[test]
    fn its_sizes_follow_from_its_arrays() {
        let config = small();
        let network = Network::new(&config, 4);
        let arrays = network.initialise(3).to_arrays();
        let dilation = |name: &str| {
            let layer: usize = name.split('.').nth(1)?.parse().ok()?;
            Some(1 << (layer % 3))
        };
        let found = OriginalPrior::read(&arrays, dilation).unwrap();
        for (key, size) in [("resolution", 8), ("n_layers", 5), ("cycle_size", 3), ("skp_size", 8)]
        {
            assert_eq!(found.config.to_settings()[key], json!(size), "{key}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prior.safetensors");
        let space = learnt(&latents(200, 4, 1), 4).space;
        found.save(codec(4), space, &path).unwrap();
        let model = Model::load(&path).unwrap();
        assert_eq!(model.parameters().to_arrays(), arrays);
        assert_eq!(model.directions().scale(), (&[0.0; 4][..], &[1.0; 4][..]));

        let say = |arrays: &[NamedArray], dilation: fn(&str) -> Option<usize>| {
            OriginalPrior::read(arrays, dilation).unwrap_err()
        };
        assert!(say(&[], |_| None).contains("pre_net.0.weight"));
        assert!(say(&arrays, |_| Some(3)).contains("dilations"));
        let without = |name: &str| -> Vec<_> {
            arrays.iter().filter(|it| it.name != name).cloned().collect()
        };
        assert!(say(&without("post_net.0.weight"), |_| None).contains("post_net.0.weight"));
        let found = OriginalPrior::read(&without("post_net.0.bias"), dilation).unwrap();
        assert_eq!(found.parameters.values("post_net.0.bias"), Some(&[0.0; 8][..]));
        let wider = learnt(&latents(200, 3, 1), 3).space;
        assert!(found.save(codec(3), wider, &path).is_err());
    }
}
