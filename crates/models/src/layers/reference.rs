//! What reference implementations compute, for tests: vectors, weights by formula, and folders made of both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nn::{Init, NamedArray, checkpoint};
use serde_json::Value;

/// Outputs and settings of a tiny model.
pub(crate) struct Vectors {
    pub(crate) settings: Value,
    pub(crate) meta: Value,
    arrays: BTreeMap<String, NamedArray>,
}

/// Where vectors lie.
pub(crate) fn place(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(of)
}

impl Vectors {
    pub(crate) fn read(of: &str) -> Self {
        Self::named(of, "tiny")
    }

    pub(crate) fn named(of: &str, name: &str) -> Self {
        let file = checkpoint::read(&place(of).join(format!("{name}.safetensors"))).unwrap();
        let settings = std::fs::read_to_string(place(of).join(format!("{name}.json"))).unwrap();
        Self {
            settings: serde_json::from_str(&settings).unwrap(),
            meta: serde_json::from_str(&file.metadata["meta"]).unwrap(),
            arrays: file.arrays.into_iter().map(|it| (it.name.clone(), it)).collect(),
        }
    }

    pub(crate) fn array(&self, name: &str) -> &NamedArray {
        self.arrays.get(name).unwrap_or_else(|| panic!("no vector `{name}`"))
    }

    pub(crate) fn ids(&self, name: &str) -> Vec<u32> {
        self.array(name).values.iter().map(|id| *id as u32).collect()
    }
}

/// The tensors of a state, `[[name, shape], …]`, by the rules of the script that made the vectors; names are drawn with
/// a prefix.
pub(crate) fn state(listed: &Value, prefix: &str) -> Vec<NamedArray> {
    let array = |entry: &Value| {
        let name = entry[0].as_str().unwrap();
        let shape: Vec<usize> = serde_json::from_value(entry[1].clone()).unwrap();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let fan_in: usize = shape.iter().skip(1).product();
        let value = |u: f64| match () {
            () if ends(&["batch_norm.running_mean"]) => 10.0 * u - 20.0,
            () if ends(&["batch_norm.running_var"]) => 100.0 + 100.0 * u,
            () if ends(&["weight_g", "original0"]) => 1.0 + u,
            () if ends(&["relative_position_bias_table"]) => 2.0 * u - 1.0,
            () if shape.len() >= 2 => (2.0 * u - 1.0) * (3.0 / fan_in as f64).sqrt(),
            () if ends(&["weight", "scale"]) => 0.8 + 0.4 * u,
            () => 0.2 * u - 0.1,
        };
        let draws = Init::named(0, &format!("{prefix}{name}"));
        let draws = { draws }.uniform(shape.iter().product(), 0.0, 1.0);
        let values = draws.into_iter().map(|u| value(f64::from(u)) as f32).collect();
        NamedArray { name: name.to_owned(), shape, values }
    };
    listed.as_array().unwrap().iter().map(array).collect()
}

/// Writes a file of weights.
pub(crate) fn write_weights(path: &Path, arrays: &[NamedArray]) {
    checkpoint::write(path, arrays, &BTreeMap::new()).unwrap();
}

/// Noise and a triangle, as the script makes them.
pub(crate) fn sound(n: usize) -> Vec<f32> {
    let noise = Init::named(0, "x").uniform(n, 0.0, 1.0);
    let triangle = |t: usize| (97.0 - (4.0 * (t % 97) as f64 - 194.0).abs()) / 97.0;
    let at = |(t, u): (usize, f32)| (0.25 * (2.0 * f64::from(u) - 1.0) + 0.5 * triangle(t)) as f32;
    noise.into_iter().enumerate().map(at).collect()
}

/// How far numbers are apart at most, as a share of the largest that is expected.
pub(crate) fn apart(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len(), "numbers");
    let largest = expected.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let pairs = found.iter().zip(expected);
    let apart = pairs.fold(0.0f32, |most, (a, b)| {
        // A number that is none is as far apart as can be.
        if (a - b).is_finite() { most.max((a - b).abs()) } else { f32::INFINITY }
    });
    apart / largest
}

/// The cosine between two vectors.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    assert_eq!(a.len(), b.len(), "numbers");
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
