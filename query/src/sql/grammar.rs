//! Which tokens does the parser take that are none of Druid's grammar? Operators and literals of other dialects, and
//! words that cannot be names.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::fault::{Position, invalid_at};
use super::statement::{keyword, meaningful, unexpected};
use crate::QueryError;

/// Refuses tokens that stand where Druid's grammar has none of the kind.
pub(super) fn check_tokens(tokens: &[TokenWithSpan]) -> Result<(), QueryError> {
    let mut before: Option<&TokenWithSpan> = None;
    let mut tables = Tables::default();
    for token in tokens.iter().filter(|token| meaningful(token)) {
        let at = Position::of(token.span);
        let refused = || Err(unexpected(&token.token.to_string(), "<EOF>", at));
        match (&token.token, before.map(|before| &before.token)) {
            (
                Token::DoubleEq
                | Token::Spaceship
                | Token::Ampersand
                | Token::Pipe
                | Token::Caret
                | Token::Tilde
                | Token::ShiftLeft
                | Token::ShiftRight
                | Token::DoubleColon
                | Token::HexStringLiteral(_),
                _,
            ) => return refused(),
            (Token::SingleQuotedString(_), Some(Token::SingleQuotedString(_))) => {
                let message = format!("No match found for function signature $LiteralChain{at}");
                return Err(invalid_at(message, at));
            }
            (Token::LBracket, Some(Token::Word(_) | Token::RBracket | Token::RParen)) => {
                let word = before.and_then(keyword);
                if !matches!(word, None | Some(Keyword::NoKeyword | Keyword::ARRAY)) && !may_be_name(word) {
                    return refused();
                }
            }
            (Token::LBracket, _) => return refused(),
            (Token::SingleQuotedString(_), Some(Token::Word(_))) if tables.names_one => return refused(),
            (Token::Word(word), Some(Token::Word(_))) if word.quote_style.is_none() => {
                let reserved = ["CLUSTERED", "PARTITIONED"];
                let is_alias = before.and_then(keyword) == Some(Keyword::AS);
                if is_alias && reserved.iter().any(|name| word.value.eq_ignore_ascii_case(name)) {
                    return refused();
                }
            }
            _ => {}
        }
        tables.pass(token, before.and_then(keyword));
        before = Some(token);
    }
    Ok(())
}

/// Where the name of a table has to stand.
#[derive(Debug, Default)]
struct Tables {
    /// For each open parenthesis and the statement itself, whether a query has begun there.
    queries: Vec<bool>,
    /// Whether the next token is a table.
    names_one: bool,
}

impl Tables {
    fn pass(&mut self, token: &TokenWithSpan, before: Option<Keyword>) {
        if self.queries.is_empty() {
            self.queries.push(false);
        }
        self.names_one = false;
        match (&token.token, keyword(token)) {
            (Token::LParen, _) => self.queries.push(false),
            (Token::RParen, _) => {
                self.queries.pop();
            }
            (_, Some(Keyword::SELECT)) => {
                if let Some(here) = self.queries.last_mut() {
                    *here = true;
                }
            }
            (_, Some(Keyword::JOIN)) => self.names_one = true,
            // Not that of `IS DISTINCT FROM`, `TRIM(x FROM y)`.
            (_, Some(Keyword::FROM)) => {
                self.names_one = before != Some(Keyword::DISTINCT) && self.queries.last() == Some(&true);
            }
            _ => {}
        }
    }
}

/// Whether a column may have this name without quotes, though the parser knows the word.
fn may_be_name(word: Option<Keyword>) -> bool {
    let clause = [
        Keyword::SELECT,
        Keyword::FROM,
        Keyword::WHERE,
        Keyword::AND,
        Keyword::OR,
        Keyword::NOT,
        Keyword::BY,
        Keyword::IN,
        Keyword::ON,
        Keyword::HAVING,
        Keyword::THEN,
        Keyword::ELSE,
        Keyword::WHEN,
        Keyword::AS,
    ];
    word.is_some_and(|word| !clause.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::super::statement::read;

    #[test]
    fn other_dialects_are_refused() {
        for text in [
            "SELECT 1 == 1",
            "SELECT 1 <=> 1",
            "SELECT n & 1 FROM t",
            "SELECT 2 ^ 3",
            "SELECT '5'::BIGINT",
            "SELECT X'AB'",
            "SELECT 'a' 'b'",
            "SELECT [a] FROM t",
            "SELECT * FROM 'plain'",
            "SELECT 1 AS CLUSTERED",
        ] {
            assert!(read(text, &[]).is_err(), "{text}");
        }
        for text in [
            "SELECT ARRAY[1, 2][1]",
            "SELECT TRIM(BOTH 'x' FROM 'xax')",
            "SELECT a IS DISTINCT FROM 'x' FROM t",
            "SELECT arr[1], f(x)[2] FROM t",
            "SELECT TIMESTAMP '2024-01-01'",
        ] {
            assert!(read(text, &[]).is_ok(), "{text}");
        }
    }
}
