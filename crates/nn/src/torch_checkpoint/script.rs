//! The parts of exported modules (`.ts`) beside tensors: every attribute by its path, and the text of the
//! code, in which sizes and strides stand. None of it is run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::pickle::{NODES_MAX, Node};
use super::{
    DEPTH_MAX, NAME_BYTES_MAX, TorchCheckpoint, Value, malformed, open_archive, read_member,
};
use crate::Error;

/// Bounds the text of all code; a network of a hundred layers has 300 kB.
const CODE_BYTES_MAX: u64 = 32 << 20;

/// The code of an exported module: the text of its classes by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Code {
    /// The text of every class, from its line `class` on, by its whole name.
    pub classes: BTreeMap<String, String>,
}

impl TorchCheckpoint {
    /// All that is no container in `value`, named by its keys joined with dots, in the order of the file.
    ///
    /// Of an exported module these are its attributes: `encoder.net.0.weight`, `sr` and so on; items of
    /// lists have their position for a key.
    #[must_use]
    pub fn leaves<'a>(&'a self, value: Value<'a>) -> Vec<(String, Value<'a>)> {
        let mut walk = Walk { leaves: Vec::new(), n_left: NODES_MAX };
        walk.collect(value, &mut String::new(), DEPTH_MAX);
        walk.leaves
    }

    /// All objects of a class of their own in `value`, itself among them, with their paths: the modules
    /// of an exported one.
    #[must_use]
    pub fn objects<'a>(&'a self, value: Value<'a>) -> Vec<(String, Value<'a>)> {
        let mut found = Vec::new();
        let mut rest = vec![(String::new(), value, DEPTH_MAX)];
        while let Some((path, value, depth)) = rest.pop() {
            if found.len() >= NODES_MAX {
                break;
            }
            let first = rest.len();
            for (key, part) in value.entries() {
                let (Some(key), Some(depth)) = (key.as_str(), depth.checked_sub(1)) else {
                    continue;
                };
                let is_object = matches!(part.node(), Node::Object { .. });
                if is_object && path.len() + key.len() < NAME_BYTES_MAX {
                    let dot = if path.is_empty() { "" } else { "." };
                    rest.push((format!("{path}{dot}{key}"), part, depth));
                }
            }
            rest[first..].reverse();
            found.push((path, value));
        }
        found
    }

    /// The text of the code, class by class; empty for a checkpoint.
    ///
    /// # Errors
    /// When the archive cannot be read, or the code is no text or too long.
    pub fn code(&self) -> Result<Code, Error> {
        let mut archive = open_archive(&self.path)?;
        let folder = format!("{}code/", self.stem);
        let names: Vec<_> = archive
            .file_names()
            .filter(|name| name.starts_with(&folder) && name.ends_with(".py"))
            .map(str::to_owned)
            .collect();
        let (mut code, mut n_left) = (Code::default(), CODE_BYTES_MAX);
        for name in names {
            let bytes = read_member(&mut archive, &name, n_left, &self.path)?;
            n_left -= bytes.len() as u64;
            let text = String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to() as u64;
                malformed(&PathBuf::from(&self.path).join(&name), at, "it is not text")
            })?;
            let module = name[folder.len()..name.len() - 3].replace('/', ".");
            code.add(&module, &text);
        }
        Ok(code)
    }
}

impl Code {
    /// The text of a constant of a class, as in `stride : Final[Tuple[int]] = (16,)`.
    #[must_use]
    pub fn constant(&self, class: &str, name: &str) -> Option<&str> {
        let lines = self.classes.get(class)?.lines();
        let mut lines = lines.filter_map(|line| line.strip_prefix("  ")?.strip_prefix(name));
        lines.find_map(|line| line.strip_prefix(" : Final[")?.split_once("] = ")).map(|(_, it)| it)
    }

    /// The whole numbers of a constant of a class, one or several; nothing if it has others.
    #[must_use]
    pub fn constant_ints(&self, class: &str, name: &str) -> Option<Vec<i64>> {
        let text = self.constant(class, name)?.trim();
        let text = text.trim_start_matches(['(', '[']).trim_end_matches([')', ']']);
        let numbers = text.split(',').map(str::trim).filter(|number| !number.is_empty());
        numbers.map(|number| number.parse().ok()).collect()
    }

    fn add(&mut self, module: &str, text: &str) {
        let starts: Vec<_> = text
            .match_indices("class ")
            .map(|(at, _)| at)
            .filter(|&at| at == 0 || text.as_bytes()[at - 1] == b'\n')
            .collect();
        for (i, &start) in starts.iter().enumerate() {
            let end = starts.get(i + 1).copied().unwrap_or(text.len());
            let class = &text[start..end];
            let rest = &class["class ".len()..];
            let name = rest.split(['(', ':', '\n']).next().unwrap_or(rest);
            self.classes.insert(format!("{module}.{name}"), class.to_owned());
        }
    }
}

/// A walk through containers, with a bound on its steps: shared containers can be met very often.
struct Walk<'a> {
    leaves: Vec<(String, Value<'a>)>,
    n_left: usize,
}

impl<'a> Walk<'a> {
    fn collect(&mut self, value: Value<'a>, name: &mut String, depth: usize) {
        let is_list = matches!(value.node(), Node::List(_) | Node::Tuple(_));
        let is_dict =
            matches!(value.node(), Node::Dict(_) | Node::OrderedDict(_) | Node::Object { .. });
        if !is_list && !is_dict {
            self.leaves.push((name.clone(), value));
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
        if is_list {
            for (i, item) in value.items().enumerate() {
                self.collect_part(item, name, &i.to_string(), depth);
                if self.n_left == 0 {
                    return;
                }
            }
        }
    }

    fn collect_part(&mut self, value: Value<'a>, name: &mut String, key: &str, depth: usize) {
        let n = name.len();
        // A step counts the more, the longer the name that it makes.
        self.n_left = self.n_left.saturating_sub(1 + (n + key.len()) / 64);
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
