//! PyTorch's checkpoints (`.ckpt`, `.pt`), read without running any of the code in them.
//!
//! Such a file is a ZIP archive: `<stem>/data.pkl` is a pickle, the instructions of a small stack
//! machine that builds objects, and `<stem>/data/<key>` are the raw numbers. The machine here knows
//! containers, numbers, text and tensors; whatever else a pickle names becomes [`Value::Object`], a
//! name with its parts, and is never looked up or called.
//!
//! Source: Python's `pickletools` for the instructions, `torch.save` of PyTorch 2.5 for the archive.

mod pickle;

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::ZipArchive;

use crate::bytes::malformed;
use crate::{Error, NamedArray};
use pickle::{Node, NodeId, Pickle};

/// Bounds `data.pkl`; one of a network of a thousand tensors has 100 kB.
const PICKLE_BYTES_MAX: u64 = 32 << 20;
/// Numbers may take this many bytes for each byte of the file: PyTorch does not compress them, but
/// other programs may, and networks share tensors.
const EXPANSION_MAX: u64 = 64;
/// Bounds how deep [`TorchCheckpoint::tensors`] goes into containers.
const DEPTH_MAX: usize = 32;
/// Bounds the names that [`TorchCheckpoint::tensors`] makes.
const NAME_BYTES_MAX: usize = 1024;

/// An open checkpoint: its objects in memory, its numbers still in the file.
pub struct TorchCheckpoint {
    path: PathBuf,
    n_bytes: u64,
    /// The folder inside the archive, with its `/`.
    stem: String,
    pickle: Pickle,
}

/// An object of a checkpoint, or a part of one.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    pickle: &'a Pickle,
    id: NodeId,
}

/// A tensor of a checkpoint: where its numbers lie and how they are laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorPlace {
    storage: pickle::Storage,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// Opens a checkpoint and reads its objects, not yet its numbers.
///
/// # Errors
/// When the file cannot be opened, is not such an archive, or is damaged: the error names the byte of
/// the pickle.
pub fn open(path: &Path) -> Result<TorchCheckpoint, Error> {
    let mut archive = open_archive(path)?;
    let suffix = "data.pkl";
    let stem = archive
        .file_names()
        .filter_map(|name| name.strip_suffix(suffix))
        .find(|stem| stem.is_empty() || (stem.ends_with('/') && stem.matches('/').count() == 1))
        .map(str::to_owned)
        .ok_or_else(|| malformed(path, 0, "the archive holds no data.pkl"))?;
    if let Ok(order) = read_member(&mut archive, &format!("{stem}byteorder"), 16, path)
        && order.trim_ascii() != b"little"
    {
        return Err(Error::Unsupported { path: path.to_owned(), what: "big-endian".to_owned() });
    }
    let member = format!("{stem}{suffix}");
    let bytes = read_member(&mut archive, &member, PICKLE_BYTES_MAX, path)?;
    let pickle = pickle::read(&bytes, &path.join(member))?;
    let n_bytes =
        std::fs::metadata(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    Ok(TorchCheckpoint { path: path.to_owned(), n_bytes: n_bytes.len(), stem, pickle })
}

impl TorchCheckpoint {
    /// The outermost object, for a training checkpoint a dictionary.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value { pickle: &self.pickle, id: self.pickle.root }
    }

    /// The tensors of `state_dict`, or of the whole file if it is a bare one, in the order of the file.
    ///
    /// # Errors
    /// When there is no dictionary of tensors, or the numbers of one are missing or of another length.
    pub fn state_dict(&self) -> Result<Vec<NamedArray>, Error> {
        let root = self.root();
        self.tensors(root.get("state_dict").unwrap_or(root))
    }

    /// All tensors in `value`, named by their keys joined with dots, in the order of the file.
    ///
    /// # Errors
    /// When the numbers of one are missing or of another length, or are too many for such a file.
    pub fn tensors(&self, value: Value<'_>) -> Result<Vec<NamedArray>, Error> {
        let mut walk = Walk { places: Vec::new(), n_left: pickle::NODES_MAX };
        walk.collect(value, &mut String::new(), DEPTH_MAX);
        let mut archive = open_archive(&self.path)?;
        let mut budget = self.n_bytes.saturating_mul(EXPANSION_MAX);
        let mut cached: Option<(Arc<str>, Vec<u8>)> = None;
        let mut arrays = Vec::with_capacity(walk.places.len());
        for (name, place) in walk.places {
            let n_bytes = place.shape.iter().product::<usize>() as u64 * 4;
            budget = budget.checked_sub(n_bytes).ok_or_else(|| {
                malformed(
                    &self.path,
                    0,
                    format!("its tensors up to `{name}` have too many numbers"),
                )
            })?;
            if cached.as_ref().is_none_or(|(key, _)| *key != place.storage.key) {
                let bytes = self.read_storage(&mut archive, &place.storage, budget)?;
                cached = Some((Arc::clone(&place.storage.key), bytes));
            }
            let bytes = cached.as_ref().map_or(&[][..], |(_, bytes)| bytes);
            arrays.push(self.place(name, &place, bytes)?);
        }
        Ok(arrays)
    }

    fn member(&self, storage: &pickle::Storage) -> String {
        format!("{}data/{}", self.stem, storage.key)
    }

    fn read_storage(
        &self,
        archive: &mut ZipArchive<impl Read + Seek>,
        storage: &pickle::Storage,
        n_max: u64,
    ) -> Result<Vec<u8>, Error> {
        let member = self.member(storage);
        let expected = (storage.n_elements as u64).saturating_mul(storage.element.size() as u64);
        let bytes = read_member(archive, &member, expected.min(n_max), &self.path)?;
        if bytes.len() as u64 != expected {
            let reason = format!("{} bytes where {expected} were promised", bytes.len());
            return Err(malformed(&self.path.join(member), bytes.len() as u64, reason));
        }
        Ok(bytes)
    }

    /// Copies the elements of a tensor out of its storage into C order.
    fn place(&self, name: String, place: &TensorPlace, bytes: &[u8]) -> Result<NamedArray, Error> {
        let size = place.storage.element.size();
        let n = place.shape.iter().product::<usize>();
        if place.is_contiguous() {
            let bytes = &bytes[place.offset * size..(place.offset + n) * size];
            let values = place.storage.element.decode(bytes);
            return Ok(NamedArray { name, shape: place.shape.clone(), values });
        }
        // Only views that repeat elements can be larger than their storage; a checkpoint has none.
        if n * size > bytes.len() {
            let reason = format!("tensor `{name}` repeats its numbers");
            return Err(malformed(&self.path.join(self.member(&place.storage)), 0, reason));
        }
        let all = place.storage.element.decode(bytes);
        let mut values = Vec::with_capacity(n);
        let mut index = vec![0; place.shape.len()];
        for _ in 0..n {
            let at: usize = index.iter().zip(&place.strides).map(|(i, stride)| i * stride).sum();
            values.push(all[place.offset + at]);
            for (i, &extent) in index.iter_mut().zip(&place.shape).rev() {
                *i += 1;
                if *i < extent {
                    break;
                }
                *i = 0;
            }
        }
        Ok(NamedArray { name, shape: place.shape.clone(), values })
    }
}

impl<'a> Value<'a> {
    /// The number, if it is a whole one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self.node() {
            Node::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_float(&self) -> Option<f64> {
        match self.node() {
            Node::Float(value) => Some(*value),
            Node::Int(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.node() {
            Node::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        match self.node() {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name of the class or function, if it is an object of a kind that is not known here.
    #[must_use]
    pub fn class(&self) -> Option<&'a str> {
        match self.node() {
            Node::Object { class, .. } | Node::Global(class) => Some(class),
            _ => None,
        }
    }

    /// Where its numbers are, if it is a tensor.
    #[must_use]
    pub fn as_tensor(&self) -> Option<&'a TensorPlace> {
        match self.node() {
            Node::Tensor(place) => Some(place),
            _ => None,
        }
    }

    /// The value of a key, if it is a dictionary (or an object with such a state) that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        let mut entries = self.entries();
        entries.find(|(found, _)| found.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// The keys and values of a dictionary, or of the state of an object; nothing for others.
    pub fn entries(&self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> + use<'a> {
        let pickle = self.pickle;
        let pairs = match self.node() {
            Node::Dict(pairs) => pairs.as_slice(),
            Node::Object { state: Some(state), .. } => match &pickle.nodes[state.0] {
                Node::Dict(pairs) => pairs.as_slice(),
                _ => &[],
            },
            _ => &[],
        };
        pairs
            .iter()
            .map(move |&(key, value)| (Value { pickle, id: key }, Value { pickle, id: value }))
    }

    /// The items of a list, tuple or set, or the arguments of an object; nothing for others.
    pub fn items(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let pickle = self.pickle;
        let items = match self.node() {
            Node::List(items) | Node::Tuple(items) => items.as_slice(),
            Node::Object { arguments, .. } => arguments.as_slice(),
            _ => &[],
        };
        items.iter().map(move |&id| Value { pickle, id })
    }

    fn node(&self) -> &'a Node {
        &self.pickle.nodes[self.id.0]
    }
}

impl TensorPlace {
    /// Its extents, slowest first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Checks that every element lies in the storage.
    fn new(
        storage: pickle::Storage,
        offset: usize,
        shape: Vec<usize>,
        strides: Vec<usize>,
    ) -> Option<Self> {
        if shape.len() != strides.len() || shape.len() > 16 {
            return None;
        }
        shape.iter().try_fold(1usize, |n, &extent| n.checked_mul(extent.max(1)))?;
        let n_elements = storage.n_elements;
        let place = Self { storage, offset, shape, strides };
        let mut last = offset;
        for (&extent, &stride) in place.shape.iter().zip(&place.strides) {
            last = last.checked_add(extent.saturating_sub(1).checked_mul(stride)?)?;
        }
        let is_empty = place.shape.contains(&0);
        ((is_empty && offset <= n_elements) || last < n_elements).then_some(place)
    }

    fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for (&extent, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if extent != 1 && stride != expected {
                return self.shape.contains(&0);
            }
            expected *= extent;
        }
        true
    }
}

/// A walk through containers, with a bound on its steps: shared containers can be met very often.
struct Walk {
    places: Vec<(String, TensorPlace)>,
    n_left: usize,
}

impl Walk {
    fn collect(&mut self, value: Value<'_>, name: &mut String, depth: usize) {
        if let Some(place) = value.as_tensor() {
            self.places.push((name.clone(), place.clone()));
            return;
        }
        for (key, value) in value.entries() {
            match (key.as_str(), key.as_int()) {
                (Some(key), _) => self.collect_part(value, name, key, depth),
                (None, Some(key)) => self.collect_part(value, name, &key.to_string(), depth),
                (None, None) => self.collect_part(value, name, "?", depth),
            }
            if self.n_left == 0 {
                return;
            }
        }
        if matches!(value.node(), Node::List(_) | Node::Tuple(_)) {
            for (i, item) in value.items().enumerate() {
                self.collect_part(item, name, &i.to_string(), depth);
                if self.n_left == 0 {
                    return;
                }
            }
        }
    }

    fn collect_part(&mut self, value: Value<'_>, name: &mut String, key: &str, depth: usize) {
        self.n_left = self.n_left.saturating_sub(1);
        let n = name.len();
        if depth == 0 || n + key.len() >= NAME_BYTES_MAX {
            return;
        }
        if n > 0 {
            name.push('.');
        }
        name.push_str(key);
        self.collect(value, name, depth - 1);
        name.truncate(n);
    }
}

fn open_archive(path: &Path) -> Result<ZipArchive<BufReader<File>>, Error> {
    let file = File::open(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    ZipArchive::new(BufReader::new(file))
        .map_err(|error| malformed(path, 0, format!("it is not a ZIP archive: {error}")))
}

/// The bytes of a member, which must not be more than `n_max`.
fn read_member(
    archive: &mut ZipArchive<impl Read + Seek>,
    member: &str,
    n_max: u64,
    path: &Path,
) -> Result<Vec<u8>, Error> {
    let place = path.join(member);
    let entry = archive
        .by_name(member)
        .map_err(|error| malformed(&place, 0, format!("it cannot be found: {error}")))?;
    let mut bytes = Vec::new();
    entry
        .take(n_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| malformed(&place, 0, format!("it cannot be unpacked: {error}")))?;
    if bytes.len() as u64 > n_max {
        return Err(malformed(&place, n_max, format!("it has more than {n_max} bytes")));
    }
    Ok(bytes)
}
