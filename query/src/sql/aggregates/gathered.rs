//! `ARRAY_AGG` over a column of texts: of a row with several values each is one of the array.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use crate::sql::functions::list_of;

/// The aggregate, which takes the values of rows as lists; made once.
pub(crate) fn gathered() -> Arc<AggregateUDF> {
    static GATHERED: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(AggregateUDF::from(Gathered { signature }))
    });
    Arc::clone(&GATHERED)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Gathered {
    signature: Signature,
}

impl AggregateUDFImpl for Gathered {
    fn name(&self) -> &str {
        "array_agg of values"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _args: &[DataType]) -> Result<DataType> {
        Ok(list_of(DataType::Utf8))
    }

    fn coerce_types(&self, args: &[DataType]) -> Result<Vec<DataType>> {
        Ok(args.to_vec())
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let known = args.is_distinct.then(HashSet::new);
        Ok(Box::new(Texts { values: Vec::new(), known, bytes: 0 }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[values]", args.name), list_of(DataType::Utf8), true))])
    }
}

/// The texts so far.
#[derive(Debug)]
struct Texts {
    values: Vec<Option<String>>,
    /// The same, where each is wanted once.
    known: Option<HashSet<Option<String>>>,
    /// Of the texts.
    bytes: usize,
}

impl Texts {
    fn add(&mut self, lists: &ArrayRef) {
        let lists = lists.as_list::<i32>();
        for row in (0..lists.len()).filter(|row| lists.is_valid(*row)) {
            let elements = lists.value(row);
            for text in elements.as_string::<i32>() {
                let text = text.map(str::to_owned);
                if self.known.as_mut().is_some_and(|known| !known.insert(text.clone())) {
                    continue;
                }
                self.bytes += text.as_ref().map_or(0, String::len);
                self.values.push(text);
            }
        }
    }

    fn list(&self) -> Result<ScalarValue> {
        if self.values.is_empty() {
            return ScalarValue::try_from(&list_of(DataType::Utf8));
        }
        let values: Vec<ScalarValue> = self.values.iter().cloned().map(ScalarValue::Utf8).collect();
        Ok(ScalarValue::List(ScalarValue::new_list_nullable(&values, &DataType::Utf8)))
    }
}

impl Accumulator for Texts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values.first().into_iter().for_each(|lists| self.add(lists));
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.list()
    }

    fn size(&self) -> usize {
        let texts = self.values.capacity() * size_of::<Option<String>>() + self.bytes;
        size_of::<Self>() + if self.known.is_some() { 2 * texts } else { texts }
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.list()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}
