//! Which aggregate is meant? `COUNT(DISTINCT x)` is approximate by default, `EARLIEST(x)` is by `__time`.

use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
};

use super::build::{identifier, name_of, plain_args, recall, text};
use crate::QueryError;
use crate::sql::fault::invalid;
use crate::sql::request::Settings;

/// The call that replaces an aggregate's, if any.
pub(super) fn rewrite(function: &Function, settings: &Settings) -> Result<Option<Expr>, QueryError> {
    let name = name_of(function);
    let args = || plain_args(function).ok_or_else(|| invalid(format!("{name} needs plain arguments")));
    Ok(match name.as_str() {
        "count" if settings.approximate_distinct && function.over.is_none() && is_distinct(function) => {
            match args()?.as_slice() {
                [one] => Some(recall(function, "approx_count_distinct", vec![one.clone()])),
                _ => None,
            }
        }
        "earliest" | "latest" => {
            let mut args = args()?;
            if args.is_empty() || args.len() > 2 {
                return Err(invalid(format!("{} needs a column and at most a size", name.to_uppercase())));
            }
            args.insert(1, Expr::Identifier(identifier("__time")));
            Some(recall(function, &format!("{name}_by"), args))
        }
        // The last argument is how many bytes Druid keeps in memory; here the memory pool limits them.
        "string_agg" | "listagg" => match args()?.as_slice() {
            [value] => Some(with_args(function, vec![value.clone(), text("")])),
            [value, separator, _] => Some(with_args(function, vec![value.clone(), separator.clone()])),
            _ => None,
        },
        "array_agg" => match args()?.as_slice() {
            [value, _] => Some(with_args(function, vec![value.clone()])),
            _ => None,
        },
        "approx_count_distinct_builtin" => {
            let first = args()?.into_iter().next();
            let first = first.ok_or_else(|| invalid(format!("{} needs a column", name.to_uppercase())))?;
            Some(recall(function, "approx_count_distinct", vec![first]))
        }
        _ => None,
    })
}

/// The same call, `DISTINCT` and `ORDER BY` included, of other arguments.
fn with_args(function: &Function, args: Vec<Expr>) -> Expr {
    let mut function = function.clone();
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = args.into_iter().map(|a| FunctionArg::Unnamed(FunctionArgExpr::Expr(a))).collect();
    }
    Expr::Function(function)
}

fn is_distinct(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    let star = |a: &FunctionArg| matches!(a, FunctionArg::Unnamed(FunctionArgExpr::Wildcard));
    list.duplicate_treatment == Some(DuplicateTreatment::Distinct) && !list.args.iter().any(star)
}
