//! Which words of a text does the parser not know, or read otherwise? They are changed, dropped, or put in, before it
//! reads them.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};

use super::statement::meaningful;

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

/// Drops `KEY` before a name in `JSON_OBJECT(KEY 'a' VALUE 1)`, writes a comma for the colon of `JSON_OBJECT('a':1)`, and
/// `BIGINT ARRAY` as `BIGINT[]`.
pub(crate) fn respell(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let concerned = |token: &TokenWithSpan| is_word(token, "JSON_OBJECT") || is_word(token, "ARRAY");
    if !tokens.iter().any(concerned) {
        return tokens;
    }
    let blank = |token: &TokenWithSpan| matches!(token.token, Token::Whitespace(_));
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    // For each open parenthesis, whether it is that of the pairs of an object.
    let mut open: Vec<bool> = Vec::new();
    let mut left = tokens.into_iter().peekable();
    while let Some(mut token) = left.next() {
        let before = kept.iter().rev().find(|token| !blank(token));
        match &token.token {
            Token::LParen => open.push(before.is_some_and(|token| is_word(token, "JSON_OBJECT"))),
            Token::RParen => {
                open.pop();
            }
            Token::Colon if open.last() == Some(&true) => token.token = Token::Comma,
            _ => {}
        }
        let begins = before.is_some_and(|token| matches!(token.token, Token::LParen | Token::Comma));
        let blanks = left.peek().is_some_and(blank);
        if is_word(&token, "KEY") && begins && blanks && open.last() == Some(&true) {
            continue;
        }
        let of_type = before.is_some_and(|before| TYPES.iter().any(|name| is_word(before, name)));
        if is_word(&token, "ARRAY") && of_type && left.peek().is_none_or(|t| t.token != Token::LBracket) {
            kept.push(TokenWithSpan::new(Token::LBracket, token.span));
            kept.push(TokenWithSpan::new(Token::RBracket, token.span));
            continue;
        }
        kept.push(token);
    }
    kept
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
