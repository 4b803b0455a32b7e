//! Adapters: small additions to the weights of linear layers, which are learnt while the weights stay as they are.
//!
//! To a weight `[out][in]` is added `alpha / rank * up * down`, `up` being `[out][rank]` and `down` `[rank][in]`. Files are
//! safetensors as peft and diffusers write them: `transformer.LAYER.lora_A.weight` and `lora_B.weight`.
//!
//! Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use nn::dense::backward::product;
use nn::{Init, NamedArray};
use serde_json::{Value, json};

use crate::Error;

/// The largest rank that is believed.
pub const RANK_MAX: usize = 1_024;
/// What diffusers puts in front of the names of a transformer's layers.
const PREFIX: &str = "transformer.";
/// Under which key diffusers keeps the settings of an adapter.
const METADATA: &str = "lora_adapter_metadata";
/// The settings that peft writes beside the weights.
const BESIDE: &str = "adapter_config.json";
/// Bounds that file.
const BESIDE_BYTES_MAX: u64 = 1 << 20;

/// Additions to the weights of some layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapter {
    layers: Vec<Layer>,
    /// Of each layer `down [in][rank]`, then `up [out][rank]`.
    values: Vec<f32>,
}

/// What is added to the weight of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    pub(crate) rank: usize,
    alpha: f32,
    start: usize,
}

impl Layer {
    /// What the product is multiplied by.
    pub(crate) fn scale(&self) -> f32 {
        self.alpha / self.rank as f32
    }

    fn n_values(&self) -> usize {
        self.rank * (self.n_in + self.n_out)
    }

    /// `down` and `up`, of the values or gradients of all layers.
    pub(crate) fn parts<'a>(&self, all: &'a [f32]) -> (&'a [f32], &'a [f32]) {
        all[self.start..][..self.n_values()].split_at(self.rank * self.n_in)
    }

    /// The same, to change.
    pub(crate) fn parts_mut<'a>(&self, all: &'a mut [f32]) -> (&'a mut [f32], &'a mut [f32]) {
        all[self.start..][..self.n_values()].split_at_mut(self.rank * self.n_in)
    }
}

/// A layer that can have additions: its name, and the shape `[out, in]` of its weight.
pub(crate) type Place = (String, [usize; 2]);

impl Adapter {
    /// A new one, which changes nothing yet: `up` is zero, and `down` drawn as peft draws it.
    pub(crate) fn new(places: &[Place], rank: usize, alpha: f64, seed: u64) -> Self {
        let mut made = Self { layers: vec![], values: vec![] };
        for (name, [n_out, n_in]) in places {
            let bound = 1.0 / (*n_in as f32).sqrt();
            let down = Init::named(seed, name).uniform(n_in * rank, -bound, bound);
            made.push(name, [*n_out, *n_in], (rank, alpha as f32), &down, &vec![0.0; n_out * rank]);
        }
        made
    }

    fn push(
        &mut self,
        name: &str,
        [n_out, n_in]: [usize; 2],
        (rank, alpha): (usize, f32),
        down: &[f32],
        up: &[f32],
    ) {
        let start = self.values.len();
        self.layers.push(Layer { name: name.to_owned(), n_in, n_out, rank, alpha, start });
        self.values.extend_from_slice(down);
        self.values.extend_from_slice(up);
    }

    /// Numbers in it.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.values.len()
    }

    /// The largest rank of its layers, and their number.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.layers.iter().map(|it| it.rank).max().unwrap_or(0), self.layers.len())
    }

    /// Its largest rank and the alpha of that layer, and whether feed-forward layers are among those that it adds to.
    pub(crate) fn shape(&self) -> (usize, f64, bool) {
        let largest = self.layers.iter().max_by_key(|it| it.rank);
        let has_forward = self.layers.iter().any(|it| it.name.contains(".ff."));
        let (rank, alpha) = largest.map_or((1, 1.0), |it| (it.rank, it.alpha));
        (rank, f64::from(alpha), has_forward)
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// What is added to a layer, if anything is.
    pub(crate) fn layer(&self, name: &str) -> Option<&Layer> {
        self.layers.iter().find(|it| it.name == name)
    }

    /// `share` times what is added to the weight `[out][in]` of a layer; nothing where nothing is.
    pub(crate) fn addition(&self, name: &str, share: f64) -> Option<Vec<f32>> {
        let layer = self.layer(name)?;
        let (down, up) = layer.parts(&self.values);
        let factor = (f64::from(layer.scale()) * share) as f32;
        let up: Vec<f32> = up.iter().map(|x| x * factor).collect();
        Some(product(&up, layer.rank, &transposed(down, layer.rank), layer.n_in))
    }

    /// Whether it is for a model with these layers.
    ///
    /// # Errors
    /// Which layer does not fit, in words.
    pub(crate) fn check(&self, places: &[Place]) -> Result<(), String> {
        for layer in &self.layers {
            let found = places.iter().find(|(name, _)| *name == layer.name);
            match found {
                None => {
                    return Err(format!(
                        "the adapter changes `{}`, which the model lacks",
                        layer.name
                    ));
                }
                Some((name, [n_out, n_in])) if [*n_out, *n_in] != [layer.n_out, layer.n_in] => {
                    return Err(format!(
                        "the adapter is for a model whose `{name}` is [{}, {}], and here it is [{n_out}, {n_in}]",
                        layer.n_out, layer.n_in
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Its arrays by the names that other programs know.
    pub(crate) fn to_arrays(&self) -> Vec<NamedArray> {
        self.arrays_of(PREFIX, &self.values)
    }

    /// Arrays of values or moments that belong to its own.
    pub(crate) fn arrays_of(&self, prefix: &str, all: &[f32]) -> Vec<NamedArray> {
        let of_layer = |layer: &Layer| {
            let (down, up) = layer.parts(all);
            let named = |part: &str, shape: Vec<usize>, values: Vec<f32>| NamedArray {
                name: format!("{prefix}{}.{part}.weight", layer.name),
                shape,
                values,
            };
            [
                named("lora_A", vec![layer.rank, layer.n_in], transposed(down, layer.rank)),
                named("lora_B", vec![layer.n_out, layer.rank], up.to_vec()),
            ]
        };
        self.layers.iter().flat_map(of_layer).collect()
    }

    /// The values of such arrays, in its own order.
    pub(crate) fn values_of(&self, prefix: &str, arrays: &[NamedArray]) -> Option<Vec<f32>> {
        let mut all = vec![0.0; self.values.len()];
        for layer in &self.layers {
            let named = |part: &str| {
                let name = format!("{prefix}{}.{part}.weight", layer.name);
                arrays.iter().find(|it| it.name == name).map(|it| &it.values)
            };
            let (down, up) = layer.parts_mut(&mut all);
            let (found_down, found_up) = (named("lora_A")?, named("lora_B")?);
            if found_down.len() != down.len() || found_up.len() != up.len() {
                return None;
            }
            down.copy_from_slice(&transposed(found_down, layer.n_in));
            up.copy_from_slice(found_up);
        }
        Some(all)
    }

    /// Its settings, as diffusers keeps them in the metadata of the file: key and value.
    pub(crate) fn settings(&self) -> (String, String) {
        let (rank, _) = self.size();
        let alpha = self.layers.first().map_or(rank as f32, |it| it.alpha);
        let mut settings = BTreeMap::new();
        let mut targets: Vec<&str> =
            self.layers.iter().filter_map(|it| it.name.splitn(3, '.').nth(2)).collect();
        targets.sort_unstable();
        targets.dedup();
        let named = |key: &str| format!("{PREFIX}{key}");
        settings.insert(named("peft_type"), json!("LORA"));
        settings.insert(named("r"), json!(rank));
        settings.insert(named("lora_alpha"), json!(alpha));
        settings.insert(named("target_modules"), json!(targets));
        settings.insert(named("bias"), json!("none"));
        (METADATA.to_owned(), json!(settings).to_string())
    }

    /// Reads an adapter from a file of ours or of another program.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no adapter.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let found = nn::checkpoint::read_some(path, |name| parsed(name).is_some())?;
        let beside = settings_beside(path);
        Self::of_arrays(&found.arrays, &found.metadata, &beside)
            .map_err(|reason| Error::Original { path: path.to_owned(), reason })
    }

    /// Puts the arrays of a file together. `beside` are peft's settings, where there are any.
    ///
    /// # Errors
    /// A fragment in words: what is absent or does not fit.
    pub(crate) fn of_arrays(
        arrays: &[NamedArray],
        metadata: &BTreeMap<String, String>,
        beside: &Value,
    ) -> Result<Self, String> {
        let settings = metadata.get(METADATA).and_then(|it| serde_json::from_str(it).ok());
        let settings: Value = settings.unwrap_or(Value::Null);
        let mut found: BTreeMap<String, [Option<&NamedArray>; 3]> = BTreeMap::new();
        for array in arrays {
            if let Some((layer, part)) = parsed(&array.name) {
                found.entry(layer).or_default()[part] = Some(array);
            }
        }
        let mut made = Self { layers: vec![], values: vec![] };
        for (name, [down, up, alpha]) in found {
            let (Some(down), Some(up)) = (down, up) else {
                return Err(format!("a half of the addition to `{name}` is missing"));
            };
            let (&[rank, n_in], &[n_out, rank_up]) = (&down.shape[..], &up.shape[..]) else {
                return Err(format!("the addition to `{name}` is no pair of matrices"));
            };
            if rank != rank_up || !(1..=RANK_MAX).contains(&rank) {
                return Err(format!("the additions to `{name}` have ranks {rank} and {rank_up}"));
            }
            let alpha = match alpha.and_then(|it| it.values.first()) {
                Some(alpha) => *alpha,
                None => alpha_for(&name, &[&settings, beside]).unwrap_or(rank as f32),
            };
            let is_finite = down.values.iter().chain(&up.values).all(|x| x.is_finite());
            if !(alpha.is_finite() && is_finite) {
                return Err(format!("the addition to `{name}` has numbers that are none"));
            }
            let down = transposed(&down.values, n_in);
            made.push(&name, [n_out, n_in], (rank, alpha), &down, &up.values);
        }
        if made.layers.is_empty() {
            return Err("it holds no `lora_A` and `lora_B` of a layer".to_owned());
        }
        Ok(made)
    }
}

/// Whether a file says by its names that it holds an adapter; its numbers stay on disk.
#[must_use]
pub fn is_adapter(path: &Path) -> bool {
    nn::checkpoint::shapes(path)
        .is_ok_and(|all| all.iter().any(|(name, _)| parsed(name).is_some_and(|it| it.1 == 0)))
}

/// Whether an array is a matrix of an adapter, by its name.
pub(crate) fn is_part(name: &str) -> bool {
    parsed(name).is_some_and(|(_, part)| part < 2)
}

/// The layer that an array belongs to, and which part of its addition it is: down, up or alpha.
fn parsed(name: &str) -> Option<(String, usize)> {
    let parts = [
        (".lora_A.weight", 0),
        (".lora_A.default.weight", 0),
        (".lora_down.weight", 0),
        (".lora_B.weight", 1),
        (".lora_B.default.weight", 1),
        (".lora_up.weight", 1),
        (".alpha", 2),
    ];
    let (layer, part) =
        parts.iter().find_map(|(end, part)| Some((name.strip_suffix(end)?, *part)))?;
    let start = layer.find("transformer_blocks.")?;
    // Moments of an optimiser are named after the same layers.
    let prefix = &layer[..start];
    let is_known = ["", PREFIX, "base_model.model.", "diffusion_model."].contains(&prefix);
    is_known.then(|| (layer[start..].to_owned(), part))
}

/// The alpha of a layer, as settings of peft have it.
fn alpha_for(layer: &str, all: &[&Value]) -> Option<f32> {
    let of = |settings: &Value, key: &str| {
        let found = settings.get(format!("{PREFIX}{key}")).or_else(|| settings.get(key));
        found.cloned()
    };
    all.iter().find_map(|settings| {
        let pattern = of(settings, "alpha_pattern");
        let own = pattern.as_ref().and_then(Value::as_object).and_then(|pattern| {
            let fits = |key: &str| layer == key || layer.ends_with(&format!(".{key}"));
            pattern.iter().find(|(key, _)| fits(key)).map(|it| it.1.clone())
        });
        let alpha = own.or_else(|| of(settings, "lora_alpha"))?.as_f64()?;
        Some(alpha as f32)
    })
}

fn settings_beside(path: &Path) -> Value {
    let mut bytes = Vec::new();
    let read = File::open(path.with_file_name(BESIDE))
        .and_then(|file| file.take(BESIDE_BYTES_MAX).read_to_end(&mut bytes));
    read.ok().and_then(|_| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null)
}

/// Of rows of `n` numbers, the columns.
pub(crate) fn transposed(x: &[f32], n: usize) -> Vec<f32> {
    let n_rows = x.len() / n.max(1);
    (0..x.len()).map(|i| x[i % n_rows * n + i / n_rows]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Vec<Place> {
        let name = |part: &str| format!("transformer_blocks.0.{part}");
        vec![(name("self_attn.to_qkv"), [6, 4]), (name("ff.proj_out"), [3, 5])]
    }

    fn filled() -> Adapter {
        let mut adapter = Adapter::new(&places(), 2, 3.0, 7);
        let n = adapter.n_values();
        adapter.values_mut().copy_from_slice(&Init::new(1).normal(n));
        adapter
    }

    #[test]
    fn a_new_adapter_adds_nothing() {
        let adapter = Adapter::new(&places(), 2, 3.0, 7);
        assert_eq!(adapter.addition(&places()[0].0, 1.0), Some(vec![0.0; 24]));
        assert_eq!(adapter.addition("other", 1.0), None);
        assert_ne!(adapter, Adapter::new(&places(), 2, 3.0, 8));
    }

    #[test]
    fn files_are_read_as_they_were_written_and_as_others_write_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let adapter = filled();
        let settings = BTreeMap::from([adapter.settings()]);
        nn::checkpoint::write(&path, &adapter.to_arrays(), &settings).unwrap();
        assert!(is_adapter(&path));
        let read = Adapter::read(&path).unwrap();
        for (name, _) in places() {
            assert_eq!(read.addition(&name, 1.0), adapter.addition(&name, 1.0));
        }
        // Without settings, alpha is the rank; peft has its settings beside, kohya an array.
        let renamed = |from: [&str; 2], to: [&str; 2]| {
            let mut arrays = adapter.to_arrays();
            for array in &mut arrays {
                for (from, to) in from.iter().zip(to) {
                    array.name = array.name.replace(from, to);
                }
            }
            arrays
        };
        let scale = |arrays: &[NamedArray], beside: Option<&str>| {
            match beside {
                Some(text) => std::fs::write(folder.path().join(BESIDE), text).unwrap(),
                None => drop(std::fs::remove_file(folder.path().join(BESIDE))),
            }
            nn::checkpoint::write(&path, arrays, &BTreeMap::new()).unwrap();
            let read = Adapter::read(&path).unwrap();
            read.layer("transformer_blocks.0.ff.proj_out").unwrap().scale()
        };
        let peft = renamed(["transformer.", ""], ["base_model.model.", ""]);
        assert!((scale(&peft, None) - 1.0).abs() < 1e-6);
        assert!((scale(&peft, Some(r#"{"lora_alpha": 5}"#)) - 2.5).abs() < 1e-6);
        let beside = r#"{"lora_alpha": 5, "alpha_pattern": {"ff.proj_out": 1}}"#;
        assert!((scale(&peft, Some(beside)) - 0.5).abs() < 1e-6);
        let mut kohya = renamed(["lora_A", "lora_B"], ["lora_down", "lora_up"]);
        let name = "transformer.transformer_blocks.0.ff.proj_out.alpha".to_owned();
        kohya.push(NamedArray { name, shape: vec![], values: vec![4.0] });
        assert!((scale(&kohya, None) - 2.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        let check = |change: &dyn Fn(&mut Vec<NamedArray>), expected: &str| {
            let mut arrays = filled().to_arrays();
            change(&mut arrays);
            let said = Adapter::of_arrays(&arrays, &BTreeMap::new(), &Value::Null).unwrap_err();
            assert!(said.contains(expected), "{said}");
        };
        check(&|all| all.clear(), "holds no `lora_A`");
        check(&|all| drop(all.pop()), "a half of the addition");
        check(&|all| all[0].shape = vec![8], "no pair of matrices");
        check(&|all| all[1].values[0] = f32::NAN, "numbers that are none");
        let mut places = places();
        assert_eq!(filled().check(&places), Ok(()));
        places[1].1 = [3, 6];
        assert!(filled().check(&places).unwrap_err().contains("[3, 5], and here it is [3, 6]"));
        places.pop();
        assert!(filled().check(&places).unwrap_err().contains("which the model lacks"));
    }
}
