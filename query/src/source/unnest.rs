//! What are the rows of a data source with a row for each value of a column? Rows of several texts, and of none, as
//! grouping sees them; arrays element by element, without rows for those that are null or empty.

use std::sync::Arc;

use alluvium_expression::{Bindings, Value};
use alluvium_segments::{ColumnType, Segment, SegmentRef};

use super::expanded::Expanded;
use crate::QueryError;
use crate::column::ColumnData;
use crate::filter::Verdicts;
use crate::inline::InlineSegment;
use crate::plan::Scope;
use crate::run::Control;
use crate::scan::{RowValues, Source, visit};

/// What becomes rows.
#[derive(Debug)]
pub(crate) struct Unnested {
    /// Name of the new column.
    pub(crate) name: String,
    /// Its type.
    pub(crate) output_type: ColumnType,
    /// Whether it is a column of texts as it is: then a row without any gives one row of null.
    pub(crate) plain: bool,
}

/// The name under which the values are computed below: no column has it.
pub(super) const VALUES: &str = "\u{0}unnested";

impl Unnested {
    /// The rows of a segment that are in the scope, in which `VALUES` is what becomes rows.
    pub(super) fn of(
        &self,
        scope: &Scope,
        verdicts: &Verdicts,
        segment: &SegmentRef,
        control: &Control,
    ) -> Result<SegmentRef, QueryError> {
        let start = |source: &mut Source<'_>| {
            let values = RowValues::new(&[VALUES.into()], source)?;
            Ok((values, Vec::<u32>::new(), Vec::<Value>::new()))
        };
        let (_, rows, values) = visit((scope, verdicts), segment, control, start, |state, source| {
            let (values, rows, out) = state;
            values.load(source)?;
            for position in 0..source.len() {
                values.seek(source, position)?;
                let value = values.get(VALUES);
                let row = source.row(position);
                match value {
                    Value::Null if self.plain => {
                        rows.push(row);
                        out.push(Value::Null);
                    }
                    Value::Null => {}
                    array if array.is_array() => {
                        let elements = array.elements();
                        rows.extend(std::iter::repeat_n(row, elements.len()));
                        out.extend(elements.iter().cloned());
                    }
                    one => {
                        rows.push(row);
                        out.push(one);
                    }
                }
            }
            check_rows(rows.len())
        })?;
        let data = ColumnData::from_values(&values);
        drop(values);
        let data = data.cast(self.output_type);
        let beside: Arc<dyn Segment> =
            Arc::new(InlineSegment::new("unnest", vec![(self.name.clone(), data)]));
        let each = (0..rows.len() as u32).collect();
        let expanded = Expanded::new(&segment.segment, rows).with(&beside, each, str::to_owned);
        Ok(SegmentRef { segment: Arc::new(expanded), visible: segment.visible, hidden: None })
    }
}

/// Row numbers are 32 bits wide.
pub(super) fn check_rows(rows: usize) -> Result<(), QueryError> {
    match u32::try_from(rows) {
        Ok(rows) if rows < u32::MAX => Ok(()),
        _ => Err(QueryError::ResourceLimit("a segment becomes more than 2^32 rows".to_owned())),
    }
}
