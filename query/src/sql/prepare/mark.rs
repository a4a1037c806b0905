//! Where in a statement do literals stand beside columns? There they are replaced by placeholders.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, Expr, Select, Statement, UnaryOperator, Value, ValueWithSpan, VisitMut,
    VisitorMut,
};

use super::shape::{Literal, Written};

/// The placeholder of a literal.
pub(super) fn name(literal: usize) -> String {
    format!("$literal{literal}")
}

/// The literal of a placeholder.
pub(super) fn number(name: &str) -> Option<usize> {
    name.strip_prefix("$literal")?.parse().ok()
}

/// Replaces literals beside columns for which `wanted(number, is written as an instant, literal)`; says which.
pub(super) fn mark(
    statement: &mut Statement,
    literals: &[Literal],
    wanted: impl Fn(usize, bool, &Written) -> bool,
) -> BTreeMap<usize, bool> {
    let mut marker = Marker { literals, wanted, marked: BTreeMap::new() };
    let _: ControlFlow<()> = statement.visit(&mut marker);
    marker.marked
}

struct Marker<'l, W> {
    literals: &'l [Literal],
    wanted: W,
    marked: BTreeMap<usize, bool>,
}

impl<W: Fn(usize, bool, &Written) -> bool> VisitorMut for Marker<'_, W> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        if let Some(condition) = &mut select.selection {
            self.condition(condition);
        }
        ControlFlow::Continue(())
    }
}

impl<W: Fn(usize, bool, &Written) -> bool> Marker<'_, W> {
    fn condition(&mut self, expr: &mut Expr) {
        use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
        match expr {
            Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => {
                self.condition(inner)
            }
            Expr::BinaryOp { left, op: And | Or, right } => {
                self.condition(left);
                self.condition(right);
            }
            Expr::BinaryOp { left, op: Eq | NotEq | Lt | LtEq | Gt | GtEq, right } => {
                if is_column(left) {
                    self.literal(right);
                } else if is_column(right) {
                    self.literal(left);
                }
            }
            Expr::Between { expr, low, high, .. } if is_column(expr) => {
                self.literal(low);
                self.literal(high);
            }
            Expr::InList { expr, list, .. } if is_column(expr) => {
                list.iter_mut().for_each(|item| self.literal(item));
            }
            Expr::Like { expr, pattern, any: false, .. } if is_column(expr) => self.literal(pattern),
            _ => {}
        }
    }

    fn literal(&mut self, expr: &mut Expr) {
        let (value, is_instant) = match expr {
            Expr::Value(value) => (value, false),
            Expr::TypedString(typed)
                if matches!(typed.data_type, DataType::Timestamp(..) | DataType::Date) =>
            {
                (&mut typed.value, true)
            }
            _ => return,
        };
        let Some(at) = self.find(value) else { return };
        let Some(literal) = self.literals.get(at) else { return };
        if (self.wanted)(at, is_instant, &literal.value) {
            self.marked.insert(at, is_instant);
            *expr = Expr::Value(Value::Placeholder(name(at)).with_empty_span());
        }
    }

    /// The number of the one literal that stands where this value does.
    fn find(&self, value: &ValueWithSpan) -> Option<usize> {
        let at = value.span.start;
        let found = self.literals.iter().position(|l| l.at == at)?;
        let literal = self.literals.get(found)?;
        // Several share a place when they are the elements of one parameter.
        if self.literals.get(found + 1).is_some_and(|next| next.at == at) {
            return None;
        }
        let same = match (&value.value, &literal.value) {
            (Value::SingleQuotedString(text), Written::Text(known)) => text == known,
            (Value::Number(digits, _), Written::Long(known)) => {
                digits.parse::<i64>().is_ok_and(|n| n == *known)
            }
            (Value::Number(digits, _), Written::Double(known)) => {
                digits.parse::<f64>().is_ok_and(|d| d == *known)
            }
            _ => false,
        };
        same.then_some(found)
    }
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
}
