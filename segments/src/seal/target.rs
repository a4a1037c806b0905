//! Which columns will the sealed file have? Those asked for, or the union of the inputs' columns.

use super::SealRequest;
use crate::{Schema, SegmentError, TIME_COLUMN};

/// The schema to write.
pub(super) fn schema(request: &SealRequest) -> Result<Schema, SegmentError> {
    let schema = match (&request.schema, request.inputs.last()) {
        (Some(schema), _) => Schema::clone(schema),
        (None, Some(newest)) => {
            let mut schema = newest.segment.schema().clone();
            for older in request.inputs.iter().rev().skip(1) {
                let known = |name: &str| schema.find(name).is_some();
                let columns = &older.segment.schema().columns;
                let missing: Vec<_> = columns.iter().filter(|c| !known(&c.name)).cloned().collect();
                schema.columns.extend(missing);
            }
            schema
        }
        (None, None) => {
            let message = format!("nothing to seal into segment `{}`: no input and no schema", request.id);
            return Err(SegmentError::Invalid(message));
        }
    };
    for (i, column) in schema.columns.iter().enumerate() {
        let twice = schema.columns.iter().take(i).any(|c| c.name == column.name);
        if twice || column.name == TIME_COLUMN {
            let message = format!("column `{}` is named twice in segment `{}`", column.name, request.id);
            return Err(SegmentError::Invalid(message));
        }
    }
    Ok(schema)
}
