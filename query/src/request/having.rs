//! Which groups stay? Druid's `having` conditions, over finished groups.

use alluvium_expression::{
    Bindings, ExprType, ExtractionFn, Filter, FindLookup, UnknownLookup, Value, matches, parse_number,
};
use alluvium_segments::TIME_COLUMN;
use serde_json::Value as Json;

use super::dimensions::extraction;
use super::fields::Fields;
use crate::QueryError;
use crate::answer::Table;

/// A condition on a group.
#[derive(Debug, Clone)]
pub(crate) enum Having {
    /// All groups.
    Always,
    /// No group.
    Never,
    /// An aggregate compared with a number.
    Compare { name: String, value: Value, test: Test },
    /// A dimension equal to a text (or null).
    Dimension { name: String, value: Option<String>, extraction: Option<ExtractionFn> },
    /// All of them.
    And(Vec<Having>),
    /// Any of them.
    Or(Vec<Having>),
    /// Not that.
    Not(Box<Having>),
    /// A filter over the columns of the result.
    Filter(Box<Filter>),
}

/// How an aggregate is compared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    Greater,
    Less,
    Equal,
}

impl Having {
    /// Reads a `having`.
    pub(crate) fn read(json: &Json) -> Result<Self, QueryError> {
        let fields = Fields::of("having", json)?;
        let compare = |test| -> Result<Self, QueryError> {
            let value = match fields.need("value")? {
                value @ Json::Number(_) => Value::from_json(value),
                Json::String(text) => parse_number(text),
                _ => return Err(fields.wrong("value", "a number")),
            };
            Ok(Self::Compare { name: fields.text("aggregation")?.to_owned(), value, test })
        };
        let many = || -> Result<Vec<Self>, QueryError> {
            fields.list("havingSpecs")?.iter().map(Self::read).collect()
        };
        match fields.kind()? {
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            "greaterThan" => compare(Test::Greater),
            "lessThan" => compare(Test::Less),
            "equalTo" => compare(Test::Equal),
            "dimSelector" => Ok(Self::Dimension {
                name: fields.text("dimension")?.to_owned(),
                value: fields.text_opt("value")?.map(str::to_owned),
                extraction: fields.get("extractionFn").map(extraction).transpose()?,
            }),
            "and" => Ok(Self::And(many()?)),
            "or" => Ok(Self::Or(many()?)),
            "not" => Ok(Self::Not(Box::new(Self::read(fields.need("havingSpec")?)?))),
            "filter" => Ok(Self::Filter(Box::new(Filter::from_json(fields.need("filter")?)?))),
            other => Err(QueryError::invalid(format!("unknown having type `{other}`"))),
        }
    }

    /// Puts the lookups it names beside their names.
    pub(crate) fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        match self {
            Self::Always | Self::Never | Self::Compare { .. } => Ok(()),
            Self::Dimension { extraction, .. } => {
                extraction.iter_mut().try_for_each(|function| function.bind_lookups(find))
            }
            Self::And(parts) | Self::Or(parts) => {
                parts.iter_mut().try_for_each(|part| part.bind_lookups(find))
            }
            Self::Not(part) => part.bind_lookups(find),
            Self::Filter(filter) => filter.bind_lookups(find),
        }
    }

    /// Whether a row of a result stays.
    pub(crate) fn keeps(&self, table: &Table, row: usize) -> Result<bool, QueryError> {
        Ok(match self {
            Self::Always => true,
            Self::Never => false,
            Self::Compare { name, value, test } => {
                // Null compares as nothing at all.
                let found = table.value(name, row);
                if let Value::String(text) = &found
                    && parse_number(text).is_null()
                {
                    return Err(QueryError::failed(format!("For input string: \"{text}\"")));
                }
                let order = found.compare(value);
                order.is_some_and(|order| match test {
                    Test::Greater => order.is_gt(),
                    Test::Less => order.is_lt(),
                    Test::Equal => order.is_eq(),
                })
            }
            Self::Dimension { name, value, extraction } => {
                let text = table.value(name, row).as_string();
                match extraction {
                    None => text.as_deref() == value.as_deref(),
                    Some(function) => function.apply(text.as_deref()).as_deref() == value.as_deref(),
                }
            }
            Self::And(parts) => all(parts, table, row)?,
            Self::Or(parts) => {
                for part in parts {
                    if part.keeps(table, row)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(part) => !part.keeps(table, row)?,
            Self::Filter(filter) => matches(filter, &ResultRow { table, row })? == Some(true),
        })
    }
}

fn all(parts: &[Having], table: &Table, row: usize) -> Result<bool, QueryError> {
    for part in parts {
        if !part.keeps(table, row)? {
            return Ok(false);
        }
    }
    Ok(true)
}

struct ResultRow<'t> {
    table: &'t Table,
    row: usize,
}

impl Bindings for ResultRow<'_> {
    fn get(&self, name: &str) -> Value {
        match self.table.buckets.get(self.row) {
            Some(start) if name == TIME_COLUMN => Value::Long(*start),
            _ => self.table.value(name, self.row),
        }
    }

    fn number_type(&self, name: &str) -> Option<ExprType> {
        (name == TIME_COLUMN).then_some(ExprType::Long)
    }
}
