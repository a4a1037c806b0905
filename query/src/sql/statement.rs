//! What does a text say? `SET` prefixes, `EXPLAIN PLAN FOR`, parameters put in for `?`, then one query to parse.

use alluvium_segments::time::{format_iso, parse_iso};
use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use serde_json::{Map, Value};

use super::dialect::DruidDialect;
use super::fault::{Position, invalid, invalid_at};
use super::grammar::check_tokens;
use super::request::SqlParameter;
use super::spelling::{respell, spell_differences, spell_out};
use crate::QueryError;
use crate::error::Refusal;

/// A text, read as far as its tokens.
#[derive(Debug)]
pub(crate) struct Text {
    /// From `SET key = value;`: these beat the request's context.
    pub(crate) settings: Map<String, Value>,
    /// Whether the plan is asked for, not the rows.
    pub(crate) explain: bool,
    /// The query's, with values for its parameters.
    tokens: Vec<TokenWithSpan>,
}

/// Reads a text.
pub(crate) fn read(text: &str, parameters: &[SqlParameter]) -> Result<Text, QueryError> {
    read_with(text, |number| parameters.get(number).map(literal_tokens).transpose())
}

/// Reads a text; `value` gives what stands for its parameter of a number, from 0.
pub(crate) fn read_with(
    text: &str,
    value: impl Fn(usize) -> Result<Option<Vec<Token>>, QueryError>,
) -> Result<Text, QueryError> {
    let tokens = tokens(text)?;
    let mut parts = vec![Vec::new()];
    for token in tokens {
        if token.token == Token::SemiColon {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(token);
        }
    }
    parts.retain(|part| part.iter().any(meaningful));
    let Some(last) = parts.pop() else {
        return Err(invalid("the text holds no statement; write a query such as `SELECT 1`"));
    };
    let mut settings = Map::new();
    for part in &parts {
        let (key, value) = set_statement(part).ok_or_else(|| {
            invalid("Only SET statements can appear before the final statement in a statement list")
        })?;
        settings.insert(key, value);
    }
    if set_statement(&last).is_some() {
        return Err(invalid("Statement list is missing a non-SET statement"));
    }
    refuse_forms(&last)?;
    let (explain, last) = strip_explain(spell_differences(spell_out(respell(last)?)));
    refuse_other_statements(&last)?;
    let last = bind(last, value)?;
    check_tokens(&last)?;
    if last.iter().filter(|t| is_operator(t)).count() > MAX_OPERATORS {
        return Err(invalid(format!(
            "the text has more than {MAX_OPERATORS} operators; use IN for long lists"
        )));
    }
    Ok(Text { settings, explain, tokens: last })
}

fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, QueryError> {
    Tokenizer::new(&DruidDialect, text)
        .tokenize_with_location()
        .map_err(|e| invalid_at(e.message.clone(), Position::start(e.location.line, e.location.column)))
}

/// How many parameters a text has.
pub(crate) fn parameter_count(text: &str) -> Result<usize, QueryError> {
    let mut next = 0;
    let numbers = tokens(text)?;
    let numbers = numbers.iter().filter_map(|token| parameter_number(&token.token, &mut next));
    Ok(numbers.max().map_or(0, |last| last + 1))
}

/// The parameters that say how many rows: those behind LIMIT, OFFSET and FETCH.
pub(crate) fn row_counts(text: &str) -> Result<Vec<usize>, QueryError> {
    let (mut next, mut counts, mut behind) = (0, Vec::new(), false);
    for token in tokens(text)?.iter().filter(|token| meaningful(token)) {
        if let Some(number) = parameter_number(&token.token, &mut next)
            && behind
        {
            counts.push(number);
        }
        use Keyword::{FETCH, FIRST, LIMIT, NEXT, OFFSET};
        behind = matches!(keyword(token), Some(LIMIT | OFFSET | FETCH | FIRST | NEXT));
    }
    Ok(counts)
}

/// The number of a parameter from 0: that of `$n`, for `?` the next.
fn parameter_number(token: &Token, next: &mut usize) -> Option<usize> {
    let Token::Placeholder(mark) = token else { return None };
    if mark == "?" {
        *next += 1;
        return Some(*next - 1);
    }
    mark.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1)
}

impl Text {
    /// What the query is written in.
    pub(crate) fn tokens(&self) -> &[TokenWithSpan] {
        &self.tokens
    }

    /// The query.
    pub(crate) fn parse(self) -> Result<Statement, QueryError> {
        parse(&DruidDialect, self.tokens)
    }
}

pub(super) fn meaningful(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_) | Token::EOF)
}

/// Most operators and keywords of a statement: the syntax tree cannot be deeper, and ends without deep recursion.
const MAX_OPERATORS: usize = 20_000;

/// Whether a token can make the syntax tree a level deeper.
fn is_operator(token: &TokenWithSpan) -> bool {
    match &token.token {
        Token::Word(word) => {
            !matches!(word.keyword, Keyword::NoKeyword | Keyword::TRUE | Keyword::FALSE | Keyword::NULL)
        }
        Token::Comma | Token::RParen | Token::Number(..) | Token::SingleQuotedString(_) => false,
        _ => meaningful(token),
    }
}

pub(super) fn keyword(token: &TokenWithSpan) -> Option<Keyword> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.keyword),
        _ => None,
    }
}

/// `SET key = literal`.
fn set_statement(tokens: &[TokenWithSpan]) -> Option<(String, Value)> {
    let tokens: Vec<&TokenWithSpan> = tokens.iter().filter(|t| meaningful(t)).collect();
    let [set, key, equals, value @ ..] = tokens.as_slice() else { return None };
    if keyword(set) != Some(Keyword::SET) || equals.token != Token::Eq {
        return None;
    }
    let key = match &key.token {
        Token::Word(word) => word.value.clone(),
        Token::SingleQuotedString(text) => text.clone(),
        _ => return None,
    };
    let (negative, value) = match value {
        [minus, value] if minus.token == Token::Minus => (true, value),
        [value] => (false, value),
        _ => return None,
    };
    let value = match &value.token {
        Token::SingleQuotedString(text) => Value::String(text.clone()),
        Token::Number(digits, _) => {
            let text = if negative { format!("-{digits}") } else { digits.clone() };
            serde_json::from_str(&text).ok()?
        }
        Token::Word(word) => match word.keyword {
            Keyword::TRUE => Value::Bool(true),
            Keyword::FALSE => Value::Bool(false),
            Keyword::NULL => Value::Null,
            _ => return None,
        },
        _ => return None,
    };
    Some((key, value))
}

fn strip_explain(tokens: Vec<TokenWithSpan>) -> (bool, Vec<TokenWithSpan>) {
    let start: Vec<(usize, Option<Keyword>, String)> = tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| meaningful(t))
        .take(5)
        .map(|(i, t)| (i, keyword(t), t.token.to_string().to_ascii_uppercase()))
        .collect();
    let last = match start.as_slice() {
        [(_, Some(Keyword::EXPLAIN), _), (_, _, plan), (last, _, word), ..]
            if plan == "PLAN" && word == "FOR" =>
        {
            *last
        }
        [(_, Some(Keyword::EXPLAIN), _), (_, _, plan), (_, _, with), (_, _, what), (last, _, word)]
            if plan == "PLAN"
                && matches!((with.as_str(), what.as_str()), ("WITH", "IMPLEMENTATION"))
                && word == "FOR" =>
        {
            *last
        }
        _ => return (false, tokens),
    };
    (true, tokens.into_iter().skip(last + 1).collect())
}

/// Of the forms of a plan there is only its own.
fn refuse_forms(tokens: &[TokenWithSpan]) -> Result<(), QueryError> {
    let words: Vec<String> = tokens
        .iter()
        .filter(|token| meaningful(token))
        .take(5)
        .map(|token| token.token.to_string().to_ascii_uppercase())
        .collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["EXPLAIN", "PLAN", "AS", form @ ("JSON" | "XML" | "DOT"), "FOR"] => {
            let message = format!("type not serializable: a plan is not written as {form}");
            Err(QueryError::refused(Refusal::Planning, message))
        }
        _ => Ok(()),
    }
}

/// Statements that write are not for this endpoint; say so in Druid's words.
fn refuse_other_statements(tokens: &[TokenWithSpan]) -> Result<(), QueryError> {
    let Some(first) = tokens.iter().find(|t| meaningful(t)) else {
        return Err(invalid("EXPLAIN PLAN FOR needs a query after it"));
    };
    match keyword(first) {
        Some(Keyword::INSERT | Keyword::REPLACE) => {
            let name = first.token.to_string().to_ascii_uppercase();
            Err(invalid(format!("Cannot execute {name} with SQL engine [native].")))
        }
        Some(Keyword::SELECT | Keyword::WITH | Keyword::VALUES) => Ok(()),
        _ if first.token == Token::LParen => Ok(()),
        _ => Err(unexpected(&first.token.to_string(), "SELECT, WITH, VALUES, EXPLAIN PLAN FOR, SET", {
            Position::of(first.span)
        })),
    }
}

pub(super) fn unexpected(token: &str, wanted: &str, at: Position) -> QueryError {
    invalid_at(format!("Received an unexpected token [{token}]{at}, acceptable options: [{wanted}]"), at)
}

fn parse(dialect: &DruidDialect, tokens: Vec<TokenWithSpan>) -> Result<Statement, QueryError> {
    // The parser names no place where the text ends too early.
    let last = tokens.iter().rfind(|t| meaningful(t)).map_or(Position::start(1, 1), |t| Position::of(t.span));
    let mut parser = Parser::new(dialect).with_tokens_with_locations(tokens);
    let statement = parser.parse_statement().map_err(|e| parse_error(e, last))?;
    let next = parser.next_token();
    if next.token != Token::EOF {
        return Err(unexpected(&next.token.to_string(), "end of statement", Position::of(next.span)));
    }
    Ok(statement)
}

fn parse_error(error: ParserError, last: Position) -> QueryError {
    let message = match error {
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
        ParserError::RecursionLimitExceeded => {
            return invalid("the text is nested too deeply");
        }
    };
    let (message, place) = message.split_once(" at Line: ").unwrap_or((&message, ""));
    let at = place.split_once(", Column: ").and_then(|(line, column)| {
        Some(Position::start(line.trim().parse().ok()?, column.trim().parse().ok()?))
    });
    let at = at.unwrap_or(last);
    match message.strip_prefix("Expected: ").and_then(|m| m.rsplit_once(", found: ")) {
        Some((wanted, found)) => unexpected(found, wanted, at),
        None => invalid_at(format!("{message}{at}"), at),
    }
}

/// Puts values in for parameters.
fn bind(
    tokens: Vec<TokenWithSpan>,
    value: impl Fn(usize) -> Result<Option<Vec<Token>>, QueryError>,
) -> Result<Vec<TokenWithSpan>, QueryError> {
    let mut bound = Vec::with_capacity(tokens.len());
    let mut next = 0;
    for token in tokens {
        let Some(number) = parameter_number(&token.token, &mut next) else {
            bound.push(token);
            continue;
        };
        let literals = value(number)?.ok_or_else(|| {
            let at = Position::of(token.span);
            invalid_at(format!("No value bound for parameter (position [{}]){at}", number + 1), at)
        })?;
        bound.extend(literals.into_iter().map(|literal| TokenWithSpan::new(literal, token.span)));
    }
    Ok(bound)
}

fn literal_tokens(parameter: &SqlParameter) -> Result<Vec<Token>, QueryError> {
    let SqlParameter { sql_type, value } = parameter;
    let wrong =
        || QueryError::refused(Refusal::Uncaught, format!("parameter value {value} is no {sql_type}"));
    let word = Token::make_keyword;
    if value.is_null() {
        return Ok(vec![word("NULL")]);
    }
    if let Value::Array(items) = value {
        let mut tokens = vec![word("ARRAY"), Token::LBracket];
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                tokens.push(Token::Comma);
            }
            let of = if item.is_string() { "VARCHAR" } else { "DOUBLE" };
            tokens.extend(literal_tokens(&SqlParameter { sql_type: of.to_owned(), value: item.clone() })?);
        }
        tokens.push(Token::RBracket);
        return Ok(tokens);
    }
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match sql_type.as_str() {
        "VARCHAR" | "CHAR" | "STRING" => Ok(vec![Token::SingleQuotedString(text)]),
        "BOOLEAN" => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(vec![word("TRUE")]),
            "false" | "0" => Ok(vec![word("FALSE")]),
            _ => Err(wrong()),
        },
        "TIMESTAMP" | "DATE" => {
            // A number is what a clock in the session's zone shows, a text says its zone.
            if let Ok(clock) = text.parse::<i64>() {
                let shown = format_iso(clock).trim_end_matches('Z').replacen('T', " ", 1);
                return Ok(vec![word("TIMESTAMP"), Token::SingleQuotedString(shown)]);
            }
            let instant = parse_iso(&text).map_err(|_| wrong())?.to_string();
            let mut call = vec![word("MILLIS_TO_TIMESTAMP"), Token::LParen];
            call.extend(number_tokens(&instant).ok_or_else(wrong)?);
            call.push(Token::RParen);
            Ok(call)
        }
        // Only a number with an exponent is a double, and one with a point a decimal.
        "DOUBLE" | "FLOAT" | "REAL" => {
            let value: f64 = text.trim().parse().map_err(|_| wrong())?;
            number_tokens(&format!("{value:e}")).ok_or_else(wrong)
        }
        "DECIMAL" if !text.contains('.') => number_tokens(&format!("{}.0", text.trim())).ok_or_else(wrong),
        _ => number_tokens(text.trim()).ok_or_else(wrong),
    }
}

fn number_tokens(text: &str) -> Option<Vec<Token>> {
    let number: f64 = text.parse().ok()?;
    if !number.is_finite() {
        return None;
    }
    let digits = Token::Number(text.trim_start_matches(['-', '+']).to_owned(), false);
    Some(match text.strip_prefix('-') {
        Some(_) => vec![Token::LParen, Token::Minus, digits, Token::RParen],
        None => vec![digits],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(sql_type: &str, value: Value) -> SqlParameter {
        SqlParameter { sql_type: sql_type.to_owned(), value }
    }

    #[test]
    fn settings_explain_and_parameters() {
        let text = "SET sqlTimeZone = 'UTC'; set a = -1 ;\n EXPLAIN PLAN FOR SELECT ? + ?, ? ;";
        let parameters = [
            parameter("BIGINT", (-5).into()),
            parameter("DOUBLE", 1.5.into()),
            parameter("VARCHAR", "it's".into()),
        ];
        let read = read(text, &parameters).unwrap();
        assert!(read.explain);
        assert_eq!(read.settings["sqlTimeZone"], "UTC");
        assert_eq!(read.settings["a"], -1);
        assert_eq!(read.parse().unwrap().to_string(), "SELECT (-5) + 1.5e0, 'it''s'");
    }

    #[test]
    fn errors_name_the_place() {
        let fault = |text: &str| read(text, &[]).and_then(Text::parse).unwrap_err().to_string();
        let message = fault("SELECT *\nFORM x");
        assert!(message.contains("line [2]"), "{message}");
        assert!(fault("SELECT 1; SELECT 2").contains("Only SET statements"));
        assert!(fault("INSERT INTO t SELECT 1").contains("Cannot execute INSERT"));
        assert!(fault("SELECT ?").contains("No value bound for parameter"));
        assert!(fault("DROP TABLE x").contains("unexpected token [DROP] (line [1], column [1])"));
    }
}
