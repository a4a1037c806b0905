//! How are Java's regular expressions read, and how does their replacement text work?

use regex::{Regex, RegexBuilder};

/// A compiled regular expression that remembers its text; equal when the texts are.
#[derive(Debug, Clone)]
pub struct JavaRegex {
    text: String,
    engine: Engine,
}

/// How matches are found.
#[derive(Debug, Clone)]
enum Engine {
    /// In time linear in the text.
    Automaton(Regex),
    /// By trial: look-around, back-references, atomic groups and possessive quantifiers.
    Trial(Box<fancy_regex::Regex>),
}

/// The groups of a match.
#[derive(Debug)]
pub(crate) enum Groups<'t> {
    Automaton(regex::Captures<'t>),
    Trial(fancy_regex::Captures<'t, str>),
}

/// Bytes of a compiled expression at most.
const COMPILED_BYTES: usize = 16 << 20;

/// Trials in one text at most; one that takes more is not matched.
const TRIALS: usize = 10_000_000;

impl JavaRegex {
    /// Compiles a regular expression written for Java. Quoted parts (`\Q..\E`), `\Z`, the ASCII classes (`\d`, `\w`,
    /// `\s`, `\p{Alpha}`) are translated.
    ///
    /// # Errors
    /// When it is no regular expression, or too large; the text says which.
    pub fn new(pattern: &str) -> Result<Self, String> {
        Ok(Self { text: pattern.to_owned(), engine: Engine::new(pattern)? })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is found anywhere in a text.
    #[must_use]
    pub fn is_found(&self, text: &str) -> bool {
        match &self.engine {
            Engine::Automaton(regex) => regex.is_match(text),
            Engine::Trial(regex) => regex.is_match(text).unwrap_or(false),
        }
    }

    /// Number of groups, the whole match included.
    pub(crate) fn groups(&self) -> usize {
        match &self.engine {
            Engine::Automaton(regex) => regex.captures_len(),
            Engine::Trial(regex) => regex.captures_len(),
        }
    }

    /// The groups of the first match.
    pub(crate) fn find<'t>(&self, text: &'t str) -> Option<Groups<'t>> {
        self.find_from(text, 0)
    }

    /// The groups of the first match from a byte on.
    fn find_from<'t>(&self, text: &'t str, at: usize) -> Option<Groups<'t>> {
        if at > text.len() {
            return None;
        }
        match &self.engine {
            Engine::Automaton(regex) => regex.captures_at(text, at).map(Groups::Automaton),
            Engine::Trial(regex) => regex.captures_from_pos(text, at).ok().flatten().map(Groups::Trial),
        }
    }

    /// The parts of a text between its matches.
    pub(crate) fn split<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match &self.engine {
            Engine::Automaton(regex) => regex.split(text).collect(),
            Engine::Trial(regex) => regex.split(text).map_while(Result::ok).collect(),
        }
    }

    /// Replaces all matches; `$1` and `${name}` stand for groups, `\` makes the next character literal.
    pub(crate) fn replace_all(&self, text: &str, replacement: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let (mut last, mut at) = (0, 0);
        // As Java does, an empty match is found right after another one that was not empty.
        while let Some(groups) = self.find_from(text, at) {
            let Some((start, end)) = groups.span(0) else { break };
            out.push_str(&text[last..start]);
            expand(replacement, &groups, &mut out)?;
            last = end;
            let next = text[last..].chars().next().map_or(1, char::len_utf8);
            at = if start == end { last + next } else { last };
        }
        out.push_str(&text[last..]);
        Ok(out)
    }
}

impl PartialEq for JavaRegex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Engine {
    fn new(pattern: &str) -> Result<Self, String> {
        let translated = translate(pattern);
        let by_trial = || {
            let mut builder = fancy_regex::RegexBuilder::new(&translated);
            builder.backtrack_limit(TRIALS).delegate_size_limit(COMPILED_BYTES);
            builder.build().map(|regex| Self::Trial(Box::new(regex)))
        };
        if is_possessive(&translated)
            && let Ok(engine) = by_trial()
        {
            return Ok(engine);
        }
        let refused = match RegexBuilder::new(&translated).size_limit(COMPILED_BYTES).build() {
            Ok(regex) => return Ok(Self::Automaton(regex)),
            Err(error) => error,
        };
        by_trial().map_err(|_| {
            let reason = match refused {
                regex::Error::Syntax(text) => text.lines().last().unwrap_or_default().trim().to_owned(),
                other => other.to_string(),
            };
            format!("cannot use the regular expression `{pattern}`: {reason}")
        })
    }
}

/// Whether a quantifier takes what it can and gives nothing back: automata read it as a repetition of a repetition.
fn is_possessive(pattern: &str) -> bool {
    ["*+", "++", "?+", "}+"].iter().any(|quantifier| pattern.contains(quantifier))
}

impl<'t> Groups<'t> {
    /// The text of a group that takes part in the match.
    pub(crate) fn get(&self, group: usize) -> Option<&'t str> {
        match self {
            Self::Automaton(groups) => groups.get(group).map(|found| found.as_str()),
            Self::Trial(groups) => groups.get(group).map(|found| found.as_str()),
        }
    }

    fn named(&self, name: &str) -> Option<&'t str> {
        match self {
            Self::Automaton(groups) => groups.name(name).map(|found| found.as_str()),
            Self::Trial(groups) => groups.name(name).map(|found| found.as_str()),
        }
    }

    fn span(&self, group: usize) -> Option<(usize, usize)> {
        match self {
            Self::Automaton(groups) => groups.get(group).map(|found| (found.start(), found.end())),
            Self::Trial(groups) => groups.get(group).map(|found| (found.start(), found.end())),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Automaton(groups) => groups.len(),
            Self::Trial(groups) => groups.len(),
        }
    }
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
            'p' | 'P' if let Some((class, after)) = ascii_class(&escaped[1..]) => {
                out.push_str(if c == 'P' { "[^" } else { "[" });
                out.push_str(class);
                out.push(']');
                rest = after;
                continue;
            }
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

/// The members of a class that Java calls by its POSIX name, and what follows the name.
fn ascii_class(named: &str) -> Option<(&'static str, &str)> {
    let (name, after) = named.strip_prefix('{')?.split_once('}')?;
    let class = match name {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => "\\x00-\\x7F",
        "Alpha" => "A-Za-z",
        "Digit" => "0-9",
        "Alnum" => "0-9A-Za-z",
        "Punct" => "!-/:-@\\[-`{-~",
        "Graph" => "!-~",
        "Print" => " -~",
        "Blank" => " \\t",
        "Cntrl" => "\\x00-\\x1F\\x7F",
        "XDigit" => "0-9A-Fa-f",
        "Space" => " \\t\\n\\x0B\\f\\r",
        "javaLowerCase" | "IsLowercase" => "\\p{Lowercase}",
        "javaUpperCase" | "IsUppercase" => "\\p{Uppercase}",
        "IsAlphabetic" => "\\p{Alphabetic}",
        _ => return None,
    };
    Some((class, after))
}

fn expand(replacement: &str, groups: &Groups<'_>, out: &mut String) -> Result<(), String> {
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(chars.next().ok_or("the replacement ends with a backslash")?),
            '$' if chars.peek() == Some(&'{') => {
                let name: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.push_str(groups.named(&name).unwrap_or_default());
            }
            '$' => {
                let first = chars.next().and_then(|d| d.to_digit(10));
                let mut group =
                    first.ok_or("`$` in the replacement needs a group number; write `\\$`")? as usize;
                if group >= groups.len() {
                    return Err(format!("the regular expression has no group {group}"));
                }
                // Further digits belong to the number as long as there is such a group.
                while let Some(d) = chars.peek().and_then(|d| d.to_digit(10)) {
                    let longer = group * 10 + d as usize;
                    if longer >= groups.len() {
                        break;
                    }
                    group = longer;
                    chars.next();
                }
                out.push_str(groups.get(group).unwrap_or_default());
            }
            c => out.push(c),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        JavaRegex::new(pattern).unwrap().is_found(text)
    }

    #[test]
    fn java_dialect() {
        assert!(found("^\\Qa.b\\E$", "a.b"));
        assert!(!found("^\\Qa.b\\E$", "axb"));
        assert!(found("^[\\d.]+\\s\\w\\S$", "1.5 ab"));
        assert!(!found("^\\d$", "\u{0663}"));
        assert!(found("^\\p{Alpha}\\p{Punct}$", "a+") && !found("^\\p{Alpha}$", "\u{e9}"));
        let regex = JavaRegex::new("(a)(b)").unwrap();
        assert_eq!(regex.replace_all("xaby", "$2$1\\$").unwrap(), "xba$y");
        assert!(regex.replace_all("ab", "$3").is_err());
        assert!(JavaRegex::new("(a").is_err());
    }

    #[test]
    fn what_takes_trials() {
        assert!(found("^a(?!lpha)", "a,b") && !found("^a(?!lpha)", "alpha"));
        assert!(found("(?<=x)y", "xy") && !found("(?<=x)y", "y"));
        assert!(found("(.)\\1", "hello") && !found("(.)\\1", "helo"));
        assert!(!found("a++a", "aaa") && found("(?>a+)b", "aab"));
        let regex = JavaRegex::new("(\\w)\\1").unwrap();
        assert_eq!(regex.replace_all("aabbc", "<$1>").unwrap(), "<a><b>c");
        assert_eq!(regex.groups(), 2);
        assert_eq!(JavaRegex::new("(?<=a),").unwrap().split("a,b,c"), ["a", "b,c"]);
    }
}
