//! When are two texts the same but for values? When their tokens are, literals counting by kind alone, and so are
//! the settings that planning depends on.

use std::fmt::Write;
use std::sync::Arc;

use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use crate::sql::request::Settings;

/// Longer statements are planned each time.
const MAX_TOKENS: usize = 2000;

/// Words whose meaning differs from one instant to the next.
const OF_THE_INSTANT: [&str; 6] =
    ["current_timestamp", "current_date", "current_time", "localtimestamp", "localtime", "now"];

/// A literal as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Written {
    /// `'text'`
    Text(String),
    /// `12`
    Long(i64),
    /// `1.5`
    Double(f64),
}

/// A literal and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Literal {
    pub(crate) value: Written,
    pub(crate) at: Location,
}

/// A statement, cut into what is the same and what may differ.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Equal for two statements exactly when all but their literals is.
    pub(crate) key: String,
    /// In the order of the text.
    pub(crate) literals: Arc<[Literal]>,
}

impl Shape {
    /// Cuts a statement; `None` when its plan must not be kept: it depends on the instant, has tokens that are
    /// rare, or is very long.
    pub(crate) fn of(tokens: &[TokenWithSpan], settings: &Settings) -> Option<Self> {
        if tokens.len() > MAX_TOKENS {
            return None;
        }
        let mut key = String::with_capacity(tokens.len() * 8);
        let Settings { zone, approximate_distinct, finalize_sketches, outer_limit, .. } = settings;
        // Writing to a text cannot fail.
        let _ = write!(key, "{zone} {approximate_distinct} {finalize_sketches} {outer_limit:?};");
        let mut literals = Vec::new();
        for token in tokens {
            // Every token begins with a mark and ends by it or by its length: no two statements have one key.
            let value = match &token.token {
                Token::Whitespace(_) | Token::EOF => continue,
                Token::Word(word) => {
                    if OF_THE_INSTANT.iter().any(|w| w.eq_ignore_ascii_case(&word.value)) {
                        return None;
                    }
                    let quote = word.quote_style.unwrap_or('w');
                    let _ = write!(key, "{quote}{}:{}", word.value.len(), word.value);
                    continue;
                }
                Token::SingleQuotedString(text) => Written::Text(text.clone()),
                Token::Number(digits, false) => number(digits)?,
                other => {
                    key.push_str(mark(other)?);
                    continue;
                }
            };
            key.push_str(match value {
                Written::Text(_) => "?t",
                Written::Long(_) => "?l",
                // A number with an exponent is of another type.
                Written::Double(_) if has_exponent(&token.token) => "?e",
                Written::Double(_) => "?d",
            });
            literals.push(Literal { value, at: token.span.start });
        }
        Some(Self { key, literals: literals.into() })
    }
}

fn has_exponent(token: &Token) -> bool {
    matches!(token, Token::Number(digits, _) if digits.contains(['e', 'E']))
}

/// A number as the planner reads it.
fn number(digits: &str) -> Option<Written> {
    if digits.ends_with('.') {
        return None;
    }
    if let Ok(n) = digits.parse() {
        return Some(Written::Long(n));
    }
    let value: f64 = digits.parse().ok()?;
    (digits.contains(['.', 'e', 'E']) && value.is_finite()).then_some(Written::Double(value))
}

/// The mark of a token that holds nothing but itself.
fn mark(token: &Token) -> Option<&'static str> {
    Some(match token {
        Token::Comma => ",",
        Token::Period => ".",
        Token::LParen => "(",
        Token::RParen => ")",
        Token::LBracket => "[",
        Token::RBracket => "]",
        Token::Eq => "=",
        Token::Neq => "#",
        Token::Lt => "<",
        Token::LtEq => "{",
        Token::Gt => ">",
        Token::GtEq => "}",
        Token::Plus => "+",
        Token::Minus => "-",
        Token::Mul => "*",
        Token::Div => "/",
        Token::Mod => "%",
        Token::StringConcat => "|",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::statement::read;

    fn shape(text: &str) -> Option<Shape> {
        let settings = Settings::from_context(&serde_json::Map::new(), 0, String::new).unwrap();
        Shape::of(read(text, &[]).unwrap().tokens(), &settings)
    }

    #[test]
    fn texts_that_differ_by_literals_have_one_shape() {
        let key = |text: &str| shape(text).unwrap().key;
        let one = "SELECT a FROM t WHERE b = 'x' AND c IN (1, 2)";
        assert_eq!(key(one), key("SELECT a FROM t\n WHERE b='y''z'  AND c IN (30,4) -- so"));
        for other in [
            "SELECT a FROM t WHERE b = 1 AND c IN (1, 2)",
            "SELECT a FROM t WHERE b = 'x' AND c IN (1, 2.5)",
            "SELECT a FROM t WHERE b = 'x' AND c IN (1, 25e-1)",
            "SELECT a FROM t WHERE b = 'x' AND c IN (1, 2, 3)",
            "SELECT \"a\" FROM t WHERE b = 'x' AND c IN (1, 2)",
            "SELECT a FROM t WHERE b <> 'x' AND c IN (1, 2)",
            "SELECT A FROM t WHERE b = 'x' AND c IN (1, 2)",
        ] {
            assert_ne!(key(one), key(other), "{other}");
        }
        let literals: Vec<Written> = shape(one).unwrap().literals.iter().map(|l| l.value.clone()).collect();
        assert_eq!(literals, [Written::Text("x".to_owned()), Written::Long(1), Written::Long(2)]);
    }

    #[test]
    fn names_cannot_imitate_other_texts() {
        let key = |text: &str| shape(text).unwrap().key;
        assert_ne!(key("SELECT \"a w1:b\" FROM t"), key("SELECT \"a\" b FROM t"));
        assert_ne!(key("SELECT \"?t\" FROM t"), key("SELECT '' FROM t"));
        assert_ne!(key("SELECT ab FROM t"), key("SELECT a b FROM t"));
    }

    #[test]
    fn some_statements_have_none() {
        assert!(shape("SELECT a FROM t WHERE __time > Current_Timestamp").is_none());
        assert!(shape("SELECT a FROM t WHERE b = 99999999999999999999").is_none());
    }
}
