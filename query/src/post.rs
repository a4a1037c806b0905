//! What is computed from finished aggregates? Post-aggregators, a value a row of the result.

use alluvium_expression::{
    Bindings, Expr, ExprType, FindLookup, UnknownLookup, Value, compare_doubles, eval,
};
use serde_json::Value as Json;

use crate::QueryError;
use crate::answer::Table;
use crate::column::Datum;
use crate::request::{Fields, expression};

/// A post-aggregator.
#[derive(Debug, Clone)]
pub(crate) struct PostAggregator {
    /// Output name.
    pub(crate) name: String,
    formula: Formula,
}

#[derive(Debug, Clone)]
enum Formula {
    Arithmetic(Operation, Vec<Formula>),
    Field(String),
    Constant(Value),
    /// An expression, and the type to give its value.
    Expression(Box<Expr>, Option<ExprType>),
    Extreme {
        greatest: bool,
        long: bool,
        fields: Vec<Formula>,
    },
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    /// By zero: 0.
    Divide,
    /// By zero: infinity or NaN.
    Quotient,
    Power,
}

impl Operation {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "quotient" => Self::Quotient,
            "pow" => Self::Power,
            _ => return None,
        })
    }

    fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide if b == 0.0 => 0.0,
            Self::Divide | Self::Quotient => a / b,
            Self::Power => a.powf(b),
        }
    }
}

/// Reads the `postAggregations` of a query.
pub(crate) fn post_aggregators(items: &[Json]) -> Result<Vec<PostAggregator>, QueryError> {
    let read = |item| -> Result<PostAggregator, QueryError> {
        let fields = Fields::of("post-aggregator", item)?;
        let formula = formula(&fields)?;
        let name = match fields.text_opt("name")? {
            Some(name) => name.to_owned(),
            None => fields.text("fieldName")?.to_owned(),
        };
        Ok(PostAggregator { name, formula })
    };
    items.iter().map(read).collect()
}

impl PostAggregator {
    /// A field it needs that is none of the outputs before it.
    pub(crate) fn missing(&self, known: impl Fn(&str) -> bool + Copy) -> Option<&str> {
        self.formula.missing(known)
    }

    /// Puts the lookups it names beside their names.
    pub(crate) fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        self.formula.bind_lookups(find)
    }
}

impl Formula {
    fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        match self {
            Self::Field(_) | Self::Constant(_) => Ok(()),
            Self::Expression(expression, _) => expression.bind_lookups(find),
            Self::Arithmetic(_, parts) | Self::Extreme { fields: parts, .. } => {
                parts.iter_mut().try_for_each(|part| part.bind_lookups(find))
            }
        }
    }

    fn missing(&self, known: impl Fn(&str) -> bool + Copy) -> Option<&str> {
        match self {
            Self::Field(name) => Some(name.as_str()).filter(|n| !known(n)),
            Self::Arithmetic(_, parts) | Self::Extreme { fields: parts, .. } => {
                parts.iter().find_map(|part| part.missing(known))
            }
            Self::Constant(_) | Self::Expression(..) => None,
        }
    }
}

fn formula(fields: &Fields<'_>) -> Result<Formula, QueryError> {
    let parts = || -> Result<Vec<Formula>, QueryError> {
        fields.need("fields")?;
        let items = fields.list("fields")?;
        items.iter().map(|item| formula(&Fields::of("post-aggregator", item)?)).collect()
    };
    Ok(match fields.kind()? {
        "arithmetic" => {
            let name = fields.text("fn")?;
            let operation = Operation::named(name);
            let operation = operation.ok_or_else(|| fields.wrong("fn", "one of + - * / quotient pow"))?;
            let parts = parts()?;
            if parts.len() < 2 {
                return Err(fields.wrong("fields", "a list of at least two"));
            }
            Formula::Arithmetic(operation, parts)
        }
        "fieldAccess" | "finalizingFieldAccess" | "hyperUniqueCardinality" => {
            Formula::Field(fields.text("fieldName")?.to_owned())
        }
        "constant" => match fields.need("value")? {
            value @ Json::Number(_) => Formula::Constant(Value::from_json(value)),
            _ => return Err(fields.wrong("value", "a number")),
        },
        "expression" => {
            let output = fields.column_type("outputType")?.map(ExprType::from);
            Formula::Expression(Box::new(expression(fields.text("expression")?)?), output)
        }
        kind @ ("doubleGreatest" | "doubleLeast" | "longGreatest" | "longLeast") => Formula::Extreme {
            greatest: kind.ends_with("Greatest"),
            long: kind.starts_with("long"),
            fields: parts()?,
        },
        other => {
            let message = format!("post-aggregator type `{other}` is not available; a later release adds it");
            return Err(QueryError::unsupported(message));
        }
    })
}

/// One row of a table as the columns of an expression.
struct Row<'t> {
    table: &'t Table,
    row: usize,
}

impl Bindings for Row<'_> {
    fn get(&self, name: &str) -> Value {
        self.table.value(name, self.row)
    }
}

impl PostAggregator {
    /// Its value for one row; earlier columns of the table are what it can use.
    pub(crate) fn value(&self, table: &Table, row: usize) -> Result<Value, QueryError> {
        self.formula.value(table, row)
    }
}

impl Formula {
    fn value(&self, table: &Table, row: usize) -> Result<Value, QueryError> {
        Ok(match self {
            Self::Constant(value) => value.clone(),
            Self::Field(name) => table.value(name, row),
            Self::Expression(expression, output) => {
                let value = eval(expression, &Row { table, row })?;
                output.map_or_else(|| value.clone(), |output| value.cast(output))
            }
            Self::Arithmetic(operation, parts) => {
                let mut total: Option<f64> = None;
                for part in parts {
                    let Some(value) = part.value(table, row)?.as_double() else { return Ok(Value::Null) };
                    total = Some(total.map_or(value, |total| operation.apply(total, value)));
                }
                total.map_or(Value::Null, Value::Double)
            }
            Self::Extreme { greatest, long, fields } => {
                let mut best: Option<Value> = None;
                for field in fields {
                    let value = field.value(table, row)?;
                    let value =
                        if *long { Value::from(value.as_long()) } else { Value::from(value.as_double()) };
                    let better = match (&best, &value) {
                        (_, Value::Null) => false,
                        (None, _) => true,
                        (Some(best), value) => {
                            let order = match (value, best) {
                                (Value::Long(a), Value::Long(b)) => a.cmp(b),
                                (a, b) => compare_doubles(
                                    a.as_double().unwrap_or_default(),
                                    b.as_double().unwrap_or_default(),
                                ),
                            };
                            if *greatest { order.is_gt() } else { order.is_lt() }
                        }
                    };
                    if better {
                        best = Some(value);
                    }
                }
                best.unwrap_or_default()
            }
        })
    }
}

/// A result value as a value of the expression language.
pub(crate) fn value_of(datum: Datum<'_>) -> Value {
    match datum {
        Datum::Null => Value::Null,
        Datum::Long(v) => Value::Long(v),
        Datum::Float(v) => Value::Double(f64::from(v)),
        Datum::Double(v) => Value::Double(v),
        Datum::Text(text) => Value::from(text),
    }
}
