//! Modules that PyTorch runs without Python code of its own (TorchScript), written without PyTorch.
//!
//! A module is one flat class: named attributes, and methods whose text is put together from graphs
//! ([`Module::graph`]). What a graph remembers between blocks are attributes too, so a module plays
//! block by block as [`stream::Engine`](crate::stream::Engine) does. [`Player`] reads a module again and
//! plays it.
//!
//! Source: the archive as `torch.jit.save` of PyTorch 2.5 writes it, and the text as `torch.jit.load` of
//! the same parses it (a subset of Python with the operators of `torch`).

mod draws;
mod operations;
mod player;
mod print;
mod syntax;

use std::fmt::Write as _;
use std::path::Path;

use crate::Error;
use crate::torch_checkpoint::{Tensor, write_archive};

pub use player::{Played, Player};

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
    /// A module without methods, for attributes with a name of two parts.
    Part(Vec<(String, Attribute)>),
}

impl Attribute {
    fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Texts(_) => "List[str]",
            Self::Tensor(_) => "Tensor",
            Self::Part(_) => "__torch__.Part",
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
/// The name of the class of parts, of which there is one.
const PART: &str = "Part";
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

    /// Adds the method `name(x: Tensor) -> Tensor` that generates: for every frame of `x`, a signal of
    /// temperatures `[batch, 1, frames]` of which 0 stands for 1, what `step` of a graph makes, a frame
    /// `[batch, channels, 1]` of a temperature `[batch, 1, 1]`.
    ///
    /// The temperature is `softplus(mean) / ln 2`, as in the original's exports.
    pub fn generator(&mut self, name: &str, step: &str) {
        let lines = [
            "t = torch.div(torch.softplus(torch.mean(x, [2], True)), 0.6931471805599453)"
                .to_owned(),
            "t = torch.clamp_min(t, 0.001)".to_owned(),
            format!("y = (self).{step}(t, )"),
            "for i in range(torch.sub(torch.size(x, 2), 1)):".to_owned(),
            format!("  z = (self).{step}(t, )"),
            "  y = torch.cat([y, z], 2)".to_owned(),
            "return y".to_owned(),
        ];
        self.method(name, &[("x", "Tensor")], "Tensor", &lines);
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

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written or is full, and then `path` is as it was.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let code = self.code();
        let class = format!("__torch__\n{CLASS}\n");
        let pickled = crate::torch_checkpoint::module_pickle(&class, &self.attributes)
            .map_err(|what| Error::Unsupported { path: path.to_owned(), what })?;
        crate::whole::write(path, |beside| {
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
        let mut text = String::new();
        for (_, value) in &self.attributes {
            if let Attribute::Part(part) = value {
                head(&mut text, PART, part);
            }
        }
        head(&mut text, CLASS, &self.attributes);
        self.methods.iter().for_each(|method| text.push_str(method));
        text
    }
}

/// The beginning of a class: its name and its attributes.
fn head(text: &mut String, class: &str, attributes: &[(String, Attribute)]) {
    let tensors = attributes.iter().filter(|(_, value)| matches!(value, Attribute::Tensor(_)));
    let quoted: String = tensors.map(|(name, _)| format!("\"{name}\", ")).collect();
    let _ =
        writeln!(text, "class {class}(Module):\n  __parameters__ = []\n  __buffers__ = [{quoted}]");
    for (name, value) in attributes {
        let _ = writeln!(text, "  {name} : {}", value.kind());
    }
    text.push_str("  training : bool\n  _is_full_backward_hook : Optional[bool]\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Op};

    #[test]
    fn what_is_written_is_read_again_and_plays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.ts");
        let mut graph = Graph::new();
        let x = graph.input(1).value;
        let weight = graph.constant(&[1, 1, 2], &[0.5, -1.5]);
        let conv = Op::Conv { stride: 1, dilation: 1, groups: 1, padding: [1, 0] };
        let y = graph.add(conv, &[x, weight]);
        let switch = graph.add(Op::Switch("loud"), &[]);
        let y = graph.add(Op::Mul, &[y, switch]);
        let mut module = Module::new();
        module.attribute("sr", Attribute::Int(44_100));
        module.attribute("loud", Attribute::Bool(true));
        module.attribute("labels", Attribute::Texts(vec!["(signal) in".into()]));
        module.graph("forward", &graph, y);
        let set = ["self.loud = value".to_owned(), "return 0".to_owned()];
        module.method("set_loud", &[("value", "bool")], "int", &set);
        module.add_reset();
        module.write(&path).unwrap();
        let mut player = Player::open(&path).unwrap();
        assert_eq!(player.ints("sr"), Some(vec![44_100]));
        assert_eq!(player.labels("labels").unwrap(), ["(signal) in"]);
        let made = player.call("forward", &[1.0, 2.0, 4.0], [1, 1, 3]).unwrap();
        assert_eq!((made.shape, made.values), (vec![1, 1, 3], vec![-1.5, -2.5, -5.0]));
        player.set("loud", false).unwrap();
        assert_eq!(player.call("forward", &[1.0], [1, 1, 1]).unwrap().values, [0.0]);
        player.act("reset").unwrap();
        assert!(player.call("forward", &[1.0], [1, 0, 1]).is_err());
        assert!(player.call("backward", &[1.0], [1, 1, 1]).is_err());
    }
}
