//! Into which tokens is expression text cut?

use std::sync::Arc;

use crate::ExprError;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'t> {
    /// Digits only.
    Long(&'t str),
    /// A number with point or exponent, `NaN` or `Infinity`.
    Double(f64),
    /// `'...'` without quotes and escapes.
    Text(Arc<str>),
    /// An identifier, bare or quoted.
    Name(Arc<str>),
    /// `null`.
    Null,
    /// Operator or punctuation.
    Symbol(&'static str),
    /// Nothing is left.
    End,
}

/// Longer symbols first.
const SYMBOLS: [&str; 21] = [
    "->", "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "^", "(", ")", "[",
    "]", ",",
];

/// One token of look-ahead over the text.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    /// Where the current token starts.
    start: usize,
    /// Where the next one is looked for.
    at: usize,
    current: Token<'t>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Result<Self, ExprError> {
        let mut lexer = Self { text, start: 0, at: 0, current: Token::End };
        lexer.advance()?;
        Ok(lexer)
    }

    pub(super) fn peek(&self) -> &Token<'t> {
        &self.current
    }

    pub(super) fn advance(&mut self) -> Result<(), ExprError> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.start = self.at;
        self.current = self.scan()?;
        Ok(())
    }

    /// An error at the current token.
    pub(super) fn error(&self, message: &str) -> ExprError {
        let found = self.text.get(self.start..).unwrap_or_default();
        let found: String = found.chars().take(20).collect();
        let found = if found.is_empty() { "the end".to_owned() } else { format!("`{found}`") };
        self.error_at(self.start, format!("{message}, found {found}"))
    }

    fn error_at(&self, at: usize, message: String) -> ExprError {
        let mut text: String = self.text.chars().take(200).collect();
        if text.len() < self.text.len() {
            text.push_str("...");
        }
        ExprError::Syntax { text, at, message }
    }

    /// Whether `(x, y) ->` or `x ->` comes next.
    pub(super) fn lambda_follows(&self) -> bool {
        let mut ahead = self.clone();
        let mut step = || ahead.advance().map(|()| ahead.current.clone()).unwrap_or(Token::End);
        match self.current {
            Token::Name(_) => step() == Token::Symbol("->"),
            Token::Symbol("(") => loop {
                match step() {
                    Token::Name(_) | Token::Symbol(",") => {}
                    Token::Symbol(")") => return step() == Token::Symbol("->"),
                    _ => return false,
                }
            },
            _ => false,
        }
    }

    /// Whether `<NAME>[` comes after the current token.
    pub(super) fn typed_array_follows(&self) -> bool {
        let Some(inner) = self.rest().strip_prefix('<') else { return false };
        let Some((name, after)) = inner.split_once('>') else { return false };
        name.bytes().all(|b| b.is_ascii_alphabetic()) && after.trim_start().starts_with('[')
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn scan(&mut self) -> Result<Token<'t>, ExprError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        if first.is_ascii_digit() {
            return self.number();
        }
        if first == '\'' {
            return Ok(Token::Text(self.quoted('\'')?.into()));
        }
        if first == '"' {
            return Ok(Token::Name(self.quoted('"')?.into()));
        }
        if name_start(first) {
            let end = rest.find(|c: char| !name_start(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
            self.at += end;
            return Ok(match &rest[..end] {
                "null" | "NULL" => Token::Null,
                "NaN" => Token::Double(f64::NAN),
                "Infinity" => Token::Double(f64::INFINITY),
                name => Token::Name(name.into()),
            });
        }
        match SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            Some(symbol) => {
                self.at += symbol.len();
                Ok(Token::Symbol(symbol))
            }
            None => {
                // Druid drops characters that begin no token.
                self.at += first.len_utf8();
                let rest = self.rest();
                self.at += rest.len() - rest.trim_start().len();
                self.start = self.at;
                self.scan()
            }
        }
    }

    fn number(&mut self) -> Result<Token<'t>, ExprError> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let digits = |from: usize| {
            let tail = bytes.get(from..).unwrap_or_default();
            from + tail.iter().take_while(|b| b.is_ascii_digit()).count()
        };
        let mut end = digits(0);
        let mut whole = true;
        if bytes.get(end) == Some(&b'.') {
            whole = false;
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
            let exponent = digits(end + 1 + sign);
            if exponent > end + 1 + sign {
                whole = false;
                end = exponent;
            }
        }
        if rest[end..].starts_with(name_start) {
            return Err(self.error("a name must not start with a digit; put it in double quotes"));
        }
        self.at += end;
        let text = &rest[..end];
        if whole {
            return Ok(Token::Long(text));
        }
        text.parse().map(Token::Double).map_err(|_| self.error("the number cannot be read"))
    }

    /// The text between quotes, escapes resolved.
    fn quoted(&mut self, quote: char) -> Result<String, ExprError> {
        let rest = self.rest();
        let mut units = Units::default();
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.at += at + c.len_utf8();
                return Ok(units.finish());
            }
            if c != '\\' {
                units.push(c);
                continue;
            }
            let Some((at, escape)) = chars.next() else { break };
            match escape {
                'n' => units.push('\n'),
                'r' => units.push('\r'),
                't' => units.push('\t'),
                'b' => units.push('\u{8}'),
                'f' => units.push('\u{c}'),
                '\'' | '"' | '\\' | '/' => units.push(escape),
                'u' => {
                    let hex = rest.get(at + 1..at + 5).and_then(|h| u16::from_str_radix(h, 16).ok());
                    let Some(unit) = hex else {
                        return Err(self.error_at(self.at + at, "`\\u` needs four hex digits".to_owned()));
                    };
                    units.push_unit(unit);
                    chars.nth(3);
                }
                other => {
                    let message = format!("`\\{other}` is no escape; write `\\\\` for a backslash");
                    return Err(self.error_at(self.at + at, message));
                }
            }
        }
        Err(self.error(&format!("the closing {quote} is missing")))
    }
}

fn name_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '$')
}

/// Characters, some of which come as UTF-16 code units.
#[derive(Default)]
struct Units {
    text: String,
    pending: Vec<u16>,
}

impl Units {
    fn push(&mut self, c: char) {
        self.flush();
        self.text.push(c);
    }

    fn push_unit(&mut self, unit: u16) {
        self.pending.push(unit);
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.text.push_str(&String::from_utf16_lossy(&self.pending));
            self.pending.clear();
        }
    }

    fn finish(mut self) -> String {
        self.flush();
        self.text
    }
}
