//! What is the value of an expression for one row?

mod operator;

use std::sync::Arc;

use crate::ast::{Expr, LogicalOp};
use crate::functions::Body;
use crate::{ExprError, ExprType, Value};

pub(crate) use self::operator::{binary_values, long_power, remainder};

/// The values of columns for one row.
pub trait Bindings {
    /// The value of a column; null when there is no such column. The values of a multi-value row come as a
    /// string array (one value as a plain string, none as null).
    fn get(&self, name: &str) -> Value;

    /// Whether the arrays of a column are values, and not the several values of a row.
    fn holds_arrays(&self, _name: &str) -> bool {
        false
    }

    /// `Long` or `Double` for a column that is known to be of numbers: what a filter says of null depends on that.
    fn number_type(&self, _name: &str) -> Option<ExprType> {
        None
    }
}

/// No columns at all: every name is null.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoColumns;

impl Bindings for NoColumns {
    fn get(&self, _name: &str) -> Value {
        Value::Null
    }
}

impl<S: std::hash::BuildHasher> Bindings for std::collections::HashMap<String, Value, S> {
    fn get(&self, name: &str) -> Value {
        std::collections::HashMap::get(self, name).cloned().unwrap_or_default()
    }
}

/// Names that hide those of `outer`.
pub(crate) struct Overlay<'b> {
    pub(crate) names: &'b [Arc<str>],
    pub(crate) values: &'b [Value],
    pub(crate) outer: &'b dyn Bindings,
}

impl Bindings for Overlay<'_> {
    fn get(&self, name: &str) -> Value {
        // The last parameter of a name hides earlier ones.
        match self.names.iter().rposition(|n| n.as_ref() == name) {
            Some(i) => self.values.get(i).cloned().unwrap_or_default(),
            None => self.outer.get(name),
        }
    }

    fn holds_arrays(&self, name: &str) -> bool {
        !self.names.iter().any(|n| n.as_ref() == name) && self.outer.holds_arrays(name)
    }
}

/// Whether an expression is a column that may have several values a row.
pub(crate) fn is_several(expr: &Expr, bindings: &dyn Bindings) -> bool {
    matches!(expr, Expr::Column(name) if !bindings.holds_arrays(name))
}

/// Elements of a cartesian product that are evaluated for one row at most.
pub(crate) const MAX_COMBINATIONS: usize = 1_000_000;

/// Evaluates for one row. Where columns that are used as single values hold several, the whole expression is
/// evaluated for each combination of their values and the results form an array.
///
/// # Errors
/// When an operation fails for these values (division of longs by zero, arguments out of range).
pub fn eval(expr: &Expr, bindings: &dyn Bindings) -> Result<Value, ExprError> {
    match node(expr, bindings) {
        Err(ExprError::ArrayNotAllowed(operation)) => mapped(expr, bindings, operation),
        other => other,
    }
}

fn mapped(expr: &Expr, bindings: &dyn Bindings, operation: &'static str) -> Result<Value, ExprError> {
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut as_arrays: Vec<Arc<str>> = Vec::new();
    expr.visit_columns(false, &mut Vec::new(), &mut |name, in_array| {
        let seen = if in_array { &mut as_arrays } else { &mut names };
        if !seen.contains(name) {
            seen.push(Arc::clone(name));
        }
    });
    let mut lists = Vec::new();
    names.retain(|name| {
        let value = bindings.get(name);
        let several = value.is_array() && !bindings.holds_arrays(name);
        if several {
            let elements = value.elements();
            lists.push(if elements.is_empty() { vec![Value::Null] } else { elements });
        }
        several
    });
    if names.is_empty() {
        return Err(ExprError::ArrayNotAllowed(operation));
    }
    if let Some(name) = names.iter().find(|n| as_arrays.contains(n)) {
        return Err(ExprError::MixedUse(name.to_string()));
    }
    let mut results = Vec::new();
    for_each_combination(&lists, &mut |values| {
        let row = Overlay { names: &names, values, outer: bindings };
        results.push(node(expr, &row)?);
        Ok(true)
    })?;
    if results.len() == 1 {
        return Ok(results.swap_remove(0));
    }
    Ok(Value::array_from(&results))
}

/// Calls `visit` with one value of each list, the last list varying fastest, until it returns `false`.
pub(crate) fn for_each_combination(
    lists: &[Vec<Value>],
    visit: &mut dyn FnMut(&[Value]) -> Result<bool, ExprError>,
) -> Result<(), ExprError> {
    let total = lists.iter().try_fold(1usize, |n, list| n.checked_mul(list.len()));
    let total = total.filter(|n| *n <= MAX_COMBINATIONS).ok_or_else(|| {
        ExprError::evaluation(format!("more than {MAX_COMBINATIONS} combinations of array elements"))
    })?;
    let mut at = vec![0usize; lists.len()];
    let mut values: Vec<Value> = Vec::with_capacity(lists.len());
    for _ in 0..total {
        values.clear();
        values.extend(lists.iter().zip(&at).map(|(list, i)| list[*i].clone()));
        if !visit(&values)? {
            return Ok(());
        }
        for (i, list) in at.iter_mut().zip(lists).rev() {
            *i += 1;
            if *i < list.len() {
                break;
            }
            *i = 0;
        }
    }
    Ok(())
}

/// Evaluates without mapping over multi-value columns: [`ExprError::ArrayNotAllowed`] asks for that.
pub(crate) fn node(expr: &Expr, bindings: &dyn Bindings) -> Result<Value, ExprError> {
    match expr {
        Expr::Literal(value) => Ok(value.clone()),
        Expr::Column(name) => Ok(bindings.get(name)),
        Expr::Unary(op, operand) => operator::unary(*op, &node(operand, bindings)?),
        Expr::Binary(op, left, right) => {
            let (a, b) = (node(left, bindings)?, node(right, bindings)?);
            let column = |e: &Expr| is_several(e, bindings);
            // Arrays compare as wholes, multi-value columns value by value.
            let single = |value: &Value| !value.is_array() && !value.is_null();
            if (a.is_array() && (column(left) || single(&b)))
                || (b.is_array() && (column(right) || single(&a)))
            {
                return Err(ExprError::ArrayNotAllowed(op.symbol()));
            }
            binary_values(*op, &a, &b)
        }
        Expr::Logical(op, terms) => logical(*op, terms, bindings),
        Expr::Lambda(_) => Err(ExprError::evaluation("a lambda has no value of its own")),
        Expr::Call(call) => {
            let function = call.function;
            if let Body::Lazy(body) = function.body {
                return body(call, bindings);
            }
            let mut values = Vec::with_capacity(call.args.len());
            for (i, arg) in call.args.iter().enumerate() {
                let value = node(arg, bindings)?;
                let fits = function.wants_array(i, call.args.len())
                    || (function.takes_any() && !is_several(arg, bindings));
                if value.is_array() && !fits {
                    return Err(ExprError::ArrayNotAllowed(function.name));
                }
                values.push(value);
            }
            match (function.body, values.as_slice()) {
                (Body::Math1(f), [x]) => Ok(x.as_math().map(f).into()),
                (Body::Math2(_), [Value::String(_), Value::String(_)]) => Ok(Value::Null),
                (Body::Math2(f), [x, y]) => Ok(x.as_double().zip(y.as_double()).map(|(x, y)| f(x, y)).into()),
                (Body::Values(body), values) => body(&call.prepared, values),
                _ => Err(ExprError::argument(function.name, "wrong number of arguments")),
            }
        }
    }
}

/// An argument that must be a single value where it is a bare column (others may be arrays).
pub(crate) fn single(
    function: &'static str,
    expr: &Expr,
    bindings: &dyn Bindings,
) -> Result<Value, ExprError> {
    let value = node(expr, bindings)?;
    if value.is_array() && is_several(expr, bindings) {
        return Err(ExprError::ArrayNotAllowed(function));
    }
    Ok(value)
}

/// A condition: null counts as unknown.
pub(crate) fn condition(
    function: &'static str,
    expr: &Expr,
    bindings: &dyn Bindings,
) -> Result<Option<bool>, ExprError> {
    let value = node(expr, bindings)?;
    if value.is_array() {
        return Err(ExprError::ArrayNotAllowed(function));
    }
    Ok(value.as_bool())
}

fn logical(op: LogicalOp, terms: &[Expr], bindings: &dyn Bindings) -> Result<Value, ExprError> {
    let (name, decisive) = match op {
        LogicalOp::And => ("&&", false),
        LogicalOp::Or => ("||", true),
    };
    let mut unknown = false;
    for term in terms {
        match condition(name, term, bindings)? {
            Some(truth) if truth == decisive => return Ok(Value::from_bool(decisive)),
            Some(_) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { Value::Null } else { Value::from_bool(!decisive) })
}

#[cfg(test)]
mod tests;
