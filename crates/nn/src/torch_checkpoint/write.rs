//! Writing checkpoints that `torch.load` reads, also with `weights_only=True`.
//!
//! The archive is laid out as `torch.save` of PyTorch 2.5 does it: members stored without compression,
//! numbers aligned to 64 bytes, a pickle of protocol 2. The same tree gives the same bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::DEPTH_MAX;
use super::tree::{Tensor, Tree};
use crate::Error;
use crate::bytes::ElementType;
use crate::torch_script::Attribute;

/// PyTorch aligns the numbers of every tensor to this.
const ALIGNMENT: u16 = 64;

/// Writes a checkpoint whole or not at all: to a temporary file beside it, synced, then renamed.
///
/// # Errors
/// When the folder cannot be written or is full, and then `path` is as it was; when the tree holds what
/// PyTorch would have to run code for, or is too deep.
pub fn write(path: &Path, tree: &Tree) -> Result<(), Error> {
    let mut pickle = Pickler { bytes: vec![0x80, 2], storages: Vec::new(), keys: BTreeMap::new() };
    pickle
        .value(tree, DEPTH_MAX)
        .map_err(|what| Error::Unsupported { path: path.to_owned(), what })?;
    pickle.bytes.push(b'.');
    let Pickler { bytes, storages, .. } = pickle;
    crate::whole::write(path, |beside| {
        let first = [("data.pkl", &bytes[..]), ("byteorder", b"little")];
        let data = storages.iter().enumerate();
        let data = data.map(|(key, bytes)| (format!("data/{key}"), &bytes[..]));
        let first = first.into_iter().map(|(name, bytes)| (name.to_owned(), bytes));
        let version = [("version".to_owned(), &b"3\n"[..])];
        write_archive(beside, first.chain(data).chain(version))
    })
}

/// An archive of these members, as PyTorch lays it out.
pub(crate) fn write_archive<'a>(
    path: &Path,
    members: impl Iterator<Item = (String, &'a [u8])>,
) -> std::io::Result<()> {
    let mut archive = ZipWriter::new(BufWriter::with_capacity(1 << 20, File::create(path)?));
    let stored = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .with_alignment(ALIGNMENT);
    for (name, bytes) in members {
        let is_large = bytes.len() as u64 >= u64::from(u32::MAX);
        archive.start_file(format!("archive/{name}"), stored.large_file(is_large))?;
        archive.write_all(bytes)?;
    }
    archive.finish()?.into_inner()?.sync_all()
}

/// A pickle, and the numbers of the tensors in it by their keys.
pub(crate) struct Pickled {
    pub(crate) bytes: Vec<u8>,
    pub(crate) storages: Vec<Arc<Vec<u8>>>,
}

/// The pickle of an object of `class` (its module, a line break, its name, a line break) with these
/// attributes, as modules have it, and the storages of its tensors.
pub(crate) fn module_pickle(
    class: &str,
    attributes: &[(String, Attribute)],
) -> Result<Pickled, String> {
    let mut pickle = Pickler { bytes: vec![0x80, 2], storages: Vec::new(), keys: BTreeMap::new() };
    pickle.module(class, attributes)?;
    pickle.bytes.push(b'.');
    Ok(Pickled { bytes: pickle.bytes, storages: pickle.storages })
}

/// A pickle being written, and the storages that it refers to by their positions.
struct Pickler {
    bytes: Vec<u8>,
    storages: Vec<Arc<Vec<u8>>>,
    /// Positions of storages by where they lie in memory.
    keys: BTreeMap<usize, usize>,
}

impl Pickler {
    /// Appends an object of a class with these attributes.
    fn module(&mut self, class: &str, attributes: &[(String, Attribute)]) -> Result<(), String> {
        self.bytes.push(b'c');
        self.bytes.extend(class.as_bytes());
        self.bytes.extend(b")\x81}(");
        for (name, value) in attributes {
            self.text(name)?;
            self.attribute(value)?;
        }
        for (name, value) in
            [("training", Tree::Bool(false)), ("_is_full_backward_hook", Tree::None)]
        {
            self.text(name)?;
            self.value(&value, 1)?;
        }
        self.bytes.extend(b"ub");
        Ok(())
    }

    fn attribute(&mut self, value: &Attribute) -> Result<(), String> {
        match value {
            Attribute::Part(attributes) => self.module("__torch__\nPart\n", attributes)?,
            Attribute::Bool(value) => self.value(&Tree::Bool(*value), 1)?,
            Attribute::Int(value) => self.value(&Tree::Int(*value), 1)?,
            Attribute::Float(value) => self.value(&Tree::Float(*value), 1)?,
            Attribute::Tensor(tensor) => self.tensor(tensor)?,
            Attribute::Texts(texts) => {
                let texts = texts.iter().map(|text| Tree::text(text)).collect();
                self.bytes.extend(b"ctorch.jit._pickle\nrestore_type_tag\n(");
                self.value(&Tree::List(texts), 2)?;
                self.text("List[str]")?;
                self.bytes.extend(b"tR");
            }
        }
        Ok(())
    }

    /// Appends a value; the error says what cannot be written.
    fn value(&mut self, tree: &Tree, depth: usize) -> Result<(), String> {
        let depth = depth.checked_sub(1).ok_or("a tree so deep")?;
        match tree {
            Tree::None => self.bytes.push(b'N'),
            Tree::Bool(value) => self.bytes.push(if *value { 0x88 } else { 0x89 }),
            Tree::Int(value) => self.int(*value),
            Tree::Float(value) => {
                self.bytes.push(b'G');
                self.bytes.extend(value.to_be_bytes());
            }
            Tree::Text(text) => self.text(text)?,
            Tree::List(items) => {
                self.bytes.push(b']');
                self.marked(items, b'e', depth)?;
            }
            Tree::Tuple(items) if items.is_empty() => self.bytes.push(b')'),
            Tree::Tuple(items) => self.marked(items, b't', depth)?,
            Tree::Dict(entries) => {
                self.bytes.push(b'}');
                self.entries(entries, depth)?;
            }
            Tree::OrderedDict(entries) => {
                self.bytes.extend(b"ccollections\nOrderedDict\n)R");
                self.entries(entries, depth)?;
            }
            Tree::Tensor(tensor) => self.tensor(tensor)?,
            Tree::Object { class, .. } => return Err(format!("an object of the class {class}")),
            Tree::Opaque => return Err("what could not be read itself".to_owned()),
        }
        Ok(())
    }

    fn int(&mut self, value: i64) {
        if let Ok(value) = u8::try_from(value) {
            self.bytes.extend([b'K', value]);
        } else if let Ok(value) = i32::try_from(value) {
            self.bytes.push(b'J');
            self.bytes.extend(value.to_le_bytes());
        } else {
            self.bytes.extend([0x8a, 8]);
            self.bytes.extend(value.to_le_bytes());
        }
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        let n = u32::try_from(text.len()).map_err(|_| "a text of 4 GiB")?;
        self.bytes.push(b'X');
        self.bytes.extend(n.to_le_bytes());
        self.bytes.extend(text.as_bytes());
        Ok(())
    }

    fn marked(&mut self, items: &[Tree], end: u8, depth: usize) -> Result<(), String> {
        if !items.is_empty() {
            self.bytes.push(b'(');
            items.iter().try_for_each(|item| self.value(item, depth))?;
            self.bytes.push(end);
        }
        Ok(())
    }

    fn entries(&mut self, entries: &[(Tree, Tree)], depth: usize) -> Result<(), String> {
        if !entries.is_empty() {
            self.bytes.push(b'(');
            for (key, value) in entries {
                self.value(key, depth)?;
                self.value(value, depth)?;
            }
            self.bytes.push(b'u');
        }
        Ok(())
    }

    /// `_rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)`.
    fn tensor(&mut self, tensor: &Tensor) -> Result<(), String> {
        let next = self.storages.len();
        let key = *self.keys.entry(Arc::as_ptr(&tensor.bytes) as usize).or_insert(next);
        if key == next {
            self.storages.push(Arc::clone(&tensor.bytes));
        }
        self.bytes.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        self.text("storage")?;
        self.bytes.extend(format!("ctorch\n{}\n", storage_class(tensor.element)).as_bytes());
        self.text(&key.to_string())?;
        self.text("cpu")?;
        self.int((tensor.bytes.len() / tensor.element.size()) as i64);
        self.bytes.extend(b"tQK\0");
        self.extents(&tensor.shape);
        let mut strides = vec![1; tensor.shape.len()];
        for i in (1..tensor.shape.len()).rev() {
            strides[i - 1] = strides[i] * tensor.shape[i].max(1);
        }
        self.extents(&strides);
        self.bytes.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        Ok(())
    }

    fn extents(&mut self, extents: &[usize]) {
        if extents.is_empty() {
            self.bytes.push(b')');
            return;
        }
        self.bytes.push(b'(');
        extents.iter().for_each(|&extent| self.int(extent as i64));
        self.bytes.push(b't');
    }
}

fn storage_class(element: ElementType) -> &'static str {
    match element {
        ElementType::F32 => "FloatStorage",
        ElementType::F64 => "DoubleStorage",
        ElementType::F16 => "HalfStorage",
        ElementType::BF16 => "BFloat16Storage",
        ElementType::I64 => "LongStorage",
        ElementType::I32 => "IntStorage",
        ElementType::I16 => "ShortStorage",
        ElementType::I8 => "CharStorage",
        ElementType::U8 => "ByteStorage",
        ElementType::Bool => "BoolStorage",
    }
}
