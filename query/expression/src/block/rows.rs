//! How is a block evaluated row by row?

use alluvium_segments::{NullMask, NumericBlock};
use hashbrown::HashMap;

use super::lane::Lane;
use super::run::is_text;
use super::{BlockBindings, ExprBlock, InputBlock};
use crate::eval::Bindings;
use crate::{Expr, ExprError, ExprType, Value};

/// One row of blocks.
struct RowOf<'b> {
    columns: &'b [(std::sync::Arc<str>, InputBlock<'b>)],
    row: usize,
}

impl Bindings for RowOf<'_> {
    fn get(&self, name: &str) -> Value {
        let found = self.columns.iter().find(|(n, _)| n.as_ref() == name);
        found.map_or(Value::Null, |(_, block)| value_at(block, self.row))
    }

    fn holds_arrays(&self, name: &str) -> bool {
        self.columns.iter().any(|(n, block)| n.as_ref() == name && matches!(block, InputBlock::Arrays(_)))
    }
}

fn value_at(block: &InputBlock<'_>, row: usize) -> Value {
    match block {
        InputBlock::Longs(block) if block.nulls.is_null(row) => Value::Null,
        InputBlock::Longs(block) => block.values.get(row).copied().into(),
        InputBlock::Doubles(block) if block.nulls.is_null(row) => Value::Null,
        InputBlock::Doubles(block) => block.values.get(row).copied().into(),
        InputBlock::Ids { ids, dictionary } => ids.get(row).and_then(|id| dictionary.text(*id)).into(),
        InputBlock::Values(values) | InputBlock::Arrays(values) => {
            values.get(row).cloned().unwrap_or_default()
        }
    }
}

/// The value of each row; once per distinct id where a single dictionary column is read.
pub(super) fn values(expr: &Expr, inputs: &dyn BlockBindings, rows: usize) -> Result<Vec<Value>, ExprError> {
    let columns: Vec<_> = expr
        .required_columns()
        .into_iter()
        .filter_map(|name| inputs.block(&name).map(|block| (name, block)))
        .collect();
    let at = |row: usize| crate::eval(expr, &RowOf { columns: &columns, row });
    if let [(_, InputBlock::Ids { ids, .. })] = columns.as_slice() {
        let mut known: HashMap<u32, Value> = HashMap::new();
        let mut results = Vec::with_capacity(rows);
        for (row, id) in ids.iter().enumerate().take(rows) {
            let value = match known.get(id) {
                Some(value) => value.clone(),
                None => {
                    let value = at(row)?;
                    known.insert(*id, value.clone());
                    value
                }
            };
            results.push(value);
        }
        results.resize(rows, Value::Null);
        return Ok(results);
    }
    (0..rows).map(at).collect()
}

/// Values as numbers. An array asks for evaluation of the whole expression by rows.
pub(super) fn numbers<T: Copy + Default>(
    values: &[Value],
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Lane<'static, T>, ExprError> {
    let mut block = NumericBlock { values: Vec::with_capacity(values.len()), nulls: NullMask::default() };
    for value in values {
        if value.is_array() {
            return Err(ExprError::ArrayNotAllowed("a number"));
        }
        let number = read(value);
        block.nulls.push(number.is_none());
        block.values.push(number.unwrap_or_default());
    }
    Ok(Lane::owned(block.values, block.nulls))
}

/// Evaluates all by rows and gives the block the form its type asks for, where the values allow it.
pub(super) fn block(
    expr: &Expr,
    output: Option<ExprType>,
    inputs: &dyn BlockBindings,
    rows: usize,
) -> Result<ExprBlock, ExprError> {
    let values = values(expr, inputs, rows)?;
    let all = |fits: fn(&Value) -> bool| values.iter().all(|v| v.is_null() || fits(v));
    Ok(match output {
        Some(ExprType::Long) if all(|v| matches!(v, Value::Long(_))) => {
            ExprBlock::Longs(numbers(&values, Value::as_long)?.into_block(rows))
        }
        Some(ExprType::Double) if all(|v| matches!(v, Value::Double(_))) => {
            ExprBlock::Doubles(numbers(&values, Value::as_double)?.into_block(rows))
        }
        text if is_text(text) && all(|v| matches!(v, Value::String(_))) => {
            ExprBlock::Strings(values.iter().map(Value::as_string).collect())
        }
        _ => ExprBlock::Values(values),
    })
}
