//! Does a row match a filter? With three-valued logic: `None` is unknown.

use std::sync::Arc;

use super::{
    ColumnFilter, ColumnTest, DimensionRef, DoublePredicate, Filter, LongPredicate, StringPredicate,
};
use crate::eval::Bindings;
use crate::{Expr, ExprError, ExprType, Value};

/// A filter compiled for testing rows one by one.
#[derive(Debug, Clone)]
pub struct RowFilter {
    node: Node,
}

#[derive(Debug, Clone)]
enum Node {
    Constant(bool),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Is(bool, Box<Node>),
    Column(Box<ColumnNode>),
    Compare(Vec<DimensionRef>),
    Expression(Expr),
}

#[derive(Debug, Clone)]
struct ColumnNode {
    column: String,
    /// An array to compare the whole value with.
    whole: Option<Value>,
    /// What an array must hold.
    contains: Option<super::WholePredicate>,
    text: StringPredicate,
    long: LongPredicate,
    double: DoublePredicate,
}

/// Tests one row; compile a [`RowFilter`] for more than a few.
///
/// # Errors
/// When an expression fails for the row.
pub fn matches(filter: &Filter, bindings: &dyn Bindings) -> Result<Option<bool>, ExprError> {
    RowFilter::new(filter).matches(bindings)
}

impl RowFilter {
    /// Compiles a filter.
    #[must_use]
    pub fn new(filter: &Filter) -> Self {
        Self { node: Node::new(filter) }
    }

    /// Tests a row: `Some(true)` matches, `None` is unknown (and does not match).
    ///
    /// # Errors
    /// When an expression fails for the row.
    pub fn matches(&self, bindings: &dyn Bindings) -> Result<Option<bool>, ExprError> {
        self.node.matches(bindings)
    }
}

impl Node {
    fn new(filter: &Filter) -> Self {
        let all = |fields: &[Filter]| fields.iter().map(Self::new).collect();
        let one = |field: &Filter| Box::new(Self::new(field));
        match filter {
            Filter::True => Self::Constant(true),
            Filter::False => Self::Constant(false),
            Filter::And(fields) => Self::And(all(fields)),
            Filter::Or(fields) => Self::Or(all(fields)),
            Filter::Not(field) => Self::Not(one(field)),
            Filter::IsTrue(field) => Self::Is(true, one(field)),
            Filter::IsFalse(field) => Self::Is(false, one(field)),
            Filter::Column(filter) => Self::Column(Box::new(ColumnNode::new(filter))),
            Filter::ColumnComparison(dimensions) => Self::Compare(dimensions.clone()),
            Filter::Expression(expr) => Self::Expression(expr.clone()),
        }
    }

    fn matches(&self, bindings: &dyn Bindings) -> Result<Option<bool>, ExprError> {
        Ok(match self {
            Self::Constant(truth) => Some(*truth),
            Self::And(fields) => joined(fields, false, bindings)?,
            Self::Or(fields) => joined(fields, true, bindings)?,
            Self::Not(field) => field.matches(bindings)?.map(|truth| !truth),
            Self::Is(wanted, field) => Some(field.matches(bindings)? == Some(*wanted)),
            Self::Column(column) => match bindings.get(&column.column) {
                Value::Null => column.of_null(bindings.number_type(&column.column)),
                value => column.matches(&value),
            },
            Self::Compare(dimensions) => Some(share_a_value(dimensions, bindings)),
            Self::Expression(expr) => {
                let value = crate::eval(expr, bindings)?;
                if value.is_array() {
                    any(value.elements().iter().map(Value::as_bool))
                } else {
                    value.as_bool()
                }
            }
        })
    }
}

/// Stops at the first field that decides.
fn joined(fields: &[Node], decisive: bool, bindings: &dyn Bindings) -> Result<Option<bool>, ExprError> {
    let mut unknown = false;
    for field in fields {
        match field.matches(bindings)? {
            Some(truth) if truth == decisive => return Ok(Some(decisive)),
            Some(_) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { None } else { Some(!decisive) })
}

fn any(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut unknown = false;
    for truth in truths {
        match truth {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(false) }
}

impl ColumnNode {
    fn new(filter: &ColumnFilter) -> Self {
        let whole = match &filter.test {
            ColumnTest::Equals { value, .. } if value.is_array() => Some(value.clone()),
            _ => None,
        };
        let contains = matches!(filter.test, ColumnTest::Contains { .. });
        Self {
            column: filter.column.clone(),
            contains: contains.then(|| super::WholePredicate::new(filter)),
            whole,
            text: StringPredicate::new(filter),
            long: LongPredicate::new(filter),
            double: DoublePredicate::new(filter, false),
        }
    }

    /// What it says of null in a column of this type of numbers, or of anything else.
    fn of_null(&self, number_type: Option<ExprType>) -> Option<bool> {
        match number_type {
            Some(ExprType::Long) => self.long.matches_null(),
            Some(ExprType::Double) => self.double.matches_null(),
            _ => self.matches(&Value::Null),
        }
    }

    fn matches(&self, value: &Value) -> Option<bool> {
        if let (Some(test), true) = (&self.contains, value.is_array()) {
            return test.matches(value);
        }
        if let (Some(wanted), Some(to)) = (&self.whole, self.whole.as_ref().and_then(Value::value_type)) {
            return value.cast(to).equals(wanted);
        }
        match value {
            Value::Null => self.text.matches(None),
            Value::Long(v) => self.long.truth(*v),
            Value::Double(v) => self.double.truth(*v),
            Value::String(text) => self.text.matches(Some(text)),
            Value::Json(json) => match crate::nested::scalar(json) {
                Some(scalar) => self.matches(&scalar),
                None => Some(false),
            },
            array if array.array_len() == Some(0) => self.text.matches(None),
            array => any(array.elements().iter().map(|v| self.matches(v))),
        }
    }
}

/// Values as texts; no value counts as null, which equals null.
fn texts(dimension: &DimensionRef, bindings: &dyn Bindings) -> Vec<Option<Arc<str>>> {
    let mut value = bindings.get(&dimension.column);
    if let Some(function) = &dimension.extraction {
        value = function.apply_value(&value);
    }
    let elements = value.elements();
    if elements.is_empty() { vec![None] } else { elements.iter().map(Value::as_string).collect() }
}

fn share_a_value(dimensions: &[DimensionRef], bindings: &dyn Bindings) -> bool {
    let Some((first, rest)) = dimensions.split_first() else { return true };
    let mut last = texts(first, bindings);
    rest.iter().all(|dimension| {
        let next = texts(dimension, bindings);
        let shared = last.iter().any(|v| next.contains(v));
        last = next;
        shared
    })
}
