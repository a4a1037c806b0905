//! How are the numbers of all inputs collected, and what is known of a block of them?

use super::cast::FromOther;
use super::kept::{Kept, Part};
use crate::encoding::Number;
use crate::{Column, MultiBlock, NullMask, NumericBlock, NumericColumn, SegmentError, StringColumn, Zone};

/// A column of numbers of all kept rows.
#[derive(Debug, Default)]
pub(super) struct Numbers<T> {
    /// A value a row; the default value where it is null.
    pub(super) values: Vec<T>,
    /// Which rows are null.
    pub(super) nulls: NullMask,
}

/// Bounds and null count of some rows.
pub(crate) fn zone_of<T: Number>(values: &[T], nulls: &NullMask) -> Zone<T> {
    let mut bounds: Option<(T, T)> = None;
    for (i, value) in values.iter().enumerate() {
        if !value.counts() || nulls.is_null(i) {
            continue;
        }
        bounds = Some(match bounds {
            None => (*value, *value),
            Some((low, high)) => {
                (if *value < low { *value } else { low }, if *value > high { *value } else { high })
            }
        });
    }
    Zone { bounds, nulls: nulls.null_count() as u32 }
}

/// Collects a column of numbers from every input, cast where an input has another type.
pub(super) fn collect<T: FromOther>(name: &str, kept: &[Kept<'_>]) -> Result<Numbers<T>, SegmentError> {
    let mut out = Numbers { values: Vec::new(), nulls: NullMask::default() };
    for input in kept {
        match input.input.segment.column(name)? {
            None => {
                out.values.resize(out.values.len() + input.count, T::default());
                out.nulls.push_null(input.count);
            }
            Some(Column::Time(c) | Column::Long(c)) => append(c, input, &mut out, T::from_long)?,
            Some(Column::Float(c)) => append(c, input, &mut out, |v| T::from_double(f64::from(v)))?,
            Some(Column::Double(c)) => append(c, input, &mut out, T::from_double)?,
            Some(Column::String(c)) => parse(c, input, &mut out)?,
        }
    }
    Ok(out)
}

fn append<S: Copy + Default, T: FromOther>(
    column: &dyn NumericColumn<S>,
    input: &Kept<'_>,
    out: &mut Numbers<T>,
    cast: impl Fn(S) -> T,
) -> Result<(), SegmentError> {
    let mut block = NumericBlock::default();
    for part in input.parts() {
        match part {
            Part::Range(rows) => column.read(rows, &mut block)?,
            Part::Rows(rows) => column.gather(rows, &mut block)?,
        }
        let start = out.values.len();
        out.values.extend(block.values.iter().map(|v| cast(*v)));
        out.nulls.extend_from(&block.nulls, 0..block.values.len());
        if block.nulls.any() {
            for (i, slot) in out.values.iter_mut().skip(start).enumerate() {
                if block.nulls.is_null(i) {
                    *slot = T::default();
                }
            }
        }
    }
    Ok(())
}

/// Rows of one text that is a number give it; all others are null.
fn parse<T: FromOther>(
    column: &dyn StringColumn,
    input: &Kept<'_>,
    out: &mut Numbers<T>,
) -> Result<(), SegmentError> {
    let mut block = MultiBlock::default();
    for part in input.parts() {
        match part {
            Part::Range(rows) => column.read_multi(rows, &mut block)?,
            Part::Rows(rows) => column.gather_multi(rows, &mut block)?,
        }
        for pair in block.offsets.windows(2) {
            let value = match block.ids.get(pair[0] as usize..pair[1] as usize) {
                Some([id]) => column.value(*id)?.and_then(T::from_text),
                _ => None,
            };
            out.nulls.push(value.is_none());
            out.values.push(value.unwrap_or_default());
        }
    }
    Ok(())
}
