//! gin configurations (`.gin`), as acids-rave reads them and its runs write them (`config.gin`).
//!
//! A configuration is a list of bindings, `scope/module.Class.parameter = value`, of macros,
//! `NAME = value`, used as `%NAME`, and of files that it includes; later ones win. [`parse`] gives the
//! text's structure; [`Config::get`] looks up a parameter. Classes and functions stay names.
//!
//! Source: the documentation of gin-config 0.5.

mod lexer;
mod parser;
mod value;

use std::path::{Path, PathBuf};

use crate::Error;
use crate::file::read_text;

pub use value::Value;

/// Bounds one file; the longest of the program has 9 kB.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Bounds how deep files include each other.
const INCLUDE_DEPTH_MAX: usize = 16;
/// Bounds how many files one configuration includes in all.
const INCLUDES_MAX: usize = 256;
/// Bounds how deep macros refer to macros.
const MACRO_DEPTH_MAX: usize = 32;
/// Bounds the values that resolving one parameter makes.
const RESOLVED_MAX: usize = 1 << 16;

/// The contents of one or several files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Parameters, in the order of the text.
    pub bindings: Vec<Binding>,
    /// Macros, in the order of the text.
    pub macros: Vec<Macro>,
    /// Files that are included and have not been read yet, in the order of the text.
    pub includes: Vec<Include>,
    /// Short names of modules, from the `import` lines.
    pub imports: Vec<Import>,
}

/// `scope/selector.parameter = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// Its scopes, outermost first, joined with `/`; empty if it holds everywhere.
    pub scope: String,
    /// The class or function, with as much of its module as was written.
    pub selector: String,
    /// Its parameter.
    pub parameter: String,
    /// The parameter's value.
    pub value: Value,
}

/// `NAME = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Macro {
    /// Its name, with a scope before a `/` if it has one.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// `include 'file'`.
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    /// The file as it was written.
    pub name: String,
    /// How many bindings precede it.
    n_bindings_before: usize,
    /// How many macros precede it.
    n_macros_before: usize,
    line: usize,
}

/// `import module as alias` or `from package import name as alias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Its name in the text.
    pub alias: String,
    /// Its whole name.
    pub module: String,
}

/// Reads one file, without the files it includes: those are in [`Config::includes`].
///
/// # Errors
/// When the file cannot be read or parsed; the error names the line.
pub fn read(path: &Path) -> Result<Config, Error> {
    parse(path, &read_text(path, FILE_BYTES_MAX)?)
}

/// Parses the text of a file or of overrides; `path` is for messages.
///
/// # Errors
/// When the text is not a configuration; the error names line and column.
pub fn parse(path: &Path, text: &str) -> Result<Config, Error> {
    parser::parse(path, text)
}

impl Config {
    /// Puts the contents of all included files where they are included; `find` gives the path and the
    /// text of a file by the name that was written.
    ///
    /// # Errors
    /// When a file is not found or not a configuration, or files include each other endlessly.
    pub fn with_includes(
        self,
        path: &Path,
        find: &dyn Fn(&str) -> Option<(PathBuf, String)>,
    ) -> Result<Self, Error> {
        let mut n_left = INCLUDES_MAX;
        self.include(path, find, INCLUDE_DEPTH_MAX, &mut n_left)
    }

    /// Appends another configuration, which takes precedence.
    pub fn extend(&mut self, later: Self) {
        let (n_bindings, n_macros) = (self.bindings.len(), self.macros.len());
        self.includes.extend(later.includes.into_iter().map(|include| Include {
            n_bindings_before: include.n_bindings_before + n_bindings,
            n_macros_before: include.n_macros_before + n_macros,
            ..include
        }));
        self.bindings.extend(later.bindings);
        self.macros.extend(later.macros);
        self.imports.extend(later.imports);
    }

    /// The value of `scope/module.Class.parameter`, with its macros resolved, or of the macro `NAME`;
    /// `None` if it is not bound.
    ///
    /// As in gin, the module may be left out in part or wholly (`EncoderV2.kernel_size` finds
    /// `rave.blocks.EncoderV2.kernel_size`), a binding in a scope holds there only and wins over one
    /// without, and of equals the last wins. Short names of modules are those of the `import` lines.
    ///
    /// # Errors
    /// When the name fits two different classes, or a macro is undefined, circular or too large.
    pub fn get(&self, name: &str) -> Result<Option<Value>, Error> {
        let found = if name.contains('.') { self.find(name)? } else { self.find_macro(name) };
        let Some(value) = found else { return Ok(None) };
        let mut n_left = RESOLVED_MAX;
        self.resolve(value, MACRO_DEPTH_MAX, &mut n_left)
            .map(Some)
            .map_err(|reason| Error::Unresolved { name: name.to_owned(), reason })
    }

    /// `value` with its macros resolved.
    ///
    /// # Errors
    /// When a macro is undefined, circular or too large.
    pub fn resolved(&self, value: &Value) -> Result<Value, Error> {
        let mut n_left = RESOLVED_MAX;
        self.resolve(value, MACRO_DEPTH_MAX, &mut n_left)
            .map_err(|reason| Error::Unresolved { name: value.to_string(), reason })
    }

    fn include(
        self,
        path: &Path,
        find: &dyn Fn(&str) -> Option<(PathBuf, String)>,
        depth: usize,
        n_left: &mut usize,
    ) -> Result<Self, Error> {
        let mut whole = Self { imports: self.imports, ..Self::default() };
        let (mut bindings, mut macros) = (self.bindings.into_iter(), self.macros.into_iter());
        let (mut n_bindings, mut n_macros) = (0, 0);
        for include in self.includes {
            let reason = |reason: &str| {
                let position = crate::Position::Line { line: include.line, column: 1 };
                crate::error::malformed(path, position, format!("`{}` {reason}", include.name))
            };
            whole.bindings.extend(bindings.by_ref().take(include.n_bindings_before - n_bindings));
            whole.macros.extend(macros.by_ref().take(include.n_macros_before - n_macros));
            (n_bindings, n_macros) = (include.n_bindings_before, include.n_macros_before);
            if depth == 0 || *n_left == 0 {
                return Err(reason("is included too deep, or by too many"));
            }
            *n_left -= 1;
            let (path, text) = find(&include.name).ok_or_else(|| reason("cannot be found"))?;
            whole.extend(parse(&path, &text)?.include(&path, find, depth - 1, n_left)?);
        }
        whole.bindings.extend(bindings);
        whole.macros.extend(macros);
        Ok(whole)
    }

    fn find(&self, name: &str) -> Result<Option<&Value>, Error> {
        let (scope, rest) = name.rsplit_once('/').unwrap_or(("", name));
        let (selector, parameter) = rest.rsplit_once('.').unwrap_or(("", rest));
        let selector = self.whole_name(selector);
        let mut best: Option<(usize, &Value)> = None;
        let mut class: Option<String> = None;
        for binding in self.bindings.iter().filter(|it| it.parameter == parameter) {
            let found = self.whole_name(&binding.selector);
            if !is_same(&found, &selector) || !holds_in(&binding.scope, scope) {
                continue;
            }
            match &class {
                Some(class) if !is_same(class, &found) => {
                    let reason = format!("it is ambiguous: `{class}` or `{found}`");
                    return Err(Error::Unresolved { name: name.to_owned(), reason });
                }
                // The longest name is the most specific.
                Some(class) if class.len() >= found.len() => {}
                _ => class = Some(found),
            }
            if best.is_none_or(|(n, _)| n <= binding.scope.len()) {
                best = Some((binding.scope.len(), &binding.value));
            }
        }
        Ok(best.map(|(_, value)| value))
    }

    /// The name with the short name of its module spelled out.
    fn whole_name(&self, selector: &str) -> String {
        let (first, rest) = selector.split_once('.').unwrap_or((selector, ""));
        match self.imports.iter().rev().find(|import| import.alias == first) {
            Some(import) if !rest.is_empty() => format!("{}.{rest}", import.module),
            _ => selector.to_owned(),
        }
    }

    fn find_macro(&self, name: &str) -> Option<&Value> {
        let fits = |found: &str| found == name || found.strip_suffix("/gin.macro") == Some(name);
        self.macros.iter().rev().find(|it| fits(&it.name)).map(|it| &it.value)
    }

    fn resolve(&self, value: &Value, depth: usize, n_left: &mut usize) -> Result<Value, String> {
        *n_left = n_left.checked_sub(1).ok_or("its macros make too many values")?;
        let mut each = |values: &[Value]| -> Result<Vec<Value>, String> {
            values.iter().map(|value| self.resolve(value, depth, n_left)).collect()
        };
        Ok(match value {
            Value::Macro(name) => {
                let value =
                    self.find_macro(name).ok_or_else(|| format!("`%{name}` is not defined"))?;
                let depth = depth.checked_sub(1).ok_or_else(|| format!("`%{name}` is circular"))?;
                self.resolve(value, depth, n_left)?
            }
            Value::List(items) => Value::List(each(items)?),
            Value::Tuple(items) => Value::Tuple(each(items)?),
            Value::Dict(entries) => {
                let mut resolved = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = self.resolve(key, depth, n_left)?;
                    resolved.push((key, self.resolve(value, depth, n_left)?));
                }
                Value::Dict(resolved)
            }
            plain => plain.clone(),
        })
    }
}

/// Text that parses to the same configuration.
impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.imports.is_empty() {
            writeln!(f, "from __gin__ import dynamic_registration")?;
        }
        for Import { alias, module } in &self.imports {
            match module.rsplit_once('.') {
                Some((package, name)) if name == alias => {
                    writeln!(f, "from {package} import {name}")?;
                }
                _ if module == alias => writeln!(f, "import {module}")?,
                _ => writeln!(f, "import {module} as {alias}")?,
            }
        }
        let (mut macros, mut bindings) = (self.macros.iter(), self.bindings.iter());
        let (mut n_macros, mut n_bindings) = (0, 0);
        for include in &self.includes {
            write_some(f, &mut macros, include.n_macros_before - n_macros)?;
            write_some(f, &mut bindings, include.n_bindings_before - n_bindings)?;
            (n_macros, n_bindings) = (include.n_macros_before, include.n_bindings_before);
            writeln!(f, "include {}", Value::Text(include.name.clone()))?;
        }
        write_some(f, &mut macros, usize::MAX)?;
        write_some(f, &mut bindings, usize::MAX)
    }
}

impl std::fmt::Display for Macro {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

impl std::fmt::Display for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.scope.is_empty() {
            write!(f, "{}/", self.scope)?;
        }
        write!(f, "{}.{} = {}", self.selector, self.parameter, self.value)
    }
}

fn write_some<'a, T: std::fmt::Display + 'a>(
    f: &mut std::fmt::Formatter<'_>,
    lines: &mut impl Iterator<Item = &'a T>,
    n: usize,
) -> std::fmt::Result {
    lines.take(n).try_for_each(|line| writeln!(f, "{line}"))
}

/// Whether two names mean the same class: one is a suffix of the other, at a dot.
fn is_same(a: &str, b: &str) -> bool {
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    ends(a, b) || ends(b, a)
}

/// Whether a binding in one scope holds in another: the same one, or one inside it.
fn holds_in(bound: &str, asked: &str) -> bool {
    bound.is_empty()
        || asked.strip_prefix(bound).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
