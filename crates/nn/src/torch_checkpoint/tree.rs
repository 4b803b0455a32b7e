//! Checkpoints as plain values with their numbers: what is read, changed and written.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::sync::Arc;

use zip::ZipArchive;

use super::pickle::{NODES_MAX, Node, NodeId};
use super::{
    DEPTH_MAX, EXPANSION_MAX, TensorPlace, TorchCheckpoint, Value, malformed, open_archive,
};
use crate::bytes::ElementType;
use crate::{Error, NamedArray};

/// A value of a checkpoint with all that is in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Python's `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// A list.
    List(Vec<Tree>),
    /// A tuple.
    Tuple(Vec<Tree>),
    /// A dictionary, in its order.
    Dict(Vec<(Tree, Tree)>),
    /// A `collections.OrderedDict`, which state dicts are.
    OrderedDict(Vec<(Tree, Tree)>),
    /// A tensor.
    Tensor(Tensor),
    /// An object of a class that is not known here; such cannot be written.
    Object {
        /// The class or function.
        class: Arc<str>,
        /// The arguments of the call.
        arguments: Vec<Tree>,
        /// Its entries as a dictionary.
        entries: Vec<(Tree, Tree)>,
        /// Its state, set after the call.
        state: Option<Box<Tree>>,
    },
    /// Bytes, a class, a very large number: something that is not read; such cannot be written.
    Opaque,
}

/// A tensor with its numbers, in C order and in the type of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub(super) element: ElementType,
    pub(super) shape: Vec<usize>,
    /// Little-endian; shared by tensors that share their storage.
    pub(super) bytes: Arc<Vec<u8>>,
}

impl Tensor {
    /// A tensor of 32-bit floats.
    ///
    /// # Panics
    /// When there are not as many values as the shape says.
    #[must_use]
    pub fn from_floats(shape: &[usize], values: &[f32]) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "the shape is of other values");
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { element: ElementType::F32, shape: shape.to_vec(), bytes: Arc::new(bytes) }
    }

    /// A tensor of 64-bit whole numbers.
    ///
    /// # Panics
    /// When there are not as many values as the shape says.
    #[must_use]
    pub fn from_ints(shape: &[usize], values: &[i64]) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "the shape is of other values");
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { element: ElementType::I64, shape: shape.to_vec(), bytes: Arc::new(bytes) }
    }

    /// Its extents, slowest first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its numbers as 32-bit floats, in C order.
    #[must_use]
    pub fn values(&self) -> Vec<f32> {
        self.element.decode(&self.bytes)
    }

    /// Its numbers, in C order, if they are 64-bit whole ones.
    #[must_use]
    pub fn ints(&self) -> Option<Vec<i64>> {
        let numbers = self.bytes.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
        (self.element == ElementType::I64).then(|| numbers.collect())
    }
}

impl Tree {
    /// Text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// A dictionary with texts for keys.
    #[must_use]
    pub fn dict<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Dict(entries.into_iter().map(|(key, value)| (Self::text(key), value)).collect())
    }

    /// The state dict of named arrays, as 32-bit floats.
    #[must_use]
    pub fn state_dict(arrays: &[NamedArray]) -> Self {
        let tensor = |it: &NamedArray| Self::Tensor(Tensor::from_floats(&it.shape, &it.values));
        Self::OrderedDict(arrays.iter().map(|it| (Self::text(&it.name), tensor(it))).collect())
    }

    /// The keys and values of a dictionary, or of an object; nothing for others.
    #[must_use]
    pub fn entries(&self) -> &[(Self, Self)] {
        match self {
            Self::Dict(entries) | Self::OrderedDict(entries) | Self::Object { entries, .. } => {
                entries
            }
            _ => &[],
        }
    }

    /// The value of a key, if it is a dictionary that has it; the last of several.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let fits = |found: &Self| matches!(found, Self::Text(text) if **text == *key);
        self.entries().iter().rev().find(|(found, _)| fits(found)).map(|(_, value)| value)
    }

    /// The value of a key to be changed, if it is a dictionary that has it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let (Self::Dict(entries) | Self::OrderedDict(entries)) = self else { return None };
        let fits = |found: &Self| matches!(found, Self::Text(text) if **text == *key);
        entries.iter_mut().rev().find(|(found, _)| fits(found)).map(|(_, value)| value)
    }
}

impl TorchCheckpoint {
    /// A part of the checkpoint with its numbers; tensors of one storage share them.
    ///
    /// # Errors
    /// When numbers are missing, of another length or too many for such a file, or containers stand
    /// in each other without end.
    pub fn tree(&self, value: Value<'_>) -> Result<Tree, Error> {
        let mut reader = TreeReader {
            checkpoint: self,
            archive: open_archive(&self.path)?,
            storages: BTreeMap::new(),
            n_bytes_left: self.n_bytes.saturating_mul(EXPANSION_MAX),
            n_left: NODES_MAX,
        };
        reader.tree(value.id, DEPTH_MAX)
    }
}

struct TreeReader<'a, R: Read + Seek> {
    checkpoint: &'a TorchCheckpoint,
    archive: ZipArchive<R>,
    storages: BTreeMap<Arc<str>, Arc<Vec<u8>>>,
    n_bytes_left: u64,
    n_left: usize,
}

impl<R: Read + Seek> TreeReader<'_, R> {
    fn tree(&mut self, id: NodeId, depth: usize) -> Result<Tree, Error> {
        let bad = |reason: &str| malformed(&self.checkpoint.path, 0, reason);
        self.n_left = self.n_left.checked_sub(1).ok_or_else(|| bad("it has too many objects"))?;
        let depth =
            depth.checked_sub(1).ok_or_else(|| bad("containers stand too deep in containers"))?;
        Ok(match &self.checkpoint.pickle.nodes[id.0] {
            Node::None => Tree::None,
            Node::Bool(value) => Tree::Bool(*value),
            Node::Int(value) => Tree::Int(*value),
            Node::Float(value) => Tree::Float(*value),
            Node::Text(text) => Tree::Text(Arc::clone(text)),
            Node::List(items) => Tree::List(self.trees(items, depth)?),
            Node::Tuple(items) => Tree::Tuple(self.trees(items, depth)?),
            Node::Dict(entries) => Tree::Dict(self.pairs(entries, depth)?),
            Node::OrderedDict(entries) => Tree::OrderedDict(self.pairs(entries, depth)?),
            Node::Tensor(place) => Tree::Tensor(self.tensor(place)?),
            Node::Object { class, arguments, entries, state } => Tree::Object {
                class: Arc::clone(class),
                arguments: self.trees(arguments, depth)?,
                entries: self.pairs(entries, depth)?,
                state: state.map(|state| self.tree(state, depth)).transpose()?.map(Box::new),
            },
            Node::Opaque | Node::Global(_) | Node::Storage(_) => Tree::Opaque,
        })
    }

    fn trees(&mut self, items: &[NodeId], depth: usize) -> Result<Vec<Tree>, Error> {
        items.iter().map(|&id| self.tree(id, depth)).collect()
    }

    fn pairs(
        &mut self,
        entries: &[(NodeId, NodeId)],
        depth: usize,
    ) -> Result<Vec<(Tree, Tree)>, Error> {
        let mut pairs = Vec::new();
        for &(key, value) in entries {
            pairs.push((self.tree(key, depth)?, self.tree(value, depth)?));
        }
        Ok(pairs)
    }

    fn tensor(&mut self, place: &TensorPlace) -> Result<Tensor, Error> {
        let storage = &place.storage;
        let bytes = match self.storages.get(&storage.key) {
            Some(bytes) => Arc::clone(bytes),
            None => {
                let bytes =
                    self.checkpoint.read_storage(&mut self.archive, storage, self.n_bytes_left)?;
                self.spend(bytes.len())?;
                let bytes = Arc::new(bytes);
                self.storages.insert(Arc::clone(&storage.key), Arc::clone(&bytes));
                bytes
            }
        };
        let (element, shape) = (storage.element, place.shape.clone());
        // Two storages of one key and different types could be of different lengths.
        if bytes.len() != storage.n_elements * element.size() {
            let reason = "two tensors give their storage different sizes";
            return Err(malformed(&self.checkpoint.path, 0, reason));
        }
        let n = shape.iter().product::<usize>() * element.size();
        if place.is_contiguous() && place.offset == 0 && n == bytes.len() {
            return Ok(Tensor { element, shape, bytes });
        }
        self.spend(n)?;
        let bytes = Arc::new(self.checkpoint.gather(&storage.key, place, &bytes)?);
        Ok(Tensor { element, shape, bytes })
    }

    fn spend(&mut self, n_bytes: usize) -> Result<(), Error> {
        let left = self.n_bytes_left.checked_sub(n_bytes as u64);
        let reason = "its tensors have too many numbers for such a file";
        self.n_bytes_left = left.ok_or_else(|| malformed(&self.checkpoint.path, 0, reason))?;
        Ok(())
    }
}
