//! How is a piece of syntax made?

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    Value,
};

/// A quoted identifier: kept as it is.
pub(super) fn identifier(name: &str) -> Ident {
    Ident::with_quote('"', name)
}

/// `'text'`
pub(super) fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).with_empty_span())
}

/// An integer literal.
pub(super) fn integer(value: i64) -> Expr {
    Expr::Value(Value::Number(value.to_string(), false).with_empty_span())
}

/// `NULL`
pub(super) fn null() -> Expr {
    Expr::Value(Value::Null.with_empty_span())
}

/// `name(args)`
pub(crate) fn call(name: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|a| FunctionArg::Unnamed(FunctionArgExpr::Expr(a))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// The name of a called function in lower case; empty for one with several parts.
pub(super) fn name_of(function: &Function) -> String {
    match function.name.0.as_slice() {
        [part] => part.as_ident().map(|i| i.value.to_ascii_lowercase()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The arguments of a call, where all of them are plain.
pub(super) fn plain_args(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let plain = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e.clone()),
        _ => None,
    };
    list.args.iter().map(plain).collect()
}

/// Replaces name and arguments of a call; `FILTER`, `OVER` and the like stay.
pub(super) fn recall(function: &Function, name: &str, args: Vec<Expr>) -> Expr {
    let Expr::Function(fresh) = call(name, args) else { return null() };
    Expr::Function(Function { name: fresh.name, args: fresh.args, ..function.clone() })
}

/// The text of a string literal.
pub(super) fn string_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(v) => match &v.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
