//! Which words of a text does the parser not know, or read otherwise? They are changed or dropped before it reads them.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

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

fn is_word(token: &TokenWithSpan, text: &str) -> bool {
    matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}
