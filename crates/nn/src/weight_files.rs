//! The tensors of a folder as it comes from a model hub: one file or several, and an index that says which.
//!
//! [`open`] reads headers alone, so that names and shapes can be compared with a configuration before any number
//! is read. Files are safetensors, or archives of PyTorch, whose pickles are read within bounds and never run. What is
//! wrong with a file is kept in words ([`WeightFiles::problems`]) rather than ending the look at the others.
//!
//! A weight under weight normalisation is known by its plain name, such as `conv.weight`, however the folder spells its
//! parts: `conv.weight_g` and `conv.weight_v`, or `conv.parametrizations.weight.original0` and `original1`.
//!
//! Sources: the README of huggingface/safetensors; the index of sharded checkpoints as transformers writes it.

mod index;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::torch_checkpoint::{self, TorchCheckpoint, Value};
use crate::{Error, NamedArray, checkpoint};

pub use index::{ShardIndex, parse_index};

/// How a file keeps its tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightFormat {
    /// A header and numbers: `.safetensors`.
    Safetensors,
    /// An archive of PyTorch: `.bin`, `.th`, `.pt`, `.ckpt`.
    Torch,
}

/// A file of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightFile {
    /// Its name in the folder.
    pub name: String,
    /// How it keeps its tensors.
    pub format: WeightFormat,
    /// Its length.
    pub n_bytes: u64,
    /// Tensors in it; 0 if it could not be read.
    pub n_tensors: usize,
}

/// The tensors of a folder: where they lie, and not yet their numbers.
#[derive(Clone, Debug, Default)]
pub struct WeightFiles {
    folder: PathBuf,
    files: Vec<WeightFile>,
    places: BTreeMap<String, Place>,
    problems: Vec<String>,
}

/// Where a tensor lies.
#[derive(Clone, Debug)]
struct Place {
    file: usize,
    /// Its name there.
    written: String,
    shape: Vec<usize>,
}

/// How the tensors of a folder fit those that a network needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Names that the network needs and the folder lacks.
    pub missing: Vec<String>,
    /// Names in the folder that the network does not know.
    pub unexpected: Vec<String>,
    /// Names with the shape that the network needs, and the one that was found.
    pub misshapen: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl Fit {
    /// Whether everything that the network needs is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.misshapen.is_empty()
    }
}

/// The names under which weights are looked for, in this order.
const INDICES: [&str; 4] = [
    "model.safetensors.index.json",
    "diffusion_pytorch_model.safetensors.index.json",
    "pytorch_model.bin.index.json",
    "diffusion_pytorch_model.bin.index.json",
];
const SINGLE: [&str; 4] = [
    "model.safetensors",
    "diffusion_pytorch_model.safetensors",
    "pytorch_model.bin",
    "diffusion_pytorch_model.bin",
];
/// Endings of files that may be weights under another name.
const ENDINGS: [(&str, WeightFormat); 5] = [
    ("safetensors", WeightFormat::Safetensors),
    ("bin", WeightFormat::Torch),
    ("th", WeightFormat::Torch),
    ("pt", WeightFormat::Torch),
    ("ckpt", WeightFormat::Torch),
];
/// Where a file of PyTorch may keep its tensors, if not at its root.
const STATES: [&str; 4] = ["state_dict", "state", "best_state", "model"];
/// The most files of a folder that are looked through.
const ENTRIES_MAX: usize = 10_000;

/// Looks through a folder: which files hold weights, and which tensors are in them.
///
/// # Errors
/// When the folder cannot be read. What is wrong with single files is among [`WeightFiles::problems`].
pub fn open(folder: &Path) -> Result<WeightFiles, Error> {
    let io = |source| Error::Io { path: folder.to_owned(), source };
    let mut found = WeightFiles { folder: folder.to_owned(), ..WeightFiles::default() };
    let entries = std::fs::read_dir(folder).map_err(io)?;
    let mut names: Vec<String> = entries
        .take(ENTRIES_MAX)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let has = |name: &str| names.iter().any(|it| it == name);
    let of_kind = |kind: WeightFormat| -> Vec<&String> {
        names.iter().filter(|name| format_of(name) == Some(kind)).collect()
    };
    if let Some(name) = INDICES.into_iter().find(|name| has(name)) {
        found.add_shards(name);
    } else if let Some(name) = SINGLE.into_iter().find(|name| has(name)) {
        found.add(name);
    } else {
        let by_format = [WeightFormat::Safetensors, WeightFormat::Torch].map(of_kind);
        match by_format.iter().find(|names| !names.is_empty()).map(Vec::as_slice) {
            None => found.problem("there is no file of weights (model.safetensors)".to_owned()),
            Some([name]) => found.add(name),
            Some(several) => {
                let names: Vec<&str> = several.iter().map(|name| name.as_str()).collect();
                found.problem(format!(
                    "there are several files of weights and no index that says what is in which: {}",
                    names.join(", ")
                ));
            }
        }
    }
    Ok(found)
}

/// Looks through one file of a folder that has several which do not belong together.
#[must_use]
pub fn open_file(folder: &Path, name: &str, format: WeightFormat) -> WeightFiles {
    let mut found = WeightFiles { folder: folder.to_owned(), ..WeightFiles::default() };
    found.add_as(name, format);
    found
}

impl WeightFiles {
    /// The files, in the order of the index or of their names.
    #[must_use]
    pub fn files(&self) -> &[WeightFile] {
        &self.files
    }

    /// What is wrong with the files, each a fragment in words.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Names and shapes as the files have them, in order of the names.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.places.iter().map(|(name, place)| (name.as_str(), &place.shape[..]))
    }

    /// The tensors whose names begin with `prefix`, by what follows: the part of a folder that holds several networks.
    #[must_use]
    pub fn within(&self, prefix: &str) -> Self {
        let of_part = |(name, place): (&String, &Place)| {
            Some((name.strip_prefix(prefix)?.to_owned(), place.clone()))
        };
        Self { places: self.places.iter().filter_map(of_part).collect(), ..self.clone() }
    }

    /// Knows a tensor that is written as `written` by another name, unless there is one of that name already.
    pub fn rename(&mut self, written: &str, name: &str) {
        if !self.places.contains_key(name)
            && let Some(place) = self.places.remove(written)
        {
            self.places.insert(name.to_owned(), place);
        }
    }

    /// Compares what is there with what a network needs. Names that `is_known` accepts are neither missing nor
    /// unexpected: numbers that only training needs.
    #[must_use]
    pub fn fit(&self, needed: &[(String, Vec<usize>)], is_known: impl Fn(&str) -> bool) -> Fit {
        let mut fit = Fit::default();
        let mut used = BTreeSet::new();
        for (name, shape) in needed {
            let parts = self.parts(name);
            let Some(whole) = parts.last() else {
                fit.missing.push(name.clone());
                continue;
            };
            used.extend(parts.iter().cloned());
            let found = &self.places[whole].shape;
            if found != shape {
                fit.misshapen.push((name.clone(), shape.clone(), found.clone()));
            } else if let [lengths, _] = &parts[..] {
                let found = &self.places[lengths].shape;
                let along = |axis: usize| -> Vec<usize> {
                    shape.iter().enumerate().map(|(i, n)| if i == axis { *n } else { 1 }).collect()
                };
                if !(0..shape.len()).any(|axis| *found == along(axis)) {
                    fit.misshapen.push((lengths.clone(), along(0), found.clone()));
                }
            }
        }
        let rest = self.places.keys().filter(|name| !used.contains(*name) && !is_known(name));
        fit.unexpected = rest.cloned().collect();
        fit
    }

    /// Whether all that a network needs is there.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape: the first of them.
    pub fn require(&self, needed: &[(String, Vec<usize>)]) -> Result<(), Error> {
        let fit = self.fit(needed, |_| true);
        if let Some(name) = fit.missing.first() {
            return Err(Error::Missing { name: name.clone() });
        }
        match fit.misshapen.into_iter().next() {
            Some((name, expected, found)) => Err(Error::Shape { name, expected, found }),
            None => Ok(()),
        }
    }

    /// Reads the tensors that a network needs, as `f32`, weight normalisation multiplied out.
    ///
    /// # Errors
    /// When one is missing or has another shape, or a file cannot be read.
    pub fn read(&self, needed: &[(String, Vec<usize>)]) -> Result<Vec<NamedArray>, Error> {
        self.require(needed)?;
        let parts: Vec<Vec<String>> = needed.iter().map(|(name, _)| self.parts(name)).collect();
        let mut arrays = BTreeMap::new();
        for (i, file) in self.files.iter().enumerate() {
            let here: BTreeMap<&str, &String> = parts
                .iter()
                .flatten()
                .map(|name| (name, &self.places[name]))
                .filter(|(_, place)| place.file == i)
                .map(|(name, place)| (place.written.as_str(), name))
                .collect();
            if here.is_empty() {
                continue;
            }
            let is_wanted = |written: &str| here.contains_key(written);
            for array in read_file(&self.folder.join(&file.name), file.format, is_wanted)? {
                if let Some(name) = here.get(array.name.as_str()) {
                    arrays.insert((*name).clone(), array);
                }
            }
        }
        let take = |arrays: &mut BTreeMap<String, NamedArray>, part: &str| {
            let missing = || Error::Missing { name: part.to_owned() };
            arrays.remove(part).ok_or_else(missing)
        };
        let mut whole = Vec::with_capacity(needed.len());
        for ((name, shape), parts) in needed.iter().zip(parts) {
            let array = match &parts[..] {
                [lengths, directions] => {
                    let lengths = take(&mut arrays, lengths)?;
                    normalised(take(&mut arrays, directions)?, &lengths)
                }
                _ => take(&mut arrays, &parts[0])?,
            };
            // A file that changed since its header was read.
            if array.shape != *shape {
                let (name, expected) = (name.clone(), shape.clone());
                return Err(Error::Shape { name, expected, found: array.shape });
            }
            whole.push(NamedArray { name: name.clone(), ..array });
        }
        Ok(whole)
    }

    /// Reads rows of a tensor of two dimensions, as `f32`, without the rest of it where the file allows that: what a
    /// table has for some words, say.
    ///
    /// # Errors
    /// When it is missing or has another shape, there is no such row, or the file cannot be read.
    pub fn read_rows(
        &self,
        name: &str,
        shape: [usize; 2],
        rows: &[usize],
    ) -> Result<Vec<f32>, Error> {
        let missing = || Error::Missing { name: name.to_owned() };
        let place = self.places.get(name).ok_or_else(missing)?;
        if place.shape != shape {
            let (name, found) = (name.to_owned(), place.shape.clone());
            return Err(Error::Shape { name, expected: shape.to_vec(), found });
        }
        let file = &self.files[place.file];
        let path = self.folder.join(&file.name);
        let [n_rows, width] = shape;
        if let Some(row) = rows.iter().find(|row| **row >= n_rows) {
            let reason = format!("tensor `{name}` has {n_rows} rows, and no row {row}");
            return Err(crate::bytes::malformed(&path, 0, reason));
        }
        match file.format {
            WeightFormat::Safetensors => checkpoint::read_rows(&path, &place.written, rows),
            WeightFormat::Torch => {
                let arrays = read_file(&path, file.format, |found| found == place.written)?;
                let all = arrays.into_iter().next().ok_or_else(missing)?.values;
                Ok(rows.iter().flat_map(|row| &all[row * width..][..width]).copied().collect())
            }
        }
    }

    /// The tensors that a name stands for: itself, or the lengths and directions of a normalised weight; nothing if
    /// there are none.
    fn parts(&self, name: &str) -> Vec<String> {
        if self.places.contains_key(name) {
            return vec![name.to_owned()];
        }
        let Some(base) = name.strip_suffix("weight") else { return vec![] };
        let spellings = [["weight_g", "weight_v"], ["original0", "original1"]];
        for (i, spelling) in spellings.into_iter().enumerate() {
            let between = if i == 0 { "" } else { "parametrizations.weight." };
            let parts = spelling.map(|part| format!("{base}{between}{part}"));
            if parts.iter().all(|part| self.places.contains_key(part)) {
                return parts.to_vec();
            }
        }
        vec![]
    }

    fn problem(&mut self, words: String) {
        self.problems.push(words);
    }

    /// Adds the files that an index names.
    fn add_shards(&mut self, name: &str) {
        let index = match index::read_index(&self.folder.join(name)) {
            Ok(index) => index,
            Err(error) => return self.problem(format!("failed to {error}")),
        };
        let files: BTreeSet<&String> = index.file_of.values().collect();
        for file in files {
            self.add(file);
        }
        let lacking: Vec<&String> =
            index.file_of.keys().filter(|tensor| !self.places.contains_key(*tensor)).collect();
        // A file that could not be read has been named already.
        if self.problems.is_empty() && !lacking.is_empty() {
            let (n, first) = (lacking.len(), lacking[0]);
            self.problem(format!(
                "{n} tensors of {name} are in none of its files, the first `{first}`"
            ));
        }
    }

    fn add(&mut self, name: &str) {
        self.add_as(name, format_of(name).unwrap_or(WeightFormat::Safetensors));
    }

    fn add_as(&mut self, name: &str, format: WeightFormat) {
        let path = self.folder.join(name);
        let about = match std::fs::metadata(&path) {
            Ok(about) => about,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return self.problem(format!("{name} is not there, though the index names it"));
            }
            Err(error) => return self.problem(format!("{name} cannot be read: {error}")),
        };
        let shapes = match refused_start(&path) {
            Some(why) => Err(why),
            None => shapes_of(&path, format).map_err(|error| format!("failed to {error}")),
        };
        let n_tensors = shapes.as_ref().map_or(0, Vec::len);
        let file = self.files.len();
        self.files.push(WeightFile {
            name: name.to_owned(),
            format,
            n_bytes: about.len(),
            n_tensors,
        });
        match shapes {
            Ok(shapes) => {
                let place = |(name, shape): (String, Vec<usize>)| {
                    (name.clone(), Place { file, written: name, shape })
                };
                let places = shapes.into_iter().map(place);
                self.places.extend(places);
            }
            Err(why) => self.problem(format!("{name}: {why}")),
        }
    }
}

fn format_of(name: &str) -> Option<WeightFormat> {
    let ending = Path::new(name).extension()?.to_str()?;
    ENDINGS.into_iter().find(|(it, _)| *it == ending).map(|(_, format)| format)
}

/// Why a file is no file of weights at all, by its first bytes.
fn refused_start(path: &Path) -> Option<String> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(64).read_to_end(&mut start).ok()?;
    if start.is_empty() {
        return Some("it is empty; download it again".to_owned());
    }
    if start.starts_with(b"version https://git-lfs") {
        return Some(
            "it is a Git LFS pointer, a few lines that stand for the file; download the file itself (git lfs pull)"
                .to_owned(),
        );
    }
    if start.trim_ascii_start().starts_with(b"<") {
        return Some(
            "it is a web page, not weights: the download may have asked for a login".to_owned(),
        );
    }
    None
}

/// Names and shapes in a file.
fn shapes_of(path: &Path, format: WeightFormat) -> Result<Vec<(String, Vec<usize>)>, Error> {
    match format {
        WeightFormat::Safetensors => checkpoint::shapes(path),
        WeightFormat::Torch => {
            let file = open_torch(path)?;
            let leaves = file.leaves(state_of(&file));
            let shape = |(name, leaf): (String, Value<'_>)| {
                leaf.as_tensor().map(|tensor| (name, tensor.shape().to_vec()))
            };
            Ok(leaves.into_iter().filter_map(shape).collect())
        }
    }
}

fn read_file(
    path: &Path,
    format: WeightFormat,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<NamedArray>, Error> {
    match format {
        WeightFormat::Safetensors => Ok(checkpoint::read_some(path, is_wanted)?.arrays),
        WeightFormat::Torch => {
            let file = open_torch(path)?;
            file.tensors_named(state_of(&file), is_wanted)
        }
    }
}

/// An archive of PyTorch; one that was cut off is told from what is none.
fn open_torch(path: &Path) -> Result<TorchCheckpoint, Error> {
    torch_checkpoint::open(path).map_err(|error| {
        let mut start = [0; 4];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
        match (read, &error) {
            (Ok(()), Error::Malformed { reason, .. })
                if start == *b"PK\x03\x04" && reason.contains("ZIP") =>
            {
                let reason = "it begins like an archive of PyTorch and has no end: it was not downloaded whole";
                crate::bytes::malformed(path, 0, reason)
            }
            _ => error,
        }
    })
}

fn state_of(file: &TorchCheckpoint) -> Value<'_> {
    let root = file.root();
    STATES.into_iter().find_map(|key| root.get(key)).unwrap_or(root)
}

/// Directions times their lengths, one for each index along the axis that both have in common: mostly the first.
fn normalised(mut directions: NamedArray, lengths: &NamedArray) -> NamedArray {
    let axis = lengths.shape.iter().position(|n| *n != 1).unwrap_or(0);
    let n = directions.shape.get(axis).copied().unwrap_or(1).max(1);
    let step = directions.shape.iter().skip(axis + 1).product::<usize>().max(1);
    let mut squares = vec![0.0; n];
    for (i, row) in directions.values.chunks(step).enumerate() {
        squares[i % n] += row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    }
    let scales = lengths.values.iter().zip(squares);
    let scales: Vec<f32> =
        scales.map(|(length, square)| (f64::from(*length) / square.sqrt()) as f32).collect();
    for (i, row) in directions.values.chunks_mut(step).enumerate() {
        let scale = scales.get(i % n).copied().unwrap_or(1.0);
        row.iter_mut().for_each(|x| *x *= scale);
    }
    directions
}
