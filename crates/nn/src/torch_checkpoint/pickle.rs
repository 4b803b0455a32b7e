//! The stack machine of Python's pickles, over plain values and with a bound on everything.
//!
//! Objects live in one list and refer to each other by position, so shared and circular objects cost
//! what they cost in the file and nothing recurses. What a byte of input can add is bounded, and so is
//! the number of objects.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::TensorPlace;
use crate::Error;
use crate::bytes::{ElementType, malformed};

/// Bounds the objects of one pickle; one of a network of a thousand tensors makes 20,000.
pub(super) const NODES_MAX: usize = 1 << 20;
/// Bounds the names of classes and storages.
const NAME_BYTES_MAX: usize = 256;

/// The objects that a pickle built.
pub(super) struct Pickle {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
}

/// The position of an object in [`Pickle::nodes`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NodeId(pub(super) usize);

/// One object.
pub(super) enum Node {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    /// Bytes, long integers: carried by position only.
    Opaque,
    /// Also a set.
    List(Vec<NodeId>),
    Tuple(Vec<NodeId>),
    Dict(Vec<(NodeId, NodeId)>),
    OrderedDict(Vec<(NodeId, NodeId)>),
    Global(Arc<str>),
    Storage(Storage),
    Tensor(TensorPlace),
    Object {
        class: Arc<str>,
        arguments: Vec<NodeId>,
        /// Its entries as a dictionary.
        entries: Vec<(NodeId, NodeId)>,
        state: Option<NodeId>,
    },
}

/// Numbers of one type in a member of the archive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Storage {
    pub(super) element: ElementType,
    pub(super) key: Arc<str>,
    pub(super) n_elements: usize,
}

/// Runs the instructions; `path` is for messages.
pub(super) fn read(bytes: &[u8], path: &Path) -> Result<Pickle, Error> {
    let mut machine = Machine {
        bytes,
        at: 0,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: BTreeMap::new(),
    };
    loop {
        let start = machine.at;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => return Ok(Pickle { nodes: machine.nodes, root }),
            Err(reason) => return Err(malformed(path, start as u64, reason)),
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    stack: Vec<NodeId>,
    /// Heights of the stack at the marks.
    marks: Vec<usize>,
    memo: BTreeMap<u32, NodeId>,
}

type Reason = &'static str;

impl Machine<'_> {
    /// Runs one instruction; gives the result of the whole at the last.
    fn step(&mut self) -> Result<Option<NodeId>, Reason> {
        match self.byte()? {
            // Protocol and frame: how the rest was written, which we see for ourselves.
            0x80 => self.skip(1)?,
            0x95 => self.skip(8)?,
            b'.' => return Ok(Some(self.pop()?)),

            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = *self.stack.last().ok_or(EMPTY)?;
                self.stack.push(top);
            }

            b'N' => self.push(Node::None)?,
            0x88 => self.push(Node::Bool(true))?,
            0x89 => self.push(Node::Bool(false))?,
            b'K' => self.push_int(1)?,
            b'M' => self.push_int(2)?,
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Node::Int(i64::from(value)))?;
            }
            0x8a => {
                let n = self.length(1)?;
                self.push_long(n)?;
            }
            0x8b => {
                let n = self.length(4)?;
                self.push_long(n)?;
            }
            b'G' => {
                let value = f64::from_be_bytes(self.array()?);
                self.push(Node::Float(value))?;
            }

            0x8c | b'U' => self.push_text(1)?,
            b'X' | b'T' => self.push_text(4)?,
            0x8d => self.push_text(8)?,
            b'C' => self.push_opaque(1)?,
            b'B' => self.push_opaque(4)?,
            0x8e | 0x96 => self.push_opaque(8)?,

            b'}' => self.push(Node::Dict(Vec::new()))?,
            b']' | 0x8f => self.push(Node::List(Vec::new()))?,
            b')' => self.push(Node::Tuple(Vec::new()))?,
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Node::Tuple(items))?;
            }
            0x85..=0x87 => {
                let n = usize::from(self.bytes[self.at - 1] - 0x84);
                let items = self.stack.split_off(self.stack.len().checked_sub(n).ok_or(EMPTY)?);
                self.push(Node::Tuple(items))?;
            }
            b'l' | 0x91 => {
                let items = self.pop_to_mark()?;
                self.push(Node::List(items))?;
            }
            b'd' => {
                let items = self.pop_to_mark()?;
                self.push(Node::Dict(pairs(&items)?))?;
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_to_mark()?;
                self.append(items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(vec![(key, value)])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.set_items(pairs(&items)?)?;
            }

            b'q' => {
                let key = u32::from(self.byte()?);
                self.remember(key)?;
            }
            b'r' => {
                let key = u32::from_le_bytes(self.array()?);
                self.remember(key)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let key = u32::from(self.byte()?);
                self.recall(key)?;
            }
            b'j' => {
                let key = u32::from_le_bytes(self.array()?);
                self.recall(key)?;
            }

            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push_global(&module, &name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (self.name(module)?, self.name(name)?);
                self.push_global(&module, &name)?;
            }
            b'R' | 0x81 => {
                let (arguments, callee) = (self.pop()?, self.pop()?);
                self.call(callee, arguments)?;
            }
            0x92 => {
                let (_keywords, arguments, callee) = (self.pop()?, self.pop()?, self.pop()?);
                self.call(callee, arguments)?;
            }
            b'b' => self.build()?,
            b'Q' => {
                let id = self.pop()?;
                let node = self.storage(id).map_or(Node::Opaque, Node::Storage);
                self.push(node)?;
            }
            _ => return Err("an instruction that is not read here"),
        }
        Ok(None)
    }

    fn byte(&mut self) -> Result<u8, Reason> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        let bytes = self.take(N)?;
        Ok(bytes.try_into().expect("it was taken with this length"))
    }

    fn take(&mut self, n: usize) -> Result<&[u8], Reason> {
        let end = self.at.checked_add(n).ok_or(CUT_OFF)?;
        let bytes = self.bytes.get(self.at..end).ok_or(CUT_OFF)?;
        self.at = end;
        Ok(bytes)
    }

    fn skip(&mut self, n: usize) -> Result<(), Reason> {
        self.take(n).map(drop)
    }

    /// A length of `n` bytes, little-endian.
    fn length(&mut self, n: usize) -> Result<usize, Reason> {
        let mut bytes = [0; 8];
        bytes[..n].copy_from_slice(self.take(n)?);
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| CUT_OFF)
    }

    fn line(&mut self) -> Result<String, Reason> {
        let rest = &self.bytes[self.at..];
        let n = rest.iter().take(NAME_BYTES_MAX + 1).position(|byte| *byte == b'\n');
        let line = self.take(n.ok_or(NAME_TOO_LONG)? + 1)?;
        let line = std::str::from_utf8(&line[..line.len() - 1]).map_err(|_| NOT_TEXT)?;
        Ok(line.to_owned())
    }

    fn push(&mut self, node: Node) -> Result<(), Reason> {
        if self.nodes.len() >= NODES_MAX {
            return Err("too many objects");
        }
        self.stack.push(NodeId(self.nodes.len()));
        self.nodes.push(node);
        Ok(())
    }

    fn push_int(&mut self, n_bytes: usize) -> Result<(), Reason> {
        let value = self.length(n_bytes)?;
        self.push(Node::Int(value as i64))
    }

    /// A whole number in two's complement; one beyond 64 bits is carried as an opaque object.
    fn push_long(&mut self, n: usize) -> Result<(), Reason> {
        let bytes = self.take(n)?;
        let node = if n <= 8 {
            let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
            let mut wide = [if is_negative { 0xff } else { 0 }; 8];
            wide[..n].copy_from_slice(bytes);
            Node::Int(i64::from_le_bytes(wide))
        } else {
            Node::Opaque
        };
        self.push(node)
    }

    fn push_text(&mut self, length_bytes: usize) -> Result<(), Reason> {
        let n = self.length(length_bytes)?;
        let text = std::str::from_utf8(self.take(n)?).map_err(|_| NOT_TEXT)?.into();
        self.push(Node::Text(text))
    }

    fn push_opaque(&mut self, length_bytes: usize) -> Result<(), Reason> {
        let n = self.length(length_bytes)?;
        self.skip(n)?;
        self.push(Node::Opaque)
    }

    fn push_global(&mut self, module: &str, name: &str) -> Result<(), Reason> {
        self.push(Node::Global(format!("{module}.{name}").into()))
    }

    fn pop(&mut self) -> Result<NodeId, Reason> {
        // What lies under a mark belongs to whoever set it.
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(EMPTY);
        }
        self.stack.pop().ok_or(EMPTY)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<NodeId>, Reason> {
        let mark = self.marks.pop().ok_or("there is no mark")?;
        if mark > self.stack.len() {
            return Err(EMPTY);
        }
        Ok(self.stack.split_off(mark))
    }

    fn top(&mut self) -> Result<&mut Node, Reason> {
        let id = *self.stack.last().ok_or(EMPTY)?;
        Ok(&mut self.nodes[id.0])
    }

    fn append(&mut self, items: Vec<NodeId>) -> Result<(), Reason> {
        match self.top()? {
            Node::List(list) => list.extend(items),
            Node::Object { arguments, .. } => arguments.extend(items),
            _ => return Err("items for what is no list"),
        }
        Ok(())
    }

    fn set_items(&mut self, items: Vec<(NodeId, NodeId)>) -> Result<(), Reason> {
        match self.top()? {
            Node::Dict(dict) | Node::OrderedDict(dict) => dict.extend(items),
            Node::Object { entries, .. } => entries.extend(items),
            _ => return Err("keys for what is no dictionary"),
        }
        Ok(())
    }

    fn remember(&mut self, key: u32) -> Result<(), Reason> {
        let top = *self.stack.last().ok_or(EMPTY)?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<(), Reason> {
        let id = *self.memo.get(&key).ok_or("it recalls what it never remembered")?;
        self.stack.push(id);
        Ok(())
    }

    /// A short text.
    fn name(&self, id: NodeId) -> Result<String, Reason> {
        match &self.nodes[id.0] {
            Node::Text(text) if text.len() <= NAME_BYTES_MAX => Ok(text.to_string()),
            Node::Text(_) => Err(NAME_TOO_LONG),
            _ => Err(NOT_TEXT),
        }
    }

    /// The result of calling a class or function, if we know it; else a note of the call.
    fn call(&mut self, callee: NodeId, arguments: NodeId) -> Result<(), Reason> {
        let arguments = match &self.nodes[arguments.0] {
            // Shared tuples could be copied without end, so only short ones are.
            Node::Tuple(items) if items.len() <= 64 => items.clone(),
            _ => return Err("a call without a short tuple of arguments"),
        };
        let Node::Global(class) = &self.nodes[callee.0] else {
            return self.push(Node::Opaque);
        };
        let class = Arc::clone(class);
        let known = match &*class {
            "collections.OrderedDict" if arguments.is_empty() => {
                Some(Node::OrderedDict(Vec::new()))
            }
            "torch.Size" => match arguments.as_slice() {
                [items] => self.sequence(*items).map(Node::Tuple),
                _ => None,
            },
            // How a module that was exported says what its lists are.
            "torch.jit._pickle.build_intlist"
            | "torch.jit._pickle.build_doublelist"
            | "torch.jit._pickle.build_boollist"
            | "torch.jit._pickle.build_tensorlist" => match arguments.as_slice() {
                [items] => self.sequence(*items).map(Node::List),
                _ => None,
            },
            "torch.jit._pickle.restore_type_tag" => match arguments.as_slice() {
                // The value is there already; what follows it is its type in words.
                [value, _] => {
                    self.stack.push(*value);
                    return Ok(());
                }
                _ => None,
            },
            "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor" => {
                Some(Node::Tensor(self.tensor(&arguments)?))
            }
            "torch._utils._rebuild_parameter" => match arguments.first() {
                Some(NodeId(data)) => match &self.nodes[*data] {
                    Node::Tensor(place) => Some(Node::Tensor(place.clone())),
                    _ => None,
                },
                None => None,
            },
            _ => None,
        };
        self.push(known.unwrap_or(Node::Object {
            class,
            arguments,
            entries: Vec::new(),
            state: None,
        }))
    }

    /// The items of a short list or tuple; copying long ones could take without end.
    fn sequence(&self, id: NodeId) -> Option<Vec<NodeId>> {
        match &self.nodes[id.0] {
            Node::List(items) | Node::Tuple(items) if items.len() <= 64 => Some(items.clone()),
            _ => None,
        }
    }

    /// The tensor of `(storage, offset, shape, strides, …)`.
    fn tensor(&self, arguments: &[NodeId]) -> Result<TensorPlace, Reason> {
        let [storage, offset, shape, strides, ..] = arguments else {
            return Err("a tensor of too few parts");
        };
        let Node::Storage(storage) = &self.nodes[storage.0] else {
            return Err("a tensor of numbers of an unknown type");
        };
        let extents = |id: &NodeId| match &self.nodes[id.0] {
            Node::Tuple(items) if items.len() <= 16 => {
                items.iter().map(|id| self.size(*id)).collect()
            }
            _ => None,
        };
        let place = || {
            let (shape, strides) = (extents(shape)?, extents(strides)?);
            TensorPlace::new(storage.clone(), self.size(*offset)?, shape, strides)
        };
        place().ok_or("a tensor that does not fit its storage")
    }

    fn size(&self, id: NodeId) -> Option<usize> {
        match &self.nodes[id.0] {
            Node::Int(value) => usize::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The storage of `("storage", type, key, device, n)`.
    fn storage(&self, id: NodeId) -> Option<Storage> {
        let Node::Tuple(parts) = &self.nodes[id.0] else { return None };
        let [_, class, key, _, n_elements] = parts.as_slice() else { return None };
        let Node::Global(class) = &self.nodes[class.0] else { return None };
        let element = match class.strip_prefix("torch.")? {
            "FloatStorage" => ElementType::F32,
            "DoubleStorage" => ElementType::F64,
            "HalfStorage" => ElementType::F16,
            "BFloat16Storage" => ElementType::BF16,
            "LongStorage" => ElementType::I64,
            "IntStorage" => ElementType::I32,
            "ShortStorage" => ElementType::I16,
            "CharStorage" => ElementType::I8,
            "ByteStorage" => ElementType::U8,
            "BoolStorage" => ElementType::Bool,
            _ => return None,
        };
        let key = self.name(*key).ok()?.into();
        Some(Storage { element, key, n_elements: self.size(*n_elements)? })
    }

    /// Gives the object under the top the state on the top.
    fn build(&mut self) -> Result<(), Reason> {
        let new = self.pop()?;
        if let Node::Object { state, .. } = self.top()? {
            *state = Some(new);
        }
        Ok(())
    }
}

fn pairs(items: &[NodeId]) -> Result<Vec<(NodeId, NodeId)>, Reason> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("a key without a value");
    }
    Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
}

const CUT_OFF: Reason = "it is cut off";
const EMPTY: Reason = "an instruction finds too little on the stack";
const NOT_TEXT: Reason = "it is not text";
const NAME_TOO_LONG: Reason = "a name is too long";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One instruction, mostly whole, of those that the machine knows.
    fn instruction() -> impl Strategy<Value = Vec<u8>> {
        let plain = prop::sample::select(
            b"(012N\x88\x89}])t\x85\x86\x87ld\x91ae\x90su\x94\x93R\x81\x92bQ\x8f".to_vec(),
        );
        let with_byte = (prop::sample::select(b"Kqh".to_vec()), any::<u8>());
        let names = [
            "torch._utils\n_rebuild_tensor_v2\n",
            "torch._utils\n_rebuild_parameter\n",
            "collections\nOrderedDict\n",
            "torch\nFloatStorage\n",
            "posix\nsystem\n",
        ];
        prop_oneof![
            6 => plain.prop_map(|code| vec![code]),
            4 => with_byte.prop_map(|(code, value)| vec![code, value % 8]),
            2 => prop::sample::select(names.to_vec()).prop_map(|name| [b"c", name.as_bytes()].concat()),
            1 => Just(b"X\x03\x00\x00\x00key".to_vec()),
            1 => Just(b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQ".to_vec()),
            1 => any::<[u8; 2]>().prop_map(|bytes| bytes.to_vec()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: n_cases(), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_instructions_end_in_objects_or_an_error(
            instructions in prop::collection::vec(instruction(), 0..60),
        ) {
            let mut bytes = instructions.concat();
            bytes.push(b'.');
            if let Ok(pickle) = read(&bytes, Path::new("data.pkl")) {
                prop_assert!(pickle.root.0 < pickle.nodes.len());
                prop_assert!(pickle.nodes.len() <= bytes.len());
            }
        }
    }

    fn n_cases() -> u32 {
        if std::env::var_os("PROPTEST_CASES").is_some() {
            return ProptestConfig::default().cases;
        }
        if std::env::var("SLOW_TESTS").is_ok_and(|value| value == "1") { 1_000_000 } else { 2_000 }
    }
}
