//! Which call is meant by the syntax of nested values? `JSON_VALUE(x, path RETURNING type)` has a name a type, and the pairs of
//! `JSON_OBJECT` are arguments.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, Value,
};

use super::build::{call, name_of, text};
use crate::QueryError;
use crate::sql::fault::invalid;
use crate::sql::request::Settings;

/// The call that replaces one of nested values, if any.
pub(super) fn rewrite(function: &Function, settings: &Settings) -> Result<Option<Expr>, QueryError> {
    match name_of(function).as_str() {
        "json_value" => value(function, settings),
        "json_object" => object(function),
        _ => Ok(None),
    }
}

fn arguments(function: &Function) -> (Vec<&FunctionArg>, Option<&DataType>) {
    let FunctionArguments::List(list) = &function.args else { return (Vec::new(), None) };
    let returning = list.clauses.iter().find_map(|clause| match clause {
        FunctionArgumentClause::JsonReturningClause(returning) => Some(&returning.data_type),
        _ => None,
    });
    (list.args.iter().collect(), returning)
}

fn plain(arg: &FunctionArgExpr) -> Result<Expr, QueryError> {
    match arg {
        FunctionArgExpr::Expr(expr) => Ok(expr.clone()),
        other => Err(invalid(format!("`{other}` is no argument of a function of nested values"))),
    }
}

fn value(function: &Function, settings: &Settings) -> Result<Option<Expr>, QueryError> {
    let (args, Some(returning)) = arguments(function) else { return Ok(None) };
    let mut plain_args = Vec::with_capacity(3);
    for arg in args {
        match arg {
            FunctionArg::Unnamed(arg) => plain_args.push(plain(arg)?),
            other => return Err(invalid(format!("JSON_VALUE takes no argument `{other}`"))),
        }
    }
    let as_number = |name: &str, args: Vec<Expr>| call(name, args);
    Ok(Some(match returning {
        DataType::Array(element) => {
            let name = match element_kind(element) {
                Kind::Long => "json_value_longs",
                Kind::Double => "json_value_doubles",
                _ => "json_value_texts",
            };
            call(name, plain_args)
        }
        other => match kind(other) {
            Kind::Long => named(as_number("json_value_bigint", plain_args), other),
            Kind::Double => named(as_number("json_value_double", plain_args), other),
            Kind::Boolean => as_number("json_value_boolean", plain_args),
            Kind::Time => {
                let zone = text(settings.zone.name());
                call("cast_timestamp", vec![call("json_value", plain_args), zone])
            }
            Kind::Text => call("json_value", plain_args),
        },
    }))
}

/// A number by the name of its type, where that is not of the widest of its kind.
fn named(number: Expr, data_type: &DataType) -> Expr {
    let cast = match data_type {
        DataType::TinyInt(_) => "cast_tinyint",
        DataType::SmallInt(_) => "cast_smallint",
        DataType::Int(_) | DataType::Integer(_) => "cast_integer",
        DataType::Float(_) => "cast_float",
        DataType::Real => "cast_real",
        DataType::Decimal(_) | DataType::Numeric(_) | DataType::Dec(_) => "cast_decimal",
        _ => return number,
    };
    call(cast, vec![number])
}

/// The function that casts to an array.
pub(super) fn array_cast(element: &ArrayElemTypeDef) -> &'static str {
    match element_kind(element) {
        Kind::Long | Kind::Boolean | Kind::Time => "cast_bigint_array",
        Kind::Double => "cast_double_array",
        Kind::Text => "cast_varchar_array",
    }
}

fn element_kind(element: &ArrayElemTypeDef) -> Kind {
    match element {
        ArrayElemTypeDef::AngleBracket(of)
        | ArrayElemTypeDef::SquareBracket(of, _)
        | ArrayElemTypeDef::Parenthesis(of) => kind(of),
        ArrayElemTypeDef::None => Kind::Text,
    }
}

enum Kind {
    Long,
    Double,
    Boolean,
    Time,
    Text,
}

fn kind(data_type: &DataType) -> Kind {
    match data_type {
        DataType::TinyInt(_)
        | DataType::SmallInt(_)
        | DataType::Int(_)
        | DataType::Integer(_)
        | DataType::BigInt(_) => Kind::Long,
        DataType::Double(_)
        | DataType::DoublePrecision
        | DataType::Float(_)
        | DataType::Real
        | DataType::Decimal(_)
        | DataType::Dec(_)
        | DataType::Numeric(_) => Kind::Double,
        DataType::Boolean | DataType::Bool => Kind::Boolean,
        DataType::Timestamp(..) | DataType::Date => Kind::Time,
        _ => Kind::Text,
    }
}

/// Whether an expression is a value at a path, of no stated type.
pub(super) fn is_value(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if name_of(function) == "json_value")
}

/// Makes numbers of values at paths that stand beside another operand: integers beside an integer, else doubles.
pub(super) fn as_number(left: &mut Expr, right: &mut Expr) {
    let integer = |expr: &Expr| match expr {
        Expr::Value(value) => {
            matches!(&value.value, Value::Number(digits, _) if digits.parse::<i32>().is_ok())
        }
        _ => false,
    };
    let cast = if integer(left) || integer(right) { "cast_integer" } else { "cast_double" };
    for side in [left, right] {
        if is_value(side) {
            let value = std::mem::replace(side, super::build::null());
            *side = call(cast, vec![value]);
        }
    }
}

fn object(function: &Function) -> Result<Option<Expr>, QueryError> {
    let (args, _) = arguments(function);
    if args.iter().all(|arg| matches!(arg, FunctionArg::Unnamed(_))) {
        return Ok(None);
    }
    let mut plain_args = Vec::with_capacity(args.len() * 2);
    for arg in args {
        match arg {
            FunctionArg::Named { name, arg, .. } => plain_args.extend([text(&name.value), plain(arg)?]),
            FunctionArg::ExprNamed { name, arg, .. } => plain_args.extend([name.clone(), plain(arg)?]),
            FunctionArg::Unnamed(arg) => plain_args.push(plain(arg)?),
        }
    }
    Ok(Some(call("json_object", plain_args)))
}
