//! Which texts are Druid SQL? The grammar's choices: identifiers kept as written, `"` quotes them, standard
//! literals, `SET` before the statement, `FILTER`, grouping sets.

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::dialect::{Dialect, Precedence};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::rewrite::call;

/// The call that the first bound of `BETWEEN SYMMETRIC` becomes.
pub(super) const SYMMETRIC: &str = "symmetric$";

/// Druid's grammar as far as the parser asks about it.
#[derive(Debug, Default)]
pub(crate) struct DruidDialect;

impl Dialect for DruidDialect {
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }

    /// `BETWEEN SYMMETRIC low AND high`: the first bound is a call.
    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let is_word = |token: &TokenWithSpan, text: &str| matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text));
        if !is_word(parser.peek_token_ref(), "SYMMETRIC") || !is_word(parser.get_current_token(), "BETWEEN") {
            return None;
        }
        parser.advance_token();
        let bound = parser.parse_subexpr(self.prec_value(Precedence::Between));
        Some(bound.map(|bound| call(SYMMETRIC, vec![bound])))
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_values_as_table_factor(&self) -> bool {
        true
    }

    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn allow_extract_single_quotes(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_expr_name(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_colon_operator(&self) -> bool {
        true
    }

    fn supports_array_typedef_with_brackets(&self) -> bool {
        true
    }

    fn supports_boolean_literals(&self) -> bool {
        true
    }
}
