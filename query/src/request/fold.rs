//! How is an aggregate of expressions written?

use alluvium_expression::{Expr, NoColumns, Value, eval, parse};

use super::fields::Fields;
use crate::QueryError;
use crate::plan::Fold;
use crate::refusal::Refusal;

/// Bytes of an accumulator, unless another limit is given.
const MAX_BYTES: i64 = 1024;

/// `expression`.
pub(super) fn fold(fields: &Fields<'_>, name: &str) -> Result<Fold, QueryError> {
    let columns = fields.texts("fields")?;
    let accumulator = fields.text_opt("accumulatorIdentifier")?.unwrap_or("__acc").to_owned();
    let Some(initial) = fields.text_opt("initialValue")? else {
        return Err(QueryError::refused(Refusal::Evaluation, "the field `initialValue` is null"));
    };
    let by_row = fields.text("fold")?;
    let combine = match (fields.text_opt("combine")?, columns.as_slice()) {
        (Some(combine), _) => combine.to_owned(),
        // The text, with the aggregate where the column stands.
        (None, [only]) => by_row.replace(only, name),
        (None, _) => {
            return Err(fields.wrong("combine", "given, unless there is a single input field"));
        }
    };
    let counts_nulls = fields.flag("shouldAggregateNullInputs", true)?;
    let max_bytes = fields.long_opt("maxSizeBytes")?.unwrap_or(MAX_BYTES);
    if max_bytes < 10 {
        return Err(fields.wrong("maxSizeBytes", "10 or more"));
    }
    // Other orders than that of the values are the business of sorting; a bad one is refused here.
    let order = fields.text_opt("compare")?.map(read).transpose()?;
    if let Some(initial) = fields.text_opt("initialCombineValue")? {
        constant(initial)?;
    }
    Ok(Fold {
        name: name.to_owned(),
        initial: constant(initial)?,
        fold: read(by_row)?,
        combine: read(&combine)?,
        finalize: fields.text_opt("finalize")?.map(read).transpose()?,
        compare: order,
        null_without_rows: fields.flag("isNullUnlessAggregated", true)?,
        counts_nulls,
        folds: !columns.is_empty(),
        max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
        accumulator,
    })
}

fn read(text: &str) -> Result<Expr, QueryError> {
    Ok(parse(text)?)
}

fn constant(text: &str) -> Result<Value, QueryError> {
    Ok(eval(&parse(text)?, &NoColumns)?)
}
