//! PyTorch's checkpoints (`.ckpt`, `.pt`) and exported modules (`.ts`), read without running any of
//! the code in them, and checkpoints written.
//!
//! Such a file is a ZIP archive: `<stem>/data.pkl` is a pickle, the instructions of a small stack
//! machine that builds objects, and `<stem>/data/<key>` are the raw numbers. The machine here knows
//! containers, numbers, text and tensors; whatever else a pickle names becomes an object, a
//! name with its parts, and is never looked up or called.
//!
//! [`Value`] looks into an open file and reads nothing more; [`TorchCheckpoint::tree`] gives a part of
//! it, with its numbers, as a [`Tree`], which [`write()`] writes. [`TorchCheckpoint::leaves`] and
//! [`TorchCheckpoint::code`] are for exported modules: all attributes by their paths, and the text of
//! the code, where sizes that are no attributes can be read.
//!
//! Source: Python's `pickletools` for the instructions, `torch.save` of PyTorch 2.5 for the archive.

mod pickle;
mod script;
mod tree;
mod write;

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::bytes::malformed;
use crate::{Error, NamedArray};
use pickle::{Node, NodeId, Pickle};

pub use script::Code;
pub use tree::{Tensor, Tree};
pub use write::write;
pub(crate) use write::{module_pickle, write_archive};

/// Bounds `data.pkl`; one of a network of a thousand tensors has 100 kB.
const PICKLE_BYTES_MAX: u64 = 32 << 20;
/// Numbers may take this many bytes for each byte of the file: PyTorch does not compress them, but
/// other programs may, and networks share tensors.
const EXPANSION_MAX: u64 = 16;
/// Bounds how deep containers stand in containers.
const DEPTH_MAX: usize = 64;
/// Bounds the names that are joined of keys.
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
    refuse_legacy(path)?;
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
        self.tensors_named(value, |_| true)
    }

    /// Of all tensors in `value` those whose names are wanted; the others stay in the file.
    ///
    /// # Errors
    /// As [`Self::tensors`].
    pub fn tensors_named(
        &self,
        value: Value<'_>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<NamedArray>, Error> {
        let leaves = self.leaves(value).into_iter().filter(|(name, _)| is_wanted(name));
        let places: Vec<_> =
            leaves.filter_map(|(name, leaf)| Some((name, leaf.as_tensor()?))).collect();
        let mut archive = open_archive(&self.path)?;
        let mut budget = self.n_bytes.saturating_mul(EXPANSION_MAX);
        let mut cached: Option<(pickle::Storage, Vec<u8>)> = None;
        let mut arrays = Vec::with_capacity(places.len());
        for (name, place) in places {
            let n_bytes = place.shape.iter().product::<usize>() as u64 * 4;
            budget = budget.checked_sub(n_bytes).ok_or_else(|| {
                malformed(
                    &self.path,
                    0,
                    format!("its tensors up to `{name}` have too many numbers"),
                )
            })?;
            if cached.as_ref().is_none_or(|(storage, _)| *storage != place.storage) {
                let bytes = self.read_storage(&mut archive, &place.storage, budget)?;
                cached = Some((place.storage.clone(), bytes));
            }
            let bytes = cached.as_ref().map_or(&[][..], |(_, bytes)| bytes);
            arrays.push(self.place(name, place, bytes)?);
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

    fn place(&self, name: String, place: &TensorPlace, bytes: &[u8]) -> Result<NamedArray, Error> {
        let element = place.storage.element;
        let values = match place.contiguous_bytes() {
            Some(part) => element.decode(&bytes[part]),
            None => element.decode(&self.gather(&name, place, bytes)?),
        };
        Ok(NamedArray { name, shape: place.shape.clone(), values })
    }

    /// Copies the elements of a tensor out of its storage into C order; `name` is for messages.
    fn gather(&self, name: &str, place: &TensorPlace, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        if let Some(part) = place.contiguous_bytes() {
            return Ok(bytes[part].to_vec());
        }
        let size = place.storage.element.size();
        let n = place.shape.iter().product::<usize>();
        // Only views that repeat elements can be larger than their storage; a checkpoint has none.
        if n * size > bytes.len() {
            let reason = format!("tensor `{name}` repeats its numbers");
            return Err(malformed(&self.path.join(self.member(&place.storage)), 0, reason));
        }
        let mut gathered = Vec::with_capacity(n * size);
        let mut index = vec![0; place.shape.len()];
        for _ in 0..n {
            let at: usize = index.iter().zip(&place.strides).map(|(i, stride)| i * stride).sum();
            let at = (place.offset + at) * size;
            gathered.extend(&bytes[at..at + size]);
            for (i, &extent) in index.iter_mut().zip(&place.shape).rev() {
                *i += 1;
                if *i < extent {
                    break;
                }
                *i = 0;
            }
        }
        Ok(gathered)
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

    /// The location of its numbers, if it is a tensor.
    #[must_use]
    pub fn as_tensor(&self) -> Option<&'a TensorPlace> {
        match self.node() {
            Node::Tensor(place) => Some(place),
            _ => None,
        }
    }

    /// The value of a key, if it is a dictionary (or an object with such a state) that has it; the last
    /// of several.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        let entries = self.entries();
        entries.filter(|(found, _)| found.as_str() == Some(key)).map(|(_, value)| value).last()
    }

    /// The value that is reached by keys (or positions in lists) joined with dots, as
    /// [`TorchCheckpoint::leaves`] names it; keys may have dots themselves.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<Value<'a>> {
        let (mut value, mut rest) = (*self, path);
        for _ in 0..DEPTH_MAX {
            let mut best: Option<(usize, Value<'a>)> = None;
            let mut try_key = |key: &str, part: Value<'a>| {
                let is_next =
                    rest.strip_prefix(key).is_some_and(|it| it.is_empty() || it.starts_with('.'));
                if is_next && best.is_none_or(|(n, _)| n <= key.len()) {
                    best = Some((key.len(), part));
                }
            };
            for (key, part) in value.entries() {
                match (key.as_str(), key.as_int()) {
                    (Some(key), _) => try_key(key, part),
                    (None, Some(key)) => try_key(&key.to_string(), part),
                    (None, None) => {}
                }
            }
            let position = rest.split('.').next().and_then(|it| it.parse::<usize>().ok());
            if let (Node::List(_) | Node::Tuple(_), Some(i)) = (value.node(), position) {
                try_key(&i.to_string(), value.items().nth(i)?);
            }
            let (n, part) = best?;
            if n == rest.len() {
                return Some(part);
            }
            (value, rest) = (part, &rest[n + 1..]);
        }
        None
    }

    /// The keys and values of a dictionary, or of an object and its state; nothing for others.
    pub fn entries(&self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> + use<'a> {
        let pickle = self.pickle;
        let own = match self.node() {
            Node::Dict(pairs) | Node::OrderedDict(pairs) | Node::Object { entries: pairs, .. } => {
                pairs.as_slice()
            }
            _ => &[],
        };
        let of_state = match self.node() {
            Node::Object { state: Some(state), .. } => match &pickle.nodes[state.0] {
                Node::Dict(pairs) | Node::OrderedDict(pairs) => pairs.as_slice(),
                _ => &[],
            },
            _ => &[],
        };
        own.iter()
            .chain(of_state)
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
        // The bytes of its numbers can be counted: no element has more than eight.
        shape.iter().try_fold(8usize, |n, &extent| n.checked_mul(extent.max(1)))?;
        let n_elements = storage.n_elements;
        let place = Self { storage, offset, shape, strides };
        let mut last = offset;
        for (&extent, &stride) in place.shape.iter().zip(&place.strides) {
            last = last.checked_add(extent.saturating_sub(1).checked_mul(stride)?)?;
        }
        let is_empty = place.shape.contains(&0);
        ((is_empty && offset <= n_elements) || last < n_elements).then_some(place)
    }

    /// Which bytes of the storage it is, if it lies there in one piece.
    fn contiguous_bytes(&self) -> Option<std::ops::Range<usize>> {
        let (size, n) = (self.storage.element.size(), self.shape.iter().product::<usize>());
        self.is_contiguous().then(|| self.offset * size..(self.offset + n) * size)
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

fn open_archive(path: &Path) -> Result<ZipArchive<BufReader<File>>, Error> {
    let file = File::open(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    ZipArchive::new(BufReader::new(file))
        .map_err(|error| malformed(path, 0, format!("it is not a ZIP archive: {error}")))
}

/// Refuses the format of PyTorch before 1.6, a bare pickle that starts with this number.
fn refuse_legacy(path: &Path) -> Result<(), Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut head = [0; 4];
    let n = File::open(path).map_err(io)?.read(&mut head).map_err(io)?;
    if n == 4 && head == [0x80, 0x02, 0x8a, 0x0a] {
        let what = "the format of PyTorch before 1.6".to_owned();
        return Err(Error::Unsupported { path: path.to_owned(), what });
    }
    Ok(())
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
