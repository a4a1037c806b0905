//! Regular expressions and LIKE. Constant patterns are compiled once.

use std::sync::Arc;

use super::{Body, Function, LONG, Prepared, STRING};
use crate::like::LikePattern;
use crate::{Expr, ExprError, JavaRegex, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("regexp_extract", (2, 3), STRING, Body::Values(extract))
        .prepare(|args| literal_regex("regexp_extract", args)),
    Function::new("regexp_like", (2, 2), LONG, Body::Values(regexp_like))
        .prepare(|args| literal_regex("regexp_like", args)),
    Function::new("regexp_replace", (3, 3), STRING, Body::Values(regexp_replace))
        .prepare(|args| regex_argument("regexp_replace", args)),
    Function::new("like", (2, 3), LONG, Body::Values(like)).prepare(like_arguments),
];

fn regex_argument(function: &'static str, args: &[Expr]) -> Result<Prepared, ExprError> {
    match args.get(1).and_then(Expr::as_literal) {
        Some(Value::String(pattern)) => {
            let regex = JavaRegex::new(pattern).map_err(|e| ExprError::argument(function, e))?;
            Ok(Prepared::Regex(Arc::new(regex)))
        }
        _ => Ok(Prepared::None),
    }
}

/// The same of functions whose pattern must be constant.
fn literal_regex(function: &'static str, args: &[Expr]) -> Result<Prepared, ExprError> {
    match args.get(1) {
        Some(Expr::Literal(_)) => regex_argument(function, args),
        _ => Err(ExprError::argument(function, "pattern must be a string literal")),
    }
}

/// The compiled pattern; `None` when the pattern is null.
fn regex(
    function: &'static str,
    prepared: &Prepared,
    args: &[Value],
) -> Result<Option<Arc<JavaRegex>>, ExprError> {
    if let Prepared::Regex(regex) = prepared {
        return Ok(Some(Arc::clone(regex)));
    }
    let Some(pattern) = args[1].as_string() else { return Ok(None) };
    JavaRegex::new(&pattern).map(|r| Some(Arc::new(r))).map_err(|e| ExprError::argument(function, e))
}

fn extract(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(regex) = regex("regexp_extract", prepared, args)? else { return Ok(Value::Null) };
    let group = args.get(2).map_or(Some(0), Value::as_long).unwrap_or(0);
    let group = usize::try_from(group)
        .ok()
        .filter(|g| *g < regex.groups())
        .ok_or_else(|| ExprError::thrown("regexp_extract", format!("No group {group}")))?;
    let Some(text) = args[0].as_string() else { return Ok(Value::Null) };
    Ok(regex.find(&text).and_then(|groups| groups.get(group)).map_or(Value::Null, Value::from))
}

fn regexp_like(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(regex) = regex("regexp_like", prepared, args)? else { return Ok(Value::Null) };
    Ok(Value::from_truth(args[0].as_string().map(|text| regex.is_found(&text))))
}

fn regexp_replace(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(regex) = regex("regexp_replace", prepared, args)? else { return Ok(Value::Null) };
    let (Some(text), Some(with)) = (args[0].as_string(), args[2].as_string()) else { return Ok(Value::Null) };
    let replaced = regex.replace_all(&text, &with);
    replaced.map(Value::from).map_err(|e| ExprError::argument("regexp_replace", e))
}

fn compile_like(pattern: &str, escape: Option<&str>) -> Result<LikePattern, ExprError> {
    let mut chars = escape.unwrap_or_default().chars();
    let (first, more) = (chars.next(), chars.next());
    if more.is_some() || (escape.is_some() && first.is_none()) {
        return Err(ExprError::argument("like", "the escape must be one character"));
    }
    LikePattern::new(pattern, first).map_err(|e| ExprError::argument("like", format!("the pattern {e}")))
}

fn like_arguments(args: &[Expr]) -> Result<Prepared, ExprError> {
    let text = |i: usize| match args.get(i).map(Expr::as_literal) {
        None => Some(None),
        Some(Some(Value::String(text))) => Some(Some(Arc::clone(text))),
        Some(_) => None,
    };
    match (text(1), text(2)) {
        (Some(Some(pattern)), Some(escape)) => {
            Ok(Prepared::Like(Arc::new(compile_like(&pattern, escape.as_deref())?)))
        }
        _ => Ok(Prepared::None),
    }
}

fn like(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(text) = args[0].as_string() else { return Ok(Value::Null) };
    if let Prepared::Like(like) = prepared {
        return Ok(Value::from_bool(like.matches(&text)));
    }
    let Some(pattern) = args[1].as_string() else { return Ok(Value::Null) };
    let escape = args.get(2).and_then(Value::as_string);
    Ok(Value::from_bool(compile_like(&pattern, escape.as_deref())?.matches(&text)))
}
