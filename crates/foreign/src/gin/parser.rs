//! From tokens to bindings, macros and includes.

use std::path::Path;

use super::lexer::{Kind, Token, tokens};
use super::{Binding, Config, Import, Include, Macro, Value};
use crate::Error;
use crate::error::{Position, malformed};

/// Bounds how deep lists are nested.
const DEPTH_MAX: usize = 64;

/// Parses a whole text; `path` is for messages.
pub(super) fn parse(path: &Path, text: &str) -> Result<Config, Error> {
    let bad =
        |line, column, reason: String| malformed(path, Position::Line { line, column }, reason);
    let tokens = tokens(text).map_err(|it| bad(it.line, it.column, it.reason))?;
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), config: Config::default() };
    while parser.kind() != &Kind::EndOfFile {
        if let Err(Wrong { line, column, reason }) = parser.statement() {
            return Err(bad(line, column, reason));
        }
    }
    Ok(parser.config)
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    config: Config,
}

/// An error at a token.
struct Wrong {
    line: usize,
    column: usize,
    reason: String,
}

impl Parser {
    fn statement(&mut self) -> Result<(), Wrong> {
        let start = self.take();
        let Kind::Name(name) = &start.kind else {
            return Err(wrong(&start, "a line does not start with a name"));
        };
        match (name.as_str(), self.kind()) {
            ("import", Kind::Name(_)) => self.import()?,
            ("from", Kind::Name(_)) => self.import_from()?,
            ("include", Kind::Text(_)) => {
                let name = self.text()?;
                self.config.includes.push(Include {
                    name,
                    n_bindings_before: self.config.bindings.len(),
                    n_macros_before: self.config.macros.len(),
                    line: start.line,
                });
            }
            (_, Kind::Sign('=')) => {
                self.take();
                let value = self.value(DEPTH_MAX)?;
                self.bind(&start, name, value)?;
            }
            (_, Kind::Sign(':')) => {
                self.take();
                self.end_of_line()?;
                return self.block(&start, name);
            }
            _ => return Err(wrong(&start, "a line is neither a binding nor an import")),
        }
        self.end_of_line()
    }

    /// Lines `parameter = value` that are indented further than the head of their block.
    fn block(&mut self, head: &Token, selector: &str) -> Result<(), Wrong> {
        while self.peek().is_some_and(|token| token.column > head.column) {
            let start = self.take();
            let Kind::Name(parameter) = &start.kind else {
                return Err(wrong(&start, "a line of a block does not start with a name"));
            };
            if parameter.contains(['.', '/']) {
                return Err(wrong(&start, "a parameter in a block has a dot or a slash"));
            }
            self.sign('=')?;
            let value = self.value(DEPTH_MAX)?;
            self.bind(head, &format!("{selector}.{parameter}"), value)?;
            self.end_of_line()?;
        }
        Ok(())
    }

    fn bind(&mut self, at: &Token, name: &str, value: Value) -> Result<(), Wrong> {
        if !is_name(name) {
            return Err(wrong(at, "a name has an empty part"));
        }
        let (scope, rest) = name.rsplit_once('/').unwrap_or(("", name));
        match rest.rsplit_once('.') {
            // The long form of a macro's definition, `NAME/gin.macro.value`.
            Some(("gin.macro", "value")) if !scope.is_empty() => {
                self.config.macros.push(Macro { name: scope.to_owned(), value });
            }
            Some((selector, parameter)) => self.config.bindings.push(Binding {
                scope: scope.to_owned(),
                selector: selector.to_owned(),
                parameter: parameter.to_owned(),
                value,
            }),
            None => self.config.macros.push(Macro { name: name.to_owned(), value }),
        }
        Ok(())
    }

    fn import(&mut self) -> Result<(), Wrong> {
        let module = self.name()?;
        let alias = if self.is_word("as") {
            self.take();
            self.name()?
        } else {
            // `import a.b` makes `a` known.
            let first = module.split('.').next().unwrap_or(&module).to_owned();
            self.config.imports.push(Import { alias: first.clone(), module: first });
            return Ok(());
        };
        self.config.imports.push(Import { alias, module });
        Ok(())
    }

    fn import_from(&mut self) -> Result<(), Wrong> {
        let package = self.name()?;
        if !self.is_word("import") {
            let token = self.take();
            return Err(wrong(&token, "`import` is missing"));
        }
        self.take();
        let name = self.name()?;
        let alias = if self.is_word("as") {
            self.take();
            self.name()?
        } else {
            name.clone()
        };
        // `from __gin__ import …` changes how gin itself works.
        if package != "__gin__" {
            self.config.imports.push(Import { alias, module: format!("{package}.{name}") });
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value, Wrong> {
        let token = self.take();
        let Some(depth) = depth.checked_sub(1) else {
            return Err(wrong(&token, "lists are nested too deep"));
        };
        match &token.kind {
            Kind::Int(value) => Ok(Value::Int(*value)),
            Kind::Float(value) => Ok(Value::Float(*value)),
            Kind::Sign('-') => match self.take() {
                Token { kind: Kind::Int(value), .. } => Ok(Value::Int(-value)),
                Token { kind: Kind::Float(value), .. } => Ok(Value::Float(-value)),
                other => Err(wrong(&other, "a `-` is not before a number")),
            },
            Kind::Sign('+') => match self.take() {
                Token { kind: Kind::Int(value), .. } => Ok(Value::Int(value)),
                Token { kind: Kind::Float(value), .. } => Ok(Value::Float(value)),
                other => Err(wrong(&other, "a `+` is not before a number")),
            },
            Kind::Text(text) => {
                // As in Python, adjacent strings are one.
                let mut text = text.clone();
                while matches!(self.kind(), Kind::Text(_)) {
                    text.push_str(&self.text()?);
                }
                Ok(Value::Text(text))
            }
            Kind::Name(name) => match name.as_str() {
                "None" => Ok(Value::None),
                "True" => Ok(Value::Bool(true)),
                "False" => Ok(Value::Bool(false)),
                _ => Err(wrong(&token, "a bare name is not a value")),
            },
            Kind::Sign('%') => Ok(Value::Macro(self.name()?)),
            Kind::Sign('@') => {
                let name = self.name()?;
                let is_called = self.kind() == &Kind::Sign('(');
                if is_called {
                    self.take();
                    self.sign(')')?;
                }
                Ok(Value::Reference { name, is_called })
            }
            Kind::Sign('[') => Ok(Value::List(self.items(']', depth)?.0)),
            Kind::Sign('(') => {
                let (mut items, has_comma) = self.items(')', depth)?;
                Ok(match items.pop() {
                    Some(only) if items.is_empty() && !has_comma => only,
                    last => {
                        items.extend(last);
                        Value::Tuple(items)
                    }
                })
            }
            Kind::Sign('{') => self.dict(depth),
            _ => Err(wrong(&token, "a value is missing")),
        }
    }

    /// The values up to the closing bracket, and whether a comma was among them.
    fn items(&mut self, end: char, depth: usize) -> Result<(Vec<Value>, bool), Wrong> {
        let (mut items, mut has_comma) = (Vec::new(), false);
        while self.kind() != &Kind::Sign(end) {
            items.push(self.value(depth)?);
            if self.kind() != &Kind::Sign(',') {
                break;
            }
            self.take();
            has_comma = true;
        }
        self.sign(end)?;
        Ok((items, has_comma))
    }

    fn dict(&mut self, depth: usize) -> Result<Value, Wrong> {
        let mut entries = Vec::new();
        while self.kind() != &Kind::Sign('}') {
            let key = self.value(depth)?;
            self.sign(':')?;
            entries.push((key, self.value(depth)?));
            if self.kind() != &Kind::Sign(',') {
                break;
            }
            self.take();
        }
        self.sign('}')?;
        Ok(Value::Dict(entries))
    }

    fn name(&mut self) -> Result<String, Wrong> {
        match self.take() {
            Token { kind: Kind::Name(name), .. } if is_name(&name) => Ok(name),
            other => Err(wrong(&other, "a name is missing")),
        }
    }

    fn text(&mut self) -> Result<String, Wrong> {
        match self.take() {
            Token { kind: Kind::Text(text), .. } => Ok(text),
            other => Err(wrong(&other, "a string is missing")),
        }
    }

    fn sign(&mut self, expected: char) -> Result<(), Wrong> {
        match self.take() {
            Token { kind: Kind::Sign(sign), .. } if sign == expected => Ok(()),
            other => Err(wrong(&other, &format!("`{expected}` is missing"))),
        }
    }

    fn end_of_line(&mut self) -> Result<(), Wrong> {
        match self.take() {
            Token { kind: Kind::EndOfLine, .. } => Ok(()),
            other => Err(wrong(&other, "a line goes on after its value")),
        }
    }

    fn is_word(&mut self, word: &str) -> bool {
        matches!(self.kind(), Kind::Name(name) if name == word)
    }

    fn kind(&mut self) -> &Kind {
        self.peek().map_or(&Kind::EndOfFile, |token| &token.kind)
    }

    /// The next token; `None` at the end of the file.
    fn peek(&mut self) -> Option<&Token> {
        self.tokens.peek().filter(|token| token.kind != Kind::EndOfFile)
    }

    /// The next token; past the end, the end of the file again and again.
    fn take(&mut self) -> Token {
        let end = Token { kind: Kind::EndOfFile, line: 0, column: 0 };
        match self.tokens.peek() {
            Some(token) if token.kind == Kind::EndOfFile => token.clone(),
            _ => self.tokens.next().unwrap_or(end),
        }
    }
}

fn wrong(at: &Token, reason: &str) -> Wrong {
    Wrong { line: at.line, column: at.column, reason: reason.to_owned() }
}

/// Whether no part of a name is empty or starts with a digit.
fn is_name(name: &str) -> bool {
    name.split(['.', '/']).all(|part| part.starts_with(|it: char| it == '_' || it.is_alphabetic()))
}
