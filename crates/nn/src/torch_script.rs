//! Modules that PyTorch runs without Python code of its own (TorchScript), written without PyTorch.
//!
//! A module is one flat class: named attributes, and methods whose text is put together from the layers
//! of a network ([`Method::layers`]). What layers remember between blocks are attributes too, so a
//! module plays block by block as [`stream::Engine`](crate::stream::Engine) does.
//!
//! Source: the archive as `torch.jit.save` of PyTorch 2.5 writes it, and the text as `torch.jit.load` of
//! the same parses it (a subset of Python with the operators of `torch`).

mod layers;

use std::fmt::Write as _;
use std::path::Path;

use crate::Error;
use crate::torch_checkpoint::{Tensor, write_archive, write_whole};

pub use layers::{Method, Signal};

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A list of texts.
    Texts(Vec<String>),
    /// A tensor.
    Tensor(Tensor),
}

impl Attribute {
    fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Texts(_) => "List[str]",
            Self::Tensor(_) => "Tensor",
        }
    }
}

/// A module on its way into a file.
#[derive(Clone, Debug, Default)]
pub struct Module {
    attributes: Vec<(String, Attribute)>,
    methods: Vec<String>,
    /// Tensors that are zero at first and after a reset.
    states: Vec<String>,
    /// Tensors that are learnt while playing, whether of the target, and what fills them before.
    statistics: Vec<(String, bool, f32)>,
}

/// The name of the class; nothing depends on it.
const CLASS: &str = "Model";
/// Sounds that a module can play at once.
pub const BATCH_MAX: usize = 64;

impl Module {
    /// One without anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an attribute.
    pub fn attribute(&mut self, name: &str, value: Attribute) {
        self.attributes.push((name.to_owned(), value));
    }

    /// Adds a tensor under a name that nothing else has; gives how methods call it.
    pub fn constant(&mut self, shape: &[usize], values: &[f32]) -> String {
        let name = format!("c{}", self.attributes.len());
        self.attribute(&name, Attribute::Tensor(Tensor::from_floats(shape, values)));
        format!("self.{name}")
    }

    /// Adds something that is remembered between calls, zero at first.
    fn state(&mut self, shape: &[usize]) -> String {
        let name = format!("s{}", self.attributes.len());
        let zeros = vec![0.0; shape.iter().product()];
        self.attribute(&name, Attribute::Tensor(Tensor::from_floats(shape, &zeros)));
        self.states.push(name.clone());
        format!("self.{name}")
    }

    /// Adds a method: its arguments with their types, its type, and its lines.
    pub fn method(&mut self, name: &str, arguments: &[(&str, &str)], kind: &str, lines: &[String]) {
        let mut text = format!("  def {name}(self: __torch__.{CLASS}");
        for (argument, kind) in arguments {
            let _ = write!(text, ",\n    {argument}: {kind}");
        }
        let _ = writeln!(text, ") -> {kind}:");
        for line in lines {
            let _ = writeln!(text, "    {line}");
        }
        self.methods.push(text);
    }

    /// Adds the method `reset`, which forgets what was heard.
    pub fn add_reset(&mut self) {
        let mut lines: Vec<String> =
            self.states.iter().map(|name| format!("_{name} = torch.zero_(self.{name})")).collect();
        lines.push("return 0".into());
        self.method("reset", &[], "int", &lines);
    }

    /// Adds `set_reset_target` and `set_reset_source`, which forget what was learnt.
    pub fn add_forgetting(&mut self) {
        for (name, is_target) in [("set_reset_target", true), ("set_reset_source", false)] {
            let mut lines = vec!["if value:".to_owned()];
            let learnt = self.statistics.iter().filter(|(_, of_target, _)| *of_target == is_target);
            for (name, _, before) in learnt {
                lines.push(format!("  _{name} = torch.fill_(self.{name}, {before:?})"));
            }
            lines.extend(["  pass", "else:", "  pass", "return 0"].map(str::to_owned));
            self.method(name, &[("value", "bool")], "int", &lines);
        }
    }

    /// Adds a tensor that is learnt while playing, filled with `before` until then.
    fn statistic(
        &mut self,
        is_target: bool,
        shape: &[usize],
        values: &[f32],
        before: f32,
    ) -> String {
        let path = self.constant(shape, values);
        let name = path.trim_start_matches("self.").to_owned();
        self.statistics.push((name, is_target, before));
        path
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written or is full, and then `path` is as it was.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let code = self.code();
        let class = format!("__torch__\n{CLASS}\n");
        let pickled = crate::torch_checkpoint::module_pickle(&class, &self.attributes)
            .map_err(|what| Error::Unsupported { path: path.to_owned(), what })?;
        write_whole(path, |beside| {
            let members = [
                ("data.pkl".to_owned(), &pickled.bytes[..]),
                ("code/__torch__.py".to_owned(), code.as_bytes()),
                ("constants.pkl".to_owned(), &b"\x80\x02)."[..]),
                ("byteorder".to_owned(), &b"little"[..]),
                ("version".to_owned(), &b"3\n"[..]),
            ];
            let data = pickled.storages.iter().enumerate();
            let data = data.map(|(key, bytes)| (format!("data/{key}"), &bytes[..]));
            write_archive(beside, members.into_iter().chain(data))
        })
    }

    /// The text of the class.
    fn code(&self) -> String {
        let mut text = format!("class {CLASS}(Module):\n  __parameters__ = []\n  __buffers__ = [");
        for (name, _) in self.attributes.iter().filter(|(_, it)| matches!(it, Attribute::Tensor(_)))
        {
            let _ = write!(text, "\"{name}\", ");
        }
        text.push_str("]\n");
        for (name, value) in &self.attributes {
            let _ = writeln!(text, "  {name} : {}", value.kind());
        }
        text.push_str("  training : bool\n  _is_full_backward_hook : Optional[bool]\n");
        self.methods.iter().for_each(|method| text.push_str(method));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torch_checkpoint;

    #[test]
    fn what_is_written_is_read_again_with_its_code_and_tensors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.ts");
        let mut module = Module::new();
        module.attribute("sr", Attribute::Int(44_100));
        let weight = module.constant(&[2, 1], &[0.5, -1.5]);
        let state = module.state(&[1, 3]);
        module.method("forward", &[("x", "Tensor")], "Tensor", &[format!("return {weight}")]);
        module.add_reset();
        module.write(&path).unwrap();
        let read = torch_checkpoint::open(&path).unwrap();
        let root = read.root();
        assert_eq!(root.get("sr").and_then(|sr| sr.as_int()), Some(44_100));
        let tensors = read.tensors(root).unwrap();
        assert_eq!(
            (tensors[0].values.as_slice(), &tensors[0].shape[..]),
            (&[0.5, -1.5][..], &[2, 1][..])
        );
        assert_eq!(tensors[1].values, [0.0; 3]);
        let code = read.code().unwrap();
        let text = &code.classes["__torch__.Model"];
        assert!(text.contains(&format!("torch.zero_({state})")), "{text}");
        assert!(
            text.contains("def forward(self: __torch__.Model,\n    x: Tensor) -> Tensor:"),
            "{text}"
        );
    }
}
