//! Which single values of documents does an expression read? Where a segment has them stored path by path, it reads them
//! there.

use std::sync::Arc;

use alluvium_segments::{ColumnType, PathStep};

use crate::ast::Call;
use crate::functions::Prepared;
use crate::{Expr, ExprError, Value};

/// Where the values at a path of a nested column are: in a column of that name, of a type that holds all of them.
pub type LeafColumn = (Arc<str>, ColumnType);

/// Finds the leaf at a path of a column.
pub type FindLeaf<'f, E> = dyn FnMut(&str, &[PathStep]) -> Result<Option<LeafColumn>, E> + 'f;

impl Expr {
    /// A copy that reads columns of leaves instead of documents wherever `leaf` knows one for a column and a path; `None`
    /// when that is nowhere. It gives the same values; below lambdas nothing is changed.
    ///
    /// # Errors
    /// Those of `leaf`.
    pub fn over_leaves<E: From<ExprError>>(&self, leaf: &mut FindLeaf<'_, E>) -> Result<Option<Self>, E> {
        if !self.reads_single_values() {
            return Ok(None);
        }
        let mut all = |terms: &[Self]| -> Result<Option<Vec<Self>>, E> {
            let mut changed = false;
            let mut out = Vec::with_capacity(terms.len());
            for term in terms {
                let over = term.over_leaves(leaf)?;
                changed |= over.is_some();
                out.push(over.unwrap_or_else(|| term.clone()));
            }
            Ok(changed.then_some(out))
        };
        Ok(match self {
            Self::Literal(_) | Self::Column(_) | Self::Lambda(_) => None,
            Self::Unary(op, operand) => operand.over_leaves(leaf)?.map(|operand| Self::unary(*op, operand)),
            Self::Binary(op, left, right) => match all(&[(**left).clone(), (**right).clone()])? {
                Some(mut sides) => {
                    let (right, left) = (sides.pop().unwrap_or_default(), sides.pop().unwrap_or_default());
                    Some(Self::binary(*op, left, right))
                }
                None => None,
            },
            Self::Logical(op, terms) => all(terms)?.map(|terms| Self::logical(*op, terms)),
            Self::Call(call) => match call.single_value() {
                Some((column, path)) => match leaf(column, &path)? {
                    Some(found) => Some(call.of_leaf(&found)?),
                    None => None,
                },
                None => all(&call.args)?.map(|args| Self::Call(Call { args, ..call.clone() })),
            },
        })
    }
}

impl Expr {
    /// Whether it reads single values of documents, but for lambdas.
    fn reads_single_values(&self) -> bool {
        match self {
            Self::Literal(_) | Self::Column(_) | Self::Lambda(_) => false,
            Self::Unary(_, operand) => operand.reads_single_values(),
            Self::Binary(_, left, right) => left.reads_single_values() || right.reads_single_values(),
            Self::Logical(_, terms) => terms.iter().any(Self::reads_single_values),
            Self::Call(call) => {
                call.single_value().is_some() || call.args.iter().any(Self::reads_single_values)
            }
        }
    }
}

impl Call {
    /// The column and the path of a call that reads a single value of a document.
    fn single_value(&self) -> Option<(&str, Vec<PathStep>)> {
        if !matches!(self.name(), "json_value" | "json_value_text") {
            return None;
        }
        let Prepared::Path(path) = &self.prepared else { return None };
        Some((self.args.first()?.as_column()?, path.to_leaf()?))
    }

    /// The same of a leaf.
    fn of_leaf(&self, (name, column_type): &LeafColumn) -> Result<Expr, ExprError> {
        let column = Expr::Column(Arc::clone(name));
        let wanted = match (self.name(), self.args.get(2)) {
            ("json_value_text", _) => Some("STRING"),
            (_, Some(Expr::Literal(Value::String(name)))) => Some(name.as_ref()),
            _ => None,
        };
        let is = |name: &str| wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case(name));
        match column_type {
            ColumnType::String if wanted.is_none() || is("STRING") => return Ok(column),
            ColumnType::Long if is("LONG") => return Ok(column),
            ColumnType::Double if is("DOUBLE") => return Ok(column),
            ColumnType::Long if is("DOUBLE") => {
                return Expr::call("cast", vec![column, Expr::literal("DOUBLE")]);
            }
            _ => {}
        }
        let mut args = vec![column, Expr::literal("$")];
        args.extend(self.args.get(2).cloned());
        Expr::call(self.name(), args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn over(expression: &str, column_type: ColumnType) -> Option<String> {
        let mut leaf = |column: &str, path: &[PathStep]| -> Result<Option<LeafColumn>, ExprError> {
            let name = format!("{column}{}", alluvium_segments::leaf_name(path));
            Ok((column == "j").then(|| (name.into(), column_type)))
        };
        parse(expression).unwrap().over_leaves(&mut leaf).unwrap().map(|over| over.to_string())
    }

    #[test]
    fn single_values_are_read_from_leaves() {
        let text = |expression| over(expression, ColumnType::String).unwrap();
        assert_eq!(
            text("json_value(j, '$.a.b[0]')"),
            parse("\"j[\\\"a\\\",\\\"b\\\",0]\"").unwrap().to_string()
        );
        assert_eq!(
            text("upper(json_value_text(j, '$')) == 'A'"),
            parse("upper(\"j[]\") == 'A'").unwrap().to_string()
        );
        assert_eq!(text("json_value(j, '$', 'LONG') + 1"), "(json_value(\"j[]\", '$', 'LONG') + 1)");
        assert_eq!(over("json_value(j, '$', 'long')", ColumnType::Long).unwrap(), "\"j[]\"");
        assert_eq!(
            over("json_value(j, '$', 'DOUBLE')", ColumnType::Long).unwrap(),
            "cast(\"j[]\", 'DOUBLE')"
        );
        assert_eq!(over("json_value(j, '$')", ColumnType::Double).unwrap(), "json_value(\"j[]\", '$')");
        assert_eq!(
            over("json_value_text(j, '$')", ColumnType::Json).unwrap(),
            "json_value_text(\"j[]\", '$')"
        );
        for unchanged in ["json_value(k, '$.a')", "json_query(j, '$.a')", "json_value(j, '$[-1]')", "j"] {
            assert_eq!(over(unchanged, ColumnType::String), None, "{unchanged}");
        }
    }

    #[test]
    fn values_of_leaves_are_those_of_documents() {
        for (leaf, column_type) in
            [("\"12\"", ColumnType::String), ("12", ColumnType::Long), ("0.5", ColumnType::Double)]
        {
            let document = crate::decode(&format!("{{\"a\":{leaf}}}"), ColumnType::Json);
            let value = crate::decode(leaf, ColumnType::Json);
            let value = match column_type {
                ColumnType::String => Value::from("12"),
                ColumnType::Long => Value::Long(12),
                _ => Value::Double(value.as_double().unwrap_or(0.5)),
            };
            for call in [
                "json_value(j, '$.a')",
                "json_value_text(j, '$.a')",
                "json_value(j, '$.a', 'LONG')",
                "json_value(j, '$.a', 'DOUBLE')",
                "json_value(j, '$.a', 'STRING')",
                "json_value(j, '$.a', 'ARRAY<LONG>')",
            ] {
                let call = parse(call).unwrap();
                let mut leaf = |_: &str, _: &[PathStep]| -> Result<Option<LeafColumn>, ExprError> {
                    Ok(Some(("leaf".into(), column_type)))
                };
                let over = call.over_leaves(&mut leaf).unwrap().unwrap();
                let of =
                    |expr: &Expr| crate::eval(expr, &Named { document: &document, leaf: &value }).unwrap();
                assert_eq!(of(&over), of(&call), "{call} of {column_type:?}");
            }
        }
    }

    struct Named<'v> {
        document: &'v Value,
        leaf: &'v Value,
    }

    impl crate::Bindings for Named<'_> {
        fn get(&self, name: &str) -> Value {
            if name == "j" { self.document.clone() } else { self.leaf.clone() }
        }
    }
}
