//! How is one summary made of several? Unions, intersections and differences.

use alluvium_sketches::{HllTarget, Kind, SetOperation, Summary, union_of_hlls};

use super::Formula;
use crate::QueryError;
use crate::answer::Table;

/// What is made.
#[derive(Debug, Clone)]
pub(super) enum Sets {
    /// The union of HLL sketches.
    Hll { lg_k: u8, target: HllTarget },
    /// Of theta sketches.
    Theta { operation: SetOperation, size: usize },
    /// Of arrays of doubles.
    Tuple { operation: SetOperation, entries: usize, values: Option<usize> },
}

/// The sketches of one kind.
macro_rules! only {
    ($summaries:expr, $variant:ident) => {
        $summaries
            .iter()
            .map(|summary| match summary {
                Summary::$variant(sketch) => Ok(sketch),
                other => Err(wrong(Kind::$variant, other.kind())),
            })
            .collect::<Result<Vec<_>, QueryError>>()?
    };
}

fn wrong(wanted: Kind, found: Kind) -> QueryError {
    QueryError::invalid(format!("a `{}` is needed here, not a `{}`", wanted.name(), found.name()))
}

impl Sets {
    fn of(&self, summaries: &[Summary]) -> Result<Summary, QueryError> {
        Ok(match self {
            Self::Hll { lg_k, target } => union_of_hlls(*lg_k, *target, &only!(summaries, Hll))?,
            Self::Theta { operation, size } => operation.of_thetas(*size, &only!(summaries, Theta))?,
            Self::Tuple { operation, entries, values } => {
                operation.of_tuples(*entries, *values, &only!(summaries, ArrayOfDoubles))?
            }
        })
    }

    /// The p-values of the columns of two arrays of doubles.
    pub(super) fn p_values(summaries: &[Summary]) -> Result<Vec<f64>, QueryError> {
        match only!(summaries, ArrayOfDoubles).as_slice() {
            [a, b] => Ok(a.t_test(b)?),
            _ => Err(QueryError::invalid("a t-test needs two fields")),
        }
    }
}

impl Formula {
    /// Whether its values are summaries.
    pub(super) fn makes_summaries(&self, table: &Table) -> bool {
        match self {
            Self::Field(name) => table.has_summaries(name),
            Self::Sets(..) | Self::Given(_) => true,
            _ => false,
        }
    }

    /// The summary that it is for a row.
    pub(super) fn summary(&self, table: &Table, row: usize) -> Result<Summary, QueryError> {
        match self {
            Self::Field(name) | Self::Finalized(name) => table.summary(name, row)?.ok_or_else(|| {
                QueryError::invalid(format!("`{name}` is no sketch, histogram or other summary"))
            }),
            Self::Given(summary) => Ok(Summary::clone(summary)),
            Self::Sets(sets, parts) => sets.of(&summaries(parts, table, row)?),
            // A sketch that is the answer to a question.
            Self::Ask { .. } => {
                let text = self.value(table, row)?.as_string().unwrap_or_default();
                Ok(Summary::from_base64(Kind::Quantiles, &text)?)
            }
            _ => Err(QueryError::invalid("a post-aggregator of sketches needs fields that are sketches")),
        }
    }
}

/// The summaries of all parts.
pub(super) fn summaries(parts: &[Formula], table: &Table, row: usize) -> Result<Vec<Summary>, QueryError> {
    parts.iter().map(|part| part.summary(table, row)).collect()
}
