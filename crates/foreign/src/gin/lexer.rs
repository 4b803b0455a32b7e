//! The tokens of a configuration: names, numbers, strings, signs and ends of lines.

use std::iter::Peekable;
use std::str::Chars;

/// One token and its position.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Letters, digits and `_`, joined with `.` and `/`.
    Name(String),
    Int(i64),
    Float(f64),
    Text(String),
    /// One of `= : , ( ) [ ] { } @ % -`.
    Sign(char),
    /// The end of a line that has tokens, outside of brackets.
    EndOfLine,
    EndOfFile,
}

/// Why the text cannot be split into tokens.
pub(super) struct Unreadable {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) reason: String,
}

/// Splits the whole text into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lexer = Lexer {
        letters: text.chars().peekable(),
        line: 1,
        column: 1,
        depth: 0,
        tokens: Vec::new(),
    };
    loop {
        let (line, column) = (lexer.line, lexer.column);
        let kind = lexer.kind().map_err(|reason| Unreadable { line, column, reason })?;
        let is_last = kind == Some(Kind::EndOfFile);
        if let Some(kind) = kind {
            lexer.tokens.push(Token { kind, line, column });
        }
        if is_last {
            return Ok(lexer.tokens);
        }
    }
}

struct Lexer<'a> {
    letters: Peekable<Chars<'a>>,
    line: usize,
    column: usize,
    /// How many brackets are open.
    depth: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    /// The next token; `None` for white space and comments.
    fn kind(&mut self) -> Result<Option<Kind>, String> {
        let Some(first) = self.take() else {
            self.depth = 0;
            return Ok(Some(if self.is_in_line() { Kind::EndOfLine } else { Kind::EndOfFile }));
        };
        Ok(Some(match first {
            ' ' | '\t' | '\r' | '\u{c}' => return Ok(None),
            '\n' if self.depth == 0 && self.is_in_line() => Kind::EndOfLine,
            '\n' => return Ok(None),
            '#' => {
                while self.peek().is_some_and(|letter| letter != '\n') {
                    self.take();
                }
                return Ok(None);
            }
            '\\' => {
                while self.peek() == Some('\r') {
                    self.take();
                }
                if self.take() != Some('\n') {
                    return Err("a `\\` is not at the end of its line".to_owned());
                }
                return Ok(None);
            }
            '(' | '[' | '{' => {
                self.depth += 1;
                Kind::Sign(first)
            }
            ')' | ']' | '}' => {
                self.depth = self.depth.saturating_sub(1);
                Kind::Sign(first)
            }
            '=' | ':' | ',' | '@' | '%' | '-' | '+' => Kind::Sign(first),
            '\'' | '"' => Kind::Text(self.text(first, false)?),
            '0'..='9' => self.number(first)?,
            '.' if self.peek().is_some_and(|letter| letter.is_ascii_digit()) => {
                self.number(first)?
            }
            'r' | 'u' | 'R' | 'U' if matches!(self.peek(), Some('\'' | '"')) => {
                let quote = self.take().unwrap_or(first);
                Kind::Text(self.text(quote, first.eq_ignore_ascii_case(&'r'))?)
            }
            letter if letter == '_' || letter.is_alphabetic() => self.name(letter),
            other => return Err(format!("unexpected `{}`", other.escape_debug())),
        }))
    }

    fn is_in_line(&self) -> bool {
        self.tokens.last().is_some_and(|last| last.kind != Kind::EndOfLine)
    }

    fn peek(&mut self) -> Option<char> {
        self.letters.peek().copied()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.letters.next()?;
        if letter == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(letter)
    }

    fn name(&mut self, first: char) -> Kind {
        let mut name = String::from(first);
        while let Some(letter) = self.peek() {
            if !(letter.is_alphanumeric() || matches!(letter, '_' | '.' | '/')) {
                break;
            }
            name.push(letter);
            self.take();
        }
        Kind::Name(name)
    }

    fn number(&mut self, first: char) -> Result<Kind, String> {
        let mut digits = String::from(first);
        let is_hex = first == '0' && matches!(self.peek(), Some('x' | 'X'));
        while let Some(letter) = self.peek() {
            let is_sign = matches!(letter, '+' | '-') && !is_hex && digits.ends_with(['e', 'E']);
            if !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.') || is_sign) {
                break;
            }
            digits.push(letter);
            self.take();
        }
        let plain = digits.replace('_', "");
        let hex = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X"));
        let parsed = match hex {
            Some(hex) => i64::from_str_radix(hex, 16).ok().map(Kind::Int),
            None if plain.bytes().all(|byte| byte.is_ascii_digit()) => {
                plain.parse().ok().map(Kind::Int)
            }
            // `inf` and `nan`, which the parser of floats knows, cannot start with a digit.
            None => plain.parse().ok().map(Kind::Float),
        };
        parsed.ok_or_else(|| format!("the number `{digits}` is too large"))
    }

    /// The string up to its closing quote, or three of them.
    fn text(&mut self, quote: char, is_raw: bool) -> Result<String, String> {
        let mut text = String::new();
        let mut is_long = false;
        if self.peek() == Some(quote) {
            self.take();
            if self.peek() != Some(quote) {
                return Ok(text);
            }
            self.take();
            is_long = true;
        }
        let mut n_quotes = 0;
        loop {
            let letter = self.take().ok_or("a string is not closed")?;
            if letter == quote {
                n_quotes += 1;
                if !is_long || n_quotes == 3 {
                    return Ok(text);
                }
                continue;
            }
            text.extend(std::iter::repeat_n(quote, n_quotes));
            n_quotes = 0;
            match letter {
                '\n' if !is_long => return Err("a string is not closed on its line".to_owned()),
                '\\' if is_raw => {
                    text.push(letter);
                    text.extend(self.take());
                }
                '\\' => self.escape(&mut text)?,
                letter => text.push(letter),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), String> {
        let letter = self.take().ok_or("a string is not closed")?;
        match letter {
            '\n' => {}
            '\\' | '\'' | '"' => text.push(letter),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'a' => text.push('\u{7}'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'v' => text.push('\u{b}'),
            'x' => text.push(self.coded(2)?),
            'u' => text.push(self.coded(4)?),
            'U' => text.push(self.coded(8)?),
            '0'..='7' => {
                let mut code = letter.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|letter| letter.to_digit(8)) else {
                        break;
                    };
                    self.take();
                    code = code * 8 + digit;
                }
                text.push(char::from_u32(code).ok_or("an escape is not a valid character")?);
            }
            // As in Python, a backslash before another letter stands for itself.
            letter => text.extend(['\\', letter]),
        }
        Ok(())
    }

    fn coded(&mut self, n_digits: usize) -> Result<char, String> {
        let mut code = 0u32;
        for _ in 0..n_digits {
            let digit = self.take().and_then(|letter| letter.to_digit(16));
            code = code << 4 | digit.ok_or("an escape has too few digits")?;
        }
        char::from_u32(code).ok_or_else(|| "an escape is not a valid character".to_owned())
    }
}
