//! When do a row of the left and a row of the right side of a join belong together? Where columns of the right equal
//! expressions over the left.

use alluvium_expression::{BinaryOp, Expr, LogicalOp};

use crate::QueryError;

/// A join's condition, taken apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Condition {
    /// All of these must be equal.
    pub(super) equalities: Vec<Equality>,
    /// Whether no two rows belong together.
    pub(super) never: bool,
}

/// An expression over the left side and a column of the right one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Equality {
    pub(super) left: Expr,
    /// Without the prefix.
    pub(super) right: String,
    /// Whether null equals null.
    pub(super) nulls: bool,
}

impl Condition {
    /// Takes a condition apart; columns with the prefix are of the right side.
    ///
    /// # Errors
    /// When it asks for more than equality.
    pub(super) fn read(condition: &Expr, prefix: &str) -> Result<Self, QueryError> {
        let terms = match condition {
            Expr::Logical(LogicalOp::And, terms) => terms.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut read = Self::default();
        for term in terms {
            match term.clone().fold() {
                Expr::Literal(value) => read.never |= value.as_bool() != Some(true),
                Expr::Binary(BinaryOp::Equal, a, b) => read.push(condition, (*a, *b), prefix, false)?,
                Expr::Call(call) if call.name() == "notdistinctfrom" => match call.args() {
                    [a, b] => read.push(condition, (a.clone(), b.clone()), prefix, true)?,
                    _ => return Err(other(condition)),
                },
                _ => return Err(other(condition)),
            }
        }
        Ok(read)
    }

    fn push(
        &mut self,
        whole: &Expr,
        (a, b): (Expr, Expr),
        prefix: &str,
        nulls: bool,
    ) -> Result<(), QueryError> {
        let right = |expr: &Expr| Some(expr.as_column()?.strip_prefix(prefix)?.to_owned());
        let left = |expr: &Expr| !expr.required_columns().iter().any(|name| name.starts_with(prefix));
        let (left, right) = match (right(&b).filter(|_| left(&a)), right(&a).filter(|_| left(&b))) {
            (Some(right), _) => (a, right),
            (None, Some(right)) => (b, right),
            (None, None) => return Err(other(whole)),
        };
        self.equalities.push(Equality { left, right, nulls });
        Ok(())
    }
}

fn other(condition: &Expr) -> QueryError {
    QueryError::Internal(format!(
        "Cannot build hash-join matcher on non-equi-join condition: {condition}; a native join compares columns of its \
         right side by == (or use SQL)"
    ))
}

#[cfg(test)]
mod tests {
    use alluvium_expression::parse;

    use super::*;

    fn read(text: &str) -> Result<Condition, QueryError> {
        Condition::read(&parse(text).unwrap(), "r.")
    }

    #[test]
    fn equalities_either_way_round() {
        let both = read("concat(a, b) == \"r.k\" && \"r.n\" == 1").unwrap();
        let sides: Vec<(String, &str)> =
            both.equalities.iter().map(|e| (e.left.to_string(), e.right.as_str())).collect();
        assert_eq!(sides, [(parse("concat(a, b)").unwrap().to_string(), "k"), ("1".to_owned(), "n")]);
        assert!(read("notdistinctfrom(a, \"r.k\")").unwrap().equalities[0].nulls);
        assert_eq!(read("1").unwrap(), Condition::default());
        assert!(read("0").unwrap().never && read("a == \"r.k\" && 1 == 2").unwrap().never);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["a > \"r.k\"", "a == b", "\"r.a\" == \"r.b\"", "a == concat(\"r.k\", '')", "a"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
