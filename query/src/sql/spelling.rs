//! Which words of a text does the parser not know, though they change nothing? They are dropped before it reads them.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Drops `KEY` before a name in `JSON_OBJECT(KEY 'a' VALUE 1)`.
pub(crate) fn drop_silent_words(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let blank = |token: &TokenWithSpan| matches!(token.token, Token::Whitespace(_));
    if !tokens.iter().any(|token| is_word(token, "KEY")) {
        return tokens;
    }
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    // For each open parenthesis, whether it is that of the pairs of an object.
    let mut open: Vec<bool> = Vec::new();
    let mut left = tokens.into_iter().peekable();
    while let Some(token) = left.next() {
        let before = kept.iter().rev().find(|token| !blank(token));
        match &token.token {
            Token::LParen => open.push(before.is_some_and(|token| is_word(token, "JSON_OBJECT"))),
            Token::RParen => {
                open.pop();
            }
            _ => {}
        }
        let begins = before.is_some_and(|token| matches!(token.token, Token::LParen | Token::Comma));
        let blanks = left.peek().is_some_and(blank);
        if is_word(&token, "KEY") && begins && blanks && open.last() == Some(&true) {
            continue;
        }
        kept.push(token);
    }
    kept
}

fn is_word(token: &TokenWithSpan, text: &str) -> bool {
    matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}
