//! Does a text match a LIKE pattern? `%` stands for any run of characters, `_` for one.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    One,
    Many,
    Char(char),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Anything,
    General(Vec<Piece>),
}

/// A compiled LIKE pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikePattern {
    shape: Shape,
    prefix: String,
}

/// A pattern that ends in its escape character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DanglingEscape;

impl fmt::Display for DanglingEscape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must not end with the escape character")
    }
}

impl LikePattern {
    /// Compiles a pattern; `escape` makes the character after it literal.
    pub(crate) fn new(pattern: &str, escape: Option<char>) -> Result<Self, DanglingEscape> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            pieces.push(match c {
                c if Some(c) == escape => Piece::Char(chars.next().ok_or(DanglingEscape)?),
                '%' if pieces.last() == Some(&Piece::Many) => continue,
                '%' => Piece::Many,
                '_' => Piece::One,
                c => Piece::Char(c),
            });
        }
        let prefix = literal(pieces.iter().take_while(|p| matches!(p, Piece::Char(_))));
        Ok(Self { shape: shape_of(pieces), prefix })
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.shape {
            Shape::Exact(wanted) => text == wanted,
            Shape::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Shape::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Shape::Contains(part) => text.contains(part.as_str()),
            Shape::Anything => true,
            Shape::General(pieces) => text.starts_with(self.prefix.as_str()) && general(pieces, text),
        }
    }

    /// The characters every match starts with; empty when there are none.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The only text that matches, when there is just one.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        match &self.shape {
            Shape::Exact(text) => Some(text),
            _ => None,
        }
    }

    /// Whether every text that starts with [`Self::prefix`] matches.
    #[must_use]
    pub fn is_prefix_only(&self) -> bool {
        matches!(self.shape, Shape::Prefix(_) | Shape::Anything)
    }
}

fn literal<'p>(pieces: impl Iterator<Item = &'p Piece>) -> String {
    pieces.filter_map(|p| if let Piece::Char(c) = p { Some(*c) } else { None }).collect()
}

fn shape_of(pieces: Vec<Piece>) -> Shape {
    let plain = |part: &[Piece]| part.iter().all(|p| matches!(p, Piece::Char(_)));
    match pieces.as_slice() {
        all if plain(all) => Shape::Exact(literal(all.iter())),
        [Piece::Many] => Shape::Anything,
        [start @ .., Piece::Many] if plain(start) => Shape::Prefix(literal(start.iter())),
        [Piece::Many, end @ ..] if plain(end) => Shape::Suffix(literal(end.iter())),
        [Piece::Many, middle @ .., Piece::Many] if plain(middle) => Shape::Contains(literal(middle.iter())),
        _ => Shape::General(pieces),
    }
}

/// Remembers the last `%` only: a later one makes earlier choices irrelevant.
fn general(pieces: &[Piece], text: &str) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut last_many: Option<(usize, &str)> = None;
    loop {
        let next = rest.chars().next();
        match (pieces.get(at), next) {
            (Some(Piece::Many), _) => {
                at += 1;
                last_many = Some((at, rest));
                continue;
            }
            (None, None) => return true,
            (Some(Piece::One), Some(c)) => {
                at += 1;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            (Some(Piece::Char(wanted)), Some(c)) if *wanted == c => {
                at += 1;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = last_many else { return false };
        let Some(skipped) = from.chars().next() else { return false };
        let from = &from[skipped.len_utf8()..];
        last_many = Some((after, from));
        (at, rest) = (after, from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(text: &str, pattern: &str, escape: Option<char>) -> bool {
        LikePattern::new(pattern, escape).unwrap().matches(text)
    }

    #[test]
    fn shapes() {
        for (text, pattern, matches) in [
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "%", true),
            ("", "%", true),
            ("", "_", false),
            ("abc", "a_c", true),
            ("abc", "%a%c%", true),
            ("aXbXc", "a%b%c", true),
            ("aXbX", "a%b%c", false),
            ("a\nb", "a%b", true),
            ("\u{1f600}x", "_x", true),
        ] {
            assert_eq!(like(text, pattern, None), matches, "{text} {pattern}");
        }
    }

    #[test]
    fn escapes_and_prefixes() {
        assert!(like("50%", "50\\%", Some('\\')));
        assert!(!like("50x", "50\\%", Some('\\')));
        assert!(LikePattern::new("a\\", Some('\\')).is_err());
        let pattern = LikePattern::new("ab_%", None).unwrap();
        assert_eq!((pattern.prefix(), pattern.is_prefix_only()), ("ab", false));
        assert_eq!(LikePattern::new("x", None).unwrap().exact(), Some("x"));
    }
}
