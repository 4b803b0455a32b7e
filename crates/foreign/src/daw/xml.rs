//! XML as projects have it: elements with attributes. Texts, comments and declarations are skipped.
//!
//! Source: "Extensible Markup Language (XML) 1.0", fifth edition (W3C, 2008). Entities of the document's own are not
//! taken, so nothing can grow out of them.

use std::borrow::Cow;

/// Elements lie in each other at most so deep.
const DEPTH_MAX: usize = 200;
/// Elements and attributes of a text at most, as each takes more memory than it has bytes.
const PARTS_MAX: usize = 8_000_000;

/// An element.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    pub(super) children: Vec<Node<'a>>,
}

/// What is wrong, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) byte: usize,
    pub(super) reason: String,
}

impl<'a> Node<'a> {
    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes.iter().find(|it| it.0 == name).map(|it| unescaped(it.1))
    }

    /// An attribute that is a finite number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.attribute(name)?.trim().parse().ok().filter(|it: &f64| it.is_finite())
    }

    /// The text of an attribute; empty where it is missing.
    pub(super) fn text(&self, name: &str) -> String {
        self.attribute(name).map_or_else(String::new, Cow::into_owned)
    }

    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Node<'a>> {
        self.children.iter().find(|it| it.name == name)
    }

    /// All children of a name.
    pub(super) fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Node<'a>> {
        self.children.iter().filter(move |it| it.name == name)
    }

    /// The element at the end of a path of names.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node<'a>> {
        path.iter().try_fold(self, |node, name| node.child(name))
    }

    /// Calls with every element inside, this one included, whose name it is.
    pub(super) fn walk<'b>(&'b self, name: &str, act: &mut dyn FnMut(&'b Node<'a>)) {
        if self.name == name {
            act(self);
        }
        self.children.iter().for_each(|child| child.walk(name, act));
    }
}

/// The root element of a text.
pub(super) fn parse(text: &str) -> Result<Node<'_>, Broken> {
    let mut open: Vec<Node<'_>> = Vec::new();
    let (mut at, mut n_parts) = (0, 0);
    while let Some(n) = text[at..].find('<') {
        at += n;
        let rest = &text[at..];
        let broken = |reason: &str| Broken { byte: at, reason: reason.to_owned() };
        let skip = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")]
            .into_iter()
            .find(|it| rest.starts_with(it.0));
        if let Some((start, end)) = skip {
            let n = rest[start.len()..]
                .find(end)
                .ok_or_else(|| broken("it ends within a comment or declaration"))?;
            at += start.len() + n + end.len();
            continue;
        }
        let end = tag_end(rest).ok_or_else(|| broken("it ends within a tag"))?;
        let inner = &rest[1..end];
        let after = at + end + 1;
        if let Some(name) = inner.strip_prefix('/') {
            let node = open.pop().filter(|it| it.name == name.trim());
            let node = node.ok_or_else(|| broken("an element ends that did not begin"))?;
            match open.last_mut() {
                Some(parent) => parent.children.push(node),
                None => return Ok(node),
            }
        } else {
            let (inner, is_empty) = match inner.strip_suffix('/') {
                Some(inner) => (inner, true),
                None => (inner, false),
            };
            let node = element(inner).map_err(broken)?;
            n_parts += 1 + node.attributes.len();
            if n_parts > PARTS_MAX {
                return Err(broken("it has more elements than are read"));
            }
            if is_empty {
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return Ok(node),
                }
            } else if open.len() == DEPTH_MAX {
                return Err(broken("elements lie too deep in each other"));
            } else {
                open.push(node);
            }
        }
        at = after;
    }
    let reason =
        if open.is_empty() { "there is no element" } else { "it ends before its elements do" };
    Err(Broken { byte: text.len(), reason: reason.into() })
}

/// Where the tag that starts a text ends: the first `>` outside of quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (i, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(i),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The name and attributes of a start tag.
fn element(inner: &str) -> Result<Node<'_>, &'static str> {
    let inner = inner.trim();
    let end = inner.find(char::is_whitespace).unwrap_or(inner.len());
    let (name, mut rest) = inner.split_at(end);
    if name.is_empty() || name.contains(['"', '\'', '=']) {
        return Err("an element has no name");
    }
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(Node { name, attributes, children: Vec::new() });
        }
        let (key, after) = rest.split_once('=').ok_or("an attribute has no value")?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|it| ['"', '\''].contains(it));
        let quote = quote.ok_or("the value of an attribute has no quotes")?;
        let (value, after) =
            after[1..].split_once(quote).ok_or("the value of an attribute has no end")?;
        attributes.push((key.trim(), value));
        rest = after;
    }
}

/// A text with its entities replaced.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(n) = rest.find('&') {
        out.push_str(&rest[..n]);
        rest = &rest[n..];
        let replaced = rest.find(';').and_then(|end| Some((entity(&rest[1..end])?, end)));
        match replaced {
            Some((character, end)) => {
                out.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => {}
    }
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

/// A text as the value of an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 cannot have other control characters at all.
            '\t' | '\n' | '\r' => out.push(' '),
            it if it.is_control() => {}
            it => out.push(it),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_attributes_are_read() {
        let text = "<?xml version='1.0'?><!DOCTYPE a><a x=\"1 &lt; 2\"><!-- <b> --><b y='>'/>text<c><![CDATA[<d>]]></c></a>";
        let root = parse(text).unwrap();
        assert_eq!(root.text("x"), "1 < 2");
        assert_eq!(root.child("b").unwrap().text("y"), ">");
        assert!(root.at(&["c"]).is_some() && root.at(&["c", "d"]).is_none());
        assert_eq!(unescaped("&#65;&#x42;&unknown;&"), "AB&unknown;&");
        assert_eq!(unescaped(&escaped("<\"a\" & b>")), "<\"a\" & b>");
    }

    #[test]
    fn what_is_wrong_is_placed() {
        let check =
            |text: &str, byte: usize| assert_eq!(parse(text).unwrap_err().byte, byte, "{text}");
        check("", 0);
        check("<a>", 3);
        check("<a></b>", 3);
        check("<a><b x=1/></a>", 3);
        check("<a><b", 3);
        check("<a><!-- ", 3);
        assert!(parse(&"<a>".repeat(1000)).unwrap_err().reason.contains("deep"));
    }
}
