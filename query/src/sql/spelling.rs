//! Which words of a text does the parser not know, or read otherwise? They are changed, dropped, or put in, before it
//! reads them.

mod escapes;

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};

use super::statement::meaningful;
use crate::QueryError;

/// The words after which `ARRAY` is part of a type.
const TYPES: [&str; 14] = [
    "VARCHAR",
    "CHAR",
    "STRING",
    "BIGINT",
    "INTEGER",
    "INT",
    "SMALLINT",
    "TINYINT",
    "DOUBLE",
    "FLOAT",
    "REAL",
    "DECIMAL",
    "BOOLEAN",
    "TIMESTAMP",
];

/// Words that make a text worth looking at.
const CONCERNED: [&str; 10] =
    ["JSON_OBJECT", "JSON_VALUE", "ARRAY", "U", "ANY", "SOME", "ALL", "DISTINCT", "ASYMMETRIC", "LOCAL"];

/// The key of groups that stands for `GROUP BY DISTINCT`.
pub(super) const DISTINCT_SETS: &str = "distinct_sets$";

/// The call that stands for `(a - b) SECOND`.
pub(super) const TIMES_BETWEEN: &str = "times_between$";

/// What an open parenthesis belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Object,
    Value,
    /// `ANY (VALUES ...)`, which is read as a query.
    Rows,
    Other,
}

/// Drops `KEY` before a name in `JSON_OBJECT(KEY 'a' VALUE 1)`, writes a comma for the colon of `JSON_OBJECT('a':1)`,
/// `BIGINT ARRAY` as `BIGINT[]`, `U&'..' UESCAPE '!'` as the text it means, and the rows of `ANY (VALUES ...)` as a query.
///
/// # Errors
/// For escapes that are none, and for what `JSON_VALUE` does not take.
pub(crate) fn respell(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, QueryError> {
    if !tokens.iter().any(|token| CONCERNED.iter().any(|name| is_word(token, name))) {
        return Ok(tokens);
    }
    let tokens = escapes::read(tokens)?;
    let mut kept = Kept::default();
    for (at, token) in tokens.iter().enumerate() {
        let mut token = token.clone();
        let after = tokens.get(at + 1..).unwrap_or_default();
        let next = || after.iter().find(|token| meaningful(token));
        let begins = kept.ends_in(|t| matches!(t.token, Token::LParen | Token::Comma));
        let blanks = after.first().is_some_and(|t| matches!(t.token, Token::Whitespace(_)));
        let inside = kept.open.last().copied();
        match &token.token {
            Token::LParen => kept.enter(&token, next()),
            Token::RParen => kept.leave(&token),
            Token::Colon if inside == Some(Open::Object) => token.token = Token::Comma,
            _ if is_word(&token, "KEY") && begins && blanks && inside == Some(Open::Object) => continue,
            _ if is_word(&token, "ON") && inside == Some(Open::Value) => refuse_behaviours(next())?,
            _ if is_word(&token, "ARRAY")
                && kept.ends_in_type()
                && after.first().is_none_or(|t| t.token != Token::LBracket) =>
            {
                kept.put([Token::LBracket], &token);
                token.token = Token::RBracket;
            }
            _ if is_word(&token, "DISTINCT") && kept.ends_in_words(&["GROUP", "BY"]) => {
                let name = Token::make_word(DISTINCT_SETS, Some('"'));
                kept.put([name, Token::LParen, Token::RParen, Token::Comma], &token);
                continue;
            }
            _ if is_word(&token, "ALL") && kept.ends_in_words(&["GROUP", "BY"]) => continue,
            _ if is_word(&token, "ASYMMETRIC") && kept.ends_in_words(&["BETWEEN"]) => continue,
            _ if is_word(&token, "LOCAL") && kept.ends_in_words(&["WITH"]) => continue,
            _ => {}
        }
        kept.tokens.push(token);
    }
    Ok(kept.tokens)
}

/// `JSON_VALUE` takes no `DEFAULT 5 ON EMPTY`, `ERROR ON ERROR` and the like.
fn refuse_behaviours(next: Option<&TokenWithSpan>) -> Result<(), QueryError> {
    match ["EMPTY", "ERROR"].into_iter().find(|name| next.is_some_and(|token| is_word(token, name))) {
        Some(name) => Err(QueryError::failed(format!(
            "Unsupported JSON_VALUE parameter 'ON {name}' defined - please re-issue this query without this argument"
        ))),
        None => Ok(()),
    }
}

/// The tokens of the new text so far.
#[derive(Debug, Default)]
struct Kept {
    tokens: Vec<TokenWithSpan>,
    open: Vec<Open>,
}

impl Kept {
    /// Adds tokens that are written nowhere, at the place of one that is.
    fn put(&mut self, tokens: impl IntoIterator<Item = Token>, at: &TokenWithSpan) {
        self.tokens.extend(tokens.into_iter().map(|token| TokenWithSpan::new(token, at.span)));
    }

    fn last(&self, back: usize) -> Option<&TokenWithSpan> {
        self.tokens.iter().rev().filter(|token| meaningful(token)).nth(back)
    }

    fn ends_in(&self, test: impl Fn(&TokenWithSpan) -> bool) -> bool {
        self.last(0).is_some_and(test)
    }

    fn ends_in_words(&self, words: &[&str]) -> bool {
        words.iter().rev().enumerate().all(|(back, word)| self.last(back).is_some_and(|t| is_word(t, word)))
    }

    /// Whether the text so far ends in the name of a type, or in that of an array.
    fn ends_in_type(&self) -> bool {
        let brackets = [1, 0].map(|back| self.last(back).map(|token| &token.token));
        self.ends_in(|token| TYPES.iter().any(|name| is_word(token, name)))
            || brackets == [Some(&Token::LBracket), Some(&Token::RBracket)]
    }

    /// A parenthesis closes.
    fn leave(&mut self, token: &TokenWithSpan) {
        if self.open.pop() == Some(Open::Rows) {
            self.put([Token::RParen], token);
        }
    }

    /// A parenthesis opens; `next` is what follows it.
    fn enter(&mut self, token: &TokenWithSpan, next: Option<&TokenWithSpan>) {
        let is = |name: &str| self.ends_in(|token| is_word(token, name));
        let quantifies = ["ANY", "SOME", "ALL"].into_iter().any(is);
        let open = match next {
            _ if is("JSON_OBJECT") => Open::Object,
            _ if is("JSON_VALUE") => Open::Value,
            Some(next) if quantifies && is_word(next, "VALUES") => Open::Rows,
            _ => Open::Other,
        };
        if open == Open::Rows {
            let [select, from] = ["SELECT", "FROM"].map(Token::make_keyword);
            self.put([Token::LParen, select, Token::Mul, from], token);
        }
        self.open.push(open);
    }
}

/// `(a - b) SECOND` as a call: only there does the parser expect no unit.
pub(crate) fn spell_differences(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    const UNITS: [&str; 6] = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at].token {
            Token::LParen => open.push((at, None)),
            Token::Minus => {
                if let Some((_, minus)) = open.last_mut() {
                    *minus = Some(at);
                }
            }
            Token::RParen => {
                let closed = open.pop();
                let unit = (at + 1..tokens.len()).find(|next| meaningful(&tokens[*next]));
                let unit = unit.filter(|unit| UNITS.iter().any(|name| is_word(&tokens[*unit], name)));
                if let (Some((start, Some(minus))), Some(unit)) = (closed, unit)
                    && !is_called(&tokens, start)
                {
                    let unit = tokens.remove(unit);
                    tokens[minus].token = Token::Comma;
                    let span = tokens[start].span;
                    let name = TokenWithSpan::new(Token::make_word(TIMES_BETWEEN, Some('"')), span);
                    let comma = TokenWithSpan::new(Token::Comma, span);
                    tokens.splice(start + 1..start + 1, [unit, comma]);
                    tokens.insert(start, name);
                    at += 3;
                }
            }
            _ => {}
        }
        at += 1;
    }
    tokens
}

/// Whether the parenthesis is that of a call.
fn is_called(tokens: &[TokenWithSpan], open: usize) -> bool {
    let before = tokens[..open].iter().rev().find(|token| meaningful(token));
    before.is_some_and(|token| match &token.token {
        Token::Word(word) => word.quote_style.is_some() || word.keyword == Keyword::NoKeyword,
        _ => false,
    })
}

/// `POSITION(a IN b FROM n)` as a call of three arguments, and the blank in `TRIM(LEADING FROM a)`.
pub(crate) fn spell_out(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    if !tokens.iter().any(|token| is_word(token, "POSITION") || is_word(token, "TRIM")) {
        return tokens;
    }
    let opens = |tokens: &[TokenWithSpan], at: usize, name: &str| {
        if !tokens.get(at).is_some_and(|token| is_word(token, name)) {
            return None;
        }
        let next = at + 1 + tokens.iter().skip(at + 1).position(meaningful)?;
        tokens.get(next).is_some_and(|t| t.token == Token::LParen).then_some(next)
    };
    let mut at = 0;
    while at < tokens.len() {
        if let Some(open) = opens(&tokens, at, "POSITION") {
            let inner = at_level(&tokens, open);
            let word = |name: &str| inner.iter().copied().find(|i| is_word(&tokens[*i], name));
            if let (Some(first), Some(second)) = (word("IN"), word("FROM")) {
                tokens[first].token = Token::Comma;
                tokens[second].token = Token::Comma;
            }
        } else if let Some(open) = opens(&tokens, at, "TRIM") {
            let inner: Vec<usize> = at_level(&tokens, open).into_iter().take(2).collect();
            if let [side, from] = inner.as_slice()
                && ["LEADING", "TRAILING", "BOTH"].iter().any(|name| is_word(&tokens[*side], name))
                && is_word(&tokens[*from], "FROM")
            {
                let (from, span) = (*from, tokens[*from].span);
                let blank = Token::Whitespace(Whitespace::Space);
                tokens.insert(from, TokenWithSpan::new(blank, span));
                tokens.insert(from, TokenWithSpan::new(Token::SingleQuotedString(" ".to_owned()), span));
            }
        }
        at += 1;
    }
    tokens
}

/// The places of what stands directly between a parenthesis and the one that closes it.
fn at_level(tokens: &[TokenWithSpan], open: usize) -> Vec<usize> {
    let mut depth = 0usize;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth <= 1 => break,
            Token::RParen => depth -= 1,
            _ if depth == 1 && meaningful(token) => found.push(at),
            _ => {}
        }
    }
    found
}

fn is_word(token: &TokenWithSpan, text: &str) -> bool {
    matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::super::statement::read;

    #[test]
    fn calls_are_spelled_out() {
        for (text, wanted) in [
            ("SELECT POSITION('b' IN a FROM 3)", "SELECT POSITION('b', a, 3)"),
            ("SELECT POSITION('b' IN a)", "SELECT POSITION('b' IN a)"),
            ("SELECT TRIM(LEADING FROM a)", "SELECT TRIM(LEADING ' ' FROM a)"),
            ("SELECT TRIM(BOTH 'x' FROM a)", "SELECT TRIM(BOTH 'x' FROM a)"),
        ] {
            assert_eq!(read(text, &[]).unwrap().parse().unwrap().to_string(), wanted);
        }
    }
}
