//! Which functions of lists stand around aggregates that gather values? One refuses lists that take too much memory,
//! one what is no list of lists. Nobody can write them.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::JSON;
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::explain::native_name;
use crate::sql::fault::{invalid, outside};

/// Every one, made once.
pub(crate) fn list_functions() -> &'static [Arc<ScalarUDF>] {
    static ALL: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
        let one = |kind| {
            let signature = Signature::user_defined(Volatility::Immutable);
            Arc::new(ScalarUDF::from(OfLists { kind, signature }))
        };
        [Kind::WithinBytes, Kind::Lists].into_iter().map(one).collect()
    });
    &ALL
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// `within_bytes(list, most)`: the list, if its values take no more.
    WithinBytes,
    /// `array_lists(lists)`: the lists, if they are some.
    Lists,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OfLists {
    kind: Kind,
    signature: Signature,
}

impl ScalarUDFImpl for OfLists {
    fn name(&self) -> &str {
        match self.kind {
            Kind::WithinBytes => "within_bytes",
            Kind::Lists => "array_lists",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, args: &[DataType]) -> Result<DataType> {
        Ok(args.first().cloned().unwrap_or(DataType::Null))
    }

    fn coerce_types(&self, args: &[DataType]) -> Result<Vec<DataType>> {
        if self.kind == Kind::Lists
            && let Some(DataType::List(value)) = args.first()
            && !matches!(value.data_type(), DataType::List(_) | DataType::Null)
        {
            let name = native_name(value.data_type());
            return Err(outside(invalid(format!(
                "Cannot apply 'ARRAY_CONCAT_AGG' to arguments of type 'ARRAY_CONCAT_AGG(<{name}>)'. Supported form(s): \
                 'ARRAY_CONCAT_AGG(<ARRAY>)'"
            ))));
        }
        Ok(args.to_vec())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(lists) = args.args.first() else { return Ok(ColumnarValue::Scalar(ScalarValue::Null)) };
        if let (Kind::WithinBytes, Some(ColumnarValue::Scalar(ScalarValue::Int64(Some(most))))) =
            (self.kind, args.args.get(1))
        {
            check_bytes(&lists.to_array(args.number_rows)?, usize::try_from(*most).unwrap_or(0))?;
        }
        Ok(lists.clone())
    }
}

fn check_bytes(lists: &ArrayRef, most: usize) -> Result<()> {
    let DataType::List(of) = lists.data_type() else { return Ok(()) };
    let lists = lists.as_list::<i32>();
    let of = native_name(of.data_type());
    for row in (0..lists.len()).filter(|row| lists.is_valid(*row)) {
        let bytes = LIST_BYTES + bytes_of(&lists.value(row));
        if bytes > most {
            let message = format!(
                "Exceeded memory usage when aggregating type [ARRAY<{of}>], size [{bytes}] is larger than max [{most}]"
            );
            return Err(outside(QueryError::refused(Refusal::Evaluation, message)));
        }
    }
    Ok(())
}

/// Of a list without values: whether it is null, and its length.
const LIST_BYTES: usize = 5;

/// Bytes that Druid keeps the values of a list in: one says whether a value is null, a number has eight, a text four for
/// its length.
fn bytes_of(values: &ArrayRef) -> usize {
    let valid = values.len() - values.null_count();
    values.len()
        + match values.data_type() {
            DataType::Utf8 => {
                let texts = values.as_string::<i32>();
                4 * valid + texts.iter().flatten().map(str::len).sum::<usize>()
            }
            json if *json == JSON => {
                let texts = values.as_string_view();
                4 * valid + texts.iter().flatten().map(str::len).sum::<usize>()
            }
            DataType::List(_) => {
                let lists = values.as_list::<i32>();
                let inner =
                    |row: usize| if lists.is_valid(row) { 4 + bytes_of(&lists.value(row)) } else { 0 };
                (0..lists.len()).map(inner).sum()
            }
            DataType::Null => 0,
            _ => 8 * valid,
        }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::bytes_of;

    #[test]
    fn bytes_of_values() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("ab"), None, Some("\u{e9}")]));
        assert_eq!(bytes_of(&texts), 7 + 1 + 7);
        let longs: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        assert_eq!(bytes_of(&longs), 9 + 1);
    }
}
