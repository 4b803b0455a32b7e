//! The state of a training as named arrays and words: one description serves saving and loading.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use games::{Random, Settings, Vector};
use nn::NamedArray;

/// More than any replay memory that a knob allows.
const BYTES_MAX: u64 = 32 << 30;
/// In front of the names of everything that only training needs.
pub(crate) const FRONT: &str = "training.";

/// Takes a state apart, or fills it. A reading failure says what is absent.
pub(crate) enum Fields<'a> {
    Save(&'a mut Vec<NamedArray>, &'a mut BTreeMap<String, String>),
    Load(&'a BTreeMap<String, NamedArray>, &'a BTreeMap<String, String>),
}

impl Fields<'_> {
    /// Numbers, as many as are there.
    pub(crate) fn numbers(&mut self, name: &str, values: &mut Vec<f32>) -> Result<(), String> {
        let name = format!("{FRONT}{name}");
        match self {
            Self::Save(arrays, _) => {
                let shape = vec![values.len()];
                arrays.push(NamedArray { name, shape, values: values.clone() });
            }
            Self::Load(arrays, _) => {
                let found = arrays.get(&name).ok_or_else(|| name.clone())?;
                values.clone_from(&found.values);
            }
        }
        Ok(())
    }

    /// Numbers of 64 bits.
    pub(crate) fn exact_numbers(
        &mut self,
        name: &str,
        values: &mut Vec<f64>,
    ) -> Result<(), String> {
        let mut bytes: Vec<u8> = values.iter().flat_map(|it| it.to_le_bytes()).collect();
        self.bytes(name, &mut bytes)?;
        *values = bytes.as_chunks().0.iter().map(|it| f64::from_le_bytes(*it)).collect();
        Ok(())
    }

    /// Bytes, compressed.
    pub(crate) fn bytes(&mut self, name: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Self::Save(arrays, _) => arrays.push(packed(&format!("{FRONT}{name}"), bytes)),
            Self::Load(arrays, _) => {
                let name = format!("{FRONT}{name}");
                let found = arrays.get(&name).ok_or_else(|| name.clone())?;
                *bytes = unpacked(found).ok_or(name)?;
            }
        }
        Ok(())
    }

    /// A whole number.
    pub(crate) fn whole(&mut self, name: &str, value: &mut u64) -> Result<(), String> {
        let name = format!("{FRONT}{name}");
        match self {
            Self::Save(_, words) => drop(words.insert(name, value.to_string())),
            Self::Load(_, words) => {
                let found = words.get(&name).and_then(|it| it.parse().ok());
                *value = found.ok_or(name)?;
            }
        }
        Ok(())
    }

    pub(crate) fn random(&mut self, name: &str, random: &mut Random) -> Result<(), String> {
        let mut state = random.state();
        self.whole(name, &mut state)?;
        *random = Random::at(state);
        Ok(())
    }

    /// Games in play.
    pub(crate) fn vector(
        &mut self,
        name: &str,
        vector: &mut Vector,
        settings: Settings,
    ) -> Result<(), String> {
        let mut bytes = if let Self::Save(..) = self { vector.save() } else { vec![] };
        self.bytes(name, &mut bytes)?;
        if let Self::Load(..) = self {
            *vector = Vector::load(settings, &bytes).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(())
    }
}

/// Bytes as an array: compressed, four in the bits of each number, behind how many they are.
fn packed(name: &str, bytes: &[u8]) -> NamedArray {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    let compressed = written.expect("a vector takes all that is written");
    let mut all = Vec::with_capacity(compressed.len() + 12);
    all.extend((bytes.len() as u64).to_le_bytes());
    all.extend(compressed);
    all.resize(all.len().next_multiple_of(4), 0);
    let values: Vec<f32> = all.as_chunks().0.iter().map(|it| f32::from_le_bytes(*it)).collect();
    NamedArray { name: name.into(), shape: vec![values.len()], values }
}

fn unpacked(array: &NamedArray) -> Option<Vec<u8>> {
    let all: Vec<u8> = array.values.iter().flat_map(|it| it.to_le_bytes()).collect();
    let (n, compressed) = all.split_first_chunk()?;
    let n = u64::from_le_bytes(*n);
    let mut bytes = Vec::new();
    ZlibDecoder::new(compressed).take(n.min(BYTES_MAX)).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == n).then_some(bytes)
}
