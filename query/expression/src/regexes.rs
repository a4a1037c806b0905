//! How are Java's regular expressions read, and how does their replacement text work?

use regex::{Captures, Regex, RegexBuilder};

/// A compiled regular expression that remembers its text; equal when the texts are.
#[derive(Debug, Clone)]
pub struct JavaRegex {
    text: String,
    regex: Regex,
}

impl JavaRegex {
    /// Compiles by [`java_regex`].
    ///
    /// # Errors
    /// As [`java_regex`].
    pub fn new(pattern: &str) -> Result<Self, String> {
        Ok(Self { text: pattern.to_owned(), regex: java_regex(pattern)? })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The compiled form.
    #[must_use]
    pub fn regex(&self) -> &Regex {
        &self.regex
    }

    /// Whether it is found anywhere in a text.
    #[must_use]
    pub fn is_found(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for JavaRegex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Compiles a regular expression written for Java. Quoted parts (`\Q..\E`), `\Z` and the ASCII classes (`\d`, `\w`, `\s`) are
/// translated; look-around
/// and back-references do not exist here.
///
/// # Errors
/// When it is no regular expression, or needs what does not exist here; the text says which.
pub fn java_regex(pattern: &str) -> Result<Regex, String> {
    let translated = translate(pattern);
    RegexBuilder::new(&translated).size_limit(16 << 20).build().map_err(|error| {
        let reason = match error {
            regex::Error::Syntax(text) => text.lines().last().unwrap_or_default().trim().to_owned(),
            other => other.to_string(),
        };
        format!("cannot use the regular expression `{pattern}`: {reason}")
    })
}

fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escaped = &rest[at + 1..];
        if let Some(quoted) = escaped.strip_prefix('Q') {
            let (text, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            out.push_str(&regex::escape(text));
            rest = after;
            continue;
        }
        let Some(c) = escaped.chars().next() else {
            out.push('\\');
            rest = escaped;
            break;
        };
        match c {
            // Java's classes are ASCII.
            'd' => out.push_str("[0-9]"),
            'D' => out.push_str("[^0-9]"),
            'w' => out.push_str("[0-9A-Za-z_]"),
            'W' => out.push_str("[^0-9A-Za-z_]"),
            's' => out.push_str("[ \\t\\n\\x0B\\f\\r]"),
            'S' => out.push_str("[^ \\t\\n\\x0B\\f\\r]"),
            'Z' => out.push_str("(?:\\n?\\z)"),
            'h' => out.push_str("[ \\t]"),
            'e' => out.push_str("\\x1B"),
            c => {
                out.push('\\');
                out.push(c);
            }
        }
        rest = &escaped[c.len_utf8()..];
    }
    out.push_str(rest);
    out
}

/// Replaces all matches; `$1` and `${name}` stand for groups, `\` makes the next character literal.
pub(crate) fn replace_all(regex: &Regex, text: &str, replacement: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let (mut last, mut at) = (0, 0);
    // As Java does, an empty match is found right after another one that was not empty.
    while let Some(captures) = if at <= text.len() { regex.captures_at(text, at) } else { None } {
        let Some(whole) = captures.get(0) else { break };
        out.push_str(&text[last..whole.start()]);
        expand(replacement, &captures, &mut out)?;
        last = whole.end();
        let next = text[last..].chars().next().map_or(1, char::len_utf8);
        at = if whole.is_empty() { last + next } else { last };
    }
    out.push_str(&text[last..]);
    Ok(out)
}

fn expand(replacement: &str, captures: &Captures<'_>, out: &mut String) -> Result<(), String> {
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(chars.next().ok_or("the replacement ends with a backslash")?),
            '$' if chars.peek() == Some(&'{') => {
                let name: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                let group = captures.name(&name);
                out.push_str(group.map_or("", |m| m.as_str()));
            }
            '$' => {
                let first = chars.next().and_then(|d| d.to_digit(10));
                let mut group =
                    first.ok_or("`$` in the replacement needs a group number; write `\\$`")? as usize;
                if group >= captures.len() {
                    return Err(format!("the regular expression has no group {group}"));
                }
                // Further digits belong to the number as long as there is such a group.
                while let Some(d) = chars.peek().and_then(|d| d.to_digit(10)) {
                    let longer = group * 10 + d as usize;
                    if longer >= captures.len() {
                        break;
                    }
                    group = longer;
                    chars.next();
                }
                out.push_str(captures.get(group).map_or("", |m| m.as_str()));
            }
            c => out.push(c),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_dialect() {
        assert!(java_regex("^\\Qa.b\\E$").unwrap().is_match("a.b"));
        assert!(!java_regex("^\\Qa.b\\E$").unwrap().is_match("axb"));
        assert!(java_regex("^[\\d.]+\\s\\w\\S$").unwrap().is_match("1.5 ab"));
        assert!(!java_regex("^\\d$").unwrap().is_match("\u{0663}"));
        let error = java_regex("(?=x)").unwrap_err();
        assert!(error.contains("look-around"), "{error}");
        let regex = java_regex("(a)(b)").unwrap();
        assert_eq!(replace_all(&regex, "xaby", "$2$1\\$").unwrap(), "xba$y");
        assert!(replace_all(&regex, "ab", "$3").is_err());
    }
}
