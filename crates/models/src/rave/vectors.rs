//! The reference vectors included in the project, for tests: the original's results, and the
//! formulas for weights, sound and random numbers. `vectors/README.md` describes the files.

use std::collections::BTreeMap;
use std::path::Path;

use nn::{Init, NamedArray, checkpoint};
use serde_json::Value;

/// The original's results for one configuration.
pub(crate) struct Vectors {
    pub(crate) name: &'static str,
    pub(crate) meta: Value,
    pub(crate) arrays: BTreeMap<String, NamedArray>,
}

impl Vectors {
    pub(crate) fn read(name: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
        let file = checkpoint::read(&folder.join(format!("{name}.safetensors"))).unwrap();
        // The original computed NaN in places, which JSON cannot express.
        let meta = serde_json::from_str(&file.metadata["meta"].replace("NaN", "null")).unwrap();
        let arrays = file.arrays.into_iter().map(|array| (array.name.clone(), array)).collect();
        Self { name, meta, arrays }
    }

    /// Names and shapes of the original's state, with values from the formulas; `None` for those that
    /// keep their own.
    pub(crate) fn state(&self) -> impl Iterator<Item = (&str, Vec<usize>, Option<Vec<f32>>)> {
        let entries = self.entries();
        let shapes: BTreeMap<&str, Vec<usize>> =
            entries.iter().map(|(name, shape, _)| (*name, shape.clone())).collect();
        entries.into_iter().map(move |(name, shape, rule)| {
            let values = match rule {
                "kept" => None,
                "norm" => {
                    let direction = name.replace("weight_g", "weight_v");
                    Some(lengths(name, shape[0], &direction, &shapes[direction.as_str()]))
                }
                _ => Some(formula(rule, &u(name, shape.iter().product()), &shape)),
            };
            (name, shape, values)
        })
    }

    fn entries(&self) -> Vec<(&str, Vec<usize>, &str)> {
        let entries = self.meta["state"].as_array().unwrap().iter().map(|entry| {
            let shape = serde_json::from_value(entry[1].clone()).unwrap();
            (entry[0].as_str().unwrap(), shape, entry[2].as_str().unwrap())
        });
        entries.collect()
    }
}

/// The sequence of numbers in [0, 1) for a name.
pub(crate) fn u(name: &str, n: usize) -> Vec<f64> {
    Init::named(0, name).uniform(n, 0.0, 1.0).into_iter().map(f64::from).collect()
}

fn formula(rule: &str, u: &[f64], shape: &[usize]) -> Vec<f32> {
    let fan_in: usize = shape[1..].iter().product();
    let value = |u: &f64| match rule {
        "weight" => (2.0 * u - 1.0) * (3.0 / fan_in as f64).sqrt(),
        "bias" => 0.2 * u - 0.1,
        "scale" => 0.8 + 0.4 * u,
        "alpha" => 0.5 + u,
        "signed" => 2.0 * u - 1.0,
        "size" => 1.0 + u,
        "one" => 1.0,
        _ => panic!("no rule {rule}"),
    };
    u.iter().map(|u| value(u) as f32).collect()
}

/// The rule `norm`: lengths close to those of the directions in `v_name`.
fn lengths(name: &str, n_rows: usize, v_name: &str, v_shape: &[usize]) -> Vec<f32> {
    let directions = formula("weight", &u(v_name, v_shape.iter().product()), v_shape);
    let rows = directions.chunks(directions.len() / n_rows).zip(u(name, n_rows));
    let length = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    rows.map(|(row, u)| (length(row) * (0.8 + 0.4 * u)) as f32).collect()
}
