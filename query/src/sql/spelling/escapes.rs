//! Which text does `U&'..'` mean? Four hexadecimal digits after a backslash, or after the character that `UESCAPE` names,
//! are a UTF-16 code unit.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::is_word;
use crate::QueryError;
use crate::sql::fault::{Position, invalid_at};
use crate::sql::statement::meaningful;

/// The tokens with plain literals in the place of such texts.
pub(super) fn read(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, QueryError> {
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut left = tokens.into_iter().peekable();
    while let Some(token) = left.next() {
        let prefixed = match kept.as_slice() {
            [.., prefix, and] => {
                is_word(prefix, "U") && and.token == Token::Ampersand && touches(prefix, and, &token)
            }
            _ => false,
        };
        let Token::SingleQuotedString(written) = &token.token else {
            kept.push(token);
            continue;
        };
        if !prefixed {
            kept.push(token);
            continue;
        }
        let mut escape = '\\';
        let mut ahead = left.clone().filter(meaningful);
        if ahead.next().is_some_and(|next| is_word(&next, "UESCAPE"))
            && let Some(Token::SingleQuotedString(named)) = ahead.next().map(|next| next.token)
            && let Some(named) = single(&named)
        {
            escape = named;
            let used = |token: &TokenWithSpan| matches!(token.token, Token::SingleQuotedString(_));
            while left.next().is_some_and(|token| !used(&token)) {}
        }
        let at = Position::of(token.span);
        let meant = decoded(written, escape).ok_or_else(|| {
            invalid_at(format!("Unicode escape sequence is not exactly four hex digits{at}"), at)
        })?;
        kept.truncate(kept.len() - 2);
        kept.push(TokenWithSpan::new(Token::SingleQuotedString(meant), token.span));
    }
    Ok(kept)
}

/// Whether nothing stands between the parts of such a literal.
fn touches(prefix: &TokenWithSpan, and: &TokenWithSpan, text: &TokenWithSpan) -> bool {
    prefix.span.end == and.span.start && and.span.end == text.span.start
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// The text; `None` where an escape is none. Two escapes are the character itself.
fn decoded(written: &str, escape: char) -> Option<String> {
    let mut units: Vec<u16> = Vec::with_capacity(written.len());
    let mut rest = written;
    while let Some(next) = rest.chars().next() {
        rest = rest.get(next.len_utf8()..)?;
        if next != escape || rest.starts_with(escape) {
            units.extend(next.encode_utf16(&mut [0; 2]).iter());
            rest = if next == escape { rest.get(escape.len_utf8()..)? } else { rest };
            continue;
        }
        // As Java reads numbers, which may have a sign.
        units.push(u16::from_str_radix(rest.get(..4)?, 16).ok()?);
        rest = rest.get(4..)?;
    }
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn escapes() {
        for (written, escape, meant) in [
            (r"a\00e9b", '\\', "a\u{e9}b"),
            (r"\+01F600", '\\', "\u{1f}600"),
            (r"\D83D\DE00", '\\', "\u{1f600}"),
            ("!2603!!", '!', "\u{2603}!"),
        ] {
            assert_eq!(decoded(written, escape).as_deref(), Some(meant), "{written}");
        }
        assert_eq!(decoded(r"\26", '\\'), None);
    }
}
