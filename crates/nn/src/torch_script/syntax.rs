//! The language of modules, as far as ours use it: a subset of Python in which every line is an
//! assignment, a condition, a loop over a range or a return. What is read ends, as a call has a budget.

use std::collections::BTreeMap;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Name(String),
    /// `self.name`.
    Attribute(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    None,
    Text(String),
    List(Vec<Expression>),
    /// `name(…)`, of which `torch.` is left out.
    Call(String, Vec<Expression>),
    /// `(self).name(…)`.
    Method(String, Vec<Expression>),
}

/// One line, with those that belong to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    Assign(Vec<String>, Expression),
    /// `self.name = …`.
    Set(String, Expression),
    If(Expression, Vec<Statement>, Vec<Statement>),
    /// `for name in range(…)`.
    For(String, Expression, Vec<Statement>),
    Return(Expression),
}

/// A method: its arguments besides `self`, and its lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Method {
    pub(super) arguments: Vec<String>,
    pub(super) body: Vec<Statement>,
}

/// Bounds how deep expressions stand in expressions, and conditions in conditions.
const DEPTH_MAX: usize = 32;

/// The methods of a class by their names.
pub(super) fn methods(class: &str) -> Result<BTreeMap<String, Method>, String> {
    let mut lines = Lines { lines: class.lines().collect(), at: 0 };
    let mut methods = BTreeMap::new();
    while let Some(line) = lines.next() {
        let Some(head) = line.strip_prefix("  def ") else {
            if line.starts_with("   ") {
                return Err(format!("the line `{}` at this place", line.trim()));
            }
            continue;
        };
        let mut head = head.to_owned();
        while !head.ends_with(':') {
            let more = lines.next().ok_or("a method without an end")?;
            head.push_str(more.trim());
        }
        let (name, rest) = head.split_once('(').ok_or("a method without arguments")?;
        let arguments = rest.split(')').next().unwrap_or_default().split(',').skip(1);
        let argument = |text: &str| text.split(':').next().unwrap_or_default().trim().to_owned();
        let arguments = arguments.map(argument).collect();
        let body = lines.block(4, DEPTH_MAX)?;
        methods.insert(name.to_owned(), Method { arguments, body });
    }
    Ok(methods)
}

struct Lines<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let line = self.lines.get(self.at).copied();
        self.at += 1;
        line
    }

    /// Lines that begin with so many spaces, and those that belong to them.
    fn block(&mut self, indent: usize, depth: usize) -> Result<Vec<Statement>, String> {
        let depth = depth.checked_sub(1).ok_or("conditions so deep")?;
        let mut statements = vec![];
        while let Some(line) = self.lines.get(self.at) {
            let text = line.trim_start_matches(' ');
            if line.len() - text.len() != indent {
                break;
            }
            self.at += 1;
            if let Some(condition) = text.strip_prefix("if ").and_then(|it| it.strip_suffix(':')) {
                let condition = expression(condition)?;
                let then = self.block(indent + 2, depth)?;
                let has_else = self.lines.get(self.at).is_some_and(|it| {
                    it.trim_start() == "else:" && it.len() == indent + "else:".len()
                });
                self.at += usize::from(has_else);
                let otherwise = if has_else { self.block(indent + 2, depth)? } else { vec![] };
                statements.push(Statement::If(condition, then, otherwise));
            } else if let Some(head) = text.strip_prefix("for ") {
                let (name, range) = head
                    .strip_suffix("):")
                    .and_then(|it| it.split_once(" in range("))
                    .ok_or_else(|| format!("the line `{text}`"))?;
                let (name, range) = (name.to_owned(), expression(range)?);
                statements.push(Statement::For(name, range, self.block(indent + 2, depth)?));
            } else if let Some(value) = text.strip_prefix("return ") {
                statements.push(Statement::Return(expression(value)?));
            } else if text != "pass" {
                statements.push(assignment(text)?);
            }
        }
        Ok(statements)
    }
}

fn assignment(text: &str) -> Result<Statement, String> {
    let (names, value) = text.split_once(" = ").ok_or_else(|| format!("the line `{text}`"))?;
    let value = expression(value)?;
    if let Some(name) = names.strip_prefix("self.") {
        return Ok(Statement::Set(name.to_owned(), value));
    }
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    Ok(Statement::Assign(names.map(str::to_owned).collect(), value))
}

fn expression(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { rest: text };
    let value = parser.expression(DEPTH_MAX)?;
    match parser.rest.trim() {
        "" => Ok(value),
        rest => Err(format!("`{rest}` after an expression")),
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn expression(&mut self, depth: usize) -> Result<Expression, String> {
        let depth = depth.checked_sub(1).ok_or("expressions so deep")?;
        self.rest = self.rest.trim_start();
        if let Some(rest) = self.rest.strip_prefix('"') {
            let (text, rest) = rest.split_once('"').ok_or("a text without an end")?;
            self.rest = rest;
            return Ok(Expression::Text(text.to_owned()));
        }
        if self.take('[') {
            return Ok(Expression::List(self.list(']', depth)?));
        }
        if let Some(rest) = self.rest.strip_prefix("(self).") {
            self.rest = rest;
            let name = self.word();
            if !self.take('(') {
                return Err(format!("the method {name} without arguments"));
            }
            return Ok(Expression::Method(name.to_owned(), self.list(')', depth)?));
        }
        let word = self.word();
        if word.is_empty() {
            return Err(format!("`{}` for an expression", self.rest));
        }
        if self.take('(') {
            let name = word.strip_prefix("torch.").unwrap_or(word);
            return Ok(Expression::Call(name.to_owned(), self.list(')', depth)?));
        }
        Ok(match word {
            "True" => Expression::Bool(true),
            "False" => Expression::Bool(false),
            "None" => Expression::None,
            _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => number(word)?,
            _ => match word.strip_prefix("self.") {
                Some(name) => Expression::Attribute(name.to_owned()),
                None => Expression::Name(word.to_owned()),
            },
        })
    }

    /// Expressions up to an end, which may follow a comma.
    fn list(&mut self, end: char, depth: usize) -> Result<Vec<Expression>, String> {
        let mut items = vec![];
        loop {
            if self.take(end) {
                return Ok(items);
            }
            if !items.is_empty() && !self.take(',') {
                return Err(format!("`{}` in a list", self.rest));
            }
            if self.take(end) {
                return Ok(items);
            }
            // Types, as in `annotate(List[str], [])`.
            if let Some(rest) = self.rest.trim_start().strip_prefix("List[str]") {
                self.rest = rest;
                items.push(Expression::None);
                continue;
            }
            items.push(self.expression(depth)?);
        }
    }

    fn take(&mut self, c: char) -> bool {
        match self.rest.trim_start().strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A name with its dots, or a number.
    fn word(&mut self) -> &'a str {
        let text = self.rest;
        let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let mut before = ' ';
        let n = text
            .find(|c: char| {
                let is_sign = c == '-' && (before == ' ' || (is_number && before == 'e'));
                before = c;
                !(c.is_ascii_alphanumeric() || c == '_' || c == '.' || is_sign)
            })
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(n);
        self.rest = rest;
        word
    }
}

fn number(word: &str) -> Result<Expression, String> {
    if let Ok(number) = word.parse() {
        return Ok(Expression::Int(number));
    }
    word.parse().map(Expression::Float).map_err(|_| format!("the number `{word}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        let class = "class Model(Module):\n  training : bool\n  def f(self: __torch__.Model,\n    x: Tensor, n: int) -> \
                     Tensor:\n    v0 = torch.add(x, -1e-05)\n    if torch.gt(n, 0.):\n      self.on = True\n    \
                     else:\n      pass\n    a, b, = torch.two([v0, \"t\"], None, )\n    return (self).g(a, )\n  \
                     def g(self: __torch__.Model) -> List[str]:\n    return annotate(List[str], [])\n";
        let all = methods(class).unwrap();
        let name = |it: &str| Expression::Name(it.into());
        let call = |it: &str, of: Vec<Expression>| Expression::Call(it.into(), of);
        assert_eq!(all["f"].arguments, ["x", "n"]);
        assert_eq!(
            all["f"].body,
            [
                Statement::Assign(
                    vec!["v0".into()],
                    call("add", vec![name("x"), Expression::Float(-1e-5)])
                ),
                Statement::If(
                    call("gt", vec![name("n"), Expression::Float(0.0)]),
                    vec![Statement::Set("on".into(), Expression::Bool(true))],
                    vec![]
                ),
                Statement::Assign(
                    vec!["a".into(), "b".into()],
                    call(
                        "two",
                        vec![
                            Expression::List(vec![name("v0"), Expression::Text("t".into())]),
                            Expression::None
                        ]
                    )
                ),
                Statement::Return(Expression::Method("g".into(), vec![name("a")])),
            ]
        );
        assert_eq!(all["g"].body.len(), 1);
    }

    #[test]
    fn loops_have_a_range() {
        let class =
            "  def f(self, n: int) -> int:\n    for i in range(n):\n      a = i\n    return a\n";
        let body = &methods(class).unwrap()["f"].body;
        let name = |it: &str| Expression::Name(it.into());
        let inner = vec![Statement::Assign(vec!["a".into()], name("i"))];
        assert_eq!(body[0], Statement::For("i".into(), name("n"), inner));
        assert_eq!(body.len(), 2);
        assert!(methods("  def f(self) -> int:\n    for i in x:\n      a = i\n").is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        for body in ["x", "v = ", "v = f(", "v = [1, 2", "v = \"t", "v = 1 2", "v = 1.2.3"] {
            let class = format!("  def f(self) -> int:\n    {body}\n");
            assert!(methods(&class).is_err(), "{body}");
        }
        let deep = format!("v = {}1{}", "f(".repeat(99), ")".repeat(99));
        assert!(methods(&format!("  def f(self) -> int:\n    {deep}\n")).is_err());
        assert!(methods("  def f(self)").is_err());
        // What is left of a damaged method is not passed over.
        assert!(methods("  def f(self) -> int:\n    v = 1\n      w = 2\n    return v\n").is_err());
    }
}
